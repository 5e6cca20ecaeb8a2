//! What a limit says that refuses.

use super::{Limit, Limits};
use core::{error::Error, fmt};

/// A limit refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LimitError {
    /// Which limit.
    pub limit: Limit,
    /// Its value, in the unit of the field of [`Limits`].
    pub maximum: u64,
    /// What was asked for, in the same unit.
    pub requested: u64,
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, maximum, requested } = self;
        let holder = if limit.is_of_instance() { "InstanceLimits" } else { "Limits" };
        write!(f, "limit `{}` is {maximum}, {requested} requested; raise it in `{holder}`", limit.name())
    }
}

impl Error for LimitError {}

/// The limits of a guest's stack, of which a call reached one: the reason of a trap
/// [`TrapCode::StackOverflow`](crate::TrapCode). The engine does not say which of the two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct StackLimits {
    /// [`Limits::guest_frames`], the functions that may have called each other.
    pub guest_frames: usize,
    /// [`Limits::engine_stack_bytes`], the bytes that their values may take.
    pub engine_stack_bytes: usize,
}

impl StackLimits {
    pub(crate) const fn of(limits: &Limits) -> Self {
        Self { guest_frames: limits.guest_frames, engine_stack_bytes: limits.engine_stack_bytes }
    }
}

impl fmt::Display for StackLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { guest_frames, engine_stack_bytes } = self;
        write!(
            f,
            "limit `guest_frames` is {guest_frames} and `engine_stack_bytes` {engine_stack_bytes}; raise them \
             in `Limits`"
        )
    }
}

impl Error for StackLimits {}
