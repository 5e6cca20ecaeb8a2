//! What a trap says beside its code.

use crate::{names::trap_message, protocol::Protocol};
use guestbox::{Frames, Trap, TrapCode};

/// What there is to say of the call that trapped last, beside its code, until it is taken.
#[derive(Default)]
pub(crate) struct Trapped {
    frames: Frames,
    /// Where a limit refused.
    message: Option<String>,
}

impl Trapped {
    pub(crate) fn of(trap: Trap) -> Self {
        Self { message: trap_message(&trap), frames: trap.into_frames() }
    }

    /// Whether there are frames, and whether there is a message.
    pub(crate) fn bits(&self) -> u32 {
        let frames = if self.frames.is_empty() { 0 } else { Protocol::HAS_FRAMES };
        let message = if self.message.is_some() { Protocol::HAS_MESSAGE } else { 0 };
        frames | message
    }

    pub(crate) fn take_message(&mut self) -> Option<String> {
        self.message.take()
    }

    pub(crate) fn take_frames(&mut self) -> Frames {
        core::mem::take(&mut self.frames)
    }
}

/// The number of a trap's code: its place among all.
pub(crate) fn number(code: TrapCode) -> u64 {
    (0..).zip(TrapCode::ALL).find(|(_, other)| **other == code).map_or(0, |(number, _)| number)
}
