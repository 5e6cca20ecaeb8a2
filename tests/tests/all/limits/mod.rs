//! Each limit: just under it succeeds, one over it is refused by that limit.

mod attempts;
mod cases;
mod every;
mod modules;
mod needs;
mod presets;
mod stores;

use guestbox::{LimitError, Limits};

/// The default limits with a change.
fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

/// Which limit refused, its value and what was asked for.
fn parts(error: &LimitError) -> (&'static str, u64, u64) {
    (error.limit.name(), error.maximum, error.requested)
}
