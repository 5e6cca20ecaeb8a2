//! Bombs that compile and go off when they run.

use super::wasm::{NOTHING, Wasm, body, fill, leb, running, signed};
use crate::random::Random;

/// A loop for ever around some code.
fn forever(code: &[u8]) -> Vec<u8> {
    [&[0x03, 0x40], code, &[0x0C, 0, 0x0B]].concat()
}

/// Grows a memory by some pages and drops the answer.
fn grow(by: i64) -> Vec<u8> {
    [&[0x41], &signed(by)[..], &[0x40, 0, 0x1A]].concat()
}

/// A module of one function, called by its start section or as `run`.
fn one(code: &[u8], in_start: bool, padding: usize) -> Vec<u8> {
    let head = Wasm::new()
        .vector(1, [NOTHING])
        .section(3, &[1, 0])
        .vector(4, [[0x70, 0, 1]])
        .section(5, &[1, 0, 1])
        .run(0);
    let head = if in_start { head.section(8, &[0]) } else { head };
    head.vector(10, [body(&[(4, 0x7F)], code)]).section(0, &vec![0; padding + 1]).bytes()
}

pub(super) fn memory_by_steps(size: usize, random: &mut Random) -> Vec<u8> {
    let by = random.one(&[0, 1, 1, 7]);
    let code = if random.chance(50) { forever(&grow(by)) } else { fill(size, &grow(by)) };
    one(&code, random.chance(50), 0)
}

pub(super) fn memory_by_leaps(size: usize, random: &mut Random) -> Vec<u8> {
    let leaps = [65_535, 65_536, 1_023, 1_024, 512, -1, i64::from(i32::MAX), i64::from(i32::MIN)];
    let code: Vec<_> = (0..8).flat_map(|_| grow(random.one(&leaps))).collect();
    one(&forever(&code), random.chance(50), size)
}

/// Takes memory and writes all of it.
pub(super) fn memory_written(_: usize, random: &mut Random) -> Vec<u8> {
    let by = random.one(&[1, 16, 1_023]);
    // memory.fill (0, 255, memory.size << 16)
    let write = [0x41, 0, 0x41, 0x7F, 0x3F, 0, 0x41, 16, 0x74, 0xFC, 11, 0];
    one(&forever(&[grow(by), write.to_vec()].concat()), random.chance(50), 0)
}

pub(super) fn many_grown_memories(_: usize, random: &mut Random) -> Vec<u8> {
    let count = random.between(2, 16);
    let by = random.one(&[1, 64, 1_024]);
    let grow = |at: u32| [&[0x41], &signed(by)[..], &[0x40, at as u8, 0x1A]].concat();
    let code: Vec<_> = (0..count).flat_map(grow).collect();
    Wasm::new()
        .vector(1, [NOTHING])
        .section(3, &[1, 0])
        .vector(5, (0..count).map(|_| [0, 1]))
        .run(0)
        .vector(10, [body(&[], &forever(&code))])
        .bytes()
}

pub(super) fn grown_tables(size: usize, random: &mut Random) -> Vec<u8> {
    let by = random.one(&[0, 1, 9_999, 10_000, -1]);
    let grow = [&[0xD0, 0x70, 0x41], &signed(by)[..], &[0xFC, 15, 0, 0x1A]].concat();
    let code = if random.chance(50) { forever(&grow) } else { fill(size, &grow) };
    one(&code, random.chance(50), 0)
}

pub(super) fn recursion(size: usize, random: &mut Random) -> Vec<u8> {
    let locals = random.one(&[0, 1, 1_000]);
    let call: &[u8] = random.one(&[&[0x10, 0], &[0x41, 0, 0x11, 0, 0], &[0x10, 0, 0x10, 0]]);
    let element = [&[0, 0x41, 0, 0x0B][..], &leb(1), &[0]].concat();
    Wasm::new()
        .vector(1, [NOTHING])
        .section(3, &[1, 0])
        .section(4, &[1, 0x70, 0, 1])
        .run(0)
        .vector(9, [element])
        .vector(10, [body(&[(locals, 0x7E)], &fill(size.min(200_000), call))])
        .bytes()
}

pub(super) fn endless(size: usize, random: &mut Random) -> Vec<u8> {
    let work: &[u8] = random.one(&[
        &[],
        &[0x20, 0, 0x41, 1, 0x6A, 0x21, 0],
        &[0x3F, 0, 0x1A],
        &[0x41, 0, 0x41, 0, 0x36, 2, 0],
        &[0x41, 0, 0x41, 1, 0x41, 0xFF, 0xFF, 3, 0xFC, 10, 0, 0],
        &[0x41, 0, 0x41, 1, 0x41, 0xFF, 0xFF, 3, 0xFC, 11, 0],
        &[0x41, 0, 0x0E, 1, 0, 0, 0],
    ]);
    let code = forever(&if work.is_empty() { Vec::new() } else { fill(size.min(100_000), work) });
    if random.chance(50) { one(&code, true, 0) } else { running(&[(1, 0x7F)], &code) }
}
