//! `path_open`.

use crate::wasi::{
    abi::{Rights, SYMLINK_FOLLOW, fdflags, oflags},
    caller::{Caller, Done, Stop},
    descriptors::{Descriptor, Target},
    errno::Errno,
    files::{Contents, Found, Kind},
    inode::Inode,
    state::Wasi,
};

/// What a path is opened for.
#[derive(Clone, Copy, Debug)]
struct Opening {
    flags: u32,
    rights: Rights,
}

impl Opening {
    const fn has(self, flags: u32) -> bool {
        self.flags & flags == flags
    }

    /// Whether the file's bytes can be changed by the descriptor, or are.
    const fn changes(self) -> bool {
        self.has(oflags::TRUNC) || self.rights.has_some(Rights::CHANGES)
    }

    /// The rights that the directory needs.
    const fn needs(self) -> Rights {
        let creates = if self.has(oflags::CREAT) { Rights::PATH_CREATE_FILE } else { Rights::NONE };
        let cuts = if self.has(oflags::TRUNC) { Rights::PATH_FILESTAT_SET_SIZE } else { Rights::NONE };
        creates.and(cuts)
    }
}

impl Wasi {
    /// `path_open(fd, lookup, path, path_len, flags, rights, inheriting, fd_flags, opened)`
    pub(in crate::wasi) fn path_open(&mut self, caller: &mut Caller<'_>) -> Done {
        let base = self.directory_of(caller, 0, Rights::PATH_OPEN)?;
        let path = self.path_of(caller, 2)?;
        caller.check(caller.word(8), 4)?;
        let (lookup, fd_flags) = (caller.word(1), caller.word(7));
        let opening = Opening { flags: caller.word(4), rights: Rights(caller.long(5)) };
        let inheriting = Rights(caller.long(6));
        if opening.flags & !oflags::ALL != 0 || fd_flags & !fdflags::ALL != 0 || lookup & !SYMLINK_FOLLOW != 0
        {
            return Err(Errno::INVAL.into());
        }
        let above = self.descriptors.get(caller.word(0))?;
        if !above.inheriting.has(opening.rights.and(inheriting)) {
            return Err(Errno::NOTCAPABLE.into());
        }
        above.check(opening.needs())?;
        if opening.has(oflags::CREAT | oflags::DIRECTORY) {
            return Err(Errno::INVAL.into());
        }
        let number = self.descriptors.free()?;
        let is_new = opening.has(oflags::CREAT | oflags::EXCL);
        let follows = lookup & SYMLINK_FOLLOW != 0 && !is_new;
        let found = self.resolve(base, &path, follows, caller)?;
        let (inode, possible) = match found.inode {
            Some(_) if is_new => return Err(Errno::EXIST.into()),
            Some(inode) => (inode, self.open_existing(inode, &found, opening, caller)?),
            None => (self.open_new(&found, opening)?, Rights::FILE),
        };
        let rights = opening.rights.of(possible);
        self.files.open(inode)?;
        let target = Target::Node(inode);
        let descriptor = Descriptor { target, position: 0, flags: fd_flags, rights, inheriting, mount: None };
        self.descriptors.put(number, Some(descriptor));
        caller.write_word(caller.word(8), number)
    }

    /// Prepares what is there, and says which rights a descriptor of it can have.
    fn open_existing(
        &mut self,
        inode: Inode,
        found: &Found,
        opening: Opening,
        caller: &mut Caller<'_>,
    ) -> Result<Rights, Stop> {
        let must_be_directory = opening.has(oflags::DIRECTORY) || found.has_slash;
        match self.files.node(inode)?.kind {
            Kind::Link(_) => Err(Errno::LOOP.into()),
            Kind::File(_) if must_be_directory => Err(Errno::NOTDIR.into()),
            Kind::Directory(_) if opening.has(oflags::TRUNC) || opening.rights.has(Rights::FD_WRITE) => {
                Err(Errno::ISDIR.into())
            }
            Kind::Directory(_) => Ok(Rights::DIRECTORY),
            Kind::File(_) => {
                if opening.changes() {
                    self.files.check_writable(inode)?;
                }
                if opening.has(oflags::TRUNC) {
                    self.set_len(inode, 0, caller)?;
                } else if opening.changes() {
                    self.demand(inode, caller)?;
                }
                Ok(Rights::FILE)
            }
        }
    }

    fn open_new(&mut self, found: &Found, opening: Opening) -> Result<Inode, Stop> {
        if !opening.has(oflags::CREAT) {
            return Err(Errno::NOENT.into());
        }
        if found.has_slash {
            return Err(Errno::ISDIR.into());
        }
        let name = found.name.clone().ok_or(Errno::NOENT)?;
        let kind = Kind::File(Contents::empty());
        Ok(self.files.create(found.parent, name, kind, self.clock.realtime)?)
    }
}
