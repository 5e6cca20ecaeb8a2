//! Globals that guests share: with each other, and with the supervisor.

use guestbox::{
    Environment, Execution, FuncIndex, GlobalError, GlobalId, HandleError, HostCall, HostError,
    ImportProblem, InstanceId, InstantiateError, InvokeError, NoImports, RestoreError, Step, Store, Value,
    ValueType, Values,
};
use guestbox_tests::text;

/// Imports a counter, and adds to it.
const COUNTS: &str = r#"(module (global $g (export "again") (import "env" "g") (mut i32))
    (func (export "get") (result i32) (global.get $g))
    (func (export "add") (param i32) (result i32)
      (global.set $g (i32.add (global.get $g) (local.get 0))) (global.get $g)))"#;

fn offering(global: GlobalId) -> Environment {
    Environment::new().with_global("env", "g", global)
}

fn counter(store: &mut Store, value: i32) -> GlobalId {
    store.create_global(Value::I32(value), true).unwrap()
}

fn get(store: &mut Store, guest: InstanceId) -> i32 {
    text::call(store, guest, "get", &[])[0].as_i32().unwrap()
}

fn add(store: &mut Store, guest: InstanceId, by: i32) -> i32 {
    text::call(store, guest, "add", &[Value::I32(by)])[0].as_i32().unwrap()
}

fn problem(outcome: Result<InstanceId, InstantiateError>) -> ImportProblem {
    text::refused_import(&outcome.unwrap_err()).2
}

fn ty(store: &Store, global: GlobalId) -> (ValueType, bool) {
    let ty = store.global_type(global).unwrap();
    (ty.value, ty.mutable)
}

/// Offers a global to a guest that would import a mutable `i32`.
fn offered(store: &mut Store, global: GlobalId) -> Result<InstanceId, InstantiateError> {
    store.instantiate(&mut NoImports, &text::module(COUNTS), &offering(global), 0)
}

#[test]
fn guests_and_the_supervisor_share_a_mutable_global() {
    let mut store = Store::new();
    let global = counter(&mut store, 5);
    assert_eq!(store.global_get(global), Ok(Value::I32(5)));
    store.global_set(global, Value::I32(6)).unwrap();
    let one = text::guest(&mut store, COUNTS, &offering(global));
    let other = text::guest(&mut store, COUNTS, &offering(global));
    assert_eq!((add(&mut store, one, 1), add(&mut store, other, 10)), (7, 17));
    store.global_set(global, Value::I32(-1)).unwrap();
    assert_eq!((get(&mut store, one), get(&mut store, other)), (-1, -1));
    assert_eq!(store.global(other, "again"), Ok(Some(Value::I32(-1))));
    add(&mut store, other, 2);
    assert_eq!(store.global_get(global), Ok(Value::I32(1)));
    assert_eq!(ty(&store, global), (ValueType::I32, true));
    assert_eq!(global.number(), Some(0));
}

#[test]
fn a_global_that_a_guest_exports_can_be_imported_by_others() {
    let mut store = Store::new();
    let owner = text::guest(
        &mut store,
        r#"(module (global (export "g") (mut i32) (i32.const 3)) (global (export "pi") f64 (f64.const 3.14)))"#,
        &Environment::new(),
    );
    let global = store.exported_global(owner, "g").unwrap().unwrap();
    assert_eq!((global.number(), store.exported_global(owner, "none")), (None, Ok(None)));
    let guest = text::guest(&mut store, COUNTS, &offering(global));
    assert_eq!(add(&mut store, guest, 4), 7);
    assert_eq!(store.global(owner, "g"), Ok(Some(Value::I32(7))));
    store.set_global(owner, "g", Value::I32(1)).unwrap();
    assert_eq!(get(&mut store, guest), 1);
    let again = store.exported_global(guest, "again").unwrap().unwrap();
    let third = text::guest(&mut store, COUNTS, &offering(again));
    assert_eq!(add(&mut store, third, 1), 2);
    assert_eq!(store.teardown_global(global), Err(HandleError::Unknown));
    let pi = store.exported_global(owner, "pi").unwrap().unwrap();
    assert_eq!(ty(&store, pi), (ValueType::F64, false));
    store.teardown_instance(owner).unwrap();
    assert_eq!(store.global_get(global), Err(HandleError::TornDown));
    assert_eq!(problem(offered(&mut store, global)), ImportProblem::Global(HandleError::TornDown));
    // Those that import it keep it.
    assert_eq!((add(&mut store, guest, 1), get(&mut store, third)), (3, 3));
}

#[test]
fn numbers_of_every_type_keep_their_bits() {
    let mut store = Store::new();
    let values = [
        Value::I32(i32::MIN),
        Value::I64(i64::MIN + 1),
        Value::F32(0x7FA0_0001),
        Value::F64(0xFFF4_0000_0000_0001),
    ];
    for value in values {
        let name = value.ty().name();
        for mutability in [name.to_owned(), format!("(mut {name})")] {
            let mutable = mutability != name;
            let global = store.create_global(value, mutable).unwrap();
            let guest = text::guest(
                &mut store,
                &format!(r#"(module (global (export "g") (import "env" "g") {mutability}))"#),
                &offering(global),
            );
            assert_eq!(store.global(guest, "g"), Ok(Some(value)));
            assert_eq!(store.global_get(global), Ok(value));
        }
    }
}

#[test]
fn constants_place_segments_and_begin_globals() {
    let mut store = Store::new();
    let base = store.create_global(Value::I32(1_024), false).unwrap();
    let text = r#"(module (import "env" "g" (global $base i32)) (memory (export "m") 1)
        (data (global.get $base) "here") (global (export "end") i32 (i32.add (global.get $base) (i32.const 4))))"#;
    let guest = text::guest(&mut store, text, &offering(base));
    let memory = store.exported_memory(guest, "m").unwrap().unwrap();
    assert_eq!(store.memory_to_vec(memory, 1_023, 6).unwrap(), b"\0here\0");
    assert_eq!(store.global(guest, "end"), Ok(Some(Value::I32(1_028))));
    let far = store.create_global(Value::I32(65_533), false).unwrap();
    let refused = store.instantiate(&mut NoImports, &text::module(text), &offering(far), 0);
    assert!(matches!(refused, Err(InstantiateError::Segment)));
    assert_eq!(store.global_set(base, Value::I32(0)), Err(GlobalError::Immutable));
    assert_eq!(store.global_set(base, Value::I64(0)), Err(GlobalError::Type));
}

#[test]
fn what_does_not_fit_is_refused_by_name_and_changes_nothing() {
    let mut store = Store::new();
    let mut other_store = Store::new();
    let constant = store.create_global(Value::I32(0), false).unwrap();
    let long = store.create_global(Value::I64(0), true).unwrap();
    let gone = counter(&mut store, 0);
    store.teardown_global(gone).unwrap();
    let foreign = counter(&mut other_store, 0);
    for global in [constant, long] {
        let given = store.global_type(global).unwrap();
        assert_eq!(problem(offered(&mut store, global)), ImportProblem::GlobalType(given));
    }
    for (global, error) in [(gone, HandleError::TornDown), (foreign, HandleError::OtherStore)] {
        assert_eq!(problem(offered(&mut store, global)), ImportProblem::Global(error));
    }
    let none = store.instantiate(&mut NoImports, &text::module(COUNTS), &Environment::new(), 0);
    assert_eq!(problem(none), ImportProblem::Missing);
    assert_eq!(store.global_get(gone), Err(HandleError::TornDown));
    assert_eq!(store.global_set(gone, Value::I32(0)), Err(GlobalError::Handle(HandleError::TornDown)));
    assert_eq!(store.teardown_global(gone), Err(HandleError::TornDown));
    assert_eq!(store.global_get(foreign), Err(HandleError::OtherStore));
    assert_eq!(store.teardown_global(foreign), Err(HandleError::OtherStore));
    let reference = r#"(module (import "env" "g" (global funcref)))"#;
    let refused = store.instantiate(&mut NoImports, &text::module(reference), &offering(constant), 0);
    let given = store.global_type(constant).unwrap();
    assert_eq!(problem(refused), ImportProblem::GlobalType(given));
    assert_eq!(store.memory_pages_in_use(), 0);
}

#[test]
fn a_global_outlives_its_guests_and_its_id() {
    let mut store = Store::new();
    let global = counter(&mut store, 1);
    for round in 1..200 {
        let guest = text::guest(&mut store, COUNTS, &offering(global));
        assert_eq!(add(&mut store, guest, 1), round + 1);
        store.teardown_instance(guest).unwrap();
        assert_eq!(store.global_get(global), Ok(Value::I32(round + 1)));
    }
    let guest = text::guest(&mut store, COUNTS, &offering(global));
    store.teardown_global(global).unwrap();
    assert_eq!(store.global_get(global), Err(HandleError::TornDown));
    assert_eq!(add(&mut store, guest, 1), 201);
}

/// Exports a page, and imports a counter that it adds to.
const WITH_MEMORY: &str = r#"(module (global $g (import "env" "g") (mut i32)) (memory (export "m") 1 9)
    (func (export "get") (result i32) (global.get $g))
    (func (export "add") (param i32) (result i32)
      (global.set $g (i32.add (global.get $g) (local.get 0))) (global.get $g))
    (func (export "grow") (result i32) (memory.grow (i32.const 1))))"#;

#[test]
fn constants_never_keep_guests_apart_and_mutable_globals_do() {
    let mut store = Store::new();
    let (a, b) = (counter(&mut store, 10), counter(&mut store, 20));
    let constant = store.create_global(Value::I32(7), false).unwrap();
    let text = r#"(module (import "env" "g" (global $g (mut i32))) (import "env" "c" (global $c i32))
        (func (export "get") (result i32) (i32.add (global.get $g) (global.get $c))))"#;
    let on = |store: &mut Store, global| {
        text::guest(store, text, &offering(global).with_global("env", "c", constant))
    };
    let (on_a, on_b) = (on(&mut store, a), on(&mut store, b));
    assert_eq!((get(&mut store, on_a), get(&mut store, on_b)), (17, 27));
    let both = text::module(
        r#"(module (import "env" "g" (global (mut i32))) (import "env" "h" (global (mut i32))))"#,
    );
    let environment = offering(a).with_global("env", "h", b);
    let refused = store.instantiate(&mut NoImports, &both, &environment, 0);
    assert!(matches!(refused, Err(InstantiateError::Apart)));
    store.teardown_instance(on_b).unwrap();
    store.instantiate(&mut NoImports, &both, &environment, 0).unwrap();
    let late = on(&mut store, b);
    assert_eq!(get(&mut store, late), 27);
}

#[test]
fn snapshots_have_imported_mutable_globals() {
    let mut store = Store::new();
    let global = counter(&mut store, 1);
    let guest = text::guest(&mut store, WITH_MEMORY, &offering(global));
    let snapshot = store.snapshot(guest).unwrap();
    add(&mut store, guest, 5);
    store.restore(guest, &snapshot).unwrap();
    assert_eq!((get(&mut store, guest), store.global_get(global)), (1, Ok(Value::I32(1))));
    // Where its memory has to shrink it is made anew, in a cell of its own, and the global with it.
    add(&mut store, guest, 5);
    text::call(&mut store, guest, "grow", &[]);
    store.restore(guest, &snapshot).unwrap();
    assert_eq!((get(&mut store, guest), store.global_get(global)), (1, Ok(Value::I32(1))));
    store.global_set(global, Value::I32(30)).unwrap();
    assert_eq!(add(&mut store, guest, 1), 31);
    let sharing = text::guest(&mut store, COUNTS, &offering(global));
    assert_eq!(add(&mut store, sharing, 1), 32);
    text::call(&mut store, guest, "grow", &[]);
    assert_eq!(store.restore(guest, &snapshot), Err(RestoreError::Grown));
    assert_eq!(get(&mut store, sharing), 32);
    let second = counter(&mut store, 0);
    let fork = store.fork(guest, &offering(second)).unwrap();
    assert_eq!((get(&mut store, fork), store.global_get(second)), (32, Ok(Value::I32(32))));
    add(&mut store, fork, 1);
    assert_eq!(get(&mut store, guest), 32);
}

#[test]
fn one_global_under_two_names_stays_one_when_a_guest_is_made_anew() {
    let mut store = Store::new();
    let text = r#"(module (global $a (import "env" "g") (mut i32)) (global $b (import "env" "h") (mut i32))
        (global $c (import "env" "c") i32) (memory (export "m") 1 9)
        (func (export "grow") (result i32) (memory.grow (i32.const 1)))
        (func (export "get") (result i32) (global.set $a (i32.const 40))
          (i32.add (global.get $b) (global.get $c))))"#;
    let global = counter(&mut store, 1);
    let constant = store.create_global(Value::I32(2), false).unwrap();
    let environment = offering(global).with_global("env", "h", global).with_global("env", "c", constant);
    let guest = text::guest(&mut store, text, &environment);
    let snapshot = store.snapshot(guest).unwrap();
    text::call(&mut store, guest, "grow", &[]);
    store.restore(guest, &snapshot).unwrap();
    assert_eq!(get(&mut store, guest), 42);
    assert_eq!(store.global_get(global), Ok(Value::I32(40)));
}

/// A program with a stack, which it exports the pointer of.
const PROGRAM: &str = r#"(module (import "env" "wait" (func $wait)) (memory (export "memory") 1)
    (global $sp (export "__stack_pointer") (mut i32) (i32.const 1024))
    (func (export "run") (global.set $sp (i32.sub (global.get $sp) (i32.const 16))) (call $wait)
      (global.set $sp (i32.add (global.get $sp) (i32.const 16)))))"#;

/// A library that has the stack of its program.
const LIBRARY: &str = r#"(module (import "env" "wait" (func $wait)) (import "env" "memory" (memory 1))
    (global $sp (import "env" "__stack_pointer") (mut i32))
    (func (export "run") (global.set $sp (i32.sub (global.get $sp) (i32.const 16))) (call $wait)
      (global.set $sp (i32.add (global.get $sp) (i32.const 16)))))"#;

/// A program and its library.
fn linked(store: &mut Store) -> (InstanceId, InstanceId, GlobalId) {
    let environment = Environment::new().with_function("env", "wait", FuncIndex(0));
    let program = text::guest(store, PROGRAM, &environment);
    let pointer = store.exported_global(program, "__stack_pointer").unwrap().unwrap();
    let memory = store.exported_memory(program, "memory").unwrap().unwrap();
    let environment =
        environment.with_global("env", "__stack_pointer", pointer).with_memory("env", "memory", memory);
    (program, text::guest(store, LIBRARY, &environment), pointer)
}

/// A call that has lowered the pointer, and waits.
fn waiting(store: &mut Store, guest: InstanceId) -> Execution {
    let mut call = store.begin(guest, "run", &[], 0).unwrap();
    assert!(matches!(call.run(store), Ok(Step::HostCall(_))));
    call
}

#[test]
fn guests_that_share_a_stack_serve_one_chain_of_calls() {
    let mut store = Store::new();
    let (program, library, pointer) = linked(&mut store);
    assert_eq!(text::module(LIBRARY).stack_pointer(), Some(0));
    for (one, other) in [(program, library), (library, program)] {
        let call = waiting(&mut store, one);
        assert!(matches!(store.invoke(&mut NoImports, other, "run", &[], 0), Err(InvokeError::Busy)));
        drop(call);
        assert_eq!(store.global_get(pointer), Ok(Value::I32(1_024)));
    }
    // Within a host call of the program the library is called, and fails: the program's frame stays.
    let mut nested = move |store: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        if call.instance != Some(program) {
            return Err(HostError::new());
        }
        assert_eq!(store.global_get(pointer), Ok(Value::I32(1_008)));
        assert!(store.invoke(&mut NoImports, library, "run", &[], 0).is_err());
        assert_eq!(store.global_get(pointer), Ok(Value::I32(1_008)));
        Ok(Values::default())
    };
    store.invoke(&mut nested, program, "run", &[], 0).unwrap();
    assert_eq!(store.global_get(pointer), Ok(Value::I32(1_024)));
    // The library's chain is the program's also when that has gone.
    store.teardown_instance(program).unwrap();
    drop(waiting(&mut store, library));
    assert!(matches!(waiting(&mut store, library).waits_for(), Some(call) if call.instance == Some(library)));
}
