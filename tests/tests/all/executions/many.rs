//! A thousand executions paused at once.

use super::pause;
use guestbox::{
    Environment, Execution, FuncIndex, InstanceId, InstanceLimits, NoImports, Step, Store, Value,
};
use guestbox_tests::{random::Random, text};

const MANY: i32 = 1_000;

/// Calls its import twice from within a nested function, with values on the stack around the
/// calls, and counts the calls in its memory.
const GUEST: &str = r#"(module (import "env" "host" (func $host (param i32 i64) (result i64)))
    (memory (export "memory") 1)
    (func $twice (param $x i32) (result i64)
      (i64.sub
        (call $host (local.get $x) (i64.const 1))
        (i64.mul (i64.const 3) (call $host (i32.add (local.get $x) (i32.const 1)) (i64.const 2))))
      (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))))
    (func (export "run") (param $x i32) (result i64)
      (i64.add (i64.extend_i32_s (i32.mul (local.get $x) (i32.const 1000))) (call $twice (local.get $x))))
    (func (export "runs") (result i32) (i32.load (i32.const 0))))"#;

fn answer(args: &[Value]) -> i64 {
    let [Value::I32(x), Value::I64(which)] = *args else { panic!("{args:?}") };
    i64::from(x) * i64::from(x) + which
}

fn expected(x: i64) -> i64 {
    x * 1_000 + (x * x + 1) - 3 * ((x + 1) * (x + 1) + 2)
}

/// Steps the executions in random order until all have finished, some of them in fuel slices.
fn resume_in_random_order(store: &mut Store, mut paused: Vec<(i64, Execution)>) {
    let mut random = Random::new(1);
    let mut finished = 0;
    while !paused.is_empty() {
        let at = random.index(paused.len());
        let (x, execution) = &mut paused[at];
        match execution.run(store).unwrap() {
            Step::HostCall(call) => {
                let answer = answer(call.args);
                execution.answer(Ok(answer.into())).unwrap();
                if random.below(4) == 0 {
                    execution.set_fuel(0);
                }
            }
            Step::OutOfFuel { required, .. } => execution.set_fuel(required),
            Step::Finished(results) => {
                assert_eq!(*results, [Value::I64(expected(*x))], "of {x}");
                paused.swap_remove(at);
                finished += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(finished, MANY);
}

fn begin(store: &mut Store, guest: InstanceId, x: i32) -> (i64, Execution) {
    let mut execution = store.begin(guest, "run", &[Value::I32(x)], 0).unwrap();
    assert_eq!(pause(&mut execution, store), [Value::I32(x), Value::I64(1)]);
    (x.into(), execution)
}

fn environment() -> Environment {
    Environment::new().with_function("env", "host", FuncIndex(0))
}

#[test]
fn a_thousand_paused_in_one_instance_finish_in_any_order() {
    let mut store = Store::new();
    let limits = InstanceLimits::new().with_overlapping_calls();
    let module = text::module(GUEST);
    let guest = store.instantiate_with(&mut NoImports, &module, &environment(), 0, limits).unwrap();
    let paused = (0..MANY).map(|x| begin(&mut store, guest, x)).collect();
    resume_in_random_order(&mut store, paused);
    assert_eq!(*text::call(&mut store, guest, "runs", &[]), [Value::I32(MANY)]);
}

#[test]
fn a_thousand_paused_in_an_instance_each_finish_in_any_order() {
    let mut store = Store::new();
    let module = text::module(GUEST);
    let guests: Vec<_> =
        (0..MANY).map(|_| store.instantiate(&mut NoImports, &module, &environment(), 0).unwrap()).collect();
    let paused = (0..).zip(&guests).map(|(x, guest)| begin(&mut store, *guest, x)).collect();
    resume_in_random_order(&mut store, paused);
    for guest in guests {
        assert_eq!(*text::call(&mut store, guest, "runs", &[]), [Value::I32(1)]);
        store.teardown_instance(guest).unwrap();
    }
    assert_eq!(store.memory_pages_in_use(), 0);
}

#[test]
fn a_thousand_paused_and_torn_down_finish_and_leave_nothing() {
    let mut store = Store::new();
    let module = text::module(GUEST);
    let mut paused = Vec::new();
    for x in 0..MANY {
        let guest = store.instantiate(&mut NoImports, &module, &environment(), 0).unwrap();
        paused.push(begin(&mut store, guest, x));
        store.teardown_instance(guest).unwrap();
    }
    drop(module);
    assert_eq!(store.memory_pages_in_use(), 1_000);
    resume_in_random_order(&mut store, paused);
    assert_eq!(store.memory_pages_in_use(), 0);
}
