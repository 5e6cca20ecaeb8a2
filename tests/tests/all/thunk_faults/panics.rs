//! A native supervisor panics and somebody above catches it: the store goes on.

use crate::thunk_faults::{World, compile, environment};
use guestbox::{
    HostCall, HostError, InstanceId, InstantiateError, InvokeError, Limits, Store, Supervisor, TrapCode,
    Value, Values,
};
use guestbox_tests::mock::Operation;
use std::{
    panic::{AssertUnwindSafe, catch_unwind, panic_any},
    sync::Once,
};

/// With what the supervisors here panic, so that their messages can be left out.
struct Deliberate;

fn catch<T>(call: impl FnOnce() -> T) -> Option<T> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let payload = info.payload();
            let mock =
                payload.downcast_ref().is_some_and(|message: &String| message.starts_with("told to panic"));
            if !mock && !payload.is::<Deliberate>() {
                usual(info);
            }
        }));
    });
    catch_unwind(AssertUnwindSafe(call)).ok()
}

/// `call(n)` and, through the supervisor, `call(n - 1)` within it, and so on to 0.
const DESCENDS: &str = r#"(module
    (import "env" "other" (func $other (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "call") (param i32) (result i32)
        (local $i i32)
        (loop $again (br_if $again (i32.lt_u
            (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
        (call $other (local.get 0))))"#;

const NESTING: i32 = 8;

#[derive(Default)]
struct Descends {
    guest: Option<InstanceId>,
    panics: bool,
    tears_down: bool,
    /// The fuel left at each host call.
    fuel: Vec<u64>,
}

impl Supervisor for Descends {
    fn dispatch(&mut self, store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        self.fuel.push(call.fuel);
        let guest = self.guest.unwrap();
        match call.args[..] {
            [Value::I32(0)] => {
                if self.tears_down {
                    store.teardown_instance(guest)?;
                }
                if self.panics {
                    panic_any(Deliberate);
                }
                Ok(0.into())
            }
            [Value::I32(depth)] => Ok(store.invoke(self, guest, "call", &[Value::I32(depth - 1)], 0)?),
            _ => Err(HostError::new()),
        }
    }
}

fn store() -> (Store, Descends) {
    let mut limits = Limits::default();
    limits.nesting = NESTING.try_into().unwrap();
    let mut store = Store::with_limits(limits);
    let mut supervisor = Descends::default();
    let guest = store.instantiate(&mut supervisor, &compile(DESCENDS), &environment(), 0).unwrap();
    supervisor.guest = Some(guest);
    (store, supervisor)
}

/// Calls within calls, `depth` of them within the first; the fuel left at each host call.
fn descend(store: &mut Store, supervisor: &mut Descends, depth: i32) -> Result<Vec<u64>, InvokeError> {
    supervisor.fuel.clear();
    let guest = supervisor.guest.unwrap();
    let results = store.invoke(supervisor, guest, "call", &[Value::I32(depth)], 0)?;
    assert_eq!(*results, [Value::I32(0)]);
    Ok(supervisor.fuel.clone())
}

/// The code of the trap at the bottom: each level passes it on as its reason.
fn innermost(error: &InvokeError) -> TrapCode {
    let InvokeError::Trap(trap) = error else { panic!("{error}") };
    trap.reason().and_then(|reason| reason.downcast_ref()).map_or(trap.code(), innermost)
}

#[test]
fn nesting_and_fuel_are_as_before_after_a_panic_at_any_depth() {
    let (mut store, mut supervisor) = store();
    let deepest = NESTING - 1;
    let before = descend(&mut store, &mut supervisor, deepest).unwrap();
    assert!(before.is_sorted_by(|outer, inner| outer > inner), "each call draws on the same fuel");
    for depth in (0..=deepest).cycle().take(200) {
        supervisor.panics = true;
        assert!(catch(|| descend(&mut store, &mut supervisor, depth)).is_none());
        supervisor.panics = false;
        assert_eq!(descend(&mut store, &mut supervisor, deepest).unwrap(), before);
        let error = descend(&mut store, &mut supervisor, NESTING).unwrap_err();
        assert_eq!(innermost(&error), TrapCode::NestingTooDeep);
    }
}

#[test]
fn a_panic_leaves_the_guest_as_it_was() {
    let (mut store, mut supervisor) = store();
    let memory = store.exported_memory(supervisor.guest.unwrap(), "memory").unwrap().unwrap();
    store.memory_write(memory, 7, b"kept").unwrap();
    supervisor.panics = true;
    assert!(catch(|| descend(&mut store, &mut supervisor, 3)).is_none());
    let mut kept = [0; 4];
    store.memory_read(memory, 7, &mut kept).unwrap();
    assert_eq!(&kept, b"kept");
}

#[test]
fn a_torn_down_guest_is_freed_after_its_call_panicked() {
    let (mut store, mut supervisor) = store();
    assert_eq!(store.memory_pages_in_use(), 1);
    (supervisor.panics, supervisor.tears_down) = (true, true);
    assert!(catch(|| descend(&mut store, &mut supervisor, 2)).is_none());
    // What an execution held that was dropped and not ended goes when the store is next used.
    store.create_memory(0, None).unwrap();
    assert_eq!(store.memory_pages_in_use(), 0);
    assert!(matches!(descend(&mut store, &mut supervisor, 0), Err(InvokeError::Instance(_))));
}

#[test]
fn a_panic_while_start_runs_gives_no_instance_and_keeps_none() {
    let module = compile(r#"(module (import "env" "other" (func $other)) (memory 3) (start $other))"#);
    let mut limits = Limits::default();
    limits.instances = 2;
    let mut store = Store::with_limits(limits);
    let mut panics = |_: &mut Store, _: HostCall<'_>| -> Result<Values, HostError> { panic_any(Deliberate) };
    for _ in 0..100 {
        assert!(catch(|| store.instantiate(&mut panics, &module, &environment(), 0)).is_none());
    }
    store.create_memory(0, None).unwrap();
    assert_eq!(store.memory_pages_in_use(), 0);
    let mut answers = |_: &mut Store, _: HostCall<'_>| -> Result<Values, HostError> { Ok(Values::NONE) };
    for number in 0..2 {
        assert_eq!(store.instantiate(&mut answers, &module, &environment(), 0).unwrap().number(), number);
    }
    let third = store.instantiate(&mut answers, &module, &environment(), 0);
    assert!(matches!(third, Err(InstantiateError::Limit(_))), "{third:?}");
}

#[test]
fn a_thunk_supervisor_that_panics_at_any_operation_leaves_the_store_usable() {
    let mut world = World::new(
        r#"(module (import "env" "polymorphic_id" (func $id (param i32) (result i32)))
            (memory 1)
            (func (export "call") (param i32) (result i32)
                (i32.add (call $id (local.get 0)) (call $id (i32.const 1)))))"#,
    );
    for operation in Operation::ALL {
        let calls = if operation == Operation::Deallocate { 4 } else { 2 };
        for nth in 1..=calls {
            world.mock.reset();
            world.mock.panic(operation, nth);
            assert!(catch(|| world.call("call", &[Value::I32(1)])).is_none(), "{operation:?} {nth}");
            assert_eq!(
                *world.call("call", &[Value::I32(2)]).unwrap(),
                [Value::I32(3)],
                "{operation:?} {nth}"
            );
            assert_eq!(world.mock.heap().bad_frees(), 0, "{operation:?} {nth}");
        }
    }
    world.store.teardown_instance(world.guest).unwrap();
    assert_eq!(world.store.memory_pages_in_use(), 0);
}

/// Catches the panic of a nested call within the host call, so that the outer guest goes on.
struct Catches {
    guest: Option<InstanceId>,
    fuel: Vec<u64>,
}

impl Supervisor for Catches {
    fn dispatch(&mut self, store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        let guest = self.guest.unwrap();
        match call.args[..] {
            [Value::I32(0)] => panic_any(Deliberate),
            _ => {
                self.fuel.push(call.fuel);
                let caught = catch(|| store.invoke(self, guest, "call", &[Value::I32(0)], 0));
                assert!(caught.is_none());
                Ok(0.into())
            }
        }
    }
}

#[test]
fn a_panic_that_is_caught_within_a_host_call_refills_no_fuel() {
    let module = compile(
        r#"(module (import "env" "other" (func $other (param i32) (result i32)))
            (func $spend (local $i i32)
                (loop $again (br_if $again (i32.lt_u
                    (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000)))))
            (func (export "call") (param i32) (result i32) (call $spend) (call $other (i32.const 0)))
            (func (export "twice") (result i32)
                (drop (call $other (i32.const 1))) (call $other (i32.const 1))))"#,
    );
    let mut store = Store::new();
    let mut supervisor = Catches { guest: None, fuel: Vec::new() };
    let guest = store.instantiate(&mut supervisor, &module, &environment(), 0).unwrap();
    supervisor.guest = Some(guest);
    store.invoke(&mut supervisor, guest, "twice", &[], 0).unwrap();
    let [first, second] = supervisor.fuel[..] else { panic!("{:?}", supervisor.fuel) };
    assert!(first - second > 1_000, "the nested call spent fuel: {first}, {second}");
}
