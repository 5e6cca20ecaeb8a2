//! What an operator names, of those that are not read quickly.

use crate::{
    error::CompileError,
    wasm::scan::{Scan, check_index, check_place},
};
#[cfg(feature = "simd")]
use wasmparser::MemArg;
use wasmparser::Operator;

/// Refuses an index beyond what the module has: there stands what is added.
#[inline]
pub(super) fn check_indices(scan: &Scan, operator: &Operator<'_>) -> Result<(), CompileError> {
    match *operator {
        Operator::GlobalGet { global_index } | Operator::GlobalSet { global_index } => {
            check_index(global_index, scan.globals())
        }
        Operator::Call { function_index }
        | Operator::ReturnCall { function_index }
        | Operator::RefFunc { function_index } => check_index(function_index, scan.functions()),
        Operator::CallIndirect { type_index, table_index }
        | Operator::ReturnCallIndirect { type_index, table_index } => {
            check_place(type_index, scan.types.len())?;
            check_place(table_index, scan.tables.len())
        }
        Operator::TableGet { table }
        | Operator::TableSet { table }
        | Operator::TableSize { table }
        | Operator::TableGrow { table }
        | Operator::TableFill { table }
        | Operator::TableInit { table, .. } => check_place(table, scan.tables.len()),
        Operator::TableCopy { dst_table, src_table } => {
            check_place(dst_table, scan.tables.len())?;
            check_place(src_table, scan.tables.len())
        }
        Operator::MemorySize { mem }
        | Operator::MemoryGrow { mem }
        | Operator::MemoryFill { mem }
        | Operator::MemoryInit { mem, .. } => check_place(mem, scan.memories.len()),
        Operator::MemoryCopy { dst_mem, src_mem } => {
            check_place(dst_mem, scan.memories.len())?;
            check_place(src_mem, scan.memories.len())
        }
        #[cfg(feature = "simd")]
        _ => place_of_vector(operator).map_or(Ok(()), |at| check_place(at.memory, scan.memories.len())),
        #[cfg(not(feature = "simd"))]
        _ => Ok(()),
    }
}

/// Where a vector or a lane of one is loaded from or stored.
#[cfg(feature = "simd")]
pub(super) const fn place_of_vector(operator: &Operator<'_>) -> Option<MemArg> {
    match operator {
        Operator::V128Load { memarg }
        | Operator::V128Load8x8S { memarg }
        | Operator::V128Load8x8U { memarg }
        | Operator::V128Load16x4S { memarg }
        | Operator::V128Load16x4U { memarg }
        | Operator::V128Load32x2S { memarg }
        | Operator::V128Load32x2U { memarg }
        | Operator::V128Load8Splat { memarg }
        | Operator::V128Load16Splat { memarg }
        | Operator::V128Load32Splat { memarg }
        | Operator::V128Load64Splat { memarg }
        | Operator::V128Load32Zero { memarg }
        | Operator::V128Load64Zero { memarg }
        | Operator::V128Store { memarg }
        | Operator::V128Load8Lane { memarg, .. }
        | Operator::V128Load16Lane { memarg, .. }
        | Operator::V128Load32Lane { memarg, .. }
        | Operator::V128Load64Lane { memarg, .. }
        | Operator::V128Store8Lane { memarg, .. }
        | Operator::V128Store16Lane { memarg, .. }
        | Operator::V128Store32Lane { memarg, .. }
        | Operator::V128Store64Lane { memarg, .. } => Some(*memarg),
        _ => None,
    }
}
