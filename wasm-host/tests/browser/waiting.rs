//! Host calls that are answered later: over promises, while the page does other things.

use crate::common::{Guest, Page, Step};
use core::cell::RefCell;
use js_sys::{Array, Function, Promise};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use wasm_bindgen_test::wasm_bindgen_test;

const ASKING: &str = r#"(module
    (import "env" "ask" (func $ask (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "run") (param i32) (result i32) (i32.add (call $ask (local.get 0)) (local.get 0)))
    (func (export "twice") (param i32) (result i32) (call $ask (call $ask (local.get 0))))
    (func (export "ping") (result i32) (i32.const 7)))"#;

/// A promise of `value` in so many milliseconds.
fn later(milliseconds: u32, value: u64) -> JsFuture<JsValue> {
    let make =
        Function::new_with_args("ms, value", "return new Promise(done => setTimeout(() => done(value), ms))");
    let promise = make.call2(
        &JsValue::UNDEFINED,
        &milliseconds.into(),
        &f64::from(u32::try_from(value).unwrap()).into(),
    );
    JsFuture::from(promise.unwrap().unchecked_into::<Promise>())
}

async fn answer_later(milliseconds: u32, value: u64) -> u64 {
    let value = later(milliseconds, value).await.unwrap().as_f64().unwrap();
    // The numbers of these tests are small and whole.
    format!("{value}").parse().unwrap()
}

/// Serves a call to its end as the npm package does: each answer comes a little later, and is the
/// argument times ten.
async fn serve(page: Rc<RefCell<Page>>, mut step: Step, delay: u32) -> Step {
    while let Step::HostCall { call, .. } = step {
        let [argument] = page.borrow().take();
        page.borrow_mut().host.suspend(call);
        let answer = answer_later(delay, argument * 10).await;
        step = page.borrow_mut().answer(call, &[answer]);
    }
    step
}

#[wasm_bindgen_test]
async fn a_host_call_waits_over_a_promise_while_other_calls_are_made() {
    let mut page = Page::new();
    let guest = page.overlapping_guest(ASKING);
    let call = page.call(guest, "run", &[4]).waiting();
    page.host.suspend(call);
    let promised = answer_later(20, 40);
    assert_eq!(page.results(guest, "ping", &[]), [7]);
    let other = page.guest(ASKING);
    let nested = page.call(other, "run", &[1]).waiting();
    assert_eq!(page.answer(nested, &[1]), Step::Finished);
    let answer = promised.await;
    assert_eq!(page.results(other, "ping", &[]), [7]);
    assert_eq!(page.answer(call, &[answer]), Step::Finished);
    assert_eq!(page.take(), [44]);
}

#[wasm_bindgen_test]
async fn many_calls_of_one_guest_wait_at_once_and_each_gets_its_own_answer() {
    let mut page = Page::new();
    let guest = page.overlapping_guest(ASKING);
    let page = Rc::new(RefCell::new(page));
    let promises = Array::new();
    for at in 1..=60_u32 {
        let page = page.clone();
        promises.push(&future_to_promise(async move {
            let step = page.borrow_mut().call(guest, "twice", &[at.into()]);
            // The delays make them end in another order than they began in.
            let step = serve(page.clone(), step, at * 37 % 60).await;
            assert_eq!(step, Step::Finished);
            let [result] = page.borrow().take();
            assert_eq!(result, u64::from(at) * 100);
            Ok(JsValue::from(at))
        }));
    }
    let done = JsFuture::from(Promise::all(&promises)).await.unwrap();
    assert_eq!(done.unchecked_into::<Array>().length(), 60);
    // None of them was nested in another: all the levels are there.
    let waiting: Vec<u32> = {
        let mut page = page.borrow_mut();
        (0..32).map(|_| page.call(guest, "run", &[1]).waiting()).collect()
    };
    assert_eq!(waiting.len(), 32);
}

#[wasm_bindgen_test]
async fn a_start_function_waits_over_promises() {
    let page = Rc::new(RefCell::new(Page::new()));
    let text = r#"(module (import "env" "ask" (func $ask (param i32) (result i32)))
        (global $got (mut i32) (i32.const 0))
        (func $start (global.set $got (i32.add (call $ask (i32.const 1)) (call $ask (i32.const 2)))))
        (start $start) (func (export "got") (result i32) (global.get $got)))"#;
    let (module, step) = {
        let mut page = page.borrow_mut();
        let module = page.compile(text);
        let call = page.host.instantiate(module, &[], 0, None, None, None, 0, &[]).unwrap();
        (module, page.step(call))
    };
    assert_eq!(serve(page.clone(), step, 5).await, Step::Finished);
    let mut page = page.borrow_mut();
    let guest = Guest { module, instance: page.instance() };
    assert_eq!(page.results(guest, "got", &[]), [30]);
}

#[wasm_bindgen_test]
async fn a_guest_torn_down_while_its_call_waits_still_finishes_it() {
    let mut page = Page::new();
    let guest = page.guest(ASKING);
    let call = page.call(guest, "run", &[4]).waiting();
    page.host.suspend(call);
    page.host.teardown_instance(guest.instance).unwrap();
    page.host.drop_module(guest.module);
    let answer = answer_later(5, 5).await;
    assert_eq!(page.host.memory_pages_in_use(), 1);
    assert_eq!(page.answer(call, &[answer]), Step::Finished);
    assert_eq!(page.take(), [9]);
    assert_eq!(page.host.memory_pages_in_use(), 0);
}

#[wasm_bindgen_test]
async fn an_answer_that_comes_after_the_call_was_ended_is_refused() {
    let mut page = Page::new();
    let guest = page.guest(ASKING);
    let call = page.call(guest, "run", &[4]).waiting();
    page.host.suspend(call);
    let promised = answer_later(5, 5);
    page.host.cancel(call);
    let answer = promised.await;
    assert_eq!(page.answer(call, &[answer]), Step::Refused);
    assert_eq!(page.results(guest, "ping", &[]), [7]);
}

#[wasm_bindgen_test]
async fn the_event_loop_turns_between_the_slices_of_a_long_call() {
    let mut page = Page::new();
    let guest = page.guest(
        r#"(module (func (export "count") (param i32) (result i32)
            (loop (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0)))
            (i32.const 1)))"#,
    );
    let make = Function::new_no_args(
        "const ticks = []; const timer = setInterval(() => ticks.push(0), 1); ticks.stop = () => clearInterval(timer); return ticks",
    );
    let ticks: Array = make.call0(&JsValue::UNDEFINED).unwrap().unchecked_into();
    let call = page.begin(guest, "count", &[1_000_000], 0);
    let mut slices = 0;
    while let Step::OutOfFuel { .. } = page.step(call) {
        later(0, 0).await.unwrap();
        page.host.add_fuel(call, 200_000);
        slices += 1;
    }
    assert_eq!(page.take(), [1]);
    assert!(slices >= 5, "{slices} slices");
    assert!(ticks.length() >= 2, "timers of the page did not run");
    let stop: Function = js_sys::Reflect::get(&ticks, &"stop".into()).unwrap().unchecked_into();
    stop.call0(&ticks).unwrap();
}
