//! Host functions that are called while a dispatch thunk serves a guest.

use crate::substrate::{
    GUEST, THUNK, World, call, entries, environment, guest, host, instantiate, ok, place, read, reply, run,
    trap,
};
use guestbox::{
    HandleError, Limits, Region, Value,
    abi::{ERR_EXECUTION, ERR_OK, SupervisorTrap},
    substrate::NESTING,
    wire::ExternEntity,
};
use guestbox_tests::text::bytes;

/// The argument of the host call that was made last.
fn last_argument(data: &crate::substrate::Data) -> i32 {
    match data.seen.last().unwrap().0[..] {
        [Value::I32(value)] => value,
        ref other => panic!("{other:?}"),
    }
}

/// Answers a call for `n` with the sum of 1 to `n`, which the guest that calls has to find out.
fn sum_by_recursion(world: &mut World, guest: u32) {
    world.on_call(move |caller, _| {
        let n = last_argument(caller.data());
        if n == 0 {
            return Ok(reply(caller, &ok(0)));
        }
        match run(&mut *caller, guest, "run", &[Value::I32(n - 1)]).unwrap() {
            (ERR_OK, Some(Value::I32(sum))) => Ok(reply(caller, &ok(sum + n))),
            (ERR_EXECUTION, None) => Ok(reply(caller, &[1])),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_thunk_may_invoke_the_calling_instance_up_to_the_limit_of_nesting() {
    let mut world = World::new();
    let guest = guest(&mut world.store, GUEST);
    sum_by_recursion(&mut world, guest);
    let deepest = NESTING.cast_signed() - 1;
    let sum = Some(Value::I32((0..=deepest).sum()));
    assert_eq!(run(&mut world.store, guest, "run", &[Value::I32(deepest)]), Ok((ERR_OK, sum)));
    assert_eq!(world.store.data().seen.len(), usize::try_from(NESTING).unwrap());
    assert_eq!(run(&mut world.store, guest, "run", &[Value::I32(deepest + 1)]), Ok((ERR_EXECUTION, None)));
    world.assert_balanced();
    world.assert_usable();
}

#[test]
fn a_thunk_may_make_memories_and_instances_and_invoke_another() {
    let mut world = World::new();
    let outer = guest(&mut world.store, GUEST);
    world.on_call(move |caller, _| {
        let memory = host(&mut *caller, "sandbox_memory_new", &[1, 1]).unwrap();
        let wasm = bytes(
            r#"(module (import "env" "m" (memory 1 1)) (func (export "get") (result i32) (i32.load (i32.const 8))))"#,
        );
        let environment = entries(&[("m", ExternEntity::Memory(memory))]);
        let inner = instantiate(&mut *caller, THUNK, &wasm, &environment, 0).unwrap();
        assert_eq!((memory, inner), (0, outer + 1));
        place(&mut *caller, 200, &77_i32.to_le_bytes());
        assert_eq!(host(&mut *caller, "sandbox_memory_set", &[memory, 8, 200, 4]), Ok(ERR_OK));
        let (_, value) = run(&mut *caller, inner, "get", &[]).unwrap();
        host(&mut *caller, "sandbox_memory_teardown", &[memory]).unwrap();
        host(&mut *caller, "sandbox_instance_teardown", &[inner]).unwrap();
        let Some(Value::I32(value)) = value else { panic!("{value:?}") };
        Ok(reply(caller, &ok(value)))
    });
    assert_eq!(run(&mut world.store, outer, "run", &[Value::I32(1)]), Ok((ERR_OK, Some(Value::I32(77)))));
    assert_eq!(world.store.data().sandbox.store().unwrap().memory_pages_in_use(), 0);
    world.assert_balanced();
}

#[test]
fn what_a_thunk_writes_to_the_waiting_guests_memory_is_seen_when_it_goes_on() {
    let mut world = World::new();
    let memory = host(&mut world.store, "sandbox_memory_new", &[1, 1]).unwrap();
    let wasm = bytes(
        r#"(module (import "env" "m" (memory 1)) (import "env" "f" (func $f (param i32) (result i32)))
        (func (export "run") (param i32) (result i32)
            (i32.store (i32.const 4) (i32.const 5))
            (i32.add (call $f (i32.const 4)) (i32.load (i32.const 4)))))"#,
    );
    let environment = entries(&[("m", ExternEntity::Memory(memory)), ("f", ExternEntity::Function(3))]);
    let guest = instantiate(&mut world.store, THUNK, &wasm, &environment, 0).unwrap();
    world.on_call(move |caller, _| {
        assert_eq!(host(&mut *caller, "sandbox_memory_get", &[memory, 4, 200, 4]), Ok(ERR_OK));
        assert_eq!(read(&*caller, Region { ptr: 200, len: 4 }), [5, 0, 0, 0]);
        place(&mut *caller, 200, &[6, 0, 0, 0]);
        assert_eq!(host(&mut *caller, "sandbox_memory_set", &[memory, 4, 200, 4]), Ok(ERR_OK));
        // The guest keeps a memory whose id dies.
        host(&mut *caller, "sandbox_memory_teardown", &[memory]).unwrap();
        Ok(reply(caller, &ok(100)))
    });
    assert_eq!(run(&mut world.store, guest, "run", &[Value::I32(1)]), Ok((ERR_OK, Some(Value::I32(106)))));
    let torn = Err(SupervisorTrap::Memory(HandleError::TornDown));
    assert_eq!(host(&mut world.store, "sandbox_memory_get", &[memory, 4, 200, 4]), torn);
}

#[test]
fn a_thunk_may_tear_down_the_running_instance_whose_call_completes() {
    let mut world = World::new();
    let guest = guest(&mut world.store, GUEST);
    world.on_call(move |caller, _| {
        host(&mut *caller, "sandbox_instance_teardown", &[guest]).unwrap();
        let dead = Err(SupervisorTrap::Instance(HandleError::TornDown));
        assert_eq!(run(&mut *caller, guest, "nothing", &[]), dead);
        Ok(reply(caller, &ok(8)))
    });
    assert_eq!(run(&mut world.store, guest, "run", &[Value::I32(1)]), Ok((ERR_OK, Some(Value::I32(8)))));
    let dead = Err(SupervisorTrap::Instance(HandleError::TornDown));
    assert_eq!(run(&mut world.store, guest, "run", &[Value::I32(1)]), dead);
    world.assert_balanced();
    world.assert_usable();
}

#[test]
fn a_thunk_that_serves_start_may_use_all_of_the_sandbox() {
    let mut world = World::new();
    let starting = bytes(
        r#"(module (import "env" "f" (func $f (param i32) (result i32)))
        (func $start (drop (call $f (i32.const 1)))) (start $start))"#,
    );
    world.on_call(|caller, request| {
        assert_eq!(request.state, 7);
        let inner = guest(&mut *caller, "(module (func (export \"nothing\")))");
        assert_eq!((inner, run(&mut *caller, inner, "nothing", &[])), (0, Ok((ERR_OK, None))));
        Ok(reply(caller, &ok(0)))
    });
    // The id is given after start has returned.
    assert_eq!(instantiate(&mut world.store, THUNK, &starting, &environment(), 7), Ok(1));
    world.assert_balanced();
    world.assert_usable();
}

#[test]
fn a_trap_of_the_supervisor_within_a_thunk_ends_the_guest_call_only() {
    let mut world = World::new();
    let guest = guest(&mut world.store, GUEST);
    world.on_call(|caller, _| {
        let error = call(&mut *caller, "sandbox_memory_teardown", &[9]).unwrap_err();
        assert_eq!(trap(&error), SupervisorTrap::Memory(HandleError::Unknown));
        Err(error)
    });
    assert_eq!(run(&mut world.store, guest, "run", &[Value::I32(1)]), Ok((ERR_EXECUTION, None)));
    world.assert_balanced();
    world.assert_usable();
}

#[test]
fn a_nested_call_draws_on_the_fuel_of_the_outermost() {
    let mut limits = Limits::default();
    limits.fuel = 100_000;
    let mut world = World::with_limits(limits);
    let guest = guest(&mut world.store, GUEST);
    world.on_call(move |caller, _| {
        assert_eq!(run(&mut *caller, guest, "spin", &[]), Ok((ERR_EXECUTION, None)));
        // What is left is less than a turn of that loop: enough for one such call at most.
        let _ = run(&mut *caller, guest, "nothing", &[]);
        assert_eq!(run(&mut *caller, guest, "nothing", &[]), Ok((ERR_EXECUTION, None)), "refilled");
        Ok(reply(caller, &ok(1)))
    });
    // All of its own fuel was charged before the host call.
    let result = run(&mut world.store, guest, "run", &[Value::I32(1)]);
    assert_eq!(result, Ok((ERR_OK, Some(Value::I32(1)))));
    world.assert_usable();
}
