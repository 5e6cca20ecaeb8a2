//! `memory_new`, `memory_get`, `memory_set` and `memory_teardown`.

use crate::abi::{BUFFER, World, environment, memory, wasm};
use guestbox::{
    HandleError, Limit, Limits, MemoryError, Region,
    abi::{self, ERR_OK, ERR_OUT_OF_BOUNDS, MEM_UNLIMITED, SupervisorTrap},
};

const PAGE: u32 = 65_536;

fn new(world: &mut World, initial: u32, maximum: u32) -> Result<u32, SupervisorTrap> {
    abi::memory_new(&mut world.store, initial, maximum)
}

fn get(world: &mut World, memory: u32, offset: u32, to: Region) -> Result<u32, SupervisorTrap> {
    abi::memory_get(&world.store, &mut world.mock, memory, offset, to)
}

fn set(world: &mut World, memory: u32, offset: u32, from: Region) -> Result<u32, SupervisorTrap> {
    abi::memory_set(&mut world.store, &mut world.mock, memory, offset, from)
}

/// A world with a memory of one page, number 0; where `bound`, a guest imports it.
fn world(bound: bool) -> World {
    let mut world = World::new();
    assert_eq!(new(&mut world, 1, MEM_UNLIMITED), Ok(0));
    if bound {
        let wasm = wasm(r#"(module (import "env" "memory" (memory 1)))"#);
        assert_eq!(world.instantiate(&wasm, &environment(&[memory("memory", 0)])), 0);
    }
    world
}

fn region(ptr: u32, len: u32) -> Region {
    Region { ptr, len }
}

#[test]
fn memories_are_numbered_from_zero_and_a_number_is_never_reused() {
    let mut world = World::new();
    assert_eq!(new(&mut world, 1, 16), Ok(0));
    assert_eq!(new(&mut world, 0, 0), Ok(1));
    abi::memory_teardown(&mut world.store, 1).unwrap();
    assert_eq!(new(&mut world, 1, MEM_UNLIMITED), Ok(2));
    let maximum = |number| world.store.memory_type(world.store.memory_id(number).unwrap()).unwrap().maximum;
    assert_eq!((maximum(0), maximum(2)), (Some(16), None));
}

#[test]
fn a_memory_that_cannot_be_is_the_supervisors_trap_and_takes_no_number() {
    // Without limits of ours, so that the format's own are met.
    let mut world = World::with_limits(Limits::unlimited());
    for (initial, maximum, error) in [
        (2, 1, MemoryError::Maximum),
        (1, 0, MemoryError::Maximum),
        (65_537, MEM_UNLIMITED, MemoryError::TooManyPages),
        (u32::MAX, MEM_UNLIMITED, MemoryError::TooManyPages),
        (0, 65_537, MemoryError::TooManyPages),
        (0, MEM_UNLIMITED - 1, MemoryError::TooManyPages),
    ] {
        let refused = new(&mut world, initial, maximum);
        assert_eq!(refused, Err(SupervisorTrap::MemoryRefused(error)), "{initial} {maximum}");
    }
    assert_eq!(new(&mut world, 65_536, 65_536), Ok(0));
}

#[test]
fn a_memory_above_a_limit_is_the_supervisors_trap() {
    let mut world = World::new();
    let refused = |result| match result {
        Err(SupervisorTrap::MemoryRefused(MemoryError::Limit(error))) => {
            (error.limit, error.maximum, error.requested)
        }
        other => panic!("{other:?}"),
    };
    let one_too_large = new(&mut world, 4_097, MEM_UNLIMITED);
    assert_eq!(refused(one_too_large), (Limit::MemoryPages, 4_096, 4_097));
    assert_eq!(new(&mut world, 4_096, MEM_UNLIMITED), Ok(0));
    assert_eq!(new(&mut world, 4_096, MEM_UNLIMITED), Ok(1));
    let one_too_many = new(&mut world, 1, MEM_UNLIMITED);
    assert_eq!(refused(one_too_many), (Limit::TotalMemoryPages, 8_192, 8_193));
    // A maximum is no use of pages.
    assert_eq!(new(&mut world, 0, 65_536), Ok(2));
}

#[test]
fn bytes_are_copied_both_ways() {
    for bound in [false, true] {
        let mut world = world(bound);
        world.mock.heap_mut().write(16, b"0123456789").unwrap();
        assert_eq!(set(&mut world, 0, PAGE - 10, BUFFER), Ok(ERR_OK));
        world.wipe();
        assert_eq!(get(&mut world, 0, PAGE - 4, region(18, 4)), Ok(ERR_OK));
        assert_eq!(world.buffer(), b"\xEE\xEE6789\xEE\xEE\xEE\xEE");
        // What was never written is zero.
        assert_eq!(get(&mut world, 0, 0, region(16, 2)), Ok(ERR_OK));
        assert_eq!(world.buffer()[..4], [0, 0, b'6', b'7']);
    }
}

/// Offsets and lengths that do not fit into one page.
const OUTSIDE: [(u32, u32); 7] = [
    (PAGE, 1),
    (PAGE - 1, 2),
    (PAGE + 1, 0),
    (0, PAGE + 1),
    (u32::MAX, 1),
    (u32::MAX, u32::MAX),
    (16, u32::MAX - 15),
];

#[test]
fn an_access_outside_the_memory_is_a_code_and_changes_nothing() {
    for bound in [false, true] {
        let mut world = world(bound);
        world.wipe();
        assert_eq!(set(&mut world, 0, PAGE - 1, region(16, 1)), Ok(ERR_OK));
        for (offset, len) in OUTSIDE {
            // What the supervisor's side has room for, as far as it can.
            let there = region(if len > 10 { 0 } else { 16 }, len);
            assert_eq!(get(&mut world, 0, offset, there), Ok(ERR_OUT_OF_BOUNDS), "{offset} {len}");
            assert_eq!(world.buffer(), [0xEE; 10], "{offset} {len}");
            world.mock.heap_mut().write(16, &[0x11; 10]).unwrap();
            assert_eq!(set(&mut world, 0, offset, there), Ok(ERR_OUT_OF_BOUNDS), "{offset} {len}");
            world.wipe();
        }
        let mut last = [0; 2];
        let id = world.store.memory_id(0).unwrap();
        world.store.memory_read(id, PAGE - 2, &mut last).unwrap();
        assert_eq!(last, [0, 0xEE]);
    }
}

#[test]
fn an_access_outside_the_supervisors_memory_is_a_code_and_changes_nothing() {
    for bound in [false, true] {
        let mut world = world(bound);
        assert_eq!(world.mock.heap().len(), 65_536);
        for (ptr, len) in OUTSIDE {
            let there = region(ptr, len);
            assert_eq!(get(&mut world, 0, 0, there), Ok(ERR_OUT_OF_BOUNDS), "{there:?}");
            assert_eq!(set(&mut world, 0, 0, there), Ok(ERR_OUT_OF_BOUNDS), "{there:?}");
        }
        let mut first = [0xFF; 4];
        let id = world.store.memory_id(0).unwrap();
        world.store.memory_read(id, 0, &mut first).unwrap();
        assert_eq!(first, [0; 4]);
    }
}

#[test]
fn an_access_outside_both_is_a_code() {
    let mut world = world(true);
    for (at, len) in OUTSIDE {
        assert_eq!(get(&mut world, 0, at, region(at, len)), Ok(ERR_OUT_OF_BOUNDS));
        assert_eq!(set(&mut world, 0, at, region(at, len)), Ok(ERR_OUT_OF_BOUNDS));
    }
}

#[test]
fn nothing_at_the_very_end_and_all_of_it_are_inside() {
    for bound in [false, true] {
        let mut world = world(bound);
        for (offset, there) in [(PAGE, region(0, 0)), (0, region(PAGE, 0)), (0, region(0, PAGE))] {
            assert_eq!(get(&mut world, 0, offset, there), Ok(ERR_OK), "{offset} {there:?}");
            assert_eq!(set(&mut world, 0, offset, there), Ok(ERR_OK), "{offset} {there:?}");
        }
    }
}

#[test]
fn an_unknown_memory_is_the_supervisors_trap() {
    let mut world = world(false);
    let unknown = Err(SupervisorTrap::Memory(HandleError::Unknown));
    for number in [1, 9, u32::MAX - 1, u32::MAX] {
        assert_eq!(get(&mut world, number, 0, region(0, 0)), unknown);
        assert_eq!(set(&mut world, number, 0, region(0, 0)), unknown);
        assert_eq!(abi::memory_teardown(&mut world.store, number).map(|()| 0), unknown);
    }
}

#[test]
fn a_torn_down_memory_is_the_supervisors_trap_also_while_a_guest_has_it() {
    for bound in [false, true] {
        let mut world = world(bound);
        assert_eq!(abi::memory_teardown(&mut world.store, 0), Ok(()));
        let torn = Err(SupervisorTrap::Memory(HandleError::TornDown));
        // Also where the access would be outside.
        assert_eq!(get(&mut world, 0, 0, region(0, 1)), torn);
        assert_eq!(get(&mut world, 0, u32::MAX, region(u32::MAX, 1)), torn);
        assert_eq!(set(&mut world, 0, 0, region(0, 1)), torn);
        assert_eq!(abi::memory_teardown(&mut world.store, 0).map(|()| 0), torn);
    }
}
