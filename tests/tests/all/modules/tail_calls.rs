//! Tail calls: among the functions of a guest, and to imports, which pause as they do elsewhere.

use guestbox::{
    CompileError, CompileOptions, Environment, FuncIndex, HostCall, InstanceId, InstantiateError, Limits,
    Module, NoImports, Step, Store, Value,
};
use guestbox_tests::text;

/// The functions that the modules here begin with: an import and a type.
const IMPORT: &str = r#"(type $t (func (param i32) (result i32)))
    (import "env" "f" (func $f (type $t))) (table $t 4 funcref)"#;

fn environment() -> Environment {
    Environment::new().with_function("env", "f", FuncIndex(0))
}

#[test]
fn a_tail_call_reaches_an_import() {
    let direct = "(return_call $f (local.get 0))";
    let indirect = "(return_call_indirect (type $t) (local.get 0) (i32.const 0))";
    let set = "(table.set $t (i32.const 0) (ref.func $f))";
    for (fields, body) in [
        ("", direct.to_owned()),
        ("", format!("(if (local.get 0) (then {direct})) (i32.const 2)")),
        ("(elem (i32.const 0) $f)", indirect.to_owned()),
        ("(elem (i32.const 0) funcref (ref.func $f) (ref.null func))", indirect.to_owned()),
        (
            "(elem $e func $f)",
            format!("(table.init $e (i32.const 0) (i32.const 0) (i32.const 1)) {indirect}"),
        ),
        ("(elem declare func $f)", format!("{set} {indirect}")),
        (
            "(global $g funcref (ref.func $f))",
            format!("(table.set $t (i32.const 0) (global.get $g)) {indirect}"),
        ),
        // By an export that passes the import on, from a function that was itself called in a tail.
        (
            "(export \"f\" (func $f)) (func $g (type $t) (return_call $f (local.get 0)))",
            "(return_call $g (local.get 0))".to_owned(),
        ),
    ] {
        // What the result is left to shows whose frame it came to.
        let text = format!(
            r#"(module {IMPORT} {fields} (func $tail (type $t) {body})
              (func (export "run") (type $t) (local i32) (local.set 1 (i32.const 1000))
                (i32.add (call $tail (i32.add (local.get 0) (i32.const 1))) (local.get 1)))
              (func (export "at once") (type $t) {body}))"#
        );
        for options in [CompileOptions::new(), CompileOptions::new().with_frames()] {
            let module = Module::with_options(&Limits::default(), &text::bytes(&text), options).unwrap();
            let mut store = Store::new();
            let guest = store.instantiate(&mut NoImports, &module, &environment(), 0).unwrap();
            for (export, result) in [("run", 1_080), ("at once", 70)] {
                for slice in [1, u64::MAX] {
                    let mut execution = store.begin(guest, export, &[Value::I32(7)], 0).unwrap();
                    execution.set_slice(slice);
                    let results = loop {
                        match execution.run(&mut store).unwrap() {
                            Step::HostCall(call) => {
                                let answer = call.args[0].as_i32().unwrap() * 10;
                                execution.answer(Ok(answer.into())).unwrap();
                            }
                            Step::Finished(results) => break results,
                            Step::SliceOver => {}
                            step => panic!("{step:?}: {text}"),
                        }
                    };
                    assert_eq!(*results, [Value::I32(result)], "{export}: {text}");
                }
            }
        }
    }
}

#[test]
fn what_refers_to_an_import_costs_the_same_however_it_is_reached() {
    let text = format!(
        r#"(module {IMPORT} (elem (i32.const 0) $f) (export "f" (func $f))
          (func (export "table") (type $t) (call_indirect (type $t) (local.get 0) (i32.const 0)))
          (func (export "tail") (type $t) (return_call_indirect (type $t) (local.get 0) (i32.const 0)))
          (func (export "direct") (type $t) (call $f (local.get 0))))"#
    );
    let mut store = Store::new();
    let guest = text::guest(&mut store, &text, &environment());
    let mut supervisor = |_: &mut Store, _: HostCall<'_>| Ok(0.into());
    let mut used = |export: &str| {
        let options = guestbox::CallOptions::new();
        store.invoke_with(&mut supervisor, guest, export, &[Value::I32(1)], options).unwrap().fuel_used
    };
    let (enter, get, call) = (u64::from(guestbox::costs::EXPORT_CALL) + 1, 1, 6);
    let host_call = u64::from(guestbox::costs::HOST_CALL);
    assert_eq!(used("f"), enter + get + host_call);
    assert_eq!(used("direct"), enter + get + host_call);
    let by_table = enter + 2 * get + call + 1 + get + host_call;
    assert_eq!([used("table"), used("tail")], [by_table, by_table]);
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
fn an_import_may_be_called_and_exported_beside_tail_calls() {
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
fn a_module_with_tail_calls_joins_live_guests_without() {
    let mut mixed = Mixed::new();
    let (plain, tail) = (mixed.plain.clone(), mixed.tail.clone());
    let guests = [&plain, &tail, &plain].map(|module| mixed.instantiate(module).unwrap());
    mixed.check(&guests);
    mixed.store.teardown_instance(guests[0]).unwrap();
    let late = mixed.instantiate(&tail).unwrap();
    mixed.check(&[guests[1], guests[2], late]);
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
