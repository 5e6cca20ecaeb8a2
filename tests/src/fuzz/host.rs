//! What serves the imports of all engines alike: it answers by the arguments and by how often it
//! was called, and now and then calls back into the guest or ends the call.
//!
//! `v8.mjs` has the same once more, so everything is done with 32 bits.

use guestbox::{FuncType, TrapCode, Value, ValueType};

/// The hash of nothing.
pub(super) const START: u32 = 0x811C_9DC5;

/// Goes on with a hash.
pub(super) const fn mix(hash: u32, word: u32) -> u32 {
    let hash = (hash ^ word).wrapping_mul(0x0100_0193);
    hash ^ (hash >> 15)
}

/// A value without the bits of a NaN, which not all engines keep.
pub(super) const fn canonical(value: Value) -> Value {
    match value {
        Value::F32(bits) if f32::from_bits(bits).is_nan() => Value::F32(0x7FC0_0000),
        Value::F64(bits) if f64::from_bits(bits).is_nan() => Value::F64(0x7FF8_0000_0000_0000),
        other => other,
    }
}

/// Goes on with a hash by a value.
pub(super) fn mix_value(hash: u32, value: Value) -> u32 {
    let halves = |bits: u64| mix(mix(hash, bits as u32), (bits >> 32) as u32);
    match canonical(value) {
        Value::I32(value) => mix(hash, value.cast_unsigned()),
        Value::F32(bits) => mix(hash, bits),
        Value::I64(value) => halves(value.cast_unsigned()),
        Value::F64(bits) => halves(bits),
        other => panic!("not a number: {other:?}"),
    }
}

/// A supervisor's state.
#[derive(Clone, Debug)]
pub(super) struct Host {
    /// Import calls served.
    pub(super) calls: u32,
    /// A hash of all import calls, their arguments, and what calls back came to.
    pub(super) trace: u32,
    /// Whether a call back is under way, or there is no instance yet to call.
    pub(super) is_nested: bool,
    /// Whether a call back ended as it would not in another engine, by fuel or by the stack.
    pub(super) is_tainted: bool,
}

impl Host {
    pub(super) const fn new() -> Self {
        Self { calls: 0, trace: START, is_nested: false, is_tainted: false }
    }

    /// Notes a call of an import and says what it is known by.
    pub(super) fn enter(&mut self, ordinal: u32, args: impl IntoIterator<Item = Value>) -> u32 {
        self.calls += 1;
        let hash = mix(mix(START, ordinal), self.calls);
        let hash = args.into_iter().fold(hash, mix_value);
        self.trace = mix(self.trace, hash);
        hash
    }

    /// Whether it now calls back into the guest.
    pub(super) const fn calls_back(&self) -> bool {
        !self.is_nested && self.calls % 8 == 5
    }

    /// Notes what a call back came to.
    pub(super) fn called_back(&mut self, outcome: Result<&[Value], TrapCode>) {
        self.trace = match outcome {
            Ok(results) => results.iter().copied().fold(self.trace, mix_value),
            Err(code) => {
                self.is_tainted |= class(code) == 0;
                mix(self.trace, class(code))
            }
        };
    }

    /// The results of a call; `None` where it ends the guest's.
    pub(super) fn answer(hash: u32, ty: &FuncType) -> Option<Vec<Value>> {
        if hash.is_multiple_of(61) {
            return None;
        }
        let hashes = (0..).map(|ordinal| mix(hash, ordinal));
        Some(ty.results().iter().zip(hashes).map(|(ty, hash)| value(*ty, hash)).collect())
    }
}

/// A value of a type, with more zeros, ones and extremes than there are by chance.
fn value(ty: ValueType, hash: u32) -> Value {
    let small = f32::from((hash >> 8) as u16) / 4.0;
    match (ty, hash % 8) {
        (ValueType::I32, 0) => Value::I32(0),
        (ValueType::I32, 1) => Value::I32(-1),
        (ValueType::I32, 2) => Value::I32(i32::MIN),
        (ValueType::I32, 3) => Value::I32(((hash >> 8) & 0xFF).cast_signed()),
        (ValueType::I32, _) => Value::I32(hash.cast_signed()),
        (ValueType::I64, 0) => Value::I64(0),
        (ValueType::I64, 1) => Value::I64(-1),
        (ValueType::I64, 2) => Value::I64(i64::MIN),
        (ValueType::I64, _) => {
            Value::from((u64::from(hash.wrapping_mul(0x9E37_79B1)) << 32) | u64::from(hash))
        }
        (ValueType::F32, 0) => canonical(Value::F32(f32::NAN.to_bits())),
        (ValueType::F32, 1) => Value::from(f32::INFINITY),
        (ValueType::F32, _) => Value::from(small),
        (_, 0) => canonical(Value::F64(f64::NAN.to_bits())),
        (_, 1) => Value::from(f64::INFINITY),
        _ => Value::from(f64::from(small)),
    }
}

/// Kinds of trap that engines can be compared by; 0 is what depends on the engine.
pub(super) const fn class(code: TrapCode) -> u32 {
    match code {
        TrapCode::Unreachable => 1,
        TrapCode::MemoryOutOfBounds => 2,
        TrapCode::TableOutOfBounds => 3,
        TrapCode::BadSignature | TrapCode::IndirectCallToNull => 4,
        TrapCode::IntegerDivisionByZero => 5,
        TrapCode::BadConversionToInteger | TrapCode::IntegerOverflow => 6,
        TrapCode::HostError => 7,
        _ => 0,
    }
}
