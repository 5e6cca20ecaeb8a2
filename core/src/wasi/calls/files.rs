//! Descriptors, and files by them.

use super::transfer::MAX_POSITION;
use crate::{
    limits::count,
    wasi::{
        abi::{Layout, Rights, fdflags},
        caller::{Caller, Done, Stop},
        descriptors::stream_type,
        errno::Errno,
        files::Kind,
        inode::Inode,
        state::Wasi,
    },
};

/// The advice that there is, counted from 0.
const ADVICE: u32 = 6;

impl Wasi {
    /// `fd_advise(fd, offset, length, advice)`
    pub(in crate::wasi) fn fd_advise(&self, caller: &Caller<'_>) -> Done {
        if caller.word(3) >= ADVICE {
            return Err(Errno::INVAL.into());
        }
        let inode = self.file_of(caller, Rights::FD_ADVISE)?;
        if self.files.node(inode)?.is_directory() { Err(Errno::BADF.into()) } else { Ok(()) }
    }

    /// `fd_allocate(fd, offset, length)`
    pub(in crate::wasi) fn fd_allocate(&mut self, caller: &mut Caller<'_>) -> Done {
        let inode = self.file_of(caller, Rights::FD_ALLOCATE)?;
        let (offset, len) = (caller.long(1), caller.long(2));
        let end = offset.checked_add(len).filter(|end| *end <= MAX_POSITION).ok_or(Errno::FBIG)?;
        if len == 0 {
            return Err(Errno::INVAL.into());
        }
        if end > self.files.contents(inode)?.len() { self.set_len(inode, end, caller) } else { Ok(()) }
    }

    /// `fd_filestat_set_size(fd, size)`
    pub(in crate::wasi) fn fd_filestat_set_size(&mut self, caller: &mut Caller<'_>) -> Done {
        let inode = self.file_of(caller, Rights::FD_FILESTAT_SET_SIZE)?;
        let len = caller.long(1);
        if len > MAX_POSITION { Err(Errno::INVAL.into()) } else { self.set_len(inode, len, caller) }
    }

    /// Sets the length of a file, and pays for what is cleared.
    pub(super) fn set_len(&mut self, inode: Inode, len: u64, caller: &mut Caller<'_>) -> Done {
        let old = self.files.contents(inode)?.len();
        self.files.check_writable(inode)?;
        if len > 0 {
            self.demand(inode, caller)?;
        }
        let more = len.saturating_sub(old);
        self.files.check_room(more)?;
        caller.charge_bytes(more)?;
        Ok(self.files.resize(inode, len, self.clock.realtime)?)
    }

    /// `fd_close(fd)`
    pub(in crate::wasi) fn fd_close(&mut self, caller: &Caller<'_>) -> Done {
        Ok(self.close(caller.word(0))?)
    }

    fn close(&mut self, fd: u32) -> Result<(), Errno> {
        if let Some(inode) = self.descriptors.take(fd)?.node() {
            self.files.close(inode);
        }
        Ok(())
    }

    /// `fd_renumber(fd, to)`
    pub(in crate::wasi) fn fd_renumber(&mut self, caller: &Caller<'_>) -> Done {
        let (from, to) = (caller.word(0), caller.word(1));
        self.descriptors.get(from)?;
        self.descriptors.get(to)?;
        if from != to {
            self.close(to)?;
            let descriptor = self.descriptors.take(from)?;
            self.descriptors.put(to, Some(descriptor));
        }
        Ok(())
    }

    /// `fd_datasync(fd)`
    pub(in crate::wasi) fn fd_datasync(&mut self, caller: &Caller<'_>) -> Done {
        self.synchronise(caller, Rights::FD_DATASYNC)
    }

    /// `fd_sync(fd)`
    pub(in crate::wasi) fn fd_sync(&mut self, caller: &Caller<'_>) -> Done {
        self.synchronise(caller, Rights::FD_SYNC)
    }

    fn synchronise(&mut self, caller: &Caller<'_>, right: Rights) -> Done {
        if let Some(inode) = self.descriptors.with(caller.word(0), right)?.node() {
            self.files.note_written(inode);
        }
        Ok(())
    }

    /// `fd_fdstat_get(fd, stat)`
    pub(in crate::wasi) fn fd_fdstat_get(&self, caller: &mut Caller<'_>) -> Done {
        let descriptor = self.descriptors.get(caller.word(0))?;
        let file_type = match descriptor.node() {
            Some(inode) => self.files.node(inode)?.file_type(),
            None => stream_type(self.is_terminal),
        };
        let flags = u16::try_from(descriptor.flags).unwrap_or(0);
        let stat = Layout::<24>::new()
            .with_byte(0, file_type.byte())
            .with(2, &flags.to_le_bytes())
            .with_long(8, descriptor.rights.0)
            .with_long(16, descriptor.inheriting.0);
        caller.write(caller.word(1), stat.bytes())
    }

    /// `fd_fdstat_set_flags(fd, flags)`
    pub(in crate::wasi) fn fd_fdstat_set_flags(&mut self, caller: &Caller<'_>) -> Done {
        let flags = caller.word(1);
        if flags & !fdflags::ALL != 0 {
            return Err(Errno::INVAL.into());
        }
        self.descriptors.with(caller.word(0), Rights::FD_FDSTAT_SET_FLAGS)?;
        self.descriptors.get_mut(caller.word(0))?.flags = flags;
        Ok(())
    }

    /// `fd_fdstat_set_rights(fd, rights, inheriting)`
    pub(in crate::wasi) fn fd_fdstat_set_rights(&mut self, caller: &Caller<'_>) -> Done {
        let descriptor = self.descriptors.get_mut(caller.word(0))?;
        let (rights, inheriting) = (Rights(caller.long(1)), Rights(caller.long(2)));
        if !descriptor.rights.has(rights) || !descriptor.inheriting.has(inheriting) {
            return Err(Errno::NOTCAPABLE.into());
        }
        (descriptor.rights, descriptor.inheriting) = (rights, inheriting);
        Ok(())
    }

    /// `fd_seek(fd, offset, whence, position)`
    pub(in crate::wasi) fn fd_seek(&mut self, caller: &mut Caller<'_>) -> Done {
        let (offset, whence) = (caller.long(1).cast_signed(), caller.word(2));
        caller.check(caller.word(3), 8)?;
        let descriptor = self.descriptors.get(caller.word(0))?;
        let inode = descriptor.node().ok_or(Errno::SPIPE)?;
        let Kind::File(contents) = &self.files.node(inode)?.kind else { return Err(Errno::BADF.into()) };
        let only_tells = offset == 0 && whence == 1;
        descriptor.check(if only_tells { Rights::FD_TELL } else { Rights::FD_SEEK })?;
        let from = match whence {
            0 => 0,
            1 => descriptor.position,
            2 => contents.len(),
            _ => return Err(Errno::INVAL.into()),
        };
        let position = from.checked_add_signed(offset).filter(|position| *position <= MAX_POSITION);
        let position = position.ok_or(Errno::INVAL)?;
        self.descriptors.get_mut(caller.word(0))?.position = position;
        caller.write_long(caller.word(3), position)
    }

    /// `fd_tell(fd, position)`
    pub(in crate::wasi) fn fd_tell(&self, caller: &mut Caller<'_>) -> Done {
        let descriptor = self.descriptors.with(caller.word(0), Rights::FD_TELL);
        let descriptor = match self.descriptors.get(caller.word(0))?.node() {
            Some(_) => descriptor?,
            None => return Err(Errno::SPIPE.into()),
        };
        caller.write_long(caller.word(1), descriptor.position)
    }

    /// `fd_prestat_get(fd, stat)`
    pub(in crate::wasi) fn fd_prestat_get(&self, caller: &mut Caller<'_>) -> Done {
        let len = u32::try_from(self.mount_name(caller)?.len()).unwrap_or(u32::MAX);
        let stat = Layout::<8>::new().with(4, &len.to_le_bytes());
        caller.write(caller.word(1), stat.bytes())
    }

    /// `fd_prestat_dir_name(fd, name, length)`
    pub(in crate::wasi) fn fd_prestat_dir_name(&self, caller: &mut Caller<'_>) -> Done {
        let name = self.mount_name(caller)?;
        if u64::from(caller.word(2)) < count(name.len()) {
            return Err(Errno::NAMETOOLONG.into());
        }
        caller.charge_bytes(count(name.len()))?;
        caller.write(caller.word(1), name)
    }

    /// The name of the mount whose descriptor it is.
    fn mount_name(&self, caller: &Caller<'_>) -> Result<&[u8], Errno> {
        let mount = self.descriptors.get(caller.word(0))?.mount.ok_or(Errno::BADF)?;
        self.files.mounts.get(crate::limits::to_usize(mount)).map(|mounted| &*mounted.name).ok_or(Errno::BADF)
    }

    /// The file of the first argument, which is a descriptor with these rights.
    pub(super) fn file_of(&self, caller: &Caller<'_>, rights: Rights) -> Result<Inode, Stop> {
        let descriptor = self.descriptors.with(caller.word(0), rights)?;
        Ok(descriptor.node().ok_or(Errno::BADF)?)
    }

    /// The directory of an argument, which is a descriptor with these rights.
    pub(super) fn directory_of(&self, caller: &Caller<'_>, at: usize, rights: Rights) -> Result<Inode, Stop> {
        let descriptor = self.descriptors.get(caller.word(at))?;
        let inode = descriptor.node().ok_or(Errno::NOTDIR)?;
        self.files.directory(inode)?;
        descriptor.check(rights)?;
        Ok(inode)
    }
}
