//! What calls of exports and runs of start functions cost before the guest begins.

use super::{finish, host};
use guestbox::{
    CallOptions, Environment, Execution, ExecutionError, HostCall, HostError, InstanceId, InvokeError,
    NoImports, Step, Store, TrapCode, Value, Values, costs,
};
use guestbox_tests::text;

/// `run` notes that it was called, `ask` calls the host.
const GUEST: &str = r#"(module (import "env" "host" (func $host (param i32) (result i32)))
    (global $runs (export "runs") (mut i32) (i32.const 0))
    (func (export "run") (result i32)
      (global.set $runs (i32.add (global.get $runs) (i32.const 1)))
      (i32.const 7))
    (func (export "ask") (result i32) (call $host (i32.const 1)))
    (func (export "nothing")))"#;

const EXPORT_CALL: u64 = costs::EXPORT_CALL as u64;
/// What `run` uses besides.
const RUN: u64 = 1 + 5;
/// What `ask` uses besides.
const ASK: u64 = 1 + 1 + costs::HOST_CALL as u64;

fn guest() -> (Store, InstanceId) {
    let mut store = Store::new();
    let guest = text::guest(&mut store, GUEST, &host());
    (store, guest)
}

fn runs(store: &mut Store, guest: InstanceId) -> i32 {
    store.global(guest, "runs").unwrap().and_then(|runs| runs.as_i32()).unwrap()
}

fn required(execution: &mut Execution, store: &mut Store) -> u64 {
    match execution.run(store) {
        Ok(Step::OutOfFuel { required, .. }) => required,
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_the_fuel_for_it_nothing_has_run_and_it_goes_on_with_more() {
    for fuel in [0, 1, EXPORT_CALL - 1] {
        let (mut store, guest) = guest();
        let mut execution = store.begin(guest, "run", &[], 0).unwrap();
        execution.set_fuel(fuel);
        for _ in 0..2 {
            assert_eq!(required(&mut execution, &mut store), EXPORT_CALL);
            assert_eq!((execution.fuel(), execution.fuel_used()), (fuel, 0));
        }
        assert!(!execution.is_ended() && execution.frames().is_empty());
        assert_eq!(execution.answer(Ok(0.into())), Err(ExecutionError::NotWaiting));
        // It has its place all the same.
        let mut other = store.begin(guest, "run", &[], 0).unwrap();
        assert!(matches!(other.run(&mut store), Err(ExecutionError::Busy)));
        execution.add_fuel(EXPORT_CALL - fuel);
        assert_eq!(required(&mut execution, &mut store), RUN);
        assert_eq!((execution.fuel(), execution.fuel_used(), runs(&mut store, guest)), (0, EXPORT_CALL, 0));
        execution.add_fuel(RUN);
        assert_eq!(*finish(&mut execution, &mut store), [Value::I32(7)]);
        assert_eq!((execution.fuel(), execution.fuel_used()), (0, EXPORT_CALL + RUN));
        assert_eq!(*finish(&mut other, &mut store), [Value::I32(7)]);
        assert_eq!(runs(&mut store, guest), 2);
    }
}

#[test]
fn a_call_that_never_began_leaves_the_guest_as_it_was() {
    let (mut store, guest) = guest();
    let begin = |store: &mut Store| {
        let mut execution = store.begin(guest, "run", &[], 0).unwrap();
        execution.set_fuel(EXPORT_CALL - 1);
        required(&mut execution, store);
        execution
    };
    begin(&mut store).cancel(&mut store);
    drop(begin(&mut store));
    let trap = begin(&mut store).end_with(&mut store, TrapCode::OutOfFuel);
    assert_eq!((trap.code(), trap.fuel_used()), (TrapCode::OutOfFuel, 0));
    let options = CallOptions::new().with_fuel(EXPORT_CALL - 1);
    match store.invoke_with(&mut NoImports, guest, "run", &[], options) {
        Err(InvokeError::Trap(trap)) => {
            assert_eq!((trap.code(), trap.fuel_used()), (TrapCode::OutOfFuel, 0));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(runs(&mut store, guest), 0);
    assert_eq!(*text::call(&mut store, guest, "run", &[]), [Value::I32(7)]);
}

#[test]
fn a_slice_that_is_too_small_gets_its_size() {
    for slice in [0, 1, EXPORT_CALL - 1, EXPORT_CALL, EXPORT_CALL + 1] {
        let (mut store, guest) = guest();
        let mut execution = store.begin(guest, "run", &[], 0).unwrap();
        execution.set_slice(slice);
        assert!(matches!(execution.run(&mut store), Ok(Step::SliceOver)));
        assert_eq!((execution.fuel_used(), runs(&mut store, guest)), (EXPORT_CALL, 0));
        // One of less than it takes to go on is none.
        execution.set_slice(slice.min(1));
        assert_eq!(*finish(&mut execution, &mut store), [Value::I32(7)]);
        assert_eq!(execution.fuel_used(), EXPORT_CALL + RUN);
    }
    let (mut store, guest) = guest();
    let mut execution = store.begin(guest, "run", &[], 0).unwrap();
    execution.set_slice(EXPORT_CALL + RUN);
    assert_eq!(*finish(&mut execution, &mut store), [Value::I32(7)]);
}

#[test]
fn a_start_function_costs_it_and_none_is_free() {
    let starts =
        "(module (global (export \"g\") (mut i32) (i32.const 0)) (func $s (global.set 0 (i32.const 1)))
        (start $s))";
    let mut store = Store::new();
    let module = text::module(starts);
    let mut execution = store.begin_instantiate(&module, &Environment::new(), 0).unwrap();
    execution.set_fuel(EXPORT_CALL - 1);
    assert_eq!(required(&mut execution, &mut store), EXPORT_CALL);
    assert_eq!(execution.instance(), None);
    execution.add_fuel(4);
    finish(&mut execution, &mut store);
    assert_eq!((execution.fuel(), execution.fuel_used()), (0, EXPORT_CALL + 3));
    let guest = execution.instance().unwrap();
    assert_eq!(store.global(guest, "g"), Ok(Some(Value::I32(1))));
    let mut none = store.begin_instantiate(&text::module("(module)"), &Environment::new(), 0).unwrap();
    none.set_fuel(0);
    finish(&mut none, &mut store);
    assert_eq!(none.fuel_used(), 0);
}

#[test]
fn nested_calls_cost_it_too_and_draw_on_the_call_around() {
    let (mut store, guest) = guest();
    for left in [0, EXPORT_CALL - 1, EXPORT_CALL, EXPORT_CALL + 1] {
        let mut nested = None;
        let mut supervisor = |store: &mut Store, _: HostCall<'_>| -> Result<Values, HostError> {
            assert_eq!(store.fuel_left(), Some(left));
            let outcome = store.invoke_with(&mut NoImports, guest, "nothing", &[], CallOptions::new());
            nested = Some(match outcome {
                Ok(outcome) => (None, outcome.fuel_used),
                Err(InvokeError::Trap(trap)) => (Some(trap.code()), trap.fuel_used()),
                Err(error) => panic!("{error}"),
            });
            Ok(0.into())
        };
        let options = CallOptions::new().with_fuel(EXPORT_CALL + ASK + left);
        let outcome = store.invoke_with(&mut supervisor, guest, "ask", &[], options).unwrap();
        let expected = match left.checked_sub(EXPORT_CALL) {
            None => (Some(TrapCode::OutOfFuel), 0),
            Some(0) => (Some(TrapCode::OutOfFuel), EXPORT_CALL),
            Some(_) => (None, EXPORT_CALL + 1),
        };
        assert_eq!(nested, Some(expected));
        assert_eq!(outcome.fuel_used, EXPORT_CALL + ASK + expected.1);
    }
}
