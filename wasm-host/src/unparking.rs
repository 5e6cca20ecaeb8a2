//! Guests that are on their way to where they were parked.

use crate::systems::seat::Seat;
use guestbox::Replay;

/// A guest that is unparked.
pub(crate) struct Unparking {
    pub(crate) replay: Replay,
    /// What will serve its calls of WASI.
    pub(crate) seat: Seat,
}
