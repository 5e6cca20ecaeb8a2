//! Calls within each other: whichever ends first, and what the numbers of their host calls say.

use super::{elsewhere, environment, recorded};
use guestbox::{
    Environment, Execution, FuncIndex, InstanceId, InstanceLimits, Limit, Limits, Module, NoImports,
    Replayed, Step, Store, UnparkError, Value,
};
use guestbox_tests::text;

/// A guest whose `run(n)` asks n times.
const GUEST: &str = r#"(module (import "env" "ask" (func $ask (param i32) (result i32)))
    (func (export "run") (param $n i32) (result i32)
      (loop $again (drop (call $ask (local.get $n))) (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (i32.const 9)))"#;

/// A call within those before, which waits for its host call.
fn nested(store: &mut Store, guest: InstanceId, outer: Option<&Execution>) -> Execution {
    let level = outer.map(|outer| store.open_level(&outer.waits_for().unwrap()).unwrap());
    let mut call = store.begin(guest, "run", &[Value::I32(1)], 0).unwrap();
    assert!(matches!(call.run(store), Ok(Step::HostCall(_))));
    level.into_iter().for_each(|level| {
        store.close_level(level);
    });
    call
}

fn finish(call: &mut Execution, store: &mut Store) {
    call.answer(Ok(1.into())).unwrap();
    assert!(matches!(call.run(store), Ok(Step::Finished(_))));
}

/// What becomes of a call.
type End = fn(Execution, &mut Store);

#[test]
fn those_within_one_that_was_given_up_are_parked_with_their_ends() {
    let module = text::module(GUEST);
    let ends: [(&str, End); 3] = [
        ("finishes", |mut call, store| finish(&mut call, store)),
        ("is dropped", |call, _| drop(call)),
        ("is cancelled", |mut call, store| call.cancel(store)),
    ];
    for (how, end) in ends {
        for is_first_dropped in [true, false] {
            let mut store = Store::new();
            let guest = recorded(&mut store, &module);
            let mut first = nested(&mut store, guest, None);
            let mut second = nested(&mut store, guest, Some(&first));
            let third = nested(&mut store, guest, Some(&second));
            if is_first_dropped {
                drop(first);
            } else {
                first.cancel(&mut store);
            }
            end(third, &mut store);
            let parked = store.park(guest).unwrap();
            assert_eq!(parked.waiting().count(), 1, "{how}");
            let mut there = elsewhere(&module, &parked);
            assert_eq!(there.calls.len(), 1, "{how}");
            finish(&mut there.calls[0], &mut there.store);
            finish(&mut second, &mut store);
        }
    }
}

#[test]
fn a_host_call_that_is_not_noted_has_no_number() {
    let module = text::module(GUEST);
    let numbers = |journal_bytes: usize, is_torn_down: bool| {
        let mut limits = Limits::default();
        limits.journal_bytes = journal_bytes;
        let mut store = Store::with_limits(limits);
        let guest = recorded(&mut store, &module);
        let mut call = store.begin(guest, "run", &[Value::I32(12)], 0).unwrap();
        let mut numbers = Vec::new();
        while let Step::HostCall(asked) = call.run(&mut store).unwrap() {
            numbers.push(asked.number);
            if is_torn_down && numbers.len() == 1 {
                store.teardown_instance(guest).unwrap();
            }
            call.answer(Ok(1.into())).unwrap();
        }
        numbers
    };
    assert_eq!(numbers(1 << 20, false), (1..=12).map(Some).collect::<Vec<_>>());
    let full = numbers(60, false);
    let noted = full.iter().position(Option::is_none).unwrap();
    assert!(noted > 0 && full[noted..].iter().all(Option::is_none), "{full:?}");
    assert_eq!(full[..noted], (1..=12).map(Some).collect::<Vec<_>>()[..noted]);
    let torn_down = numbers(1 << 20, true);
    assert_eq!((torn_down[0], torn_down[1..].iter().all(Option::is_none)), (Some(1), true), "{torn_down:?}");
}

#[test]
fn calls_too_deep_for_the_new_home_are_refused_there() {
    let module = text::module(GUEST);
    let mut store = Store::new();
    let guest = recorded(&mut store, &module);
    let first = nested(&mut store, guest, None);
    let second = nested(&mut store, guest, Some(&first));
    let _third = nested(&mut store, guest, Some(&second));
    let parked = store.park(guest).unwrap();
    for (most, is_refused) in [(3, false), (2, true), (1, true)] {
        let limits = InstanceLimits::new().with_nesting(most);
        let mut store = Store::new();
        let became =
            store.unpark(&module, &environment(), &parked, limits).unwrap().run(&mut store, u64::MAX);
        match became {
            Ok(Replayed::Ready { calls, .. }) => assert!(!is_refused && calls.len() == 3, "{most}"),
            Err(UnparkError::Limit(refused)) => {
                assert!(is_refused && refused.limit == Limit::InstanceNesting, "{refused}");
            }
            other => panic!("{other:?}"),
        }
    }
    // One that was ended for being too deep there is, elsewhere too.
    let limits = InstanceLimits::new().with_journal().with_nesting(1);
    let guest = store.instantiate_with(&mut NoImports, &module, &environment(), 0, limits).unwrap();
    let first = nested(&mut store, guest, None);
    let level = store.open_level(&first.waits_for().unwrap()).unwrap();
    let mut refused = store.begin(guest, "run", &[Value::I32(1)], 0).unwrap();
    assert!(matches!(refused.run(&mut store), Ok(Step::Trapped(_))));
    store.close_level(level);
    let parked = store.park(guest).unwrap();
    let mut there = Store::new();
    let became = there.unpark(&module, &environment(), &parked, limits).unwrap().run(&mut there, u64::MAX);
    assert!(matches!(became, Ok(Replayed::Ready { .. })), "{became:?}");
}

#[test]
fn other_constants_are_found_before_anything_is_written() {
    let text = r#"(module (import "env" "m" (memory 1)) (import "env" "g" (global i32)) (import "env" "ask" (func $ask (param i32) (result i32)))
        (func (export "run") (param i32) (result i32) (call $ask (local.get 0))))"#;
    let module: Module = text::module(text);
    let make = |store: &mut Store, constant: i32| {
        let memory = store.create_memory(1, None).unwrap();
        let global = store.create_global(Value::I32(constant), false).unwrap();
        let environment = Environment::new().with_function("env", "ask", FuncIndex(0));
        (memory, environment.with_memory("env", "m", memory).with_global("env", "g", global))
    };
    let mut store = Store::new();
    let (memory, environment) = make(&mut store, 1);
    store.memory_write(memory, 0, b"old").unwrap();
    store.memory_grow(memory, 2).unwrap();
    let limits = InstanceLimits::new().with_journal();
    let guest = store.instantiate_with(&mut NoImports, &module, &environment, 0, limits).unwrap();
    let mut call = store.begin(guest, "run", &[Value::I32(1)], 0).unwrap();
    assert!(matches!(call.run(&mut store), Ok(Step::HostCall(_))));
    let parked = store.park(guest).unwrap();
    let mut there = Store::new();
    let (memory, environment) = make(&mut there, 2);
    there.memory_write(memory, 0, b"precious").unwrap();
    let refused = there.unpark(&module, &environment, &parked, limits);
    assert!(matches!(refused, Err(UnparkError::State)), "{refused:?}");
    assert_eq!(there.memory_to_vec(memory, 0, 8).unwrap(), b"precious");
    assert_eq!(there.memory_size(memory).unwrap(), 1);
}
