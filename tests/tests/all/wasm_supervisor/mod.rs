//! A supervisor that is itself wasm has the outcomes and the traces of `scenarios/supervisor.json`,
//! and where a case is a recorded scenario of the lineage, those are the lineage's.

mod lineage;

use guestbox_tests::wasm_supervisor::{Case, Document, Supervisor};
use std::collections::BTreeSet;

/// None is lost: so many cases, steps, and lines of their traces.
const CASES: usize = 64;
const STEPS: usize = 150;
const LINES: usize = 4_222;

#[test]
fn every_case_has_its_outcomes_and_its_trace() {
    let document = Document::load();
    let supervisor = Supervisor::load(document.limits());
    for case in &document.cases {
        case.compare(&supervisor.run(&document, case)).unwrap();
    }
}

/// What the host functions allocate there for arguments and answers is freed, too. A trap of the
/// supervisor unwinds nothing, and contracts are there to stay.
#[test]
fn the_supervisors_heap_is_as_before_when_a_case_is_over() {
    let document = Document::load();
    let supervisor = Supervisor::load(document.limits());
    let stays = |case: &&Case| {
        let traps = case.steps.iter().any(|step| step.trap.is_some());
        let traps_inside =
            ["thunk invoke Err", "the supervisor panics while a guest waits"].contains(&&*case.name);
        traps || traps_inside || case.name.starts_with("contracts: ")
    };
    let mut cases = 0;
    for case in document.cases.iter().filter(|case| !stays(case)) {
        // The first round leaves the log's buffer behind.
        let heap = supervisor.heap_after_rounds(&document, case, 4);
        assert!(heap[1..].iter().all(|bytes| *bytes == heap[1]), "{}: {heap:?}", case.name);
        cases += 1;
    }
    assert_eq!(cases, 43);
}

#[test]
fn names_are_unique_and_everything_in_the_file_is_used() {
    let document = Document::load();
    assert_eq!(document.format, 1);
    let names: BTreeSet<&str> = document.cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), document.cases.len());
    let steps = || document.cases.iter().flat_map(|case| &case.steps);
    let used: BTreeSet<&str> = steps().filter_map(|step| step.guest.as_deref()).collect();
    assert_eq!(document.guest_names().find(|name| !used.contains(name)), None);
    let lines = steps().map(|step| step.trace.len()).sum::<usize>();
    assert_eq!((document.cases.len(), steps().count(), lines), (CASES, STEPS, LINES));
}

#[test]
fn an_outcome_or_a_line_that_is_not_as_recorded_is_noticed() {
    let document = Document::load();
    let supervisor = Supervisor::load(document.limits());
    let case = || Document::load().cases.remove(0);
    let results = supervisor.run(&document, &case());
    let noticed = |change: fn(&mut Case)| {
        let mut changed = case();
        change(&mut changed);
        changed.compare(&results).is_err()
    };
    assert!(!noticed(|_| {}));
    assert!(noticed(|case| case.steps[0].outcome = Some("0102".to_owned())));
    assert!(noticed(|case| {
        case.steps[0].trap = case.steps[0].outcome.take();
    }));
    assert!(noticed(|case| case.steps[0].trace[1].push(' ')));
    assert!(noticed(|case| case.steps[0].trace.push(String::new())));
    assert!(noticed(|case| drop(case.steps[0].trace.pop())));
    assert!(noticed(|case| drop(case.steps.pop())));
}
