//! Executions that do again what was recorded.

use super::{Execution, Purpose, State, Step};
use crate::{
    durable::acts::End,
    error::HandleError,
    store::{Store, chain::Place},
    types::{
        fuel::Account,
        ids::InstanceId,
        trap::Trap,
        value::{Value, Values},
    },
};
use alloc::vec::Vec;

impl Execution {
    /// The call is of the export at a position.
    pub(crate) fn set_export(&mut self, position: usize) {
        self.export = u32::try_from(position).ok();
    }

    /// The key of the instance that it is a call of.
    pub(crate) fn key_in(&self, store: &Store) -> Result<u32, HandleError> {
        let context = self.context.as_ref().ok_or(HandleError::TornDown)?;
        if !store.has_cell(context.cell, &context.ticket) {
            return Err(HandleError::OtherStore);
        }
        match self.purpose {
            Purpose::Call(instance) => Ok(instance.key()),
            Purpose::Start(key) => Ok(key),
            Purpose::Replayed => Err(HandleError::Unknown),
        }
    }

    /// Says with what it is to take its place.
    pub(crate) const fn prepare(&mut self, account: Account, keeps_stack: bool) {
        self.fuel.restore(account);
        self.keeps_stack = keeps_stack;
    }

    /// Lets it go on with an answer, if it waits for one, and an account, if that has changed. Whether it can.
    pub(crate) fn prepare_run(&mut self, answer: Option<Vec<Value>>, account: Option<Account>) -> bool {
        if let Some(account) = account {
            self.fuel.restore(account);
        }
        match answer {
            Some(values) => {
                let results = values.into_iter().collect::<Values>();
                self.answer(Ok(results)).is_ok() && matches!(self.state, State::Answered { .. })
            }
            None => matches!(self.state, State::Ready(Some(_)) | State::OutOfFuel(_)),
        }
    }

    /// Runs it until it comes back, having used so much at most: what it used. `None` where it cannot be run, or comes to what is
    /// not its guest's.
    pub(crate) fn run_again(&mut self, store: &mut Store, most: u64) -> Option<u64> {
        let context = self.context.as_ref()?;
        let (space, serving, recording) = store.cell(context.cell, &context.ticket)?;
        if let Some(chain) = &context.chain {
            chain.settle(space);
        }
        if !self.is_last() {
            return None;
        }
        let before = self.fuel.left();
        self.fuel.set_slice(most);
        let elsewhere = self.go_on(space, serving.recorders, recording);
        if elsewhere.is_some() {
            return None;
        }
        if matches!(self.state, State::Waiting(_)) {
            self.wait();
        }
        // What is left says it of any account, whatever it was made of.
        Some(before.saturating_sub(self.fuel.left()))
    }

    /// The trap that it would have ended by, where it waits for a host call too deep for its limits.
    pub(crate) fn check_depth(&self, store: &Store) -> Option<Trap> {
        let context = self.context.as_ref().filter(|_| self.is_waiting())?;
        store.is_too_deep(self.depth(), &context.bounds)
    }

    /// How it came back. `None` where it is to be run.
    pub(crate) const fn came_back(&self) -> Option<End> {
        match &self.state {
            State::Waiting(ordinal) => Some(End::HostCall(*ordinal)),
            State::OutOfFuel(_) | State::Ready(_) => Some(End::Fuel),
            State::Finished(_) => Some(End::Finished),
            State::Failed(_) => Some(End::Trapped),
            State::Answered { .. } | State::Outside | State::Back(..) | State::Ended => None,
        }
    }

    /// The fuel that it needs to go on, as far as that is known.
    pub(crate) fn needs(&self) -> u64 {
        self.required().unwrap_or_default()
    }

    /// Lets go of everything after it has finished or trapped; the trap that it ended by, with its frames.
    pub(crate) fn end_again(&mut self, store: &mut Store) -> Option<Trap> {
        match self.end(store) {
            Ok(Step::Trapped(trap)) => Some(trap),
            _ => None,
        }
    }

    /// From now on it is a call as any other, of an instance that has an id, or of the start function of the one with a key, and has at most
    /// so much fuel.
    pub(crate) fn live_on(&mut self, instance: Result<InstanceId, u32>, most: u64) {
        self.purpose = instance.map_or_else(Purpose::Start, Purpose::Call);
        self.fuel.set_slice(u64::MAX);
        self.fuel.set_left(self.fuel.left().min(most));
    }

    /// Whether it is nested in another.
    pub(crate) fn is_nested(&self) -> bool {
        self.place.is_some_and(Place::is_nested)
    }
}
