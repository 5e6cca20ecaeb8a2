//! What is written for each operator, and what it does to the operands and the blocks.

use super::{
    Module, Target,
    appended::Appended,
    body::{At, Body, Stop, valid},
    indices::check_indices,
    labels::Kind,
    segments::Segments,
};
use crate::wasm::{
    operators::code::{CALL, GLOBAL_GET, GLOBAL_SET, I64_CONST, I64_SHL, I64_SHR_S, REF_FUNC, RETURN},
    scan::RefKind,
    types::Signature,
};
use wasmparser::{HeapType, Operator};

impl<'a> Body<'_, 'a> {
    /// Writes an operator, and follows what it does to the operands and the blocks.
    pub(super) fn write_operator(&mut self, at: &At<'_, 'a>) -> Result<(), Stop> {
        let At { operator, facts, place, after } = *at;
        check_indices(self.module.scan, operator)?;
        match *operator {
            // The charge has it.
            Operator::Nop if self.module.target == Target::Interpreter => {
                valid(self.output.replace(self.bytes, place, after))?;
            }
            Operator::Block { blockty } => self.open(Kind::Block, blockty, place, after)?,
            Operator::Loop { blockty } => self.open(Kind::Loop, blockty, place, after)?,
            Operator::If { blockty } => self.open(Kind::If, blockty, place, after)?,
            Operator::Else => valid(self.change_arm(place, after))?,
            Operator::End => valid(self.close(place, after))?,
            Operator::Br { relative_depth } => {
                self.pass(self.values_passed_to(relative_depth))?;
                valid(self.branch(place, after, relative_depth))?;
                self.labels.leave();
            }
            Operator::BrIf { relative_depth } => {
                self.pass(self.values_passed_to(relative_depth))?;
                if self.labels.operands.is_constant() {
                    valid(self.hide_constant(place))?;
                }
                self.labels.operands.take(1);
                valid(self.branch_if(place, after, relative_depth))?;
            }
            Operator::BrTable { ref targets } => {
                self.pass(self.values_passed_to(targets.default()))?;
                if self.labels.operands.is_constant() {
                    valid(self.hide_constant(place))?;
                }
                valid(self.branch_table(place, after, targets))?;
                self.labels.leave();
            }
            Operator::Return | Operator::ReturnCallIndirect { .. } | Operator::Unreachable => {
                self.labels.leave();
            }
            Operator::ReturnCall { function_index } => {
                if self.is_import(function_index) {
                    let results = valid(self.module.scan.signature_of_function(function_index))?.results;
                    let own = valid(self.labels.first())?.signature.results;
                    valid((results == own).then_some(()))?;
                    valid(self.output.replace(self.bytes, place, after))?;
                    valid(self.output.push_index(CALL, function_index))?;
                    match self.module.target {
                        Target::Host => valid(self.return_from_host())?,
                        _ => self.output.push(RETURN),
                    }
                }
                self.labels.leave();
            }
            Operator::Call { function_index } => {
                let signature = valid(self.module.scan.signature_of_function(function_index))?;
                self.call(signature, 0);
            }
            Operator::CallIndirect { type_index, .. } => {
                let signature = valid(self.module.scan.types.get(type_index))?;
                self.call(signature, 1);
            }
            Operator::RefFunc { function_index } => {
                self.module.must_be_valid |= self.module.scan.start == Some(function_index);
                if self.is_import(function_index) {
                    let function = valid(self.module.functions.of(Appended::Import(function_index)))?;
                    valid(self.output.replace(self.bytes, place, after))?;
                    valid(self.output.push_index(REF_FUNC, function))?;
                }
                self.labels.operands.apply(facts);
            }
            Operator::RefNull { hty } if self.module.target == Target::Interpreter => {
                let kind = match hty {
                    HeapType::FUNC => RefKind::Func,
                    HeapType::EXTERN => RefKind::Extern,
                    _ => return Err(Stop::Invalid),
                };
                let null = valid(self.module.nulls.of(kind))?;
                valid(self.output.replace(self.bytes, place, after))?;
                valid(self.output.push_index(GLOBAL_GET, null))?;
                self.labels.operands.apply(facts);
            }
            // As the charge has one.
            Operator::I64Extend16S if self.module.target == Target::Interpreter => {
                valid(self.output.replace(self.bytes, place, after))?;
                self.output.extend(&[I64_CONST, 48, I64_SHL, I64_CONST, 48, I64_SHR_S]);
                self.labels.operands.apply(facts);
            }
            Operator::TableGrow { table } if self.module.target == Target::Interpreter => {
                valid(self.output.replace(self.bytes, place, after))?;
                let Module { growth, types, scan, .. } = &mut *self.module;
                self.output.extend(valid(growth.of_table(scan, types, table))?);
                self.labels.operands.apply(facts);
            }
            Operator::MemoryInit { .. } | Operator::DataDrop { .. } => {
                // Which is valid where the count of segments stands before the code, as it will.
                self.module.must_be_valid |= self.module.segments.as_ref().is_some_and(Segments::adds_count);
                self.labels.operands.apply(facts);
            }
            Operator::GlobalGet { global_index } => {
                let operands = &mut self.labels.operands;
                if self.module.scan.is_constant(global_index) {
                    operands.put_unknown(1);
                } else {
                    operands.put(1);
                }
                valid(self.name_global(at, GLOBAL_GET, global_index))?;
            }
            Operator::GlobalSet { global_index } => {
                self.labels.operands.apply(facts);
                valid(self.name_global(at, GLOBAL_SET, global_index))?;
            }
            _ => {
                #[cfg(feature = "simd")]
                if self.module.target.lowers()
                    && let Some(codes) = super::lanes::stored_as(operator)
                {
                    valid(self.store_lane(place, after, codes))?;
                }
                self.labels.operands.apply(facts);
            }
        }
        Ok(())
    }

    /// Names a global by the index that it has in what is written.
    fn name_global(&mut self, at: &At<'_, 'a>, operator: u8, global: u32) -> Option<()> {
        let Some(notes) = self.module.notes else { return Some(()) };
        let moved = notes.moved(global);
        if moved == global {
            return Some(());
        }
        self.output.replace(self.bytes, at.place, at.after)?;
        self.output.push_index(operator, moved)
    }

    /// The values that a branch of a depth passes, but for one that goes to the end of a block.
    fn values_passed_to(&self, depth: u32) -> usize {
        self.labels.get(depth).map_or(0, |label| match (label.kind, label.values().len()) {
            (Kind::Loop, values) => values,
            (_, 1) => 0,
            (_, values) => values,
        })
    }

    /// Follows a call that takes so many operands more than the function's.
    fn call(&mut self, signature: Signature<'_>, more: usize) {
        self.labels.operands.take(signature.params.len().saturating_add(more));
        self.labels.operands.put(signature.results.len());
    }
}
