//! How an execution lets its code run, and what it makes of how that came back.

use super::{Execution, Recorders, State};
use crate::{
    durable::acts::End,
    engine::{Entry, Growths, Instance, Outcome, Space, Turn},
    store::recording::Recording,
    types::{costs::EXPORT_CALL, value::Values},
};
use core::mem;

impl Execution {
    /// Lets the code go on, where it can. Where it calls an import of another instance than its own this is that.
    pub(super) fn go_on(
        &mut self,
        space: &mut dyn Space,
        recorders: &Recorders,
        recording: Option<&mut Recording>,
    ) -> Option<Instance> {
        let before = self.fuel.account;
        if let State::Back(..) = self.state {
            return self.take_back(space);
        }
        let entry = match self.state {
            State::Ready(None) => {
                self.state = State::Finished(Values::NONE);
                return None;
            }
            State::Ready(Some(function)) if self.fuel.pay(EXPORT_CALL.into()) => Entry::Call(function),
            State::Answered { .. } => Entry::Answer,
            State::OutOfFuel(_) => Entry::Refuelled,
            State::Ready(Some(_))
            | State::Waiting(_)
            | State::Outside
            | State::Back(..)
            | State::Finished(_)
            | State::Failed(_)
            | State::Ended => return None,
        };
        if let Some(context) = &self.context {
            space.limiter_mut().begin(&context.bounds);
        }
        recorders.resume(space, &self.recorded);
        if let Some(noted) = &mut self.noted {
            noted.host_call = 0;
        }
        let mut recorded = recording.zip(self.noted.as_mut());
        if let Some((recording, noted)) = &mut recorded {
            recording.note_lent(space);
            let answer = matches!(entry, Entry::Answer).then_some(&*self.values);
            recording.journal.begin_run(noted, before, answer);
        }
        let grant = self.fuel.grant();
        let mut left = grant;
        let outcome = space.run(
            entry,
            Turn {
                values: &mut self.values,
                results: self.results,
                fuel: &mut left,
                paused: &mut self.paused,
            },
        );
        if let Outcome::Outside = outcome {
            self.state = State::Outside;
            return None;
        }
        self.fuel.spend(grant.saturating_sub(left));
        recorders.pause(space, &mut self.recorded);
        if let Some((recording, noted)) = recorded {
            let end = match &outcome {
                Outcome::Finished => End::Finished,
                Outcome::HostCall(_, import) => End::HostCall(*import),
                Outcome::OutOfFuel(_) => End::Fuel,
                Outcome::Outside | Outcome::Trapped(_) => End::Trapped,
            };
            let account = self.fuel.account;
            let refused = space.limiter().growths().map_or(Some(&[][..]), Growths::refused);
            let used = before.left.saturating_sub(account.left);
            recording.journal.end_run(noted, used, account, end, refused);
        }
        self.settle_state(outcome)
    }

    /// Takes what it came to in the host that ran its code.
    fn take_back(&mut self, space: &mut dyn Space) -> Option<Instance> {
        let State::Back(outcome, left) = mem::replace(&mut self.state, State::Ended) else { return None };
        self.fuel.spend(self.fuel.grant().saturating_sub(left));
        if let Some(context) = &self.context {
            space.limiter_mut().begin(&context.bounds);
        }
        self.settle_state(outcome)
    }

    /// What its state is after its code came back. Where it calls an import of another instance than its own this is that.
    fn settle_state(&mut self, outcome: Outcome) -> Option<Instance> {
        self.state = match outcome {
            Outcome::Finished => State::Finished(self.values.iter().copied().collect()),
            Outcome::HostCall(instance, import) => {
                self.state = State::Waiting(import);
                let is_own = self.context.as_ref().is_none_or(|context| context.handle == instance);
                return (!is_own).then_some(instance);
            }
            Outcome::OutOfFuel(required) => State::OutOfFuel(required),
            Outcome::Outside => State::Outside,
            Outcome::Trapped(trap) => State::Failed(trap),
        };
        None
    }

    /// The fuel that it needs to go on, where it paused for want of it.
    pub(super) fn required(&self) -> Option<u64> {
        match self.state {
            State::Ready(callee) => callee.map(|_| EXPORT_CALL.into()),
            State::OutOfFuel(required) => Some(required),
            _ => None,
        }
    }
}
