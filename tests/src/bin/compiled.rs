//! The fuzz against the host's compiler: `SEED=1 MODULES=1000 compiled`

use guestbox_tests::fuzz;
use std::{env, error::Error, process::ExitCode};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let number = |name: &str, default: u64| match env::var(name) {
        Ok(text) if !text.is_empty() => text.parse(),
        _ => Ok(default),
    };
    let (first, modules) = (number("SEED", 1)?, number("MODULES", 1_000)?);
    let cases = (first..first.saturating_add(modules)).filter_map(fuzz::Case::of_seed);
    let (tally, different) = fuzz::compare_compiled(cases);
    println!("{tally}{modules} seeds from {first}");
    for (name, text) in &different {
        println!("FAILED: {name}\n{text:.1500}");
    }
    Ok(if different.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
