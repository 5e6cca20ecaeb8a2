//! What files are, and their times.

use crate::wasi::{
    abi::{FileType, Layout, Rights, SYMLINK_FOLLOW, fstflags},
    caller::{Caller, Done, Stop},
    descriptors::stream_type,
    errno::Errno,
    files::Node,
    inode::Inode,
    state::Wasi,
};

/// Bytes of what a program is told of a file.
const STAT_BYTES: u64 = 64;

impl Wasi {
    /// `fd_filestat_get(fd, stat)`
    pub(in crate::wasi) fn fd_filestat_get(&self, caller: &mut Caller<'_>) -> Done {
        let at = caller.word(1);
        match self.descriptors.with(caller.word(0), Rights::FD_FILESTAT_GET)?.node() {
            Some(inode) => write_stat(at, inode, self.files.node(inode)?, caller),
            None => write_type(at, stream_type(self.is_terminal), caller),
        }
    }

    /// `path_filestat_get(fd, flags, path, path_len, stat)`
    pub(in crate::wasi) fn path_filestat_get(&self, caller: &mut Caller<'_>) -> Done {
        let at = caller.word(4);
        caller.check(at, STAT_BYTES)?;
        let inode = self.stat_target(Rights::PATH_FILESTAT_GET, caller)?;
        write_stat(at, inode, self.files.node(inode)?, caller)
    }

    /// `fd_filestat_set_times(fd, accessed, modified, flags)`
    pub(in crate::wasi) fn fd_filestat_set_times(&mut self, caller: &Caller<'_>) -> Done {
        let inode = self.file_of(caller, Rights::FD_FILESTAT_SET_TIMES)?;
        self.set_times(inode, (caller.long(1), caller.long(2)), caller.word(3))
    }

    /// `path_filestat_set_times(fd, flags, path, path_len, accessed, modified, flags)`
    pub(in crate::wasi) fn path_filestat_set_times(&mut self, caller: &mut Caller<'_>) -> Done {
        let inode = self.stat_target(Rights::PATH_FILESTAT_SET_TIMES, caller)?;
        self.set_times(inode, (caller.long(4), caller.long(5)), caller.word(6))
    }

    /// What the path of the arguments leads to.
    fn stat_target(&self, rights: Rights, caller: &mut Caller<'_>) -> Result<Inode, Stop> {
        let flags = caller.word(1);
        let base = self.directory_of(caller, 0, rights)?;
        let path = self.path_of(caller, 2)?;
        if flags & !SYMLINK_FOLLOW != 0 {
            return Err(Errno::INVAL.into());
        }
        let found = self.resolve(base, &path, flags & SYMLINK_FOLLOW != 0, caller)?;
        let inode = found.existing()?;
        if found.has_slash && !self.files.node(inode)?.is_directory() {
            return Err(Errno::NOTDIR.into());
        }
        Ok(inode)
    }

    fn set_times(&mut self, inode: Inode, (accessed, modified): (u64, u64), flags: u32) -> Done {
        let has = |flag| flags & flag != 0;
        let contradicts =
            has(fstflags::ATIM) && has(fstflags::ATIM_NOW) || has(fstflags::MTIM) && has(fstflags::MTIM_NOW);
        if contradicts || flags & !fstflags::ALL != 0 {
            return Err(Errno::INVAL.into());
        }
        self.files.check_writable(inode)?;
        let now = self.clock.realtime;
        let times = &mut self.files.node_mut(inode)?.times;
        let new = |is_given: bool, given: u64, is_now: bool, old: u64| match (is_given, is_now) {
            (true, _) => given,
            (false, true) => now,
            (false, false) => old,
        };
        times.accessed = new(has(fstflags::ATIM), accessed, has(fstflags::ATIM_NOW), times.accessed);
        times.modified = new(has(fstflags::MTIM), modified, has(fstflags::MTIM_NOW), times.modified);
        times.changed = now;
        Ok(())
    }
}

fn write_stat(at: u32, inode: Inode, node: &Node, caller: &mut Caller<'_>) -> Done {
    let stat = Layout::<64>::new()
        .with_long(0, u64::from(node.mount).saturating_add(1))
        .with_long(8, inode)
        .with_byte(16, node.file_type().byte())
        .with_long(24, node.links)
        .with_long(32, node.size())
        .with_long(40, node.times.accessed)
        .with_long(48, node.times.modified)
        .with_long(56, node.times.changed);
    caller.write(at, stat.bytes())
}

/// A stream has nothing but a type.
fn write_type(at: u32, file_type: FileType, caller: &mut Caller<'_>) -> Done {
    caller.write(at, Layout::<64>::new().with_byte(16, file_type.byte()).bytes())
}
