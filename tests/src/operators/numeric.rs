//! Arithmetic, comparisons and conversions.

use super::{
    Case,
    step::{ONE, Source, Step, TWO, Type, steps},
};

/// Operators on one operand of the first type, with a result of the second.
const UNARY: &[(Type, Type, &[&str])] = &[
    ("i32", "i32", &["i32.clz", "i32.ctz", "i32.popcnt", "i32.eqz", "i32.extend8_s", "i32.extend16_s"]),
    (
        "i64",
        "i64",
        &["i64.clz", "i64.ctz", "i64.popcnt", "i64.extend8_s", "i64.extend16_s", "i64.extend32_s"],
    ),
    ("f32", "f32", &["f32.abs", "f32.neg", "f32.ceil", "f32.floor", "f32.trunc", "f32.nearest", "f32.sqrt"]),
    ("f64", "f64", &["f64.abs", "f64.neg", "f64.ceil", "f64.floor", "f64.trunc", "f64.nearest", "f64.sqrt"]),
    ("i64", "i32", &["i64.eqz", "i32.wrap_i64"]),
    ("i32", "i64", &["i64.extend_i32_s", "i64.extend_i32_u"]),
    ("i32", "f32", &["f32.convert_i32_s", "f32.convert_i32_u", "f32.reinterpret_i32"]),
    ("i64", "f32", &["f32.convert_i64_s", "f32.convert_i64_u"]),
    ("i32", "f64", &["f64.convert_i32_s", "f64.convert_i32_u"]),
    ("i64", "f64", &["f64.convert_i64_s", "f64.convert_i64_u", "f64.reinterpret_i64"]),
    ("f32", "f64", &["f64.promote_f32"]),
    ("f64", "f32", &["f32.demote_f64"]),
    ("f32", "i32", &["i32.reinterpret_f32", "i32.trunc_sat_f32_s", "i32.trunc_sat_f32_u"]),
    ("f64", "i32", &["i32.trunc_sat_f64_s", "i32.trunc_sat_f64_u"]),
    ("f32", "i64", &["i64.trunc_sat_f32_s", "i64.trunc_sat_f32_u"]),
    ("f64", "i64", &["i64.reinterpret_f64", "i64.trunc_sat_f64_s", "i64.trunc_sat_f64_u"]),
];

/// The same that trap at what is too large, and at what is no number.
const TRUNCATIONS: &[(Type, Type, &[&str])] = &[
    ("f32", "i32", &["i32.trunc_f32_s", "i32.trunc_f32_u"]),
    ("f64", "i32", &["i32.trunc_f64_s", "i32.trunc_f64_u"]),
    ("f32", "i64", &["i64.trunc_f32_s", "i64.trunc_f32_u"]),
    ("f64", "i64", &["i64.trunc_f64_s", "i64.trunc_f64_u"]),
];

/// Operators on two integers of either length, by what follows the type.
const INTEGERS: [&str; 11] =
    ["add", "sub", "mul", "and", "or", "xor", "shl", "shr_s", "shr_u", "rotl", "rotr"];

/// The same that trap where the second is 0.
const DIVISIONS: [&str; 4] = ["div_s", "div_u", "rem_s", "rem_u"];

const INTEGER_COMPARISONS: [&str; 10] =
    ["eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"];

const FLOATS: [&str; 7] = ["add", "sub", "mul", "div", "min", "max", "copysign"];

const FLOAT_COMPARISONS: [&str; 6] = ["eq", "ne", "lt", "gt", "le", "ge"];

/// Operands of each type that matter in all their bits.
fn operands(ty: Type) -> [(Type, &'static str); 2] {
    match ty {
        "i32" => [(ty, "0x9ABCDEF1"), (ty, "13")],
        "i64" => [(ty, "0x9ABCDEF123456789"), (ty, "29")],
        "f32" => [(ty, "12.71"), (ty, "-3.3")],
        _ => [(ty, "12.712712"), (ty, "-3.3333")],
    }
}

pub(super) fn cases() -> Vec<Case> {
    let unary = UNARY
        .iter()
        .chain(TRUNCATIONS)
        .flat_map(|(from, to, names)| names.iter().map(|name| works(name, &operands(from)[..1], to, &ONE)));
    let mut cases: Vec<Case> = unary.collect();
    for ty in ["i32", "i64"] {
        cases.extend(binary(ty, &INTEGERS, ty));
        cases.extend(binary(ty, &DIVISIONS, ty));
        cases.extend(binary(ty, &INTEGER_COMPARISONS, "i32"));
        for name in DIVISIONS {
            cases.extend(traps(&format!("{ty}.{name}"), "by zero", &[(ty, "5"), (ty, "0")], ty, &TWO));
        }
        let least = if ty == "i32" { "0x80000000" } else { "0x8000000000000000" };
        cases.extend(traps(&format!("{ty}.div_s"), "overflows", &[(ty, least), (ty, "-1")], ty, &TWO));
    }
    for ty in ["f32", "f64"] {
        cases.extend(binary(ty, &FLOATS, ty));
        cases.extend(binary(ty, &FLOAT_COMPARISONS, "i32"));
    }
    for (from, to, names) in TRUNCATIONS {
        for name in *names {
            cases.extend(traps(name, "of what is too large", &[(from, "1e30")], to, &ONE));
            cases.extend(traps(name, "of what is no number", &[(from, "nan")], to, &ONE));
        }
    }
    cases
}

/// An operator that works, with operands from all these sources.
fn works(name: &str, operands: &[(Type, &str)], result: Type, sources: &[&[Source]]) -> Case {
    Case::new(name, "works", "", &steps(name, operands, &[result], sources))
}

fn binary(ty: Type, names: &[&str], result: Type) -> Vec<Case> {
    names.iter().map(|name| works(&format!("{ty}.{name}"), &operands(ty), result, &TWO)).collect()
}

/// An operator that traps, a case for each sources.
fn traps(
    name: &str,
    what: &str,
    operands: &[(Type, &str)],
    result: Type,
    sources: &[&[Source]],
) -> Vec<Case> {
    let trap = |sources: &&[Source]| {
        let step = Step::new(name, &[result]).with(operands, sources);
        Case::new(name, &format!("{what}, {sources:?}"), "", &[step])
    };
    sources.iter().map(trap).collect()
}
