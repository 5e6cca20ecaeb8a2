//! What stands between the engine and the budgets: it is asked before a memory or a table grows.

use crate::{
    budget::{Budget, Charge},
    error::LimitError,
    limits::{Limits, Maximum, PAGE_BYTES, count, elements_of, maximum},
    options::Bounds,
};
use alloc::sync::Arc;
use wasmi_core::LimiterError;

/// What all cells of a store share.
#[derive(Debug)]
pub(crate) struct Budgets {
    pub(crate) pages: Arc<Budget>,
    /// What instances take besides their memories, in elements of a table.
    pub(crate) elements: Arc<Budget>,
}

impl Budgets {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            pages: Budget::of_pages(maximum::total_memory_pages(limits)),
            elements: Budget::of_elements(maximum::total_instance_bytes(limits)),
        }
    }

    /// Refuses so many bytes of instances more.
    pub(crate) fn check_instance(&self, bytes: usize) -> Result<(), LimitError> {
        self.elements.check(elements_of(bytes))
    }
}

fn elements_between(current: u64, desired: u64) -> u32 {
    u32::try_from(desired.saturating_sub(current)).unwrap_or(u32::MAX)
}

/// Refuses growth above the limits, before it happens.
#[derive(Debug)]
pub(crate) struct Limiter {
    charge: Charge,
    /// What the instances take besides memories.
    elements: Charge,
    /// Elements that the last growth of a table took, to be given back if the engine then fails.
    taken_elements: u32,
    /// Whether an instance is being made, whose tables were paid for with it.
    is_making: bool,
    memory_pages: Maximum,
    table_elements: Maximum,
    /// The budget of the guest that runs or is made, where it has one of its own.
    guest: Option<Arc<Budget>>,
    /// Pages of the next growth that were paid for before.
    prepaid: u32,
    /// Pages that the last growth took, to be given back if the engine then fails.
    taken: u32,
    /// The last refusal.
    refused: Option<LimitError>,
    /// While an instance is made that has a memory or a table of ours.
    hidden: Hidden,
}

/// The memory and the table of an instance that are ours: how many are made before each.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hidden {
    pub(crate) memory_after: Option<u32>,
    pub(crate) table_after: Option<u32>,
}

impl Hidden {
    /// Whether what is made now is ours, by one of the two counts.
    fn is_next(after: &mut Option<u32>) -> bool {
        let Some(before) = *after else { return false };
        *after = before.checked_sub(1);
        before == 0
    }
}

impl Limiter {
    pub(crate) fn new(limits: &Limits, budgets: &Budgets) -> Self {
        Self {
            charge: Charge::none(&budgets.pages),
            elements: Charge::none(&budgets.elements),
            taken_elements: 0,
            is_making: false,
            memory_pages: maximum::memory_pages(limits),
            table_elements: maximum::table_elements(limits),
            guest: None,
            prepaid: 0,
            taken: 0,
            refused: None,
            hidden: Hidden::default(),
        }
    }

    /// The pages that the memories took.
    pub(crate) const fn charge(&self) -> &Charge {
        &self.charge
    }

    pub(crate) const fn charge_mut(&mut self) -> &mut Charge {
        &mut self.charge
    }

    /// So many pages of the next growth were paid for before.
    pub(crate) const fn prepay(&mut self, pages: u32) {
        self.prepaid = pages;
    }

    /// Forgets earlier refusals; what grows now is a guest's with these bounds.
    pub(crate) fn begin(&mut self, bounds: &Bounds) {
        self.refused = None;
        // Nearly always neither is there, and nothing is to be done.
        if self.guest.is_some() || bounds.pages.is_some() {
            self.guest.clone_from(&bounds.pages);
        }
    }

    /// Takes what an instance of so many bytes will take, and its tables with it. What is hidden is
    /// for nothing, as it is not the guest's.
    pub(crate) fn begin_making(&mut self, bytes: usize, hidden: Hidden) -> Result<(), LimitError> {
        self.elements.take(elements_of(bytes))?;
        self.is_making = true;
        self.hidden = hidden;
        Ok(())
    }

    /// The instance is made, or could not be.
    pub(crate) fn end_making(&mut self) {
        self.is_making = false;
        self.hidden = Hidden::default();
    }

    /// Refuses a table to grow from so many elements to so many, and takes none.
    pub(crate) fn check_table(&self, current: u64, desired: u64) -> Result<(), LimitError> {
        self.table_elements.check(desired)?;
        self.elements.budget().check(elements_between(current, desired))
    }

    /// Refuses more pages than the store or the guest may have, and takes none.
    pub(crate) fn check(&self, more: u32) -> Result<(), LimitError> {
        if let Some(guest) = &self.guest {
            guest.check(more)?;
        }
        self.charge.budget().check(more)
    }

    /// The refusal since the last time this was asked.
    pub(crate) const fn take_refusal(&mut self) -> Option<LimitError> {
        self.refused.take()
    }

    fn memory_growth(&mut self, current: u32, desired: u32) -> Result<(), LimitError> {
        if Hidden::is_next(&mut self.hidden.memory_after) {
            self.taken = 0;
            return Ok(());
        }
        self.memory_pages.check(desired.into())?;
        let more = desired.saturating_sub(current).saturating_sub(self.prepaid);
        self.taken = 0;
        if let Some(guest) = &self.guest {
            guest.take(more)?;
        }
        if let Err(refused) = self.charge.take(more) {
            self.give_back_to_guest(more);
            return Err(refused);
        }
        self.taken = more;
        Ok(())
    }

    fn give_back_to_guest(&self, pages: u32) {
        if let Some(guest) = &self.guest {
            guest.give_back(pages);
        }
    }

    fn answer(&mut self, checked: Result<(), LimitError>) -> bool {
        match checked {
            Ok(()) => true,
            Err(refusal) => {
                self.refused = Some(refusal);
                false
            }
        }
    }
}

impl wasmi::ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        let pages = |bytes: usize| u32::try_from(bytes.div_ceil(PAGE_BYTES)).unwrap_or(u32::MAX);
        let checked = self.memory_growth(pages(current), pages(desired));
        Ok(self.answer(checked))
    }

    fn memory_grow_failed(&mut self, _: &wasmi::errors::MemoryError) -> Result<(), LimiterError> {
        self.charge.give_back(self.taken);
        self.give_back_to_guest(self.taken);
        self.taken = 0;
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        self.taken_elements = 0;
        if Hidden::is_next(&mut self.hidden.table_after) {
            return Ok(true);
        }
        let (current, desired) = (count(current), count(desired));
        let checked = if self.is_making {
            self.table_elements.check(desired)
        } else {
            let more = elements_between(current, desired);
            self.check_table(current, desired).and_then(|()| {
                self.taken_elements = more;
                self.elements.take(more)
            })
        };
        Ok(self.answer(checked))
    }

    fn table_grow_failed(&mut self, _: &wasmi::errors::TableError) -> Result<(), LimiterError> {
        self.elements.give_back(self.taken_elements);
        self.taken_elements = 0;
        Ok(())
    }

    // These three count everything ever made in an engine store; the store counts what lives.
    fn instances(&self) -> usize {
        usize::MAX
    }

    fn tables(&self) -> usize {
        usize::MAX
    }

    fn memories(&self) -> usize {
        usize::MAX
    }
}
