//! The error with which a supervisor ends a guest call.

use crate::types::trap::Reason;
use alloc::boxed::Box;
use core::error::Error;
use parity_scale_codec::{Decode, Encode, Error as CodecError, Input, Output};

/// Ends a guest call, with a reason of the supervisor's own or without.
///
/// On the wire this is a unit: its SCALE form has no bytes, and a reason stays behind.
#[derive(Debug, Default)]
pub struct HostError(Option<Reason>);

impl HostError {
    /// An error without a reason.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// An error with a reason, which comes back out of the guest call:
    /// [`Trap::into_reason`](crate::Trap::into_reason).
    #[must_use]
    pub fn with_reason(reason: impl Error + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(reason)))
    }

    pub(crate) fn into_reason(self) -> Option<Reason> {
        self.0
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for HostError {
    fn from(reason: E) -> Self {
        Self::with_reason(reason)
    }
}

impl Encode for HostError {
    fn encode_to<T: Output + ?Sized>(&self, _: &mut T) {}
}

impl Decode for HostError {
    fn decode<I: Input>(_: &mut I) -> Result<Self, CodecError> {
        Ok(Self::new())
    }
}
