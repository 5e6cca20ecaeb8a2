//! `get_global_val`.

use crate::abi::World;
use guestbox::{Number, abi};
use parity_scale_codec::Encode;

const GUEST: &str = r#"(module
    (global (export "i32") i32 (i32.const -5))
    (global (export "i64") i64 (i64.const 500))
    (global (export "f32") f32 (f32.const nan:0x200001))
    (global (export "f64") f64 (f64.const nan:0x4000000000001))
    (global $i (export "counts") (export "again") (mut i32) (i32.const 0))
    (global (export "reference") funcref (ref.null func))
    (global $hidden i32 (i32.const 1))
    (memory (export "memory") 1)
    (table (export "table") 1 funcref)
    (func (export "call") (global.set $i (i32.const 7))))"#;

#[test]
fn a_global_is_an_encoded_some_with_its_very_bits() {
    let mut world = World::new();
    let guest = world.guest(GUEST);
    for (name, value) in [
        ("i32", Number::I32(-5)),
        ("i64", Number::I64(500)),
        ("f32", Number::F32(0x7FA0_0001)),
        ("f64", Number::F64(0x7FF4_0000_0000_0001)),
        ("counts", Number::I32(0)),
    ] {
        assert_eq!(world.global(guest, name), Some(value).encode(), "{name}");
    }
    assert_eq!(world.global(guest, "i64"), [1, 1, 0xF4, 1, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn what_is_no_global_of_a_number_is_an_encoded_none() {
    let mut world = World::new();
    let guest = world.guest(GUEST);
    for name in ["memory", "table", "call", "reference", "hidden", "zz", "", "i32\0"] {
        assert_eq!(world.global(guest, name), [0], "{name}");
    }
    assert_eq!(abi::get_global_val(&mut world.store, guest, b"\xFFi32"), Ok(vec![0]));
}

#[test]
fn a_global_is_seen_as_the_guest_and_the_supervisor_leave_it() {
    let mut world = World::new();
    let guest = world.guest(GUEST);
    world.invoke(guest, "call", &[0]).unwrap();
    assert_eq!(world.global(guest, "counts"), Some(Number::I32(7)).encode());
    let id = world.store.instance_id(guest).unwrap();
    world.store.set_global(id, "again", Number::I32(8).into()).unwrap();
    assert_eq!(world.global(guest, "counts"), Some(Number::I32(8)).encode());
}
