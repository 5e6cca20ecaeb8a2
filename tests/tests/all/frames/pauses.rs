//! Frames of executions that pause: out of fuel, in slices, in turns with others of the same
//! instance.

use super::{compile, guest, host, names, trap};
use guestbox::{
    CompileOptions, Execution, HostCall, InstanceId, InstanceLimits, Limits, Module, NoImports, Step, Store,
    TrapCode, Value, Values,
};
use guestbox_tests::{random::Random, text};

/// `run(n)` is `n` calls deep when it asks the host, at each level once more on its way back, and
/// adds up what it is told.
const TURNS: &str = r#"(module (import "env" "host" (func $host (param i32) (result i32)))
    (func $even (param $n i32) (result i32)
      (if (i32.eqz (local.get $n)) (then (return (call $host (i32.const 0)))))
      (i32.add (call $odd (i32.sub (local.get $n) (i32.const 1))) (call $host (local.get $n))))
    (func $odd (param $n i32) (result i32)
      (if (i32.eqz (local.get $n)) (then (return (call $host (i32.const 0)))))
      (i32.add (call $even (i32.sub (local.get $n) (i32.const 1))) (call $host (local.get $n))))
    (func $run (export "run") (param i32) (result i32) (call $even (local.get 0)))
    (func $spin (export "spin") (call $step) (loop (br 0))) (func $step (drop (i32.div_s (i32.const 1) (i32.const 2))))
    (func $deep (export "deep") (param i32) (result i32) (call $run (local.get 0))))"#;

/// The frames of `run(n)`, or of another export that calls it, at its host call of `level`.
fn expected(n: i32, level: i32, outer: &[&'static str]) -> Vec<&'static str> {
    let mut frames: Vec<_> =
        (level..=n).map(|level| if (n - level) % 2 == 0 { "even" } else { "odd" }).collect();
    frames.push("run");
    frames.extend(outer);
    frames
}

#[test]
fn a_paused_call_says_where_it_is() {
    let mut store = Store::new();
    let guest = guest(&mut store, TURNS);
    let mut execution = store.begin(guest, "run", &[Value::I32(5)], 0).unwrap();
    assert!(execution.frames().is_empty(), "it has not run");
    for level in 0..=5 {
        assert!(matches!(execution.run(&mut store), Ok(Step::HostCall(_))));
        assert_eq!(names(&execution.frames()), expected(5, level, &[]));
        execution.answer(Ok(1.into())).unwrap();
    }
    assert!(matches!(execution.run(&mut store), Ok(Step::Finished(_))));
    assert!(execution.frames().is_empty());
}

/// A guest whose calls may overlap, as it keeps no stack in its memory.
fn overlapping(store: &mut Store) -> InstanceId {
    let limits = InstanceLimits::new().with_overlapping_calls();
    store.instantiate_with(&mut NoImports, &compile(TURNS), &host(), 0, limits).unwrap()
}

#[test]
fn calls_in_turns_on_one_instance_keep_their_own() {
    let mut store = Store::new();
    let guest = overlapping(&mut store);
    // (execution, n, level of the next host call, outer frames)
    let begin = |store: &mut Store, n: i32| {
        let (export, outer): (_, &[_]) = if n % 3 == 0 { ("deep", &["deep"]) } else { ("run", &[]) };
        (store.begin(guest, export, &[Value::I32(n)], 0).unwrap(), n, 0, outer)
    };
    let mut calls: Vec<(Execution, i32, i32, &[&str])> = (0..12).map(|n| begin(&mut store, n)).collect();
    let mut random = Random::new(7);
    let mut answered = 0;
    while !calls.is_empty() {
        let at = random.index(calls.len());
        let (execution, n, level, outer) = &mut calls[at];
        match execution.run(&mut store).unwrap() {
            Step::HostCall(call) => {
                assert_eq!(*call.args, [Value::I32(*level)]);
                assert_eq!(names(&execution.frames()), expected(*n, *level, outer));
                execution.answer(Ok((*level + 1).into())).unwrap();
                *level += 1;
                answered += 1;
            }
            Step::Finished(results) => {
                assert_eq!(*results, [Value::I32((1..=*n + 1).sum())]);
                calls.swap_remove(at);
            }
            other => panic!("{other:?}"),
        }
        // Others come and go in between.
        if random.below(5) == 0 {
            let trap = trap(&mut store, &mut NoImports, guest, &[3]);
            assert_eq!(names(trap.frames()), expected(3, 0, &[]));
        }
    }
    assert_eq!(answered, (1..=12).sum::<i32>());
}

#[test]
fn slices_change_nothing() {
    let mut store = Store::new();
    let guest = overlapping(&mut store);
    for slice in [1, 7, 50] {
        let mut one = store.begin(guest, "run", &[Value::I32(9)], 0).unwrap();
        let mut two = store.begin(guest, "run", &[Value::I32(4)], 0).unwrap();
        one.set_slice(slice);
        two.set_slice(slice);
        let (mut level_of_one, mut level_of_two) = (0, 0);
        while !one.is_ended() || !two.is_ended() {
            turn(&mut store, &mut one, 9, &mut level_of_one);
            turn(&mut store, &mut two, 4, &mut level_of_two);
        }
        assert_eq!((level_of_one, level_of_two), (10, 5));
    }
}

fn turn(store: &mut Store, execution: &mut Execution, n: i32, level: &mut i32) {
    if execution.is_ended() {
        return;
    }
    if let Step::HostCall(_) = execution.run(store).unwrap() {
        assert_eq!(names(&execution.frames()), expected(n, *level, &[]));
        execution.answer(Ok(1.into())).unwrap();
        *level += 1;
    }
}

#[test]
fn out_of_fuel_says_in_which_loop() {
    let mut store = Store::new();
    let guest = guest(&mut store, TURNS);
    let mut execution = store.begin(guest, "spin", &[], 0).unwrap();
    execution.set_fuel(1_000);
    assert!(matches!(execution.run(&mut store), Ok(Step::OutOfFuel { .. })));
    assert_eq!(names(&execution.frames()), ["spin"]);
    let bytes = text::bytes(TURNS);
    let offset = usize::try_from(execution.frames()[0].offset).unwrap();
    assert_eq!(bytes[offset], 0x03, "a loop");
    let frames = execution.frames();
    let trap = execution.end_with(&mut store, TrapCode::OutOfFuel);
    assert_eq!((trap.code(), trap.frames()), (TrapCode::OutOfFuel, &frames));
    assert!(trap.fuel_used() > 900);
    assert!(execution.frames().is_empty());
    assert_eq!(execution.end_with(&mut store, TrapCode::OutOfFuel).frames().len(), 0, "it has ended");
}

#[test]
fn without_any_fuel_nothing_was_called() {
    let mut store = Store::new();
    let guest = guest(&mut store, TURNS);
    let mut execution = store.begin(guest, "spin", &[], 0).unwrap();
    execution.set_fuel(0);
    let trap = store.drive(&mut NoImports, &mut execution).unwrap_err();
    assert_eq!((trap.code(), trap.frames().len()), (TrapCode::OutOfFuel, 0));
}

#[test]
fn fuel_is_as_without_frames() {
    let used = |options: CompileOptions, slice: u64| {
        let module = Module::with_options(&Limits::default(), &text::bytes(TURNS), options).unwrap();
        let mut store = Store::new();
        let guest = store.instantiate(&mut NoImports, &module, &host(), 0).unwrap();
        let mut execution = store.begin(guest, "run", &[Value::I32(50)], 0).unwrap();
        execution.set_slice(slice);
        let mut supervisor = |_: &mut Store, _: HostCall<'_>| Ok(Values::from(2));
        assert_eq!(*store.drive(&mut supervisor, &mut execution).unwrap(), [Value::I32(102)]);
        execution.fuel_used()
    };
    let (plain, with) = (CompileOptions::new(), CompileOptions::new().with_frames());
    let fuel = used(plain, u64::MAX);
    assert_eq!([used(plain, 13), used(with, u64::MAX), used(with, 13)], [fuel; 3]);
}
