//! Vectors.

use super::{
    Case,
    step::{ONE, Source, Step, THREE, TWO, Type, VECTOR, steps},
    values::variables,
};
use Source::{Code, Local, Register};

/// Operators on a vector that give one.
const UNARY: &[&str] = &[
    "v128.not",
    "i8x16.abs",
    "i8x16.neg",
    "i8x16.popcnt",
    "i16x8.abs",
    "i16x8.neg",
    "i16x8.extadd_pairwise_i8x16_s",
    "i16x8.extadd_pairwise_i8x16_u",
    "i16x8.extend_low_i8x16_s",
    "i16x8.extend_high_i8x16_s",
    "i16x8.extend_low_i8x16_u",
    "i16x8.extend_high_i8x16_u",
    "i32x4.abs",
    "i32x4.neg",
    "i32x4.extadd_pairwise_i16x8_s",
    "i32x4.extadd_pairwise_i16x8_u",
    "i32x4.extend_low_i16x8_s",
    "i32x4.extend_high_i16x8_s",
    "i32x4.extend_low_i16x8_u",
    "i32x4.extend_high_i16x8_u",
    "i64x2.abs",
    "i64x2.neg",
    "i64x2.extend_low_i32x4_s",
    "i64x2.extend_high_i32x4_s",
    "i64x2.extend_low_i32x4_u",
    "i64x2.extend_high_i32x4_u",
    "f32x4.abs",
    "f32x4.neg",
    "f32x4.ceil",
    "f32x4.floor",
    "f32x4.trunc",
    "f32x4.nearest",
    "f32x4.sqrt",
    "f32x4.convert_i32x4_s",
    "f32x4.convert_i32x4_u",
    "f32x4.demote_f64x2_zero",
    "f64x2.abs",
    "f64x2.neg",
    "f64x2.ceil",
    "f64x2.floor",
    "f64x2.trunc",
    "f64x2.nearest",
    "f64x2.sqrt",
    "f64x2.convert_low_i32x4_s",
    "f64x2.convert_low_i32x4_u",
    "f64x2.promote_low_f32x4",
    "i32x4.trunc_sat_f32x4_s",
    "i32x4.trunc_sat_f32x4_u",
    "i32x4.trunc_sat_f64x2_s_zero",
    "i32x4.trunc_sat_f64x2_u_zero",
    "i32x4.relaxed_trunc_f32x4_s",
    "i32x4.relaxed_trunc_f32x4_u",
    "i32x4.relaxed_trunc_f64x2_s_zero",
    "i32x4.relaxed_trunc_f64x2_u_zero",
];

/// The same that give an `i32`.
const TESTS: &[&str] = &[
    "v128.any_true",
    "i8x16.all_true",
    "i16x8.all_true",
    "i32x4.all_true",
    "i64x2.all_true",
    "i8x16.bitmask",
    "i16x8.bitmask",
    "i32x4.bitmask",
    "i64x2.bitmask",
];

/// Comparisons of integers, by what follows the shape; those of 64 bits are signed.
const COMPARISONS: &[&str] = &["eq", "ne", "lt_s", "gt_s", "le_s", "ge_s", "lt_u", "gt_u", "le_u", "ge_u"];

/// Operators on two vectors.
const BINARY: &[&str] = &[
    "v128.and",
    "v128.andnot",
    "v128.or",
    "v128.xor",
    "i8x16.swizzle",
    "i8x16.shuffle 0 31 2 29 4 27 6 25 24 7 26 5 28 3 30 1",
    "i8x16.add",
    "i8x16.add_sat_s",
    "i8x16.add_sat_u",
    "i8x16.sub",
    "i8x16.sub_sat_s",
    "i8x16.sub_sat_u",
    "i8x16.min_s",
    "i8x16.min_u",
    "i8x16.max_s",
    "i8x16.max_u",
    "i8x16.avgr_u",
    "i8x16.narrow_i16x8_s",
    "i8x16.narrow_i16x8_u",
    "i16x8.add",
    "i16x8.add_sat_s",
    "i16x8.add_sat_u",
    "i16x8.sub",
    "i16x8.sub_sat_s",
    "i16x8.sub_sat_u",
    "i16x8.mul",
    "i16x8.q15mulr_sat_s",
    "i16x8.min_s",
    "i16x8.min_u",
    "i16x8.max_s",
    "i16x8.max_u",
    "i16x8.avgr_u",
    "i16x8.narrow_i32x4_s",
    "i16x8.narrow_i32x4_u",
    "i16x8.extmul_low_i8x16_s",
    "i16x8.extmul_high_i8x16_s",
    "i16x8.extmul_low_i8x16_u",
    "i16x8.extmul_high_i8x16_u",
    "i32x4.add",
    "i32x4.sub",
    "i32x4.mul",
    "i32x4.min_s",
    "i32x4.min_u",
    "i32x4.max_s",
    "i32x4.max_u",
    "i32x4.dot_i16x8_s",
    "i32x4.extmul_low_i16x8_s",
    "i32x4.extmul_high_i16x8_s",
    "i32x4.extmul_low_i16x8_u",
    "i32x4.extmul_high_i16x8_u",
    "i64x2.add",
    "i64x2.sub",
    "i64x2.mul",
    "i64x2.extmul_low_i32x4_s",
    "i64x2.extmul_high_i32x4_s",
    "i64x2.extmul_low_i32x4_u",
    "i64x2.extmul_high_i32x4_u",
    "i8x16.relaxed_swizzle",
    "f32x4.relaxed_min",
    "f32x4.relaxed_max",
    "f64x2.relaxed_min",
    "f64x2.relaxed_max",
    "i16x8.relaxed_q15mulr_s",
    "i16x8.relaxed_dot_i8x16_i7x16_s",
];

/// Operators on two vectors of floats of either width, by what follows the shape.
const FLOATS: &[&str] =
    &["eq", "ne", "lt", "gt", "le", "ge", "add", "sub", "mul", "div", "min", "max", "pmin", "pmax"];

/// Operators on three vectors.
const TERNARY: &[&str] = &[
    "v128.bitselect",
    "f32x4.relaxed_madd",
    "f32x4.relaxed_nmadd",
    "f64x2.relaxed_madd",
    "f64x2.relaxed_nmadd",
    "i8x16.relaxed_laneselect",
    "i16x8.relaxed_laneselect",
    "i32x4.relaxed_laneselect",
    "i64x2.relaxed_laneselect",
    "i32x4.relaxed_dot_i8x16_i7x16_add_s",
];

const SHIFTS: &[&str] = &["shl", "shr_s", "shr_u"];

/// Shapes, with the types of a lane and the number of lanes.
const SHAPES: [(&str, Type, u32); 6] = [
    ("i8x16", "i32", 16),
    ("i16x8", "i32", 8),
    ("i32x4", "i32", 4),
    ("i64x2", "i64", 2),
    ("f32x4", "f32", 4),
    ("f64x2", "f64", 2),
];

/// Loads of a vector, with the bytes that they read.
const LOADS: &[(&str, u32)] = &[
    ("v128.load", 16),
    ("v128.load8x8_s", 8),
    ("v128.load8x8_u", 8),
    ("v128.load16x4_s", 8),
    ("v128.load16x4_u", 8),
    ("v128.load32x2_s", 8),
    ("v128.load32x2_u", 8),
    ("v128.load8_splat", 1),
    ("v128.load16_splat", 2),
    ("v128.load32_splat", 4),
    ("v128.load64_splat", 8),
    ("v128.load32_zero", 4),
    ("v128.load64_zero", 8),
];

/// The bytes of lanes that are loaded and stored.
const LANES: [u32; 4] = [1, 2, 4, 8];

/// Vectors that matter in all their bits, as integers of each width and as floats: some lanes are NaNs with payloads,
/// infinite, or zero.
const VECTORS: [&str; 3] = [
    "i32x4 0x9ABCDEF1 0x7FA12345 0x41480000 0x80000000",
    "i32x4 0xC0533333 0x3F8CCCCD 0xFF800000 0x4F7FFFFF",
    "i64x2 0x7FF4000000000001 0x400D2F1A9FBE76C9",
];

/// Two memories with some bytes.
const MEMORIES: &str = r#"
    (memory (export "memory 0") 1) (memory (export "memory 1") 1)
    (data (memory 0) (i32.const 96) "the quick brown fox jumps over the lazy dog \ff\fe\80\81\82\83")
    (data (memory 1) (i32.const 96) "jackdaws love my big sphinx of quartz \f0\e1\d2\c3\b4\a5\96\87")"#;

const GLOBALS: &str = "(global $g_v128 (mut v128) (v128.const i64x2 0x4142434445464748 0x5152535455565758))";

const PAGE: u32 = 65_536;

/// Those of vectors.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(UNARY.iter().map(|name| unary(name, VECTOR)));
    cases.extend(TESTS.iter().map(|name| unary(name, "i32")));
    cases.extend(BINARY.iter().map(|name| binary(name)));
    cases.extend(
        TERNARY.iter().map(|name| works(name, &VECTORS.map(|value| (VECTOR, value)), VECTOR, &THREE)),
    );
    for (shape, ty, lanes) in SHAPES {
        if shape.starts_with('f') {
            cases.extend(FLOATS.iter().map(|name| binary(&format!("{shape}.{name}"))));
        } else {
            let comparisons = if shape == "i64x2" { &COMPARISONS[..6] } else { COMPARISONS };
            cases.extend(comparisons.iter().map(|name| binary(&format!("{shape}.{name}"))));
            cases.extend(SHIFTS.iter().map(|name| shift(&format!("{shape}.{name}"))));
        }
        let operands = [(ty, if ty.starts_with('f') { "-12.71" } else { "0x9ABCDEF1" })];
        cases.push(works(&format!("{shape}.splat"), &operands, VECTOR, &ONE));
        cases.extend(lanes_of(shape, ty, lanes));
    }
    cases.extend(moves());
    for memory in [0, 1] {
        cases.extend(LOADS.iter().flat_map(|(name, bytes)| loads(name, memory, *bytes)));
        cases.extend(stores("v128.store", memory, "", 16));
        for bytes in LANES {
            let last = 16 / bytes - 1;
            cases.extend(lane_loads(memory, bytes, last));
            cases.extend(stores(&format!("v128.store{}_lane", bytes * 8), memory, &last.to_string(), bytes));
        }
    }
    cases
}

/// The case of an operator whose text has its immediates.
fn works(text: &str, operands: &[(Type, &str)], result: Type, sources: &[&[Source]]) -> Case {
    let (name, what) = text.split_once(' ').unwrap_or((text, ""));
    Case::new(name, &format!("works {what}"), "", &steps(text, operands, &[result], sources))
}

fn unary(name: &str, result: Type) -> Case {
    let steps = VECTORS.iter().flat_map(|value| steps(name, &[(VECTOR, value)], &[result], &ONE));
    Case::new(name, "works", "", &steps.collect::<Vec<_>>())
}

fn binary(name: &str) -> Case {
    works(name, &[(VECTOR, VECTORS[0]), (VECTOR, VECTORS[1])], VECTOR, &TWO)
}

/// By amounts within the lane, beyond it, and by none.
fn shift(name: &str) -> Case {
    let by = |amount| steps(name, &[(VECTOR, VECTORS[0]), ("i32", amount)], &[VECTOR], &TWO);
    Case::new(name, "works", "", &["5", "67", "0"].into_iter().flat_map(by).collect::<Vec<_>>())
}

/// What takes a lane out of a vector, and puts one in.
fn lanes_of(shape: &str, ty: Type, lanes: u32) -> Vec<Case> {
    let signs: &[&str] = if lanes > 4 { &["_s", "_u"] } else { &[""] };
    let value = if ty.starts_with('f') { "0.1" } else { "0x12345678" };
    let mut cases = Vec::new();
    for sign in signs {
        let name = format!("{shape}.extract_lane{sign}");
        let each = (0..lanes).flat_map(|lane| {
            steps(&format!("{name} {lane}"), &[(VECTOR, VECTORS[0])], &[ty], &ONE[..=usize::from(lane == 0)])
        });
        cases.push(Case::new(&name, "each", "", &each.collect::<Vec<_>>()));
    }
    let name = format!("{shape}.replace_lane");
    let operands = [(VECTOR, VECTORS[1]), (ty, value)];
    let each = TWO.iter().zip(0..).map(|(sources, at)| {
        Step::new(format!("{name} {}", at * 3 % lanes), &[VECTOR]).with(&operands, sources)
    });
    cases.push(Case::new(&name, "some", "", &each.collect::<Vec<_>>()));
    cases
}

/// Constants, locals, globals, and what chooses or drops vectors.
fn moves() -> Vec<Case> {
    let all = VECTORS.map(|value| Step::new(format!("v128.const {value}"), &[VECTOR]));
    let dropped =
        Step::new("drop", &[VECTOR]).with(&[(VECTOR, VECTORS[0]), (VECTOR, VECTORS[1])], &[Local, Register]);
    let mut cases =
        vec![Case::new("v128.const", "some", "", &all), Case::new("drop", VECTOR, "", &[dropped])];
    for condition in ["0", "1", "-2"] {
        let operands = [(VECTOR, VECTORS[0]), (VECTOR, VECTORS[1]), ("i32", condition)];
        let plain = steps("select", &operands, &[VECTOR], &THREE);
        cases.push(Case::new("select", &format!("v128 by {condition}"), "", &plain));
        let typed = steps("select (result v128)", &operands, &[VECTOR], &THREE);
        cases.push(Case::new("typed_select", &format!("v128 by {condition}"), "", &typed));
    }
    cases.extend(variables("local", "$o3_v128", VECTOR, &VECTORS, GLOBALS));
    cases.extend(variables("global", "$g_v128", VECTOR, &VECTORS, GLOBALS));
    cases
}

fn loads(name: &str, memory: u32, bytes: u32) -> Vec<Case> {
    let load = |offset: u32| Step::new(format!("{name} {memory} offset={offset}"), &[VECTOR]);
    let within = [("98", 0), ("101", 3), ("77", 60)].iter();
    let within = within.flat_map(|(address, offset)| {
        ONE.iter().map(|sources| load(*offset).with(&[("i32", address)], sources))
    });
    let within = Case::new(name, &format!("{memory}"), MEMORIES, &within.collect::<Vec<_>>());
    let beyond = (PAGE + 1 - bytes).to_string();
    let beyond = [(Local, &*beyond, 0), (Register, "-1", 0), (Code, "1", PAGE - 1 + bytes), (Code, "-1", 0)];
    let beyond = beyond.iter().map(|(source, address, offset)| {
        let step = load(*offset).with(&[("i32", address)], &[*source]);
        Case::new(
            name,
            &format!("{memory}, at {address} and {offset}, {source:?}, beyond"),
            MEMORIES,
            &[step],
        )
    });
    [within].into_iter().chain(beyond).collect()
}

fn lane_loads(memory: u32, bytes: u32, last: u32) -> Vec<Case> {
    let name = format!("v128.load{}_lane", bytes * 8);
    let load =
        |offset: u32, lane: u32| Step::new(format!("{name} {memory} offset={offset} {lane}"), &[VECTOR]);
    let within = |at: u32| (97 + 5 * at, load(at % 3 * 7, at % (last + 1)));
    accesses(&name, memory, bytes, within, &load(0, last))
}

fn stores(name: &str, memory: u32, lane: &str, bytes: u32) -> Vec<Case> {
    let store = |offset: u32| Step::new(format!("{name} {memory} offset={offset} {lane}"), &[]);
    accesses(name, memory, bytes, |at| (200 + 19 * at, store(at % 3 * 7)), &store(0))
}

/// What takes an address and a vector, at several addresses within a memory and beyond it.
fn accesses(
    name: &str,
    memory: u32,
    bytes: u32,
    within: impl Fn(u32) -> (u32, Step),
    beyond: &Step,
) -> Vec<Case> {
    let within = TWO.iter().zip(0_u32..).map(|(sources, at)| {
        let (address, step) = within(at);
        step.with(&operands(&address.to_string()), sources)
    });
    let within = Case::new(name, &format!("{memory}"), MEMORIES, &within.collect::<Vec<_>>());
    let last = (PAGE + 1 - bytes).to_string();
    let places = [([Local, Register], &*last), ([Register, Code], "-1"), ([Code, Local], "-1")];
    let beyond = places.iter().map(|(sources, address)| {
        let step = beyond.clone().with(&operands(address), sources);
        Case::new(name, &format!("{memory}, at {address}, {sources:?}, beyond"), MEMORIES, &[step])
    });
    [within].into_iter().chain(beyond).collect()
}

/// An address, and what is stored there or gets a lane.
const fn operands(address: &str) -> [(Type, &str); 2] {
    [("i32", address), (VECTOR, VECTORS[0])]
}
