//! Executions that take turns: slices of the fuel that they have.

use super::host;
use guestbox::{NoImports, Step, Store, Value, costs};
use guestbox_tests::text;

/// `burn(n)` takes fuel in proportion to n, `ask(n)` calls the host n times.
const GUEST: &str = r#"(module (import "env" "host" (func $host (param i32) (result i32)))
    (memory 1)
    (func (export "burn") (param $n i32)
      (loop $l (br_if $l (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0)))))
    (func (export "ask") (param $n i32)
      (loop $l (drop (call $host (i32.const 0)))
        (br_if $l (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0)))))
    (func (export "fill") (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536))))"#;

#[test]
fn a_call_stops_after_each_slice_and_uses_what_it_uses_in_one_go() {
    let mut store = Store::new();
    let guest = text::guest(&mut store, GUEST, &host());
    let mut whole = store.begin(guest, "burn", &[Value::I32(5_000)], 0).unwrap();
    store.drive(&mut NoImports, &mut whole).unwrap();
    for slice in [0, 1, 10, 999, 5_000] {
        let mut execution = store.begin(guest, "burn", &[Value::I32(5_000)], 0).unwrap();
        execution.set_slice(slice);
        let (mut turns, mut before) = (0, 0);
        while let Step::SliceOver = execution.run(&mut store).unwrap() {
            let used = execution.fuel_used() - before;
            let most = if before == 0 { costs::EXPORT_CALL.into() } else { 20 };
            assert!(used <= slice.max(most), "{used} in a slice of {slice}");
            before = execution.fuel_used();
            turns += 1;
        }
        assert!(execution.is_ended());
        assert_eq!((execution.fuel(), execution.fuel_used()), (whole.fuel(), whole.fuel_used()));
        assert!(turns >= whole.fuel_used() / slice.max(20) - 1, "{turns} turns of {slice}");
    }
}

#[test]
fn a_slice_is_no_fuel() {
    let mut store = Store::new();
    let guest = text::guest(&mut store, GUEST, &host());
    let mut execution = store.begin(guest, "burn", &[Value::I32(100_000)], 0).unwrap();
    execution.set_fuel(1_000);
    execution.set_slice(300);
    for _ in 0..3 {
        assert!(matches!(execution.run(&mut store), Ok(Step::SliceOver)));
        assert!(execution.fuel() > 0);
    }
    for _ in 0..2 {
        assert!(matches!(execution.run(&mut store), Ok(Step::OutOfFuel { .. })));
    }
    execution.add_fuel(1_000);
    assert!(matches!(execution.run(&mut store), Ok(Step::SliceOver)));
    execution.set_slice(u64::MAX);
    execution.add_fuel(10_000_000);
    assert!(matches!(execution.run(&mut store), Ok(Step::Finished(_))));
}

#[test]
fn an_operation_that_takes_more_than_a_slice_gets_one_of_its_size() {
    let mut store = Store::new();
    let guest = text::guest(&mut store, GUEST, &host());
    let mut execution = store.begin(guest, "fill", &[], 0).unwrap();
    execution.set_slice(10);
    let mut turns = 0;
    while let Step::SliceOver = execution.run(&mut store).unwrap() {
        turns += 1;
    }
    assert!(execution.is_ended() && turns < 5, "{turns}");
    assert!(execution.fuel_used() > 1_000);
}

#[test]
fn host_calls_neither_begin_nor_prolong_a_slice() {
    let mut store = Store::new();
    let guest = text::guest(&mut store, GUEST, &host());
    let mut execution = store.begin(guest, "ask", &[Value::I32(1_000)], 0).unwrap();
    execution.set_slice(500);
    let (mut turns, mut asked) = (0, 0);
    loop {
        match execution.run(&mut store).unwrap() {
            Step::HostCall(_) => {
                execution.answer(Ok(0.into())).unwrap();
                asked += 1;
            }
            Step::SliceOver => turns += 1,
            Step::Finished(_) => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(asked, 1_000);
    assert!(turns >= execution.fuel_used() / 520, "{turns} turns");
    // What a nested call uses is of the slice too: a turn ends right after it.
    let mut execution = store.begin(guest, "ask", &[Value::I32(2)], 0).unwrap();
    execution.set_slice(1_000);
    let Ok(Step::HostCall(call)) = execution.run(&mut store) else { panic!("not paused") };
    let outer = store.open_level(&call).unwrap();
    store.invoke(&mut NoImports, guest, "burn", &[Value::I32(5_000)], 0).unwrap();
    execution.spend_to(store.close_level(outer));
    execution.answer(Ok(0.into())).unwrap();
    assert!(matches!(execution.run(&mut store), Ok(Step::SliceOver)));
}

#[test]
fn driving_goes_through_all_slices() {
    let mut store = Store::new();
    let guest = text::guest(&mut store, GUEST, &host());
    let mut execution = store.begin(guest, "burn", &[Value::I32(50_000)], 0).unwrap();
    execution.set_slice(100);
    store.drive(&mut NoImports, &mut execution).unwrap();
    assert!(execution.fuel_used() > 10_000);
}
