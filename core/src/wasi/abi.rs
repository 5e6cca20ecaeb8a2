//! The numbers of the interface: rights, flags, types of files, and how structures are laid out.

/// What may be done with a descriptor, a bit for each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Rights(pub(super) u64);

impl Rights {
    pub(super) const NONE: Self = Self(0);
    pub(super) const FD_DATASYNC: Self = Self(1 << 0);
    pub(super) const FD_READ: Self = Self(1 << 1);
    pub(super) const FD_SEEK: Self = Self(1 << 2);
    pub(super) const FD_FDSTAT_SET_FLAGS: Self = Self(1 << 3);
    pub(super) const FD_SYNC: Self = Self(1 << 4);
    pub(super) const FD_TELL: Self = Self(1 << 5);
    pub(super) const FD_WRITE: Self = Self(1 << 6);
    pub(super) const FD_ADVISE: Self = Self(1 << 7);
    pub(super) const FD_ALLOCATE: Self = Self(1 << 8);
    pub(super) const PATH_CREATE_DIRECTORY: Self = Self(1 << 9);
    pub(super) const PATH_CREATE_FILE: Self = Self(1 << 10);
    pub(super) const PATH_LINK_SOURCE: Self = Self(1 << 11);
    pub(super) const PATH_LINK_TARGET: Self = Self(1 << 12);
    pub(super) const PATH_OPEN: Self = Self(1 << 13);
    pub(super) const FD_READDIR: Self = Self(1 << 14);
    pub(super) const PATH_READLINK: Self = Self(1 << 15);
    pub(super) const PATH_RENAME_SOURCE: Self = Self(1 << 16);
    pub(super) const PATH_RENAME_TARGET: Self = Self(1 << 17);
    pub(super) const PATH_FILESTAT_GET: Self = Self(1 << 18);
    pub(super) const PATH_FILESTAT_SET_SIZE: Self = Self(1 << 19);
    pub(super) const PATH_FILESTAT_SET_TIMES: Self = Self(1 << 20);
    pub(super) const FD_FILESTAT_GET: Self = Self(1 << 21);
    pub(super) const FD_FILESTAT_SET_SIZE: Self = Self(1 << 22);
    pub(super) const FD_FILESTAT_SET_TIMES: Self = Self(1 << 23);
    pub(super) const PATH_SYMLINK: Self = Self(1 << 24);
    pub(super) const PATH_REMOVE_DIRECTORY: Self = Self(1 << 25);
    pub(super) const PATH_UNLINK_FILE: Self = Self(1 << 26);
    pub(super) const POLL_FD_READWRITE: Self = Self(1 << 27);

    /// Those that a stream has, whichever way it goes.
    const STREAM: Self = Self::FD_FDSTAT_SET_FLAGS.and(Self::FD_FILESTAT_GET).and(Self::POLL_FD_READWRITE);
    pub(super) const STDIN: Self = Self::STREAM.and(Self::FD_READ);
    pub(super) const OUTPUT: Self = Self::STREAM.and(Self::FD_WRITE);

    /// Those that a descriptor of a file can have.
    pub(super) const FILE: Self = Self::FD_DATASYNC
        .and(Self::FD_READ)
        .and(Self::FD_SEEK)
        .and(Self::FD_FDSTAT_SET_FLAGS)
        .and(Self::FD_SYNC)
        .and(Self::FD_TELL)
        .and(Self::FD_WRITE)
        .and(Self::FD_ADVISE)
        .and(Self::FD_ALLOCATE)
        .and(Self::FD_FILESTAT_GET)
        .and(Self::FD_FILESTAT_SET_SIZE)
        .and(Self::FD_FILESTAT_SET_TIMES)
        .and(Self::POLL_FD_READWRITE);

    /// Those that a descriptor of a directory can have.
    pub(super) const DIRECTORY: Self = Self::FD_DATASYNC
        .and(Self::FD_FDSTAT_SET_FLAGS)
        .and(Self::FD_SYNC)
        .and(Self::PATH_CREATE_DIRECTORY)
        .and(Self::PATH_CREATE_FILE)
        .and(Self::PATH_LINK_SOURCE)
        .and(Self::PATH_LINK_TARGET)
        .and(Self::PATH_OPEN)
        .and(Self::FD_READDIR)
        .and(Self::PATH_READLINK)
        .and(Self::PATH_RENAME_SOURCE)
        .and(Self::PATH_RENAME_TARGET)
        .and(Self::PATH_FILESTAT_GET)
        .and(Self::PATH_FILESTAT_SET_SIZE)
        .and(Self::PATH_FILESTAT_SET_TIMES)
        .and(Self::FD_FILESTAT_GET)
        .and(Self::FD_FILESTAT_SET_TIMES)
        .and(Self::PATH_SYMLINK)
        .and(Self::PATH_REMOVE_DIRECTORY)
        .and(Self::PATH_UNLINK_FILE)
        .and(Self::POLL_FD_READWRITE);

    /// Those with which a file's bytes can be changed.
    pub(super) const CHANGES: Self = Self::FD_WRITE.and(Self::FD_ALLOCATE).and(Self::FD_FILESTAT_SET_SIZE);

    /// Both together.
    pub(super) const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Those that are in both.
    pub(super) const fn of(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    pub(super) const fn has(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    pub(super) const fn has_some(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }
}

/// Flags of a descriptor.
pub(super) mod fdflags {
    pub(in crate::wasi) const APPEND: u32 = 1 << 0;
    pub(in crate::wasi) const NONBLOCK: u32 = 1 << 2;
    /// With those of synchronous writing, which here all of it is.
    pub(in crate::wasi) const ALL: u32 = 0x1F;
}

/// Flags of `path_open`.
pub(super) mod oflags {
    pub(in crate::wasi) const CREAT: u32 = 1 << 0;
    pub(in crate::wasi) const DIRECTORY: u32 = 1 << 1;
    pub(in crate::wasi) const EXCL: u32 = 1 << 2;
    pub(in crate::wasi) const TRUNC: u32 = 1 << 3;
    pub(in crate::wasi) const ALL: u32 = 0xF;
}

/// Which times are set, and to what.
pub(super) mod fstflags {
    pub(in crate::wasi) const ATIM: u32 = 1 << 0;
    pub(in crate::wasi) const ATIM_NOW: u32 = 1 << 1;
    pub(in crate::wasi) const MTIM: u32 = 1 << 2;
    pub(in crate::wasi) const MTIM_NOW: u32 = 1 << 3;
    pub(in crate::wasi) const ALL: u32 = 0xF;
}

/// The only flag of a look-up: that a symbolic link at the end is followed.
pub(super) const SYMLINK_FOLLOW: u32 = 1;

/// What a file is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FileType {
    Unknown,
    CharacterDevice,
    Directory,
    RegularFile,
    SymbolicLink,
}

impl FileType {
    /// The byte by which a guest knows it.
    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::CharacterDevice => 2,
            Self::Directory => 3,
            Self::RegularFile => 4,
            Self::SymbolicLink => 7,
        }
    }
}

/// A structure of the interface as it is built: numbers at their places, all else zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout<const N: usize>([u8; N]);

impl<const N: usize> Layout<N> {
    pub(super) const fn new() -> Self {
        Self([0; N])
    }

    /// Puts bytes at a place.
    pub(super) fn with(mut self, at: usize, bytes: &[u8]) -> Self {
        let end = at.saturating_add(bytes.len());
        if let Some(place) = self.0.get_mut(at..end) {
            place.copy_from_slice(bytes);
        }
        self
    }

    /// Puts a byte at a place.
    pub(super) fn with_byte(self, at: usize, byte: u8) -> Self {
        self.with(at, &[byte])
    }

    /// Puts a number of 64 bits at a place.
    pub(super) fn with_long(self, at: usize, long: u64) -> Self {
        self.with(at, &long.to_le_bytes())
    }

    pub(super) const fn bytes(&self) -> &[u8; N] {
        &self.0
    }
}
