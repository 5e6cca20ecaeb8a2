//! What the tests, the benches and the demo of guestbox share.

pub mod durable;
pub mod fuzz;
pub mod guests;
pub mod hostile;
pub mod mock;
pub mod operators;
pub mod process;
pub mod random;
pub mod spec;
pub mod stack_pointers;
pub mod text;
pub mod torture;
pub mod traces;
pub mod wasi;
pub mod wasm_supervisor;

/// The README's Rust examples, as tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
