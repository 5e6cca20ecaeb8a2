//! The file system: nodes by their numbers, in memory, under a quota.
//!
//! A path is resolved from node to node in [`mod@resolve`] and never becomes one of the host's. What a change would take
//! is counted before it is made. Nodes hold their bytes and their directories by `Arc`, so that a copy of all of it is one
//! of the table of nodes; whoever then changes something copies that first.

mod change;
mod contents;
mod counted;
mod directory;
mod resolve;
mod trees;

pub(super) use self::{
    contents::Contents,
    directory::{Directory, END_OF_COOKIES, FIRST_COOKIE},
    resolve::{Found, resolve},
};

pub use self::trees::Written;

use self::counted::Counted;
use super::{abi::FileType, errno::Errno, inode::Inode, names::Name, options::Access};
use alloc::{sync::Arc, vec::Vec};

/// The files of a program.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) nodes: Counted<Node>,
    /// The number of the next node.
    pub(super) next: Inode,
    pub(super) mounts: Vec<Mounted>,
    /// Bytes of files and targets of links.
    pub(super) bytes: u64,
    /// Names in directories.
    pub(super) names: u64,
    /// Whether there may be a file that is [written](Node::is_written).
    pub(super) has_written: bool,
    pub(super) quota: Quota,
}

/// The limits of the file system.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Quota {
    pub(super) bytes: u64,
    pub(super) inodes: u64,
    pub(super) depth: u64,
    pub(super) path_bytes: u64,
    pub(super) name_bytes: u64,
    pub(super) links: u64,
}

/// A mount.
#[derive(Clone, Debug)]
pub(super) struct Mounted {
    pub(super) name: Name,
    pub(super) access: Access,
    pub(super) root: Inode,
}

/// A file, a directory or a symbolic link.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// The position of its mount.
    pub(super) mount: u32,
    /// How many names it has. The root of a mount has one that is not in any directory.
    pub(super) links: u64,
    /// How many descriptors it has.
    pub(super) opened: u64,
    /// Whether it was changed and its write-back not noted yet.
    pub(super) is_dirty: bool,
    /// Whether it was changed in a mount with write-back and then closed or synchronised, and nobody took it yet.
    pub(super) is_written: bool,
    pub(super) times: Times,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    File(Contents),
    Directory(Arc<Directory>),
    Link(Arc<[u8]>),
}

/// Times of a node in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Times {
    pub(super) accessed: u64,
    pub(super) modified: u64,
    /// When it was last changed in any way.
    pub(super) changed: u64,
}

impl Mounted {
    fn writes_back(&self) -> bool {
        self.access == Access::WriteBack
    }
}

impl Times {
    pub(super) const fn all(now: u64) -> Self {
        Self { accessed: now, modified: now, changed: now }
    }
}

impl Node {
    /// One that nothing has yet.
    pub(super) const fn new(kind: Kind, mount: u32, times: Times) -> Self {
        Self { kind, mount, links: 0, opened: 0, is_dirty: false, is_written: false, times }
    }

    pub(super) const fn file_type(&self) -> FileType {
        match self.kind {
            Kind::File(_) => FileType::RegularFile,
            Kind::Directory(_) => FileType::Directory,
            Kind::Link(_) => FileType::SymbolicLink,
        }
    }

    pub(super) const fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Directory(_))
    }

    /// The size as a guest is told it.
    pub(super) fn size(&self) -> u64 {
        match &self.kind {
            Kind::File(contents) => contents.len(),
            Kind::Directory(_) => 0,
            Kind::Link(target) => crate::limits::count(target.len()),
        }
    }

    /// What it takes of the quota of bytes.
    pub(super) fn quota_bytes(&self) -> u64 {
        match &self.kind {
            Kind::File(contents) => contents.quota_bytes(),
            Kind::Directory(_) => 0,
            Kind::Link(_) => self.size(),
        }
    }

    fn touch(&mut self, now: u64) {
        self.times.modified = now;
        self.times.changed = now;
    }
}

impl Files {
    pub(super) const fn new(quota: Quota) -> Self {
        Self {
            nodes: Counted::new(),
            next: 1,
            mounts: Vec::new(),
            bytes: 0,
            names: 0,
            has_written: false,
            quota,
        }
    }

    /// The node with a number. What has one is there, as long as a descriptor or a name has it.
    pub(super) fn node(&self, inode: Inode) -> Result<&Node, Errno> {
        self.nodes.get(inode).ok_or(Errno::IO)
    }

    pub(super) fn node_mut(&mut self, inode: Inode) -> Result<&mut Node, Errno> {
        self.nodes.get_mut(inode).ok_or(Errno::IO)
    }

    /// The directory with a number.
    pub(super) fn directory(&self, inode: Inode) -> Result<&Directory, Errno> {
        match &self.node(inode)?.kind {
            Kind::Directory(directory) => Ok(directory),
            _ => Err(Errno::NOTDIR),
        }
    }

    fn directory_mut(&mut self, inode: Inode) -> Result<&mut Directory, Errno> {
        match &mut self.node_mut(inode)?.kind {
            Kind::Directory(directory) => Ok(Arc::make_mut(directory)),
            _ => Err(Errno::NOTDIR),
        }
    }

    /// The mount of a node.
    fn mounted(&self, inode: Inode) -> Result<&Mounted, Errno> {
        let mount = crate::limits::to_usize(self.node(inode)?.mount);
        self.mounts.get(mount).ok_or(Errno::IO)
    }

    /// Refuses a node of a mount that is read-only.
    pub(super) fn check_writable(&self, inode: Inode) -> Result<(), Errno> {
        match self.mounted(inode)?.access {
            Access::ReadOnly => Err(Errno::ROFS),
            Access::ReadWrite | Access::WriteBack => Ok(()),
        }
    }

    /// Notes that there is a descriptor of a node.
    pub(super) fn open(&mut self, inode: Inode) -> Result<(), Errno> {
        let node = self.node_mut(inode)?;
        node.opened = node.opened.saturating_add(1);
        Ok(())
    }

    /// Notes that a descriptor of a node is closed.
    pub(super) fn close(&mut self, inode: Inode) {
        self.note_written(inode);
        if let Some(node) = self.nodes.get_mut(inode) {
            node.opened = node.opened.saturating_sub(1);
            self.drop_unused(inode);
        }
    }

    /// Notes that a file is to be written back, if it was changed.
    pub(super) fn note_written(&mut self, inode: Inode) {
        if let Some(node) = self.nodes.get_mut(inode)
            && core::mem::take(&mut node.is_dirty)
        {
            node.is_written = true;
            self.has_written = true;
        }
    }

    /// Frees a node that has no name and no descriptor any more.
    fn drop_unused(&mut self, inode: Inode) {
        let is_unused = |node: &Node| node.links == 0 && node.opened == 0;
        if self.nodes.get(inode).is_some_and(is_unused)
            && let Some(node) = self.nodes.remove(inode)
        {
            self.bytes = self.bytes.saturating_sub(node.quota_bytes());
        }
    }

    /// How deep a directory is, from 0 for the root of a mount.
    pub(super) fn depth(&self, directory: Inode) -> Result<u64, Errno> {
        let (mut at, mut depth) = (directory, 0_u64);
        // No directory is deeper than the quota.
        loop {
            let parent = self.directory(at)?.parent;
            if parent == at || depth > self.quota.depth {
                return Ok(depth);
            }
            (at, depth) = (parent, depth.saturating_add(1));
        }
    }
}
