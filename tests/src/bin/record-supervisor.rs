//! Records the traces of `scenarios/supervisor.json` anew, from a native run. The outcomes are
//! written by hand: where one is not as the file has it, nothing is recorded.

use guestbox_tests::wasm_supervisor::{Document, Supervisor};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut document = Document::load();
    let supervisor = Supervisor::load(document.limits());
    let mut cases = std::mem::take(&mut document.cases);
    let mut failed = false;
    for case in &mut cases {
        let results = supervisor.run(&document, case);
        if let Err(difference) = case.compare_outcomes(&results) {
            eprintln!("{difference}");
            failed = true;
        }
        for (step, result) in case.steps.iter_mut().zip(results) {
            step.trace = result.trace;
        }
    }
    if failed {
        return ExitCode::FAILURE;
    }
    document.cases = cases;
    document.save();
    ExitCode::SUCCESS
}
