//! Forks: a second instance in the state of the first.

use super::{call, guest, instantiate};
use guestbox::{
    Environment, ForkError, FuncIndex, HostCall, HostError, InstantiateError, Limits, RestoreError, Store,
    Value, Values,
};
use guestbox_tests::text;

#[test]
fn a_fork_has_the_state_and_the_functions_of_the_first_and_a_life_of_its_own() {
    let mut store = Store::new();
    let first = guest(&mut store);
    call(&mut store, first, "grow", &[1]);
    call(&mut store, first, "store", &[100_000, 1]);
    text::call(&mut store, first, "hide", &[Value::I64(11)]);
    let fork = store.fork(first, &Environment::new()).unwrap();
    assert_eq!(call(&mut store, fork, "load", &[100_000]), 1);
    assert_eq!(*text::call(&mut store, fork, "hidden", &[]), [Value::I64(11)]);
    call(&mut store, fork, "store", &[100_000, 2]);
    text::call(&mut store, fork, "hide", &[Value::I64(12)]);
    assert_eq!(call(&mut store, first, "load", &[100_000]), 1);
    assert_eq!(*text::call(&mut store, first, "hidden", &[]), [Value::I64(11)]);
    let mut supervisor = |_: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        assert_eq!((call.func, call.instance), (FuncIndex(0), Some(fork)));
        Ok(9.into())
    };
    let results = text::call_with(&mut store, &mut supervisor, fork, "ask", &[Value::I32(0)]);
    assert_eq!(*results, [Value::I32(9)]);
    store.teardown_instance(first).unwrap();
    assert_eq!(call(&mut store, fork, "load", &[100_000]), 2);
}

#[test]
fn functions_stay_those_of_the_first_whatever_the_environment_says() {
    let mut store = Store::new();
    let text = r#"(module (import "a" "f" (func $f (result i32))) (import "b" "f" (func $g (result i32)))
        (func (export "run") (result i32) (i32.add (i32.mul (call $f) (i32.const 10)) (call $g))))"#;
    let environment =
        Environment::new().with_function("a", "f", FuncIndex(3)).with_function("b", "f", FuncIndex(4));
    let first = text::guest(&mut store, text, &environment);
    let fork = store.fork(first, &Environment::new().with_function("a", "f", FuncIndex(8))).unwrap();
    let mut supervisor =
        |_: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> { Ok(call.func.0.into()) };
    assert_eq!(*text::call_with(&mut store, &mut supervisor, fork, "run", &[]), [Value::I32(34)]);
}

#[test]
fn imported_memories_are_given_anew() {
    let module = text::module(r#"(module (import "env" "memory" (memory 1 5)))"#);
    let with = |memory| Environment::new().with_memory("env", "memory", memory);
    let mut store = Store::new();
    let memory = store.create_memory(1, Some(5)).unwrap();
    let first = instantiate(&mut store, &module, &with(memory));
    store.memory_grow(memory, 1).unwrap();
    store.memory_write(memory, 70_000, b"state").unwrap();

    let missing = store.fork(first, &Environment::new());
    assert!(matches!(missing, Err(ForkError::Instantiate(InstantiateError::Imports(_)))));

    let fresh = store.create_memory(1, Some(5)).unwrap();
    store.memory_write(fresh, 9, b"remains of something else").unwrap();
    let fork = store.fork(first, &with(fresh)).unwrap();
    assert_eq!(
        store.memory_to_vec(fresh, 0, 65_536).unwrap(),
        store.memory_to_vec(memory, 0, 65_536).unwrap()
    );
    assert_eq!(store.memory_to_vec(fresh, 70_000, 5).unwrap(), b"state");
    store.memory_write(fresh, 70_000, b"other").unwrap();
    assert_eq!(store.memory_to_vec(memory, 70_000, 5).unwrap(), b"state");
    store.teardown_instance(fork).unwrap();

    // The same memory for both: they share it, and it is what it was.
    store.fork(first, &with(memory)).unwrap();
    assert_eq!(store.memory_to_vec(memory, 70_000, 5).unwrap(), b"state");
}

#[test]
fn memories_that_do_not_suit_are_refused_and_not_written() {
    let module = text::module(r#"(module (import "env" "memory" (memory 1)) (data (i32.const 0) "data"))"#);
    let with = |memory| Environment::new().with_memory("env", "memory", memory);
    let mut store = Store::new();
    let memory = store.create_memory(2, None).unwrap();
    let first = instantiate(&mut store, &module, &with(memory));
    for (initial, maximum, refusal) in [(3, None, RestoreError::Grown), (1, Some(1), RestoreError::Maximum)] {
        let other = store.create_memory(initial, maximum).unwrap();
        match store.fork(first, &with(other)) {
            Err(ForkError::Instantiate(InstantiateError::Snapshot(error))) => assert_eq!(error, refusal),
            other => panic!("{other:?}"),
        }
        if refusal == RestoreError::Grown {
            assert_eq!(store.memory_to_vec(other, 0, 4).unwrap(), [0; 4], "no segment was written");
        }
        assert_eq!(store.memory_size(other), Ok(initial));
    }
    let suitable = store.create_memory(2, None).unwrap();
    store.fork(first, &with(suitable)).unwrap();
}

#[test]
fn a_thousand_forks_leave_nothing() {
    let mut limits = Limits::default();
    limits.total_memory_pages = 4;
    limits.instances = 3;
    let mut store = Store::with_limits(limits);
    let first = guest(&mut store);
    for round in 0..1_000 {
        call(&mut store, first, "store", &[0, round]);
        let fork = store.fork(first, &Environment::new()).unwrap();
        assert_eq!(call(&mut store, fork, "load", &[0]), round);
        store.teardown_instance(fork).unwrap();
    }
    assert_eq!(store.memory_pages_in_use(), 1);
}
