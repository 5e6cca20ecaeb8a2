//! Values of scripts: arguments, and what results have to be.
//!
//! They have a text form of a type and a value, `i32:-1`, `f32:0x7fc00000`, `externref:1`, `funcref:null`, in which
//! JavaScript has them too. Floats and vectors are their bits.

use guestbox::{ExternRef, V128, Value};
use serde::{Serialize, Serializer};
use std::fmt;

/// A type of references.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Referred {
    /// `externref`.
    Extern,
    /// `funcref`.
    Func,
}

impl Referred {
    /// No reference.
    pub(super) const fn null(self) -> Value {
        match self {
            Self::Extern => Value::ExternRef(None),
            Self::Func => Value::FuncRef(None),
        }
    }
}

impl fmt::Display for Referred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Extern => "externref",
            Self::Func => "funcref",
        })
    }
}

/// A value in the text form.
#[derive(Clone, Copy, Debug)]
pub struct Shown(pub(super) Value);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::I32(value) => write!(f, "i32:{value}"),
            Value::I64(value) => write!(f, "i64:{value}"),
            Value::F32(bits) => write!(f, "f32:{bits:#010x}"),
            Value::F64(bits) => write!(f, "f64:{bits:#018x}"),
            Value::V128(vector) => write!(f, "v128:{:#034x}", u128::from(vector)),
            Value::FuncRef(None) => f.write_str("funcref:null"),
            Value::FuncRef(Some(_)) => f.write_str("funcref:any"),
            Value::ExternRef(None) => f.write_str("externref:null"),
            Value::ExternRef(Some(ExternRef(number))) => write!(f, "externref:{number}"),
            other => panic!("a value of type {}", other.ty().name()),
        }
    }
}

/// What a result has to be: one of several, as a rule of one.
#[derive(Clone, Debug)]
pub struct Expected(pub(super) Vec<Pattern>);

impl Expected {
    /// Whether a result is as it has to be.
    pub(super) fn admits(&self, value: Value) -> bool {
        self.0.iter().any(|pattern| pattern.admits(value))
    }
}

/// What a value has to be.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    I32(i32),
    I64(i64),
    F32(Float),
    F64(Float),
    /// A vector whose bits are given.
    Vector(u128),
    /// A vector of floats.
    F32x4([Float; 4]),
    F64x2([Float; 2]),
    /// No reference, of a type if one is given.
    Null(Option<Referred>),
    /// A reference to something of the host's, with its number if one is given.
    Extern(Option<u32>),
    /// A reference to any function.
    Func,
}

impl Pattern {
    fn admits(&self, value: Value) -> bool {
        match (self, value) {
            (Self::I32(expected), Value::I32(value)) => *expected == value,
            (Self::I64(expected), Value::I64(value)) => *expected == value,
            (Self::F32(expected), Value::F32(bits)) => expected.admits(&SINGLE, bits.into()),
            (Self::F64(expected), Value::F64(bits)) => expected.admits(&DOUBLE, bits),
            (Self::Vector(expected), Value::V128(vector)) => u128::from(vector) == *expected,
            (Self::F32x4(expected), Value::V128(V128(bytes))) => {
                let lanes = bytes.as_chunks().0.iter().map(|lane| u64::from(u32::from_le_bytes(*lane)));
                expected.iter().zip(lanes).all(|(expected, bits)| expected.admits(&SINGLE, bits))
            }
            (Self::F64x2(expected), Value::V128(V128(bytes))) => {
                let lanes = bytes.as_chunks().0.iter().map(|lane| u64::from_le_bytes(*lane));
                expected.iter().zip(lanes).all(|(expected, bits)| expected.admits(&DOUBLE, bits))
            }
            (Self::Null(None), Value::FuncRef(None) | Value::ExternRef(None))
            | (Self::Null(Some(Referred::Func)), Value::FuncRef(None))
            | (Self::Null(Some(Referred::Extern)), Value::ExternRef(None))
            | (Self::Extern(None), Value::ExternRef(Some(_)))
            | (Self::Func, Value::FuncRef(Some(_))) => true,
            (Self::Extern(Some(expected)), Value::ExternRef(Some(ExternRef(number)))) => expected == &number,
            _ => false,
        }
    }
}

/// What the bits of a float have to be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Float {
    Bits(u64),
    /// A NaN of either sign, of whose payload the highest bit alone is set.
    CanonicalNan,
    /// A NaN of either sign, of whose payload the highest bit is set.
    ArithmeticNan,
}

/// Bits of a width of floats: the sign, and those of the exponent and the highest of the payload.
struct Width {
    sign: u64,
    quiet: u64,
}

const SINGLE: Width = Width { sign: 1 << 31, quiet: 0x7fc0_0000 };
const DOUBLE: Width = Width { sign: 1 << 63, quiet: 0x7ff8_0000_0000_0000 };

impl Float {
    const fn admits(self, width: &Width, bits: u64) -> bool {
        match self {
            Self::Bits(expected) => expected == bits,
            Self::CanonicalNan => bits & !width.sign == width.quiet,
            Self::ArithmeticNan => bits & width.quiet == width.quiet,
        }
    }
}

impl fmt::Display for Float {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bits(bits) => write!(f, "{bits:#x}"),
            Self::CanonicalNan => f.write_str("canonical"),
            Self::ArithmeticNan => f.write_str("arithmetic"),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::I32(value) => Shown(Value::I32(*value)).fmt(f),
            Self::I64(value) => Shown(Value::I64(*value)).fmt(f),
            Self::F32(float) => write!(f, "f32:{float}"),
            Self::F64(float) => write!(f, "f64:{float}"),
            Self::Vector(bits) => write!(f, "v128:{bits:#034x}"),
            Self::F32x4([a, b, c, d]) => write!(f, "f32x4:{a},{b},{c},{d}"),
            Self::F64x2([a, b]) => write!(f, "f64x2:{a},{b}"),
            Self::Null(Some(referred)) => write!(f, "{referred}:null"),
            Self::Null(None) => f.write_str("ref:null"),
            Self::Extern(Some(number)) => write!(f, "externref:{number}"),
            Self::Extern(None) => f.write_str("externref:any"),
            Self::Func => f.write_str("funcref:any"),
        }
    }
}

/// The patterns with `|` between them.
impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, pattern) in self.0.iter().enumerate() {
            write!(f, "{}{pattern}", if at == 0 { "" } else { "|" })?;
        }
        Ok(())
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Expected {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_admits_the_nans_that_it_should() {
        let admitted = |pattern: Float, width: &Width, all: &[u64]| -> Vec<u64> {
            all.iter().copied().filter(|bits| pattern.admits(width, *bits)).collect()
        };
        let singles = [0x7fc0_0000, 0xffc0_0000, 0x7fc0_0001, 0x7fa0_0000, 0x7f80_0000, 0x4000_0000];
        assert_eq!(admitted(Float::CanonicalNan, &SINGLE, &singles), singles[..2]);
        assert_eq!(admitted(Float::ArithmeticNan, &SINGLE, &singles), singles[..3]);
        assert_eq!(admitted(Float::Bits(0x7fc0_0001), &SINGLE, &singles), singles[2..3]);
        let doubles = [0x7ff8 << 48, 0xfff8 << 48, (0x7ff8 << 48) + 1, 0x7ff4 << 48, 0x7ff0 << 48, 1 << 62];
        assert_eq!(admitted(Float::CanonicalNan, &DOUBLE, &doubles), doubles[..2]);
        assert_eq!(admitted(Float::ArithmeticNan, &DOUBLE, &doubles), doubles[..3]);
    }

    #[test]
    fn a_result_is_of_the_expected_type() {
        let zero = [Value::I32(0), Value::I64(0), Value::F32(0), Value::F64(0)];
        let patterns =
            [Pattern::I32(0), Pattern::I64(0), Pattern::F32(Float::Bits(0)), Pattern::F64(Float::Bits(0))];
        for (at, pattern) in patterns.iter().enumerate() {
            let admitted: Vec<_> = zero.iter().filter(|value| pattern.admits(**value)).collect();
            assert_eq!(admitted, [&zero[at]]);
        }
    }
}
