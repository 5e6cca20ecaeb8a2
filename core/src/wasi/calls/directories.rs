//! `fd_readdir`.

use crate::{
    limits::{count, to_usize},
    wasi::{
        abi::{FileType, Layout, Rights},
        caller::{Caller, Done},
        errno::Errno,
        files::FIRST_COOKIE,
        inode::Inode,
        state::Wasi,
    },
};
use alloc::vec::Vec;

/// Bytes of an entry before its name.
const HEADER_BYTES: usize = 24;

impl Wasi {
    /// `fd_readdir(fd, buffer, buffer_len, cookie, used)`
    ///
    /// The cookie of an entry is its ordinal among all that the directory ever had, `.` and `..` being the first two. The last
    /// entry is cut where the buffer ends, by which the program knows that there is more.
    pub(in crate::wasi) fn fd_readdir(&self, caller: &mut Caller<'_>) -> Done {
        let inode = self.directory_of(caller, 0, Rights::FD_READDIR)?;
        let (buffer, len, cookie) = (caller.word(1), caller.word(2), caller.long(3));
        caller.check(buffer, len.into())?;
        caller.check(caller.word(4), 4)?;
        let directory = self.files.directory(inode)?;
        let dots = [(0, &b"."[..], inode), (1, b"..", directory.parent)];
        let dots = dots.into_iter().filter(|(at, ..)| *at >= cookie);
        let names = directory.since(cookie.max(FIRST_COOKIE));
        let mut listed = Listed { bytes: Vec::new(), room: to_usize(len) };
        for (at, name, inode) in dots.chain(names.map(|(at, name, inode)| (at, &**name, inode))) {
            if listed.room == 0 {
                break;
            }
            caller.charge_entries(1)?;
            caller.charge_bytes(count(HEADER_BYTES.saturating_add(name.len()).min(listed.room)))?;
            listed.push(at, name, inode, self.files.node(inode)?.file_type())?;
        }
        caller.write(buffer, &listed.bytes)?;
        caller.write_len(caller.word(4), listed.bytes.len())
    }
}

/// Entries as they are written.
struct Listed {
    bytes: Vec<u8>,
    room: usize,
}

impl Listed {
    /// Adds an entry, as far as there is room.
    fn push(&mut self, at: u64, name: &[u8], inode: Inode, file_type: FileType) -> Result<(), Errno> {
        let len = u32::try_from(name.len()).map_err(|_| Errno::NAMETOOLONG)?;
        let header = Layout::<HEADER_BYTES>::new()
            .with_long(0, at.saturating_add(1))
            .with_long(8, inode)
            .with(16, &len.to_le_bytes())
            .with_byte(20, file_type.byte());
        for part in [header.bytes().as_slice(), name] {
            let part = part.get(..self.room).unwrap_or(part);
            self.bytes.try_reserve(part.len()).map_err(|_| Errno::NOMEM)?;
            self.bytes.extend_from_slice(part);
            self.room = self.room.saturating_sub(part.len());
        }
        Ok(())
    }
}
