//! How many directives of each suite come to which outcome, and what is recorded of it.

use super::{Finding, Outcome};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, path::PathBuf};

/// Of each suite how many directives come to each outcome.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Tally(BTreeMap<String, BTreeMap<String, u64>>);

impl Tally {
    /// Counts what the directives of a script came to.
    pub fn add(&mut self, suite: &str, findings: &[Finding]) {
        let counts = self.0.entry(suite.to_owned()).or_default();
        for Finding { outcome, .. } in findings {
            *counts.entry(outcome.to_string()).or_default() += 1;
        }
    }

    /// The one that is recorded.
    ///
    /// # Panics
    ///
    /// Where it cannot be read.
    #[must_use]
    pub fn recorded() -> Self {
        let text = fs::read_to_string(path()).expect("the record is there");
        serde_json::from_str(&text).expect("the record is a tally")
    }

    /// Records it.
    ///
    /// # Errors
    ///
    /// Where it may not be.
    pub fn record(&self) -> Result<(), String> {
        let before = if path().exists() { Self::recorded() } else { Self::default() };
        self.may_follow(&before)?;
        let text = serde_json::to_string_pretty(self).expect("its keys are strings");
        fs::write(path(), text + "\n").map_err(|error| error.to_string())
    }

    /// Whether it may be recorded in the place of another.
    ///
    /// # Errors
    ///
    /// Where something is wrong, or fewer directives of a suite pass than before.
    pub fn may_follow(&self, before: &Self) -> Result<(), String> {
        for suite in self.0.keys().chain(before.0.keys()) {
            for wrong in [Outcome::WrongValue, Outcome::WrongTrap, Outcome::Accepted] {
                let count = self.count(suite, &wrong.to_string());
                if count > 0 {
                    return Err(format!("{suite}: {wrong} {count}, which is a defect"));
                }
            }
            let (now, before) = (self.count(suite, "passed"), before.count(suite, "passed"));
            if now < before {
                return Err(format!(
                    "{suite}: {now} pass, {before} did; where it is meant, take its record out first"
                ));
            }
        }
        Ok(())
    }

    /// Where it is not the recorded one, a line for each suite and outcome.
    #[must_use]
    pub fn differences(&self, recorded: &Self) -> Vec<String> {
        let keys = |tally: &Self| -> Vec<(String, String)> {
            let suites = tally.0.iter();
            suites
                .flat_map(|(suite, counts)| counts.keys().map(|outcome| (suite.clone(), outcome.clone())))
                .collect()
        };
        let mut all = [keys(self), keys(recorded)].concat();
        all.sort();
        all.dedup();
        let compared = all.into_iter().filter_map(|(suite, outcome)| {
            let (is, was) = (self.count(&suite, &outcome), recorded.count(&suite, &outcome));
            (is != was).then(|| format!("{suite}: {outcome} {is}, recorded are {was}"))
        });
        compared.collect()
    }

    fn count(&self, suite: &str, outcome: &str) -> u64 {
        self.0.get(suite).and_then(|counts| counts.get(outcome)).copied().unwrap_or_default()
    }
}

fn path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/spec/tally.json"))
}
