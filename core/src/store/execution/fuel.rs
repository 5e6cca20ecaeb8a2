//! The fuel of an execution.

use super::Execution;

impl Execution {
    /// The fuel it has left.
    #[must_use]
    pub const fn fuel(&self) -> u64 {
        self.fuel.left()
    }

    /// Sets the fuel it has left. What it used stays used.
    pub const fn set_fuel(&mut self, fuel: u64) {
        self.fuel.set_left(fuel);
    }

    /// Adds fuel.
    pub const fn add_fuel(&mut self, fuel: u64) {
        self.fuel.add(fuel);
    }

    /// The fuel it used so far, also after it has ended: its own and, where they drew on it, that
    /// of nested calls and what its supervisor charged.
    #[must_use]
    pub const fn fuel_used(&self) -> u64 {
        self.fuel.used()
    }

    /// Counts as used what it has more than `left`: for those who serve host calls by hand, with
    /// what [`Store::close_level`](crate::Store::close_level) returns.
    pub const fn spend_to(&mut self, left: u64) {
        self.fuel.spend_to(left);
    }

    /// Makes it pause with [`Step::SliceOver`](crate::Step::SliceOver) after each `fuel` of what it has, host calls and
    /// nested calls included. An operation that takes more than a slice gets one of its size.
    ///
    /// A slice ends exactly where it says, so slices change nothing of what a guest does and
    /// uses. Slices of 100,000, some 30 to 100 µs natively, cost nothing measurable.
    pub const fn set_slice(&mut self, fuel: u64) {
        self.fuel.set_slice(fuel);
    }
}
