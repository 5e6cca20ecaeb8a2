//! Endless loops of every class of operator: each ends by fuel, goes on when it gets more, and
//! leaves the page alive.
//!
//! The loops are those that the native tests run. Here the stack is the browser's, and the
//! engine's code is what its compilers make of it.

#[allow(unreachable_pub, missing_docs, reason = "written for the crate that it belongs to")]
#[path = "../../../tests/src/torture.rs"]
mod loops;

use crate::common::{Page, Step};
use loops::{IMPORT, LOOPS, START};
use wasm_bindgen_test::wasm_bindgen_test;

/// Some 100,000 rounds of most of the loops; half as many were seen to end an 8 MiB stack where
/// each leaves a frame, and a browser's stack is smaller.
const FUEL: u64 = 1_000_000;

/// The fuel that a loop begins with. A host call leaves the engine, and so whatever stack a round
/// took: loops of imports may be shorter.
fn fuel(name: &str) -> u64 {
    if calls_imports(name) { FUEL / 10 } else { FUEL }
}

fn calls_imports(name: &str) -> bool {
    name.ends_with("import")
}

/// Steps a call until it is out of fuel, answering host calls with their argument; how many
/// there were.
fn use_up(page: &mut Page, call: u32, name: &str) -> u32 {
    let mut host_calls = 0;
    let mut step = page.step(call);
    loop {
        match step {
            Step::HostCall { call, .. } => {
                let [argument] = page.take();
                step = page.answer(call, &[argument]);
                host_calls += 1;
            }
            Step::OutOfFuel { call: same, required } => {
                assert_eq!(same, call, "{name}");
                assert!(required > page.fuel_left(), "{name}: could go on");
                return host_calls;
            }
            other => panic!("{name}: {other:?} instead of out of fuel"),
        }
    }
}

/// Uses up the fuel of a call, and what it gets then.
fn torture(page: &mut Page, call: u32, name: &str) {
    let host_calls = use_up(page, call, name);
    assert_eq!(host_calls > 1_000, calls_imports(name), "{name}: {host_calls} host calls");
    for _ in 0..2 {
        let (left, more) = (page.host.fuel(call), fuel(name) / 4);
        page.host.add_fuel(call, more);
        use_up(page, call, name);
        assert!(page.fuel_left() < left + more / 2, "{name}: did not go on");
    }
    page.host.cancel(call);
    assert_eq!(page.step(call), Step::Refused, "{name}: still there after it was cancelled");
}

#[wasm_bindgen_test]
fn every_endless_loop_ends_by_fuel_and_goes_on_when_refuelled() {
    assert!(LOOPS.len() >= 45);
    assert_eq!(IMPORT, "host");
    for &(name, text) in LOOPS.iter().filter(|(name, _)| *name != START) {
        // A page each, so that one loop cannot spoil the next.
        let mut page = Page::new();
        let guest = page.guest(text);
        let call = page.begin(guest, "run", &[], fuel(name));
        torture(&mut page, call, name);
        assert_eq!(page.results(guest, "ping", &[]), [7], "{name}");
    }
}

#[wasm_bindgen_test]
fn every_endless_loop_in_a_start_function_ends_by_fuel() {
    for &(name, text) in LOOPS {
        let mut page = Page::new();
        // The loop itself becomes the start function, where the text has none yet.
        let text = if name == START { text.to_owned() } else { started(text) };
        let module = page.compile(&text);
        let call = page.host.instantiate(module, &[], 0, Some(fuel(name)), None, None, 0, &[]).unwrap();
        torture(&mut page, call, name);
        assert_eq!(page.host.memory_pages_in_use(), 0, "{name}: an instance was left behind");
        // The host is as good as new.
        let guest = page.guest(r#"(module (func (export "one") (result i32) (i32.const 1)))"#);
        assert_eq!(page.results(guest, "one", &[]), [1], "{name}");
    }
}

/// The module with `$run` as its start function.
fn started(text: &str) -> String {
    let module = text.strip_suffix(')').unwrap();
    format!("{module} (start $run))")
}

#[wasm_bindgen_test]
fn a_loop_that_nobody_limits_ends_by_the_default_fuel() {
    let mut page = Page::with_limits(&[("fuel", 3_000_000.0)]);
    let guest = page.guest(r#"(module (func (export "run") (loop (br 0))))"#);
    for _ in 0..2 {
        let call = page.call(guest, "run", &[]).waiting();
        assert!(page.fuel_used() > 2_999_000, "{} used", page.fuel_used());
        page.host.cancel(call);
    }
}
