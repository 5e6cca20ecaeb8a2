//! Answers that do not fit, executions that have ended, and stores that are not the one.

use super::{HOSTED, finish, host, pause};
use guestbox::{
    Environment, Execution, ExecutionError, FuncIndex, NoImports, Step, Store, TrapCode, Value, Values,
};
use guestbox_tests::text;

fn begin(store: &mut Store) -> Execution {
    let guest = text::guest(store, HOSTED, &host());
    store.begin(guest, "run", &[Value::I32(5)], 0).unwrap()
}

fn trapped(execution: &mut Execution, store: &mut Store) -> TrapCode {
    match execution.run(store) {
        Ok(Step::Trapped(trap)) => trap.code(),
        other => panic!("not trapped: {other:?}"),
    }
}

#[test]
fn an_answer_of_other_types_than_the_import_declares_traps() {
    let values = [Value::I32(1), Value::I64(1), Value::F32(1), Value::F64(1)];
    let names = ["i32", "i64", "f32", "f64"];
    let mut answers = vec![Values::NONE, Values::from(vec![values[0]; 2])];
    answers.extend(values.map(Values::from));
    let mut store = Store::new();
    let mut expect = |results: &[usize]| {
        let declared: Vec<_> = results.iter().map(|at| names[*at]).collect();
        let right: Vec<_> = results.iter().map(|at| values[*at]).collect();
        let text = format!(
            r#"(module (import "env" "host" (func $host (result {0}))) (func (export "ping"))
                 (func (export "run") (result {0}) (call $host)) (export "direct" (func $host)))"#,
            declared.join(" ")
        );
        let guest = text::guest(&mut store, &text, &host());
        for (export, answer) in ["run", "direct"].iter().flat_map(|e| answers.iter().map(move |a| (e, a))) {
            let mut execution = store.begin(guest, export, &[], 0).unwrap();
            pause(&mut execution, &mut store);
            execution.answer(Ok(answer.clone())).unwrap();
            if **answer == *right {
                assert_eq!(*finish(&mut execution, &mut store), right);
            } else {
                assert_eq!(
                    trapped(&mut execution, &mut store),
                    TrapCode::ResultType,
                    "{answer:?} for {text}"
                );
            }
            assert!(text::call(&mut store, guest, "ping", &[]).is_empty());
        }
    };
    expect(&[]);
    for one in 0..4 {
        expect(&[one]);
    }
    expect(&[0, 0]);
    expect(&[0, 1]);
    expect(&[1, 0]);
    expect(&[2, 0, 3]);
}

#[test]
fn an_answer_is_refused_unless_a_host_call_waits() {
    let mut store = Store::new();
    let mut execution = begin(&mut store);
    let not_waiting = Err(ExecutionError::NotWaiting);
    assert_eq!(execution.answer(Ok(1.into())), not_waiting, "not run yet");
    execution.set_fuel(1);
    assert!(matches!(execution.run(&mut store), Ok(Step::OutOfFuel { .. })));
    assert_eq!(execution.answer(Ok(1.into())), not_waiting, "out of fuel");
    execution.set_fuel(1_000);
    pause(&mut execution, &mut store);
    assert_eq!(execution.answer(Ok(1.into())), Ok(()));
    assert_eq!(execution.answer(Ok(2.into())), not_waiting, "answered before");
    assert_eq!(*finish(&mut execution, &mut store), [Value::I32(106)], "by the first answer");
    assert_eq!(execution.answer(Ok(1.into())), not_waiting, "has ended");

    let mut execution = begin(&mut store);
    pause(&mut execution, &mut store);
    assert_eq!(execution.answer(Ok(Values::NONE)), Ok(()));
    assert_eq!(execution.answer(Ok(1.into())), not_waiting, "a wrong answer is an answer too");
    assert_eq!(trapped(&mut execution, &mut store), TrapCode::ResultType);
}

#[test]
fn an_ended_execution_stays_ended() {
    let mut store = Store::new();
    let guest = text::guest(&mut store, HOSTED, &host());
    let mut finished = store.begin(guest, "ping", &[], 0).unwrap();
    assert!(!finished.is_ended());
    assert_eq!(*finish(&mut finished, &mut store), [Value::I32(7)]);
    let mut cancelled = begin(&mut store);
    pause(&mut cancelled, &mut store);
    cancelled.cancel(&mut store);
    let mut failed = begin(&mut store);
    pause(&mut failed, &mut store);
    failed.answer(Ok(Values::NONE)).unwrap();
    assert!(!failed.is_ended(), "the trap is not fetched yet");
    trapped(&mut failed, &mut store);
    let mut unrun = begin(&mut store);
    unrun.cancel(&mut store);
    for mut execution in [finished, cancelled, failed, unrun] {
        assert!(execution.is_ended());
        assert!(matches!(execution.run(&mut store), Err(ExecutionError::Ended)));
        assert!(matches!(execution.run(&mut Store::new()), Err(ExecutionError::Ended)));
        execution.cancel(&mut store);
        let driven = store.drive(&mut NoImports, &mut execution).unwrap_err();
        assert_eq!(driven.code(), TrapCode::Engine);
        assert_eq!(format!("{execution:?}").matches("ended").count(), 1);
    }
}

#[test]
fn another_store_is_refused_and_changes_nothing() {
    let mut store = Store::new();
    // A store with a cell, an instance and an execution of the same numbers.
    let mut other = Store::new();
    let mut execution = begin(&mut store);
    let mut namesake = begin(&mut other);
    assert!(matches!(execution.run(&mut other), Err(ExecutionError::OtherStore)));
    pause(&mut execution, &mut store);
    assert!(matches!(execution.run(&mut other), Err(ExecutionError::OtherStore)));
    execution.cancel(&mut other);
    assert!(!execution.is_ended());
    let driven = other.drive(&mut NoImports, &mut execution).unwrap_err();
    assert_eq!(driven.code(), TrapCode::Engine);
    assert!(!execution.is_ended());
    execution.answer(Ok(1.into())).unwrap();
    assert!(matches!(execution.run(&mut other), Err(ExecutionError::OtherStore)));
    assert_eq!(*finish(&mut execution, &mut store), [Value::I32(106)]);
    pause(&mut namesake, &mut other);
    namesake.answer(Ok(2.into())).unwrap();
    assert_eq!(*finish(&mut namesake, &mut other), [Value::I32(107)]);
}

#[test]
fn a_cell_made_where_a_freed_one_was_is_another() {
    let mut store = Store::new();
    let guest = text::guest(&mut store, HOSTED, &host());
    let mut execution = store.begin(guest, "run", &[Value::I32(5)], 0).unwrap();
    pause(&mut execution, &mut store);
    execution.cancel(&mut store);
    store.teardown_instance(guest).unwrap();
    begin(&mut store);
    assert!(matches!(execution.run(&mut store), Err(ExecutionError::Ended)));
}

#[test]
fn drive_goes_on_from_wherever_the_execution_is() {
    let mut store = Store::new();
    let mut serve = |_: &mut Store, _: guestbox::HostCall<'_>| Ok(1.into());
    for steps in 0..3 {
        let mut execution = begin(&mut store);
        if steps > 0 {
            pause(&mut execution, &mut store);
        }
        if steps > 1 {
            execution.answer(Ok(2.into())).unwrap();
        }
        let results = store.drive(&mut serve, &mut execution).unwrap();
        assert_eq!(*results, [Value::I32(if steps > 1 { 107 } else { 106 })]);
        assert!(execution.is_ended());
    }
}

#[test]
fn a_supervisor_that_panics_leaves_the_store_usable() {
    let mut store = Store::new();
    let guest =
        text::guest(&mut store, HOSTED, &Environment::new().with_function("env", "host", FuncIndex(0)));
    for _ in 0..100 {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut supervisor = |_: &mut Store, _: guestbox::HostCall<'_>| -> Result<Values, _> {
                // Without the message of a panic.
                std::panic::resume_unwind(Box::new("gone"))
            };
            store.invoke(&mut supervisor, guest, "run", &[Value::I32(5)], 0)
        }));
        assert!(outcome.is_err());
    }
    assert_eq!(*text::call(&mut store, guest, "ping", &[]), [Value::I32(7)]);
    let mut execution = store.begin(guest, "run", &[Value::I32(5)], 0).unwrap();
    assert_eq!(execution.fuel(), store.limits().fuel, "an outermost call again");
    pause(&mut execution, &mut store);
    store.teardown_instance(guest).unwrap();
    execution.cancel(&mut store);
    assert_eq!(store.memory_pages_in_use(), 0);
}
