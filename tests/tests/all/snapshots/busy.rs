//! While a call is under way there is no snapshot and no restoring, of the instance and of those
//! that it shares memory with. Others are free.

use super::{call, environment, guest, snapshot};
use guestbox::{
    Environment, Execution, ForkError, FuncIndex, HostCall, HostError, InstanceId, InstantiateError, Module,
    RestoreError, Snapshot, SnapshotError, Step, Store, Value, Values,
};
use guestbox_tests::text;

const SHARING: &str = r#"(module (import "env" "host" (func $host (param i32) (result i32)))
    (import "env" "memory" (memory 1))
    (func (export "ask") (param i32) (result i32) (call $host (local.get 0))))"#;

fn is_busy(store: &mut Store, guest: InstanceId, earlier: &Snapshot) -> bool {
    let (taken, restored) = (store.snapshot(guest), store.restore(guest, earlier));
    match (taken, restored) {
        (Ok(_), Ok(())) => false,
        (Err(SnapshotError::Busy), Err(RestoreError::Busy)) => true,
        other => panic!("{other:?}"),
    }
}

fn ask(store: &mut Store, guest: InstanceId) -> Execution {
    store.begin(guest, "ask", &[Value::I32(1)], 0).unwrap()
}

#[test]
fn an_execution_is_under_way_from_its_beginning_to_its_end() {
    let mut store = Store::new();
    let (guest, other) = (guest(&mut store), guest(&mut store));
    let before = snapshot(&mut store, guest);

    let mut execution = ask(&mut store, guest);
    assert!(is_busy(&mut store, guest, &before), "begun");
    assert!(matches!(execution.run(&mut store), Ok(Step::HostCall(_))));
    assert!(is_busy(&mut store, guest, &before), "paused at a host call");
    assert!(!is_busy(&mut store, other, &before), "another guest");
    execution.answer(Ok(2.into())).unwrap();
    assert!(is_busy(&mut store, guest, &before), "answered");
    assert!(matches!(execution.run(&mut store), Ok(Step::Finished(_))));
    assert!(!is_busy(&mut store, guest, &before), "finished");

    let mut execution = store.begin(guest, "spin", &[], 0).unwrap();
    execution.set_fuel(1_000);
    assert!(matches!(execution.run(&mut store), Ok(Step::OutOfFuel { .. })));
    assert!(is_busy(&mut store, guest, &before), "out of fuel");
    execution.cancel(&mut store);
    assert!(!is_busy(&mut store, guest, &before), "cancelled");

    let (first, second) = (ask(&mut store, guest), ask(&mut store, guest));
    drop(first);
    assert!(is_busy(&mut store, guest, &before), "one of two dropped");
    drop(second);
    assert!(!is_busy(&mut store, guest, &before), "both dropped");
}

#[test]
fn a_host_call_cannot_snapshot_or_restore_its_caller_but_others() {
    let mut store = Store::new();
    let (caller, other) = (guest(&mut store), guest(&mut store));
    let before = snapshot(&mut store, caller);
    call(&mut store, other, "store", &[0, 3]);
    let mut served = 0;
    let mut supervisor = |store: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        served += 1;
        let caller = call.instance.unwrap();
        assert!(is_busy(store, caller, &before));
        assert!(matches!(store.fork(caller, &environment()), Err(ForkError::Snapshot(SnapshotError::Busy))));
        assert!(!is_busy(store, other, &before));
        let copy = store.fork(other, &environment())?;
        assert_eq!(super::call(store, copy, "load", &[0]), 0, "the other was reset");
        Ok(7.into())
    };
    let results = text::call_with(&mut store, &mut supervisor, caller, "ask", &[Value::I32(1)]);
    assert_eq!(*results, [Value::I32(7)]);
    assert_eq!(served, 1);
    assert!(!is_busy(&mut store, caller, &before));
}

#[test]
fn sharing_a_memory_with_a_guest_that_is_called_counts() {
    let module = text::module(SHARING);
    let mut store = Store::new();
    let memory = store.create_memory(1, None).unwrap();
    let environment = environment().with_memory("env", "memory", memory);
    let guests = [(); 3].map(|()| super::instantiate(&mut store, &module, &environment));
    let before = snapshot(&mut store, guests[0]);
    let mut execution = ask(&mut store, guests[1]);
    assert!(matches!(execution.run(&mut store), Ok(Step::HostCall(_))));
    assert!(guests.iter().all(|guest| is_busy(&mut store, *guest, &before)));
    // Nor can a new one be made in a state that the waiting one would see.
    store.memory_write(memory, 0, b"kept").unwrap();
    let refused = store.instantiate_from(&module, &environment, &before);
    assert!(matches!(refused, Err(InstantiateError::Snapshot(RestoreError::Busy))));
    assert_eq!(store.memory_to_vec(memory, 0, 4).unwrap(), b"kept");
    // Torn down it still waits.
    store.teardown_instance(guests[1]).unwrap();
    assert!(is_busy(&mut store, guests[0], &before));
    execution.cancel(&mut store);
    assert!(!is_busy(&mut store, guests[0], &before));
    store.instantiate_from(&module, &environment, &before).unwrap();
}

#[test]
fn a_start_function_that_waits_counts() {
    let starting = Module::new(&text::bytes(
        r#"(module (import "env" "host" (func $host)) (import "env" "memory" (memory 1)) (start $host))"#,
    ))
    .unwrap();
    let mut store = Store::new();
    let memory = store.create_memory(1, None).unwrap();
    let environment =
        Environment::new().with_function("env", "host", FuncIndex(0)).with_memory("env", "memory", memory);
    let guest = text::guest(&mut store, SHARING, &environment);
    let before = snapshot(&mut store, guest);
    let mut execution = store.begin_instantiate(&starting, &environment, 0).unwrap();
    assert!(is_busy(&mut store, guest, &before));
    assert!(matches!(execution.run(&mut store), Ok(Step::HostCall(_))));
    assert!(is_busy(&mut store, guest, &before));
    execution.answer(Ok(().into())).unwrap();
    assert!(matches!(execution.run(&mut store), Ok(Step::Finished(_))));
    assert!(!is_busy(&mut store, guest, &before));
}
