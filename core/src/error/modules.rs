//! Errors of modules: why one was not compiled or not instantiated.

use super::{HandleError, LimitError};
use crate::{
    features::Feature,
    module::{Import, MemoryType},
    proposals::Proposal,
    snapshot::RestoreError,
    trap::Trap,
};
use alloc::boxed::Box;
use core::{error::Error, fmt};

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
    /// The bytes are no valid module; the message says where.
    Invalid(Box<str>),
    /// The module is larger than a limit allows.
    Limit(LimitError),
    /// A tail call might reach an imported function, which the engine cannot pause. Call the
    /// import with `call` and return after it.
    TailCallToImport,
    /// The module uses a proposal that is not supported. What follows its first use need not be valid.
    Unsupported(Unsupported),
}

/// The proposal that a module uses and that is not supported, and where it does first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Unsupported {
    /// The proposal. Where a module uses several, one that takes it as far as any.
    pub proposal: Proposal,
    /// The function that uses it, by its index; `None` where that is outside of functions.
    pub function: Option<u32>,
    /// The place, in bytes from the beginning of the module.
    pub offset: usize,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { proposal, function, offset } = self;
        if *proposal == Proposal::ComponentModel {
            return f.write_str(
                "a component (the proposal `component-model`) is no core module; compile the modules in it, which \
                 `wasm-tools component unbundle` takes out",
            );
        }
        write!(f, "the proposal `{}` is not supported; first used ", proposal.name())?;
        if let Some(function) = function {
            write!(f, "in function {function} ")?;
        }
        write!(f, "at byte {offset:#x}; compile the module without it")
    }
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
            Self::Unsupported(_) => "unsupported",
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
            Self::Unsupported(unsupported) => unsupported.fmt(f),
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

impl From<LimitError> for EnvironmentError {
    fn from(error: LimitError) -> Self {
        Self::Limit(error)
    }
}

/// Why an import could not be resolved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ImportProblem {
    /// The environment has no function or memory, whichever is asked for, of this name.
    Missing,
    /// The memory that the environment names does not exist (any more).
    Memory(HandleError),
    /// The memory, of this many pages and this maximum, is smaller or may grow larger than the guest
    /// declares.
    MemoryLimits(MemoryType),
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
            Self::MemoryLimits(_) => "memory-limits",
            Self::Signature => "signature",
            Self::Unsupported => "unsupported",
        }
    }
}

/// An import that could not be resolved.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ImportError {
    /// What the guest declares.
    pub import: Import,
    /// What is wrong with what the environment has.
    pub problem: ImportProblem,
}

impl ImportError {
    pub(crate) fn new(import: &Import, problem: ImportProblem) -> Self {
        Self { import: import.clone(), problem }
    }
}

impl From<ImportError> for InstantiateError {
    fn from(error: ImportError) -> Self {
        Self::Imports([error].into())
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { import, problem } = self;
        write!(f, "{}: {problem}", Named(import))
    }
}

impl Error for ImportError {}

impl fmt::Display for ImportProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the environment has none of this kind and name"),
            Self::Memory(error) => error.fmt(f),
            Self::MemoryLimits(given) => write!(f, "a {given} is given, which does not fit"),
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
    /// Imports could not be resolved: all that the environment does not have, in the module's order.
    Imports(Box<[ImportError]>),
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
            Self::Imports(_) => "import",
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
            Self::Imports(refused) => imports(f, refused),
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

/// An import by its names and its type. The guest's author chose the names: they are put on one line, without
/// what a terminal would obey.
pub(super) struct Named<'a>(pub(super) &'a Import);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (module, name) = (self.0.module().escape_debug(), self.0.name().escape_debug());
        write!(f, "`{module}` `{name}`, a {}", self.0.ty())
    }
}

/// How many imports an error names.
const NAMED: usize = 20;

/// Names the imports that could not be resolved.
fn imports(f: &mut fmt::Formatter<'_>, refused: &[ImportError]) -> fmt::Result {
    if let [only] = refused {
        return write!(f, "import {only}");
    }
    write!(f, "{} imports: ", refused.len())?;
    for (at, import) in refused.iter().take(NAMED).enumerate() {
        f.write_str(if at == 0 { "" } else { "; " })?;
        write!(f, "{import}")?;
    }
    match refused.len().checked_sub(NAMED) {
        Some(more @ 1..) => write!(f, "; and {more} more"),
        _ => Ok(()),
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
