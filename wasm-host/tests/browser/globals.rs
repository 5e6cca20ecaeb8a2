//! Globals: made, exported and imported, by handles, their values raw bits.

use crate::common::{Page, Step, refusal};
use wasm_bindgen_test::wasm_bindgen_test;

/// Exports globals, and what is none.
const EXPORTS: &str = r#"(module (global (export "i") (mut i64) (i64.const -2))
    (global (export "f") (mut f32) (f32.const 1)) (global (export "fixed") i32 (i32.const 5))
    (global (export "reference") (mut funcref) (ref.null func)) (func (export "function"))
    (func (export "get") (result i64 f32) (global.get 0) (global.get 1)))"#;

/// Imports a memory between two globals, one of them a constant.
const IMPORTS: &str = r#"(module (import "e" "count" (global $count (mut i32))) (import "e" "memory" (memory 1))
    (import "e" "base" (global $base i32)) (data (global.get $base) "\2a")
    (func (export "add") (param i32) (result i32)
        (global.set $count (i32.add (global.get $count) (local.get 0))) (global.get $count))
    (func (export "base") (result i32) (global.get $base)))"#;

/// Handles that were never given out.
const UNKNOWN: [u32; 4] = [1, 1_000, 0x7FFF_FFFF, u32::MAX];

#[wasm_bindgen_test]
fn those_of_a_guest_keep_every_bit_and_refuse_what_they_are_not() {
    let mut page = Page::new();
    let guest = page.guest(EXPORTS);
    let mut exported = |name| page.host.exported_global(guest.instance, name).unwrap();
    let (i, f, fixed, reference) = (exported("i"), exported("f"), exported("fixed"), exported("reference"));
    assert_eq!(page.value(i).unwrap(), u64::MAX - 1);
    for bits in [0, 0x8000_0000, 0x7FA0_0001, 0xFFFF_FFFF, 0x7FC0_1234] {
        page.set_value(f, bits).unwrap();
        assert_eq!(page.value(f).unwrap(), bits);
    }
    page.set_value(i, 1 << 63).unwrap();
    assert_eq!(page.results(guest, "get", &[]), [1 << 63, 0x7FC0_1234]);
    assert_eq!(refusal(page.set_value(fixed, 6)).kind(), ("GlobalError", "immutable"));
    assert_eq!(page.value(fixed).unwrap(), 5);
    assert_eq!(page.value(reference).unwrap(), 0);
    page.set_value(reference, 0).unwrap();
    assert_eq!(refusal(page.set_value(reference, 1_000)).kind(), ("DisposedError", "unknown"));
    for name in ["none", "function", ""] {
        let error = refusal(page.host.exported_global(guest.instance, name));
        assert_eq!(error.kind(), ("DisposedError", "unknown"));
    }
    page.host.teardown_instance(guest.instance).unwrap();
    assert_eq!(refusal(page.value(i)).kind(), ("DisposedError", "torn-down"));
    assert_eq!(refusal(page.set_value(i, 0)).kind(), ("DisposedError", "torn-down"));
    // Only its handle is there to be forgotten.
    page.host.drop_global(i).unwrap();
    assert_eq!(refusal(page.value(i)).kind(), ("DisposedError", "unknown"));
}

#[wasm_bindgen_test]
fn guests_share_a_mutable_one_and_copy_a_constant() {
    let mut page = Page::new();
    let count = page.new_global("i32", true, 5).unwrap();
    let base = page.new_global("i32", false, 100).unwrap();
    let memory = page.host.new_memory(1, -1.0).unwrap();
    let one = page.guest_with(IMPORTS, &[count, memory, base]);
    let other = page.guest_with(IMPORTS, &[count, memory, base]);
    page.host.drop_global(base).unwrap();
    assert_eq!(page.results(one, "add", &[1]), [6]);
    assert_eq!(page.results(other, "add", &[10]), [16]);
    page.set_value(count, 0xFFFF_FFFF_0000_0001).unwrap();
    assert_eq!(page.results(one, "add", &[1]), [2]);
    assert_eq!(page.value(count).unwrap(), 2);
    assert_eq!(page.results(other, "base", &[]), [100]);
    assert_eq!(page.bytes(memory).get_index(100), 42);
    page.host.drop_global(count).unwrap();
    assert_eq!(page.results(one, "add", &[1]), [3]);
    assert_eq!(page.results(other, "add", &[1]), [4]);
}

#[wasm_bindgen_test]
fn what_does_not_fit_is_refused_by_name() {
    let mut page = Page::new();
    let module = page.compile(r#"(module (import "e" "g" (global (mut i64))))"#);
    for (ty, mutable) in [("i32", true), ("i64", false), ("f64", true)] {
        let global = page.new_global(ty, mutable, 0).unwrap();
        let error = refusal(page.host.instantiate(module, &[global], 0, None, None, None, 0, &[]));
        assert_eq!(error.kind(), ("InstantiateError", "import"));
        assert!(error.message.starts_with("import `e` `g`, a mutable i64 global: a "), "{}", error.message);
    }
    let global = page.new_global("i64", true, 0).unwrap();
    let call = page.host.instantiate(module, &[global], 0, None, None, None, 0, &[]).unwrap();
    assert_eq!(page.step(call), Step::Finished);
    for ty in ["", "v64", "anyref", "I32", "__proto__"] {
        let error = refusal(page.new_global(ty, true, 0));
        assert_eq!(error.kind(), ("RangeError", "unknown-type"), "{ty}");
    }
}

#[wasm_bindgen_test]
fn handles_that_never_were_are_unknown() {
    let mut page = Page::new();
    let global = page.new_global("i64", true, 7).unwrap();
    let module = page.compile(r#"(module (import "e" "g" (global (mut i64))))"#);
    let expected = ("DisposedError", "unknown");
    for handle in UNKNOWN {
        assert_eq!(refusal(page.value(handle)).kind(), expected);
        assert_eq!(refusal(page.set_value(handle, 1)).kind(), expected);
        let refused = page.host.instantiate(module, &[handle], 0, None, None, None, 0, &[]);
        assert_eq!(refusal(refused).kind(), expected);
        // To forget what is not there is no error.
        page.host.drop_global(handle).unwrap();
    }
    assert_eq!(page.value(global).unwrap(), 7);
    page.host.drop_global(global).unwrap();
    page.host.drop_global(global).unwrap();
    assert_eq!(refusal(page.value(global)).kind(), expected);
}
