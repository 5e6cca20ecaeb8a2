//! Values cross the exchange as raw bits, in both directions and through both kinds of call.

use crate::common::{Guest, Page, Step, refusal, scale, wasm};
use guestbox::Number;
use parity_scale_codec::Encode;
use wasm_bindgen_test::wasm_bindgen_test;

/// `same` returns what it gets, `out` what the import returns for it.
const ECHO: &str = r#"(module
    (import "env" "echo" (func $echo (param i32 i64 f32 f64) (result i32 i64 f32 f64)))
    (func (export "same") (param i32 i64 f32 f64) (result i32 i64 f32 f64)
        (local.get 0) (local.get 1) (local.get 2) (local.get 3))
    (func (export "out") (param i32 i64 f32 f64) (result i32 i64 f32 f64)
        (call $echo (local.get 0) (local.get 1) (local.get 2) (local.get 3))))"#;

/// Bits of both widths that a detour over JavaScript numbers would change, and their neighbours.
const F32_BITS: [u32; 12] = [
    0,
    0x8000_0000,
    1,
    0x007F_FFFF,
    0x7F7F_FFFF,
    0x7F80_0000,
    0xFF80_0000,
    0x7FC0_0000,
    0x7FA0_0001,
    0x7F80_0001,
    0xFFFF_FFFF,
    0x7FC0_1234,
];
const F64_BITS: [u64; 12] = [
    0,
    1 << 63,
    1,
    0x000F_FFFF_FFFF_FFFF,
    0x7FEF_FFFF_FFFF_FFFF,
    0x7FF0_0000_0000_0000,
    0xFFF0_0000_0000_0000,
    0x7FF8_0000_0000_0000,
    0x7FF4_0000_0000_0001,
    0x7FF0_0000_0000_0001,
    u64::MAX,
    0x7FF8_1234_5678_9ABC,
];

fn same(page: &mut Page, guest: Guest, values: [u64; 4]) -> [u64; 4] {
    page.results(guest, "same", &values)
}

/// Sends the values through the import: what it was given, and what came back.
fn out(page: &mut Page, guest: Guest, values: [u64; 4]) -> ([u64; 4], [u64; 4]) {
    let call = page.call(guest, "out", &values).waiting();
    let given = page.take();
    // What is left over from the arguments must not be mistaken for an answer.
    page.put(&[0x5555_5555_5555_5555; 4]);
    assert_eq!(page.answer(call, &values), Step::Finished);
    (given, page.take())
}

#[wasm_bindgen_test]
fn integers_keep_their_extremes() {
    let mut page = Page::new();
    let guest = page.guest(ECHO);
    for value in
        [0, 1, -1, i64::from(i32::MIN), i64::from(i32::MAX), i64::MIN, i64::MAX, 1 << 53, (1 << 53) + 1]
    {
        let bits = value.cast_unsigned();
        let values = [bits & 0xFFFF_FFFF, bits, 0, 0];
        assert_eq!(same(&mut page, guest, values), values);
        assert_eq!(out(&mut page, guest, values), (values, values));
    }
}

#[wasm_bindgen_test]
fn floats_keep_every_bit_as_arguments_and_results() {
    let mut page = Page::new();
    let guest = page.guest(ECHO);
    for (single, double) in F32_BITS.into_iter().zip(F64_BITS) {
        let values = [0, 0, single.into(), double];
        assert_eq!(same(&mut page, guest, values), values, "{single:08x} {double:016x}");
    }
}

#[wasm_bindgen_test]
fn floats_keep_every_bit_through_an_import() {
    let mut page = Page::new();
    let guest = page.guest(ECHO);
    for (single, double) in F32_BITS.into_iter().zip(F64_BITS) {
        let values = [0, 0, single.into(), double];
        assert_eq!(out(&mut page, guest, values), (values, values), "{single:08x} {double:016x}");
    }
}

#[wasm_bindgen_test]
fn a_nan_that_arithmetic_makes_is_canonical_and_one_that_is_moved_keeps_its_payload() {
    let mut page = Page::new();
    let guest = page.guest(
        r#"(module
            (func (export "single") (param f32) (result f32 f32 f32 f32)
                (f32.div (f32.const 0) (f32.const 0)) (f32.add (local.get 0) (f32.const 1))
                (f32.sqrt (f32.const -1)) (f32.neg (local.get 0)))
            (func (export "double") (param f64) (result f64 f64 f64 f64)
                (f64.div (f64.const 0) (f64.const 0)) (f64.add (local.get 0) (f64.const 1))
                (f64.promote_f32 (f32.demote_f64 (local.get 0))) (f64.neg (local.get 0))))"#,
    );
    const SINGLE: u64 = 0x7FC0_0000;
    const DOUBLE: u64 = 0x7FF8_0000_0000_0000;
    let results = page.results::<4>(guest, "single", &[0x7FA0_0001]);
    assert_eq!(results, [SINGLE, SINGLE, SINGLE, 0xFFA0_0001]);
    let results = page.results::<4>(guest, "double", &[0x7FF4_0000_0000_0001]);
    assert_eq!(results, [DOUBLE, DOUBLE, DOUBLE, 0xFFF4_0000_0000_0001]);
}

#[wasm_bindgen_test]
fn several_results_come_in_their_order() {
    let mut page = Page::new();
    let guest = page.guest(
        r#"(module
            (import "env" "three" (func $three (result i64 i32 f64)))
            (func (export "swap") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
            (func (export "last") (result f64 i32 i64)
                (local i64 i32 f64)
                (call $three) (local.set 2) (local.set 1) (local.set 0)
                (local.get 2) (local.get 1) (local.get 0)))"#,
    );
    assert_eq!(page.results(guest, "swap", &[3, 1 << 40]), [1 << 40, 3]);
    let call = page.call(guest, "last", &[]).waiting();
    assert_eq!(page.answer(call, &[10, 20, 30]), Step::Finished);
    assert_eq!(page.take(), [30, 20, 10]);
}

#[wasm_bindgen_test]
fn the_upper_half_of_a_32_bit_value_is_ignored_and_comes_back_as_zero() {
    let mut page = Page::new();
    let guest = page.guest(ECHO);
    let dirty = [0xDEAD_BEEF_8000_0000, 0, 0xDEAD_BEEF_7FA0_0001, 0];
    let clean = [0x8000_0000, 0, 0x7FA0_0001, 0];
    assert_eq!(same(&mut page, guest, dirty), clean);
    assert_eq!(out(&mut page, guest, dirty), (clean, clean));
}

#[wasm_bindgen_test]
fn the_longest_signature_passes_all_its_values() {
    let params = "i64 ".repeat(32);
    let gets: String = (0..32).rev().map(|at| format!("(local.get {at}) ")).collect();
    let mut page = Page::new();
    let guest = page
        .guest(&format!(r#"(module (func (export "reverse") (param {params}) (result {params}) {gets}))"#));
    let values: [u64; 32] = core::array::from_fn(|at| u64::MAX >> at);
    let mut reversed = values;
    reversed.reverse();
    assert_eq!(page.results(guest, "reverse", &values), reversed);
}

#[wasm_bindgen_test]
fn globals_cross_the_lower_door_as_encoded_values() {
    let store = scale::store(&[]);
    let guest = wasm(
        r#"(module (global (export "f") (mut f64) (f64.const 1)) (global (export "fixed") i32 (i32.const 5)))"#,
    );
    let guest = store
        .instantiate(&scale::unused(), &scale::bytes(&guest), &scale::bytes(&scale::environment(&[])), 0)
        .unwrap();
    for bits in F64_BITS {
        store.set_global_val(guest, "f", &Number::F64(bits).encode()).unwrap();
        assert_eq!(store.get_global_val(guest, "f").unwrap(), Some(Number::F64(bits)).encode());
    }
    assert_eq!(store.get_global_val(guest, "none").unwrap(), None::<Number>.encode());
    let set = |name: &str, bytes: &[u8]| {
        let error = refusal(store.set_global_val(guest, name, bytes));
        (error.class, error.code)
    };
    let refused = |class: &str, code: &str| (class.to_owned(), code.to_owned());
    assert_eq!(set("fixed", &Number::I32(6).encode()), refused("GlobalError", "immutable"));
    assert_eq!(set("f", &Number::F32(6).encode()), refused("GlobalError", "type"));
    assert_eq!(set("none", &Number::I32(6).encode()), refused("GlobalError", "not-found"));
    assert_eq!(set("f", &[3, 0]), refused("SupervisorTrap", "arguments"));
}
