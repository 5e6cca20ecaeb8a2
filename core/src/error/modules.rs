//! Errors of modules: why one was not compiled or not instantiated.

use super::{HandleError, SnapshotError, coded};
use crate::{
    limits::{LimitError, LimitErrors},
    snapshot::RestoreError,
    types::{
        externs::{GlobalType, Import, MemoryType, TableType},
        features::Feature,
        proposals::Proposal,
        trap::Trap,
        value::Signature,
    },
};
use alloc::boxed::Box;
use core::{error::Error, fmt};

coded! {
    /// Why a module could not be compiled. Nothing of it is left behind.
    #[derive(Clone, Debug, Eq, PartialEq)]
    pub enum CompileError, fn code {
        /// The module uses a feature that [`Limits::features`](crate::Limits) has not.
        Feature(feature: Feature) => "feature",
            as format_args!("module refused: it uses `{}`, which is not in `Limits::features`", feature.name());
        /// The bytes are no valid module; the message says where.
        Invalid(message: Box<str>) => "invalid", "invalid module: {message}";
        /// The module takes more than limits allow.
        Limit(error: LimitErrors) => "limit", refusing "module" by error;
        /// The module uses a proposal that is not supported. What follows its first use need not be valid.
        Unsupported(unsupported: Unsupported) => "unsupported", "{unsupported}";
    }
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

impl Error for CompileError {}

impl From<LimitError> for CompileError {
    fn from(error: LimitError) -> Self {
        Self::Limit(error.into())
    }
}

coded! {
    /// Why the bytes of an environment definition were refused.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum EnvironmentError, fn code {
        /// The bytes are no SCALE-encoded `EnvironmentDefinition`.
        Corrupted => "corrupted", "the environment definition is not valid SCALE";
        /// The bytes are longer than [`Limits::environment_bytes`](crate::Limits).
        Limit(error: LimitError) => "limit", refusing "environment definition" by error;
        /// An entry names a memory that does not exist (any more).
        Memory(error: HandleError) => "memory", "a memory of the environment: {error}";
    }
}

impl Error for EnvironmentError {}

impl From<LimitError> for EnvironmentError {
    fn from(error: LimitError) -> Self {
        Self::Limit(error)
    }
}

coded! {
    /// Why an import could not be resolved.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum ImportProblem, fn code {
        /// The function, of this type, is of another than the guest declares.
        FunctionType(given: Signature) => "function-type", "a function {given} is given, which is not of this type";
        /// The global that the environment names does not exist (any more).
        Global(error: HandleError) => "global", "{error}";
        /// The global, of this type, is of another than the guest declares.
        GlobalType(given: GlobalType) => "global-type", "a {given} is given, which does not fit";
        /// The environment has nothing of this kind and name.
        Missing => "missing", "the environment has none of this kind and name";
        /// The memory that the environment names does not exist (any more).
        Memory(error: HandleError) => "memory", "{error}";
        /// The memory, of this many pages and this maximum, is smaller or may grow larger than the guest
        /// declares.
        MemoryLimits(given: MemoryType) => "memory-limits", "a {given} is given, which does not fit";
        /// A parameter or result is a vector or a reference, and the wire that the environment came by has only numbers.
        Signature => "signature", "a vector or reference type in its signature cannot be passed by the wire";
        /// The table that the environment names does not exist (any more).
        Table(error: HandleError) => "table", "{error}";
        /// The table, of this type, is of other elements, smaller, or may grow larger than the guest declares.
        TableType(given: TableType) => "table-type", "a {given} is given, which does not fit";
        /// It is of WASI's version before preview 1, whose layouts are others. Build the program anew, with a toolchain since
        /// 2020.
        WasiUnstable => "wasi-unstable", "`wasi_unstable` is not supported; build the program for `wasi_snapshot_preview1`";
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

coded! {
    /// Why a module could not be instantiated.
    ///
    /// As in the lineage nothing is undone: what data segments or `start` wrote to a shared memory
    /// stays.
    #[derive(Debug)]
    pub enum InstantiateError, fn code {
        /// The module imports memories or mutable globals that live guests already use apart from each other. Share
        /// them from the beginning, or tear down the guests of one.
        Apart => "apart", "what it imports is in use by guests that do not share it; tear down those of one";
        /// The engine refused for a reason it should not have; please report it as a defect.
        Engine => "engine", "engine error";
        /// All 2^32 - 3 ids are used up; make a new store.
        IdsExhausted => "ids-exhausted", "all ids are used up; make a new store";
        /// Imports could not be resolved: all that the environment does not have, in the module's order.
        Imports(refused: Box<[ImportError]>) => "import", as Refused(refused);
        /// Limits of the store or of the instance refused.
        Limit(error: LimitErrors) => "limit", refusing "instance" by error;
        /// The module imports a memory or a global that guests use whose code another engine runs.
        OtherEngine => "other-engine", "what it imports is in use by guests that another engine runs; compile all of them for one";
        /// The host had no memory left.
        OutOfSystemMemory => "out-of-system-memory", "out of system memory";
        /// A data or element segment is outside its memory or table.
        Segment => "segment", "a data or element segment does not fit";
        /// The snapshot to begin from could not be restored.
        Snapshot(error: RestoreError) => "snapshot", through error;
        /// The start function trapped.
        Start(trap: Trap) => "start", "the start function trapped: {trap}";
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
struct Refused<'a>(&'a [ImportError]);

impl fmt::Display for Refused<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(refused) = self;
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
        Self::Limit(error.into())
    }
}

coded! {
    /// Why an instance could not be forked.
    #[derive(Debug)]
    pub enum ForkError, fn code {
        /// The new instance could not be made.
        Instantiate(error: InstantiateError) => of InstantiateError, through error;
        /// The state of the old one could not be captured.
        Snapshot(error: SnapshotError) => of SnapshotError, through error;
    }
}

impl Error for ForkError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Instantiate(error) => Some(error),
            Self::Snapshot(error) => Some(error),
        }
    }
}

impl From<InstantiateError> for ForkError {
    fn from(error: InstantiateError) -> Self {
        Self::Instantiate(error)
    }
}

impl From<SnapshotError> for ForkError {
    fn from(error: SnapshotError) -> Self {
        Self::Snapshot(error)
    }
}
