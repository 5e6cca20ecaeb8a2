//! The exchange: words of this module's memory in which values cross, and the functions and things that references are.

use crate::{protocol::Protocol, slab::Slab};
use guestbox::{ExternRef, FuncRef, HandleError, ReferenceError, V128, Value, ValueType};
use std::collections::HashMap;

/// Words of the exchange: the values of the longest signature the engine knows, vectors even, and a head.
const WORDS: usize = 2_048;

/// Words, and what stands in them for functions.
pub(crate) struct Exchange {
    words: Box<[u64]>,
    funcs: Funcs,
}

/// Functions by their handles, and the other way: each has one until that is dropped.
struct Funcs {
    all: Slab<FuncRef>,
    handles: HashMap<FuncRef, u32>,
}

impl Funcs {
    fn handle_of(&mut self, func: FuncRef) -> u32 {
        *self.handles.entry(func).or_insert_with(|| self.all.insert(func))
    }
}

impl Exchange {
    pub(crate) fn new() -> Self {
        let funcs = Funcs { all: Slab::new(), handles: HashMap::new() };
        Self { words: vec![0; WORDS].into(), funcs }
    }

    /// The address of the words.
    pub(crate) fn address(&self) -> usize {
        self.words.as_ptr().expose_provenance()
    }

    /// Sets a word of the head.
    pub(crate) fn put_word(&mut self, at: usize, word: u64) {
        if let Some(slot) = self.words.get_mut(at) {
            *slot = word;
        }
    }

    /// Puts values behind the head.
    pub(crate) fn put(&mut self, values: &[Value]) {
        let Self { words, funcs } = self;
        let mut words = words.iter_mut().skip(Protocol::VALUES);
        let mut put = |word: u64| words.next().into_iter().for_each(|slot| *slot = word);
        for value in values {
            match *value {
                Value::I32(value) => put(value.cast_unsigned().into()),
                Value::I64(value) => put(value.cast_unsigned()),
                Value::F32(bits) => put(bits.into()),
                Value::F64(bits) => put(bits),
                Value::V128(vector) => halves(vector).into_iter().for_each(&mut put),
                Value::FuncRef(func) => {
                    put(func.map_or(0, |func| number(funcs.handle_of(func))));
                }
                Value::ExternRef(thing) => put(thing.map_or(0, |thing| number(thing.0))),
                // There are no others.
                _ => put(0),
            }
        }
    }

    /// Takes values of these types from behind the head.
    ///
    /// # Errors
    ///
    /// Where a function is not known any more.
    pub(crate) fn take(&self, types: &[ValueType], values: &mut Vec<Value>) -> Result<(), ReferenceError> {
        values.clear();
        let mut words = self.words.iter().skip(Protocol::VALUES).copied();
        let mut next = || words.next().unwrap_or_default();
        for ty in types {
            let word = next();
            values.push(match ty {
                ValueType::I64 => Value::I64(word.cast_signed()),
                ValueType::F64 => Value::F64(word),
                ValueType::V128 => Value::V128(vector(word, next())),
                ValueType::F32 => Value::F32(low(word)),
                ValueType::FuncRef => Value::FuncRef(referred(word).map(|func| self.func(func)).transpose()?),
                ValueType::ExternRef => Value::ExternRef(referred(word).map(ExternRef)),
                _ => Value::I32(low(word).cast_signed()),
            });
        }
        Ok(())
    }

    /// Takes one value.
    ///
    /// # Errors
    ///
    /// Where a function is not known any more.
    pub(crate) fn take_one(&self, ty: ValueType) -> Result<Value, ReferenceError> {
        let mut values = Vec::new();
        self.take(&[ty], &mut values)?;
        Ok(values.into_iter().next().unwrap_or(Value::I32(0)))
    }

    /// The function of a handle.
    ///
    /// # Errors
    ///
    /// Where it is not known any more.
    pub(crate) fn func(&self, handle: u32) -> Result<FuncRef, HandleError> {
        self.funcs.all.get(handle).copied().map_err(|_| HandleError::Unknown)
    }

    /// The handle of a function, which has one until that is dropped.
    pub(crate) fn handle_of(&mut self, func: FuncRef) -> u32 {
        self.funcs.handle_of(func)
    }

    /// Forgets a function.
    pub(crate) fn drop_func(&mut self, handle: u32) {
        if let Some(func) = self.funcs.all.remove(handle) {
            self.funcs.handles.remove(&func);
        }
    }
}

/// The word of a reference by a number; that of null is 0.
fn number(number: u32) -> u64 {
    u64::from(number).saturating_add(1)
}

/// The number of a reference by its word; `None` of null.
fn referred(word: u64) -> Option<u32> {
    // None has a larger one.
    word.checked_sub(1).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
}

const fn low(word: u64) -> u32 {
    let [b0, b1, b2, b3, ..] = word.to_le_bytes();
    u32::from_le_bytes([b0, b1, b2, b3])
}

fn halves(V128(bytes): V128) -> [u64; 2] {
    let ([low, high], _) = bytes.as_chunks() else { return [0; 2] };
    [u64::from_le_bytes(*low), u64::from_le_bytes(*high)]
}

fn vector(low: u64, high: u64) -> V128 {
    V128::from(u128::from(low) | u128::from(high) << 64_u32)
}
