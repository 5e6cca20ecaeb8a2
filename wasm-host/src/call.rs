//! Guest calls under way, and the fuel that they share.

use alloc::rc::Rc;
use core::cell::Cell;
use guestbox::{Execution, Level, MemoryId, Store, ValueType};

/// Fuel of an outermost call and of the calls nested in it, also of those that outlive the host
/// call they were begun in: whoever runs takes what he uses, and it is never refilled by another
/// call.
pub(crate) struct Budget {
    left: Cell<u64>,
}

/// A guest call.
pub(crate) struct Call {
    pub(crate) execution: Execution,
    /// The types of the results of the host call that it waits for.
    pub(crate) results: Vec<ValueType>,
    /// The memory of the guest whose host call it waits for.
    pub(crate) memory: Option<MemoryId>,
    /// Set while the host call is served: the level to go back to.
    pub(crate) outer: Option<Level>,
    /// The budget that it draws on with others; without, its fuel is all with the execution.
    budget: Option<Rc<Budget>>,
    /// The fuel that it was given for its own; 0 where it draws on the budget of another call.
    given: u64,
}

impl Call {
    /// A call that has the fuel that it was begun with for its own, or draws on another's budget.
    pub(crate) fn new(execution: Execution, budget: Option<Rc<Budget>>) -> Self {
        let given = if budget.is_some() { 0 } else { execution.fuel() };
        Self { execution, results: Vec::new(), memory: None, outer: None, budget, given }
    }

    /// The budget for a call nested in it.
    pub(crate) fn budget(&mut self) -> Rc<Budget> {
        let fuel = self.execution.fuel();
        Rc::clone(self.budget.get_or_insert_with(|| Rc::new(Budget { left: fuel.into() })))
    }

    /// The fuel that it may still use.
    pub(crate) fn fuel(&self) -> u64 {
        self.budget.as_ref().map_or(self.execution.fuel(), |budget| budget.left.get())
    }

    /// The fuel used so far, by nested calls that drew on it too.
    pub(crate) fn used(&self) -> u64 {
        if self.given > 0 { self.given.saturating_sub(self.fuel()) } else { self.execution.fuel_used() }
    }

    pub(crate) fn add_fuel(&mut self, fuel: u64) {
        if self.given > 0 || self.budget.is_none() {
            self.given = self.given.saturating_add(fuel);
        }
        self.set_left(self.fuel().saturating_add(fuel));
    }

    /// Gives the execution what there is, before it runs.
    pub(crate) fn fill(&mut self) {
        self.execution.set_fuel(self.fuel());
    }

    /// Takes back what the execution left.
    pub(crate) fn drain(&mut self) {
        self.set_left(self.execution.fuel());
    }

    /// Takes fuel for the supervisor's work while it waits; all there is where that is too little.
    pub(crate) fn charge(&mut self, fuel: u64) -> bool {
        let left = self.fuel();
        let rest = left.saturating_sub(fuel);
        // While its level is open it counts what is used once, when that is closed.
        if self.outer.is_none() {
            self.execution.set_fuel(left);
            self.execution.spend_to(rest);
        }
        self.set_left(rest);
        fuel <= left
    }

    fn set_left(&mut self, left: u64) {
        match &self.budget {
            Some(budget) => budget.left.set(left),
            None => self.execution.set_fuel(left),
        }
    }

    /// Closes the level of the host call that it waits for.
    pub(crate) fn close(&mut self, store: &mut Store) {
        if let Some(outer) = self.outer.take() {
            // What calls of that level used, they took out of the budget.
            let _level = store.close_level(outer);
            self.execution.spend_to(self.fuel());
        }
    }
}
