//! Fuel: what a call may take, nested calls and start functions included.

use guestbox::{
    Environment, FuncIndex, HostCall, HostError, InstanceId, InstantiateError, InvokeError, Limits,
    NoImports, SharedFuel, Step, Store, Supervisor, TrapCode, Value, Values,
};
use guestbox_tests::text;

/// `burn(n)` takes fuel in proportion to n; `ask(n)` calls the host n times.
const GUEST: &str = r#"(module (import "env" "host" (func $host (param i32) (result i32)))
    (func $burn (export "burn") (param $n i32)
      (loop $l (br_if $l (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0)))))
    (func (export "ask") (param $n i32) (result i32) (local $sum i32)
      (loop $l
        (local.set $sum (i32.add (local.get $sum) (call $host (local.get $n))))
        (br_if $l (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
      (local.get $sum))
    (func (export "for ever") (loop $l (br $l)))
    (func (export "ask for ever") (loop $l (drop (call $host (i32.const 0))) (br $l))))"#;

fn environment() -> Environment {
    Environment::new().with_function("env", "host", FuncIndex(0))
}

fn with_fuel(fuel: u64) -> (Store, InstanceId) {
    let mut limits = Limits::default();
    limits.fuel = fuel;
    let mut store = Store::with_limits(limits);
    let guest = text::guest(&mut store, GUEST, &environment());
    (store, guest)
}

/// The fuel that a call takes, with its trap if there is one.
fn spent<S: Supervisor>(
    store: &mut Store,
    supervisor: &mut S,
    guest: InstanceId,
    export: &str,
    args: &[Value],
) -> (u64, Option<TrapCode>) {
    let mut execution = store.begin(guest, export, args, 0).unwrap();
    let given = execution.fuel();
    let outcome = store.drive(supervisor, &mut execution);
    (given - execution.fuel(), outcome.err().map(|trap| trap.code()))
}

fn burn(store: &mut Store, guest: InstanceId, n: i32) -> Result<Values, InvokeError> {
    store.invoke(&mut NoImports, guest, "burn", &[Value::I32(n)], 0)
}

fn zero(_: &mut Store, _: HostCall<'_>) -> Result<Values, HostError> {
    Ok(0.into())
}

#[test]
fn a_call_has_the_fuel_of_the_limit_and_the_next_one_has_it_again() {
    let (mut store, guest) = with_fuel(10_000);
    for _ in 0..3 {
        let outcome = store.invoke(&mut NoImports, guest, "for ever", &[], 0);
        assert_eq!(text::trap(outcome), TrapCode::OutOfFuel);
        assert!(burn(&mut store, guest, 1_000).is_ok());
        assert!(burn(&mut store, guest, 100_000).is_err());
    }
    let execution = store.begin(guest, "burn", &[Value::I32(1)], 0).unwrap();
    assert_eq!(execution.fuel(), 10_000);
}

#[test]
fn the_same_call_takes_the_same_fuel_and_longer_ones_take_more() {
    let (mut store, guest) = with_fuel(1_000_000);
    let mut fuel = |n: i32| spent(&mut store, &mut NoImports, guest, "burn", &[Value::I32(n)]).0;
    let (once, ten, thousand) = (fuel(1), fuel(10), fuel(1_000));
    assert_eq!((once, ten, thousand), (fuel(1), fuel(10), fuel(1_000)));
    assert_eq!((ten - once) * 111, thousand - once, "so much a round");
    assert!(once > 0);
}

#[test]
fn nested_calls_draw_on_the_outermost_budget() {
    let (mut store, guest) = with_fuel(1_000_000);
    let (alone, _) = spent(&mut store, &mut zero, guest, "ask", &[Value::I32(5)]);
    let (nested, _) = spent(&mut store, &mut NoImports, guest, "burn", &[Value::I32(300)]);
    let mut seen = Vec::new();
    let mut supervisor = |store: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        seen.push(call.fuel);
        let begun = store.begin(guest, "burn", &[Value::I32(300)], 0)?;
        assert_eq!(begun.fuel(), call.fuel, "a nested call may take what is left");
        burn(store, guest, 300)?;
        Ok(0.into())
    };
    let (both, trap) = spent(&mut store, &mut supervisor, guest, "ask", &[Value::I32(5)]);
    assert_eq!((both, trap), (alone + 5 * nested, None));
    assert!(seen.windows(2).all(|pair| pair[0] - pair[1] >= nested), "{seen:?}");
}

#[test]
fn nested_calls_that_trap_have_drawn_what_they_took() {
    let (mut store, guest) = with_fuel(1_000_000);
    let trapping = text::guest(
        &mut store,
        r#"(module (func (export "trap") (local $n i32) (local.set $n (i32.const 500))
             (loop $l (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))) unreachable))"#,
        &Environment::new(),
    );
    let (alone, _) = spent(&mut store, &mut zero, guest, "ask", &[Value::I32(3)]);
    let (nested, trap) = spent(&mut store, &mut NoImports, trapping, "trap", &[]);
    assert_eq!(trap, Some(TrapCode::Unreachable));
    let mut supervisor = |store: &mut Store, _: HostCall<'_>| -> Result<Values, HostError> {
        let outcome = store.invoke(&mut NoImports, trapping, "trap", &[], 0);
        assert_eq!(text::trap(outcome), TrapCode::Unreachable);
        Ok(0.into())
    };
    let (both, trap) = spent(&mut store, &mut supervisor, guest, "ask", &[Value::I32(3)]);
    assert_eq!((both, trap), (alone + 3 * nested, None));
}

#[test]
fn reentry_never_refills() {
    let (mut store, guest) = with_fuel(100_000);
    let (nested, _) = spent(&mut store, &mut NoImports, guest, "burn", &[Value::I32(100)]);
    let mut served = 0;
    let mut supervisor = |store: &mut Store, _: HostCall<'_>| -> Result<Values, HostError> {
        served += 1;
        // Also when the supervisor does not care that it failed.
        let _either = burn(store, guest, 100);
        Ok(0.into())
    };
    let outcome = store.invoke(&mut supervisor, guest, "ask for ever", &[], 0);
    assert_eq!(text::trap(outcome), TrapCode::OutOfFuel);
    let most = 100_000 / nested;
    // The last few calls take what was too little for a nested one.
    assert!(served > most / 2 && served <= most + most / 10, "{served} of {most}");
    assert!(burn(&mut store, guest, 100).is_ok(), "an outermost call has a budget of its own again");
}

/// Calls the guest back, which calls it for ever, and goes on whatever comes of it.
struct Stubborn {
    guest: InstanceId,
    calls: u64,
}

impl Supervisor for Stubborn {
    fn dispatch(&mut self, store: &mut Store, _: HostCall<'_>) -> Result<Values, HostError> {
        self.calls += 1;
        let _ended = store.invoke(self, self.guest, "ask for ever", &[], 0);
        Ok(0.into())
    }
}

#[test]
fn nested_endless_loops_share_one_budget() {
    let (mut store, guest) = with_fuel(50_000);
    let mut supervisor = Stubborn { guest, calls: 0 };
    let outcome = store.invoke(&mut supervisor, guest, "ask for ever", &[], 0);
    assert_eq!(text::trap(outcome), TrapCode::OutOfFuel);
    // Refilled at each of 32 levels this would be 50,000 to the power of 32.
    assert!(supervisor.calls < 50_000, "{}", supervisor.calls);
}

#[test]
fn an_explicit_budget_is_the_nested_calls_own() {
    let (mut store, guest) = with_fuel(100_000);
    let (alone, _) = spent(&mut store, &mut zero, guest, "ask", &[Value::I32(2)]);
    let (nested, _) = spent(&mut store, &mut NoImports, guest, "burn", &[Value::I32(10)]);
    let mut supervisor = |store: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        for (budget, expected) in [(5_000_000, None), (500, Some(TrapCode::OutOfFuel))] {
            let mut execution = store.begin(guest, "burn", &[Value::I32(200_000)], 0)?;
            execution.set_fuel(budget);
            let outcome = store.drive(&mut NoImports, &mut execution);
            assert_eq!(outcome.err().map(|trap| trap.code()), expected);
            assert!(execution.fuel() < budget);
        }
        // Then one without, which draws on what the outermost call had before.
        let begun = store.begin(guest, "burn", &[Value::I32(10)], 0)?;
        assert_eq!(begun.fuel(), call.fuel);
        burn(store, guest, 10)?;
        Ok(0.into())
    };
    let (both, trap) = spent(&mut store, &mut supervisor, guest, "ask", &[Value::I32(2)]);
    assert_eq!((both, trap), (alone + 2 * nested, None));
}

#[test]
fn within_an_explicit_budget_calls_draw_on_that() {
    let (mut store, guest) = with_fuel(1_000_000);
    let mut outer = |store: &mut Store, outermost: HostCall<'_>| -> Result<Values, HostError> {
        let mut execution = store.begin(guest, "ask", &[Value::I32(1)], 0)?;
        execution.set_fuel(3_000);
        let mut inner = |store: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
            assert!(call.fuel < 3_000);
            assert_eq!(text::trap(burn(store, guest, 100_000)), TrapCode::OutOfFuel);
            Ok(0.into())
        };
        let trap = store.drive(&mut inner, &mut execution).map(|_| ());
        assert!(trap.is_ok() || trap.is_err_and(|trap| trap.code() == TrapCode::OutOfFuel));
        assert_eq!(store.begin(guest, "burn", &[Value::I32(1)], 0)?.fuel(), outermost.fuel);
        burn(store, guest, 10_000)?;
        Ok(0.into())
    };
    text::call_with(&mut store, &mut outer, guest, "ask", &[Value::I32(1)]);
}

const STARTING: &str = r#"(module (import "env" "host" (func $host (param i32) (result i32)))
    (start $s) (func $s (local $n i32) (local.set $n (call $host (i32.const 0)))
      (loop $l (br_if $l (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))))"#;

#[test]
fn a_start_function_is_covered() {
    let (mut store, guest) = with_fuel(10_000);
    let module = text::module("(module (memory 1) (start $s) (func $s (loop (br 0))))");
    let execution = store.begin_instantiate(&module, &environment(), 0).unwrap();
    assert_eq!(execution.fuel(), 10_000);
    drop(execution);
    for _ in 0..3 {
        let outcome = store.instantiate(&mut NoImports, &module, &environment(), 0);
        assert_eq!(text::start_trap(outcome), TrapCode::OutOfFuel);
        assert_eq!(store.memory_pages_in_use(), 0);
    }
    assert!(burn(&mut store, guest, 1_000).is_ok());
    // The guest is asked how many rounds it may do: few are enough, more are too much.
    let starting = text::module(STARTING);
    let mut answer = |rounds: i32| {
        let mut supervisor = |_: &mut Store, _: HostCall<'_>| Ok(rounds.into());
        store.instantiate(&mut supervisor, &starting, &environment(), 0)
    };
    assert!(answer(100).is_ok());
    assert_eq!(text::start_trap(answer(100_000)), TrapCode::OutOfFuel);
}

#[test]
fn a_nested_start_function_draws_on_the_outermost_budget() {
    let (mut store, guest) = with_fuel(20_000);
    let starting = text::module(STARTING);
    let mut outcomes = Vec::new();
    let mut supervisor = |store: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        let before = call.fuel;
        let mut rounds = |_: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
            assert!(call.fuel < before);
            Ok(500.into())
        };
        match store.instantiate(&mut rounds, &starting, &environment(), 0) {
            Ok(made) => outcomes.push(made.number()),
            Err(InstantiateError::Start(trap)) => return Err(trap.into()),
            Err(error) => return Err(error.into()),
        }
        Ok(0.into())
    };
    let outcome = store.invoke(&mut supervisor, guest, "ask for ever", &[], 0);
    let Err(InvokeError::Trap(trap)) = outcome else { panic!("{outcome:?}") };
    let reason = trap.reason().unwrap().downcast_ref::<guestbox::Trap>().unwrap();
    assert_eq!(reason.code(), TrapCode::OutOfFuel, "of the start function that was too much");
    assert!(!outcomes.is_empty() && outcomes.len() < 20, "{outcomes:?}");
}

#[test]
fn calls_served_by_hand_share_fuel_by_levels() {
    let (mut store, guest) = with_fuel(100_000);
    let (alone, _) = spent(&mut store, &mut zero, guest, "ask", &[Value::I32(1)]);
    let (nested, _) = spent(&mut store, &mut NoImports, guest, "burn", &[Value::I32(50)]);
    let mut execution = store.begin(guest, "ask", &[Value::I32(1)], 0).unwrap();
    let Ok(Step::HostCall(call)) = execution.run(&mut store) else { panic!("not paused") };
    assert!(!store.is_serving());
    let outer = store.open_level(&call).unwrap();
    assert!(store.is_serving());
    for _ in 0..2 {
        let mut inner = store.begin(guest, "burn", &[Value::I32(50)], 0).unwrap();
        while !inner.is_ended() {
            inner.run(&mut store).unwrap();
        }
        store.draw(&mut inner);
    }
    burn(&mut store, guest, 50).unwrap();
    execution.set_fuel(store.close_level(outer));
    assert!(!store.is_serving());
    execution.answer(Ok(0.into())).unwrap();
    assert!(matches!(execution.run(&mut store), Ok(Step::Finished(_))));
    assert_eq!(100_000 - execution.fuel(), alone + 3 * nested);
}

#[test]
fn a_level_has_what_a_nested_call_left_that_was_given_more() {
    let (mut store, guest) = with_fuel(100_000);
    let (nested, _) = spent(&mut store, &mut NoImports, guest, "burn", &[Value::I32(50)]);
    let mut execution = store.begin(guest, "ask", &[Value::I32(1)], 0).unwrap();
    execution.set_fuel(nested);
    let Ok(Step::HostCall(call)) = execution.run(&mut store) else { panic!("not paused") };
    let at_the_call = call.fuel;
    let outer = store.open_level(&call).unwrap();
    let mut inner = store.begin(guest, "burn", &[Value::I32(50)], 0).unwrap();
    assert!(matches!(inner.run(&mut store), Ok(Step::OutOfFuel { .. })), "the outer call used some");
    inner.add_fuel(70_000);
    assert!(matches!(inner.run(&mut store), Ok(Step::Finished(_))));
    store.draw(&mut inner);
    assert_eq!(store.close_level(outer), at_the_call + 70_000 - nested);
}

#[test]
fn all_the_fuel_there_is_can_be_given() {
    let mut store = Store::with_limits(Limits::unlimited());
    let guest = text::guest(&mut store, GUEST, &environment());
    let mut execution = store.begin(guest, "burn", &[Value::I32(10)], 0).unwrap();
    assert_eq!(execution.fuel(), u64::MAX);
    execution.add_fuel(u64::MAX);
    assert!(store.drive(&mut NoImports, &mut execution).is_ok());
    assert!(u64::MAX - execution.fuel() < 1_000);
}

#[test]
fn calls_that_share_fuel_by_turns_use_what_they_use_alone_and_no_more_than_there_is() {
    let alone = {
        let (mut store, guest) = with_fuel(1_000_000);
        spent(&mut store, &mut NoImports, guest, "burn", &[Value::I32(300)]).0
    };
    let (mut store, guest) = with_fuel(1_000_000);
    let mut outer = store.begin(guest, "ask", &[Value::I32(1)], 0).unwrap();
    let Ok(Step::HostCall(call)) = outer.run(&mut store) else { panic!("not paused") };
    let level = store.open_level(&call).unwrap();
    let others = [(); 2].map(|()| text::guest(&mut store, GUEST, &environment()));
    let mut inner = others.map(|other| {
        let mut execution = store.begin(other, "burn", &[Value::I32(300)], 0).unwrap();
        execution.enter(&mut store).unwrap();
        execution.set_slice(200);
        execution
    });
    store.close_level(level);
    let shared = SharedFuel::of(&outer);
    let (before, used) = (shared.left(), shared.used());
    let parts = [shared.within(), shared.within()];
    let within = parts[0].within();
    let mut turns = 0;
    while inner.iter().any(|execution| !execution.is_ended()) {
        for (execution, part) in inner.iter_mut().zip(&parts).filter(|(execution, _)| !execution.is_ended()) {
            part.lend(execution);
            assert!(matches!(execution.run(&mut store), Ok(Step::SliceOver | Step::Finished(_))));
            part.take_back(execution);
            turns += 1;
        }
        within.charge(10).unwrap();
        within.add(10);
    }
    assert!(turns > 20);
    let charged = within.used();
    assert_eq!((parts[0].used(), parts[1].used()), (alone + charged, alone));
    assert_eq!((shared.used(), shared.left()), (used + 2 * alone + charged, before - 2 * alone));
    // What is charged is of the slice of the call that it is charged to.
    outer.answer(Ok(0.into())).unwrap();
    outer.set_slice(1_000);
    assert!(shared.charge(u64::MAX).is_err());
    shared.lend(&mut outer);
    assert_eq!((outer.fuel(), outer.fuel_used()), (0, 1_000_000 + charged));
    assert!(matches!(outer.run(&mut store), Ok(Step::Finished(_) | Step::OutOfFuel { .. })));
}

#[test]
fn a_long_chain_of_shares_is_let_go_of_on_a_small_stack() {
    let chain = || {
        let (mut store, guest) = with_fuel(1_000);
        let execution = store.begin(guest, "burn", &[Value::I32(1)], 0).unwrap();
        let mut part = SharedFuel::of(&execution);
        for _ in 0..100_000 {
            part = part.within();
        }
        part.charge(3).unwrap();
        drop(part);
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(chain).unwrap().join().unwrap();
}

#[test]
fn a_nested_call_that_is_drawn_refills_nothing() {
    let (mut store, guest) = with_fuel(100_000);
    let (nested, _) = spent(&mut store, &mut NoImports, guest, "burn", &[Value::I32(50)]);
    let mut outer = store.begin(guest, "ask", &[Value::I32(1)], 0).unwrap();
    let Ok(Step::HostCall(call)) = outer.run(&mut store) else { panic!("not paused") };
    let at_the_call = call.fuel;
    let level = store.open_level(&call).unwrap();
    // What is charged and what another nested call uses, between its begin and its end, is not given back.
    let mut inner = store.begin(guest, "burn", &[Value::I32(50)], 0).unwrap();
    store.charge(5_000).unwrap();
    burn(&mut store, guest, 50).unwrap();
    while !inner.is_ended() {
        inner.run(&mut store).unwrap();
    }
    store.draw(&mut inner);
    store.draw(&mut inner);
    assert_eq!(store.fuel_left(), Some(at_the_call - 5_000 - 2 * nested));
    outer.spend_to(store.close_level(level));
    assert_eq!(outer.fuel(), at_the_call - 5_000 - 2 * nested);
}

#[test]
fn fuel_that_is_lent_to_several_is_used_once() {
    let (mut store, guest) = with_fuel(10_000);
    let shared = SharedFuel::of(&store.begin(guest, "burn", &[Value::I32(1)], 0).unwrap());
    let mut calls = [(); 2].map(|()| {
        let guest = text::guest(&mut store, GUEST, &environment());
        let mut execution = store.begin(guest, "burn", &[Value::I32(i32::MAX)], 0).unwrap();
        execution.set_slice(3_000);
        (execution, shared.within())
    });
    for (execution, part) in &mut calls {
        part.lend(execution);
    }
    for (execution, _) in &mut calls {
        assert!(matches!(execution.run(&mut store), Ok(Step::SliceOver)));
    }
    // Meanwhile the supervisor charges one, and adds some.
    calls[0].1.charge(500).unwrap();
    calls[1].1.add(700);
    for (execution, part) in &mut calls {
        execution.add_fuel(1);
        part.take_back(execution);
        part.take_back(execution);
    }
    assert!(shared.used() > 6_000, "{shared:?}");
    assert_eq!(shared.left() + shared.used(), 10_000 + 700 + 2);
}
