//! What a call has of the system that serves it.

use super::system::Shared;

/// The system of a call's guest, and whether the call waits for one.
#[derive(Default)]
pub(crate) struct Seat {
    system: Option<Shared>,
    is_starting: bool,
    pub(super) waiting: Option<Waiting>,
}

impl Seat {
    pub(super) const fn of(system: Shared) -> Self {
        Self { system: Some(system), is_starting: false, waiting: None }
    }

    /// That of a start function.
    pub(super) const fn starting(system: Shared) -> Self {
        Self { system: Some(system), is_starting: true, waiting: None }
    }

    pub(super) const fn system(&self) -> Option<&Shared> {
        self.system.as_ref()
    }

    /// Whether it was that of a start function, which has returned.
    pub(super) const fn has_started(&mut self) -> bool {
        core::mem::replace(&mut self.is_starting, false)
    }
}

/// A call that waits for a system, as one call at a time does.
pub(super) struct Waiting(Shared);

impl Waiting {
    /// Of a system that knows of it.
    pub(super) const fn new(system: Shared) -> Self {
        Self(system)
    }
}

/// It does not wait any more, or has ended.
impl Drop for Waiting {
    fn drop(&mut self) {
        if let Ok(mut system) = self.0.try_borrow_mut() {
            system.is_waited_for = false;
            system.wasi.forget_wait();
        }
    }
}
