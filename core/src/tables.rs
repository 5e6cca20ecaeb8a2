//! What the npm package's types and the documentation are made from.

use crate::{limits::Limit, limits::LimitError, trap::TrapCode};
use core::fmt::Display;

pub use crate::{
    limits::{INSTANCE_LIMITS, LIMITS},
    trap::TRAPS,
};

/// One of the [`Limits`](crate::Limits).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LimitRow {
    /// The name of the field.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub summary: &'static str,
    /// The type of the field.
    pub ty: &'static str,
}

/// One of the [`InstanceLimits`](crate::InstanceLimits) that can refuse.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct InstanceLimitRow {
    /// Which.
    pub limit: Limit,
    /// The name of the option in JavaScript.
    pub javascript: &'static str,
}

/// One of the kinds of trap.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TrapRow {
    /// Which.
    pub code: TrapCode,
    /// What a guest or its supervisor did.
    pub cause: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

/// An error by which a limit may have refused something.
pub trait Refusing: Display {
    /// What was refused, and by which limit: "module" if the message is "module refused: limit ...".
    fn refused(&self) -> Option<(&'static str, &LimitError)>;
}

/// An error whose variants have a code.
pub trait Coded: Refusing {
    /// The variants, in their order.
    const VARIANTS: &'static [Variant];

    /// The code of this one.
    fn code(&self) -> &'static str;
}

/// A variant of an error.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Variant {
    /// Its name in Rust.
    pub name: &'static str,
    /// Its code.
    pub code: Code,
}

/// The code of a variant.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Code {
    /// One of its own.
    Own(&'static str),
    /// That of the error in it, which has these variants.
    Of(&'static [Variant]),
}
