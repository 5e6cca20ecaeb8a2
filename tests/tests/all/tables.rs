//! Tables that guests share: with each other, and with the supervisor.

use guestbox::{
    CompileOptions, Environment, Execution, FuncIndex, FuncRef, HandleError, HostCall, HostError,
    ImportProblem, InstanceId, InstanceLimits, InstantiateError, InvokeError, Limit, Limits, Module,
    NoImports, ReferenceError, SnapshotError, Step, Store, TableError, TableId, TableType, TrapCode,
    Uncapturable, Value, Values,
};
use guestbox_tests::text;

/// No function.
const NULL: Value = Value::FuncRef(None);

/// Exports a table of three functions, the second of which calls an import, and two that call by it.
const OWNER: &str = r#"(module
    (import "env" "host" (func $host (param i32) (result i32)))
    (type $unary (func (param i32) (result i32)))
    (table (export "t") 4 8 funcref) (memory (export "memory") 1)
    (func $double (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
    (func $ask (param i32) (result i32)
      (i32.add (call $host (local.get 0)) (i32.load (i32.const 0))))
    (func $none (result i64) (i64.const 5))
    (elem (i32.const 0) $double $ask $none)
    (data (i32.const 0) "\64\00\00\00")
    (func (export "call") (param $at i32) (param $n i32) (result i32)
      (call_indirect (type $unary) (local.get $n) (local.get $at)))
    (func (export "size") (result i32) (table.size 0)))"#;

/// Imports a table and calls by it. Its memory begins with 7, which it adds before and after the call.
const CALLER: &str = r#"(module
    (import "env" "host" (func $host (param i32) (result i32)))
    (import "env" "t" (table $t 1 funcref))
    (type $unary (func (param i32) (result i32)))
    (memory (export "memory") 1) (data (i32.const 0) "\07\00\00\00")
    (func $triple (export "triple") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
    (func $ask (export "ask") (param i32) (result i32)
      (i32.add (call $host (local.get 0)) (i32.load (i32.const 0))))
    (elem declare func $triple $ask)
    (func (export "call") (param $at i32) (param $n i32) (result i32)
      (i32.add (call_indirect $t (type $unary) (local.get $n) (local.get $at)) (i32.load (i32.const 0))))
    (func (export "put") (param $at i32) (table.set $t (local.get $at) (ref.func $ask)))
    (func (export "grow") (param i32) (result i32) (table.grow $t (ref.func $triple) (local.get 0))))"#;

fn environment(func: u32) -> Environment {
    Environment::new().with_function("env", "host", FuncIndex(func))
}

fn owner(store: &mut Store) -> (InstanceId, TableId) {
    let owner = text::guest(store, OWNER, &environment(1));
    (owner, store.exported_table(owner, "t").unwrap().unwrap())
}

/// A guest that imports a table, made with the word 22.
fn caller(store: &mut Store, table: TableId) -> InstanceId {
    let environment = environment(2).with_table("env", "t", table);
    store.instantiate(&mut NoImports, &text::module(CALLER), &environment, 22).unwrap()
}

/// Says who asks, as hundreds of the function, and how much.
fn answers(_: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
    let asked = call.args[0].as_i32().unwrap();
    Ok((i32::try_from(call.func.0).unwrap() * 1_000 + asked).into())
}

fn call(store: &mut Store, guest: InstanceId, at: i32, n: i32) -> Result<i32, InvokeError> {
    let args = [Value::I32(at), Value::I32(n)];
    store.invoke(&mut answers, guest, "call", &args, 11).map(|results| results[0].as_i32().unwrap())
}

fn trap(outcome: Result<i32, InvokeError>) -> TrapCode {
    text::trap(outcome.map(Values::from))
}

fn func(store: &mut Store, guest: InstanceId, name: &str) -> FuncRef {
    store.exported_func(guest, name).unwrap().unwrap()
}

fn unary(store: &mut Store, func: FuncRef, n: i32) -> i32 {
    store.invoke_func(&mut answers, func, &[Value::I32(n)], 0).unwrap()[0].as_i32().unwrap()
}

#[test]
fn the_supervisor_reads_writes_and_grows_an_exported_table() {
    let mut store = Store::new();
    let (owner, table) = owner(&mut store);
    assert_eq!((store.table_size(table), table.number()), (Ok(4), None));
    assert_eq!(store.table_type(table).unwrap().to_string(), "funcref table of 4 to 8 elements");
    let double = store.table_get(table, 0).unwrap().as_func().unwrap();
    assert_eq!(double, func(&mut store, owner, "double"));
    assert_eq!(store.func_type(double).unwrap().to_string(), "(i32) -> (i32)");
    assert_eq!(store.func_instance(double), Ok(owner));
    assert_eq!(unary(&mut store, double, 21), 42);
    let ask = store.table_get(table, 1).unwrap().as_func().unwrap();
    assert_ne!(ask, double);
    assert_eq!(unary(&mut store, ask, 5), 1_105);
    assert_eq!(store.table_get(table, 3), Ok(NULL));
    assert_eq!(store.table_get(table, 4), Err(TableError::OutOfBounds));
    store.table_set(table, 3, double.into()).unwrap();
    assert_eq!((store.table_get(table, 3), call(&mut store, owner, 3, 8).unwrap()), (Ok(double.into()), 16));
    store.table_set(table, 3, NULL).unwrap();
    assert_eq!(trap(call(&mut store, owner, 3, 8)), TrapCode::IndirectCallToNull);
    assert_eq!(trap(call(&mut store, owner, 2, 8)), TrapCode::BadSignature);
    assert_eq!(store.table_set(table, 4, NULL), Err(TableError::OutOfBounds));
    assert_eq!(store.table_grow(table, 3, double.into()), Ok(4));
    assert_eq!((store.table_size(table), store.table_get(table, 6)), (Ok(7), Ok(double.into())));
    assert_eq!(text::call(&mut store, owner, "size", &[])[0], Value::I32(7));
    assert_eq!(store.table_grow(table, 2, NULL), Err(TableError::Maximum));
    assert_eq!(store.table_grow(table, u32::MAX, NULL), Err(TableError::Maximum));
    assert_eq!(store.exported_table(owner, "double"), Ok(None));
    assert_eq!(store.exported_func(owner, "t"), Ok(None));
    assert_eq!(store.teardown_table(table), Err(HandleError::Unknown));
    store.teardown_instance(owner).unwrap();
    assert_eq!(store.table_size(table), Err(HandleError::TornDown));
    assert_eq!(store.func_type(double), Err(HandleError::TornDown));
    let refused = store.invoke_func(&mut answers, double, &[Value::I32(1)], 0);
    assert!(matches!(refused, Err(InvokeError::Instance(HandleError::TornDown))));
}

#[test]
fn arguments_of_a_function_are_compared() {
    let mut store = Store::new();
    let (_, table) = owner(&mut store);
    let double = store.table_get(table, 0).unwrap().as_func().unwrap();
    for args in [&[][..], &[Value::I64(1)], &[Value::I32(1), Value::I32(1)]] {
        let refused = store.invoke_func(&mut NoImports, double, args, 0).unwrap_err();
        assert!(matches!(refused, InvokeError::Arguments(_)), "{refused}");
        assert!(refused.to_string().contains("the function takes (i32), and was given"), "{refused}");
    }
}

#[test]
fn a_host_call_is_of_the_guest_whose_import_it_is() {
    let mut store = Store::new();
    let (owner, table) = owner(&mut store);
    let caller = caller(&mut store, table);
    let mut seen = Vec::new();
    let mut notes = |store: &mut Store, call: HostCall<'_>| {
        seen.push((call.func.0, call.instance, call.state, call.import.name().to_owned(), call.memory));
        assert_eq!(call.args, [Value::I32(9)]);
        answers(store, call)
    };
    let args = [Value::I32(1), Value::I32(9)];
    let result = store.invoke(&mut notes, caller, "call", &args, 11).unwrap();
    // The owner's function with the owner's memory, and the caller's after that.
    assert_eq!(*result, [Value::I32(1_009 + 100 + 7)]);
    text::call(&mut store, caller, "put", &[Value::I32(3)]);
    let result = store.invoke(&mut notes, owner, "call", &[Value::I32(3), Value::I32(9)], 12).unwrap();
    assert_eq!(*result, [Value::I32(2_009 + 7)]);
    let memory = |guest| store.exported_memory(guest, "memory").unwrap();
    // Each with the word that it was made with.
    assert_eq!(
        seen,
        [
            (1, Some(owner), 0, "host".to_owned(), memory(owner)),
            (2, Some(caller), 22, "host".to_owned(), memory(caller)),
        ]
    );
}

#[test]
fn what_is_answered_is_of_the_types_of_the_import_that_was_called() {
    let mut store = Store::new();
    let (owner, table) = owner(&mut store);
    let text = CALLER.replace(
        "(result i32)))\n    (import \"env\" \"t\"",
        "(result i32)))\n    (import \"env\" \"wide\" (func (result i64)))\n    (import \"env\" \"t\"",
    );
    let environment = environment(2).with_function("env", "wide", FuncIndex(3)).with_table("env", "t", table);
    let caller = text::guest(&mut store, &text, &environment);
    for (answer, code) in [(Values::from(1), None), (Values::from(1_i64), Some(TrapCode::ResultType))] {
        let mut serve = |_: &mut Store, _: HostCall<'_>| Ok::<_, HostError>(answer.clone());
        let outcome = store.invoke(&mut serve, caller, "call", &[Value::I32(1), Value::I32(0)], 0);
        match code {
            None => assert_eq!(*outcome.unwrap(), [Value::I32(108)]),
            Some(code) => assert_eq!(text::trap(outcome), code),
        }
    }
    assert_eq!(call(&mut store, owner, 0, 4).unwrap(), 8);
}

#[test]
fn slices_and_pauses_lead_through_several_guests() {
    let mut store = Store::new();
    let (_, table) = owner(&mut store);
    let caller = caller(&mut store, table);
    let whole = |store: &mut Store, slice: Option<u64>| {
        let mut execution = store.begin(caller, "call", &[Value::I32(1), Value::I32(9)], 0).unwrap();
        slice.into_iter().for_each(|slice| execution.set_slice(slice));
        loop {
            match execution.run(store).unwrap() {
                Step::Finished(results) => return (results, execution.fuel_used()),
                Step::HostCall(call) => {
                    let answer = call.args[0].as_i32().unwrap() + 40;
                    execution.answer(Ok(answer.into())).unwrap();
                }
                Step::SliceOver => {}
                other => panic!("{other:?}"),
            }
        }
    };
    let expected = whole(&mut store, None);
    assert_eq!(*expected.0, [Value::I32(49 + 100 + 7)]);
    assert_eq!(whole(&mut store, Some(1)), expected);
}

#[test]
fn guests_that_share_a_table_serve_one_chain_of_calls() {
    let mut store = Store::new();
    let with_stack = |text: &str| {
        text.replacen(
            "(memory",
            "(global $__stack_pointer (export \"sp\") (mut i32) (i32.const 512))\n    (memory",
            1,
        )
        .replace(
            "(i32.add (call $host (local.get 0)) (i32.load (i32.const 0)))",
            "(global.set $__stack_pointer (i32.sub (global.get $__stack_pointer) (i32.const 16)))
             (call $host (local.get 0)) (i32.add (i32.load (i32.const 0)))
             (global.set $__stack_pointer (i32.add (global.get $__stack_pointer) (i32.const 16)))",
        )
    };
    let owner = text::guest(&mut store, &with_stack(OWNER), &environment(1));
    let table = store.exported_table(owner, "t").unwrap().unwrap();
    let caller = text::guest(&mut store, &with_stack(CALLER), &environment(2).with_table("env", "t", table));
    let waiting = |store: &mut Store| -> Execution {
        let mut execution = store.begin(caller, "call", &[Value::I32(1), Value::I32(9)], 0).unwrap();
        assert!(matches!(execution.run(store), Ok(Step::HostCall(_))));
        execution
    };
    // It waits within a function of the owner's: neither can be called, and all that it leaves is put back.
    let execution = waiting(&mut store);
    assert!(matches!(call(&mut store, owner, 0, 1), Err(InvokeError::Busy)));
    assert_eq!(store.global(owner, "sp"), Ok(Some(Value::I32(496))));
    drop(execution);
    for guest in [owner, caller] {
        assert_eq!(store.global(guest, "sp"), Ok(Some(Value::I32(512))));
    }
    let mut fails = |_: &mut Store, _: HostCall<'_>| Err::<Values, _>(HostError::new());
    for _ in 0..3 {
        assert!(store.invoke(&mut fails, caller, "call", &[Value::I32(1), Value::I32(9)], 0).is_err());
        assert!(store.invoke(&mut fails, owner, "call", &[Value::I32(1), Value::I32(9)], 0).is_err());
    }
    assert_eq!(store.global(owner, "sp"), Ok(Some(Value::I32(512))));
    // Within the host call both can be called.
    let mut nests = |store: &mut Store, host: HostCall<'_>| {
        if host.args == [Value::I32(9)] {
            for guest in [owner, caller] {
                let mut fails = |_: &mut Store, _: HostCall<'_>| Err::<Values, _>(HostError::new());
                assert!(store.invoke(&mut fails, guest, "call", &[Value::I32(1), Value::I32(8)], 0).is_err());
            }
            assert_eq!(store.global(owner, "sp"), Ok(Some(Value::I32(496))));
        }
        answers(store, host)
    };
    let results = store.invoke(&mut nests, caller, "call", &[Value::I32(1), Value::I32(9)], 0).unwrap();
    assert_eq!(*results, [Value::I32(1_009 + 100 + 7)]);
    assert_eq!(store.global(owner, "sp"), Ok(Some(Value::I32(512))));
}

#[test]
fn guests_with_frames_call_each_other() {
    let limits = Limits::default();
    let framed = |text: &str| {
        Module::with_options(&limits, &text::bytes(text), CompileOptions::new().with_frames()).unwrap()
    };
    let mut store = Store::new();
    let owner = store.instantiate(&mut NoImports, &framed(OWNER), &environment(1), 0).unwrap();
    let table = store.exported_table(owner, "t").unwrap().unwrap();
    let offers = environment(2).with_table("env", "t", table);
    let caller = store.instantiate(&mut NoImports, &framed(CALLER), &offers, 0).unwrap();
    let ask = [Value::I32(1), Value::I32(9)];
    let mut fails = |_: &mut Store, _: HostCall<'_>| Err::<Values, _>(HostError::new());
    // Each leaves the owner's notes within its function.
    for _ in 0..5_000 {
        let Err(InvokeError::Trap(trap)) = store.invoke(&mut fails, caller, "call", &ask, 0) else {
            panic!()
        };
        let frames = trap.frames().into_iter().map(|frame| (frame.function_index, frame.module.is_some()));
        assert_eq!(frames.collect::<Vec<_>>(), [(2, true), (3, false)]);
    }
    let mut nests = |store: &mut Store, host: HostCall<'_>| {
        if host.args == [Value::I32(9)] {
            for guest in [owner, caller] {
                let mut fails = |_: &mut Store, _: HostCall<'_>| Err::<Values, _>(HostError::new());
                assert!(store.invoke(&mut fails, guest, "call", &[Value::I32(1), Value::I32(8)], 0).is_err());
                assert!(call(store, guest, 0, 8).is_ok());
            }
        }
        answers(store, host)
    };
    for _ in 0..100 {
        let results = store.invoke(&mut nests, caller, "call", &ask, 0).unwrap();
        assert_eq!(*results, [Value::I32(1_009 + 100 + 7)]);
    }
    let mut waiting = store.begin(caller, "call", &ask, 0).unwrap();
    assert!(matches!(waiting.run(&mut store), Ok(Step::HostCall(_))));
    drop(waiting);
    assert_eq!(call(&mut store, owner, 1, 3).unwrap(), 1_103);
}

#[test]
fn functions_of_a_guest_that_was_torn_down_run_on_without_its_imports() {
    let mut store = Store::new();
    let (owner, table) = owner(&mut store);
    let caller = caller(&mut store, table);
    store.teardown_instance(owner).unwrap();
    assert_eq!(call(&mut store, caller, 0, 4).unwrap(), 8 + 7);
    assert_eq!(trap(call(&mut store, caller, 1, 4)), TrapCode::TornDown);
    assert_eq!(call(&mut store, caller, 0, 5).unwrap(), 10 + 7);
    let late = owner_again(&mut store);
    assert_eq!(trap(call(&mut store, caller, 1, 4)), TrapCode::TornDown);
    assert_eq!(call(&mut store, late, 1, 4).unwrap(), 1_104);
    store.teardown_instance(caller).unwrap();
    assert_eq!(store.memory_pages_in_use(), 1);
}

fn owner_again(store: &mut Store) -> InstanceId {
    owner(store).0
}

#[test]
fn functions_of_a_guest_that_was_torn_down_are_given_to_nobody() {
    let mut store = Store::new();
    let table = store.create_table(TableType::of_functions(2, None)).unwrap();
    let environment = Environment::new().with_table("env", "t", table);
    let guest = |store: &mut Store, text: &str| text::guest(store, text, &environment);
    let owner = guest(
        &mut store,
        r#"(module (import "env" "t" (table 2 funcref)) (func $four (result i32) (i32.const 4)) (elem (i32.const 0) $four))"#,
    );
    let caller = guest(
        &mut store,
        r#"(module (import "env" "t" (table 2 funcref)) (type $f (func (result i32)))
            (func (export "call") (result i32) (call_indirect (type $f) (i32.const 0)))
            (func (export "take") (param funcref)))"#,
    );
    let four = store.table_get(table, 0).unwrap();
    store.table_set(table, 1, four).unwrap();
    store.teardown_instance(owner).unwrap();
    let gone = HandleError::TornDown;
    assert_eq!(store.table_get(table, 0), Ok(four));
    assert_eq!(store.table_set(table, 1, four), Err(TableError::Handle(gone)));
    assert_eq!(store.table_grow(table, 1, four), Err(TableError::Handle(gone)));
    let taken = store.invoke(&mut NoImports, caller, "take", &[four], 0);
    assert!(matches!(taken, Err(InvokeError::Reference(ReferenceError::Function(HandleError::TornDown)))));
    // Who has it calls it.
    assert_eq!(*text::call(&mut store, caller, "call", &[]), [Value::I32(4)]);
}

#[test]
fn a_guest_that_could_not_be_made_leaves_functions_that_have_no_imports() {
    let mut store = Store::new();
    let (_, table) = owner(&mut store);
    let text = r#"(module (import "env" "host" (func $host (param i32) (result i32)))
        (import "env" "t" (table 4 funcref)) (memory 1)
        (func $ask (param i32) (result i32) (call $host (local.get 0)))
        (func $four (param i32) (result i32) (i32.const 4))
        (elem (i32.const 2) $ask $four) (data (i32.const 65536) "!"))"#;
    let environment = environment(3).with_table("env", "t", table);
    let refused = store.instantiate(&mut NoImports, &text::module(text), &environment, 0);
    assert!(matches!(refused, Err(InstantiateError::Segment)));
    let caller = caller(&mut store, table);
    assert_eq!(call(&mut store, caller, 3, 0).unwrap(), 4 + 7);
    assert_eq!(trap(call(&mut store, caller, 2, 0)), TrapCode::TornDown);
    let ask = store.table_get(table, 2).unwrap().as_func().unwrap();
    assert_eq!(store.func_instance(ask), Err(HandleError::TornDown));
}

#[test]
fn a_table_of_the_supervisors_goes_where_its_functions_are() {
    let mut store = Store::new();
    let table = store.create_table(TableType::of_functions(4, Some(10))).unwrap();
    assert_eq!((table.number(), store.table_size(table)), (Some(0), Ok(4)));
    assert_eq!(
        (store.table_get(table, 3), store.table_get(table, 4)),
        (Ok(NULL), Err(TableError::OutOfBounds))
    );
    assert_eq!(store.table_grow(table, 2, NULL), Ok(4));
    assert_eq!(store.table_grow(table, 5, NULL), Err(TableError::Maximum));
    let guest = caller(&mut store, table);
    let triple = func(&mut store, guest, "triple");
    store.table_set(table, 5, triple.into()).unwrap();
    assert_eq!(call(&mut store, guest, 5, 4).unwrap(), 12 + 7);
    text::call(&mut store, guest, "put", &[Value::I32(0)]);
    let second = caller(&mut store, table);
    assert_eq!(call(&mut store, second, 0, 4).unwrap(), 2_004 + 7 + 7);
    assert_eq!(text::call(&mut store, second, "grow", &[Value::I32(2)])[0], Value::I32(6));
    let of_second = store.table_get(table, 7).unwrap().as_func().unwrap();
    assert_eq!((store.func_instance(of_second), unary(&mut store, of_second, 2)), (Ok(second), 6));
    // With the last guest all that is in it goes, and its size stays.
    store.teardown_instance(guest).unwrap();
    assert!(store.table_get(table, 5).unwrap() != NULL);
    store.teardown_instance(second).unwrap();
    assert_eq!(
        (store.table_size(table), store.table_get(table, 5), store.table_get(table, 7)),
        (Ok(8), Ok(NULL), Ok(NULL))
    );
    let third = caller(&mut store, table);
    assert_eq!(trap(call(&mut store, third, 5, 4)), TrapCode::IndirectCallToNull);
    store.teardown_table(table).unwrap();
    assert_eq!(store.table_size(table), Err(HandleError::TornDown));
    text::call(&mut store, third, "put", &[Value::I32(1)]);
    assert_eq!(call(&mut store, third, 1, 4).unwrap(), 2_004 + 7 + 7);
}

#[test]
fn a_function_of_a_guest_elsewhere_is_refused() {
    let mut store = Store::new();
    let (first, table) = owner(&mut store);
    let (second, _) = owner(&mut store);
    let (mut other, double) = (Store::new(), func(&mut store, second, "double"));
    assert_eq!(store.table_set(table, 0, double.into()), Err(TableError::Apart));
    assert_eq!(store.table_grow(table, 1, double.into()), Err(TableError::Apart));
    let free = store.create_table(TableType::of_functions(1, None)).unwrap();
    store.table_set(free, 0, double.into()).unwrap();
    let of_first = func(&mut store, first, "double");
    assert_eq!(store.table_set(free, 0, of_first.into()), Err(TableError::Apart));
    let (_, foreign) = owner(&mut other);
    assert_eq!(other.table_set(foreign, 0, double.into()), Err(TableError::Handle(HandleError::OtherStore)));
    assert_eq!(other.table_size(table), Err(HandleError::OtherStore));
    assert_eq!(other.func_type(double), Err(HandleError::OtherStore));
    let things = text::guest(&mut store, r#"(module (table (export "t") 1 externref))"#, &Environment::new());
    let things = store.exported_table(things, "t").unwrap().unwrap();
    assert_eq!(store.table_set(things, 0, double.into()), Err(TableError::Type));
    assert_eq!(
        (store.table_get(things, 0), store.table_set(things, 0, Value::ExternRef(None))),
        (Ok(Value::ExternRef(None)), Ok(()))
    );
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let mut store = Store::new();
    let small = store.create_table(TableType::of_functions(0, None)).unwrap();
    let gone = store.create_table(TableType::of_functions(1, None)).unwrap();
    store.teardown_table(gone).unwrap();
    let mut problem = |table: TableId, import: &str| {
        let module = text::module(&format!(r#"(module (import "env" "t" (table {import})))"#));
        let environment = Environment::new().with_table("env", "t", table);
        let refused = store.instantiate(&mut NoImports, &module, &environment, 0);
        refused.map(|_| ()).map_err(|error| (text::refused_import(&error).2, error.to_string()))
    };
    assert_eq!(problem(small, "0 funcref"), Ok(()));
    for import in ["1 funcref", "0 5 funcref", "0 externref"] {
        let (problem, said) = problem(small, import).unwrap_err();
        assert!(matches!(problem, ImportProblem::TableType(_)), "{problem:?}");
        assert!(said.contains("a funcref table of 0 elements or more is given"), "{said}");
    }
    assert_eq!(problem(gone, "0 funcref").unwrap_err().0, ImportProblem::Table(HandleError::TornDown));
    let missing = store.instantiate(&mut NoImports, &text::module(CALLER), &environment(1), 0).unwrap_err();
    assert_eq!(text::refused_import(&missing).2, ImportProblem::Missing);
    assert_eq!(store.create_table(TableType::of_functions(2, Some(1))), Err(TableError::Maximum));
}

#[test]
fn tables_are_under_the_limits() {
    let mut limits = Limits::default();
    limits.table_elements = 100;
    limits.total_instance_bytes = 200_000;
    let mut store = Store::with_limits(limits);
    let refused = |outcome: Result<u32, TableError>| match outcome {
        Err(TableError::Limit(refused)) => refused.limit,
        other => panic!("{other:?}"),
    };
    let large = store.create_table(TableType::of_functions(101, None));
    assert_eq!(refused(large.map(|_| 0)), Limit::TableElements);
    let table = store.create_table(TableType::of_functions(10, None)).unwrap();
    assert_eq!(refused(store.table_grow(table, 91, NULL)), Limit::TableElements);
    let guest = caller(&mut store, table);
    assert_eq!(refused(store.table_grow(table, 91, NULL)), Limit::TableElements);
    assert_eq!(text::call(&mut store, guest, "grow", &[Value::I32(91)])[0], Value::I32(-1));
    assert_eq!(store.table_grow(table, 90, NULL), Ok(10));
    // Each takes 16 bytes of what all instances may have, wherever it is.
    let mut tables = Vec::new();
    let error = loop {
        match store.create_table(TableType::of_functions(100, None)) {
            Ok(table) => tables.push(table),
            Err(error) => break error,
        }
    };
    assert_eq!(refused(Err(error)), Limit::TotalInstanceBytes);
    assert!((100..=125).contains(&tables.len()), "{}", tables.len());
    for table in tables {
        store.teardown_table(table).unwrap();
    }
    for _ in 0..1_000 {
        let table = store.create_table(TableType::of_functions(100, None)).unwrap();
        let guest = caller(&mut store, table);
        store.teardown_instance(guest).unwrap();
        store.teardown_table(table).unwrap();
    }
}

#[test]
fn a_table_that_others_can_change_is_in_no_snapshot() {
    let mut store = Store::new();
    let (owner, table) = owner(&mut store);
    let snapshot = store.snapshot(owner).unwrap();
    let double = store.table_get(table, 0).unwrap();
    store.restore(owner, &snapshot).unwrap();
    store.table_set(table, 3, double).unwrap();
    let refused = Err(SnapshotError::Module(Uncapturable::Table));
    assert_eq!(store.snapshot(owner).map(|_| ()), refused);
    assert!(store.restore(owner, &snapshot).is_err());
    let (second, table) = self::owner(&mut store);
    store.snapshot(second).unwrap();
    let caller = caller(&mut store, table);
    for guest in [second, caller] {
        assert_eq!(store.snapshot(guest).map(|_| ()), refused);
        assert!(store.fork(guest, &environment(1)).is_err());
    }
}

#[test]
fn a_segment_may_name_its_type_at_length() {
    let section = |id: u8, contents: &[u8]| [&[id, u8::try_from(contents.len()).unwrap()], contents].concat();
    for form in [&[0x70][..], &[0x63, 0x70]] {
        let elements = [&[1, 6, 0, 0x41, 0, 0x0B], form, &[1, 0xD2, 0, 0x0B]].concat();
        let module = [
            b"\0asm\x01\0\0\0".to_vec(),
            section(1, &[1, 0x60, 0, 1, 0x7F]),
            section(2, b"\x01\x03env\x01t\x01\x70\x00\x01"),
            section(3, &[1, 0]),
            section(9, &elements),
            section(10, &[1, 4, 0, 0x41, 7, 0x0B]),
        ];
        let mut store = Store::new();
        let table = store.create_table(TableType::of_functions(1, None)).unwrap();
        let environment = Environment::new().with_table("env", "t", table);
        let module = Module::new(&module.concat()).unwrap();
        store.instantiate(&mut NoImports, &module, &environment, 0).unwrap();
        let function = store.table_get(table, 0).unwrap().as_func().unwrap();
        assert_eq!(*store.invoke_func(&mut NoImports, function, &[], 0).unwrap(), [Value::I32(7)]);
    }
}

#[test]
fn what_a_guest_that_could_not_be_made_has_written_is_in_no_snapshot() {
    let mut store = Store::new();
    let (owner, table) = owner(&mut store);
    let snapshot = store.snapshot(owner).unwrap();
    let text = r#"(module (import "env" "t" (table 4 funcref)) (func $f) (elem (i32.const 0) $f)
        (elem (i32.const 9) $f))"#;
    let environment = Environment::new().with_table("env", "t", table);
    let refused = store.instantiate(&mut NoImports, &text::module(text), &environment, 0);
    assert!(matches!(refused, Err(InstantiateError::Segment)));
    assert_eq!(trap(call(&mut store, owner, 0, 1)), TrapCode::BadSignature);
    assert_eq!(store.snapshot(owner).map(|_| ()), Err(SnapshotError::Module(Uncapturable::Table)));
    assert!(store.restore(owner, &snapshot).is_err());
}

#[test]
fn what_a_guest_exports_keeps_its_ids_when_it_is_made_anew() {
    let mut store = Store::new();
    let text = r#"(module (table (export "t") 4 funcref) (memory (export "memory") 1)
        (global (export "g") (mut i32) (i32.const 5)) (func $f (export "grow") (drop (memory.grow (i32.const 1))))
        (elem (i32.const 2) $f))"#;
    let guest = text::guest(&mut store, text, &Environment::new());
    let table = store.exported_table(guest, "t").unwrap().unwrap();
    let global = store.exported_global(guest, "g").unwrap().unwrap();
    let snapshot = store.snapshot(guest).unwrap();
    store.global_set(global, Value::I32(6)).unwrap();
    text::call(&mut store, guest, "grow", &[]);
    store.restore(guest, &snapshot).unwrap();
    assert_eq!(store.memory_pages_in_use(), 1);
    assert_eq!((store.global_get(global), store.table_size(table)), (Ok(Value::I32(5)), Ok(4)));
    let function = store.table_get(table, 2).unwrap().as_func().unwrap();
    assert_eq!(store.func_instance(function), Ok(guest));
}

#[test]
fn functions_go_with_the_last_guest_whatever_is_left_of_it() {
    for pages in [0, 9] {
        let mut store = Store::new();
        let table = store.create_table(TableType::of_functions(1, None)).unwrap();
        let text =
            format!(r#"(module (import "env" "t" (table 1 funcref)) (memory {pages}) (func (export "f")))"#);
        let guest = text::guest(&mut store, &text, &Environment::new().with_table("env", "t", table));
        let function = func(&mut store, guest, "f");
        store.teardown_instance(guest).unwrap();
        assert_eq!(store.func_type(function), Err(HandleError::TornDown));
        let refused = Err(TableError::Handle(HandleError::TornDown));
        assert_eq!(store.table_set(table, 0, function.into()), refused);
        assert_eq!(store.table_get(table, 0), Ok(NULL));
    }
}

/// A guest that keeps a stack in its memory, and waits for its import with 16 bytes of it.
fn stacked(imports: &str, rest: &str) -> Module {
    text::module(&format!(
        r#"(module (import "env" "host" (func $host)) {imports}
        (global $__stack_pointer (export "__stack_pointer") (mut i32) (i32.const 512))
        (memory (export "memory") 1)
        (func $wait (export "wait")
          (global.set $__stack_pointer (i32.sub (global.get $__stack_pointer) (i32.const 16)))
          (call $host)
          (global.set $__stack_pointer (i32.add (global.get $__stack_pointer) (i32.const 16)))) {rest})"#
    ))
}

/// Exports a table and a function that calls the first in it, and another that makes a host call before.
const LEADS: &str = r#"(module (import "env" "host" (func $host)) (table (export "t") 4 funcref)
    (memory (export "memory") 1)
    (func (export "lead") (call_indirect (i32.const 0)))
    (func (export "late") (call $host) (call_indirect (i32.const 0))))"#;

/// A call that waits for its import.
fn waiting(store: &mut Store, guest: InstanceId) -> Execution {
    let mut execution = store.begin(guest, "wait", &[], 0).unwrap();
    assert!(matches!(execution.run(store), Ok(Step::HostCall(_))));
    execution
}

fn is_busy(store: &mut Store, guest: InstanceId, export: &str) -> bool {
    matches!(store.invoke(&mut NoImports, guest, export, &[], 0), Err(InvokeError::Busy))
}

fn pointer(store: &mut Store, guest: InstanceId) -> Value {
    store.global(guest, "__stack_pointer").unwrap().unwrap()
}

#[test]
fn the_stack_of_a_guest_that_comes_within_a_call_is_put_back_as_well() {
    let mut store = Store::new();
    let owner = text::guest(&mut store, LEADS, &environment(0));
    let table = store.exported_table(owner, "t").unwrap().unwrap();
    let library = stacked(r#"(import "env" "t" (table 1 funcref))"#, "(elem (i32.const 0) $wait)");
    let mut come = Vec::new();
    let mut serve = |store: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        if call.instance != Some(owner) {
            return Err(HostError::new());
        }
        let offers = environment(0).with_table("env", "t", table);
        let guest = store.instantiate(&mut NoImports, &library, &offers, 0).unwrap();
        come.push(guest);
        // A call that ends within the same host call changes nothing of that.
        assert!(store.invoke(&mut NoImports, guest, "wait", &[], 0).is_err());
        Ok(Values::default())
    };
    for _ in 0..3 {
        assert!(store.invoke(&mut serve, owner, "late", &[], 0).is_err());
    }
    assert_eq!(come.len(), 3);
    for guest in come {
        assert_eq!(pointer(&mut store, guest), Value::I32(512));
    }
}

#[test]
fn a_function_that_may_lead_into_a_stack_is_for_tables_of_its_chain_only() {
    let mut store = Store::new();
    let leads = text::guest(&mut store, LEADS, &environment(0));
    let table = store.exported_table(leads, "t").unwrap().unwrap();
    let memory = store.exported_memory(leads, "memory").unwrap().unwrap();
    let library = stacked(r#"(import "env" "t" (table 1 funcref))"#, "(elem (i32.const 0) $wait)");
    store.instantiate(&mut NoImports, &library, &environment(0).with_table("env", "t", table), 0).unwrap();
    // They share a memory with these and no table.
    let other = LEADS
        .replace("(memory (export \"memory\") 1)", "")
        .replace("(table", "(import \"env\" \"m\" (memory 1)) (table");
    let offers = environment(0).with_memory("env", "m", memory);
    let other = text::guest(&mut store, &other, &offers);
    let plain = r#"(module (import "env" "m" (memory 1)) (func (export "f")))"#;
    let plain = text::guest(&mut store, plain, &offers);
    let elsewhere = store.exported_table(other, "t").unwrap().unwrap();
    let lead = func(&mut store, leads, "lead");
    assert_eq!(store.table_set(elsewhere, 0, lead.into()), Err(TableError::Apart));
    let harmless = func(&mut store, plain, "f");
    assert_eq!(store.table_set(elsewhere, 0, harmless.into()), Ok(()));
}

#[test]
fn whoever_shares_any_table_with_a_chain_is_of_it() {
    let mut store = Store::new();
    let leads = text::guest(&mut store, LEADS, &environment(0));
    let first = store.exported_table(leads, "t").unwrap().unwrap();
    let second = store.create_table(TableType::of_functions(4, None)).unwrap();
    let both = r#"(import "env" "t" (table 1 funcref)) (import "env" "u" (table $u 1 funcref))"#;
    let both = stacked(both, "(elem (table $u) (i32.const 0) func $wait)");
    let offers = environment(0).with_table("env", "t", first).with_table("env", "u", second);
    let library = store.instantiate(&mut NoImports, &both, &offers, 0).unwrap();
    let third = LEADS.replace("(table (export \"t\") 4 funcref)", "(import \"env\" \"u\" (table 1 funcref))");
    let third = third.replace("(import \"env\" \"host\" (func $host)) ", "").replace("(call $host)", "");
    let third = text::guest(&mut store, &third, &offers);
    let execution = waiting(&mut store, library);
    assert!(is_busy(&mut store, leads, "lead") && is_busy(&mut store, third, "lead"));
    drop(execution);
    assert_eq!(pointer(&mut store, library), Value::I32(512));
}

#[test]
fn a_pointer_is_that_of_one_chain() {
    const IMPORTS: &str = r#"(module (import "env" "__stack_pointer" (global $__stack_pointer (mut i32)))
        (import "env" "m" (memory 1)) (func (export "f")) TABLE)"#;
    let mut store = Store::new();
    let leads = text::guest(&mut store, LEADS, &environment(0));
    let table = store.exported_table(leads, "t").unwrap().unwrap();
    let library = stacked(r#"(import "env" "t" (table 1 funcref))"#, "");
    let offers = environment(0).with_table("env", "t", table);
    let library = store.instantiate(&mut NoImports, &library, &offers, 0).unwrap();
    let memory = store.exported_memory(library, "memory").unwrap().unwrap();
    let shared = store.exported_global(library, "__stack_pointer").unwrap().unwrap();
    let offers = offers.with_global("env", "__stack_pointer", shared).with_memory("env", "m", memory);
    // The library joined another chain before.
    let third = text::guest(&mut store, &IMPORTS.replace("TABLE", ""), &offers);
    let execution = waiting(&mut store, library);
    assert!(is_busy(&mut store, third, "f"));
    drop(execution);
    // A table of guests that are apart from it.
    let apart = r#"(module (import "env" "m" (memory 1)) (table (export "t") 4 funcref))"#;
    let apart = text::guest(&mut store, apart, &offers);
    let apart = store.exported_table(apart, "t").unwrap().unwrap();
    let module = text::module(
        &IMPORTS.replace("TABLE", "").replace("(func", "(import \"env\" \"t\" (table 1 funcref)) (func"),
    );
    let refused =
        store.instantiate(&mut NoImports, &module, &offers.clone().with_table("env", "t", apart), 0);
    assert!(matches!(refused, Err(InstantiateError::Apart)), "{refused:?}");
    store.instantiate(&mut NoImports, &module, &offers, 0).unwrap();
}

#[test]
fn a_call_is_under_the_limits_of_the_guest_that_was_called() {
    let mut store = Store::new();
    let text = r#"(module (table (export "t") 1 funcref) (memory 1)
        (func $grow (export "grow") (result i32) (memory.grow (i32.const 1))) (elem (i32.const 0) $grow))"#;
    let limits = InstanceLimits::new().with_memory_pages(1);
    let one_page = text::module(text);
    let one_page = store.instantiate_with(&mut NoImports, &one_page, &Environment::new(), 0, limits).unwrap();
    let table = store.exported_table(one_page, "t").unwrap().unwrap();
    let caller = r#"(module (import "env" "t" (table 1 funcref))
        (func (export "call") (result i32) (call_indirect (result i32) (i32.const 0))))"#;
    let caller = text::module(caller);
    let environment = Environment::new().with_table("env", "t", table);
    let free = store.instantiate(&mut NoImports, &caller, &environment, 0).unwrap();
    let bound = store
        .instantiate_with(
            &mut NoImports,
            &caller,
            &environment,
            0,
            InstanceLimits::new().with_memory_pages(1),
        )
        .unwrap();
    let grow = |store: &mut Store, guest: InstanceId, export: &str| text::call(store, guest, export, &[])[0];
    assert_eq!(grow(&mut store, one_page, "grow"), Value::I32(-1));
    assert_eq!(grow(&mut store, free, "call"), Value::I32(1));
    assert_eq!(grow(&mut store, bound, "call"), Value::I32(2));
    assert_eq!(grow(&mut store, bound, "call"), Value::I32(-1));
    assert_eq!(grow(&mut store, free, "call"), Value::I32(3));
    assert_eq!(store.memory_pages_in_use(), 4);
}

#[test]
fn functions_of_a_guest_whose_start_was_given_up_have_no_imports() {
    let mut store = Store::new();
    let (_, table) = owner(&mut store);
    let text = r#"(module (import "env" "host" (func $host (param i32) (result i32)))
        (import "env" "t" (table 4 funcref)) (elem (i32.const 3) $ask)
        (func $ask (param i32) (result i32) (call $host (local.get 0)))
        (func $start (drop (call $host (i32.const 1)))) (start $start))"#;
    let environment = environment(3).with_table("env", "t", table);
    let module = text::module(text);
    let caller = caller(&mut store, table);
    let mut start = store.begin_instantiate(&module, &environment, 0).unwrap();
    assert!(matches!(start.run(&mut store), Ok(Step::HostCall(_))));
    drop(start);
    // Nothing has been made or torn down since.
    assert_eq!(trap(call(&mut store, caller, 3, 4)), TrapCode::TornDown);
}
