//! What is done to note where a guest is changes nothing of what it does.

use super::{compile, host};
use guestbox::{CompileOptions, NoImports, Step, Store, Value};
use guestbox_tests::{
    guests::{self, Guest, Report},
    torture::{LOOPS, START},
};
use std::process::Command;

/// Runs a real guest with frames and compares its trace with the one that `run-plain.mjs` prints
/// with V8's frames at each import call.
fn same_trace_and_frames(name: &str) {
    let output = Command::new("node")
        .args(["run-plain.mjs", "--frames", name])
        .current_dir(guests::directory())
        .output()
        .unwrap_or_else(|error| {
            panic!("`node`: {error}; install Node.js 20 or later, and put it in the PATH")
        });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = String::from_utf8(output.stdout).expect("traces are UTF-8");
    let options = CompileOptions::new().with_frames();
    let Report { lines, outcome, .. } =
        Guest::named(name).expect("the guest is listed").run_compiled(options);
    for (at, (line, expected)) in lines.iter().zip(expected.lines()).enumerate() {
        assert_eq!(line, expected, "line {} of {name}", at + 1);
    }
    if let Err(failure) = outcome {
        panic!("{name} fails after {} lines: {failure}", lines.len());
    }
    assert_eq!(lines.len(), expected.lines().count());
}

#[test]
fn llhttp() {
    same_trace_and_frames("llhttp");
}

#[test]
fn xxhash() {
    same_trace_and_frames("xxhash");
}

#[test]
fn source_map() {
    same_trace_and_frames("source-map");
}

#[test]
fn argon2() {
    same_trace_and_frames("argon2");
}

#[test]
fn quickjs() {
    same_trace_and_frames("quickjs");
}

#[test]
fn endless_loops_of_every_operator_end_by_fuel_in_the_function_that_loops() {
    for &(name, text) in LOOPS {
        let module = compile(text);
        let mut store = Store::new();
        let mut execution = if name == START {
            store.begin_instantiate(&module, &host(), 0).unwrap()
        } else {
            let guest = store.instantiate(&mut NoImports, &module, &host(), 0).unwrap();
            store.begin(guest, "run", &[], 0).unwrap()
        };
        execution.set_fuel(200_000);
        loop {
            match execution.run(&mut store).unwrap() {
                Step::HostCall(call) => {
                    assert!(!call.frames().is_empty(), "{name}");
                    let answer: Value = call.args[0];
                    execution.answer(Ok(answer.into())).unwrap();
                }
                Step::OutOfFuel { .. } => break,
                other => panic!("{name}: {other:?}"),
            }
        }
        assert!((1..=4).contains(&execution.frames().len()), "{name}: {}", execution.frames());
    }
}
