//! Values and types as they cross the boundary between guest and supervisor.
//!
//! Floats are carried as their raw bits, never as Rust floats, so that a NaN's payload
//! survives every boundary unchanged. The SCALE encoding of [`Number`] and [`ReturnValue`] is the
//! one of the Substrate sandbox ABI.

#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    trivial_numeric_casts,
    reason = "the derived SCALE code has them"
)]

use super::refs::{ExternRef, FuncRef};
use alloc::{boxed::Box, vec::Vec};
use core::{fmt, ops::Deref};
use parity_scale_codec::{Decode, Encode};

/// A value passed to or returned by a guest function, or in a global or a table.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A 32-bit integer.
    I32(i32),
    /// A 64-bit integer.
    I64(i64),
    /// The raw bits of a 32-bit float.
    F32(u32),
    /// The raw bits of a 64-bit float.
    F64(u64),
    /// A vector.
    V128(V128),
    /// A function of a guest, or null.
    FuncRef(Option<FuncRef>),
    /// A thing of the supervisor's, or null.
    ExternRef(Option<ExternRef>),
}

/// The 128 bits of a vector, in little endian: the lane of the lowest number first.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "these are all its bytes")]
pub struct V128(pub [u8; 16]);

impl Value {
    /// The type of this value.
    #[must_use]
    pub const fn ty(self) -> ValueType {
        match self {
            Self::I32(_) => ValueType::I32,
            Self::I64(_) => ValueType::I64,
            Self::F32(_) => ValueType::F32,
            Self::F64(_) => ValueType::F64,
            Self::V128(_) => ValueType::V128,
            Self::FuncRef(_) => ValueType::FuncRef,
            Self::ExternRef(_) => ValueType::ExternRef,
        }
    }

    /// The integer, if this is an [`Value::I32`].
    #[must_use]
    pub const fn as_i32(self) -> Option<i32> {
        match self {
            Self::I32(value) => Some(value),
            _ => None,
        }
    }

    /// The integer, if this is an [`Value::I64`].
    #[must_use]
    pub const fn as_i64(self) -> Option<i64> {
        match self {
            Self::I64(value) => Some(value),
            _ => None,
        }
    }

    /// The float, if this is an [`Value::F32`].
    #[must_use]
    pub const fn as_f32(self) -> Option<f32> {
        match self {
            Self::F32(bits) => Some(f32::from_bits(bits)),
            _ => None,
        }
    }

    /// The float, if this is an [`Value::F64`].
    #[must_use]
    pub const fn as_f64(self) -> Option<f64> {
        match self {
            Self::F64(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    /// The function, if this is a [`Value::FuncRef`] and not null.
    #[must_use]
    pub const fn as_func(self) -> Option<FuncRef> {
        match self {
            Self::FuncRef(func) => func,
            _ => None,
        }
    }

    /// The thing, if this is a [`Value::ExternRef`] and not null.
    #[must_use]
    pub const fn as_extern(self) -> Option<ExternRef> {
        match self {
            Self::ExternRef(thing) => thing,
            _ => None,
        }
    }

    /// Whether this is a reference to something.
    pub(crate) const fn refers(self) -> bool {
        matches!(self, Self::FuncRef(Some(_)) | Self::ExternRef(Some(_)))
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::I32(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::I32(value.cast_signed())
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::I64(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::I64(value.cast_signed())
    }
}

impl From<f32> for Value {
    fn from(value: f32) -> Self {
        Self::F32(value.to_bits())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::F64(value.to_bits())
    }
}

impl From<V128> for Value {
    fn from(value: V128) -> Self {
        Self::V128(value)
    }
}

impl From<FuncRef> for Value {
    fn from(func: FuncRef) -> Self {
        Self::FuncRef(Some(func))
    }
}

impl From<ExternRef> for Value {
    fn from(thing: ExternRef) -> Self {
        Self::ExternRef(Some(thing))
    }
}

impl From<u128> for V128 {
    fn from(bits: u128) -> Self {
        Self(bits.to_le_bytes())
    }
}

impl From<V128> for u128 {
    fn from(vector: V128) -> Self {
        Self::from_le_bytes(vector.0)
    }
}

/// A value as the wire has it, which is a number.
///
/// The SCALE form is one index byte (0 to 3) and the value in little endian.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the wire format knows exactly these four")]
pub enum Number {
    /// A 32-bit integer.
    #[codec(index = 0)]
    I32(i32),
    /// A 64-bit integer.
    #[codec(index = 1)]
    I64(i64),
    /// The raw bits of a 32-bit float.
    #[codec(index = 2)]
    F32(u32),
    /// The raw bits of a 64-bit float.
    #[codec(index = 3)]
    F64(u64),
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        match number {
            Number::I32(value) => Self::I32(value),
            Number::I64(value) => Self::I64(value),
            Number::F32(bits) => Self::F32(bits),
            Number::F64(bits) => Self::F64(bits),
        }
    }
}

/// What is no number is given back.
impl TryFrom<Value> for Number {
    type Error = Value;

    fn try_from(value: Value) -> Result<Self, Value> {
        match value {
            Value::I32(value) => Ok(Self::I32(value)),
            Value::I64(value) => Ok(Self::I64(value)),
            Value::F32(bits) => Ok(Self::F32(bits)),
            Value::F64(bits) => Ok(Self::F64(bits)),
            Value::V128(_) | Value::FuncRef(_) | Value::ExternRef(_) => Err(value),
        }
    }
}

/// What an import returns on the wire: nothing or one value. At most 10 bytes of SCALE.
///
/// The Rust and JavaScript seams use [`Values`] instead, which may hold several.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the wire format knows exactly these two")]
pub enum ReturnValue {
    /// No result.
    #[codec(index = 0)]
    Unit,
    /// One result.
    #[codec(index = 1)]
    Value(Number),
}

/// The results of a call, none, one or several. One costs no allocation.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Values(Repr);

#[derive(Clone, Debug, Default, Eq, PartialEq)]
enum Repr {
    #[default]
    None,
    One([Value; 1]),
    Several(Vec<Value>),
}

impl Values {
    /// No results.
    pub const NONE: Self = Self(Repr::None);
}

impl Deref for Values {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        match &self.0 {
            Repr::None => &[],
            Repr::One(value) => value,
            Repr::Several(values) => values,
        }
    }
}

impl From<()> for Values {
    fn from((): ()) -> Self {
        Self::NONE
    }
}

impl FromIterator<Value> for Values {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Self {
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (None, _) => Self::NONE,
            (Some(value), None) => Self::from(value),
            (Some(first), Some(second)) => {
                Self(Repr::Several([first, second].into_iter().chain(values).collect()))
            }
        }
    }
}

impl<T: Into<Value>> From<T> for Values {
    fn from(value: T) -> Self {
        Self(Repr::One([value.into()]))
    }
}

impl From<Vec<Value>> for Values {
    fn from(values: Vec<Value>) -> Self {
        match *values.as_slice() {
            [] => Self::NONE,
            [value] => Self::from(value),
            _ => Self(Repr::Several(values)),
        }
    }
}

impl From<ReturnValue> for Values {
    fn from(value: ReturnValue) -> Self {
        match value {
            ReturnValue::Unit => Self::NONE,
            ReturnValue::Value(number) => Self::from(Value::from(number)),
        }
    }
}

/// The type of a value.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ValueType {
    /// A 32-bit integer.
    I32,
    /// A 64-bit integer.
    I64,
    /// A 32-bit float.
    F32,
    /// A 64-bit float.
    F64,
    /// A 128-bit vector.
    V128,
    /// A reference to a function.
    FuncRef,
    /// A reference to something of the host.
    ExternRef,
}

impl ValueType {
    /// Whether values of this type are numbers, which is all that the wire has.
    #[must_use]
    pub const fn is_number(self) -> bool {
        matches!(self, Self::I32 | Self::I64 | Self::F32 | Self::F64)
    }

    /// Whether values of this type refer to something, or are null.
    pub(crate) const fn is_reference(self) -> bool {
        matches!(self, Self::FuncRef | Self::ExternRef)
    }

    /// The type's name in the text format, such as `i32`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::V128 => "v128",
            Self::FuncRef => "funcref",
            Self::ExternRef => "externref",
        }
    }

    /// That of a byte in a module; `None` for one that is no type.
    pub(crate) const fn of_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0x7F => Self::I32,
            0x7E => Self::I64,
            0x7D => Self::F32,
            0x7C => Self::F64,
            0x7B => Self::V128,
            0x70 => Self::FuncRef,
            0x6F => Self::ExternRef,
            _ => return None,
        })
    }
}

/// The signature of a function.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct FuncType {
    params: Box<[ValueType]>,
    results: Box<[ValueType]>,
}

impl FuncType {
    /// That of so many parameters and results.
    #[must_use]
    pub fn new(params: &[ValueType], results: &[ValueType]) -> Self {
        Self { params: params.into(), results: results.into() }
    }

    /// The types of the parameters, in order.
    #[must_use]
    pub fn params(&self) -> &[ValueType] {
        &self.params
    }

    /// The types of the results, in order.
    #[must_use]
    pub fn results(&self) -> &[ValueType] {
        &self.results
    }

    /// Whether every parameter and result is a number.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        self.params.iter().chain(&self.results).all(|ty| ty.is_number())
    }

    /// That of bytes in a module.
    pub(crate) fn of_bytes(params: &[u8], results: &[u8]) -> Self {
        let types = |bytes: &[u8]| bytes.iter().filter_map(|byte| ValueType::of_byte(*byte)).collect();
        Self { params: types(params), results: types(results) }
    }
}

/// As in `(i32, i64) -> (f32)`.
impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}) -> ({})", List(&self.params), List(&self.results))
    }
}

/// The signature of a function that a supervisor knows beforehand.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Signature {
    params: &'static [ValueType],
    results: &'static [ValueType],
}

impl Signature {
    /// That of these parameters and results.
    #[must_use]
    pub const fn new(params: &'static [ValueType], results: &'static [ValueType]) -> Self {
        Self { params, results }
    }

    /// The types of the parameters, in order.
    #[must_use]
    pub const fn params(self) -> &'static [ValueType] {
        self.params
    }

    /// The types of the results, in order.
    #[must_use]
    pub const fn results(self) -> &'static [ValueType] {
        self.results
    }

    /// Whether it is that of a function of this type.
    #[must_use]
    pub fn is_of(self, ty: &FuncType) -> bool {
        self.params == ty.params() && self.results == ty.results()
    }
}

/// As in `(i32, i64) -> (f32)`.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}) -> ({})", List(self.params), List(self.results))
    }
}

/// Types with commas between them.
pub(crate) struct List<'a>(pub(crate) &'a [ValueType]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, ty) in self.0.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { ", " })?;
            f.write_str(ty.name())?;
        }
        Ok(())
    }
}

/// Whether `values` have exactly the types of `types`.
pub(crate) fn values_match(values: &[Value], types: &[ValueType]) -> bool {
    values.len() == types.len() && values.iter().zip(types).all(|(value, ty)| value.ty() == *ty)
}
