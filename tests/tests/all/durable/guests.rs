//! The real guests and the programs of the traces, parked at some of their pauses: elsewhere they are the same.

use super::often;
use guestbox_tests::{
    durable::Parking,
    guests::{GUESTS, Guest},
    traces::{Program, run, run_parked},
};

/// Parks a guest at one of so many host calls.
fn park(name: &str, one_of: u32, at_least: u32) {
    let one_of = often(one_of, 1);
    let guest = Guest::named(name).unwrap();
    let mut parking = Parking::new(1, one_of);
    let report = guest.run_parked(&mut parking);
    report.outcome.as_ref().unwrap_or_else(|failure| panic!("{name}: {failure}"));
    assert!(parking.same >= at_least, "{name}: {parking:?}");
    assert_eq!(parking.shared, 0, "{name}");
}

#[test]
fn llhttp() {
    park("llhttp", 10, 3);
}

#[test]
fn xxhash() {
    // It makes no host call, and is parked at the end.
    park("xxhash", 1, 1);
}

#[test]
fn source_map() {
    park("source-map", 100, 3);
}

#[test]
fn argon2() {
    park("argon2", 2_000, 1);
}

#[test]
fn quickjs() {
    park("quickjs", 8, 3);
}

#[test]
fn none_is_left_out() {
    assert_eq!(GUESTS.len(), 5);
}

#[test]
fn programs_at_host_calls_and_between_slices() {
    let mut parking = Parking::new(2, often(25, 1));
    for program in Program::all() {
        for slice in [None, Some(10_000)] {
            let lines = run_parked(&program, slice, Some(&mut parking));
            assert_eq!(lines, run(&program, None), "{}, {slice:?}", program.name);
        }
    }
    assert!(parking.same > 30, "{parking:?}");
}
