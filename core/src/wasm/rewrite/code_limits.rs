//! What code may make the engine and its validator keep at a time, or write, for a few bytes.
//!
//! Both keep a frame for each block that is open, the engine keeps a note for each target of a
//! `br_table` until the function is translated. And with the multi-value proposal a branch,
//! call or block of two bytes stands for as many values as a type has, each of which is written
//! down or copied.

use super::labels::Labels;
use crate::{
    error::CompileError,
    limits::{Limits, count, maximum},
    wasm::scan::Scan,
};
use wasmparser::Operator;

/// The code of a module, as far as it was looked at.
pub(super) struct CodeLimits<'a> {
    limits: &'a Limits,
    scan: &'a Scan,
    /// Of the function that is looked at.
    branch_targets: u64,
    multi_values: u64,
}

impl<'a> CodeLimits<'a> {
    pub(super) const fn new(limits: &'a Limits, scan: &'a Scan) -> Self {
        Self { limits, scan, branch_targets: 0, multi_values: 0 }
    }

    /// The operators that follow are of another function.
    pub(super) const fn begin_function(&mut self) {
        self.branch_targets = 0;
    }

    /// Counts an operator that is met where these blocks are open.
    ///
    /// What is invalid counts for nothing.
    pub(super) fn count(&mut self, operator: &Operator<'_>, labels: &Labels<'_>) -> Result<(), CompileError> {
        let label = |depth: u32| labels.get(depth).map(|label| label.values().len());
        let (values, times) = match operator {
            Operator::Block { blockty } | Operator::If { blockty } | Operator::Loop { blockty } => {
                // The function's own label is none of its blocks, and this one is.
                maximum::block_depth(self.limits).check(count(labels.len()))?;
                (self.scan.values_of_block(*blockty), 1)
            }
            Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
                (label(*relative_depth), 1)
            }
            Operator::BrTable { targets } => {
                let targets_and_default = u64::from(targets.len()).saturating_add(1);
                self.branch_targets = self.branch_targets.saturating_add(targets_and_default);
                maximum::branch_targets(self.limits).check(self.branch_targets)?;
                (label(targets.default()), targets_and_default)
            }
            Operator::Call { function_index } => {
                (self.scan.signature_of_function(*function_index).map(|ty| ty.results.len()), 1)
            }
            Operator::CallIndirect { type_index, .. } => {
                (self.scan.types.get(*type_index).map(|ty| ty.results.len()), 1)
            }
            Operator::Return => (labels.first().map(|label| label.values().len()), 1),
            _ => return Ok(()),
        };
        let Some(more) = values.and_then(|values| values.checked_sub(1)).filter(|more| *more > 0) else {
            return Ok(());
        };
        self.multi_values = self.multi_values.saturating_add(count(more).saturating_mul(times));
        Ok(maximum::multi_values(self.limits).check(self.multi_values)?)
    }
}
