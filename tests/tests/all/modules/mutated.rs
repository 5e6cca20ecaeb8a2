//! Modules with bytes changed at random: what is added to a module makes no invalid one valid.

use guestbox::{CompileError, CompileOptions, Limits, Module};
use guestbox_tests::{fuzz, random::Random, text};
use wasmparser::{Validator, WasmFeatures};

/// What guestbox supports.
const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::EXTENDED_CONST);

/// Compares what is said of a module to what the validator says of its own bytes.
fn check(bytes: &[u8], what: &str) -> bool {
    let is_valid = Validator::new_with_features(FEATURES).validate_all(bytes).is_ok();
    for options in [CompileOptions::new(), CompileOptions::new().with_frames()] {
        match Module::with_options(&Limits::unlimited(), bytes, options) {
            Ok(_) => assert!(is_valid, "{what}: it is invalid, and was compiled"),
            Err(CompileError::Limit(_)) => {}
            Err(error) => assert!(!is_valid, "{what}: it is valid, and was refused: {error}"),
        }
    }
    is_valid
}

/// What is valid only by what is written of it, were that not looked at.
const INVALID: &[&str] = &[
    // Tail calls of imports with other results.
    r#"(module (import "e" "h" (func $h)) (func (result i32) (return_call $h)))"#,
    r#"(module (import "e" "h" (func $h (result i32 i32))) (func (result i32) (return_call $h)))"#,
    r#"(module (import "e" "h" (func $h (result i64))) (func (result i32) (unreachable) (return_call $h)))"#,
    // Targets of a table with more or other values than its default.
    "(module (func (result i32) (block (result i32)
        (block (result i32 i32) (i32.const 1) (i32.const 2) (i32.const 0) (br_table 1 0)) drop drop (i32.const 3))))",
    "(module (func (param i32) (f64.const 1) (loop (param f64) drop (i32.const 0)
        (loop (param i32) (local.get 0) (br_table 1 0)))))",
    "(module (func (param i32) (unreachable) (loop (param f64) drop (i32.const 0)
        (loop (param i32) (local.get 0) (br_table 1 0)))))",
];

/// What is valid, and seems not to be.
const VALID: &[&str] = &[
    // Where nothing leads to, a table's targets may be of different types.
    "(module (func (block (result f64 f64) (block (result f32 f32) (unreachable)
        (br_table 0 1 1 (i32.const 1))) drop drop (f64.const 0) (f64.const 0)) drop drop))",
    "(module (func (param i32) (block (result f64) (i32.const 0) (local.get 0)
        (if (param i32) (result f32) (then (drop) (unreachable) (br_table 1 0 (local.get 0))) (else (drop) (f32.const 1)))
        (drop) (f64.const 0)) (drop)))",
    "(module (func (param f64) (local.get 0) (loop (param f64) (drop) (br 1)
        (loop (param i32) (drop) (unreachable) (br_table 0 1 (i32.const 0))))))",
];

#[test]
fn what_is_written_in_other_terms_is_as_valid_as_before() {
    for (texts, valid) in [(INVALID, false), (VALID, true)] {
        for text in texts {
            assert_eq!(check(&text::bytes(text), text), valid, "{text}");
        }
    }
}

/// With frames there is one behind those of the module.
#[test]
fn vectors_name_no_memory_that_is_added() {
    let loads = [
        "8x8_s", "8x8_u", "16x4_s", "16x4_u", "32x2_s", "32x2_u", "8_splat", "16_splat", "32_splat",
        "64_splat",
    ];
    let loads = ["", "32_zero", "64_zero"]
        .iter()
        .chain(&loads)
        .map(|load| format!("(drop (v128.load{load} MEMORY (i32.const 0)))"));
    let vector = "(i32.const 0) (v128.const i64x2 0 0)";
    let lanes = ["8", "16", "32", "64"].into_iter().flat_map(|bits| {
        [
            format!("(drop (v128.load{bits}_lane MEMORY 0 {vector}))"),
            format!("(v128.store{bits}_lane MEMORY 0 {vector})"),
        ]
    });
    let mut checked = 0;
    for operator in loads.chain(lanes).chain([format!("(v128.store MEMORY {vector})")]) {
        for (memory, valid) in [("0", true), ("1", false)] {
            let text = format!("(module (memory 1) (func {}))", operator.replace("MEMORY", memory));
            assert_eq!(check(&text::bytes(&text), &text), valid, "{text}");
            checked += 1;
        }
    }
    assert_eq!(checked, 2 * 22);
}

#[test]
fn an_import_has_no_type_that_is_added() {
    // `(type (func)) (import "e" "h" (func (type 1))) (table 1 funcref)` and a function that grows the table.
    let bytes = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x07\x01\x01e\x01h\0\x01\x03\x02\x01\0\x04\x04\x01\x70\0\x01\
        \x0A\x0C\x01\x0A\0\xD0\x70\x41\0\xFC\x0F\0\x1A\x0B";
    assert!(!check(bytes, "an import of an added type"));
}

/// Their segments are taken by a function, in which more is valid.
#[test]
fn segments_of_modules_that_import_tables_are_validated_as_they_are() {
    let module = |rest: &str| {
        format!(
            r#"(module (import "e" "t" (table 4 funcref)) (import "e" "c" (global $c i32)) (memory 1)
                (global $m (mut i32) (i32.const 1)) (func $f) {rest})"#
        )
    };
    for (rest, valid) in [
        ("(elem (offset (i32.const 1)) func $f)", true),
        ("(elem (offset (i32.add (i32.const 1) (global.get $c))) func $f)", true),
        ("(elem (offset (global.get $m)) func $f)", false),
        ("(elem (offset (i32.const 1) (nop)) func $f)", false),
        ("(elem (offset (i32.clz (i32.const 1))) func $f)", false),
        ("(elem (offset (i64.const 1)) func $f)", false),
        ("(data (offset (global.get $c)) \"a\")", true),
        ("(data (offset (global.get $m)) \"a\")", false),
        ("(data (offset (i32.load (i32.const 0))) \"a\")", false),
        ("(elem (offset (i32.const 1)) func $f) (func (drop (i64.const 1) (i32.clz)))", false),
        ("(elem (offset (i32.const 1)) func $f) (func (drop (i32.clz (i32.const 1))))", true),
    ] {
        let text = module(rest);
        assert_eq!(check(&text::bytes(&text), rest), valid, "{rest}");
    }
}

/// What has data be taken by a function has their count stand before the code.
#[test]
fn who_speaks_of_data_segments_counts_them_before() {
    for operator in ["(memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0))", "(data.drop 0)"] {
        let counted = text::bytes(&format!(
            r#"(module (import "e" "t" (table 4 funcref)) (memory 1) (func {operator}) (data (i32.const 1) "a"))"#
        ));
        assert!(check(&counted, operator));
        // The section: its number, its size, the count.
        let at = counted.windows(3).position(|bytes| bytes == [12, 1, 1]).expect("it has a count");
        let uncounted = [&counted[..at], &counted[at + 3..]].concat();
        assert!(!check(&uncounted, operator));
    }
}

#[test]
fn what_is_valid_with_bytes_changed_is_compiled_and_nothing_else() {
    let mut random = Random::new(13);
    let (mut valid, mut invalid) = (0, 0);
    for seed in 0..30 {
        let Some(case) = fuzz::Case::of_seed(seed) else { continue };
        assert!(check(&case.bytes, &format!("seed {seed}")));
        for round in 0..40 {
            let mut bytes = case.bytes.clone();
            for _ in 0..random.between(1, 3) {
                let at = random.index(bytes.len());
                // Small numbers are indices and operators, more often than not.
                bytes[at] = match random.below(4) {
                    0 => random.below(256) as u8,
                    1 => random.below(32) as u8,
                    2 => bytes[at].wrapping_add(1),
                    _ => bytes[at].wrapping_sub(1),
                };
            }
            *if check(&bytes, &format!("seed {seed}, round {round}")) { &mut valid } else { &mut invalid } +=
                1;
        }
    }
    assert!(valid > 100 && invalid > 300, "{valid} valid, {invalid} invalid");
}
