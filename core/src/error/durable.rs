//! Why a guest could not be recorded, parked or unparked.

use super::{HandleError, InstantiateError, SnapshotError, coded};
use crate::limits::LimitError;
use core::error::Error;

/// The version of the format of parked guests, see [`durable`](crate::durable).
pub(crate) const PARKED_VERSION: u32 = 1;

coded! {
    /// Why a guest could not be recorded or parked. It goes on as before.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum ParkError, fn code {
        /// The guest's code is run by a host that has compiled it, and not by an engine that does again what was recorded.
        Engine => "engine", "the guest's code is run by the host's own engine, which cannot be recorded; use the interpreter";
        /// The instance does not exist (any more).
        Instance(error: HandleError) => "instance", "instance: {error}";
        /// The journal has become longer than a limit allows; nothing is noted any more. While no call is under way it can be
        /// recorded anew.
        JournalFull(error: LimitError) => "journal-full", refusing "journal" by error;
        /// The parked guest would have more bytes than a limit allows.
        Limit(error: LimitError) => "limit", refusing "parked guest" by error;
        /// The guest is not recorded: see [`Store::record`](crate::Store::record).
        NotRecorded => "not-recorded", "the guest is not recorded: record it, or instantiate or unpark it with a journal";
        /// The host had no memory left, for the journal or for the bytes.
        OutOfSystemMemory => "out-of-system-memory", "out of system memory";
        /// The supervisor gave the guest a reference to a function or to a thing of its own, or called a function by one, or
        /// changed a table: nothing else has what that refers to.
        Reference => "reference", "the guest was given a reference, or a table was changed, which cannot be recorded";
        /// The guest shares a memory, a global or a table with another, or imports a table, so that not only its supervisor
        /// changes it.
        SharedMemory => "shared-memory", "the guest shares a memory, a global or a table, so it cannot be recorded";
        /// What it was when its journal began could not be captured.
        Snapshot(error: SnapshotError) => of SnapshotError, "{error}";
    }
}

impl Error for ParkError {}

impl From<HandleError> for ParkError {
    fn from(error: HandleError) -> Self {
        Self::Instance(error)
    }
}

impl From<SnapshotError> for ParkError {
    fn from(error: SnapshotError) -> Self {
        Self::Snapshot(error)
    }
}

coded! {
    /// Why bytes are no parked guest, or a guest could not be unparked. The store is as it was, but for what the environment gave: memories and
    /// variables of the supervisor's may have been made what they were before, and written to by the replay, after [`Diverged`](Self::Diverged) and [`Limit`](Self::Limit).
    #[derive(Debug)]
    pub enum UnparkError, fn code {
        /// They began as a parked guest, but were cut, extended, changed or badly made.
        Corrupted => "corrupted", "the bytes of the parked guest are damaged";
        /// The guest did something else than was recorded: what it was given, or the bytes, are not what they were.
        #[non_exhaustive]
        Diverged {
            /// Which of the supervisor's acts it was at, counted from 0.
            act: u64
        } => "diverged", "the guest did something else than was recorded, at act {act}";
        /// The replay has ended, or failed.
        Ended => "ended", "the replay has ended";
        /// The guest could not be instantiated.
        Instantiate(error: InstantiateError) => of InstantiateError, through error;
        /// A limit refused: the parked guest, its replay, or growth that the guest was let have where it was recorded.
        Limit(error: LimitError) => "limit", refusing "parked guest" by error;
        /// The bytes do not begin as a parked guest does.
        NotParked => "not-parked", "the bytes are no parked guest";
        /// The guest was parked by another engine, or one by which other things are paid for; or the module is compiled for a host's own, which does
        /// not do again what was recorded.
        OtherEngine => "other-engine", "the guest was parked by another engine, or the module is compiled for one that cannot replay";
        /// The guest is an instance of another module.
        OtherModule => "other-module", "the parked guest is of another module";
        /// The replay is of another store.
        OtherStore => "other-store", "the replay belongs to another store";
        /// What it was when its journal began cannot be made of what the environment gives: other constants, or memories that
        /// are larger.
        State => "state", "the environment gives other constants or larger memories than the guest had";
        /// They are of another version of the format.
        #[non_exhaustive]
        Version {
            /// Which.
            found: u32
        } => "version", "the parked guest is of version {found} of the format, {PARKED_VERSION} is known";
    }
}

impl Error for UnparkError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Instantiate(error) => Some(error),
            Self::Limit(error) => Some(error),
            _ => None,
        }
    }
}

impl From<InstantiateError> for UnparkError {
    fn from(error: InstantiateError) -> Self {
        Self::Instantiate(error)
    }
}
