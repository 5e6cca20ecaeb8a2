//! What no generator of small modules makes: long functions, far branches, many constants, deep
//! blocks, many locals, long chains and ladders.

use super::case::Case;
use crate::random::Random;
use std::fmt::Write;

/// More operators than conditional branches of wasmi 1.1.0 reach over.
const FAR: u32 = 160_000;

/// Cases with a name each.
#[must_use]
pub fn cases() -> Vec<Case> {
    let all: &[(&str, String, u64, &[i32])] = &[
        ("100,000 operators", module(&run(&operators(1, 100_000))), 1_000_000, &[0, 1, -7]),
        ("a far branch forward", far_forward(), 1_000_000, &[0, 1, 2]),
        ("a far branch backward", far_backward(), 1_000_000, &[0, 1, 3]),
        ("far branches out of an if", far_if(), 1_000_000, &[0, 1, 2]),
        ("a table of far branches", far_table(), 1_000_000, &[0, 1, 2, 3, 4, 5, -1]),
        ("30,000 constants", constants(), 1_000_000, &[0, -1]),
        ("1,000 blocks deep", deep(1_000), 1_000_000, &[0, 1, 499, 998, 999, 5_000]),
        ("1,000 loops deep", deep_loops(1_000), 1_000_000, &[0, 1, 5]),
        ("1,000 locals", locals(1_000), 1_000_000, &[0, 77]),
        ("1,000 operands", operands(1_000), 1_000_000, &[0, 77]),
        ("5,000 br_if", chain(5_000), 1_000_000, &[0, 1, 4_999, 5_000]),
        ("a ladder of 900 if", ladder(900), 1_000_000, &[0, 1, 450, 899, 900]),
        ("3,000 if after each other", ifs(3_000), 1_000_000, &[0, 5, -1]),
        ("2,000 functions", functions(2_000), 1_000_000, &[0, 3]),
        ("bulk operations", bulk(), 1_000_000, &[0, 1, 63, 64, 1_000, 5_000]),
        ("a table of 5,000 branches", wide_table(5_000), 1_000_000, &[0, 1, 4_999, 5_000, -1]),
    ];
    all.iter().map(|(name, text, fuel, args)| Case::named(name, text, *fuel, args)).collect()
}

/// A module around functions: `run` takes a number, which is local 0, and returns local 1 after
/// it; 2 is one of 64 bits and 3 a float.
fn module(functions: &str) -> String {
    format!(
        r#"(module (import "env" "two" (func $two (param i32) (result i32)))
          (memory (export "memory") 1 2) (global $g (export "g") (mut i32) (i32.const 9)) {functions})"#
    )
}

fn run(body: &str) -> String {
    format!(
        r#"(func (export "run") (param i32) (result i32) (local i32 i64 f64) {body}
          (i32.xor (local.get 1) (i32.wrap_i64 (i64.xor (local.get 2) (i64.trunc_sat_f64_s (local.get 3))))))"#
    )
}

/// At least so many operators that do something with all that there is.
fn operators(seed: u64, number: u32) -> String {
    let mut random = Random::new(seed);
    let mut text = String::new();
    let mut written = 0;
    while written < number {
        let n = random.next() as u16;
        let (operators, line) = match random.below(10) {
            0 => (4, format!("(local.set 1 (i32.add (local.get 1) (i32.const {n})))")),
            1 => {
                (6, format!("(local.set 1 (i32.xor (i32.mul (local.get 1) (i32.const {n})) (local.get 0)))"))
            }
            2 => (4, format!("(i32.store offset={n} (i32.and (local.get 1) (i32.const 252)) (local.get 1))")),
            3 => (6, format!("(local.set 1 (i32.add (local.get 1) (i32.load offset={n} (i32.const 4))))")),
            4 => (5, format!("(local.set 2 (i64.add (i64.extend_i32_s (local.get 1)) (i64.const {n})))")),
            5 => {
                (6, format!("(local.set 2 (i64.rotl (i64.mul (local.get 2) (i64.const {n})) (i64.const 7)))"))
            }
            6 => (6, format!("(local.set 3 (f64.add (local.get 3) (f64.convert_i32_s (i32.const {n}))))")),
            7 => (5, "(global.set $g (i32.add (global.get $g) (local.get 1)))".to_owned()),
            8 => {
                (6, "(local.set 1 (select (local.get 0) (local.get 1) (i32.eqz (global.get $g))))".to_owned())
            }
            _ => (6, format!("(local.set 3 (f64.sub (f64.convert_i64_s (local.get 2)) (f64.const {n})))")),
        };
        text += &line;
        written += operators;
    }
    text
}

fn far_forward() -> String {
    let (first, second) = (operators(2, FAR), operators(3, 50));
    module(&run(&format!("(block (br_if 0 (local.get 0)) {first} (br_if 0 (local.get 1)) {second})")))
}

fn far_backward() -> String {
    let body = operators(4, FAR);
    let down = "(br_if 0 (i32.gt_s (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 0)))";
    module(&run(&format!("(loop {body} {down} {})", operators(5, 50))))
}

fn far_if() -> String {
    let [first, second, third] = [6, 7, 8].map(|seed| operators(seed, FAR));
    module(&run(&format!(
        "(block (loop (if (i32.and (local.get 0) (i32.const 1))
          (then {first} (local.set 0 (i32.shr_u (local.get 0) (i32.const 1))) (br_if 1 (local.get 0)))
          (else {second} (br_if 2 (i32.eqz (local.get 0)))
            (local.set 0 (i32.shr_u (local.get 0) (i32.const 1))) (br_if 1 (local.get 0)))))
          {third})"
    )))
}

fn far_table() -> String {
    let mut text = "(br_table 0 1 2 3 4 (local.get 0))".to_owned();
    for seed in 10..15 {
        text = format!("(block {text}) {} (call $two (local.get 1)) (local.set 1)", operators(seed, FAR / 2));
    }
    module(&run(&text))
}

fn constants() -> String {
    let mut random = Random::new(15);
    let mut text = String::new();
    for _ in 0..10_000 {
        let n = random.next();
        let line = format!(
            "(local.set 1 (i32.xor (local.get 1) (i32.const {}))) (local.set 2 (i64.add (local.get 2) (i64.const {n})))
            (local.set 3 (f64.add (local.get 3) (f64.const {}.5)))",
            n >> 32,
            n >> 40
        );
        text += &line;
    }
    module(&run(&text))
}

/// Blocks within each other; how far out it branches is the argument.
fn deep(depth: u32) -> String {
    let mut text = String::new();
    for _ in 0..depth {
        text += "(block ";
    }
    for level in 0..depth {
        write!(text, "(br_if {level} (i32.eq (local.get 0) (i32.const {level})))").unwrap();
    }
    for level in 0..depth {
        write!(text, ") (local.set 1 (i32.add (i32.mul (local.get 1) (i32.const 3)) (i32.const {level})))")
            .unwrap();
    }
    module(&run(&text))
}

fn deep_loops(depth: u32) -> String {
    let mut text = String::new();
    for level in 0..depth {
        write!(text, "(loop (local.set 1 (i32.add (local.get 1) (i32.const {level})))").unwrap();
    }
    let again = "(local.set 0 (i32.sub (local.get 0) (i32.const 1)))";
    write!(text, "{again} (br_if 500 (i32.gt_s (local.get 0) (i32.const 0)))").unwrap();
    write!(text, "(br_if {} (i32.gt_s (local.get 0) (i32.const -3)))", depth - 1).unwrap();
    text += &")".repeat(depth as usize);
    module(&run(&text))
}

fn locals(number: u32) -> String {
    let mut text = format!("(func $many (param i32) (result i32) (local {})", "i32 ".repeat(number as usize));
    for local in 1..=number {
        write!(text, "(local.set {local} (i32.add (local.get {}) (i32.const {local})))", local - 1).unwrap();
    }
    text += "(if (local.get 0) (then (local.set 0 (call $many (i32.shr_u (local.get 0) (i32.const 1))))))";
    for local in (1..=number).rev() {
        write!(text, "(local.set 0 (i32.xor (local.get 0) (i32.mul (local.get {local}) (i32.const 31))))")
            .unwrap();
    }
    text += "(local.get 0))";
    module(&(text + &run("(local.set 1 (call $many (local.get 0)))")))
}

/// Operands that wait for each other, with a call among them.
fn operands(number: u32) -> String {
    let mut text = "(local.set 1 ".to_owned();
    for at in 0..number {
        write!(text, "(i32.add (i32.mul (local.get 0) (i32.const {at})) ").unwrap();
    }
    text += "(call $two (local.get 0))";
    text += &")".repeat(number as usize + 1);
    module(&run(&text))
}

fn chain(number: u32) -> String {
    let mut text = "(block ".to_owned();
    for at in 0..number {
        write!(text, "(br_if 0 (i32.eq (local.get 0) (i32.const {at}))) (local.set 1 (i32.add (local.get 1) (i32.const {at})))")
            .unwrap();
    }
    module(&run(&(text + ")")))
}

fn ladder(number: u32) -> String {
    let mut text = String::new();
    for at in 0..number {
        write!(
            text,
            "(if (i32.eq (local.get 0) (i32.const {at})) (then (local.set 1 (i32.const {}))) (else ",
            at * 7
        )
        .unwrap();
    }
    text += "(local.set 1 (call $two (local.get 0)))";
    text += &"))".repeat(number as usize);
    module(&run(&text))
}

fn ifs(number: u32) -> String {
    let mut text = String::new();
    for at in 0..number {
        write!(
            text,
            "(local.set 1 (i32.add (local.get 1) (if (result i32) (i32.lt_s (local.get 1) (i32.const {}))
              (then (i32.add (local.get 0) (i32.const {at}))) (else (i32.sub (i32.const {at}) (local.get 1))))))",
            at * 100
        )
        .unwrap();
    }
    module(&run(&text))
}

fn functions(number: u32) -> String {
    let mut text = String::new();
    for at in 0..number {
        let next =
            if at + 1 < number { format!("(call {} (local.get 0))", at + 2) } else { "(local.get 0)".into() };
        write!(text, "(func (param i32) (result i32) (i32.add {next} (i32.const {at})))").unwrap();
    }
    module(&(text + &run("(local.set 1 (call 1 (local.get 0)))")))
}

fn wide_table(number: u32) -> String {
    let labels: String = (0..number).map(|at| format!("{} ", at % 7)).collect();
    let mut text = format!("(br_table {labels} 7 (local.get 0))");
    for seed in 30..38 {
        text = format!("(block {text}) {}", operators(seed, 20));
    }
    module(&run(&text))
}

/// Bulk operations and growth of a size by the argument, with values in registers around each.
fn bulk() -> String {
    let size = "(local.get 0)";
    let mut text = String::new();
    for (at, operation) in [
        format!("(memory.fill (i32.const 100) (i32.const 0x5A) {size})"),
        format!("(memory.copy (i32.const 150) (i32.const 90) {size})"),
        format!("(memory.init 0 (i32.const 9000) (i32.const 1) (i32.and {size} (i32.const 1023)))"),
        format!("(table.fill (i32.const 3) (ref.func 1) (i32.shr_u {size} (i32.const 3)))"),
        format!("(table.copy (i32.const 5) (i32.const 1) (i32.shr_u {size} (i32.const 3)))"),
        format!("(table.init 0 (i32.const 2) (i32.const 0) (i32.and {size} (i32.const 31)))"),
        format!("(local.set 1 (i32.add (local.get 1) (table.grow (ref.null func) (i32.shr_u {size} (i32.const 3)))))"),
        format!("(local.set 1 (i32.add (local.get 1) (memory.grow (i32.and {size} (i32.const 1)))))"),
    ]
    .iter()
    .enumerate()
    {
        write!(
            text,
            "(local.set 1 (i32.mul (i32.add (local.get 1) (i32.const {at})) (i32.const 31)))
            (local.set 2 (i64.add (local.get 2) (i64.extend_i32_u (local.get 1)))) {operation}
            (local.set 3 (f64.add (local.get 3) (f64.convert_i32_u (i32.load (i32.const {})))))
            (local.set 1 (i32.add (local.get 1) (i32.wrap_i64 (local.get 2))))",
            at * 50 + 120
        )
        .unwrap();
    }
    let bytes = "bulk".repeat(300);
    let functions = "1 ".repeat(40);
    let data = format!("(table 2000 4000 funcref) (elem func {functions}) (data \"{bytes}\")");
    module(&format!("{data} (func (param i32) (result i32) (local.get 0)) {}", run(&text)))
}
