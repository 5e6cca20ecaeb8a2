//! Things by numbers that count up, and that go.

use alloc::vec::Vec;

/// Things by number, in the order of their numbers: each is added with one above all before it.
///
/// They lie in a row, with gaps where some have gone. Once there are more gaps than things these close up. So to add and to
/// remove takes the same time however many there are, and to find one the logarithm of it.
#[derive(Clone, Debug)]
pub(in crate::wasi) struct Counted<T> {
    row: Vec<(u64, Option<T>)>,
    len: usize,
}

/// Gaps that are no reason to close up.
const SPARE: usize = 16;

impl<T> Counted<T> {
    pub(in crate::wasi) const fn new() -> Self {
        Self { row: Vec::new(), len: 0 }
    }

    /// How many there are.
    pub(in crate::wasi) const fn len(&self) -> usize {
        self.len
    }

    /// Adds one. Whether its number is above all before.
    pub(in crate::wasi) fn add(&mut self, number: u64, thing: T) -> bool {
        let is_above = self.row.last().is_none_or(|(last, _)| *last < number);
        if is_above {
            self.row.push((number, Some(thing)));
            self.len = self.len.saturating_add(1);
        }
        is_above
    }

    pub(in crate::wasi) fn get(&self, number: u64) -> Option<&T> {
        self.row.get(self.place(number)?)?.1.as_ref()
    }

    pub(in crate::wasi) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let place = self.place(number)?;
        self.row.get_mut(place)?.1.as_mut()
    }

    pub(in crate::wasi) fn remove(&mut self, number: u64) -> Option<T> {
        let place = self.place(number)?;
        let thing = self.row.get_mut(place)?.1.take()?;
        self.len = self.len.saturating_sub(1);
        if self.row.len() > self.len.saturating_mul(2).saturating_add(SPARE) {
            self.row.retain(|(_, thing)| thing.is_some());
            self.row.shrink_to(self.len.saturating_mul(2));
        }
        Some(thing)
    }

    /// Those from a number on.
    pub(in crate::wasi) fn since(&self, number: u64) -> impl Iterator<Item = (u64, &T)> {
        let first = self.row.partition_point(|(at, _)| *at < number);
        let rest = self.row.get(first..).unwrap_or_default();
        rest.iter().filter_map(|(number, thing)| Some((*number, thing.as_ref()?)))
    }

    pub(in crate::wasi) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.row.iter_mut().filter_map(|(_, thing)| thing.as_mut())
    }

    fn place(&self, number: u64) -> Option<usize> {
        self.row.binary_search_by_key(&number, |(number, _)| *number).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_number_until_it_goes() {
        let mut things = Counted::new();
        for number in [2, 3, 7, 90] {
            assert!(things.add(number, number * 10));
        }
        assert!(!things.add(90, 0) && !things.add(8, 0), "these are not above those before");
        assert_eq!(things.remove(3), Some(30));
        assert_eq!((things.remove(3), things.get(3), things.get(8), things.len()), (None, None, None, 3));
        if let Some(thing) = things.get_mut(7) {
            *thing = 71;
        }
        things.iter_mut().for_each(|thing| *thing += 1);
        assert!(things.since(3).eq([(7, &72), (90, &901)]));
        assert!(things.since(0).map(|(number, _)| number).eq([2, 7, 90]));
    }

    #[test]
    fn gaps_close_up() {
        let mut things = Counted::new();
        for number in 0..10_000 {
            assert!(things.add(number, ()));
        }
        for number in (0..10_000).filter(|number| number % 100 != 0) {
            assert_eq!(things.remove(number), Some(()));
            assert!(things.row.len() <= 2 * things.len() + SPARE, "{number}");
        }
        assert!(things.since(0).map(|(number, &())| number).eq((0..100).map(|at| at * 100)));
        assert!(things.row.capacity() <= 1_000, "{}", things.row.capacity());
        // One that is gone leaves its number behind.
        assert!(!things.add(9_900, ()) && things.add(10_000, ()));
    }
}
