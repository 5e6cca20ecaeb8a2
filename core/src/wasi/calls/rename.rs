//! `path_rename`.

use crate::wasi::{
    abi::Rights,
    caller::{Caller, Done},
    errno::Errno,
    state::Wasi,
};

impl Wasi {
    /// `path_rename(fd, path, path_len, new_fd, new_path, new_path_len)`
    pub(in crate::wasi) fn path_rename(&mut self, caller: &mut Caller<'_>) -> Done {
        // Both descriptors are looked at before either path.
        self.directory_of(caller, 0, Rights::PATH_RENAME_SOURCE)?;
        self.directory_of(caller, 3, Rights::PATH_RENAME_TARGET)?;
        let old = self.find(0, 1, Rights::PATH_RENAME_SOURCE, caller)?;
        let inode = old.existing()?;
        let new = self.find(3, 4, Rights::PATH_RENAME_TARGET, caller)?;
        if (old.has_slash || new.has_slash) && !self.files.node(inode)?.is_directory() {
            return Err(Errno::NOTDIR.into());
        }
        let (Some(old_name), Some(new_name)) = (old.name, new.name) else { return Err(Errno::BUSY.into()) };
        let now = self.clock.realtime;
        self.files.rename((old.parent, old_name), (new.parent, new_name), caller, now)
    }
}
