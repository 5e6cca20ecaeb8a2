//! Metering: what the regions of a function cost, see [`costs`](crate::costs), and how the interpreter is told;
//! a host that compiles is told in [`host`](super::host).
//!
//! The interpreter takes fuel when a function, a loop or an arm of an `if` is entered: a unit, and what it is
//! told that the operators there cost. It is told that all cost nothing but three that come to nothing, and
//! these are put where a region begins: so a region costs what [`costs`](crate::costs) say, whatever the
//! engine makes of its operators.

use crate::{
    limits::to_usize,
    wasm::operators::code::{DROP, FUNC_REF, I64_CONST, I64_EXTEND16_S, NOP, REF_NULL},
};
use alloc::vec::Vec;

/// What the engine takes for a `nop`. A guest's own are left out.
pub const NOP_COST: u8 = 1;

/// What the engine takes for a `ref.null`, which is put in with a `drop`. A guest's own become reads of a
/// global that is null.
pub const REF_NULL_COST: u8 = 8;

/// What the engine takes for an `i64.extend16_s`. They are put in one after the other, between a constant and a
/// `drop`. A guest's own become shifts.
pub const EXTEND_COST: u8 = 32;

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

/// What is extended.
const ZERO: [u8; 2] = [I64_CONST, 0];
/// What makes the engine take [`REF_NULL_COST`].
const NULL: [u8; 3] = [REF_NULL, FUNC_REF, DROP];

/// Appends what makes the engine take so many units.
pub(super) fn push_charge(code: &mut Vec<u8>, units: u32) {
    let Charge { most, many, few } = Charge::of(units);
    if most > 0 {
        code.extend_from_slice(&ZERO);
        code.extend(core::iter::repeat_n(I64_EXTEND16_S, most));
        code.push(DROP);
    }
    for _ in 0..many {
        code.extend_from_slice(&NULL);
    }
    code.extend(core::iter::repeat_n(NOP, few));
}

/// How often the engine is to take [`EXTEND_COST`], [`REF_NULL_COST`] and [`NOP_COST`].
struct Charge {
    most: usize,
    many: usize,
    few: usize,
}

impl Charge {
    fn of(units: u32) -> Self {
        let (most, rest) = divide(units, EXTEND_COST);
        let (many, few) = divide(rest, REF_NULL_COST);
        Self { most: to_usize(most), many: to_usize(many), few: to_usize(few) }
    }
}

fn divide(units: u32, by: u8) -> (u32, u32) {
    let by = u32::from(by);
    (units.checked_div(by).unwrap_or_default(), units.checked_rem(by).unwrap_or_default())
}
