//! How a guest's imports are found in an environment, and why they are not.

use guestbox::{
    Environment, ExternType, FuncIndex, HandleError, HostCall, HostError, ImportProblem, Module, NoImports,
    Store, Value, Values,
};
use guestbox_tests::text;

fn functions(names: &[(&str, u32)]) -> Environment {
    let offer = |environment: Environment, (name, index): &(&str, u32)| {
        environment.with_function("env", name, FuncIndex(*index))
    };
    names.iter().fold(Environment::new(), offer)
}

/// Answers a call with the number of the function that was called.
fn number(_: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
    Ok(call.func.0.into())
}

/// Why an import was refused: its two names and the problem.
fn refusal(store: &mut Store, text: &str, environment: &Environment) -> (String, String, ImportProblem) {
    let error = store.instantiate(&mut NoImports, &text::module(text), environment, 0).unwrap_err();
    let (module, name, problem) = text::refused_import(&error);
    (module.into(), name.into(), problem)
}

#[test]
fn imports_are_found_by_both_names() {
    let text = r#"(module (import "a" "f" (func $af (result i32))) (import "b" "f" (func $bf (result i32)))
        (import "a" "g" (func $ag (result i32))) (import "" "" (func $empty (result i32)))
        (import "é" "\f0\9f\a6\80" (func $crab (result i32)))
        (func (export "all") (result i32 i32 i32 i32 i32)
          (call $af) (call $bf) (call $ag) (call $empty) (call $crab)))"#;
    let environment = Environment::new()
        .with_function("b", "f", FuncIndex(2))
        .with_function("a", "f", FuncIndex(1))
        .with_function("a", "g", FuncIndex(u32::MAX))
        .with_function("", "", FuncIndex(4))
        .with_function("é", "🦀", FuncIndex(5))
        .with_function("af", "", FuncIndex(90))
        .with_function("", "af", FuncIndex(91));
    let mut store = Store::new();
    let guest = text::guest(&mut store, text, &environment);
    let numbers = text::call_with(&mut store, &mut number, guest, "all", &[]);
    assert_eq!(*numbers, [1, 2, -1, 4, 5].map(Value::I32));
}

#[test]
fn a_host_call_shows_the_import_as_the_guest_declares_it() {
    let text = r#"(module (import "env" "m" (memory 1)) (import "x" "first" (func $a))
        (import "x" "second" (func $b (param i64) (result f32)))
        (func (export "run") (call $a) (drop (call $b (i64.const 7)))))"#;
    let mut store = Store::new();
    let memory = store.create_memory(1, None).unwrap();
    let environment = Environment::new()
        .with_memory("env", "m", memory)
        .with_function("x", "first", FuncIndex(5))
        .with_function("x", "second", FuncIndex(5));
    let guest = text::guest(&mut store, text, &environment);
    let mut seen = Vec::new();
    let mut supervisor = |_: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        assert_eq!((call.func, call.memory), (FuncIndex(5), Some(memory)));
        seen.push((call.ordinal, call.import.module().to_owned() + call.import.name(), call.args.to_vec()));
        let ExternType::Func(ty) = call.import.ty() else { panic!("{:?}", call.import) };
        Ok(if ty.results().is_empty() { Values::NONE } else { 1.0_f32.into() })
    };
    store.invoke(&mut supervisor, guest, "run", &[], 0).unwrap();
    let expected = [(0, "xfirst".to_owned(), vec![]), (1, "xsecond".to_owned(), vec![Value::I64(7)])];
    assert_eq!(seen, expected);
}

#[test]
fn one_name_may_be_imported_with_several_signatures() {
    let text = r#"(module (import "env" "f" (func $none)) (import "env" "f" (func $int (param i32)
      (result i32)))
        (import "env" "f" (func $wide (param i64 i64) (result i64 i64)))
        (import "env" "f" (func $again (param i32) (result i32)))
        (func (export "run") (param i32) (result i32 i32 i64 i64)
          (call $none) (call $int (local.get 0)) (call $again (i32.const 9)) (call $wide (i64.const 1)
          (i64.const 2))))"#;
    let mut store = Store::new();
    let guest = text::guest(&mut store, text, &functions(&[("f", 3)]));
    let mut ordinals = Vec::new();
    let mut echo = |_: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        ordinals.push(call.ordinal);
        Ok(call.args.iter().copied().collect())
    };
    let results = text::call_with(&mut store, &mut echo, guest, "run", &[Value::I32(5)]);
    assert_eq!(*results, [Value::I32(5), Value::I32(9), Value::I64(1), Value::I64(2)]);
    assert_eq!(ordinals, [0, 1, 3, 2]);
}

#[test]
fn functions_and_memories_of_the_same_name_do_not_meet() {
    let text = r#"(module (import "env" "x" (memory 1)) (import "env" "x" (func $x (result i32)))
        (func (export "run") (result i32) (i32.add (call $x) (i32.load (i32.const 0)))))"#;
    let mut store = Store::new();
    let memory = store.create_memory(1, None).unwrap();
    store.memory_write(memory, 0, &[100]).unwrap();
    let environment = functions(&[("x", 7)]).with_memory("env", "x", memory);
    let guest = text::guest(&mut store, text, &environment);
    assert_eq!(*text::call_with(&mut store, &mut number, guest, "run", &[]), [Value::I32(107)]);
    for lacking in [functions(&[("x", 7)]), Environment::new().with_memory("env", "x", memory)] {
        assert_eq!(refusal(&mut store, text, &lacking).2, ImportProblem::Missing);
    }
}

#[test]
fn the_last_of_several_entries_counts() {
    let text = r#"(module (import "env" "f" (func $f (result i32))) (import "env" "m" (memory 1))
        (func (export "run") (result i32) (i32.add (call $f) (i32.load (i32.const 0)))))"#;
    let mut store = Store::new();
    let memories = [10, 20].map(|value| {
        let memory = store.create_memory(1, None).unwrap();
        store.memory_write(memory, 0, &[value]).unwrap();
        memory
    });
    let gone = store.create_memory(1, None).unwrap();
    store.teardown_memory(gone).unwrap();
    let environment = functions(&[("f", 1), ("f", 2)])
        .with_memory("env", "m", gone)
        .with_memory("env", "m", memories[0])
        .with_memory("env", "m", memories[1]);
    let guest = text::guest(&mut store, text, &environment);
    assert_eq!(*text::call_with(&mut store, &mut number, guest, "run", &[]), [Value::I32(22)]);
    // The clone is another environment.
    let changed = environment.clone().with_function("env", "f", FuncIndex(3));
    let (first, second) =
        (text::guest(&mut store, text, &environment), text::guest(&mut store, text, &changed));
    assert_eq!(*text::call_with(&mut store, &mut number, first, "run", &[]), [Value::I32(22)]);
    assert_eq!(*text::call_with(&mut store, &mut number, second, "run", &[]), [Value::I32(23)]);
}

#[test]
fn names_that_are_not_utf8_match_nothing() {
    let mut store = Store::new();
    let mut environment = Environment::new();
    environment.set_function(b"env", b"\xFF", FuncIndex(1));
    environment.set_function(b"\xC3", b"f", FuncIndex(1));
    environment.set_function(b"env", b"f\0", FuncIndex(1));
    for name in ["\u{FF}", "\u{FFFD}", "f"] {
        let text = format!(r#"(module (import "env" "{name}" (func)))"#);
        assert_eq!(refusal(&mut store, &text, &environment).2, ImportProblem::Missing, "{name}");
    }
    environment.set_function(b"env", "\u{FF}".as_bytes(), FuncIndex(1));
    text::guest(&mut store, "(module (import \"env\" \"\u{FF}\" (func)))", &environment);
}

#[test]
fn a_refused_import_is_named_with_its_problem() {
    let mut store = Store::new();
    let memory = store.create_memory(2, Some(4)).unwrap();
    let gone = store.create_memory(1, None).unwrap();
    store.teardown_memory(gone).unwrap();
    let foreign = Store::new().create_memory(1, None).unwrap();
    let environment = functions(&[("f", 1)])
        .with_memory("env", "m", memory)
        .with_memory("env", "gone", gone)
        .with_memory("env", "foreign", foreign);
    let fitting = text::module(r#"(module (import "env" "m" (memory 2 4)))"#);
    let ExternType::Memory(given) = *fitting.imports()[0].ty() else { panic!("no memory") };
    for (import, name, problem) in [
        (r#""env" "none" (func)"#, "none", ImportProblem::Missing),
        (r#""other" "f" (func)"#, "f", ImportProblem::Missing),
        (r#""env" "m" (func)"#, "m", ImportProblem::Missing),
        (r#""env" "f" (memory 1)"#, "f", ImportProblem::Missing),
        (r#""env" "gone" (memory 1)"#, "gone", ImportProblem::Memory(HandleError::TornDown)),
        (r#""env" "foreign" (memory 1)"#, "foreign", ImportProblem::Memory(HandleError::OtherStore)),
        (r#""env" "m" (memory 3)"#, "m", ImportProblem::MemoryLimits(given)),
        (r#""env" "m" (memory 2 3)"#, "m", ImportProblem::MemoryLimits(given)),
        (r#""env" "none" (func (param funcref))"#, "none", ImportProblem::Missing),
        (r#""env" "f" (global i32)"#, "f", ImportProblem::Missing),
        (r#""env" "m" (global (mut f64))"#, "m", ImportProblem::Missing),
        (r#""env" "f" (table 1 funcref)"#, "f", ImportProblem::Missing),
    ] {
        let found = refusal(&mut store, &format!("(module (import {import}))"), &environment);
        let expected = if import.contains("other") { "other" } else { "env" };
        assert_eq!((&*found.0, &*found.1, found.2), (expected, name, problem), "{import}");
        // Also beside others that are fine.
        let text = format!(
            r#"(module (import "env" "m" (memory 2 4)) (import {import}) (import "env" "f" (func)))"#
        );
        let found = refusal(&mut store, &text, &environment);
        assert_eq!((&*found.1, found.2), (name, problem), "{import}");
    }
    assert_eq!(store.memory_pages_in_use(), 2);
    let fine = text::guest(&mut store, r#"(module (import "env" "m" (memory 2 4)))"#, &environment);
    assert_eq!(fine.number(), 0, "a refusal takes no number");
}

#[test]
fn a_memory_suits_by_its_present_size_and_its_maximum() {
    let mut store = Store::new();
    let imports =
        |declared: &str| text::module(&format!(r#"(module (import "env" "m" (memory {declared})))"#));
    let suits = |store: &mut Store, memory, module: &Module| {
        let environment = Environment::new().with_memory("env", "m", memory);
        match store.instantiate(&mut NoImports, module, &environment, 0) {
            Ok(guest) => store.teardown_instance(guest).is_ok(),
            Err(error) => {
                assert!(matches!(text::refused_import(&error).2, ImportProblem::MemoryLimits(_)), "{error}");
                false
            }
        }
    };
    for (initial, maximum, declared, expected) in [
        (2, Some(4), "0", true),
        (2, Some(4), "2", true),
        (2, Some(4), "3", false),
        (2, Some(4), "2 4", true),
        (2, Some(4), "1 5", true),
        (2, Some(4), "2 3", false),
        (2, None, "2", true),
        (2, None, "2 65536", false),
        (0, Some(0), "0 0", true),
        (2, Some(65_536), "2 65536", true),
    ] {
        let memory = store.create_memory(initial, maximum).unwrap();
        assert_eq!(
            suits(&mut store, memory, &imports(declared)),
            expected,
            "{initial} {maximum:?}: {declared}"
        );
        if declared == "3" {
            store.memory_grow(memory, 1).unwrap();
            assert!(suits(&mut store, memory, &imports("3")), "it has grown");
        }
    }
}

#[test]
fn a_call_shows_the_memory_of_its_caller() {
    let mut store = Store::new();
    let memory = store.create_memory(1, None).unwrap();
    let environment = functions(&[("f", 1)]).with_memory("env", "m", memory);
    let (import, run) = (r#"(import "env" "f" (func $f))"#, r#"(func (export "run") (call $f))"#);
    // Imported before exported, `memory` before others, else the first.
    for (memories, expected) in [
        ("", None),
        ("(memory 1)", None),
        (r#"(import "env" "m" (memory 1)) (memory $o 1) (export "memory" (memory $o))"#, Some("imported")),
        (r#"(memory (export "a") 1) (memory (export "memory") 1)"#, Some("memory")),
        (r#"(memory (export "b") 1) (memory (export "a") 1)"#, Some("b")),
    ] {
        let guest = text::guest(&mut store, &format!("(module {import} {memories} {run})"), &environment);
        let expected = expected.map(|name| match name {
            "imported" => memory,
            name => store.exported_memory(guest, name).unwrap().unwrap(),
        });
        let mut supervisor = |_: &mut Store, call: HostCall<'_>| {
            assert_eq!(call.memory, expected, "{memories}");
            Ok(().into())
        };
        store.invoke(&mut supervisor, guest, "run", &[], 0).unwrap();
    }
}

#[test]
fn all_imports_that_are_missing_are_named_at_once_with_their_types() {
    let mut store = Store::new();
    let text = r#"(module (import "env" "f" (func (param i32 i64) (result f64))) (import "env" "there" (func))
        (import "env" "m" (memory 1 2)) (import "env" "g" (global i32)) (import "env" "r" (func (param externref))))"#;
    let error =
        store.instantiate(&mut NoImports, &text::module(text), &functions(&[("there", 1)]), 0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "4 imports: `env` `f`, a function (i32, i64) -> (f64): the environment has none of this kind and name; \
         `env` `m`, a memory of 1 to 2 pages: the environment has none of this kind and name; \
         `env` `g`, a constant i32 global: the environment has none of this kind and name; \
         `env` `r`, a function (externref) -> (): the environment has none of this kind and name"
    );
}

/// Names are the guest's: they stay on one line, and there are no more than can be read.
#[test]
fn names_in_an_error_are_escaped_and_few() {
    let refused = |text: &str| {
        Store::new()
            .instantiate(&mut NoImports, &text::module(text), &Environment::new(), 0)
            .unwrap_err()
            .to_string()
    };
    let escaped = refused(r#"(module (import "e\1b[2J" "f\0a    at trusted" (func)))"#);
    assert!(
        escaped.starts_with(r"import `e\u{1b}[2J` `f\n    at trusted`, a function () -> (): "),
        "{escaped}"
    );
    let many = refused(&format!("(module {})", r#"(import "e" "f" (func))"#.repeat(100)));
    assert_eq!((many.matches("`e` `f`").count(), many.ends_with("; and 80 more")), (20, true), "{many}");
}
