//! Errors: one small enum for each operation. Every variant says what to do about it.

use crate::{features::Feature, limits::Limit, slots::Missing, snapshot::RestoreError, trap::Trap};
use alloc::boxed::Box;
use core::{error::Error, fmt};

/// A limit refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LimitError {
    /// Which limit.
    pub limit: Limit,
    /// Its value, in the unit of the field of [`Limits`](crate::Limits).
    pub maximum: u64,
    /// What was asked for, in the same unit.
    pub requested: u64,
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, maximum, requested } = self;
        let holder = if *limit == Limit::InstanceMemoryPages { "InstanceLimits" } else { "Limits" };
        write!(f, "limit `{}` is {maximum}, {requested} requested; raise it in `{holder}`", limit.name())
    }
}

impl Error for LimitError {}

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

/// Why a module could not be compiled. Nothing of it is left behind.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CompileError {
    /// A block takes parameters, which the engine translates wrongly. Compile the module without
    /// the multi-value proposal.
    BlockParameters,
    /// A `br_table` passes more than one value, which the engine translates wrongly. Compile the
    /// module without the multi-value proposal.
    BranchTableValues,
    /// The module uses a feature that [`Limits::features`](crate::Limits) has not.
    Feature(Feature),
    /// The bytes are no valid module, or use a proposal that is not supported; the engine's
    /// message says where.
    Invalid(Box<str>),
    /// The module is larger than a limit allows.
    Limit(LimitError),
    /// A tail call might reach an imported function, which the engine cannot pause. Call the
    /// import with `call` and return after it.
    TailCallToImport,
}

impl CompileError {
    /// The variant's name in kebab case, the `code` of an error in JavaScript.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BlockParameters => "block-parameters",
            Self::BranchTableValues => "branch-table-values",
            Self::Feature(_) => "feature",
            Self::Invalid(_) => "invalid",
            Self::Limit(_) => "limit",
            Self::TailCallToImport => "tail-call-to-import",
        }
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BlockParameters => f.write_str(
                "a block takes parameters, which is not supported; compile without the multi-value proposal",
            ),
            Self::BranchTableValues => f.write_str(
                "a `br_table` passes several values, which is not supported; compile without the multi-value proposal",
            ),
            Self::Feature(feature) => {
                write!(f, "module refused: it uses `{}`, which is not in `Limits::features`", feature.name())
            }
            Self::Invalid(message) => write!(f, "invalid module: {message}"),
            Self::Limit(error) => write!(f, "module refused: {error}"),
            Self::TailCallToImport => {
                f.write_str("a tail call may reach an imported function; use `call` for imports")
            }
        }
    }
}

impl Error for CompileError {}

impl From<LimitError> for CompileError {
    fn from(error: LimitError) -> Self {
        Self::Limit(error)
    }
}

/// Why the bytes of an environment definition were refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// The bytes are no SCALE-encoded `EnvironmentDefinition`.
    Corrupted,
    /// The bytes are longer than [`Limits::environment_bytes`](crate::Limits).
    Limit(LimitError),
    /// An entry names a memory that does not exist (any more).
    Memory(HandleError),
}

impl EnvironmentError {
    /// The variant's name in kebab case, the `code` of an error in JavaScript.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Corrupted => "corrupted",
            Self::Limit(_) => "limit",
            Self::Memory(_) => "memory",
        }
    }
}

impl fmt::Display for EnvironmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corrupted => f.write_str("the environment definition is not valid SCALE"),
            Self::Limit(error) => write!(f, "environment definition refused: {error}"),
            Self::Memory(error) => write!(f, "a memory of the environment: {error}"),
        }
    }
}

impl Error for EnvironmentError {}

/// Why an import could not be resolved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ImportProblem {
    /// The environment has no function or memory, whichever is asked for, of this name.
    Missing,
    /// The memory that the environment names does not exist (any more).
    Memory(HandleError),
    /// The memory is smaller, or may grow larger, than the guest declares.
    MemoryLimits,
    /// A parameter or result is a vector or a reference; only numbers can be passed.
    Signature,
    /// Globals and tables cannot be imported.
    Unsupported,
}

impl ImportProblem {
    /// The variant's name in kebab case, the `code` of an error in JavaScript.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Memory(_) => "memory",
            Self::MemoryLimits => "memory-limits",
            Self::Signature => "signature",
            Self::Unsupported => "unsupported",
        }
    }
}

impl fmt::Display for ImportProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the environment has none of this kind and name"),
            Self::Memory(error) => error.fmt(f),
            Self::MemoryLimits => {
                f.write_str("the memory's size or maximum does not suit the guest's declaration")
            }
            Self::Signature => f.write_str("a vector or reference type in its signature cannot be passed"),
            Self::Unsupported => f.write_str("globals and tables cannot be imported"),
        }
    }
}

/// Why a module could not be instantiated.
///
/// As in the lineage nothing is undone: what data segments or `start` wrote to a shared memory
/// stays.
#[derive(Debug)]
#[non_exhaustive]
pub enum InstantiateError {
    /// The engine refused for a reason it should not have; please report it as a defect.
    Engine,
    /// All 2^32 - 3 ids are used up; make a new store.
    IdsExhausted,
    /// An import could not be resolved.
    #[non_exhaustive]
    Import {
        /// The module name of the import.
        module: Box<str>,
        /// The field name of the import.
        name: Box<str>,
        /// What is wrong with it.
        problem: ImportProblem,
    },
    /// A limit refused.
    Limit(LimitError),
    /// The module imports memories that live guests already use apart from each other. Share
    /// them from the beginning, or tear down the guests of one.
    MemoriesApart,
    /// The host had no memory left.
    OutOfSystemMemory,
    /// A data or element segment is outside its memory or table.
    Segment,
    /// The snapshot to begin from could not be restored.
    Snapshot(RestoreError),
    /// The start function trapped.
    Start(Trap),
    /// The module has tail calls, and shares a memory with live guests that were compiled
    /// without. Instantiate it before them.
    TailCallsApart,
}

impl InstantiateError {
    /// The variant's name in kebab case, the `code` of an error in JavaScript.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::IdsExhausted => "ids-exhausted",
            Self::Import { .. } => "import",
            Self::Limit(_) => "limit",
            Self::MemoriesApart => "memories-apart",
            Self::OutOfSystemMemory => "out-of-system-memory",
            Self::Segment => "segment",
            Self::Snapshot(_) => "snapshot",
            Self::Start(_) => "start",
            Self::TailCallsApart => "tail-calls-apart",
        }
    }
}

impl fmt::Display for InstantiateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine => f.write_str("engine error"),
            Self::IdsExhausted => f.write_str("all ids are used up; make a new store"),
            Self::Import { module, name, problem } => write!(f, "import `{module}` `{name}`: {problem}"),
            Self::Limit(error) => write!(f, "instance refused: {error}"),
            Self::MemoriesApart => {
                f.write_str("the imported memories are in use by guests that do not share them")
            }
            Self::OutOfSystemMemory => f.write_str("out of system memory"),
            Self::Segment => f.write_str("a data or element segment does not fit"),
            Self::Snapshot(error) => error.fmt(f),
            Self::Start(trap) => write!(f, "the start function trapped: {trap}"),
            Self::TailCallsApart => f.write_str(
                "a module with tail calls must be instantiated before the guests it shares a memory with",
            ),
        }
    }
}

impl Error for InstantiateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Limit(error) => Some(error),
            Self::Snapshot(error) => Some(error),
            Self::Start(trap) => Some(trap),
            _ => None,
        }
    }
}

impl From<RestoreError> for InstantiateError {
    fn from(error: RestoreError) -> Self {
        Self::Snapshot(error)
    }
}

impl From<LimitError> for InstantiateError {
    fn from(error: LimitError) -> Self {
        Self::Limit(error)
    }
}

/// Why a call of an export gave no results.
#[derive(Debug)]
#[non_exhaustive]
pub enum InvokeError {
    /// The arguments have not the number and types of the parameters.
    Arguments,
    /// The module exports nothing under this name.
    ExportNotFound,
    /// The instance does not exist (any more).
    Instance(HandleError),
    /// The export is no function.
    NotAFunction,
    /// A parameter or result is a vector or a reference; only numbers can be passed.
    Signature,
    /// The guest trapped.
    Trap(Trap),
}

impl InvokeError {
    /// The variant's name in kebab case, the `code` of an error in JavaScript.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Arguments => "arguments",
            Self::ExportNotFound => "export-not-found",
            Self::Instance(_) => "instance",
            Self::NotAFunction => "not-a-function",
            Self::Signature => "signature",
            Self::Trap(_) => "trap",
        }
    }
}

impl fmt::Display for InvokeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arguments => f.write_str("the arguments do not match the function's parameters"),
            Self::ExportNotFound => f.write_str("the module has no such export"),
            Self::Instance(error) => write!(f, "instance: {error}"),
            Self::NotAFunction => f.write_str("the export is no function"),
            Self::Signature => f.write_str("a vector or reference type in the signature cannot be passed"),
            Self::Trap(trap) => trap.fmt(f),
        }
    }
}

impl Error for InvokeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Instance(error) => Some(error),
            Self::Trap(trap) => Some(trap),
            _ => None,
        }
    }
}

impl From<HandleError> for InvokeError {
    fn from(error: HandleError) -> Self {
        Self::Instance(error)
    }
}

impl From<Trap> for InvokeError {
    fn from(trap: Trap) -> Self {
        Self::Trap(trap)
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

/// Why an [`Execution`](crate::Execution) could not be driven. It is as it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ExecutionError {
    /// The execution has finished or trapped; begin another.
    Ended,
    /// An answer was given, but no host call waits for one.
    NotWaiting,
    /// The execution was begun in another store.
    OtherStore,
}

impl ExecutionError {
    /// The variant's name in kebab case, the `code` of an error in JavaScript.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::NotWaiting => "not-waiting",
            Self::OtherStore => "other-store",
        }
    }
}

impl fmt::Display for ExecutionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ended => "the execution has ended",
            Self::NotWaiting => "no host call waits for an answer",
            Self::OtherStore => "the execution belongs to another store",
        })
    }
}

impl Error for ExecutionError {}
