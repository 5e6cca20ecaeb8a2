//! The operators that are read quickly: most of any code, which no pass but a few looks at.

use super::{
    Module, Target,
    body::{Body, Stop, at, valid},
    constants::Bound,
    host::Quickly,
    repairs::{put_repair, repair},
};
use crate::wasm::{
    operators::facts_of,
    reader::{Immediate, Quick, quick},
    scan::{check_index, check_place},
};

impl Body<'_, '_> {
    /// Looks at the operators that are read quickly, from a place up to the next one of the others: where that
    /// is.
    pub(super) fn skim(&mut self, mut place: usize, offset: u32) -> Result<usize, Stop> {
        let Self { bytes, locals, .. } = *self;
        let Self { module: Module { finder, scan, notes, host, .. }, output, temps, hosted, .. } = self;
        let notes = notes.zip(self.slot);
        let is_live = self.labels.is_live;
        // Of what changes with each of them a copy is kept at hand.
        let (mut units, mut before, mut operands) = (0_u32, self.before, self.labels.operands);
        let mut height = operands.height();
        let mut places = self.places;
        let hides = is_live && self.module.target == Target::Interpreter;
        while let Some(Quick { code, immediate, after }) = quick(bytes, place) {
            match immediate {
                Immediate::None => finder.see_plain(code),
                Immediate::Const(value) => finder.see_constant(value),
                Immediate::Local(local) => {
                    check_index(local, locals)?;
                    finder.see_local(code, local);
                }
                Immediate::Memory { index, .. } => {
                    check_place(index, scan.memories.len())?;
                    finder.see_other();
                }
            }
            let facts = facts_of(code);
            if facts.can_trap()
                && let Some((notes, slot)) = notes
            {
                self.is_noted = true;
                valid(output.copy_to(bytes, place))?;
                valid(notes.here(output, slot, valid(at(offset, place))?))?;
            }
            if hides && facts.can_trap() {
                let bound = Bound { code, facts, immediate, operands, places };
                valid(bound.hide(output, temps, bytes, place, &scan.memories))?;
            }
            match host {
                None if facts.is_repaired() => {
                    valid(put_repair(output, bytes, place, repair(code, immediate, before)))?;
                }
                Some(host) if is_live && (facts.is_of_nans() || hosted.are_nans_pending()) => {
                    let at = Quickly { code, facts, place, after, height: operands.height() };
                    valid(hosted.see(host, output, temps, bytes, &at))?;
                }
                _ => {}
            }
            units = units.saturating_add(facts.cost.into());
            operands.apply(facts);
            height = height.max(operands.height());
            before = facts;
            places = [place, places[0]];
            place = after;
        }
        self.places = places;
        self.before = before;
        self.labels.operands = operands;
        self.labels.note_height(height);
        self.add_units(units);
        Ok(place)
    }
}
