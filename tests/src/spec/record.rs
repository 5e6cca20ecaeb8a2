//! The scripts and what their directives come to natively, for other runtimes: lines of JSON, the first with what all
//! scripts have, then one for each script.

use super::{
    Finding, Outcome, SUITES,
    files::Files,
    outcome::MESSAGES,
    run::{run, spectest},
    script::{Binary, Script},
};
use guestbox::{Limits, TrapCode};
use serde::Serialize;
use std::collections::BTreeMap;

/// A script of our own, in which directives come to every kind of outcome: each is in one line, and what it comes to stands
/// behind it.
pub const OUTCOMES: &str = include_str!("../../spec/outcomes.wast");

/// What all scripts have.
#[derive(Serialize)]
struct Common {
    /// The limits that are not the highest there are, as JavaScript has them.
    limits: BTreeMap<&'static str, u64>,
    spectest: Binary,
    /// How the messages of traps begin, and the codes that they are about.
    messages: Vec<(&'static str, Vec<&'static str>)>,
}

#[derive(Serialize)]
struct Recorded<'a> {
    #[serde(flatten)]
    script: &'a Script,
    outcomes: Vec<Outcome>,
}

/// All scripts of all suites, and what the directives of each came to.
///
/// # Panics
///
/// Where one cannot be read.
pub fn all() -> impl Iterator<Item = (Script, Vec<Finding>)> {
    let files = Files::find();
    SUITES.iter().flat_map(move |suite| {
        let scripts = files.scripts(suite);
        scripts.into_iter().map(|(name, text)| performed(suite, &name, &text))
    })
}

/// The lines: what all have, our own script, and those of the suites.
///
/// # Panics
///
/// Where a script cannot be read.
pub fn lines() -> impl Iterator<Item = String> {
    let own = performed("guestbox", "outcomes", OUTCOMES);
    let scripts = [own].into_iter().chain(all()).map(|(script, findings)| {
        let outcomes = findings.into_iter().map(|finding| finding.outcome).collect();
        line(&Recorded { script: &script, outcomes })
    });
    let codes = |codes: &[TrapCode]| codes.iter().map(|code| code.name()).collect();
    let messages = MESSAGES.iter().map(|(beginning, meant)| (*beginning, codes(meant))).collect();
    let Limits { fuel, total_instance_bytes, total_memory_pages, .. } = Limits::default();
    let bytes = u64::try_from(total_instance_bytes).expect("it is small");
    let limits =
        [("fuel", fuel), ("totalInstanceBytes", bytes), ("totalMemoryPages", total_memory_pages.into())];
    [line(&Common { limits: limits.into(), spectest: spectest(), messages })].into_iter().chain(scripts)
}

fn performed(suite: &str, name: &str, text: &str) -> (Script, Vec<Finding>) {
    let script = Script::parse(suite, name, text).unwrap_or_else(|error| panic!("{error}"));
    let findings = run(&script);
    (script, findings)
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("it has no maps with other keys than strings")
}
