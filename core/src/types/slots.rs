//! Numbered things that go away: ids count up and are never reused.

use core::hash::{BuildHasherDefault, Hasher};
use hashbrown::{HashMap, HashSet};

/// Things by number. A number says for ever whether its thing lives, has gone or never was,
/// yet only what lives takes memory.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    live: ByNumber<u32, T>,
    next: u32,
}

/// Things by a number that counts up.
pub(crate) type ByNumber<N, T> = HashMap<N, T, BuildHasherDefault<Spread>>;

/// Numbers that count up.
pub(crate) type Numbers = HashSet<u32, BuildHasherDefault<Spread>>;

/// Room for so many things is kept when they go.
const SPARE: usize = 256;

/// No number is as high as the lineage's error codes, which stand where numbers do: this is the lowest.
pub(crate) const END: u32 = u32::MAX - 2;

/// Why there is nothing under a number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Missing {
    Gone,
    Unknown,
}

/// Hashes numbers that count up: an odd factor leaves their low bits apart, by which a table
/// places them, and mixes the high ones, by which it tells them apart. Nobody else chooses them.
#[derive(Default)]
pub(crate) struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(Self::FACTOR);
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number.wrapping_mul(Self::FACTOR);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Spread {
    /// 2^64 divided by the golden ratio.
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { live: HashMap::default(), next: 0 }
    }
}

impl<T> Slots<T> {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The number the next thing will get, `None` once all are used.
    pub(crate) fn next(&self) -> Option<u32> {
        (self.next < END).then_some(self.next)
    }

    /// Adds a thing, or gives it back where the numbers are used up.
    pub(crate) fn insert(&mut self, value: T) -> Result<u32, T> {
        let Some(number) = self.next() else { return Err(value) };
        self.next = number.saturating_add(1);
        self.live.insert(number, value);
        Ok(number)
    }

    pub(crate) fn get(&self, number: u32) -> Result<&T, Missing> {
        self.live.get(&number).ok_or(self.missing(number))
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Result<&mut T, Missing> {
        let missing = self.missing(number);
        self.live.get_mut(&number).ok_or(missing)
    }

    pub(crate) fn remove(&mut self, number: u32) -> Result<T, Missing> {
        let missing = self.missing(number);
        let value = self.live.remove(&number).ok_or(missing)?;
        // So seldom that a thing that goes takes the same time whatever there is.
        if self.live.len() < self.live.capacity() / 8 && self.live.capacity() > SPARE {
            self.live.shrink_to(self.live.len().saturating_mul(2));
        }
        Ok(value)
    }

    pub(crate) fn len(&self) -> usize {
        self.live.len()
    }

    /// What lives, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.live.iter().map(|(number, value)| (*number, value))
    }

    const fn missing(&self, number: u32) -> Missing {
        if number < self.next { Missing::Gone } else { Missing::Unknown }
    }

    /// Makes the next number `next`, to test what happens at the end of the numbers.
    #[cfg(test)]
    pub(crate) fn skip_to(&mut self, next: u32) {
        self.next = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn numbers_are_never_reused() {
        let mut slots = Slots::new();
        assert_eq!(slots.insert('a'), Ok(0));
        assert_eq!(slots.insert('b'), Ok(1));
        assert_eq!(slots.remove(0), Ok('a'));
        assert_eq!(slots.remove(0), Err(Missing::Gone));
        assert_eq!(slots.get(7), Err(Missing::Unknown));
        assert_eq!(slots.insert('c'), Ok(2));
        assert_eq!(slots.len(), 2);
    }

    #[test]
    fn room_for_many_is_given_back() {
        let mut slots = Slots::new();
        let numbers: Vec<_> = (0..10_000).map(|n| slots.insert(n).unwrap_or(END)).collect();
        for number in numbers {
            assert_eq!(slots.remove(number), Ok(number));
            assert!(slots.live.capacity() <= SPARE.max(slots.len() * 16), "{}", slots.len());
        }
    }

    #[test]
    fn numbers_run_out_without_a_wrap() {
        let mut slots = Slots::new();
        slots.skip_to(END - 1);
        assert_eq!(slots.insert('a'), Ok(END - 1));
        assert_eq!(slots.insert('b'), Err('b'));
        assert_eq!(slots.get(END - 1), Ok(&'a'));
        assert_eq!(slots.get(0), Err(Missing::Gone));
    }
}
