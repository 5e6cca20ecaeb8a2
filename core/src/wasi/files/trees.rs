//! Trees that become mounts, and mounts that become trees.

use super::{Contents, Directory, Files, Kind, Mounted, Node, Times};
use crate::{
    limits::count,
    wasi::{
        errno::Errno,
        inode::Inode,
        names::Name,
        options::{Access, Mount},
        tree::{Stored, Tree},
    },
};
use alloc::{sync::Arc, vec, vec::Vec};

/// A file that was changed in a mount with write-back, and then closed or synchronised.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Written {
    /// The name of the mount.
    pub mount: Vec<u8>,
    /// The path in it, as it is now. A file with several names is there once for each; one that has none any more is not.
    pub path: Vec<u8>,
    /// All its bytes.
    pub bytes: Arc<Vec<u8>>,
}

impl Files {
    /// Adds a mount, the root of which is returned; or the path in it that is not allowed, with the reason.
    pub(in crate::wasi) fn mount(
        &mut self,
        name: &[u8],
        mount: &Mount,
        now: u64,
    ) -> Result<Inode, (Vec<u8>, Errno)> {
        let root = self.add_root(name, mount.access, now).map_err(|errno| (Vec::new(), errno))?;
        for (path, stored) in mount.tree.stored() {
            self.plant(root, path, stored, now).map_err(|errno| (path.to_vec(), errno))?;
        }
        Ok(root)
    }

    fn add_root(&mut self, name: &[u8], access: Access, now: u64) -> Result<Inode, Errno> {
        if count(self.nodes.len()) >= self.quota.inodes {
            return Err(Errno::NOSPC);
        }
        let mount = u32::try_from(self.mounts.len()).map_err(|_| Errno::NOSPC)?;
        let root = self.next;
        self.next = root.checked_add(1).ok_or(Errno::NOSPC)?;
        let kind = Kind::Directory(Arc::new(Directory::new(root)));
        self.nodes.add(root, Node { links: 1, ..Node::new(kind, mount, Times::all(now)) });
        self.mounts.push(Mounted { name: name.into(), access, root });
        Ok(root)
    }

    /// Adds what is stored at a path of a tree, with the directories above.
    fn plant(&mut self, root: Inode, path: &[u8], stored: &Stored, now: u64) -> Result<(), Errno> {
        self.check_text(path)?;
        let mut here = root;
        let mut components = path.split(|byte| *byte == b'/').peekable();
        while let Some(component) = components.next() {
            self.check_name_text(component)?;
            let existing = self.directory(here)?.get(component);
            let kind = match (components.peek(), stored) {
                (Some(_), _) | (None, Stored::Directory) => Kind::Directory(Arc::new(Directory::new(here))),
                (None, Stored::File(bytes)) => Kind::File(Contents::Here(Arc::clone(bytes))),
                (None, Stored::LazyFile(request)) => Kind::File(Contents::Lazy(*request)),
                (None, Stored::Link(target)) => {
                    self.check_target(target)?;
                    Kind::Link(target.as_slice().into())
                }
            };
            here = match existing {
                Some(inode) if matches!(kind, Kind::Directory(_)) => inode,
                Some(_) => return Err(Errno::EXIST),
                None => self.add(here, Name::from(component), kind, now)?,
            };
        }
        Ok(())
    }

    /// Refuses bytes that are no path.
    pub(in crate::wasi) fn check_text(&self, path: &[u8]) -> Result<(), Errno> {
        if count(path.len()) > self.quota.path_bytes {
            return Err(Errno::NAMETOOLONG);
        }
        if path.contains(&0) {
            return Err(Errno::INVAL);
        }
        core::str::from_utf8(path).map(|_| ()).map_err(|_| Errno::ILSEQ)
    }

    /// Refuses bytes that are no name.
    pub(in crate::wasi) fn check_name_text(&self, name: &[u8]) -> Result<(), Errno> {
        if matches!(name, b"" | b"." | b"..") || name.contains(&b'/') {
            return Err(Errno::INVAL);
        }
        if count(name.len()) > self.quota.name_bytes {
            Err(Errno::NAMETOOLONG)
        } else {
            self.check_text(name)
        }
    }

    /// Refuses bytes to which no symbolic link can lead.
    pub(in crate::wasi) fn check_target(&self, target: &[u8]) -> Result<(), Errno> {
        match target.first() {
            None => Err(Errno::NOENT),
            Some(b'/') => Err(Errno::PERM),
            Some(_) => self.check_text(target),
        }
    }

    /// The tree that a mount has become. Hard links are files of their own there.
    pub(in crate::wasi) fn tree(&self, name: &[u8]) -> Option<Tree> {
        let mounted = self.mounts.iter().find(|mounted| *mounted.name == *name)?;
        let mut tree = Tree::new();
        self.walk(mounted.root, |path, node| {
            tree.insert(
                path.to_vec(),
                match &node.kind {
                    Kind::Directory(_) => Stored::Directory,
                    Kind::File(Contents::Here(bytes)) => Stored::File(Arc::clone(bytes)),
                    Kind::File(Contents::Lazy(request)) => Stored::LazyFile(*request),
                    Kind::Link(target) => Stored::Link(target.to_vec()),
                },
            );
        });
        Some(tree)
    }

    /// Takes the files that are to be written back.
    pub(in crate::wasi) fn take_written(&mut self) -> Vec<Written> {
        let mut written = Vec::new();
        if !core::mem::take(&mut self.has_written) {
            return written;
        }
        for mounted in self.mounts.iter().filter(|mounted| mounted.writes_back()) {
            self.walk(mounted.root, |path, node| {
                if let Kind::File(Contents::Here(bytes)) = &node.kind
                    && node.is_written
                {
                    let (mount, path, bytes) = (mounted.name.to_vec(), path.to_vec(), Arc::clone(bytes));
                    written.push(Written { mount, path, bytes });
                }
            });
        }
        self.nodes.iter_mut().for_each(|node| node.is_written = false);
        written
    }

    /// Goes through all below a directory, with the path of each.
    fn walk(&self, root: Inode, mut visit: impl FnMut(&[u8], &Node)) {
        let mut left = vec![(Vec::new(), root)];
        while let Some((path, inode)) = left.pop() {
            let Ok(directory) = self.directory(inode) else { continue };
            for (name, inode) in directory.by_name() {
                let Ok(node) = self.node(inode) else { continue };
                let mut path = path.clone();
                if !path.is_empty() {
                    path.push(b'/');
                }
                path.extend_from_slice(name);
                visit(&path, node);
                if node.is_directory() {
                    left.push((path, inode));
                }
            }
        }
    }
}
