//! Handles and numbers: of what is gone, of what never was, and used twice.

use crate::common::{Guest, Page, Step, refusal, scale};
use guestbox::Value;
use guestbox_wasm_host::Protocol;
use wasm_bindgen_test::wasm_bindgen_test;

const GUEST: &str = r#"(module
    (import "env" "ask" (func $ask (param i32) (result i32)))
    (memory (export "memory") 1) (global (export "global") (mut i32) (i32.const 1))
    (func (export "run") (param i32) (result i32) (call $ask (local.get 0)))
    (func (export "ping") (result i32) (i32.const 7)))"#;

/// Numbers that were never given out.
const UNKNOWN: [u32; 4] = [1, 1_000, 0x7FFF_FFFF, u32::MAX];

/// Asserts what every use of an instance says that does not exist.
#[track_caller]
fn assert_no_instance(page: &mut Page, guest: Guest, code: &str) {
    let expected = ("DisposedError", code);
    let Guest { instance, .. } = guest;
    assert_eq!(page.call(guest, "ping", &[]), Step::TornDown);
    let position = page.position(guest, "ping");
    assert_eq!(
        refusal(page.host.begin(instance, position, 0, Some(1), Protocol::NO_CALL, Protocol::NO_CALL, false))
            .kind(),
        expected
    );
    assert_eq!(refusal(page.host.exported_memory(instance, "memory")).kind(), expected);
    assert_eq!(refusal(page.host.exported_global(instance, "global")).kind(), expected);
    assert_eq!(refusal(page.host.teardown_instance(instance)).kind(), expected);
}

#[wasm_bindgen_test]
fn an_instance_that_was_torn_down_says_so_however_it_is_used() {
    let mut page = Page::new();
    let guest = page.guest(GUEST);
    page.host.teardown_instance(guest.instance).unwrap();
    assert_no_instance(&mut page, guest, "torn-down");
    // Its number is not used again, so it never becomes another guest.
    let other = page.guest(GUEST);
    assert_eq!(other.instance, 1);
    assert_no_instance(&mut page, guest, "torn-down");
    assert_eq!(page.results(other, "ping", &[]), [7]);
}

#[wasm_bindgen_test]
fn an_instance_that_never_was_is_unknown() {
    let mut page = Page::new();
    let guest = page.guest(GUEST);
    for instance in UNKNOWN {
        assert_no_instance(&mut page, Guest { instance, ..guest }, "unknown");
    }
    assert_eq!(page.results(guest, "ping", &[]), [7]);
}

#[wasm_bindgen_test]
fn memories_and_modules_that_never_were_are_unknown() {
    let mut page = Page::new();
    let memory = page.host.new_memory(1, -1.0).unwrap();
    let module = page.compile(r#"(module (import "env" "memory" (memory 1)))"#);
    let expected = ("DisposedError", "unknown");
    for handle in UNKNOWN {
        assert_eq!(refusal(page.host.memory_size(handle)).kind(), expected);
        assert_eq!(refusal(page.host.memory_grow(handle, 0)).kind(), expected);
        assert_eq!(refusal(page.host.memory_address(handle)).kind(), expected);
        assert_eq!(refusal(page.host.imports(handle)).kind(), expected);
        assert_eq!(refusal(page.host.exports(handle)).kind(), expected);
        assert_eq!(
            refusal(page.host.instantiate(handle, &[memory], 0, None, None, None, 0, &[])).kind(),
            expected
        );
        assert_eq!(
            refusal(page.host.instantiate(module, &[handle], 0, None, None, None, 0, &[])).kind(),
            expected
        );
        // To forget what is not there is no error.
        page.host.drop_memory(handle).unwrap();
        page.host.drop_module(handle);
    }
    assert_eq!(page.host.memory_size(memory).unwrap(), 1);
}

#[wasm_bindgen_test]
fn memories_and_modules_can_be_dropped_twice_and_are_gone() {
    let mut page = Page::new();
    let memory = page.host.new_memory(1, -1.0).unwrap();
    let module = page.compile("(module)");
    for _ in 0..2 {
        page.host.drop_memory(memory).unwrap();
        page.host.drop_module(module);
    }
    assert_eq!(refusal(page.host.memory_size(memory)).code, "unknown");
    assert_eq!(refusal(page.host.instantiate(module, &[], 0, None, None, None, 0, &[])).code, "unknown");
    assert_eq!(page.host.memory_pages_in_use(), 0);
}

#[wasm_bindgen_test]
fn instances_go_on_without_their_module() {
    let mut page = Page::new();
    let guest = page.guest(GUEST);
    let (run, ping) = (page.position(guest, "run"), page.position(guest, "ping"));
    let call = page.call(guest, "run", &[1]).waiting();
    page.host.drop_module(guest.module);
    assert_eq!(page.answer(call, &[2]), Step::Finished);
    assert_eq!(page.take(), [2]);
    assert_eq!(page.host.call(guest.instance, ping, 0, Protocol::NO_CALL), Protocol::FINISHED);
    assert_eq!(page.take(), [7]);
    assert_eq!(page.host.call(guest.instance, run, 0, Protocol::NO_CALL), Protocol::HOST_CALL);
}

#[wasm_bindgen_test]
fn an_export_that_is_no_function_or_none_is_refused() {
    let mut page = Page::new();
    let guest = page.guest(GUEST);
    for export in ["memory", "global"] {
        assert_eq!(page.call(guest, export, &[]), Step::Refused);
        let position = page.position(guest, export);
        assert_eq!(
            refusal(page.host.begin(
                guest.instance,
                position,
                0,
                Some(1),
                Protocol::NO_CALL,
                Protocol::NO_CALL,
                false
            ))
            .kind(),
            ("InvokeError", "not-a-function")
        );
    }
    for position in [4, 1_000, Protocol::FUNCTION - 1] {
        assert_eq!(page.host.call(guest.instance, position, 0, Protocol::NO_CALL), Protocol::REFUSED);
        assert_eq!(
            refusal(page.host.begin(
                guest.instance,
                position,
                0,
                Some(1),
                Protocol::NO_CALL,
                Protocol::NO_CALL,
                false
            ))
            .class,
            "InvokeError"
        );
    }
    // The handle of no function.
    for function in [Protocol::FUNCTION, Protocol::FUNCTION + 5, u32::MAX] {
        assert_eq!(page.host.call(guest.instance, function, 0, Protocol::NO_CALL), Protocol::TORN_DOWN);
    }
}

#[wasm_bindgen_test]
fn calls_that_are_over_or_never_were_are_refused() {
    let mut page = Page::new();
    let guest = page.guest(GUEST);
    let call = page.call(guest, "run", &[1]).waiting();
    assert_eq!(page.answer(call, &[1]), Step::Finished);
    for handle in [call, 1_000, u32::MAX] {
        assert_eq!(page.step(handle), Step::Refused);
        assert_eq!(page.answer(handle, &[1]), Step::Refused);
        assert_eq!(page.host.fuel(handle), 0);
        page.host.add_fuel(handle, 1_000);
        page.host.set_slice(handle, 1_000);
        assert!(!page.host.charge(handle, 0));
        assert_eq!(page.host.fuel_used(handle), 0);
        page.host.suspend(handle);
        page.host.cancel(handle);
        assert_eq!(page.host.fuel(handle), 0);
    }
    assert_eq!(page.results(guest, "ping", &[]), [7]);
}

#[wasm_bindgen_test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let mut page = Page::new();
    let guest = page.guest(GUEST);
    let call = page.begin(guest, "run", &[5], 1_000);
    // It has not begun: the answer is no answer, and the step is its first.
    assert!(matches!(page.answer(call, &[99]), Step::HostCall { .. }));
    assert_eq!(page.take(), [5]);
    assert_eq!(page.answer(call, &[6]), Step::Finished);
    assert_eq!(page.take(), [6]);
}

#[wasm_bindgen_test]
fn numbers_of_the_lower_door_are_told_apart_as_gone_and_unknown() {
    let store = scale::store(&[]);
    let guest = scale::asking_guest(&store);
    let memory = store.memory_new(1, 1).unwrap();
    store.instance_teardown(guest).unwrap();
    store.memory_teardown(memory).unwrap();
    for (number, code) in [(0, "torn-down"), (1, "unknown"), (u32::MAX, "unknown")] {
        let expected = ("DisposedError", code);
        let invoked = scale::invoke(&store, &scale::unused(), number, "ping", &[]);
        assert_eq!(refusal(invoked).kind(), expected);
        assert_eq!(refusal(store.get_global_val(number, "global")).kind(), expected);
        assert_eq!(refusal(store.instance_teardown(number)).kind(), expected);
        assert_eq!(refusal(store.memory_get(number, 0, 0)).kind(), expected);
        assert_eq!(refusal(store.memory_set(number, 0, &[])).kind(), expected);
        assert_eq!(refusal(store.memory_teardown(number)).kind(), expected);
    }
    assert_eq!(scale::asking_guest(&store), 1, "numbers are not used twice");
}

#[wasm_bindgen_test]
fn calls_of_the_lower_door_that_do_not_fit_the_export_are_refused() {
    let store = scale::store(&[]);
    let guest = scale::asking_guest(&store);
    let call = |export: &str, args: &[Value]| {
        let error = refusal(scale::invoke(&store, &scale::unused(), guest, export, args));
        (error.class, error.code)
    };
    let refused = |code: &str| ("InvokeError".to_owned(), code.to_owned());
    assert_eq!(call("none", &[]), refused("export-not-found"));
    assert_eq!(call("run", &[]), refused("arguments"));
    assert_eq!(call("run", &[Value::I64(1)]), refused("arguments"));
    assert_eq!(call("run", &[Value::I32(1), Value::I32(1)]), refused("arguments"));
    for bytes in [&[][..], &[4], &[4, 9, 0, 0, 0, 0], &[0xFE, 0xFF, 0xFF, 0xFF]] {
        let error = refusal(store.invoke(&scale::unused(), guest, "run", &scale::bytes(bytes), 0));
        assert_eq!(error.kind(), ("SupervisorTrap", "arguments"), "{bytes:?}");
    }
    scale::assert_usable(&store, guest);
}
