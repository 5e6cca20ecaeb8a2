//! Names that are made and removed, and links.

use crate::{
    limits::count,
    wasi::{
        abi::Rights,
        caller::{Caller, Done, Stop},
        errno::Errno,
        files::{Found, Kind, resolve},
        inode::Inode,
        names::Name,
        state::Wasi,
    },
};
use alloc::vec::Vec;

impl Wasi {
    /// The path of two arguments, a pointer and a length.
    pub(super) fn path_of(&self, caller: &mut Caller<'_>, at: usize) -> Result<Vec<u8>, Stop> {
        let (pointer, len) = (caller.word(at), caller.word(at.saturating_add(1)));
        if u64::from(len) > self.limits.path_bytes {
            return Err(Errno::NAMETOOLONG.into());
        }
        caller.charge_bytes(len.into())?;
        let path = caller.read(pointer, len)?;
        self.files.check_text(&path)?;
        Ok(path)
    }

    /// Where a path leads from a directory.
    pub(super) fn resolve(
        &self,
        base: Inode,
        path: &[u8],
        follows: bool,
        caller: &mut Caller<'_>,
    ) -> Result<Found, Stop> {
        resolve(&self.files, base, path, follows, caller)
    }

    /// Where the path of two arguments leads, from the directory of another one; a symbolic link at its end is
    /// not followed.
    pub(super) fn find(
        &self,
        directory: usize,
        path: usize,
        rights: Rights,
        caller: &mut Caller<'_>,
    ) -> Result<Found, Stop> {
        let base = self.directory_of(caller, directory, rights)?;
        let path = self.path_of(caller, path)?;
        self.resolve(base, &path, false, caller)
    }

    /// `path_create_directory(fd, path, path_len)`
    pub(in crate::wasi) fn path_create_directory(&mut self, caller: &mut Caller<'_>) -> Done {
        let found = self.find(0, 1, Rights::PATH_CREATE_DIRECTORY, caller)?;
        let name = new_name(&found)?;
        self.files.create_directory(found.parent, name, self.clock.realtime)?;
        Ok(())
    }

    /// `path_remove_directory(fd, path, path_len)`
    pub(in crate::wasi) fn path_remove_directory(&mut self, caller: &mut Caller<'_>) -> Done {
        let found = self.find(0, 1, Rights::PATH_REMOVE_DIRECTORY, caller)?;
        if !self.files.directory(found.existing()?)?.is_empty() {
            return Err(Errno::NOTEMPTY.into());
        }
        let name = found.name.ok_or(Errno::INVAL)?;
        Ok(self.files.unlink(found.parent, &name, self.clock.realtime)?)
    }

    /// `path_unlink_file(fd, path, path_len)`
    pub(in crate::wasi) fn path_unlink_file(&mut self, caller: &mut Caller<'_>) -> Done {
        let found = self.find(0, 1, Rights::PATH_UNLINK_FILE, caller)?;
        if self.files.node(found.existing()?)?.is_directory() {
            return Err(Errno::ISDIR.into());
        }
        if found.has_slash {
            return Err(Errno::NOTDIR.into());
        }
        let name = found.name.ok_or(Errno::INVAL)?;
        Ok(self.files.unlink(found.parent, &name, self.clock.realtime)?)
    }

    /// `path_link(fd, flags, path, path_len, new_fd, new_path, new_path_len)`
    pub(in crate::wasi) fn path_link(&mut self, caller: &mut Caller<'_>) -> Done {
        // A symbolic link is linked itself, never what it leads to.
        if caller.word(1) != 0 {
            return Err(Errno::INVAL.into());
        }
        // Both descriptors are looked at before either path.
        self.directory_of(caller, 0, Rights::PATH_LINK_SOURCE)?;
        self.directory_of(caller, 4, Rights::PATH_LINK_TARGET)?;
        let old = self.find(0, 2, Rights::PATH_LINK_SOURCE, caller)?;
        let inode = old.existing()?;
        if old.has_slash {
            return Err(Errno::NOTDIR.into());
        }
        let new = self.find(4, 5, Rights::PATH_LINK_TARGET, caller)?;
        if new.inode.is_some() {
            return Err(Errno::EXIST.into());
        }
        if new.has_slash {
            return Err(Errno::NOENT.into());
        }
        let node = self.files.node(inode)?;
        if node.is_directory() {
            return Err(Errno::PERM.into());
        }
        self.files.check_writable(new.parent)?;
        if node.mount != self.files.node(new.parent)?.mount {
            return Err(Errno::XDEV.into());
        }
        let name = new.name.ok_or(Errno::NOENT)?;
        Ok(self.files.link(new.parent, name, inode, self.clock.realtime)?)
    }

    /// `path_symlink(target, target_len, fd, path, path_len)`
    pub(in crate::wasi) fn path_symlink(&mut self, caller: &mut Caller<'_>) -> Done {
        let target = self.path_of(caller, 0)?;
        self.directory_of(caller, 2, Rights::PATH_SYMLINK)?;
        self.files.check_target(&target)?;
        let found = self.find(2, 3, Rights::PATH_SYMLINK, caller)?;
        if let Some(inode) = found.inode
            && found.has_slash
            && !self.files.node(inode)?.is_directory()
        {
            return Err(Errno::NOTDIR.into());
        }
        if found.inode.is_none() && found.has_slash {
            return Err(Errno::NOENT.into());
        }
        let name = new_name(&found)?;
        let kind = Kind::Link(target.into());
        self.files.create(found.parent, name, kind, self.clock.realtime)?;
        Ok(())
    }

    /// `path_readlink(fd, path, path_len, buffer, buffer_len, used)`
    pub(in crate::wasi) fn path_readlink(&self, caller: &mut Caller<'_>) -> Done {
        let (buffer, len) = (caller.word(3), caller.word(4));
        caller.check(caller.word(5), 4)?;
        let found = self.find(0, 1, Rights::PATH_READLINK, caller)?;
        let Kind::Link(target) = &self.files.node(found.existing()?)?.kind else {
            return Err(Errno::INVAL.into());
        };
        let target = target.get(..crate::limits::to_usize(len)).unwrap_or(target);
        caller.charge_bytes(count(target.len()))?;
        caller.write(buffer, target)?;
        caller.write_len(caller.word(5), target.len())
    }
}

/// The name at the end of a path, of which there is nothing yet.
fn new_name(found: &Found) -> Result<Name, Errno> {
    match (&found.inode, &found.name) {
        (None, Some(name)) => Ok(Name::clone(name)),
        _ => Err(Errno::EXIST),
    }
}
