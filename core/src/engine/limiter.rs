//! What stands between an engine and the budgets: it is asked before a memory or a table grows.

use super::growths::Growths;
use crate::limits::{
    Bounds, LimitError, Limits, Maximum,
    budget::{Budget, Charge},
    elements_of, maximum,
};
use alloc::{boxed::Box, sync::Arc};

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

/// Roughly the bytes that there are for a thing of the supervisor's.
const EXTERN_BYTES: usize = 128;

fn elements_between(current: u64, desired: u64) -> u32 {
    u32::try_from(desired.saturating_sub(current)).unwrap_or(u32::MAX)
}

/// Refuses growth above the limits, before it happens.
#[derive(Debug)]
pub struct Limiter {
    memory_pages: Maximum,
    table_elements: Maximum,
    charge: Charge,
    /// What the instances take besides memories.
    elements: Charge,
    /// The budget of the guest that runs or is made, where it has one of its own.
    guest: Option<Arc<Budget>>,
    work: Work,
    /// What the last growth took, to be given back if the engine then fails.
    taken: Taken,
    /// The last refusal.
    refused: Option<LimitError>,
    /// What a guest asks for that is recorded, or replayed.
    growths: Option<Box<Growths>>,
}

/// What an engine is at when it asks.
#[derive(Debug)]
enum Work {
    /// A guest runs, or its supervisor grows a memory.
    Growing,
    /// An instance is made. Its tables were paid for with it, and what is hidden in it is for nothing.
    Making(Hidden),
    /// A memory or a table comes to another cell, with pages or elements that were paid for before.
    Adopting,
}

#[derive(Clone, Copy, Debug)]
enum Taken {
    Nothing,
    Pages(u32),
    Elements(u32),
}

/// The memory and the table of an instance that are ours: how many are made before each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hidden {
    pub(crate) memory_after: Option<u32>,
    pub(crate) table_after: Option<u32>,
}

/// Whether what is made now is ours, by one of the two counts.
fn is_next(after: &mut Option<u32>) -> bool {
    let Some(before) = *after else { return false };
    *after = before.checked_sub(1);
    before == 0
}

impl Limiter {
    pub(crate) fn new(limits: &Limits, budgets: &Budgets) -> Self {
        Self {
            memory_pages: maximum::memory_pages(limits),
            table_elements: maximum::table_elements(limits),
            charge: Charge::none(&budgets.pages),
            elements: Charge::none(&budgets.elements),
            guest: None,
            work: Work::Growing,
            taken: Taken::Nothing,
            refused: None,
            growths: None,
        }
    }

    /// What a guest asks for that is recorded, or replayed.
    pub(crate) fn growths(&self) -> Option<&Growths> {
        self.growths.as_deref()
    }

    pub(crate) const fn growths_mut(&mut self) -> &mut Option<Box<Growths>> {
        &mut self.growths
    }

    /// The pages that the memories took.
    pub(crate) const fn charge(&self) -> &Charge {
        &self.charge
    }

    pub(crate) const fn charge_mut(&mut self) -> &mut Charge {
        &mut self.charge
    }

    /// What the instances take besides memories.
    pub(crate) const fn elements_mut(&mut self) -> &mut Charge {
        &mut self.elements
    }

    /// Forgets earlier refusals; what grows now is a guest's with these bounds.
    pub(crate) fn begin(&mut self, bounds: &Bounds) {
        self.refused = None;
        // Nearly always neither is there, and nothing is to be done.
        if self.guest.is_some() || bounds.pages.is_some() {
            self.guest.clone_from(&bounds.pages);
        }
        if let Some(growths) = &mut self.growths {
            growths.begin();
        }
    }

    /// The same, where it is the supervisor's doing, whichever guest ran before.
    pub(crate) fn begin_for_supervisor(&mut self, bounds: &Bounds) {
        self.begin(bounds);
        if let Some(growths) = &mut self.growths {
            growths.pass();
        }
    }

    /// Takes what an instance of so many bytes will take, and its tables with it. What is hidden is
    /// for nothing, as it is not the guest's.
    pub(crate) fn begin_making(&mut self, bytes: usize, hidden: Hidden) -> Result<(), LimitError> {
        self.elements.take(elements_of(bytes))?;
        self.work = Work::Making(hidden);
        Ok(())
    }

    /// The next memory or table was paid for before.
    pub(crate) const fn begin_adopting(&mut self) {
        self.work = Work::Adopting;
    }

    /// The instance or the memory is made, or could not be.
    pub(crate) const fn end(&mut self) {
        self.work = Work::Growing;
    }

    /// Takes what an engine has for a thing of the supervisor's. Whether there is so much left.
    pub fn lets_extern_in(&mut self) -> bool {
        match self.elements.take(elements_of(EXTERN_BYTES)) {
            Ok(()) => true,
            Err(refused) => {
                self.refused = Some(refused);
                false
            }
        }
    }

    /// Refuses a table to grow from so many elements to so many, and takes none.
    pub(crate) fn check_table(&self, current: u64, desired: u64) -> Result<(), LimitError> {
        self.check_again(self.table_elements, desired)?;
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

    fn memory_growth(&mut self, current: u32, desired: u32) -> Result<Taken, LimitError> {
        if let Work::Making(hidden) = &mut self.work
            && is_next(&mut hidden.memory_after)
        {
            return Ok(Taken::Nothing);
        }
        self.check_again(self.memory_pages, desired.into())?;
        self.memory_pages.check(desired.into())?;
        if matches!(self.work, Work::Adopting) {
            return Ok(Taken::Nothing);
        }
        let more = desired.saturating_sub(current);
        if let Some(guest) = &self.guest {
            guest.take(more)?;
        }
        if let Err(refused) = self.charge.take(more) {
            self.give_back_to_guest(more);
            return Err(refused);
        }
        Ok(Taken::Pages(more))
    }

    fn table_growth(&mut self, current: u64, desired: u64) -> Result<Taken, LimitError> {
        if let Work::Making(hidden) = &mut self.work
            && is_next(&mut hidden.table_after)
        {
            return Ok(Taken::Nothing);
        }
        self.check_again(self.table_elements, desired)?;
        self.table_elements.check(desired)?;
        if matches!(self.work, Work::Making(_) | Work::Adopting) {
            return Ok(Taken::Nothing);
        }
        let more = elements_between(current, desired);
        self.elements.take(more)?;
        Ok(Taken::Elements(more))
    }

    fn give_back_to_guest(&self, pages: u32) {
        if let Some(guest) = &self.guest {
            guest.give_back(pages);
        }
    }

    /// Whether a memory grows from so many pages to so many, or is made with these, from 0. What it takes is taken.
    pub fn lets_memory_grow(&mut self, current: u32, desired: u32) -> bool {
        let growth = self.memory_growth(current, desired);
        self.answer(growth)
    }

    /// Whether a table grows from so many elements to so many, or is made with these, from 0. What it takes is taken.
    pub fn lets_table_grow(&mut self, current: u64, desired: u64) -> bool {
        let growth = self.table_growth(current, desired);
        self.answer(growth)
    }

    /// Refuses growth of a guest that was refused when that was recorded.
    fn check_again(&self, limit: Maximum, desired: u64) -> Result<(), LimitError> {
        let was_refused =
            matches!(self.work, Work::Growing) && self.growths().is_some_and(Growths::is_refused);
        if was_refused { Err(limit.refuse(desired)) } else { Ok(()) }
    }

    /// What notes growth, where there is some, and it is growth that is asked for.
    fn noted(&mut self) -> Option<&mut Growths> {
        self.growths.as_deref_mut().filter(|_| matches!(self.work, Work::Growing))
    }

    /// The answer to the engine, by what the growth took.
    fn answer(&mut self, growth: Result<Taken, LimitError>) -> bool {
        self.taken = Taken::Nothing;
        if let Some(growths) = self.noted() {
            growths.note(growth.as_ref().err().copied());
        }
        match growth {
            Ok(taken) => {
                self.taken = taken;
                true
            }
            Err(refusal) => {
                self.refused = Some(refusal);
                false
            }
        }
    }

    /// Gives back what the last growth took, as the engine could not do it after all.
    pub fn undo(&mut self) {
        if let Some(growths) = self.noted() {
            growths.undo();
        }
        self.give_back();
    }

    /// Gives back what the last growth took, as there is not the fuel for it: it will be asked for again.
    pub fn postpone(&mut self) {
        if let Some(growths) = self.noted() {
            growths.postpone();
        }
        self.give_back();
    }

    fn give_back(&mut self) {
        match core::mem::replace(&mut self.taken, Taken::Nothing) {
            Taken::Nothing => {}
            Taken::Pages(pages) => {
                self.charge.give_back(pages);
                self.give_back_to_guest(pages);
            }
            Taken::Elements(elements) => self.elements.give_back(elements),
        }
    }
}
