//! `malloc` and `free` over the supervisor's memory.

use crate::substrate::{GUEST, HEAP_BASE, MEMORY_BYTES, World, guest, host, memory, place, read, run};
use guestbox::{
    Region, Value,
    abi::{ERR_EXECUTION, SupervisorTrap},
    substrate::AllocatorError,
};

fn malloc(world: &mut World, len: u32) -> Result<u32, AllocatorError> {
    host(&mut world.store, "allocator_malloc", &[len]).map_err(|trap| match trap {
        SupervisorTrap::Allocator(error) => error,
        other => panic!("{other:?}"),
    })
}

fn free(world: &mut World, ptr: u32) -> Result<u32, AllocatorError> {
    host(&mut world.store, "allocator_free", &[ptr]).map_err(|trap| match trap {
        SupervisorTrap::Allocator(error) => error,
        other => panic!("{other:?}"),
    })
}

#[test]
fn malloc_and_free_work_above_the_heap_base() {
    let mut world = World::new();
    assert_eq!(malloc(&mut world, 100), Ok(HEAP_BASE + 8));
    assert_eq!(malloc(&mut world, 0), Ok(HEAP_BASE + 8 + 136));
    assert_eq!(free(&mut world, HEAP_BASE + 8), Ok(0));
    assert_eq!(malloc(&mut world, 65), Ok(HEAP_BASE + 8));
    let header = read(&world.store, Region { ptr: HEAP_BASE, len: 8 });
    assert_eq!(header, [4, 0, 0, 0, 1, 0, 0, 0]);
    assert!(read(&world.store, Region { ptr: 0, len: HEAP_BASE }).iter().all(|byte| *byte == 0));
}

#[test]
fn malloc_traps_where_the_memory_is_used_up_and_is_poisoned_then() {
    let mut world = World::new();
    assert_eq!(malloc(&mut world, 65_536), Ok(HEAP_BASE + 8));
    assert_eq!(malloc(&mut world, 131_072), Err(AllocatorError::Full));
    assert_eq!(malloc(&mut world, 8), Err(AllocatorError::Poisoned));
    assert_eq!(free(&mut world, HEAP_BASE + 8), Err(AllocatorError::Poisoned));
}

#[test]
fn malloc_has_the_room_that_the_supervisor_grew() {
    let mut world = World::new();
    let memory = memory(&world.store);
    memory.grow(&mut world.store, 512).unwrap();
    assert_eq!(malloc(&mut world, 32 << 20), Ok(HEAP_BASE + 8));
    let last = MEMORY_BYTES + 512 * 65_536 - HEAP_BASE - (32 << 20) - 8;
    assert!(last > 131_080);
    assert_eq!(malloc(&mut world, 131_072), Ok(HEAP_BASE + 8 + (32 << 20) + 8));
}

#[test]
fn malloc_traps_above_32_mib() {
    for len in [(32 << 20) + 1, 1 << 31, u32::MAX] {
        assert_eq!(malloc(&mut World::new(), len), Err(AllocatorError::TooLarge), "{len}");
    }
}

#[test]
fn free_traps_for_what_was_not_allocated() {
    for ptr in [0, 8, HEAP_BASE, HEAP_BASE + 7, HEAP_BASE + 9, HEAP_BASE + 24, MEMORY_BYTES, u32::MAX] {
        let mut world = World::new();
        malloc(&mut world, 8).unwrap();
        assert_eq!(free(&mut world, ptr), Err(AllocatorError::Pointer), "{ptr}");
        assert_eq!(malloc(&mut world, 8), Err(AllocatorError::Poisoned), "{ptr}");
    }
}

#[test]
fn a_poisoned_allocator_ends_host_calls_and_get_global_val_and_nothing_else() {
    let mut world = World::new();
    let guest = guest(&mut world.store, GUEST);
    free(&mut world, 0).unwrap_err();
    assert_eq!(run(&mut world.store, guest, "run", &[Value::I32(1)]), Ok((ERR_EXECUTION, None)));
    assert!(world.store.data().seen.is_empty());
    let error =
        crate::substrate::call(&mut world.store, "sandbox_get_global_val", &[guest.into(), 0]).unwrap_err();
    assert_eq!(crate::substrate::trap(&error), SupervisorTrap::Allocator(AllocatorError::Poisoned));
    assert_eq!(run(&mut world.store, guest, "nothing", &[]), Ok((0, None)));
    world.store.data_mut().sandbox.set_heap_base(HEAP_BASE);
    world.assert_usable();
}

#[test]
fn overwritten_headers_trap_and_are_never_followed() {
    for header in [0, 1, u64::from(u32::MAX), 1 << 32 | 5, 1 << 32 | 22, 1 << 32 | 23, 1 << 33, u64::MAX] {
        let mut world = World::new();
        malloc(&mut world, 8).unwrap();
        place(&mut world.store, HEAP_BASE, &header.to_le_bytes());
        let expected = if header >> 32 == 0 { AllocatorError::Pointer } else { AllocatorError::Corrupted };
        assert_eq!(free(&mut world, HEAP_BASE + 8), Err(expected), "{header:#x}");
    }
    for link in
        [0, 8, HEAP_BASE - 8, HEAP_BASE + 4, HEAP_BASE + 16, MEMORY_BYTES - 8, MEMORY_BYTES, u32::MAX - 7]
    {
        let mut world = World::new();
        malloc(&mut world, 8).unwrap();
        free(&mut world, HEAP_BASE + 8).unwrap();
        place(&mut world.store, HEAP_BASE, &u64::from(link).to_le_bytes());
        assert_eq!(malloc(&mut world, 8), Err(AllocatorError::Corrupted), "{link}");
    }
}
