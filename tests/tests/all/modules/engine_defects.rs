//! What the engine gets wrong, and the core mends before the engine sees it.
//!
//! The last tests here are of the engine alone: where one of them fails the defect has gone, and
//! so can what the core does about it.

use guestbox::{CompileError, Environment, Module, NoImports, Store, Value};
use guestbox_tests::text;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A condition over the parameter `$n`, and whether it holds for a number.
type Condition = (&'static str, fn(i32) -> bool);

const CONDITIONS: &[Condition] = &[
    ("(i32.eqz (local.get $n))", |n| n == 0),
    ("(i32.eq (local.get $n) (i32.const 0))", |n| n == 0),
    ("(i32.eq (i32.const 0) (local.get $n))", |n| n == 0),
    ("(i32.ne (local.get $n) (i32.const 0))", |n| n != 0),
    ("(i32.eqz (i32.eqz (local.get $n)))", |n| n != 0),
    ("(i32.eqz (i32.ne (local.get $n) (i32.const 0)))", |n| n == 0),
    ("(i32.eqz (i32.add (local.get $n) (i32.const 1)))", |n| n == -1),
    ("(i32.eqz (local.tee $n (i32.sub (local.get $n) (i32.const 1))))", |n| n == 1),
    ("(i32.eqz (local.get $n)) (nop)", |n| n == 0),
    ("(i32.eqz (local.get $n)) (drop (i32.const 9))", |n| n == 0),
    ("(i32.eqz (local.get $n)) (call $nothing)", |n| n == 0),
    ("(block (result i32) (i32.eqz (local.get $n)))", |n| n == 0),
    ("(i32.shl (i32.eqz (local.get $n)) (i32.const 0))", |n| n == 0),
    ("(i32.rotr (i32.eqz (local.get $n)) (i32.const 32))", |n| n == 0),
    ("(local.set $m (i32.eqz (local.get $n))) (local.get $m)", |n| n == 0),
    ("(local.tee $m (i32.eqz (local.get $n)))", |n| n == 0),
    ("(ref.is_null (table.get (i32.and (local.get $n) (i32.const 1))))", |n| n & 1 == 0),
    ("(i64.eqz (i64.extend_i32_s (local.get $n)))", |n| n == 0),
    ("(i64.eqz (i64.extend_i32_u (i32.eqz (local.get $n))))", |n| n != 0),
    ("(i64.eq (i64.extend_i32_u (i32.ne (local.get $n) (i32.const 0))) (i64.const 0))", |n| n == 0),
    ("(i64.ne (i64.extend_i32_u (i32.eqz (local.get $n))) (i64.const 0))", |n| n == 0),
    ("(local.get $n)", |n| n != 0),
    ("(i32.lt_s (local.get $n) (i32.const 1))", |n| n < 1),
    ("(i32.eq (local.get $n) (i32.const 1))", |n| n == 1),
    ("(i32.const 0)", |_| false),
];

/// Two values to choose between, first 10 and then 20.
const CHOICES: &[(&str, &str)] = &[
    ("i32", "(i32.const 10) (i32.const 20)"),
    ("i32", "(local.get $ten) (local.get $twenty)"),
    ("i32", "(i32.add (local.get $ten) (i32.const 0)) (i32.const 20)"),
    ("i32", "(call $ten) (i32.add (local.get $twenty) (i32.const 0))"),
    ("i64", "(i64.const 10) (i64.extend_i32_s (local.get $twenty))"),
    ("f32", "(f32.convert_i32_s (local.get $ten)) (f32.const 20)"),
    ("f64", "(f64.const 10) (f64.neg (f64.const -20))"),
];

fn selecting(ty: &str, choice: &str, condition: &str, select: &str) -> String {
    format!(
        r#"(module (table 2 funcref) (elem (i32.const 1) $nothing) (func $nothing)
          (func $ten (result i32) (i32.const 10))
          (func (export "run") (param $n i32) (param $ten i32) (param $twenty i32) (result {ty})
            (local $m i32) {choice} {condition} {select}))"#
    )
}

#[test]
fn select_chooses_by_its_condition_whatever_is_before_it() {
    for (condition, holds) in CONDITIONS {
        for (ty, choice) in CHOICES {
            for select in ["select".to_owned(), format!("select (result {ty})")] {
                let mut store = Store::new();
                let text = selecting(ty, choice, condition, &select);
                let guest = text::guest(&mut store, &text, &Environment::new());
                for n in [0, 1, -1, 2, i32::MIN] {
                    let args = [n, 10, 20].map(Value::I32);
                    let chosen = if holds(n) { 10_u8 } else { 20 };
                    let expected = match *ty {
                        "i32" => Value::I32(chosen.into()),
                        "i64" => Value::I64(chosen.into()),
                        "f32" => Value::from(f32::from(chosen)),
                        _ => Value::from(f64::from(chosen)),
                    };
                    assert_eq!(*text::call(&mut store, guest, "run", &args), [expected], "{n}: {text}");
                }
            }
        }
    }
}

/// A local as the address and the value of a store, from where the engine has it in its register.
const BOTH: &[&str] = &[
    "(local.tee $n (i32.add (local.get $n) (i32.const 1))) (local.get $n)",
    "(local.set $n (i32.add (local.get $n) (i32.const 1))) (local.get $n) (local.get $n)",
    "(local.set $n (i32.add (local.get $n) (i32.const 1))) (local.get $n) (local.get $n) (nop)",
    "(local.set $n (i32.add (local.get $n) (i32.const 1))) (local.get $n) (block (result i32) (local.get $n))",
    "(i32.add (local.get $n) (i32.const 1)) (local.tee $n (i32.add (local.get $n) (i32.const 1)))",
];

/// Stores, and the bytes of a local of 32 bits that they write.
const STORES: &[(&str, usize)] = &[
    ("i32.store", 4),
    ("i32.store8", 1),
    ("i32.store16", 2),
    ("i64.extend_i32_u i64.store", 4),
    ("i64.extend_i32_u i64.store8", 1),
    ("i64.extend_i32_u i64.store16", 2),
    ("i64.extend_i32_u i64.store32", 4),
    ("i64.extend_i32_u i64.const 64 i64.shl i64.store", 4),
];

#[test]
fn a_local_may_be_the_address_and_the_value_of_a_store() {
    for both in BOTH {
        for (store_op, bytes) in STORES {
            for (memory, offset) in [(0, 0), (0, 65_535), (0, 65_536), (0, 70_000), (1, 0), (1, 65_536)] {
                let text = format!(
                    r#"(module (memory (export "0") 3) (memory (export "1") 3)
                      (func (export "run") (param $n i32) {both} {store_op} {memory} offset={offset}))"#
                );
                let mut store = Store::new();
                let guest = text::guest(&mut store, &text, &Environment::new());
                text::call(&mut store, guest, "run", &[Value::I32(0x0201)]);
                let memory = store.exported_memory(guest, &memory.to_string()).unwrap().unwrap();
                let data = store.memory_data_mut(memory).unwrap();
                let written = &data[offset + 0x0202..][..4];
                assert_eq!(written[..*bytes], [2, 2, 0, 0][..*bytes], "{text}");
                let others = data.iter().filter(|byte| **byte != 0).count();
                assert_eq!(others, (*bytes).min(2), "nothing else was written: {text}");
            }
        }
    }
}

/// Stores of a lane that are far: at a large offset, or in another memory than the first. What follows them runs.
#[test]
fn lanes_are_stored_far_away() {
    let vector = "(v128.const i64x2 0x0706050403020100 0x0F0E0D0C0B0A0908)";
    for value in [
        vector.to_owned(),
        format!("(local.tee $v (v128.or (local.get $v) {vector}))"),
        format!("(v128.not (v128.not {vector}))"),
    ] {
        for (name, bytes) in [("8", 1), ("16", 2), ("32", 4), ("64", 8)] {
            for (memory, offset) in [(0, 65_535), (0, 65_536), (0, 70_001), (1, 0), (1, 7), (1, 65_536)] {
                for lane in [0, 16 / bytes - 1] {
                    let text = format!(
                        r#"(module (memory (export "0") 3) (memory (export "1") 3)
                          (func (export "run") (param $n i32) (result i32) (local $v v128)
                            (v128.store{name}_lane {memory} offset={offset} {lane} (local.get $n) {value})
                            (i32.add (local.get $n) (i32.const 1))))"#
                    );
                    let mut store = Store::new();
                    let guest = text::guest(&mut store, &text, &Environment::new());
                    assert_eq!(
                        *text::call(&mut store, guest, "run", &[Value::I32(16)]),
                        [Value::I32(17)],
                        "{text}"
                    );
                    let beyond = store.invoke(&mut NoImports, guest, "run", &[Value::I32(3 << 16)], 0);
                    assert!(beyond.is_err(), "{text}");
                    let memory = store.exported_memory(guest, &memory.to_string()).unwrap().unwrap();
                    let data = store.memory_data_mut(memory).unwrap();
                    let expected: Vec<u8> =
                        (lane * bytes..(lane + 1) * bytes).map(|byte| byte as u8).collect();
                    assert_eq!(data[offset + 16..][..bytes], expected, "{text}");
                    let others = data.iter().filter(|byte| **byte != 0).count();
                    assert_eq!(others, expected.iter().filter(|byte| **byte != 0).count(), "{text}");
                }
            }
        }
    }
}

#[test]
fn what_is_before_an_invalid_operator_is_mended() {
    let store = format!("{} i32.store offset=65536", BOTH[0]);
    for invalid in ["br_table 0 9", "block (type 9) end", "end end", "i32.const 0 br_table 0 9"] {
        for text in [
            format!("(module (memory 2) (func (param $n i32) {store}) (func {invalid}))"),
            format!(
                "(module (memory 2) (func (param $n i32) {store} {invalid}) (func (param $n i32) {store}))"
            ),
        ] {
            assert!(matches!(Module::new(&text::bytes(&text)), Err(CompileError::Invalid(_))), "{text}");
        }
    }
}

#[test]
fn mended_modules_have_all_that_they_had() {
    let text = r#"(module (import "env" "m" (memory 1)) (global $g (export "g") (mut i32) (i32.const 0))
        (start $s) (func $s (global.set $g (select (i32.const 1) (i32.const 2) (i32.eqz (global.get $g)))))
        (func $down (param i32 i32) (result i32)
          (if (result i32) (i32.eqz (local.get 0)) (then (local.get 1))
            (else (return_call $down (i32.sub (local.get 0) (i32.const 1))
              (select (i32.const 7) (i32.const 8) (i32.eqz (local.get 0)))))))
        (func (export "down") (param i32) (result i32) (call $down (local.get 0) (i32.const 9)))
        (func (export "table") (param i32) (result i32)
          (block $two (block $one
              (br_table $one $two (select (i32.const 0) (i32.const 1) (i32.eqz (local.get 0)))))
            (return (i32.const 100)))
          (i32.const 200))
        (data (i32.const 0) "after the code"))"#;
    let mut store = Store::new();
    let memory = store.create_memory(1, None).unwrap();
    let environment = Environment::new().with_memory("env", "m", memory);
    let module = text::module(text);
    let guest = store.instantiate(&mut NoImports, &module, &environment, 0).unwrap();
    assert_eq!(store.global(guest, "g"), Ok(Some(Value::I32(1))));
    for (export, arg, expected) in [("down", 0, 9), ("down", 5, 8), ("table", 0, 100), ("table", 3, 200)] {
        let results = text::call(&mut store, guest, export, &[Value::I32(arg)]);
        assert_eq!(*results, [Value::I32(expected)], "{export} {arg}");
    }
    let mut bytes = [0; 14];
    store.memory_read(memory, 0, &mut bytes).unwrap();
    assert_eq!(&bytes, b"after the code");
}

#[test]
fn the_engine_alone_still_selects_by_what_is_in_its_register() {
    let text = selecting("i32", CHOICES[0].1, CONDITIONS[0].0, "select");
    let chosen = [0, 1].map(|n| run_alone(&text, &[n, 10, 20], 1)[0]);
    assert_ne!(chosen, [10, 20], "this engine does without what `repairs.rs` puts before a select");
}

#[test]
fn the_engine_alone_still_panics_at_such_a_store() {
    for (store_op, _) in [STORES[0], STORES[3]] {
        let text = format!("(module (memory 2) (func (param $n i32) {} {store_op} offset=65536))", BOTH[0]);
        let bytes = text::bytes(&text);
        let mut config = wasmi::Config::default();
        config.compilation_mode(wasmi::CompilationMode::Eager);
        let engine = wasmi::Engine::new(&config);
        let compiled = catch_unwind(AssertUnwindSafe(|| wasmi::Module::new(&engine, &bytes).is_ok()));
        assert!(compiled.is_err(), "this engine does without what `repairs.rs` puts before a store: {text}");
    }
}

/// Blocks with parameters, which the engine gets wrong in several ways.
const BLOCK_PARAMETERS: &[&str] = &[
    r#"(module (func (export "run") (param i32 i32) (result i32)
        local.get 0 i32.const 7 local.get 1
        if (param i32) drop else i32.const 5 local.set 0 drop end))"#,
    r#"(module (func (export "run") (param i32 i32) (result i32)
        local.get 0 i64.const 3 block (param i64) drop local.get 1 br_if 0 i32.const 5 local.set 0 end))"#,
    r#"(module (global $three (mut i32) (i32.const 3)) (func (export "run") (param i32 i32) (result i32)
        global.get $three local.get 1 if (param i32) (result i32) local.set 0 local.get 0 end))"#,
];

#[test]
fn blocks_take_parameters() {
    for text in BLOCK_PARAMETERS {
        for arg in [0, 1, 4] {
            let mut store = Store::new();
            let guest = text::guest(&mut store, text, &Environment::new());
            let results = text::call(&mut store, guest, "run", &[Value::I32(3), Value::I32(arg)]);
            // The last one's `if` leaves the global's 3 in any case.
            assert_eq!(*results, [Value::I32(3)], "{arg}: {text}");
        }
    }
}

#[test]
fn loops_take_their_parameters_again_on_each_turn() {
    let text = r#"(module (func (export "run") (param $n i32) (result i64 i32)
        (i64.const 1) (local.get $n)
        (loop (param i64 i32) (result i64 i32) (local $none i32)
          local.set $n
          local.get $n i64.extend_i32_u i64.mul
          local.get $n i32.const 1 i32.sub
          local.get $n i32.const 2 i32.gt_u br_if 0)))"#
        .replace(" (local $none i32)", "");
    let mut store = Store::new();
    let guest = text::guest(&mut store, &text, &Environment::new());
    for (n, factorial) in [(1, 1), (2, 2), (5, 120), (20, 2_432_902_008_176_640_000)] {
        let results = text::call(&mut store, guest, "run", &[Value::I32(n)]);
        assert_eq!(results[0], Value::I64(factorial), "{n}");
    }
}

#[test]
fn an_if_without_else_passes_on_what_it_was_given() {
    let text = r#"(module (func (export "run") (param i32) (result i32 i64)
        i32.const 7 i64.const 8 local.get 0
        if (param i32 i64) (result i32 i64)
          drop i32.const 1 i32.add i64.const 9
          local.get 0 i32.const 5 i32.eq br_if 0
          drop i64.const 10
        end))"#;
    let mut store = Store::new();
    let guest = text::guest(&mut store, text, &Environment::new());
    for (arg, expected) in [(0, (7, 8)), (1, (8, 10)), (5, (8, 9))] {
        let results = text::call(&mut store, guest, "run", &[Value::I32(arg)]);
        assert_eq!(*results, [Value::I32(expected.0), Value::I64(expected.1)], "{arg}");
    }
    for ty in ["(param i32) (result i64)", "(param i32)", "(result i32)", "(param i32) (result i32 i32)"] {
        let text =
            format!("(module (func (param i32) local.get 0 local.get 0 if {ty} unreachable end drop))");
        assert!(matches!(Module::new(&text::bytes(&text)), Err(CompileError::Invalid(_))), "{text}");
    }
}

#[test]
fn operators_after_the_end_of_a_function_are_invalid() {
    let mut bytes = text::bytes("(module (func))");
    // The body, a count of locals and `end`, gets `i32.const 0` and another `end`.
    let body = [2, 0, 0x0B];
    assert!(bytes.ends_with(&body), "{bytes:x?}");
    bytes.truncate(bytes.len() - 5);
    bytes.extend_from_slice(&[7, 1, 5, 0, 0x0B, 0x41, 0, 0x0B]);
    assert!(matches!(Module::new(&bytes), Err(CompileError::Invalid(_))));
}

#[test]
fn a_br_table_passes_several_values() {
    let text = r#"(module (func (export "run") (param $n i32) (param $turns i32) (result i32 i64)
        (block $out (result i32 i64)
          (i32.const 1) (i64.const 2)
          (loop $again (param i32 i64) (result i32 i64)
            (block $far (param i32 i64) (result i32 i64)
              drop (i32.const 10) i32.add (i64.const 3)
              (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
              (br_table $far $again $out 3 $far (select (local.get $n) (i32.const 2)
                (i32.lt_s (local.get $turns) (i32.const 3)))))
            drop (i32.const 100) i32.add (i64.const 4)))))"#;
    let mut store = Store::new();
    let guest = text::guest(&mut store, text, &Environment::new());
    for (n, expected) in [(0, (111, 4)), (1, (31, 3)), (2, (11, 3)), (3, (11, 3)), (9, (111, 4))] {
        let results = text::call(&mut store, guest, "run", &[Value::I32(n), Value::I32(0)]);
        assert_eq!(*results, [Value::I32(expected.0), Value::I64(expected.1)], "{n}");
    }
}

/// A function that passes a vector to the end of a block or its own, above another operand, and what it returns.
const VECTOR_TABLE: &str = r#"(module
  (func $passes (param $n i32) (result v128)
    (block $inner (result v128)
      (i32.const 99) (i64x2.splat (i64.const 5)) (br_table $inner 1 $inner (local.get $n)))
    (i64x2.splat (i64.const 100)) (i64x2.add))
  (func (export "run") (param i32) (result i32)
    (i32.wrap_i64 (i64x2.extract_lane 0 (call $passes (local.get 0))))))"#;

#[test]
fn a_br_table_passes_a_vector() {
    let mut store = Store::new();
    let guest = text::guest(&mut store, VECTOR_TABLE, &Environment::new());
    for (n, expected) in [(0, 105), (1, 5), (2, 105), (-1, 105)] {
        let results = text::call(&mut store, guest, "run", &[Value::I32(n)]);
        assert_eq!(*results, [Value::I32(expected)], "{n}");
    }
}

#[test]
fn the_engine_alone_still_gets_block_parameters_and_branch_tables_wrong() {
    // What each returns, called with ones, and what it should.
    // The last of them only panics, and only with debug assertions.
    let wrong = BLOCK_PARAMETERS.len() - usize::from(!cfg!(debug_assertions));
    for text in &BLOCK_PARAMETERS[..wrong] {
        let found = catch_unwind(AssertUnwindSafe(|| run_alone(text, &[3, 4], 1)[0])).unwrap_or(-1);
        assert_ne!(found, 3, "this engine does without what `lower.rs` makes of blocks: {text}");
    }
    let table = r#"(module (func (export "run") (param i32) (result i32 i32)
        (block (result i32 i32) (i32.const 99) (i32.const 1) (i32.const 2) (br_table 0 1 0 (local.get 0)))))"#;
    assert_ne!(
        run_alone(table, &[0], 2),
        [1, 2],
        "this engine does without what `lower.rs` makes of a br_table"
    );
    let vector = catch_unwind(AssertUnwindSafe(|| run_alone(VECTOR_TABLE, &[0], 1)[0])).unwrap_or(-1);
    assert_ne!(
        vector, 105,
        "this engine does without what `lower.rs` makes of a br_table that passes a vector"
    );
}

/// Runs a module in the engine, as it comes.
fn run_alone(text: &str, args: &[i32], results: usize) -> Vec<i32> {
    let mut config = wasmi::Config::default();
    config.compilation_mode(wasmi::CompilationMode::Eager);
    let engine = wasmi::Engine::new(&config);
    let module = wasmi::Module::new(&engine, text::bytes(text)).unwrap();
    let mut store = wasmi::Store::new(&engine, ());
    let instance = wasmi::Instance::new(&mut store, &module, &[]).unwrap();
    let run = instance.get_func(&store, "run").unwrap();
    let args: Vec<_> = args.iter().map(|arg| wasmi::Val::I32(*arg)).collect();
    let mut found = vec![wasmi::Val::I32(0); results];
    run.call(&mut store, &args, &mut found).unwrap();
    found.iter().map(|value| value.i32().unwrap()).collect()
}
