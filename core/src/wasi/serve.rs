//! Serving calls.

use super::{
    caller::{Caller, Done, Stop, Turn},
    errno::Errno,
    functions::Function,
    memory::{GuestMemory, StoreMemory},
    state::{Pending, Wasi},
    wait::Served,
};
use crate::{
    store::{HostCall, Store},
    types::{
        costs::WASI_CALL,
        host_error::HostError,
        ids::FuncIndex,
        value::{Value, Values, values_match},
    },
};

impl Wasi {
    /// Serves a host call of a program, if it is one of WASI's.
    ///
    /// The level of the host call has to be open, as it is in [`Supervisor::dispatch`](crate::Supervisor::dispatch): see
    /// [`Store::open_level`].
    ///
    /// # Errors
    ///
    /// What ends the program: [`OutOfFuel`](crate::OutOfFuel), or an [`OutputLimit`](crate::wasi::OutputLimit). Answer the call
    /// with it.
    pub fn serve(&mut self, store: &mut Store, call: &HostCall<'_>) -> Result<Served, HostError> {
        self.serve_with(call.func, call.args, &mut StoreMemory::new(store, call.memory))
    }

    /// Serves a call of a program whose memory is elsewhere.
    ///
    /// # Errors
    ///
    /// See [`Wasi::serve`]; also where the arguments are not of the function's types.
    pub fn serve_with(
        &mut self,
        func: FuncIndex,
        args: &[Value],
        memory: &mut dyn GuestMemory,
    ) -> Result<Served, HostError> {
        let Some(function) = Function::of(func) else { return Ok(Served::NotWasi) };
        if !values_match(args, function.signature().params()) {
            return Err(HostError::new());
        }
        let is_same = |pending: &Pending| pending.function == function && *pending.args == *args;
        let turn =
            self.pending.take().filter(is_same).map_or_else(|| self.first_turn(), |pending| pending.turn);
        let mut caller = Caller::new(memory, args, turn);
        let errno = match self.call(function, &mut caller) {
            Ok(()) => Errno::SUCCESS,
            Err(Stop::Errno(errno)) => errno,
            Err(Stop::Exit(code)) => return Ok(Served::Exit(code)),
            Err(Stop::OutOfFuel(error)) => return Err(error.into()),
            Err(Stop::OutputLimit(error)) => return Err(error.into()),
            Err(Stop::Wait(wait)) => {
                self.pending = Some(Pending { function, args: args.to_vec(), turn: caller.turn });
                return Ok(Served::Wait(wait));
            }
        };
        Ok(Served::Answer(Values::from(u32::from(errno.0))))
    }

    /// That of a call which is served for the first time.
    const fn first_turn(&self) -> Turn {
        Turn {
            charged: 0,
            since: self.clock.monotonic,
            since_realtime: self.clock.realtime,
            progress: 0,
            loading: None,
            failed: None,
        }
    }

    fn call(&mut self, function: Function, caller: &mut Caller<'_>) -> Done {
        caller.charge(WASI_CALL)?;
        match function {
            Function::ArgsGet => self.args_get(caller),
            Function::ArgsSizesGet => self.args_sizes_get(caller),
            Function::EnvironGet => self.environ_get(caller),
            Function::EnvironSizesGet => self.environ_sizes_get(caller),
            Function::ClockResGet => self.clock_res_get(caller),
            Function::ClockTimeGet => self.clock_time_get(caller),
            Function::FdAdvise => self.fd_advise(caller),
            Function::FdAllocate => self.fd_allocate(caller),
            Function::FdClose => self.fd_close(caller),
            Function::FdDatasync => self.fd_datasync(caller),
            Function::FdFdstatGet => self.fd_fdstat_get(caller),
            Function::FdFdstatSetFlags => self.fd_fdstat_set_flags(caller),
            Function::FdFdstatSetRights => self.fd_fdstat_set_rights(caller),
            Function::FdFilestatGet => self.fd_filestat_get(caller),
            Function::FdFilestatSetSize => self.fd_filestat_set_size(caller),
            Function::FdFilestatSetTimes => self.fd_filestat_set_times(caller),
            Function::FdPread => self.fd_pread(caller),
            Function::FdPrestatGet => self.fd_prestat_get(caller),
            Function::FdPrestatDirName => self.fd_prestat_dir_name(caller),
            Function::FdPwrite => self.fd_pwrite(caller),
            Function::FdRead => self.fd_read(caller),
            Function::FdReaddir => self.fd_readdir(caller),
            Function::FdRenumber => self.fd_renumber(caller),
            Function::FdSeek => self.fd_seek(caller),
            Function::FdSync => self.fd_sync(caller),
            Function::FdTell => self.fd_tell(caller),
            Function::FdWrite => self.fd_write(caller),
            Function::PathCreateDirectory => self.path_create_directory(caller),
            Function::PathFilestatGet => self.path_filestat_get(caller),
            Function::PathFilestatSetTimes => self.path_filestat_set_times(caller),
            Function::PathLink => self.path_link(caller),
            Function::PathOpen => self.path_open(caller),
            Function::PathReadlink => self.path_readlink(caller),
            Function::PathRemoveDirectory => self.path_remove_directory(caller),
            Function::PathRename => self.path_rename(caller),
            Function::PathSymlink => self.path_symlink(caller),
            Function::PathUnlinkFile => self.path_unlink_file(caller),
            Function::PollOneoff => self.poll_oneoff(caller),
            Function::ProcExit => Err(Stop::Exit(caller.word(0))),
            // As a shell says of a program that a signal ended.
            Function::ProcRaise => Err(Stop::Exit(caller.word(0).saturating_add(128))),
            // All of the program's time is given to it by fuel and slices.
            Function::SchedYield => Ok(()),
            Function::RandomGet => self.random_get(caller),
            Function::SockAccept | Function::SockRecv | Function::SockSend | Function::SockShutdown => {
                self.descriptors.get(caller.word(0))?;
                Err(Errno::NOTSOCK.into())
            }
        }
    }
}
