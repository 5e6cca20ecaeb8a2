//! Values as wasmi has them.

use super::{data::Data, externs::Externs, functions::Functions};
use crate::{
    engine::{Function, Home},
    types::value::{FuncType, V128, Value, ValueType},
};
use alloc::vec::Vec;
use wasmi::{F32, F64, Nullable, Ref, Store, Val, ValType};

/// What references are here, in a space.
pub(super) struct References {
    pub(super) home: Home,
    pub(super) functions: Functions,
    pub(super) externs: Externs,
}

impl References {
    /// `None` for a function where there are too many; that does not happen.
    pub(super) fn value_of(&mut self, store: &Store<Data>, value: &Val) -> Option<Value> {
        match value {
            Val::FuncRef(Nullable::Val(function)) => {
                let Function(number) = self.functions.add(*function, None)?;
                Some(self.home.func(number).into())
            }
            Val::ExternRef(Nullable::Val(slot)) => Some(Value::ExternRef(self.externs.thing(store, *slot))),
            value => Some(plain_from_engine(value)),
        }
    }

    /// `None` for a function that is not here, and for a thing that was not admitted.
    #[inline]
    pub(super) fn for_engine(&self, value: Value) -> Option<Val> {
        match value {
            Value::I32(value) => Some(Val::I32(value)),
            Value::I64(value) => Some(Val::I64(value)),
            Value::F32(bits) => Some(Val::F32(F32::from_bits(bits))),
            Value::F64(bits) => Some(Val::F64(F64::from_bits(bits))),
            Value::V128(vector) => Some(Val::V128(u128::from(vector).into())),
            Value::FuncRef(None) => Some(Val::FuncRef(Nullable::Null)),
            Value::FuncRef(Some(func)) => {
                let function = self.functions.get(Function(self.home.number_of(func)?))?;
                Some(Val::FuncRef(function.into()))
            }
            Value::ExternRef(None) => Some(Val::ExternRef(Nullable::Null)),
            Value::ExternRef(Some(thing)) => Some(Val::ExternRef(self.externs.get(thing)?.into())),
        }
    }
}

/// Whether a value says all by itself.
pub(super) const fn is_plain(ty: ValType) -> bool {
    !matches!(ty, ValType::FuncRef | ValType::ExternRef)
}

/// A value that is no reference; null for one.
#[inline]
pub(super) fn plain_from_engine(value: &Val) -> Value {
    match *value {
        Val::I32(value) => Value::I32(value),
        Val::I64(value) => Value::I64(value),
        Val::F32(value) => Value::F32(value.to_bits()),
        Val::F64(value) => Value::F64(value.to_bits()),
        Val::V128(value) => Value::V128(V128::from(value.as_u128())),
        Val::FuncRef(_) => Value::FuncRef(None),
        Val::ExternRef(_) => Value::ExternRef(None),
    }
}

/// The reference that a value is.
pub(super) fn reference(value: &Val) -> Option<Ref> {
    match *value {
        Val::FuncRef(function) => Some(Ref::Func(function)),
        Val::ExternRef(slot) => Some(Ref::Extern(slot)),
        _ => None,
    }
}

/// The value that a reference is.
pub(super) fn of_reference(reference: Ref) -> Val {
    match reference {
        Ref::Func(function) => Val::FuncRef(function),
        Ref::Extern(slot) => Val::ExternRef(slot),
    }
}

pub(super) fn type_from_engine(ty: &wasmi::FuncType) -> FuncType {
    let types = |types: &[ValType]| types.iter().map(|ty| of_engine(*ty)).collect::<Vec<_>>();
    FuncType::new(&types(ty.params()), &types(ty.results()))
}

const fn of_engine(ty: ValType) -> ValueType {
    match ty {
        ValType::I32 => ValueType::I32,
        ValType::I64 => ValueType::I64,
        ValType::F32 => ValueType::F32,
        ValType::F64 => ValueType::F64,
        ValType::V128 => ValueType::V128,
        ValType::FuncRef => ValueType::FuncRef,
        ValType::ExternRef => ValueType::ExternRef,
    }
}
