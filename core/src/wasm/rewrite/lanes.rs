//! Stores of a lane, where the engine gets them wrong.
//!
//! wasmi 2.0.0 reads the offset of a `v128.store8_lane` or `v128.store16_lane` as a number of 64 bits where it wrote one of
//! 32, if it has more than 16 bits or the memory is not the first, and so all that follows it in its code from a
//! wrong place. The lane taken out and stored as an integer is the same; the engine itself does so with wider ones.

use super::{body::Body, constants::Bound};
use crate::wasm::{
    operators::{
        Facts,
        code::{EXTRACT_I8, EXTRACT_I16, I32_STORE8, I32_STORE16, VECTOR_PREFIX},
    },
    reader::Immediate,
    sections::split_leb128,
};
use wasmparser::{MemArg, Operator};

/// What takes the place of an operator: the number of what takes the lane out, and the code of what stores it.
pub(super) const fn stored_as(operator: &Operator<'_>) -> Option<[u8; 2]> {
    match operator {
        Operator::V128Store8Lane { memarg, .. } if is_far(memarg) => Some([EXTRACT_I8, I32_STORE8]),
        Operator::V128Store16Lane { memarg, .. } if is_far(memarg) => Some([EXTRACT_I16, I32_STORE16]),
        _ => None,
    }
}

const fn is_far(memarg: &MemArg) -> bool {
    memarg.memory != 0 || memarg.offset > 0xFFFF
}

impl Body<'_, '_> {
    /// Hides a place in a memory that is bound to make an operator trap, see [`constants`](super::constants).
    pub(super) fn hide_place(&mut self, facts: &'static Facts, place: usize, at: MemArg) -> Option<()> {
        let Self { labels, output, temps, bytes, module, places, .. } = self;
        if !labels.is_live {
            return Some(());
        }
        let immediate = Immediate::Memory { index: at.memory, offset: at.offset };
        let bound =
            Bound { code: VECTOR_PREFIX, facts, immediate, operands: labels.operands, places: *places };
        bound.hide(output, temps, bytes, place, &module.scan.memories)
    }

    /// Writes these in the place of the operator that is there.
    pub(super) fn store_lane(&mut self, place: usize, after: usize, [extract, store]: [u8; 2]) -> Option<()> {
        // The prefix, the number, what says where in a memory, and the lane.
        let (_, immediates) = split_leb128(self.bytes.get(place.checked_add(1)?..after)?)?;
        let (lane, memarg) = immediates.split_last()?;
        self.output.replace(self.bytes, place, after)?;
        self.output.extend(&[VECTOR_PREFIX, extract, *lane, store]);
        self.output.extend(memarg);
        Some(())
    }
}
