//! Constants, locals, globals, references, and what chooses or drops values.

use super::{
    Case,
    step::{NUMBERS, ONE, Source, Step, THREE, Type, steps},
    tables::FUNCTIONS,
};
use Source::{Local, Register};

/// A global of each type.
const GLOBALS: &str = r#"
    (global $g_i32 (export "g_i32") (mut i32) (i32.const 41))
    (global $g_i64 (export "g_i64") (mut i64) (i64.const 0x4142434445464748))
    (global $g_f32 (export "g_f32") (mut f32) (f32.const 0.1))
    (global $g_f64 (export "g_f64") (mut f64) (f64.const -0.1))"#;

const REFERENCE_GLOBALS: &str = "
    (global $g_funcref (mut funcref) (ref.func $eleven)) (global $g_externref (mut externref) (ref.null extern))";

/// References that the code makes.
const REFERENCES: [(Type, &str); 4] = [
    ("funcref", "(ref.func $twenty_two)"),
    ("funcref", "(ref.func $thirty_three)"),
    ("funcref", "(ref.null func)"),
    ("externref", "(ref.null extern)"),
];

/// Constants of a type, short ones and long ones.
fn constants(ty: Type) -> [&'static str; 4] {
    match ty {
        "i32" => ["0", "-1", "0x7FFF", "0x9ABCDEF1"],
        "i64" => ["0", "-1", "0x12345678", "0x9ABCDEF123456789"],
        "f32" => ["0", "-0", "0.1", "nan:0x200001"],
        _ => ["0", "-0", "0.1", "nan:0x4000000000001"],
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new(
            "nop",
            "between values",
            "",
            &[Step::new("nop", &["i32"]).with(&[("i32", "9")], &[Register])],
        ),
        Case::new("ref.is_null", "of each", FUNCTIONS, &null_tests()),
    ];
    for ty in NUMBERS {
        let all = constants(ty).map(|value| Step::new(format!("{ty}.const {value}"), &[ty]));
        cases.push(Case::new(&format!("{ty}.const"), "short and long", "", &all));
        let chosen = constants(ty);
        let operands = [(ty, chosen[2]), (ty, chosen[3])];
        let dropped = [Step::new("drop", &[ty]).with(&operands, &[Local, Register])];
        cases.push(Case::new("drop", ty, "", &dropped));
        for condition in ["0", "1", "-2"] {
            let operands = [operands[0], operands[1], ("i32", condition)];
            let plain = steps("select", &operands, &[ty], &THREE);
            cases.push(Case::new("select", &format!("{ty} by {condition}"), "", &plain));
            let typed = steps(&format!("select (result {ty})"), &operands, &[ty], &THREE);
            cases.push(Case::new("typed_select", &format!("{ty} by {condition}"), "", &typed));
        }
        let local = format!("$o3_{ty}");
        cases.extend(variables("local", &local, ty, &chosen, GLOBALS));
        cases.extend(variables("global", &format!("$g_{ty}"), ty, &chosen, GLOBALS));
    }
    for (at, (ty, value)) in REFERENCES.into_iter().enumerate() {
        let operator = if value.contains("func $") { "ref.func" } else { "ref.null" };
        cases.push(Case::new(operator, value, FUNCTIONS, &[Step::new(value, &[ty])]));
        let values = [value, value];
        let fields = format!("{FUNCTIONS}{REFERENCE_GLOBALS}");
        cases.extend(variables("local", &format!("$o3_{ty}"), ty, &values, &fields));
        cases.extend(variables("global", &format!("$g_{ty}"), ty, &values, &fields));
        let other = if ty == "funcref" { "(ref.func $eleven)" } else { "(ref.null extern)" };
        for condition in ["0", "1"] {
            let operands = [(ty, value), (ty, other), ("i32", condition)];
            let steps = steps(&format!("select (result {ty})"), &operands, &[ty], &THREE);
            cases.push(Case::new("typed_select", &format!("reference {at} by {condition}"), &fields, &steps));
        }
    }
    cases
}

fn null_tests() -> Vec<Step> {
    let of = |(ty, value): (Type, &str)| steps("ref.is_null", &[(ty, value)], &["i32"], &ONE);
    REFERENCES.into_iter().flat_map(of).collect()
}

/// Reads and writes of a local or a global.
pub(super) fn variables(kind: &str, name: &str, ty: Type, values: &[&str], fields: &str) -> Vec<Case> {
    let get = || Step::new(format!("{kind}.get {name}"), &[ty]);
    let with = |operator: &str, results: &[Type]| -> Vec<Step> {
        let each = values.iter().flat_map(|value| {
            ONE.map(|sources| {
                Step::new(format!("{kind}.{operator} {name}"), results).with(&[(ty, value)], sources)
            })
        });
        each.flat_map(|step| [step, get()]).collect()
    };
    let what = format!("{name} {}", values[0]);
    let mut cases = vec![
        Case::new(&format!("{kind}.get"), &what, fields, &[get(), get()]),
        Case::new(&format!("{kind}.set"), &what, fields, &with("set", &[])),
    ];
    if kind == "local" {
        cases.push(Case::new("local.tee", &what, fields, &with("tee", &[ty])));
    }
    cases
}
