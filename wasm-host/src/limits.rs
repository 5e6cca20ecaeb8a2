//! Limits as JavaScript has them: names in camel case, and numbers.

use crate::{convert::number, error::error, json::List};
use core::fmt::Display;
use guestbox::{Feature, Limit, LimitError, Limits, StackLimits};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// The fields of `Limits`: the name in JavaScript, the field, the conversion from a number.
macro_rules! fields {
    ($($name:literal $field:ident $from:ident;)*) => {
        /// Sets the limit of a name; `false` where there is none.
        fn set(limits: &mut Limits, name: &str, number: f64) -> bool {
            match name {
                $($name => limits.$field = $from(number),)*
                _ => return false,
            }
            true
        }

        /// The names of all limits, and their values.
        fn all(limits: &Limits) -> impl Iterator<Item = (&'static str, f64)> {
            [$(($name, number(limits.$field.try_into().unwrap_or(u64::MAX)))),*].into_iter()
        }
    };
}

fields! {
    "argumentBytes" argument_bytes length;
    "blockDepth" block_depth saturate;
    "branchTargets" branch_targets saturate;
    "constOperators" const_operators saturate;
    "engineStackBytes" engine_stack_bytes length;
    "environmentBytes" environment_bytes length;
    "exports" exports saturate;
    "fuel" fuel saturate_long;
    "functions" functions saturate;
    "globals" globals saturate;
    "guestFrames" guest_frames length;
    "imports" imports saturate;
    "instances" instances saturate;
    "locals" locals saturate;
    "memories" memories saturate;
    "memoryPages" memory_pages saturate;
    "moduleBytes" module_bytes length;
    "multiValues" multi_values saturate;
    "nesting" nesting saturate;
    "params" params saturate;
    "segments" segments saturate;
    "tableElements" table_elements saturate;
    "tables" tables saturate;
    "totalInstanceBytes" total_instance_bytes length;
    "totalMemoryPages" total_memory_pages saturate;
    "types" types saturate;
}

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
        if !set(&mut limits, name, number) {
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
    all(limits).map(|(name, number)| List::new().with_text(name).with(number)).collect::<List>().to_string()
}

/// The message of an error in which a limit refused, with its name as JavaScript spells it.
pub(crate) fn message(error: &dyn Display, refused: Option<&LimitError>) -> String {
    let message = error.to_string();
    let Some(refused) = refused else { return message };
    let LimitError { limit, maximum, requested, .. } = refused;
    let place = match limit {
        Limit::InstanceMemoryPages | Limit::InstanceNesting => "where the guest is made",
        _ => "in `limits`",
    };
    let name = name(*limit);
    message.replace(
        &refused.to_string(),
        &format!("the limit `{name}` is {maximum}, {requested} requested; raise it {place}"),
    )
}

/// The name of a limit.
fn name(limit: Limit) -> String {
    match limit {
        Limit::InstanceMemoryPages => "maxMemoryPages".to_owned(),
        Limit::InstanceNesting => "maxCallDepth".to_owned(),
        limit => camel_case(limit.name()),
    }
}

/// Whether a limit counts what lives, so that there is room again when some of that is disposed of.
pub(crate) const fn counts_what_lives(limit: Limit) -> bool {
    matches!(limit, Limit::Instances | Limit::TotalInstanceBytes | Limit::TotalMemoryPages)
}

/// The message of a trap by one of the limits of the stack.
pub(crate) fn stack_message(trap: &dyn Display, stack: &StackLimits) -> String {
    let StackLimits { guest_frames, engine_stack_bytes, .. } = stack;
    trap.to_string().replace(
        &stack.to_string(),
        &format!(
            "the limit `guestFrames` is {guest_frames} and `engineStackBytes` {engine_stack_bytes}; raise them \
             in `limits`"
        ),
    )
}

fn camel_case(name: &str) -> String {
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

fn length(number: f64) -> usize {
    usize::try_from(saturate(number)).unwrap_or(usize::MAX)
}
