//! Limits: each by its name, in effect, and as many as JavaScript can write down.

use crate::common::{Guest, Page, Step, host, limit, message, refusal, scale, wasm};
use guestbox::{Number, Value};
use parity_scale_codec::Encode;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn a_limit_that_does_not_exist_is_named() {
    for name in ["memory_pages", "Fuel", "", "__proto__", "toString", "fuel "] {
        let error = refusal(host(&[("fuel", 1.0), (name, 1.0)]));
        assert_eq!(error.kind(), ("RangeError", "unknown-limit"));
        assert_eq!(error.message, format!("there is no limit `{name}`"));
    }
}

#[wasm_bindgen_test]
fn numbers_that_are_no_count_are_taken_as_the_nearest_one() {
    for (number, fuel) in [
        (-1.0, 0.0),
        (f64::NEG_INFINITY, 0.0),
        (f64::NAN, 0.0),
        (0.9, 0.0),
        (1.9, 1.0),
        (9_007_199_254_740_991.0, 9_007_199_254_740_991.0),
        (1e300, 18_446_744_073_709_551_615.0),
        (f64::INFINITY, 18_446_744_073_709_551_615.0),
    ] {
        assert_eq!(limit(&host(&[("fuel", number)]).unwrap(), "fuel"), fuel, "{number}");
    }
    assert_eq!(limit(&host(&[]).unwrap(), "fuel"), 100_000_000.0);
    // Of two the last counts.
    assert_eq!(limit(&host(&[("fuel", 1.0), ("fuel", 2.0)]).unwrap(), "fuel"), 2.0);
}

/// Modules, the limit that refuses each when it is compiled, and the smallest that lets it pass.
const COMPILED: [(&str, f64, &str); 9] = [
    ("exports", 2.0, r#"(func (export "a") (export "b"))"#),
    ("functions", 2.0, r#"(import "env" "f" (func)) (func)"#),
    ("globals", 2.0, "(global i32 (i32.const 0)) (global i32 (i32.const 0))"),
    ("imports", 2.0, r#"(import "env" "f" (func)) (import "env" "g" (func))"#),
    ("memories", 2.0, "(memory 1) (memory 1)"),
    ("memoryPages", 2.0, "(memory 2)"),
    ("params", 2.0, "(func (param i32 i64))"),
    ("tableElements", 2.0, "(table 2 funcref)"),
    ("tables", 2.0, "(table 1 funcref) (table 1 funcref)"),
];

#[wasm_bindgen_test]
fn a_module_one_above_a_limit_is_refused_and_one_at_it_is_not() {
    for (limit, enough, fields) in COMPILED {
        let bytes = wasm(&format!("(module {fields})"));
        let at = host(&[(limit, enough)]).unwrap().compile(&bytes);
        assert!(at.is_ok(), "{limit}: {}", message(&at.unwrap_err()));
        let below = refusal(host(&[(limit, enough - 1.0)]).unwrap().compile(&bytes));
        assert_eq!(below.class, "CompileError", "{limit}");
        let expected = format!("refused: the limit `{limit}` is 1, 2 requested; raise it in `limits`");
        assert!(below.message.ends_with(&expected), "{below:?}");
    }
    let bytes = wasm("(module)");
    assert!(host(&[("moduleBytes", 8.0)]).unwrap().compile(&bytes).is_ok());
    let error = refusal(host(&[("moduleBytes", 7.0)]).unwrap().compile(&bytes));
    assert_eq!(error.kind(), ("CompileError", "limit"));
    assert!(error.message.contains("`moduleBytes` is 7, 8 requested"), "{}", error.message);
}

#[wasm_bindgen_test]
fn instances_are_limited_to_those_that_live() {
    let mut page = Page::with_limits(&[("instances", 3.0)]);
    let module = page.compile("(module)");
    let guests: Vec<Guest> = (0..3).map(|_| page.guest("(module)")).collect();
    assert_eq!(
        refusal(page.host.instantiate(module, &[], 0, None, None, None, 0, &[])).kind(),
        ("InstantiateError", "limit")
    );
    page.host.teardown_instance(guests[1].instance).unwrap();
    let guest = page.guest("(module)");
    assert_eq!(guest.instance, 3);
    assert_eq!(
        refusal(page.host.instantiate(module, &[], 0, None, None, None, 0, &[])).kind(),
        ("InstantiateError", "limit")
    );
}

#[wasm_bindgen_test]
fn a_guest_grows_its_table_and_memory_up_to_the_limits() {
    let mut page =
        Page::with_limits(&[("tableElements", 5.0), ("memoryPages", 5.0), ("totalMemoryPages", 6.0)]);
    let text = r#"(module (memory 1) (table 1 funcref)
        (func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "table") (param i32) (result i32) (table.grow (ref.null func) (local.get 0))))"#;
    let guest = page.guest(text);
    for export in ["memory", "table"] {
        assert_eq!(page.results(guest, export, &[5]), [0xFFFF_FFFF]);
        assert_eq!(page.results(guest, export, &[4]), [1]);
        assert_eq!(page.results(guest, export, &[1]), [0xFFFF_FFFF]);
        assert_eq!(page.results(guest, export, &[0]), [5]);
    }
    let other = page.guest(text);
    assert_eq!(page.results(other, "memory", &[1]), [0xFFFF_FFFF], "the total is used up");
}

/// How deep a guest gets before its recursion traps.
fn depth(limits: &[(&str, f64)]) -> u64 {
    let mut page = Page::with_limits(limits);
    let guest = page.guest(
        r#"(module (global $depth (export "depth") (mut i32) (i32.const 0))
            (func $run (export "run") (result i32) (local i64)
                (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
                (i32.add (call $run) (i32.const 1))))"#,
    );
    assert_eq!(page.call(guest, "run", &[]), Step::trap("stack-overflow"));
    page.global(guest, "depth")
}

#[wasm_bindgen_test]
fn frames_and_stack_of_a_guest_are_limited_as_they_are_natively() {
    // The numbers are those of a native run: a guest overflows at the same depth everywhere.
    assert_eq!(depth(&[]), 10_000);
    assert_eq!(depth(&[("guestFrames", 100.0)]), 100);
    assert_eq!(depth(&[("engineStackBytes", 20_000.0)]), 2_497);
}

#[wasm_bindgen_test]
fn arguments_and_environments_above_their_limits_are_refused() {
    let store = scale::store(&[("argumentBytes", 6.0), ("environmentBytes", 13.0)]);
    let environment = scale::asking();
    let store_too_strict = scale::store(&[("environmentBytes", 12.0)]);
    assert_eq!(environment.len(), 14, "a count, two names with their lengths, a kind and a number");
    for store in [&store, &store_too_strict] {
        let error = refusal(store.instantiate(
            &scale::unused(),
            &scale::bytes(&wasm("(module)")),
            &scale::bytes(&environment),
            0,
        ));
        assert_eq!(error.kind(), ("InstantiateError", "environment-corrupted"));
        assert!(error.message.contains("`environmentBytes`"), "{}", error.message);
    }
    let store = scale::store(&[("argumentBytes", 6.0), ("environmentBytes", 14.0)]);
    let guest = scale::asking_guest(&store);
    let enough = scale::returning(&[0, 1, 0, 1, 0, 0]);
    let args = [Value::I32(1)];
    assert_eq!([Number::I32(1)][..].encode().len(), 6);
    // Six bytes are accepted; the thunk's seven are not, and neither are those of two arguments.
    let error = refusal(scale::invoke(&store, &enough, guest, "run", &args));
    assert_eq!(error.kind(), ("Trap", "host-error"));
    let error = refusal(scale::invoke(&store, &enough, guest, "run", &[Value::I32(1), Value::I32(1)]));
    assert_eq!(error.kind(), ("SupervisorTrap", "limit"));
    assert!(error.message.ends_with("the limit `argumentBytes` is 6, 11 requested; raise it in `limits`"));
}
