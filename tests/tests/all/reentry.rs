//! What a supervisor may do while it serves a guest's call: anything, to any guest, its caller
//! included.

use guestbox::{
    Environment, FuncIndex, HandleError, HostCall, HostError, InstanceId, InstantiateError, InvokeError,
    Limits, MemoryId, Module, NoImports, Store, TrapCode, Value, Values,
};
use guestbox_tests::text;
use std::collections::HashMap;

/// `run(n)` stores n, calls `env.host(n)`, and adds up the answer, n and what is in its memory
/// at 0 then.
const GUEST: &str = r#"(module (import "env" "host" (func $host (param i32) (result i32)))
    (memory (export "memory") 1 9)
    (func (export "run") (param $n i32) (result i32)
      (i32.store (i32.const 0) (local.get $n))
      (i32.add (i32.add (call $host (local.get $n)) (local.get $n)) (i32.load (i32.const 0))))
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#;

fn host() -> Environment {
    Environment::new().with_function("env", "host", FuncIndex(0))
}

fn argument(call: &HostCall<'_>) -> i32 {
    call.args[0].as_i32().unwrap()
}

/// The reason behind the innermost of nested traps.
fn innermost(error: &InvokeError) -> TrapCode {
    let InvokeError::Trap(trap) = error else { panic!("{error:?}") };
    let reason = trap.reason().and_then(|reason| reason.downcast_ref::<InvokeError>());
    reason.map_or(trap.code(), innermost)
}

/// Calls the caller back with one less, down to 0.
fn count_down(store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
    match argument(&call) {
        0 => Ok(0.into()),
        n => Ok(store.invoke(&mut count_down, call.instance.unwrap(), "run", &[Value::I32(n - 1)], 0)?),
    }
}

#[test]
fn a_guest_is_entered_again_up_to_the_limit_and_not_deeper() {
    for nesting in [0, 1, 2, 3, 8] {
        let mut limits = Limits::default();
        limits.nesting = nesting;
        let mut store = Store::with_limits(limits);
        let guest = text::guest(&mut store, GUEST, &host());
        let nesting = nesting.cast_signed();
        // Each level finds the 0 that the innermost stored; `run(n)` takes n + 1 levels.
        let sum = |n: i32| (0..=n).sum::<i32>();
        if nesting > 0 {
            let n = nesting - 1;
            let results = text::call_with(&mut store, &mut count_down, guest, "run", &[Value::I32(n)]);
            assert_eq!(*results, [Value::I32(sum(n))], "{nesting} levels");
        }
        let deeper = store.invoke(&mut count_down, guest, "run", &[Value::I32(nesting)], 0).unwrap_err();
        assert_eq!(innermost(&deeper), TrapCode::NestingTooDeep, "{nesting} levels");
        assert_eq!(*text::call(&mut store, guest, "load", &[Value::I32(0)]), [Value::I32(0)]);
    }
}

/// Instantiates the same module from the start function of the one before.
struct Matryoshka {
    module: Module,
    served: u32,
    made: Vec<u32>,
}

impl guestbox::Supervisor for Matryoshka {
    fn dispatch(&mut self, store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        assert_eq!(call.instance, None, "it has no id yet");
        self.served += 1;
        let module = self.module.clone();
        match store.instantiate(self, &module, &host(), 0) {
            Ok(guest) => self.made.push(guest.number()),
            Err(InstantiateError::Start(trap)) if trap.code() == TrapCode::NestingTooDeep => {}
            Err(error) => return Err(error.into()),
        }
        Ok(().into())
    }
}

#[test]
fn start_functions_nest_up_to_the_limit_and_the_inner_ones_get_their_ids_first() {
    let text = r#"(module (import "env" "host" (func $host)) (memory 1) (start $s) (func $s (call $host)))"#;
    let mut limits = Limits::default();
    limits.nesting = 5;
    let mut store = Store::with_limits(limits);
    let mut supervisor = Matryoshka { module: text::module(text), served: 0, made: Vec::new() };
    let module = supervisor.module.clone();
    let outermost = store.instantiate(&mut supervisor, &module, &host(), 0).unwrap();
    assert_eq!(supervisor.served, 5);
    assert_eq!(supervisor.made, [0, 1, 2, 3]);
    assert_eq!(outermost.number(), 4);
    assert_eq!(store.memory_pages_in_use(), 5, "the one that was too deep left nothing");
}

#[test]
fn a_guest_torn_down_during_its_call_finishes_and_is_freed_after() {
    let mut store = Store::new();
    let guest = text::guest(&mut store, GUEST, &host());
    let memory = store.exported_memory(guest, "memory").unwrap().unwrap();
    let mut supervisor = |store: &mut Store, call: HostCall<'_>| {
        store.memory_write(memory, 0, &500_i32.to_le_bytes())?;
        store.teardown_instance(call.instance.unwrap())?;
        assert_eq!(store.teardown_instance(guest), Err(HandleError::TornDown));
        assert_eq!(store.memory_size(memory), Err(HandleError::TornDown.into()));
        let again = store.invoke(&mut NoImports, guest, "load", &[Value::I32(0)], 0);
        assert!(matches!(again, Err(InvokeError::Instance(HandleError::TornDown))));
        // Neither its id nor its memory may go to another while it runs.
        let next = text::guest(store, GUEST, &host());
        assert_eq!(next.number(), guest.number() + 1);
        text::call(store, next, "store", &[Value::I32(0), Value::I32(77)]);
        assert_eq!(store.memory_pages_in_use(), 2);
        Ok(1_000.into())
    };
    let results = text::call_with(&mut store, &mut supervisor, guest, "run", &[Value::I32(7)]);
    assert_eq!(*results, [Value::I32(1_507)]);
    assert_eq!(store.memory_pages_in_use(), 1);
}

#[test]
fn a_guest_entered_twice_is_freed_when_both_calls_have_ended() {
    let mut store = Store::new();
    let guest = text::guest(&mut store, GUEST, &host());
    let mut supervisor = |store: &mut Store, call: HostCall<'_>| {
        let mut inner = |store: &mut Store, _: HostCall<'_>| {
            store.teardown_instance(guest)?;
            Ok(20.into())
        };
        let results = store.invoke(&mut inner, guest, "run", &[Value::I32(5)], 0)?;
        assert_eq!(*results, [Value::I32(30)]);
        assert_eq!(store.memory_pages_in_use(), 1, "the outer call still needs it");
        Ok(argument(&call).into())
    };
    let results = text::call_with(&mut store, &mut supervisor, guest, "run", &[Value::I32(3)]);
    assert_eq!(*results, [Value::I32(3 + 3 + 5)], "the outer call finds what the inner one stored");
    assert_eq!(store.memory_pages_in_use(), 0);
}

#[test]
fn a_callback_grows_and_writes_the_memory_of_its_caller() {
    let mut store = Store::new();
    let guest = text::guest(&mut store, GUEST, &host());
    let mut supervisor = |store: &mut Store, call: HostCall<'_>| {
        // By the guest itself, entered again, and then from outside.
        assert_eq!(*text::call(store, guest, "grow", &[Value::I32(3)]), [Value::I32(1)]);
        text::call(store, guest, "store", &[Value::I32(0), Value::I32(10)]);
        text::call(store, guest, "store", &[Value::I32(3 * 65_536), Value::I32(30)]);
        let memory = call.memory.unwrap();
        assert_eq!(store.memory_grow(memory, 5), Ok(4));
        let mut seen = [0; 4];
        store.memory_read(memory, 3 * 65_536, &mut seen)?;
        assert_eq!(i32::from_le_bytes(seen), 30);
        store.memory_write(memory, 8 * 65_536, &[1])?;
        assert_eq!(*text::call(store, guest, "load", &[Value::I32(8 * 65_536)]), [Value::I32(1)]);
        assert_eq!(store.memory_data_mut(memory)?.len(), 9 * 65_536);
        Ok(100.into())
    };
    let results = text::call_with(&mut store, &mut supervisor, guest, "run", &[Value::I32(7)]);
    assert_eq!(*results, [Value::I32(117)]);
    assert_eq!(*text::call(&mut store, guest, "grow", &[Value::I32(0)]), [Value::I32(9)]);
}

/// Makes memories and guests for the guest that asks, and calls them.
#[derive(Default)]
struct Factory {
    guests: HashMap<i32, InstanceId>,
    memories: Vec<MemoryId>,
}

impl guestbox::Supervisor for Factory {
    fn dispatch(&mut self, store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        let n = argument(&call);
        if n == 0 {
            return Ok(1.into());
        }
        let memory = store.create_memory(1, Some(2))?;
        self.memories.push(memory);
        let text = GUEST.replace(r#"(memory (export "memory") 1 9)"#, r#"(import "env" "m" (memory 1 2))"#);
        let environment = host().with_memory("env", "m", memory);
        let guest = store.instantiate(self, &text::module(&text), &environment, 0)?;
        self.guests.insert(n, guest);
        let results = store.invoke(self, guest, "run", &[Value::I32(n - 1)], 0)?;
        let mut stored = [0; 4];
        store.memory_read(memory, 0, &mut stored)?;
        assert_eq!(i32::from_le_bytes(stored), n - 1);
        Ok(results)
    }
}

#[test]
fn callbacks_make_memories_and_guests_and_call_them() {
    let mut store = Store::new();
    let mut factory = Factory::default();
    let first = text::guest(&mut store, GUEST, &host());
    let results = text::call_with(&mut store, &mut factory, first, "run", &[Value::I32(4)]);
    assert_eq!(*results, [Value::I32(1 + 2 * (1 + 2 + 3 + 4))]);
    assert_eq!(factory.guests.len(), 4);
    let numbers: Vec<_> = factory.memories.iter().map(|memory| memory.number().unwrap()).collect();
    assert_eq!(numbers, [0, 1, 2, 3], "the memory that the first exports has no number");
    for (n, guest) in factory.guests {
        assert_eq!(i32::try_from(guest.number()).unwrap(), 5 - n);
        store.teardown_instance(guest).unwrap();
    }
    for memory in factory.memories {
        store.teardown_memory(memory).unwrap();
    }
    assert_eq!(store.memory_pages_in_use(), 1);
}

#[test]
fn a_callback_of_a_start_function_uses_the_store_as_any_other() {
    let text = r#"(module (import "env" "host" (func $host (param i32) (result i32)))
        (import "env" "m" (memory 1))
        (start $s) (func $s (i32.store (i32.const 4) (call $host (i32.load (i32.const 0))))))"#;
    let mut store = Store::new();
    let older = text::guest(&mut store, GUEST, &host());
    let memory = store.create_memory(1, None).unwrap();
    store.memory_write(memory, 0, &[9]).unwrap();
    let mut supervisor = |store: &mut Store, call: HostCall<'_>| {
        assert_eq!((argument(&call), call.memory, call.state), (9, Some(memory), 3));
        // A guest of the same memory while the other has not started yet.
        let twin = GUEST.replace(r#"(memory (export "memory") 1 9)"#, r#"(import "env" "m" (memory 1))"#);
        let twin = text::guest(store, &twin, &host().with_memory("env", "m", memory));
        assert_eq!(twin.number(), 1);
        assert_eq!(*text::call(store, twin, "load", &[Value::I32(0)]), [Value::I32(9)]);
        text::call(store, twin, "store", &[Value::I32(8), Value::I32(33)]);
        store.teardown_instance(older)?;
        store.teardown_instance(twin)?;
        assert_eq!(store.instance_id(2), Err(HandleError::Unknown));
        Ok(44.into())
    };
    let environment = host().with_memory("env", "m", memory);
    let guest = store.instantiate(&mut supervisor, &text::module(text), &environment, 3).unwrap();
    assert_eq!(guest.number(), 2);
    let mut bytes = [0; 12];
    store.memory_read(memory, 0, &mut bytes).unwrap();
    assert_eq!(bytes, [9, 0, 0, 0, 44, 0, 0, 0, 33, 0, 0, 0]);
    assert_eq!(store.memory_pages_in_use(), 1);
}

#[test]
fn a_memory_torn_down_by_the_callback_stays_its_callers() {
    let text = GUEST.replace(r#"(memory (export "memory") 1 9)"#, r#"(import "env" "m" (memory 1))"#);
    let mut store = Store::new();
    let memory = store.create_memory(1, None).unwrap();
    let guest = text::guest(&mut store, &text, &host().with_memory("env", "m", memory));
    let mut supervisor = |store: &mut Store, call: HostCall<'_>| {
        store.teardown_memory(call.memory.unwrap())?;
        assert_eq!(store.memory_write(memory, 0, &[1]), Err(HandleError::TornDown.into()));
        Ok(1.into())
    };
    let results = text::call_with(&mut store, &mut supervisor, guest, "run", &[Value::I32(6)]);
    assert_eq!(*results, [Value::I32(13)]);
    assert_eq!(*text::call(&mut store, guest, "load", &[Value::I32(0)]), [Value::I32(6)]);
    store.teardown_instance(guest).unwrap();
    assert_eq!(store.memory_pages_in_use(), 0);
}

#[test]
fn a_failed_start_keeps_what_its_callback_made() {
    let text = r#"(module (import "env" "host" (func $host)) (start $s) (func $s (call $host) unreachable))"#;
    let mut store = Store::new();
    let mut made = None;
    let mut supervisor = |store: &mut Store, _: HostCall<'_>| {
        made = Some(text::guest(store, GUEST, &host()));
        Ok(().into())
    };
    let outcome = store.instantiate(&mut supervisor, &text::module(text), &host(), 0);
    assert_eq!(text::start_trap(outcome), TrapCode::Unreachable);
    let made = made.unwrap();
    assert_eq!(made.number(), 0);
    assert_eq!(*text::call(&mut store, made, "load", &[Value::I32(0)]), [Value::I32(0)]);
    assert_eq!(text::guest(&mut store, "(module)", &host()).number(), 1);
}
