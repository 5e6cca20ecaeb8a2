//! Directories.

use crate::wasi::{errno::Errno, inode::Inode};
use alloc::{collections::BTreeMap, sync::Arc};

/// A name in a directory.
pub(in crate::wasi) type Name = Arc<[u8]>;

/// A directory: names with their nodes, each with a cookie that it keeps.
///
/// Cookies count the names that the directory ever had. So a program that reads a directory and removes what it
/// read goes on behind that, whatever it removed.
#[derive(Clone, Debug)]
pub(in crate::wasi) struct Directory {
    names: BTreeMap<Name, (Inode, u64)>,
    by_cookie: BTreeMap<u64, (Name, Inode)>,
    next: u64,
    /// The directory that it is in; itself, where it is the root of a mount.
    pub(in crate::wasi) parent: Inode,
}

/// The cookies of `.` and `..` are 0 and 1.
pub(in crate::wasi) const FIRST_COOKIE: u64 = 2;

impl Directory {
    pub(in crate::wasi) const fn new(parent: Inode) -> Self {
        Self { names: BTreeMap::new(), by_cookie: BTreeMap::new(), next: FIRST_COOKIE, parent }
    }

    /// The node that has a name.
    pub(in crate::wasi) fn get(&self, name: &[u8]) -> Option<Inode> {
        self.names.get(name).map(|(inode, _)| *inode)
    }

    pub(in crate::wasi) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub(in crate::wasi) fn len(&self) -> usize {
        self.names.len()
    }

    /// Names with their nodes, by the bytes of the names.
    pub(in crate::wasi) fn by_name(&self) -> impl Iterator<Item = (&Name, Inode)> {
        self.names.iter().map(|(name, (inode, _))| (name, *inode))
    }

    /// Names with their cookies and nodes, from a cookie on.
    pub(in crate::wasi) fn since(&self, cookie: u64) -> impl Iterator<Item = (u64, &Name, Inode)> {
        self.by_cookie.range(cookie..).map(|(cookie, (name, inode))| (*cookie, name, *inode))
    }

    /// The cookie of the next name.
    pub(in crate::wasi) const fn next_cookie(&self) -> u64 {
        self.next
    }

    /// Adds a name that is not there.
    pub(super) fn insert(&mut self, name: Name, inode: Inode) {
        self.put(self.next, name, inode);
    }

    /// Adds a name with its cookie, as a snapshot has it. Whether neither was there.
    pub(in crate::wasi) fn put(&mut self, cookie: u64, name: Name, inode: Inode) -> bool {
        self.next = self.next.max(cookie.saturating_add(1));
        let is_new = self.by_cookie.insert(cookie, (Arc::clone(&name), inode)).is_none();
        self.names.insert(name, (inode, cookie)).is_none() && is_new
    }

    /// Sets the cookie of the next name on; those there are have others.
    pub(in crate::wasi) fn skip_cookies(&mut self, next: u64) {
        self.next = self.next.max(next);
    }

    /// Removes a name and says what node had it.
    pub(super) fn remove(&mut self, name: &[u8]) -> Result<Inode, Errno> {
        let (inode, cookie) = self.names.remove(name).ok_or(Errno::NOENT)?;
        self.by_cookie.remove(&cookie);
        Ok(inode)
    }
}
