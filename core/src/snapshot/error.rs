//! Why a snapshot could not be taken, read or restored.

use crate::error::{HandleError, InstantiateError, LimitError};
use core::{error::Error, fmt};

/// What keeps the state of a module's instances from being captured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Uncapturable {
    /// A mutable global is a reference.
    ReferenceGlobal,
    /// The code drops data or element segments: `data.drop`, `elem.drop`.
    Segment,
    /// The code changes a table: `table.set`, `table.grow`, `table.fill`, `table.copy`,
    /// `table.init`.
    Table,
}

impl Uncapturable {
    /// The variant's name in kebab case, the `code` of an error in JavaScript.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ReferenceGlobal => "reference-global",
            Self::Segment => "segment",
            Self::Table => "table",
        }
    }
}

impl fmt::Display for Uncapturable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReferenceGlobal => "the module has a mutable global that is a reference",
            Self::Segment => "the module's code drops segments",
            Self::Table => "the module's code changes a table",
        })
    }
}

impl Error for Uncapturable {}

/// Why no snapshot of an instance could be taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SnapshotError {
    /// A call of the instance, or of one that it shares memory with, has begun and not ended.
    Busy,
    /// The engine refused for a reason it should not have; please report it as a defect.
    Engine,
    /// The instance does not exist (any more).
    Instance(HandleError),
    /// No instance of this module can be captured.
    Module(Uncapturable),
    /// The host had no memory left.
    OutOfSystemMemory,
}

impl SnapshotError {
    /// The variant's name in kebab case, the `code` of an error in JavaScript; for a module that
    /// cannot be captured what is in its way.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Engine => "engine",
            Self::Instance(_) => "instance",
            Self::Module(problem) => problem.code(),
            Self::OutOfSystemMemory => "out-of-system-memory",
        }
    }
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str(BUSY),
            Self::Engine => f.write_str("engine error"),
            Self::Instance(error) => write!(f, "instance: {error}"),
            Self::Module(problem) => write!(f, "{UNCAPTURABLE}: {problem}"),
            Self::OutOfSystemMemory => f.write_str("out of system memory"),
        }
    }
}

impl Error for SnapshotError {}

impl From<HandleError> for SnapshotError {
    fn from(error: HandleError) -> Self {
        Self::Instance(error)
    }
}

impl From<Uncapturable> for SnapshotError {
    fn from(problem: Uncapturable) -> Self {
        Self::Module(problem)
    }
}

/// Why bytes are no snapshot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum FormatError {
    /// They began as a snapshot, but were cut, extended, changed or badly made.
    Corrupted,
    /// They do not begin as a snapshot does.
    NotASnapshot,
    /// They are of another version of the format.
    #[non_exhaustive]
    Version {
        /// Which.
        found: u32,
    },
}

impl FormatError {
    /// The variant's name in kebab case, the `code` of an error in JavaScript.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Corrupted => "corrupted",
            Self::NotASnapshot => "not-a-snapshot",
            Self::Version { .. } => "version",
        }
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corrupted => f.write_str("the bytes of the snapshot are damaged"),
            Self::NotASnapshot => f.write_str("the bytes are no snapshot"),
            Self::Version { found } => write!(
                f,
                "the snapshot is of version {found} of the format, {} is known",
                super::format::VERSION
            ),
        }
    }
}

impl Error for FormatError {}

/// Why a snapshot could not be restored. The instance is as it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RestoreError {
    /// A call of the instance, or of one that it shares memory with, has begun and not ended.
    Busy,
    /// The engine refused for a reason it should not have; please report it as a defect.
    Engine,
    /// A memory is larger than it was, and cannot be made smaller as other live instances share
    /// it, or as it was given to a new instance. Restore into a new instance on smaller memories.
    Grown,
    /// All 2^32 - 3 ids are used up; make a new store.
    IdsExhausted,
    /// The instance does not exist (any more).
    Instance(HandleError),
    /// A limit refused.
    Limit(LimitError),
    /// A memory may not grow to the size that it had: its maximum is below that.
    Maximum,
    /// No instance of this module can be captured, so this is no snapshot of one.
    Module(Uncapturable),
    /// The snapshot is of an instance of another module.
    OtherModule,
    /// The host had no memory left. Where several memories that are shared had to grow, some may
    /// have, by zeros.
    OutOfSystemMemory,
    /// The memories or globals are not such as the module has. No such snapshot was ever taken.
    Shape,
}

impl RestoreError {
    /// The variant's name in kebab case, the `code` of an error in JavaScript; for a module that
    /// cannot be captured what is in its way.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Engine => "engine",
            Self::Grown => "grown",
            Self::IdsExhausted => "ids-exhausted",
            Self::Instance(_) => "instance",
            Self::Limit(_) => "limit",
            Self::Maximum => "maximum",
            Self::Module(problem) => problem.code(),
            Self::OtherModule => "other-module",
            Self::OutOfSystemMemory => "out-of-system-memory",
            Self::Shape => "shape",
        }
    }
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str(BUSY),
            Self::Engine => f.write_str("engine error"),
            Self::Grown => f.write_str("a memory has grown past its size in the snapshot, and is shared"),
            Self::IdsExhausted => f.write_str("all ids are used up; make a new store"),
            Self::Instance(error) => write!(f, "instance: {error}"),
            Self::Limit(error) => write!(f, "snapshot refused: {error}"),
            Self::Maximum => f.write_str("a memory's size in the snapshot is above its maximum"),
            Self::Module(problem) => write!(f, "{UNCAPTURABLE}: {problem}"),
            Self::OtherModule => f.write_str("the snapshot is of an instance of another module"),
            Self::OutOfSystemMemory => f.write_str("out of system memory"),
            Self::Shape => f.write_str("the snapshot's memories or globals are not those of the module"),
        }
    }
}

impl Error for RestoreError {}

impl From<HandleError> for RestoreError {
    fn from(error: HandleError) -> Self {
        Self::Instance(error)
    }
}

impl From<LimitError> for RestoreError {
    fn from(error: LimitError) -> Self {
        Self::Limit(error)
    }
}

impl From<Uncapturable> for RestoreError {
    fn from(problem: Uncapturable) -> Self {
        Self::Module(problem)
    }
}

/// Why an instance could not be forked.
#[derive(Debug)]
#[non_exhaustive]
pub enum ForkError {
    /// The new instance could not be made.
    Instantiate(InstantiateError),
    /// The state of the old one could not be captured.
    Snapshot(SnapshotError),
}

impl ForkError {
    /// The code of the error within, the `code` of an error in JavaScript.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Instantiate(error) => error.code(),
            Self::Snapshot(error) => error.code(),
        }
    }
}

impl fmt::Display for ForkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instantiate(error) => error.fmt(f),
            Self::Snapshot(error) => error.fmt(f),
        }
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

const BUSY: &str = "a call of the instance, or of one it shares memory with, is under way";
const UNCAPTURABLE: &str = "instances of this module cannot be captured";
