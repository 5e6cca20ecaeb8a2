//! What a campaign did, in numbers, so that one sees that it is not vacuous.

use std::{collections::BTreeMap, fmt};

/// Numbers by group and name.
#[derive(Clone, Debug, Default)]
pub struct Tally(BTreeMap<(String, String), u64>);

impl Tally {
    /// Adds to a number.
    pub(super) fn add(&mut self, group: &str, name: &str, count: u64) {
        *self.0.entry((group.to_owned(), name.to_owned())).or_default() += count;
    }

    /// Adds all of another.
    pub(super) fn merge(&mut self, other: &Self) {
        for ((group, name), count) in &other.0 {
            self.add(group, name, *count);
        }
    }

    /// A number; 0 where nothing of the kind was met.
    #[must_use]
    pub fn get(&self, group: &str, name: &str) -> u64 {
        self.0.get(&(group.to_owned(), name.to_owned())).copied().unwrap_or(0)
    }

    /// All numbers of a group together.
    #[must_use]
    pub fn sum(&self, group: &str) -> u64 {
        self.0.iter().filter(|((of, _), _)| of == group).map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = "";
        for ((group, name), count) in &self.0 {
            let shown = if group == last { "" } else { group };
            writeln!(f, "{shown:>12} {count:>12}  {name}")?;
            last = group;
        }
        Ok(())
    }
}
