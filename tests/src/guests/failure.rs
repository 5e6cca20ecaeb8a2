//! Why a run ended early.

use guestbox::{CompileError, HandleError, InstantiateError, InvokeError, MemoryError};
use std::{error::Error, fmt, io, path::PathBuf};

/// Why a call, an import or a whole run came to no good end.
///
/// An import that fails hands its failure to the guest's call as the reason of a
/// [`HostError`](guestbox::HostError);
/// it comes back out of that call as the value that it was, however many calls are around it.
#[derive(Debug)]
pub enum Failure {
    /// The module was refused.
    Compile(CompileError),
    /// The wasm binary could not be read.
    File {
        /// Where it should be.
        path: PathBuf,
        /// Why it could not be read.
        error: io::Error,
    },
    /// The guest could not be instantiated.
    Instantiate(InstantiateError),
    /// The guest's call failed on its own: a trap, or no such export.
    Invoke(InvokeError),
    /// A place that the guest named is not in its memory.
    Memory(MemoryError),
    /// The supervisor ended the guest's call on purpose. In a trace that is `throws`.
    Stop(String),
    /// The guest gave something else than it should.
    Unexpected(String),
}

impl Failure {
    pub(super) fn unexpected(what: impl Into<String>) -> Self {
        Self::Unexpected(what.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compile(error) => error.fmt(f),
            Self::File { path, error } => {
                let path = path.display();
                write!(
                    f,
                    "{path}: {error}; to install the guests run `npm ci --ignore-scripts` in tests/guests"
                )
            }
            Self::Instantiate(error) => error.fmt(f),
            Self::Invoke(error) => error.fmt(f),
            Self::Memory(error) => error.fmt(f),
            Self::Stop(message) => write!(f, "stopped: {message}"),
            Self::Unexpected(what) => f.write_str(what),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Compile(error) => Some(error),
            Self::File { error, .. } => Some(error),
            Self::Instantiate(error) => Some(error),
            Self::Invoke(error) => Some(error),
            Self::Memory(error) => Some(error),
            Self::Stop(_) | Self::Unexpected(_) => None,
        }
    }
}

impl From<InvokeError> for Failure {
    /// The failure of an import that ended the call, where one did.
    fn from(error: InvokeError) -> Self {
        match error {
            InvokeError::Trap(trap) if trap.reason().is_some_and(|reason| reason.is::<Self>()) => {
                match trap.into_reason().map(|reason| reason.downcast()) {
                    Some(Ok(failure)) => *failure,
                    _ => Self::unexpected("a trap has lost its reason"),
                }
            }
            error => Self::Invoke(error),
        }
    }
}

impl From<CompileError> for Failure {
    fn from(error: CompileError) -> Self {
        Self::Compile(error)
    }
}

impl From<HandleError> for Failure {
    fn from(error: HandleError) -> Self {
        Self::Memory(error.into())
    }
}

impl From<InstantiateError> for Failure {
    fn from(error: InstantiateError) -> Self {
        Self::Instantiate(error)
    }
}

impl From<MemoryError> for Failure {
    fn from(error: MemoryError) -> Self {
        Self::Memory(error)
    }
}
