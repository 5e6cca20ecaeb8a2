//! In the place of WASI systems: this module is built without them.

use self::{attend::Attended, seat::Seat};
use crate::{exchange::Exchange, limits::Preset};
use guestbox::{Environment, FuncIndex, HostCall, HostError, Store};
use wasm_bindgen::JsValue;

/// What becomes of calls of WASI, of which there are none.
pub(crate) mod attend {
    use guestbox::{HostError, Values};

    #[expect(dead_code, reason = "as in the module that this is in the place of")]
    pub(crate) enum Attended {
        Answer(Result<Values, HostError>),
        Exit(u32),
        Wait(u32),
        Yield(Values),
    }
}

/// What a call has of a system.
pub(crate) mod seat {
    #[derive(Default)]
    pub(crate) struct Seat;
}

/// No systems.
#[derive(Default)]
pub(crate) struct Systems(());

#[expect(
    clippy::needless_pass_by_ref_mut,
    clippy::unused_self,
    clippy::missing_const_for_fn,
    reason = "as in the module that this is in the place of"
)]
impl Systems {
    pub(crate) fn new(_: Preset) -> Self {
        Self::default()
    }

    pub(crate) fn serve(_: FuncIndex) -> bool {
        false
    }

    pub(crate) fn attend(&self, _: &mut Store, _: &mut Exchange, _: &HostCall<'_>, _: &mut Seat) -> Attended {
        Attended::Answer(Err(HostError::new()))
    }

    pub(crate) fn seat(&self, _: &[u32]) -> Result<Seat, JsValue> {
        Ok(Seat)
    }

    pub(crate) fn offer(_: &mut Environment, _: &[u32], _: usize, _: &str, _: &str) -> bool {
        false
    }

    pub(crate) fn note(&mut self, _: u32, _: &Seat) {}

    pub(crate) fn note_start(&mut self, _: u32, _: &mut Seat) {}

    pub(crate) fn forget(&mut self, _: u32) {}

    pub(crate) fn seat_of(&self, _: u32) -> Seat {
        Seat
    }
}
