//! What serving a call can come to, and what a call can wait for.

use crate::types::value::Values;

/// What serving a call came to: [`Wasi::serve`](crate::wasi::Wasi::serve).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Served {
    /// The guest goes on with these results.
    Answer(Values),
    /// The program has ended, by this exit code: cancel the call.
    Exit(u32),
    /// It is no function of WASI's, but one of your own.
    NotWasi,
    /// The call waits. Do what it waits for, and serve it again.
    Wait(Wait),
}

/// What a call waits for.
///
/// While it waits [`Execution::run`](crate::Execution::run) gives the same host call again. What the call costs is charged
/// once, however often it is served.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Wait {
    /// A file's bytes: [`Wasi::answer_file`](crate::wasi::Wasi::answer_file).
    File(Request),
    /// For ever: nothing that it polls can happen.
    Forever,
    /// That there is room for output: [`Wasi::take_output`](crate::wasi::Wasi::take_output).
    Output,
    /// So many random bytes, at most 65,536: [`Wasi::feed_random`](crate::wasi::Wasi::feed_random).
    Random(u32),
    /// Input: [`Wasi::feed`](crate::wasi::Wasi::feed) or [`Wasi::close_stdin`](crate::wasi::Wasi::close_stdin).
    Stdin,
    /// A time of the monotonic clock, [`Wasi::advance`](crate::wasi::Wasi::advance); or input, if that comes first.
    Until {
        /// The time in nanoseconds.
        monotonic_ns: u64,
        /// Whether input ends it too.
        stdin: bool,
    },
}

/// A file that is lazy, see [`Tree::with_lazy_file`](crate::wasi::Tree::with_lazy_file), and is needed now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Request {
    /// The number that was given for it.
    pub token: u64,
    /// The bytes that were promised.
    pub size: u64,
}

/// Where output goes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "programs have these two")]
pub enum Stream {
    /// Standard output, descriptor 1.
    Stdout,
    /// Standard error, descriptor 2.
    Stderr,
}
