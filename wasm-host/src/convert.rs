//! Values as the 64-bit words of the exchange, and module descriptions as JavaScript arrays.

use guestbox::{ExternType, Module, Value, ValueType};
use js_sys::Array;
use wasm_bindgen::JsValue;

/// The raw bits of a value; 32-bit ones in the low half.
pub(crate) fn to_word(value: Value) -> u64 {
    match value {
        Value::I32(value) => value.cast_unsigned().into(),
        Value::I64(value) => value.cast_unsigned(),
        Value::F32(bits) => bits.into(),
        Value::F64(bits) => bits,
    }
}

/// The value of a type from its raw bits; `None` for what is no number.
pub(crate) fn from_word(word: u64, ty: ValueType) -> Option<Value> {
    let [b0, b1, b2, b3, ..] = word.to_le_bytes();
    let low = u32::from_le_bytes([b0, b1, b2, b3]);
    match ty {
        ValueType::I32 => Some(Value::I32(low.cast_signed())),
        ValueType::I64 => Some(Value::I64(word.cast_signed())),
        ValueType::F32 => Some(Value::F32(low)),
        ValueType::F64 => Some(Value::F64(word)),
        _ => None,
    }
}

/// The imports of a module: `[module, name, ...type]` each, see [`describe_type`].
pub(crate) fn describe_imports(module: &Module) -> Array {
    let describe = |import: &guestbox::Import| {
        describe_type(import.ty(), Array::of2(&import.module().into(), &import.name().into()))
    };
    module.imports().iter().map(describe).collect()
}

/// The exports of a module: `[name, ...type]` each, see [`describe_type`].
pub(crate) fn describe_exports(module: &Module) -> Array {
    let describe = |export: &guestbox::Export| describe_type(export.ty(), Array::of1(&export.name().into()));
    module.exports().iter().map(describe).collect()
}

/// Appends a type: `"function", params, results` | `"global", type, mutable` |
/// `"memory", initial, maximum` | `"table", element, initial, maximum`.
fn describe_type(ty: &ExternType, description: Array) -> Array {
    let names = |types: &[ValueType]| {
        JsValue::from(types.iter().map(|ty| JsValue::from(ty.name())).collect::<Array>())
    };
    let maximum = |maximum: Option<f64>| maximum.map_or(JsValue::UNDEFINED, JsValue::from);
    description.push(&ty.kind().into());
    match ty {
        ExternType::Func(ty) => {
            description.push(&names(ty.params()));
            description.push(&names(ty.results()));
        }
        ExternType::Global(ty) => {
            description.push(&ty.value.name().into());
            description.push(&ty.mutable.into());
        }
        ExternType::Memory(ty) => {
            description.push(&ty.initial.into());
            description.push(&maximum(ty.maximum.map(f64::from)));
        }
        ExternType::Table(ty) => {
            description.push(&ty.element.name().into());
            description.push(&number(ty.initial).into());
            description.push(&maximum(ty.maximum.map(number)));
        }
        _ => {}
    }
    description
}

/// A count as JavaScript has it; from 2^53 on the nearest that a number can be.
#[expect(clippy::as_conversions, reason = "there is no other conversion to a float")]
pub(crate) const fn number(count: u64) -> f64 {
    count as f64
}
