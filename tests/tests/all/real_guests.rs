//! Real guests behave under guestbox as they do under plain WebAssembly: the same calls in both
//! directions with the same values, the same traps, the same bytes in memory at the end.
//!
//! Each guest runs twice: here, under its native supervisor, and under the JavaScript driver in
//! Node, whose trace is the reference. The two traces must be equal line by line.

use guestbox_tests::guests::{self, GUESTS, Guest};
use std::process::Command;

#[test]
fn llhttp() {
    same_trace("llhttp");
}

#[test]
fn xxhash() {
    same_trace("xxhash");
}

#[test]
fn source_map() {
    same_trace("source-map");
}

#[test]
fn argon2() {
    same_trace("argon2");
}

#[test]
fn quickjs() {
    same_trace("quickjs");
}

#[test]
fn the_drivers_are_of_the_same_guests() {
    let list: Vec<String> = GUESTS.iter().map(|guest| format!("{}: {}", guest.name, guest.title)).collect();
    assert_eq!(list, run_driver("--list"));
}

#[test]
fn fuel_is_the_same_in_every_run() {
    for guest in GUESTS {
        let (first, second) = (guest.run(), guest.run());
        assert_eq!(first.fuel, second.fuel, "{}", guest.name);
        assert_eq!(first.lines, second.lines, "{}", guest.name);
    }
}

fn same_trace(name: &str) {
    let expected = run_driver(name);
    let report = Guest::named(name).expect("the guest is listed").run();
    // Before the outcome: where the traces part says more than how it ended.
    for (at, (line, expected)) in report.lines.iter().zip(&expected).enumerate() {
        assert_eq!(line, expected, "line {} of {name}", at + 1);
    }
    if let Err(failure) = report.outcome {
        panic!("{name} fails after {} lines: {failure}", report.lines.len());
    }
    assert_eq!(report.lines.len(), expected.len(), "lines of {name}");
}

/// What `run-plain.mjs` prints to standard output.
fn run_driver(argument: &str) -> Vec<String> {
    let directory = guests::directory();
    assert!(
        directory.join("node_modules").is_dir(),
        "the guests are not installed; run `npm ci --ignore-scripts` in tests/guests",
    );
    let output = Command::new("node")
        .args(["run-plain.mjs", argument])
        .current_dir(&directory)
        .output()
        .unwrap_or_else(|error| {
            panic!("`node`: {error}; install Node.js 20 or later, and put it in the PATH")
        });
    assert!(
        output.status.success(),
        "run-plain.mjs {argument} failed; if a package is missing, run `npm ci --ignore-scripts` in \
         tests/guests\n{}",
        String::from_utf8_lossy(&output.stderr),
    );
    let text = String::from_utf8(output.stdout).expect("traces are UTF-8");
    text.lines().map(str::to_owned).collect()
}
