//! Ways around two defects of the engine, wasmi 2.0.0, which `tests` would notice to have gone.
//!
//! It fuses `select` with a comparison with zero before it. Where the value compared is not in
//! its register, it forgets to say where it is: `(select a b (i32.eqz (local.get 0)))` chooses by
//! whatever the register holds. So where such a comparison could be the condition, `i32.const 0`
//! and `i32.gt_u` are put before the `select`: they mean the same, and the comparison is then
//! not next to it.
//!
//! And it panics at an `i32.store` whose address and value are both the local it has in its
//! register, if the offset has more than 16 bits or the memory is not the first:
//! `(i32.store offset=65536 (local.tee 0 a) (local.get 0))`. So where the value could be a local,
//! `i32.const 0` and `i32.or` are put before the store.

use super::hidden::{push_leb128, split_leb128};
use alloc::{boxed::Box, vec::Vec};
use wasmparser::{BinaryReader, FunctionBody, Operator};

const HEADER_BYTES: usize = 8;
const CODE_SECTION: u8 = 10;

/// What is put before an operator.
type Insert = [u8; 3];

/// `i32.const 0`, `i32.gt_u`.
const IS_NOT_ZERO: Insert = [0x41, 0x00, 0x4B];

/// `i32.const 0`, `i32.or`.
const OR_ZERO: Insert = [0x41, 0x00, 0x72];

/// Rewrites a module for the engine. `None` where there is nothing to rewrite, and where the
/// module is too broken to read, which the engine will find out.
pub(super) fn repair(bytes: &[u8]) -> Option<Box<[u8]>> {
    let mut rest = bytes.get(HEADER_BYTES..)?;
    while let Some((&id, after_id)) = rest.split_first() {
        let (len, after_len) = split_leb128(after_id)?;
        let (contents, after) = after_len.split_at_checked(len)?;
        if id == CODE_SECTION {
            let code = repair_code(contents)?;
            let before = bytes.len().checked_sub(rest.len())?;
            let mut module = Vec::with_capacity(bytes.len().saturating_add(code.len()));
            module.extend_from_slice(bytes.get(..before)?);
            module.push(CODE_SECTION);
            push_leb128(&mut module, code.len())?;
            module.extend_from_slice(&code);
            module.extend_from_slice(after);
            return Some(module.into());
        }
        rest = after;
    }
    None
}

fn repair_code(contents: &[u8]) -> Option<Vec<u8>> {
    let (_, mut rest) = split_leb128(contents)?;
    let mut code = Vec::with_capacity(contents.len());
    code.extend_from_slice(contents.get(..contents.len().checked_sub(rest.len())?)?);
    let mut rewritten = false;
    while !rest.is_empty() {
        let (len, after_len) = split_leb128(rest)?;
        let (body, after) = after_len.split_at_checked(len)?;
        let inserts = inserts(body)?;
        rewritten |= !inserts.is_empty();
        let added = inserts.len().checked_mul(size_of::<Insert>())?;
        push_leb128(&mut code, len.checked_add(added)?)?;
        let mut copied = 0;
        for (place, insert) in inserts {
            code.extend_from_slice(body.get(copied..place)?);
            code.extend_from_slice(&insert);
            copied = place;
        }
        code.extend_from_slice(body.get(copied..)?);
        rest = after;
    }
    rewritten.then_some(code)
}

/// What is put where in a function's body.
fn inserts(body: &[u8]) -> Option<Vec<(usize, Insert)>> {
    let body = FunctionBody::new(BinaryReader::new(body, 0));
    let mut operators = body.get_operators_reader().ok()?;
    let mut inserts = Vec::new();
    let (mut is_fresh_before, mut is_local_before) = (false, false);
    while !operators.eof() {
        let (operator, place) = operators.read_with_offset().ok()?;
        match operator {
            Operator::Select | Operator::TypedSelect { .. } if !is_fresh_before && !is_local_before => {
                inserts.push((place, IS_NOT_ZERO));
            }
            Operator::I32Store { memarg }
            | Operator::I32Store8 { memarg }
            | Operator::I32Store16 { memarg }
                if !is_fresh_before && (memarg.memory != 0 || memarg.offset > u16::MAX.into()) =>
            {
                inserts.push((place, OR_ZERO));
            }
            _ => {}
        }
        is_fresh_before = is_fresh(&operator);
        is_local_before = matches!(operator, Operator::LocalGet { .. });
    }
    Some(inserts)
}

/// Whether an operator pushes a value of its own that is no comparison with zero and no local, or
/// else leaves nothing in the register. Shifts by a constant 0, for one, do not: the engine
/// passes on what they shift.
const fn is_fresh(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::GlobalGet { .. }
            | Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::I32Const { .. }
            | Operator::I32Load { .. }
            | Operator::I32Load8S { .. }
            | Operator::I32Load8U { .. }
            | Operator::I32Load16S { .. }
            | Operator::I32Load16U { .. }
            | Operator::I32Add
            | Operator::I32And
            | Operator::I32Or
            | Operator::I32Sub
            | Operator::I32Xor
            | Operator::I32LtS
            | Operator::I32LtU
            | Operator::I32GtS
            | Operator::I32GtU
            | Operator::I32LeS
            | Operator::I32LeU
            | Operator::I32GeS
            | Operator::I32GeU
            | Operator::I64LtS
            | Operator::I64LtU
            | Operator::I64GtS
            | Operator::I64GtU
            | Operator::I64LeS
            | Operator::I64LeU
            | Operator::I64GeS
            | Operator::I64GeU
            | Operator::I64Eq
            | Operator::I64Ne
            | Operator::I64Eqz
            | Operator::F32Eq
            | Operator::F32Ne
            | Operator::F32Lt
            | Operator::F32Gt
            | Operator::F32Le
            | Operator::F32Ge
            | Operator::F64Eq
            | Operator::F64Ne
            | Operator::F64Lt
            | Operator::F64Gt
            | Operator::F64Le
            | Operator::F64Ge
    )
}
