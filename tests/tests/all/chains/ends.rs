//! Calls that end early, in every way, and what is left of their stack then.

use super::{BOTTOM, assert_whole, begin, finish, guest, guest_with, waiting, within};
use guestbox::{
    CallOptions, HostCall, HostError, InstanceLimits, InvokeError, NoImports, Step, Store, TrapCode, Value,
    Values,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Serves an import with an error.
fn fails(_: &mut Store, _: HostCall<'_>) -> Result<Values, HostError> {
    Err(HostError::new())
}

fn answers(_: &mut Store, _: HostCall<'_>) -> Result<Values, HostError> {
    Ok(0.into())
}

#[test]
fn every_end_puts_the_stacks_pointer_back() {
    let mut store = Store::new();
    let guest = guest(&mut store);
    let arg = [Value::I32(1)];
    for _ in 0..100 {
        assert!(store.invoke(&mut fails, guest, "run", &arg, 0).is_err());
        assert_whole(&mut store, guest);
        assert!(store.invoke(&mut answers, guest, "trap", &arg, 0).is_err());
        assert_whole(&mut store, guest);
        assert!(
            store.invoke_with(&mut NoImports, guest, "spin", &arg, CallOptions::new().with_fuel(99)).is_err()
        );
        assert_whole(&mut store, guest);
        waiting(&mut store, guest, 1).cancel(&mut store);
        assert_whole(&mut store, guest);
        let trap = waiting(&mut store, guest, 1).end_with(&mut store, TrapCode::Outlived);
        assert_eq!(trap.code(), TrapCode::Outlived);
        assert_whole(&mut store, guest);
        drop(waiting(&mut store, guest, 1));
        assert_whole(&mut store, guest);
        let mut wrong = waiting(&mut store, guest, 1);
        wrong.answer(Ok(0_i64.into())).unwrap();
        assert!(matches!(wrong.run(&mut store), Ok(Step::Trapped(_))));
        assert_whole(&mut store, guest);
        let mut slow = begin(&mut store, guest, "spin", 1);
        slow.set_fuel(50);
        assert!(matches!(slow.run(&mut store), Ok(Step::OutOfFuel { .. })));
        drop(slow);
        assert_whole(&mut store, guest);
        let panics = |_: &mut Store, _: HostCall<'_>| -> Result<Values, HostError> { panic!("on purpose") };
        let caught = catch_unwind(AssertUnwindSafe(|| store.invoke(&mut { panics }, guest, "run", &arg, 0)));
        assert!(caught.is_err());
        assert_whole(&mut store, guest);
    }
}

#[test]
fn it_is_put_back_to_where_the_call_began_not_to_the_bottom() {
    let mut store = Store::new();
    let guest = guest(&mut store);
    let mut outer = waiting(&mut store, guest, 5);
    within(&mut store, &outer, |store| {
        for _ in 0..3 {
            assert!(store.invoke(&mut fails, guest, "run", &[Value::I32(6)], 0).is_err());
            assert_eq!(store.global(guest, "sp"), Ok(Some(Value::I32(1_008))));
            drop(waiting(store, guest, 7));
        }
    });
    // The last of them was dropped, and the call goes on.
    assert_eq!(finish(&mut store, &mut outer), Value::I32(5));
    assert_whole(&mut store, guest);
}

#[test]
fn where_an_outer_call_is_ended_first_its_place_is_left_when_the_inner_one_ends() {
    for drops in [false, true] {
        let mut store = Store::new();
        let guest = guest(&mut store);
        let mut outer = waiting(&mut store, guest, 1);
        let mut inner = within(&mut store, &outer, |store| waiting(store, guest, 2));
        if drops {
            drop(outer);
        } else {
            outer.cancel(&mut store);
        }
        let other = store.invoke(&mut answers, guest, "run", &[Value::I32(3)], 0);
        assert!(matches!(other, Err(InvokeError::Busy)));
        assert_eq!(finish(&mut store, &mut inner), Value::I32(2));
        assert_whole(&mut store, guest);
    }
}

#[test]
fn many_that_are_dropped_in_any_order_leave_nothing() {
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
        let mut store = Store::new();
        let guest = guest(&mut store);
        let mut calls = vec![Some(waiting(&mut store, guest, 0))];
        for n in 1..4 {
            let last = calls[calls.len() - 1].as_ref().unwrap();
            let nested = within(&mut store, last, |store| waiting(store, guest, n));
            calls.push(Some(nested));
        }
        for at in order {
            calls[at] = None;
        }
        assert_whole(&mut store, guest);
    }
}

#[test]
fn what_uses_the_guest_next_finds_the_pointer_put_back() {
    let mut store = Store::new();
    let guest = guest(&mut store);
    // Its frame is in the memory from now on.
    assert_whole(&mut store, guest);
    let whole = store.snapshot(guest).unwrap();
    drop(waiting(&mut store, guest, 77));
    assert_eq!(store.snapshot(guest).unwrap(), whole);
    drop(waiting(&mut store, guest, 1));
    store.set_global(guest, "sp", Value::I32(512)).unwrap();
    assert_eq!(store.global(guest, "sp"), Ok(Some(Value::I32(512))), "what is set after stays");
    drop(waiting(&mut store, guest, 1));
    store.restore(guest, &whole).unwrap();
    assert_whole(&mut store, guest);
    drop(waiting(&mut store, guest, 1));
    let fork = store.fork(guest, &super::environment()).unwrap();
    assert_eq!(store.global(fork, "sp"), Ok(Some(BOTTOM)));
}

#[test]
fn a_call_may_keep_its_stack() {
    let mut store = Store::new();
    let guest = guest(&mut store);
    let low = Ok(Some(Value::I32(1_008)));
    let options = CallOptions::new().keep_stack();
    assert!(store.invoke_with(&mut fails, guest, "run", &[Value::I32(1)], options).is_err());
    assert_eq!(store.global(guest, "sp"), low);
    // Others begin there, and end there.
    assert!(store.invoke(&mut fails, guest, "run", &[Value::I32(1)], 0).is_err());
    assert_eq!(store.global(guest, "sp"), low);
    let mut execution = begin(&mut store, guest, "run", 1);
    execution.keep_stack();
    assert!(matches!(execution.run(&mut store), Ok(Step::HostCall(_))));
    drop(execution);
    assert_eq!(store.global(guest, "sp"), Ok(Some(Value::I32(992))));
}

#[test]
fn nothing_is_put_back_where_calls_may_overlap() {
    let mut store = Store::new();
    let guest = guest_with(&mut store, InstanceLimits::new().with_overlapping_calls());
    assert!(store.invoke(&mut fails, guest, "run", &[Value::I32(1)], 0).is_err());
    assert_eq!(store.global(guest, "sp"), Ok(Some(Value::I32(1_008))));
}
