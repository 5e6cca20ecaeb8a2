//! Start functions that pause, and functions that are imports passed on.

use super::{finish, host, pause};
use guestbox::{
    Environment, Execution, FuncIndex, HostError, InstantiateError, NoImports, Step, Store, TrapCode, Value,
    Values, costs,
};
use guestbox_tests::text;

/// Its start function keeps in its memory what the supervisor answers.
const STARTER: &str = r#"(module (import "env" "host" (func $host (param i32) (result i32)))
    (memory (export "memory") 2) (start $start)
    (func $start (i32.store (i32.const 8) (call $host (i32.const 11))))
    (func (export "kept") (result i32) (i32.load (i32.const 8))))"#;

fn begin(store: &mut Store, text: &str) -> Execution {
    store.begin_instantiate(&text::module(text), &host(), 4).unwrap()
}

#[test]
fn a_start_function_pauses_and_its_instance_comes_after() {
    let mut store = Store::new();
    let mut execution = begin(&mut store, STARTER);
    assert_eq!(execution.instance(), None);
    let Ok(Step::HostCall(call)) = execution.run(&mut store) else { panic!("not paused") };
    assert_eq!((call.func, call.state, call.instance), (FuncIndex(3), 4, None));
    let memory = call.memory.unwrap();
    assert_eq!(call.memory.unwrap().number(), None, "an exported memory has no number");
    store.memory_write(memory, 100, b"before the id").unwrap();
    assert_eq!(store.instance_id(0), Err(guestbox::HandleError::Unknown));
    execution.answer(Ok(42.into())).unwrap();
    assert!(finish(&mut execution, &mut store).is_empty());
    let guest = execution.instance().unwrap();
    assert_eq!((guest.number(), store.instance_id(0)), (0, Ok(guest)));
    assert_eq!(*text::call(&mut store, guest, "kept", &[]), [Value::I32(42)]);
    assert_eq!(store.exported_memory(guest, "memory"), Ok(Some(memory)), "the same before and after");
    let mut seen = [0; 13];
    store.memory_read(memory, 100, &mut seen).unwrap();
    assert_eq!(&seen, b"before the id");
}

#[test]
fn a_module_without_start_function_has_to_be_run_once() {
    let mut store = Store::new();
    let mut execution = begin(&mut store, r#"(module (func (export "f") (result i32) (i32.const 1)))"#);
    execution.set_fuel(0);
    assert_eq!(execution.instance(), None);
    assert!(finish(&mut execution, &mut store).is_empty());
    assert_eq!(execution.instance().unwrap().number(), 0);
    assert_eq!(execution.fuel(), 0);
}

#[test]
fn a_cancelled_start_leaves_nothing_and_takes_no_number() {
    let mut store = Store::new();
    let mut unrun = begin(&mut store, STARTER);
    let mut waiting = begin(&mut store, STARTER);
    pause(&mut waiting, &mut store);
    let mut starved = begin(&mut store, STARTER);
    starved.set_fuel(0);
    assert!(matches!(starved.run(&mut store), Ok(Step::OutOfFuel { .. })));
    let mut answered = begin(&mut store, STARTER);
    pause(&mut answered, &mut store);
    answered.answer(Ok(1.into())).unwrap();
    assert_eq!(store.memory_pages_in_use(), 8);
    for (left, execution) in [(6, &mut unrun), (4, &mut waiting), (2, &mut starved), (0, &mut answered)] {
        execution.cancel(&mut store);
        assert!(execution.is_ended());
        assert_eq!(execution.instance(), None);
        assert_eq!(store.memory_pages_in_use(), left);
    }
    assert_eq!(text::guest(&mut store, "(module)", &host()).number(), 0);
}

#[test]
fn a_dropped_start_leaves_nothing_once_the_store_is_used() {
    let mut store = Store::new();
    for _ in 0..3 {
        let mut execution = begin(&mut store, STARTER);
        pause(&mut execution, &mut store);
        drop(execution);
        drop(begin(&mut store, STARTER));
    }
    let memory = store.create_memory(0, None).unwrap();
    assert_eq!(store.memory_pages_in_use(), 0);
    drop(begin(&mut store, STARTER));
    store.teardown_memory(memory).unwrap();
    assert_eq!(store.memory_pages_in_use(), 0);
    assert_eq!(text::guest(&mut store, "(module)", &host()).number(), 0);
}

#[test]
fn a_start_function_that_traps_gives_no_instance() {
    let mut store = Store::new();
    let mut execution = begin(&mut store, STARTER);
    pause(&mut execution, &mut store);
    execution.answer(Err(HostError::new())).unwrap();
    assert!(matches!(execution.run(&mut store), Ok(Step::Trapped(_))));
    assert_eq!(execution.instance(), None);
    assert_eq!(store.memory_pages_in_use(), 0);
    let module = text::module("(module (memory 1) (start $s) (func $s (unreachable)))");
    let outcome = store.instantiate(&mut NoImports, &module, &host(), 0);
    assert_eq!(text::start_trap(outcome), TrapCode::Unreachable);
    assert_eq!(store.memory_pages_in_use(), 0);
}

#[test]
fn a_start_function_that_is_an_import_is_called() {
    let text = r#"(module (import "env" "other" (func (param i64))) (import "env" "boot" (func $boot))
        (start $boot) (memory (export "memory") 1))"#;
    let environment = Environment::new().with_function("env", "boot", FuncIndex(8)).with_function(
        "env",
        "other",
        FuncIndex(7),
    );
    let module = text::module(text);
    assert!(module.has_start());
    let mut store = Store::new();
    let mut booted = 0;
    let mut supervisor = |store: &mut Store, call: guestbox::HostCall<'_>| {
        assert_eq!((call.func, call.args, call.instance), (FuncIndex(8), &[][..], None));
        booted += 1;
        if call.state == 1 {
            return Err(HostError::new());
        }
        store.memory_write(call.memory.unwrap(), 0, b"booted")?;
        Ok(if call.state == 2 { 1.into() } else { Values::NONE })
    };
    let guest = store.instantiate(&mut supervisor, &module, &environment, 0).unwrap();
    let refused = store.instantiate(&mut supervisor, &module, &environment, 1);
    assert_eq!(text::start_trap(refused), TrapCode::HostError);
    let wrong = store.instantiate(&mut supervisor, &module, &environment, 2);
    assert_eq!(text::start_trap(wrong), TrapCode::ResultType);
    assert_eq!(booted, 3);
    let memory = store.exported_memory(guest, "memory").unwrap().unwrap();
    let mut seen = [0; 6];
    store.memory_read(memory, 0, &mut seen).unwrap();
    assert_eq!(&seen, b"booted");
    assert_eq!(store.memory_pages_in_use(), 1);
}

#[test]
fn an_export_that_is_an_import_reaches_the_supervisor() {
    let text = r#"(module (import "env" "first" (func $first))
        (import "env" "host" (func $host (param i32 f64 i64) (result i64 f32)))
        (memory (export "memory") 1)
        (export "again" (func $host)) (export "nothing" (func $first)))"#;
    let environment = host().with_function("env", "first", FuncIndex(9));
    let mut store = Store::new();
    let guest = text::guest(&mut store, text, &environment);
    let args = [Value::I32(-1), Value::F64(0x7FF0_0000_0000_0001), Value::I64(i64::MIN)];
    let mut execution = store.begin(guest, "again", &args, 5).unwrap();
    let fuel = 1 + 3 + u64::from(costs::HOST_CALL);
    execution.set_fuel(u64::from(costs::EXPORT_CALL) + fuel - 1);
    assert!(matches!(execution.run(&mut store), Ok(Step::OutOfFuel { required, .. }) if required == fuel));
    execution.add_fuel(1);
    for _ in 0..2 {
        let Ok(Step::HostCall(call)) = execution.run(&mut store) else { panic!("not paused") };
        assert_eq!((call.func, call.args, call.state), (FuncIndex(3), &args[..], 5));
        assert_eq!(call.memory, store.exported_memory(guest, "memory").unwrap());
    }
    let answer = [Value::I64(-1), Value::F32(0x7FA0_0001)];
    execution.answer(Ok(answer.to_vec().into())).unwrap();
    assert_eq!(*finish(&mut execution, &mut store), answer);
    let refused = store.begin(guest, "again", &args[..2], 0);
    assert!(matches!(refused, Err(guestbox::InvokeError::Arguments(_))));
    let mut execution = store.begin(guest, "nothing", &[], 0).unwrap();
    assert!(pause(&mut execution, &mut store).is_empty());
    store.teardown_instance(guest).unwrap();
    execution.answer(Ok(().into())).unwrap();
    assert!(finish(&mut execution, &mut store).is_empty());
    assert_eq!(store.memory_pages_in_use(), 0);
}

#[test]
fn a_failed_link_says_so_and_leaves_nothing() {
    let mut store = Store::new();
    let outcome = store.begin_instantiate(&text::module(STARTER), &Environment::new(), 0);
    assert!(matches!(outcome, Err(InstantiateError::Imports(_))));
    let module = text::module(r#"(module (memory 1) (data (i32.const 65536) "x") (start $s) (func $s))"#);
    let outcome = store.begin_instantiate(&module, &host(), 0);
    assert!(matches!(outcome, Err(InstantiateError::Segment)));
    let module = text::module("(module (memory 1) (table 1 funcref) (elem (i32.const 1) $f) (func $f))");
    let outcome = store.begin_instantiate(&module, &host(), 0);
    assert!(matches!(outcome, Err(InstantiateError::Segment)));
    assert_eq!(store.memory_pages_in_use(), 0);
}
