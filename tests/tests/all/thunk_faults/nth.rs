//! Every operation of the supervisor fails at its nth call, for every n, also several at once.

use crate::thunk_faults::{
    Why, World, compile, environment,
    model::{self, Expected, Fault},
};
use guestbox::{
    InstantiateError, InvokeError, Region, Thunk, ThunkError, Value,
    abi::{self, ERR_EXECUTION, ERR_OK},
};
use guestbox_tests::mock::{MockError, MockSupervisor, Operation, Reply};

/// Three host calls, each of which counts.
const THRICE: &str = r#"(module
    (import "env" "inc_counter" (func $inc_counter (param i32) (result i32)))
    (func (export "call") (result i32)
        (drop (call $inc_counter (i32.const 1)))
        (drop (call $inc_counter (i32.const 1)))
        (call $inc_counter (i32.const 1))))"#;

/// Calls of each operation in three host calls.
const CALLS: [(Operation, u32); 5] = [
    (Operation::Allocate, 3),
    (Operation::Deallocate, 6),
    (Operation::Read, 3),
    (Operation::Thunk, 3),
    (Operation::Write, 3),
];

fn all_faults() -> Vec<Fault> {
    CALLS.iter().flat_map(|&(operation, calls)| (1..=calls).map(move |nth| (operation, nth))).collect()
}

/// Runs the three host calls with these faults and says what happened.
fn run(world: &mut World, faults: &[Fault]) -> Expected {
    world.mock.reset();
    *world.mock.counter(9) = 0;
    for &(operation, nth) in faults {
        world.mock.fail(operation, nth);
    }
    let before = world.mock.heap().balance();
    let why = match world.call("call", &[]) {
        Ok(results) => {
            assert_eq!(*results, [Value::I32(3)]);
            None
        }
        Err(InvokeError::Trap(trap)) => Some(Why::of(&trap)),
        Err(error) => panic!("{error}"),
    };
    let calls = Operation::ALL.map(|operation| (operation, world.mock.calls(operation))).into();
    let performed = u32::try_from(*world.mock.counter(9)).unwrap();
    Expected { why, calls, performed, balance: world.mock.heap().balance() - before }
}

#[test]
fn without_a_fault_three_host_calls_are_what_the_counts_say() {
    let outcome = run(&mut World::new(THRICE), &[]);
    assert_eq!(outcome.why, None);
    assert_eq!(outcome.calls, CALLS.into());
    assert_eq!((outcome.performed, outcome.balance), (3, 0));
}

#[test]
fn the_nth_call_of_each_operation_fails_and_the_guest_call_traps() {
    let mut world = World::new(THRICE);
    for (operation, nth) in all_faults() {
        let outcome = run(&mut world, &[(operation, nth)]);
        let (why, host_call) = match operation {
            Operation::Allocate => (Why::Adapter(ThunkError::AllocateArguments), nth),
            Operation::Deallocate if nth % 2 == 1 => {
                (Why::Adapter(ThunkError::DeallocateArguments), nth.div_ceil(2))
            }
            Operation::Deallocate => (Why::Adapter(ThunkError::DeallocateResult), nth / 2),
            Operation::Read => (Why::Adapter(ThunkError::ReadResult), nth),
            Operation::Thunk => (Why::Supervisor(MockError::Injected(Operation::Thunk)), nth),
            Operation::Write => (Why::Adapter(ThunkError::WriteArguments), nth),
        };
        assert_eq!(outcome.why, Some(why), "{operation:?} {nth}");
        // The guest stopped there.
        assert_eq!(outcome.calls[&Operation::Allocate], host_call, "{operation:?} {nth}");
        // Only where the arguments could not be freed is the result left behind, as in the lineage.
        let left = i64::from(operation == Operation::Deallocate && nth % 2 == 1);
        assert_eq!(outcome.balance, left, "{operation:?} {nth}");
        assert_eq!(world.mock.heap().bad_frees(), 0, "{operation:?} {nth}");
        assert_eq!(run(&mut world, &[]).why, None, "after {operation:?} {nth}");
    }
}

#[test]
fn a_fault_after_the_last_call_is_not_met() {
    let mut world = World::new(THRICE);
    for (operation, calls) in CALLS {
        assert_eq!(run(&mut world, &[(operation, calls + 1)]).why, None, "{operation:?}");
        world.assert_balanced();
    }
}

#[test]
fn any_one_two_or_three_faults_do_what_the_eight_steps_say() {
    let mut world = World::new(THRICE);
    let faults = all_faults();
    let mut runs = 0;
    for first in 0..faults.len() {
        for second in first..faults.len() {
            for third in second..faults.len() {
                let faults = [faults[first], faults[second], faults[third]];
                assert_eq!(run(&mut world, &faults), model::expected(3, &faults), "{faults:?}");
                assert_eq!(world.mock.heap().bad_frees(), 0, "{faults:?}");
                runs += 1;
            }
        }
    }
    // Three of 18, the same one several times included: 20 over 3.
    assert_eq!(runs, 1_140);
    assert_eq!(run(&mut world, &[]), model::expected(3, &[]));
}

/// The first host call makes a guest call of its own, which makes a host call.
const NESTED: &str = r#"(module
    (import "env" "other" (func $other (result i32)))
    (import "env" "inc_counter" (func $inc_counter (param i32) (result i32)))
    (func (export "call") (result i32)
        (drop (call $other))
        (call $inc_counter (i32.const 1)))
    (func (export "inner") (result i32) (call $inc_counter (i32.const 1))))"#;

fn nested() -> World {
    let mut world = World::new(NESTED);
    let guest = world.guest.number();
    world.mock.on(10, move |mock, store, call| {
        let result = Region { ptr: 16, len: 10 };
        let code = abi::invoke(store, mock, MockSupervisor::THUNK, guest, b"inner", &[0], result, call.state);
        match code.unwrap() {
            ERR_OK => Ok(Reply::value(0)),
            ERR_EXECUTION => Ok(Reply::host_error()),
            code => panic!("code {code}"),
        }
    });
    world
}

#[test]
fn a_fault_in_a_nested_call_ends_both_and_leaves_nothing_behind() {
    let mut world = nested();
    for (operation, nth) in all_faults() {
        world.mock.reset();
        let before = world.mock.heap().balance();
        world.mock.fail(operation, nth);
        let trap = world.trap("call", &[]);
        // The outer host call comes first at the steps before the thunk, the inner after it.
        let is_inner = match operation {
            Operation::Allocate | Operation::Thunk | Operation::Write => nth == 2,
            Operation::Deallocate => nth <= 2,
            Operation::Read => nth == 1,
        };
        assert_eq!(Why::of(&trap) == Why::HostError, is_inner, "{operation:?} {nth}: {trap}");
        let left = i64::from(operation == Operation::Deallocate && nth % 2 == 1);
        assert_eq!(world.mock.heap().balance() - before, left, "{operation:?} {nth}");
        assert_eq!(world.mock.heap().bad_frees(), 0, "{operation:?} {nth}");
        world.mock.reset();
        world.call("call", &[]).unwrap();
    }
}

#[test]
fn a_fault_while_start_runs_gives_no_instance() {
    let module = compile(
        r#"(module (import "env" "inc_counter" (func $inc_counter (param i32) (result i32)))
            (func $start (drop (call $inc_counter (i32.const 1))))
            (memory 1) (start $start))"#,
    );
    let mut world = World::new(THRICE);
    for (operation, calls) in CALLS {
        for nth in 1..=calls / 3 {
            world.mock.reset();
            let before = world.mock.heap().balance();
            world.mock.fail(operation, nth);
            let mut thunk = Thunk::new(&mut world.mock, MockSupervisor::THUNK);
            let failed = world.store.instantiate(&mut thunk, &module, &environment(), 7);
            let Err(InstantiateError::Start(trap)) = failed else { panic!("{failed:?}") };
            assert_eq!(Some(Why::of(&trap)), model::expected(1, &[(operation, nth)]).why);
            let left = model::expected(1, &[(operation, nth)]).balance;
            assert_eq!(world.mock.heap().balance() - before, left, "{operation:?} {nth}");
            assert_eq!(world.store.memory_pages_in_use(), 0);
        }
    }
    let mut thunk = Thunk::new(&mut world.mock, MockSupervisor::THUNK);
    let guest = world.store.instantiate(&mut thunk, &module, &environment(), 7).unwrap();
    // The first guest has number 0, and no failed one took a number.
    assert_eq!(guest.number(), 1);
}
