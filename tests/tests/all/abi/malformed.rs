//! Modules that are cut short.

use crate::abi::{World, standard, wasm};
use guestbox::{
    CompileError,
    abi::{ERR_EXECUTION, ERR_MODULE, InstantiateFailure},
};

/// A bit of everything that a section can hold.
const LARGE: &str = r#"(module $name
    (import "env" "inc_counter" (func $inc (param i32) (result i32)))
    (import "env" "assert" (func $assert (param i32)))
    (table (export "table") 4 8 funcref)
    (memory (export "memory") 1 3)
    (global (export "global") (mut i64) (i64.const 0x123456789abcdef))
    (func $start (global.set 0 (i64.const 1)))
    (func (export "call") (param $a i32) (result i32) (local $b i32) (local $c f64)
        (local.set $b (call $inc (local.get $a)))
        (block (loop (br_if 1 (i32.eqz (local.get $b))) (local.set $b (i32.sub (local.get $b) (i32.const 1))) (br 0)))
        (memory.init 1 (i32.const 0) (i32.const 0) (i32.const 3))
        (call $assert (i32.const 1))
        (call_indirect (param i32) (result i32) (local.get $b) (i32.const 0)))
    (start $start)
    (elem (i32.const 0) $inc)
    (elem func $assert $start)
    (data (i32.const 8) "at eight")
    (data "passive"))"#;

/// A guest as toolchains make them small.
const SMALL: &str = r#"(module
    (import "env" "polymorphic_id" (func $id (param f32) (result f32)))
    (func (export "call") (param f32) (result f32) (call $id (local.get 0))))"#;

/// The section ids, and where each section ends; the header's end comes first, as id 0.
fn boundaries(wasm: &[u8]) -> Vec<(u8, usize)> {
    let (mut found, mut at) = (vec![(0, 8)], 8);
    while at < wasm.len() {
        let id = wasm[at];
        let (mut len, mut shift) = (0, 0);
        loop {
            at += 1;
            len |= usize::from(wasm[at] & 0x7F) << shift;
            shift += 7;
            if wasm[at] & 0x80 == 0 {
                break;
            }
        }
        at += 1 + len;
        found.push((id, at));
    }
    found
}

/// What is cut between two sections may be a module: so long as no function is declared there is
/// nothing it lacks, and once all code is there only data or a custom section can be missing.
fn may_be_a_module(boundaries: &[(u8, usize)], len: usize) -> Option<bool> {
    const FUNCTION: u8 = 3;
    const CODE: u8 = 10;
    let whole = boundaries.iter().take_while(|(_, end)| *end <= len);
    let ids: Vec<u8> = whole.map(|(id, _)| *id).collect();
    let at_boundary = boundaries.iter().any(|(_, end)| *end == len);
    at_boundary.then(|| ids.contains(&FUNCTION) == ids.contains(&CODE))
}

/// Cuts a module everywhere; how many of the pieces were modules nevertheless.
fn cut_everywhere(wat: &str) -> usize {
    let whole = wasm(wat);
    let boundaries = boundaries(&whole);
    assert_eq!(boundaries.last().unwrap().1, whole.len());
    let mut modules = 0;
    for len in 0..whole.len() {
        let mut world = World::new();
        let piece = &whole[..len];
        if may_be_a_module(&boundaries, len) == Some(true) {
            let code = world.instantiate(piece, &standard());
            // The data count promises a data section, which then is missing.
            let promised = wat == LARGE && code == ERR_MODULE;
            assert!(code == 0 || promised, "{len} of {} bytes: {code:#x}", whole.len());
            modules += usize::from(code == 0);
            continue;
        }
        let failure = world.failure(piece, &standard());
        assert!(
            matches!(failure, InstantiateFailure::ModuleDecoding(CompileError::Invalid(_))),
            "{len} of {} bytes: {failure:?}",
            whole.len()
        );
        assert_eq!(world.instantiate(piece, &standard()), ERR_MODULE);
        world.assert_untouched();
    }
    assert_eq!(World::new().instantiate(&whole, &standard()), 0);
    modules
}

#[test]
fn every_truncation_of_a_small_guest_is_refused_unless_it_is_a_module_itself() {
    // The header, types, imports; and all of it without the names.
    assert_eq!(cut_everywhere(SMALL), 4);
}

#[test]
fn every_truncation_of_a_guest_with_all_sections_is_refused_unless_it_is_a_module_itself() {
    // The header, types, imports; and all of it without the names.
    assert_eq!(cut_everywhere(LARGE), 4);
}

#[test]
fn any_byte_changed_does_no_more_than_fail() {
    let whole = wasm(LARGE);
    let (mut worked, mut failed) = (0, 0);
    for at in 0..whole.len() {
        for change in [0x01, 0x40, 0x80, 0xFF] {
            let mut changed = whole.clone();
            changed[at] ^= change;
            let mut world = World::new();
            match world.instantiate(&changed, &standard()) {
                0 => worked += 1,
                ERR_MODULE | ERR_EXECUTION => failed += 1,
                code => panic!("byte {at} changed by {change:#x}: code {code:#x}"),
            }
            assert_eq!(world.mock.heap().bad_frees(), 0);
        }
    }
    // Names and constants may change without harm; most else may not.
    assert!(worked > 0 && failed > worked, "{worked} worked, {failed} failed");
}
