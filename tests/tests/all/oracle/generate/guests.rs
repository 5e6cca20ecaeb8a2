//! Guests: modules put together of parts that may each be there or not.
//!
//! The names of exports stand for their types in all guests, so that calls fit more often than
//! not: see [`EXPORTS`]. Loops are short and recursion is shallow, so every guest call ends soon.

use super::{
    code::{Code, Place, Signature},
    environments::FUNCTIONS,
};
use crate::oracle::{
    differences,
    random::Random,
    script::{Guest, Type, expected_type},
};

const I32: Type = Type::I32;
const I64: Type = Type::I64;
const F32: Type = Type::F32;
const F64: Type = Type::F64;

/// The exported functions that a guest may have.
pub const EXPORTS: [(&str, &[Type], Option<Type>); 5] = [
    ("v", &[], None),
    ("i", &[I32], Some(I32)),
    ("l", &[I64, I32], Some(I64)),
    ("f", &[F32], Some(F32)),
    ("d", &[F64, F32], Some(F64)),
];

/// The global of each type that functions work with.
pub const GLOBALS: [(&str, Type); 4] = [("gi", I32), ("gl", I64), ("gf", F32), ("gd", F64)];

/// The bits of NaNs that are not canonical, of infinities, and of numbers that do not fit an
/// integer, among others.
pub fn bits(random: &mut Random, ty: Type) -> u64 {
    match ty {
        I32 => random.one(&[0, 1, 2, 7, 255, 65_532, 65_536, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF]),
        I64 => random.one(&[0, 1, 3, 0x8000_0000, 1 << 40, i64::MAX.cast_unsigned(), 1 << 63, u64::MAX]),
        F32 => random.one(&[
            0,
            0x8000_0000,
            0x3F80_0000,
            0xC000_0000,
            0x7F80_0000,
            0x7FA0_0001,
            0xFFC0_0000,
            0x7FC0_0000,
            0x4F80_0000,
            0x0000_0001,
        ]),
        F64 => random.one(&[
            0,
            1 << 63,
            0x3FF0_0000_0000_0000,
            0xC008_0000_0000_0000,
            0x7FF0_0000_0000_0000,
            0x7FF4_0000_0000_0001,
            0xFFF8_0000_0000_0000,
            0x41F0_0000_0000_0000,
            0x43E0_0000_0000_0000,
        ]),
    }
}

/// A constant expression; the bits of floats are written out.
pub fn constant(random: &mut Random, ty: Type) -> String {
    let bits = bits(random, ty);
    match ty {
        I32 | I64 => format!("({}.const {bits:#x})", ty.name()),
        F32 => format!("(f32.const {})", float(bits >> 31, bits & 0x7F_FFFF, bits >> 23 & 0xFF, [8, 23])),
        F64 => {
            format!("(f64.const {})", float(bits >> 63, bits & ((1 << 52) - 1), bits >> 52 & 0x7FF, [11, 52]))
        }
    }
}

/// A float in the text format, from its parts and the sizes of its exponent and fraction.
fn float(sign: u64, fraction: u64, exponent: u64, [exponent_bits, fraction_bits]: [u32; 2]) -> String {
    let sign = if sign & 1 == 1 { "-" } else { "" };
    let highest = (1_u64 << exponent_bits) - 1;
    let bias = i64::try_from(highest / 2).unwrap();
    let exponent = i64::try_from(exponent).unwrap();
    let digits = fraction_bits.div_ceil(4) as usize;
    let aligned = fraction << (u32::try_from(digits).unwrap() * 4 - fraction_bits);
    match (exponent, fraction) {
        (0, 0) => format!("{sign}0"),
        (0, _) => format!("{sign}0x0.{aligned:0digits$x}p{}", 1 - bias),
        (e, 0) if e == highest.cast_signed() => format!("{sign}inf"),
        (e, _) if e == highest.cast_signed() => format!("{sign}nan:{fraction:#x}"),
        (e, _) => format!("{sign}0x1.{aligned:0digits$x}p{}", e - bias),
    }
}

pub fn guest(random: &mut Random) -> Guest {
    let text = text(random);
    let wasm = guestbox_tests::text::bytes(&text);
    Guest { text, wasm }
}

fn text(random: &mut Random) -> String {
    let mut parts = Vec::new();
    let imports = imports(random, &mut parts);
    let table = !unsupported(random, &mut parts) && random.chance(50);
    let memory = memory(random, &mut parts);
    globals(random, &mut parts);
    parts.push("(type $ii (func (param i32) (result i32)))".into());
    parts.extend([F32, F64].map(differences::canonical));

    let mut code = Code { random, imports: &imports, memory, table, params: &[], place: Place::Leaf };
    parts.push(code.function("$leaf", &[I32], Some(I32)));
    code.place = Place::Recursion;
    let body = code.statement(1);
    code.place = Place::Function;
    parts.push(format!(
        "(func $recurse (param i32) (if (local.get 0) (then (call $recurse (i32.sub (local.get 0) (i32.const 1)))) \
         (else {body})))"
    ));
    for (name, params, result) in EXPORTS {
        let function = code.function(&format!("${name}"), params, result);
        parts.push(function);
        if code.random.chance(92) {
            parts.push(format!("(export \"{name}\" (func ${name}))"));
        }
    }
    // An import passed on.
    if let (Some(at), true) = (imports.len().checked_sub(1), random.chance(60)) {
        parts.push(format!("(export \"p\" (func $import{at}))"));
    }
    if table {
        let import = if imports.is_empty() { "$v" } else { "$import0" };
        let offset = random.weighted(&[(16, 0), (3, 1), (1, 3), (1, 9)]);
        parts.push(format!("(table (export \"t\") 4 4 funcref) (elem (i32.const {offset}) $leaf {import})"));
    }
    start(random, &imports, &mut parts);
    format!("(module\n    {})", parts.join("\n    "))
}

fn imports(random: &mut Random, parts: &mut Vec<String>) -> Vec<Signature> {
    let mut imports = Vec::new();
    for at in 0..random.weighted(&[(1, 0), (3, 1), (4, 2), (3, 3), (2, 4)]) {
        let func = random.below(5);
        let mut name = FUNCTIONS[func as usize];
        let result = if random.chance(97) { expected_type(func) } else { Some(random.one(&Type::ALL)) };
        let params: Vec<_> =
            (0..random.weighted(&[(4, 0), (4, 1), (2, 2), (1, 3)])).map(|_| random.one(&Type::ALL)).collect();
        if random.chance(2) {
            name = random.one(&["missing", "memory"]);
        }
        let signature = Signature { params, result };
        parts.push(format!("(import \"env\" \"{name}\" (func $import{at} {signature}))"));
        imports.push(signature);
    }
    imports
}

/// At times an import of a kind that no environment offers; whether there is one.
fn unsupported(random: &mut Random, parts: &mut Vec<String>) -> bool {
    let is_imported = random.chance(4);
    if is_imported {
        let name = random.one(&["i", "memory", "t"]);
        let ty = random.one(&["(global i32)", "(global f64)", "(table 1 funcref)"]);
        parts.push(format!("(import \"env\" \"{name}\" {ty})"));
    }
    is_imported
}

/// A memory of its own or imported, and data for it.
fn memory(random: &mut Random, parts: &mut Vec<String>) -> bool {
    let maximum = random.one(&["", "1", "3", "8", "65536"]);
    match random.below(10) {
        0 | 1 => return false,
        2..=4 => {
            let maximum = if maximum == "1" { "2" } else { maximum };
            parts.push(format!("(memory (export \"memory\") {} {maximum})", random.below(3)));
        }
        _ => {
            let maximum = if random.chance(80) { "" } else { maximum };
            let initial = random.weighted(&[(6, 0), (8, 1), (1, 2), (1, 3)]);
            let initial = maximum.parse().map_or(initial, |maximum: u32| initial.min(maximum));
            parts.push(format!("(import \"env\" \"memory\" (memory {initial} {maximum}))"));
            if random.chance(50) {
                parts.push("(export \"memory\" (memory 0))".into());
            }
        }
    }
    for _ in 0..random.weighted(&[(4, 0), (3, 1), (2, 2)]) {
        let offset = random.weighted(&[(16, 8), (8, 100), (2, 65_532), (1, 65_534), (1, 131_072), (1, -1)]);
        let data = random.one(&["abcd", "", "\\00\\ff"]);
        parts.push(format!("(data (i32.const {offset}) \"{data}\")"));
    }
    true
}

fn globals(random: &mut Random, parts: &mut Vec<String>) {
    for (name, ty) in GLOBALS {
        let init = constant(random, ty);
        parts.push(format!("(global ${name} (mut {}) {init})", ty.name()));
        if random.chance(85) {
            parts.push(format!("(export \"{name}\" (global ${name}))"));
        }
    }
    let ty = random.one(&Type::ALL);
    let init = constant(random, ty);
    parts.push(format!("(global (export \"k\") {} {init})", ty.name()));
}

fn start(random: &mut Random, imports: &[Signature], parts: &mut Vec<String>) {
    if random.chance(30) {
        let import = imports.iter().position(|import| import.params.is_empty() && import.result.is_none());
        match import.filter(|_| random.chance(50)) {
            Some(at) => parts.push(format!("(start $import{at})")),
            None => parts.push("(start $v)".into()),
        }
    }
}
