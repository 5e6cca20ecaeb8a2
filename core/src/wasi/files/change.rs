//! Changes of directories: names that are added, removed and moved.

use super::{Directory, Files, Kind, Node, Times};
use crate::{
    limits::count,
    wasi::{
        caller::{Caller, Stop},
        errno::Errno,
        inode::Inode,
        names::Name,
    },
};
use alloc::{sync::Arc, vec};

impl Files {
    /// Makes a node with a name that is not there.
    pub(in crate::wasi) fn create(
        &mut self,
        parent: Inode,
        name: Name,
        kind: Kind,
        now: u64,
    ) -> Result<Inode, Errno> {
        self.check_writable(parent)?;
        self.add(parent, name, kind, now)
    }

    /// Makes a directory with a name that is not there.
    pub(in crate::wasi) fn create_directory(
        &mut self,
        parent: Inode,
        name: Name,
        now: u64,
    ) -> Result<Inode, Errno> {
        self.create(parent, name, Kind::Directory(Arc::new(Directory::new(parent))), now)
    }

    /// Makes a node in any mount.
    pub(super) fn add(&mut self, parent: Inode, name: Name, kind: Kind, now: u64) -> Result<Inode, Errno> {
        self.check_name(parent)?;
        if let Kind::Directory(_) = kind
            && self.depth(parent)? >= self.quota.depth
        {
            return Err(Errno::NAMETOOLONG);
        }
        if count(self.nodes.len()) >= self.quota.inodes {
            return Err(Errno::NOSPC);
        }
        let mount = self.node(parent)?.mount;
        let node = Node::new(kind, mount, Times::all(now));
        let bytes = node.quota_bytes();
        self.check_room(bytes)?;
        let inode = self.next;
        self.next = inode.checked_add(1).ok_or(Errno::NOSPC)?;
        self.bytes = self.bytes.saturating_add(bytes);
        self.nodes.add(inode, node);
        self.link(parent, name, inode, now)?;
        Ok(inode)
    }

    /// Gives a node another name, which is not there.
    pub(in crate::wasi) fn link(
        &mut self,
        parent: Inode,
        name: Name,
        inode: Inode,
        now: u64,
    ) -> Result<(), Errno> {
        self.check_name(parent)?;
        self.directory_mut(parent)?.insert(name, inode);
        self.names = self.names.saturating_add(1);
        let node = self.node_mut(inode)?;
        node.links = node.links.saturating_add(1);
        node.times.changed = now;
        self.node_mut(parent)?.touch(now);
        Ok(())
    }

    /// Refuses a name more in a directory that was removed, and one that there is no room for.
    fn check_name(&self, parent: Inode) -> Result<(), Errno> {
        match self.node(parent)?.links {
            0 => Err(Errno::NOENT),
            _ if self.names >= self.quota.inodes => Err(Errno::NOSPC),
            _ => Ok(()),
        }
    }

    /// Removes a name. Its node goes when it was the last, once no descriptor has it.
    pub(in crate::wasi) fn unlink(&mut self, parent: Inode, name: &[u8], now: u64) -> Result<(), Errno> {
        self.check_writable(parent)?;
        let inode = self.directory_mut(parent)?.remove(name)?;
        self.names = self.names.saturating_sub(1);
        self.node_mut(parent)?.touch(now);
        let node = self.node_mut(inode)?;
        node.links = node.links.saturating_sub(1);
        node.times.changed = now;
        // A directory that is nowhere any more is above itself, as the root of a mount.
        if let Kind::Directory(directory) = &mut node.kind {
            Arc::make_mut(directory).parent = inode;
        }
        self.drop_unused(inode);
        Ok(())
    }

    /// Moves a name, in the place of one that may be there.
    pub(in crate::wasi) fn rename(
        &mut self,
        from: (Inode, Name),
        to: (Inode, Name),
        caller: &mut Caller<'_>,
        now: u64,
    ) -> Result<(), Stop> {
        let ((old_parent, old_name), (new_parent, new_name)) = (from, to);
        self.check_writable(old_parent)?;
        if self.node(new_parent)?.links == 0 {
            return Err(Errno::NOENT.into());
        }
        if self.node(old_parent)?.mount != self.node(new_parent)?.mount {
            return Err(Errno::XDEV.into());
        }
        let inode = self.directory(old_parent)?.get(&old_name).ok_or(Errno::NOENT)?;
        let is_directory = self.node(inode)?.is_directory();
        if is_directory {
            self.check_move(inode, new_parent, caller)?;
        }
        let replaced = self.directory(new_parent)?.get(&new_name);
        if replaced == Some(inode) {
            return Ok(());
        }
        match replaced.map(|replaced| self.node(replaced)).transpose()?.map(|node| &node.kind) {
            Some(Kind::Directory(directory)) if is_directory && !directory.is_empty() => {
                return Err(Errno::NOTEMPTY.into());
            }
            Some(Kind::Directory(_)) if !is_directory => return Err(Errno::ISDIR.into()),
            Some(Kind::File(_) | Kind::Link(_)) if is_directory => return Err(Errno::NOTDIR.into()),
            Some(_) => self.unlink(new_parent, &new_name, now)?,
            None => {}
        }
        self.directory_mut(old_parent)?.remove(&old_name)?;
        self.directory_mut(new_parent)?.insert(new_name, inode);
        if is_directory {
            self.directory_mut(inode)?.parent = new_parent;
        }
        self.node_mut(inode)?.times.changed = now;
        self.node_mut(old_parent)?.touch(now);
        self.node_mut(new_parent)?.touch(now);
        Ok(())
    }

    /// Refuses to move a directory into itself, and to where what is in it would be too deep.
    fn check_move(&self, inode: Inode, new_parent: Inode, caller: &mut Caller<'_>) -> Result<(), Stop> {
        let mut at = new_parent;
        let mut depth = 1_u64;
        loop {
            caller.charge_entries(1)?;
            if at == inode {
                return Err(Errno::INVAL.into());
            }
            let parent = self.directory(at)?.parent;
            if parent == at {
                break;
            }
            (at, depth) = (parent, depth.saturating_add(1));
        }
        let mut left = vec![(inode, depth)];
        while let Some((inode, depth)) = left.pop() {
            if depth > self.quota.depth {
                return Err(Errno::NAMETOOLONG.into());
            }
            let directory = self.directory(inode)?;
            caller.charge_entries(count(directory.len()))?;
            for (_, inode) in directory.by_name() {
                if self.node(inode)?.is_directory() {
                    left.push((inode, depth.saturating_add(1)));
                }
            }
        }
        Ok(())
    }
}
