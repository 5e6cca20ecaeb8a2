//! Errors of the lineage's host functions.

use super::{ERR_EXECUTION, ERR_MODULE};
use crate::{
    error::{CompileError, EnvironmentError, HandleError, InstantiateError, LimitError, MemoryError},
    substrate::AllocatorError,
    trap::Trap,
};
use core::{error::Error, fmt};

/// What a supervisor did wrong; the embedder ends it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SupervisorTrap {
    /// The allocator in the supervisor's memory failed.
    Allocator(AllocatorError),
    /// The arguments for a guest are no SCALE-encoded `Vec<Value>`.
    Arguments,
    /// The supervisor exports no `__heap_base`, a global of the type `i32`.
    HeapBase,
    /// The instance does not exist (any more).
    Instance(HandleError),
    /// The arguments for a guest are longer than [`Limits::argument_bytes`](crate::Limits).
    Limit(LimitError),
    /// The memory does not exist (any more).
    Memory(HandleError),
    /// The memory could not be made or torn down.
    MemoryRefused(MemoryError),
    /// The host has no memory left for a copy of the supervisor's bytes.
    OutOfSystemMemory,
    /// The buffer for a result is too small or outside the supervisor's memory.
    ResultBuffer,
    /// A slice is not all inside the supervisor's memory.
    Slice,
    /// A host function was called while another one has the store, and no thunk is running.
    StoreInUse,
    /// The dispatch thunk cannot be found.
    Thunk(ThunkLookupError),
}

impl SupervisorTrap {
    /// The variant's name in kebab case, the `code` of an error in JavaScript.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Allocator(_) => "allocator",
            Self::Arguments => "arguments",
            Self::HeapBase => "heap-base",
            Self::Instance(_) => "instance",
            Self::Limit(_) => "limit",
            Self::Memory(_) => "memory",
            Self::MemoryRefused(_) => "memory-refused",
            Self::OutOfSystemMemory => "out-of-system-memory",
            Self::ResultBuffer => "result-buffer",
            Self::Slice => "slice",
            Self::StoreInUse => "store-in-use",
            Self::Thunk(_) => "thunk",
        }
    }
}

impl fmt::Display for SupervisorTrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allocator(error) => write!(f, "allocator: {error}"),
            Self::Arguments => f.write_str("the arguments are not valid SCALE"),
            Self::HeapBase => f.write_str("the supervisor exports no global `__heap_base` of type i32"),
            Self::Instance(error) => write!(f, "instance: {error}"),
            Self::Limit(error) => write!(f, "arguments refused: {error}"),
            Self::Memory(error) => write!(f, "memory: {error}"),
            Self::MemoryRefused(error) => error.fmt(f),
            Self::OutOfSystemMemory => f.write_str("out of system memory"),
            Self::ResultBuffer => f.write_str("the buffer for the result is too small or out of bounds"),
            Self::Slice => f.write_str("a slice is outside the supervisor's memory"),
            Self::StoreInUse => f.write_str("the store is in use by another host function"),
            Self::Thunk(error) => write!(f, "dispatch thunk: {error}"),
        }
    }
}

impl Error for SupervisorTrap {}

/// Why there is no dispatch thunk to call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ThunkLookupError {
    /// The supervisor exports no table of functions as `__indirect_function_table`.
    NoTable,
    /// The table's element is null.
    Null,
    /// The index is outside the table.
    OutOfBounds,
    /// The function has not the type `(i32, i32, i32, i32) -> i64`.
    Type,
    /// The instance was not made by the supervisor's `instantiate`.
    Unknown,
}

impl fmt::Display for ThunkLookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoTable => "the supervisor exports no function table `__indirect_function_table`",
            Self::Null => "the table's element is null",
            Self::OutOfBounds => "the index is outside the table",
            Self::Type => "the function's type is not (i32, i32, i32, i32) -> i64",
            Self::Unknown => "the instance was made without one",
        })
    }
}

impl Error for ThunkLookupError {}

/// Why `instantiate` returned a code; the lineage tells these four apart.
#[derive(Debug)]
#[non_exhaustive]
pub enum InstantiateFailure {
    /// The bytes of the environment definition were refused.
    EnvironmentCorrupted(EnvironmentError),
    /// The module could not be instantiated.
    Instantiation(InstantiateError),
    /// The module's bytes were refused.
    ModuleDecoding(CompileError),
    /// The start function trapped.
    StartTrapped(Trap),
}

impl InstantiateFailure {
    /// The variant's name in kebab case, the `code` of an error in JavaScript.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::EnvironmentCorrupted(_) => "environment-corrupted",
            Self::Instantiation(_) => "instantiation",
            Self::ModuleDecoding(_) => "module-decoding",
            Self::StartTrapped(_) => "start-trapped",
        }
    }

    /// The code that the supervisor gets.
    #[must_use]
    pub const fn code(&self) -> u32 {
        match self {
            Self::EnvironmentCorrupted(_) | Self::Instantiation(_) | Self::ModuleDecoding(_) => ERR_MODULE,
            Self::StartTrapped(_) => ERR_EXECUTION,
        }
    }
}

impl fmt::Display for InstantiateFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EnvironmentCorrupted(error) => error.fmt(f),
            Self::Instantiation(error) => error.fmt(f),
            Self::ModuleDecoding(error) => error.fmt(f),
            Self::StartTrapped(trap) => write!(f, "the start function trapped: {trap}"),
        }
    }
}

impl Error for InstantiateFailure {}
