//! What code may make the engine and its validator keep at a time, or write, for a few bytes.
//!
//! Both keep a frame for each block that is open, the engine keeps notes for each block, and for each target of a
//! `br_table`, until the function is translated. And with the multi-value proposal a branch,
//! call or block of two bytes stands for as many values as a type has, each of which is written
//! down or copied.

use super::labels::Labels;
use crate::{
    limits::{Asked, Needs, count, to_usize},
    wasm::scan::Scan,
};
use alloc::vec::Vec;
use wasmparser::{BinaryReaderError, FunctionBody, Operator, Parser, Payload};

/// The code of a module, as far as it was looked at.
pub(super) struct CodeLimits<'a> {
    pub(super) asked: Asked<'a>,
    scan: &'a Scan,
    /// Of the function that is looked at.
    blocks: u64,
    branch_targets: u64,
    multi_values: u64,
}

/// The blocks that are open where an operator is met.
pub(super) trait Open {
    /// How many, the function's own among them.
    fn len(&self) -> usize;

    /// The values that a branch of a depth passes.
    fn values_passed(&self, depth: u32) -> Option<usize>;
}

impl Open for Labels<'_> {
    fn len(&self) -> usize {
        self.len()
    }

    fn values_passed(&self, depth: u32) -> Option<usize> {
        self.get(depth).map(|label| label.values().len())
    }
}

impl<'a> CodeLimits<'a> {
    pub(super) const fn new(asked: Asked<'a>, scan: &'a Scan) -> Self {
        Self { asked, scan, blocks: 0, branch_targets: 0, multi_values: 0 }
    }

    /// The operators that follow are of another function.
    pub(super) const fn begin_function(&mut self) {
        self.blocks = 0;
        self.branch_targets = 0;
    }

    /// Counts an operator that is met where these blocks are open; whether all is within the limits.
    ///
    /// What is invalid counts for nothing.
    pub(super) fn count(&mut self, operator: &Operator<'_>, open: &impl Open) -> bool {
        let (values, times) = match operator {
            Operator::Block { blockty } | Operator::If { blockty } | Operator::Loop { blockty } => {
                // The function's own label is none of its blocks, and this one is.
                self.asked.take(Needs::block_depth, count(open.len()));
                self.blocks = self.blocks.saturating_add(1);
                self.asked.take(Needs::blocks, self.blocks);
                let values = self.scan.values_of_block(*blockty);
                (values.and_then(|(params, results)| params.checked_add(results)), 1)
            }
            Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
                (open.values_passed(*relative_depth), 1)
            }
            Operator::BrTable { targets } => {
                let targets_and_default = u64::from(targets.len()).saturating_add(1);
                self.branch_targets = self.branch_targets.saturating_add(targets_and_default);
                self.asked.take(Needs::branch_targets, self.branch_targets);
                (open.values_passed(targets.default()), targets_and_default)
            }
            Operator::Call { function_index } => {
                (self.scan.signature_of_function(*function_index).map(|ty| ty.results.len()), 1)
            }
            Operator::CallIndirect { type_index, .. } => {
                (self.scan.types.get(*type_index).map(|ty| ty.results.len()), 1)
            }
            Operator::Return => {
                let outermost = open.len().checked_sub(1).and_then(|depth| u32::try_from(depth).ok());
                (outermost.and_then(|depth| open.values_passed(depth)), 1)
            }
            _ => return true,
        };
        if let Some(more) = values.and_then(|values| values.checked_sub(1)).filter(|more| *more > 0) {
            self.multi_values = self.multi_values.saturating_add(count(more).saturating_mul(times));
            self.asked.take(Needs::multi_values, self.multi_values);
        }
        !self.asked.is_refused()
    }

    /// Counts all code of a module that is refused, as far as it can be read.
    pub(super) fn count_all(&mut self, bytes: &[u8]) {
        self.multi_values = 0;
        let mut types = self.scan.function_types.iter();
        let mut open = Vec::new();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload {
                Ok(Payload::CodeSectionEntry(body)) => {
                    let signature = types.next().and_then(|ty| self.scan.types.get(*ty));
                    open.clear();
                    open.push(signature.map_or(0, |signature| signature.results.len()));
                    self.begin_function();
                    // What is behind where it cannot be read counts for nothing.
                    let _unread = self.count_function(&body, &mut open);
                }
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }

    fn count_function(
        &mut self,
        body: &FunctionBody<'_>,
        open: &mut Vec<usize>,
    ) -> Result<(), BinaryReaderError> {
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() && !open.is_empty() {
            let operator = operators.read()?;
            self.count(&operator, open);
            let values = |ty| self.scan.values_of_block(ty).unwrap_or_default();
            match operator {
                Operator::Block { blockty } | Operator::If { blockty } => open.push(values(blockty).1),
                Operator::Loop { blockty } => open.push(values(blockty).0),
                Operator::End => drop(open.pop()),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The values that a branch to each passes, the outermost first.
impl Open for Vec<usize> {
    fn len(&self) -> usize {
        self.len()
    }

    fn values_passed(&self, depth: u32) -> Option<usize> {
        self.iter().rev().nth(to_usize(depth)).copied()
    }
}
