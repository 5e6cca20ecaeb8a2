//! Bombs of vectors, each of which takes twice the room of a number, and most of whose operators are long.

use super::wasm::{NOTHING, Wasm, body, fill, function_type, functions, leb, running, with_types};
use crate::random::Random;

const VECTOR: u8 = 0x7B;

/// A constant of sixteen bytes.
fn constant(random: &mut Random) -> Vec<u8> {
    [vec![0xFD, 12], random.bytes(16)].concat()
}

/// One operator with what it needs, again and again.
pub(super) fn unrolled(size: usize, random: &mut Random) -> Vec<u8> {
    let shuffle: Vec<u8> = [0xFD, 13].into_iter().chain((0..16).map(|_| random.below(32) as u8)).collect();
    let binary = [0x20, 0, 0x20, 1, 0xFD];
    let number = random.one(&[0x23, 0x6E, 0x95, 0xB5, 0xD5, 0xE4, 0xE7, 0xF3, 0x100, 0x111]);
    let units: [Vec<u8>; 7] = [
        [&[0x20, 0, 0x20, 1][..], &shuffle, &[0x21, 0]].concat(),
        [&binary[..], &leb(number), &[0x21, 0]].concat(),
        // `f64x2.nearest`, `f32x4.sqrt`
        vec![0x20, 0, 0xFD, 0x94, 1, 0xFD, 0xE3, 1, 0x21, 0],
        // `f64x2.relaxed_madd`
        vec![0x20, 0, 0x20, 1, 0x20, 0, 0xFD, 0x87, 2, 0x21, 0],
        // `v128.store8_lane` in a large offset, `v128.load`
        vec![0x41, 1, 0x20, 0, 0xFD, 0x58, 0, 0x80, 0x80, 4, 15],
        vec![0x41, 1, 0xFD, 0, 4, 0, 0x21, 1],
        [&constant(random)[..], &constant(random), &shuffle, &[0x1A]].concat(),
    ];
    let unit = &units[random.index(units.len())];
    if random.chance(50) {
        return running(&[(2, VECTOR)], &fill(size, unit));
    }
    // In a loop for ever.
    let code = [&[0x03, 0x40][..], &fill(size, unit), &[0x0C, 0, 0x0B]].concat();
    running(&[(2, VECTOR)], &code)
}

/// Vectors on a stack that nothing ever takes, or that only the end takes.
pub(super) fn piles(size: usize, random: &mut Random) -> Vec<u8> {
    let put: Vec<u8> = match random.below(4) {
        0 => constant(random),
        1 => vec![0x20, 0],
        // A `v128.load`, which no engine can leave where it is.
        2 => vec![0x41, 0, 0xFD, 0, 4, 0],
        _ => vec![0x20, 0, 0xFD, 0x4D],
    };
    let many = (size / (put.len() + 1)).clamp(1, random.one(&[1_000, 32_700, 32_800, usize::MAX]));
    let take: &[u8] = random.one(&[&[0x1A], &[0x00], &[0xFD, 0x50]]);
    let take = match *take {
        [0x00] => vec![0x00],
        [0x1A] => vec![0x1A; many],
        _ => [take.repeat(many - 1), vec![0x1A]].concat(),
    };
    running(&[(1, VECTOR)], &[put.repeat(many), take].concat())
}

/// As many locals as there may be, or more, in functions that call themselves or do not.
pub(super) fn many_locals(size: usize, random: &mut Random) -> Vec<u8> {
    let locals = random.one(&[999, 1_000, 1_001, 29_999, 32_768, 65_536, u32::MAX as usize]);
    let runs = random.one(&[1, 1, 3]);
    let locals = vec![(locals / runs, VECTOR); runs];
    let code = if random.chance(50) { fill(size.min(100_000), &[0x10, 0]) } else { vec![0x20, 0, 0x1A] };
    let one = body(&locals, &code);
    functions((0..(size / one.len()).clamp(1, 100)).map(|_| one.clone()))
}

/// Calls with as many vectors as there may be parameters and results, or more.
pub(super) fn wide_calls(size: usize, random: &mut Random) -> Vec<u8> {
    let values = random.one(&[1, 32, 100, 101, 1_000]);
    let ty = function_type(&vec![VECTOR; values], &vec![VECTOR; values]);
    let passed: Vec<u8> = (0..values).flat_map(|at| [&[0x20][..], &leb(at)].concat()).collect();
    let call = [&passed[..], &[0x10, 1], &vec![0x1A; values]].concat();
    let locals = [(values, VECTOR)];
    let itself = [&passed[..], &[0x10, 1]].concat();
    let inner = if random.chance(50) { body(&[], &passed) } else { body(&[], &itself) };
    Wasm::new()
        .vector(1, [&NOTHING[..], &ty])
        .section(3, &[2, 0, 1])
        .run(0)
        .vector(10, [body(&locals, &fill(size, &call)), inner])
        .bytes()
}

/// Blocks within each other that take and give vectors, and branches that pass them.
pub(super) fn nesting(size: usize, random: &mut Random) -> Vec<u8> {
    let values = random.one(&[1, 2, 16]);
    let types = [function_type(&vec![VECTOR; values], &vec![VECTOR; values])];
    let opener: &[u8] = random.one(&[&[0x02, 1], &[0x03, 1], &[0x41, 1, 0x04, 1]]);
    let branch: &[u8] = random.one(&[&[], &[0x41, 0, 0x0D, 0], &[0x41, 0, 0x0E, 2, 0, 0, 0, 0x00]]);
    let one = [opener, branch].concat();
    let depth = (size / (one.len() + 1)).clamp(1, random.one(&[900, 20_000]));
    let code = [[0x20, 0].repeat(values), one.repeat(depth), vec![0x0B; depth], vec![0x1A; values]].concat();
    with_types(&types, &[(1, VECTOR)], &code)
}

/// Globals that are vectors, read one after the other.
pub(super) fn many_globals(size: usize, random: &mut Random) -> Vec<u8> {
    let global = [&[VECTOR, 1][..], &constant(random), &[0x0B]].concat();
    let many = (size / global.len()).clamp(1, random.one(&[1_000, 10_000, 10_001, usize::MAX]));
    let read: Vec<u8> =
        (0..many.min(10_000)).flat_map(|at| [&[0x23][..], &leb(at), &[0x1A]].concat()).collect();
    Wasm::new()
        .vector(1, [NOTHING])
        .section(3, &[1, 0])
        .vector(6, (0..many).map(|_| &global))
        .run(0)
        .vector(10, [body(&[], &read)])
        .bytes()
}
