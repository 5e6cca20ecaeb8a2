//! The system that a program sees.

use super::{
    abi::Rights,
    caller::{Caller, Stop, Turn},
    clock::{Clock, Generator},
    descriptors::{Descriptor, Descriptors, Target},
    errno::Errno,
    error::{OptionsError, text},
    files::{Contents, Files, Kind, Quota, Written},
    functions::{self, Function},
    inode::Inode,
    limits::WasiLimits,
    options::{Clocks, Random, WasiOptions},
    streams::{Input, Output},
    tree::Tree,
    wait::{Request, Stream},
};
use crate::{limits::count, store::Environment, types::value::Value};
use alloc::vec::Vec;

/// The system that a program of WASI preview 1 sees: see [the module](crate::wasi).
///
/// A clone is another system in the same state. Files are not copied until one of the two changes them.
#[derive(Clone, Debug)]
pub struct Wasi {
    pub(super) args: Vec<Vec<u8>>,
    /// Environment variables, each with its name and an equals sign.
    pub(super) variables: Vec<Vec<u8>>,
    pub(super) files: Files,
    pub(super) descriptors: Descriptors,
    pub(super) clock: Clock,
    pub(super) generator: Generator,
    /// Random bytes that the host gave.
    pub(super) entropy: Vec<u8>,
    pub(super) input: Input,
    pub(super) output: Output,
    pub(super) is_terminal: bool,
    pub(super) limits: WasiLimits,
    pub(super) pending: Option<Pending>,
}

/// A call that waits.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) function: Function,
    pub(super) args: Vec<Value>,
    pub(super) turn: Turn,
}

impl Wasi {
    /// Makes the system that options describe.
    ///
    /// # Errors
    ///
    /// See [`OptionsError`].
    pub fn new(options: &WasiOptions) -> Result<Self, OptionsError> {
        let limits = options.limits.clone();
        let args = options.args.clone();
        let variables = variables(options)?;
        check_strings(&args, &variables, &limits)?;
        let clock = Clock::new(options.clocks);
        let mut wasi = Self {
            args,
            variables,
            files: Files::new(Quota::of(&limits)),
            descriptors: Descriptors::new(limits.descriptors),
            clock,
            generator: Generator::new(options.random),
            entropy: Vec::new(),
            input: Input::default(),
            output: Output::default(),
            is_terminal: options.is_terminal,
            limits,
            pending: None,
        };
        for (target, rights) in [
            (Target::Stdin, Rights::STDIN),
            (Target::Stdout, Rights::OUTPUT),
            (Target::Stderr, Rights::OUTPUT),
        ] {
            wasi.open_first(Descriptor::of_stream(target, rights))?;
        }
        for (at, (name, mount)) in options.mounts.iter().enumerate() {
            if name.is_empty() || wasi.files.check_text(name).is_err() {
                return Err(OptionsError::MountName(text(name)));
            }
            if wasi.files.mounts.iter().any(|mounted| *mounted.name == **name) {
                return Err(OptionsError::MountTwice(text(name)));
            }
            let root = wasi.files.mount(name, mount, wasi.clock.realtime);
            let root = root.map_err(|(path, errno)| wasi.refuse(&path, errno))?;
            let number = u32::try_from(at).ok();
            wasi.open_first(Descriptor {
                target: Target::Node(root),
                position: 0,
                flags: 0,
                rights: Rights::DIRECTORY,
                inheriting: Rights::DIRECTORY.and(Rights::FILE),
                mount: number,
            })?;
        }
        Ok(wasi)
    }

    /// Opens a descriptor that the program begins with.
    fn open_first(&mut self, descriptor: Descriptor) -> Result<(), OptionsError> {
        let node = descriptor.node();
        let maximum = self.limits.descriptors;
        self.descriptors
            .insert(descriptor)
            .map_err(|_| OptionsError::Limit { limit: "descriptors", maximum })?;
        if let Some(inode) = node {
            self.files.open(inode).map_err(|errno| self.refuse(b"", errno))?;
        }
        Ok(())
    }

    /// Says why there can be no such path.
    fn refuse(&self, path: &[u8], errno: Errno) -> OptionsError {
        match errno {
            Errno::NOSPC if count(self.files.nodes.len()) >= self.limits.inodes => {
                OptionsError::Limit { limit: "inodes", maximum: self.limits.inodes }
            }
            Errno::NOSPC => OptionsError::Limit { limit: "file_bytes", maximum: self.limits.file_bytes },
            _ => OptionsError::Path(text(path)),
        }
    }

    /// What a program imports: the 46 functions of `wasi_snapshot_preview1`. Your own functions may be added.
    ///
    /// A program that imports a function by another type is refused when it is instantiated, by
    /// [`ImportProblem::FunctionType`](crate::ImportProblem), and one that imports from the older `wasi_unstable` by
    /// [`ImportProblem::WasiUnstable`](crate::ImportProblem).
    #[must_use]
    pub fn environment() -> Environment {
        functions::environment()
    }

    /// The limits.
    #[must_use]
    pub const fn limits(&self) -> &WasiLimits {
        &self.limits
    }

    /// Adds to standard input.
    pub fn feed(&mut self, input: &[u8]) {
        self.input.feed(input);
    }

    /// Ends standard input: once what was fed is read, the program reads its end.
    pub const fn close_stdin(&mut self) {
        self.input.is_closed = true;
    }

    /// Takes output that was written: what went to one stream until something went to the other. `None` where there is none
    /// left.
    pub fn take_output(&mut self) -> Option<(Stream, Vec<u8>)> {
        self.output.take()
    }

    /// Counts output from nothing again, for [`WasiLimits::output_bytes`]: between two requests to a reactor.
    pub const fn forget_output(&mut self) {
        self.output.written = 0;
    }

    /// Sets the monotonic clock on to a time in nanoseconds, and the real one by as much. Where it is past, nothing happens.
    pub const fn advance(&mut self, monotonic_ns: u64) {
        self.clock.advance(monotonic_ns);
    }

    /// Says what time it is, for the [host's clocks](Clocks::host): before a call is served. Others are as they were. The
    /// monotonic one never goes back.
    pub fn set_time(&mut self, realtime_ns: u64, monotonic_ns: u64) {
        if let Clocks::Host { .. } = self.clock.clocks {
            self.clock.realtime = realtime_ns;
            self.clock.monotonic = self.clock.monotonic.max(monotonic_ns);
        }
    }

    /// Whether the clocks are the host's, which then says what time it is: [`Wasi::set_time`].
    #[must_use]
    pub const fn has_clocks_of_host(&self) -> bool {
        matches!(self.clock.clocks, Clocks::Host { .. })
    }

    /// The time of the monotonic clock in nanoseconds.
    #[must_use]
    pub const fn monotonic_ns(&self) -> u64 {
        self.clock.monotonic
    }

    /// Gives random bytes for [`Wait::Random`](crate::wasi::Wait). Where numbers are not the host's, nothing happens.
    pub fn feed_random(&mut self, bytes: &[u8]) {
        if self.generator.random == Random::Host {
            self.entropy.extend_from_slice(bytes);
        }
    }

    /// Answers [`Wait::File`](crate::wasi::Wait): with the bytes, as many as were promised, or with what the program is told.
    /// Where no file is waited for, nothing happens.
    pub fn answer_file(&mut self, answer: Result<Vec<u8>, Errno>) {
        let Some(Pending { turn, .. }) = &mut self.pending else { return };
        let Some(inode) = turn.loading.take() else { return };
        let loaded = answer.and_then(|bytes| self.files.load(inode, bytes));
        turn.failed = loaded.err();
    }

    /// The tree that a mount has become; `None` where none has this name.
    #[must_use]
    pub fn tree(&self, mount: impl AsRef<[u8]>) -> Option<Tree> {
        self.files.tree(mount.as_ref())
    }

    /// Whether another system has the same mounts: as many, by the same names and in the same order, and as much may be done
    /// with each.
    #[must_use]
    pub fn has_mounts_of(&self, other: &Self) -> bool {
        let mounts = |system: &'_ Self| -> Vec<_> {
            system.files.mounts.iter().map(|mounted| (mounted.name.clone(), mounted.access)).collect()
        };
        mounts(self) == mounts(other)
    }

    /// The lazy files whose bytes were not asked for yet, in no order of theirs: those that [`Wait::File`](crate::wasi::Wait) may
    /// still be for.
    pub fn lazy_files(&self) -> impl Iterator<Item = Request> {
        self.files.nodes.since(0).filter_map(|(_, node)| match node.kind {
            Kind::File(Contents::Lazy(request)) => Some(request),
            _ => None,
        })
    }

    /// Takes the files of mounts [with write-back](crate::wasi::Mount::with_write_back) that were changed and then closed or
    /// synchronised since this was last asked.
    pub fn take_written(&mut self) -> Vec<Written> {
        self.files.take_written()
    }

    /// What the files take of [`WasiLimits::file_bytes`].
    #[must_use]
    pub const fn file_bytes_in_use(&self) -> u64 {
        self.files.bytes
    }

    /// Whether a call waits.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        self.pending.is_some()
    }

    /// Forgets that a call waits, as where its execution was cancelled.
    pub fn forget_wait(&mut self) {
        self.pending = None;
    }

    /// Has the bytes of a file here, or waits for them.
    pub(super) fn demand(&self, inode: Inode, caller: &mut Caller<'_>) -> Result<(), Stop> {
        if let Some(errno) = caller.turn.failed {
            return Err(errno.into());
        }
        let Some(request) = self.files.wanted(inode)? else { return Ok(()) };
        caller.turn.loading = Some(inode);
        Err(super::wait::Wait::File(request).into())
    }
}

impl Quota {
    pub(super) const fn of(limits: &WasiLimits) -> Self {
        Self {
            bytes: limits.file_bytes,
            inodes: limits.inodes,
            depth: limits.depth,
            path_bytes: limits.path_bytes,
            name_bytes: limits.name_bytes,
            links: limits.links,
        }
    }
}

/// The environment variables, as a program is told them.
fn variables(options: &WasiOptions) -> Result<Vec<Vec<u8>>, OptionsError> {
    let told = |(name, value): &(Vec<u8>, Vec<u8>)| {
        if name.is_empty() || name.contains(&b'=') {
            return Err(OptionsError::VariableName(text(name)));
        }
        Ok([name, value.as_slice()].join(&b'='))
    };
    options.variables.iter().map(told).collect()
}

/// Refuses strings that cannot be told to a program.
pub(super) fn check_strings(
    args: &[Vec<u8>],
    variables: &[Vec<u8>],
    limits: &WasiLimits,
) -> Result<(), OptionsError> {
    let all = || args.iter().chain(variables);
    if all().any(|string| string.contains(&0)) {
        return Err(OptionsError::Zero);
    }
    if count(all().count()) > limits.strings {
        return Err(OptionsError::Limit { limit: "strings", maximum: limits.strings });
    }
    let bytes = all().fold(0, |sum: u64, string| sum.saturating_add(count(string.len())).saturating_add(1));
    if bytes > limits.string_bytes {
        return Err(OptionsError::Limit { limit: "string_bytes", maximum: limits.string_bytes });
    }
    Ok(())
}
