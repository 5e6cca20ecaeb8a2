//! Guests on the same memories at the same time.

use super::{ONE, call, guest_on, guest_text, offering, read};
use guestbox::{
    Environment, Execution, FuncIndex, HandleError, ImportProblem, InstantiateError, MemoryError, NoImports,
    Step, Store, Value,
};
use guestbox_tests::text;

const TWO: &str = r#"(import "env" "a" (memory 1)) (import "env" "b" (memory $b 1))
    (func (export "load b") (param i32) (result i32) (i32.load $b (local.get 0)))"#;

fn apart(outcome: Result<guestbox::InstanceId, InstantiateError>) -> bool {
    matches!(outcome, Err(InstantiateError::Apart))
}

#[test]
fn guests_of_two_modules_see_what_each_other_writes_and_grows() {
    let mut store = Store::new();
    let memory = store.create_memory(1, Some(9)).unwrap();
    let (first, second) = (guest_on(&mut store, memory, 1), guest_on(&mut store, memory, 2));
    assert_eq!((call(&mut store, first, "mark", &[]), call(&mut store, second, "mark", &[])), (1, 2));
    call(&mut store, first, "store", &[8, 55]);
    assert_eq!(call(&mut store, second, "load", &[8]), 55);
    assert_eq!(call(&mut store, second, "grow", &[2]), 1);
    assert_eq!(call(&mut store, first, "size", &[]), 3);
    call(&mut store, second, "store", &[131_072, 66]);
    assert_eq!(call(&mut store, first, "load", &[131_072]), 66);
    assert_eq!(store.memory_grow(memory, 1), Ok(3));
    assert_eq!(call(&mut store, first, "size", &[]), 4);
    assert_eq!(store.memory_pages_in_use(), 4);
    store.teardown_instance(first).unwrap();
    assert_eq!(call(&mut store, second, "load", &[131_072]), 66);
}

#[test]
fn memories_of_live_guests_that_do_not_share_them_stay_apart() {
    let mut store = Store::new();
    let (a, b) = (store.create_memory(1, None).unwrap(), store.create_memory(1, None).unwrap());
    let (on_a, on_b) = (guest_on(&mut store, a, 1), guest_on(&mut store, b, 2));
    call(&mut store, on_a, "store", &[8, 10]);
    call(&mut store, on_b, "store", &[8, 20]);
    let module = text::module(&guest_text(TWO, 3));
    let environment = offering(&[("a", a), ("b", b)]);
    assert!(apart(store.instantiate(&mut NoImports, &module, &environment, 0)));
    assert_eq!(call(&mut store, on_a, "load", &[8]), 10);
    store.teardown_instance(on_b).unwrap();
    // b is idle now, and moves to where a is.
    let both = store.instantiate(&mut NoImports, &module, &environment, 0).unwrap();
    assert_eq!((call(&mut store, both, "load", &[8]), call(&mut store, both, "load b", &[8])), (10, 20));
    call(&mut store, both, "store", &[12, 30]);
    assert_eq!(call(&mut store, on_a, "load", &[12]), 30);
    let late = guest_on(&mut store, b, 4);
    assert_eq!(call(&mut store, late, "load", &[8]), 20);
    assert_eq!(store.memory_pages_in_use(), 2);
}

#[test]
fn idle_memories_of_several_cells_move_together() {
    let mut store = Store::new();
    let memories = [(); 3].map(|()| store.create_memory(1, None).unwrap());
    for (value, memory) in (10..).zip(memories) {
        let guest = guest_on(&mut store, memory, value);
        call(&mut store, guest, "store", &[8, value]);
        store.teardown_instance(guest).unwrap();
    }
    let [a, b, c] = memories;
    for (first, second, expected) in [(a, b, (10, 11)), (c, a, (12, 10)), (b, c, (11, 12))] {
        let environment = offering(&[("a", first), ("b", second)]);
        let guest = text::guest(&mut store, &guest_text(TWO, 0), &environment);
        assert_eq!(
            (call(&mut store, guest, "load", &[8]), call(&mut store, guest, "load b", &[8])),
            expected
        );
        store.teardown_instance(guest).unwrap();
    }
    assert_eq!(store.memory_pages_in_use(), 3);
}

#[test]
fn a_memory_that_no_live_guest_uses_moves_wherever_it_was_used_before() {
    let mut store = Store::new();
    let [a, b, c] = [(); 3].map(|()| store.create_memory(1, None).unwrap());
    let one = text::module(&guest_text(ONE, 1));
    let two = text::module(&guest_text(TWO, 2));
    let on_a = store.instantiate(&mut NoImports, &one, &offering(&[("a", a)]), 0).unwrap();
    let both = store.instantiate(&mut NoImports, &two, &offering(&[("a", a), ("b", b)]), 0).unwrap();
    store.teardown_instance(both).unwrap();
    store.teardown_instance(on_a).unwrap();
    // The same module again, on one of the two memories that were together.
    let on_a = store.instantiate(&mut NoImports, &one, &offering(&[("a", a)]), 0).unwrap();
    let on_c = guest_on(&mut store, c, 3);
    let joined = store.instantiate(&mut NoImports, &two, &offering(&[("a", b), ("b", c)]), 0);
    assert!(joined.is_ok(), "{joined:?}");
    store.teardown_instance(on_a).unwrap();
    store.teardown_instance(on_c).unwrap();
}

#[test]
fn a_memory_may_be_imported_under_two_names() {
    let mut store = Store::new();
    let memory = store.create_memory(1, None).unwrap();
    let guest = text::guest(&mut store, &guest_text(TWO, 0), &offering(&[("a", memory), ("b", memory)]));
    call(&mut store, guest, "store", &[8, 5]);
    assert_eq!(call(&mut store, guest, "load b", &[8]), 5);
    store.teardown_instance(guest).unwrap();
    assert_eq!((read(&store, memory, 8), store.memory_pages_in_use()), (5, 1));
}

#[test]
fn a_memory_that_a_guest_exports_can_be_imported_by_others() {
    let mut store = Store::new();
    let exporter =
        text::guest(&mut store, &guest_text(r#"(memory (export "out") 1)"#, 1), &Environment::new());
    let memory = store.exported_memory(exporter, "out").unwrap().unwrap();
    let (second, third) = (guest_on(&mut store, memory, 2), guest_on(&mut store, memory, 3));
    call(&mut store, exporter, "store", &[8, 7]);
    call(&mut store, third, "store", &[12, 9]);
    assert_eq!((call(&mut store, second, "load", &[8]), call(&mut store, second, "load", &[12])), (7, 9));
    store.teardown_instance(exporter).unwrap();
    assert_eq!(store.memory_size(memory), Err(HandleError::TornDown.into()));
    let module = text::module(&guest_text(ONE, 4));
    let refused = store.instantiate(&mut NoImports, &module, &offering(&[("a", memory)]), 0);
    let refused = refused.unwrap_err();
    let problem = ImportProblem::Memory(HandleError::TornDown);
    assert_eq!(text::refused_import(&refused), ("env", "a", problem));
    assert_eq!(call(&mut store, second, "count", &[]), 1);
    assert_eq!(call(&mut store, third, "count", &[]), 2);
    assert_eq!(store.memory_pages_in_use(), 1);
    store.teardown_instance(second).unwrap();
    assert_eq!(store.memory_pages_in_use(), 1);
    store.teardown_instance(third).unwrap();
    assert_eq!(store.memory_pages_in_use(), 0);
}

#[test]
fn the_memories_of_two_exporters_stay_apart() {
    let mut store = Store::new();
    let text = guest_text(r#"(memory (export "out") 1)"#, 1);
    let exported = [(); 2].map(|()| {
        let exporter = text::guest(&mut store, &text, &Environment::new());
        store.exported_memory(exporter, "out").unwrap().unwrap()
    });
    let module = text::module(&guest_text(TWO, 0));
    let environment = offering(&[("a", exported[0]), ("b", exported[1])]);
    assert!(apart(store.instantiate(&mut NoImports, &module, &environment, 0)));
    let free = store.create_memory(1, None).unwrap();
    let environment = offering(&[("a", exported[0]), ("b", free)]);
    store.instantiate(&mut NoImports, &module, &environment, 0).unwrap();
}

#[test]
fn a_torn_down_memory_lives_as_long_as_its_importers() {
    let mut store = Store::new();
    let memory = store.create_memory(3, None).unwrap();
    let (first, second) = (guest_on(&mut store, memory, 1), guest_on(&mut store, memory, 2));
    store.teardown_memory(memory).unwrap();
    assert_eq!(store.teardown_memory(memory), Err(HandleError::TornDown));
    assert_eq!(store.memory_data_mut(memory).unwrap_err(), MemoryError::Handle(HandleError::TornDown));
    call(&mut store, first, "store", &[8, 3]);
    assert_eq!(call(&mut store, second, "load", &[8]), 3);
    store.teardown_instance(first).unwrap();
    assert_eq!((call(&mut store, second, "load", &[8]), store.memory_pages_in_use()), (3, 3));
    store.teardown_instance(second).unwrap();
    assert_eq!(store.memory_pages_in_use(), 0);
}

#[test]
fn a_paused_call_of_a_torn_down_guest_keeps_its_memories_in_place() {
    let text = guest_text(
        r#"(import "env" "host" (func $host)) (import "env" "a" (memory 1))
           (func (export "wait") (result i32) (call $host) (i32.load (i32.const 8)))"#,
        1,
    );
    let mut store = Store::new();
    let (a, b) = (store.create_memory(1, None).unwrap(), store.create_memory(1, None).unwrap());
    let environment = offering(&[("a", a)]).with_function("env", "host", FuncIndex(0));
    let guest = text::guest(&mut store, &text, &environment);
    let mut execution: Execution = store.begin(guest, "wait", &[], 0).unwrap();
    assert!(matches!(execution.run(&mut store), Ok(Step::HostCall(_))));
    store.teardown_instance(guest).unwrap();
    let on_b = guest_on(&mut store, b, 2);
    let module = text::module(&guest_text(TWO, 3));
    let environment = offering(&[("a", a), ("b", b)]);
    assert!(apart(store.instantiate(&mut NoImports, &module, &environment, 0)), "it runs on");
    store.memory_write(a, 8, &[44]).unwrap();
    execution.answer(Ok(().into())).unwrap();
    let Ok(Step::Finished(results)) = execution.run(&mut store) else { panic!("not finished") };
    assert_eq!(*results, [Value::I32(44)]);
    let both = store.instantiate(&mut NoImports, &module, &environment, 0).unwrap();
    assert_eq!(call(&mut store, both, "load", &[8]), 44);
    store.teardown_instance(on_b).unwrap();
}

#[test]
fn a_failed_instantiation_leaves_memories_and_guests_as_they_were() {
    let mut store = Store::new();
    let memory = store.create_memory(1, Some(2)).unwrap();
    store.memory_write(memory, 8, &[5]).unwrap();
    let picky = text::module(&guest_text(r#"(import "env" "a" (memory 2))"#, 0));
    let outside = text::module(&guest_text(&format!(r#"{ONE} (data (i32.const 65535) "ab")"#), 0));
    let fail = |store: &mut Store| {
        let refused = store.instantiate(&mut NoImports, &picky, &offering(&[("a", memory)]), 0);
        assert!(matches!(text::refused_import(&refused.unwrap_err()).2, ImportProblem::MemoryLimits(_)));
        let refused = store.instantiate(&mut NoImports, &outside, &offering(&[("a", memory)]), 0);
        assert!(matches!(refused, Err(InstantiateError::Segment)));
        assert_eq!((read(store, memory, 8), store.memory_pages_in_use()), (5, 1));
    };
    for _ in 0..50 {
        fail(&mut store);
    }
    let guest = guest_on(&mut store, memory, 0);
    fail(&mut store);
    assert_eq!(call(&mut store, guest, "load", &[8]), 5);
    store.teardown_instance(guest).unwrap();
    fail(&mut store);
    store.teardown_memory(memory).unwrap();
    assert_eq!(store.memory_pages_in_use(), 0);
}
