//! Guests that share memory: who sees whose bytes, what may move, and that all of it is freed.

mod order;
mod random;
mod short_lived;
mod together;

use guestbox::{Environment, InstanceId, MemoryId, Store, Value};
use guestbox_tests::text;

/// A guest over `memories`, which declare or import them. `mark` makes it a module of its own.
fn guest_text(memories: &str, mark: i32) -> String {
    format!(
        r#"(module {memories}
          (func (export "mark") (result i32) (i32.const {mark}))
          (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
          (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
          (func (export "count") (result i32)
            (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
            (i32.load (i32.const 0)))
          (func (export "size") (result i32) (memory.size))
          (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#
    )
}

const ONE: &str = r#"(import "env" "a" (memory 1))"#;

fn offering(memories: &[(&str, MemoryId)]) -> Environment {
    let offer = |environment: Environment, (name, memory): &(&str, MemoryId)| {
        environment.with_memory("env", name, *memory)
    };
    memories.iter().fold(Environment::new(), offer)
}

/// A guest of a module of its own, over `memory` as its only one.
fn guest_on(store: &mut Store, memory: MemoryId, mark: i32) -> InstanceId {
    text::guest(store, &guest_text(ONE, mark), &offering(&[("a", memory)]))
}

fn call(store: &mut Store, guest: InstanceId, export: &str, args: &[i32]) -> i32 {
    let args: Vec<_> = args.iter().map(|arg| Value::I32(*arg)).collect();
    let results = text::call(store, guest, export, &args);
    results.first().map_or(0, |value| value.as_i32().unwrap())
}

fn read(store: &Store, memory: MemoryId, offset: u32) -> i32 {
    let mut bytes = [0; 4];
    store.memory_read(memory, offset, &mut bytes).unwrap();
    i32::from_le_bytes(bytes)
}
