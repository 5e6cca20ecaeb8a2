//! Blocks: where they begin and end, and where regions do, see [`costs`](crate::costs).

use super::{
    body::{Body, Stop, valid},
    labels::{Kind, Label},
};
use crate::{
    costs::FAR,
    wasm::{
        operators::code::{END, LOOP, NOTHING},
        types::Signature,
    },
};
use wasmparser::BlockType;

impl Body<'_, '_> {
    /// Writes the begin of a block.
    pub(super) fn open(
        &mut self,
        kind: Kind,
        block: BlockType,
        place: usize,
        after: usize,
    ) -> Result<(), Stop> {
        let (ty, signature) = match block {
            BlockType::Empty => (0, Signature::default()),
            // The type is the last byte of the operator.
            BlockType::Type(_) => {
                let result = valid(self.bytes.get(after.saturating_sub(1)..after))?;
                (0, Signature { params: &[], results: result })
            }
            BlockType::FuncType(ty) => (ty, valid(self.module.scan.types.get(ty))?),
        };
        let is_constant = self.labels.operands.is_constant();
        if kind == Kind::If {
            self.labels.operands.take(1);
        }
        if signature.params.is_empty() {
            if kind == Kind::If && is_constant && self.labels.is_live && self.module.is_guest {
                // The engine would leave out what it takes for the arms.
                valid(self.output.copy_to(self.bytes, place))?;
                valid(self.temps.set_condition(&mut self.output))?;
                valid(self.temps.get_condition(&mut self.output))?;
            }
            valid(self.output.copy_to(self.bytes, after))?;
        } else {
            valid(self.output.replace(self.bytes, place, after))?;
            valid(self.begin_lowered(kind, ty, signature))?;
        }
        let around = valid(self.labels.last())?.region;
        let region = match kind {
            Kind::Loop | Kind::If if self.labels.is_live => valid(self.open_region())?,
            _ => around,
        };
        valid(self.temps.get(&mut self.output, signature.params))?;
        valid(self.labels.open(kind, signature, region))
    }

    /// Writes an `else`.
    pub(super) fn change_arm(&mut self, place: usize, after: usize) -> Option<()> {
        let label = *self.labels.last()?;
        self.output.copy_to(self.bytes, place)?;
        self.end_arm(&label)?;
        self.output.copy_to(self.bytes, after)?;
        let region = if label.is_live { self.open_region()? } else { label.outer_region };
        self.labels.change_arm(region)?;
        if label.is_lowered {
            self.temps.get(&mut self.output, label.signature.params)?;
        }
        Some(())
    }

    /// Writes what comes before the end of a block or of an arm.
    fn end_arm(&mut self, label: &Label<'_>) -> Option<()> {
        if matches!(label.kind, Kind::If | Kind::Else) && label.is_lowered {
            self.temps.set(&mut self.output, label.signature.results)?;
        }
        for _ in 0..label.loops {
            self.output.push(END);
        }
        Some(())
    }

    /// Writes an `end`.
    pub(super) fn close(&mut self, place: usize, after: usize) -> Option<()> {
        let label = *self.labels.last()?;
        if label.kind == Kind::If && label.signature.params != label.signature.results {
            return None;
        }
        let by_locals = matches!(label.kind, Kind::If | Kind::Else) && label.is_lowered;
        if by_locals || label.loops > 0 {
            self.output.copy_to(self.bytes, place)?;
            self.end_arm(&label)?;
        }
        self.labels.close()?;
        let begins_region = self.begins_region(&label)?;
        if !by_locals && !begins_region {
            return Some(());
        }
        self.output.copy_to(self.bytes, after)?;
        let Self { output, temps, .. } = self;
        if !by_locals {
            temps.set(output, label.signature.results)?;
        }
        if begins_region {
            let around = self.labels.last()?.written_results();
            output.extend(&[LOOP, around.first().copied().unwrap_or(NOTHING)]);
            let region = self.open_region()?;
            self.labels.open_loop(region)?;
        }
        self.temps.get(&mut self.output, label.signature.results)
    }

    /// Whether what follows a block is a region of its own, see [`costs`](crate::costs).
    fn begins_region(&self, label: &Label<'_>) -> Option<bool> {
        let Some(around) = self.labels.last() else { return Some(false) };
        let is_far = label.skipped_from.is_some_and(|(region, units)| {
            let skipped = self.regions.units(label.region).saturating_sub(units);
            region != label.region || skipped >= FAR
        });
        Some(
            self.labels.is_live
                && self.module.is_guest
                && label.kind != Kind::Loop
                && is_far
                && self.labels.operands_are(label.signature.results.len())
                && around.signature.results.len() <= 1,
        )
    }
}
