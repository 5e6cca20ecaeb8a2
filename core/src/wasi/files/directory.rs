//! Directories.

use super::counted::Counted;
use crate::wasi::{
    errno::Errno,
    inode::Inode,
    names::{ByName, Name},
};
use alloc::sync::Arc;

/// A directory: names with their nodes, each with a cookie that it keeps.
///
/// Cookies count the names that the directory ever had. So a program that reads a directory and removes what it
/// read goes on behind that, whatever it removed.
#[derive(Clone, Debug)]
pub(in crate::wasi) struct Directory {
    cookies: ByName,
    /// By their cookies.
    names: Counted<(Name, Inode)>,
    next: u64,
    /// The directory that it is in; itself, where it is the root of a mount.
    pub(in crate::wasi) parent: Inode,
}

/// The cookies of `.` and `..` are 0 and 1.
pub(in crate::wasi) const FIRST_COOKIE: u64 = 2;

/// A directory that has this cookie next had more names than programs can ever have made, so that cookies never run out.
pub(in crate::wasi) const END_OF_COOKIES: u64 = 1 << 63;

impl Directory {
    pub(in crate::wasi) const fn new(parent: Inode) -> Self {
        Self { cookies: ByName::new(), names: Counted::new(), next: FIRST_COOKIE, parent }
    }

    /// The node that has a name.
    pub(in crate::wasi) fn get(&self, name: &[u8]) -> Option<Inode> {
        self.node(*self.cookies.get(name)?)
    }

    pub(in crate::wasi) fn is_empty(&self) -> bool {
        self.cookies.is_empty()
    }

    pub(in crate::wasi) fn len(&self) -> usize {
        self.names.len()
    }

    /// Names with their nodes, by the bytes of the names.
    pub(in crate::wasi) fn by_name(&self) -> impl Iterator<Item = (&Name, Inode)> {
        self.cookies.iter().filter_map(|(name, cookie)| Some((name, self.node(*cookie)?)))
    }

    /// Names with their cookies and nodes, from a cookie on.
    pub(in crate::wasi) fn since(&self, cookie: u64) -> impl Iterator<Item = (u64, &Name, Inode)> {
        self.names.since(cookie).map(|(cookie, (name, inode))| (cookie, name, *inode))
    }

    /// The cookie of the next name.
    pub(in crate::wasi) const fn next_cookie(&self) -> u64 {
        self.next
    }

    /// Adds a name that is not there.
    pub(super) fn insert(&mut self, name: Name, inode: Inode) {
        self.put(self.next, name, inode);
    }

    /// Adds a name with its cookie, as a snapshot has it. Whether the name is new, and the cookie above those before.
    pub(in crate::wasi) fn put(&mut self, cookie: u64, name: Name, inode: Inode) -> bool {
        self.next = self.next.max(cookie.saturating_add(1));
        self.names.add(cookie, (Arc::clone(&name), inode)) && self.cookies.insert(name, cookie).is_none()
    }

    /// Sets the cookie of the next name on; those there are have others.
    pub(in crate::wasi) fn skip_cookies(&mut self, next: u64) {
        self.next = self.next.max(next);
    }

    /// Removes a name and says what node had it.
    pub(super) fn remove(&mut self, name: &[u8]) -> Result<Inode, Errno> {
        let cookie = self.cookies.remove(name).ok_or(Errno::NOENT)?;
        self.names.remove(cookie).map(|(_, inode)| inode).ok_or(Errno::NOENT)
    }

    fn node(&self, cookie: u64) -> Option<Inode> {
        self.names.get(cookie).map(|(_, inode)| *inode)
    }
}
