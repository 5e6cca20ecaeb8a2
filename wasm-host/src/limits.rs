//! Limits as JavaScript has them: names in camel case, and numbers.

use crate::{convert::number, error::error, json::List};
use core::fmt::Display;
use guestbox::{
    Feature, Limit, LimitError, Limits, StackLimits, ThunkError, Trap,
    tables::{INSTANCE_LIMITS, Refusing},
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// Limits and features, for a store to be made with.
#[wasm_bindgen]
pub struct Settings(Limits);

#[wasm_bindgen]
impl Settings {
    /// The limits of a preset, `default`, `strict`, `self-metered` or `unlimited`, changed by pairs of a name and
    /// a number, with and without the features of the last names.
    ///
    /// # Errors
    ///
    /// A `RangeError` for a name that there is not.
    #[wasm_bindgen(constructor)]
    pub fn new(
        preset: &str,
        names: Vec<String>,
        numbers: Vec<f64>,
        with: Vec<String>,
        without: Vec<String>,
    ) -> Result<Self, JsValue> {
        limits(preset, &names, &numbers, &with, &without).map(Self)
    }

    pub(crate) fn limits(self) -> Limits {
        self.0
    }
}

fn limits(
    preset: &str,
    names: &[String],
    numbers: &[f64],
    with: &[String],
    without: &[String],
) -> Result<Limits, JsValue> {
    let unknown = |message: &dyn Display| Err(error("RangeError", "unknown-limit", message));
    let mut limits = match preset {
        "default" => Limits::default(),
        "self-metered" => Limits::self_metered(),
        "strict" => Limits::strict(),
        "unlimited" => Limits::unlimited(),
        _ => return unknown(&format_args!("there is no preset of limits `{preset}`")),
    };
    for (name, &number) in names.iter().zip(numbers) {
        let known =
            Limits::default().by_name().map(|(known, _)| known).find(|known| camel_case(known) == *name);
        if !known.is_some_and(|known| limits.set(known, saturate_long(number))) {
            return unknown(&format_args!("there is no limit `{name}`"));
        }
    }
    for name in with {
        limits.features = limits.features.with(feature(name)?);
    }
    for name in without {
        limits.features = limits.features.without(feature(name)?);
    }
    Ok(limits)
}

fn feature(name: &str) -> Result<Feature, JsValue> {
    let found = Feature::ALL.iter().copied().find(|feature| camel_case(feature.name()) == name);
    found.ok_or_else(|| error("RangeError", "unknown-feature", &format_args!("there is no feature `{name}`")))
}

/// The message for a module that uses a feature that was switched off.
pub(crate) fn refused_feature(feature: Feature) -> String {
    format!("module refused: it uses `{}`, which `features` switches off", camel_case(feature.name()))
}

/// All limits: `[name, number]` each. Above 2^53 they are the nearest that a number can be; that of the
/// highest fuel is read as the highest again.
pub(crate) fn describe(limits: &Limits) -> String {
    let describe = |(name, value): (&str, u64)| List::new().with_text(&*camel_case(name)).with(number(value));
    limits.by_name().map(describe).collect::<List>().to_string()
}

/// The message of an error, with the name of a limit as JavaScript spells it.
pub(crate) fn message(error: &dyn Refusing) -> String {
    match error.refused() {
        Some((what, refused)) => format!("{what} refused: {}", spelled(refused)),
        None => error.to_string(),
    }
}

/// That of a trap, where a limit is its reason.
pub(crate) fn trap_message(trap: &Trap) -> Option<String> {
    let reason = trap.reason()?;
    let said = if let Some(refused) = reason.downcast_ref() {
        spelled(refused)
    } else if let Some(StackLimits { guest_frames, engine_stack_bytes, .. }) = reason.downcast_ref() {
        format!(
            "the limit `guestFrames` is {guest_frames} and `engineStackBytes` {engine_stack_bytes}; raise them \
             in `limits`"
        )
    } else {
        message(reason.downcast_ref::<ThunkError>()?)
    };
    Some(format!("{}: {said}", trap.code()))
}

fn spelled(refused: &LimitError) -> String {
    let LimitError { limit, maximum, requested, .. } = refused;
    let place = if limit.is_of_instance() { "where the guest is made" } else { "in `limits`" };
    format!("the limit `{}` is {maximum}, {requested} requested; raise it {place}", name(*limit))
}

/// The name of a limit.
fn name(limit: Limit) -> String {
    let of_instance = INSTANCE_LIMITS.iter().find(|row| row.limit == limit);
    of_instance.map_or_else(|| camel_case(limit.name()), |row| row.javascript.to_owned())
}

/// A name as JavaScript spells it.
#[must_use]
pub fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at_checked(1).unwrap_or_default();
        camel.push_str(&first.to_ascii_uppercase());
        camel.push_str(rest);
    }
    camel
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

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "there is no other conversion, and this one saturates as wanted"
)]
pub(crate) const fn saturate_long(number: f64) -> u64 {
    number as u64
}
