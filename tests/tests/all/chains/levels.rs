//! What is nested: only what takes its place within a host call that waits.

use super::{assert_whole, begin, environment, finish, guest, waiting};
use guestbox::{
    ExecutionError, HostCall, HostError, InvokeError, NoImports, Step, Store, TrapCode, Value, Values,
};
use guestbox_tests::text;

/// `ask(n)` asks the host and then keeps `n` below its stack's pointer, as leaf functions of compilers do.
const LEAF: &str = r#"(module
    (import "env" "wait" (func $wait (param i32) (result i32))) (memory (export "memory") 1)
    (global $sp (export "sp") (mut i32) (i32.const 1024))
    (func (export "run") (param i32) (result i32) (local $p i32)
      (global.set $sp (local.tee $p (i32.sub (global.get $sp) (i32.const 16))))
      (i32.store (local.get $p) (local.get 0)) (drop (call $wait (local.get 0))) (i32.load (local.get $p))
      (global.set $sp (i32.add (local.get $p) (i32.const 16))))
    (func $leaf (param i32) (result i32) (local $p i32) (local $i i32)
      (local.set $p (i32.sub (global.get $sp) (i32.const 16)))
      (i32.store (local.get $p) (local.get 0))
      (loop (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
      (i32.load (local.get $p)))
    (func (export "ask") (param i32) (result i32) (drop (call $wait (local.get 0))) (call $leaf (local.get 0))))"#;

#[test]
fn the_level_of_a_host_call_that_was_answered_lets_nobody_in() {
    let mut store = Store::new();
    let guest = text::guest(&mut store, LEAF, &environment());
    let mut outer = begin(&mut store, guest, "ask", 7);
    let Ok(Step::HostCall(call)) = outer.run(&mut store) else { panic!("it waits") };
    let level = store.open_level(&call).unwrap();
    outer.answer(Ok(0.into())).unwrap();
    let mut late = begin(&mut store, guest, "run", 66);
    assert!(matches!(late.run(&mut store), Err(ExecutionError::Busy)), "before it goes on");
    outer.set_slice(500);
    assert!(matches!(outer.run(&mut store), Ok(Step::SliceOver)));
    assert!(matches!(late.run(&mut store), Err(ExecutionError::Busy)), "and after");
    store.close_level(level);
    let results = loop {
        match outer.run(&mut store) {
            Ok(Step::Finished(results)) => break results,
            Ok(Step::SliceOver) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(*results, [Value::I32(7)]);
}

#[test]
fn the_level_of_a_host_call_whose_call_has_gone_lets_nobody_in() {
    for drops in [false, true] {
        let mut store = Store::new();
        let guest = guest(&mut store);
        let mut served = begin(&mut store, guest, "run", 1);
        let Ok(Step::HostCall(call)) = served.run(&mut store) else { panic!("it waits") };
        let level = store.open_level(&call).unwrap();
        if drops {
            drop(served);
        } else {
            served.cancel(&mut store);
        }
        let mut waits = waiting(&mut store, guest, 2);
        let mut other = begin(&mut store, guest, "plain", 3);
        assert!(matches!(other.run(&mut store), Err(ExecutionError::Busy)));
        store.close_level(level);
        assert_eq!(finish(&mut store, &mut waits), Value::I32(2));
        assert_whole(&mut store, guest);
    }
}

#[test]
fn a_level_of_an_earlier_host_call_lets_nobody_in() {
    let mut store = Store::new();
    let guest = text::guest(
        &mut store,
        r#"(module (import "env" "wait" (func $wait (param i32) (result i32)))
            (func (export "twice") (drop (call $wait (i32.const 1))) (drop (call $wait (i32.const 2))))
            (func (export "plain")))"#,
        &environment(),
    );
    let mut outer = store.begin(guest, "twice", &[], 0).unwrap();
    let Ok(Step::HostCall(call)) = outer.run(&mut store) else { panic!("it waits") };
    let level = store.open_level(&call).unwrap();
    outer.answer(Ok(0.into())).unwrap();
    assert!(matches!(outer.run(&mut store), Ok(Step::HostCall(_))));
    let nested = store.invoke(&mut NoImports, guest, "plain", &[], 0);
    assert!(matches!(nested, Err(InvokeError::Busy)));
    store.close_level(level);
}

#[test]
fn a_level_of_another_store_lets_nobody_in() {
    let (mut one, mut other) = (Store::new(), Store::new());
    let (first, second) = (guest(&mut one), guest(&mut other));
    let elsewhere = waiting(&mut one, first, 1);
    let mut here = waiting(&mut other, second, 2);
    let level = other.open_level(&elsewhere.waits_for().unwrap()).unwrap();
    let outcome = other.invoke(&mut NoImports, second, "plain", &[Value::I32(1)], 0);
    assert!(matches!(outcome, Err(InvokeError::Busy)));
    other.close_level(level);
    assert_eq!(finish(&mut other, &mut here), Value::I32(2));
}

#[test]
fn a_call_that_the_supervisor_keeps_ends_the_one_that_it_was_made_in() {
    for fails in [false, true] {
        let mut store = Store::new();
        let guest = guest(&mut store);
        let mut kept = Vec::new();
        let mut keeps = |store: &mut Store, _: HostCall<'_>| -> Result<Values, HostError> {
            store.charge(1_000)?;
            kept.push(waiting(store, guest, 2));
            if fails { Err(HostError::with_reason(OutOfTea)) } else { Ok(0.into()) }
        };
        let outcome = store.invoke(&mut keeps, guest, "run", &[Value::I32(1)], 0);
        let Err(InvokeError::Trap(trap)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(trap.code(), TrapCode::HostError);
        assert!(trap.fuel_used() > 1_000, "{}", trap.fuel_used());
        let reason = trap.reason().unwrap();
        match fails {
            true => assert!(reason.is::<OutOfTea>()),
            false => assert_eq!(reason.downcast_ref(), Some(&ExecutionError::Busy)),
        }
        assert_eq!(finish(&mut store, &mut kept[0]), Value::I32(2));
        assert_whole(&mut store, guest);
    }
}

#[derive(Debug)]
struct OutOfTea;

impl std::fmt::Display for OutOfTea {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("out of tea")
    }
}

impl std::error::Error for OutOfTea {}
