//! The part of the door that has to do with traps: what they say beside their codes.

use crate::{convert::describe_frames, host::Host, json::List};
use guestbox::TrapCode;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
impl Host {
    /// The trap codes, in the order of their numbers: `[name, message]` each.
    pub fn trap_codes() -> String {
        let describe = |code: &TrapCode| List::new().with_text(code.name()).with_text(code.message());
        TrapCode::ALL.iter().map(describe).collect::<List>().to_string()
    }

    /// What the trap that was last says, where a limit refused. It can be taken once.
    pub fn trap_message(&mut self) -> Option<String> {
        self.trapped.take_message()
    }

    /// The frames of the call that trapped last, as [`Host::frames`] has them. They can be taken
    /// once.
    pub fn trap_frames(&mut self) -> Option<String> {
        describe_frames(&self.trapped.take_frames())
    }
}
