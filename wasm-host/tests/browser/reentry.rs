//! Re-entry: what a page may do while it serves a host call, with the calling guest too.

use crate::common::{Page, Refusal, Step, refusal, scale, stack_address};
use core::cell::{Cell, RefCell};
use guestbox::{Limits, Number, ReturnValue, Value};
use guestbox_wasm_host::ScaleStore;
use js_sys::Function;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

/// `run` asks, adds its argument and counts; `count` says how often it began.
const ASKING: &str = r#"(module
    (import "env" "ask" (func $ask (param i32) (result i32)))
    (memory (export "memory") 1)
    (global $begun (mut i32) (i32.const 0))
    (func (export "run") (param i32) (result i32)
        (global.set $begun (i32.add (global.get $begun) (i32.const 1)))
        (i32.add (call $ask (local.get 0)) (local.get 0)))
    (func (export "count") (result i32) (global.get $begun)))"#;

#[wasm_bindgen_test]
fn a_host_call_is_answered_after_both_guests_were_called_again() {
    let mut page = Page::new();
    let (first, second) = (page.guest(ASKING), page.guest(ASKING));
    let outer = page.call(first, "run", &[1]).waiting();
    assert_eq!(page.take(), [1]);
    let other = page.call(second, "run", &[2]).waiting();
    assert_eq!(page.take(), [2]);
    let inner = page.call(first, "run", &[3]).waiting();
    assert_eq!(page.take(), [3]);
    assert_eq!(page.results(first, "count", &[]), [2]);
    assert_eq!(page.results(second, "count", &[]), [1]);
    for (call, result) in [(inner, 33), (other, 32), (outer, 31)] {
        assert_eq!(page.answer(call, &[30]), Step::Finished);
        assert_eq!(page.take(), [result]);
    }
    assert_eq!(page.results(first, "count", &[]), [2]);
}

#[wasm_bindgen_test]
fn host_calls_that_were_set_aside_are_answered_in_any_order() {
    let mut page = Page::new();
    let guest = page.overlapping_guest(ASKING);
    // More of them than may be nested in each other.
    let calls: Vec<(u64, u32)> = (0..200)
        .map(|at| {
            let call = page.call(guest, "run", &[at]).waiting();
            page.host.suspend(call);
            (at, call)
        })
        .collect();
    // 77 and 200 have no common factor, so this visits each once.
    for round in 0..200_usize {
        let (at, call) = calls[round * 77 % 200];
        assert_eq!(page.answer(call, &[1_000]), Step::Finished);
        assert_eq!(page.take(), [1_000 + at]);
    }
    assert_eq!(page.results(guest, "count", &[]), [200]);
}

#[wasm_bindgen_test]
fn an_outer_call_answered_before_the_one_nested_in_it_leaves_no_level_open() {
    let mut page = Page::new();
    let guest = page.overlapping_guest(ASKING);
    // More often than levels may be open, so that one left open each time would show.
    for _ in 0..40 {
        let outer = page.call(guest, "run", &[1]).waiting();
        let middle = page.call(guest, "run", &[2]).waiting();
        let inner = page.call(guest, "run", &[3]).waiting();
        for (call, result) in [(middle, 12), (outer, 11), (inner, 13)] {
            assert_eq!(page.answer(call, &[10]), Step::Finished);
            assert_eq!(page.take(), [result]);
        }
        let call = page.call(guest, "run", &[1]).waiting();
        assert_eq!(page.fuel_left() + page.fuel_used(), Limits::FUEL, "it is an outermost call");
        page.host.cancel(call);
    }
}

#[wasm_bindgen_test]
fn nesting_is_limited_and_every_level_is_given_back() {
    let mut page = Page::with_limits(&[("nesting", 5.0)]);
    let guest = page.guest(ASKING);
    for _ in 0..3 {
        let waiting: Vec<u32> = (0..5).map(|_| page.call(guest, "run", &[1]).waiting()).collect();
        // One more guest may be called, but its host call would be a level too deep.
        assert_ne!(page.results(guest, "count", &[]), [0]);
        assert_eq!(page.call(guest, "run", &[1]), Step::trap("nesting-too-deep"));
        for call in waiting.into_iter().rev() {
            assert_eq!(page.answer(call, &[1]), Step::Finished);
        }
    }
    // Levels of calls that were ended rather than answered come back as well.
    for _ in 0..20 {
        let call = page.call(guest, "run", &[1]).waiting();
        page.host.cancel(call);
    }
    let call = page.call(guest, "run", &[1]).waiting();
    assert_eq!(page.answer(call, &[1]), Step::Finished);
}

#[wasm_bindgen_test]
fn a_call_that_waits_and_is_stepped_again_makes_the_same_host_call_again() {
    let mut page = Page::new();
    let guest = page.guest(ASKING);
    let first = page.call(guest, "run", &[8]);
    for _ in 0..100 {
        page.put(&[0]);
        assert_eq!(page.step(first.waiting()), first);
        assert_eq!(page.take(), [8]);
    }
    assert_eq!(page.answer(first.waiting(), &[1]), Step::Finished);
    assert_eq!(page.take(), [9]);
    // The level was opened once: the next calls are outermost ones, each with all the fuel.
    for _ in 0..2 {
        let call = page.call(guest, "run", &[8]).waiting();
        assert_eq!(page.fuel_left() + page.fuel_used(), Limits::FUEL);
        assert_eq!(page.answer(call, &[1]), Step::Finished);
    }
}

#[wasm_bindgen_test]
fn a_guest_torn_down_during_its_call_finishes_it_and_is_freed_after() {
    let mut page = Page::new();
    let guest = page.guest(ASKING);
    let call = page.call(guest, "run", &[4]).waiting();
    page.host.teardown_instance(guest.instance).unwrap();
    assert_eq!(page.call(guest, "run", &[4]), Step::TornDown);
    assert_eq!(page.host.memory_pages_in_use(), 1, "the call needs it");
    assert_eq!(page.answer(call, &[5]), Step::Finished);
    assert_eq!(page.take(), [9]);
    assert_eq!(page.host.memory_pages_in_use(), 0);

    // The same where the call is ended instead of answered.
    let guest = page.guest(ASKING);
    let call = page.call(guest, "run", &[4]).waiting();
    page.host.teardown_instance(guest.instance).unwrap();
    page.host.cancel(call);
    assert_eq!(page.host.memory_pages_in_use(), 0);
}

#[wasm_bindgen_test]
fn guests_are_made_and_ended_while_another_waits() {
    let mut page = Page::new();
    let guest = page.guest(ASKING);
    let call = page.call(guest, "run", &[1]).waiting();
    for _ in 0..100 {
        let helper = page.guest(r#"(module (memory 1) (func (export "one") (result i32) (i32.const 1)))"#);
        assert_eq!(page.results(helper, "one", &[]), [1]);
        page.host.teardown_instance(helper.instance).unwrap();
        page.host.drop_module(helper.module);
    }
    page.host.drop_module(guest.module);
    assert_eq!(page.answer(call, &[1]), Step::Finished);
    assert_eq!(page.take(), [2]);
}

/// What happened in a thunk that calls the guest back until that fails.
#[derive(Default)]
struct Mirror {
    /// Where the stack was at each level.
    marks: RefCell<Vec<usize>>,
    /// The code of the failure that came first, and so innermost.
    innermost: RefCell<String>,
    thunk: RefCell<JsValue>,
}

impl Mirror {
    fn new(store: &Rc<ScaleStore>, guest: u32) -> Rc<Self> {
        let mirror = Rc::new(Self::default());
        let (store, same) = (Rc::clone(store), Rc::clone(&mirror));
        let thunk = scale::serve(move |args, _, _| {
            same.marks.borrow_mut().push(stack_address());
            let result = scale::invoke(&store, &same.thunk(), guest, "run", &args);
            if let Err(error) = &result
                && same.innermost.borrow().is_empty()
            {
                *same.innermost.borrow_mut() = Refusal::of(error).code;
            }
            result
        });
        *mirror.thunk.borrow_mut() = thunk.into();
        mirror
    }

    fn thunk(&self) -> Function {
        self.thunk.borrow().clone().unchecked_into()
    }
}

#[wasm_bindgen_test]
fn thunks_that_call_back_are_stopped_far_from_the_end_of_the_stack() {
    // Four times the default: each level is one of the browser's stack too, unlike in `Page`.
    for (nesting, limits) in [(32, vec![]), (128, vec![("nesting", 128.0)])] {
        let store = scale::store(&limits);
        let guest = scale::asking_guest(&store);
        let mirror = Mirror::new(&store, guest);
        for _ in 0..3 {
            mirror.marks.borrow_mut().clear();
            mirror.innermost.borrow_mut().clear();
            let error = refusal(scale::invoke(&store, &mirror.thunk(), guest, "run", &[Value::I32(0)]));
            assert_eq!(error.kind(), ("Trap", "nesting-too-deep"));
            assert_eq!(*mirror.innermost.borrow(), "nesting-too-deep");
            assert_eq!(mirror.marks.borrow().len(), nesting);
            scale::assert_usable(&store, guest);
        }
        let marks = mirror.marks.borrow();
        let per_level = marks[0].abs_diff(marks[nesting - 1]) / (nesting - 1);
        wasm_bindgen_test::console_log!("{per_level} bytes of this module's stack a level of {nesting}");
        assert!(per_level * 32 * 4 < 1 << 20, "{per_level} bytes a level leave no margin of four");
    }
}

#[wasm_bindgen_test]
fn a_thunk_may_use_the_store_as_it_likes() {
    let store = scale::store(&[]);
    let guest = scale::asking_guest(&store);
    let (same, calls) = (store.clone(), Rc::new(Cell::new(0)));
    let counted = calls.clone();
    let thunk = scale::serve(move |args, _, _| {
        counted.set(counted.get() + 1);
        let memory = same.memory_new(1, 2)?;
        same.memory_set(memory, 0, b"bytes")?;
        let other = scale::asking_guest(&same);
        scale::assert_usable(&same, other);
        scale::assert_usable(&same, guest);
        same.instance_teardown(other)?;
        same.memory_teardown(memory)?;
        Ok(ReturnValue::Value(Number::try_from(args[0]).unwrap()))
    });
    let result = scale::invoke(&store, &thunk, guest, "run", &[Value::I32(5)]);
    assert_eq!(result.unwrap(), scale::number(6));
    assert_eq!(calls.get(), 1);
}

#[wasm_bindgen_test]
fn a_thunk_may_end_the_guest_that_called_it() {
    let store = scale::store(&[]);
    let guest = scale::asking_guest(&store);
    let same = store.clone();
    let thunk = scale::serve(move |_, _, _| {
        same.instance_teardown(guest)?;
        Ok(scale::number(10))
    });
    let result = scale::invoke(&store, &thunk, guest, "run", &[Value::I32(5)]);
    assert_eq!(result.unwrap(), scale::number(11));
    let error = refusal(scale::invoke(&store, &thunk, guest, "run", &[Value::I32(5)]));
    assert_eq!(error.kind(), ("DisposedError", "torn-down"));
}

#[wasm_bindgen_test]
fn the_state_of_a_call_comes_with_its_host_calls() {
    let mut page = Page::new();
    let guest = page.guest(ASKING);
    let outer = page.call_with_state(guest, "run", &[1], u32::MAX);
    let inner = page.call_with_state(guest, "run", &[1], 77);
    let Step::HostCall { state: u32::MAX, call: outer, .. } = outer else { panic!("{outer:?}") };
    let Step::HostCall { state: 77, call: inner, .. } = inner else { panic!("{inner:?}") };
    assert_eq!(page.answer(inner, &[1]), Step::Finished);
    assert_eq!(page.answer(outer, &[1]), Step::Finished);
}
