//! Budgets of memory pages: of a store, which all its memories share, and of an instance. What a
//! store's instances take besides is counted in the same way, in elements of a table.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

/// Pages in use, of all that a store or an instance may have.
#[derive(Debug)]
pub(crate) struct PageBudget {
    used: AtomicU32,
    maximum: u32,
}

impl PageBudget {
    pub(crate) fn new(maximum: u32) -> Arc<Self> {
        Arc::new(Self { used: AtomicU32::new(0), maximum })
    }

    pub(crate) fn used(&self) -> u32 {
        self.used.load(Ordering::Relaxed)
    }

    pub(crate) const fn maximum(&self) -> u32 {
        self.maximum
    }

    /// Takes more pages, or says no and takes none.
    pub(crate) fn take(&self, pages: u32) -> bool {
        let within = |used: u32| used.checked_add(pages).filter(|&used| used <= self.maximum);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within).is_ok()
    }

    pub(crate) fn give_back(&self, pages: u32) {
        self.used.fetch_sub(pages, Ordering::Relaxed);
    }
}

/// Pages taken from a budget, given back when dropped.
#[derive(Debug)]
pub(crate) struct Charge {
    budget: Arc<PageBudget>,
    pages: u32,
}

impl Charge {
    pub(crate) fn none(budget: &Arc<PageBudget>) -> Self {
        Self { budget: Arc::clone(budget), pages: 0 }
    }

    /// Takes more pages, or says no and takes none.
    pub(crate) fn take(&mut self, pages: u32) -> bool {
        let taken = self.budget.take(pages);
        if taken {
            self.pages = self.pages.saturating_add(pages);
        }
        taken
    }

    pub(crate) fn give_back(&mut self, pages: u32) {
        let pages = pages.min(self.pages);
        self.pages = self.pages.saturating_sub(pages);
        self.budget.give_back(pages);
    }

    /// Moves pages to another charge of the same budget.
    pub(crate) fn move_to(&mut self, other: &mut Self, pages: u32) {
        let pages = pages.min(self.pages);
        self.pages = self.pages.saturating_sub(pages);
        other.pages = other.pages.saturating_add(pages);
    }

    /// An empty charge on the same budget.
    pub(crate) fn another(&self) -> Self {
        Self::none(&self.budget)
    }

    pub(crate) const fn pages(&self) -> u32 {
        self.pages
    }

    pub(crate) fn budget(&self) -> &PageBudget {
        &self.budget
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.give_back(self.pages);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charges_come_back() {
        let budget = PageBudget::new(10);
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
