//! The place of an execution among the calls of its guest: see `chain`.

use super::{Context, Execution, Purpose, State};
use crate::{
    durable::{acts::Begin, journal::Stop},
    engine::Space,
    error::ExecutionError,
    store::{
        Serving, Store,
        chain::{Chain, Link, Place},
        leavings::Leaving,
        recording::Recording,
    },
};
use alloc::{sync::Arc, vec::Vec};

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
    /// nested in; see there for the ways out. [`ExecutionError::Ended`] once it has ended;
    /// [`ExecutionError::OtherStore`] where it has no place and `store` is not the one it was begun in.
    pub fn enter(&mut self, store: &mut Store) -> Result<(), ExecutionError> {
        let context = self.context.as_ref().ok_or(ExecutionError::Ended)?;
        if self.entered.is_some() {
            return Ok(());
        }
        let cell = store.cell(context.cell, &context.ticket);
        let (space, serving, recording) = cell.ok_or(ExecutionError::OtherStore)?;
        self.take_place(space, serving, recording)
    }

    /// Takes its place, if it has none.
    pub(super) fn take_place(
        &mut self,
        space: &mut dyn Space,
        serving: Serving<'_>,
        recording: Option<&mut Recording>,
    ) -> Result<(), ExecutionError> {
        if self.entered.is_none() {
            if let Some(chain) = self.context.as_ref().and_then(|context| context.chain.as_ref()) {
                let place = chain.enter(space, serving.host_calls, self.keeps_stack);
                self.place = Some(place.ok_or(ExecutionError::Busy)?);
            }
            self.entered = Some(serving.depth);
            // An instance without a start function does nothing.
            if let (Some(recording), State::Ready(Some(_))) = (recording, &self.state) {
                self.note_begin(recording);
            }
        }
        Ok(())
    }

    /// Leaves the pointer of the guest's stack where it is when the call ends early, for programs that
    /// leave their `main` on purpose by an import that fails, and live on. Without this it is put back
    /// to where it was when the call began, see [`Module::stack_pointer`](crate::Module::stack_pointer). Say so before it takes its place.
    pub const fn keep_stack(&mut self) {
        self.keeps_stack = true;
    }

    /// Notes that it takes its place. A function that is no export nothing else has.
    fn note_begin(&mut self, recording: &mut Recording) {
        let is_start =
            matches!(self.purpose, Purpose::Start(_)) || self.export.is_none() && self.is_replayed();
        if self.export.is_none() && !is_start {
            recording.journal.stop(Stop::Reference);
        }
        let begin = Begin {
            export: self.export,
            nested: self.is_nested(),
            keeps_stack: self.keeps_stack,
            word: self.word,
            account: self.fuel.account,
            args: Vec::new(),
        };
        self.noted = recording.journal.begin(&begin, &self.values);
    }

    const fn is_replayed(&self) -> bool {
        matches!(self.purpose, Purpose::Replayed)
    }

    /// Notes that it ended, if that was early.
    pub(super) fn note_end(&mut self, store: &mut Store, context: &Context) {
        let Some(noted) = self.noted.take() else { return };
        if let Some((.., Some(recording))) = store.cell(context.cell, &context.ticket) {
            recording.journal.end(&noted);
        }
    }

    /// Its place, and the chain that it is in.
    fn place(&self) -> Option<(&Chain, Place)> {
        self.context.as_ref()?.chain.as_deref().zip(self.place)
    }

    /// Whether no call is nested in it.
    pub(super) fn is_last(&self) -> bool {
        self.place().is_none_or(|(chain, place)| chain.is_last(place))
    }

    /// Whether no call is nested in it that has not ended.
    pub(super) fn can_go_on(&self) -> bool {
        self.place().is_none_or(|(chain, place)| chain.can_go_on(place))
    }

    /// It makes a host call, which others may be nested in from now on.
    pub(super) fn wait(&mut self) {
        self.host_call = self.place().map_or(0, |(chain, _)| chain.wait());
    }

    /// Its host call is answered.
    pub(super) fn wait_no_longer(&self) {
        if let Some((chain, place)) = self.place() {
            chain.answer(place);
        }
    }

    /// The depth of nesting at which it took its place.
    pub(crate) fn depth(&self) -> u32 {
        self.entered.unwrap_or_default()
    }

    /// What names the host call that it waits for, where calls nest.
    pub(crate) fn link(&self) -> Option<Link> {
        self.place().map(|(chain, _)| chain.link(self.host_call))
    }

    /// Gives up its place: it has ended.
    pub(super) fn leave(&mut self, store: &mut Store, context: &Context) {
        let (Some(place), Some(chain)) = (self.place.take(), &context.chain) else { return };
        let has_returned = matches!(self.state, State::Finished(_));
        if has_returned && chain.finish(place) {
            return;
        }
        if let Some((space, ..)) = store.cell(context.cell, &context.ticket) {
            chain.end(if has_returned { place.without_stack() } else { place }, space);
        }
    }
}

impl Drop for Execution {
    /// Leaves its place to whoever uses the guest next, and the rest to the store.
    fn drop(&mut self) {
        if let Some((chain, place)) = self.place() {
            chain.leave(place);
        }
        if let Some(noted) = &self.noted {
            noted.drop_call();
        }
        let Some(context) = self.context.take() else { return };
        let (cell, leavings) = (context.cell, Arc::clone(&context.ticket.leavings));
        // As a rule the instance lives on. Only what is let go of already is left to the store.
        let is_last = Arc::into_inner(context).is_some();
        match self.purpose {
            Purpose::Start(key) => leavings.add(Leaving::Instance(key)),
            Purpose::Call(_) | Purpose::Replayed if is_last => leavings.add(Leaving::Cell(cell)),
            Purpose::Call(_) | Purpose::Replayed => {}
        }
    }
}
