//! Calls within a host call whose level was closed, because it is answered later.

use crate::common::{Guest, Page, Step, keeping::KEEPS, refusal};
use guestbox::Limits;
use guestbox_wasm_host::Protocol;
use wasm_bindgen_test::wasm_bindgen_test;

/// The fuel that `run` takes, and that `ping` takes.
fn fuel_alone(page: &mut Page) -> (u64, u64) {
    let guest = page.guest(KEEPS);
    let call = page.call(guest, "run", &[1]).waiting();
    assert_eq!(page.answer(call, &[0]), Step::Finished);
    let run = page.fuel_used();
    assert_eq!(page.results(guest, "ping", &[]), [7]);
    (run, page.fuel_used())
}

/// Asserts that a call within another is busy, whichever way it is made.
#[track_caller]
fn assert_busy_within(page: &mut Page, within: u32, guest: Guest) {
    assert_eq!(page.call_within(within, guest, "ping", &[]), Step::Busy);
    for fuel in [None, Some(1_000)] {
        let begun = page.try_begin(within, guest, "ping", &[], fuel);
        assert_eq!(refusal(begun).kind(), ("InvokeError", "busy"));
    }
}

#[track_caller]
fn finish(page: &mut Page, call: u32, result: u64) {
    assert_eq!(page.answer(call, &[0]), Step::Finished);
    assert_eq!(page.take(), [result]);
}

#[wasm_bindgen_test]
fn calls_are_nested_in_the_one_that_they_name() {
    let mut page = Page::new();
    let guest = page.guest(KEEPS);
    let outer = page.suspended(guest, 1);
    assert_eq!(page.call(guest, "ping", &[]), Step::Busy);
    assert_eq!(page.call_within(outer, guest, "ping", &[]), Step::Finished);
    assert_eq!(page.take(), [7]);
    let begun = page.try_begin(outer, guest, "ping", &[], None).unwrap();
    assert_busy_within(&mut page, outer, guest);
    assert_eq!(page.step(begun), Step::Finished);
    let trapped = page.call_within(outer, guest, "trap", &[]);
    assert_eq!(trapped, Step::trap("unreachable"));
    // One that waits itself: while it is served calls are nested in both, whichever they name.
    let inner = page.call_within(outer, guest, "run", &[2]).waiting();
    assert_eq!(page.results(guest, "ping", &[]), [7]);
    assert_eq!(page.call_within(outer, guest, "ping", &[]), Step::Finished);
    page.host.suspend(inner);
    assert_eq!(page.call(guest, "ping", &[]), Step::Busy);
    assert_busy_within(&mut page, outer, guest);
    let innermost = page.suspended_within(inner, guest, 3);
    for (call, result) in [(innermost, 3), (inner, 2), (outer, 1)] {
        finish(&mut page, call, result);
    }
    assert_eq!(page.results(guest, "ping", &[]), [7]);
    // Each level that was opened again was closed again.
    assert_eq!(page.fuel_left() + page.fuel_used(), Limits::FUEL);
}

#[wasm_bindgen_test]
fn a_level_that_is_open_may_be_named_as_well() {
    let mut page = Page::new();
    let (guest, other) = (page.guest(KEEPS), page.guest(KEEPS));
    let outer = page.call(guest, "run", &[1]).waiting();
    let between = page.call(other, "run", &[2]).waiting();
    let inner = page.call_within(outer, guest, "run", &[3]).waiting();
    for (call, result) in [(inner, 3), (between, 2), (outer, 1)] {
        finish(&mut page, call, result);
    }
}

#[wasm_bindgen_test]
fn a_nested_call_draws_on_the_call_that_it_names_and_counts_as_its_use() {
    let mut page = Page::with_limits(&[("fuel", 10_000.0)]);
    let (run, ping) = fuel_alone(&mut page);
    let (guest, other) = (page.guest(KEEPS), page.guest(KEEPS));
    let outer = page.suspended(guest, 1);
    let own = page.host.fuel_used(outer);
    // By a call, by one that is begun, and by one that waits too, while something else is served.
    assert_eq!(page.call_within(outer, guest, "ping", &[]), Step::Finished);
    assert_eq!((page.fuel_used(), page.fuel_left()), (ping, 10_000 - own - ping));
    let served = page.call(other, "run", &[1]).waiting();
    let begun = page.try_begin(outer, guest, "ping", &[], None).unwrap();
    assert_eq!(page.step(begun), Step::Finished);
    assert_eq!((page.fuel_used(), page.fuel_left()), (ping, 10_000 - own - 2 * ping));
    let inner = page.suspended_within(outer, guest, 2);
    assert_eq!(page.answer(inner, &[0]), Step::Finished);
    assert_eq!((page.fuel_used(), page.fuel_left()), (run, 10_000 - own - 2 * ping - run));
    assert_eq!(page.host.fuel_used(outer), own + 2 * ping + run);
    assert_eq!(page.answer(served, &[0]), Step::Finished);
    assert_eq!((page.fuel_used(), page.fuel_left()), (run, 10_000 - run), "another call's fuel");
    // With fuel of its own it draws on nothing else.
    let given = page.try_begin(outer, guest, "ping", &[], Some(100)).unwrap();
    assert_eq!(page.step(given), Step::Finished);
    assert_eq!((page.fuel_used(), page.fuel_left()), (ping, 100 - ping));
    assert_eq!(page.answer(outer, &[0]), Step::Finished);
    let used = 2 * run + 2 * ping;
    assert_eq!((page.fuel_used(), page.fuel_left()), (used, 10_000 - used));
}

#[wasm_bindgen_test]
fn nested_calls_that_use_up_the_fuel_of_the_outer_one_are_never_refilled() {
    let mut page = Page::with_limits(&[("fuel", 10_000.0)]);
    let guest = page.guest(KEEPS);
    let outer = page.suspended(guest, 1);
    for more in [0, 500, 500] {
        let spinning = page.try_begin(outer, guest, "spin", &[], None).unwrap();
        page.host.add_fuel(spinning, more);
        assert!(matches!(page.step(spinning), Step::OutOfFuel { .. }));
        assert!(page.host.fuel(outer) < 20, "{} left", page.host.fuel(outer));
        page.host.cancel(spinning);
    }
    assert_eq!(page.host.fuel(outer) + page.host.fuel_used(outer), 11_000);
    // What it still has to do is paid for.
    assert_eq!(page.answer(outer, &[0]), Step::Finished);
    assert_eq!((page.take(), page.fuel_left() + page.fuel_used()), ([1], 11_000));
}

#[wasm_bindgen_test]
fn each_call_counts_what_was_used_within_it_and_nothing_else() {
    for ending in ["answer", "outlive", "cancel"] {
        let mut page = Page::new();
        let (run, ping) = fuel_alone(&mut page);
        let guests: [Guest; 4] = core::array::from_fn(|_| page.guest(KEEPS));
        let outer = page.suspended(guests[0], 1);
        let own = page.host.fuel_used(outer);
        let one = page.suspended_within(outer, guests[1], 1);
        // Beside it and within it.
        let two = page.suspended_within(outer, guests[2], 2);
        finish(&mut page, two, 2);
        assert_eq!(page.fuel_used(), run);
        assert_eq!(page.call_within(one, guests[3], "ping", &[]), Step::Finished);
        assert!(page.host.charge(one, 500));
        assert_eq!(page.host.fuel_used(one), own + ping + 500);
        assert_eq!(page.host.fuel_used(outer), 2 * own + run + ping + 500);
        let used = match ending {
            "answer" => {
                assert_eq!(page.answer(one, &[0]), Step::Finished);
                run + ping + 500
            }
            "outlive" => {
                assert_eq!(page.outlive(one), Step::trap("outlived"));
                own + ping + 500
            }
            _ => {
                page.host.cancel(one);
                own + ping + 500
            }
        };
        if ending != "cancel" {
            assert_eq!(page.fuel_used(), used, "{ending}");
        }
        assert_eq!(page.answer(outer, &[0]), Step::Finished);
        assert_eq!(page.fuel_used(), 2 * run + used, "{ending}");
        assert_eq!(page.fuel_left(), Limits::FUEL - page.fuel_used());
    }
}

#[wasm_bindgen_test]
fn nesting_is_counted_from_the_call_around_though_its_level_is_closed() {
    let mut page = Page::with_limits(&[("nesting", 3.0)]);
    let (guest, other) = (page.guest(KEEPS), page.guest(KEEPS));
    for _ in 0..3 {
        let mut calls = vec![page.suspended(guest, 1)];
        for arg in 2..=3 {
            calls.push(page.suspended_within(*calls.last().unwrap(), guest, arg));
        }
        let innermost = *calls.last().unwrap();
        assert_eq!(page.call_within(innermost, guest, "ping", &[]), Step::Finished);
        let too_deep = page.call_within(innermost, guest, "run", &[4]);
        assert_eq!(too_deep, Step::trap("nesting-too-deep"));
        let begun = page.try_begin(innermost, guest, "run", &[4], None).unwrap();
        assert_eq!(page.step(begun), Step::trap("nesting-too-deep"));
        // What is not nested in them has all the depth.
        let beside: Vec<u32> = (0..3).map(|_| page.call(other, "run", &[1]).waiting()).collect();
        for call in beside.into_iter().rev() {
            finish(&mut page, call, 1);
        }
        for arg in (1..=3).rev() {
            finish(&mut page, calls.pop().unwrap(), arg);
        }
    }
}

#[wasm_bindgen_test]
fn a_level_that_cannot_be_opened_again_is_too_deep() {
    let mut page = Page::with_limits(&[("nesting", 2.0)]);
    let (guest, other) = (page.guest(KEEPS), page.guest(KEEPS));
    let outer = page.suspended(guest, 1);
    let open: Vec<u32> = (0..2).map(|_| page.call(other, "run", &[1]).waiting()).collect();
    assert_eq!(page.call_within(outer, guest, "ping", &[]), Step::trap("nesting-too-deep"));
    assert!(page.host.trap_message().unwrap().contains("`nesting` is 2, 3 requested"));
    let begun = page.try_begin(outer, guest, "ping", &[], None);
    assert_eq!(refusal(begun).kind(), ("Trap", "nesting-too-deep"));
    for call in open.into_iter().rev() {
        finish(&mut page, call, 1);
    }
    assert_eq!(page.call_within(outer, guest, "ping", &[]), Step::Finished);
    finish(&mut page, outer, 1);
}

#[wasm_bindgen_test]
fn a_call_that_does_not_wait_is_busy_and_does_not_go_on() {
    let mut page = Page::new();
    let (guest, other) = (page.guest(KEEPS), page.guest(KEEPS));
    // It has not begun to run, it is out of fuel, and its slice is over.
    let call = page.begin(other, "ping", &[], 1_000);
    assert_busy_within(&mut page, call, guest);
    assert_eq!(page.host.fuel_used(call), 0);
    assert_eq!(page.step(call), Step::Finished);
    assert_eq!(page.take(), [7]);
    let call = page.begin(other, "spin", &[], 1_000);
    page.host.set_slice(call, 100);
    for _ in 0..2 {
        let step = page.step(call);
        assert_eq!(page.step(call).waiting(), step.waiting());
        let used = page.host.fuel_used(call);
        assert_busy_within(&mut page, call, guest);
        assert_eq!(page.host.fuel_used(call), used);
        page.host.set_slice(call, u64::MAX);
    }
    page.host.cancel(call);
    // What is gone or never was.
    for gone in [call, 1_000, u32::MAX - 1] {
        assert_busy_within(&mut page, gone, guest);
        assert_busy_within(&mut page, gone, other);
    }
    let overlapping = page.overlapping_guest(KEEPS);
    assert_busy_within(&mut page, call, overlapping);
    for guest in [guest, other, overlapping] {
        assert_eq!(page.results(guest, "ping", &[]), [7]);
    }
}

#[wasm_bindgen_test]
fn other_guests_are_called_within_a_call_also_while_its_own_is_busy() {
    let mut page = Page::new();
    let (guest, other) = (page.guest(KEEPS), page.guest(KEEPS));
    let outer = page.suspended(guest, 1);
    let inner = page.suspended_within(outer, guest, 2);
    let beside = page.suspended_within(outer, other, 3);
    assert_eq!(page.answer(outer, &[0]), Step::Busy);
    for (call, result) in [(inner, 2), (beside, 3), (outer, 1)] {
        finish(&mut page, call, result);
    }
}

#[wasm_bindgen_test]
fn calls_of_a_guest_without_a_chain_are_within_one_for_its_fuel_and_depth() {
    let mut page = Page::with_limits(&[("nesting", 2.0)]);
    let (run, _) = fuel_alone(&mut page);
    let guest = page.overlapping_guest(KEEPS);
    let outer = page.suspended(guest, 1);
    let calls: Vec<u32> = (2..5).map(|arg| page.suspended_within(outer, guest, arg)).collect();
    assert_eq!(page.call_within(calls[0], guest, "run", &[9]), Step::trap("nesting-too-deep"));
    for (call, arg) in calls.into_iter().zip(2..) {
        finish(&mut page, call, arg);
        assert!(page.fuel_used() >= run);
    }
    assert_eq!(page.call_within(Protocol::NO_CALL, guest, "ping", &[]), Step::Finished);
    finish(&mut page, outer, 1);
    assert!(page.fuel_used() > 4 * run);
}
