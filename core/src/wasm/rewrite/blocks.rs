//! Blocks: where they begin and end, and where regions do, see [`costs`](crate::costs).

use super::{
    Target,
    body::{Body, Stop, valid},
    labels::{Kind, Label},
};
use crate::{
    types::costs::{FAR, OPEN, PASSED},
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
        let mut passed = signature.params.len();
        if kind == Kind::If && passed > 0 {
            passed = passed.saturating_add(signature.results.len());
        }
        self.pass(passed)?;
        let lowers = self.module.target.lowers();
        let is_constant = self.labels.operands.is_constant();
        if kind == Kind::If {
            self.labels.operands.take(1);
        }
        if signature.params.is_empty() || !lowers {
            if kind == Kind::If && is_constant {
                valid(self.hide_constant(place))?;
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
        if lowers {
            valid(self.temps.get(&mut self.output, signature.params))?;
        }
        valid(self.labels.open(kind, signature, region))
    }

    /// Adds what it costs to pass values.
    pub(super) fn pass(&mut self, values: usize) -> Result<(), Stop> {
        let units = u32::try_from(values).ok().and_then(|values| values.checked_mul(PASSED));
        self.add_units(valid(units)?);
        Ok(())
    }

    /// Puts a condition, before the operator at a place, where the engine does not see that it is constant: it
    /// would leave out regions then, or count them to the one around.
    pub(super) fn hide_constant(&mut self, place: usize) -> Option<()> {
        if self.labels.is_live && self.module.target == Target::Interpreter {
            self.output.copy_to(self.bytes, place)?;
            self.temps.set_condition(&mut self.output)?;
            self.temps.get_condition(&mut self.output)?;
        }
        Some(())
    }

    /// Writes an `else`.
    pub(super) fn change_arm(&mut self, place: usize, after: usize) -> Option<()> {
        let label = *self.labels.last()?;
        self.output.copy_to(self.bytes, place)?;
        self.end_arm(&label)?;
        self.output.copy_to(self.bytes, after)?;
        let region = if label.is_live { self.open_region()? } else { label.outer_region };
        let is_left_from_afar = self.is_left_from_afar(&label);
        self.labels.change_arm(region, is_left_from_afar)?;
        if !label.is_lowered {
            return Some(());
        }
        self.temps.get(&mut self.output, label.signature.params)
    }

    /// Writes what comes before the end of a block or of an arm.
    fn end_arm(&mut self, label: &Label<'_>) -> Option<()> {
        if label.leaves_locals() {
            self.temps.set(&mut self.output, label.signature.results)?;
        }
        if self.module.target.lowers() {
            for _ in 0..label.loops {
                self.output.push(END);
            }
        }
        Some(())
    }

    /// Writes an `end`.
    pub(super) fn close(&mut self, place: usize, after: usize) -> Option<()> {
        let label = self.labels.close()?;
        if label.kind == Kind::If && label.signature.params != label.signature.results {
            return None;
        }
        let by_locals = label.leaves_locals();
        if by_locals || label.loops > 0 {
            self.output.copy_to(self.bytes, place)?;
            self.end_arm(&label)?;
        }
        let begins_region = self.begins_region(&label)?;
        if !by_locals && !begins_region {
            return Some(());
        }
        self.output.copy_to(self.bytes, after)?;
        if !self.module.target.lowers() {
            return self.begin_region(label.signature.results.len());
        }
        let Self { output, temps, .. } = self;
        if !by_locals {
            temps.set(output, label.signature.results)?;
        }
        if begins_region {
            let around = self.labels.last()?.written_results();
            output.extend(&[LOOP, around.first().copied().unwrap_or(NOTHING)]);
            self.begin_region(label.signature.results.len())?;
        }
        self.temps.get(&mut self.output, label.signature.results)
    }

    /// Begins a region behind a block that left so many values.
    fn begin_region(&mut self, values: usize) -> Option<()> {
        let region = self.open_region()?;
        self.labels.open_loop(region)?;
        self.pass(values).ok()
    }

    /// Whether what follows a block is a region of its own, see [`costs`](crate::costs).
    fn begins_region(&self, label: &Label<'_>) -> Option<bool> {
        let Some(around) = self.labels.last() else { return Some(false) };
        Some(
            self.labels.is_live
                && self.module.target.is_metered()
                && label.kind != Kind::Loop
                && (label.is_left_from_afar || self.is_left_from_afar(label))
                && self.labels.written() < OPEN
                && self.labels.operands_are(label.signature.results.len())
                && around.signature.results.len() <= 1,
        )
    }

    /// Whether a far branch leaves a block, or the arm of an `if` that ends now.
    fn is_left_from_afar(&self, label: &Label<'_>) -> bool {
        label.skipped_from.is_some_and(|(region, units)| {
            let skipped = self.regions.units(label.region).saturating_sub(units);
            region != label.region || skipped >= FAR
        })
    }
}
