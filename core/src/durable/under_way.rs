//! The calls of a guest that are under way.
//!
//! By numbers, which ascend: a list in which what has ended is taken out once it is half of it. A map would do, but its code is large.

use alloc::vec::Vec;

/// What is under way, by number.
#[derive(Debug)]
pub(crate) struct UnderWay<T> {
    /// `None` of what has ended.
    all: Vec<(u32, Option<T>)>,
    ended: usize,
}

impl<T> UnderWay<T> {
    pub(crate) const fn new() -> Self {
        Self { all: Vec::new(), ended: 0 }
    }

    /// Adds what has begun, with a number above those before.
    pub(crate) fn add(&mut self, number: u32, one: T) {
        self.all.push((number, Some(one)));
    }

    pub(crate) const fn len(&self) -> usize {
        self.all.len().saturating_sub(self.ended)
    }

    #[inline]
    fn position(&self, number: u32) -> Option<usize> {
        // It is the last, as a rule.
        if let Some(before) = self.all.len().checked_sub(1)
            && self.all.get(before).is_some_and(|(last, _)| *last == number)
        {
            return Some(before);
        }
        self.all.binary_search_by_key(&number, |(number, _)| *number).ok()
    }

    #[inline]
    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.all.get(self.position(number)?)?.1.as_ref()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        let at = self.position(number)?;
        self.all.get_mut(at)?.1.as_mut()
    }

    /// Takes out what has ended.
    pub(crate) fn remove(&mut self, number: u32) -> Option<T> {
        let at = self.position(number)?;
        let ended = self.all.get_mut(at)?.1.take()?;
        self.ended = self.ended.saturating_add(1);
        if self.ended > self.all.len() / 2 {
            self.all.retain(|(_, one)| one.is_some());
            self.ended = 0;
        }
        Some(ended)
    }

    /// All, in the order in which they began.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.all.iter().filter_map(|(_, one)| one.as_ref())
    }

    /// Takes out the one that began last of those that have not ended.
    pub(crate) fn pop(&mut self) -> Option<T> {
        while let Some((_, one)) = self.all.pop() {
            if one.is_some() {
                return one;
            }
            self.ended = self.ended.saturating_sub(1);
        }
        None
    }

    /// All, in the order in which they began, to keep.
    pub(crate) fn into_all(self) -> impl Iterator<Item = T> {
        self.all.into_iter().filter_map(|(_, one)| one)
    }

    /// All with their numbers, in the order in which they began.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut T)> {
        self.all.iter_mut().filter_map(|(number, one)| Some((*number, one.as_mut()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_is_not_there_whatever_the_order() {
        for step in [1, 3, 7] {
            let mut under_way = UnderWay::new();
            (0..11_u32).for_each(|number| under_way.add(number * 2, number));
            for ended in 1..=11_u8 {
                let number = (u32::from(ended) * step) % 11;
                assert_eq!(under_way.get(number * 2), Some(&number));
                assert_eq!(under_way.remove(number * 2), Some(number));
                assert_eq!(under_way.remove(number * 2), None);
                assert_eq!(under_way.get(number * 2), None);
                assert_eq!(under_way.get_mut(number * 2 + 1), None);
                let left: Vec<_> = under_way.iter().copied().collect();
                assert!(
                    left.is_sorted()
                        && left.len() == under_way.len()
                        && left.len() == 11 - usize::from(ended)
                );
                assert!(
                    under_way
                        .iter_mut()
                        .map(|(number, one)| (number, *one))
                        .eq(left.iter().map(|n| (n * 2, *n)))
                );
            }
        }
    }

    #[test]
    fn the_last_that_has_not_ended_is_taken_first() {
        let mut under_way = UnderWay::new();
        (0..6_u32).for_each(|number| under_way.add(number, number));
        for ended in [5, 2] {
            under_way.remove(ended);
        }
        assert_eq!((under_way.pop(), under_way.len()), (Some(4), 3));
        assert_eq!(under_way.remove(4), None);
        under_way.add(9, 9);
        assert_eq!(under_way.get(9), Some(&9));
        assert!(under_way.into_all().eq([0, 1, 3, 9]));
        assert_eq!(UnderWay::<u32>::new().pop(), None);
    }
}
