//! The black-box tests of the core, one binary with a module for each area: to run an area, name it,
//! as in `cargo test --test all values::`.
//!
//! What measures the memory of the process or how long something takes has a binary of its own beside
//! this one.

mod abi;
mod allocations;
mod cells;
mod chains;
mod charges;
mod durable;
mod engine;
mod executions;
mod features;
mod frames;
mod fuel;
mod fuel_costs;
mod fuzz;
mod globals;
mod hosted;
mod imports;
mod instance_limits;
mod limits;
mod memories;
mod modules;
mod operators;
mod oracle;
mod real_guests;
mod reentry;
mod references;
mod runtime;
mod seed_behaviour;
mod snapshots;
mod spec;
mod stack_pointers;
mod substrate;
mod tables;
mod thunk_faults;
mod torture;
mod traces;
mod values;
mod vectors;
mod wasi;
mod wasm_supervisor;
