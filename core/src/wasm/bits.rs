//! Sets of small numbers.

use crate::limits::to_usize;
use alloc::vec::Vec;

/// A set of numbers that takes a bit for each up to the largest in it.
#[derive(Debug, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn add(&mut self, number: u32) {
        let (word, bit) = place(number);
        while self.0.len() <= word {
            self.0.push(0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    pub(super) fn has(&self, number: u32) -> bool {
        let (word, bit) = place(number);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }
}

/// The word of a number, and its bit there.
const fn place(number: u32) -> (usize, u64) {
    (to_usize(number >> 6), 1 << (number & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_what_was_added() {
        let mut bits = Bits::default();
        for number in [64, 0, 63, 1_000] {
            assert!(!bits.has(number));
            bits.add(number);
        }
        let all: Vec<_> = (0..2_000).filter(|number| bits.has(*number)).collect();
        assert_eq!(all, [0, 63, 64, 1_000]);
    }
}
