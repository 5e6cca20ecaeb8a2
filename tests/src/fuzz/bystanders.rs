//! What is done while a call is paused: the guest's memories are read and written back, a
//! snapshot is asked for, and calls of other guests run.

use super::{
    ground::{Ground, Served},
    host::Host,
};
use crate::text;
use guestbox::{
    CallOptions, Environment, InstanceId, MemoryId, Module, NoImports, SnapshotError, Store, Value, Values,
};
use std::sync::LazyLock;

/// Fuel of a call of another guest; many a call ends by it.
const FUEL: u64 = 1_500;

/// Pauses at which it is done; there may be thousands.
const PAUSES: u32 = 60;

/// A guest that uses a bit of all.
static OTHER: LazyLock<Module> = LazyLock::new(|| {
    text::module(
        r#"(module (memory (export "memory") 1 2) (table 2 funcref) (elem (i32.const 0) $up $down)
          (type $t (func (param i32) (result i32))) (global $g (mut i64) (i64.const 0))
          (func $up (type $t) (i32.add (local.get 0) (i32.const 3)))
          (func $down (type $t) (i32.sub (local.get 0) (i32.const 1)))
          (func (export "work") (param i32) (result i64) (local f64)
            (global.set $g (i64.const 0))
            (loop $l
              (global.set $g (i64.add (i64.mul (global.get $g) (i64.const 31)) (i64.extend_i32_u (local.get 0))))
              (local.set 1 (f64.add (f64.sqrt (f64.convert_i32_u (local.get 0))) (local.get 1)))
              (i32.store8 (local.get 0) (call_indirect (type $t) (local.get 0) (i32.and (local.get 0) (i32.const 1))))
              (local.set 0 (call_indirect (type $t) (local.get 0) (i32.const 1)))
              (br_if $l (local.get 0)))
            (i64.add (global.get $g) (i64.trunc_f64_s (f64.mul (local.get 1) (f64.const 1000))))))"#,
    )
});

/// What the other guest is called with.
const WORK: [Value; 1] = [Value::I32(20)];

/// The other guests, and the guest whose calls pause.
pub(super) struct Bystanders<'a> {
    ground: &'a Ground,
    memories: Vec<MemoryId>,
    other: InstanceId,
    expected: Values,
    /// A second instance of the same module, if it can be had, and what it is called next.
    twin: Option<InstanceId>,
    next: usize,
    pauses: u32,
}

impl<'a> Bystanders<'a> {
    pub(super) fn new(ground: &'a Ground, store: &mut Store, memories: &[MemoryId]) -> Self {
        let other = store.instantiate(&mut NoImports, &OTHER, &Environment::new(), 0).unwrap();
        let expected = store.invoke(&mut NoImports, other, "work", &WORK, 0).unwrap();
        let (environment, _) = ground.environment(store);
        let mut served = Served { host: Host::new(), plan: &ground.plan };
        served.host.is_nested = true;
        let twin = store.instantiate(&mut served, &ground.module, &environment, 0).ok();
        Self { ground, memories: memories.to_vec(), other, expected, twin, next: 0, pauses: 0 }
    }

    pub(super) fn meanwhile(&mut self, store: &mut Store, instance: Option<InstanceId>) {
        self.pauses += 1;
        if self.pauses > PAUSES {
            return;
        }
        let plan = &self.ground.plan;
        if let Some(instance) = instance {
            let exported =
                plan.memories.iter().map(|name| store.exported_memory(instance, name).unwrap().unwrap());
            let exported: Vec<_> = exported.collect();
            for memory in self.memories.iter().chain(&exported) {
                let bytes = store.memory_data_mut(*memory).unwrap().to_vec();
                store.memory_write(*memory, 0, &bytes).unwrap();
                store.memory_grow(*memory, 0).unwrap();
            }
            let refused = store.snapshot(instance).unwrap_err();
            assert!(matches!(refused, SnapshotError::Busy | SnapshotError::Module(_)), "{refused}");
        }
        let worked = store.invoke_with(
            &mut NoImports,
            self.other,
            "work",
            &WORK,
            CallOptions::new().with_fuel(100_000),
        );
        assert_eq!(worked.unwrap().values, self.expected, "a bystander");
        if let (Some(twin), false) = (self.twin, plan.calls.is_empty()) {
            let call = &plan.calls[self.next % plan.calls.len()];
            self.next += 1;
            let mut served = Served { host: Host::new(), plan };
            served.host.is_nested = true;
            let options = CallOptions::new().with_fuel(FUEL);
            // It may come to anything, as it may have other things behind it.
            let _any = store.invoke_with(&mut served, twin, &call.export, &call.args, options);
        }
    }
}
