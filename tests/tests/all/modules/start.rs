//! The start section, which is lifted out so that the start function can pause.

use guestbox::{
    CompileError, Environment, FuncIndex, HostCall, HostError, InvokeError, Module, NoImports, Store, Value,
    Values,
};
use guestbox_tests::text;

const EXPORT: u8 = 7;
const START: u8 = 8;
const CODE: u8 = 10;

/// Sets a global from its start function, which is its first.
const STARTED: &str = r#"(module (global $g (export "g") (mut i32) (i32.const 0)) (start $s)
    (func $s (global.set $g (i32.add (global.get $g) (i32.const 42)))) (func (export "f")))"#;

/// The sections of a module, less those that are custom. All here are shorter than 128 bytes.
fn sections(text: &str) -> Vec<(u8, Vec<u8>)> {
    let bytes = text::bytes(text);
    let (mut rest, mut sections) = (&bytes[8..], Vec::new());
    while let [id, len, ..] = *rest {
        assert!(len < 128, "a length of one byte");
        let (section, after) = rest[2..].split_at(len.into());
        sections.push((id, section.to_vec()));
        rest = after;
    }
    sections.retain(|(id, _)| *id != 0);
    sections
}

fn assemble(sections: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    for (id, section) in sections {
        bytes.extend([*id, section.len().try_into().unwrap()]);
        bytes.extend(section);
    }
    bytes
}

fn place(sections: &[(u8, Vec<u8>)], id: u8) -> usize {
    sections.iter().position(|(other, _)| *other == id).unwrap()
}

fn global(module: &Module) -> Option<Value> {
    let mut store = Store::new();
    let guest = store.instantiate(&mut NoImports, module, &Environment::new(), 0).unwrap();
    store.global(guest, "g").unwrap()
}

fn is_invalid(bytes: &[u8]) -> bool {
    matches!(Module::new(bytes), Err(CompileError::Invalid(_)))
}

#[test]
fn a_lifted_start_function_runs_once_and_is_no_export() {
    let module = Module::new(&assemble(&sections(STARTED))).unwrap();
    assert!(module.has_start());
    assert_eq!(global(&module), Some(Value::I32(42)));
    let names: Vec<_> = module.exports().iter().map(|export| export.name()).collect();
    assert_eq!(names, ["g", "f"]);
    let mut store = Store::new();
    let guest = store.instantiate(&mut NoImports, &module, &Environment::new(), 0).unwrap();
    assert!(module.export("guestbox:0:start").is_none());
    assert!(matches!(store.begin(guest, "guestbox:0:start", &[], 0), Err(InvokeError::ExportNotFound)));
    assert_eq!(store.global(guest, "guestbox:0:start"), Ok(None));
}

#[test]
fn a_module_without_export_section_has_its_start_lifted_too() {
    for text in [
        r#"(module (import "env" "f" (func $f)) (start $s) (func $s (call $f)))"#,
        r#"(module (import "env" "f" (func $f)) (start $f))"#,
        r#"(module (import "env" "f" (func $f)) (table 1 funcref) (elem (i32.const 0) $s) (start $s)
             (func $s (call $f)) (data "x"))"#,
    ] {
        let module = text::module(text);
        assert!(module.has_start() && module.exports().is_empty());
        let mut calls = 0;
        let mut supervisor = |_: &mut Store, _: HostCall<'_>| -> Result<Values, HostError> {
            calls += 1;
            Ok(().into())
        };
        let environment = Environment::new().with_function("env", "f", FuncIndex(0));
        Store::new().instantiate(&mut supervisor, &module, &environment, 0).unwrap();
        assert_eq!(calls, 1, "{text}");
    }
}

#[test]
fn exports_with_the_name_of_the_lifted_one_stay_the_guests_own() {
    let text = r#"(module (global $g (export "g") (mut i32) (i32.const 0)) (start $s)
        (func $s (global.set $g (i32.const 1)))
        (func (export "guestbox:0:start") (result i32) (i32.const 2))
        (func (export "guestbox:1:") (result i32) (i32.const 3))
        (func (export "guestbox:3:start") (result i32) (i32.const 4)))"#;
    let module = text::module(text);
    assert_eq!(module.exports().len(), 4);
    assert_eq!(global(&module), Some(Value::I32(1)));
    let mut store = Store::new();
    let guest = store.instantiate(&mut NoImports, &module, &Environment::new(), 0).unwrap();
    for (name, value) in [("guestbox:0:start", 2), ("guestbox:1:", 3), ("guestbox:3:start", 4)] {
        assert_eq!(*text::call(&mut store, guest, name, &[]), [Value::I32(value)]);
    }
    assert!(module.export("guestbox:2:start").is_none());
}

#[test]
fn the_start_function_may_be_exported_too() {
    let text = r#"(module (global $g (export "g") (mut i32) (i32.const 0)) (start $s)
        (func $s (export "again") (global.set $g (i32.add (global.get $g) (i32.const 1)))))"#;
    let mut store = Store::new();
    let guest = text::guest(&mut store, text, &Environment::new());
    assert_eq!(store.global(guest, "g"), Ok(Some(Value::I32(1))));
    text::call(&mut store, guest, "again", &[]);
    assert_eq!(store.global(guest, "g"), Ok(Some(Value::I32(2))));
}

#[test]
fn custom_sections_may_stand_anywhere() {
    let plain = sections(STARTED);
    for at in 0..=plain.len() {
        let mut with_custom = plain.clone();
        with_custom.insert(at, (0, b"\x04name\xFF\xFF".to_vec()));
        with_custom.insert(at, (0, b"\x00".to_vec()));
        let module = Module::new(&assemble(&with_custom)).unwrap();
        assert_eq!(global(&module), Some(Value::I32(42)), "at {at}");
    }
}

#[test]
fn numbers_may_be_written_longer_than_needed() {
    let mut padded = sections(STARTED);
    let start = place(&padded, START);
    // Function 0 in five bytes; the count of exports, 2, in three.
    padded[start].1 = vec![0x80, 0x80, 0x80, 0x80, 0x00];
    let export = place(&padded, EXPORT);
    padded[export].1.splice(0..1, [0x82, 0x80, 0x00]);
    assert_eq!(global(&Module::new(&assemble(&padded)).unwrap()), Some(Value::I32(42)));
    for overlong in [vec![0x80, 0x80, 0x80, 0x80, 0x80, 0x00], vec![0x80, 0x80, 0x80, 0x80, 0x10], vec![0x80]]
    {
        padded[start].1 = overlong;
        assert!(is_invalid(&assemble(&padded)));
    }
}

#[test]
fn a_start_section_that_does_not_validate_is_invalid() {
    let plain = sections(STARTED);
    let start = place(&plain, START);
    let with = |contents: &[u8]| {
        let mut sections = plain.clone();
        sections[start].1 = contents.to_vec();
        assemble(&sections)
    };
    assert!(Module::new(&with(&[1])).is_ok(), "the second function does as well");
    for contents in [&[2][..], &[100], &[0xFF, 0xFF, 0xFF, 0xFF, 0x0F], &[], &[0, 0], &[0, 1]] {
        assert!(is_invalid(&with(contents)), "{contents:?}");
    }
    for text in [
        "(module (start $s) (func $s (param i32)))",
        "(module (start $s) (func $s (result i32) (i32.const 0)))",
        r#"(module (import "env" "f" (func $f (param i32))) (start $f))"#,
        r#"(module (import "env" "f" (func $f (result f64))) (start $f))"#,
        r#"(module (import "env" "f" (func $f (param externref))) (start $f) (func
          (export "guestbox:0:start")))"#,
    ] {
        assert!(is_invalid(&text::bytes(text)), "{text}");
    }
}

#[test]
fn a_start_section_out_of_order_or_twice_is_invalid() {
    let plain = sections(STARTED);
    let from = place(&plain, START);
    for to in 0..=plain.len() {
        let mut moved = plain.clone();
        moved.insert(to, plain[from].clone());
        assert!(is_invalid(&assemble(&moved)), "a second one at {to}");
        moved.remove(if to <= from { from + 1 } else { from });
        assert_eq!(is_invalid(&assemble(&moved)), to != from && to != from + 1, "moved to {to}");
    }
    let mut swapped = plain.clone();
    swapped.swap(place(&plain, EXPORT), place(&plain, CODE));
    assert!(is_invalid(&assemble(&swapped)), "others out of order");
    let mut doubled = plain.clone();
    doubled.insert(place(&plain, EXPORT), plain[place(&plain, EXPORT)].clone());
    assert!(is_invalid(&assemble(&doubled)), "two export sections");
}

#[test]
fn being_lifted_makes_no_invalid_module_valid() {
    // A function may be referred to where it is exported, or in a segment, or in a global.
    let text = |declared: &str| {
        format!(
            "(module (start $f) {declared} (func $f (drop (ref.func $f))) (func $g (drop (ref.func $f))))"
        )
    };
    assert!(is_invalid(&text::bytes(&text(""))));
    for declared in ["(export \"f\" (func $f))", "(elem declare func $f)", "(global funcref (ref.func $f))"] {
        assert!(Module::new(&text::bytes(&text(declared))).is_ok(), "{declared}");
    }
}
