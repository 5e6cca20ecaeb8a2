//! Guest calls under way, and the fuel that they share.

use crate::{
    convert::to_word,
    host::Host,
    traps::{Trapped, number},
};
use alloc::rc::Rc;
use core::cell::Cell;
use guestbox::{Execution, Level, MemoryId, Step, Store, Trap, TrapCode, Value, ValueType};

/// Fuel of an outermost call and of the calls nested in it, also of those that outlive the host
/// call they were begun in: whoever runs takes what he uses, and it is never refilled by another
/// call.
pub(crate) struct Budget {
    left: Cell<u64>,
    /// What nested calls that went on with more fuel have added.
    added: Cell<u64>,
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
        let new = || Rc::new(Budget { left: fuel.into(), added: 0.into() });
        Rc::clone(self.budget.get_or_insert_with(new))
    }

    /// The fuel that it may still use.
    pub(crate) fn fuel(&self) -> u64 {
        self.budget.as_ref().map_or(self.execution.fuel(), |budget| budget.left.get())
    }

    /// The fuel used so far, by nested calls that drew on it too.
    pub(crate) fn used(&self) -> u64 {
        if self.given == 0 {
            return self.execution.fuel_used();
        }
        let added = self.budget.as_ref().map_or(0, |budget| budget.added.get());
        self.given.saturating_add(added).saturating_sub(self.fuel())
    }

    pub(crate) fn add_fuel(&mut self, fuel: u64) {
        match &self.budget {
            Some(budget) if self.given == 0 => budget.added.set(budget.added.get().saturating_add(fuel)),
            _ => self.given = self.given.saturating_add(fuel),
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
        // While its level is open it counts what is used of a budget once, when that is closed.
        if self.outer.is_none() || self.budget.is_none() {
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
            self.settle();
        }
    }

    /// Counts as used what calls nested in it took out of the budget while it waited.
    pub(crate) fn settle(&mut self) {
        self.execution.spend_to(self.fuel());
    }
}

/// Notes a trap for those who ask, and says what happened: what goes into the head.
pub(crate) fn trap(trapped: &mut Trapped, trap: Trap) -> (u32, u64, u32) {
    let number = number(trap.code());
    *trapped = Trapped::of(trap);
    (Host::TRAPPED, number, trapped.bits())
}

/// Makes a step of a call and says what happened, see [`Host::step`].
pub(crate) fn advance(
    store: &mut Store,
    exchange: &mut [u64],
    trapped: &mut Trapped,
    call: &mut Call,
    handle: u32,
) -> u32 {
    let mut end = |ended: Trap| trap(trapped, ended);
    let (head, values) = exchange.split_at_mut(Host::HEAD);
    call.fill();
    let (step, detail, state) = match call.execution.run(store) {
        Ok(Step::Finished(results)) => {
            put_values(values, &results);
            (Host::FINISHED, 0, 0)
        }
        Ok(Step::HostCall(host_call)) => {
            put_values(values, host_call.args);
            call.memory = host_call.memory;
            call.results.clear();
            if let guestbox::ExternType::Func(ty) = host_call.import.ty() {
                call.results.extend_from_slice(ty.results());
            }
            let (ordinal, state) = (host_call.ordinal, host_call.state);
            match store.open_level(&host_call) {
                Ok(outer) => {
                    call.outer = Some(outer);
                    (Host::HOST_CALL, ordinal.into(), state)
                }
                Err(trap) => end(call.execution.end_with(store, trap)),
            }
        }
        Ok(Step::OutOfFuel { required, .. }) => (Host::OUT_OF_FUEL, required, 0),
        Ok(Step::SliceOver) => (Host::SLICE_OVER, 0, 0),
        Ok(Step::Trapped(trap)) => end(trap),
        Ok(_) | Err(_) => (Host::REFUSED, 0, 0),
    };
    let detail = match (step, call.execution.instance()) {
        (Host::FINISHED, Some(instance)) => instance.number().into(),
        _ => detail,
    };
    call.drain();
    say(head, call, handle, (step, detail, state))
}

/// Ends a call with a trap, and says so as a step does.
pub(crate) fn end(
    store: &mut Store,
    exchange: &mut [u64],
    trapped: &mut Trapped,
    call: &mut Call,
    handle: u32,
    code: TrapCode,
) -> u32 {
    call.fill();
    let ended = trap(trapped, call.execution.end_with(store, code));
    call.drain();
    say(exchange, call, handle, ended)
}

fn say(head: &mut [u64], call: &Call, handle: u32, (step, detail, state): (u32, u64, u32)) -> u32 {
    put_head(head, [handle.into(), detail, state.into(), call.fuel(), call.used()]);
    step
}

fn put_values(words: &mut [u64], values: &[Value]) {
    for (word, value) in words.iter_mut().zip(values) {
        *word = to_word(*value);
    }
}

pub(crate) fn put_head<const N: usize>(head: &mut [u64], words: [u64; N]) {
    for (slot, word) in head.iter_mut().zip(words) {
        *slot = word;
    }
}
