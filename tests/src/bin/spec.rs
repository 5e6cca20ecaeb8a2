//! The specification's tests, see `guestbox_tests::spec`.
//!
//! * `spec` writes the scripts and what they come to natively, as lines of JSON to standard output, for the tests of
//!   the npm package.
//! * `spec --record` records how many directives come to which outcome (`tests/spec/tally.json`).
//! * `spec --show OUTCOME` lists the directives that come to an outcome which begins so, `wrong` or `refused: simd`.

use guestbox_tests::spec::{
    record::{all, lines},
    tally::Tally,
};
use std::{
    env,
    io::{self, BufWriter, Write},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut output = BufWriter::new(io::stdout().lock());
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => {
            for line in lines() {
                writeln!(output, "{line}")?;
            }
        }
        ["--record"] => {
            let mut tally = Tally::default();
            for (script, findings) in all() {
                tally.add(&script.suite, &findings);
            }
            tally.record()?;
        }
        ["--show", outcome] => {
            for (script, findings) in all() {
                for (directive, finding) in script.directives.iter().zip(findings) {
                    if finding.outcome.to_string().starts_with(outcome) {
                        writeln!(
                            output,
                            "{}/{}:{}: {}: {}",
                            script.suite, script.name, directive.line, finding.outcome, finding.detail
                        )?;
                    }
                }
            }
        }
        _ => return Err("usage: spec [--record | --show OUTCOME]".into()),
    }
    Ok(output.flush()?)
}
