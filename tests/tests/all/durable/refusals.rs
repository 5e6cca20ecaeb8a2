//! What cannot be recorded, parked or unparked, and why.

use super::{ASKER, asker, asks, begin, environment, finish, recorded};
use guestbox::{
    Environment, ExternRef, InstanceLimits, Limit, Limits, Module, NoImports, ParkError, Parked, Replayed,
    Store, UnparkError, Value,
};
use guestbox_tests::text;

fn parked_by(module: &Module) -> Parked {
    let mut store = Store::new();
    let guest = recorded(&mut store, module);
    let mut call = begin(&mut store, guest, "run", &[2]);
    asks(&mut call, &mut store);
    store.park(guest).unwrap()
}

#[test]
fn one_that_is_not_recorded_or_not_there() {
    let (module, mut store) = (asker(), Store::new());
    let guest = store.instantiate(&mut NoImports, &module, &environment(), 0).unwrap();
    assert_eq!(store.park(guest).unwrap_err(), ParkError::NotRecorded);
    let mut call = begin(&mut store, guest, "run", &[1]);
    asks(&mut call, &mut store);
    assert_eq!(call.park(&mut store).unwrap_err(), ParkError::NotRecorded);
    assert_eq!(call.waits_for().unwrap().number, None);
    assert_eq!(call.park(&mut Store::new()).unwrap_err().code(), "instance");
    assert_eq!(store.record(guest).unwrap_err().code(), "busy");
    call.cancel(&mut store);
    assert_eq!(call.park(&mut store).unwrap_err().code(), "instance");
    store.record(guest).unwrap();
    store.teardown_instance(guest).unwrap();
    assert_eq!(store.park(guest).unwrap_err().code(), "instance");
    assert_eq!(store.record(guest).unwrap_err().code(), "instance");
}

#[test]
fn one_that_shares_something() {
    let (module, mut store) = (asker(), Store::new());
    let guest = recorded(&mut store, &module);
    let memory = store.exported_memory(guest, "memory").unwrap().unwrap();
    let other = text::module(r#"(module (import "env" "memory" (memory 1)))"#);
    assert!(store.park(guest).is_ok());
    let sharing = Environment::new().with_memory("env", "memory", memory);
    let limits = InstanceLimits::new().with_journal();
    let sharer = store.instantiate_with(&mut NoImports, &other, &sharing, 0, limits).unwrap();
    assert_eq!(store.park(guest).unwrap_err(), ParkError::SharedMemory);
    assert_eq!(store.park(sharer).unwrap_err(), ParkError::SharedMemory);
    assert_eq!(store.record(guest).unwrap_err(), ParkError::SharedMemory);
    store.teardown_instance(sharer).unwrap();
    store.record(guest).unwrap();
    assert!(store.park(guest).is_ok());

    let table = guestbox::TableType::of_functions(2, None);
    let table = store.create_table(table).unwrap();
    let module = text::module(r#"(module (import "env" "t" (table 1 funcref)))"#);
    let with_table = Environment::new().with_table("env", "t", table);
    let guest = store.instantiate_with(&mut NoImports, &module, &with_table, 0, limits).unwrap();
    assert_eq!(store.park(guest).unwrap_err(), ParkError::SharedMemory);
}

#[test]
fn references_and_tables() {
    let text = r#"(module (table (export "t") 4 funcref) (func $f (export "f")) (elem (i32.const 0) $f)
        (global (export "g") (mut externref) (ref.null extern))
        (func (export "give") (param externref funcref) (result i32) (ref.is_null (local.get 0))))"#;
    let module = text::module(text);
    let mut store = Store::new();
    let nothing = [Value::ExternRef(None), Value::FuncRef(None)];
    let given = [Value::ExternRef(Some(ExternRef(7))), Value::FuncRef(None)];
    for door in 0..5 {
        let guest = recorded(&mut store, &module);
        let table = store.exported_table(guest, "t").unwrap().unwrap();
        let f = store.exported_func(guest, "f").unwrap().unwrap();
        store.invoke(&mut NoImports, guest, "give", &nothing, 0).unwrap();
        assert!(store.park(guest).is_ok());
        match door {
            0 => drop(store.invoke(&mut NoImports, guest, "give", &given, 0).unwrap()),
            1 => store.table_set(table, 1, f.into()).unwrap(),
            2 => drop(store.table_grow(table, 1, Value::FuncRef(None)).unwrap()),
            3 => drop(store.invoke_func(&mut NoImports, f, &[], 0).unwrap()),
            _ => store.set_global(guest, "g", given[0]).unwrap(),
        }
        assert_eq!(store.park(guest).unwrap_err(), ParkError::Reference, "{door}");
        assert_eq!(
            store.record(guest).unwrap_err().code(),
            if matches!(door, 1 | 2) { "table" } else { "reference-global" }
        );
    }
}

#[test]
fn a_journal_that_is_full_begins_anew() {
    let mut limits = Limits::default();
    limits.journal_bytes = 300;
    let (module, mut store) = (asker(), Store::with_limits(limits));
    let guest = recorded(&mut store, &module);
    let memory = store.exported_memory(guest, "memory").unwrap().unwrap();
    store.memory_write(memory, 0, &[1; 200]).unwrap();
    assert!(store.park(guest).is_ok());
    let mut call = begin(&mut store, guest, "run", &[60]);
    finish(&mut call, &mut store);
    let ParkError::JournalFull(refused) = store.park(guest).unwrap_err() else { panic!() };
    assert_eq!((refused.limit, refused.maximum), (Limit::JournalBytes, 300));
    store.record(guest).unwrap();
    assert!(store.park(guest).is_ok());
    store.memory_write(memory, 0, &[1; 301]).unwrap();
    assert_eq!(store.park(guest).unwrap_err().code(), "journal-full");
}

#[test]
fn limits_of_what_is_parked() {
    let (module, parked) = (asker(), parked_by(&asker()));
    // With those of its call.
    let len = parked.as_bytes().len() + 1_024;
    let mut limits = Limits::default();
    limits.parked_bytes = len - 1;
    let mut store = Store::with_limits(limits.clone());
    let unpark = |store: &mut Store| store.unpark(&module, &environment(), &parked, InstanceLimits::new());
    let UnparkError::Limit(refused) = unpark(&mut store).unwrap_err() else { panic!() };
    assert_eq!((refused.limit, refused.requested), (Limit::ParkedBytes, len as u64));
    let guest = recorded(&mut store, &module);
    let mut call = begin(&mut store, guest, "run", &[2]);
    asks(&mut call, &mut store);
    let ParkError::Limit(refused) = store.park(guest).unwrap_err() else { panic!() };
    assert_eq!((refused.limit, refused.requested), (Limit::ParkedBytes, len as u64));

    (limits.parked_bytes, limits.replay_fuel) = (len, parked.fuel() - 1);
    let UnparkError::Limit(refused) = unpark(&mut Store::with_limits(limits.clone())).unwrap_err() else {
        panic!()
    };
    assert_eq!((refused.limit, refused.requested), (Limit::ReplayFuel, parked.fuel()));
    limits.replay_fuel = parked.fuel();
    assert!(unpark(&mut Store::with_limits(limits)).is_ok());
}

#[test]
fn the_fuel_of_a_call_is_no_more_than_is_given_here() {
    let (module, parked) = (asker(), parked_by(&asker()));
    for (limits, most) in [
        (InstanceLimits::new().with_fuel(77), 77),
        (InstanceLimits::new().with_fuel(u64::MAX), Limits::FUEL - parked.fuel()),
    ] {
        let mut store = Store::new();
        let mut replay = store.unpark(&module, &environment(), &parked, limits).unwrap();
        let Replayed::Ready { calls, .. } = replay.run(&mut store, u64::MAX).unwrap() else { panic!() };
        assert_eq!(calls[0].fuel(), most);
    }
}

#[test]
fn another_module_store_or_environment() {
    let (module, parked) = (asker(), parked_by(&asker()));
    let mut store = Store::new();
    let limits = InstanceLimits::new();
    let other = text::module(&ASKER.replace("i32.const 64", "i32.const 60"));
    assert_eq!(store.unpark(&other, &environment(), &parked, limits).unwrap_err().code(), "other-module");
    assert_eq!(store.unpark(&module, &Environment::new(), &parked, limits).unwrap_err().code(), "import");
    let mut replay = store.unpark(&module, &environment(), &parked, limits).unwrap();
    assert_eq!(replay.run(&mut Store::new(), 1).unwrap_err().code(), "other-store");
    assert!(matches!(replay.run(&mut store, u64::MAX), Ok(Replayed::Ready { .. })));
    assert_eq!(replay.run(&mut store, 1).unwrap_err().code(), "ended");
    // A guest that nothing is left of can be unparked within a host call, to any depth.
    let guest = store.instantiate(&mut NoImports, &module, &environment(), 0).unwrap();
    let mut call = begin(&mut store, guest, "run", &[1]);
    asks(&mut call, &mut store);
    let level = store.open_level(&call.waits_for().unwrap()).unwrap();
    let mut replay = store.unpark(&module, &environment(), &parked, limits).unwrap();
    assert!(matches!(replay.run(&mut store, u64::MAX), Ok(Replayed::Ready { .. })));
    assert!(store.is_serving());
    store.close_level(level);
}
