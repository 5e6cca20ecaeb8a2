//! What a program is given: arguments, environment, files, clocks and randomness.

use super::{limits::WasiLimits, tree::Tree};
use alloc::vec::Vec;

/// What a program is given: [`Wasi::new`](crate::wasi::Wasi::new).
///
/// By default nothing: no arguments, no environment variables, no files; its clocks and its random numbers are the same in
/// each run.
///
/// ```
/// use guestbox::wasi::{Mount, Tree, Wasi, WasiOptions};
/// let options = WasiOptions::new()
///     .with_args(["wc", "/books/moby"])
///     .with_variable("LANG", "C.UTF-8")
///     .with_mount("/books", Mount::new(Tree::new().with_file("moby", "Call me Ishmael.")).read_only());
/// let wasi = Wasi::new(&options)?;
/// # let _ = wasi;
/// # Ok::<(), guestbox::wasi::OptionsError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct WasiOptions {
    pub(super) args: Vec<Vec<u8>>,
    /// Names and values.
    pub(super) variables: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) mounts: Vec<(Vec<u8>, Mount)>,
    pub(super) clocks: Clocks,
    pub(super) random: Random,
    pub(super) limits: WasiLimits,
    pub(super) is_terminal: bool,
}

impl WasiOptions {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds arguments. By convention the first one is the program's name.
    #[must_use]
    pub fn with_args(mut self, args: impl IntoIterator<Item = impl Into<Vec<u8>>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Adds a mount: a directory that the program has from the beginning, by a name such as `/` or `/data`. It has
    /// the descriptor behind that of the mount before, the first one 3.
    #[must_use]
    pub fn with_mount(mut self, name: impl Into<Vec<u8>>, mount: Mount) -> Self {
        self.mounts.push((name.into(), mount));
        self
    }

    /// Sets the clocks.
    #[must_use]
    pub const fn with_clocks(mut self, clocks: Clocks) -> Self {
        self.clocks = clocks;
        self
    }

    /// Sets where random numbers come from.
    #[must_use]
    pub const fn with_random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// Sets the limits.
    #[must_use]
    pub const fn with_limits(mut self, limits: WasiLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Lets the standard streams be a terminal: programs then write each line at once, and ask.
    #[must_use]
    pub const fn with_terminal(mut self) -> Self {
        self.is_terminal = true;
        self
    }
}

/// A directory that a program is given: a tree in memory, copied before it is written to.
#[derive(Clone, Debug)]
pub struct Mount {
    pub(super) tree: Tree,
    pub(super) access: Access,
}

/// What a program may do with a mount, and who is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Access {
    ReadOnly,
    ReadWrite,
    WriteBack,
}

impl Mount {
    /// A tree that the program may change. What it has become is said by [`Wasi::tree`](crate::wasi::Wasi::tree).
    #[must_use]
    pub const fn new(tree: Tree) -> Self {
        Self { tree, access: Access::ReadWrite }
    }

    /// Refuses each change of it with `ROFS`.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.access = Access::ReadOnly;
        self
    }

    /// Notes each file that was changed once the program closes it, or asks that it be synchronised:
    /// [`Wasi::take_written`](crate::wasi::Wasi::take_written).
    #[must_use]
    pub const fn with_write_back(mut self) -> Self {
        self.access = Access::WriteBack;
        self
    }
}

/// The clocks of a program: the real time, and the monotonic one, which begins at 0 where a program begins. Times are in
/// nanoseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Clocks {
    /// They go on when they are asked, and as far as the program sleeps: the same in each run.
    #[non_exhaustive]
    Deterministic {
        /// The real time in the beginning, since 1970.
        start_ns: u64,
        /// How far they go on each time that one of them is asked.
        tick_ns: u64,
    },
    /// They are the host's, which says what they are before it serves a call: [`Wasi::set_time`](crate::wasi::Wasi::set_time).
    #[non_exhaustive]
    Host {
        /// The resolution that the program is told.
        resolution_ns: u64,
    },
}

impl Clocks {
    /// Deterministic clocks that go on by a microsecond whenever they are asked, from this time on.
    #[must_use]
    pub const fn from(start_ns: u64) -> Self {
        Self::Deterministic { start_ns, tick_ns: 1_000 }
    }

    /// Deterministic clocks of another tick.
    #[must_use]
    pub const fn with_tick(self, tick_ns: u64) -> Self {
        match self {
            Self::Deterministic { start_ns, .. } => Self::Deterministic { start_ns, tick_ns },
            Self::Host { .. } => self,
        }
    }

    /// The host's clocks.
    #[must_use]
    pub const fn host(resolution_ns: u64) -> Self {
        Self::Host { resolution_ns }
    }
}

/// Deterministic, from 14 November 2023, 22:13:20 UTC on, which is 1.7 * 10^9 seconds after 1970.
impl Default for Clocks {
    fn default() -> Self {
        Self::from(1_700_000_000_000_000_000)
    }
}

/// Where random numbers come from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Random {
    /// A generator with this seed: the same numbers in each run. They are good enough for hash tables and simulations, and
    /// no secret: who knows some of them knows all.
    Seeded(u64),
    /// The host, which is asked by [`Wait::Random`](crate::wasi::Wait).
    Host,
}

impl Default for Random {
    fn default() -> Self {
        Self::Seeded(0)
    }
}
