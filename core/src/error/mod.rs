//! Errors: one small enum for each operation. Every variant says what to do about it.

mod calls;
mod modules;

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

/// An id that names nothing (any more).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum HandleError {
    /// The id was given out by another store.
    OtherStore,
    /// What the id named was torn down.
    TornDown,
    /// No such id was ever given out.
    Unknown,
}

impl HandleError {
    /// The variant's name in kebab case, the `code` of an error in JavaScript.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OtherStore => "other-store",
            Self::TornDown => "torn-down",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for HandleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherStore => "the id belongs to another store",
            Self::TornDown => "what the id named was torn down",
            Self::Unknown => "no such id was ever given out",
        })
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

/// Why an operation on a memory failed. The memory is as it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum MemoryError {
    /// The memory does not exist (any more).
    Handle(HandleError),
    /// All 2^32 - 3 ids are used up; make a new store.
    IdsExhausted,
    /// A limit refused.
    Limit(LimitError),
    /// The maximum is below the initial size, or the memory would grow past its maximum.
    Maximum,
    /// The bytes asked for are not all inside the memory.
    OutOfBounds,
    /// The host had no memory left.
    OutOfSystemMemory,
    /// More than the 65,536 pages that 32-bit addresses reach.
    TooManyPages,
}

impl MemoryError {
    /// The variant's name in kebab case, the `code` of an error in JavaScript.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Handle(_) => "handle",
            Self::IdsExhausted => "ids-exhausted",
            Self::Limit(_) => "limit",
            Self::Maximum => "maximum",
            Self::OutOfBounds => "out-of-bounds",
            Self::OutOfSystemMemory => "out-of-system-memory",
            Self::TooManyPages => "too-many-pages",
        }
    }
}

impl fmt::Display for MemoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handle(error) => write!(f, "memory: {error}"),
            Self::IdsExhausted => f.write_str("all ids are used up; make a new store"),
            Self::Limit(error) => write!(f, "memory refused: {error}"),
            Self::Maximum => f.write_str("the size is above the memory's maximum"),
            Self::OutOfBounds => f.write_str("access outside the memory"),
            Self::OutOfSystemMemory => f.write_str("out of system memory"),
            Self::TooManyPages => f.write_str("a memory has at most 65536 pages"),
        }
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

/// Why a global could not be set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum GlobalError {
    /// The global is not mutable.
    Immutable,
    /// The instance does not exist (any more).
    Instance(HandleError),
    /// The module exports no global under this name.
    NotFound,
    /// The value has not the global's type.
    Type,
}

impl GlobalError {
    /// The variant's name in kebab case, the `code` of an error in JavaScript.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Immutable => "immutable",
            Self::Instance(_) => "instance",
            Self::NotFound => "not-found",
            Self::Type => "type",
        }
    }
}

impl fmt::Display for GlobalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Immutable => f.write_str("the global is not mutable"),
            Self::Instance(error) => write!(f, "instance: {error}"),
            Self::NotFound => f.write_str("the module exports no such global"),
            Self::Type => f.write_str("the value has not the global's type"),
        }
    }
}

impl Error for GlobalError {}

impl From<HandleError> for GlobalError {
    fn from(error: HandleError) -> Self {
        Self::Instance(error)
    }
}
