//! Which dispatch thunk serves which instance, and what it is called with.

use crate::substrate::{GUEST, OTHER_THUNK, THUNK, World, environment, host, instantiate, ok, reply, run};
use guestbox::{
    Environment, Module, NoImports, Value,
    abi::{SupervisorTrap, ThunkLookupError},
};
use guestbox_tests::text::bytes;

#[test]
fn a_thunk_gets_the_encoded_arguments_the_state_and_the_function() {
    let mut world = World::new();
    world.answer(1);
    let wasm = bytes(
        r#"(module (import "env" "f" (func $f (param i32) (result i32)))
        (func $start (drop (call $f (i32.const -1)))) (start $start)
        (func (export "run") (param i32) (result i32) (call $f (local.get 0))))"#,
    );
    let guest = instantiate(&mut world.store, THUNK, &wasm, &environment(), u32::MAX).unwrap();
    run(&mut world.store, guest, "run", &[Value::I32(5)]).unwrap();
    let seen = [(vec![Value::I32(-1)], u32::MAX, 3, THUNK), (vec![Value::I32(5)], 9, 3, THUNK)];
    assert_eq!(world.store.data().seen, seen, "start has instantiation's state, invoke its own");
    world.assert_balanced();
}

#[test]
fn each_instance_is_served_by_the_thunk_it_was_instantiated_with() {
    let mut world = World::new();
    world.on_call(|caller, request| {
        let thunk = request.thunk.cast_signed();
        Ok(reply(caller, &ok(thunk)))
    });
    let mut make = |thunk| instantiate(&mut world.store, thunk, &bytes(GUEST), &environment(), 0).unwrap();
    let (first, second) = (make(THUNK), make(OTHER_THUNK));
    for (guest, thunk) in [(first, 1), (second, 2), (first, 1)] {
        let result = run(&mut world.store, guest, "run", &[Value::I32(0)]);
        assert_eq!(result, Ok((0, Some(Value::I32(thunk)))));
    }
}

#[test]
fn an_instance_keeps_its_thunk_whatever_becomes_of_the_table() {
    let mut world = World::new();
    world.on_call(|caller, request| Ok(reply(caller, &ok(request.thunk.cast_signed()))));
    let before = instantiate(&mut world.store, THUNK, &bytes(GUEST), &environment(), 0).unwrap();
    host(&mut world.store, "set_thunk", &[THUNK]).unwrap();
    let after = instantiate(&mut world.store, THUNK, &bytes(GUEST), &environment(), 0).unwrap();
    for (guest, thunk) in [(before, 1), (after, 2)] {
        let result = run(&mut world.store, guest, "run", &[Value::I32(0)]);
        assert_eq!(result, Ok((0, Some(Value::I32(thunk)))));
    }
}

#[test]
fn an_instance_that_the_embedder_made_itself_has_no_thunk() {
    let mut world = World::new();
    let store = world.store.data_mut().sandbox.store_mut().unwrap();
    let module = Module::new(&bytes("(module (func (export \"nothing\")))")).unwrap();
    let guest = store.instantiate(&mut NoImports, &module, &Environment::new(), 0).unwrap();
    let result = run(&mut world.store, guest.number(), "nothing", &[]);
    assert_eq!(result, Err(SupervisorTrap::Thunk(ThunkLookupError::Unknown)));
    host(&mut world.store, "sandbox_instance_teardown", &[guest.number()]).unwrap();
    world.assert_usable();
}
