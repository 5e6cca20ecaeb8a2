//! `invoke`.

use crate::abi::{BUFFER, World};
use guestbox::{
    Limit, Limits, Number, Region,
    abi::{ERR_EXECUTION, ERR_OK, SupervisorTrap},
};
use parity_scale_codec::Encode;

/// Counts the calls it got in `ran`.
const GUEST: &str = r#"(module
    (import "env" "fails" (func $fails))
    (global $ran (export "ran") (mut i32) (i32.const 0))
    (func $runs (global.set $ran (i32.add (global.get $ran) (i32.const 1))))
    (memory (export "memory") 1)
    (func (export "nothing") (call $runs))
    (func (export "i32") (result i32) (call $runs) (i32.const 0x1337))
    (func (export "i64") (result i64) (call $runs) (i64.const -1))
    (func (export "f32") (result f32) (call $runs) (f32.reinterpret_i32 (i32.const 0x7fa00001)))
    (func (export "f64") (result f64) (call $runs) (f64.reinterpret_i64 (i64.const 0x7ff4000000000001)))
    (func (export "two") (result i32 i32) (call $runs) (i32.const 1) (i32.const 2))
    (func (export "takes") (param i32 i64) (result i64) (i64.add (i64.extend_i32_s (local.get 0)) (local.get 1)))
    (func (export "takes_reference") (param externref))
    (func (export "traps") (call $runs) unreachable)
    (func (export "ends") (call $runs) (call $fails))
    (func (export "loops") (call $runs) (loop (br 0))))"#;

const NO_ARGS: [u8; 1] = [0];

fn world() -> (World, u32) {
    let mut limits = Limits::default();
    limits.fuel = 10_000;
    let mut world = World::with_limits(limits);
    let guest = world.guest(GUEST);
    world.wipe();
    (world, guest)
}

/// How often the guest ran.
fn ran(world: &mut World, guest: u32) -> u8 {
    world.global(guest, "ran")[2]
}

#[test]
fn a_result_is_written_as_a_return_value_and_nothing_after_it() {
    let (mut world, guest) = world();
    for (export, bytes) in [
        ("i32", &[1, 0, 0x37, 0x13, 0, 0][..]),
        ("i64", &[1, 1, 255, 255, 255, 255, 255, 255, 255, 255]),
        ("f32", &[1, 2, 0x01, 0x00, 0xA0, 0x7F]),
        ("f64", &[1, 3, 0x01, 0, 0, 0, 0, 0, 0xF4, 0x7F]),
        // The wire has one result.
        ("two", &[1, 0, 1, 0, 0, 0]),
    ] {
        world.wipe();
        assert_eq!(world.invoke(guest, export, &NO_ARGS), Ok(ERR_OK), "{export}");
        assert_eq!(world.buffer()[..bytes.len()], *bytes, "{export}");
        assert!(world.buffer()[bytes.len()..].iter().all(|byte| *byte == 0xEE), "{export}");
    }
}

#[test]
fn an_export_without_a_result_leaves_the_buffer_whatever_it_is() {
    let (mut world, guest) = world();
    for buffer in [BUFFER, Region { ptr: 16, len: 0 }, Region { ptr: u32::MAX, len: u32::MAX }] {
        assert_eq!(world.invoke_into(guest, b"nothing", &NO_ARGS, buffer), Ok(ERR_OK));
    }
    assert_eq!(world.buffer(), [0xEE; 10]);
    assert_eq!(ran(&mut world, guest), 3);
}

#[test]
fn every_failure_of_the_guest_is_one_code_and_leaves_the_buffer() {
    let (mut world, guest) = world();
    for export in ["traps", "ends", "loops"] {
        let before = ran(&mut world, guest);
        assert_eq!(world.invoke(guest, export, &NO_ARGS), Ok(ERR_EXECUTION), "{export}");
        assert_eq!(ran(&mut world, guest), before + 1, "{export}");
    }
    // These never run.
    for export in [&b"missing"[..], b"", b"ran", b"memory", b"nothing\0", b"NOTHING", b"\xFF\xFE"] {
        assert_eq!(world.invoke_into(guest, export, &NO_ARGS, BUFFER), Ok(ERR_EXECUTION), "{export:?}");
    }
    assert_eq!(ran(&mut world, guest), 3);
    assert_eq!(world.buffer(), [0xEE; 10]);
    // Not even a bad buffer makes a failure of the guest one of the supervisor.
    let nowhere = Region { ptr: u32::MAX, len: 0 };
    assert_eq!(world.invoke_into(guest, b"traps", &NO_ARGS, nowhere), Ok(ERR_EXECUTION));
}

#[test]
fn arguments_must_have_the_number_and_types_of_the_parameters() {
    let (mut world, guest) = world();
    let (i32, i64) = (Number::I32(-2), Number::I64(44));
    assert_eq!(world.invoke(guest, "takes", &vec![i32, i64].encode()), Ok(ERR_OK));
    assert_eq!(world.buffer(), [1, 1, 42, 0, 0, 0, 0, 0, 0, 0]);
    let (f32, f64) = (Number::F32(0), Number::F64(0));
    for args in [&[][..], &[i32], &[i64, i32], &[i32, i32], &[i32, f64], &[f32, i64], &[i32, i64, i32]] {
        assert_eq!(world.invoke(guest, "takes", &args.encode()), Ok(ERR_EXECUTION), "{args:?}");
    }
    assert_eq!(world.invoke(guest, "nothing", &vec![i32].encode()), Ok(ERR_EXECUTION));
    assert_eq!(world.invoke(guest, "takes_reference", &vec![i32].encode()), Ok(ERR_EXECUTION));
    assert_eq!(ran(&mut world, guest), 0);
}

#[test]
fn arguments_that_do_not_decode_are_the_supervisors_trap_before_the_guest_runs() {
    let (mut world, guest) = world();
    let whole = vec![Number::I32(1), Number::I64(2)].encode();
    let cut = (0..whole.len()).map(|len| whole[..len].to_vec());
    let bad = [
        vec![4, 4, 0, 0, 0, 0],
        vec![4, 0xFF, 0, 0, 0, 0],
        // Counts in a longer form than they need: 1 in two bytes, 1 in four.
        vec![5, 0, 0, 1, 0, 0, 0],
        vec![6, 0, 0, 0, 0, 1, 0, 0, 0],
    ];
    for args in cut.chain(bad) {
        for export in ["takes", "nothing", "missing"] {
            assert_eq!(world.invoke(guest, export, &args), Err(SupervisorTrap::Arguments), "{args:x?}");
        }
    }
    assert_eq!(ran(&mut world, guest), 0);
}

#[test]
fn bytes_after_the_arguments_are_passed_over() {
    let (mut world, guest) = world();
    assert_eq!(world.invoke(guest, "nothing", &[0, 0xFF, 0xFF]), Ok(ERR_OK));
    assert_eq!(ran(&mut world, guest), 1);
}

#[test]
fn arguments_as_long_as_the_limit_are_decoded_and_one_byte_more_is_the_supervisors_trap() {
    let (mut world, guest) = world();
    let mut args = vec![0; Limits::ARGUMENT_BYTES];
    assert_eq!(world.invoke(guest, "nothing", &args), Ok(ERR_OK));
    args.push(0);
    let Err(SupervisorTrap::Limit(error)) = world.invoke(guest, "nothing", &args) else { panic!("invoked") };
    assert_eq!((error.limit, error.requested), (Limit::ArgumentBytes, error.maximum + 1));
    assert_eq!(ran(&mut world, guest), 1);
}

#[test]
fn a_result_buffer_that_is_too_small_is_found_after_the_guest_ran() {
    let (mut world, guest) = world();
    let mut calls = 0;
    for (export, needed) in [("i32", 6), ("f32", 6), ("i64", 10), ("f64", 10), ("two", 6)] {
        for len in 0..needed {
            let buffer = Region { ptr: BUFFER.ptr, len };
            let trap = world.invoke_into(guest, export.as_bytes(), &NO_ARGS, buffer);
            assert_eq!(trap, Err(SupervisorTrap::ResultBuffer), "{export} {len}");
            calls += 1;
        }
        assert_eq!(world.buffer(), [0xEE; 10], "{export}");
        assert_eq!(ran(&mut world, guest), calls);
        let buffer = Region { ptr: BUFFER.ptr, len: needed };
        assert_eq!(world.invoke_into(guest, export.as_bytes(), &NO_ARGS, buffer), Ok(ERR_OK));
        calls += 1;
        world.wipe();
    }
}

#[test]
fn a_result_buffer_outside_the_supervisors_memory_is_found_after_the_guest_ran() {
    let (mut world, guest) = world();
    let end = u32::try_from(world.mock.heap().len()).unwrap();
    for (calls, ptr) in (1..).zip([end - 5, end, end + 1, u32::MAX - 5, u32::MAX]) {
        let buffer = Region { ptr, len: 6 };
        let trap = world.invoke_into(guest, b"i32", &NO_ARGS, buffer);
        assert_eq!(trap, Err(SupervisorTrap::ResultBuffer), "{ptr:#x}");
        assert_eq!(ran(&mut world, guest), calls);
    }
    let last = Region { ptr: end - 6, len: 6 };
    assert_eq!(world.invoke_into(guest, b"i32", &NO_ARGS, last), Ok(ERR_OK));
    assert_eq!(world.mock.heap().bytes(last).unwrap(), [1, 0, 0x37, 0x13, 0, 0]);
    // Only the value has to fit, not all that the buffer claims.
    let claims_more = Region { ptr: end - 6, len: u32::MAX };
    assert_eq!(world.invoke_into(guest, b"i32", &NO_ARGS, claims_more), Ok(ERR_OK));
}
