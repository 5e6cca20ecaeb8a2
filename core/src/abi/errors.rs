//! Errors of the lineage's host functions.

use super::codes::{ERR_EXECUTION, ERR_MODULE};
use crate::{
    error::{CompileError, EnvironmentError, HandleError, InstantiateError, MemoryError, coded},
    limits::LimitError,
    types::trap::Trap,
};
use core::{error::Error, fmt};

coded! {
    /// What a supervisor did wrong; the embedder ends it.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum SupervisorTrap, fn name {
        /// The allocator in the supervisor's memory failed.
        Allocator(error: AllocatorError) => "allocator", "allocator: {error}";
        /// The arguments for a guest are no SCALE-encoded `Vec<Number>`.
        Arguments => "arguments", "the arguments are not valid SCALE";
        /// The supervisor exports no `__heap_base`, a global of the type `i32`.
        HeapBase => "heap-base", "the supervisor exports no global `__heap_base` of type i32";
        /// The instance does not exist (any more).
        Instance(error: HandleError) => "instance", "instance: {error}";
        /// The arguments for a guest are longer than [`Limits::argument_bytes`](crate::Limits).
        Limit(error: LimitError) => "limit", refusing "arguments" by error;
        /// The memory does not exist (any more).
        Memory(error: HandleError) => "memory", "memory: {error}";
        /// The memory could not be made or torn down.
        MemoryRefused(error: MemoryError) => "memory-refused", through error;
        /// The host has no memory left for a copy of the supervisor's bytes.
        OutOfSystemMemory => "out-of-system-memory", "out of system memory";
        /// The buffer for a result is too small or outside the supervisor's memory.
        ResultBuffer => "result-buffer", "the buffer for the result is too small or out of bounds";
        /// A slice is not all inside the supervisor's memory.
        Slice => "slice", "a slice is outside the supervisor's memory";
        /// A host function was called while another one has the store, and no thunk is running.
        StoreInUse => "store-in-use", "the store is in use by another host function";
        /// The dispatch thunk cannot be found.
        Thunk(error: ThunkLookupError) => "thunk", "dispatch thunk: {error}";
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

coded! {
    /// Why `instantiate` returned a code; the lineage tells these four apart.
    #[derive(Debug)]
    pub enum InstantiateFailure, fn name {
        /// The bytes of the environment definition were refused.
        EnvironmentCorrupted(error: EnvironmentError) => "environment-corrupted", through error;
        /// The module could not be instantiated.
        Instantiation(error: InstantiateError) => "instantiation", through error;
        /// The module's bytes were refused.
        ModuleDecoding(error: CompileError) => "module-decoding", through error;
        /// The start function trapped.
        StartTrapped(trap: Trap) => "start-trapped", "the start function trapped: {trap}";
    }
}

impl InstantiateFailure {
    /// The code that the supervisor gets.
    #[must_use]
    pub const fn code(&self) -> u32 {
        match self {
            Self::EnvironmentCorrupted(_) | Self::Instantiation(_) | Self::ModuleDecoding(_) => ERR_MODULE,
            Self::StartTrapped(_) => ERR_EXECUTION,
        }
    }
}

impl Error for InstantiateFailure {}

/// Why the supervisor's allocator failed. It is poisoned from then on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AllocatorError {
    /// A header is not what the allocator wrote: the supervisor overwrote it.
    Corrupted,
    /// The memory has no room left above the heap's used part.
    Full,
    /// The memory refused a header that should be inside it.
    Memory,
    /// There is no heap (yet): nobody has said where it begins.
    NoHeap,
    /// Nothing in use begins at the address that was to be freed.
    Pointer,
    /// An error before has poisoned the allocator.
    Poisoned,
    /// The memory is smaller than it was before.
    Shrunk,
    /// More than 32 MiB were asked for.
    TooLarge,
}

impl fmt::Display for AllocatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Corrupted => "a header in the supervisor's heap was overwritten",
            Self::Full => "no room left in the supervisor's memory",
            Self::Memory => "the supervisor's memory refused an access",
            Self::NoHeap => "the supervisor has no heap: its `__heap_base` is not known",
            Self::Pointer => "nothing that was allocated begins at this address",
            Self::Poisoned => "the allocator has failed before",
            Self::Shrunk => "the supervisor's memory has shrunk",
            Self::TooLarge => "at most 32 MiB can be allocated at once",
        })
    }
}

impl Error for AllocatorError {}
