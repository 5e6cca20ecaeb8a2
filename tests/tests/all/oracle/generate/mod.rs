//! The generator of scripts: what a seed means.

mod code;
mod environments;
mod guests;
mod operations;

use crate::oracle::{
    random::Random,
    script::{Primitive, Reaction, Script, Step},
};
use operations::Operations;

/// Steps of a script.
pub const STEPS: usize = 30;

const GUESTS: u32 = 4;
const REACTIONS: u32 = 8;

/// The script of a seed.
pub fn script(seed: u64) -> Script {
    let mut random = Random::new(seed);
    let guests = (0..GUESTS).map(|_| guests::guest(&mut random)).collect();
    let mut operations = Operations { random: &mut random, guests: &guests };
    // Something to begin with.
    let mut steps = vec![operations.memory_new(), operations.memory_new()];
    steps.extend((0..4).map(|_| operations.instantiate()));
    steps.extend((steps.len()..STEPS).map(|_| operations.outer()));
    let reactions = (0..REACTIONS).map(|_| {
        let count = operations.random.weighted(&[(4, 0), (4, 1), (2, 2), (1, 3)]);
        let nested = (0..count).map(|_| operations.nested()).collect();
        Reaction { operations: nested, reply: operations.reply() }
    });
    let reactions = reactions.collect();
    let steps = steps.into_iter().map(|operation| Step { operation, faults: faults(&mut random) }).collect();
    Script { guests, steps, reactions }
}

fn faults(random: &mut Random) -> Vec<(Primitive, u32)> {
    let count = random.weighted(&[(12, 0), (3, 1), (2, 2)]);
    let fault = |random: &mut Random| {
        let primitive = random.one(&[
            Primitive::Allocate,
            Primitive::Deallocate,
            Primitive::Read,
            Primitive::Thunk,
            Primitive::Write,
        ]);
        (primitive, random.weighted(&[(4, 1), (2, 2), (1, 3), (1, 4), (1, 5)]))
    };
    (0..count).map(|_| fault(random)).collect()
}
