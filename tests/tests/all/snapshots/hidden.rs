//! The exports that snapshots need and no guest has are out of reach, whatever a guest exports.

use super::{call, instantiate, snapshot};
use guestbox::{Environment, GlobalError, InvokeError, Module, Store, Value};
use guestbox_tests::text;

const STATE: &str = r#"(memory 1) (global $g (mut i32) (i32.const 1)) (global i32 (i32.const 2)) (start $s)
    (func $s (global.set $g (i32.const 7)) (i32.store (i32.const 0) (i32.const 8)))"#;

#[test]
fn hidden_exports_are_not_listed_and_not_found() {
    let module = text::module(&format!(r#"(module {STATE} (func (export "f")))"#));
    let names: Vec<_> = module.exports().iter().map(|export| export.name()).collect();
    assert_eq!(names, ["f"]);
    let mut store = Store::new();
    let guest = instantiate(&mut store, &module, &Environment::new());
    for name in ["guestbox:0:start", "guestbox:0:g0", "guestbox:0:m0", "guestbox:g0"] {
        assert!(module.export(name).is_none());
        assert_eq!(store.global(guest, name), Ok(None));
        assert_eq!(store.set_global(guest, name, Value::I32(0)), Err(GlobalError::NotFound));
        assert_eq!(store.exported_memory(guest, name), Ok(None));
        assert!(matches!(store.begin(guest, name, &[], 0), Err(InvokeError::ExportNotFound)));
    }
    assert!(matches!(store.begin_at(guest, 1, &[], 0), Err(InvokeError::ExportNotFound)));
}

#[test]
fn a_hidden_memory_is_not_the_callers_memory() {
    let text = r#"(module (import "env" "f" (func $f)) (memory 1) (func (export "run") (call $f)))"#;
    let mut store = Store::new();
    let environment = Environment::new().with_function("env", "f", guestbox::FuncIndex(0));
    let guest = text::guest(&mut store, text, &environment);
    let mut supervisor =
        |_: &mut Store, call: guestbox::HostCall<'_>| -> Result<guestbox::Values, guestbox::HostError> {
            assert_eq!(call.memory, None);
            Ok(().into())
        };
    text::call_with(&mut store, &mut supervisor, guest, "run", &[]);
}

#[test]
fn guests_may_export_such_names_themselves() {
    for own in [
        "guestbox:g0",
        "guestbox:m0",
        "guestbox:",
        "guestbox:0:",
        "guestbox:0:g0",
        "guestbox:0:m0",
        "guestbox:0:start",
        "guestbox:00:start",
        "guestbox:4294967295:",
    ] {
        let text = format!(
            r#"(module {STATE} (func (export "{own}") (result i32) (i32.const 3))
                (func (export "load") (result i32) (i32.load (i32.const 0)))
                (func (export "change") (i32.store (i32.const 0) (i32.const -1))))"#
        );
        let mut store = Store::new();
        let guest = text::guest(&mut store, &text, &Environment::new());
        let taken = snapshot(&mut store, guest);
        call(&mut store, guest, "change", &[]);
        store.restore(guest, &taken).unwrap();
        assert_eq!(call(&mut store, guest, "load", &[]), 8, "{own}");
        assert_eq!(call(&mut store, guest, own, &[]), 3);
    }
}

#[test]
fn modules_of_every_order_of_sections_have_them() {
    for text in [
        "(module (memory 1))",
        "(module (global (mut i32) (i32.const 0)))",
        "(module (memory 1) (func))",
        r#"(module (memory 1) (data (i32.const 0) "x"))"#,
        r#"(module (memory 1) (data "x") (func (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0))))"#,
        "(module (memory 1) (table 1 funcref) (elem (i32.const 0) $f) (func $f))",
        "(module (memory 1) (func $f) (start $f))",
        r#"(module (memory 1) (export "m" (memory 0)))"#,
        r#"(module (memory 1) (@custom "last" (after last) "x"))"#,
        r#"(module (@custom "first" (before first) "x") (memory 1) (func))"#,
    ] {
        let mut store = Store::new();
        let guest = text::guest(&mut store, text, &Environment::new());
        let taken = snapshot(&mut store, guest);
        let memories = if text.contains("memory") { 1 } else { 0 };
        assert_eq!(taken.memory_pages().len(), memories, "{text}");
        store.restore(guest, &taken).unwrap();
    }
}

#[test]
fn many_globals_and_exports_compile_quickly() {
    let globals = "(global (mut i32) (i32.const 0))".repeat(1_000);
    let exports: String = (0..9_000)
        .map(|at| format!(r#"(export "guestbox:{}{at}" (global {}))"#, "_".repeat(at % 50), at % 500))
        .collect();
    let bytes = text::bytes(&format!("(module {globals}{exports})"));
    let begin = std::time::Instant::now();
    let module = Module::new(&bytes).unwrap();
    assert!(begin.elapsed().as_secs() < 2, "{:?}", begin.elapsed());
    assert_eq!(module.exports().len(), 9_000);
    let mut store = Store::new();
    let guest = instantiate(&mut store, &module, &Environment::new());
    let taken = snapshot(&mut store, guest);
    store.set_global(guest, "guestbox:0", Value::I32(5)).unwrap();
    store.restore(guest, &taken).unwrap();
    assert_eq!(store.global(guest, "guestbox:0"), Ok(Some(Value::I32(0))));
}
