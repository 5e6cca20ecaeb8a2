//! Records the traces of the programs and of the real guests anew (`traces/recorded`), from a
//! native run. Where one of them fails, or has another trace in slices, nothing is recorded.

use guestbox_tests::{
    guests::GUESTS,
    traces::{self, Program, run},
};
use std::{collections::BTreeMap, process::ExitCode};

fn main() -> ExitCode {
    let mut all = BTreeMap::new();
    for program in Program::all() {
        let lines = run(&program, None);
        if lines != run(&program, Some(1_000)) {
            eprintln!("{}: slices change its trace", program.name);
            return ExitCode::FAILURE;
        }
        all.insert(program.name, lines);
    }
    for guest in GUESTS {
        let report = guest.run();
        if let Err(failure) = &report.outcome {
            eprintln!("{}: {failure}", guest.name);
            return ExitCode::FAILURE;
        }
        all.insert(guest.name.to_owned(), report.metered_lines());
    }
    traces::record(&all);
    ExitCode::SUCCESS
}
