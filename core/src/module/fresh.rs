//! Which operators certainly leave a value of their own: after them the defects of the engine that
//! [`repair`](super::repair) mends cannot be met.

use wasmparser::Operator;

/// Whether an operator pushes a value of its own that is no comparison with zero and no local, or
/// else leaves nothing in the register. Shifts by a constant 0, for one, do not: the engine
/// passes on what they shift. Nor does `i64.eqz`: of a comparison that was extended to 64 bits
/// the engine makes one of 32 bits.
pub(super) const fn is_fresh(operator: &Operator<'_>) -> bool {
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

/// Whether an operator pushes a value of its own that has 64 bits and is no local.
pub(super) const fn is_fresh_long(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::I64Const { .. }
            | Operator::I64Load { .. }
            | Operator::I64Load8S { .. }
            | Operator::I64Load8U { .. }
            | Operator::I64Load16S { .. }
            | Operator::I64Load16U { .. }
            | Operator::I64Load32S { .. }
            | Operator::I64Load32U { .. }
            | Operator::I64Add
            | Operator::I64And
            | Operator::I64Or
            | Operator::I64Sub
            | Operator::I64Xor
    )
}
