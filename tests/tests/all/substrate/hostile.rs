//! Supervisors that mean harm: what their thunks return, and host functions with any arguments.

use crate::{
    allocations::largest_allocation,
    substrate::{
        GUEST, HEAP_BASE, MEMORY_BYTES, NAMES, World, call, guest, host, ok, place, reply, run, trap,
    },
};
use guestbox::{
    Limits, Number, Region, Value,
    abi::{ERR_EXECUTION, ERR_OK, ERR_OUT_OF_BOUNDS, SupervisorTrap},
    substrate::AllocatorError,
};
use guestbox_tests::random::Random;
use parity_scale_codec::Encode;

#[test]
fn a_region_that_a_thunk_made_up_ends_the_guest_call_and_poisons_the_allocator() {
    let max = u32::MAX;
    for (ptr, len) in [
        (0, 0),
        (0, 7),
        (512, 7),
        (512, max),
        (MEMORY_BYTES - 3, 7),
        (MEMORY_BYTES, 0),
        (max, 0),
        (max, 1),
        (max, max),
        (max - 6, 7),
        (HEAP_BASE, 7),
        (HEAP_BASE + 32, 7),
    ] {
        let mut world = World::new();
        let guest = guest(&mut world.store, GUEST);
        place(&mut world.store, 512, &ok(8));
        world.on_call(move |_, _| Ok(Region { ptr, len }.to_thunk()));
        let result = run(&mut world.store, guest, "run", &[Value::I32(1)]);
        assert_eq!(result, Ok((ERR_EXECUTION, None)), "{ptr} {len}");
        let malloc = host(&mut world.store, "allocator_malloc", &[1]);
        assert_eq!(malloc, Err(SupervisorTrap::Allocator(AllocatorError::Poisoned)), "{ptr} {len}");
        assert_eq!(run(&mut world.store, guest, "nothing", &[]), Ok((ERR_OK, None)));
        world.store.data_mut().sandbox.set_heap_base(HEAP_BASE);
        world.assert_usable();
    }
}

#[test]
fn a_region_within_the_freed_arguments_is_read_and_not_freed_again() {
    let mut world = World::new();
    let guest = guest(&mut world.store, GUEST);
    world.on_call(|caller, request| {
        place(caller, request.args.ptr, &ok(8)[..6]);
        Ok(request.args.to_thunk())
    });
    // One byte is missing: the lineage's arguments for an i32 have six, a result seven.
    assert_eq!(run(&mut world.store, guest, "run", &[Value::I32(1)]), Ok((ERR_EXECUTION, None)));
    world.assert_balanced();
    world.assert_usable();
}

#[test]
fn a_result_longer_than_the_limit_is_not_read() {
    let mut limits = Limits::default();
    limits.argument_bytes = 100;
    let mut world = World::with_limits(limits);
    let guest = guest(&mut world.store, GUEST);
    for (len, outcome) in [(100, (ERR_OK, Some(Value::I32(8)))), (101, (ERR_EXECUTION, None))] {
        let mut bytes = ok(8);
        bytes.resize(len, 0);
        world.on_call(move |caller, _| Ok(reply(caller, &bytes)));
        assert_eq!(run(&mut world.store, guest, "run", &[Value::I32(1)]), Ok(outcome), "{len}");
        world.assert_balanced();
    }
}

#[test]
fn a_thunk_that_frees_or_overwrites_the_arguments_ends_the_guest_call() {
    let frees: crate::substrate::Hook = std::sync::Arc::new(|caller, request| {
        host(&mut *caller, "allocator_free", &[request.args.ptr]).unwrap();
        Ok(reply(caller, &ok(8)))
    });
    let overwrites: crate::substrate::Hook = std::sync::Arc::new(|caller, request| {
        place(&mut *caller, request.args.ptr - 8, &[0xFF; 16]);
        Ok(reply(caller, &ok(8)))
    });
    for (hook, outcome) in [(frees, (ERR_OK, Some(Value::I32(8)))), (overwrites, (ERR_EXECUTION, None))] {
        let mut world = World::new();
        let guest = guest(&mut world.store, GUEST);
        world.store.data_mut().hook = Some(hook);
        let result = run(&mut world.store, guest, "run", &[Value::I32(1)]).unwrap();
        // Freed arguments make room for the result, which then begins where they did.
        assert_eq!(result, outcome);
        world.store.data_mut().sandbox.set_heap_base(HEAP_BASE);
        world.assert_usable();
    }
}

#[test]
fn nothing_is_allocated_for_a_length_that_is_not_inside_the_memory() {
    let mut world = World::with_limits(Limits::unlimited());
    let guest = guest(&mut world.store, GUEST);
    let bad = Region { ptr: 8, len: u32::MAX };
    world.on_call(move |_, _| Ok(bad.to_thunk()));
    let memory = host(&mut world.store, "sandbox_memory_new", &[65_536, 65_536]).unwrap();
    let (guest, memory) = (u64::from(guest), u64::from(memory));
    let (slice, good) = (crate::substrate::slice(bad), crate::substrate::slice(Region { ptr: 600, len: 3 }));
    let args = crate::substrate::slice(place(&mut world.store, 640, &[Number::I32(1)][..].encode()));
    place(&mut world.store, 600, b"run");
    for (name, args, outcome) in [
        ("sandbox_instantiate", &[1, slice, good, 0][..], Err(SupervisorTrap::Slice)),
        ("sandbox_instantiate", &[1, good, slice, 0], Err(SupervisorTrap::Slice)),
        ("sandbox_invoke", &[guest, slice, good, 512, 10, 0], Err(SupervisorTrap::Slice)),
        ("sandbox_invoke", &[guest, good, slice, 512, 10, 0], Err(SupervisorTrap::Slice)),
        ("sandbox_invoke", &[guest, good, args, 512, 10, 0], Ok(Some(ERR_EXECUTION.into()))),
        ("sandbox_get_global_val", &[guest, slice], Err(SupervisorTrap::Slice)),
        ("sandbox_memory_set", &[memory, 0, 8, u32::MAX.into()], Ok(Some(ERR_OUT_OF_BOUNDS.into()))),
    ] {
        let call = || call(&mut world.store, name, args).map_err(|error| trap(&error));
        let (result, largest) = largest_allocation(call);
        assert_eq!(result, outcome, "{name}");
        assert!(largest < 1 << 20, "{name} allocated {largest} bytes");
    }
}

/// Each host function with words at which something might break, within a thunk and outside.
#[test]
fn any_arguments_end_in_a_code_or_a_trap_of_the_supervisor() {
    let words = [
        0,
        1,
        2,
        3,
        7,
        8,
        512,
        u64::from(HEAP_BASE),
        u64::from(HEAP_BASE + 8),
        u64::from(MEMORY_BYTES - 1),
        u64::from(MEMORY_BYTES),
        u64::from(u32::MAX - 7),
        u64::from(u32::MAX),
        5 << 32 | 512,
        1 << 63 | 8,
        u64::MAX << 32,
        u64::MAX,
    ];
    let mut limits = Limits::default();
    (limits.total_memory_pages, limits.instances) = (64, 16);
    let mut world = World::with_limits(limits);
    let outer = guest(&mut world.store, GUEST);
    let mut random = Random::new(7);
    let attempt = move |ctx: &mut dyn FnMut(&str, &[u64]), random: &mut Random| {
        const ARITIES: [(usize, &[usize]); 10] = [
            (4, &[1, 2]),
            (6, &[1, 2]),
            (2, &[]),
            (4, &[]),
            (4, &[]),
            (1, &[]),
            (1, &[]),
            (2, &[1]),
            (1, &[]),
            (1, &[]),
        ];
        let at = random.index(NAMES.len());
        let (arity, wide) = ARITIES[at];
        let word = |position| {
            let word = random.one(&words);
            if wide.contains(&position) { word } else { word & u64::from(u32::MAX) }
        };
        let args: Vec<u64> = (0..arity).map(word).collect();
        ctx(NAMES[at], &args);
    };
    place(&mut world.store, 0, &guestbox_tests::text::bytes(r#"(module (memory 1))"#));
    for round in 0..20_000 {
        attempt(
            &mut |name, args| {
                if let Err(error) = call(&mut world.store, name, args) {
                    // Fails if it is anything else.
                    trap(&error);
                }
            },
            &mut random,
        );
        if round % 100 == 0 {
            world.store.data_mut().sandbox.set_heap_base(HEAP_BASE);
            let state = std::sync::Mutex::new(random.clone());
            world.on_call(move |caller, _| {
                let mut random = state.lock().unwrap();
                attempt(
                    &mut |name, args| {
                        if !name.contains("invoke")
                            && let Err(error) = call(&mut *caller, name, args)
                        {
                            trap(&error);
                        }
                    },
                    &mut random,
                );
                // Whatever is left of the heap.
                Ok(host(caller, "allocator_malloc", &[7]).map_or(0, |ptr| Region { ptr, len: 7 }.to_thunk()))
            });
            let _any = run(&mut world.store, outer, "run", &[Value::I32(1)]);
        }
    }
    for guest in 0..100 {
        let _torn = host(&mut world.store, "sandbox_instance_teardown", &[guest]);
    }
    world.store.data_mut().sandbox.set_heap_base(HEAP_BASE);
    world.assert_usable();
}
