//! NaNs in the lanes of vectors: each result of arithmetic is made canonical.

use super::code::Code;
use crate::wasm::{
    operators::code::{LOCAL_TEE, VECTOR_PREFIX},
    rewrite::body::Body,
    sections::push_u32,
};
use wasmparser::Operator;

const CONST: u32 = 0x0C;
const SINGLES_EQ: u32 = 0x41;
const DOUBLES_EQ: u32 = 0x47;
const BIT_SELECT: u32 = 0x52;

impl Body<'_, '_> {
    /// Writes what comes behind an operator on vectors.
    pub(super) fn write_vector(&mut self, operator: &Operator<'_>, after: usize) -> Option<()> {
        let Some(is_double) = gives_doubles(operator) else { return Some(()) };
        let local = self.temps.vector(&mut self.output)?;
        self.output.copy_to(self.bytes, after)?;
        let lane = if is_double { 0x7FF8_0000_0000_0000_u64 } else { 0x7FC0_0000_7FC0_0000 };
        Code::behind(self.output.code(), |code| {
            code.named(LOCAL_TEE, local).vector(CONST);
            code.0.extend(lane.to_le_bytes());
            code.0.extend(lane.to_le_bytes());
            code.get(local).get(local).vector(if is_double { DOUBLES_EQ } else { SINGLES_EQ });
            code.vector(BIT_SELECT);
        });
        Some(())
    }
}

impl Code {
    fn vector(&mut self, number: u32) -> &mut Self {
        self.op(VECTOR_PREFIX);
        push_u32(&mut self.0, number);
        self
    }
}

/// Whether an operator leaves lanes of 64 bits that may be any NaN; `None` where it leaves none of 32 bits either.
const fn gives_doubles(operator: &Operator<'_>) -> Option<bool> {
    match operator {
        Operator::F32x4Ceil
        | Operator::F32x4Floor
        | Operator::F32x4Trunc
        | Operator::F32x4Nearest
        | Operator::F32x4Sqrt
        | Operator::F32x4Add
        | Operator::F32x4Sub
        | Operator::F32x4Mul
        | Operator::F32x4Div
        | Operator::F32x4Min
        | Operator::F32x4Max
        | Operator::F32x4DemoteF64x2Zero => Some(false),
        Operator::F64x2Ceil
        | Operator::F64x2Floor
        | Operator::F64x2Trunc
        | Operator::F64x2Nearest
        | Operator::F64x2Sqrt
        | Operator::F64x2Add
        | Operator::F64x2Sub
        | Operator::F64x2Mul
        | Operator::F64x2Div
        | Operator::F64x2Min
        | Operator::F64x2Max
        | Operator::F64x2PromoteLowF32x4 => Some(true),
        _ => None,
    }
}
