//! The SCALE types of the sandbox ABI.

use alloc::vec::Vec;
use core::fmt::{self, Display};
use parity_scale_codec::{Decode, Encode};

/// A value on its way in or out of a guest. Floats are their bits.
#[derive(Clone, Copy, Debug, Decode, Encode, PartialEq)]
pub enum Value {
    #[codec(index = 0)]
    I32(i32),
    #[codec(index = 1)]
    I64(i64),
    #[codec(index = 2)]
    F32(u32),
    #[codec(index = 3)]
    F64(u64),
}

/// What a function returns.
#[derive(Clone, Copy, Debug, Decode, Encode, PartialEq)]
pub enum ReturnValue {
    #[codec(index = 0)]
    Unit,
    #[codec(index = 1)]
    Value(Value),
}

impl ReturnValue {
    /// The length of the longest encoding.
    pub const MAX_LEN: usize = 10;
}

impl From<i32> for ReturnValue {
    fn from(value: i32) -> Self {
        Self::Value(Value::I32(value))
    }
}

/// On which a guest's call traps.
#[derive(Clone, Copy, Debug, Decode, Encode)]
pub struct HostError;

/// What an import is bound to.
#[derive(Clone, Copy, Encode)]
pub enum ExternEntity {
    #[codec(index = 1)]
    Function(u32),
    #[codec(index = 2)]
    Memory(u32),
}

/// One import that an environment provides.
#[derive(Encode)]
pub struct Entry {
    pub module_name: Vec<u8>,
    pub field_name: Vec<u8>,
    pub entity: ExternEntity,
}

impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::I32(value) => write!(f, "{value}"),
            Self::I64(value) => write!(f, "{value}i64"),
            Self::F32(bits) => write!(f, "{bits:#010x}f32"),
            Self::F64(bits) => write!(f, "{bits:#018x}f64"),
        }
    }
}

impl Display for ReturnValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit => f.write_str("()"),
            Self::Value(value) => value.fmt(f),
        }
    }
}

/// Arguments of a call, as a log shows them.
pub struct Arguments<'a>(pub &'a [Value]);

impl Display for Arguments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, value) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            value.fmt(f)?;
        }
        Ok(())
    }
}
