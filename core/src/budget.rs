//! Budgets: of pages, of a store, which all its memories share, and of an instance; and of what a store's
//! instances take besides, which is counted in elements of a table.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

/// What is in use, of all that a store or an instance may have, in pages or in elements of a table.
#[derive(Debug)]
pub(crate) struct Budget {
    used: AtomicU32,
    maximum: u32,
}

impl Budget {
    pub(crate) fn new(maximum: u32) -> Arc<Self> {
        Arc::new(Self { used: AtomicU32::new(0), maximum })
    }

    pub(crate) fn used(&self) -> u32 {
        self.used.load(Ordering::Relaxed)
    }

    pub(crate) const fn maximum(&self) -> u32 {
        self.maximum
    }

    /// Takes more, or says no and takes none.
    pub(crate) fn take(&self, more: u32) -> bool {
        let within = |used: u32| used.checked_add(more).filter(|&used| used <= self.maximum);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within).is_ok()
    }

    pub(crate) fn give_back(&self, some: u32) {
        self.used.fetch_sub(some, Ordering::Relaxed);
    }
}

/// What was taken from a budget, given back when dropped.
#[derive(Debug)]
pub(crate) struct Charge {
    budget: Arc<Budget>,
    taken: u32,
}

impl Charge {
    pub(crate) fn none(budget: &Arc<Budget>) -> Self {
        Self { budget: Arc::clone(budget), taken: 0 }
    }

    /// Takes more, or says no and takes none.
    pub(crate) fn take(&mut self, more: u32) -> bool {
        let is_taken = self.budget.take(more);
        if is_taken {
            self.taken = self.taken.saturating_add(more);
        }
        is_taken
    }

    pub(crate) fn give_back(&mut self, some: u32) {
        let some = some.min(self.taken);
        self.taken = self.taken.saturating_sub(some);
        self.budget.give_back(some);
    }

    /// Moves some of it to another charge of the same budget.
    pub(crate) fn move_to(&mut self, other: &mut Self, some: u32) {
        let some = some.min(self.taken);
        self.taken = self.taken.saturating_sub(some);
        other.taken = other.taken.saturating_add(some);
    }

    /// An empty charge on the same budget.
    pub(crate) fn another(&self) -> Self {
        Self::none(&self.budget)
    }

    /// How much that is.
    pub(crate) const fn taken(&self) -> u32 {
        self.taken
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.give_back(self.taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charges_come_back() {
        let budget = Budget::new(10);
        let mut first = Charge::none(&budget);
        let mut second = Charge::none(&budget);
        assert!(first.take(6));
        assert!(!second.take(5));
        assert!(second.take(4));
        assert_eq!(budget.used(), 10);
        first.move_to(&mut second, 3);
        drop(second);
        assert_eq!(budget.used(), 3);
        first.give_back(100);
        assert_eq!(budget.used(), 0);
    }
}
