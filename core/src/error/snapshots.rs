//! Why a snapshot could not be taken, read or restored.

use super::{HandleError, coded};
use crate::limits::{LimitError, LimitErrors};
use core::error::Error;

/// The newest version of the format of snapshots that is known, see [`snapshot`](crate::snapshot).
pub(crate) const FORMAT_VERSION: u32 = 2;

coded! {
    /// What keeps the state of a module's instances from being captured.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum Uncapturable, fn code {
        /// A mutable global is a reference.
        ReferenceGlobal => "reference-global", "the module has a mutable global that is a reference";
        /// The code drops data or element segments: `data.drop`, `elem.drop`.
        Segment => "segment", "the module's code drops segments";
        /// A table can be another than it was: the code changes it, by `table.set`, `table.grow`, `table.fill`,
        /// `table.copy` or `table.init`; or it is imported, or exported and others have changed it or can.
        Table => "table", "a table is changed by the module's code, or can be by others";
    }
}

impl Error for Uncapturable {}

coded! {
    /// Why no snapshot of an instance could be taken.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum SnapshotError, fn code {
        /// A call of the instance, or of one that it shares memory with, has begun and not ended.
        Busy => "busy", "{BUSY}";
        /// The engine refused for a reason it should not have; please report it as a defect.
        Engine => "engine", "engine error";
        /// The instance does not exist (any more).
        Instance(error: HandleError) => "instance", "instance: {error}";
        /// No instance of this module can be captured.
        Module(problem: Uncapturable) => of Uncapturable, "{UNCAPTURABLE}: {problem}";
        /// The host had no memory left.
        OutOfSystemMemory => "out-of-system-memory", "out of system memory";
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

coded! {
    /// Why bytes are no snapshot.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum FormatError, fn code {
        /// They began as a snapshot, but were cut, extended, changed or badly made.
        Corrupted => "corrupted", "the bytes of the snapshot are damaged";
        /// They do not begin as a snapshot does.
        NotASnapshot => "not-a-snapshot", "the bytes are no snapshot";
        /// They are of another version of the format.
        #[non_exhaustive]
        Version {
            /// Which.
            found: u32
        } => "version", "the snapshot is of version {found} of the format, {FORMAT_VERSION} is known";
    }
}

impl Error for FormatError {}

coded! {
    /// Why a snapshot could not be restored. The instance is as it was.
    #[derive(Clone, Debug, Eq, PartialEq)]
    pub enum RestoreError, fn code {
        /// A call of the instance, or of one that it shares memory with, has begun and not ended.
        Busy => "busy", "{BUSY}";
        /// The engine refused for a reason it should not have; please report it as a defect.
        Engine => "engine", "engine error";
        /// A memory is larger than it was, and cannot be made smaller as other live instances share
        /// it, or as it was given to a new instance. Restore into a new instance on smaller memories.
        Grown => "grown", "a memory has grown past its size in the snapshot, and is shared";
        /// All 2^32 - 3 ids are used up; make a new store.
        IdsExhausted => "ids-exhausted", "all ids are used up; make a new store";
        /// The instance does not exist (any more).
        Instance(error: HandleError) => "instance", "instance: {error}";
        /// Limits of the store or of the instance refused.
        Limit(error: LimitErrors) => "limit", refusing "snapshot" by error;
        /// A memory may not grow to the size that it had: its maximum is below that.
        Maximum => "maximum", "a memory's size in the snapshot is above its maximum";
        /// No instance of this module can be captured, so this is no snapshot of one.
        Module(problem: Uncapturable) => of Uncapturable, "{UNCAPTURABLE}: {problem}";
        /// The snapshot is of an instance of another module.
        OtherModule => "other-module", "the snapshot is of an instance of another module";
        /// The host had no memory left. Where several memories that are shared had to grow, some may
        /// have, by zeros.
        OutOfSystemMemory => "out-of-system-memory", "out of system memory";
        /// The memories or globals are not such as the module has. No such snapshot was ever taken.
        Shape => "shape", "the snapshot's memories or globals are not those of the module";
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
        Self::Limit(error.into())
    }
}

impl From<Uncapturable> for RestoreError {
    fn from(problem: Uncapturable) -> Self {
        Self::Module(problem)
    }
}

const BUSY: &str = "a call of the instance, or of one it shares memory with, is under way";
const UNCAPTURABLE: &str = "instances of this module cannot be captured";
