//! What cannot be captured or restored, each by its name.

use super::{GUEST, call, environment, guest, instantiate, snapshot};
use guestbox::{
    Environment, HandleError, HostCall, HostError, InstanceLimits, InstantiateError, Limit, Limits,
    NoImports, RestoreError, SnapshotError, Store, TrapCode, Uncapturable, Value, Values,
};
use guestbox_tests::text;

/// The outcome of a snapshot of a guest with this in its module. The code is never called.
fn outcome(text: &str) -> Result<(), SnapshotError> {
    let mut store = Store::new();
    let guest = text::guest(&mut store, &format!("(module {text})"), &Environment::new());
    let outcomes = [(); 2].map(|()| store.snapshot(guest).map(drop));
    assert_eq!(outcomes[0], outcomes[1], "asked again");
    outcomes[0]
}

#[test]
fn code_that_changes_tables_is_refused() {
    let tables = "(table $t 2 funcref) (table $u 2 funcref) (elem $e func $f)";
    for code in [
        "(table.set $t (i32.const 0) (ref.null func))",
        "(drop (table.grow $t (ref.null func) (i32.const 0)))",
        "(table.fill $t (i32.const 0) (ref.null func) (i32.const 0))",
        "(table.copy $t $u (i32.const 0) (i32.const 0) (i32.const 0))",
        "(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 0))",
    ] {
        let refused = outcome(&format!("{tables} (func $f {code})"));
        assert_eq!(refused, Err(SnapshotError::Module(Uncapturable::Table)), "{code}");
        assert_eq!(refused.unwrap_err().code(), "table");
    }
}

#[test]
fn code_that_drops_segments_is_refused() {
    for code in
        [r#"(memory 1) (data $d "x") (func (data.drop $d))"#, "(elem $e func $f) (func $f (elem.drop $e))"]
    {
        assert_eq!(outcome(code), Err(SnapshotError::Module(Uncapturable::Segment)), "{code}");
    }
}

#[test]
fn mutable_globals_that_are_references_are_refused() {
    for code in [
        "(global (mut funcref) (ref.null func))",
        "(global (mut externref) (ref.null extern))",
        r#"(global (export "g") (mut funcref) (ref.null func))"#,
    ] {
        assert_eq!(outcome(code), Err(SnapshotError::Module(Uncapturable::ReferenceGlobal)), "{code}");
    }
}

#[test]
fn what_only_looks_like_these_is_captured() {
    for code in [
        "",
        r#"(table (export "t") 2 funcref) (elem (i32.const 0) $f) (func $f (drop (table.get (i32.const 0))))"#,
        "(table 2 funcref) (elem (i32.const 0) $f) (type $t (func)) (func $f (call_indirect (type $t) (i32.const 0)))",
        "(table 2 externref) (func (drop (table.size)))",
        "(global funcref (ref.func $f)) (func $f)",
        r#"(memory 1) (data $d "xyz") (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)))"#,
        "(memory 2) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))",
        "(elem declare func $f) (func $f (drop (ref.func $f)))",
    ] {
        assert_eq!(outcome(code), Ok(()), "{code}");
    }
}

#[test]
fn a_module_that_cannot_be_captured_has_no_snapshot_to_restore_either() {
    let text = "(module (table 1 funcref) (func (table.set (i32.const 0) (ref.null func))))";
    let bytes = super::bytes::Forged::of(&text::bytes(text)).bytes();
    let forged = guestbox::Snapshot::from_bytes(bytes).unwrap();
    let (mut store, module) = (Store::new(), text::module(text));
    let guest = instantiate(&mut store, &module, &Environment::new());
    assert_eq!(store.restore(guest, &forged), Err(RestoreError::Module(Uncapturable::Table)));
    let refused = store.instantiate_from(&module, &Environment::new(), &forged);
    assert!(matches!(refused, Err(InstantiateError::Snapshot(RestoreError::Module(Uncapturable::Table)))));
}

#[test]
fn ids_that_name_nothing_are_refused() {
    let (mut store, mut other) = (Store::new(), Store::new());
    let (gone, lives) = (guest(&mut store), guest(&mut store));
    let foreign = guest(&mut other);
    let taken = snapshot(&mut store, lives);
    store.teardown_instance(gone).unwrap();
    assert_eq!(store.snapshot(gone), Err(SnapshotError::Instance(HandleError::TornDown)));
    assert_eq!(store.restore(gone, &taken), Err(RestoreError::Instance(HandleError::TornDown)));
    assert_eq!(store.snapshot(foreign), Err(SnapshotError::Instance(HandleError::OtherStore)));
    assert_eq!(store.restore(foreign, &taken), Err(RestoreError::Instance(HandleError::OtherStore)));
    assert!(store.fork(gone, &environment()).is_err());
    // A snapshot belongs to no store.
    other.restore(foreign, &taken).unwrap();
}

#[test]
fn snapshots_of_other_modules_are_refused() {
    let mut store = Store::new();
    let guest = guest(&mut store);
    // One more export, else the same.
    let similar = text::module(&GUEST.replace("(func (export \"spin\")", "(func (export \"spin2\")"));
    let other = instantiate(&mut store, &similar, &environment());
    let taken = snapshot(&mut store, other);
    call(&mut store, guest, "store", &[0, 1]);
    assert_eq!(store.restore(guest, &taken), Err(RestoreError::OtherModule));
    assert_eq!(call(&mut store, guest, "load", &[0]), 1);
    let count = store.memory_pages_in_use();
    let refused = store.instantiate_from(&text::module(GUEST), &environment(), &taken).unwrap_err();
    assert!(matches!(refused, InstantiateError::Snapshot(RestoreError::OtherModule)));
    assert_eq!(refused.code(), "snapshot");
    assert_eq!(store.memory_pages_in_use(), count, "nothing was made");
}

#[test]
fn a_new_instance_needs_all_its_imports() {
    let mut store = Store::new();
    let taken = guest(&mut store);
    let taken = snapshot(&mut store, taken);
    let refused = store.instantiate_from(&text::module(GUEST), &Environment::new(), &taken);
    assert!(matches!(refused, Err(InstantiateError::Imports(_))));
}

#[test]
fn limits_hold_and_leave_the_instance_as_it_was() {
    let mut store = Store::new();
    let large = guest(&mut store);
    call(&mut store, large, "grow", &[7]);
    call(&mut store, large, "store", &[500_000, 1]);
    let taken = snapshot(&mut store, large);

    let mut limits = Limits::default();
    limits.memory_pages = 7;
    let mut tight = Store::with_limits(limits);
    let small = guest(&mut tight);
    call(&mut tight, small, "store", &[0, 42]);
    let before = snapshot(&mut tight, small);
    match tight.restore(small, &taken) {
        Err(RestoreError::Limit(refused)) => {
            assert_eq!((refused.limit, refused.requested), (Limit::MemoryPages, 8))
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(snapshot(&mut tight, small), before);
    let module = text::module(GUEST);
    let refused = tight.instantiate_from(&module, &environment(), &taken);
    assert!(matches!(refused, Err(InstantiateError::Snapshot(RestoreError::Limit(_)))));
    assert_eq!(tight.memory_pages_in_use(), 1);

    for (total, fits) in [(8, false), (9, true)] {
        let mut limits = Limits::default();
        limits.total_memory_pages = total;
        let mut tight = Store::with_limits(limits);
        let (small, other) = (guest(&mut tight), guest(&mut tight));
        match tight.restore(small, &taken) {
            Ok(()) => assert!(fits),
            Err(RestoreError::Limit(refused)) => {
                assert!(!fits);
                assert_eq!((refused.limit, refused.requested), (Limit::TotalMemoryPages, 9));
                assert_eq!(snapshot(&mut tight, small), snapshot(&mut tight, other));
            }
            other => panic!("{other:?}"),
        }
    }

    let mut limits = Limits::default();
    limits.instances = 1;
    let mut single = Store::with_limits(limits);
    let first = guest(&mut single);
    let taken = snapshot(&mut single, first);
    let refused = single.instantiate_from(&module, &environment(), &taken);
    assert!(matches!(refused, Err(InstantiateError::Limit(refused)) if refused.limit == Limit::Instances));
}

#[test]
fn the_instances_own_limits_hold_for_what_is_restored_and_are_inherited_by_forks() {
    let module = text::module(GUEST);
    let mut store = Store::new();
    let limits = InstanceLimits::new().with_memory_pages(3);
    let guest = store.instantiate_with(&mut NoImports, &module, &environment(), 0, limits).unwrap();
    let small = snapshot(&mut store, guest);
    // Reset again and again it may grow again and again.
    for _ in 0..5 {
        assert_eq!(call(&mut store, guest, "grow", &[2]), 1);
        assert_eq!(call(&mut store, guest, "grow", &[1]), -1);
        store.restore(guest, &small).unwrap();
    }
    let fork = store.fork(guest, &Environment::new()).unwrap();
    assert_eq!(call(&mut store, fork, "grow", &[3]), -1);
    assert_eq!(call(&mut store, fork, "grow", &[2]), 1);

    let free = super::guest(&mut store);
    call(&mut store, free, "grow", &[3]);
    let large = snapshot(&mut store, free);
    match store.restore(guest, &large) {
        Err(RestoreError::Limit(refused)) => {
            assert_eq!(
                (refused.limit, refused.maximum, refused.requested),
                (Limit::InstanceMemoryPages, 3, 4)
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(snapshot(&mut store, guest), small);
    let refused = store.instantiate_from_with(&module, &environment(), &large, limits);
    assert!(matches!(refused, Err(InstantiateError::Snapshot(RestoreError::Limit(_)))));
    let wider =
        store.instantiate_from_with(&module, &environment(), &large, limits.with_memory_pages(5)).unwrap();
    assert_eq!(call(&mut store, wider, "grow", &[2]), -1);
    assert_eq!(call(&mut store, wider, "grow", &[1]), 4);
}

#[test]
fn of_two_memories_that_must_grow_none_does_where_there_is_room_for_one() {
    let text = r#"(module (memory (export "a") 1) (memory (export "b") 1))"#;
    let module = text::module(text);
    let mut limits = Limits::default();
    limits.total_memory_pages = 4;
    let mut tight = Store::with_limits(limits);
    let guest = instantiate(&mut tight, &module, &Environment::new());
    let mut store = Store::new();
    let large = instantiate(&mut store, &module, &Environment::new());
    for name in ["a", "b"] {
        let memory = store.exported_memory(large, name).unwrap().unwrap();
        store.memory_grow(memory, 2).unwrap();
    }
    match tight.restore(guest, &snapshot(&mut store, large)) {
        Err(RestoreError::Limit(refused)) => {
            assert_eq!((refused.limit, refused.requested), (Limit::TotalMemoryPages, 6));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(snapshot(&mut tight, guest).memory_pages().collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn a_guest_made_anew_keeps_its_own_limits() {
    let mut store = Store::new();
    let limits = InstanceLimits::new().with_nesting(1).with_fuel(1_000_000);
    let guest =
        store.instantiate_with(&mut NoImports, &text::module(GUEST), &environment(), 0, limits).unwrap();
    let before = snapshot(&mut store, guest);
    call(&mut store, guest, "grow", &[1]);
    store.restore(guest, &before).unwrap();
    let mut supervisor = |store: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        if call.args != [Value::I32(0)] {
            return Ok(5.into());
        }
        let mut inner = |_: &mut Store, _: HostCall<'_>| -> Result<Values, HostError> { Ok(1.into()) };
        let nested = store.invoke(&mut inner, guest, "ask", &[Value::I32(1)], 0);
        assert_eq!(text::trap(nested), TrapCode::NestingTooDeep);
        Ok(6.into())
    };
    for (argument, answer) in [(1, 5), (0, 6)] {
        let results = text::call_with(&mut store, &mut supervisor, guest, "ask", &[Value::I32(argument)]);
        assert_eq!(*results, [Value::I32(answer)]);
    }
    assert_eq!(store.begin(guest, "spin", &[], 0).unwrap().fuel(), 1_000_000);
}
