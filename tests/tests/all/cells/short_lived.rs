//! A memory that outlives the guests that use it.

use super::{ONE, call, guest_on, guest_text, offering, read};
use guestbox::{MemoryId, Module, NoImports, Store};
use guestbox_tests::text;

const ROUNDS: i32 = 400;

/// Guests of `modules` by turns, each of which counts in the memory and goes.
fn count_by_turns(store: &mut Store, memory: MemoryId, modules: &[Module], own_pages: u32) {
    let size = store.memory_size(memory).unwrap();
    for (round, module) in (1..=ROUNDS).zip(modules.iter().cycle()) {
        let guest = store.instantiate(&mut NoImports, module, &offering(&[("a", memory)]), 0).unwrap();
        assert_eq!(store.memory_pages_in_use(), size + own_pages);
        assert_eq!(call(store, guest, "count", &[]), round);
        store.teardown_instance(guest).unwrap();
        assert_eq!(read(store, memory, 0), round);
        assert_eq!(store.memory_pages_in_use(), size, "only the shared memory is left");
    }
}

#[test]
fn bytes_stay_in_a_memory_that_many_guests_of_one_module_come_and_go_on() {
    let mut store = Store::new();
    let memory = store.create_memory(2, Some(4)).unwrap();
    store.memory_write(memory, 65_530, b"from before").unwrap();
    count_by_turns(&mut store, memory, &[text::module(&guest_text(ONE, 0))], 0);
    let mut bytes = [0; 11];
    store.memory_read(memory, 65_530, &mut bytes).unwrap();
    assert_eq!(&bytes, b"from before");
}

#[test]
fn bytes_stay_in_a_memory_that_guests_of_different_modules_come_and_go_on() {
    let mut store = Store::new();
    let memory = store.create_memory(2, None).unwrap();
    let modules: Vec<_> = (0..5).map(|mark| text::module(&guest_text(ONE, mark))).collect();
    count_by_turns(&mut store, memory, &modules, 0);
}

#[test]
fn the_own_memories_of_short_lived_guests_are_freed_beside_the_shared_one() {
    let mut store = Store::new();
    let memory = store.create_memory(1, None).unwrap();
    let own = format!("{ONE} (memory 3) (memory $more 5)");
    count_by_turns(&mut store, memory, &[text::module(&guest_text(&own, 0))], 8);
}

#[test]
fn size_and_maximum_stay_when_a_memory_moves() {
    let mut store = Store::new();
    let memory = store.create_memory(1, Some(6)).unwrap();
    let unbounded = store.create_memory(1, None).unwrap();
    // Its own memory makes the others move once it has gone.
    let text = guest_text(
        r#"(import "env" "a" (memory 1 6)) (import "env" "b" (memory 1)) (memory 4) (export "b" (memory 1))"#,
        0,
    );
    let module = text::module(&text);
    for pages in 1..6 {
        let environment = offering(&[("a", memory), ("b", unbounded)]);
        let guest = store.instantiate(&mut NoImports, &module, &environment, 0).unwrap();
        assert_eq!(call(&mut store, guest, "grow", &[1]).unsigned_abs(), pages);
        assert_eq!(store.memory_grow(unbounded, 1), Ok(pages));
        let again = store.exported_memory(guest, "b").unwrap().unwrap();
        assert_eq!(store.memory_size(again), Ok(pages + 1));
        store.teardown_instance(guest).unwrap();
        let (ty, other) = (store.memory_type(memory).unwrap(), store.memory_type(unbounded).unwrap());
        assert_eq!((ty.initial, ty.maximum), (pages + 1, Some(6)));
        assert_eq!((other.initial, other.maximum), (pages + 1, None));
        assert_eq!(store.memory_pages_in_use(), 2 * (pages + 1));
    }
    assert_eq!(store.memory_grow(memory, 1), Err(guestbox::MemoryError::Maximum));
}

#[test]
fn what_a_small_guest_leaves_beside_a_large_memory_stays_within_a_quarter() {
    let mut store = Store::new();
    let memory = store.create_memory(400, None).unwrap();
    let module = text::module(&guest_text(&format!("{ONE} (memory 1)"), 0));
    for round in 1..=ROUNDS {
        let guest = store.instantiate(&mut NoImports, &module, &offering(&[("a", memory)]), 0).unwrap();
        assert_eq!(call(&mut store, guest, "count", &[]), round);
        store.teardown_instance(guest).unwrap();
        assert!(store.memory_pages_in_use() <= 500, "{} pages", store.memory_pages_in_use());
    }
    store.teardown_memory(memory).unwrap();
    assert_eq!(store.memory_pages_in_use(), 0);
}

/// An engine cannot free code, so a module that stays moves to a fresh one now and then; the
/// guests that it has in the old one stay there, and get more company.
#[test]
fn a_kept_module_works_on_while_many_others_share_memories_with_its_guests() {
    let mut store = Store::new();
    let kept = text::module(&guest_text(ONE, -1));
    let (old, memory) = (store.create_memory(1, None).unwrap(), store.create_memory(1, None).unwrap());
    let resident = store.instantiate(&mut NoImports, &kept, &offering(&[("a", old)]), 0).unwrap();
    for mark in 0..60 {
        // Large enough that the code of a few of them is too much.
        let text = guest_text(&format!(r#"{ONE} (data "{}")"#, "x".repeat(20_000)), mark);
        let other = text::module(&text);
        let guest = store.instantiate(&mut NoImports, &kept, &offering(&[("a", memory)]), 0).unwrap();
        let beside = store.instantiate(&mut NoImports, &other, &offering(&[("a", memory)]), 0).unwrap();
        assert_eq!(call(&mut store, guest, "mark", &[]), -1);
        assert_eq!(call(&mut store, beside, "mark", &[]), mark);
        assert_eq!(call(&mut store, guest, "count", &[]), 2 * mark + 1);
        assert_eq!(call(&mut store, beside, "count", &[]), 2 * mark + 2);
        store.teardown_instance(guest).unwrap();
        store.teardown_instance(beside).unwrap();
        let twin = store.instantiate(&mut NoImports, &kept, &offering(&[("a", old)]), 0).unwrap();
        assert_eq!(call(&mut store, twin, "count", &[]), mark + 1);
        assert_eq!(call(&mut store, resident, "load", &[0]), mark + 1);
        store.teardown_instance(twin).unwrap();
    }
}

#[test]
fn a_memory_written_between_guests_is_what_the_next_one_finds() {
    let mut store = Store::new();
    let memory = store.create_memory(1, None).unwrap();
    for round in 0..20 {
        store.memory_data_mut(memory).unwrap()[100] = round;
        let guest = guest_on(&mut store, memory, round.into());
        assert_eq!(call(&mut store, guest, "load", &[100]), i32::from(round));
        call(&mut store, guest, "store", &[200, round.into()]);
        store.teardown_instance(guest).unwrap();
        assert_eq!(read(&store, memory, 200), i32::from(round));
    }
}
