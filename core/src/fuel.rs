//! Fuel: what an execution has left, what it used, and the slices it runs in.

use core::{error::Error, fmt};

/// The account of an execution.
#[derive(Debug)]
pub(crate) struct Fuel {
    left: u64,
    used: u64,
    slice: u64,
    /// What is left of the slice; no more than `left` of it can be used.
    slice_left: u64,
}

impl Fuel {
    pub(crate) const fn new(left: u64) -> Self {
        Self { left, used: 0, slice: u64::MAX, slice_left: u64::MAX }
    }

    pub(crate) const fn left(&self) -> u64 {
        self.left
    }

    pub(crate) const fn set_left(&mut self, left: u64) {
        self.left = left;
    }

    pub(crate) const fn used(&self) -> u64 {
        self.used
    }

    pub(crate) const fn set_slice(&mut self, slice: u64) {
        self.slice = slice;
        self.slice_left = slice;
    }

    /// What the engine may use until the slice or all of it is used up.
    pub(crate) const fn grant(&self) -> u64 {
        if self.left < self.slice_left { self.left } else { self.slice_left }
    }

    /// Notes that so much is left: what there was more is used.
    pub(crate) const fn spend_to(&mut self, left: u64) {
        self.spend(self.left.saturating_sub(left));
    }

    pub(crate) const fn spend(&mut self, fuel: u64) {
        self.left = self.left.saturating_sub(fuel);
        self.used = self.used.saturating_add(fuel);
        self.slice_left = self.slice_left.saturating_sub(fuel);
    }

    /// Takes the fuel of an operation that is not the engine's, where it is there. Whether it was.
    pub(crate) const fn pay(&mut self, cost: u64) -> bool {
        let is_there = cost <= self.grant();
        if is_there {
            self.spend(cost);
        }
        is_there
    }

    /// Begins another slice if this one has not what the next operation takes.
    pub(crate) const fn renew_slice(&mut self, required: u64) {
        if self.slice_left < required {
            self.slice_left = if self.slice < required { required } else { self.slice };
        }
    }
}

/// A guest cannot pay what its supervisor charged it: [`Store::charge`](crate::Store::charge).
///
/// Returned from [`Supervisor::dispatch`](crate::Supervisor::dispatch) with `?` it ends the guest
/// call with the trap [`TrapCode::OutOfFuel`](crate::TrapCode::OutOfFuel).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct OutOfFuel;

impl fmt::Display for OutOfFuel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the guest has less fuel than it is charged")
    }
}

impl Error for OutOfFuel {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_part_of_the_whole() {
        let mut fuel = Fuel::new(25);
        fuel.set_slice(10);
        assert_eq!(fuel.grant(), 10);
        fuel.spend(8);
        fuel.renew_slice(2);
        assert_eq!(fuel.grant(), 2, "enough: the slice goes on");
        fuel.renew_slice(3);
        assert_eq!(fuel.grant(), 10);
        fuel.spend_to(5);
        assert_eq!((fuel.left(), fuel.used(), fuel.grant()), (5, 20, 0));
        fuel.renew_slice(12);
        assert_eq!(fuel.grant(), 5, "no more than there is");
        fuel.set_left(100);
        assert_eq!((fuel.grant(), fuel.used()), (12, 20), "an operation may take more than a slice");
    }
}
