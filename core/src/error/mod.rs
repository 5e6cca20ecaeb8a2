//! Errors: one small enum for each operation. Every variant says what to do about it.

mod calls;
mod coded;
mod modules;

pub(crate) use self::coded::coded;

pub use self::{
    calls::{ArgumentsError, ExecutionError, InvokeError, ResultsError},
    modules::{CompileError, EnvironmentError, ImportError, ImportProblem, InstantiateError, Unsupported},
};

use crate::{
    limits::{Limit, Limits},
    slots::Missing,
};
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

coded! {
    /// An id that names nothing (any more).
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum HandleError, fn code {
        /// The id was given out by another store.
        OtherStore => "other-store", "the id belongs to another store";
        /// What the id named was torn down.
        TornDown => "torn-down", "what the id named was torn down";
        /// No such id was ever given out.
        Unknown => "unknown", "no such id was ever given out";
    }
}

impl Error for HandleError {}

impl From<Missing> for HandleError {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Gone => Self::TornDown,
            Missing::Unknown => Self::Unknown,
        }
    }
}

coded! {
    /// Why an operation on a memory failed. The memory is as it was.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum MemoryError, fn code {
        /// The memory does not exist (any more).
        Handle(error: HandleError) => "handle", "memory: {error}";
        /// All 2^32 - 3 ids are used up; make a new store.
        IdsExhausted => "ids-exhausted", "all ids are used up; make a new store";
        /// A limit refused.
        Limit(error: LimitError) => "limit", refusing "memory" by error;
        /// The maximum is below the initial size, or the memory would grow past its maximum.
        Maximum => "maximum", "the size is above the memory's maximum";
        /// The bytes asked for are not all inside the memory.
        OutOfBounds => "out-of-bounds", "access outside the memory";
        /// The host had no memory left.
        OutOfSystemMemory => "out-of-system-memory", "out of system memory";
        /// More than the 65,536 pages that 32-bit addresses reach.
        TooManyPages => "too-many-pages", "a memory has at most 65536 pages";
    }
}

impl Error for MemoryError {}

impl From<HandleError> for MemoryError {
    fn from(error: HandleError) -> Self {
        Self::Handle(error)
    }
}

impl From<Missing> for MemoryError {
    fn from(missing: Missing) -> Self {
        Self::Handle(missing.into())
    }
}

impl From<LimitError> for MemoryError {
    fn from(error: LimitError) -> Self {
        Self::Limit(error)
    }
}

coded! {
    /// Why a global could not be set.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum GlobalError, fn code {
        /// The global is not mutable.
        Immutable => "immutable", "the global is not mutable";
        /// The instance does not exist (any more).
        Instance(error: HandleError) => "instance", "instance: {error}";
        /// The module exports no global under this name.
        NotFound => "not-found", "the module exports no such global";
        /// The value has not the global's type.
        Type => "type", "the value has not the global's type";
    }
}

impl Error for GlobalError {}

impl From<HandleError> for GlobalError {
    fn from(error: HandleError) -> Self {
        Self::Instance(error)
    }
}
