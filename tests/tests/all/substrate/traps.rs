//! Every trap of the supervisor, by name. After each the sandbox is usable.

use crate::substrate::{
    GUEST, MEMORY_BYTES, THUNK, WRONG_THUNK, World, call, environment, guest, host, instantiate, invoke,
    place, slice, trap,
};
use guestbox::{
    HandleError, Limit, Limits, MemoryError, Number, Region,
    abi::{SupervisorTrap, ThunkLookupError},
    substrate::{
        self, Sandbox,
        wasmi::{Engine, Linker, Module, Store},
    },
};
use guestbox_tests::text::bytes;
use parity_scale_codec::Encode;

const ARGS: [u8; 6] = [4, 0, 1, 0, 0, 0];
const BUFFER: Region = Region { ptr: 512, len: 10 };

#[test]
fn memory_new_traps_for_any_failure() {
    let mut limits = Limits::default();
    limits.memory_pages = 10;
    let mut world = World::with_limits(limits);
    let mut new = |initial, maximum| host(&mut world.store, "sandbox_memory_new", &[initial, maximum]);
    let refused = |error| Err(SupervisorTrap::MemoryRefused(error));
    assert_eq!(new(2, 1), refused(MemoryError::Maximum));
    assert_eq!(new(65_537, u32::MAX), refused(MemoryError::TooManyPages));
    assert_eq!(new(0, 65_537), refused(MemoryError::TooManyPages));
    assert_eq!(new(u32::MAX, u32::MAX), refused(MemoryError::TooManyPages));
    let Err(SupervisorTrap::MemoryRefused(MemoryError::Limit(error))) = new(11, 11) else { panic!() };
    assert_eq!((error.limit, error.requested), (Limit::MemoryPages, 11));
    assert_eq!(new(1, 1), Ok(0), "an id was taken");
    world.assert_usable();
}

#[test]
fn memory_get_set_and_teardown_trap_for_an_unknown_or_torn_id() {
    let mut world = World::new();
    assert_eq!(host(&mut world.store, "sandbox_memory_new", &[1, 1]), Ok(0));
    host(&mut world.store, "sandbox_memory_teardown", &[0]).unwrap();
    for (id, error) in
        [(0, HandleError::TornDown), (1, HandleError::Unknown), (u32::MAX, HandleError::Unknown)]
    {
        let expected = Err(SupervisorTrap::Memory(error));
        assert_eq!(host(&mut world.store, "sandbox_memory_get", &[id, 0, 0, 1]), expected, "get {id}");
        assert_eq!(host(&mut world.store, "sandbox_memory_set", &[id, 0, 0, 1]), expected, "set {id}");
        assert_eq!(host(&mut world.store, "sandbox_memory_teardown", &[id]), expected, "teardown {id}");
        // The id comes before the bounds.
        assert_eq!(host(&mut world.store, "sandbox_memory_get", &[id, 0, u32::MAX, u32::MAX]), expected);
    }
    world.assert_usable();
}

#[test]
fn instantiate_traps_for_a_thunk_that_cannot_be_found() {
    let mut world = World::new();
    for (index, error) in [
        (0, ThunkLookupError::Null),
        (7, ThunkLookupError::Null),
        (8, ThunkLookupError::OutOfBounds),
        (u32::MAX, ThunkLookupError::OutOfBounds),
        (WRONG_THUNK, ThunkLookupError::Type),
    ] {
        let expected = Err(SupervisorTrap::Thunk(error));
        let result = instantiate(&mut world.store, index, &bytes(GUEST), &environment(), 0);
        assert_eq!(result, expected, "{index}");
        // It comes before all that is wrong with the guest.
        assert_eq!(instantiate(&mut world.store, index, b"", b"", 0), expected, "{index}");
    }
    assert_eq!(instantiate(&mut world.store, THUNK, &bytes(GUEST), &environment(), 0), Ok(0));
    world.assert_usable();
}

#[test]
fn instantiate_traps_without_a_function_table() {
    let named = r#"(table (export "__indirect_function_table") 8 funcref)"#;
    let elements = "(elem (i32.const 1) $first $second $wrong)";
    for replaced in [
        crate::substrate::SUPERVISOR.replace(named, "(table 8 funcref)"),
        crate::substrate::SUPERVISOR
            .replace(named, &format!("{} (table $f 8 funcref)", named.replace("funcref", "externref")))
            .replace(elements, "(elem (table $f) (i32.const 1) func $first $second $wrong)")
            .replace("(table.set (", "(table.set $f ("),
        crate::substrate::SUPERVISOR.replace(
            named,
            r#"(table 8 funcref) (global (export "__indirect_function_table") i32 (i32.const 1))"#,
        ),
    ] {
        assert_ne!(replaced, crate::substrate::SUPERVISOR);
        let mut world = World::with_supervisor(&replaced, Limits::default());
        let result = instantiate(&mut world.store, THUNK, &bytes(GUEST), &environment(), 0);
        assert_eq!(result, Err(SupervisorTrap::Thunk(ThunkLookupError::NoTable)));
    }
}

#[test]
fn invoke_traps_for_undecodable_arguments() {
    let mut limits = Limits::default();
    limits.argument_bytes = 100;
    let mut world = World::with_limits(limits);
    world.answer(1);
    let guest = guest(&mut world.store, GUEST);
    let long = vec![Number::I32(1); 20].encode();
    assert_eq!(long.len(), 101);
    for args in [&[][..], &[4], &ARGS[..5], &[4, 9, 0, 0, 0, 0], &[5, 0], &[0xFE, 0xFF, 0xFF, 0xFF]] {
        let result = invoke(&mut world.store, guest, b"run", args, BUFFER);
        assert_eq!(result, Err(SupervisorTrap::Arguments), "{args:?}");
    }
    let refused = invoke(&mut world.store, guest, b"run", &long, BUFFER).unwrap_err();
    let SupervisorTrap::Limit(error) = refused else { panic!("{refused}") };
    assert_eq!((error.limit.name(), error.maximum, error.requested), ("argument_bytes", 100, 101));
    assert!(world.store.data().seen.is_empty());
    world.assert_usable();
}

#[test]
fn invoke_get_global_val_and_instance_teardown_trap_for_an_unknown_or_torn_id() {
    let mut world = World::new();
    let guest = guest(&mut world.store, GUEST);
    host(&mut world.store, "sandbox_instance_teardown", &[guest]).unwrap();
    for (id, error) in
        [(0, HandleError::TornDown), (1, HandleError::Unknown), (u32::MAX, HandleError::Unknown)]
    {
        let expected = Err(SupervisorTrap::Instance(error));
        assert_eq!(invoke(&mut world.store, id, b"run", &ARGS, BUFFER), expected, "{id}");
        assert_eq!(host(&mut world.store, "sandbox_instance_teardown", &[id]), expected, "{id}");
        let args = [id.into(), slice(Region { ptr: 0, len: 0 })];
        let error = call(&mut world.store, "sandbox_get_global_val", &args).unwrap_err();
        assert_eq!(Err(trap(&error)), expected, "{id}");
    }
    world.assert_balanced();
    world.assert_usable();
}

#[test]
fn invoke_traps_for_a_result_buffer_too_small_or_out_of_bounds_after_the_guest_ran() {
    let mut world = World::new();
    world.answer(42);
    let guest = guest(&mut world.store, GUEST);
    let (end, max) = (MEMORY_BYTES, u32::MAX);
    let buffers = [(512, 5), (512, 0), (end - 5, 10), (end, 6), (max, 6), (max, max), (max - 5, 6)];
    for (ran, (ptr, len)) in (1..).zip(buffers) {
        let result = invoke(&mut world.store, guest, b"run", &ARGS, Region { ptr, len });
        assert_eq!(result, Err(SupervisorTrap::ResultBuffer), "{ptr} {len}");
        assert_eq!(world.store.data().seen.len(), ran, "the guest ran");
    }
    world.assert_balanced();
    world.assert_usable();
}

#[test]
fn every_slice_outside_the_supervisors_memory_traps_before_anything_is_taken() {
    let mut world = World::new();
    let guest = u64::from(guest(&mut world.store, GUEST));
    let good = slice(place(&mut world.store, 300, b"run"));
    let max = u32::MAX;
    for (ptr, len) in [
        (max, max),
        (0, max),
        (max, 0),
        (max, 1),
        (1, MEMORY_BYTES),
        (MEMORY_BYTES, 1),
        (MEMORY_BYTES + 1, 0),
        (2, max),
    ] {
        let bad = slice(Region { ptr, len });
        for (name, args) in [
            ("sandbox_instantiate", &[1, bad, good, 0][..]),
            ("sandbox_instantiate", &[1, good, bad, 0]),
            ("sandbox_instantiate", &[1, bad, bad, 0]),
            ("sandbox_invoke", &[guest, bad, good, 512, 10, 0]),
            ("sandbox_invoke", &[guest, good, bad, 512, 10, 0]),
            ("sandbox_get_global_val", &[guest, bad]),
        ] {
            let error = call(&mut world.store, name, args).unwrap_err();
            assert_eq!(trap(&error), SupervisorTrap::Slice, "{name} {ptr} {len}");
        }
    }
    assert!(world.store.data().seen.is_empty());
    world.assert_balanced();
    world.assert_usable();
}

#[test]
fn a_slice_of_the_whole_memory_is_inside_it() {
    let mut limits = Limits::default();
    limits.module_bytes = 10;
    let mut world = World::with_limits(limits);
    let whole = slice(Region { ptr: 0, len: MEMORY_BYTES });
    assert_eq!(
        call(&mut world.store, "sandbox_instantiate", &[1, whole, whole, 0]).unwrap(),
        Some(0xFFFF_FFFF)
    );
}

#[test]
fn a_trap_of_the_supervisor_ends_the_embedders_call_with_its_name_and_message() {
    let mut world = World::new();
    let error = call(&mut world.store, "sandbox_memory_teardown", &[5]).unwrap_err();
    assert_eq!(trap(&error).name(), "memory");
    assert_eq!(error.to_string(), "memory: no such id was ever given out");
    let error = call(&mut world.store, "sandbox_instantiate", &[0, 0, 0, 0]).unwrap_err();
    assert_eq!(trap(&error).name(), "thunk");
    assert_eq!(error.to_string(), "dispatch thunk: the table's element is null");
}

#[test]
fn a_supervisor_without_a_heap_base_cannot_be_attached_and_has_no_heap() {
    for heap_base in
        ["", r#"(global (export "__heap_base") i64 (i64.const 1))"#, r#"(func (export "__heap_base"))"#]
    {
        let text = format!(
            r#"(module (import "env" "ext_allocator_malloc_version_1" (func $malloc (param i32) (result i32)))
            (memory (export "memory") 1) {heap_base}
            (func (export "main") (result i32) (call $malloc (i32.const 1))))"#
        );
        let engine = Engine::default();
        let mut linker = Linker::new(&engine);
        substrate::link(&mut linker).unwrap();
        let mut store = Store::new(&engine, Sandbox::default());
        let instance =
            linker.instantiate_and_start(&mut store, &Module::new(&engine, bytes(&text)).unwrap()).unwrap();
        assert_eq!(substrate::attach(&mut store, &instance), Err(SupervisorTrap::HeapBase));
        assert_eq!(substrate::heap_base(&store, &instance), None);
        let main = instance.get_typed_func::<(), i32>(&store, "main").unwrap();
        let error = main.call(&mut store, ()).unwrap_err();
        assert_eq!(trap(&error), SupervisorTrap::Allocator(substrate::AllocatorError::NoHeap));
        // That is no reason to poison: a heap may still be given.
        store.data_mut().set_heap_base(1_024);
        assert_eq!(main.call(&mut store, ()).unwrap(), 1_032);
    }
}
