//! The bytes of files.

use super::{Files, Kind};
use crate::{
    limits::count,
    wasi::{errno::Errno, inode::Inode, wait::Request},
};
use alloc::{sync::Arc, vec::Vec};

/// The bytes of a file.
#[derive(Clone, Debug)]
pub(in crate::wasi) enum Contents {
    /// They are here.
    Here(Arc<Vec<u8>>),
    /// The host has them.
    Lazy(Request),
}

impl Contents {
    pub(in crate::wasi) fn empty() -> Self {
        Self::Here(Arc::default())
    }

    pub(in crate::wasi) fn len(&self) -> u64 {
        match self {
            Self::Here(bytes) => count(bytes.len()),
            Self::Lazy(request) => request.size,
        }
    }

    /// What they take of the quota: those that are not here, nothing.
    pub(super) fn quota_bytes(&self) -> u64 {
        match self {
            Self::Here(bytes) => count(bytes.len()),
            Self::Lazy(_) => 0,
        }
    }
}

impl Files {
    fn contents_mut(&mut self, inode: Inode) -> Result<&mut Contents, Errno> {
        match &mut self.node_mut(inode)?.kind {
            Kind::File(contents) => Ok(contents),
            Kind::Directory(_) => Err(Errno::ISDIR),
            Kind::Link(_) => Err(Errno::INVAL),
        }
    }

    /// The bytes of a file, or what to ask the host for.
    pub(in crate::wasi) fn contents(&self, inode: Inode) -> Result<&Contents, Errno> {
        match &self.node(inode)?.kind {
            Kind::File(contents) => Ok(contents),
            Kind::Directory(_) => Err(Errno::ISDIR),
            Kind::Link(_) => Err(Errno::INVAL),
        }
    }

    /// What to ask the host for before the bytes of a file can be used. There is room for them.
    pub(in crate::wasi) fn wanted(&self, inode: Inode) -> Result<Option<Request>, Errno> {
        let &Contents::Lazy(request) = self.contents(inode)? else { return Ok(None) };
        self.check_room(request.size)?;
        Ok(Some(request))
    }

    /// Refuses more bytes than there is room for.
    pub(in crate::wasi) fn check_room(&self, more: u64) -> Result<(), Errno> {
        let total = self.bytes.checked_add(more);
        if total.is_some_and(|total| total <= self.quota.bytes) { Ok(()) } else { Err(Errno::NOSPC) }
    }

    /// Puts the bytes of a lazy file there.
    pub(in crate::wasi) fn load(&mut self, inode: Inode, bytes: Vec<u8>) -> Result<(), Errno> {
        let request = self.wanted(inode)?.ok_or(Errno::IO)?;
        if request.size != count(bytes.len()) {
            return Err(Errno::IO);
        }
        self.bytes = self.bytes.saturating_add(request.size);
        *self.contents_mut(inode)? = Contents::Here(Arc::new(bytes));
        Ok(())
    }

    /// Sets the length of a file. What is new is zero.
    pub(in crate::wasi) fn resize(&mut self, inode: Inode, len: u64, now: u64) -> Result<(), Errno> {
        let contents = self.contents(inode)?;
        let (old, held) = (contents.len(), contents.quota_bytes());
        let len_here = usize::try_from(len).map_err(|_| Errno::FBIG)?;
        self.check_room(len.saturating_sub(held))?;
        match self.contents_mut(inode)? {
            Contents::Here(bytes) => {
                let bytes = Arc::make_mut(bytes);
                bytes.try_reserve(len_here.saturating_sub(bytes.len())).map_err(|_| Errno::NOMEM)?;
                bytes.resize(len_here, 0);
                if len == 0 {
                    bytes.shrink_to_fit();
                }
            }
            // Only what is cut to nothing need not be loaded before.
            Contents::Lazy(_) if len > 0 => return Err(Errno::IO),
            contents @ Contents::Lazy(_) => *contents = Contents::empty(),
        }
        self.bytes = self.bytes.saturating_sub(held).saturating_add(len);
        if len != old || len == 0 {
            self.note_change(inode, now)?;
        }
        Ok(())
    }

    /// Part of a file, of so many bytes or up to its end.
    pub(in crate::wasi) fn read(&self, inode: Inode, position: u64, len: usize) -> Result<&[u8], Errno> {
        let Contents::Here(bytes) = self.contents(inode)? else { return Err(Errno::IO) };
        let begin = usize::try_from(position).unwrap_or(usize::MAX).min(bytes.len());
        let end = begin.saturating_add(len).min(bytes.len());
        Ok(bytes.get(begin..end).unwrap_or_default())
    }

    /// Part of a file to write to, of so many bytes. The file is that long.
    pub(in crate::wasi) fn part_mut(
        &mut self,
        inode: Inode,
        position: u64,
        len: usize,
    ) -> Result<&mut [u8], Errno> {
        let Contents::Here(bytes) = self.contents_mut(inode)? else { return Err(Errno::IO) };
        let begin = usize::try_from(position).map_err(|_| Errno::FBIG)?;
        let end = begin.checked_add(len).ok_or(Errno::FBIG)?;
        Arc::make_mut(bytes).get_mut(begin..end).ok_or(Errno::IO)
    }

    /// Notes that a file was changed.
    pub(in crate::wasi) fn note_change(&mut self, inode: Inode, now: u64) -> Result<(), Errno> {
        let writes_back = self.mounted(inode)?.writes_back();
        let node = self.node_mut(inode)?;
        node.touch(now);
        node.is_dirty = writes_back;
        Ok(())
    }
}
