//! What an operator names, of those that are not read quickly.

use crate::{
    error::CompileError,
    wasm::scan::{Scan, check_index, check_place},
};
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
        _ => Ok(()),
    }
}
