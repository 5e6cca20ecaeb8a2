//! Every code of the host functions, by name.

use crate::substrate::{
    GUEST, MEMORY_BYTES, THUNK, World, call, entries, environment, guest, host, instantiate, invoke, ok,
    place, read, reply, run, slice,
};
use guestbox::{
    Limits, Number, Region, Value,
    abi::{ERR_EXECUTION, ERR_MODULE, ERR_OK, ERR_OUT_OF_BOUNDS, MEM_UNLIMITED},
    substrate::wasmi,
    wire::ExternEntity,
};
use guestbox_tests::text::bytes;
use parity_scale_codec::Encode;

#[test]
fn memory_new_is_the_id_and_ids_are_never_reused() {
    let mut world = World::new();
    let mut new = |maximum| host(&mut world.store, "sandbox_memory_new", &[1, maximum]).unwrap();
    assert_eq!((new(1), new(MEM_UNLIMITED)), (0, 1));
    host(&mut world.store, "sandbox_memory_teardown", &[1]).unwrap();
    assert_eq!(host(&mut world.store, "sandbox_memory_new", &[0, 0]), Ok(2));
}

#[test]
fn memory_set_and_get_are_err_ok() {
    let mut world = World::new();
    let memory = host(&mut world.store, "sandbox_memory_new", &[1, 1]).unwrap();
    place(&mut world.store, 200, b"hello");
    assert_eq!(host(&mut world.store, "sandbox_memory_set", &[memory, 65_531, 200, 5]), Ok(ERR_OK));
    assert_eq!(host(&mut world.store, "sandbox_memory_get", &[memory, 65_530, 300, 6]), Ok(ERR_OK));
    assert_eq!(read(&world.store, Region { ptr: 300, len: 6 }), b"\0hello");
    // Nothing can be copied at the very ends, too.
    assert_eq!(host(&mut world.store, "sandbox_memory_get", &[memory, 65_536, MEMORY_BYTES, 0]), Ok(ERR_OK));
    assert_eq!(host(&mut world.store, "sandbox_memory_set", &[memory, 65_536, MEMORY_BYTES, 0]), Ok(ERR_OK));
}

#[test]
fn memory_get_and_set_are_err_out_of_bounds_on_either_side() {
    let mut world = World::new();
    let memory = host(&mut world.store, "sandbox_memory_new", &[1, 1]).unwrap();
    let max = u32::MAX;
    for name in ["sandbox_memory_get", "sandbox_memory_set"] {
        for [offset, ptr, len] in [
            [65_532, 200, 5],
            [65_536, 200, 1],
            [max, 200, 1],
            [max, 200, max],
            [0, 200, max],
            [0, MEMORY_BYTES - 4, 5],
            [0, MEMORY_BYTES, 1],
            [0, max, 1],
            [0, max, 65_536],
            [0, max, max],
            [max, max, max],
            [65_537, 200, 0],
        ] {
            let result = host(&mut world.store, name, &[memory, offset, ptr, len]);
            assert_eq!(result, Ok(ERR_OUT_OF_BOUNDS), "{name} {offset} {ptr} {len}");
        }
    }
    assert_eq!(read(&world.store, Region { ptr: MEMORY_BYTES - 4, len: 4 }), [0; 4], "half was written");
}

#[test]
fn instantiate_is_the_id() {
    let mut world = World::new();
    assert_eq!((guest(&mut world.store, GUEST), guest(&mut world.store, "(module)")), (0, 1));
    host(&mut world.store, "sandbox_instance_teardown", &[1]).unwrap();
    assert_eq!(guest(&mut world.store, GUEST), 2);
}

#[test]
fn instantiate_is_err_module_for_environment_decoding_and_linking() {
    let mut world = World::new();
    let mut try_with =
        |wasm: &[u8], environment: &[u8]| instantiate(&mut world.store, THUNK, wasm, environment, 0).unwrap();
    let (wasm, memories) = (bytes(GUEST), entries(&[("m", ExternEntity::Memory(0))]));
    assert_eq!(try_with(&wasm, b""), ERR_MODULE, "no environment");
    assert_eq!(try_with(&wasm, &[4, 0, 0, 0]), ERR_MODULE, "bad environment");
    assert_eq!(try_with(&wasm, &memories), ERR_MODULE, "unknown memory");
    assert_eq!(try_with(b"", &environment()), ERR_MODULE, "no module");
    assert_eq!(try_with(&wasm[..wasm.len() - 1], &environment()), ERR_MODULE, "cut module");
    assert_eq!(try_with(&wasm, &entries(&[])), ERR_MODULE, "missing import");
    assert_eq!(try_with(&wasm, &environment()), 0, "an id was taken");
}

#[test]
fn instantiate_is_err_module_above_the_limits_of_module_and_environment() {
    let wasm = bytes(GUEST);
    let mut limits = Limits::default();
    (limits.module_bytes, limits.environment_bytes) = (wasm.len(), environment().len());
    let mut world = World::with_limits(limits.clone());
    assert_eq!(instantiate(&mut world.store, THUNK, &wasm, &environment(), 0), Ok(0));
    limits.module_bytes -= 1;
    let mut world = World::with_limits(limits.clone());
    assert_eq!(instantiate(&mut world.store, THUNK, &wasm, &environment(), 0), Ok(ERR_MODULE));
    (limits.module_bytes, limits.environment_bytes) = (wasm.len(), environment().len() - 1);
    let mut world = World::with_limits(limits);
    assert_eq!(instantiate(&mut world.store, THUNK, &wasm, &environment(), 0), Ok(ERR_MODULE));
}

#[test]
fn instantiate_is_err_execution_where_start_trapped() {
    let mut world = World::new();
    let trapping = bytes("(module (func $start unreachable) (start $start))");
    assert_eq!(instantiate(&mut world.store, THUNK, &trapping, &environment(), 0), Ok(ERR_EXECUTION));
    let failing = bytes(r#"(module (import "env" "f" (func $f)) (start $f))"#);
    world.on_call(|caller, _| Ok(reply(caller, &[1])));
    assert_eq!(instantiate(&mut world.store, THUNK, &failing, &environment(), 0), Ok(ERR_EXECUTION));
    assert_eq!(guest(&mut world.store, "(module)"), 0, "an id was taken");
}

#[test]
fn invoke_is_err_ok_with_the_result_in_the_buffer() {
    let mut world = World::new();
    world.answer(42);
    let guest = guest(&mut world.store, GUEST);
    let buffer = place(&mut world.store, 512, &[0xEE; 10]);
    let code = invoke(&mut world.store, guest, b"run", &[Number::I32(5)][..].encode(), buffer);
    assert_eq!(code, Ok(ERR_OK));
    assert_eq!(read(&world.store, buffer), [1, 0, 42, 0, 0, 0, 0xEE, 0xEE, 0xEE, 0xEE]);
    // A buffer of just the right size.
    assert_eq!(
        invoke(&mut world.store, guest, b"run", &[Number::I32(5)][..].encode(), Region { len: 6, ..buffer }),
        Ok(ERR_OK)
    );
    world.assert_balanced();
}

#[test]
fn invoke_of_an_export_without_a_result_is_err_ok_and_leaves_the_buffer_untouched() {
    let mut world = World::new();
    world.answer(42);
    let guest = guest(&mut world.store, GUEST);
    assert_eq!(run(&mut world.store, guest, "nothing", &[]), Ok((ERR_OK, None)));
    assert_eq!(run(&mut world.store, guest, "forget", &[Value::I32(1)]), Ok((ERR_OK, None)));
    // Not even its address is looked at.
    let nowhere = Region { ptr: u32::MAX, len: u32::MAX };
    assert_eq!(invoke(&mut world.store, guest, b"nothing", &[0], nowhere), Ok(ERR_OK));
}

#[test]
fn invoke_is_err_execution_for_every_failure_of_the_guest() {
    let mut limits = Limits::default();
    limits.fuel = 100_000;
    let mut world = World::with_limits(limits);
    let guest = guest(&mut world.store, GUEST);
    world.on_call(|_, _| Err(wasmi::Error::new("the supervisor's thunk fails")));
    for (export, args) in [
        ("trap", &[][..]),
        ("spin", &[]),
        ("missing", &[]),
        ("answer", &[]),
        ("", &[]),
        ("run", &[]),
        ("run", &[Value::I64(1)]),
        ("run", &[Value::I32(1), Value::I32(1)]),
        ("run", &[Value::I32(1)]),
    ] {
        assert_eq!(
            run(&mut world.store, guest, export, args),
            Ok((ERR_EXECUTION, None)),
            "{export} {args:?}"
        );
    }
    let buffer = Region { ptr: 512, len: 10 };
    assert_eq!(invoke(&mut world.store, guest, b"run\xFF", &[0], buffer), Ok(ERR_EXECUTION));
    world.assert_balanced();
    world.assert_usable();
}

#[test]
fn invoke_is_err_execution_for_every_bad_reply() {
    let mut world = World::new();
    let guest = guest(&mut world.store, GUEST);
    for bytes in [&[1][..], &[2], &[], &[0, 0], &[0, 1, 0, 1], &ok(1_i64), &[0, 1, 9, 0, 0, 0, 0]] {
        let reply_bytes = bytes.to_vec();
        world.on_call(move |caller, _| Ok(reply(caller, &reply_bytes)));
        assert_eq!(
            run(&mut world.store, guest, "run", &[Value::I32(1)]),
            Ok((ERR_EXECUTION, None)),
            "{bytes:?}"
        );
        world.assert_balanced();
    }
    world.assert_usable();
}

#[test]
fn get_global_val_is_some_for_a_global_and_none_for_what_is_no_global() {
    let mut world = World::new();
    let guest = guest(&mut world.store, GUEST);
    for (name, value) in [
        (&b"answer"[..], Some(Value::I64(500))),
        (b"counter", Some(Value::I32(7))),
        (b"run", None),
        (b"missing", None),
        (b"", None),
        (b"\xFF", None),
    ] {
        let name = place(&mut world.store, 300, name);
        let args = [guest.into(), slice(name)];
        let packed = call(&mut world.store, "sandbox_get_global_val", &args).unwrap().unwrap();
        let region = Region::from_slice(packed.cast_signed());
        assert_eq!(
            read(&world.store, region),
            value.map(|value| Number::try_from(value).unwrap()).encode(),
            "{name:?}"
        );
        host(&mut world.store, "allocator_free", &[region.ptr]).unwrap();
    }
    world.assert_balanced();
}

#[test]
fn teardown_gives_nothing_and_ends_the_life_of_the_id() {
    let mut world = World::new();
    let guest = guest(&mut world.store, GUEST);
    let memory = host(&mut world.store, "sandbox_memory_new", &[1, 1]).unwrap();
    assert_eq!(world.store.data().sandbox.store().unwrap().memory_pages_in_use(), 1);
    let torn = |world: &mut World, name, id: u32| call(&mut world.store, name, &[id.into()]).unwrap();
    assert_eq!(torn(&mut world, "sandbox_memory_teardown", memory), None);
    assert_eq!(torn(&mut world, "sandbox_instance_teardown", guest), None);
    assert_eq!(world.store.data().sandbox.store().unwrap().memory_pages_in_use(), 0);
}
