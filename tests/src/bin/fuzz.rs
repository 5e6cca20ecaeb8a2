//! The fuzz for some minutes: `MINUTES=10 SEED=1 fuzz`
//!
//! `MODULES=100` runs so many seeds from `SEED` on, and `MODULES=1` one and no large modules: to
//! see a failure again.

use guestbox_tests::fuzz::{self, Settings};
use std::{
    env,
    error::Error,
    process::ExitCode,
    time::{Duration, Instant},
};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let number =
        |name: &str| env::var(name).ok().filter(|text| !text.is_empty()).map(|text| text.parse::<u64>());
    let first = number("SEED").unwrap_or(Ok(1))?;
    let modules = number("MODULES").transpose()?;
    let minutes = number("MINUTES").unwrap_or(Ok(10))?;
    let began = Instant::now();
    let settings = Settings {
        first,
        modules: modules.unwrap_or(u64::MAX),
        until: modules.is_none().then(|| began + Duration::from_secs(60 * minutes)),
        swept_calls: 3,
        stride: 0,
        large: modules != Some(1),
        v8_every: 1,
        nodes: fuzz::nodes(),
        regressions: modules.is_none().then(fuzz::regressions_folder),
    };
    let (tally, failures) = fuzz::run(&settings);
    println!("{tally}seeds from {first}, {:.0?}", began.elapsed());
    for failure in &failures {
        println!("FAILED: {}", failure.case);
    }
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
