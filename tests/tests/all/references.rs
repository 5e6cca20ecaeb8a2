//! References as values: functions of guests, and things of the supervisor's.

use guestbox::{
    Environment, ExternRef, FuncIndex, GlobalError, HandleError, HostCall, HostError, InstanceId,
    InstanceLimits, InstantiateError, InvokeError, Limit, Limits, NoImports, ReferenceError, Snapshot,
    SnapshotError, Step, Store, TableError, TableType, TrapCode, Uncapturable, V128, Value, Values,
};
use guestbox_tests::text;

/// Keeps things in a table, in a variable, and gives them on.
const KEEPER: &str = r#"(module
    (import "env" "swap" (func $swap (param externref i32) (result externref)))
    (table $things (export "things") 4 8 externref)
    (global $kept (export "kept") (mut externref) (ref.null extern))
    (func (export "put") (param i32 externref) (table.set $things (local.get 0) (local.get 1)))
    (func (export "get") (param i32) (result externref) (table.get $things (local.get 0)))
    (func (export "keep") (param externref) (global.set $kept (local.get 0)))
    (func (export "same") (param externref) (result externref) (local.get 0))
    (func (export "swap") (param externref i32) (result externref) (call $swap (local.get 0) (local.get 1)))
    (func (export "grow") (param externref i32) (result i32) (table.grow $things (local.get 0) (local.get 1)))
    (func (export "two") (param externref) (result externref i64 externref)
      (local.get 0) (i64.const 7) (global.get $kept)))"#;

fn thing(number: u32) -> Value {
    ExternRef(number).into()
}

const NULL: Value = Value::ExternRef(None);

fn swapping() -> Environment {
    Environment::new().with_function("env", "swap", FuncIndex(0))
}

/// Answers with the thing that is one more than the one it is given.
fn swap(_: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
    let [given, Value::I32(by)] = *call.args else { panic!("{:?}", call.args) };
    let next = |ExternRef(number)| ExternRef(number.wrapping_add_signed(by));
    Ok(Value::ExternRef(given.as_extern().map(next)).into())
}

fn keeper(store: &mut Store) -> InstanceId {
    text::guest(store, KEEPER, &swapping())
}

fn in_use(store: &mut Store) -> Vec<u32> {
    store.externs_in_use().into_iter().map(|thing| thing.0).collect()
}

#[test]
fn things_come_back_as_they_were_given_through_all_doors() {
    let mut store = Store::new();
    let guest = keeper(&mut store);
    for value in [thing(0), thing(u32::MAX), NULL, thing(5), thing(0)] {
        assert_eq!(*text::call(&mut store, guest, "same", &[value]), [value]);
        text::call(&mut store, guest, "keep", &[value]);
        assert_eq!(store.global(guest, "kept"), Ok(Some(value)));
        text::call(&mut store, guest, "put", &[Value::I32(3), value]);
        let table = store.exported_table(guest, "things").unwrap().unwrap();
        assert_eq!(store.table_get(table, 3), Ok(value));
        store.table_set(table, 2, value).unwrap();
        assert_eq!(*text::call(&mut store, guest, "get", &[Value::I32(2)]), [value]);
        store.set_global(guest, "kept", thing(9)).unwrap();
        assert_eq!(*text::call(&mut store, guest, "two", &[value]), [value, Value::I64(7), thing(9)]);
    }
    for (given, got) in [(thing(5), thing(8)), (NULL, NULL)] {
        let args = [given, Value::I32(3)];
        assert_eq!(*text::call_with(&mut store, &mut swap, guest, "swap", &args), [got]);
    }
    assert_eq!(*text::call(&mut store, guest, "grow", &[thing(77), Value::I32(2)]), [Value::I32(4)]);
    assert_eq!(*text::call(&mut store, guest, "get", &[Value::I32(5)]), [thing(77)]);
}

#[test]
fn what_nothing_has_any_more_is_let_go_of_while_no_call_is_under_way() {
    let mut store = Store::new();
    let guest = keeper(&mut store);
    text::call(&mut store, guest, "put", &[Value::I32(0), thing(1)]);
    text::call(&mut store, guest, "keep", &[thing(2)]);
    text::call(&mut store, guest, "same", &[thing(3)]);
    text::call_with(&mut store, &mut swap, guest, "swap", &[thing(4), Value::I32(100)]);
    assert_eq!(in_use(&mut store), [1, 2]);
    // While a call is under way all stays that its guest may have got.
    let mut execution = store.begin(guest, "swap", &[thing(5), Value::I32(0)], 0).unwrap();
    assert_eq!(in_use(&mut store), [1, 2, 5]);
    assert!(matches!(execution.run(&mut store), Ok(Step::HostCall(_))));
    store.set_global(guest, "kept", NULL).unwrap();
    assert_eq!(in_use(&mut store), [1, 2, 5]);
    execution.answer(Ok(thing(6).into())).unwrap();
    let Ok(Step::Finished(results)) = execution.run(&mut store) else { panic!("it has not finished") };
    assert_eq!((&*results, in_use(&mut store)), (&[thing(6)][..], vec![1]));
    let mut dropped = store.begin(guest, "swap", &[thing(7), Value::I32(0)], 0).unwrap();
    assert!(matches!(dropped.run(&mut store), Ok(Step::HostCall(_))));
    assert_eq!(in_use(&mut store), [1, 7]);
    drop(dropped);
    assert_eq!(in_use(&mut store), [1]);
    store.teardown_instance(guest).unwrap();
    assert!(in_use(&mut store).is_empty());
}

/// As many things as one likes go through one guest, and there is no more of the host's memory in use than for those of a moment.
#[test]
fn things_that_were_let_go_of_make_room_for_others() {
    let mut limits = Limits::default();
    limits.total_instance_bytes = 64 << 10;
    let mut store = Store::with_limits(limits);
    let guest = keeper(&mut store);
    for number in 0..100_000 {
        let args = [Value::I32((number % 4) as i32), thing(number)];
        store.invoke(&mut NoImports, guest, "put", &args, 0).unwrap();
    }
    assert_eq!(in_use(&mut store), [99_996, 99_997, 99_998, 99_999]);
    // Those of one call are all there when it begins, or it does not.
    let takes = |many: usize| {
        format!(r#"(module (func (export "take") (param {}) (unreachable)))"#, "externref ".repeat(many))
    };
    let mut limits = Limits::default();
    limits.total_instance_bytes = 12 << 10;
    let mut store = Store::with_limits(limits);
    for (many, fits) in [(60, true), (99, false)] {
        let taker = text::guest(&mut store, &takes(many), &Environment::new());
        for round in 0..3 {
            let args: Vec<_> = (0..many as u32).map(|number| thing(round * 1_000 + number)).collect();
            match store.begin(taker, "take", &args, 0) {
                Ok(_) => assert!(fits, "{many}"),
                Err(InvokeError::Reference(ReferenceError::Limit(refused))) => {
                    assert_eq!((refused.limit, fits), (Limit::TotalInstanceBytes, false));
                }
                Err(error) => panic!("{error}"),
            }
        }
        store.teardown_instance(taker).unwrap();
    }
}

#[test]
fn what_guests_get_beyond_a_limit_ends_the_call_and_nothing_else() {
    let mut limits = Limits::default();
    limits.total_instance_bytes = 8 << 10;
    let mut store = Store::with_limits(limits);
    let guest = text::guest(
        &mut store,
        r#"(module (import "env" "next" (func $next (result externref))) (table 100 externref)
            (func (export "collect") (param $many i32) (loop $again
              (table.set (local.get $many) (call $next))
              (br_if $again (local.tee $many (i32.sub (local.get $many) (i32.const 1)))))))"#,
        &Environment::new().with_function("env", "next", FuncIndex(0)),
    );
    let mut count = 0;
    let mut next = |_: &mut Store, _: HostCall<'_>| -> Result<Values, HostError> {
        count += 1;
        Ok(thing(count).into())
    };
    let refused = store.invoke(&mut next, guest, "collect", &[Value::I32(99)], 0).unwrap_err();
    let InvokeError::Trap(trap) = refused else { panic!("{refused}") };
    let reason = trap.reason().and_then(|reason| reason.downcast_ref::<ReferenceError>());
    assert!(matches!(reason, Some(ReferenceError::Limit(_))), "{trap}");
    assert_eq!(trap.code(), TrapCode::HostError);
    let had = in_use(&mut store).len();
    assert!((10..99).contains(&had), "{had}");
    // Each has a place again that it had.
    store.invoke(&mut next, guest, "collect", &[Value::I32(5)], 0).unwrap_err();
    let table = store.create_table(TableType::of_externs(1, None)).unwrap();
    store.table_set(table, 0, thing(1_000_000)).unwrap();
    assert!(in_use(&mut store).contains(&1_000_000));
}

#[test]
fn tables_and_globals_of_the_supervisors_keep_things_wherever_they_are() {
    let mut store = Store::new();
    let table = store.create_table(TableType::of_externs(3, Some(6))).unwrap();
    let global = store.create_global(thing(1), true).unwrap();
    let constant = store.create_global(thing(2), false).unwrap();
    store.table_set(table, 1, thing(3)).unwrap();
    assert_eq!(store.table_grow(table, 2, thing(4)), Ok(3));
    assert_eq!(store.table_set(table, 5, NULL), Err(TableError::OutOfBounds));
    assert_eq!(store.table_set(table, 0, Value::FuncRef(None)), Err(TableError::Type));
    assert_eq!(store.global_set(global, Value::I32(0)), Err(GlobalError::Type));
    assert_eq!(store.global_set(constant, NULL), Err(GlobalError::Immutable));
    assert_eq!(in_use(&mut store), [1, 2, 3, 4]);
    let importer = r#"(module (import "env" "table" (table $table 1 externref))
        (import "env" "global" (global $global (mut externref))) (import "env" "constant" (global $constant externref))
        (global $own externref (global.get $constant))
        (elem $segment externref (global.get $constant) (ref.null extern))
        (func (export "get") (param i32) (result externref) (table.get $table (local.get 0)))
        (func (export "segment") (table.init $table $segment (i32.const 0) (i32.const 0) (i32.const 1)))
        (func (export "all") (result externref externref externref)
          (global.get $global) (global.get $constant) (global.get $own))
        (func (export "set") (param externref) (global.set $global (local.get 0))))"#;
    let environment = Environment::new()
        .with_table("env", "table", table)
        .with_global("env", "global", global)
        .with_global("env", "constant", constant);
    for round in 0..3 {
        let first = text::guest(&mut store, importer, &environment);
        let second = text::guest(&mut store, importer, &environment);
        let all = text::call(&mut store, first, "all", &[]);
        assert_eq!(*all, [thing(1 + 10 * round), thing(2), thing(2)]);
        let elements = [NULL, thing(3), NULL, thing(4), thing(4)];
        for (at, element) in (0..).zip(elements).skip(1) {
            assert_eq!(*text::call(&mut store, second, "get", &[Value::I32(at)]), [element]);
        }
        text::call(&mut store, second, "set", &[thing(11 + 10 * round)]);
        assert_eq!(store.global_get(global), Ok(thing(11 + 10 * round)));
        text::call(&mut store, second, "segment", &[]);
        assert_eq!(store.table_get(table, 0), Ok(thing(2)));
        store.teardown_instance(first).unwrap();
        assert_eq!(in_use(&mut store), [2, 3, 4, 11 + 10 * round]);
        store.teardown_instance(second).unwrap();
        assert_eq!(
            (store.global_get(global), store.table_get(table, 4)),
            (Ok(thing(11 + 10 * round)), Ok(thing(4)))
        );
        assert_eq!(in_use(&mut store), [2, 3, 4, 11 + 10 * round]);
    }
    store.teardown_table(table).unwrap();
    store.teardown_global(global).unwrap();
    assert_eq!(in_use(&mut store), [2]);
    store.teardown_global(constant).unwrap();
    assert!(in_use(&mut store).is_empty());
}

/// What was in tables and globals before any guest imported them is in use from then on as well.
#[test]
fn things_that_come_with_what_is_imported_are_in_use() {
    let table = |store: &mut Store| {
        let table = store.create_table(TableType::of_externs(2, None)).unwrap();
        store.table_set(table, 1, thing(7)).unwrap();
        Environment::new().with_table("env", "x", table)
    };
    let variable = |store: &mut Store| {
        let global = store.create_global(thing(7), true).unwrap();
        Environment::new().with_global("env", "x", global)
    };
    let constant = |store: &mut Store| {
        let global = store.create_global(thing(7), false).unwrap();
        let environment = Environment::new().with_global("env", "x", global);
        (global, environment)
    };
    let mut store = Store::new();
    let environment = table(&mut store);
    let guest = text::guest(&mut store, r#"(module (import "env" "x" (table 1 externref)))"#, &environment);
    assert_eq!(in_use(&mut store), [7]);
    store.teardown_instance(guest).unwrap();
    assert_eq!(in_use(&mut store), [7]);
    let mut store = Store::new();
    let environment = variable(&mut store);
    text::guest(&mut store, r#"(module (import "env" "x" (global (mut externref))))"#, &environment);
    assert_eq!(in_use(&mut store), [7]);
    let mut store = Store::new();
    let (global, environment) = constant(&mut store);
    let guest = text::guest(&mut store, r#"(module (import "env" "x" (global externref)))"#, &environment);
    store.teardown_global(global).unwrap();
    assert_eq!(in_use(&mut store), [7], "the guest has a copy");
    store.teardown_instance(guest).unwrap();
    assert!(in_use(&mut store).is_empty());
}

#[test]
fn things_of_a_table_that_came_are_in_use_also_where_the_next_one_finds_no_room() {
    let mut limits = Limits::default();
    limits.total_instance_bytes = 16 << 10;
    let mut store = Store::with_limits(limits);
    let few = store.create_table(TableType::of_externs(1, None)).unwrap();
    store.table_set(few, 0, thing(1)).unwrap();
    let many = store.create_table(TableType::of_externs(0, None)).unwrap();
    for number in 0..200 {
        store.table_grow(many, 1, thing(100 + number)).unwrap();
    }
    let environment = Environment::new().with_table("env", "few", few).with_table("env", "many", many);
    let module = text::module(
        r#"(module (import "env" "few" (table 1 externref)) (import "env" "many" (table 1 externref)))"#,
    );
    let refused = store.instantiate(&mut NoImports, &module, &environment, 0).unwrap_err();
    assert!(matches!(refused, InstantiateError::Limit(_)), "{refused}");
    assert_eq!((store.table_get(few, 0), in_use(&mut store).len()), (Ok(thing(1)), 201));
}

/// A function is not another one that its number stands for in a cell which its guest has left.
#[test]
fn a_function_of_a_guest_that_was_made_anew_is_gone() {
    let mut store = Store::new();
    let large = store.create_memory(100, None).unwrap();
    let own = store.create_memory(1, None).unwrap();
    let variable = store.create_global(Value::I32(5), true).unwrap();
    let environment = Environment::new()
        .with_memory("env", "large", large)
        .with_memory("env", "own", own)
        .with_global("env", "variable", variable);
    let binder = r#"(module (import "env" "large" (memory 1)) (import "env" "own" (memory 1))
        (import "env" "variable" (global (mut i32))))"#;
    let first = text::guest(&mut store, binder, &environment);
    let answers = |number: i32| {
        format!(
            r#"(module (import "env" "own" (memory 1)) (func (export "f") (result i32) (i32.const {number})))"#
        )
    };
    let guest = text::guest(&mut store, &answers(1), &environment);
    store.teardown_instance(first).unwrap();
    let snapshot = store.snapshot(guest).unwrap();
    let before = store.exported_func(guest, "f").unwrap().unwrap();
    store.memory_grow(own, 1).unwrap();
    store.restore(guest, &snapshot).unwrap();
    let other = r#"(module (import "env" "large" (memory 1)) (import "env" "variable" (global (mut i32)))
        (func (export "g") (result i32) (i32.const 2)) (func (export "f") (result i32) (i32.const 3)))"#;
    let other = text::guest(&mut store, other, &environment);
    for name in ["g", "f"] {
        store.exported_func(other, name).unwrap().unwrap();
    }
    let gone = store.invoke_func(&mut NoImports, before, &[], 0);
    assert!(matches!(gone, Err(InvokeError::Instance(HandleError::TornDown))), "{gone:?}");
    let again = store.exported_func(guest, "f").unwrap().unwrap();
    assert_eq!(*store.invoke_func(&mut NoImports, again, &[], 0).unwrap(), [Value::I32(1)]);
}

/// Exports a function that it also gives as a value, and takes others.
const GIVER: &str = r#"(module
    (type $answers (func (param i32) (result i32)))
    (import "env" "ask" (func $ask (param funcref) (result funcref)))
    (import "env" "inner" (func $inner (param i32) (result i32)))
    (table $own 4 funcref)
    (global $function (export "function") (mut funcref) (ref.null func))
    (global $count (mut i32) (i32.const 0))
    (func $next (export "next") (type $answers)
      (global.set $count (i32.add (global.get $count) (local.get 0))) (global.get $count))
    (func $through (export "through") (type $answers) (call $inner (local.get 0)))
    (elem declare func $next $through)
    (func (export "give") (result funcref) (ref.func $next))
    (func (export "give_through") (result funcref) (ref.func $through))
    (func (export "null") (result funcref) (ref.null func))
    (func (export "set") (param funcref) (global.set $function (local.get 0)))
    (func (export "call") (param funcref i32) (result i32)
      (table.set $own (i32.const 1) (local.get 0))
      (call_indirect $own (type $answers) (local.get 1) (i32.const 1)))
    (func (export "call_kept") (param i32) (result i32)
      (table.set $own (i32.const 2) (global.get $function))
      (call_indirect $own (type $answers) (local.get 0) (i32.const 2)))
    (func (export "ask") (param funcref i32) (result i32)
      (table.set $own (i32.const 3) (call $ask (local.get 0)))
      (call_indirect $own (type $answers) (local.get 1) (i32.const 3))))"#;

fn asking() -> Environment {
    Environment::new().with_function("env", "ask", FuncIndex(0)).with_function("env", "inner", FuncIndex(1))
}

/// Gives a function back that it is asked with, and answers with the double else.
fn serve(_: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
    Ok(match *call.args {
        [Value::I32(number)] => (number * 2).into(),
        [function] => function.into(),
        _ => panic!("{:?}", call.args),
    })
}

#[test]
fn a_function_is_the_same_whichever_way_it_comes() {
    let mut store = Store::new();
    let guest = text::guest(&mut store, GIVER, &asking());
    let [given] = *text::call(&mut store, guest, "give", &[]) else { panic!("no result") };
    let next = store.exported_func(guest, "next").unwrap().unwrap();
    assert_eq!((given, given.as_func()), (next.into(), Some(next)));
    assert_eq!(*text::call(&mut store, guest, "null", &[]), [Value::FuncRef(None)]);
    assert_eq!(store.func_instance(next), Ok(guest));
    text::call(&mut store, guest, "set", &[given]);
    assert_eq!(store.global(guest, "function"), Ok(Some(given)));
    assert_eq!(*text::call(&mut store, guest, "call", &[given, Value::I32(3)]), [Value::I32(3)]);
    assert_eq!(*text::call(&mut store, guest, "call_kept", &[Value::I32(4)]), [Value::I32(7)]);
    let args = [given, Value::I32(5)];
    assert_eq!(*text::call_with(&mut store, &mut serve, guest, "ask", &args), [Value::I32(12)]);
    assert_eq!(*store.invoke_func(&mut NoImports, next, &[Value::I32(1)], 0).unwrap(), [Value::I32(13)]);
    store.set_global(guest, "function", Value::FuncRef(None)).unwrap();
    let refused = store.invoke(&mut NoImports, guest, "call_kept", &[Value::I32(4)], 0).unwrap_err();
    assert!(matches!(refused, InvokeError::Trap(trap) if trap.code() == TrapCode::IndirectCallToNull));
}

/// A module that has neither tables nor an export of the function: whose it is is known all the same.
#[test]
fn a_function_that_is_nowhere_but_in_a_value_is_of_its_guest() {
    let giver = r#"(module (global $number (mut i32) (i32.const 0)) (func $own (result i32) (global.get $number))
        (elem declare func $own)
        (func (export "set") (param i32) (global.set $number (local.get 0)))
        (func (export "give") (result funcref) (ref.func $own)))"#;
    let mut store = Store::new();
    let memory = store.create_memory(1, None).unwrap();
    let environment = Environment::new().with_memory("env", "memory", memory);
    let giver = giver.replacen("(module", r#"(module (import "env" "memory" (memory 1))"#, 1);
    let guests: Vec<_> = (0..3).map(|_| text::guest(&mut store, &giver, &environment)).collect();
    for (number, guest) in (1..).zip(&guests) {
        text::call(&mut store, *guest, "set", &[Value::I32(number)]);
    }
    for (number, guest) in (1..).zip(&guests) {
        let own = text::call(&mut store, *guest, "give", &[])[0].as_func().unwrap();
        assert_eq!(store.func_instance(own), Ok(*guest));
        assert_eq!(*store.invoke_func(&mut NoImports, own, &[], 0).unwrap(), [Value::I32(number)]);
    }
    let own = text::call(&mut store, guests[1], "give", &[])[0].as_func().unwrap();
    store.teardown_instance(guests[1]).unwrap();
    assert_eq!(store.func_instance(own), Err(HandleError::TornDown));
}

#[test]
fn a_function_of_a_guest_that_shares_nothing_is_refused_at_all_doors() {
    let mut store = Store::new();
    let (one, other) = (text::guest(&mut store, GIVER, &asking()), text::guest(&mut store, GIVER, &asking()));
    let foreign = Value::from(store.exported_func(other, "next").unwrap().unwrap());
    let refused = store.invoke(&mut NoImports, one, "set", &[foreign], 0).unwrap_err();
    assert!(matches!(refused, InvokeError::Reference(ReferenceError::Apart)), "{refused}");
    assert_eq!(store.set_global(one, "function", foreign), Err(GlobalError::Apart));
    let mut give = |_: &mut Store, _: HostCall<'_>| -> Result<Values, HostError> { Ok(foreign.into()) };
    let refused = store.invoke(&mut give, one, "ask", &[Value::FuncRef(None), Value::I32(0)], 0).unwrap_err();
    let InvokeError::Trap(trap) = refused else { panic!("{refused}") };
    let reason = trap.reason().and_then(|reason| reason.downcast_ref::<ReferenceError>());
    assert_eq!((trap.code(), reason), (TrapCode::HostError, Some(&ReferenceError::Apart)));
    // In a global of the supervisor's it is where its guest is, and so is whoever imports that.
    let global = store.create_global(foreign, true).unwrap();
    assert_eq!(store.global_get(global), Ok(foreign));
    let own = Value::from(store.exported_func(one, "next").unwrap().unwrap());
    assert_eq!(store.global_set(global, own), Err(GlobalError::Apart));
    let mut elsewhere = Store::new();
    assert_eq!(
        elsewhere.create_global(foreign, true).unwrap_err(),
        GlobalError::Function(HandleError::OtherStore)
    );
    store.teardown_instance(other).unwrap();
    assert_eq!(store.global_get(global), Ok(Value::FuncRef(None)));
    assert_eq!(
        store.create_global(foreign, false).unwrap_err(),
        GlobalError::Function(HandleError::TornDown)
    );
    let refused = store.invoke(&mut NoImports, one, "set", &[foreign], 0).unwrap_err();
    assert!(
        matches!(refused, InvokeError::Reference(ReferenceError::Function(HandleError::TornDown))),
        "{refused}"
    );
}

/// Imports a function in a global, and calls it.
fn importer(kind: &str) -> String {
    format!(
        r#"(module (type $answers (func (param i32) (result i32)))
            (import "env" "function" (global $function {kind})) (table $own 1 funcref)
            (memory (export "memory") 1) (global $__stack_pointer (mut i32) (i32.const 1024))
            (func (export "call") (param i32) (result i32)
              (global.set $__stack_pointer (i32.const 64))
              (table.set $own (i32.const 0) (global.get $function))
              (call_indirect $own (type $answers) (local.get 0) (i32.const 0))
              (global.set $__stack_pointer (i32.const 1024))))"#
    )
}

#[test]
fn guests_that_import_a_function_in_a_global_serve_one_chain_with_its_guest() {
    for (kind, mutable) in [("funcref", false), ("(mut funcref)", true)] {
        let mut store = Store::new();
        let giver = text::guest(&mut store, GIVER, &asking());
        let function = Value::from(store.exported_func(giver, "through").unwrap().unwrap());
        let global = store.create_global(function, mutable).unwrap();
        let environment = Environment::new().with_global("env", "function", global);
        let caller = text::guest(&mut store, &importer(kind), &environment);
        assert_eq!(
            *text::call_with(&mut store, &mut serve, caller, "call", &[Value::I32(4)]),
            [Value::I32(8)]
        );
        // The host call is the giver's, within a call of the caller's.
        let mut execution = store.begin(caller, "call", &[Value::I32(1)], 0).unwrap();
        let Ok(Step::HostCall(call)) = execution.run(&mut store) else { panic!("no host call") };
        assert_eq!((call.func, call.instance, call.is_elsewhere()), (FuncIndex(1), Some(giver), true));
        let busy = store.invoke(&mut NoImports, giver, "null", &[], 0).unwrap_err();
        assert!(matches!(busy, InvokeError::Busy), "{busy}");
        execution.cancel(&mut store);
        assert_eq!(text::call(&mut store, giver, "null", &[]).len(), 1);
        // With it gone its host calls are nobody's.
        store.teardown_instance(giver).unwrap();
        let ended = store.invoke(&mut serve, caller, "call", &[Value::I32(1)], 0).unwrap_err();
        assert!(matches!(ended, InvokeError::Trap(trap) if trap.code() == TrapCode::TornDown));
        store.teardown_instance(caller).unwrap();
        assert_eq!(store.global_get(global), Ok(Value::FuncRef(None)));
        let alone = text::guest(&mut store, &importer(kind), &environment);
        let ended = store.invoke(&mut serve, alone, "call", &[Value::I32(1)], 0).unwrap_err();
        assert!(matches!(ended, InvokeError::Trap(trap) if trap.code() == TrapCode::IndirectCallToNull));
    }
}

/// A guest whose calls may overlap is in no chain, and does not come by functions of one that keeps a stack.
#[test]
fn a_guest_without_a_chain_is_not_given_what_needs_one() {
    let mut store = Store::new();
    let memory = store.create_memory(1, None).unwrap();
    let environment = asking().with_memory("env", "memory", memory);
    let giver = GIVER.replacen("(module", r#"(module (import "env" "memory" (memory 1))"#, 1);
    let module = text::module(&giver);
    let chained = store.instantiate(&mut NoImports, &module, &environment, 0).unwrap();
    let limits = InstanceLimits::new().with_overlapping_calls();
    let free = store.instantiate_with(&mut NoImports, &module, &environment, 0, limits).unwrap();
    let of = |store: &mut Store, guest| Value::from(store.exported_func(guest, "next").unwrap().unwrap());
    let (of_chained, of_free) = (of(&mut store, chained), of(&mut store, free));
    let refused = store.invoke(&mut NoImports, free, "set", &[of_chained], 0).unwrap_err();
    assert!(matches!(refused, InvokeError::Reference(ReferenceError::Apart)), "{refused}");
    text::call(&mut store, chained, "set", &[of_free]);
    text::call(&mut store, free, "set", &[of_free]);
}

#[test]
fn snapshots_have_no_references_that_can_change() {
    let mut store = Store::new();
    let mut refusal = |globals: &str| {
        let constant = store.create_global(thing(1), false).unwrap();
        let function = store.create_global(Value::FuncRef(None), false).unwrap();
        let environment =
            Environment::new().with_global("env", "t", constant).with_global("env", "f", function);
        let text = format!("(module {globals} (memory 1))");
        let guest = text::guest(&mut store, &text, &environment);
        store.snapshot(guest).map(|snapshot: Snapshot| store.restore(guest, &snapshot).unwrap())
    };
    let reference = SnapshotError::Module(Uncapturable::ReferenceGlobal);
    for changing in [
        "(global (mut externref) (ref.null extern))",
        "(global (mut funcref) (ref.null func))",
        r#"(import "env" "f" (global funcref))"#,
    ] {
        assert_eq!(refusal(changing).unwrap_err(), reference, "{changing}");
    }
    for constant in [r#"(import "env" "t" (global externref))"#, "(global externref (ref.null extern))"] {
        refusal(constant).unwrap();
    }
}

#[test]
fn vectors_and_references_are_values_like_others() {
    let vector = V128::from(0x0123_4567_89AB_CDEF_0011_2233_4455_6677);
    assert_eq!(u128::from(vector), 0x0123_4567_89AB_CDEF_0011_2233_4455_6677);
    assert_eq!(vector.0[0], 0x77);
    let mut store = Store::new();
    let global = store.create_global(vector.into(), true).unwrap();
    assert_eq!(store.global_get(global), Ok(Value::V128(vector)));
    assert_eq!(store.global_set(global, thing(1)), Err(GlobalError::Type));
    assert_eq!(
        (thing(3).as_extern(), thing(3).as_func(), NULL.as_extern()),
        (Some(ExternRef(3)), None, None)
    );
}
