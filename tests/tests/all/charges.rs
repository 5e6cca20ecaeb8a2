//! What is used is reported, what a supervisor charges is paid, and a call may have its own fuel.

use guestbox::{
    CallOptions, Environment, FuncIndex, HostCall, HostError, InstanceId, InvokeError, Limits, NoImports,
    Step, Store, Trap, TrapCode, Value, Values, costs,
};
use guestbox_tests::text;

/// `burn(n)` takes fuel in proportion to n; `ask(n)` calls the host n times and counts.
const GUEST: &str = r#"(module (import "env" "host" (func $host))
    (global (export "asked") (mut i32) (i32.const 0))
    (func (export "burn") (param $n i32)
      (loop $l (br_if $l (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0)))))
    (func (export "ask") (param $n i32)
      (loop $l
        (call $host)
        (global.set 0 (i32.add (global.get 0) (i32.const 1)))
        (br_if $l (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0)))))
    (func (export "trap") unreachable)
    (func (export "for ever") (loop (br 0))))"#;

const BUDGET: u64 = 100_000;

fn guest() -> (Store, InstanceId) {
    let mut limits = Limits::default();
    limits.fuel = BUDGET;
    let mut store = Store::with_limits(limits);
    let environment = Environment::new().with_function("env", "host", FuncIndex(0));
    let guest = text::guest(&mut store, GUEST, &environment);
    (store, guest)
}

fn nothing(_: &mut Store, _: HostCall<'_>) -> Result<Values, HostError> {
    Ok(().into())
}

fn trap_of(outcome: Result<impl Sized, InvokeError>) -> Trap {
    match outcome {
        Err(InvokeError::Trap(trap)) => trap,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it returned"),
    }
}

fn used(store: &mut Store, guest: InstanceId, export: &str, n: i32) -> u64 {
    let args = [Value::I32(n)];
    store.invoke_with(&mut nothing, guest, export, &args, CallOptions::new()).unwrap().fuel_used
}

fn asked(store: &mut Store, guest: InstanceId) -> i32 {
    store.global(guest, "asked").unwrap().and_then(|value| value.as_i32()).unwrap()
}

#[test]
fn a_call_says_what_it_used() {
    let (mut store, guest) = guest();
    let (once, ten, hundred) = (
        used(&mut store, guest, "burn", 1),
        used(&mut store, guest, "burn", 10),
        used(&mut store, guest, "burn", 100),
    );
    assert_eq!((ten - once) * 11, hundred - once, "so much a round");
    let mut execution = store.begin(guest, "burn", &[Value::I32(10)], 0).unwrap();
    assert_eq!(execution.fuel_used(), 0);
    assert!(matches!(execution.run(&mut store), Ok(Step::Finished(_))));
    assert_eq!((execution.fuel_used(), execution.fuel()), (ten, BUDGET - ten));
}

#[test]
fn a_trap_says_what_was_used_until_then() {
    let (mut store, guest) = guest();
    let trap = trap_of(store.invoke(&mut NoImports, guest, "trap", &[], 0));
    assert_eq!(trap.code(), TrapCode::Unreachable);
    assert!(trap.fuel_used() > 0 && trap.fuel_used() < 100, "{}", trap.fuel_used());
    let trap = trap_of(store.invoke(&mut NoImports, guest, "for ever", &[], 0));
    assert!(trap.fuel_used() > BUDGET - 10 && trap.fuel_used() <= BUDGET, "{}", trap.fuel_used());
    // The host call that fails comes after what was used before it.
    let mut refusing =
        |_: &mut Store, _: HostCall<'_>| -> Result<Values, HostError> { Err(HostError::new()) };
    let trap = trap_of(store.invoke(&mut refusing, guest, "ask", &[Value::I32(1)], 0));
    assert_eq!(trap.code(), TrapCode::HostError);
    let crossings = u64::from(costs::EXPORT_CALL + costs::HOST_CALL);
    assert!(trap.fuel_used() > crossings && trap.fuel_used() < crossings + 100);
    let deep = text::module("(module (func $start (loop (br 0))) (start $start))");
    match store.instantiate(&mut NoImports, &deep, &Environment::new(), 0) {
        Err(guestbox::InstantiateError::Start(trap)) => assert!(trap.fuel_used() > BUDGET - 10),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_with_fuel_of_its_own_has_exactly_that() {
    let (mut store, guest) = guest();
    let needed = used(&mut store, guest, "burn", 500);
    let mut with = |fuel| {
        let options = CallOptions::new().with_fuel(fuel);
        store.invoke_with(&mut NoImports, guest, "burn", &[Value::I32(500)], options)
    };
    assert_eq!(with(needed).unwrap().fuel_used, needed);
    let trap = trap_of(with(needed - 1));
    assert_eq!(trap.code(), TrapCode::OutOfFuel);
    assert!(trap.fuel_used() < needed);
    assert_eq!(with(u64::MAX).unwrap().fuel_used, needed, "more than the limit may be given");
}

#[test]
fn options_carry_the_state() {
    let (mut store, guest) = guest();
    let mut seen = Vec::new();
    let mut supervisor = |_: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        seen.push(call.state);
        Ok(().into())
    };
    let options = CallOptions::new().with_state(0xFFFF_FFFF).with_fuel(10_000);
    store.invoke_with(&mut supervisor, guest, "ask", &[Value::I32(1)], options).unwrap();
    assert_eq!(seen, [0xFFFF_FFFF]);
}

#[test]
fn a_nested_call_with_options_draws_on_the_outer_one_unless_it_has_its_own() {
    for (options, drawn) in [(CallOptions::new(), true), (CallOptions::new().with_fuel(50_000), false)] {
        let (mut store, guest) = guest();
        let nested = used(&mut store, guest, "burn", 100);
        let alone = used(&mut store, guest, "ask", 3);
        let mut supervisor = |store: &mut Store, _: HostCall<'_>| -> Result<Values, HostError> {
            let outcome = store.invoke_with(&mut NoImports, guest, "burn", &[Value::I32(100)], options)?;
            assert_eq!(outcome.fuel_used, nested);
            Ok(().into())
        };
        let outcome = store.invoke_with(&mut supervisor, guest, "ask", &[Value::I32(3)], CallOptions::new());
        let expected = if drawn { alone + 3 * nested } else { alone };
        assert_eq!(outcome.unwrap().fuel_used, expected);
    }
}

#[test]
fn a_charge_is_paid_by_the_guest() {
    let (mut store, guest) = guest();
    let alone = used(&mut store, guest, "ask", 4);
    let mut supervisor = |store: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        assert_eq!(store.fuel_left(), Some(call.fuel));
        store.charge(1_000)?;
        store.charge(0)?;
        assert_eq!(store.fuel_left(), Some(call.fuel - 1_000));
        Ok(().into())
    };
    let outcome = store.invoke_with(&mut supervisor, guest, "ask", &[Value::I32(4)], CallOptions::new());
    assert_eq!(outcome.unwrap().fuel_used, alone + 4_000);
    assert_eq!(store.fuel_left(), None);
    assert_eq!(store.charge(u64::MAX), Ok(()), "nobody is there to be charged");
    assert_eq!(used(&mut store, guest, "ask", 4), alone);
}

#[test]
fn all_of_the_fuel_can_be_charged_and_not_one_more() {
    for more in [0, 1] {
        let (mut store, guest) = guest();
        let mut supervisor = |store: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
            let error = store.charge(call.fuel + more).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), (more > 0).then_some("the guest has less fuel than it is charged"));
            assert_eq!(store.fuel_left(), Some(0));
            // An error that is passed over leaves the guest nothing to go on with once it has done
            // what it paid for before.
            Ok(().into())
        };
        let trap = trap_of(store.invoke(&mut supervisor, guest, "ask", &[Value::I32(9)], 0));
        assert_eq!((trap.code(), trap.fuel_used()), (TrapCode::OutOfFuel, BUDGET));
        assert_eq!(asked(&mut store, guest), 1);
    }
}

#[test]
fn a_guest_that_cannot_pay_is_out_of_fuel() {
    let (mut store, guest) = guest();
    let mut supervisor = |store: &mut Store, _: HostCall<'_>| -> Result<Values, HostError> {
        store.charge(30_000)?;
        Ok(().into())
    };
    let trap = trap_of(store.invoke(&mut supervisor, guest, "ask", &[Value::I32(9)], 0));
    assert_eq!((trap.code(), trap.fuel_used()), (TrapCode::OutOfFuel, BUDGET));
    assert!(trap.reason().is_none());
    assert_eq!(asked(&mut store, guest), 3, "the fourth could not be paid");
}

#[test]
fn a_charge_in_a_nested_call_is_drawn_on_the_outermost() {
    let (mut store, guest) = guest();
    let alone = used(&mut store, guest, "ask", 1);
    let mut outer = |store: &mut Store, _: HostCall<'_>| -> Result<Values, HostError> {
        let mut inner = |store: &mut Store, _: HostCall<'_>| -> Result<Values, HostError> {
            store.charge(5_000)?;
            Ok(().into())
        };
        store.charge(100)?;
        let own = CallOptions::new().with_fuel(5_000);
        let trap = trap_of(store.invoke_with(&mut inner, guest, "ask", &[Value::I32(1)], own));
        assert_eq!((trap.code(), trap.fuel_used()), (TrapCode::OutOfFuel, 5_000), "less by what it used");
        store.invoke(&mut inner, guest, "ask", &[Value::I32(1)], 0)?;
        Ok(().into())
    };
    let outcome = store.invoke_with(&mut outer, guest, "ask", &[Value::I32(1)], CallOptions::new());
    assert_eq!(outcome.unwrap().fuel_used, 2 * alone + 5_100);
}

#[test]
fn by_hand_a_charge_is_on_the_open_level() {
    let (mut store, guest) = guest();
    let mut execution = store.begin(guest, "ask", &[Value::I32(1)], 0).unwrap();
    let Ok(Step::HostCall(call)) = execution.run(&mut store) else { panic!("not paused") };
    let outer = store.open_level(&call).unwrap();
    let before = store.fuel_left().unwrap();
    store.charge(77).unwrap();
    execution.spend_to(store.close_level(outer));
    assert_eq!((execution.fuel(), execution.fuel_used()), (before - 77, BUDGET - before + 77));
    execution.spend_to(u64::MAX);
    assert_eq!(execution.fuel(), before - 77, "it is not refilled so");
}
