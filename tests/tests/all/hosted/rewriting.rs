//! What is written is valid, and depends on the module alone.

use guestbox::{CompileError, Compiled, Feature, Limits};
use guestbox_tests::{fuzz::Case, operators, text::bytes, torture::LOOPS, traces::Program};
use wasmparser::{Parser, Payload, Validator, WasmFeatures};

/// Everything that the specification has by now, and no more than the host.
fn validate(bytes: &[u8]) -> Result<(), wasmparser::BinaryReaderError> {
    Validator::new_with_features(WasmFeatures::WASM3).validate_all(bytes).map(drop)
}

fn rewrite(module: &[u8]) -> Result<Compiled, CompileError> {
    Compiled::new(&Limits::default(), module)
}

/// Relaxed operators, which each host does in its own way.
const RELAXED: CompileError = CompileError::Feature(Feature::RelaxedSimd);

/// Rewrites a module that the interpreter takes.
fn rewritten(name: &str, module: &[u8]) -> Compiled {
    let compiled = rewrite(module).unwrap_or_else(|error| panic!("{name}: {error}"));
    validate(compiled.bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(compiled.bytes(), rewrite(module).unwrap().bytes(), "{name}");
    compiled
}

#[test]
fn what_is_written_of_valid_modules_is_valid() {
    for (name, text) in LOOPS {
        rewritten(name, &bytes(text));
    }
    for program in Program::all() {
        for (name, module) in &program.modules {
            if program.name == "vectors-relaxed" {
                assert_eq!(rewrite(module).err(), Some(RELAXED));
            } else {
                rewritten(&format!("{}, {name}", program.name), module);
            }
        }
    }
    for case in operators::cases().iter().filter(|case| !case.operator.contains("relaxed")) {
        rewritten(&case.name, &case.bytes());
    }
}

#[test]
fn what_is_written_of_random_modules_is_valid() {
    let seeds = if cfg!(debug_assertions) { 300 } else { 3_000 };
    let mut written = 0;
    for case in (1..=seeds).filter_map(Case::of_seed) {
        match rewrite(&case.bytes) {
            Ok(compiled) => {
                validate(compiled.bytes()).unwrap_or_else(|error| panic!("{}: {error}", case.name));
                written += 1;
            }
            Err(CompileError::Limit(_)) => {}
            Err(error) => assert_eq!(error, RELAXED, "{}", case.name),
        }
    }
    assert!(written > seeds / 2, "{written} of {seeds}");
}

#[test]
fn the_start_section_is_gone_and_its_function_is_not() {
    let compiled = rewritten("start", &bytes(r#"(module (func $start) (start $start))"#));
    let sections = Parser::new(0).parse_all(compiled.bytes()).map(Result::unwrap);
    assert!(!sections.into_iter().any(|section| matches!(section, Payload::StartSection { .. })));
    assert!(compiled.start().is_some());
    assert!(rewritten("none", &bytes("(module (func))")).start().is_none());
}

#[test]
fn what_nothing_is_known_of_is_refused() {
    for text in [
        "(module (tag) (func (try_table)))",
        "(module (type (struct)) (func))",
        "(module (memory i64 1))",
        "(module (table i64 1 funcref))",
        "(module (memory 1 1 shared))",
        "(module (func (local anyref)))",
        "(module (func (drop (ref.null any))))",
        "(module (func (param f64) (result f64) (unreachable)) (start 0))",
        "(module (func (drop (i32.const 1) (i32.add))))",
    ] {
        let refused = rewrite(&bytes(text)).unwrap_err();
        assert!(
            matches!(refused, CompileError::Invalid(_) | CompileError::Unsupported(_)),
            "{text}: {refused:?}"
        );
    }
}

#[test]
fn relaxed_operators_are_refused_by_their_feature() {
    let text = "(module (func (param v128) (drop (f32x4.relaxed_min (local.get 0) (local.get 0)))))";
    assert_eq!(rewrite(&bytes(text)).unwrap_err(), CompileError::Feature(Feature::RelaxedSimd));
    let compiled = rewrite(&bytes(&text.replace("relaxed_", ""))).unwrap();
    validate(compiled.bytes()).unwrap();
}
