//! Environments over the wire: malformed ones, unknown memories, duplicates, odd names.

use crate::{
    abi::{World, environment, function, memory, standard, wasm},
    allocations::largest_allocation,
};
use guestbox::{
    EnvironmentError, HandleError, ImportProblem, Limit, Limits, Number,
    abi::{self, ERR_MODULE, ERR_OK, InstantiateFailure, MEM_UNLIMITED},
    wire::{Entry, ExternEntity},
};
use guestbox_tests::text;
use parity_scale_codec::Encode;

fn why(world: &mut World, environment: &[u8]) -> EnvironmentError {
    match world.failure(&wasm("(module)"), environment) {
        InstantiateFailure::EnvironmentCorrupted(error) => error,
        failure => panic!("{failure:?}"),
    }
}

#[test]
fn an_environment_that_is_cut_short_anywhere_is_corrupted() {
    let mut world = World::new();
    abi::memory_new(&mut world.store, 0, MEM_UNLIMITED).unwrap();
    let whole = environment(&[function("f", 1), memory("memory", 0), function("", 2)]);
    assert_eq!(world.instantiate(&wasm("(module)"), &whole), 0);
    for len in 0..whole.len() {
        assert_eq!(why(&mut world, &whole[..len]), EnvironmentError::Corrupted, "{len} bytes");
        assert_eq!(world.instantiate(&wasm("(module)"), &whole[..len]), ERR_MODULE);
    }
    assert_eq!(world.instantiate(&wasm("(module)"), &whole), 1);
}

#[test]
fn an_entity_has_index_1_or_2() {
    let mut world = World::new();
    for index in (0..=255_u8).filter(|index| ![1, 2].contains(index)) {
        let bytes = [4, 4, b'm', 4, b'f', index, 0, 0, 0, 0];
        assert_eq!(why(&mut world, &bytes), EnvironmentError::Corrupted, "index {index}");
    }
    assert_eq!(world.instantiate(&wasm("(module)"), &[4, 4, b'm', 4, b'f', 1, 0, 0, 0, 0]), 0);
}

#[test]
fn a_length_in_a_longer_form_than_it_needs_is_corrupted() {
    let mut world = World::new();
    // No entries in one byte is right; in two, in four, and as a big integer it is not.
    assert_eq!(world.instantiate(&wasm("(module)"), &[0]), 0);
    for bytes in [&[1, 0][..], &[2, 0, 0, 0], &[3, 0, 0, 0, 0]] {
        assert_eq!(why(&mut world, bytes), EnvironmentError::Corrupted, "{bytes:?}");
    }
    // The same within an entry.
    let bytes = [4, 5, 0, b'm', 4, b'f', 1, 0, 0, 0, 0];
    assert_eq!(why(&mut world, &bytes), EnvironmentError::Corrupted);
}

#[test]
fn a_claim_of_many_entries_or_of_a_long_name_allocates_little() {
    let mut world = World::new();
    let wasm = wasm("(module)");
    // 2^30 - 1 and 2^32 - 1.
    for length in [&[0xFE, 0xFF, 0xFF, 0xFF][..], &[0x03, 0xFF, 0xFF, 0xFF, 0xFF]] {
        let entries = length.to_vec();
        let module_name = [&[4], length].concat();
        let field_name = [&[4, 4, b'm'], length].concat();
        for mut bytes in [entries, module_name, field_name] {
            for padding in [0, 1_000] {
                bytes.resize(bytes.len() + padding, 0);
                let (code, largest) = largest_allocation(|| world.instantiate(&wasm, &bytes));
                assert_eq!(code, ERR_MODULE);
                assert!(largest <= 64 << 10, "{largest} bytes for {} of input", bytes.len());
            }
        }
    }
}

#[test]
fn an_environment_as_long_as_the_limit_is_read_and_one_byte_more_is_not() {
    let mut limits = Limits::default();
    limits.environment_bytes = 1_000;
    let mut world = World::with_limits(limits);
    let mut bytes = standard();
    bytes.resize(1_000, 0);
    assert_eq!(world.instantiate(&wasm("(module)"), &bytes), 0);
    bytes.push(0);
    match why(&mut world, &bytes) {
        EnvironmentError::Limit(error) => {
            assert_eq!(
                (error.limit, error.maximum, error.requested),
                (Limit::EnvironmentBytes, 1_000, 1_001)
            );
        }
        error => panic!("{error:?}"),
    }
}

#[test]
fn a_memory_that_does_not_exist_is_an_error_also_where_no_guest_asks_for_it() {
    let mut world = World::new();
    for number in [0, 1_337, u32::MAX] {
        let bytes = environment(&[function("f", 1), memory("unused", number)]);
        assert_eq!(why(&mut world, &bytes), EnvironmentError::Memory(HandleError::Unknown));
    }
    let number = abi::memory_new(&mut world.store, 1, MEM_UNLIMITED).unwrap();
    let bytes = environment(&[memory("unused", number)]);
    assert_eq!(world.instantiate(&wasm("(module)"), &bytes), 0);
    abi::memory_teardown(&mut world.store, number).unwrap();
    assert_eq!(why(&mut world, &bytes), EnvironmentError::Memory(HandleError::TornDown));
    // Also where a later entry would win.
    let other = abi::memory_new(&mut world.store, 1, MEM_UNLIMITED).unwrap();
    let bytes = environment(&[memory("unused", number), memory("unused", other)]);
    assert_eq!(why(&mut world, &bytes), EnvironmentError::Memory(HandleError::TornDown));
}

#[test]
fn the_last_of_several_functions_of_one_name_is_called() {
    let mut world = World::new();
    let wasm = wasm(
        r#"(module (import "env" "f" (func $f (param i32) (result i32)))
            (func (export "call") (result i32) (call $f (i32.const 5))))"#,
    );
    let entries = [function("f", 5), memory("f", 0), function("f", 1), function("g", 5), function("f", 3)];
    abi::memory_new(&mut world.store, 1, MEM_UNLIMITED).unwrap();
    let guest = world.instantiate(&wasm, &environment(&entries));
    assert_eq!(world.invoke(guest, "call", &[0]), Ok(ERR_OK));
    assert_eq!(world.buffer()[..6], [1, 0, 5, 0, 0, 0]);
    assert_eq!(world.mock.trace()[2], "thunk(len=6,state=9,func=3)");
}

#[test]
fn the_last_of_several_memories_of_one_name_is_shared() {
    let mut world = World::new();
    for _ in 0..3 {
        abi::memory_new(&mut world.store, 1, MEM_UNLIMITED).unwrap();
    }
    let wasm = wasm(
        r#"(module (import "env" "m" (memory 1))
            (func (export "call") (i32.store8 (i32.const 0) (i32.const 42))))"#,
    );
    let entries = [memory("m", 2), function("m", 5), memory("m", 0), memory("m", 1)];
    let guest = world.instantiate(&wasm, &environment(&entries));
    world.invoke(guest, "call", &[0]).unwrap();
    let first_byte = |number| {
        let mut byte = [0];
        world.store.memory_read(world.store.memory_id(number).unwrap(), 0, &mut byte).unwrap();
        byte[0]
    };
    assert_eq!([0, 1, 2].map(first_byte), [0, 42, 0]);
}

#[test]
fn one_function_serves_imports_of_several_signatures() {
    let mut world = World::new();
    let guest = world.guest(
        r#"(module
            (import "env" "polymorphic_id" (func $i32 (param i32) (result i32)))
            (import "env" "polymorphic_id" (func $i64 (param i64) (result i64)))
            (import "env" "polymorphic_id" (func $f32 (param f32) (result f32)))
            (import "env" "polymorphic_id" (func $f64 (param f64) (result f64)))
            (func (export "i32") (param i32) (result i32) (call $i32 (local.get 0)))
            (func (export "i64") (param i64) (result i64) (call $i64 (local.get 0)))
            (func (export "f32") (param f32) (result f32) (call $f32 (local.get 0)))
            (func (export "f64") (param f64) (result f64) (call $f64 (local.get 0))))"#,
    );
    for (export, value) in [
        ("i32", Number::I32(i32::MIN)),
        ("i64", Number::I64(i64::MIN)),
        ("f32", Number::F32(0xFFA0_0001)),
        ("f64", Number::F64(0xFFF4_0000_0000_0001)),
    ] {
        assert_eq!(world.invoke(guest, export, &vec![value].encode()), Ok(ERR_OK));
        let bytes = value.encode();
        assert_eq!(world.buffer()[1..=bytes.len()], bytes, "{export}");
    }
}

#[test]
fn names_that_are_not_utf_8_are_accepted_and_match_nothing() {
    let mut world = World::new();
    abi::memory_new(&mut world.store, 1, MEM_UNLIMITED).unwrap();
    let odd = |module: &[u8], field: &[u8], entity| Entry {
        module_name: module.to_vec(),
        field_name: field.to_vec(),
        entity,
    };
    let entries = [
        odd(b"env", b"f\xFF", ExternEntity::Function(1)),
        odd(b"env\xC3", b"f", ExternEntity::Function(1)),
        // How the replacement character and an unpaired surrogate would be written.
        odd(b"env", b"f\xED\xA0\x80", ExternEntity::Function(1)),
        odd(b"\xFE", b"\xFF", ExternEntity::Memory(0)),
    ];
    let bytes = environment(&entries);
    assert_eq!(world.instantiate(&wasm("(module)"), &bytes), 0);
    for wat in [
        r#"(module (import "env" "f" (func)))"#,
        r#"(module (import "env" "f\ef\bf\bd" (func)))"#,
        r#"(module (import "" "" (memory 1)))"#,
    ] {
        let failure = world.failure(&wasm(wat), &bytes);
        let InstantiateFailure::Instantiation(error) = failure else { panic!("{wat}: {failure:?}") };
        assert_eq!(text::refused_import(&error).2, ImportProblem::Missing, "{wat}");
    }
}

#[test]
fn names_are_compared_byte_by_byte() {
    let mut world = World::new();
    // One is composed, the other not; empty names are names; so is what JavaScript knows.
    let names = ["\u{E9}", "e\u{301}", "", "__proto__", "a\0b", "\u{FEFF}"];
    for (func, name) in (1..).zip(names) {
        let entries: Vec<Entry> = (1..).zip(names).map(|(func, name)| function(name, func)).collect();
        let escaped: String = name.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        let wat = format!(
            r#"(module (import "env" "{escaped}" (func $f (result i32))) (func (export "call") (result i32) (call $f)))"#
        );
        let guest = world.instantiate(&wasm(&wat), &environment(&entries));
        world.mock.reset();
        // What the function then does is of no matter here.
        let _code = world.invoke(guest, "call", &[0]).unwrap();
        assert_eq!(world.mock.trace()[2], format!("thunk(len=1,state=9,func={func})"), "{name:?}");
    }
}
