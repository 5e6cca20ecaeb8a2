//! Memories: through their address and by copy, as they grow, shared, exported and gone.

use crate::common::{Page, Step, assert_not_grown, own_memory_bytes, refusal, scale, wasm};
use guestbox::{Value, wire::ExternEntity};
use wasm_bindgen_test::wasm_bindgen_test;

/// Loads, stores and grows the memory it declares.
fn guest(memory: &str) -> String {
    format!(
        r#"(module (import "env" "pause" (func $pause)) {memory}
            (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
            (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
            (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
            (func (export "size") (result i32) (memory.size))
            (func (export "load paused") (param i32) (result i32) (call $pause) (i32.load8_u (local.get 0))))"#
    )
}

const IMPORTED: &str = r#"(import "env" "memory" (memory 1))"#;
const EXPORTED: &str = r#"(memory (export "memory") 1 300)"#;
const MINUS_ONE: u64 = 0xFFFF_FFFF;

#[wasm_bindgen_test]
fn page_and_guest_see_each_others_writes() {
    let mut page = Page::new();
    let memory = page.host.new_memory(1, -1.0).unwrap();
    page.bytes(memory).set_index(100, 11);
    let guest = page.guest_with(&guest(IMPORTED), &[memory]);
    assert_eq!(page.results(guest, "load", &[100]), [11], "written before the guest was made");
    page.bytes(memory).set_index(65_535, 12);
    assert_eq!(page.results(guest, "load", &[65_535]), [12]);
    page.results::<0>(guest, "store", &[7, 0x1FF]);
    assert_eq!(page.bytes(memory).get_index(7), 0xFF);
}

#[wasm_bindgen_test]
fn an_exported_memory_is_read_and_written_like_any_other() {
    let mut page = Page::new();
    let guest = page.guest(&guest(&format!(r#"{EXPORTED} (data (i32.const 3) "data")"#)));
    let memory = page.host.exported_memory(guest.instance, "memory").unwrap();
    assert_eq!(page.bytes(memory).slice(2, 8).to_vec(), b"\0data\0");
    page.bytes(memory).set_index(9, 77);
    assert_eq!(page.results(guest, "load", &[9]), [77]);
    for name in ["load", "none", ""] {
        let error = refusal(page.host.exported_memory(guest.instance, name));
        assert_eq!(error.kind(), ("DisposedError", "unknown"), "`{name}`");
    }
    // Of a memory that is the guest's own only the handle goes.
    page.host.drop_memory(memory).unwrap();
    assert_eq!(page.results(guest, "load", &[9]), [77]);
    let memory = page.host.exported_memory(guest.instance, "memory").unwrap();
    page.host.teardown_instance(guest.instance).unwrap();
    assert_eq!(refusal(page.host.memory_size(memory)).kind(), ("DisposedError", "torn-down"));
}

#[wasm_bindgen_test]
fn the_address_taken_after_growth_is_that_of_the_same_bytes() {
    let mut page = Page::new();
    let guest = page.guest(&guest(EXPORTED));
    let memory = page.host.exported_memory(guest.instance, "memory").unwrap();
    let mut addresses = vec![page.host.memory_address(memory).unwrap()];
    for mark in 1..=6_u64 {
        page.results::<0>(guest, "store", &[mark, mark * 3]);
        // What is made in between makes it likely that the bytes have to move.
        let between = page.host.new_memory(1, -1.0).unwrap();
        page.bytes(between).set_index(0, 1);
        assert_ne!(page.results(guest, "grow", &[8 * mark]), [MINUS_ONE]);
        addresses.push(page.host.memory_address(memory).unwrap());
        let bytes = page.bytes(memory);
        for old in 1..=mark {
            assert_eq!(u64::from(bytes.get_index(u32::try_from(old).unwrap())), old * 3);
        }
        let last = bytes.length() - 1;
        assert_eq!(bytes.get_index(last), 0, "new pages are zero");
        bytes.set_index(last, 5);
        assert_eq!(page.results(guest, "load", &[last.into()]), [5]);
    }
    addresses.dedup();
    assert!(addresses.len() > 1, "the memory never moved, so nothing was tested");
}

#[wasm_bindgen_test]
fn growth_stops_at_the_maximum_and_at_the_limits() {
    let mut page = Page::with_limits(&[("memoryPages", 6.0), ("totalMemoryPages", 8.0)]);
    let bounded = page.host.new_memory(1, 2.0).unwrap();
    assert_eq!(page.host.memory_grow(bounded, 1).unwrap(), 1);
    assert_eq!(refusal(page.host.memory_grow(bounded, 1)).kind(), ("MemoryError", "maximum"));
    let free = page.host.new_memory(1, -1.0).unwrap();
    assert_eq!(refusal(page.host.memory_grow(free, 6)).kind(), ("MemoryError", "limit"));
    assert_eq!(refusal(page.host.memory_grow(free, 65_536)).kind(), ("MemoryError", "too-many-pages"));
    assert_eq!(refusal(page.host.memory_grow(free, u32::MAX)).kind(), ("MemoryError", "too-many-pages"));
    assert_eq!(page.host.memory_grow(free, 5).unwrap(), 1);
    assert_eq!(page.host.memory_pages_in_use(), 8);
    // Now the total is reached, for new memories, old ones and guests.
    assert_eq!(refusal(page.host.new_memory(1, -1.0)).kind(), ("MemoryError", "limit"));
    let module = page.compile(&guest(EXPORTED));
    assert_eq!(
        refusal(page.host.instantiate(module, &[], 0, None, None, None, 0, &[])).kind(),
        ("InstantiateError", "limit")
    );
    page.host.drop_memory(free).unwrap();
    let guest = page.guest(&guest(EXPORTED));
    assert_eq!(page.results(guest, "grow", &[6]), [MINUS_ONE]);
    assert_eq!(page.results(guest, "grow", &[5]), [1]);
    assert_eq!(page.results(guest, "size", &[]), [6]);
    assert_eq!(page.host.memory_pages_in_use(), 8);
}

#[wasm_bindgen_test]
fn a_memory_with_impossible_sizes_is_not_made() {
    let mut page = Page::new();
    for (initial, maximum, code) in [
        (2, 1.0, "maximum"),
        (65_537, -1.0, "too-many-pages"),
        (1, 65_537.0, "too-many-pages"),
        (1, f64::INFINITY, "too-many-pages"),
        (4_097, -1.0, "limit"),
        (65_536, -1.0, "limit"),
    ] {
        let error = refusal(page.host.new_memory(initial, maximum));
        assert_eq!(error.kind(), ("MemoryError", code), "{initial} {maximum}");
    }
    assert_eq!(page.host.memory_pages_in_use(), 0);
    // A guest that declares as much is refused before anything is allocated.
    let before = own_memory_bytes();
    for pages in [4_097, 65_536] {
        let error = refusal(page.host.compile(&wasm(&format!("(module (memory {pages}))"))));
        assert_eq!(error.kind(), ("CompileError", "limit"), "{pages}");
    }
    assert_not_grown(before);
}

#[wasm_bindgen_test]
fn an_access_out_of_bounds_traps_and_copies_nothing() {
    let mut page = Page::new();
    let guest = page.guest(&guest(EXPORTED));
    for address in [65_536, 65_537, 0x7FFF_FFFF, 0xFFFF_FFFF] {
        assert_eq!(page.call(guest, "load", &[address]), Step::trap("memory-out-of-bounds"));
        assert_eq!(page.call(guest, "store", &[address, 1]), Step::trap("memory-out-of-bounds"));
    }
    assert_eq!(page.results(guest, "load", &[65_535]), [0]);

    let store = scale::store(&[]);
    let memory = store.memory_new(1, 2).unwrap();
    store.memory_set(memory, 65_533, b"end").unwrap();
    assert_eq!(store.memory_get(memory, 65_532, 4).unwrap(), b"\0end");
    // The last of these asks for 4 GiB, which are not allocated to find out.
    for (offset, len) in
        [(65_533, 4), (65_536, 1), (65_537, 0), (u32::MAX, 1), (u32::MAX, u32::MAX), (0, u32::MAX)]
    {
        let error = refusal(store.memory_get(memory, offset, len));
        assert_eq!(error.kind(), ("MemoryError", "out-of-bounds"), "{offset} {len}");
    }
    for offset in [65_533, 65_536, u32::MAX] {
        let error = refusal(store.memory_set(memory, offset, b"long"));
        assert_eq!(error.kind(), ("MemoryError", "out-of-bounds"), "{offset}");
    }
    assert_eq!(store.memory_get(memory, 65_533, 3).unwrap(), b"end");
    assert_eq!(store.memory_get(memory, 65_536, 0).unwrap(), b"");
}

#[wasm_bindgen_test]
fn guests_of_different_modules_share_a_memory() {
    let mut page = Page::new();
    let memory = page.host.new_memory(1, -1.0).unwrap();
    let first = page.guest_with(&guest(IMPORTED), &[memory]);
    let second = page.guest_with(&guest(&format!("{IMPORTED} (global i32 (i32.const 1))")), &[memory]);
    page.results::<0>(first, "store", &[40, 44]);
    assert_eq!(page.results(second, "load", &[40]), [44]);
    assert_eq!(page.results(second, "grow", &[3]), [1]);
    assert_eq!(page.results(first, "size", &[]), [4]);
    assert_eq!(page.host.memory_size(memory).unwrap(), 4);
}

#[wasm_bindgen_test]
fn a_paused_guest_sees_what_the_page_did_to_its_memory() {
    let mut page = Page::new();
    let guest = page.guest(&guest(EXPORTED));
    let memory = page.host.exported_memory(guest.instance, "memory").unwrap();
    let far = 200 * 65_536 - 1;
    let call = page.call(guest, "load paused", &[far]).waiting();
    assert_eq!(page.host.memory_grow(memory, 199).unwrap(), 1);
    page.bytes(memory).set_index(u32::try_from(far).unwrap(), 99);
    assert_eq!(page.answer(call, &[]), Step::Finished);
    assert_eq!(page.take(), [99]);
}

#[wasm_bindgen_test]
fn guests_keep_a_memory_whose_handle_is_gone() {
    let mut page = Page::new();
    let memory = page.host.new_memory(1, -1.0).unwrap();
    let guest = page.guest_with(&guest(IMPORTED), &[memory]);
    page.bytes(memory).set_index(5, 55);
    page.host.drop_memory(memory).unwrap();
    assert_eq!(page.results(guest, "load", &[5]), [55]);
    assert_eq!(refusal(page.host.memory_size(memory)).kind(), ("DisposedError", "unknown"));
    assert_eq!(page.host.memory_pages_in_use(), 1);
    page.host.teardown_instance(guest.instance).unwrap();
    assert_eq!(page.host.memory_pages_in_use(), 0, "the last that had it gave it back");
}

#[wasm_bindgen_test]
fn a_thunk_reads_and_writes_the_memory_of_the_guest_that_waits() {
    let store = scale::store(&[]);
    let memory = store.memory_new(1, u32::MAX).unwrap();
    let entries =
        [("env", "memory", ExternEntity::Memory(memory)), ("env", "upper", ExternEntity::Function(0))];
    let guest = wasm(
        r#"(module (import "env" "memory" (memory 1)) (import "env" "upper" (func $upper (param i32 i32)))
            (data (i32.const 10) "guest")
            (func (export "run") (result i32) (call $upper (i32.const 10) (i32.const 5)) (i32.load8_u (i32.const 14))))"#,
    );
    let guest = store
        .instantiate(&scale::unused(), &scale::bytes(&guest), &scale::bytes(&scale::environment(&entries)), 0)
        .unwrap();
    let same = store.clone();
    let upper = scale::serve(move |args, _, _| {
        let [Value::I32(offset), Value::I32(len)] = args[..] else { panic!("{args:?}") };
        let (offset, len) = (offset.cast_unsigned(), len.cast_unsigned());
        let text = same.memory_get(memory, offset, len)?;
        same.memory_set(memory, offset, &text.to_ascii_uppercase())?;
        Ok(guestbox::ReturnValue::Unit)
    });
    assert_eq!(scale::invoke(&store, &upper, guest, "run", &[]).unwrap(), scale::number(0x54));
    assert_eq!(store.memory_get(memory, 10, 5).unwrap(), b"GUEST");
}
