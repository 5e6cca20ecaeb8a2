//! What the npm package's types and the documentation are made from.

use crate::{limits::Limit, trap::TrapCode};

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
