//! The fuzz: random modules, and large ones, which must do the same in whichever way they are run.
//!
//! A seed gives a module, by the generator `wasm-smith`, and calls of its exports. They are run
//! plainly, and what they come to is a record: results, traps, fuel, memories, globals and host
//! calls. To that are compared runs in slices of one unit of fuel; out of fuel wherever that can
//! be, and on; with other things done at each pause; with frames; from snapshots and in forks; in
//! wasmi 1.1.0; and in V8.
//!
//! A failure leaves its module in `target/fuzz` and says how it is run again.

mod bystanders;
mod campaign;
mod case;
mod compiled;
mod counted;
mod dense;
mod drive;
mod generate;
mod ground;
mod host;
mod large;
mod modes;
mod record;
mod reference;
mod tally;
mod tame;
mod v8;

pub use self::{
    campaign::{Failure, Settings, run},
    case::Case,
    compiled::{compare_compiled, facts},
    tally::Tally,
    v8::hex,
};

use std::path::{Path, PathBuf};

/// A module that is dense in what engines get wrong, by its seed.
#[must_use]
pub fn dense(seed: u64) -> Vec<u8> {
    dense::module(&mut crate::random::Random::new(seed), false)
}

/// The Nodes that the tests of the npm package run in: this machine's and Node 24.
#[must_use]
pub fn nodes() -> Vec<String> {
    let newer = Path::new(env!("CARGO_MANIFEST_DIR")).join("../js/node_modules/.bin/node");
    vec!["node".to_owned(), newer.to_str().expect("paths are UTF-8").to_owned()]
}

/// Where modules that once failed are kept, each under its seed; there is none before the first.
#[must_use]
pub fn regressions_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}
