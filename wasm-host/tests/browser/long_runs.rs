//! Much of one thing: rounds, host calls, frames, instances.
//!
//! The engine is optimised in every profile, so these take a second or less each; where it is
//! not, the runner's time limit ends them.

use crate::common::{Guest, KEEPS_MEMORY, Page, Step, assert_not_grown, own_memory_bytes};
use guestbox::{Limits, Number, ReturnValue, Value};
use guestbox_wasm_host::Protocol;
use wasm_bindgen_test::wasm_bindgen_test;

/// Fuel enough for anything here.
const PLENTY: u64 = 1 << 40;

const PING: &str = r#"(func (export "ping") (result i32) (i32.const 7))"#;

#[wasm_bindgen_test]
fn a_loop_of_twenty_million_rounds_ends() {
    let mut page = Page::new();
    let guest = page.guest(
        r#"(module (func (export "count") (param $to i64) (result i64) (local $at i64)
            (loop $again
                (local.set $at (i64.add (local.get $at) (i64.const 1)))
                (br_if $again (i64.lt_u (local.get $at) (local.get $to))))
            (local.get $at)))"#,
    );
    let call = page.begin(guest, "count", &[20_000_000], PLENTY);
    assert_eq!(page.step(call), Step::Finished);
    assert_eq!(page.take(), [20_000_000]);
    assert!(page.fuel_used() > 20_000_000, "each round costs fuel");
}

/// Asks the supervisor for the next number, so often.
const ASKING_OFTEN: &str = r#"(module (import "env" "ask" (func $next (param i32) (result i32)))
    (func (export "run") (param $rounds i32) (result i32) (local $number i32)
        (loop $again
            (local.set $number (call $next (local.get $number)))
            (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
            (br_if $again (local.get $rounds)))
        (local.get $number)))"#;

#[wasm_bindgen_test]
fn a_call_makes_a_hundred_thousand_host_calls() {
    const ROUNDS: u64 = 100_000;
    let mut page = Page::new();
    let guest = page.guest(ASKING_OFTEN);
    let mut step = page.call(guest, "run", &[ROUNDS]);
    let mut before = 0;
    for round in 0..ROUNDS {
        let Step::HostCall { call, function: 0, .. } = step else { panic!("{step:?} in round {round}") };
        assert_eq!(page.take(), [round]);
        step = page.answer(call, &[round + 1]);
        if round == 100 {
            before = own_memory_bytes();
        }
    }
    assert_eq!(step, Step::Finished);
    assert_eq!(page.take(), [ROUNDS]);
    assert_not_grown(before);
}

#[wasm_bindgen_test]
fn a_thunk_is_called_a_hundred_thousand_times_in_one_call() {
    const ROUNDS: i32 = 100_000;
    let store = crate::common::scale::store(&[]);
    let guest = crate::common::wasm(ASKING_OFTEN);
    let guest = store
        .instantiate(
            &crate::common::scale::unused(),
            &crate::common::scale::bytes(&guest),
            &crate::common::scale::bytes(&crate::common::scale::asking()),
            0,
        )
        .unwrap();
    // The same number plus one, without a detour over Rust: both are SCALE-encoded 32-bit numbers.
    let next = crate::common::scale::thunk(
        "const result = new Uint8Array(7), next = new DataView(args.buffer, args.byteOffset).getInt32(2, true) + 1;
         result[1] = 1;
         new DataView(result.buffer).setInt32(3, next, true);
         return result;",
    );
    let result = crate::common::scale::invoke(&store, &next, guest, "run", &[Value::I32(ROUNDS)]);
    assert_eq!(result.unwrap(), ReturnValue::Value(Number::I32(ROUNDS)));
}

/// Recursions without an end. The number of frames ends the first and the last, the engine's
/// value stack the second.
fn recursions() -> [String; 3] {
    let locals = "i64 ".repeat(64);
    [
        r#"(func $run (export "run") (param i32) (result i32)
            (i32.add (call $run (local.get 0)) (i32.const 1)))"#
            .to_owned(),
        format!(
            r#"(func $run (export "run") (param i32) (result i32) (local {locals})
                (i32.add (call $run (local.get 0)) (i32.const 1)))"#
        ),
        r#"(type $t (func (param i32) (result i32))) (table 1 funcref) (elem (i32.const 0) $run)
           (func $run (export "run") (param i32) (result i32)
            (i32.add (call_indirect (type $t) (local.get 0) (i32.const 0)) (i32.const 1)))"#
            .to_owned(),
    ]
}

#[wasm_bindgen_test]
fn deep_recursion_traps_and_the_page_lives() {
    for recursion in recursions() {
        let mut page = Page::new();
        let guest = page.guest(&format!("(module {recursion} {PING})"));
        for _ in 0..20 {
            assert_eq!(page.call(guest, "run", &[0]), Step::trap("stack-overflow"), "{recursion}");
            assert_eq!(page.results(guest, "ping", &[]), [7]);
        }
        // The frames are of the heap, and go back to it.
        let before = own_memory_bytes();
        for _ in 0..20 {
            assert_eq!(page.call(guest, "run", &[0]), Step::trap("stack-overflow"), "{recursion}");
        }
        assert_not_grown(before);
    }
}

#[wasm_bindgen_test]
fn deep_recursion_of_an_import_that_the_page_answers_by_calling_again_traps() {
    let mut page = Page::new();
    let guest = page.guest(&format!(
        r#"(module (import "env" "again" (func $again (result i32)))
            (func $dive (param i32) (result i32)
                (if (result i32) (local.get 0)
                    (then (i32.add (call $dive (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
                    (else (call $again))))
            (func (export "run") (param i32) (result i32) (call $dive (local.get 0))) {PING})"#
    ));
    // Each level of nesting has nearly all the frames that a guest may have.
    let mut waiting = Vec::new();
    let end = loop {
        match page.call(guest, "run", &[9_000]) {
            Step::HostCall { call, .. } if waiting.len() < 100 => waiting.push(call),
            end => break end,
        }
    };
    assert_eq!(end, Step::trap("nesting-too-deep"));
    assert_eq!(waiting.len(), 32);
    for (level, call) in (1..).zip(waiting.into_iter().rev()) {
        assert_eq!(page.answer(call, &[0]), Step::Finished);
        assert_eq!(page.take(), [9_000], "level {level}");
    }
    assert_eq!(page.results(guest, "ping", &[]), [7]);
}

#[wasm_bindgen_test]
fn ten_thousand_instances_one_after_the_other_take_no_more_memory_than_a_hundred() {
    let mut page = Page::new();
    let module = page.compile(&format!("(module (memory (export \"memory\") 2) {PING})"));
    let mut after_a_hundred = 0;
    // With an allocator that keeps memory there is not enough for more.
    for round in 0..if KEEPS_MEMORY { 500 } else { 10_000_u32 } {
        let call = page.host.instantiate(module, &[], 0, None, None, None, 0, &[]).unwrap();
        assert_eq!(page.host.step(call), Protocol::FINISHED);
        let guest = Guest { module, instance: page.instance() };
        assert_eq!(guest.instance, round, "numbers are not used twice");
        if round % 100 == 0 {
            assert_eq!(page.results(guest, "ping", &[]), [7]);
        }
        page.host.teardown_instance(guest.instance).unwrap();
        if round == 100 {
            after_a_hundred = own_memory_bytes();
        }
    }
    assert_eq!(page.host.memory_pages_in_use(), 0);
    assert_not_grown(after_a_hundred);
}

#[wasm_bindgen_test]
fn thousands_of_nested_calls_are_ended_from_the_outermost_on() {
    let mut page = Page::with_limits(&[("nesting", 10_000.0)]);
    let guest = page.guest(ASKING_OFTEN);
    let calls: Vec<u32> = (0..5_000).map(|_| page.call(guest, "run", &[1]).waiting()).collect();
    for call in calls {
        page.host.cancel(call);
    }
    let call = page.call(guest, "run", &[1]).waiting();
    assert_eq!(page.answer(call, &[5]), Step::Finished);
    assert_eq!(page.take(), [5]);
    assert_eq!(page.fuel_left() + page.fuel_used(), Limits::FUEL);
}
