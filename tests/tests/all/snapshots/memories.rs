//! Memories that have grown past the snapshot, and memories that are shared.

use super::{GUEST, call, environment, guest, instantiate, snapshot};
use guestbox::{Environment, Limit, Limits, MemoryId, MemoryType, RestoreError, Store, TrapCode, Value};
use guestbox_tests::text;

const IMPORTING: &str = r#"(module (import "env" "memory" (memory 1 8)) (global $g (mut i32) (i32.const 0))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "store") (param i32 i32) (global.set $g (local.get 1)) (i32.store (local.get 0) (local.get 1)))
    (func (export "g") (result i32) (global.get $g)))"#;

fn offering(memory: MemoryId) -> Environment {
    Environment::new().with_memory("env", "memory", memory)
}

fn size(store: &Store, memory: MemoryId) -> (u32, Option<u32>) {
    let MemoryType { initial, maximum, .. } = store.memory_type(memory).unwrap();
    (initial, maximum)
}

#[test]
fn a_guest_that_has_grown_is_made_anew_behind_its_id() {
    let text = GUEST.replace("(memory 1 9)", r#"(memory (export "memory") 1 9)"#);
    let mut store = Store::new();
    let guest = text::guest(&mut store, &text, &environment());
    let memory = store.exported_memory(guest, "memory").unwrap().unwrap();
    call(&mut store, guest, "store", &[8, 15]);
    text::call(&mut store, guest, "hide", &[Value::I64(77)]);
    let before = snapshot(&mut store, guest);
    for round in 1..=20 {
        call(&mut store, guest, "grow", &[round % 9]);
        call(&mut store, guest, "store", &[60_000, round]);
        text::call(&mut store, guest, "hide", &[Value::I64(0)]);
        store.restore(guest, &before).unwrap();
        assert_eq!(call(&mut store, guest, "size", &[]), 1);
        assert_eq!(call(&mut store, guest, "by-table", &[0]), 1);
        assert_eq!(call(&mut store, guest, "load", &[8]), 15);
        assert_eq!(call(&mut store, guest, "load", &[60_000]), 0);
        assert_eq!(*text::call(&mut store, guest, "hidden", &[]), [Value::I64(77)]);
        let outside = store.invoke(&mut guestbox::NoImports, guest, "load", &[Value::I32(65_536)], 0);
        assert_eq!(text::trap(outside), TrapCode::MemoryOutOfBounds);
        assert_eq!(size(&store, memory), (1, Some(9)), "its memory has the same id");
        assert_eq!(store.memory_pages_in_use(), 1, "the old one is freed");
        assert_eq!(store.instance_id(guest.number()), Ok(guest));
    }
}

#[test]
fn what_supervisors_gave_shrinks_with_the_guest_and_keeps_its_id() {
    let module = text::module(IMPORTING);
    let mut store = Store::new();
    let memory = store.create_memory(2, Some(8)).unwrap();
    let guest = instantiate(&mut store, &module, &offering(memory));
    call(&mut store, guest, "store", &[100, 5]);
    let before = snapshot(&mut store, guest);
    for grown_by in [1, 6] {
        call(&mut store, guest, "grow", &[grown_by]);
        call(&mut store, guest, "store", &[100, 6]);
        store.restore(guest, &before).unwrap();
        assert_eq!(size(&store, memory), (2, Some(8)));
        assert_eq!(call(&mut store, guest, "load", &[100]), 5);
        assert_eq!(call(&mut store, guest, "g", &[]), 5);
        // It is the guest's memory and no copy.
        store.memory_write(memory, 200, &9_i32.to_le_bytes()).unwrap();
        assert_eq!(call(&mut store, guest, "load", &[200]), 9);
        assert_eq!(store.memory_pages_in_use(), 2);
    }
    // And it goes on being one that others can import.
    let other = instantiate(&mut store, &module, &offering(memory));
    assert_eq!(call(&mut store, other, "load", &[200]), 9);
    for guest in [guest, other] {
        store.teardown_instance(guest).unwrap();
    }
    assert_eq!(store.memory_to_vec(memory, 200, 1).unwrap(), [9]);
    store.teardown_memory(memory).unwrap();
    assert_eq!(store.memory_pages_in_use(), 0);
}

#[test]
fn a_memory_whose_id_is_gone_is_captured_and_made_anew_too() {
    let mut store = Store::new();
    let memory = store.create_memory(1, Some(8)).unwrap();
    let guest = instantiate(&mut store, &text::module(IMPORTING), &offering(memory));
    store.teardown_memory(memory).unwrap();
    call(&mut store, guest, "store", &[0, 4]);
    let before = snapshot(&mut store, guest);
    call(&mut store, guest, "store", &[0, 5]);
    store.restore(guest, &before).unwrap();
    assert_eq!(call(&mut store, guest, "load", &[0]), 4);
    call(&mut store, guest, "grow", &[3]);
    store.restore(guest, &before).unwrap();
    assert_eq!(call(&mut store, guest, "grow", &[0]), 1);
    assert_eq!(call(&mut store, guest, "grow", &[8]), -1, "it keeps its maximum");
    assert_eq!(store.memory_pages_in_use(), 1);
}

#[test]
fn one_memory_imported_twice_stays_one() {
    let text = r#"(module (import "a" "m" (memory $a 1)) (import "b" "m" (memory $b 1))
        (func (export "grow") (param i32) (result i32) (memory.grow $a (local.get 0)))
        (func (export "store") (param i32 i32) (i32.store $a (local.get 0) (local.get 1)))
        (func (export "load") (param i32) (result i32) (i32.load $b (local.get 0))))"#;
    let mut store = Store::new();
    let memory = store.create_memory(1, None).unwrap();
    let environment = Environment::new().with_memory("a", "m", memory).with_memory("b", "m", memory);
    let guest = text::guest(&mut store, text, &environment);
    call(&mut store, guest, "store", &[0, 1]);
    let before = snapshot(&mut store, guest);
    for grown_by in [0, 2] {
        call(&mut store, guest, "grow", &[grown_by]);
        call(&mut store, guest, "store", &[0, 2]);
        store.restore(guest, &before).unwrap();
        assert_eq!(call(&mut store, guest, "load", &[0]), 1);
        call(&mut store, guest, "store", &[4, 3]);
        assert_eq!(call(&mut store, guest, "load", &[4]), 3, "grown by {grown_by}");
        store.restore(guest, &before).unwrap();
    }
    assert_eq!(store.memory_pages_in_use(), 1);
}

#[test]
fn an_empty_memory_imported_twice_stays_one_where_another_shrinks() {
    let text = r#"(module (import "a" "m" (memory $a 0)) (import "b" "m" (memory $b 0)) (memory $own 1)
        (func (export "grow") (param i32) (result i32) (memory.grow $own (local.get 0)))
        (func (export "grow-a") (param i32) (result i32) (memory.grow $a (local.get 0)))
        (func (export "size-b") (result i32) (memory.size $b)))"#;
    let mut store = Store::new();
    let memory = store.create_memory(0, None).unwrap();
    let environment = Environment::new().with_memory("a", "m", memory).with_memory("b", "m", memory);
    let guest = text::guest(&mut store, text, &environment);
    let before = snapshot(&mut store, guest);
    call(&mut store, guest, "grow", &[1]);
    store.restore(guest, &before).unwrap();
    call(&mut store, guest, "grow-a", &[2]);
    assert_eq!(call(&mut store, guest, "size-b", &[]), 2);
    assert_eq!(size(&store, memory), (2, None));
}

#[test]
fn who_shares_a_memory_sees_it_restored() {
    let module = text::module(IMPORTING);
    let mut store = Store::new();
    let memory = store.create_memory(1, Some(8)).unwrap();
    let [one, other] = [(); 2].map(|()| instantiate(&mut store, &module, &offering(memory)));
    call(&mut store, one, "store", &[0, 1]);
    call(&mut store, other, "store", &[4, 2]);
    let before = snapshot(&mut store, one);
    call(&mut store, other, "store", &[4, 3]);
    call(&mut store, one, "store", &[0, 4]);
    store.restore(one, &before).unwrap();
    assert_eq!([0, 4].map(|at| call(&mut store, other, "load", &[at])), [1, 2]);
    assert_eq!([one, other].map(|guest| call(&mut store, guest, "g", &[])), [1, 3], "globals are its own");
}

#[test]
fn a_shared_memory_that_has_grown_cannot_be_made_smaller() {
    let module = text::module(IMPORTING);
    let mut store = Store::new();
    let memory = store.create_memory(1, Some(8)).unwrap();
    let [one, other] = [(); 2].map(|()| instantiate(&mut store, &module, &offering(memory)));
    let before = snapshot(&mut store, one);
    call(&mut store, one, "store", &[0, 1]);
    call(&mut store, other, "grow", &[2]);
    let grown = snapshot(&mut store, one);
    assert_eq!(store.restore(one, &before), Err(RestoreError::Grown));
    assert_eq!(snapshot(&mut store, one), grown, "nothing has changed");
    store.teardown_instance(other).unwrap();
    store.restore(one, &before).unwrap();
    assert_eq!(size(&store, memory), (1, Some(8)));
    assert_eq!(call(&mut store, one, "load", &[0]), 0);
    // The other way: it grows for everybody.
    let other = instantiate(&mut store, &module, &offering(memory));
    store.restore(one, &grown).unwrap();
    assert_eq!(call(&mut store, other, "grow", &[0]), 3);
    assert_eq!(call(&mut store, other, "load", &[0]), 1);
}

#[test]
fn a_memory_of_another_guest_is_captured_with_its_importer() {
    let mut store = Store::new();
    let owner = text::guest(&mut store, r#"(module (memory (export "memory") 1 8))"#, &Environment::new());
    let memory = store.exported_memory(owner, "memory").unwrap().unwrap();
    let guest = instantiate(&mut store, &text::module(IMPORTING), &offering(memory));
    let before = snapshot(&mut store, guest);
    call(&mut store, guest, "store", &[0, 9]);
    store.restore(guest, &before).unwrap();
    assert_eq!(store.memory_to_vec(memory, 0, 4).unwrap(), [0; 4]);
    call(&mut store, guest, "grow", &[1]);
    assert_eq!(store.restore(guest, &before), Err(RestoreError::Grown));
    store.teardown_instance(owner).unwrap();
    store.restore(guest, &before).unwrap();
    assert_eq!(call(&mut store, guest, "grow", &[0]), 1);
    assert_eq!(store.memory_pages_in_use(), 1);
}

#[test]
fn a_guest_made_anew_needs_room_beside_the_old_one() {
    for (total, fits) in [(5, false), (6, true)] {
        let mut limits = Limits::default();
        limits.total_memory_pages = total;
        let mut store = Store::with_limits(limits);
        let guest = guest(&mut store);
        call(&mut store, guest, "grow", &[1]);
        call(&mut store, guest, "store", &[70_000, 3]);
        let before = snapshot(&mut store, guest);
        assert_eq!(call(&mut store, guest, "grow", &[2]), 2);
        call(&mut store, guest, "store", &[70_000, 4]);
        let grown = snapshot(&mut store, guest);
        match store.restore(guest, &before) {
            Ok(()) => {
                assert!(fits);
                assert_eq!(store.memory_pages_in_use(), 2);
                assert_eq!(call(&mut store, guest, "load", &[70_000]), 3);
            }
            Err(RestoreError::Limit(refused)) => {
                assert!(!fits);
                assert_eq!(refused.limit, Limit::TotalMemoryPages);
                assert_eq!(snapshot(&mut store, guest), grown);
                assert_eq!(store.memory_pages_in_use(), 4);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn pages_of_dead_guests_are_freed_for_it_first() {
    let mut limits = Limits::default();
    limits.total_memory_pages = 10;
    let mut store = Store::with_limits(limits);
    let large = guest(&mut store);
    call(&mut store, large, "grow", &[1]);
    let taken = snapshot(&mut store, large);
    store.teardown_instance(large).unwrap();
    // A page of a dead guest beside eight that live: not worth copying those, until it is needed.
    let memory = store.create_memory(8, None).unwrap();
    let dead = r#"(module (import "env" "memory" (memory 1)) (memory 1))"#;
    let dead = text::guest(&mut store, dead, &offering(memory));
    store.teardown_instance(dead).unwrap();
    let guest = guest(&mut store);
    assert_eq!(store.memory_pages_in_use(), 10);
    store.restore(guest, &taken).unwrap();
    assert_eq!(call(&mut store, guest, "size", &[]), 2);
    assert_eq!(store.memory_pages_in_use(), 10);
}

#[test]
fn an_empty_memory_that_has_two_ids_stays_one() {
    let mut store = Store::new();
    let owner = text::guest(
        &mut store,
        r#"(module (memory (export "a") 0 4) (export "b" (memory 0)))"#,
        &Environment::new(),
    );
    let [a, b] = ["a", "b"].map(|name| store.exported_memory(owner, name).unwrap().unwrap());
    let environment = Environment::new().with_memory("env", "a", a).with_memory("env", "b", b);
    let guest = text::guest(
        &mut store,
        r#"(module (import "env" "a" (memory $a 0)) (import "env" "b" (memory $b 0)) (memory $own 1)
            (func (export "grow") (drop (memory.grow $own (i32.const 1))))
            (func (export "both") (result i32) (drop (memory.grow $a (i32.const 1))) (memory.size $b)))"#,
        &environment,
    );
    store.teardown_instance(owner).unwrap();
    let snapshot = store.snapshot(guest).unwrap();
    text::call(&mut store, guest, "grow", &[]);
    store.restore(guest, &snapshot).unwrap();
    assert_eq!(*text::call(&mut store, guest, "both", &[]), [Value::I32(1)]);
}
