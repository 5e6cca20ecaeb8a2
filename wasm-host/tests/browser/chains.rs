//! Chains of calls: what is nested, what is busy, and what an early end leaves of a guest's stack.

use crate::common::{
    Guest, Page, Step,
    keeping::{BOTTOM, FRAME, KEEPS},
    place, refusal,
};
use guestbox::Limits;
use guestbox_wasm_host::Protocol;
use wasm_bindgen_test::wasm_bindgen_test;

/// Asserts that a call is busy, whichever way it is made.
#[track_caller]
fn assert_busy(page: &mut Page, guest: Guest) {
    assert_eq!(page.call(guest, "ping", &[]), Step::Busy);
    let begun = page.try_begin(Protocol::NO_CALL, guest, "ping", &[], Some(1_000));
    assert_eq!(refusal(begun).kind(), ("InvokeError", "busy"));
}

/// Asserts that nothing is under way and the stack is as it was at first.
#[track_caller]
fn assert_whole(page: &mut Page, guest: Guest) {
    assert_eq!(page.stack(guest), BOTTOM);
    assert_eq!(page.results(guest, "ping", &[]), [7]);
}

#[wasm_bindgen_test]
fn a_call_that_is_not_nested_in_the_one_under_way_is_busy() {
    let mut page = Page::new();
    let (guest, other) = (page.guest(KEEPS), page.guest(KEEPS));
    let call = page.suspended(guest, 5);
    assert_busy(&mut page, guest);
    // Also where something else is being served; and the other guest has a chain of its own.
    let serves = page.call(other, "run", &[6]).waiting();
    assert_busy(&mut page, guest);
    assert_eq!(page.results(other, "ping", &[]), [7]);
    assert_eq!(page.answer(serves, &[0]), Step::Finished);
    assert_eq!(page.answer(call, &[0]), Step::Finished);
    assert_eq!(page.take(), [5]);
    assert_whole(&mut page, guest);
    assert_whole(&mut page, other);
}

#[wasm_bindgen_test]
fn a_call_has_its_place_from_the_beginning_until_it_ends() {
    let mut page = Page::new();
    let guest = page.guest(KEEPS);
    let call = page.begin(guest, "spin", &[], 1_000);
    assert_busy(&mut page, guest);
    page.host.set_slice(call, 100);
    assert_eq!(page.step(call), Step::SliceOver { call });
    assert_busy(&mut page, guest);
    page.host.set_slice(call, u64::MAX);
    assert!(matches!(page.step(call), Step::OutOfFuel { .. }));
    assert_busy(&mut page, guest);
    page.host.cancel(call);
    assert_whole(&mut page, guest);
    // Where the call is refused for another reason it takes none.
    assert_eq!(page.call(guest, "memory", &[]), Step::Refused);
    assert_whole(&mut page, guest);
}

#[wasm_bindgen_test]
fn calls_are_nested_while_the_level_is_open() {
    let mut page = Page::new();
    let guest = page.guest(KEEPS);
    let mut calls: Vec<u32> = (1..=10).map(|arg| page.call(guest, "run", &[arg]).waiting()).collect();
    assert_eq!(page.stack(guest), BOTTOM - 10 * FRAME);
    assert_eq!(page.results(guest, "ping", &[]), [7]);
    let begun = page.begin(guest, "run", &[11], 1_000);
    assert!(matches!(page.step(begun), Step::HostCall { .. }));
    assert_eq!(page.answer(begun, &[0]), Step::Finished);
    for arg in (1..=10).rev() {
        assert_eq!(page.answer(calls.pop().unwrap(), &[0]), Step::Finished);
        assert_eq!(page.take(), [arg]);
    }
    assert_whole(&mut page, guest);
}

#[wasm_bindgen_test]
fn the_answer_of_a_call_with_another_nested_in_it_is_refused_and_changes_nothing() {
    for suspended in [false, true] {
        let mut page = Page::new();
        let guest = page.guest(KEEPS);
        let outer = page.call(guest, "run", &[1]).waiting();
        let inner = page.call(guest, "run", &[2]).waiting();
        if suspended {
            page.host.suspend(outer);
        }
        let before = (page.host.fuel(outer), page.host.fuel_used(outer), page.host.fuel(inner));
        for _ in 0..3 {
            assert_eq!(page.answer(outer, &[99]), Step::Busy);
        }
        assert_eq!((page.host.fuel(outer), page.host.fuel_used(outer), page.host.fuel(inner)), before);
        // The levels are as they were.
        if suspended {
            assert_busy(&mut page, guest);
        } else {
            assert_eq!(page.results(guest, "ping", &[]), [7]);
        }
        for (call, arg) in [(inner, 2), (outer, 1)] {
            assert_eq!(page.answer(call, &[0]), Step::Finished);
            assert_eq!(page.take(), [arg]);
        }
        assert_eq!(page.fuel_left() + page.fuel_used(), Limits::FUEL);
        assert_whole(&mut page, guest);
    }
}

#[wasm_bindgen_test]
fn a_call_does_not_go_on_while_another_is_nested_in_it() {
    let mut page = Page::new();
    let guest = page.guest(KEEPS);
    let outer = page.call(guest, "run", &[1]).waiting();
    let inner = page.begin(guest, "spin", &[], 100);
    assert!(matches!(page.step(inner), Step::OutOfFuel { .. }));
    assert_eq!(page.step(outer), Step::Busy);
    assert_eq!(page.answer(outer, &[0]), Step::Busy);
    page.host.cancel(inner);
    assert_eq!(page.stack(guest), BOTTOM - FRAME);
    assert_eq!(page.answer(outer, &[0]), Step::Finished);
    assert_eq!(page.take(), [1]);
    assert_whole(&mut page, guest);
}

#[wasm_bindgen_test]
fn a_call_that_outlives_its_import_traps_and_its_handle_is_free() {
    let mut page = Page::new();
    let guest = page.guest(KEEPS);
    let outer = page.suspended(guest, 1);
    const FUEL: u64 = 300;
    for steps in 0..3 {
        let export = if steps == 2 { "spin" } else { "run" };
        let inner = page.try_begin(outer, guest, export, &[2], Some(FUEL)).unwrap();
        if steps > 0 {
            let step = page.step(inner);
            assert_eq!(matches!(step, Step::OutOfFuel { .. }), steps == 2, "{step:?}");
        }
        let used = page.host.fuel_used(inner);
        assert_eq!(used > 0, steps > 0);
        assert_eq!(page.outlive(inner), Step::trap("outlived"));
        assert_eq!((page.head(0), page.head(2)), (inner.into(), 0), "neither frames nor a message");
        assert_eq!((page.fuel_left(), page.fuel_used()), (FUEL - used, used));
        assert_eq!(page.stack(guest), BOTTOM - FRAME);
        for gone in [page.outlive(inner), page.step(inner), page.answer(inner, &[0])] {
            assert_eq!(gone, Step::Refused);
        }
        // Its place is the next one's, under another handle.
        let next = page.try_begin(outer, guest, "ping", &[], None).unwrap();
        assert_eq!(place(next), place(inner));
        assert_ne!(next, inner);
        assert_eq!(page.step(next), Step::Finished);
    }
    assert_eq!(page.answer(outer, &[0]), Step::Finished);
    assert_eq!(page.take(), [1]);
    assert_whole(&mut page, guest);
}

#[wasm_bindgen_test]
fn a_call_that_outlives_its_import_before_those_nested_in_it_leaves_them_usable() {
    let mut page = Page::new();
    let guest = page.guest(KEEPS);
    let outer = page.call(guest, "run", &[1]).waiting();
    let middle = page.call(guest, "run", &[2]).waiting();
    let inner = page.call(guest, "run", &[3]).waiting();
    assert_eq!(page.outlive(middle), Step::trap("outlived"));
    assert_eq!(page.stack(guest), BOTTOM - 3 * FRAME, "the inner call needs it");
    assert_eq!(page.answer(outer, &[0]), Step::Busy);
    assert_eq!(page.answer(inner, &[0]), Step::Finished);
    assert_eq!(page.take(), [3]);
    assert_eq!(page.stack(guest), BOTTOM - FRAME);
    assert_eq!(page.answer(outer, &[0]), Step::Finished);
    assert_eq!(page.take(), [1]);
    assert_whole(&mut page, guest);
}

#[wasm_bindgen_test]
fn every_early_end_puts_the_stacks_pointer_back_unless_it_is_kept() {
    let mut page = Page::new();
    for keeps in [false, true] {
        let guest = page.guest(KEEPS);
        let mut expected = BOTTOM;
        for (export, ends) in [("run", "cancel"), ("run", "outlive"), ("spin", "cancel"), ("trap", "")] {
            let call = page.begin_keeping(guest, export, &[1], keeps);
            let step = page.step(call);
            assert_eq!(page.stack(guest) == expected - FRAME, step != Step::trap("unreachable") || keeps);
            match ends {
                "cancel" => page.host.cancel(call),
                "outlive" => assert_eq!(page.outlive(call), Step::trap("outlived")),
                _ => assert_eq!(step, Step::trap("unreachable")),
            }
            if keeps {
                expected -= FRAME;
            }
            assert_eq!(page.stack(guest), expected, "after {export}, {ends}");
            assert_eq!(page.results(guest, "ping", &[]), [7]);
        }
        // A call that returns has put it back itself.
        let call = page.begin_keeping(guest, "run", &[5], keeps);
        let _waits = page.step(call).waiting();
        assert_eq!(page.answer(call, &[0]), Step::Finished);
        assert_eq!((page.take(), page.stack(guest)), ([5], expected));
    }
}

#[wasm_bindgen_test]
fn a_cancelled_call_keeps_its_stack_until_those_nested_in_it_end() {
    let mut page = Page::new();
    let guest = page.guest(KEEPS);
    for answers in [false, true] {
        let outer = page.call(guest, "run", &[1]).waiting();
        let inner = page.call(guest, "run", &[2]).waiting();
        page.host.cancel(outer);
        assert_eq!(page.stack(guest), BOTTOM - 2 * FRAME);
        assert_busy(&mut page, guest);
        if answers {
            assert_eq!(page.answer(inner, &[0]), Step::Finished);
            assert_eq!(page.take(), [2]);
        } else {
            page.host.cancel(inner);
        }
        assert_whole(&mut page, guest);
    }
}

#[wasm_bindgen_test]
fn calls_of_guests_without_a_chain_overlap_and_their_stack_is_never_put_back() {
    let mut page = Page::new();
    let first = page.overlapping_guest(KEEPS);
    // What is made of it has none either, or as it is told.
    let fork = page.host.fork(first.instance, &[], &[]).unwrap();
    let snapshot = page.host.snapshot(first.instance).unwrap();
    let mut made =
        |ways| page.host.instantiate_from(first.module, &[], snapshot, None, None, None, ways, &[]).unwrap();
    let (overlapping, strict) = (made(Protocol::OVERLAPS), made(0));
    for instance in [first.instance, fork, overlapping] {
        let guest = Guest { instance, ..first };
        let (one, two) = (page.suspended(guest, 1), page.suspended(guest, 2));
        assert_eq!(page.results(guest, "ping", &[]), [7]);
        assert_eq!(page.answer(one, &[0]), Step::Finished);
        assert_eq!(page.take(), [1]);
        assert_eq!(page.answer(two, &[0]), Step::Finished);
        assert_eq!(page.take(), [2]);
        // That came last, and has left the pointer above its own frame only.
        assert_eq!(page.stack(guest), BOTTOM - FRAME);
        let call = page.suspended(guest, 3);
        page.host.cancel(call);
        assert_eq!(page.stack(guest), BOTTOM - 2 * FRAME);
    }
    let guest = Guest { instance: strict, ..first };
    let call = page.suspended(guest, 1);
    assert_busy(&mut page, guest);
    page.host.cancel(call);
    assert_whole(&mut page, guest);
}
