//! Chains of calls: a guest serves one call at a time and those that are nested in it, and one that
//! ends early leaves its stack as it was.
//!
//! * `overlapping`: calls that are not nested are refused, whoever drives them.
//! * `levels`: what counts as nested.
//! * `ends`: whatever way a call ends, the guest answers right after it.
//! * `compiled`: the same with a guest that a compiler made.
//! * `random`: sequences of all of it, compared with a model.

mod compiled;
mod ends;
mod levels;
mod overlapping;
mod random;

use guestbox::{
    Environment, Execution, FuncIndex, InstanceId, InstanceLimits, NoImports, Step, Store, Value,
};
use guestbox_tests::text;

/// `run(n)` keeps `n` in a frame of its own while it waits, and returns what it finds there after;
/// `back(n)` waits first; the host can call it in between. `sp` is the pointer of its stack.
const GUEST: &str = r#"(module
    (import "env" "wait" (func $wait (param i32) (result i32))) (memory (export "memory") 1)
    (global $sp (export "sp") (mut i32) (i32.const 1024))
    (func (export "run") (param i32) (result i32) (local $p i32)
      (global.set $sp (local.tee $p (i32.sub (global.get $sp) (i32.const 16))))
      (i32.store (local.get $p) (local.get 0))
      (drop (call $wait (local.get 0)))
      (i32.load (local.get $p))
      (global.set $sp (i32.add (local.get $p) (i32.const 16))))
    (func (export "trap") (param i32) (result i32)
      (global.set $sp (i32.sub (global.get $sp) (i32.const 16)))
      (drop (call $wait (local.get 0)))
      (i32.store (i32.const -1) (i32.const 0))
      (global.set $sp (i32.add (global.get $sp) (i32.const 16))) (i32.const 0))
    (func (export "spin") (param i32) (result i32)
      (global.set $sp (i32.sub (global.get $sp) (i32.const 16)))
      (loop (br 0)) unreachable)
    (func (export "plain") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))"#;

/// Where the pointer of its stack begins.
const BOTTOM: Value = Value::I32(1_024);

fn environment() -> Environment {
    Environment::new().with_function("env", "wait", FuncIndex(0))
}

fn guest(store: &mut Store) -> InstanceId {
    guest_with(store, InstanceLimits::new())
}

fn guest_with(store: &mut Store, limits: InstanceLimits) -> InstanceId {
    store.instantiate_with(&mut NoImports, &text::module(GUEST), &environment(), 0, limits).unwrap()
}

fn begin(store: &mut Store, guest: InstanceId, export: &str, n: i32) -> Execution {
    store.begin(guest, export, &[Value::I32(n)], 0).unwrap()
}

/// A call that waits for its import.
fn waiting(store: &mut Store, guest: InstanceId, n: i32) -> Execution {
    let mut execution = begin(store, guest, "run", n);
    assert!(matches!(execution.run(store), Ok(Step::HostCall(_))));
    execution
}

/// Answers the import and runs the call to its end; what it returns.
fn finish(store: &mut Store, execution: &mut Execution) -> Value {
    execution.answer(Ok(0.into())).unwrap();
    match execution.run(store) {
        Ok(Step::Finished(results)) => results[0],
        other => panic!("not finished: {other:?}"),
    }
}

/// The guest answers as it should, and its stack is empty.
fn assert_whole(store: &mut Store, guest: InstanceId) {
    assert_eq!(store.global(guest, "sp"), Ok(Some(BOTTOM)));
    let mut execution = waiting(store, guest, 77);
    assert_eq!(finish(store, &mut execution), Value::I32(77));
    assert_eq!(store.global(guest, "sp"), Ok(Some(BOTTOM)));
}

/// Does something within the host call that a call waits for.
fn within<T>(store: &mut Store, outer: &Execution, act: impl FnOnce(&mut Store) -> T) -> T {
    let level = store.open_level(&outer.waits_for().expect("it waits")).unwrap();
    let done = act(store);
    store.close_level(level);
    done
}
