//! Memories and guests torn down in every order.

use super::{ONE, call, guest_on, guest_text, offering};
use guestbox::{Environment, InstanceId, MemoryId, Store};
use guestbox_tests::text;

#[derive(Clone, Copy, Debug)]
enum Thing {
    Guest(InstanceId),
    Memory(MemoryId),
}

/// Every order of the numbers below `count`.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else { return vec![Vec::new()] };
    let insert = |order: Vec<usize>| {
        (0..count).map(move |at| {
            let mut order = order.clone();
            order.insert(at, last);
            order
        })
    };
    orders(last).into_iter().flat_map(insert).collect()
}

/// Tears down in every order what `make` makes. What still lives has to work after each step,
/// and nothing may be left in the end.
fn tear_down_in_every_order(make: impl Fn(&mut Store) -> Vec<Thing>) {
    let count = make(&mut Store::new()).len();
    for order in orders(count) {
        let mut store = Store::new();
        let things = make(&mut store);
        let mut pages = store.memory_pages_in_use();
        for (step, at) in order.iter().enumerate() {
            match things[*at] {
                Thing::Guest(guest) => store.teardown_instance(guest).unwrap(),
                Thing::Memory(memory) => store.teardown_memory(memory).unwrap(),
            }
            assert!(store.memory_pages_in_use() <= pages, "{order:?}");
            pages = store.memory_pages_in_use();
            for living in &order[step + 1..] {
                match things[*living] {
                    Thing::Guest(guest) => {
                        let before = call(&mut store, guest, "load", &[0]);
                        assert_eq!(call(&mut store, guest, "count", &[]), before + 1, "{order:?}");
                    }
                    Thing::Memory(memory) => {
                        store.memory_write(memory, 4, &[1]).unwrap();
                    }
                }
            }
        }
        assert_eq!(pages, 0, "{order:?}");
    }
}

#[test]
fn guests_that_share_two_memories() {
    let two = r#"(import "env" "a" (memory 1)) (import "env" "b" (memory 1)) (memory 1)"#;
    tear_down_in_every_order(|store| {
        let (a, b) = (store.create_memory(1, None).unwrap(), store.create_memory(2, None).unwrap());
        let first = guest_on(store, a, 1);
        let both = text::guest(store, &guest_text(two, 2), &offering(&[("a", a), ("b", b)]));
        let last = guest_on(store, b, 3);
        vec![Thing::Memory(a), Thing::Guest(first), Thing::Memory(b), Thing::Guest(both), Thing::Guest(last)]
    });
}

#[test]
fn guests_that_use_what_another_exports() {
    tear_down_in_every_order(|store| {
        let out = r#"(memory (export "out") 2)"#;
        let exporter = text::guest(store, &guest_text(out, 1), &Environment::new());
        let memory = store.exported_memory(exporter, "out").unwrap().unwrap();
        let passing = format!(r#"{ONE} (export "again" (memory 0))"#);
        let passing = text::guest(store, &guest_text(&passing, 2), &offering(&[("a", memory)]));
        let again = store.exported_memory(passing, "again").unwrap().unwrap();
        let free = store.create_memory(1, None).unwrap();
        let both = r#"(import "env" "a" (memory 1)) (import "env" "b" (memory 1))"#;
        let both = text::guest(store, &guest_text(both, 3), &offering(&[("a", again), ("b", free)]));
        vec![Thing::Guest(exporter), Thing::Guest(passing), Thing::Memory(free), Thing::Guest(both)]
    });
}

#[test]
fn guests_that_share_nothing() {
    tear_down_in_every_order(|store| {
        let text = guest_text("(memory 1)", 1);
        let guests = [(); 3].map(|()| Thing::Guest(text::guest(store, &text, &Environment::new())));
        let memory = Thing::Memory(store.create_memory(1, None).unwrap());
        [memory].into_iter().chain(guests).collect()
    });
}
