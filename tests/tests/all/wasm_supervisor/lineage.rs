//! What the cases have in common with the recorded scenarios of the lineage. What is expected here
//! is computed from `scenarios/seed.json` alone, by the table in the README there.

use guestbox_tests::wasm_supervisor::{Case, Document};
use serde_json::Value as Json;
use std::collections::BTreeSet;

const OK: &str = "00";
const UNIT: &str = "00";
const ERR_EXECUTION: &str = "0102";
const ERR_MODULE: &str = "0101";

struct Scenarios(Vec<Json>);

impl Scenarios {
    fn load() -> Self {
        let text = include_str!("../../../scenarios/seed.json");
        let document: Json = serde_json::from_str(text).unwrap();
        Self(document["scenarios"].as_array().unwrap().clone())
    }

    fn named(&self, name: &str) -> &Json {
        self.0.iter().find(|scenario| scenario["name"] == name).unwrap()
    }
}

/// The outcome of a program that instantiates a guest and calls it.
fn outcome(scenario: &Json) -> String {
    let expectations: Vec<&Json> = steps(scenario).map(|step| &step["expect"]).collect();
    let globals: Vec<&str> =
        expectations.iter().filter_map(|expect| expect["globalScale"].as_str()).collect();
    if !globals.is_empty() {
        // Those before the scenario sets one: a SCALE vector of eight.
        return format!("{OK}20{}", globals[..8].concat());
    }
    let last = expectations.last().unwrap();
    match (last["okScale"].as_str(), last["instantiate"].as_str()) {
        (Some(value), None) => format!("{OK}{value}"),
        (None, None) if last.get("ok") == Some(&Json::Null) => format!("{OK}{UNIT}"),
        (None, None) if last["trap"].is_string() || last["invoke"].is_string() => ERR_EXECUTION.to_owned(),
        (None, Some("StartTrapped")) => ERR_EXECUTION.to_owned(),
        (None, Some(_)) => ERR_MODULE.to_owned(),
        _ => panic!("{scenario}"),
    }
}

fn steps(scenario: &Json) -> impl Iterator<Item = &Json> {
    scenario["steps"].as_array().unwrap().iter()
}

/// What the lineage's dispatch thunk saw and returned.
fn thunk_events(scenario: &Json) -> Vec<&str> {
    let events = scenario["trace"].as_array().unwrap().iter().map(|event| event.as_str().unwrap());
    events.filter(|event| event.starts_with("thunk")).collect()
}

/// The same in the trace of a case, which goes on with the name and the arguments.
fn logged_events(case: &Case) -> Vec<&str> {
    let lines = case.steps.iter().flat_map(|step| &step.trace).filter(|line| line.starts_with("thunk"));
    lines.map(|line| line.split_inclusive(')').next().unwrap()).collect()
}

#[test]
fn a_case_that_is_a_recorded_scenario_has_its_outcome_and_its_thunk_events() {
    let scenarios = Scenarios::load();
    let document = Document::load();
    let mut events = 0;
    for case in &document.cases {
        let Some(name) = &case.seed else { continue };
        let scenario = scenarios.named(name);
        let [step] = &case.steps[..] else { panic!("{name} has more than one step") };
        let guest = steps(scenario).find_map(|step| step["guest"].as_str()).unwrap();
        assert_eq!(step.guest.as_deref(), Some(format!("seed/{guest}").as_str()), "{name}");
        assert_eq!(step.outcome.as_deref(), Some(outcome(scenario).as_str()), "{name}");
        assert_eq!(logged_events(case), thunk_events(scenario), "{name}");
        events += thunk_events(scenario).len();
    }
    assert_eq!(events, 49);
}

#[test]
fn all_of_the_lineages_own_tests_are_cases() {
    let document = Document::load();
    let cases: BTreeSet<&str> = document.cases.iter().filter_map(|case| case.seed.as_deref()).collect();
    let scenarios = Scenarios::load();
    let names = |section: &'static str| {
        scenarios
            .0
            .iter()
            .filter(move |scenario| scenario["section"] == section)
            .map(|one| one["name"].as_str().unwrap())
    };
    assert_eq!(names("upstream").filter(|name| !cases.contains(name)).count(), 0);
    assert_eq!(names("upstream").count(), 20);
    assert_eq!(cases.len(), 28);
}
