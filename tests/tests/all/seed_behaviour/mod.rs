//! The recorded outcomes of the lineage, replayed: every scenario of `scenarios/seed.json` at
//! two levels, `Store` with the thunk adapter and the lineage's host functions.

mod abi_level;
mod scenario;
mod store_level;

use guestbox::Store;
use guestbox_tests::mock::MockSupervisor;
use scenario::{Action, Document, Scenario};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// What a scenario happens in.
pub struct World<'a> {
    document: &'a Document,
    store: Store,
    mock: MockSupervisor,
}

#[derive(Clone, Copy)]
enum Level {
    Abi,
    Store,
}

impl Level {
    fn perform(self, world: &mut World<'_>, action: &Action) -> Json {
        match self {
            Self::Abi => abi_level::perform(world, action),
            Self::Store => store_level::perform(world, action),
        }
    }

    fn expected(self, action: &Action, expect: &Json) -> Json {
        match self {
            Self::Abi => abi_level::expected(action, expect),
            Self::Store => expect.clone(),
        }
    }
}

/// The scenarios of each section. A scenario that is lost, or never runs, fails here.
const SECTIONS: [(&str, usize); 7] = [
    ("beyond", 12),
    ("duplicates", 1),
    ("environment", 5),
    ("faults", 14),
    ("globals", 1),
    ("store", 5),
    ("upstream", 20),
];
const SCENARIOS: usize = 58;
const STEPS: usize = 172;

/// Runs a scenario and returns the number of its steps, or what was not as recorded.
fn run(document: &Document, scenario: &Scenario, level: Level) -> Result<usize, String> {
    let store = Store::with_limits(scenario.limits());
    let mut world = World { document, store, mock: document.supervisor(scenario) };
    let name = &scenario.name;
    for (at, step) in scenario.steps.iter().enumerate() {
        let outcome = level.perform(&mut world, &step.action);
        let expected = level.expected(&step.action, &step.expect);
        if outcome != expected {
            return Err(format!("{name}, step {at}, {:?}: {outcome} is not {expected}", step.action));
        }
    }
    let heap = world.mock.heap();
    if world.mock.trace() != scenario.trace {
        return Err(format!("{name}: the trace is {:#?}", world.mock.trace()));
    }
    if (heap.balance(), heap.bad_frees()) != (scenario.balance, 0) {
        return Err(format!("{name}: balance {}, bad frees {}", heap.balance(), heap.bad_frees()));
    }
    Ok(scenario.steps.len())
}

fn run_all(level: Level) {
    let document = Document::load();
    let mut sections = BTreeMap::new();
    let mut steps = 0;
    for scenario in &document.scenarios {
        steps += run(&document, scenario, level).unwrap();
        *sections.entry(scenario.section.as_str()).or_insert(0) += 1;
    }
    assert_eq!(sections, BTreeMap::from(SECTIONS));
    assert_eq!(sections.values().sum::<usize>(), SCENARIOS);
    assert_eq!(steps, STEPS);
}

#[test]
fn every_scenario_has_its_recorded_outcome_through_the_store() {
    run_all(Level::Store);
}

#[test]
fn every_scenario_has_its_recorded_outcome_through_the_host_functions() {
    run_all(Level::Abi);
}

#[test]
fn names_are_unique_and_everything_in_the_file_is_used() {
    let document = Document::load();
    assert_eq!(document.format, 1);
    let names: BTreeSet<&str> = document.scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
    assert_eq!(names.len(), document.scenarios.len());
    let actions = document.scenarios.iter().flat_map(|scenario| &scenario.steps).map(|step| &step.action);
    let used: BTreeSet<&str> = actions
        .filter_map(|action| match action {
            Action::Instantiate { guest, .. } => Some(guest.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(used, document.guests().collect());
}

#[test]
fn an_outcome_a_trace_or_a_balance_that_is_not_as_recorded_is_noticed() {
    let document = Document::load();
    let noticed = |change: fn(&mut Scenario)| {
        let mut changed = Document::load();
        changed.scenarios.iter_mut().for_each(change);
        changed.scenarios.iter().filter(|scenario| run(&document, scenario, Level::Store).is_err()).count()
    };
    assert_eq!(noticed(|_| {}), 0);
    assert_eq!(noticed(|scenario| scenario.steps.last_mut().unwrap().expect = Json::Null), SCENARIOS);
    assert_eq!(noticed(|scenario| scenario.trace.push("dealloc#0".to_owned())), SCENARIOS);
    assert_eq!(noticed(|scenario| scenario.balance += 1), SCENARIOS);
}
