//! How an execution lets the engine go on, and what it makes of how that came back.

use super::{Execution, State};
use crate::{
    cell::CellData,
    costs,
    trap::Trap,
    value::{Value, Values},
};
use alloc::vec::Vec;
use core::mem;
use wasmi::{ResumableCall, Val};

impl Execution {
    /// Lets the engine go on, where it can.
    pub(super) fn go_on(&mut self, cell: &mut wasmi::Store<CellData>, inputs: &mut Vec<Val>) {
        match self.state {
            State::Ready(None) => self.state = State::Finished(Values::NONE),
            State::Ready(Some(func)) if self.fuel.pay(costs::EXPORT_CALL.into()) => {
                self.prepare(cell, inputs);
                let outcome = func.call_resumable(&mut *cell, inputs, self.outputs.as_mut());
                self.returned(cell, outcome);
            }
            State::Answered => {
                if let ResumableCall::HostTrap(call) = mem::replace(&mut self.call, ResumableCall::Finished) {
                    self.prepare(cell, inputs);
                    let outcome = call.resume(&mut *cell, inputs, self.outputs.as_mut());
                    self.returned(cell, outcome);
                }
            }
            State::OutOfFuel(_) => {
                if let ResumableCall::OutOfFuel(call) = mem::replace(&mut self.call, ResumableCall::Finished)
                {
                    self.prepare(cell, inputs);
                    let outcome = call.resume(&mut *cell, self.outputs.as_mut());
                    self.returned(cell, outcome);
                }
            }
            State::Ready(Some(_))
            | State::Growing(_)
            | State::Waiting(_)
            | State::Finished(_)
            | State::Failed(_)
            | State::Ended => {}
        }
    }

    /// The fuel that it needs to go on, where it paused for want of it.
    pub(super) fn required(&self, cell: &wasmi::Store<CellData>) -> Option<u64> {
        match &self.state {
            State::Ready(callee) => callee.map(|_| costs::EXPORT_CALL.into()),
            State::OutOfFuel(required) => Some(*required),
            State::Growing(growth) => Some(growth.cost(cell)),
            _ => None,
        }
    }

    /// Grows the table that the guest asked for, if there is fuel for it. Whether it did.
    pub(super) fn grow_table(&mut self, cell: &mut wasmi::Store<CellData>) -> bool {
        let State::Growing(growth) = &self.state else { return false };
        if !self.fuel.pay(growth.cost(cell)) {
            return false;
        }
        self.values.clear();
        self.values.push(Value::I32(growth.grow(cell)));
        self.state = State::Answered;
        true
    }

    /// Gives the engine its fuel, and what it is to be entered with.
    fn prepare(&self, cell: &mut wasmi::Store<CellData>, inputs: &mut Vec<Val>) {
        inputs.clear();
        inputs.extend(self.values.iter().map(|value| value.into_engine()));
        // Every engine meters fuel; one that did not would say so by an error of its own.
        let _metered = cell.set_fuel(self.fuel.grant());
        if let Some(context) = &self.context {
            cell.data_mut().limiter.begin(&context.bounds);
            if let Some(recorder) = &context.recorder {
                recorder.resume(cell, &self.recorded);
            }
        }
    }

    /// Notes how the engine came back.
    fn returned(&mut self, cell: &mut wasmi::Store<CellData>, outcome: Result<ResumableCall, wasmi::Error>) {
        self.fuel.spend(self.fuel.grant().saturating_sub(cell.get_fuel().unwrap_or(0)));
        if let Some(recorder) = self.context.as_ref().and_then(|context| context.recorder) {
            recorder.pause(cell, &mut self.recorded);
        }
        self.state = match outcome {
            Ok(call) => {
                self.call = call;
                match self.call {
                    ResumableCall::Finished => State::Finished(self.outputs.to_values()),
                    ResumableCall::HostTrap(_) => {
                        let data = cell.data_mut();
                        match data.growth.take() {
                            Some(growth) => State::Growing(growth),
                            None => {
                                mem::swap(&mut self.values, &mut data.args);
                                State::Waiting(data.import)
                            }
                        }
                    }
                    ResumableCall::OutOfFuel(ref call) => State::OutOfFuel(call.required_fuel()),
                }
            }
            Err(error) => State::Failed(Trap::from_engine(&error, cell.data().stack)),
        };
    }
}
