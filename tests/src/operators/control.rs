//! Blocks, branches and what ends a function.

use super::{
    Case,
    module::RESULTS,
    step::{NUMBERS, ONE, Source, Step, TWO, Type, steps},
};
use Source::{Local, Register};

/// Makes a value of a type in a register.
fn computed(ty: Type, value: &str) -> String {
    format!("({ty}.add (local.get $zero_{ty}) ({ty}.const {value}))")
}

/// A value of each type, the last ones in registers.
fn values(first: u32) -> String {
    RESULTS.iter().zip(first..).map(|(ty, value)| computed(ty, &value.to_string())).collect()
}

fn case(operator: &str, what: &str, steps: &[Step]) -> Case {
    Case::new(operator, what, "", steps)
}

pub(super) fn cases() -> Vec<Case> {
    [blocks(), conditions(), branches(), tables(), ends()].concat()
}

fn blocks() -> Vec<Case> {
    let mut cases = Vec::new();
    for ty in NUMBERS {
        let value = computed(ty, "5");
        let block = Step::new(format!("(block (result {ty}) {value})"), &[ty]);
        let looped = format!(
            "(loop (result {ty}) {value} (br_if 0 (i32.lt_u (local.tee $o1_i32
               (i32.add (local.get $o1_i32) (i32.const 1))) (i32.const 3))))"
        );
        let looped = Step::new(looped, &[ty]).with(&[("i32", "0"), ("i32", "0")], &[Local, Local]);
        // The first operand stays below the loop.
        let looped = Step { results: vec!["i32", ty], operands: "(local.get $o0_i32)".to_owned(), ..looped };
        cases.push(case("block", ty, &[block]));
        cases.push(case("loop", ty, &[looped]));
    }
    let several = format!("(block (result i32 i64 f32 f64) {})", values(3));
    cases.push(case("block", "of several values", &[Step::new(several, RESULTS)]));
    let nested = "(block (result i32)
        (loop (result i32) (block (result i32) (i32.const 4)) (i32.const 3) (i32.mul)))";
    cases.push(case("end", "of nested blocks", &[Step::new(nested, &["i32"])]));
    cases
}

fn conditions() -> Vec<Case> {
    let mut cases = Vec::new();
    for condition in ["0", "1", "-1"] {
        let of = |operator: String, results: &[Type]| steps(&operator, &[("i32", condition)], results, &ONE);
        let what = format!("by {condition}");
        let counts = "(if (then (global.set $paused (i32.const 99))))".to_owned();
        cases.push(case("if", &what, &of(counts, &[])));
        for ty in NUMBERS {
            let (then, other) = (computed(ty, "5"), computed(ty, "8"));
            let both = format!("(if (result {ty}) (then {then}) (else {other}))");
            cases.push(case("else", &format!("{what}, {ty}"), &of(both, &[ty])));
        }
        let (then, other) = (values(3), values(50));
        let both = format!("(if (result i32 i64 f32 f64) (then {then}) (else {other}))");
        cases.push(case("else", &format!("{what}, several values"), &of(both, RESULTS)));
        // Fused with the comparison before it.
        for compare in ["i32.eq", "i32.lt_s", "i32.ge_u", "i32.and"] {
            let operator = format!("{compare} (if (result i32) (then (i32.const 3)) (else (i32.const 4)))");
            let compared = steps(&operator, &[("i32", condition), ("i32", "1")], &["i32"], &TWO);
            cases.push(case("if", &format!("{what}, {compare}"), &compared));
        }
    }
    cases
}

fn branches() -> Vec<Case> {
    let mut cases = Vec::new();
    for ty in NUMBERS {
        let value = computed(ty, "5");
        let out = format!("(block (result {ty}) (block (result {ty}) {value} (br 1)) (drop) (unreachable))");
        cases.push(case("br", ty, &[Step::new(out, &[ty])]));
    }
    let out = format!("(block (result i32 i64 f32 f64) (i32.const 1) (i64.const 2) {} (br 0))", values(9));
    cases.push(case("br", "with several values over others", &[Step::new(out, RESULTS)]));
    cases.push(case("br", "without values", &[Step::new("(block (block (br 1)) (unreachable))", &[])]));
    for condition in ["0", "1"] {
        // The operands are put on the stack within the block.
        let within = |before: &str, after: &str, results: &[Type]| -> Vec<Step> {
            let each = ONE.iter().map(|sources| {
                let Step { prepare, operands, .. } = Step::new("", &[]).with(&[("i32", condition)], sources);
                Step { prepare, ..Step::new(format!("{before} {operands} br_if 0 {after}"), results) }
            });
            each.collect()
        };
        let plain = within("(block", "(global.set $paused (i32.const 77)))", &[]);
        cases.push(case("br_if", &format!("by {condition}"), &plain));
        for ty in NUMBERS {
            let before = format!("(block (result {ty}) {}", computed(ty, "5"));
            let after = format!("drop {})", computed(ty, "6"));
            cases.push(case("br_if", &format!("by {condition}, {ty}"), &within(&before, &after, &[ty])));
        }
        let before = format!("(block (result i32 i64 f32 f64) {}", values(7));
        let after = format!("drop drop drop drop {})", values(40));
        let several = within(&before, &after, RESULTS);
        cases.push(case("br_if", &format!("by {condition}, several values"), &several));
    }
    cases
}

fn tables() -> Vec<Case> {
    let mut cases = Vec::new();
    for index in ["0", "1", "2", "7", "-1"] {
        let within = |sources: &&[Source], text: &dyn Fn(&str) -> String, results: &[Type]| {
            let Step { prepare, operands, .. } = Step::new("", &[]).with(&[("i32", index)], sources);
            Step { prepare, ..Step::new(text(&operands), results) }
        };
        let plain = |operands: &str| {
            format!(
                "(block $c (block $b (block $a {operands} (br_table $a $b $a $c))
                   (global.set $paused (i32.const 5)) (br $c))
                 (global.set $paused (i32.const 6)))"
            )
        };
        let plain: Vec<Step> = ONE.iter().map(|sources| within(sources, &plain, &[])).collect();
        cases.push(case("br_table", &format!("at {index}"), &plain));
        for ty in NUMBERS {
            let value = computed(ty, "5");
            let with_value = |operands: &str| {
                format!(
                    "(block $c (result {ty}) (block $b (result {ty}) (block $a (result {ty})
                       {value} {operands} (br_table $a $b $c))
                     drop {} br $c) drop {})",
                    computed(ty, "30"),
                    computed(ty, "31")
                )
            };
            let with_value: Vec<Step> =
                ONE.iter().map(|sources| within(sources, &with_value, &[ty])).collect();
            cases.push(case("br_table", &format!("at {index}, {ty}"), &with_value));
        }
    }
    cases
}

/// What ends a function, in one that is called.
fn ends() -> Vec<Case> {
    let mut cases = vec![case("unreachable", "is reached", &[Step::new("unreachable", &[])])];
    for early in ["0", "1"] {
        let fields = format!(
            "(func $ends (param i32) (result i32 i64 f32 f64)
               (local $zero_i32 i32) (local $zero_i64 i64) (local $zero_f32 f32) (local $zero_f64 f64)
               (i32.const 66) (if (local.get 0) (then {} return)) drop {} return)",
            values(12),
            values(23)
        );
        let called = Step::new("call $ends", RESULTS).with(&[("i32", early)], &[Register]);
        cases.push(Case::new("return", &format!("early: {early}"), &fields, &[called]));
    }
    cases
}
