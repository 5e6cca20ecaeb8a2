//! The wasm-host in a browser: one binary, as each would be linked and loaded on its own.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::std_instead_of_alloc,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and has `std`"
)]

mod callbacks;
mod chains;
mod common;
mod compile;
mod fuel;
mod globals;
mod handles;
mod imports;
mod limits;
mod long_runs;
mod memory;
mod parked;
mod reentry;
mod start;
mod tables;
mod torture;
mod values;
mod waiting;
mod within;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
