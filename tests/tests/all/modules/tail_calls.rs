//! Tail calls: among the functions of a guest, and never to an import, which could not be paused.

use guestbox::{
    CompileError, Environment, FuncIndex, HostCall, InstanceId, InstantiateError, Module, NoImports, Store,
    Value,
};
use guestbox_tests::text;

/// The functions that the modules here begin with: an import and a type.
const IMPORT: &str = r#"(type $t (func (param i32) (result i32)))
    (import "env" "f" (func $f (type $t))) (table $t 4 funcref)"#;

fn environment() -> Environment {
    Environment::new().with_function("env", "f", FuncIndex(0))
}

#[test]
fn tail_calls_that_may_reach_an_import_are_refused() {
    let direct = "(return_call $f (local.get 0))";
    let indirect = "(return_call_indirect (type $t) (local.get 0) (i32.const 0))";
    for (fields, body) in [
        ("", direct),
        ("", "(if (i32.const 0) (then (return_call $f (i32.const 1)))) (i32.const 2)"),
        ("(elem (i32.const 0) $f)", indirect),
        ("(elem (i32.const 1) funcref (ref.null func) (ref.func $f))", indirect),
        ("(elem $e func $f)", indirect),
        ("(elem declare func $f)", indirect),
        ("(global $g funcref (ref.func $f))", indirect),
        // Referenced in another function than the one that tail-calls.
        ("(elem declare func $f) (func (table.set $t (i32.const 0) (ref.func $f)))", indirect),
    ] {
        let text = format!(r#"(module {IMPORT} {fields} (func (export "run") (type $t) {body}))"#);
        let outcome = Module::new(&text::bytes(&text));
        assert_eq!(outcome.err(), Some(CompileError::TailCallToImport), "{text}");
    }
}

#[test]
fn broken_modules_with_tail_calls_are_invalid() {
    for body in [
        "(return_call $f (i64.const 0))",
        "(return_call_indirect (type $t) (i32.const 0))",
        "(return_call $f (local.get 0)) (i32.add)  (f32.const 0)",
    ] {
        let text = format!(r#"(module {IMPORT} (func (export "run") (type $t) {body}))"#);
        let outcome = Module::new(&text::bytes(&text));
        assert!(matches!(outcome, Err(CompileError::Invalid(_))), "{text}: {outcome:?}");
    }
}

/// Counts down by tail calls of each kind, and calls its import in between.
const COUNTING: &str = r#"(elem (i32.const 2) $down $up)
    (func $down (type $t) (if (i32.eqz (local.get 0)) (then (return (call $f (i32.const 5)))))
      (return_call_indirect (type $t) (local.get 0) (i32.const 3)))
    (func $up (type $t) (drop (call $f (local.get 0))) (return_call $down (i32.sub (local.get 0)
    (i32.const 1))))
    (func (export "run") (type $t) (i32.mul (call $down (local.get 0)) (i32.const 2)))"#;

#[test]
fn tail_calls_among_the_guests_own_functions_work() {
    let mut store = Store::new();
    let guest = text::guest(&mut store, &format!("(module {IMPORT} {COUNTING})"), &environment());
    let mut calls = 0;
    let mut supervisor = |_: &mut Store, call: HostCall<'_>| {
        calls += 1;
        Ok((call.args[0].as_i32().unwrap() * 10).into())
    };
    // More than there may be frames.
    let results = text::call_with(&mut store, &mut supervisor, guest, "run", &[Value::I32(20_000)]);
    assert_eq!((&*results, calls), (&[Value::I32(100)][..], 20_001));
}

#[test]
fn an_import_that_is_only_called_or_exported_is_no_obstacle() {
    let text = format!(
        r#"(module {IMPORT} (export "f" (func $f)) {COUNTING} (start $s) (func $s (drop (call $f
          (i32.const 1)))))"#
    );
    let module = text::module(&text);
    let mut supervisor = |_: &mut Store, _: HostCall<'_>| Ok(7.into());
    let mut store = Store::new();
    let guest = store.instantiate(&mut supervisor, &module, &environment(), 0).unwrap();
    for export in ["f", "run"] {
        let results = text::call_with(&mut store, &mut supervisor, guest, export, &[Value::I32(1)]);
        assert_eq!(*results, [Value::I32(if export == "f" { 7 } else { 14 })]);
    }
}

const SHARED: &str = r#"(import "env" "m" (memory 1))"#;
const PLAIN: &str = r#"(func (export "run") (result i32) (i32.load (i32.const 0)))"#;
const TAIL: &str = r#"(func (export "run") (result i32) (return_call $load))
    (func $load (result i32) (i32.load (i32.const 0)))"#;

/// Modules with and without tail calls, on one memory with 9 in it.
struct Mixed {
    store: Store,
    environment: Environment,
    plain: Module,
    tail: Module,
}

impl Mixed {
    fn new() -> Self {
        let mut store = Store::new();
        let memory = store.create_memory(1, None).unwrap();
        store.memory_write(memory, 0, &[9]).unwrap();
        let module = |functions: &str| text::module(&format!("(module {SHARED} {functions})"));
        let environment = Environment::new().with_memory("env", "m", memory);
        Self { store, environment, plain: module(PLAIN), tail: module(TAIL) }
    }

    fn instantiate(&mut self, module: &Module) -> Result<InstanceId, InstantiateError> {
        self.store.instantiate(&mut NoImports, module, &self.environment, 0)
    }

    fn check(&mut self, guests: &[InstanceId]) {
        for guest in guests {
            assert_eq!(*text::call(&mut self.store, *guest, "run", &[]), [Value::I32(9)]);
        }
    }
}

#[test]
fn a_module_with_tail_calls_cannot_join_live_guests_without() {
    let mut mixed = Mixed::new();
    let (plain, tail) = (mixed.plain.clone(), mixed.tail.clone());
    let first = mixed.instantiate(&plain).unwrap();
    for _ in 0..20 {
        assert!(matches!(mixed.instantiate(&tail), Err(InstantiateError::TailCallsApart)));
    }
    mixed.check(&[first]);
    mixed.store.teardown_instance(first).unwrap();
    // With nobody there it can, as the memory moves.
    let tail = mixed.instantiate(&tail).unwrap();
    mixed.check(&[tail]);
}

#[test]
fn a_module_with_tail_calls_instantiated_first_lets_others_join() {
    let mut mixed = Mixed::new();
    let (plain, tail) = (mixed.plain.clone(), mixed.tail.clone());
    let guests = [&tail, &plain, &tail, &plain].map(|module| mixed.instantiate(module).unwrap());
    mixed.check(&guests);
    mixed.store.teardown_instance(guests[0]).unwrap();
    let late = mixed.instantiate(&tail).unwrap();
    mixed.check(&[guests[1], guests[2], guests[3], late]);
}

#[test]
fn a_refused_module_with_tail_calls_is_no_instance() {
    let mut limits = guestbox::Limits::default();
    limits.instances = 5;
    let mut mixed = Mixed::new();
    mixed.store = Store::with_limits(limits);
    let memory = mixed.store.create_memory(1, None).unwrap();
    mixed.environment = Environment::new().with_memory("env", "m", memory);
    let (plain, tail) = (mixed.plain.clone(), mixed.tail.clone());
    mixed.instantiate(&plain).unwrap();
    for _ in 0..20 {
        assert!(matches!(mixed.instantiate(&tail), Err(InstantiateError::TailCallsApart)));
    }
    mixed.instantiate(&plain).unwrap();
}
