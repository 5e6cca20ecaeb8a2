//! Why a supervisor got a code.

use crate::{
    abi::InstantiateFailure,
    error::{InvokeError, Refusing},
    limits::LimitError,
    types::trap::{Trap, TrapCode},
};
use core::{error::Error, fmt};

/// Why a host function returned a code that says that it failed: the supervisor has no word for it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// `ext_sandbox_instantiate_version_1` returned [`ERR_MODULE`](crate::abi::ERR_MODULE) or
    /// [`ERR_EXECUTION`](crate::abi::ERR_EXECUTION).
    Instantiate(InstantiateFailure),
    /// `ext_sandbox_invoke_version_1` returned [`ERR_EXECUTION`](crate::abi::ERR_EXECUTION).
    Invoke(InvokeError),
}

impl Failure {
    /// Whether a limit was reached: one of a module, an environment or an instance, fuel, the guest's
    /// stack or nesting. Otherwise it is the guest's doing, or the supervisor's.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        self.limit().is_some()
            || self.trap().is_some_and(|trap| {
                use TrapCode::{NestingTooDeep, OutOfFuel, StackOverflow};
                matches!(trap.code(), NestingTooDeep | OutOfFuel | StackOverflow)
            })
    }

    /// The limit that refused, the first where there are several, if it is one that is named: fuel and the guest's
    /// stack are told by [`Failure::trap`].
    #[must_use]
    pub fn limit(&self) -> Option<&LimitError> {
        let refused = match self {
            Self::Instantiate(failure) => failure.refused(),
            Self::Invoke(_) => None,
        };
        let named = refused.and_then(|(_, limits)| limits.first());
        named.or_else(|| self.trap()?.reason()?.downcast_ref())
    }

    /// The trap that a guest ended with.
    #[must_use]
    pub const fn trap(&self) -> Option<&Trap> {
        match self {
            Self::Instantiate(InstantiateFailure::StartTrapped(trap))
            | Self::Invoke(InvokeError::Trap(trap)) => Some(trap),
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instantiate(failure) => failure.fmt(f),
            Self::Invoke(error) => error.fmt(f),
        }
    }
}

impl Error for Failure {}
