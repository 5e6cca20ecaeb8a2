//! Limits as JavaScript has them: by name, and numbers.

use crate::{
    convert::{number, saturate_long},
    error::error,
    json::List,
    names::camel_case,
};
use core::fmt::Display;
use guestbox::{Feature, Limits};
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
        limits.features = feature(name)?.map_or(limits.features, |feature| limits.features.with(feature));
    }
    for name in without {
        limits.features = feature(name)?.map_or(limits.features, |feature| limits.features.without(feature));
    }
    Ok(limits)
}

/// The feature of a name; none of one that only the engine with vectors has, where this is the one without.
fn feature(name: &str) -> Result<Option<Feature>, JsValue> {
    let is_named = |feature: &Feature| camel_case(feature.name()) == name;
    if let Some(found) = Feature::ALL.iter().copied().find(is_named) {
        return Ok(Some(found));
    }
    let is_of_other_engine = [Feature::Simd, Feature::RelaxedSimd].iter().any(is_named);
    is_of_other_engine
        .then_some(None)
        .ok_or_else(|| error("RangeError", "unknown-feature", &format_args!("there is no feature `{name}`")))
}

/// Limits by their names: `[name, number]` each. Above 2^53 they are the nearest that a number can be; that of the
/// highest fuel is read as the highest again.
pub(crate) fn describe<'a>(limits: impl Iterator<Item = (&'a str, u64)>) -> String {
    let describe = |(name, value): (&str, u64)| List::new().with_text(&*camel_case(name)).with(number(value));
    limits.map(describe).collect::<List>().to_string()
}
