//! Trees of files, as they are given to a program and taken from it.

use super::{names::ByName, wait::Request};
use crate::limits::count;
use alloc::{sync::Arc, vec::Vec};

/// Files, directories and symbolic links by their paths.
///
/// Paths are relative, as in `src/main.c`; directories above are made where they are not named. What a path may be is
/// checked when the tree is mounted: [`OptionsError`](crate::wasi::OptionsError).
///
/// ```
/// use guestbox::wasi::Tree;
/// let tree = Tree::new()
///     .with_file("etc/motd", "hello\n")
///     .with_directory("tmp")
///     .with_link("motd", "etc/motd");
/// assert_eq!(tree.file("etc/motd"), Some(&b"hello\n"[..]));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// Where the entry of a path is.
    paths: ByName,
    entries: Vec<Stored>,
}

/// What there is at a path of a [`Tree`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Entry<'a> {
    /// A directory.
    Directory,
    /// A file with these bytes.
    File(&'a [u8]),
    /// A file whose bytes were never asked for.
    LazyFile(Request),
    /// A symbolic link to this path.
    Link(&'a [u8]),
}

/// What is kept of an entry. Bytes are shared with the programs that have them, until these write.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Stored {
    Directory,
    File(Arc<Vec<u8>>),
    LazyFile(Request),
    Link(Vec<u8>),
}

impl Tree {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a directory.
    #[must_use]
    pub fn with_directory(mut self, path: impl Into<Vec<u8>>) -> Self {
        self.insert(path.into(), Stored::Directory);
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn with_file(mut self, path: impl Into<Vec<u8>>, bytes: impl Into<Vec<u8>>) -> Self {
        self.insert(path.into(), Stored::File(Arc::new(bytes.into())));
        self
    }

    /// Adds a file of so many bytes, which are asked for by [`Wait::File`](crate::wasi::Wait) with this number when a
    /// program opens the file to change it, or first reads it.
    #[must_use]
    pub fn with_lazy_file(mut self, path: impl Into<Vec<u8>>, size: u64, token: u64) -> Self {
        self.insert(path.into(), Stored::LazyFile(Request { token, size }));
        self
    }

    /// Adds a symbolic link to another path, from the directory that the link is in.
    #[must_use]
    pub fn with_link(mut self, path: impl Into<Vec<u8>>, target: impl Into<Vec<u8>>) -> Self {
        self.insert(path.into(), Stored::Link(target.into()));
        self
    }

    /// The bytes of a file; `None` where there is none, or they were never asked for.
    #[must_use]
    pub fn file(&self, path: impl AsRef<[u8]>) -> Option<&[u8]> {
        match self.entry(path)? {
            Entry::File(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// What there is at a path.
    #[must_use]
    pub fn entry(&self, path: impl AsRef<[u8]>) -> Option<Entry<'_>> {
        self.at(*self.paths.get(path.as_ref())?).map(Stored::entry)
    }

    /// All paths with what is there, in the order of their bytes, so that directories are before what they hold.
    pub fn entries(&self) -> impl Iterator<Item = (&[u8], Entry<'_>)> {
        self.stored().map(|(path, stored)| (path, stored.entry()))
    }

    pub(super) fn insert(&mut self, path: Vec<u8>, stored: Stored) {
        let place = self.paths.get(path.as_slice()).and_then(|at| usize::try_from(*at).ok());
        if let Some(known) = place.and_then(|place| self.entries.get_mut(place)) {
            *known = stored;
        } else {
            self.paths.insert(path.into(), count(self.entries.len()));
            self.entries.push(stored);
        }
    }

    pub(super) fn stored(&self) -> impl Iterator<Item = (&[u8], &Stored)> {
        self.paths.iter().filter_map(|(path, at)| Some((&**path, self.at(*at)?)))
    }

    fn at(&self, place: u64) -> Option<&Stored> {
        self.entries.get(usize::try_from(place).ok()?)
    }
}

/// Two are equal that have the same at the same paths.
impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        self.stored().eq(other.stored())
    }
}

impl Eq for Tree {}

impl Stored {
    fn entry(&self) -> Entry<'_> {
        match self {
            Self::Directory => Entry::Directory,
            Self::File(bytes) => Entry::File(bytes),
            Self::LazyFile(request) => Entry::LazyFile(*request),
            Self::Link(target) => Entry::Link(target),
        }
    }
}
