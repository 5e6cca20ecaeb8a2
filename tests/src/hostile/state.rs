//! Bombs of what a module has: memories, tables, segments, globals.

use super::wasm::{NOTHING, Wasm, body, fill, leb, name, push_leb, signed};
use crate::random::Random;

/// Pages that are too many, or as many as may be, or just not.
fn pages(random: &mut Random) -> usize {
    let any = random.between(1, 65_536);
    random.one(&[1_024, 1_025, 2_048, 16_384, 65_535, 65_536, any]) as usize
}

/// `i32.const`.
fn constant(value: i64) -> Vec<u8> {
    [&[0x41], &signed(value)[..]].concat()
}

pub(super) fn initial_memory(_: usize, random: &mut Random) -> Vec<u8> {
    let memory = match random.below(3) {
        0 => [&[0], &leb(pages(random))[..]].concat(),
        1 => [&[1], &leb(pages(random))[..], &leb(65_536)].concat(),
        _ => [&[0], &leb(u32::MAX as usize)[..]].concat(),
    };
    Wasm::new().vector(5, [memory]).bytes()
}

pub(super) fn many_memories(size: usize, random: &mut Random) -> Vec<u8> {
    let pages = random.one(&[0, 1, 64, 128, 512, 1_024]) as usize;
    let memory = [&[0], &leb(pages)[..]].concat();
    let fitting = random.chance(50);
    let count = if fitting { random.between(2, 16) as usize } else { size / memory.len() };
    Wasm::new().vector(5, (0..count).map(|_| &memory)).bytes()
}

pub(super) fn initial_table(_: usize, random: &mut Random) -> Vec<u8> {
    let elements = random.one(&[9_999, 10_000, 10_001, 1_000_000, u32::MAX]) as usize;
    let ty = random.one(&[0x70, 0x6F]);
    Wasm::new().vector(4, [[&[ty, 0], &leb(elements)[..]].concat()]).bytes()
}

pub(super) fn many_tables(size: usize, random: &mut Random) -> Vec<u8> {
    let elements = random.one(&[1, 10_000]) as usize;
    let count = if random.chance(50) { 100 } else { (size / 5).max(2) };
    let table = [&[0x70, 0], &leb(elements)[..]].concat();
    Wasm::new().vector(4, (0..count).map(|_| &table)).bytes()
}

/// A module with a memory and these data segments.
fn data(segments: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    Wasm::new().section(5, &[1, 0, 1]).vector(11, segments).bytes()
}

fn active(offset: i64, bytes: &[u8]) -> Vec<u8> {
    [&[0], &constant(offset)[..], &[0x0B], &leb(bytes.len()), bytes].concat()
}

pub(super) fn many_data(size: usize, random: &mut Random) -> Vec<u8> {
    let len = random.below(3) as usize;
    let segment =
        if random.chance(50) { active(0, &vec![1; len]) } else { [vec![1], leb(len), vec![1; len]].concat() };
    data((0..(size / segment.len()).max(1)).map(|_| segment.clone()))
}

pub(super) fn huge_data(size: usize, random: &mut Random) -> Vec<u8> {
    let bytes = random.bytes(60_000);
    let offset = random.one(&[0, 1, 5_536, 60_000, -1]);
    data((0..(size / bytes.len()).max(1)).map(|_| active(offset, &bytes)))
}

pub(super) fn data_out_of_range(size: usize, random: &mut Random) -> Vec<u8> {
    let last = random.one(&[65_536, 65_535, -1, i64::from(i32::MIN)]);
    let before = (0..(size / 100).min(9_000)).map(|_| active(0, &[7; 90]));
    data(before.chain([active(last, &[1, 2])]))
}

pub(super) fn data_count_lies(size: usize, random: &mut Random) -> Vec<u8> {
    let claimed = random.one(&[0, 2, 100_000, u32::MAX]) as usize;
    let claim = Wasm::new().section(5, &[1, 0, 1]).section(12, &leb(claimed));
    claim.vector(11, [active(0, &vec![1; size.min(60_000)])]).bytes()
}

/// A module with a function, a table and these element segments.
fn elements(segments: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let head = Wasm::new().vector(1, [NOTHING]).section(3, &[1, 0]);
    let table = [&[0x70, 0], &leb(10_000)[..]].concat();
    head.vector(4, [table]).vector(9, segments).vector(10, [body(&[], &[])]).bytes()
}

pub(super) fn many_elements(size: usize, random: &mut Random) -> Vec<u8> {
    let (passive, active): (&[u8], &[u8]) = (&[1, 0, 0], &[0, 0x41, 0, 0x0B, 1, 0]);
    let segment = random.one(&[passive, active]);
    elements((0..(size / segment.len()).max(1)).map(|_| segment.to_vec()))
}

pub(super) fn huge_elements(size: usize, random: &mut Random) -> Vec<u8> {
    let count = if random.chance(20) { size.min(9_000) } else { size.max(1) };
    let head: &[u8] = random.one(&[&[1, 0], &[3, 0], &[0, 0x41, 0, 0x0B]]);
    elements([[head, &leb(count), &vec![0; count]].concat()])
}

pub(super) fn element_expressions(size: usize, random: &mut Random) -> Vec<u8> {
    let item: &[u8] = random.one(&[&[0xD0, 0x70, 0x0B], &[0xD2, 0, 0x0B]]);
    let count = (size / item.len()).max(1);
    elements([[&[5, 0x70], &leb(count)[..], &item.repeat(count)].concat()])
}

pub(super) fn elements_out_of_range(size: usize, random: &mut Random) -> Vec<u8> {
    let offset = random.one(&[10_000, 9_999, -1]);
    let count = size.clamp(2, 5_000);
    elements([[&[0], &constant(offset)[..], &[0x0B], &leb(count), &vec![0; count]].concat()])
}

pub(super) fn many_globals(size: usize, random: &mut Random) -> Vec<u8> {
    let global = [&[0x7E, random.one(&[0, 1]), 0x42][..], &signed(-1), &[0x0B]].concat();
    let count = if random.chance(30) { 1_000 } else { (size / global.len()).max(1) };
    Wasm::new().vector(6, (0..count).map(|_| &global)).bytes()
}

/// A sum of so many numbers, one in the other or one after the other.
fn sum(count: usize, deep: bool) -> Vec<u8> {
    if deep {
        [[0x41, 1].repeat(count), [0x6A].repeat(count - 1)].concat()
    } else {
        [vec![0x41, 1], [0x41, 1, 0x6A].repeat(count - 1)].concat()
    }
}

pub(super) fn long_expressions(size: usize, random: &mut Random) -> Vec<u8> {
    let count = if random.chance(20) { random.between(2, 40) as usize } else { (size / 3).max(2) };
    let sum = sum(count, random.chance(50));
    let expression = [&sum[..], &[0x0B]].concat();
    let head = Wasm::new();
    match random.below(3) {
        0 => head.vector(6, [[&[0x7F, 0], &expression[..]].concat()]).bytes(),
        1 => {
            let segment = [&[0], &expression[..], &leb(1), &[9]].concat();
            head.section(5, &[1, 0, 1]).vector(11, [segment]).bytes()
        }
        _ => {
            let segment = [&[0], &expression[..], &[0]].concat();
            head.section(4, &[1, 0x70, 0, 1]).vector(9, [segment]).bytes()
        }
    }
}

/// A constant that takes long to compute, and code that asks for it all the time.
pub(super) fn expression_used_often(size: usize, random: &mut Random) -> Vec<u8> {
    let count = random.one(&[30, 1_000, 10_000]).min(size / 6 + 2);
    let global = [&[0x7F, 0], &sum(count, false)[..], &[0x0B]].concat();
    let code = fill(size / 2, &[0x23, 0, 0x1A]);
    Wasm::new()
        .vector(1, [NOTHING])
        .section(3, &[1, 0])
        .vector(6, [global])
        .run(0)
        .vector(10, [body(&[], &code)])
        .bytes()
}

/// Exports whose names begin as no other may, besides much that wants a name.
pub(super) fn hidden_names(size: usize, random: &mut Random) -> Vec<u8> {
    let len = random.one(&[10, 1_000, 99_000]).min(size);
    let global = [0x7F, 1, 0x41, 0, 0x0B];
    let count = if random.chance(80) { 1_000 } else { 1 };
    let long = format!("guestbox:{}", "_".repeat(len));
    let numbered = (0..random.below(100)).map(|at| format!("guestbox:{at}"));
    let names: Vec<_> = numbered.chain([long]).collect();
    let exports = names.iter().map(|text| {
        let mut export = name(text);
        export.push(3);
        push_leb(&mut export, 0);
        export
    });
    Wasm::new().vector(6, (0..count).map(|_| global)).vector(7, exports).bytes()
}
