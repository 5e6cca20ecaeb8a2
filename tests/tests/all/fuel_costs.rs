//! The cost model of `guestbox::costs`: programs and what they use, worked out by hand from
//! its tables. Where one of these counts has to change, `costs::VERSION` goes up.

use guestbox::{
    CallOptions, Environment, FuncIndex, HostCall, HostError, InvokeError, NoImports, Store, Value, Values,
    costs,
};
use guestbox_tests::text;

/// A program, the argument of its `run`, and the fuel that the guest uses, beside the call.
struct Program {
    name: &'static str,
    text: String,
    argument: i32,
    fuel: u64,
}

/// A program of one function `run` with the parameter `$n`.
fn body(name: &'static str, argument: i32, fuel: u64, body: &str) -> Program {
    module(name, argument, fuel, "", body)
}

/// The same with more of a module, and further locals, before the body.
fn module(name: &'static str, argument: i32, fuel: u64, fields: &str, body: &str) -> Program {
    let text = format!("(module {fields} (func (export \"run\") (param $n i32) {body}))");
    Program { name, text, argument, fuel }
}

/// Whenever a region is entered.
const ENTER: u64 = 1;
const SIMPLE: u64 = 1;
const CALL: u64 = 6;
const HOST_CALL: u64 = costs::HOST_CALL as u64;
const DIVISION: u64 = 3;
const BULK: u64 = 4;
const GROWTH: u64 = 8;
const TABLE_GROWTH: u64 = 64;
/// Elements of a table for a unit.
const ELEMENTS: u64 = 16;

fn programs() -> [Program; 36] {
    let twice = "(drop (i32.add (local.get $n) (i32.const 1)))";
    let count_down = "(br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))";
    let turn = 5 * SIMPLE;
    let (near, far) = ("(nop)".repeat(60), "(nop)".repeat(64));
    let page = 65_536 / 64;
    [
        body("nothing", 0, ENTER, ""),
        body("structure", 0, ENTER, "(block) (block (block)) (return)"),
        body("nop", 0, ENTER + 3 * SIMPLE, "(nop) (nop) (nop)"),
        body("simple", 0, ENTER + 2 * 3 * SIMPLE, &twice.repeat(2)),
        body("loop", 9, ENTER + 9 * (ENTER + turn), &format!("(loop {count_down})")),
        body(
            "nested loops",
            3,
            ENTER + 3 * (ENTER + 2 * SIMPLE + turn + 2 * (ENTER + turn)) + SIMPLE,
            &format!(
                "(local $m i32) (loop (local.set $m (i32.const 2)) (loop {inner}) {count_down}) (nop)",
                inner = count_down.replace("$n", "$m")
            ),
        ),
        body("if, taken", 1, ENTER + 2 * SIMPLE + ENTER + SIMPLE, "(if (local.get $n) (then (nop)))"),
        body("if, not taken", 0, ENTER + 2 * SIMPLE, "(if (local.get $n) (then (nop) (nop)))"),
        body(
            "if else",
            0,
            ENTER + 2 * SIMPLE + ENTER + 2 * SIMPLE,
            "(if (local.get $n) (then (nop)) (else (nop) (nop)))",
        ),
        body(
            "what a branch skips is paid for",
            1,
            ENTER + 2 * SIMPLE + 3 * SIMPLE,
            &format!("(block (br_if 0 (local.get $n)) {twice})"),
        ),
        body(
            "where a far branch goes another region begins",
            1,
            ENTER + 2 * SIMPLE + 64 * SIMPLE + 3 * SIMPLE + ENTER,
            &format!("(block (block (br_if 1 (local.get $n)) {far}) {twice}) (return)"),
        ),
        body(
            "a branch that is not far begins no region",
            1,
            ENTER + 2 * SIMPLE + 60 * SIMPLE + 3 * SIMPLE,
            &format!("(block (block (br_if 1 (local.get $n)) {near}) {twice})"),
        ),
        body(
            "arms of a table of branches",
            1,
            // The first arm is in the region of the table, the second has one of its own, the third is not paid
            // for, and another region begins behind them.
            ENTER + SIMPLE + 4 + 64 * SIMPLE + SIMPLE + ENTER + 3 * SIMPLE + SIMPLE + ENTER,
            &format!(
                "(block $out (block $two (block $one (block $zero (br_table $zero $one $two (local.get $n)))
                    {far} (br $out)) {twice} (br $out)) {far} (br $out))"
            ),
        ),
        body(
            "a branch out of the first arm of an if is no far one",
            1,
            ENTER + 2 * SIMPLE + ENTER + SIMPLE + 3 * SIMPLE,
            &format!("(if (local.get $n) (then (br 0)) (else {near})) {twice}"),
        ),
        body(
            "a loop takes its parameters on each turn",
            3,
            ENTER + SIMPLE + 2 + 3 * (ENTER + 4 * SIMPLE + SIMPLE + 2),
            "(local.get $n) (loop (param i32) (local.tee $n (i32.sub (i32.const 1))) (br_if 0 (local.get $n)) (drop))"
                .replace("(br_if 0 (local.get $n)) (drop)", "(local.get $n) (br_if 0) (drop)")
                .as_str(),
        ),
        body(
            "constant branches",
            1,
            ENTER + 4 * SIMPLE + 4 + ENTER + 3 * SIMPLE,
            &format!(
                "(block (br_if 0 (i32.const 1)) (loop {far}))
                 (block (block (br_table 1 0 (i32.const 0))) (loop {far}))
                 (if (local.get $n) (then (nop) (nop)))"
            ),
        ),
        body(
            "a constant below many operands",
            1,
            ENTER + SIMPLE + 70 * SIMPLE + SIMPLE + ENTER + SIMPLE,
            &format!(
                "(i32.const 1) {} {} (if (then (nop)) (else (nop) (nop)))",
                "(local.get $n)".repeat(70),
                "(drop)".repeat(70)
            ),
        ),
        body(
            "sign extension of 16 bits",
            -1,
            ENTER + 3 * SIMPLE + SIMPLE,
            "(drop (i64.extend16_s (i64.extend_i32_u (local.get $n)))) (nop)",
        ),
        body(
            "no region begins above an operand",
            1,
            ENTER + SIMPLE + 2 * SIMPLE + 64 * SIMPLE + 3 * SIMPLE,
            &format!("(i32.const 0) (block (br_if 0 (local.get $n)) {far}) {twice} (drop)"),
        ),
        body(
            "what is not reached costs nothing",
            1,
            ENTER + SIMPLE + SIMPLE,
            &format!(
                "(block (br 0) {far} (loop {far}) (if (i32.const 1) (then (nop)))) (nop) (return) {far}"
            ),
        ),
        body(
            "constant conditions",
            1,
            ENTER + 2 * SIMPLE + ENTER + SIMPLE + 4 * SIMPLE + ENTER + 2 * SIMPLE,
            "(if (i32.const 1) (then (nop)) (else (nop) (nop) (nop)))
             (if (i32.add (i32.const 1) (i32.const -1)) (then (nop)) (else (nop) (nop)))",
        ),
        body(
            "what is mended costs as what is not, and values that are passed cost two units each",
            1,
            ENTER + 5 * SIMPLE + 3 * SIMPLE + 2 * 2 + 2 * SIMPLE + ENTER + 2 * SIMPLE + 2,
            "(drop (select (local.get $n) (i32.const 2) (i32.eqz (local.get $n))))
             (i32.const 1) (i32.const 2) (block (param i32 i32) (local.set $n) (drop))
             (i32.const 1) (local.get $n) (if (param i32) (then (local.set $n)) (else (drop)))",
        ),
        body("br_table", 1, ENTER + SIMPLE + 4, "(block (block (br_table 0 1 (local.get $n))))"),
        body(
            "division",
            7,
            ENTER + 4 * SIMPLE + 2 * DIVISION,
            "(drop (i32.div_s (local.get $n) (i32.const 2))) (drop (i32.rem_u (local.get $n) (i32.const 2)))",
        ),
        body(
            "floats",
            7,
            ENTER + 5 * SIMPLE + 2 + 2 + 10 + 10,
            "(drop (f64.sqrt (f64.div (f64.mul (f64.convert_i32_s (local.get $n)) (f64.const 2))
                (f64.neg (f64.abs (f64.const 3))))))",
        ),
        module(
            "calls",
            7,
            ENTER + 2 * (CALL + ENTER) + SIMPLE,
            "(table 1 funcref) (elem (i32.const 0) $f) (func $f)",
            "(call $f) (call_indirect (i32.const 0))",
        ),
        module(
            "a call of a function with 100 locals",
            7,
            ENTER + SIMPLE + CALL + ENTER + 100 / u64::from(costs::LOCALS_PER_UNIT),
            &format!("(func $f (param i32) (local {}))", "i64 ".repeat(100)),
            "(call $f (local.get $n))",
        ),
        module(
            "host calls",
            3,
            ENTER + 3 * (ENTER + HOST_CALL + SIMPLE + turn),
            "(import \"env\" \"host\" (func $host (param i32) (result i32)))",
            &format!("(loop (drop (call $host (local.get $n))) {count_down})"),
        ),
        module(
            "memory.grow",
            2,
            ENTER + 2 * (GROWTH + SIMPLE) + 2 * page,
            "(memory 1 5)",
            "(drop (memory.grow (local.get $n))) (drop (memory.grow (i32.const 3)))",
        ),
        module(
            "memory in bulk",
            640,
            ENTER + 2 * (BULK + 3 * SIMPLE) + 640 / 64 + 127 / 64,
            "(memory 1)",
            "(memory.fill (i32.const 0) (i32.const 1) (local.get $n))
             (memory.copy (i32.const 0) (i32.const 9) (i32.const 127))",
        ),
        module(
            "tables",
            40,
            ENTER + TABLE_GROWTH + 2 * SIMPLE + 40 / ELEMENTS + BULK + 3 * SIMPLE + 16 / ELEMENTS,
            "(table $t 0 funcref)",
            "(drop (table.grow $t (ref.null func) (local.get $n)))
             (table.fill $t (i32.const 0) (ref.null func) (i32.const 16))",
        ),
        body(
            "vectors",
            7,
            ENTER + 5 * SIMPLE + 16 + 8 + 4 + 2 + 2 * SIMPLE,
            "(local $v v128) (local.get $v) (local.get $v) (i8x16.add) (local.get $v) (i16x8.add)
             (local.get $v) (i32x4.add) (local.get $v) (i64x2.add) (v128.not) (local.set $v)",
        ),
        body(
            "lanes of floats",
            7,
            ENTER + SIMPLE + 3 * SIMPLE + 8 + 40 + 20 + 8 + SIMPLE + SIMPLE,
            "(local $v v128) (local.get $v) (local.get $v) (f32x4.mul) (f32x4.sqrt) (local.get $v) (f64x2.div)
             (i32x4.trunc_sat_f64x2_s_zero) (i32x4.extract_lane 1) (local.set $n) (local.get $n) (drop)",
        ),
        module(
            "vectors in memory",
            7,
            ENTER + 5 * SIMPLE + 2 * SIMPLE + 8 + 2 * 2,
            "(memory 1)",
            "(v128.store (local.get $n) (v128.load (local.get $n)))
             (v128.store8_lane 1 (local.get $n) (v128.load8_lane 2 (local.get $n) (v128.load8x8_s (local.get $n))))",
        ),
        module(
            "a call of a function with 100 locals that are vectors",
            7,
            ENTER + CALL + ENTER + 200 / u64::from(costs::LOCALS_PER_UNIT),
            &format!("(func $f (local {}))", "v128 ".repeat(100)),
            "(call $f)",
        ),
        module(
            "segments",
            64,
            ENTER + 2 * BULK + 3 * SIMPLE + 1,
            &format!("(memory 1) (data $d \"{}\")", "a".repeat(64)),
            "(memory.init $d (i32.const 0) (i32.const 0) (local.get $n)) (data.drop $d)",
        ),
    ]
}

#[test]
fn programs_use_what_the_table_says() {
    let host = |_: &mut Store, _: HostCall<'_>| -> Result<Values, HostError> { Ok(0.into()) };
    let environment = Environment::new().with_function("env", "host", FuncIndex(0));
    let counts = programs().map(|program| {
        let mut store = Store::new();
        let guest = text::guest(&mut store, &program.text, &environment);
        let args = [Value::I32(program.argument)];
        let outcome = store.invoke_with(&mut { host }, guest, "run", &args, CallOptions::new()).unwrap();
        (program.name, outcome.fuel_used, u64::from(costs::EXPORT_CALL) + program.fuel)
    });
    let wrong: Vec<_> = counts.iter().filter(|(_, used, said)| used != said).collect();
    assert!(wrong.is_empty(), "program, used, said: {wrong:?}");
}

#[test]
fn the_version_goes_up_with_the_counts() {
    assert_eq!(costs::VERSION, 4, "then the counts above are others, too");
}

/// Operators that trap, with a constant at `@` that makes them, its type and the constant.
const BOUND_TO_TRAP: &[(&str, &str, &str)] = &[
    ("(i32.div_s (local.get $n) @)", "i32", "0"),
    ("(i32.div_u (i32.const 3) @)", "i32", "0"),
    ("(i32.rem_s (local.get $n) @)", "i32", "0"),
    ("(i32.div_s (i32.const 0x80000000) @)", "i32", "-1"),
    ("(i64.rem_u (i64.const 7) @)", "i64", "0"),
    ("(i64.div_s (i64.extend_i32_s (local.get $n)) @)", "i64", "0"),
    ("(i64.div_s (i64.const 0x8000000000000000) @)", "i64", "-1"),
    ("(i32.trunc_f32_s @)", "f32", "nan"),
    ("(i32.trunc_f64_u @)", "f64", "-1"),
    ("(i64.trunc_f32_u @)", "f32", "inf"),
    ("(i64.trunc_f64_s @)", "f64", "1e30"),
    ("(i32.load @)", "i32", "131073"),
    ("(i32.load (i32.add @ (i32.const 0)))", "i32", "131073"),
    ("(f64.load offset=4294967295 @)", "i32", "1"),
    ("(i32.store @ (local.get $n)) (i32.const 0)", "i32", "131073"),
    ("(i64.store8 offset=131000 @ (i64.const 1)) (i32.const 0)", "i32", "131000"),
    ("(f32.store @ (f32.add (f32.const 1) (f32.convert_i32_s (local.get $n)))) (i32.const 0)", "i32", "-1"),
    ("(v128.load @)", "i32", "131073"),
    ("(v128.store16_lane 1 @ (v128.const i64x2 1 2)) (i32.const 0)", "i32", "131073"),
];

#[test]
fn constants_that_are_bound_to_make_an_operator_trap_change_nothing() {
    for (operator, ty, constant) in BOUND_TO_TRAP {
        let [known, unknown] =
            [format!("({ty}.const {constant})"), "(global.get $g)".to_owned()].map(|operand| {
                let text = format!(
                    r#"(module (memory 1 2) (global $g (mut {ty}) ({ty}.const {constant}))
                  (func (export "run") (param $n i32)
                    (block {operator} (drop) (loop (drop (i32.const 1)) (drop (i32.const 2)))
                      (if (local.get $n) (then (drop (i32.const 3))) (else (drop (i32.const 4)))))
                    (loop (drop (i32.const 5)))))"#,
                    operator = operator.replace('@', &operand)
                );
                let mut store = Store::new();
                let guest = text::guest(&mut store, &text, &Environment::new());
                match store.invoke(&mut NoImports, guest, "run", &[Value::I32(7)], 0) {
                    Err(InvokeError::Trap(trap)) => (trap.code(), trap.fuel_used()),
                    other => panic!("{text}: {other:?}"),
                }
            });
        assert_eq!(known, unknown, "{operator}");
    }
}
