//! Calls of functions, of imports and through tables, with the host called within, and tail calls.

use super::{
    Case,
    module::RESULTS,
    step::{Source, Step, Type},
};
use Source::{Code, Local, Register};

/// What the host serves: it changes each of the values. `fails` it refuses.
const IMPORTS: &str = r#"
    (type $four (func (param i32 i64 f32 f64) (result i32 i64 f32 f64)))
    (import "env" "host" (func $host (type $four))) (import "env" "fails" (func $fails (type $four)))"#;

/// Functions of the guest: `$plain`, with locals that are paid for; `$hosted`, which calls the host
/// twice between values of its own; `$deep`, which calls `$hosted` from three frames; one of
/// another type.
const FUNCTIONS: &str = r#"
    (global $within (export "within") (mut i32) (i32.const 0))
    (func $plain (type $four) (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
      (global.set $within (i32.add (global.get $within) (i32.const 1)))
      (i32.sub (i32.const 1) (local.get 0)) (i64.sub (i64.const 2) (local.get 1))
      (f32.neg (local.get 2)) (f64.neg (local.get 3)))
    (func $hosted (type $four)
      (global.set $within (i32.add (global.get $within) (i32.const 100)))
      (i32.mul (local.get 0) (i32.const 3)) (i64.mul (local.get 1) (i64.const 5))
      (call $host (i32.add (local.get 0) (i32.const 1)) (local.get 1) (f32.mul (local.get 2) (f32.const 3))
        (local.get 3))
      (local.set 3) (local.set 2) (local.set 1) (local.set 0)
      (i64.xor (local.get 1)) (local.set 1) (i32.xor (local.get 0)) (local.set 0)
      (call $host (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
    (func $deep (type $four) (local $times i32)
      (local.get 0) (i64.add (local.get 1) (i64.const 9)) (local.get 2) (local.get 3)
      (call $deeper) (local.set 3) (local.set 2) (local.set 1)
      (i32.add (i32.const 7)) (local.get 1) (local.get 2) (local.get 3))
    (func $deeper (type $four)
      (f64.mul (local.get 3) (f64.const 2)) (local.set 3)
      (local.get 0) (local.get 1) (local.get 2) (local.get 3) (call $hosted))
    (func $other (param i32) (result i32) (local.get 0))"#;

/// Two tables, so that there are an index of 0 and another. The imports are last.
const TABLES: &str = "
    (table $t 8 funcref) (table $u 8 funcref)
    (elem (table $t) (i32.const 1) func $plain $hosted $other $deep)
    (elem (table $u) (i32.const 2) func $deep $other $hosted $plain)";

const TABLES_OF_IMPORTS: &str = "
    (table $t 4 funcref) (table $u 4 funcref)
    (elem (table $t) (i32.const 1) func $host $fails) (elem (table $u) (i32.const 2) func $host $fails)";

/// The arguments, so that the last of each register are in registers, or nothing is.
const ARGUMENTS: [(Type, &str); 4] =
    [("i32", "0x7FEDCBA9"), ("i64", "0x123456789ABCDEF"), ("f32", "2.7"), ("f64", "-0.7")];

/// Where they come from.
const SOURCES: [&[Source]; 4] = [
    &[Local, Local, Local, Local],
    &[Register, Register, Register, Register],
    &[Code, Code, Code, Code],
    &[Register, Local, Register, Code],
];

/// Where the index into a table comes from, and the arguments.
const INDICES: [(Source, &[Source]); 3] = [(Local, SOURCES[0]), (Register, SOURCES[1]), (Code, SOURCES[3])];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for sources in SOURCES {
        for callee in ["$plain", "$hosted", "$deep", "$host", "$fails"] {
            let step = Step::new(format!("call {callee}"), RESULTS).with(&ARGUMENTS, sources);
            let fields = format!("{IMPORTS}{FUNCTIONS}");
            cases.push(Case::new("call", &format!("{callee}, {sources:?}"), &fields, &[step]));
        }
        for callee in ["$plain", "$hosted", "$deep"] {
            let fields = format!("{IMPORTS}{FUNCTIONS}{}", tail(&format!("return_call {callee}"), "", ""));
            let step = Step::new("call $tail", RESULTS).with(&ARGUMENTS, sources);
            cases.push(Case::new("return_call", &format!("{callee}, {sources:?}"), &fields, &[step]));
        }
    }
    for table in ["$t", "$u"] {
        for at in ["1", "2", "4", "5"] {
            cases.extend(INDICES.iter().flat_map(|(index, sources)| indirect(table, at, *index, sources)));
        }
        // Null, of another type, null and beyond the end.
        for (at, (index, sources)) in ["0", "3", "7", "8", "-1"].iter().zip(INDICES.iter().cycle()) {
            cases.extend(indirect(table, at, *index, sources));
        }
    }
    cases.push(turns());
    cases
}

/// Calls through a table at an index that may be of any function, of none or beyond its end.
fn indirect(table: &str, at: &str, index: Source, sources: &[Source]) -> Vec<Case> {
    let what = format!("{table} at {at}, {index:?}, {sources:?}");
    // The index in a local of its own.
    let Step { prepare, operands, .. } = Step::new("", &[]).with(&[("i32", at)], &[index]);
    let own = |text: &str| text.replace("$o0_i32", "$o2_i32");
    let called = |operator: &str| {
        let mut step =
            Step::new(format!("{operator} {table} (type $four)"), RESULTS).with(&ARGUMENTS, sources);
        step.prepare += &own(&prepare);
        step.and(&own(&operands))
    };
    let fields = format!("{IMPORTS}{FUNCTIONS}");
    let tail = tail(&format!("return_call_indirect {table} (type $four)"), &own(&prepare), &own(&operands));
    let step = Step::new("call $tail", RESULTS).with(&ARGUMENTS, sources);
    let mut cases = vec![
        Case::new("call_indirect", &what, &format!("{fields}{TABLES}"), &[called("call_indirect")]),
        Case::new("return_call_indirect", &what, &format!("{fields}{TABLES}{tail}"), &[step]),
    ];
    if matches!(at, "1" | "2" | "3") {
        let fields = format!("{IMPORTS}{TABLES_OF_IMPORTS}");
        cases.push(Case::new(
            "call_indirect",
            &format!("of imports, {what}"),
            &fields,
            &[called("call_indirect")],
        ));
    }
    cases
}

/// The function `$tail`, which prepares something, puts its arguments and those operands on the stack,
/// and ends with a tail call.
fn tail(operator: &str, prepare: &str, operands: &str) -> String {
    format!(
        "(func $tail (type $four) (local $o2_i32 i32) (local $zero_i32 i32) {prepare}
           (global.set $within (i32.add (global.get $within) (i32.const 10000)))
           (i32.add (local.get 0) (i32.const 5)) (i64.add (local.get 1) (i64.const 6))
           (f32.add (local.get 2) (f32.const 7)) (f64.add (local.get 3) (f64.const 8))
           {operands} {operator})"
    )
}

/// Functions that call each other at their ends, with the host called in between.
fn turns() -> Case {
    let fields = format!(
        r#"{IMPORTS}{FUNCTIONS}
        (func $even (type $four)
          (if (i32.eqz (local.get 0)) (then
            (return_call $hosted (local.get 0) (local.get 1) (local.get 2) (local.get 3))))
          (return_call $odd (f64.add (local.get 3) (f64.const 1)) (i64.add (local.get 1) (i64.const 3))
            (local.get 2) (i32.sub (local.get 0) (i32.const 1))))
        (func $odd (param f64 i64 f32 i32) (result i32 i64 f32 f64) (local i64 i64)
          (call $plain (local.get 3) (local.get 1) (local.get 2) (local.get 0))
          (local.set 0) (local.set 2) (local.set 1) (drop)
          (return_call $even (i32.sub (local.get 3) (i32.const 1)) (local.get 1)
            (local.get 2) (local.get 0)))"#
    );
    let arguments = [("i32", "6"), ("i64", "1"), ("f32", "2.5"), ("f64", "0.5")];
    let step = Step::new("call $even", RESULTS).with(&arguments, SOURCES[1]);
    Case::new("return_call", "in turns", &fields, &[step])
}
