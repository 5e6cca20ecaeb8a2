//! A call in fuel slices does what the same call does in one go, for the same fuel.

use super::host;
use guestbox::{Execution, NoImports, Step, Store, Value, Values};
use guestbox_tests::text;

/// Does a little of everything, so that the fuel runs out before and within each operator.
const EVERYTHING: &str = r#"(module (import "env" "host" (func $host (param i32) (result i32)))
    (memory (export "memory") 1 20) (table $t 4 20 funcref) (elem (i32.const 0) $add $sub)
    (type $op (func (param i64 i64) (result i64)))
    (data $d "sliced") (elem $e func $sub $add)
    (global $g (mut f64) (f64.const 1.5))
    (func $add (type $op) (i64.add (local.get 0) (local.get 1)))
    (func $sub (type $op) (i64.sub (local.get 0) (local.get 1)))
    (func $fib (param i32) (result i32)
      (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
        (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                       (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func $round (param $i i32) (param $sum i64) (result i64)
      (local $x f32)
      (local.set $x (f32.div (f32.convert_i32_s (local.get $i)) (f32.const 3)))
      (global.set $g (f64.sqrt (f64.add (global.get $g) (f64.promote_f32 (local.get $x)))))
      (i64.store (i32.shl (local.get $i) (i32.const 3)) (local.get $sum))
      (memory.copy (i32.const 1024) (i32.const 0) (i32.const 512))
      (memory.fill (i32.const 2048) (local.get $i) (i32.const 3000))
      (memory.init $d (i32.const 4096) (i32.const 0) (i32.const 6))
      (drop (memory.grow (i32.const 1)))
      (table.init $t $e (i32.const 2) (i32.const 0) (i32.const 2))
      (drop (table.grow $t (ref.func $add) (i32.const 1)))
      (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 2))
      (local.set $sum (i64.add (local.get $sum) (i64.load8_u (i32.const 4097))))
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (memory.size))))
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_s (call $fib (i32.const 8)))))
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_s (call $host (local.get $i)))))
      (block $big (block $small
        (br_table $small $small $big (local.get $i)))
        (local.set $sum (i64.xor (local.get $sum) (i64.const 0x5555))))
      (local.set $sum (select (local.get $sum) (i64.rotl (local.get $sum) (i64.const 3))
        (i32.and (local.get $i) (i32.const 1))))
      (call_indirect (type $op) (local.get $sum) (i64.trunc_sat_f64_s (global.get $g))
        (i32.and (local.get $i) (i32.const 3))))
    (func (export "run") (param $rounds i32) (result i64 f64 i32)
      (local $i i32) (local $sum i64)
      (loop $again
        (local.set $sum (call $round (local.get $i) (local.get $sum)))
        (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $rounds))))
      (local.get $sum) (global.get $g) (memory.size)))"#;

/// Runs on no more than `slice` fuel at a time, except where an operator needs more, and says
/// what came out, how much fuel it took and in how many slices.
fn in_slices(mut execution: Execution, store: &mut Store, slice: u64) -> (Values, u64, u32) {
    execution.set_fuel(0);
    let (mut given, mut slices) = (0, 0);
    loop {
        match execution.run(store).unwrap() {
            Step::Finished(results) => return (results, given - execution.fuel(), slices),
            Step::HostCall(call) => {
                let Value::I32(x) = call.args[0] else { panic!("{call:?}") };
                execution.answer(Ok((x * 10).into())).unwrap();
            }
            Step::OutOfFuel { required, .. } => {
                assert!(required > execution.fuel(), "could go on");
                let more = slice.max(required - execution.fuel());
                execution.add_fuel(more);
                given += more;
                slices += 1;
            }
            other => panic!("{other:?}"),
        }
    }
}

fn fresh() -> (Store, Execution) {
    let mut store = Store::new();
    let guest = text::guest(&mut store, EVERYTHING, &host());
    let execution = store.begin(guest, "run", &[Value::I32(12)], 0).unwrap();
    (store, execution)
}

#[test]
fn slices_of_any_size_give_the_same_results_for_the_same_fuel() {
    let (mut store, execution) = fresh();
    let whole = in_slices(execution, &mut store, 1_000_000);
    assert_eq!(whole.2, 1, "in one go");
    assert_eq!(whole.0[2], Value::I32(13), "the memory grew in each round");
    for slice in [1, 2, 3, 7, 50, 333, 1_000, 5_000] {
        let (mut store, execution) = fresh();
        let (results, fuel, slices) = in_slices(execution, &mut store, slice);
        assert_eq!((&results, fuel), (&whole.0, whole.1), "slices of {slice}");
        assert!(u64::from(slices) >= whole.1 / (slice + 1_000), "{slices} slices of {slice}");
    }
}

#[test]
fn the_fuel_that_a_call_takes_is_enough_and_less_is_not() {
    let (mut store, execution) = fresh();
    let (results, fuel, _) = in_slices(execution, &mut store, 1_000_000);
    let mut serve = |_: &mut Store, call: guestbox::HostCall<'_>| {
        let Value::I32(x) = call.args[0] else { panic!("{call:?}") };
        Ok((x * 10).into())
    };
    let (mut store, mut execution) = fresh();
    execution.set_fuel(fuel);
    assert_eq!(store.drive(&mut serve, &mut execution).unwrap(), results);
    assert_eq!(execution.fuel(), 0);
    let (mut store, mut execution) = fresh();
    execution.set_fuel(fuel - 1);
    let trap = store.drive(&mut serve, &mut execution).unwrap_err();
    assert_eq!(trap.code(), guestbox::TrapCode::OutOfFuel);
}

#[test]
fn the_required_fuel_is_what_the_next_operation_takes() {
    let text = r#"(module (memory 1)
        (func (export "fill") (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0))))"#;
    let mut store = Store::new();
    let guest = text::guest(&mut store, text, &host());
    let mut execution = store.begin(guest, "fill", &[Value::I32(65_536)], 0).unwrap();
    execution.set_fuel(100);
    let Ok(Step::OutOfFuel { required, .. }) = execution.run(&mut store) else { panic!("had enough") };
    assert!(required > 100 && required < 65_536, "{required}");
    for less in [required - 1, required - 1] {
        execution.set_fuel(less);
        let Ok(Step::OutOfFuel { required: again, .. }) = execution.run(&mut store) else { panic!() };
        assert_eq!(again, required);
        assert_eq!(execution.fuel(), less, "what is not enough is not taken");
    }
    execution.set_fuel(required);
    assert!(matches!(execution.run(&mut store), Ok(Step::Finished(_))));
    assert_eq!(execution.fuel(), 0);
    let fuel_of = |store: &mut Store, bytes: i32| {
        let mut execution = store.begin(guest, "fill", &[Value::I32(bytes)], 0).unwrap();
        let before = execution.fuel();
        store.drive(&mut NoImports, &mut execution).unwrap();
        before - execution.fuel()
    };
    assert!(fuel_of(&mut store, 65_536) > 10 * fuel_of(&mut store, 64), "bulk operators cost by the byte");
}
