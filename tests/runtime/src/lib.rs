//! A runtime with the pallets that ran contracts in 2021, and scenarios for it.
//!
//! As wasm it is a supervisor, which imports the sandbox. With `std` the same code runs natively,
//! and contracts in wasmi 0.6.2: what it dumps there is what has to come out everywhere.
#![cfg_attr(not(feature = "std"), no_std)]

mod contracts;
mod extension;
mod runtime;
mod scenarios;
mod session;
#[cfg(not(feature = "std"))]
mod wasm;

extern crate alloc;

use alloc::string::String;

/// Runs a scenario, for which the storage must be empty, and dumps it; `None` where there are no more.
pub fn run(index: usize) -> Option<String> {
    let (name, scenario) = scenarios::ALL.get(index)?;
    let mut session = session::Session::new(name);
    scenario(&mut session);
    Some(session.dump())
}

/// The dump of all scenarios.
#[cfg(feature = "std")]
pub fn oracle() -> String {
    let dump = |index| sp_io::TestExternalities::new(Default::default()).execute_with(|| run(index));
    (0..).map_while(dump).collect()
}
