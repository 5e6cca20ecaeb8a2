//! What a sequence of operations was, and how often what is worth testing came up.

use std::{collections::BTreeMap, fmt, thread};

/// How often each of the things that are counted came up.
#[derive(Default)]
pub(super) struct Counts(BTreeMap<&'static str, u64>);

impl Counts {
    pub(super) fn count(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what).or_default() += count;
        }
    }

    /// Each of these came up so often, and nothing else is counted.
    pub(super) fn assert_reached(&self, all: &[&str], minimum: u64) {
        for what in all {
            assert!(self.0.get(what).is_some_and(|count| *count >= minimum), "few of {what}:\n{self}");
        }
        assert_eq!(self.0.len(), all.len(), "{self}");
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(what, count)| writeln!(f, "{count:9} {what}"))
    }
}

/// The operations so far; printed if the test fails.
pub(super) struct Log {
    seed: u64,
    lines: Vec<String>,
}

impl Log {
    pub(super) const fn new(seed: u64) -> Self {
        Self { seed, lines: Vec::new() }
    }

    /// Adds what is done within so many host calls.
    pub(super) fn add(&mut self, served: usize, what: &str) {
        self.lines.push(format!("{:width$}{what}", "", width = served * 2));
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if thread::panicking() {
            println!(
                "{}\nseed {seed} fails: CHAIN_FIRST={seed} CHAIN_ROUNDS=1",
                self.lines.join("\n"),
                seed = self.seed
            );
        }
    }
}
