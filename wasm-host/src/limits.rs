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
pub struct Settings {
    limits: Limits,
    preset: Preset,
}

/// Limits that have a name.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Preset {
    #[default]
    Default,
    SelfMetered,
    Strict,
    Unlimited,
}

impl Preset {
    /// The preset of a name.
    pub(crate) fn of_name(name: &str) -> Result<Self, JsValue> {
        match name {
            "default" => Ok(Self::Default),
            "self-metered" => Ok(Self::SelfMetered),
            "strict" => Ok(Self::Strict),
            "unlimited" => Ok(Self::Unlimited),
            _ => Err(unknown(&format_args!("there is no preset of limits `{name}`"))),
        }
    }

    fn limits(self) -> Limits {
        match self {
            Self::Default => Limits::default(),
            Self::SelfMetered => Limits::self_metered(),
            Self::Strict => Limits::strict(),
            Self::Unlimited => Limits::unlimited(),
        }
    }
}

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
        let preset = Preset::of_name(preset)?;
        let limits = limits(preset, &names, &numbers, &with, &without)?;
        Ok(Self { limits, preset })
    }

    /// Lowers what calls may take of frames and of stack to what the host's own stack has room for, where code is run by it.
    pub fn cap_stack(&mut self, guest_frames: u32, stack_bytes: u32) {
        let cap = |limit: &mut usize, most: u32| {
            *limit = (*limit).min(usize::try_from(most).unwrap_or(usize::MAX));
        };
        cap(&mut self.limits.guest_frames, guest_frames);
        cap(&mut self.limits.engine_stack_bytes, stack_bytes);
    }

    pub(crate) fn limits(self) -> Limits {
        self.limits
    }

    /// What the limits were made from.
    pub(crate) const fn preset(&self) -> Preset {
        self.preset
    }
}

/// The error for the name of a limit or of a preset that there is not.
pub(crate) fn unknown(message: &dyn Display) -> JsValue {
    error("RangeError", "unknown-limit", message)
}

fn limits(
    preset: Preset,
    names: &[String],
    numbers: &[f64],
    with: &[String],
    without: &[String],
) -> Result<Limits, JsValue> {
    let mut limits = preset.limits();
    for (name, &number) in names.iter().zip(numbers) {
        let known =
            Limits::default().by_name().map(|(known, _)| known).find(|known| camel_case(known) == *name);
        if !known.is_some_and(|known| limits.set(known, saturate_long(number))) {
            return Err(unknown(&format_args!("there is no limit `{name}`")));
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
