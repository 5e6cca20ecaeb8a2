//! Descriptions of modules, and numbers.

use crate::json::List;
use guestbox::{Export, ExternType, Frame, Frames, FuncType, Import, Module, ValueType};

/// The imports of a module: `[module, name, ...type]` each, see [`describe_type`].
pub(crate) fn describe_imports(module: &Module) -> String {
    imports(module.imports()).to_string()
}

/// The same, of these imports.
pub(crate) fn imports(imports: &[Import]) -> List {
    let describe = |import: &Import| {
        describe_type(import.ty(), List::new().with_text(import.module()).with_text(import.name()))
    };
    imports.iter().map(describe).collect()
}

/// The exports of a module: `[name, ...type]` each, see [`describe_type`].
pub(crate) fn describe_exports(module: &Module) -> String {
    exports(module.exports()).to_string()
}

/// The same, of these exports.
pub(crate) fn exports(exports: &[Export]) -> List {
    let describe = |export: &Export| describe_type(export.ty(), List::new().with_text(export.name()));
    exports.iter().map(describe).collect()
}

/// Appends a type: `"function", params, results` | `"global", type, mutable` |
/// `"memory", initial, maximum` | `"table", element, initial, maximum`.
fn describe_type(ty: &ExternType, description: List) -> List {
    let names = |types: &[ValueType]| types.iter().map(|ty| ty.name()).collect::<List>();
    let description = description.with_text(ty.kind());
    match ty {
        ExternType::Func(ty) => description.with(names(ty.params())).with(names(ty.results())),
        ExternType::Global(ty) => description.with_text(ty.value.name()).with(ty.mutable),
        ExternType::Memory(ty) => description.with(ty.initial).with(ty.maximum),
        ExternType::Table(ty) => description.with_text(ty.element.name()).with(ty.initial).with(ty.maximum),
        _ => description,
    }
}

/// The types of a function: `[params, results]`.
pub(crate) fn describe_signature(ty: &FuncType) -> String {
    let names = |types: &[ValueType]| types.iter().map(|ty| ty.name()).collect::<List>();
    List::new().with(names(ty.params())).with(names(ty.results())).to_string()
}

/// The number of frames that were left out, and `[index, name, offset, module]` for each, the innermost first. Nothing where
/// there are none.
pub(crate) fn describe_frames(frames: &Frames) -> Option<String> {
    if frames.is_empty() {
        return None;
    }
    let describe = |frame: &Frame| {
        let Frame { function_index, name, offset, module, .. } = frame;
        let noted = List::new().with(*function_index).with_text(name.as_deref()).with(*offset);
        noted.with_text(module.as_deref())
    };
    let description = List::new().with(frames.left_out());
    Some(frames.into_iter().map(describe).fold(description, List::with).to_string())
}

/// A count as JavaScript has it; from 2^53 on the nearest that a number can be.
#[expect(clippy::as_conversions, reason = "there is no other conversion to a float")]
pub(crate) const fn number(count: u64) -> f64 {
    count as f64
}

/// A count that JavaScript gives: whole, and within what 32 bits can say.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "there is no other conversion, and this one saturates as wanted"
)]
pub(crate) const fn saturate(number: f64) -> u32 {
    number as u32
}

/// A count that JavaScript gives where there is one; a negative number is none.
pub(crate) fn optional(number: f64) -> Option<u32> {
    (number >= 0.0).then(|| saturate(number))
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "there is no other conversion, and this one saturates as wanted"
)]
pub(crate) const fn saturate_long(number: f64) -> u64 {
    number as u64
}
