//! Error numbers, as a guest is told them.

use core::{error::Error, fmt};

macro_rules! errnos {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal;)+) => {
        /// An error number of WASI preview 1: what a function returns to the guest.
        ///
        /// Those are named here that guestbox itself answers. A [`WasiHost`](crate::wasi::WasiHost) may answer any other
        /// by its number.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[expect(clippy::exhaustive_structs, reason = "the number is the guest's")]
        pub struct Errno(pub u16);

        impl Errno {
            $(
                $(#[doc = $doc])+
                pub const $name: Self = Self($number);
            )+

            /// The name as WASI's documents have it, such as `NOENT`; `None` for those that guestbox never answers.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some(stringify!($name)),)+
                    _ => None,
                }
            }
        }
    };
}

errnos! {
    /// No error.
    SUCCESS = 0;
    /// There is nothing to read now, and the descriptor does not wait.
    AGAIN = 6;
    /// No such descriptor, or not one for this.
    BADF = 8;
    /// It is `.` or `..`, which cannot be renamed.
    BUSY = 10;
    /// It exists already.
    EXIST = 20;
    /// A pointer leads outside the guest's memory.
    FAULT = 21;
    /// A size that no file can have.
    FBIG = 22;
    /// A path is not UTF-8.
    ILSEQ = 25;
    /// An argument that is not allowed.
    INVAL = 28;
    /// The host could not give what it promised.
    IO = 29;
    /// It is a directory.
    ISDIR = 31;
    /// A symbolic link where none is followed, or too many.
    LOOP = 32;
    /// All descriptors are used up: [`WasiLimits::descriptors`](crate::wasi::WasiLimits).
    MFILE = 33;
    /// A path or a name is too long, or a directory too deep.
    NAMETOOLONG = 37;
    /// There is no such file.
    NOENT = 44;
    /// The host has no memory left.
    NOMEM = 48;
    /// A limit of the file system is reached: [`WasiLimits::file_bytes`](crate::wasi::WasiLimits) or `inodes`.
    NOSPC = 51;
    /// It is no directory.
    NOTDIR = 54;
    /// The directory is not empty.
    NOTEMPTY = 55;
    /// It is no socket; there are none.
    NOTSOCK = 57;
    /// The path leads out of its directory, or a directory would have a second name.
    PERM = 63;
    /// The mount is read-only.
    ROFS = 69;
    /// The descriptor has no position.
    SPIPE = 70;
    /// The two are of different mounts.
    XDEV = 75;
    /// The descriptor has not the right for this.
    NOTCAPABLE = 76;
}

/// As in `NOENT`, or `errno 5`.
impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "errno {}", self.0),
        }
    }
}

impl Error for Errno {}
