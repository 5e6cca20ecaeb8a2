//! Fuel: who holds it when, and all that is reckoned with it.
//!
//! What is left and what was used is an [`Account`]. An execution has one, with the slices that it uses it
//! in: [`Fuel`]. While its host call is served the store's level has another, which begins with what is left;
//! what that comes to is counted when the host call is answered. Calls that may outlive the host call they
//! were begun in share one for all of them: [`SharedFuel`](crate::SharedFuel).

use core::{error::Error, fmt};

/// What is left, and what was used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Account {
    pub(crate) left: u64,
    pub(crate) used: u64,
}

impl Account {
    pub(crate) const fn new(left: u64) -> Self {
        Self { left, used: 0 }
    }

    pub(crate) const fn left(self) -> u64 {
        self.left
    }

    const fn spend(&mut self, fuel: u64) {
        self.left = self.left.saturating_sub(fuel);
        self.used = self.used.saturating_add(fuel);
    }

    /// Notes that so much is left: what there was more is used.
    pub(crate) const fn spend_to(&mut self, left: u64) {
        self.spend(self.left.saturating_sub(left));
    }

    /// Takes fuel, all there is where that is too little.
    pub(crate) const fn charge(&mut self, fuel: u64) -> Result<(), OutOfFuel> {
        let is_there = fuel <= self.left;
        self.spend_to(self.left.saturating_sub(fuel));
        if is_there { Ok(()) } else { Err(OutOfFuel) }
    }

    /// Takes part in what became of an execution that shares this fuel.
    pub(crate) const fn settle(&mut self, turnover: Turnover) {
        self.left = self.left.saturating_add(turnover.added);
        self.spend(turnover.used);
    }
}

/// What an execution used, and what it was given besides, since those who share its fuel were told.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Turnover {
    pub(crate) used: u64,
    added: u64,
}

impl Turnover {
    /// Of one who uses so much.
    pub(crate) const fn of(used: u64) -> Self {
        Self { used, added: 0 }
    }
}

/// The account of an execution.
#[derive(Debug)]
pub(crate) struct Fuel {
    pub(crate) account: Account,
    slice: u64,
    /// What is left of the slice; no more than is left of the account can be used.
    slice_left: u64,
    turnover: Turnover,
}

impl Fuel {
    pub(crate) const fn new(left: u64) -> Self {
        Self { account: Account::new(left), slice: u64::MAX, slice_left: u64::MAX, turnover: Turnover::of(0) }
    }

    pub(crate) const fn left(&self) -> u64 {
        self.account.left
    }

    pub(crate) const fn set_left(&mut self, left: u64) {
        self.account.left = left;
    }

    pub(crate) const fn add(&mut self, fuel: u64) {
        self.account.left = self.account.left.saturating_add(fuel);
        self.turnover.added = self.turnover.added.saturating_add(fuel);
    }

    pub(crate) const fn used(&self) -> u64 {
        self.account.used
    }

    /// What became of it since this was last asked, or since it took an account over.
    pub(crate) const fn turn_over(&mut self) -> Turnover {
        core::mem::replace(&mut self.turnover, Turnover::of(0))
    }

    pub(crate) const fn set_slice(&mut self, slice: u64) {
        self.slice = slice;
        self.slice_left = slice;
    }

    /// What the engine may use until the slice or all of it is used up.
    pub(crate) const fn grant(&self) -> u64 {
        if self.account.left < self.slice_left { self.account.left } else { self.slice_left }
    }

    /// Notes that so much is left: what there was more is used. As a rule there was none.
    pub(crate) const fn spend_to(&mut self, left: u64) {
        if left < self.account.left {
            self.spend(self.account.left.saturating_sub(left));
        }
    }

    pub(crate) const fn spend(&mut self, fuel: u64) {
        self.account.spend(fuel);
        self.slice_left = self.slice_left.saturating_sub(fuel);
        self.turnover.used = self.turnover.used.saturating_add(fuel);
    }

    /// Goes on with what became of its account. What was used meanwhile is of its slice.
    pub(crate) const fn take_over(&mut self, account: Account) {
        let used = account.used.saturating_sub(self.account.used);
        self.slice_left = self.slice_left.saturating_sub(used);
        self.account = account;
        self.turnover = Turnover::of(0);
    }

    /// Makes the account what it was when it was recorded; what was used besides is for those who share it, too.
    pub(crate) const fn restore(&mut self, account: Account) {
        let more = account.used.saturating_sub(self.account.used);
        self.turnover.used = self.turnover.used.saturating_add(more);
        self.account = account;
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

impl OutOfFuel {
    /// The error, for those who charge guests of another engine: see `GuestMemory` of the module `wasi`.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Default for OutOfFuel {
    fn default() -> Self {
        Self::new()
    }
}

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
        assert!(!fuel.pay(13) && fuel.pay(12) && fuel.pay(0));
        assert_eq!((fuel.left(), fuel.used(), fuel.grant()), (88, 32, 0));
    }

    #[test]
    fn an_account_is_charged_what_there_is() {
        let mut account = Account::new(10);
        assert_eq!(account.charge(7), Ok(()));
        account.spend_to(u64::MAX);
        assert_eq!((account.left, account.used), (3, 7), "it is not refilled so");
        assert_eq!(account.charge(4), Err(OutOfFuel));
        assert_eq!((account.left, account.used), (0, 10));
        assert_eq!(account.charge(0), Ok(()));
    }
}
