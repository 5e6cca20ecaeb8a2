//! The part of the door that has to do with traps: what they say beside their codes.

use crate::{frames::describe, host::Host, json::List, limits::trap_message};
use guestbox::{Frames, Trap, TrapCode};
use wasm_bindgen::prelude::wasm_bindgen;

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
        let frames = if self.frames.is_empty() { 0 } else { Host::HAS_FRAMES };
        let message = if self.message.is_some() { Host::HAS_MESSAGE } else { 0 };
        frames | message
    }
}

/// The number of a trap's code, see [`Host::trap_codes`].
pub(crate) fn number(code: TrapCode) -> u64 {
    (0..).zip(TrapCode::ALL).find(|(_, other)| **other == code).map_or(0, |(number, _)| number)
}

#[wasm_bindgen]
impl Host {
    /// The trap codes, in the order of their numbers: `[name, message]` each.
    pub fn trap_codes() -> String {
        let describe = |code: &TrapCode| List::new().with_text(code.name()).with_text(code.message());
        TrapCode::ALL.iter().map(describe).collect::<List>().to_string()
    }

    /// What the trap that was last says, where a limit refused. It can be taken once.
    pub fn trap_message(&mut self) -> Option<String> {
        self.trapped.message.take()
    }

    /// The frames of the call that trapped last, as [`Host::frames`] has them. They can be taken
    /// once.
    pub fn trap_frames(&mut self) -> Option<String> {
        describe(&core::mem::take(&mut self.trapped.frames))
    }
}
