//! Calls of a guest that would overlap.

use super::{GUEST, assert_whole, begin, finish, guest, guest_with, waiting, within};
use guestbox::{
    CallOptions, ExecutionError, HostCall, HostError, InstanceLimits, InvokeError, Limits, NoImports,
    SnapshotError, Step, Store, TrapCode, Value, Values, abi,
    wire::{Entry, EnvironmentDefinition, ExternEntity},
};
use guestbox_tests::text;
use parity_scale_codec::Encode;

/// A and B wait, A ends, C and D begin, B ends.
#[test]
fn a_call_that_is_not_nested_is_busy_whichever_way_it_is_made() {
    let mut store = Store::new();
    let guest = guest(&mut store);
    let mut a = waiting(&mut store, guest, 1);
    let mut b = begin(&mut store, guest, "run", 2);
    assert!(matches!(b.run(&mut store), Err(ExecutionError::Busy)));
    assert_eq!(b.enter(&mut store), Err(ExecutionError::Busy));
    let invoked = store.invoke(&mut NoImports, guest, "plain", &[Value::I32(1)], 0);
    let Err(busy @ InvokeError::Busy) = invoked else { panic!("{invoked:?}") };
    assert_eq!(busy.code(), "busy");
    assert!(busy.to_string().contains("within its host call"), "{busy}");
    let options = CallOptions::new();
    let invoked = store.invoke_with(&mut NoImports, guest, "plain", &[Value::I32(1)], options);
    assert!(matches!(invoked, Err(InvokeError::Busy)));
    let trap = store.drive(&mut NoImports, &mut b).unwrap_err();
    assert_eq!(trap.code(), TrapCode::Engine);
    let reason = trap.reason().and_then(|reason| reason.downcast_ref());
    assert_eq!(reason, Some(&ExecutionError::Busy));
    assert!(matches!(store.snapshot(guest), Err(SnapshotError::Busy)));
    // What was busy is as it was: its turn comes.
    assert_eq!(finish(&mut store, &mut a), Value::I32(1));
    assert!(matches!(b.run(&mut store), Ok(Step::HostCall(_))));
    let mut c = begin(&mut store, guest, "run", 3);
    assert!(matches!(c.run(&mut store), Err(ExecutionError::Busy)));
    assert_eq!(finish(&mut store, &mut b), Value::I32(2));
    assert!(matches!(c.run(&mut store), Ok(Step::HostCall(_))));
    assert_eq!(finish(&mut store, &mut c), Value::I32(3));
    assert_whole(&mut store, guest);
}

/// The hazard, for guests whose supervisor says that there is none: B reads what D wrote.
#[test]
fn where_calls_may_overlap_a_guest_with_a_stack_reads_what_others_wrote() {
    let mut store = Store::new();
    let guest = guest_with(&mut store, InstanceLimits::new().with_overlapping_calls());
    let [mut a, mut b] = [1, 2].map(|n| waiting(&mut store, guest, n));
    assert_eq!(finish(&mut store, &mut a), Value::I32(1));
    let [_c, _d] = [3, 4].map(|n| waiting(&mut store, guest, n));
    assert_eq!(finish(&mut store, &mut b), Value::I32(4));
}

#[test]
fn an_execution_that_is_out_of_fuel_or_between_slices_holds_its_guest() {
    let mut store = Store::new();
    let guest = guest(&mut store);
    for slice in [None, Some(10)] {
        let mut held = begin(&mut store, guest, "spin", 0);
        match slice {
            None => held.set_fuel(10),
            Some(slice) => held.set_slice(slice),
        }
        held.run(&mut store).unwrap();
        let other = store.invoke(&mut NoImports, guest, "plain", &[Value::I32(1)], 0);
        assert!(matches!(other, Err(InvokeError::Busy)));
        held.cancel(&mut store);
        assert_whole(&mut store, guest);
    }
    // One that has not run holds nothing, unless it was told to.
    let mut begun = begin(&mut store, guest, "run", 1);
    assert_whole(&mut store, guest);
    begun.enter(&mut store).unwrap();
    begun.enter(&mut store).unwrap();
    let other = store.invoke(&mut NoImports, guest, "plain", &[Value::I32(1)], 0);
    assert!(matches!(other, Err(InvokeError::Busy)));
    drop(begun);
    assert_whole(&mut store, guest);
}

#[test]
fn other_guests_of_the_module_are_not_concerned() {
    let mut store = Store::new();
    let [one, other] = [(); 2].map(|()| guest(&mut store));
    let mut waits = waiting(&mut store, one, 5);
    assert_whole(&mut store, other);
    assert_eq!(finish(&mut store, &mut waits), Value::I32(5));
}

/// Calls its caller back, one less each time.
fn again(store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
    let n = call.args[0].as_i32().unwrap();
    if n > 0 {
        let results = store.invoke(&mut again, call.instance.unwrap(), "run", &[Value::I32(n - 1)], 0)?;
        assert_eq!(*results, [Value::I32(n - 1)]);
    }
    Ok(0.into())
}

#[test]
fn calls_within_a_host_call_are_nested_through_other_guests_too() {
    let mut store = Store::new();
    let [one, other] = [(); 2].map(|()| guest(&mut store));
    assert_eq!(*text::call_with(&mut store, &mut again, one, "run", &[Value::I32(20)]), [Value::I32(20)]);
    let mut to_and_fro = |store: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        let mut back = |store: &mut Store, _: HostCall<'_>| -> Result<Values, HostError> {
            Ok(store.invoke(&mut NoImports, one, "plain", &[Value::I32(1)], 0)?)
        };
        assert_eq!(call.instance, Some(one));
        Ok(store.invoke(&mut back, other, "run", &[Value::I32(9)], 0)?)
    };
    assert_eq!(*text::call_with(&mut store, &mut to_and_fro, one, "run", &[Value::I32(7)]), [Value::I32(7)]);
    assert_whole(&mut store, one);
    assert_whole(&mut store, other);
}

#[test]
fn by_hand_a_call_is_nested_where_the_level_is_open() {
    let mut store = Store::new();
    let guest = guest(&mut store);
    let mut outer = waiting(&mut store, guest, 1);
    let mut inner = within(&mut store, &outer, |store| waiting(store, guest, 2));
    // The level is closed, and the nested call has its place nevertheless.
    let outside = store.invoke(&mut NoImports, guest, "plain", &[Value::I32(1)], 0);
    assert!(matches!(outside, Err(InvokeError::Busy)));
    assert_eq!(outer.answer(Ok(0.into())), Err(ExecutionError::Busy));
    assert!(matches!(outer.run(&mut store), Err(ExecutionError::Busy)));
    assert_eq!(finish(&mut store, &mut inner), Value::I32(2));
    // The same host call once more, much later.
    let plain = within(&mut store, &outer, |store| text::call(store, guest, "plain", &[Value::I32(4)]));
    assert_eq!(*plain, [Value::I32(5)]);
    assert_eq!(finish(&mut store, &mut outer), Value::I32(1));
    assert_whole(&mut store, guest);
}

#[test]
fn nesting_counts_from_where_a_call_was_made_whenever_it_is_driven() {
    let mut limits = Limits::default();
    limits.nesting = 3;
    let mut store = Store::with_limits(limits);
    let guest = guest(&mut store);
    let mut calls = vec![waiting(&mut store, guest, 0)];
    for n in 1..4 {
        let nested = within(&mut store, &calls[calls.len() - 1], |store| waiting(store, guest, n));
        calls.push(nested);
    }
    let Ok(Step::HostCall(call)) = calls[3].run(&mut store) else { panic!("it waits") };
    assert_eq!(store.open_level(&call).unwrap_err().code(), TrapCode::NestingTooDeep);
    for (n, call) in calls.iter_mut().enumerate().rev() {
        assert_eq!(finish(&mut store, call), Value::I32(i32::try_from(n).unwrap()));
    }
}

#[test]
fn a_guest_that_was_torn_down_keeps_its_chain_until_its_call_ends() {
    let mut store = Store::new();
    let guest = guest(&mut store);
    let mut outer = waiting(&mut store, guest, 1);
    let mut inner = within(&mut store, &outer, |store| waiting(store, guest, 2));
    store.teardown_instance(guest).unwrap();
    assert_eq!(outer.answer(Ok(0.into())), Err(ExecutionError::Busy));
    assert_eq!(finish(&mut store, &mut inner), Value::I32(2));
    assert_eq!(finish(&mut store, &mut outer), Value::I32(1));
    assert_eq!(store.memory_pages_in_use(), 0);
}

#[test]
fn the_lineages_guests_have_no_chain_and_nothing_is_put_back() {
    let mut store = Store::new();
    let entry = Entry {
        module_name: b"env".to_vec(),
        field_name: b"wait".to_vec(),
        entity: ExternEntity::Function(0),
    };
    let environment = EnvironmentDefinition { entries: vec![entry] }.encode();
    let mut made = abi::begin_instantiate(&mut store, &text::bytes(GUEST), &environment, 0).unwrap();
    assert!(matches!(made.run(&mut store), Ok(Step::Finished(_))));
    let guest = made.instance().unwrap();
    let [mut one, mut other] = [1, 2].map(|n| waiting(&mut store, guest, n));
    one.cancel(&mut store);
    assert_eq!(finish(&mut store, &mut other), Value::I32(2));
    assert_eq!(store.global(guest, "sp"), Ok(Some(Value::I32(1_008))));
}

#[test]
fn what_a_call_waits_for_can_be_asked_without_running_it() {
    let mut store = Store::new();
    let guest = guest(&mut store);
    let mut outer = begin(&mut store, guest, "run", 5);
    assert!(outer.waits_for().is_none(), "it has not run");
    assert!(matches!(outer.run(&mut store), Ok(Step::HostCall(_))));
    let call = outer.waits_for().unwrap();
    assert_eq!((call.args, call.ordinal, call.instance), (&[Value::I32(5)][..], 0, Some(guest)));
    let level = store.open_level(&call).unwrap();
    let mut inner = begin(&mut store, guest, "spin", 0);
    inner.set_fuel(50);
    assert!(matches!(inner.run(&mut store), Ok(Step::OutOfFuel { .. })));
    assert!(inner.waits_for().is_none(), "it waits for fuel");
    store.close_level(level);
    // Also while another call is nested in it, where it cannot be run.
    assert!(matches!(outer.run(&mut store), Err(ExecutionError::Busy)));
    let level = store.open_level(&outer.waits_for().unwrap()).unwrap();
    store.close_level(level);
    inner.cancel(&mut store);
    assert_eq!(finish(&mut store, &mut outer), Value::I32(5));
    assert!(outer.waits_for().is_none(), "it has ended");
    assert_whole(&mut store, guest);
}
