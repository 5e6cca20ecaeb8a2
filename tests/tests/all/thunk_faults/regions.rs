//! Regions that a thunk should not return.

use crate::thunk_faults::{Why, World};
use guestbox::{Limit, Limits, Region, ThunkError, Value};
use guestbox_tests::mock::{HEAP_BASE, MockSupervisor, Operation, Reply};

const GUEST: &str = r#"(module
    (import "env" "returns_i32" (func $returns_i32 (result i32)))
    (import "env" "other" (func $other (param i32 i32) (result i32)))
    (func (export "call") (result i32) (call $returns_i32))
    (func (export "call_other") (result i32) (call $other (i32.const 1) (i32.const 2))))"#;

/// The encoded arguments of `call_other`.
const ARGS_LEN: u32 = 11;
/// `Ok` of the value 42.
const FORTY_TWO: [u8; 7] = [0, 1, 0, 42, 0, 0, 0];

/// Asserts that a result of so many bytes was refused by the limit.
fn assert_too_long(why: &Why, len: u32) {
    let Why::Adapter(ThunkError::Limit(error)) = why else { panic!("{why:?}") };
    let maximum = Limits::ARGUMENT_BYTES.try_into().unwrap();
    assert_eq!((error.limit, error.maximum), (Limit::ArgumentBytes, maximum));
    assert_eq!(error.requested, u64::from(len));
}

/// Has the thunk return `region` and fails unless the call traps as it should, with both
/// buffers freed, and the next call works.
fn assert_refused(world: &mut World, region: Region, why: ThunkError) {
    world.mock.reset();
    world.mock.reply(1, Reply::Region(region));
    let trap = world.trap("call", &[]);
    match Why::of(&trap) {
        limit @ Why::Adapter(ThunkError::Limit(_)) => assert_too_long(&limit, region.len),
        other => assert_eq!(other, Why::Adapter(why), "{region:x?}"),
    }
    assert_eq!(world.mock.calls(Operation::Deallocate), 2, "{region:x?}");
    world.assert_balanced();
    assert_eq!(*world.call("call", &[]).unwrap(), [Value::I32(42)], "after {region:x?}");
    world.assert_balanced();
}

#[test]
fn a_region_outside_the_supervisors_memory_traps() {
    let mut world = World::new(GUEST);
    let end = u32::try_from(world.mock.heap().len()).unwrap();
    for (ptr, len) in [
        (end, 1),
        (end - 6, 7),
        (end - 1, 2),
        (end + 1, 0),
        (0x8000_0000, 1),
        (u32::MAX, 1),
        (u32::MAX, 0),
        (HEAP_BASE + 4_096, end),
    ] {
        assert_refused(&mut world, Region { ptr, len }, ThunkError::ReadResult);
    }
}

#[test]
fn a_region_that_wraps_around_the_address_space_traps() {
    let mut world = World::new(GUEST);
    for (ptr, len) in [(u32::MAX, 2), (u32::MAX - 15, 32), (u32::MAX, u32::MAX), (2_048, u32::MAX - 2_047)] {
        assert_refused(&mut world, Region { ptr, len }, ThunkError::ReadResult);
    }
}

#[test]
fn an_empty_region_is_no_result() {
    let mut world = World::new(GUEST);
    let end = u32::try_from(world.mock.heap().len()).unwrap();
    for ptr in [0, HEAP_BASE + 4_096, end] {
        assert_refused(&mut world, Region { ptr, len: 0 }, ThunkError::DecodeResult);
    }
}

#[test]
fn a_result_as_long_as_the_limit_is_read_and_one_byte_more_is_not() {
    let maximum = u32::try_from(Limits::ARGUMENT_BYTES).unwrap();
    let mut world = World::with_supervisor(GUEST, MockSupervisor::with_memory(2 * Limits::ARGUMENT_BYTES));
    let ptr = 4_096;
    world.mock.heap_mut().write(ptr, &FORTY_TWO).unwrap();

    world.mock.reply(1, Reply::Region(Region { ptr, len: maximum }));
    assert_eq!(*world.call("call", &[]).unwrap(), [Value::I32(42)]);
    assert_eq!(world.mock.calls(Operation::Read), 1);
    world.assert_balanced();

    world.mock.reset();
    world.mock.reply(1, Reply::Region(Region { ptr, len: maximum + 1 }));
    assert_too_long(&Why::of(&world.trap("call", &[])), maximum + 1);
    // Not even asked for, so that no supervisor allocates for it.
    assert_eq!(world.mock.calls(Operation::Read), 0);
    assert_eq!(world.mock.calls(Operation::Deallocate), 2);
    world.assert_balanced();
}

/// Has the thunk put its result at `offset` of the buffer of the arguments. That the bytes of a
/// freed buffer are still there is this allocator's kindness; what counts is the frees.
fn reply_inside_the_arguments(world: &mut World, offset: u32, bytes: &'static [u8]) {
    world.mock.reset();
    world.mock.on(10, move |mock, _, call| {
        assert_eq!(call.region.len, ARGS_LEN);
        let ptr = call.region.ptr + offset;
        mock.heap_mut().write(ptr, bytes)?;
        // Written by hand: this region is part of a buffer and must not be claimed as another.
        Ok(Reply::Reused(Region { ptr, len: bytes.len().try_into().unwrap() }))
    });
}

#[test]
fn a_result_in_the_buffer_of_the_arguments_is_freed_once() {
    let mut world = World::new(GUEST);
    for offset in [0, 1, 4, ARGS_LEN - 1] {
        reply_inside_the_arguments(&mut world, offset, &FORTY_TWO);
        assert_eq!(*world.call("call_other", &[]).unwrap(), [Value::I32(42)], "offset {offset}");
        assert_eq!(world.mock.calls(Operation::Deallocate), 1, "offset {offset}");
        world.assert_balanced();
    }
}

#[test]
fn a_bad_result_in_the_buffer_of_the_arguments_is_freed_once() {
    let mut world = World::new(GUEST);
    for (bytes, why) in [
        (&[][..], Why::Adapter(ThunkError::DecodeResult)),
        (&[2], Why::Adapter(ThunkError::DecodeResult)),
        (&[1], Why::HostError),
        (&[0, 0], Why::ResultType),
    ] {
        reply_inside_the_arguments(&mut world, 0, bytes);
        assert_eq!(Why::of(&world.trap("call_other", &[])), why, "{bytes:?}");
        assert_eq!(world.mock.calls(Operation::Deallocate), 1, "{bytes:?}");
        world.assert_balanced();
    }
}

#[test]
fn a_result_beside_the_buffer_of_the_arguments_is_freed_by_itself() {
    let mut world = World::new(GUEST);
    reply_inside_the_arguments(&mut world, ARGS_LEN, &FORTY_TWO);
    // Nothing is allocated there, which the allocator says.
    let trap = world.trap("call_other", &[]);
    assert_eq!(Why::of(&trap), Why::Adapter(ThunkError::DeallocateResult));
    assert_eq!(world.mock.calls(Operation::Deallocate), 2);
    assert_eq!((world.mock.heap().balance(), world.mock.heap().bad_frees()), (0, 1));
}

#[test]
fn a_result_that_begins_before_the_arguments_and_reaches_into_them_is_a_buffer_of_its_own() {
    let mut world = World::new(GUEST);
    let before = world.mock.heap_mut().place(&FORTY_TWO).unwrap();
    world.mock.on(10, move |_, _, call| {
        assert!(before.ptr < call.region.ptr);
        Ok(Reply::Reused(Region { ptr: before.ptr, len: call.region.ptr + 1 - before.ptr }))
    });
    assert_eq!(*world.call("call_other", &[]).unwrap(), [Value::I32(42)]);
    assert_eq!(world.mock.calls(Operation::Deallocate), 2);
    world.assert_balanced();
}
