//! The format of `scenarios/supervisor.json`, which the README there defines.

use super::StepResult;
use crate::mock::{hex, unhex};
use guestbox::Limits;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{collections::BTreeMap, fs, path::PathBuf};

/// The cases, their guests and what they come to.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// 1; counted up by a change that a runner has to follow.
    pub format: u32,
    fuel: Number,
    guests: BTreeMap<String, Guest>,
    /// In the order of the file.
    pub cases: Vec<Case>,
    #[serde(skip)]
    recorded_guests: BTreeMap<String, Guest>,
}

/// What a supervisor of its own is asked for.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Unique.
    pub name: String,
    /// The recorded scenario that this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<String>,
    /// In order.
    pub steps: Vec<Step>,
}

/// A call of one of the supervisor's exports.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The export.
    pub call: String,
    /// The arguments before the buffer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<Number>,
    /// The name of the guest whose bytes are in the buffer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest: Option<String>,
    /// What is in the buffer instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// What it returns, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// What the supervisor traps for instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trap: Option<String>,
    /// What it logs.
    pub trace: Vec<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Guest {
    Hex(String),
    Wat(Vec<String>),
}

/// A number of 64 bits, a decimal string in the file.
#[derive(Clone, Copy, Debug)]
pub struct Number(pub u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(D::Error::custom)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The guests of the recorded scenarios, of whose file nothing else is read here.
#[derive(Deserialize)]
struct Recorded {
    guests: BTreeMap<String, Guest>,
}

impl Document {
    /// Reads the file, and the guests of the recorded scenarios.
    ///
    /// # Panics
    ///
    /// Where they are not as the format has it.
    #[must_use]
    pub fn load() -> Self {
        let recorded: Recorded = serde_json::from_str(include_str!("../../scenarios/seed.json"))
            .unwrap_or_else(|error| panic!("seed.json: {error}"));
        let document: Self = serde_json::from_str(include_str!("../../scenarios/supervisor.json"))
            .unwrap_or_else(|error| panic!("supervisor.json: {error}"));
        Self { recorded_guests: recorded.guests, ..document }
    }

    /// Writes the file.
    ///
    /// # Panics
    ///
    /// Where that fails.
    pub fn save(&self) {
        let text = serde_json::to_string_pretty(self).expect("it is all text");
        fs::write(folder("scenarios").join("supervisor.json"), text + "\n").expect("the file can be written");
    }

    /// Under which all cases run.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        limits.fuel = self.fuel.0;
        limits
    }

    /// What a step has in its buffer.
    #[must_use]
    pub fn bytes(&self, step: &Step) -> Vec<u8> {
        match (&step.guest, &step.input) {
            (Some(guest), None) => self.guest(guest),
            (None, Some(digits)) => unhex(digits),
            (None, None) => Vec::new(),
            (Some(_), Some(_)) => panic!("{}: a step has a guest or an input", step.call),
        }
    }

    fn guest(&self, name: &str) -> Vec<u8> {
        let known = match name.split_once('/') {
            None => self.guests.get(name),
            Some(("seed", name)) => self.recorded_guests.get(name),
            Some((folder_name, name)) => {
                let path = folder("guests").join(folder_name).join(name).with_extension("wat");
                return wat::parse_file(&path).unwrap_or_else(|error| panic!("{error}"));
            }
        };
        match known.unwrap_or_else(|| panic!("there is no guest {name}")) {
            Guest::Hex(digits) => unhex(digits),
            Guest::Wat(lines) => wat::parse_str(lines.join("\n")).unwrap_or_else(|error| panic!("{error}")),
        }
    }

    /// The names of the guests that are part of the file.
    pub fn guest_names(&self) -> impl Iterator<Item = &str> {
        self.guests.keys().map(String::as_str)
    }
}

impl Case {
    /// What is not as the file has it, in words.
    ///
    /// # Errors
    ///
    /// The first difference.
    pub fn compare(&self, results: &[StepResult]) -> Result<(), String> {
        self.compare_outcomes(results)?;
        for (step, result) in self.steps.iter().zip(results) {
            let lines = step.trace.len().max(result.trace.len());
            let differs = |line: &usize| step.trace.get(*line) != result.trace.get(*line);
            if let Some(line) = (0..lines).find(differs) {
                let (is, expected) = (result.trace.get(line), step.trace.get(line));
                let at = line + 1;
                return Err(format!(
                    "{}, {}, line {at} of the trace: {is:?}, not {expected:?}",
                    self.name, step.call
                ));
            }
        }
        Ok(())
    }

    /// As [`Case::compare`], without the traces.
    ///
    /// # Errors
    ///
    /// The first difference.
    pub fn compare_outcomes(&self, results: &[StepResult]) -> Result<(), String> {
        if self.steps.len() != results.len() {
            return Err(format!("{}: {} results", self.name, results.len()));
        }
        for (at, (step, result)) in self.steps.iter().zip(results).enumerate() {
            let expected = match (&step.outcome, &step.trap) {
                (Some(digits), None) => Ok(unhex(digits)),
                (None, Some(trap)) => Err(trap.clone()),
                _ => panic!("{}: a step has an outcome or a trap", self.name),
            };
            if result.outcome != expected {
                let (name, at, outcome) = (&self.name, at + 1, result.outcome.as_deref().map(hex));
                return Err(format!("{name}, step {at}: {outcome:?} of {step:?}, {:#?}", result.trace));
            }
        }
        Ok(())
    }
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}
