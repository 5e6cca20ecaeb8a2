//! Random uses of three guests, compared with a model of their chains of calls.
//!
//! A seed means a sequence of operations (`world`): calls are begun, take their places, run, are
//! answered, ended and dropped, by hand (`calls`) and by `invoke` and `drive`. The supervisor of those
//! (`supervisor`) goes on with the sequence within the host calls that it serves, and then answers, fails
//! or panics. Meanwhile guests are captured, set back, forked and torn down, and their pointers set. The
//! `model` says what has to come of each operation, and where the stacks of the guests are.
//!
//! `CHAIN_ROUNDS` sets the number of sequences, `CHAIN_FIRST` the first seed.

mod calls;
mod model;
mod record;
mod supervisor;
mod world;

use super::{GUEST, environment};
use guestbox::{InstanceLimits, Limits, Module, NoImports, Store, Value};
use guestbox_tests::text;
use model::{Guest, Model};
use record::Counts;
use std::{env, time::Instant};
use world::World;

/// Sequences of an ordinary run.
const ROUNDS: u64 = if cfg!(debug_assertions) { 1_500 } else { 20_000 };

/// Operations of a sequence, without those within host calls.
const OPERATIONS: usize = 120;

/// Each of [`COUNTED`] comes up once in so many sequences.
const ROUNDS_FOR_ONE: u64 = 30;

/// How deep host calls may be nested, in one sequence or another.
const NESTING: [u32; 3] = [2, 3, 5];

/// Where the pointers of the guests' stacks begin: with room for the frames that calls of guests without
/// a chain leave, and those that keep the stack.
const BOTTOM: i32 = 48 * 1_024;

/// What has to come up.
const COUNTED: [&str; 21] = [
    "answers of supervisors that were busy",
    "answers that were busy",
    "calls that were too deep",
    "driven calls that finished",
    "driven calls that had ended",
    "driven calls that trapped",
    "driven calls that were busy",
    "fuel shared",
    "guests torn down",
    "levels opened",
    "levels that were too deep",
    "panics",
    "places refused",
    "pointers set",
    "runs of calls that had ended",
    "runs that were busy",
    "runs to a host call",
    "runs to a pause",
    "runs to a trap",
    "runs to the end",
    "snapshots",
];

fn sequence(module: &Module, seed: u64) -> Counts {
    let mut limits = Limits::default();
    limits.nesting = NESTING[usize::try_from(seed / 3 % 3).unwrap()];
    let mut store = Store::with_limits(limits.clone());
    let guests = [false, false, seed.is_multiple_of(3)].map(|overlaps| {
        let limits = InstanceLimits::new();
        let limits = if overlaps { limits.with_overlapping_calls() } else { limits };
        let id = store.instantiate_with(&mut NoImports, module, &environment(), 0, limits).unwrap();
        store.set_global(id, "sp", Value::I32(BOTTOM)).unwrap();
        Guest::new(id, BOTTOM, overlaps)
    });
    let mut world = World::new(seed, Model::new(guests.into(), limits.nesting));
    (0..OPERATIONS).for_each(|_| world.operate(&mut store));
    let counts = world.finish(&mut store);
    // Nothing is left of anything, once the store has looked.
    let last = store.instantiate(&mut NoImports, module, &environment(), 0).unwrap();
    store.teardown_instance(last).unwrap();
    assert_eq!(store.memory_pages_in_use(), 0);
    counts
}

#[test]
fn chains_are_what_a_simple_model_says() {
    let number = |name: &str| Some(env::var(name).ok()?.parse::<u64>().expect("a number"));
    let rounds = number("CHAIN_ROUNDS").unwrap_or(ROUNDS);
    let first = number("CHAIN_FIRST").unwrap_or(1);
    let module = text::module(GUEST);
    assert_eq!(module.stack_pointer(), Some(0));
    let (mut counts, start) = (Counts::default(), Instant::now());
    for seed in first..first + rounds {
        counts.add(&sequence(&module, seed));
    }
    println!("{counts}{rounds} sequences in {:.1?}", start.elapsed());
    if rounds >= ROUNDS {
        counts.assert_reached(&COUNTED, rounds / ROUNDS_FOR_ONE);
    }
}
