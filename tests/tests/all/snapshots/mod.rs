//! Snapshots: what is captured and comes back, what is refused and why, and that bytes from
//! anywhere do no harm.

mod busy;
mod bytes;
mod forks;
mod hidden;
mod memories;
mod quickjs;

mod refusals;
mod states;

use guestbox::{Environment, FuncIndex, InstanceId, Module, NoImports, Snapshot, Store, Value};
use guestbox_tests::text;

/// A guest with state of every kind: a memory that it does not export and two globals, one of
/// which it exports. `host(n)` is its import, `ask(n)` calls it.
const GUEST: &str = r#"(module (import "env" "host" (func $host (param i32) (result i32)))
    (memory 1 9) (global $hidden (mut i64) (i64.const -1)) (global $shown (export "shown") (mut i32) (i32.const 5))
    (table 2 funcref) (elem (i32.const 0) $size $shown_of) (type $get (func (result i32)))
    (func $size (result i32) (memory.size)) (func $shown_of (result i32) (global.get $shown))
    (func (export "ask") (param i32) (result i32) (call $host (local.get 0)))
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "size") (result i32) (memory.size))
    (func (export "hide") (param i64) (global.set $hidden (local.get 0)))
    (func (export "hidden") (result i64) (global.get $hidden))
    (func (export "by-table") (param i32) (result i32) (call_indirect (type $get) (local.get 0)))
    (func (export "spin") (loop (br 0))))"#;

fn environment() -> Environment {
    Environment::new().with_function("env", "host", FuncIndex(0))
}

fn guest(store: &mut Store) -> InstanceId {
    text::guest(store, GUEST, &environment())
}

/// Calls an export of i32 parameters; its i32 result, 0 without one.
fn call(store: &mut Store, guest: InstanceId, export: &str, args: &[i32]) -> i32 {
    let args: Vec<_> = args.iter().map(|arg| Value::I32(*arg)).collect();
    let results = text::call(store, guest, export, &args);
    results.first().map_or(0, |value| value.as_i32().unwrap())
}

fn instantiate(store: &mut Store, module: &Module, environment: &Environment) -> InstanceId {
    store.instantiate(&mut NoImports, module, environment, 0).unwrap()
}

fn snapshot(store: &mut Store, guest: InstanceId) -> Snapshot {
    store.snapshot(guest).unwrap()
}
