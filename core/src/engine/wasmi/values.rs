//! Values as wasmi has them.

use crate::types::value::{FuncType, Value, ValueType};
use alloc::vec::Vec;
use wasmi::{F32, F64, Val, ValType};

/// A value that is a number.
pub(super) fn from_engine(value: &Val) -> Option<Value> {
    match *value {
        Val::I32(value) => Some(Value::I32(value)),
        Val::I64(value) => Some(Value::I64(value)),
        Val::F32(value) => Some(Value::F32(value.to_bits())),
        Val::F64(value) => Some(Value::F64(value.to_bits())),
        _ => None,
    }
}

pub(super) fn into_engine(value: Value) -> Val {
    match value {
        Value::I32(value) => Val::I32(value),
        Value::I64(value) => Val::I64(value),
        Value::F32(bits) => Val::F32(F32::from_bits(bits)),
        Value::F64(bits) => Val::F64(F64::from_bits(bits)),
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
