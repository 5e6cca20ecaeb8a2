//! Tables: made, exported and imported, by handles, and the functions in them by theirs.

use crate::common::{Guest, Page, Step, refusal};
use guestbox_wasm_host::Protocol;
use wasm_bindgen_test::wasm_bindgen_test;

/// Exports a table of three functions, one of which it exports and one of which asks.
const OWNER: &str = r#"(module (import "e" "ask" (func $ask (param i32) (result i32)))
    (table (export "t") 4 8 funcref) (elem (i32.const 0) $double $asks $wide)
    (func $double (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
    (func $asks (param i32) (result i32) (i32.add (call $ask (local.get 0)) (i32.const 100)))
    (func $wide (param i64 f64) (result i64) (local.get 0)))"#;

/// Imports a table between a global and a memory, and calls by it.
const CALLER: &str = r#"(module (import "e" "g" (global i32)) (import "e" "t" (table $t 1 funcref)) (import "e" "m" (memory 1))
    (type $unary (func (param i32) (result i32)))
    (func (export "triple") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
    (func (export "call") (param i32 i32) (result i32) (call_indirect $t (type $unary) (local.get 1) (local.get 0)))
    (func (export "size") (result i32) (table.size $t)))"#;

/// The word of no function.
const NULL: u64 = 0;

/// The word of the function of a handle.
fn word_of(func: u32) -> u64 {
    u64::from(func) + 1
}

/// The handle of the function that is an element of a table.
#[track_caller]
fn element(page: &mut Page, table: u32, at: u32) -> u32 {
    u32::try_from(page.table_get(table, at).unwrap() - 1).unwrap()
}

/// Handles that were never given out.
const UNKNOWN: [u32; 4] = [1, 1_000, 0x7FFF_FFFF, u32::MAX];

fn owner(page: &mut Page) -> (Guest, u32) {
    let owner = page.guest(OWNER);
    (owner, page.host.exported_table(owner.instance, "t").unwrap())
}

fn caller(page: &mut Page, table: u32) -> Guest {
    let global = page.new_global("i32", false, 0).unwrap();
    let memory = page.host.new_memory(1, -1.0).unwrap();
    page.guest_with(CALLER, &[global, table, memory])
}

/// Calls a function that needs no answer.
fn called(page: &mut Page, guest: Guest, func: u32, arg: u64) -> u64 {
    page.put(&[arg]);
    let step = page.host.call(guest.instance, Protocol::FUNCTION | func, 0, Protocol::NO_CALL);
    assert_eq!(page.said(step), Step::Finished);
    let [result] = page.take();
    result
}

#[wasm_bindgen_test]
fn that_of_a_guest_is_read_written_and_grown() {
    let mut page = Page::new();
    let (guest, table) = owner(&mut page);
    assert_eq!(page.host.table_size(table).unwrap(), 4);
    let double = element(&mut page, table, 0);
    assert_eq!(page.table_get(table, 0).unwrap(), word_of(double));
    let position = page.position(guest, "double");
    assert_eq!(page.host.exported_func(guest.instance, position).unwrap(), double);
    assert_eq!(page.host.func_export(double).unwrap(), position);
    assert_eq!(page.host.func_instance(double).unwrap(), guest.instance);
    assert_eq!(page.host.func_type(double).unwrap(), r#"[["i32"],["i32"]]"#);
    assert_eq!(called(&mut page, guest, double, 21), 42);
    let wide = element(&mut page, table, 2);
    assert_eq!(page.host.func_type(wide).unwrap(), r#"[["i64","f64"],["i64"]]"#);
    assert_eq!(page.host.func_export(wide).unwrap(), Protocol::NO_CALL);
    assert_eq!(page.table_get(table, 3).unwrap(), NULL);
    page.table_set(table, 3, word_of(double)).unwrap();
    assert_eq!(page.table_get(table, 3).unwrap(), word_of(double));
    page.table_set(table, 3, NULL).unwrap();
    assert_eq!(page.table_get(table, 3).unwrap(), NULL);
    assert_eq!(page.table_grow(table, 2, word_of(wide)).unwrap(), 4);
    assert_eq!(page.table_get(table, 5).unwrap(), word_of(wide));
    for error in [
        refusal(page.table_get(table, 6)),
        refusal(page.table_set(table, 6, word_of(double))),
        refusal(page.table_set(table, u32::MAX, NULL)),
    ] {
        assert_eq!(error.kind(), ("TableError", "out-of-bounds"));
    }
    assert_eq!(refusal(page.table_grow(table, 3, NULL)).kind(), ("TableError", "maximum"));
    let error = refusal(page.host.exported_table(guest.instance, "double"));
    assert_eq!(error.kind(), ("DisposedError", "unknown"));
    page.host.teardown_instance(guest.instance).unwrap();
    assert_eq!(refusal(page.host.table_size(table)).kind(), ("DisposedError", "torn-down"));
    assert_eq!(refusal(page.host.func_type(double)).kind(), ("DisposedError", "torn-down"));
    page.put(&[1]);
    let step = page.host.call(guest.instance, Protocol::FUNCTION | double, 0, Protocol::NO_CALL);
    assert_eq!(page.said(step), Step::TornDown);
}

#[wasm_bindgen_test]
fn a_host_call_says_whose_import_it_is() {
    let mut page = Page::new();
    let (owner, table) = owner(&mut page);
    let caller = caller(&mut page, table);
    let step = page.call(caller, "call", &[1, 9]);
    let [asked] = page.take();
    assert_eq!((asked, page.head(word(Protocol::GUEST_WORD))), (9, u64::from(owner.instance) + 1));
    assert_eq!(page.answer(step.waiting(), &[20]), Step::Finished);
    assert_eq!(page.take(), [120]);
    // Where it is the call's own nobody else is named.
    let asks = element(&mut page, table, 1);
    page.put(&[5]);
    let step = page.host.call(owner.instance, Protocol::FUNCTION | asks, 0, Protocol::NO_CALL);
    let step = page.said(step);
    assert_eq!(page.head(word(Protocol::GUEST_WORD)), 0);
    assert_eq!(page.answer(step.waiting(), &[6]), Step::Finished);
    assert_eq!(page.take(), [106]);
    page.host.teardown_instance(owner.instance).unwrap();
    assert_eq!(page.results(caller, "call", &[0, 8]), [16]);
    assert_eq!(page.call(caller, "call", &[1, 9]), Step::trap("torn-down"));
}

fn word(word: usize) -> u32 {
    u32::try_from(word).unwrap()
}

#[wasm_bindgen_test]
fn one_that_was_made_is_shared_and_emptied() {
    let mut page = Page::new();
    let table = page.host.new_table(true, 2, 5.0).unwrap();
    assert_eq!(page.table_grow(table, 1, NULL).unwrap(), 2);
    let (one, other) = (caller(&mut page, table), caller(&mut page, table));
    let triple = page.host.exported_func(one.instance, page.position(one, "triple")).unwrap();
    page.table_set(table, 2, word_of(triple)).unwrap();
    assert_eq!(page.results(other, "call", &[2, 5]), [15]);
    let of_one = element(&mut page, table, 2);
    assert_eq!(page.host.func_instance(of_one).unwrap(), one.instance);
    page.host.teardown_instance(one.instance).unwrap();
    assert_eq!(page.results(other, "call", &[2, 6]), [18]);
    page.host.teardown_instance(other.instance).unwrap();
    assert_eq!((page.host.table_size(table).unwrap(), page.table_get(table, 2).unwrap()), (3, NULL));
    let third = caller(&mut page, table);
    page.host.drop_table(table).unwrap();
    page.host.drop_table(table).unwrap();
    assert_eq!(refusal(page.host.table_size(table)).kind(), ("DisposedError", "unknown"));
    assert_eq!(page.results(third, "size", &[]), [3]);
    assert_eq!(refusal(page.host.new_table(true, 2, 1.0)).kind(), ("TableError", "maximum"));
}

#[wasm_bindgen_test]
fn what_does_not_fit_is_refused_by_name() {
    let mut page = Page::new();
    let module = page.compile(r#"(module (import "e" "t" (table 2 4 funcref)))"#);
    for (initial, maximum) in [(1, 4.0), (2, -1.0), (2, 5.0)] {
        let table = page.host.new_table(true, initial, maximum).unwrap();
        let error = refusal(page.host.instantiate(module, &[table], 0, None, None, None, 0, &[]));
        assert_eq!(error.kind(), ("InstantiateError", "import"));
        let expected = "import `e` `t`, a funcref table of 2 to 4 elements: a funcref table of ";
        assert!(error.message.starts_with(expected), "{}", error.message);
    }
    let (_, table) = owner(&mut page);
    let (elsewhere, _) = owner(&mut page);
    let apart = page.host.exported_func(elsewhere.instance, page.position(elsewhere, "double")).unwrap();
    assert_eq!(refusal(page.table_set(table, 0, word_of(apart))).kind(), ("TableError", "apart"));
    assert_eq!(refusal(page.table_grow(table, 1, word_of(apart))).kind(), ("TableError", "apart"));
    assert_eq!(page.host.table_size(table).unwrap(), 4);
}

#[wasm_bindgen_test]
fn handles_that_never_were_are_unknown() {
    let mut page = Page::new();
    let (guest, table) = owner(&mut page);
    let double = element(&mut page, table, 0);
    let module = page.compile(r#"(module (import "e" "t" (table 1 funcref)))"#);
    let expected = ("DisposedError", "unknown");
    for handle in UNKNOWN {
        assert_eq!(refusal(page.host.table_size(handle)).kind(), expected);
        assert_eq!(refusal(page.table_get(handle, 0)).kind(), expected);
        assert_eq!(refusal(page.table_set(handle, 0, word_of(double))).kind(), expected);
        assert_eq!(refusal(page.table_grow(handle, 1, NULL)).kind(), expected);
        let refused = page.host.instantiate(module, &[handle], 0, None, None, None, 0, &[]);
        assert_eq!(refusal(refused).kind(), expected);
        // To forget what is not there is no error.
        page.host.drop_table(handle).unwrap();
        assert_eq!(refusal(page.table_set(table, 0, word_of(handle))).kind(), expected);
        assert_eq!(refusal(page.host.func_type(handle)).kind(), expected);
        page.host.drop_func(handle);
    }
    for position in [1_000, u32::MAX] {
        assert_eq!(refusal(page.host.exported_func(guest.instance, position)).kind(), expected);
    }
    // A function that was dropped gets another handle.
    page.host.drop_func(double);
    assert_eq!(refusal(page.host.func_type(double)).kind(), expected);
    let again = element(&mut page, table, 0);
    assert_ne!(again, double);
    assert_eq!(called(&mut page, guest, again, 4), 8);
}
