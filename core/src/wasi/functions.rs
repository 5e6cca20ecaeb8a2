//! The functions of WASI preview 1: their names, signatures and numbers.

use crate::{
    error::ImportProblem,
    store::Environment,
    types::{
        ids::FuncIndex,
        value::{Signature, ValueType},
    },
};

/// The module that guests import the functions from.
pub const MODULE: &str = "wasi_snapshot_preview1";

/// The module of an older version, whose functions have the same names and other layouts.
const UNSTABLE: &str = "wasi_unstable";

/// The index of the first function: "wasi" in ASCII. All of them are from here up to 45 more.
///
/// An environment may have functions of your own with any other [`FuncIndex`].
pub const FIRST_FUNCTION: u32 = 0x7761_7369;

macro_rules! types {
    ($($letter:ident)*) => {
        &[$(types!(@ $letter)),*]
    };
    (@ i) => {
        ValueType::I32
    };
    (@ l) => {
        ValueType::I64
    };
}

macro_rules! functions {
    ($($variant:ident $name:ident($($params:ident)*) $(-> $result:ident)?;)+) => {
        /// A function of WASI preview 1.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[expect(clippy::exhaustive_enums, reason = "preview 1 has exactly these")]
        pub enum Function {
            $(
                #[doc = concat!("`", stringify!($name), "`")]
                $variant,
            )+
        }

        impl Function {
            /// All of them, in the order of their indices.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name by which guests import it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($name),)+
                }
            }

            /// The types of its parameters and of its result.
            #[must_use]
            pub const fn signature(self) -> Signature {
                match self {
                    $(Self::$variant => Signature::new(types!($($params)*), types!($($result)?)),)+
                }
            }
        }
    };
}

functions! {
    ArgsGet args_get(i i) -> i;
    ArgsSizesGet args_sizes_get(i i) -> i;
    EnvironGet environ_get(i i) -> i;
    EnvironSizesGet environ_sizes_get(i i) -> i;
    ClockResGet clock_res_get(i i) -> i;
    ClockTimeGet clock_time_get(i l i) -> i;
    FdAdvise fd_advise(i l l i) -> i;
    FdAllocate fd_allocate(i l l) -> i;
    FdClose fd_close(i) -> i;
    FdDatasync fd_datasync(i) -> i;
    FdFdstatGet fd_fdstat_get(i i) -> i;
    FdFdstatSetFlags fd_fdstat_set_flags(i i) -> i;
    FdFdstatSetRights fd_fdstat_set_rights(i l l) -> i;
    FdFilestatGet fd_filestat_get(i i) -> i;
    FdFilestatSetSize fd_filestat_set_size(i l) -> i;
    FdFilestatSetTimes fd_filestat_set_times(i l l i) -> i;
    FdPread fd_pread(i i i l i) -> i;
    FdPrestatGet fd_prestat_get(i i) -> i;
    FdPrestatDirName fd_prestat_dir_name(i i i) -> i;
    FdPwrite fd_pwrite(i i i l i) -> i;
    FdRead fd_read(i i i i) -> i;
    FdReaddir fd_readdir(i i i l i) -> i;
    FdRenumber fd_renumber(i i) -> i;
    FdSeek fd_seek(i l i i) -> i;
    FdSync fd_sync(i) -> i;
    FdTell fd_tell(i i) -> i;
    FdWrite fd_write(i i i i) -> i;
    PathCreateDirectory path_create_directory(i i i) -> i;
    PathFilestatGet path_filestat_get(i i i i i) -> i;
    PathFilestatSetTimes path_filestat_set_times(i i i i l l i) -> i;
    PathLink path_link(i i i i i i i) -> i;
    PathOpen path_open(i i i i i l l i i) -> i;
    PathReadlink path_readlink(i i i i i i) -> i;
    PathRemoveDirectory path_remove_directory(i i i) -> i;
    PathRename path_rename(i i i i i i) -> i;
    PathSymlink path_symlink(i i i i i) -> i;
    PathUnlinkFile path_unlink_file(i i i) -> i;
    PollOneoff poll_oneoff(i i i i) -> i;
    ProcExit proc_exit(i);
    ProcRaise proc_raise(i) -> i;
    SchedYield sched_yield() -> i;
    RandomGet random_get(i i) -> i;
    SockAccept sock_accept(i i i) -> i;
    SockRecv sock_recv(i i i i i i) -> i;
    SockSend sock_send(i i i i i) -> i;
    SockShutdown sock_shutdown(i i) -> i;
}

impl Function {
    /// The index by which a host call names it.
    #[must_use]
    pub fn index(self) -> FuncIndex {
        let at = Self::ALL.iter().position(|function| *function == self);
        FuncIndex(FIRST_FUNCTION.saturating_add(at.and_then(|at| u32::try_from(at).ok()).unwrap_or(0)))
    }

    /// The function with an index; `None` for one of somebody else's.
    #[must_use]
    pub fn of(index: FuncIndex) -> Option<Self> {
        let at = index.0.checked_sub(FIRST_FUNCTION)?;
        Self::ALL.get(usize::try_from(at).ok()?).copied()
    }
}

/// An environment with all functions. Add your own to it.
pub(super) fn environment() -> Environment {
    let mut environment = Environment::new();
    for function in Function::ALL {
        environment.set_typed_function(MODULE, function.name(), function.index(), function.signature());
    }
    environment.refuse_module(UNSTABLE, ImportProblem::WasiUnstable);
    environment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_function_has_its_index() {
        assert_eq!(Function::ALL.len(), 46);
        for (index, function) in (FIRST_FUNCTION..).zip(Function::ALL) {
            assert_eq!(Function::of(FuncIndex(index)), Some(*function));
            assert_eq!(function.index(), FuncIndex(index));
        }
        for foreign in [0, FIRST_FUNCTION - 1, FIRST_FUNCTION + 46, u32::MAX] {
            assert_eq!(Function::of(FuncIndex(foreign)), None);
        }
    }
}
