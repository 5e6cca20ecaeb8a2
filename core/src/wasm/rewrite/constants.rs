//! Constants that make an operator trap whatever happens: the interpreter is not to see that they do.
//!
//! It would not translate what follows up to the end of the block, and count the regions there to the one around. So
//! such an operand passes through a local. What is read of the code before says of nearly all constants that they
//! do no harm.

use super::{labels::Operands, output::Output, temps::Temps};
#[cfg(feature = "simd")]
use crate::wasm::operators::code::{V128, VECTOR_PREFIX};
use crate::{
    limits::{PAGE_BYTES, count, to_usize},
    wasm::{
        operators::{
            Effect, Facts,
            code::{F32, F64, I32, I32_CONST, I64, I64_CONST},
        },
        reader::{Immediate, constant},
        scan::ScannedMemory,
    },
};

/// An operator that can trap, before it is written.
pub(super) struct Bound {
    pub(super) code: u8,
    pub(super) facts: &'static Facts,
    pub(super) immediate: Immediate,
    pub(super) operands: Operands,
    /// Where the two operators before it are, the last first, if they are such as are read quickly.
    pub(super) places: [usize; 2],
}

/// Addresses that a memory can have.
const ADDRESSES: u64 = 1 << 32;

impl Bound {
    /// Has the operands pass through locals if they may be constants that make it trap.
    #[inline]
    pub(super) fn hide(
        &self,
        output: &mut Output,
        temps: &mut Temps,
        bytes: &[u8],
        place: usize,
        memories: &[ScannedMemory],
    ) -> Option<()> {
        let Immediate::Memory { index, offset } = self.immediate else {
            if !self.operands.is_constant() || self.divides_by_other(bytes) {
                return Some(());
            }
            return self.pass(output, temps, bytes, place, &[self.taken()]);
        };
        let is_store = matches!(self.facts.effect, Effect::Takes(2, _));
        if !self.operands.is_constant_at(is_store)
            || self.is_within(is_store, bytes, memories.get(to_usize(index))?, offset)
        {
            return Some(());
        }
        if is_store {
            self.pass(output, temps, bytes, place, &[I32, self.taken()])
        } else {
            self.pass(output, temps, bytes, place, &[I32])
        }
    }

    fn pass(
        &self,
        output: &mut Output,
        temps: &mut Temps,
        bytes: &[u8],
        place: usize,
        types: &[u8],
    ) -> Option<()> {
        output.copy_to(bytes, place)?;
        temps.set(output, types)?;
        temps.get(output, types)
    }

    /// The type of the upper operand, of an operator that is no load.
    const fn taken(&self) -> u8 {
        match self.code {
            // Divisions; truncations; stores
            0x7F..=0x82 | 0x37 | 0x3C..=0x3E => I64,
            0xA8 | 0xA9 | 0xAE | 0xAF | 0x38 => F32,
            0xAA | 0xAB | 0xB0 | 0xB1 | 0x39 => F64,
            #[cfg(feature = "simd")]
            VECTOR_PREFIX => V128,
            _ => I32,
        }
    }

    /// Whether it divides by a constant that is neither 0 nor -1.
    fn divides_by_other(&self, bytes: &[u8]) -> bool {
        let [last, _] = self.places;
        let Some([I32_CONST | I64_CONST, number @ ..]) = bytes.get(last..) else { return false };
        if self.facts.is_truncation() {
            return false;
        }
        let end = number.iter().position(|byte| byte & 0x80 == 0).unwrap_or_default();
        let mut digits = number.iter().take(end.saturating_add(1)).map(|byte| byte & 0x7F);
        digits.clone().any(|digit| digit != 0) && digits.any(|digit| digit != 0x7F)
    }

    /// Whether the address is a constant within what the memory can have.
    fn is_within(&self, is_store: bool, bytes: &[u8], memory: &ScannedMemory, offset: u64) -> bool {
        let [last, before] = self.places;
        // What is stored is above the address, and is such as leaves one operand and takes none.
        let place = match bytes.get(last) {
            Some(0x20 | 0x41..=0x44) if is_store => before,
            _ if is_store => return false,
            _ => last,
        };
        let Some(address) = constant(bytes, place) else { return false };
        let end = memory.maximum.map_or(ADDRESSES, |pages| pages.saturating_mul(count(PAGE_BYTES)));
        u64::from(address.cast_unsigned()).saturating_add(offset) < end.min(ADDRESSES)
    }
}
