//! Bombs of sections: too many, too long, or not as they say.

use super::wasm::{NOTHING, NUMBERS, Wasm, body, function_type, functions, leb, name, push_leb};
use crate::random::Random;

pub(super) fn many_types(size: usize, random: &mut Random) -> Vec<u8> {
    let different = random.chance(70);
    let ty = |at: usize| {
        let digits = (0..8).map(|digit| NUMBERS[(at >> (2 * digit)) & 3]);
        let params: Vec<_> = digits.take(if different { 8 } else { 0 }).collect();
        function_type(&params, &[])
    };
    Wasm::new().vector(1, (0..(size / ty(0).len()).max(1)).map(ty)).bytes()
}

pub(super) fn wide_types(size: usize, random: &mut Random) -> Vec<u8> {
    let width = random.one(&[31, 32, 33, 1_000]);
    let list: Vec<_> = (0..width).map(|_| random.one(&NUMBERS)).collect();
    let mut number = 0_usize;
    let types = (0..(size / (2 * width)).max(1)).map(|_| {
        number += 1;
        let mut list = list.clone();
        for (digit, ty) in list.iter_mut().rev().take(8).enumerate() {
            *ty = NUMBERS[(number >> (2 * digit)) & 3];
        }
        function_type(&list, &list)
    });
    Wasm::new().vector(1, types.collect::<Vec<_>>()).bytes()
}

/// Types of proposals that are not supported: groups, structures, continuations.
pub(super) fn foreign_types(size: usize, random: &mut Random) -> Vec<u8> {
    let fields = size.min(9_000);
    let structure = [&[0x5F], &leb(fields)[..], &[0x7F, 1].repeat(fields)].concat();
    let group = [&[0x4E], &leb(size / 3)[..], &NOTHING.repeat(size / 3)].concat();
    let ty = if random.chance(50) { structure } else { group };
    Wasm::new().vector(1, (0..random.between(1, 3)).map(|_| &ty)).bytes()
}

pub(super) fn many_imports(size: usize, random: &mut Random) -> Vec<u8> {
    let long = "e".repeat(random.one(&[1, 1, 4_000, 99_999]));
    let kind: &[u8] = random.one(&[&[0, 0], &[2, 0, 1], &[3, 0x7F, 0], &[1, 0x70, 0, 1]]);
    let import = [&name(&long)[..], &name("f"), kind].concat();
    let count = if random.chance(30) { 1_000 } else { usize::MAX };
    let count = (size / import.len()).clamp(1, count);
    Wasm::new().vector(1, [NOTHING]).vector(2, (0..count).map(|_| &import)).bytes()
}

pub(super) fn many_functions(size: usize, random: &mut Random) -> Vec<u8> {
    let locals = random.one(&[0, 0, 1, 1_000, 1_001, 50_000, u32::MAX]) as usize;
    let runs = [(locals, random.one(&NUMBERS))];
    let one = body(if locals == 0 { &[] } else { &runs }, &[]);
    let fitting = random.chance(60);
    let count = (size / (one.len() + 1)).clamp(1, if fitting { 10_000 } else { usize::MAX });
    functions((0..count).map(|_| one.clone()))
}

/// Functions that are declared and have no code, or code that is not declared.
pub(super) fn functions_without_code(size: usize, random: &mut Random) -> Vec<u8> {
    let (declared, there) = random.one(&[(size, 0), (size, 1), (0, size), (9_999, 9_998), (1, 2)]);
    Wasm::new()
        .vector(1, [NOTHING])
        .vector(3, (0..declared.min(4 << 20)).map(|_| [0]))
        .vector(10, (0..there.min(1 << 20)).map(|_| body(&[], &[])))
        .bytes()
}

pub(super) fn many_exports(size: usize, random: &mut Random) -> Vec<u8> {
    let long = "x".repeat(random.one(&[0, 0, 400, 90_000]));
    let duplicated = random.chance(20);
    let export = |at: usize| {
        let mut export = name(&format!("{long}{:05}", if duplicated { at / 2 } else { at }));
        export.extend([0, 0]);
        export
    };
    let count = (size / export(0).len()).clamp(1, if random.chance(60) { 10_000 } else { usize::MAX });
    Wasm::new()
        .vector(1, [NOTHING])
        .section(3, &[1, 0])
        .vector(7, (0..count).map(export))
        .vector(10, [body(&[], &[])])
        .bytes()
}

pub(super) fn huge_custom(size: usize, random: &mut Random) -> Vec<u8> {
    let custom = [name("padding"), vec![7; size]].concat();
    let wasm = Wasm::new().section(0, &custom);
    if random.chance(50) { wasm.section(0, &name("after")).bytes() } else { wasm.bytes() }
}

pub(super) fn many_custom(size: usize, random: &mut Random) -> Vec<u8> {
    let text = random.one(&["", "name", "producers"]);
    let one = Wasm::new().section(0, &name(text)).bytes();
    Wasm::new().raw(&one[8..].repeat(size / (one.len() - 8))).bytes()
}

/// A name section that does not say what is there.
pub(super) fn lying_names(size: usize, random: &mut Random) -> Vec<u8> {
    let claimed = random.one(&[1, 1_000_000, u32::MAX]) as usize;
    let one = [&[0][..], &name("f")].concat();
    let map = [leb(claimed), one.repeat(size / one.len())].concat();
    let part = [&[random.one(&[0, 1, 2, 7, 200])], &leb(map.len())[..], &map].concat();
    let functions = functions([body(&[], &[])]);
    Wasm::new().raw(&functions[8..]).section(0, &[name("name"), part].concat()).bytes()
}

/// A section whose count is more than there is, or more than there could be.
pub(super) fn lying_counts(size: usize, random: &mut Random) -> Vec<u8> {
    let id = random.between(1, 12).to_le_bytes()[0];
    let claimed = random.one(&[size + 1, 99_999, 1_000_000, u32::MAX as usize]);
    let item: &[u8] = random.one(&[&NOTHING, &[0], &[1, 0, 0], &[0x7F, 0, 0x41, 0, 0x0B], &[0xFF]]);
    Wasm::new().section(id, &[leb(claimed), item.repeat(size / item.len())].concat()).bytes()
}

/// A section or a body that is longer than the module, or a length that never ends.
pub(super) fn lying_lengths(size: usize, random: &mut Random) -> Vec<u8> {
    let id = random.between(0, 13).to_le_bytes()[0];
    let len = match random.below(4) {
        0 => leb(size + 1),
        1 => leb(u32::MAX as usize),
        2 => vec![0xFF; 11],
        _ => vec![0x80; size],
    };
    let junk = random.bytes(256);
    Wasm::new().raw(&[id]).raw(&len).raw(&junk.repeat(size / 256)).bytes()
}

/// Sections twice, in any order.
pub(super) fn shuffled(size: usize, random: &mut Random) -> Vec<u8> {
    let code = functions((0..(size / 4).clamp(1, 9_000)).map(|_| body(&[], &[])));
    let mut sections = Vec::new();
    let mut at = 8;
    while at < code.len() {
        let (mut len, mut shift, mut head) = (0, 0, 1);
        loop {
            let byte = usize::from(code[at + head]);
            head += 1;
            len |= (byte & 0x7F) << shift;
            shift += 7;
            if byte < 0x80 {
                break;
            }
        }
        sections.push(&code[at..at + head + len]);
        at += head + len;
    }
    let mut wasm = Wasm::new();
    for _ in 0..random.between(2, 9) {
        wasm = wasm.raw(random.one(&sections));
    }
    wasm.bytes()
}

/// An honest module, cut or with bytes changed.
pub(super) fn damaged(size: usize, random: &mut Random) -> Vec<u8> {
    let code = [0x41, 0, 0x41, 1, 0x36, 2, 0].repeat(size / 16 + 1);
    let mut bytes = functions([body(&[(3, 0x7F)], &code), body(&[], &code)]);
    if random.chance(30) {
        bytes.truncate(random.index(bytes.len()));
    }
    for _ in 0..random.between(1, 20) {
        let at = random.index(bytes.len().max(9));
        if let Some(byte) = bytes.get_mut(at) {
            *byte = random.bytes(1)[0];
        }
    }
    bytes
}

/// Components within components.
pub(super) fn components(size: usize, random: &mut Random) -> Vec<u8> {
    let header = b"\0asm\x0D\0\x01\0";
    let mut bytes = header.to_vec();
    for left in (0..(size / 14).max(1)).rev() {
        bytes.push(random.one(&[1, 4]));
        push_leb(&mut bytes, left * 14);
        bytes.extend_from_slice(header);
    }
    bytes
}

/// Bytes that are no module.
pub(super) fn noise(size: usize, random: &mut Random) -> Vec<u8> {
    let junk = random.bytes(4_096);
    let noise = junk.repeat(size / junk.len() + 1);
    if random.chance(50) { Wasm::new().raw(&noise).bytes() } else { noise }
}
