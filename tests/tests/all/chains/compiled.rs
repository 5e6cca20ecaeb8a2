//! A guest that rustc made: its frames are on a stack in its memory.

use guestbox::{
    CallOptions, Environment, Execution, ExecutionError, FuncIndex, HostCall, HostError, InstanceId,
    InstanceLimits, Limits, Module, NoImports, Step, Store, TrapCode, Value, Values,
};
use guestbox_tests::guests::stacked;

const WAIT: FuncIndex = FuncIndex(0);
const FAIL: FuncIndex = FuncIndex(1);

/// How a call of `deep` ends.
const FAILS: i32 = 0;
const SPINS: i32 = 1;
const TRAPS: i32 = 2;
const RETURNS: i32 = 3;

fn serve(_: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
    match call.func {
        WAIT => Ok(0.into()),
        _ => Err(HostError::new()),
    }
}

fn guest(store: &mut Store, limits: InstanceLimits) -> InstanceId {
    let module = Module::with_limits(&Limits::default(), &stacked()).unwrap();
    assert_eq!(module.stack_pointer(), Some(0));
    let environment =
        Environment::new().with_function("env", "wait", WAIT).with_function("env", "fail", FAIL);
    store.instantiate_with(&mut serve, &module, &environment, 0, limits).unwrap()
}

fn keep(store: &mut Store, guest: InstanceId, n: i32) -> Execution {
    let mut execution = store.begin(guest, "keep", &[Value::I32(n)], 0).unwrap();
    execution.enter(store).unwrap();
    assert!(matches!(execution.run(store), Ok(Step::HostCall(_))));
    execution
}

/// The words of its frame that are another's.
fn wrong(store: &mut Store, mut execution: Execution) -> Value {
    execution.answer(Ok(0.into())).unwrap();
    match execution.run(store) {
        Ok(Step::Finished(results)) => results[0],
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_that_overlaps_gets_its_own_value_or_is_busy() {
    let mut store = Store::new();
    let one = guest(&mut store, InstanceLimits::new());
    let a = keep(&mut store, one, 1);
    for n in 2..5 {
        let mut other = store.begin(one, "keep", &[Value::I32(n)], 0).unwrap();
        assert!(matches!(other.run(&mut store), Err(ExecutionError::Busy)));
    }
    assert_eq!(wrong(&mut store, a), Value::I32(0));
    // The hazard itself: all words of B's frame are D's.
    let two = guest(&mut store, InstanceLimits::new().with_overlapping_calls());
    let [a, b] = [1, 2].map(|n| keep(&mut store, two, n));
    assert_eq!(wrong(&mut store, a), Value::I32(0));
    let _others = [3, 4].map(|n| keep(&mut store, two, n));
    assert_eq!(wrong(&mut store, b), Value::I32(64));
}

/// One end of a call with a frame of 64 KiB.
fn end(store: &mut Store, guest: InstanceId, way: usize) {
    let deep = |store: &mut Store, how, fuel| {
        let options = CallOptions::new().with_fuel(fuel);
        store.invoke_with(&mut serve, guest, "deep", &[Value::I32(how)], options).unwrap_err()
    };
    match way {
        0 => drop(deep(store, FAILS, 10_000_000)),
        1 => drop(deep(store, SPINS, 300_000)),
        2 => drop(deep(store, TRAPS, 10_000_000)),
        3 => {
            let mut execution = store.begin(guest, "deep", &[Value::I32(SPINS)], 0).unwrap();
            execution.set_slice(300_000);
            assert!(matches!(execution.run(store), Ok(Step::SliceOver)));
            drop(execution);
        }
        4 => {
            let mut execution = store.begin(guest, "deep", &[Value::I32(SPINS)], 0).unwrap();
            execution.set_fuel(300_000);
            assert!(matches!(execution.run(store), Ok(Step::OutOfFuel { .. })));
            assert_eq!(execution.end_with(store, TrapCode::OutOfFuel).code(), TrapCode::OutOfFuel);
        }
        _ => {
            let mut execution = store.begin(guest, "deep", &[Value::I32(FAILS)], 0).unwrap();
            assert!(matches!(execution.run(store), Ok(Step::HostCall(_))));
            drop(execution);
        }
    }
}

#[test]
fn a_thousand_calls_with_large_frames_end_early_and_the_guest_answers_right_after_each() {
    let mut store = Store::new();
    let guest = guest(&mut store, InstanceLimits::new());
    let arg = [Value::I32(RETURNS)];
    for round in 0..1_000 {
        end(&mut store, guest, round % 6);
        let options = CallOptions::new().with_fuel(100_000_000);
        let answer = store.invoke_with(&mut NoImports, guest, "deep", &arg, options).unwrap();
        assert_eq!(*answer.values, [Value::I32(65_536)], "after the end of round {round}");
        let call = keep(&mut store, guest, 5);
        assert_eq!(wrong(&mut store, call), Value::I32(0));
    }
}

/// What it is without: 1 MiB of stack is used up by 16 frames.
#[test]
fn calls_that_keep_their_stack_use_it_up() {
    let mut store = Store::new();
    let guest = guest(&mut store, InstanceLimits::new());
    let ended = |store: &mut Store| {
        let options = CallOptions::new().keep_stack();
        let error = store.invoke_with(&mut serve, guest, "deep", &[Value::I32(FAILS)], options).unwrap_err();
        match error {
            guestbox::InvokeError::Trap(trap) => trap.code(),
            other => panic!("{other:?}"),
        }
    };
    let codes: Vec<_> = (0..20).map(|_| ended(&mut store)).collect();
    assert_eq!(codes[..15], [TrapCode::HostError; 15]);
    assert_eq!(codes[16..], [TrapCode::MemoryOutOfBounds; 4]);
}
