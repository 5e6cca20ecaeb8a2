//! Bytes that are no module, or one that is refused: an error each, and nothing is left of them.

use crate::common::{Page, Refusal, Step, assert_not_grown, own_memory_bytes, place, refusal, scale, wasm};
use js_sys::{Uint8Array, WebAssembly};
use wasm_bindgen_test::wasm_bindgen_test;

/// A module with every section.
const WHOLE: &str = r#"(module $named
    (type $nullary (func)) (type $binary (func (param i32 i64) (result f64)))
    (import "env" "ask" (func $ask (param i32) (result i32)))
    (import "env" "memory" (memory 1 4))
    (func $run (export "run") (param i32) (result i32) (local i64 f32)
        (if (i32.eqz (local.get 0)) (then (return (i32.const 9))))
        (block (loop (br_if 1 (i32.const 1)) (br 0)))
        (memory.init $late (i32.const 0) (i32.const 0) (i32.const 1)) (data.drop $late)
        (i32.add (call $ask (local.get 0)) (i32.load8_u (local.get 0))))
    (func $other (type $binary) (f64.convert_i64_s (local.get 1)))
    (func $start (type $nullary))
    (start $start)
    (table 2 8 funcref) (elem (i32.const 0) $run $other)
    (global (export "global") (mut i64) (i64.const -1))
    (data (i32.const 0) "some bytes") (data $late "late"))"#;

/// What the browser says about the bytes.
fn valid(bytes: &[u8]) -> bool {
    WebAssembly::validate(&Uint8Array::from(bytes)).unwrap()
}

/// Sees that the host works, and that what was refused got no handle.
#[track_caller]
fn assert_fresh(page: &mut Page) {
    let guest = page.guest(r#"(module (func (export "one") (result i32) (i32.const 1)))"#);
    assert_eq!((place(guest.module), guest.instance), (0, 0), "something was left");
    assert_eq!(page.results(guest, "one", &[]), [1]);
}

#[wasm_bindgen_test]
fn every_truncation_of_a_module_is_refused_as_the_browser_refuses_it() {
    let whole = wasm(WHOLE);
    assert!(valid(&whole));
    let mut page = Page::new();
    for len in 0..whole.len() {
        // The eight bytes of the header are a module, and so are they with some whole sections.
        let result = page.host.compile(&whole[..len]);
        assert_eq!(result.is_ok(), valid(&whole[..len]), "{len} bytes");
        match result {
            Ok(module) => page.host.drop_module(module),
            Err(error) => assert_eq!(Refusal::of(&error).kind(), ("CompileError", "invalid"), "{len} bytes"),
        }
    }
    assert_fresh(&mut page);
}

#[wasm_bindgen_test]
fn what_the_browser_refuses_is_refused_whatever_byte_is_changed() {
    let whole = wasm(WHOLE);
    let mut page = Page::new();
    let (mut accepted, mut refused) = (0, 0);
    for at in 0..whole.len() {
        for flip in [0x01, 0x02, 0x40, 0x80, 0xFF] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            match page.host.compile(&bytes) {
                Ok(module) => {
                    assert!(valid(&bytes), "byte {at} changed by {flip:#x}: the browser refuses it");
                    page.host.drop_module(module);
                    accepted += 1;
                }
                Err(error) => {
                    assert_eq!(Refusal::of(&error).class, "CompileError");
                    refused += 1;
                }
            }
        }
    }
    assert!(accepted > 100 && refused > 100, "{accepted} accepted, {refused} refused");
    assert_fresh(&mut page);
}

#[wasm_bindgen_test]
fn bytes_that_are_no_wasm_are_refused() {
    let mut page = Page::new();
    let zeros = vec![0; 100_000];
    let bytes: [&[u8]; 7] =
        [b"", b"\0", b"\0asm", b"\0asm\x02\0\0\0", b"<!doctype html>", b"(module)", &zeros];
    for bytes in bytes {
        let error = refusal(page.host.compile(bytes));
        assert_eq!(error.kind(), ("CompileError", "invalid"), "{:?}", &bytes[..bytes.len().min(16)]);
        assert!(error.message.starts_with("invalid module: "), "{}", error.message);
    }
    let component = refusal(page.host.compile(b"\0asm\x0D\0\x01\0"));
    assert_eq!(component.kind(), ("CompileError", "unsupported"));
    assert_fresh(&mut page);
}

#[wasm_bindgen_test]
fn a_module_that_was_refused_leaves_no_memory_behind() {
    // 40,000 constants, and one thing too many on the stack at the end.
    let body = "(drop (i32.const 1))".repeat(40_000);
    let bytes = wasm(&format!("(module (func {body} (i32.const 1)))"));
    let mut page = Page::new();
    let mut before = 0;
    for round in 0..8 {
        assert_eq!(refusal(page.host.compile(&bytes)).code, "invalid");
        if round == 2 {
            before = own_memory_bytes();
        }
    }
    assert_not_grown(before);
    assert_fresh(&mut page);
}

#[wasm_bindgen_test]
fn bombs_are_refused_before_they_take_anything() {
    let locals = r#"(module binary "\00asm\01\00\00\00" "\01\04\01\60\00\00" "\03\02\01\00" "\0a\0a\01\08\01\ff\ff\ff\ff\0f\7f\0b")"#;
    let bombs = [
        ("locals", locals.to_owned()),
        ("results", format!("(module (type (func (result {}))))", "i32 ".repeat(1_001))),
        ("params", format!("(module (func (param {})))", "i64 ".repeat(101))),
        ("functions", format!("(module {})", "(func)".repeat(100_001))),
        ("globals", format!("(module {})", "(global i32 (i32.const 0))".repeat(10_001))),
        ("imports", format!("(module {})", r#"(import "" "" (func))"#.repeat(1_001))),
        ("table", "(module (table 100001 funcref))".to_owned()),
        ("memory", "(module (memory 4097))".to_owned()),
        ("memories", format!("(module {})", "(memory 0)".repeat(17))),
        ("tables", format!("(module {})", "(table 0 funcref)".repeat(101))),
    ];
    let mut page = Page::new();
    for (name, text) in bombs {
        let bytes = wasm(&text);
        let before = own_memory_bytes();
        assert_eq!(refusal(page.host.compile(&bytes)).class, "CompileError", "{name}");
        assert!(own_memory_bytes() - before < 4 << 20, "{name}");
    }
    assert_fresh(&mut page);
}

#[wasm_bindgen_test]
fn deeply_nested_blocks_do_not_reach_the_end_of_the_stack() {
    let mut page = Page::new();
    for depth in [1_000, 100_000] {
        // Text this deep cannot be parsed, so these are the bytes of it: blocks, and their ends.
        let mut body = vec![0];
        body.extend([0x02, 0x40].repeat(depth));
        body.extend([0x0B].repeat(depth + 1));
        let mut bytes = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0A".to_vec();
        let section = [&[1], leb(body.len()).as_slice(), &body].concat();
        bytes.extend(leb(section.len()));
        bytes.extend(section);
        match page.host.compile(&bytes) {
            Ok(module) => {
                let call = page.host.instantiate(module, &[], 0, None, None, None, 0, &[]).unwrap();
                assert_eq!(page.step(call), Step::Finished);
                page.host.teardown_instance(page.instance()).unwrap();
                page.host.drop_module(module);
            }
            Err(error) => assert_eq!(Refusal::of(&error).class, "CompileError"),
        }
    }
    assert_eq!(place(page.guest("(module)").module), 0);
}

/// A length as WebAssembly writes it.
fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7F).unwrap();
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

#[wasm_bindgen_test]
fn tail_calls_of_imports_and_within_the_guest_work() {
    let mut page = Page::new();
    let within = page.guest(
        r#"(module (func $count (export "count") (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (return_call $count (i32.sub (local.get 0) (i32.const 1))))
                (else (i32.const 3)))))"#,
    );
    assert_eq!(page.results(within, "count", &[100_000]), [3]);
}

#[wasm_bindgen_test]
fn through_the_lower_door_a_module_that_is_none_has_its_own_code() {
    let store = scale::store(&[]);
    let whole = wasm(scale::ASKING);
    for len in (0..whole.len()).step_by(7).filter(|len| *len != 8) {
        let error = refusal(store.instantiate(
            &scale::unused(),
            &scale::bytes(&whole[..len]),
            &scale::bytes(&scale::asking()),
            0,
        ));
        assert_eq!(error.kind(), ("InstantiateError", "module-decoding"), "{len} bytes");
    }
    assert_eq!(scale::asking_guest(&store), 0);
}
