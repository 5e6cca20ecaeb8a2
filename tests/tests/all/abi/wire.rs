//! The bytes of the ABI, both ways, and those that are none.

use crate::{abi::environment, allocations::largest_allocation};
use guestbox::{
    HostError, Number, ReturnValue, Value,
    wire::{self, Entry, EnvironmentDefinition, ExternEntity},
};
use guestbox_tests::mock::hex;
use parity_scale_codec::{Decode, Encode};

/// Fails unless `value` has these bytes, and these bytes are `value`, also with more after them,
/// but not with any less.
#[track_caller]
fn assert_bytes<T: Encode + Decode + PartialEq + std::fmt::Debug>(value: &T, digits: &str) {
    let bytes = value.encode();
    assert_eq!(hex(&bytes), digits.replace(' ', ""), "{value:?}");
    assert_eq!(T::decode(&mut &bytes[..]).as_ref(), Ok(value));
    assert_eq!(T::decode(&mut &[&bytes[..], &[0xFF; 9]].concat()[..]).as_ref(), Ok(value));
    for len in 0..bytes.len() {
        assert!(T::decode(&mut &bytes[..len]).is_err(), "{value:?} from {len} bytes");
    }
}

#[test]
fn values_have_the_bytes_of_the_abi() {
    assert_bytes(&Number::I32(0x1234_5678), "0078563412");
    assert_bytes(&Number::I64(0x1234_5678_8765_4321), "012143658778563412");
    assert_bytes(&Number::F32(f32::NAN.to_bits()), "020000c07f");
    assert_bytes(&Number::F64(f64::NAN.to_bits()), "03000000000000f87f");
    assert_bytes(&Number::I32(-1), "00ffffffff");
    assert_bytes(&Number::I64(i64::MIN), "010000000000000080");
    // A signalling NaN and the negative zero are bits like any others.
    assert_bytes(&Number::F32(0x7FA0_0001), "020100a07f");
    assert_bytes(&Number::F64((-0.0_f64).to_bits()), "030000000000000080");
}

#[test]
fn arguments_have_the_bytes_of_the_abi() {
    assert_bytes(&Vec::<Number>::new(), "00");
    let args = vec![Number::I32(0x1234_5678), Number::I64(0x1234_5678_8765_4321)];
    assert_bytes(&args, "08 0078563412 012143658778563412");
    assert_eq!(wire::decode_arguments(&args.encode()), Ok(args.into_iter().map(Value::from).collect()));
    // From 64 on a count takes two bytes.
    assert_bytes(&vec![Number::I32(0); 63], &format!("fc{}", "0000000000".repeat(63)));
    assert_bytes(&vec![Number::I32(0); 64], &format!("0101{}", "0000000000".repeat(64)));
}

#[test]
fn results_have_the_bytes_of_the_abi() {
    assert_bytes(&ReturnValue::Unit, "00");
    assert_bytes(&ReturnValue::Value(Number::I32(0x1337)), "010037130000");
    assert_bytes(&ReturnValue::Value(Number::I64(-1)), "0101ffffffffffffffff");
    let longest = [Number::I32(0), Number::I64(0), Number::F32(0), Number::F64(0)];
    let longest = longest.map(|value| ReturnValue::Value(value).encode().len());
    assert_eq!(longest.iter().max(), Some(&10));
    let result = |result: Result<ReturnValue, HostError>| hex(&result.encode());
    assert_eq!(result(Ok(ReturnValue::Unit)), "0000");
    assert_eq!(result(Ok(ReturnValue::Value(Number::I32(8)))), "00010008000000");
    assert_eq!(result(Err(HostError::new())), "01");
}

#[test]
fn a_host_error_is_no_bytes_and_its_reason_stays_behind() {
    assert!(HostError::new().encode().is_empty());
    assert!(HostError::with_reason(std::fmt::Error).encode().is_empty());
    assert!(HostError::decode(&mut &[][..]).is_ok());
}

#[test]
fn options_have_the_bytes_of_the_abi() {
    assert_bytes(&None::<Number>, "00");
    assert_bytes(&Some(Number::I64(500)), "0101f401000000000000");
}

#[test]
fn environments_have_the_bytes_of_the_abi() {
    let definition = |module: &[u8], field: &[u8], entity| EnvironmentDefinition {
        entries: vec![Entry { module_name: module.into(), field_name: field.into(), entity }],
    };
    assert_bytes(&EnvironmentDefinition::default(), "00");
    let memory = definition(b"kernel", b"memory", ExternEntity::Memory(1_337));
    assert_bytes(&memory, "04 18 6b65726e656c 18 6d656d6f7279 02 39050000");
    let function = definition(b"env", b"abort", ExternEntity::Function(228));
    assert_bytes(&function, "04 0c 656e76 14 61626f7274 01 e4000000");
    assert_bytes(&definition(b"\xFF", b"", ExternEntity::Function(u32::MAX)), "04 04ff 00 01 ffffffff");
    assert_eq!(environment(&[]), [0]);
}

#[test]
fn an_index_that_does_not_exist_is_an_error() {
    let rest = [0; 16];
    let decodes = |index: u8| {
        let bytes = [&[index][..], &rest].concat();
        [
            Number::decode(&mut &bytes[..]).is_ok(),
            ReturnValue::decode(&mut &bytes[..]).is_ok(),
            ExternEntity::decode(&mut &bytes[..]).is_ok(),
        ]
    };
    assert_eq!(decodes(0), [true, true, false]);
    assert_eq!(decodes(1), [true, true, true]);
    assert_eq!(decodes(2), [true, false, true]);
    assert_eq!(decodes(3), [true, false, false]);
    for index in 4..=255 {
        assert_eq!(decodes(index), [false; 3], "{index}");
    }
}

#[test]
fn a_count_in_a_longer_form_than_it_needs_is_an_error() {
    assert!(wire::decode_arguments(&[0]).is_ok());
    for bytes in [&[1, 0][..], &[2, 0, 0, 0], &[3, 0, 0, 0, 0], &[7, 0, 0, 0, 0, 0], &[0xFD, 0]] {
        assert!(wire::decode_arguments(&[bytes, &[0; 400]].concat()).is_err(), "{bytes:x?}");
    }
}

#[test]
fn a_count_that_the_input_cannot_hold_allocates_little() {
    for count in [&[0xFE, 0xFF, 0xFF, 0xFF][..], &[3, 0xFF, 0xFF, 0xFF, 0xFF], &[2, 0, 1, 0]] {
        for padding in [0, 5, 1_000] {
            let bytes = [count, &vec![0; padding]].concat();
            let (decoded, largest) = largest_allocation(|| wire::decode_arguments(&bytes).is_ok());
            assert!(!decoded);
            assert!(largest <= 64 << 10, "{largest} bytes for {} of input", bytes.len());
        }
    }
}
