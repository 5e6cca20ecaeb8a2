//! Traps: why a guest call ended without a result.
//!
//! A trap says what happened, by its [`TrapCode`] and a message, what fuel the call had used, and
//! where the guest was, by its [`Frames`], if its module was compiled with them.

mod codes;

pub use self::codes::{TRAPS, TrapCode, TrapRow};

use crate::types::frames::Frames;
use alloc::boxed::Box;
use core::{error::Error, fmt};

/// A reason of the supervisor's own, carried through a trap untouched.
pub type Reason = Box<dyn Error + Send + Sync>;

/// Why a guest call ended without a result.
///
/// The store stays usable, and so does the instance: its memory and globals are as the guest
/// left them.
#[derive(Debug)]
pub struct Trap {
    code: TrapCode,
    reason: Option<Reason>,
    fuel_used: u64,
    /// `None` where there are none, as a rule; boxed, so that results stay small.
    frames: Option<Box<Frames>>,
}

impl Trap {
    pub(crate) const fn new(code: TrapCode) -> Self {
        Self { code, reason: None, fuel_used: 0, frames: None }
    }

    pub(crate) const fn host(reason: Option<Reason>) -> Self {
        Self { code: TrapCode::HostError, reason, fuel_used: 0, frames: None }
    }

    /// A trap with a reason of guestbox's.
    pub(crate) fn because(code: TrapCode, reason: impl Error + Send + Sync + 'static) -> Self {
        Self { code, reason: Some(Box::new(reason)), fuel_used: 0, frames: None }
    }

    /// The same trap, after a call used so much fuel.
    pub(crate) const fn after(mut self, fuel_used: u64) -> Self {
        self.fuel_used = fuel_used;
        self
    }

    /// The same trap, with the frames of the guest.
    pub(crate) fn at(mut self, frames: Frames) -> Self {
        self.frames = (!frames.is_empty()).then(|| Box::new(frames));
        self
    }

    /// What kind of trap this is.
    #[must_use]
    pub const fn code(&self) -> TrapCode {
        self.code
    }

    /// The fuel that the call had used when it trapped, that of nested calls included which drew
    /// on it.
    #[must_use]
    pub const fn fuel_used(&self) -> u64 {
        self.fuel_used
    }

    /// The guest's frames when it trapped, the innermost first: which functions had called each
    /// other, and where they were. `{:#}` writes them below the message.
    ///
    /// Only for modules that were compiled with them,
    /// [`CompileOptions::with_frames`](crate::CompileOptions::with_frames); for all others there are
    /// none. They are those of the call that trapped. A call of a guest in whose host call it was
    /// made has its own.
    #[must_use]
    pub fn frames(&self) -> &Frames {
        self.frames.as_deref().unwrap_or(&NO_FRAMES)
    }

    /// Takes the guest's frames out of the trap.
    #[must_use]
    pub fn into_frames(self) -> Frames {
        self.frames.map_or(Frames::NONE, |frames| *frames)
    }

    /// The supervisor's reason, where a [`HostError`](crate::HostError) carried one; for
    /// [`TrapCode::NestingTooDeep`] the [`LimitError`](crate::LimitError), for [`TrapCode::StackOverflow`] the
    /// [`StackLimits`](crate::StackLimits).
    #[must_use]
    pub fn reason(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.reason.as_deref()
    }

    /// Takes the supervisor's reason out of the trap.
    #[must_use]
    pub fn into_reason(self) -> Option<Reason> {
        self.reason
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.message())?;
        if let Some(reason) = &self.reason {
            write!(f, ": {reason}")?;
        }
        match &self.frames {
            Some(frames) if f.alternate() => write!(f, "{frames}"),
            _ => Ok(()),
        }
    }
}

static NO_FRAMES: Frames = Frames::NONE;

impl Error for Trap {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.reason.as_ref().map(|reason| {
            let reason: &(dyn Error + 'static) = reason.as_ref();
            reason
        })
    }
}

impl From<TrapCode> for Trap {
    fn from(code: TrapCode) -> Self {
        Self::new(code)
    }
}
