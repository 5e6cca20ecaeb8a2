//! Imports and exports of every shape: no, one and many parameters and results, of all types,
//! called directly, through a table and from nested functions.
//!
//! The engine puts the results of a resumed call back onto the stack of the guest that waited
//! for them; around the calls here there are values that must not be touched by that.

use super::{finish, host, pause};
use guestbox::{Store, Value};
use guestbox_tests::text;

const TYPES: [&str; 4] = ["i32", "i64", "f32", "f64"];

/// The type of the parameter or result at `at` in shape `turn`.
fn ty(turn: usize, at: usize) -> &'static str {
    TYPES[(turn + at) % 4]
}

fn types(turn: usize, count: usize) -> String {
    (0..count).map(|at| ty(turn, at)).collect::<Vec<_>>().join(" ")
}

fn value(turn: usize, at: usize, number: u32) -> Value {
    match ty(turn, at) {
        "i32" => Value::I32(number.cast_signed()),
        "i64" => Value::I64(i64::from(number) << 20),
        "f32" => Value::F32(0x7F80_0000 + number),
        _ => Value::F64(0x7FF0_0000_0000_0000 + u64::from(number)),
    }
}

fn values(turn: usize, count: usize, from: u32) -> Vec<Value> {
    (0..count).zip(from..).map(|(at, number)| value(turn, at, number)).collect()
}

/// `run` passes its parameters to the import and returns what that returns, between two marks.
fn passing(turn: usize, params: usize, results: usize, how: &str) -> String {
    let (params_types, result_types) = (types(turn, params), types(turn + 1, results));
    let args: String = (0..params).map(|at| format!("(local.get {at})")).collect();
    // The results leave the stack in reverse, so `$mark` is what is below them after.
    let call = match how {
        "direct" => format!("(call $host {args})"),
        "table" => format!("(call_indirect (type $t) {args} (i32.const 1))"),
        _ => format!("(call $deeper {args})"),
    };
    format!(
        r#"(module (type $t (func (param {params_types}) (result {result_types})))
          (import "env" "host" (func $host (type $t)))
          (table 2 funcref) (elem (i32.const 1) $host)
          (func $deeper (type $t) (local i64 f64 i32) {args} (call $host))
          (func (export "run") (param {params_types}) (result i64 {result_types} i32)
            (local $a i64) (local $b i32)
            (local.set $a (i64.const 77)) (local.set $b (i32.const 88))
            (i64.add (local.get $a) (i64.const 1))
            {call}
            (i32.add (local.get $b) (i32.const 1))))"#
    )
}

fn check(turn: usize, params: usize, results: usize, how: &str) {
    let mut store = Store::new();
    let guest = text::guest(&mut store, &passing(turn, params, results, how), &host());
    let (args, answer) = (values(turn, params, 1), values(turn + 1, results, 101));
    let mut execution = store.begin(guest, "run", &args, 0).unwrap();
    let what = format!("{how}: {params} parameters, {results} results, turn {turn}");
    assert_eq!(pause(&mut execution, &mut store), args, "{what}");
    execution.answer(Ok(answer.clone().into())).unwrap();
    let expected: Vec<_> = [Value::I64(78)].into_iter().chain(answer).chain([Value::I32(89)]).collect();
    assert_eq!(*finish(&mut execution, &mut store), expected, "{what}");
}

#[test]
fn imports_of_every_shape_get_their_arguments_and_give_their_results() {
    for how in ["direct", "table", "deeper"] {
        for turn in 0..4 {
            for params in 0..=6 {
                for results in 0..=6 {
                    check(turn, params, results, how);
                }
            }
        }
    }
}

#[test]
fn imports_may_have_as_many_parameters_and_results_as_the_limit_allows() {
    for how in ["direct", "table", "deeper"] {
        check(0, 32, 30, how);
        check(3, 0, 30, how);
        check(2, 32, 0, how);
    }
}

/// The types for which the core has functions of its own: up to four `i32`s.
#[test]
fn imports_of_few_integers_get_their_arguments_and_give_their_results() {
    for params in 0..=6_i32 {
        for result in ["", "(result i32)", "(result i32 i32)", "(result i64)"] {
            let declared = "i32 ".repeat(params.unsigned_abs().try_into().unwrap());
            let args: String = (0..params).map(|at| format!("(i32.const {})", at - 3)).collect();
            let text = format!(
                r#"(module (import "env" "host" (func $host (param {declared}) {result}))
                     (func (export "run") {result} (call $host {args})))"#
            );
            let mut store = Store::new();
            let guest = text::guest(&mut store, &text, &host());
            let mut execution = store.begin(guest, "run", &[], 0).unwrap();
            let expected: Vec<_> = (0..params).map(|at| Value::I32(at - 3)).collect();
            assert_eq!(pause(&mut execution, &mut store), expected);
            let answer: Vec<_> = match result {
                "" => vec![],
                "(result i64)" => vec![Value::I64(i64::MIN)],
                "(result i32)" => vec![Value::I32(i32::MIN)],
                _ => vec![Value::I32(i32::MIN), Value::I32(i32::MAX)],
            };
            execution.answer(Ok(answer.clone().into())).unwrap();
            assert_eq!(*finish(&mut execution, &mut store), answer, "{params} {result}");
        }
    }
}

#[test]
fn a_guest_reached_by_a_tail_call_may_call_imports() {
    let text = r#"(module (import "env" "host" (func $host (param i32) (result i32)))
        (table 1 funcref) (elem (i32.const 0) $last) (type $t (func (param i32 i64) (result i32)))
        (func $last (type $t) (i32.add (call $host (local.get 0)) (i32.wrap_i64 (local.get 1))))
        (func $middle (param i32) (result i32) (local i64 i64 i64)
          (drop (call $host (i32.const -1)))
          (return_call $last (i32.mul (local.get 0) (i32.const 2)) (i64.const 1000)))
        (func (export "run") (param i32) (result i32)
          (i32.add (call $middle (local.get 0)) (i32.const 10000))))"#;
    let mut store = Store::new();
    let guest = text::guest(&mut store, text, &host());
    let mut execution = store.begin(guest, "run", &[Value::I32(21)], 0).unwrap();
    for (argument, answer) in [(-1, 3), (42, 5)] {
        assert_eq!(pause(&mut execution, &mut store), [Value::I32(argument)]);
        execution.answer(Ok(answer.into())).unwrap();
    }
    assert_eq!(*finish(&mut execution, &mut store), [Value::I32(11_005)]);
}
