//! Metering: what the regions of a function cost, see [`costs`](crate::costs), and how the engine is told.
//!
//! The engine takes fuel when a function, a loop or an arm of an `if` is entered: a unit, and what it is
//! told that the operators there cost. It is told that all cost nothing but two that do nothing, and these
//! are put where a region begins: so a region costs what [`costs`](crate::costs) say, whatever the engine
//! makes of its operators.

use crate::limits::to_usize;
use crate::wasm::operators::code::{DROP, FUNC_REF, NOP, REF_NULL};
use alloc::vec::Vec;

/// What the engine takes for a `nop`. A guest's own are left out.
pub(crate) const NOP_COST: u8 = 1;

/// What the engine takes for a `ref.null`, which is put in with a `drop`. A guest's own become reads of a
/// global that is null.
pub(crate) const REF_NULL_COST: u8 = 8;

/// The regions of a function, and what each costs beside the unit that the engine takes by itself.
#[derive(Default)]
pub(super) struct Regions(Vec<u32>);

impl Regions {
    /// Those of another function.
    pub(super) fn begin(&mut self) {
        self.0.clear();
    }

    /// Another region; its number.
    pub(super) fn open(&mut self) -> Option<u32> {
        let number = u32::try_from(self.0.len()).ok()?;
        self.0.push(0);
        Some(number)
    }

    pub(super) fn add(&mut self, region: u32, units: u32) {
        if let Some(region) = self.0.get_mut(to_usize(region)) {
            *region = region.saturating_add(units);
        }
    }

    /// What a region costs as far as it was read.
    pub(super) fn units(&self, region: u32) -> u32 {
        self.0.get(to_usize(region)).copied().unwrap_or_default()
    }
}

/// Appends what makes the engine take so many units.
pub(super) fn push_charge(code: &mut Vec<u8>, units: u32) {
    let (many, few) = charge(units);
    for _ in 0..many {
        code.extend_from_slice(&[REF_NULL, FUNC_REF, DROP]);
    }
    code.extend(core::iter::repeat_n(NOP, few));
}

/// The bytes of that.
pub(super) fn charge_len(units: u32) -> usize {
    let (many, few) = charge(units);
    many.saturating_mul(3).saturating_add(few)
}

/// How often the engine is to take [`REF_NULL_COST`] and [`NOP_COST`].
fn charge(units: u32) -> (usize, usize) {
    let each = u32::from(REF_NULL_COST);
    let (many, few) = (units.checked_div(each), units.checked_rem(each));
    (to_usize(many.unwrap_or_default()), to_usize(few.unwrap_or_default()))
}
