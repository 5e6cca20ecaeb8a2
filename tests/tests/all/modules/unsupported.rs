//! Proposals that are not supported: refused by name, with where a module first uses them.

use guestbox::{CompileError, CompileOptions, Feature, Features, Limits, Module, Proposal};
use guestbox_tests::text;
use std::time::{Duration, Instant};

/// Modules that are valid with a proposal, the function that first uses it and the bytes there.
const USERS: &[(Proposal, Option<u32>, &[u8], &str)] = &[
    (Proposal::ComponentModel, None, &[1, 0], "(component)"),
    (Proposal::ComponentModel, None, &[1, 0], "(component (core module (func)))"),
    (Proposal::CustomPageSizes, None, &[], "(module (memory 1 (pagesize 1)))"),
    (Proposal::ExceptionHandling, None, &[1, 0, 0], "(module (tag) (func (throw 0)))"),
    (Proposal::ExceptionHandling, None, &[], r#"(module (import "env" "t" (tag)))"#),
    (
        Proposal::ExceptionHandling,
        Some(1),
        &[0x1F],
        "(module (func) (func (block $l (try_table (catch_all $l)))))",
    ),
    (Proposal::ExceptionHandling, None, &[0x69], "(module (func (param exnref)))"),
    (Proposal::LegacyExceptionHandling, Some(0), &[0x06], "(module (func try catch_all end))"),
    (Proposal::LegacyExceptionHandling, None, &[], "(module (tag) (func try throw 0 catch 0 end))"),
    (Proposal::FunctionReferences, None, &[0x64, 0], "(module (type $f (func)) (func (param (ref $f))))"),
    (
        Proposal::FunctionReferences,
        Some(2),
        &[],
        "(module (type $f (func)) (func) (func $g) (elem declare func $g) (func (call_ref $f (ref.func $g))))",
    ),
    (Proposal::Gc, None, &[0x5F], "(module (type (struct (field i32))))"),
    (Proposal::Gc, None, &[0x6C], "(module (func (param i31ref)))"),
    (Proposal::Gc, Some(0), &[], "(module (func (drop (ref.i31 (i32.const 1)))))"),
    (Proposal::Memory64, None, &[], "(module (memory i64 1))"),
    (Proposal::Memory64, None, &[], "(module (table i64 1 funcref))"),
    // Two proposals in one place: one of them.
    (Proposal::Threads, None, &[], "(module (memory i64 1 10 shared))"),
    (Proposal::Threads, None, &[], r#"(module (import "env" "memory" (memory i64 1 10 shared)))"#),
    (Proposal::Gc, None, &[], "(module (table i64 1 i31ref))"),
    (Proposal::MemoryControl, Some(0), &[0xFC, 18], DISCARD),
    (Proposal::Gc, None, &[0x4E], "(module (rec (type (struct)) (type (array i8))))"),
    (Proposal::Gc, None, &[0x64, 0x6B], "(module (func (result (ref struct)) (unreachable)))"),
    (Proposal::FunctionReferences, None, &[0x64, 0x70], "(module (func (param i32 (ref func))))"),
    (Proposal::FunctionReferences, None, &[], "(module (table 1 funcref (ref.func $f)) (func $f))"),
    (Proposal::SharedEverythingThreads, None, &[0x65], "(module (type (shared (func))))"),
    (Proposal::StackSwitching, None, &[0x5D], "(module (type $f (func)) (type (cont $f)))"),
    (Proposal::Threads, None, &[], "(module (memory 1 2 shared))"),
    (Proposal::Threads, Some(1), &[0xFE, 0x10], ATOMIC),
    (Proposal::WideArithmetic, Some(0), &[0xFC, 19], WIDE),
];

const ATOMIC: &str = "(module (memory 1) (func) (func (drop (i32.atomic.load (i32.const 0)))))";
const DISCARD: &str = "(module (memory 1) (func (memory.discard (i32.const 0) (i32.const 0))))";
const VECTOR: &str = "(module (func) (func (drop (i32x4.extract_lane 0 (v128.const i64x2 1 2)))))";
const WIDE: &str = "(module (func (param i64 i64 i64 i64) (result i64 i64)
    (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3))))";

#[test]
fn a_proposal_is_named_with_the_function_and_the_place() {
    for (proposal, function, there, text) in USERS {
        let bytes = text::bytes(text);
        for options in [CompileOptions::new(), CompileOptions::new().with_frames()] {
            let error = Module::with_options(&Limits::default(), &bytes, options).unwrap_err();
            let CompileError::Unsupported(found) = error else { panic!("{text}: {error}") };
            assert_eq!((found.proposal, found.function), (*proposal, *function), "{text}: {found}");
            assert!(
                bytes[found.offset..].starts_with(there),
                "{text}: {found}, {:?}",
                &bytes[found.offset..]
            );
        }
    }
}

#[test]
fn every_proposal_has_a_user_here() {
    let has_one = |proposal: &&Proposal| USERS.iter().any(|(used, ..)| used == *proposal);
    // Vectors are supported here; where they are not the core's own tests see to.
    let is_supported = |proposal: &&Proposal| matches!(proposal, Proposal::RelaxedSimd | Proposal::Simd);
    assert!(Proposal::ALL.iter().all(|proposal| has_one(&proposal) != is_supported(&proposal)));
}

#[test]
fn the_message_says_what_to_do() {
    let message = |text: &str| Module::new(&text::bytes(text)).unwrap_err().to_string();
    assert_eq!(
        message(ATOMIC),
        "the proposal `threads` is not supported; first used in function 1 at byte 0x22; compile the module without it"
    );
    assert_eq!(
        message("(module (memory i64 1))"),
        "the proposal `memory64` is not supported; first used at byte 0xb; compile the module without it"
    );
    assert_eq!(
        message("(component)"),
        "a component (the proposal `component-model`) is no core module; compile the modules in it, which \
         `wasm-tools component unbundle` takes out"
    );
    assert_eq!(Module::new(&text::bytes(ATOMIC)).unwrap_err().code(), "unsupported");
}

#[test]
fn what_is_invalid_with_every_proposal_stays_invalid() {
    for text in [
        "(module (func (result i32)))",
        "(module (memory 1) (func (result i32) (i32.load8_u (i64.const 0))))",
        "(module (func (drop (i32.const -3)) (local.get 253)))",
    ] {
        let error = Module::new(&text::bytes(text)).unwrap_err();
        assert_eq!(error.code(), "invalid", "{text}: {error}");
    }
    // A `select` that names no type, and a function without its end: of these the parser says another offset where the
    // code ends with them.
    for code in
        [&b"\x0A\x0A\x01\x08\x00\x41\x01\x41\x01\x1C\x00\x0B"[..], b"\x0A\x06\x01\x04\x00\x41\x01\x1A"]
    {
        let module = [b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0", code].concat();
        let error = Module::new(&module).unwrap_err();
        assert_eq!(error.code(), "invalid", "{code:?}: {error}");
    }
    // Bytes cut off within a vector operator, and a function that ends early.
    let bytes = text::bytes(VECTOR);
    let code = bytes.iter().rposition(|byte| *byte == 0xFD).unwrap();
    for len in code..bytes.len() {
        let error = Module::new(&bytes[..len]).unwrap_err();
        assert_eq!(error.code(), "invalid", "{len}: {error}");
    }
}

/// For what follows the first use of a proposal no limits have been checked.
#[test]
fn what_follows_the_first_use_of_a_proposal_is_not_looked_at() {
    let mut code = String::from(
        "(module (func $first (try_table)) (func $many (result i32 i32 i32 i32) unreachable) (func ",
    );
    code.extend(std::iter::repeat_n("(call $many)", 300_000));
    code.push_str("unreachable))");
    let bytes = text::bytes(&code);
    let began = Instant::now();
    let error = Module::new(&bytes).unwrap_err();
    assert_eq!(error.code(), "unsupported", "{error}");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[test]
fn garbage_is_no_proposal() {
    let types =
        |bytes: &[u8]| [&b"\0asm\x01\0\0\0\x01"[..], &[u8::try_from(bytes.len()).unwrap()], bytes].concat();
    for bytes in [
        &[1, 0x6B][..],
        &[1, 0x69],
        &[1, 0x63, 0],
        &[1, 0x60, 1, 0x5F, 0],
        &[1, 0x60, 1, 0x50, 0],
        &[1, 0x60, 1, 0x5D, 0],
    ] {
        let error = Module::new(&types(bytes)).unwrap_err();
        assert_eq!(error.code(), "invalid", "{bytes:x?}: {error}");
    }
}

#[test]
fn what_is_invalid_is_told_in_the_modules_own_bytes_with_frames_too() {
    let bytes = text::bytes(
        "(module (memory 1) (func (drop (select (i32.const 1) (i32.const 2) (i32.const 3)))) (func (drop (i32.eqz (i64.const 1)))))",
    );
    let at = bytes.iter().rposition(|byte| *byte == 0x45).unwrap();
    for options in [CompileOptions::new(), CompileOptions::new().with_frames()] {
        let error = Module::with_options(&Limits::default(), &bytes, options).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("invalid module: type mismatch: expected i32, found i64 (at offset {at:#x})")
        );
    }
    let error = Module::new(b"<!doctype html>").unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid module: the bytes do not begin as those of a module do, with `\\0asm`"
    );
}

#[test]
fn what_follows_the_first_use_of_a_proposal_need_not_be_valid() {
    let error = Module::new(&text::bytes("(module (tag) (func (result i32)))")).unwrap_err();
    assert_eq!(error.code(), "unsupported", "{error}");
}

#[test]
fn a_feature_that_is_off_comes_before_a_proposal_that_there_is_not() {
    let mut limits = Limits::default();
    limits.features = Features::ALL.without(Feature::Floats);
    let refused = |text: &str| Module::with_limits(&limits, &text::bytes(text)).unwrap_err();
    assert_eq!(refused("(module (func (param f32)))"), CompileError::Feature(Feature::Floats));
    let CompileError::Unsupported(found) = refused(ATOMIC) else { panic!("supported") };
    assert_eq!(found.proposal, Proposal::Threads);
}
