//! What programs may take of the system that [`Wasi`](crate::wasi::Wasi) is to them.

use crate::limits::LimitRow;
use core::{error::Error, fmt};

macro_rules! limits {
    ($(
        #[doc = $summary:literal]
        $(#[doc = $more:literal])*
        $field:ident = $default:literal $(<< $default_shift:literal)?, strict $strict:literal $(<< $strict_shift:literal)?,
            unlimited $unlimited:expr, $refused:literal;
    )+) => {
        /// The limits of a [`Wasi`](crate::wasi::Wasi): what a program may take, before it is taken.
        ///
        /// | limit | default | strict | what the program is told |
        /// |---|---|---|---|
        $(
            #[doc = concat!(
                "| [`", stringify!($field), "`](WasiLimits::", stringify!($field), ") | ",
                stringify!($default), $(" << ", stringify!($default_shift),)? " | ",
                stringify!($strict), $(" << ", stringify!($strict_shift),)? " | ", $refused, " |"
            )]
        )+
        #[derive(Clone, Debug, Eq, PartialEq)]
        #[non_exhaustive]
        pub struct WasiLimits {
            $(
                #[doc = $summary]
                $(#[doc = $more])*
                pub $field: u64,
            )+
        }

        impl WasiLimits {
            /// For programs of strangers on a page that others share.
            #[must_use]
            pub const fn strict() -> Self {
                Self { $($field: $strict $(<< $strict_shift)?,)+ }
            }

            /// Lifts what may be lifted: what is the interface's own stays.
            #[must_use]
            pub const fn unlimited() -> Self {
                Self { $($field: $unlimited,)+ }
            }

            /// All limits by their names, with their values.
            pub fn by_name(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($field), self.$field)),+].into_iter()
            }

            /// Sets a limit by its name; `false` where there is none.
            ///
            /// What [`WasiLimits::unlimited`] has is the highest value there is; it stays where more is asked for.
            pub fn set(&mut self, name: &str, value: u64) -> bool {
                let highest = Self::unlimited();
                match name {
                    $(stringify!($field) => self.$field = value.min(highest.$field),)+
                    _ => return false,
                }
                true
            }
        }

        impl Default for WasiLimits {
            fn default() -> Self {
                Self { $($field: $default $(<< $default_shift)?,)+ }
            }
        }

        /// The limits of a [`Wasi`](crate::wasi::Wasi), for those who write about them.
        pub const WASI_LIMITS: &[LimitRow] = &[$(LimitRow { name: stringify!($field), summary: $summary, ty: "u64" }),+];
    };
}

limits! {
    /// Bytes of all files and of all targets of symbolic links together, as long as anything refers to them.
    ///
    /// By default 64 MiB, which hold the library of a Python with room for what a program writes. The host may have
    /// taken twice that, as a file's buffer doubles as it grows.
    file_bytes = 64 << 20, strict 4 << 20, unlimited u64::MAX, "`NOSPC`";
    /// Files, directories and symbolic links; and as many names of them in directories, hard links included.
    ///
    /// By default 10,000: ten times the files of a Python's library. Each takes some 300 bytes.
    inodes = 10_000, strict 1_000, unlimited u64::MAX, "`NOSPC`";
    /// Descriptors that are open, the three of the standard streams and those of the mounts included.
    ///
    /// By default 256, what many systems begin with. The lowest that is free is looked for.
    descriptors = 256, strict 64, unlimited 65_536, "`MFILE`";
    /// Directories within each other.
    ///
    /// 128: to move a directory looks at all above it.
    depth = 128, strict 128, unlimited 1_024, "`NAMETOOLONG`";
    /// Bytes of a path, and of what a symbolic link leads to: 4,096, as on Linux.
    path_bytes = 4_096, strict 4_096, unlimited 4_096, "`NAMETOOLONG`";
    /// Bytes of a name in a directory: 255, as on Linux.
    name_bytes = 255, strict 255, unlimited 255, "`NAMETOOLONG`";
    /// Symbolic links that are followed for a path: 32.
    links = 32, strict 32, unlimited 32, "`LOOP`";
    /// Pieces of memory that a call reads into or writes from: 1,024, as on Linux.
    iovecs = 1_024, strict 1_024, unlimited 1_024, "`INVAL`";
    /// Subscriptions of a poll: 1,024.
    subscriptions = 1_024, strict 1_024, unlimited 1_024, "`INVAL`";
    /// Bytes that one call reads or writes; beyond that it reads or writes less, which programs have to expect.
    ///
    /// 16 MiB take some milliseconds.
    transfer_bytes = 16 << 20, strict 16 << 20, unlimited u64::MAX, "a short read or write";
    /// Bytes of output that wait to be taken, at most; one call writes no more.
    ///
    /// See [`Wasi::take_output`](crate::wasi::Wasi::take_output). 1 MiB: large against what is worth an event, small against a page's memory.
    output_buffer = 1 << 20, strict 1 << 20, unlimited u64::MAX, "[`Wait::Output`](crate::wasi::Wait), a short write";
    /// Bytes of output altogether.
    ///
    /// Until [`Wasi::forget_output`](crate::wasi::Wasi::forget_output). By default 16 MiB: a book has one, and terminals show less.
    output_bytes = 16 << 20, strict 16 << 20, unlimited u64::MAX, "the trap `HostError` with an [`OutputLimit`]";
    /// Bytes of arguments and of environment variables together, with the zero behind each: 64 KiB.
    string_bytes = 65_536, strict 65_536, unlimited 16 << 20, "nothing: [`OptionsError::Limit`](crate::wasi::OptionsError)";
    /// Arguments and environment variables together: 1,000.
    strings = 1_000, strict 1_000, unlimited 65_536, "nothing: the same";
}

/// A program wrote more than [`WasiLimits::output_bytes`]: the reason of the trap that ended it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct OutputLimit {
    /// The limit.
    pub maximum: u64,
}

impl fmt::Display for OutputLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "limit `output_bytes` is {}, and the program wrote more; raise it in `WasiLimits`",
            self.maximum
        )
    }
}

impl Error for OutputLimit {}
