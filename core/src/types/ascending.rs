//! Things by numbers that only go up.

use alloc::vec::Vec;

/// Things by number, each added with one above those before. Most have one thing, which takes no memory besides.
#[derive(Debug)]
pub(crate) struct Ascending<T> {
    first: Option<(u32, T)>,
    more: Vec<(u32, T)>,
}

impl<T> Ascending<T> {
    pub(crate) const fn new() -> Self {
        Self { first: None, more: Vec::new() }
    }

    pub(crate) fn add(&mut self, number: u32, thing: T) {
        if self.first.is_none() {
            self.first = Some((number, thing));
        } else {
            self.more.push((number, thing));
        }
    }

    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        match &self.first {
            Some((first, thing)) if *first == number => Some(thing),
            _ => {
                let at = self.more.binary_search_by_key(&number, |(number, _)| *number).ok()?;
                self.more.get(at).map(|(_, thing)| thing)
            }
        }
    }

    /// The things, in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(&self.more).map(|(_, thing)| thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_number() {
        let mut things = Ascending::new();
        for number in [3, 4, 7, 90] {
            assert_eq!(things.get(number), None);
            things.add(number, number * 10);
        }
        let found = [0, 3, 4, 5, 7, 90, 91].map(|number| things.get(number).copied());
        assert!(things.iter().copied().eq([30, 40, 70, 900]));
        assert_eq!(found, [None, Some(30), Some(40), None, Some(70), Some(900), None]);
    }
}
