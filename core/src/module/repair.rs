//! Ways around the defects of the engine, wasmi 2.0.0, which `tests` would notice to have gone.
//!
//! Two are mended where a module is compiled:
//!
//! * It fuses `select` with a comparison with zero before it. Where the value compared is not in
//!   its register, it forgets to say where it is: `(select a b (i32.eqz (local.get 0)))` chooses
//!   by whatever the register holds. So where such a comparison could be the condition,
//!   `i32.const 0` and `i32.gt_u` are put before the `select`: they mean the same, and the
//!   comparison is then not next to it.
//! * It panics at an `i32.store` whose address and value are both the local it has in its
//!   register, if the offset has more than 16 bits or the memory is not the first:
//!   `(i32.store offset=65536 (local.tee 0 a) (local.get 0))`. So where the value could be a
//!   local, `i32.const 0` and `i32.or` are put before the store.
//!
//! Two more are of the multi-value proposal, and none of the real guests in `tests` has them. They
//! are refused:
//!
//! * In a block with parameters it loses track of what is in its registers and in the locals
//!   below: results are wrong, and with debug assertions it panics.
//! * A `br_table` passes the wrong ones of several values.

use super::{
    scan::{Arity, Scan},
    sections::{CODE, HEADER_BYTES, Section, push_leb128, push_section, split_leb128},
};
use crate::{error::CompileError, limits::to_usize};
use alloc::{boxed::Box, vec, vec::Vec};
use wasmparser::{BinaryReader, BlockType, FunctionBody, Operator};

/// What is put before an operator.
type Insert = [u8; 3];

/// `i32.const 0`, `i32.gt_u`.
const IS_NOT_ZERO: Insert = [0x41, 0x00, 0x4B];

/// `i32.const 0`, `i32.or`.
const OR_ZERO: Insert = [0x41, 0x00, 0x72];

/// Rewrites a module for the engine. `None` where there is nothing to rewrite, and where the
/// module is too broken to read, which the engine will find out.
///
/// # Errors
///
/// Where the module has what the engine gets wrong and cannot be mended.
pub(super) fn repair(bytes: &[u8], scan: &Scan) -> Result<Option<Box<[u8]>>, CompileError> {
    let mut repair = Repair { scan, refused: None };
    let repaired = repair.module(bytes);
    repair.refused.map_or(Ok(repaired), Err)
}

struct Repair<'a> {
    scan: &'a Scan,
    /// Why the module cannot be mended; what found it then gives up.
    refused: Option<CompileError>,
}

impl Repair<'_> {
    fn module(&mut self, bytes: &[u8]) -> Option<Box<[u8]>> {
        let mut rest = bytes.get(HEADER_BYTES..)?;
        while !rest.is_empty() {
            let (section, after) = Section::split(rest)?;
            if section.id == CODE {
                let code = self.code(section.contents)?;
                let before = bytes.len().checked_sub(rest.len())?;
                let mut module = Vec::with_capacity(bytes.len().saturating_add(code.len()));
                module.extend_from_slice(bytes.get(..before)?);
                push_section(&mut module, CODE, &code)?;
                module.extend_from_slice(after);
                return Some(module.into());
            }
            rest = after;
        }
        None
    }

    fn code(&mut self, contents: &[u8]) -> Option<Vec<u8>> {
        let (_, mut rest) = split_leb128(contents)?;
        let mut code = Vec::with_capacity(contents.len());
        code.extend_from_slice(contents.get(..contents.len().checked_sub(rest.len())?)?);
        let mut types = self.scan.function_types.iter();
        let mut rewritten = false;
        while !rest.is_empty() {
            let (len, after_len) = split_leb128(rest)?;
            let (body, after) = after_len.split_at_checked(len)?;
            let inserts = self.body(body, *types.next()?)?;
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

    /// What is put where in the body of a function of a type.
    fn body(&mut self, body: &[u8], ty: u32) -> Option<Vec<(usize, Insert)>> {
        let body = FunctionBody::new(BinaryReader::new(body, 0));
        let mut operators = body.get_operators_reader().ok()?;
        let mut inserts = Vec::new();
        // How many values a branch to each label passes, the innermost last.
        let mut labels = vec![self.arity(ty)?.results];
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
                Operator::Block { blockty } | Operator::If { blockty } => {
                    labels.push(self.results_of_block(blockty)?);
                }
                Operator::Loop { blockty } => {
                    self.results_of_block(blockty)?;
                    labels.push(0);
                }
                Operator::End => {
                    labels.pop()?;
                    // With debug assertions the engine panics at it.
                    if labels.is_empty() && !operators.eof() {
                        self.refused =
                            Some(CompileError::Invalid("operators after the end of a function".into()));
                        return None;
                    }
                }
                Operator::BrTable { ref targets } if !targets.is_empty() => {
                    let label = labels.len().checked_sub(to_usize(targets.default()))?.checked_sub(1)?;
                    if *labels.get(label)? > 1 {
                        self.refused = Some(CompileError::BranchTableValues);
                        return None;
                    }
                }
                _ => {}
            }
            is_fresh_before = is_fresh(&operator);
            is_local_before = matches!(operator, Operator::LocalGet { .. });
        }
        Some(inserts)
    }

    /// How many results a block has; refuses one with parameters.
    fn results_of_block(&mut self, ty: BlockType) -> Option<usize> {
        let arity = match ty {
            BlockType::Empty => Arity { params: 0, results: 0 },
            BlockType::Type(_) => Arity { params: 0, results: 1 },
            BlockType::FuncType(index) => self.arity(index)?,
        };
        if arity.params > 0 {
            self.refused = Some(CompileError::BlockParameters);
            return None;
        }
        Some(arity.results)
    }

    fn arity(&self, ty: u32) -> Option<Arity> {
        self.scan.types.get(to_usize(ty)).copied()
    }
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
