//! Values that refer to nothing, as bytes have them, and what reads bytes.

use crate::types::value::{Number, V128, Value};
use alloc::vec::Vec;
use parity_scale_codec::{Decode, Encode};

/// What is in the place of a number's index where a value is a vector.
const VECTOR: u8 = 4;

/// A value that refers to nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Plain {
    Number(Number),
    Vector(V128),
}

impl Plain {
    pub(crate) const fn is_vector(&self) -> bool {
        matches!(self, Self::Vector(_))
    }

    /// The bytes that it takes.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Number(number) => number.encoded_size(),
            Self::Vector(V128(bytes)) => bytes.len().saturating_add(1),
        }
    }

    /// Pushes its bytes, which for a number are those of SCALE: from arrays of a known length, as a recorded host call has some.
    #[inline]
    pub(crate) fn push_to(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Number(Number::I32(value)) => push4(bytes, 0, value.to_le_bytes()),
            Self::Number(Number::I64(value)) => push8(bytes, 1, value.to_le_bytes()),
            Self::Number(Number::F32(bits)) => push4(bytes, 2, bits.to_le_bytes()),
            Self::Number(Number::F64(bits)) => push8(bytes, 3, bits.to_le_bytes()),
            Self::Vector(V128(vector)) => {
                bytes.push(VECTOR);
                bytes.extend_from_slice(vector);
            }
        }
    }
}

fn push4(bytes: &mut Vec<u8>, index: u8, [b0, b1, b2, b3]: [u8; 4]) {
    bytes.extend_from_slice(&[index, b0, b1, b2, b3]);
}

fn push8(bytes: &mut Vec<u8>, index: u8, [b0, b1, b2, b3, b4, b5, b6, b7]: [u8; 8]) {
    bytes.extend_from_slice(&[index, b0, b1, b2, b3, b4, b5, b6, b7]);
}

/// What is a reference is given back.
impl TryFrom<Value> for Plain {
    type Error = Value;

    fn try_from(value: Value) -> Result<Self, Value> {
        match value {
            Value::V128(vector) => Ok(Self::Vector(vector)),
            value => Number::try_from(value).map(Self::Number),
        }
    }
}

impl From<Plain> for Value {
    fn from(plain: Plain) -> Self {
        match plain {
            Plain::Number(number) => number.into(),
            Plain::Vector(vector) => vector.into(),
        }
    }
}

/// Reads numbers off the front of bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        let (&taken, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        let (&taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(taken))
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        let (&taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(taken))
    }

    pub(crate) fn plain(&mut self) -> Option<Plain> {
        let Some((&VECTOR, rest)) = self.0.split_first() else {
            return Number::decode(&mut self.0).ok().map(Plain::Number);
        };
        let (bytes, rest) = rest.split_first_chunk()?;
        self.0 = rest;
        Some(Plain::Vector(V128(*bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_scale_has_them() {
        let bits = 0xF8E7_D6C5_B4A3_9281_u64;
        let numbers =
            [Number::I32(-5), Number::I64(bits.cast_signed()), Number::F32(0x7FC0_0001), Number::F64(bits)];
        for number in numbers {
            let mut bytes = Vec::new();
            Plain::Number(number).push_to(&mut bytes);
            assert_eq!(bytes, number.encode());
            assert_eq!(Reader(&bytes).plain(), Some(Plain::Number(number)));
        }
    }
}
