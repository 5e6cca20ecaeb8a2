//! Results that do not suit: undecodable, errors, and values of another type than declared.

use crate::thunk_faults::{Why, World};
use guestbox::{HostError, Number, ReturnValue, ThunkError, Value};
use guestbox_tests::mock::{MockError, Reply, hex};
use parity_scale_codec::Encode;

/// Imports one function with each result that there is.
const GUEST: &str = r#"(module
    (import "env" "other" (func $none))
    (import "env" "other" (func $i32 (result i32)))
    (import "env" "other" (func $i64 (result i64)))
    (import "env" "other" (func $f32 (result f32)))
    (import "env" "other" (func $f64 (result f64)))
    (import "env" "other" (func $two (result i32 i32)))
    (func (export "none") (call $none))
    (func (export "i32") (result i32) (call $i32))
    (func (export "i64") (result i64) (call $i64))
    (func (export "f32") (result f32) (call $f32))
    (func (export "f64") (result f64) (call $f64))
    (func (export "two") (result i32 i32) (call $two)))"#;

/// What a thunk can return, and the export whose import declares just that.
const RESULTS: [(&str, ReturnValue); 5] = [
    ("none", ReturnValue::Unit),
    ("i32", ReturnValue::Value(Number::I32(-7))),
    ("i64", ReturnValue::Value(Number::I64(i64::MIN))),
    // Signalling NaNs: their bits have to arrive as they are.
    ("f32", ReturnValue::Value(Number::F32(0x7FA0_0001))),
    ("f64", ReturnValue::Value(Number::F64(0x7FF4_0000_0000_0001))),
];

fn values(result: ReturnValue) -> Vec<Value> {
    match result {
        ReturnValue::Unit => Vec::new(),
        ReturnValue::Value(value) => vec![value.into()],
    }
}

fn encoded(result: ReturnValue) -> Vec<u8> {
    Ok::<_, HostError>(result).encode()
}

fn reply(world: &mut World, bytes: Vec<u8>) {
    world.mock.reset();
    world.mock.reply(1, Reply::Bytes(bytes));
}

#[test]
fn a_result_arrives_where_its_type_is_the_declared_one_and_traps_elsewhere() {
    let mut world = World::new(GUEST);
    let mut arrived = 0;
    for (export, _) in RESULTS {
        for (declared, result) in RESULTS {
            reply(&mut world, encoded(result));
            if export == declared {
                assert_eq!(world.call(export, &[]).unwrap().to_vec(), values(result));
                arrived += 1;
            } else {
                assert_eq!(Why::of(&world.trap(export, &[])), Why::ResultType, "{result:?} for {export}");
            }
            world.assert_balanced();
        }
    }
    assert_eq!(arrived, 5);
}

#[test]
fn an_import_with_two_results_cannot_be_served_by_a_thunk() {
    let mut world = World::new(GUEST);
    for (_, result) in RESULTS {
        reply(&mut world, encoded(result));
        assert_eq!(Why::of(&world.trap("two", &[])), Why::ResultType);
        world.assert_balanced();
    }
}

#[test]
fn a_result_that_is_cut_short_anywhere_does_not_decode() {
    let mut world = World::new(GUEST);
    for (export, result) in RESULTS {
        let whole = encoded(result);
        for len in 0..whole.len() {
            reply(&mut world, whole[..len].to_vec());
            let why = Why::of(&world.trap(export, &[]));
            assert_eq!(why, Why::Adapter(ThunkError::DecodeResult), "{}", hex(&whole[..len]));
            world.assert_balanced();
        }
    }
}

#[test]
fn an_index_that_does_not_exist_does_not_decode() {
    let mut world = World::new(GUEST);
    // Of the result, of the return value, of the value.
    for bytes in [&[2, 0][..], &[0xFF; 16], &[0, 2, 0], &[0, 1, 4, 0, 0, 0, 0, 0, 0, 0, 0]] {
        reply(&mut world, bytes.to_vec());
        let why = Why::of(&world.trap("i32", &[]));
        assert_eq!(why, Why::Adapter(ThunkError::DecodeResult), "{}", hex(bytes));
        world.assert_balanced();
    }
}

#[test]
fn bytes_after_a_result_are_passed_over() {
    let mut world = World::new(GUEST);
    for (export, result) in RESULTS {
        let mut bytes = encoded(result);
        bytes.extend([0xFF; 100]);
        reply(&mut world, bytes);
        assert_eq!(world.call(export, &[]).unwrap().to_vec(), values(result));
        world.assert_balanced();
    }
}

#[test]
fn a_host_error_a_bad_result_a_wrong_type_and_a_supervisors_trap_are_told_apart() {
    let mut world = World::new(GUEST);
    reply(&mut world, vec![1]);
    assert_eq!(Why::of(&world.trap("i32", &[])), Why::HostError);
    reply(&mut world, vec![1, 0xAA, 0xBB]);
    assert_eq!(Why::of(&world.trap("none", &[])), Why::HostError);
    reply(&mut world, vec![2]);
    assert_eq!(Why::of(&world.trap("i32", &[])), Why::Adapter(ThunkError::DecodeResult));
    reply(&mut world, vec![0, 0]);
    let trap = world.trap("i32", &[]);
    assert_eq!(Why::of(&trap), Why::ResultType);
    assert_eq!(
        trap.to_string(),
        "the supervisor's result has not the type the import declares: the import `env` `other`, \
         a function () -> (i32), returned ()"
    );
    world.mock.reset();
    world.mock.on(10, |_, _, _| Err(MockError::Protocol("trapped")));
    let why = Why::of(&world.trap("i32", &[]));
    assert_eq!(why, Why::Supervisor(MockError::Protocol("trapped")));
    world.assert_balanced();
}
