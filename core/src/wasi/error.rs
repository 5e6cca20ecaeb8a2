//! Why there is no system for a program, and why no snapshot of one.

use crate::error::coded;
use alloc::{boxed::Box, string::String};
use core::error::Error;

coded! {
    /// Why options make no [`Wasi`](crate::wasi::Wasi).
    #[derive(Clone, Debug, Eq, PartialEq)]
    pub enum OptionsError, fn code {
        /// Something is more than a limit of [`WasiLimits`](crate::wasi::WasiLimits).
        #[non_exhaustive]
        Limit {
            /// The name of the limit.
            limit: &'static str,
            /// Its value.
            maximum: u64
        } => "limit", "limit `{limit}` is {maximum}, and what the program is given is more; raise it in `WasiLimits`";
        /// A mount has no name, or one that has a zero byte, is not UTF-8 or is too long for a path.
        MountName(name: Box<str>) => "mount-name", "a mount cannot have the name {name:?}";
        /// Two mounts have the same name.
        MountTwice(name: Box<str>) => "mount-twice", "two mounts have the name {name:?}";
        /// A path of a [`Tree`](crate::wasi::Tree) has an empty component, `.` or `..`, or a zero byte, or is not UTF-8, too long
        /// or too deep, or leads through what is no directory; or a symbolic link leads to an absolute path or to none.
        Path(path: Box<str>) => "path", "a tree cannot have an entry at {path:?}, or not of its kind";
        /// An argument or an environment variable has a zero byte, which ends one.
        Zero => "zero", "an argument or an environment variable has a zero byte";
        /// The name of an environment variable is empty or has an equals sign.
        VariableName(name: Box<str>) => "variable-name", "an environment variable cannot have the name {name:?}";
    }
}

impl Error for OptionsError {}

coded! {
    /// Why there is no snapshot of a [`Wasi`](crate::wasi::Wasi), or none can be made from one.
    #[derive(Clone, Debug, Eq, PartialEq)]
    pub enum WasiSnapshotError, fn code {
        /// A call waits. Serve it to its end, or forget it: [`Wasi::forget_wait`](crate::wasi::Wasi::forget_wait).
        Busy => "busy", "a call waits, and a snapshot has no call";
        /// The bytes began as a snapshot, but were cut, extended, changed or badly made.
        Corrupted => "corrupted", "the bytes of the snapshot are damaged";
        /// What is in it is more than a limit of [`WasiLimits`](crate::wasi::WasiLimits).
        #[non_exhaustive]
        Limit {
            /// The name of the limit.
            limit: &'static str,
            /// Its value.
            maximum: u64
        } => "limit", "limit `{limit}` is {maximum}, and the snapshot has more; raise it in `WasiLimits`";
        /// They do not begin as a snapshot does.
        NotASnapshot => "not-a-snapshot", "the bytes are no snapshot of WASI";
        /// The host had no memory left.
        OutOfSystemMemory => "out-of-system-memory", "out of system memory";
        /// They are of another version of the format.
        #[non_exhaustive]
        Version {
            /// Which.
            found: u32
        } => "version", "the snapshot is of version {found} of the format, {VERSION} is known";
    }
}

impl Error for WasiSnapshotError {}

/// The version of the format of snapshots.
pub(super) const VERSION: u32 = 1;

/// Bytes that may be no text, for a message.
pub(super) fn text(bytes: &[u8]) -> Box<str> {
    String::from_utf8_lossy(bytes).into()
}
