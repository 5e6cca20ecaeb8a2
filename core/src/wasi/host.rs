//! Driving a program natively, by a host that is asked for what it waits for.

use super::{
    errno::Errno,
    state::Wasi,
    wait::{Request, Served, Stream, Wait},
};
use crate::{
    error::InvokeError,
    limits::CallOptions,
    store::{Execution, HostCall, Step, Store},
    types::{
        host_error::HostError,
        ids::InstanceId,
        trap::{Trap, TrapCode},
        value::{Value, Values},
    },
};
use alloc::vec::Vec;

/// The fuel after which a host is asked whether a program goes on: natively some 5 to 20 ms.
const SLICE: u64 = 20_000_000;

/// What a program's world is to [`Wasi::run`]. What is not written is a world without input, whose time passes at once
/// where a program sleeps.
///
/// ```
/// use guestbox::wasi::{Stream, WasiHost};
/// /// Keeps what a program writes.
/// #[derive(Default)]
/// struct Recorder(Vec<u8>);
///
/// impl WasiHost for Recorder {
///     fn write(&mut self, _: Stream, bytes: &[u8]) {
///         self.0.extend_from_slice(bytes);
///     }
/// }
/// ```
pub trait WasiHost {
    /// Takes output, as soon as it is written.
    fn write(&mut self, stream: Stream, bytes: &[u8]);

    /// Waits for standard input and gives some; nothing at its end.
    fn read(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// Waits until a time of the monotonic clock, `duration_ns` away, or, where `stdin`, for input if that comes first, which
    /// it gives: some, or nothing at its end. `None` once it is time, or the program does not go on.
    fn wait(&mut self, duration_ns: u64, stdin: bool) -> Option<Vec<u8>> {
        let _ = duration_ns;
        stdin.then(|| self.read())
    }

    /// The real time since 1970 and the monotonic time since the program began, in nanoseconds. It is asked for where the
    /// [clocks are the host's](crate::wasi::Clocks::host).
    fn now(&mut self) -> (u64, u64) {
        (0, 0)
    }

    /// Fills a buffer with random bytes, where [these are the host's](crate::wasi::Random::Host). By default they are zero.
    fn random(&mut self, buffer: &mut [u8]) {
        buffer.fill(0);
    }

    /// Gives the bytes of a lazy file, or what the program is told.
    ///
    /// # Errors
    ///
    /// By default `IO`: there are none.
    fn file(&mut self, request: Request) -> Result<Vec<u8>, Errno> {
        let _ = request;
        Err(Errno::IO)
    }

    /// Serves a call that is not one of WASI's.
    ///
    /// # Errors
    ///
    /// By default, and whenever it is to end the program.
    fn dispatch(&mut self, store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        let _ = (store, call);
        Err(HostError::new())
    }

    /// Whether the program goes on. It is asked again and again, some 50 times a second and where the program waits.
    fn goes_on(&mut self) -> bool {
        true
    }
}

/// How a call of a program ended.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Ended {
    /// The program exited with this code.
    Exit(u32),
    /// It returned these results. A command that returns has the exit code 0.
    Returned(Values),
    /// It waited for what can never happen.
    Stuck,
    /// The host ended it.
    Stopped,
}

impl Ended {
    /// The exit code; `None` for a program that was ended.
    #[must_use]
    pub const fn exit_code(&self) -> Option<u32> {
        match self {
            Self::Exit(code) => Some(*code),
            Self::Returned(_) => Some(0),
            Self::Stuck | Self::Stopped => None,
        }
    }
}

/// What a call of a program came to.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Run {
    /// How it ended.
    pub ended: Ended,
    /// The fuel that it used.
    pub fuel_used: u64,
}

impl Wasi {
    /// Runs a command: calls its `_start`.
    ///
    /// ```
    /// use guestbox::{CallOptions, Module, NoImports, Store, wasi::{Ended, Stream, Wasi, WasiHost, WasiOptions}};
    /// # let wasm = wat::parse_str(r#"(module
    /// #     (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    /// #     (memory (export "memory") 1) (data (i32.const 0) "\08\00\00\00\06\00\00\00hello\0a")
    /// #     (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0)))))"#)?;
    /// struct Terminal;
    /// impl WasiHost for Terminal {
    ///     fn write(&mut self, _: Stream, bytes: &[u8]) {
    ///         print!("{}", String::from_utf8_lossy(bytes));
    ///     }
    /// }
    /// let mut store = Store::new();
    /// let guest = store.instantiate(&mut NoImports, &Module::new(&wasm)?, &Wasi::environment(), 0)?;
    /// let mut wasi = Wasi::new(&WasiOptions::new().with_args(["hello"]))?;
    /// let run = wasi.run(&mut store, &mut Terminal, guest, CallOptions::new().with_fuel(1_000_000))?;
    /// assert_eq!(run.ended.exit_code(), Some(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// See [`InvokeError`]: a trap, or that there is no such function.
    pub fn run<H: WasiHost + ?Sized>(
        &mut self,
        store: &mut Store,
        host: &mut H,
        instance: InstanceId,
        options: CallOptions,
    ) -> Result<Run, InvokeError> {
        self.invoke(store, host, instance, "_start", &[], options)
    }

    /// Calls a function of a program. Of a reactor, call `_initialize` first, if it exports that.
    ///
    /// Where a host call is being served it is nested in that, and draws on its fuel unless it is given some, as in
    /// [`Store::invoke_with`].
    ///
    /// # Errors
    ///
    /// See [`InvokeError`].
    pub fn invoke<H: WasiHost + ?Sized>(
        &mut self,
        store: &mut Store,
        host: &mut H,
        instance: InstanceId,
        export: &str,
        args: &[Value],
        options: CallOptions,
    ) -> Result<Run, InvokeError> {
        let mut execution = store.begin_with(instance, export, args, &options)?;
        let ended = match options.fuel {
            Some(_) => self.drive(store, host, &mut execution)?,
            None => {
                let driven = self.drive_to_end(store, host, &mut execution, true);
                store.draw(&mut execution);
                driven?
            }
        };
        Ok(Run { ended, fuel_used: execution.fuel_used() })
    }

    /// Drives a call that was begun by hand to its end, as one whose start function calls WASI: [`Store::begin_instantiate`].
    /// It has the fuel of the execution and no more, as in [`Store::drive`].
    ///
    /// # Errors
    ///
    /// The trap, if the program trapped. An execution that cannot be run, see [`Execution::run`], is
    /// [`TrapCode::Engine`] with the [`ExecutionError`](crate::ExecutionError) as its reason.
    pub fn drive<H: WasiHost + ?Sized>(
        &mut self,
        store: &mut Store,
        host: &mut H,
        execution: &mut Execution,
    ) -> Result<Ended, Trap> {
        self.drive_to_end(store, host, execution, false)
    }

    /// Drives a call to its end, on the fuel of the level if it shares that.
    fn drive_to_end<H: WasiHost + ?Sized>(
        &mut self,
        store: &mut Store,
        host: &mut H,
        execution: &mut Execution,
        shares: bool,
    ) -> Result<Ended, Trap> {
        execution.set_slice(SLICE);
        let driven = self.drive_on(store, host, execution, shares);
        self.hand_over(host);
        self.forget_wait();
        if !execution.is_ended() {
            execution.cancel(store);
        }
        driven
    }

    fn drive_on<H: WasiHost + ?Sized>(
        &mut self,
        store: &mut Store,
        host: &mut H,
        execution: &mut Execution,
        shares: bool,
    ) -> Result<Ended, Trap> {
        let mut guarded = store.leave_later(shares);
        let (store, outer) = guarded.parts();
        loop {
            match execution.run(store) {
                Ok(Step::Finished(results)) => return Ok(Ended::Returned(results)),
                Ok(Step::HostCall(ref call)) => {
                    let served = match store.open_level(call) {
                        Ok(_) => self.attend(store, host, call),
                        Err(trap) => return Err(execution.end_with(store, trap)),
                    };
                    execution.spend_to(store.close_level(outer));
                    let answer = match served {
                        Ok(Attended::Answer(values)) => Ok(values),
                        Ok(Attended::End(ended)) => return Ok(ended),
                        Err(error) => Err(error),
                    };
                    if let Err(busy) = execution.answer(answer) {
                        return Err(execution.end_with(store, Trap::because(TrapCode::HostError, busy)));
                    }
                }
                Ok(Step::OutOfFuel { .. }) => return Err(execution.end_with(store, TrapCode::OutOfFuel)),
                Ok(Step::SliceOver) if host.goes_on() => {}
                Ok(Step::SliceOver) => return Ok(Ended::Stopped),
                Ok(Step::Trapped(trap)) => return Err(trap),
                Ok(Step::Outside { .. }) => return Err(execution.end_with(store, TrapCode::Engine)),
                Err(error) => return Err(Trap::because(TrapCode::Engine, error)),
            }
        }
    }

    /// Serves a call until it is answered, whatever it waits for.
    fn attend<H: WasiHost + ?Sized>(
        &mut self,
        store: &mut Store,
        host: &mut H,
        call: &HostCall<'_>,
    ) -> Result<Attended, HostError> {
        loop {
            if self.has_clocks_of_host() {
                let (realtime, monotonic) = host.now();
                self.set_time(realtime, monotonic);
            }
            let wait = match self.serve(store, call)? {
                Served::Answer(values) => {
                    self.hand_over(host);
                    return Ok(Attended::Answer(values));
                }
                Served::Exit(code) => return Ok(Attended::End(Ended::Exit(code))),
                Served::NotWasi => return host.dispatch(store, *call).map(Attended::Answer),
                Served::Wait(wait) => wait,
            };
            if !host.goes_on() {
                return Ok(Attended::End(Ended::Stopped));
            }
            match wait {
                Wait::File(request) => self.answer_file(host.file(request)),
                Wait::Forever => return Ok(Attended::End(Ended::Stuck)),
                Wait::Output => self.hand_over(host),
                Wait::Random(len) => {
                    let mut bytes = alloc::vec![0; crate::limits::to_usize(len)];
                    host.random(&mut bytes);
                    self.feed_random(&bytes);
                }
                Wait::Stdin => self.receive(&host.read()),
                Wait::Until { monotonic_ns, stdin } => {
                    match host.wait(monotonic_ns.saturating_sub(self.monotonic_ns()), stdin) {
                        Some(input) => self.receive(&input),
                        None if host.goes_on() => self.advance(monotonic_ns),
                        None => return Ok(Attended::End(Ended::Stopped)),
                    }
                }
            }
        }
    }

    /// Takes input, or its end.
    fn receive(&mut self, input: &[u8]) {
        if input.is_empty() {
            self.close_stdin();
        } else {
            self.feed(input);
        }
    }

    /// Hands over what was written.
    fn hand_over<H: WasiHost + ?Sized>(&mut self, host: &mut H) {
        while let Some((stream, bytes)) = self.take_output() {
            host.write(stream, &bytes);
        }
    }
}

/// What became of a call that was attended to.
enum Attended {
    Answer(Values),
    End(Ended),
}
