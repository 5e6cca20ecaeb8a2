//! Imports and exports as a module lists them.

use guestbox::{
    CompileError, Environment, Export, ExternType, FuncIndex, InvokeError, Module, NoImports, Store, Value,
    ValueType,
};
use guestbox_tests::text;
use std::{fmt::Write, sync::Arc, thread};

/// A type in short.
fn show(ty: &ExternType) -> String {
    match ty {
        ExternType::Func(ty) => {
            let names = |types: &[ValueType]| types.iter().map(|ty| ty.name()).collect::<Vec<_>>().join(" ");
            format!("({}) -> ({})", names(ty.params()), names(ty.results()))
        }
        ExternType::Global(ty) => format!("{} {}", ty.value.name(), if ty.mutable { "mut" } else { "const" }),
        ExternType::Memory(ty) => format!("{} {:?}", ty.initial, ty.maximum),
        ExternType::Table(ty) => format!("{} {:?} {}", ty.initial, ty.maximum, ty.element.name()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn imports_and_exports_are_listed_in_order_with_types() {
    let module = text::module(
        r#"(module
          (import "env" "f" (func $f (param i32 i64 f32 f64) (result f64 i32)))
          (import "env" "m" (memory $m 1 9)) (import "" "g" (global $g (mut i64)))
          (import "env" "t" (table $t 2 7 externref)) (import "env" "r" (func (param externref)
          (result funcref)))
          (table $own 3 funcref) (global $own f32 (f32.const 0)) (memory $own 2)
          (export "z" (func $f)) (export "a" (memory $m)) (export "g" (global $g)) (export "t" (table $own))
          (export "own" (global $own)) (func (export "") (param i64)) (export "b" (memory $own)))"#,
    );
    let imports: Vec<_> = module
        .imports()
        .iter()
        .map(|import| {
            format!("{}.{} {} {}", import.module(), import.name(), import.ty().kind(), show(import.ty()))
        })
        .collect();
    assert_eq!(
        imports,
        [
            "env.f function (i32 i64 f32 f64) -> (f64 i32)",
            "env.m memory 1 Some(9)",
            ".g global i64 mut",
            "env.t table 2 Some(7) externref",
            "env.r function (externref) -> (funcref)",
        ]
    );
    let exports: Vec<_> = module
        .exports()
        .iter()
        .map(|export| format!("{} {} {}", export.name(), export.ty().kind(), show(export.ty())))
        .collect();
    assert_eq!(
        exports,
        [
            "z function (i32 i64 f32 f64) -> (f64 i32)",
            "a memory 1 Some(9)",
            "g global i64 mut",
            "t table 3 None funcref",
            "own global f32 const",
            " function (i64) -> ()",
            "b memory 2 None",
        ]
    );
    for export in module.exports() {
        assert_eq!(module.export(export.name()), Some(export));
    }
    assert_eq!(module.export("f"), None);
    assert!(!module.has_start());
}

#[test]
fn each_of_many_exports_is_found_by_its_name() {
    const MANY: i32 = 9_900;
    let mut functions = String::new();
    // Neither in the order of the names nor in that of the numbers.
    for number in (0..MANY).map(|at| (at * 7_919) % MANY) {
        write!(functions, r#"(func (export "f{number}") (result i32) (i32.const {number}))"#).unwrap();
    }
    let mut store = Store::new();
    let module = text::module(&format!("(module {functions})"));
    assert_eq!(module.exports().len(), 9_900);
    let guest = store.instantiate(&mut NoImports, &module, &Environment::new(), 0).unwrap();
    for _ in 0..2 {
        for number in 0..MANY {
            let results = text::call(&mut store, guest, &format!("f{number}"), &[]);
            assert_eq!(*results, [Value::I32(number)]);
        }
    }
    for name in ["f", "f9900", "f-1", "", "g", "f0 "] {
        assert_eq!(module.export(name).map(Export::name), None);
        assert!(matches!(store.begin(guest, name, &[], 0), Err(InvokeError::ExportNotFound)));
    }
}

#[test]
fn names_are_any_unicode_and_nothing_is_special() {
    let names = ["__proto__", "constructor", "é", "e\u{301}", "🦀", " ", "\u{feff}", "a\u{0}b"];
    let exports: String = (0..)
        .zip(names)
        .map(|(number, name)| {
            let escaped: String = name.bytes().map(|byte| format!("\\{byte:02x}")).collect();
            format!(r#"(func (export "{escaped}") (result i32) (i32.const {number}))"#)
        })
        .collect();
    let mut store = Store::new();
    let guest = text::guest(&mut store, &format!("(module {exports})"), &Environment::new());
    for (number, name) in (0..).zip(names) {
        assert_eq!(*text::call(&mut store, guest, name, &[]), [Value::I32(number)], "{name:?}");
    }
}

#[test]
fn a_module_is_compiled_once_and_used_by_stores_on_many_threads() {
    let text = r#"(module (import "env" "m" (memory 1)) (func (export "add") (param i32) (result i32)
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (local.get 0))) (i32.load
        (i32.const 0))))"#;
    // With others on the same memory, so that code is translated from several threads as well.
    let modules = Arc::new([text::module(text), text::module(&text.replace("\"add\"", "\"sum\""))]);
    let threads: Vec<_> = (0..4_i32)
        .map(|seed| {
            let modules = Arc::clone(&modules);
            thread::spawn(move || {
                let mut store = Store::new();
                let memory = store.create_memory(1, None).unwrap();
                let environment = Environment::new().with_memory("env", "m", memory);
                for round in 0..50 {
                    let [first, second] = [0, 1]
                        .map(|at| store.instantiate(&mut NoImports, &modules[at], &environment, 0).unwrap());
                    text::call(&mut store, first, "add", &[Value::I32(seed)]);
                    let sum = text::call(&mut store, second, "sum", &[Value::I32(seed)]);
                    assert_eq!(*sum, [Value::I32((round * 2 + 2) * seed)]);
                    store.teardown_instance(first).unwrap();
                    store.teardown_instance(second).unwrap();
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Where the sections of a module end, all of them shorter than 128 bytes.
fn section_ends(module: &[u8]) -> Vec<usize> {
    let mut ends = vec![8];
    while let Some(len) = module.get(ends[ends.len() - 1] + 1) {
        ends.push(ends[ends.len() - 1] + 2 + usize::from(*len));
    }
    ends
}

#[test]
fn bytes_that_are_no_module_are_invalid() {
    let whole = text::bytes(
        r#"(module (import "env" "f" (func $f (param i32))) (memory 1) (data (i32.const 0) "abc")
          (table 1 funcref) (elem (i32.const 0) $g) (global i32 (i32.const 1)) (start $g)
          (func $g (call $f (i32.const 1))) (export "g" (func $g)))"#,
    );
    assert!(Module::new(&whole).is_ok());
    // Where a section ends a module may end too, if those there need none of the others; and
    // custom sections, here the names of the text format, are not looked into.
    let ends = section_ends(&whole);
    let [code, names] = [3, 2].map(|back| ends[ends.len() - back]);
    for len in 0..whole.len() {
        match Module::new(&whole[..len]) {
            Err(CompileError::Invalid(message)) => assert!(!message.is_empty()),
            // Nothing, types, types and imports; all up to the code, or up to the data.
            other => {
                let expected = [ends[0], ends[1], ends[2], code, names].contains(&len);
                assert!(expected, "{len} bytes: {other:?}");
            }
        }
    }
    // Every byte changed in some ways: an error or a module, and never more than that.
    for at in 0..names {
        for flip in [0x01, 0x40, 0x80, 0xFF] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            let Ok(module) = Module::new(&bytes) else { continue };
            let environment = Environment::new().with_function("env", "f", FuncIndex(0));
            let _either = Store::new().instantiate(&mut NoImports, &module, &environment, 0);
        }
    }
}

#[test]
fn proposals_that_there_are_not_are_refused_as_such() {
    for text in [
        "(module (memory i64 1))",
        "(module (memory 1 1 shared))",
        "(module (memory 1 (pagesize 1)))",
        "(module (tag (param i32)))",
        "(module (table 1 funcref (ref.func $f)) (func $f))",
        "(module (type (struct (field i32))))",
        "(module (type $f (func)) (func (param (ref $f)) (call_ref $f (local.get 0))))",
        "(module (func (param i64 i64 i64 i64) (result i64 i64)
           (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3))))",
        "(component)",
    ] {
        let outcome = Module::new(&text::bytes(text));
        assert!(matches!(outcome, Err(CompileError::Unsupported(_))), "{text}: {outcome:?}");
    }
}
