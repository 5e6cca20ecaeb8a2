//! Growth that the store refused is refused again, and what it let be has to be let be again.

use super::{asker, begin, elsewhere, environment, finishes, recorded};
use guestbox::{InstanceLimits, Limit, Limits, Replayed, Store, UnparkError};
use guestbox_tests::text;

#[test]
fn what_was_refused_is_refused_in_a_roomy_store() {
    let mut limits = Limits::default();
    limits.total_memory_pages = 4;
    let (module, mut store) = (asker(), Store::with_limits(limits));
    let guest = recorded(&mut store, &module);
    let mut grow = |pages: i32| {
        let mut call = begin(&mut store, guest, "grow", &[pages]);
        finishes(&mut call, &mut store)
    };
    assert_eq!([grow(1), grow(5), grow(1), grow(9), grow(1), grow(1)], [1, -1, 2, -1, 3, -1]);
    let parked = store.park(guest).unwrap();
    let mut other = elsewhere(&module, &parked);
    let memory = other.store.exported_memory(other.guest.unwrap(), "memory").unwrap().unwrap();
    assert_eq!(other.store.memory_size(memory).unwrap(), 4);
    // From now on it has what is here.
    let mut call = begin(&mut other.store, other.guest.unwrap(), "grow", &[2]);
    assert_eq!(finishes(&mut call, &mut other.store), 4);
    // And what is parked here has what it had there.
    let again = other.store.park(other.guest.unwrap()).unwrap();
    let other = elsewhere(&module, &again);
    let memory = other.store.exported_memory(other.guest.unwrap(), "memory").unwrap().unwrap();
    assert_eq!(other.store.memory_size(memory).unwrap(), 6);
}

#[test]
fn what_was_let_be_and_cannot_be_had_is_a_limit() {
    let (module, mut store) = (asker(), Store::new());
    let guest = recorded(&mut store, &module);
    let mut call = begin(&mut store, guest, "grow", &[6]);
    finishes(&mut call, &mut store);
    let parked = store.park(guest).unwrap();
    let mut limits = Limits::default();
    limits.memory_pages = 4;
    for slice in [1, 100, u64::MAX] {
        let mut small = Store::with_limits(limits.clone());
        let mut replay = small.unpark(&module, &environment(), &parked, InstanceLimits::new()).unwrap();
        let refused = loop {
            match replay.run(&mut small, slice) {
                Ok(Replayed::Going) => {}
                other => break other.unwrap_err(),
            }
        };
        let UnparkError::Limit(error) = refused else { panic!("{refused}") };
        assert_eq!((error.limit, error.requested), (Limit::MemoryPages, 7));
        assert!(matches!(replay.run(&mut small, slice), Err(UnparkError::Ended)));
        drop(replay);
        assert_eq!(small.memory_pages_in_use(), 0);
    }
}

#[test]
fn tables_and_memories_refused_in_a_loop() {
    let module = text::module(
        r#"(module (memory (export "memory") 1) (table $t 1 funcref)
        (func (export "run") (param $n i32) (result i32) (local $sum i32)
          (loop $again
            (local.set $sum (i32.add (local.get $sum) (table.grow $t (ref.null func) (i32.const 700))))
            (local.set $sum (i32.add (local.get $sum) (memory.grow (i32.const 3))))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
          (local.get $sum)))"#,
    );
    let mut limits = Limits::default();
    (limits.table_elements, limits.total_memory_pages) = (5_000, 20);
    let mut store = Store::with_limits(limits);
    let guest = recorded(&mut store, &module);
    for slice in [u64::MAX, 150, 37] {
        let mut call = begin(&mut store, guest, "run", &[12]);
        call.set_slice(slice);
        while matches!(call.run(&mut store), Ok(guestbox::Step::SliceOver)) {
            let other = elsewhere(&module, &store.park(guest).unwrap());
            assert_eq!(other.calls[0].fuel_used(), call.fuel_used());
            let memory = |store: &Store, guest| store.exported_memory(guest, "memory").unwrap().unwrap();
            let size = store.memory_size(memory(&store, guest)).unwrap();
            assert_eq!(other.store.memory_size(memory(&other.store, other.guest.unwrap())).unwrap(), size);
        }
    }
    // A journal has no more of them than it has bytes.
    let mut limits = Limits::default();
    (limits.memory_pages, limits.journal_bytes) = (1, 500);
    let mut store = Store::with_limits(limits);
    let guest = recorded(&mut store, &module);
    let mut call = begin(&mut store, guest, "run", &[100_000]);
    finishes(&mut call, &mut store);
    assert_eq!(store.park(guest).unwrap_err().code(), "journal-full");
}
