//! Fuel: it stops a guest, more of it lets the guest go on, and every count is the native one.

use crate::common::{Guest, Page, Step, limit, refusal, scale};
use guestbox::{
    Limits, Value,
    costs::{EXPORT_CALL, HOST_CALL},
};
use wasm_bindgen_test::wasm_bindgen_test;

/// Some work without and with host calls, and a loop that never ends.
const GUEST: &str = r#"(module
    (import "env" "ask" (func $ask (param i32) (result i32)))
    (func $fib (export "fib") (param i32) (result i32)
        (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
            (then (local.get 0))
            (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func (export "ask") (param i32) (result i32) (i32.add (call $fib (i32.const 5)) (call $ask (local.get 0))))
    (func (export "ask for ever") (loop (drop (call $ask (i32.const 1))) (br 0)))
    (func (export "for ever") (loop (br 0))))"#;

/// The fuel that these calls take natively, by the table of `guestbox::costs`: of 15, 987 calls are
/// of 0 or 1 and take 7 each, the other 986 take 25.
fn fuel_of_fib_15() -> u64 {
    u64::from(EXPORT_CALL) + 987 * 7 + 986 * 25
}

/// Of 5, they are 8 and 7; the call takes 6, and the function and three operators 1.
fn fuel_of_ask() -> u64 {
    u64::from(EXPORT_CALL) + 8 * 7 + 7 * 25 + 6 + u64::from(HOST_CALL) + 4
}

/// The fuel that a finished call took.
fn fuel_of(page: &mut Page, guest: Guest, export: &str, args: &[u64]) -> u64 {
    let mut step = page.call(guest, export, args);
    while let Step::HostCall { call, .. } = step {
        step = page.answer(call, &[1]);
    }
    assert_eq!(step, Step::Finished);
    let (left, used) = (page.fuel_left(), page.fuel_used());
    assert_eq!((left + used).to_string(), limit(&page.host, "fuel").to_string());
    used
}

#[wasm_bindgen_test]
fn calls_take_the_fuel_that_they_take_natively() {
    let mut page = Page::new();
    let guest = page.guest(GUEST);
    for _ in 0..3 {
        assert_eq!(fuel_of(&mut page, guest, "fib", &[15]), fuel_of_fib_15());
        assert_eq!(page.take(), [610]);
        assert_eq!(fuel_of(&mut page, guest, "ask", &[1]), fuel_of_ask());
    }
}

#[wasm_bindgen_test]
fn an_endless_loop_is_stopped_and_after_refuelling_stopped_again() {
    let mut page = Page::new();
    let guest = page.guest(GUEST);
    let call = page.begin(guest, "for ever", &[], 1_000_000);
    for round in 1..=5 {
        let Step::OutOfFuel { call: same, required } = page.step(call) else { panic!("round {round}") };
        assert_eq!(same, call);
        assert!(page.fuel_left() < required);
        assert!(page.fuel_used() + page.fuel_left() == 1_000_000 * round);
        // Without more fuel it stays where it is.
        assert_eq!(page.step(call), Step::OutOfFuel { call, required });
        page.host.add_fuel(call, 1_000_000);
    }
    page.host.cancel(call);
    assert_eq!(page.step(call), Step::Refused);
    assert_eq!(page.results(guest, "fib", &[10]), [55]);
}

#[wasm_bindgen_test]
fn exactly_the_fuel_of_a_call_is_enough_and_less_is_not() {
    let mut page = Page::new();
    let guest = page.guest(GUEST);
    let fuel = fuel_of(&mut page, guest, "fib", &[10]);
    let call = page.begin(guest, "fib", &[10], fuel);
    assert_eq!(page.step(call), Step::Finished);
    assert_eq!((page.fuel_left(), page.fuel_used()), (0, fuel));
    let call = page.begin(guest, "fib", &[10], fuel - 1);
    assert!(matches!(page.step(call), Step::OutOfFuel { .. }));
    page.host.add_fuel(call, 1);
    assert_eq!(page.step(call), Step::Finished);
    assert_eq!(page.take(), [55]);
}

#[wasm_bindgen_test]
fn a_call_in_slices_takes_the_fuel_that_it_takes_in_one() {
    let mut page = Page::new();
    let guest = page.guest(GUEST);
    let whole = fuel_of(&mut page, guest, "fib", &[15]);
    for slice in [100, 997, 5_000] {
        let call = page.begin(guest, "fib", &[15], 0);
        let mut slices = 0;
        while let Step::OutOfFuel { .. } = page.step(call) {
            page.host.add_fuel(call, slice);
            slices += 1;
        }
        assert_eq!(page.take(), [610]);
        assert_eq!(page.fuel_used(), whole, "in {slices} slices of {slice}");
    }
}

#[wasm_bindgen_test]
fn a_nested_call_draws_on_the_outer_one_as_much_as_it_takes_alone() {
    let mut page = Page::new();
    let guest = page.guest(GUEST);
    let outer = fuel_of(&mut page, guest, "ask", &[1]);
    let inner = fuel_of(&mut page, guest, "fib", &[12]);
    let call = page.call(guest, "ask", &[1]).waiting();
    for _ in 0..3 {
        assert_eq!(page.results(guest, "fib", &[12]), [144]);
        assert_eq!(page.fuel_used(), inner);
    }
    // One that makes a host call of its own, two levels down.
    let nested = page.call(guest, "ask", &[1]).waiting();
    assert_eq!(page.results(guest, "fib", &[12]), [144]);
    assert_eq!(page.answer(nested, &[1]), Step::Finished);
    assert_eq!(page.answer(call, &[1]), Step::Finished);
    assert_eq!(page.fuel_used(), 2 * outer + 4 * inner);
    assert_eq!(page.fuel_left(), Limits::FUEL - page.fuel_used());
}

#[wasm_bindgen_test]
fn a_nested_call_that_outlives_the_outer_one_neither_keeps_nor_refills_its_fuel() {
    for suspended in [true, false] {
        let mut page = Page::new();
        let guest = page.overlapping_guest(GUEST);
        let alone = fuel_of(&mut page, guest, "ask", &[1]);
        let fib = fuel_of(&mut page, guest, "fib", &[15]);
        let outer = page.call(guest, "ask", &[1]).waiting();
        let nested = page.call(guest, "ask", &[1]).waiting();
        let used_before = page.fuel_used();
        if suspended {
            page.host.suspend(nested);
        }
        assert_eq!(page.answer(outer, &[1]), Step::Finished);
        assert_eq!(page.fuel_used(), alone + used_before, "what the nested call used is used");
        // It ends within another call, which has used more by then, and gets nothing back.
        let later = page.call(guest, "ask", &[1]).waiting();
        assert_eq!(page.results(guest, "fib", &[15]), [610]);
        assert_eq!(page.answer(nested, &[1]), Step::Finished);
        assert_eq!(page.fuel_used(), alone);
        assert_eq!(page.answer(later, &[1]), Step::Finished);
        assert_eq!(page.fuel_used(), alone + fib, "suspended: {suspended}");
    }
}

#[wasm_bindgen_test]
fn a_nested_call_that_was_given_fuel_draws_on_nothing_else() {
    let mut page = Page::new();
    let guest = page.guest(GUEST);
    let alone = fuel_of(&mut page, guest, "ask", &[1]);
    let outer = page.call(guest, "ask", &[1]).waiting();
    let inner = page.begin(guest, "fib", &[12], 1_000_000);
    assert_eq!(page.step(inner), Step::Finished);
    assert_eq!(page.answer(outer, &[1]), Step::Finished);
    assert_eq!(page.fuel_used(), alone);
}

#[wasm_bindgen_test]
fn calls_nested_in_one_that_waits_share_its_budget() {
    let mut page = Page::with_limits(&[("fuel", 100_000.0)]);
    let guest = page.overlapping_guest(GUEST);
    let (alone, fib) = (fuel_of(&mut page, guest, "ask", &[1]), fuel_of(&mut page, guest, "fib", &[10]));
    let outer = page.call(guest, "ask", &[1]).waiting();
    let nested = page.call(guest, "ask", &[1]).waiting();
    page.host.suspend(nested);
    let endless = page.call(guest, "ask for ever", &[]).waiting();
    page.host.suspend(outer);
    // All of them go on outside of any level, in any order.
    assert_eq!(page.answer(nested, &[1]), Step::Finished);
    assert_eq!(page.fuel_used(), alone, "what it used itself");
    let left = page.host.fuel(outer);
    assert_eq!(
        (left, page.host.fuel(endless)),
        (page.host.fuel(endless), 100_000 - page.host.fuel_used(outer))
    );
    // One that is begun meanwhile is an outermost one.
    assert_eq!(page.results(guest, "fib", &[10]), [55]);
    assert_eq!((page.fuel_used(), page.host.fuel(outer)), (fib, left));
    let mut step = page.answer(endless, &[1]);
    while let Step::HostCall { call, .. } = step {
        step = page.answer(call, &[1]);
    }
    assert!(matches!(step, Step::OutOfFuel { .. }), "{step:?}");
    assert!(page.host.fuel(outer) < u64::from(HOST_CALL) + 20);
    // More for one is more for all of them.
    page.host.add_fuel(endless, 1_000);
    page.host.cancel(endless);
    assert_eq!(page.answer(outer, &[1]), Step::Finished);
    assert!(page.fuel_left() + page.fuel_used() >= 100_000);
}

#[wasm_bindgen_test]
fn a_call_stops_after_each_slice_and_has_fuel_left() {
    let mut page = Page::new();
    let guest = page.guest(GUEST);
    let whole = fuel_of(&mut page, guest, "fib", &[15]);
    for slice in [1, 100, 5_000] {
        let call = page.begin(guest, "fib", &[15], whole);
        page.host.set_slice(call, slice);
        let (mut slices, mut step) = (0, page.step(call));
        while let Step::SliceOver { call } = step {
            assert!(page.fuel_left() > 0);
            step = page.step(call);
            slices += 1;
        }
        assert_eq!(step, Step::Finished);
        assert_eq!((page.fuel_left(), page.fuel_used()), (0, whole));
        assert!(slices >= whole / (slice + 50) - 1, "{slices} slices of {slice}");
    }
}

#[wasm_bindgen_test]
fn a_charge_is_taken_while_the_call_waits() {
    for suspended in [false, true] {
        let mut page = Page::new();
        let guest = page.guest(GUEST);
        let alone = fuel_of(&mut page, guest, "ask", &[1]);
        let call = page.call(guest, "ask", &[1]).waiting();
        if suspended {
            page.host.suspend(call);
        }
        let left = page.host.fuel(call);
        assert!(page.host.charge(call, 1_000));
        assert_eq!(page.host.fuel(call), left - 1_000);
        assert_eq!(page.answer(call, &[1]), Step::Finished);
        assert_eq!(page.fuel_used(), alone + 1_000);
        let call = page.call(guest, "ask for ever", &[]).waiting();
        assert!(!page.host.charge(call, u64::MAX));
        assert_eq!(page.host.fuel_used(call), Limits::FUEL);
        assert!(matches!(page.answer(call, &[1]), Step::OutOfFuel { .. }));
        page.host.cancel(call);
        // Nested, it is taken from both.
        let outer = page.call(guest, "ask", &[1]).waiting();
        let nested = page.call(guest, "ask", &[1]).waiting();
        if suspended {
            page.host.suspend(outer);
        }
        assert!(page.host.charge(nested, 500));
        assert_eq!(page.answer(nested, &[1]), Step::Finished);
        assert_eq!(page.fuel_used(), alone + 500);
        assert_eq!(page.answer(outer, &[1]), Step::Finished);
        assert_eq!(page.fuel_used(), 2 * alone + 500);
    }
}

#[wasm_bindgen_test]
fn re_entry_never_refills() {
    let mut page = Page::with_limits(&[("fuel", 100_000.0)]);
    let guest = page.guest(GUEST);
    let mut step = page.call(guest, "ask for ever", &[]);
    let mut rounds = 0;
    while let Step::HostCall { call, .. } = step {
        match page.call(guest, "fib", &[10]) {
            Step::Finished => {}
            Step::OutOfFuel { call: nested, .. } => page.host.cancel(nested),
            other => panic!("{other:?}"),
        }
        step = page.answer(call, &[1]);
        rounds += 1;
        assert!(rounds < 10_000, "somebody refills");
    }
    assert!(matches!(step, Step::OutOfFuel { .. }), "{step:?}");
    assert!(rounds > 10, "{rounds} rounds");
    assert!(page.fuel_used() <= 100_000);
    page.host.cancel(step.waiting());
    // The next outermost call has all of it again.
    assert_eq!(page.results(guest, "fib", &[10]), [55]);
}

#[wasm_bindgen_test]
fn thunks_share_the_fuel_of_the_call_that_they_serve() {
    let store = scale::store(&[("fuel", 100_000.0)]);
    let guest = crate::common::wasm(GUEST);
    let guest = store
        .instantiate(&scale::unused(), &scale::bytes(&guest), &scale::bytes(&scale::asking()), 0)
        .unwrap();
    let same = store.clone();
    let thunk =
        scale::serve(move |_, _, _| scale::invoke(&same, &scale::unused(), guest, "fib", &[Value::I32(10)]));
    // What the thunk throws where it gets no result is the trap of the nested call.
    let error = refusal(scale::invoke(&store, &thunk, guest, "ask for ever", &[]));
    assert_eq!(error.kind(), ("Trap", "out-of-fuel"));
    let error = refusal(scale::invoke(&store, &scale::unused(), guest, "for ever", &[]));
    assert_eq!(error.kind(), ("Trap", "out-of-fuel"));
    let result = scale::invoke(&store, &scale::unused(), guest, "fib", &[Value::I32(10)]);
    assert_eq!(result.unwrap(), scale::number(55));
}
