//! Bombs of code that is hard to translate: nesting, branches, locals, many values.

use super::wasm::{
    NOTHING, NUMBERS, Wasm, body, fill, function_type, functions, leb, push_leb, running, with_types,
};
use crate::random::Random;

/// What opens a block; an `if` with its condition.
const OPENERS: [&[u8]; 4] = [&[0x02, 0x40], &[0x03, 0x40], &[0x41, 0, 0x04, 0x40], &[0x20, 0, 0x04, 0x40]];

pub(super) fn nesting(size: usize, random: &mut Random) -> Vec<u8> {
    let opener = random.one(&OPENERS);
    let depth = if random.chance(30) { 900 } else { (size / (opener.len() + 1)).max(1) };
    let unreachable = random.chance(20);
    let mut code = if unreachable { vec![0x00] } else { Vec::new() };
    code.extend(opener.repeat(depth));
    if random.chance(80) {
        code.extend(vec![0x0B; depth]);
    }
    running(&[(1, 0x7F)], &code)
}

/// Values within values, as deeply as there is room.
pub(super) fn deep_expressions(size: usize, random: &mut Random) -> Vec<u8> {
    let push: &[u8] = random.one(&[&[0x20, 0], &[0x41, 1], &[0x3F, 0]]);
    let fitting = random.chance(50);
    let depth = (size / 3).clamp(2, if fitting { 60_000 } else { usize::MAX });
    let mut code = push.repeat(depth);
    code.extend(vec![random.one(&[0x6A, 0x6B, 0x6C, 0x72]); depth - 1]);
    code.push(0x1A);
    running(&[(1, 0x7F)], &code)
}

/// Blocks with a value in blocks with a value.
pub(super) fn typed_nesting(size: usize, random: &mut Random) -> Vec<u8> {
    let depth = (size / 8).clamp(1, if random.chance(50) { 900 } else { usize::MAX });
    let code = match random.below(2) {
        0 => [[0x02, 0x7F].repeat(depth), vec![0x41, 1], vec![0x0B; depth], vec![0x1A]].concat(),
        _ => {
            let close = [0x05, 0x41, 2, 0x0B].repeat(depth);
            [[0x20, 0, 0x04, 0x7F].repeat(depth), vec![0x41, 1], close, vec![0x1A]].concat()
        }
    };
    running(&[(1, 0x7F)], &code)
}

pub(super) fn wide_tables(size: usize, random: &mut Random) -> Vec<u8> {
    let targets = random.one(&[10, 1_000, 100_000, 131_072]).min(size.max(1));
    let opener = random.one(&OPENERS[..2]);
    let depth = random.between(1, 120) as usize;
    let label = random.index(depth).to_le_bytes()[0];
    // Not all the same: that would be a plain branch.
    let table = [&[0x20, 0, 0x0E], &leb(targets)[..], &vec![label; targets], &[0]].concat();
    let one = [opener, &table, &[0x0B]].concat();
    let mut code = opener.repeat(depth);
    code.extend(one.repeat((size / one.len()).max(1)));
    code.extend(vec![0x0B; depth]);
    running(&[(1, 0x7F)], &code)
}

pub(super) fn lying_tables(size: usize, random: &mut Random) -> Vec<u8> {
    let claimed = random.one(&[131_072, 131_073, 1 << 20, u32::MAX as usize]);
    running(&[], &[&[0x41, 0, 0x0E], &leb(claimed)[..], &vec![0; size]].concat())
}

pub(super) fn tables_of_values(size: usize, random: &mut Random) -> Vec<u8> {
    let targets = random.one(&[10, 1_000, 100_000]).min(size.max(1));
    let values = random.one(&[1, 2, 32]);
    let types = [function_type(&[], &vec![0x7F; values])];
    let push = [0x41, 5].repeat(values);
    let table = [&push[..], &[0x20, 0, 0x0E], &leb(targets)[..], &vec![0; targets], &[1]].concat();
    let one = [&[0x02, 1], &table[..], &[0x0B], &vec![0x1A; values]].concat();
    let code = [&[0x02, 1], &one.repeat((size / one.len()).max(1))[..], &push, &[0x0B], &vec![0x1A; values]];
    with_types(&types, &[(1, 0x7F)], &code.concat())
}

pub(super) fn branches_out(size: usize, random: &mut Random) -> Vec<u8> {
    let depth = random.one(&[1, 50, 900]).min(size / 4 + 1);
    let mut branch = vec![0x20, 0, 0x0D];
    push_leb(&mut branch, random.index(depth + 1));
    let opener = random.one(&OPENERS[..2]);
    let code = [opener.repeat(depth), fill(size, &branch), vec![0x0B; depth]].concat();
    running(&[(1, 0x7F)], &code)
}

/// Branches that pass many values each time, in a few bytes.
pub(super) fn branches_of_values(size: usize, random: &mut Random) -> Vec<u8> {
    let values = random.one(&[2, 8, 32]);
    let types = [function_type(&[], &vec![0x7F; values])];
    let push = [0x20, 0].repeat(values);
    let mut code = vec![0x02, 1, 0x41, 0];
    code.extend(&push);
    code.extend(fill(size, &[0x20, 0, 0x0D, 0]));
    code.extend([0x0C, 0, 0x0B]);
    code.extend(vec![0x1A; values]);
    with_types(&types, &[(1, 0x7F)], &code)
}

/// Calls that return many values, passed on in a few bytes.
pub(super) fn returned_values(size: usize, random: &mut Random) -> Vec<u8> {
    let values = random.one(&[2, 8, 32]);
    let ty = function_type(&[], &vec![0x7E; values]);
    let pass: &[u8] = random.one(&[&[0x0C, 1], &[0x0F], &[0x0C, 0]]);
    let one = [&[0x02, 1, 0x42, 0, 0x10, 0], pass, &[0x0B], &vec![0x1A; values]].concat();
    let short =
        [&[0x02, 0x40, 0x42, 0, 0x10, 0][..], random.one(&[&[0x0C, 1][..], &[0x0F]]), &[0x0B]].concat();
    let unit = if random.chance(50) { one } else { short };
    let results = [0x42, 1].repeat(values);
    Wasm::new()
        .vector(1, [&NOTHING[..], &ty])
        .section(3, &[2, 1, 1])
        .run(1)
        .vector(10, [body(&[], &results), body(&[], &[fill(size, &unit), results.clone()].concat())])
        .bytes()
}

/// Many values on a stack that nothing ever takes, in code that is or is not reached.
pub(super) fn piles_of_values(size: usize, random: &mut Random) -> Vec<u8> {
    let values = random.one(&[1, 8, 32]);
    let ty = function_type(&[], &vec![0x7E; values]);
    let start: &[u8] = random.one(&[&[], &[0x00]]);
    let call: &[u8] = random.one(&[&[0x10, 0], &[0x41, 0, 0x11, 1, 0], &[0x02, 1, 0x00, 0x0B]]);
    let code = [start, &fill(size, call), &[0x00]].concat();
    Wasm::new()
        .vector(1, [&NOTHING[..], &ty])
        .section(3, &[2, 1, 0])
        .section(4, &[1, 0x70, 0, 1])
        .run(1)
        .vector(10, [body(&[], &[0x42, 1].repeat(values)), body(&[], &code)])
        .bytes()
}

/// Calls with as many parameters as there may be.
pub(super) fn wide_calls(size: usize, random: &mut Random) -> Vec<u8> {
    let ty = function_type(&[0x7E; 32], &[0x7E; 32]);
    let push: Vec<_> = (0..64).map(|at| if at % 2 == 0 { 0x42 } else { random.below(60) as u8 }).collect();
    let code = if random.chance(50) {
        [&push[..], &fill(size, &[0x10, 0]), &[0x1A; 32]].concat()
    } else {
        fill(size, &[&push[..], &[0x10, 0], &[0x1A; 32]].concat())
    };
    let passed: Vec<_> = (0..32).flat_map(|at| [0x20, at]).collect();
    Wasm::new()
        .vector(1, [&NOTHING[..], &ty])
        .section(3, &[2, 1, 0])
        .run(1)
        .vector(10, [body(&[], &passed), body(&[], &code)])
        .bytes()
}

/// Locals on the stack that all have to be saved when one is set.
pub(super) fn saved_locals(size: usize, random: &mut Random) -> Vec<u8> {
    let pile = random.one(&[1, 30, 3_000, 60_000]).min(size / 3 + 1);
    let save: &[u8] = random.one(&[&[0x41, 1, 0x21, 0], &[0x02, 0x40, 0x0B], &[0x03, 0x40, 0x0B]]);
    let one = [&[0x20, 0].repeat(pile)[..], save, &vec![0x1A; pile]].concat();
    let under = [0x20, 1].repeat(random.below(4_000) as usize);
    let code = [&under[..], &fill(size, &one), &vec![0x1A; under.len() / 2]].concat();
    running(&[(2, 0x7F)], &code)
}

pub(super) fn many_locals(size: usize, random: &mut Random) -> Vec<u8> {
    let runs = random.one(&[1, 3, 999, 1_000]);
    let per_run = 1_000 / runs;
    let locals: Vec<_> = (0..runs).map(|_| (per_run, random.one(&NUMBERS))).collect();
    let last = leb(runs * per_run - 1);
    let one = [&[0x20], &last[..], &[0x21], &last].concat();
    let functions_of = random.one(&[1, 100, 5_000]);
    let code = fill(size / functions_of, &one);
    let one = body(&locals, &code);
    functions((0..functions_of.min(size / one.len() + 1)).map(|_| one.clone()))
}

/// Runs of no locals, or of more than there may be.
pub(super) fn lying_locals(size: usize, random: &mut Random) -> Vec<u8> {
    let count = random.one(&[0, 0, 1_001, 50_001, u32::MAX]) as usize;
    running(&vec![(count, 0x7F); (size / 2).max(1)], &[])
}

/// One operator with what it needs, again and again.
pub(super) fn unrolled(size: usize, random: &mut Random) -> Vec<u8> {
    let units: [&[u8]; 14] = [
        &[0x20, 0, 0x20, 1, 0x20, 0, 0x1B, 0x1A],
        &[0x20, 0, 0x45, 0x20, 0, 0x20, 1, 0x1B, 0x1A],
        &[0x41, 0, 0x41, 0, 0x36, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
        &[0x20, 0, 0x28, 2, 0xFF, 0xFF, 0x3F, 0x1A],
        &[0x41, 0, 0x41, 0, 0x41, 0, 0xFC, 10, 0, 0],
        &[0x41, 0, 0x41, 0, 0x41, 0, 0xFC, 11, 0],
        &[0x20, 0, 0x04, 0x40, 0x05, 0x0B],
        &[0x20, 0, 0x04, 0x40, 0x0B],
        &[0x03, 0x40, 0x0B],
        &[0x42, 0x7F, 0x1A],
        &[0x41, 0, 0x40, 0, 0x1A],
        &[0x41, 0, 0x11, 0, 0],
        &[0x20, 0, 0x22, 1, 0x21, 0],
        &[0x01],
    ];
    let unit = random.one(&units);
    let code = fill(size, unit);
    if random.chance(50) {
        return running(&[(2, 0x7F)], &code);
    }
    // In many functions.
    let one = body(&[(2, 0x7F)], &fill((size / 5_000).max(unit.len()), unit));
    let table = Wasm::new().section(4, &[1, 0x70, 0, 10]).bytes();
    let count = (size / one.len()).clamp(1, 9_000);
    Wasm::new()
        .vector(1, [NOTHING])
        .vector(3, (0..count).map(|_| [0]))
        .raw(&table[8..])
        .section(5, &[1, 0, 1])
        .run(0)
        .vector(10, (0..count).map(|_| &one))
        .bytes()
}

/// Operators that nobody checked: what is not valid, or comes after the end.
pub(super) fn garbage(size: usize, random: &mut Random) -> Vec<u8> {
    let any = random.bytes(1)[0];
    let operator = random.one(&[0x1B, 0x1B, 0x0B, 0x05, 0x0F, 0x6A, 0x36, 0xFC, 0xFD, 0xFB, any]);
    running(&[], &vec![operator; size])
}

/// Code that is never reached.
pub(super) fn unreachable(size: usize, random: &mut Random) -> Vec<u8> {
    let unit: &[u8] = random.one(&[
        &[0x00],
        &[0x1B],
        &[0x0C, 0],
        &[0x41, 0],
        &[0x02, 0x40, 0x0B],
        &[0x0E, 4, 0, 0, 0, 0, 0],
        &[0x1B, 0x1A],
    ]);
    running(&[], &[&[0x00], &fill(size, unit)[..], &[0x00]].concat())
}

/// Tail calls at the end of much that is translated before they are found.
pub(super) fn tail_calls(size: usize, random: &mut Random) -> Vec<u8> {
    let before = body(&[(1, 0x7F)], &fill(size, &[0x20, 0, 0x45, 0x1A]));
    let last: &[u8] = random.one(&[&[0x12, 1], &[0x41, 0, 0x13, 0, 0], &[0x12, 0]]);
    let import = [1, 1, b'e', 1, b'f', 0, 0];
    Wasm::new()
        .vector(1, [NOTHING])
        .section(2, &import)
        .section(3, &[2, 0, 0])
        .section(4, &[1, 0x70, 0, 10])
        .run(1)
        .vector(10, [before, body(&[], last)])
        .bytes()
}

/// A module that imports a function, and one of this code.
fn with_import(code: &[u8]) -> Vec<u8> {
    let import = [1, 1, b'e', 1, b'f', 0, 0];
    Wasm::new()
        .vector(1, [NOTHING])
        .section(2, &import)
        .section(3, &[1, 0])
        .run(1)
        .vector(10, [body(&[(1, 0x7F)], code)])
        .bytes()
}

/// Calls of an import, which cost much fuel for their two bytes.
pub(super) fn calls_of_imports(size: usize, _: &mut Random) -> Vec<u8> {
    with_import(&fill(size, &[0x10, 0]))
}

/// Blocks that far branches leave, one after the other or each in the one before: behind each another
/// region begins.
pub(super) fn far_branches(size: usize, random: &mut Random) -> Vec<u8> {
    let left: &[u8] = &[0x02, 0x40, 0x20, 0, 0x0D, 0, 0x10, 0, 0x10, 0, 0x0B];
    if random.chance(50) {
        return with_import(&fill(size, left));
    }
    let depth = (size / (left.len() + 3)).clamp(1, 900);
    let one = [&[0x02, 0x40][..], left].concat();
    with_import(&[one.repeat(depth), vec![0x0B; depth]].concat())
}

/// Values that are passed from block to block, one more and one less of them each time.
pub(super) fn passed_values(size: usize, random: &mut Random) -> Vec<u8> {
    let many = random.between(2, 32) as usize;
    let types = [many, many - 1].map(|many| function_type(&vec![0x7F; many], &vec![0x7F; many]));
    let block = random.one(&[0x02, 0x03]);
    let one = [block, 1, 0x0B, block, 2, 0x0B];
    let code = [[0x20, 0].repeat(many), fill(size, &one), vec![0x1A; many]].concat();
    with_types(&types, &[(1, 0x7F)], &code)
}
