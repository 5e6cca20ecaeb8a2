//! Lowering: blocks that take parameters, and tables of branches that pass several values, in terms of
//! what needs neither.
//!
//! The values are passed in locals:
//!
//! * Those of a block, a loop or an `if` are put there before it and read where it begins, by a loop also
//!   after a branch to it.
//! * An `if` that takes some also leaves its results so. One without an `else` leaves what it was given
//!   where its condition is false: they are of the same types, and so in the same locals.
//! * A `br_table` that passes several, or a vector, or to some targets on the operand stack and to others in locals,
//!   goes to a block for each of its targets, and from there on.

use super::{
    Target,
    body::Body,
    labels::{Kind, Label},
};
use crate::{
    limits::to_usize,
    wasm::{
        operators::code::{
            BLOCK, BR, BR_IF, BR_TABLE, END, F32, F64, I32, I64, IF, LOOP, NOTHING, UNREACHABLE,
        },
        types::Signature,
    },
};
use alloc::vec::Vec;
use wasmparser::BrTable;

impl<'a> Body<'_, 'a> {
    /// Writes the begin of a block that takes parameters, without what they are read by.
    pub(super) fn begin_lowered(&mut self, kind: Kind, ty: u32, signature: Signature<'a>) -> Option<()> {
        let Self { output, temps, .. } = self;
        match kind {
            Kind::If => {
                temps.set_condition(output)?;
                temps.set(output, signature.params)?;
                temps.get_condition(output)?;
                output.extend(&[IF, NOTHING]);
            }
            kind => {
                temps.set(output, signature.params)?;
                output.push(if kind == Kind::Loop { LOOP } else { BLOCK });
                self.push_block_type(ty, signature.results)?;
            }
        }
        Some(())
    }

    /// Writes the type of a block that takes nothing and has the results of a function type.
    fn push_block_type(&mut self, ty: u32, results: &[u8]) -> Option<()> {
        match results {
            [] => self.output.push(NOTHING),
            [result] => self.output.push(*result),
            [_, _, ..] => {
                let ty = self.module.types.without_params(self.module.scan, ty)?;
                self.output.push_sleb128(ty.try_into().ok()?);
            }
        }
        Some(())
    }

    /// Writes a branch without condition.
    pub(super) fn branch(&mut self, place: usize, after: usize, depth: u32) -> Option<()> {
        let label = self.labels.get(depth)?;
        let written = self.labels.written_depth(depth)?;
        let by_locals = label.passes_locals();
        if by_locals || written != depth {
            self.output.replace(self.bytes, place, after)?;
            if by_locals {
                self.temps.set(&mut self.output, label.values())?;
            }
            self.output.push_index(BR, written)?;
        }
        self.note_branch(depth)
    }

    /// Writes a branch under a condition.
    pub(super) fn branch_if(&mut self, place: usize, after: usize, depth: u32) -> Option<()> {
        let label = self.labels.get(depth)?;
        let written = self.labels.written_depth(depth)?;
        let by_locals = label.passes_locals();
        if by_locals || written != depth {
            let (output, temps) = (&mut self.output, &mut self.temps);
            output.replace(self.bytes, place, after)?;
            if by_locals {
                temps.set_condition(output)?;
                temps.set(output, label.values())?;
                temps.get_condition(output)?;
            }
            output.push_index(BR_IF, written)?;
            if by_locals {
                temps.get(output, label.values())?;
            }
        }
        self.note_branch(depth)
    }

    /// Writes a table of branches.
    pub(super) fn branch_table(&mut self, place: usize, after: usize, table: &BrTable<'_>) -> Option<()> {
        let default = *self.labels.get(table.default())?;
        let values = default.values();
        let (mut locals, mut moved, mut are_alike) = (0_usize, false, true);
        let mut many = 0_usize;
        for depth in targets(table) {
            let depth = depth?;
            let label = *self.labels.get(depth)?;
            many = many.checked_add(1)?;
            are_alike &= label.values() == values;
            locals = locals.checked_add(usize::from(label.passes_locals()))?;
            moved |= self.labels.written_depth(depth)? != depth;
            self.note_branch(depth)?;
        }
        if self.module.target == Target::Host {
            return Some(());
        }
        // To the engine a vector is as several: it is in none of its registers.
        let passes_few = matches!(values, [] | [I32 | I64 | F32 | F64]);
        if locals == 0 && (passes_few || table.is_empty()) {
            if moved {
                self.output.replace(self.bytes, place, after)?;
                self.push_written_table(table)?;
            }
            return Some(());
        }
        self.output.replace(self.bytes, place, after)?;
        if !self.labels.is_live {
            // There the targets may be of different types, and are not gone to.
            self.module.must_be_valid = true;
            self.output.push(UNREACHABLE);
            return Some(());
        }
        if !are_alike {
            return None;
        }
        self.temps.set_condition(&mut self.output)?;
        self.temps.set(&mut self.output, values)?;
        if locals == many {
            self.temps.get_condition(&mut self.output)?;
            return self.push_written_table(table);
        }
        self.branch_by_blocks(table, values)
    }

    /// Writes a block for each target of a table, from where it is branched to with the values.
    fn branch_by_blocks(&mut self, table: &BrTable<'_>, values: &[u8]) -> Option<()> {
        let mut distinct: Vec<u32> = Vec::new();
        for depth in targets(table) {
            let depth = depth?;
            let label = self.labels.get_mut(depth)?;
            if label.target.is_none() {
                label.target = Some(u32::try_from(distinct.len()).ok()?);
                distinct.push(depth);
            }
        }
        for _ in &distinct {
            self.output.extend(&[BLOCK, NOTHING]);
        }
        self.temps.get_condition(&mut self.output)?;
        self.push_table(table, |body, depth| body.labels.get(depth)?.target)?;
        // The first one's block is the innermost.
        for (open, depth) in (0..distinct.len()).rev().zip(&distinct) {
            let label: &mut Label<'_> = self.labels.get_mut(*depth)?;
            label.target = None;
            let label = *label;
            self.output.push(END);
            if !label.passes_locals() {
                self.temps.get(&mut self.output, values)?;
            }
            let written = self.labels.written_depth(*depth)?;
            self.output.push_index(BR, written.checked_add(u32::try_from(open).ok()?)?)?;
        }
        Some(())
    }

    /// Writes a table of branches to the same labels, whatever their depths are as it is written.
    fn push_written_table(&mut self, table: &BrTable<'_>) -> Option<()> {
        self.push_table(table, |body, depth| body.labels.written_depth(depth))
    }

    /// Writes a table of branches with other depths.
    fn push_table(&mut self, table: &BrTable<'_>, written: impl Fn(&Self, u32) -> Option<u32>) -> Option<()> {
        self.output.push_index(BR_TABLE, table.len())?;
        for depth in targets(table) {
            let depth = written(self, depth?)?;
            self.output.push_leb128(to_usize(depth))?;
        }
        Some(())
    }

    /// Notes a branch where it goes.
    fn note_branch(&mut self, depth: u32) -> Option<()> {
        let is_live = self.labels.is_live;
        let label = self.labels.get_mut(depth)?;
        if is_live && label.kind != Kind::Loop {
            label.is_reached = true;
            if label.skipped_from.is_none() {
                label.skipped_from = Some((label.region, self.regions.units(label.region)));
            }
        }
        Some(())
    }
}

/// The depths that a table of branches goes to, the default one last.
fn targets(table: &BrTable<'_>) -> impl Iterator<Item = Option<u32>> {
    table.targets().map(Result::ok).chain([Some(table.default())])
}
