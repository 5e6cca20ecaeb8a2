//! The place of an execution among the calls of its guest: see `chain`.

use super::{Context, Execution, State};
use crate::{chain::Link, error::ExecutionError, store::Store};

impl Execution {
    /// Takes its place among the calls of its guest, which it keeps until it ends, as the first
    /// [`Execution::run`] does otherwise. Once it has one this does nothing.
    ///
    /// A guest serves one chain of calls, each nested in the one before: its code keeps a stack in its
    /// memory. A call is nested in another if it takes its place within a host call of that, between
    /// [`Store::open_level`] and [`Store::close_level`], which is where a
    /// [`Supervisor`](crate::Supervisor) serves it.
    ///
    /// # Errors
    ///
    /// [`ExecutionError::Busy`] where another call of the guest is under way that this one is not
    /// nested in; see there for the ways out. [`ExecutionError::Ended`] and
    /// [`ExecutionError::OtherStore`] as of [`Execution::run`].
    pub fn enter(&mut self, store: &mut Store) -> Result<(), ExecutionError> {
        let context = self.context.as_ref().ok_or(ExecutionError::Ended)?;
        if self.entered.is_none() {
            self.place = store.enter_chain(context, self.keeps_stack)?;
            self.entered = Some(store.depth());
        }
        Ok(())
    }

    /// Leaves the pointer of the guest's stack where it is when the call ends early, for programs that
    /// leave their `main` on purpose by an import that fails, and live on. Without this it is put back
    /// to where it was when the call began, see [`Module::stack_pointer`](crate::Module::stack_pointer). Say so before it runs.
    pub const fn keep_stack(&mut self) {
        self.keeps_stack = true;
    }

    /// Whether no call is under way that is nested in this one.
    pub(super) fn is_last(&self) -> bool {
        let chain = self.context.as_ref().and_then(|context| context.chain.as_ref());
        chain.zip(self.place).is_none_or(|(chain, place)| chain.is_last(place))
    }

    /// What names it as a call within whose host call others are nested.
    pub(super) fn link(&self, context: &Context) -> Option<Link> {
        Some(context.chain.as_ref()?.link(self.place?))
    }

    /// Gives up its place: it has ended.
    pub(super) fn leave(&mut self, store: &mut Store, context: &Context) {
        if let (Some(place), Some(chain)) = (self.place.take(), &context.chain)
            && let Some((cell, _)) = store.engine(context.cell, &context.ticket)
        {
            match self.state {
                State::Finished(_) => chain.finish(place, cell),
                _ => chain.end(place, cell),
            }
        }
    }
}

impl Drop for Execution {
    /// Leaves its place to whoever uses the guest next.
    fn drop(&mut self) {
        let chain = self.context.as_ref().and_then(|context| context.chain.as_ref());
        if let Some((chain, place)) = chain.zip(self.place) {
            chain.leave(place);
        }
    }
}
