//! Hostile modules: a generator of bombs of every kind, small and large.
//!
//! A bomb costs its host much more than its sender: it asks for much in a few bytes, it is slow
//! to translate, or it takes what it can get once it runs. `wasm` writes modules byte by byte;
//! the other files have a function for each kind, which makes about so many bytes by the numbers
//! of a seed. `trial` lets one off under some limits, and measures.

mod code;
mod running;
mod sections;
mod state;
pub mod trial;
mod vectors;
pub mod wasm;

use crate::random::Random;
use guestbox::Limits;

/// A kind of bomb: its name, and what makes one of about so many bytes.
type Kind = (&'static str, fn(usize, &mut Random) -> Vec<u8>);

/// All kinds.
pub const KINDS: &[Kind] = &[
    ("initial memory", state::initial_memory),
    ("many memories", state::many_memories),
    ("initial table", state::initial_table),
    ("many tables", state::many_tables),
    ("many data segments", state::many_data),
    ("huge data segments", state::huge_data),
    ("data out of range", state::data_out_of_range),
    ("data count lies", state::data_count_lies),
    ("many element segments", state::many_elements),
    ("huge element segments", state::huge_elements),
    ("element expressions", state::element_expressions),
    ("elements out of range", state::elements_out_of_range),
    ("many globals", state::many_globals),
    ("long constant expressions", state::long_expressions),
    ("expression used often", state::expression_used_often),
    ("names like hidden ones", state::hidden_names),
    ("many types", sections::many_types),
    ("wide types", sections::wide_types),
    ("foreign types", sections::foreign_types),
    ("many imports", sections::many_imports),
    ("many functions", sections::many_functions),
    ("functions without code", sections::functions_without_code),
    ("many exports", sections::many_exports),
    ("huge custom section", sections::huge_custom),
    ("many custom sections", sections::many_custom),
    ("lying name section", sections::lying_names),
    ("lying counts", sections::lying_counts),
    ("lying lengths", sections::lying_lengths),
    ("shuffled sections", sections::shuffled),
    ("damaged modules", sections::damaged),
    ("nested components", sections::components),
    ("noise", sections::noise),
    ("nesting", code::nesting),
    ("deep expressions", code::deep_expressions),
    ("typed nesting", code::typed_nesting),
    ("wide branch tables", code::wide_tables),
    ("lying branch tables", code::lying_tables),
    ("branch tables of values", code::tables_of_values),
    ("branches far out", code::branches_out),
    ("branches of many values", code::branches_of_values),
    ("returns of many values", code::returned_values),
    ("piles of values", code::piles_of_values),
    ("wide calls", code::wide_calls),
    ("locals to save", code::saved_locals),
    ("many locals", code::many_locals),
    ("lying locals", code::lying_locals),
    ("unrolled operators", code::unrolled),
    ("garbage code", code::garbage),
    ("unreachable code", code::unreachable),
    ("tail calls found late", code::tail_calls),
    ("calls of imports", code::calls_of_imports),
    ("far branches", code::far_branches),
    ("passed values", code::passed_values),
    ("memory by steps", running::memory_by_steps),
    ("memory by leaps", running::memory_by_leaps),
    ("memory written", running::memory_written),
    ("many grown memories", running::many_grown_memories),
    ("grown tables", running::grown_tables),
    ("recursion", running::recursion),
    ("endless loops", running::endless),
    ("unrolled vectors", vectors::unrolled),
    ("piles of vectors", vectors::piles),
    ("locals of vectors", vectors::many_locals),
    ("calls of vectors", vectors::wide_calls),
    ("nesting of vectors", vectors::nesting),
    ("globals of vectors", vectors::many_globals),
];

/// The largest bomb, as large as a module may be by default.
pub const LARGEST: usize = Limits::MODULE_BYTES;

/// The bytes of the bomb of a kind and a number, at most of `largest` bytes. The sizes of
/// consecutive numbers go from a few bytes up to that and begin anew.
#[must_use]
pub fn bomb(kind: usize, number: u32, largest: usize) -> Vec<u8> {
    let seed = (u64::try_from(kind).unwrap_or(0) << 32) | u64::from(number);
    let mut random = Random::new(seed);
    let size = match number % 6 {
        0 => largest - 200,
        1 => random.between(1, 64) as usize,
        2 => largest / 64,
        3 => largest / 8,
        4 => largest / 1_024,
        _ => largest / 2,
    };
    let mut bytes = KINDS[kind].1(size.max(16), &mut random);
    bytes.truncate(largest);
    bytes
}
