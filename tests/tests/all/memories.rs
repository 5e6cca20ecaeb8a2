//! Reading, writing and growing memories from outside, wherever their bytes are.

use guestbox::{Environment, HandleError, Limit, Limits, MemoryError, MemoryId, NoImports, Store, Value};
use guestbox_tests::text;

const PAGE: usize = guestbox::PAGE_BYTES;

/// A memory of 1 page, at most 4, that no guest imports yet.
fn unbound(store: &mut Store) -> MemoryId {
    store.create_memory(1, Some(4)).unwrap()
}

/// The same in use by a guest.
fn bound(store: &mut Store) -> MemoryId {
    let memory = unbound(store);
    let environment = Environment::new().with_memory("env", "m", memory);
    text::guest(store, r#"(module (import "env" "m" (memory 1 4)))"#, &environment);
    memory
}

/// The same as the memory of a guest.
fn exported(store: &mut Store) -> MemoryId {
    let guest = text::guest(store, r#"(module (memory (export "m") 1 4))"#, &Environment::new());
    store.exported_memory(guest, "m").unwrap().unwrap()
}

/// Runs a test on a memory at each of the places its bytes may be.
fn everywhere(test: impl Fn(&mut Store, MemoryId)) {
    for make in [unbound, bound, exported] {
        let mut store = Store::new();
        let memory = make(&mut store);
        test(&mut store, memory);
    }
}

#[test]
fn a_new_memory_is_zero_and_keeps_what_is_written() {
    everywhere(|store, memory| {
        let mut bytes = vec![1; PAGE];
        store.memory_read(memory, 0, &mut bytes).unwrap();
        assert!(bytes.iter().all(|byte| *byte == 0));
        store.memory_write(memory, 10, b"guest").unwrap();
        store.memory_write(memory, 65_531, b"box!!").unwrap();
        store.memory_read(memory, 0, &mut bytes).unwrap();
        assert_eq!((&bytes[9..16], &bytes[65_530..]), (&b"\0guest\0"[..], &b"\0box!!"[..]));
        let data = store.memory_data_mut(memory).unwrap();
        assert_eq!((data.len(), &data[10..15]), (PAGE, &b"guest"[..]));
        data[0] = 9;
        let mut first = [0];
        store.memory_read(memory, 0, &mut first).unwrap();
        assert_eq!(first, [9]);
    });
}

#[test]
fn access_is_in_bounds_or_refused_as_a_whole() {
    everywhere(|store, memory| {
        let end = u32::try_from(PAGE).unwrap();
        store.memory_write(memory, end - 2, &[7, 7]).unwrap();
        let refused = Err(MemoryError::OutOfBounds);
        for (offset, len, within) in [
            (0, PAGE, true),
            (0, PAGE + 1, false),
            (end - 1, 1, true),
            (end - 1, 2, false),
            (end, 0, true),
            (end, 1, false),
            (end + 1, 0, false),
            (u32::MAX, 0, false),
            (u32::MAX, 1, false),
            (u32::MAX, 2, false),
            (u32::MAX - 1, PAGE, false),
        ] {
            let expected = if within { Ok(()) } else { refused };
            let mut bytes = vec![1; len];
            assert_eq!(store.memory_read(memory, offset, &mut bytes), expected, "{offset} {len}");
            if !within {
                assert!(bytes.iter().all(|byte| *byte == 1), "nothing was read");
                assert_eq!(store.memory_write(memory, offset, &bytes), expected, "{offset} {len}");
            } else if len <= 1 {
                assert_eq!(store.memory_write(memory, offset, &bytes), Ok(()), "{offset} {len}");
            }
        }
        let mut last = [0; 2];
        store.memory_read(memory, end - 2, &mut last).unwrap();
        assert_eq!(last, [7, 7], "only what was in bounds was written");
    });
}

#[test]
fn a_memory_grows_to_its_maximum_and_new_pages_are_zero() {
    everywhere(|store, memory| {
        store.memory_write(memory, 65_535, &[3]).unwrap();
        assert_eq!(store.memory_grow(memory, 0), Ok(1));
        assert_eq!(store.memory_grow(memory, 2), Ok(1));
        assert_eq!((store.memory_size(memory), store.memory_pages_in_use()), (Ok(3), 3));
        let mut bytes = [1; 4];
        store.memory_read(memory, 65_535, &mut bytes).unwrap();
        assert_eq!(bytes, [3, 0, 0, 0]);
        store.memory_write(memory, 3 * 65_536 - 1, &[4]).unwrap();
        assert_eq!(store.memory_grow(memory, 2), Err(MemoryError::Maximum));
        assert_eq!(store.memory_grow(memory, 65_534), Err(MemoryError::TooManyPages));
        assert_eq!(store.memory_grow(memory, u32::MAX), Err(MemoryError::TooManyPages));
        assert_eq!((store.memory_size(memory), store.memory_pages_in_use()), (Ok(3), 3));
        assert_eq!(store.memory_grow(memory, 1), Ok(3));
        assert_eq!(store.memory_grow(memory, 0), Ok(4));
        let ty = store.memory_type(memory).unwrap();
        assert_eq!((ty.initial, ty.maximum), (4, Some(4)));
        assert_eq!(store.memory_data_mut(memory).unwrap().len(), 4 * PAGE);
        store.memory_read(memory, 3 * 65_536 - 1, &mut bytes).unwrap();
        assert_eq!(bytes, [4, 0, 0, 0]);
    });
}

#[test]
fn a_memory_of_no_pages_has_no_bytes() {
    let mut store = Store::new();
    let memory = store.create_memory(0, None).unwrap();
    assert_eq!(store.memory_read(memory, 0, &mut []), Ok(()));
    assert_eq!(store.memory_read(memory, 0, &mut [0]), Err(MemoryError::OutOfBounds));
    assert_eq!(store.memory_write(memory, 1, &[]), Err(MemoryError::OutOfBounds));
    assert!(store.memory_data_mut(memory).unwrap().is_empty());
    let environment = Environment::new().with_memory("env", "m", memory);
    let guest = text::guest(
        &mut store,
        r#"(module (import "env" "m" (memory 0)) (func (export "grow") (result i32) (memory.grow
          (i32.const 1))))"#,
        &environment,
    );
    assert_eq!(*text::call(&mut store, guest, "grow", &[]), [Value::I32(0)]);
    assert_eq!(store.memory_size(memory), Ok(1));
}

#[test]
fn sizes_that_cannot_be_are_refused_and_take_no_number() {
    let mut limits = Limits::default();
    limits.memory_pages = 65_536;
    limits.total_memory_pages = u32::MAX;
    let mut store = Store::with_limits(limits);
    for (initial, maximum, error) in [
        (2, Some(1), MemoryError::Maximum),
        (65_537, None, MemoryError::TooManyPages),
        (0, Some(65_537), MemoryError::TooManyPages),
        (u32::MAX, Some(u32::MAX), MemoryError::TooManyPages),
    ] {
        assert_eq!(store.create_memory(initial, maximum), Err(error));
    }
    // Pages that nobody touches take nothing, so this is no matter of memory.
    let largest = store.create_memory(65_536, Some(65_536)).unwrap();
    assert_eq!((largest.number(), store.memory_size(largest)), (Some(0), Ok(65_536)));
    assert_eq!(store.memory_grow(largest, 1), Err(MemoryError::TooManyPages));
    let mut last = [1; 4];
    assert_eq!(store.memory_read(largest, u32::MAX - 3, &mut last), Ok(()));
    assert_eq!(last, [0; 4]);
    assert_eq!(store.memory_read(largest, u32::MAX, &mut last), Err(MemoryError::OutOfBounds));
}

#[test]
fn every_refusal_leaves_the_pages_in_use_as_they_were() {
    let mut limits = Limits::default();
    limits.memory_pages = 5;
    limits.total_memory_pages = 8;
    let mut store = Store::with_limits(limits);
    let (free, used) = (unbound(&mut store), bound(&mut store));
    assert_eq!(refusal(store.create_memory(6, None)), (Limit::MemoryPages, 5, 6));
    let large = store.create_memory(4, None).unwrap();
    assert_eq!(refusal(store.create_memory(3, None)), (Limit::TotalMemoryPages, 8, 9));
    assert_eq!(refusal(store.memory_grow(large, 2)), (Limit::MemoryPages, 5, 6));
    for memory in [free, used, large] {
        refusal(store.memory_grow(memory, 3));
    }
    assert_eq!(store.memory_pages_in_use(), 6);
    assert_eq!(store.memory_grow(used, 2), Ok(1));
    assert_eq!(refusal(store.memory_grow(free, 1)), (Limit::TotalMemoryPages, 8, 9));
    store.teardown_memory(large).unwrap();
    assert_eq!(store.memory_grow(free, 3), Ok(1));
    assert_eq!(store.memory_pages_in_use(), 7);
}

/// Which limit refused, its value, and what was asked for.
fn refusal<T: std::fmt::Debug>(outcome: Result<T, MemoryError>) -> (Limit, u64, u64) {
    match outcome {
        Err(MemoryError::Limit(error)) => (error.limit, error.maximum, error.requested),
        other => panic!("not refused by a limit: {other:?}"),
    }
}

#[test]
fn ids_name_their_memory_for_ever() {
    let mut store = Store::new();
    let mut other = Store::new();
    let (first, second) = (unbound(&mut store), unbound(&mut store));
    let foreign = unbound(&mut other);
    assert_eq!((first.number(), second.number(), foreign.number()), (Some(0), Some(1), Some(0)));
    assert_eq!((store.memory_id(0), store.memory_id(1)), (Ok(first), Ok(second)));
    assert_eq!(store.memory_id(2), Err(HandleError::Unknown));
    assert_eq!(store.memory_size(foreign), Err(MemoryError::Handle(HandleError::OtherStore)));
    assert_eq!(store.teardown_memory(foreign), Err(HandleError::OtherStore));
    store.teardown_memory(first).unwrap();
    let gone = MemoryError::Handle(HandleError::TornDown);
    assert_eq!(store.memory_id(0), Err(HandleError::TornDown));
    assert_eq!(store.teardown_memory(first), Err(HandleError::TornDown));
    assert_eq!(store.memory_type(first), Err(gone));
    assert_eq!(store.memory_grow(first, 0), Err(gone));
    assert_eq!(store.memory_read(first, 0, &mut []), Err(gone));
    assert_eq!(store.memory_write(first, 0, &[]), Err(gone));
    assert_eq!(store.memory_data_mut(first).unwrap_err(), gone);
    assert_eq!(unbound(&mut store).number(), Some(2));
}

#[test]
fn exported_memories_go_with_their_guest_alone() {
    let mut store = Store::new();
    let text = r#"(module (memory (export "a") (export "b") 1) (memory $c (export "c") 2)
        (func (export "f")) (global (export "g") i32 (i32.const 0)))"#;
    let guest = text::guest(&mut store, text, &Environment::new());
    let [a, b, c] = ["a", "b", "c"].map(|name| store.exported_memory(guest, name).unwrap().unwrap());
    for name in ["f", "g", "", "d"] {
        assert_eq!(store.exported_memory(guest, name), Ok(None));
    }
    store.memory_write(a, 0, &[1]).unwrap();
    let mut byte = [0];
    store.memory_read(b, 0, &mut byte).unwrap();
    assert_eq!((byte, store.memory_size(c)), ([1], Ok(2)), "two names of one memory, and another");
    assert_eq!((a.number(), store.teardown_memory(a)), (None, Err(HandleError::Unknown)));
    assert_eq!(unbound(&mut store).number(), Some(0), "exported memories take no numbers");
    store.teardown_instance(guest).unwrap();
    assert_eq!(store.memory_size(a), Err(MemoryError::Handle(HandleError::TornDown)));
    assert_eq!(store.exported_memory(guest, "a"), Err(HandleError::TornDown));
    let twin = Store::new();
    assert_eq!(twin.exported_memory(guest, "a"), Err(HandleError::OtherStore));
}

#[test]
fn bytes_written_before_the_first_import_are_there_for_the_guest() {
    let mut store = Store::new();
    let memory = unbound(&mut store);
    store.memory_write(memory, 4, &77_i32.to_le_bytes()).unwrap();
    store.memory_grow(memory, 1).unwrap();
    let text = r#"(module (import "env" "m" (memory 2 4)) (data (i32.const 8) "\2a")
        (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))"#;
    let environment = Environment::new().with_memory("env", "m", memory);
    let guest = store.instantiate(&mut NoImports, &text::module(text), &environment, 0).unwrap();
    for (at, value) in [(4, 77), (8, 42), (65_536, 0), (131_068, 0)] {
        assert_eq!(*text::call(&mut store, guest, "load", &[Value::I32(at)]), [Value::I32(value)]);
    }
}
