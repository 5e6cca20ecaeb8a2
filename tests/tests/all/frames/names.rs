//! Names of functions: from the name section, whatever is in it.

use super::trap_of;
use guestbox::{CompileOptions, Environment, InvokeError, Limits, Module, NoImports, Store, Trap};
use guestbox_tests::text;

/// Function 0 traps, called by function 1, `run`. There is no name section.
const NAMELESS: &str = r#"(module (func unreachable) (func (export "run") (call 0)))"#;

/// The trap of that module with this at its end.
fn trap_with(section: &[u8]) -> Trap {
    let mut bytes = text::bytes(NAMELESS);
    bytes.extend_from_slice(section);
    let module =
        Module::with_options(&Limits::default(), &bytes, CompileOptions::new().with_frames()).unwrap();
    let mut store = Store::new();
    let guest = store.instantiate(&mut NoImports, &module, &Environment::new(), 0).unwrap();
    match store.invoke(&mut NoImports, guest, "run", &[], 0) {
        Err(InvokeError::Trap(trap)) => trap,
        other => panic!("{other:?}"),
    }
}

/// A custom section `name` with these contents.
fn section(contents: &[u8]) -> Vec<u8> {
    let len = u8::try_from(contents.len() + 5).unwrap();
    assert!(len < 0x80);
    [&[0, len, 4][..], b"name", contents].concat()
}

fn names_with(contents: &[u8]) -> [Option<String>; 2] {
    let trap = trap_with(&section(contents));
    assert_eq!(trap.frames().iter().map(|frame| frame.function_index).collect::<Vec<_>>(), [0, 1]);
    [0, 1].map(|at| trap.frames()[at].name.as_deref().map(str::to_owned))
}

fn some(name: &str) -> Option<String> {
    Some(name.to_owned())
}

#[test]
fn without_a_section_there_are_none() {
    let trap = trap_with(&[]);
    assert!(trap.frames().iter().all(|frame| frame.name.is_none()));
    let lines = format!("{trap:#}");
    assert_eq!(lines, "unreachable executed\n    at wasm-function[0]:0x21\n    at wasm-function[1]:0x25");
}

#[test]
fn a_section_names_some_or_all() {
    assert_eq!(names_with(&[1, 7, 2, 0, 1, b'a', 1, 1, b'b']), [some("a"), some("b")]);
    assert_eq!(names_with(&[1, 4, 1, 1, 1, b'b']), [None, some("b")]);
    assert_eq!(names_with(&[1, 4, 1, 9, 1, b'b']), [None, None], "of a function that there is not");
    assert_eq!(names_with(&[1, 7, 2, 0, 1, b'a', 0, 1, b'b']), [some("a"), None], "twice");
    // After the names of the module and of locals.
    assert_eq!(names_with(&[0, 2, 1, b'm', 2, 1, 0, 1, 4, 1, 0, 1, b'a']), [some("a"), None]);
    assert_eq!(names_with(&[1, 4, 1, 0, 0, 9]), [some(""), None], "an empty one");
}

#[test]
fn what_cannot_be_read_is_passed_over() {
    assert_eq!(names_with(&[1, 8, 2, 0, 2, 0xC3, 0x28, 1, 1, b'b']), [None, some("b")], "no UTF-8");
    assert_eq!(names_with(&[1, 7, 9, 0, 1, b'a', 1, 1, b'b']), [some("a"), some("b")], "fewer than said");
    assert_eq!(names_with(&[1, 7, 2, 0, 1, b'a', 1, 9, b'b']), [some("a"), None], "shorter than said");
    assert_eq!(names_with(&[1, 90, 1, 0, 1, b'a']), [None, None], "a longer part than there is");
    for contents in [&[][..], &[1], &[1, 0], &[1, 0xFF], &[0xFF; 9], &[1, 5, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]] {
        assert_eq!(names_with(contents), [None, None], "{contents:?}");
    }
}

#[test]
fn a_very_long_name_is_cut() {
    for (letter, kept) in [("x", 1_024), ("é", 512), ("€", 341)] {
        let text = format!(r#"(module (func $"{}" (export "run") unreachable))"#, letter.repeat(70_000));
        let trap = trap_of(&text, &[]);
        assert_eq!(trap.frames()[0].name.as_deref(), Some(&*letter.repeat(kept)));
    }
}

#[test]
fn what_is_unprintable_is_written_escaped() {
    let name = "a\n\x1b[\u{202E}'\"é€".as_bytes();
    let len = u8::try_from(name.len()).unwrap();
    let contents = [&[1, len + 3, 1, 0, len], name].concat();
    let trap = trap_with(&section(&contents));
    let frame = trap.frames()[0].to_string();
    assert_eq!(frame, "a\\n\\u{1b}[\\u{202e}'\"é€ (wasm-function[0]:0x21)");
}
