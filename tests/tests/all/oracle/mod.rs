//! The oracle: whatever a supervisor does, guestbox gives the results, the codes and the order of
//! supervisor calls that the lineage gave.
//!
//! A seed means a script (`generate`): modules, thirty operations from the outside, and what the
//! supervisor does and answers when it is called back. One supervisor (`supervisor`) follows the
//! script twice, once over guestbox (`guestbox_side`) and once over a small model of the lineage
//! (`model`), which is written from the description of the ABI over the engine the lineage had,
//! wasmi 0.9.1. It logs every allocation, write, call, read and deallocation, and every outcome.
//! The two logs must be equal, and what memories and globals hold at the end.
//!
//! `differences` has the few places where guestbox differs on purpose. `coverage` counts what was
//! reached, and a campaign that does not reach all of it fails.
//!
//! `ORACLE_ROUNDS` sets the number of scripts, `ORACLE_FIRST` the first seed. A difference is
//! reported with its seed; `ORACLE_SEED` replays one.

mod campaign;
mod coverage;
mod differences;
mod generate;
mod guestbox_side;
mod ids;
mod log;
mod model;
mod sandbox;
mod scale;
mod script;
mod supervisor;

use guestbox_tests::random;
use std::{env, time::Instant};

/// Scripts of an ordinary run; in debug, where it is slow, only as many as show that it works.
const ROUNDS: u64 = if cfg!(debug_assertions) { 2_000 } else { 100_000 };

/// Everything must be reached once in so many scripts.
const SCRIPTS_FOR_ONE: u64 = 1_000;

#[test]
fn guestbox_does_what_the_lineage_did() {
    let number = |name: &str| Some(env::var(name).ok()?.parse::<u64>().expect("a number"));
    let first = number("ORACLE_SEED").or_else(|| number("ORACLE_FIRST")).unwrap_or(0);
    let is_replay = number("ORACLE_SEED").is_some();
    let rounds = if is_replay { 1 } else { number("ORACLE_ROUNDS").unwrap_or(ROUNDS) };
    let start = Instant::now();
    let coverage = campaign::run(first..first + rounds).unwrap_or_else(|report| panic!("\n{report}"));
    println!("{coverage}{rounds} scripts of {} operations in {:.1?}", generate::STEPS, start.elapsed());
    coverage.assert_reached(rounds / SCRIPTS_FOR_ONE);
}
