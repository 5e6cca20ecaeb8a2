//! The wire: types and bytes of the Substrate sandbox ABI of 2021.
//!
//! Everything is SCALE. Trailing bytes are accepted; a bad index, a compact number that is not
//! in its shortest form and too short an input are errors. No decoding allocates more than its
//! input justifies, whatever length the input claims.

#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    trivial_numeric_casts,
    reason = "the derived SCALE code has them"
)]

use crate::types::{
    host_error::HostError,
    value::{Number, ReturnValue, Value},
};
use alloc::vec::Vec;
use parity_scale_codec::{Compact, Decode, Encode, Error};

/// An environment as a supervisor sends it: what it offers to a guest's imports.
#[derive(Clone, Debug, Decode, Default, Encode, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the wire format is fixed")]
pub struct EnvironmentDefinition {
    /// The entries. Where two have the same names and kind, the later one counts.
    pub entries: Vec<Entry>,
}

/// One thing that an environment offers.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the wire format is fixed")]
pub struct Entry {
    /// The module name of the import. Names that are not UTF-8 match nothing.
    pub module_name: Vec<u8>,
    /// The field name of the import.
    pub field_name: Vec<u8>,
    /// What is offered under these names.
    pub entity: ExternEntity,
}

/// A function or a memory, by number.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the wire format is fixed")]
pub enum ExternEntity {
    /// A function; the number is the supervisor's own and comes back with each call of it.
    #[codec(index = 1)]
    Function(u32),
    /// A memory of the store.
    #[codec(index = 2)]
    Memory(u32),
}

/// Appends the SCALE form of a call's arguments: a compact count and the numbers. `None` where one is none.
pub(crate) fn encode_arguments(args: &[Value], bytes: &mut Vec<u8>) -> Option<()> {
    Compact(u32::try_from(args.len()).ok()?).encode_to(bytes);
    for value in args {
        Number::try_from(*value).ok()?.encode_to(bytes);
    }
    Some(())
}

/// Decodes the arguments of a call.
///
/// # Errors
///
/// Where the bytes are no SCALE-encoded `Vec<Number>`.
pub fn decode_arguments(mut bytes: &[u8]) -> Result<Vec<Value>, Error> {
    Ok(Vec::<Number>::decode(&mut bytes)?.into_iter().map(Value::from).collect())
}

/// Decodes what a dispatch thunk returned.
pub(crate) fn decode_result(mut bytes: &[u8]) -> Result<Result<ReturnValue, HostError>, Error> {
    Result::decode(&mut bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String, vec};

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn entry(module: &str, field: &str, entity: ExternEntity) -> EnvironmentDefinition {
        let entry = Entry { module_name: module.into(), field_name: field.into(), entity };
        EnvironmentDefinition { entries: vec![entry] }
    }

    #[test]
    fn values_have_the_bytes_of_the_abi() {
        let args = [Value::I32(0x1234_5678), Value::I64(0x1234_5678_8765_4321)];
        let number = |value: Value| Number::try_from(value).unwrap();
        assert_eq!(hex(&number(args[0]).encode()), "0078563412");
        assert_eq!(hex(&number(args[1]).encode()), "012143658778563412");
        assert_eq!(hex(&Number::F32(0x7FC0_0000).encode()), "020000c07f");
        assert_eq!(hex(&Number::F64(0x7FF8_0000_0000_0000).encode()), "03000000000000f87f");
        let mut bytes = Vec::new();
        encode_arguments(&args, &mut bytes);
        assert_eq!(hex(&bytes), "080078563412012143658778563412");
        assert_eq!(decode_arguments(&bytes).unwrap(), args);
        bytes.clear();
        encode_arguments(&[], &mut bytes);
        assert_eq!(hex(&bytes), "00");
        assert_eq!(hex(&None::<Number>.encode()), "00");
        assert_eq!(hex(&Some(Number::I64(500)).encode()), "0101f401000000000000");
    }

    #[test]
    fn return_values_have_the_bytes_of_the_abi() {
        assert_eq!(hex(&ReturnValue::Unit.encode()), "00");
        assert_eq!(hex(&ReturnValue::Value(Number::I32(0x1337)).encode()), "010037130000");
        assert_eq!(hex(&ReturnValue::Value(Number::I64(-1)).encode()), "0101ffffffffffffffff");
        let result = |value: Result<ReturnValue, HostError>| hex(&value.encode());
        assert_eq!(result(Ok(ReturnValue::Unit)), "0000");
        assert_eq!(result(Ok(ReturnValue::Value(Number::I32(8)))), "00010008000000");
        assert_eq!(result(Err(HostError::new())), "01");
        assert!(decode_result(&[2]).is_err());
        assert!(decode_result(&[]).is_err());
        assert!(matches!(decode_result(&[0, 0, 0xFF]), Ok(Ok(ReturnValue::Unit))));
    }

    #[test]
    fn environments_have_the_bytes_of_the_abi() {
        assert_eq!(hex(&EnvironmentDefinition::default().encode()), "00");
        let memory = entry("kernel", "memory", ExternEntity::Memory(1337));
        assert_eq!(hex(&memory.encode()), "04186b65726e656c186d656d6f72790239050000");
        let function = entry("env", "abort", ExternEntity::Function(228));
        assert_eq!(hex(&function.encode()), "040c656e761461626f727401e4000000");
        assert_eq!(EnvironmentDefinition::decode(&mut &memory.encode()[..]), Ok(memory));
    }

    #[test]
    fn bad_environments_are_errors() {
        let decode = |bytes: &[u8]| EnvironmentDefinition::decode(&mut &bytes[..]).is_err();
        assert!(decode(&[]));
        // One entry, then nothing; entity index 0; a compact 1 in a longer form than needed.
        assert!(decode(&[0x04]));
        assert!(decode(&[0x04, 0x00, 0x00, 0x00, 0, 0, 0, 0]));
        assert!(decode(&[0x05, 0x00]));
        // Claims of 2^30 - 1 entries, and of a name of as many bytes.
        assert!(decode(&[0xFE, 0xFF, 0xFF, 0xFF]));
        assert!(decode(&[0x04, 0xFE, 0xFF, 0xFF, 0xFF]));
    }
}
