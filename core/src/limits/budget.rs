//! Budgets: of pages, of a store, which all its memories share, and of an instance; and of what a store's
//! instances take besides, which is counted in elements of a table.

use crate::limits::{ELEMENT_BYTES, InstanceLimits, Limit, LimitError, Maximum, count};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

/// What is in use, of all that a store or an instance may have by one of its limits.
#[derive(Debug)]
pub(crate) struct Budget {
    used: AtomicU32,
    /// As many as there can be.
    most: u32,
    limit: Limit,
    /// What one that is counted is in the unit of the limit.
    unit: u64,
}

impl Budget {
    /// Of pages, by a limit of pages.
    pub(crate) fn of_pages(maximum: Maximum) -> Arc<Self> {
        Self::new(maximum, 1)
    }

    /// Of elements of a table, by a limit of bytes.
    pub(crate) fn of_elements(maximum: Maximum) -> Arc<Self> {
        Self::new(maximum, count(ELEMENT_BYTES))
    }

    fn new(maximum: Maximum, unit: u64) -> Arc<Self> {
        let most = u32::try_from(maximum.value.checked_div(unit).unwrap_or(0)).unwrap_or(u32::MAX);
        Arc::new(Self { used: AtomicU32::new(0), most, limit: maximum.limit, unit })
    }

    pub(crate) fn used(&self) -> u32 {
        self.used.load(Ordering::Relaxed)
    }

    /// Refuses more than are left, and takes none.
    pub(crate) fn check(&self, more: u32) -> Result<(), LimitError> {
        self.sum(self.used(), more).map(|_| ())
    }

    /// Takes more, or refuses and takes none.
    pub(crate) fn take(&self, more: u32) -> Result<(), LimitError> {
        let within = |used: u32| self.sum(used, more).ok();
        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within);
        taken.map_or_else(|used| self.sum(used, more).map(|_| ()), |_| Ok(()))
    }

    /// What would be in use with so many more.
    fn sum(&self, used: u32, more: u32) -> Result<u32, LimitError> {
        let sum = used.checked_add(more).filter(|sum| *sum <= self.most);
        sum.ok_or_else(|| {
            let requested = u64::from(used).saturating_add(more.into());
            let in_units = |counted: u64| counted.saturating_mul(self.unit);
            LimitError {
                limit: self.limit,
                maximum: in_units(self.most.into()),
                requested: in_units(requested),
            }
        })
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

    /// Takes more, or refuses and takes none.
    pub(crate) fn take(&mut self, more: u32) -> Result<(), LimitError> {
        self.budget.take(more)?;
        self.taken = self.taken.saturating_add(more);
        Ok(())
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

impl InstanceLimits {
    pub(crate) fn bounds(self) -> Bounds {
        Bounds { limits: self, pages: self.memory_pages().map(Budget::of_pages) }
    }
}

/// The limits of one instance as they were given, with what it took.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) limits: InstanceLimits,
    pub(crate) pages: Option<Arc<Budget>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charges_come_back() {
        let budget = Budget::of_pages(Maximum { limit: Limit::TotalMemoryPages, value: 10 });
        let mut first = Charge::none(&budget);
        let mut second = Charge::none(&budget);
        assert!(first.take(6).is_ok());
        let refused = LimitError { limit: Limit::TotalMemoryPages, maximum: 10, requested: 11 };
        assert_eq!(second.take(5), Err(refused));
        assert!(second.take(4).is_ok());
        assert_eq!(budget.used(), 10);
        first.move_to(&mut second, 3);
        drop(second);
        assert_eq!(budget.used(), 3);
        first.give_back(100);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn what_is_counted_in_elements_is_refused_in_bytes() {
        let budget = Budget::of_elements(Maximum { limit: Limit::TotalInstanceBytes, value: 100 });
        let refused = LimitError { limit: Limit::TotalInstanceBytes, maximum: 96, requested: 112 };
        assert_eq!(budget.check(7), Err(refused));
        assert_eq!(budget.take(6), Ok(()));
    }
}
