//! Start functions: they call imports, wait, trap and run out of fuel like any other call.

use crate::common::{Guest, Page, Step, refusal, scale, wasm};
use core::cell::RefCell;
use guestbox::{Number, ReturnValue, Value};
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

/// Asks twice when it starts and keeps the sum.
const STARTING: &str = r#"(module
    (import "env" "ask" (func $ask (param i32) (result i32)))
    (memory (export "memory") 1)
    (global $sum (mut i32) (i32.const 0))
    (func $start (global.set $sum (i32.add (call $ask (i32.const 1)) (call $ask (i32.const 2)))))
    (start $start)
    (func (export "sum") (result i32) (global.get $sum)))"#;

#[wasm_bindgen_test]
fn a_start_function_makes_host_calls_before_the_instance_exists() {
    let mut page = Page::new();
    let module = page.compile(STARTING);
    let call = page.host.instantiate(module, &[], 99, None, None, None, 0, &[]).unwrap();
    let first = page.step(call);
    assert_eq!(first, Step::HostCall { call, function: 0, state: 99 });
    assert_eq!(page.take(), [1]);
    // It has no number yet, so nobody can call it; others can be made, and get the number.
    let early = Guest { module, instance: 0 };
    assert_eq!(page.call(early, "sum", &[]), Step::TornDown);
    let other = page.guest("(module)");
    assert_eq!(other.instance, 0);
    assert!(matches!(page.answer(call, &[10]), Step::HostCall { .. }));
    assert_eq!(page.take(), [2]);
    assert_eq!(page.answer(call, &[20]), Step::Finished);
    let guest = Guest { module, instance: page.instance() };
    assert_eq!(guest.instance, 1);
    assert_eq!(page.results(guest, "sum", &[]), [30]);
}

#[wasm_bindgen_test]
fn also_without_a_start_function_the_instance_exists_after_the_first_step() {
    let mut page = Page::new();
    let module = page.compile(r#"(module (func (export "one") (result i32) (i32.const 1)))"#);
    let call = page.host.instantiate(module, &[], 0, None, None, None, 0, &[]).unwrap();
    let guest = Guest { module, instance: 0 };
    assert_eq!(page.call(guest, "one", &[]), Step::TornDown);
    assert_eq!(page.step(call), Step::Finished);
    assert_eq!(page.instance(), 0);
    assert_eq!(page.results(guest, "one", &[]), [1]);
    assert_eq!(page.step(call), Step::Refused, "it is over");
}

#[wasm_bindgen_test]
fn a_start_function_may_be_an_import_itself() {
    let mut page = Page::new();
    let module = page.compile(
        r#"(module (import "env" "other" (func)) (import "env" "start" (func $start)) (start $start))"#,
    );
    let call = page.host.instantiate(module, &[], 5, None, None, None, 0, &[]).unwrap();
    assert_eq!(page.step(call), Step::HostCall { call, function: 1, state: 5 });
    assert_eq!(page.answer(call, &[]), Step::Finished);
    assert_eq!(page.instance(), 0);
}

#[wasm_bindgen_test]
fn a_start_function_that_traps_leaves_no_instance() {
    let mut page = Page::new();
    let module = page.compile("(module (memory 3) (func $start (unreachable)) (start $start))");
    for _ in 0..100 {
        let call = page.host.instantiate(module, &[], 0, None, None, None, 0, &[]).unwrap();
        assert_eq!(page.step(call), Step::trap("unreachable"));
        assert_eq!(page.host.memory_pages_in_use(), 0);
        assert_eq!(page.step(call), Step::Refused);
    }
    assert_eq!(page.guest("(module)").instance, 0);
}

#[wasm_bindgen_test]
fn a_start_function_that_is_given_up_leaves_no_instance() {
    let mut page = Page::new();
    let module = page.compile(STARTING);
    // Before its first step, while it waits, and after an answer.
    for answers in 0..3 {
        let call = page.host.instantiate(module, &[], 0, None, None, None, 0, &[]).unwrap();
        if answers > 0 {
            let _waits = page.step(call).waiting();
        }
        if answers > 1 {
            let _waits = page.answer(call, &[1]).waiting();
        }
        assert_eq!(page.host.memory_pages_in_use(), 1);
        page.host.cancel(call);
        assert_eq!(page.host.memory_pages_in_use(), 0, "after {answers} steps");
        assert_eq!(page.answer(call, &[1]), Step::Refused);
    }
    assert_eq!(page.guest("(module)").instance, 0);
}

#[wasm_bindgen_test]
fn a_start_function_that_is_out_of_fuel_goes_on_with_more() {
    let mut page = Page::new();
    let module = page.compile(
        r#"(module (global $rounds (mut i32) (i32.const 100000))
            (func $start (loop
                (global.set $rounds (i32.sub (global.get $rounds) (i32.const 1)))
                (br_if 0 (global.get $rounds))))
            (start $start)
            (func (export "rounds") (result i32) (global.get $rounds)))"#,
    );
    let call = page.host.instantiate(module, &[], 0, Some(1_000), None, None, 0, &[]).unwrap();
    let mut slices = 0;
    while let Step::OutOfFuel { .. } = page.step(call) {
        page.host.add_fuel(call, 50_000);
        slices += 1;
    }
    assert!((5..50).contains(&slices), "{slices} slices");
    let guest = Guest { module, instance: page.instance() };
    assert_eq!(page.results(guest, "rounds", &[]), [0]);
}

#[wasm_bindgen_test]
fn a_segment_that_does_not_fit_is_no_trap_of_the_start_function() {
    let mut page = Page::new();
    let guests = [
        "(module (memory 1) (data (i32.const 65536) \"x\"))",
        "(module (table 1 funcref) (elem (i32.const 1) func 0) (func))",
    ];
    for text in guests {
        let module = page.compile(text);
        assert_eq!(
            refusal(page.host.instantiate(module, &[], 0, None, None, None, 0, &[])).kind(),
            ("InstantiateError", "segment")
        );
        assert_eq!(page.host.memory_pages_in_use(), 0);
    }
}

#[wasm_bindgen_test]
fn a_thunk_serves_a_start_function() {
    let store = scale::store(&[]);
    let seen = Rc::<RefCell<Vec<(Value, u32, u32)>>>::default();
    let noted = seen.clone();
    let thunk = scale::serve(move |args, state, func| {
        noted.borrow_mut().push((args[0], state, func));
        Ok(ReturnValue::Value(Number::try_from(args[0]).unwrap()))
    });
    let guest = store
        .instantiate(&thunk, &scale::bytes(&wasm(STARTING)), &scale::bytes(&scale::asking()), 4)
        .unwrap();
    assert_eq!(*seen.borrow(), [(Value::I32(1), 4, scale::ASK), (Value::I32(2), 4, scale::ASK)]);
    let sum = scale::invoke(&store, &scale::unused(), guest, "sum", &[]);
    assert_eq!(sum.unwrap(), scale::number(3));
}

#[wasm_bindgen_test]
fn what_a_thunk_throws_in_a_start_function_comes_out_of_the_instantiation() {
    let store = scale::store(&[]);
    let thrown: JsValue = js_sys::Object::new().into();
    let same = thrown.clone();
    let thunk = scale::serve(move |_, _, _| Err(same.clone()));
    let error = store
        .instantiate(&thunk, &scale::bytes(&wasm(STARTING)), &scale::bytes(&scale::asking()), 0)
        .unwrap_err();
    assert!(js_sys::Object::is(&error, &thrown));
    let trapping = wasm("(module (func $start (unreachable)) (start $start))");
    let error =
        refusal(store.instantiate(&thunk, &scale::bytes(&trapping), &scale::bytes(&scale::asking()), 0));
    assert_eq!(error.kind(), ("Trap", "unreachable"));
    assert_eq!(scale::asking_guest(&store), 0, "neither left an instance");
}
