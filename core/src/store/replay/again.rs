//! Doing the acts again.

use super::{
    super::{Level, Store, cell::Cell, recording::taken_bytes},
    Call, Failure, Replay, Rest,
};
use crate::{
    durable::acts::{Act, Begin, End, Run},
    engine::{Again, Growths},
    limits::{Bounds, LimitError, maximum, to_usize},
    store::execution::{Execution, Purpose},
    types::trap::Trap,
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::mem;

impl Replay {
    /// Does an act again that is no run.
    pub(super) fn apply(&mut self, store: &mut Store, act: Act<'_>) -> Result<(), Failure> {
        match act {
            Act::Begin(begin) => return self.begin(store, begin),
            Act::End { call } => {
                let mut ended = self.calls.remove(call).ok_or(Failure::Diverged)?.execution;
                self.ended_at = ended.frames();
                ended.cancel(store);
                return Ok(());
            }
            _ => {}
        }
        let cell = self.cell(store)?;
        let Cell { space, recording, .. } = cell;
        let mut journal = recording.as_deref_mut().map(|recording| &mut recording.journal);
        let memory = |at: u32| self.parts.memories.get(to_usize(at)).copied().ok_or(Failure::Diverged);
        match act {
            Act::Write { memory: at, offset, bytes } => {
                if !space.write(memory(at)?, to_usize(offset), bytes) {
                    return Err(Failure::Diverged);
                }
                if let Some(journal) = &mut journal {
                    journal.write(at, offset, bytes);
                }
            }
            Act::Grow { memory: at, pages } => {
                space.limiter_mut().begin_for_supervisor(&Bounds::default());
                if !space.grow(memory(at)?, pages) {
                    let refusal = space.limiter_mut().take_refusal();
                    return Err(refusal.map_or(Failure::Diverged, Failure::Limit));
                }
                if let Some(journal) = &mut journal {
                    journal.grow(at, pages);
                }
            }
            Act::Set { global: at, value } => {
                let global = self.parts.globals.get(to_usize(at)).ok_or(Failure::Diverged)?;
                let is_of_type = space.get(*global).is_some_and(|now| now.ty() == value.ty());
                if !is_of_type || !space.set(*global, value) {
                    return Err(Failure::Diverged);
                }
                if let Some(journal) = &mut journal {
                    journal.set(at, value);
                }
            }
            Act::Run(_) | Act::Begin(_) | Act::End { .. } => {}
        }
        Ok(())
    }

    fn begin(&mut self, store: &mut Store, begin: Begin) -> Result<(), Failure> {
        let Begin { export, nested, keeps_stack, word, account, args } = begin;
        let calls = self.calls.len().saturating_add(1);
        let taken = taken_bytes(self.parked.as_bytes().len(), calls);
        maximum::parked_bytes(&store.limits).check(taken).map_err(Failure::Limit)?;
        // Nobody has the guest before its start function has returned.
        if self.calls.iter().next().is_some_and(|first| first.is_start) {
            return Err(Failure::Diverged);
        }
        let execution = match export {
            Some(position) => {
                let position = to_usize(position);
                store.begin_export(self.key, Purpose::Replayed, position, &args, word).ok()
            }
            None if self.begun == 0 => self.begin_start(store, word),
            None => None,
        };
        let mut execution = execution.ok_or(Failure::Diverged)?;
        execution.prepare(account, keeps_stack);
        let level = if nested { Some(self.open_level(store)?) } else { None };
        let entered = execution.enter(store);
        if let Some(level) = level {
            store.close_level(level);
        }
        entered.map_err(|_| Failure::Diverged)?;
        if execution.is_nested() != nested {
            return Err(Failure::Diverged);
        }
        let call = Call { is_start: export.is_none(), execution, host_call: 0 };
        self.calls.add(self.begun, call);
        self.begun = self.begun.saturating_add(1);
        Ok(())
    }

    /// Opens the level of the host call that the last call waits for.
    fn open_level(&self, store: &mut Store) -> Result<Level, Failure> {
        let Some(outer) = self.calls.iter().next_back() else { return Err(Failure::Diverged) };
        outer.check_depth(store)?;
        let waits = outer.execution.waits_for();
        store.open_level(&waits.ok_or(Failure::Diverged)?).map_err(|trap: Trap| {
            let refused = trap.reason().and_then(|reason| reason.downcast_ref::<LimitError>());
            refused.map_or(Failure::Diverged, |refused| Failure::Limit(*refused))
        })
    }

    fn begin_start(&self, store: &mut Store, word: u32) -> Option<Execution> {
        let context = Arc::clone(&store.instances.get(self.key).ok()?.context);
        let callee = store.start_function(self.key, context.module.start()?)?;
        Some(Execution::new(context, Purpose::Replayed, Some(callee), Vec::new(), 0, 0, word))
    }

    /// Lets a call go on, so that it can be run.
    pub(super) fn begin_run(&mut self, store: &Store, mut run: Run) -> Result<(), Failure> {
        let call = self.calls.get_mut(run.call).ok_or(Failure::Diverged)?;
        if run.answer.is_some() {
            call.check_depth(store)?;
        }
        if !call.execution.prepare_run(run.answer.take(), run.account) {
            return Err(Failure::Diverged);
        }
        let growths = Again::new(mem::take(&mut run.refused));
        self.run = Some(Rest { run, used: 0, growths });
        Ok(())
    }

    /// Runs a call until it has used what it had. Whether it has.
    pub(super) fn run_call(
        &mut self,
        store: &mut Store,
        rest: Rest,
        left: &mut u64,
    ) -> Result<bool, Failure> {
        let Rest { run, mut used, growths } = rest;
        self.refuse_again(store, growths)?;
        let is_done = self.run_for(store, &run, &mut used, left);
        let growths = self.take_growths(store)?;
        if is_done == Ok(false) {
            self.run = Some(Rest { run, used, growths });
        }
        is_done
    }

    fn run_for(
        &mut self,
        store: &mut Store,
        run: &Run,
        used: &mut u64,
        left: &mut u64,
    ) -> Result<bool, Failure> {
        loop {
            let missing = run.used.checked_sub(*used).ok_or(Failure::Diverged)?;
            if *left == 0 && missing > 0 {
                return Ok(false);
            }
            // An operation that takes more than a slice gets one of its size.
            let call = self.calls.get_mut(run.call).ok_or(Failure::Diverged)?;
            let most = missing.min((*left).max(call.execution.needs()));
            let more = call.execution.run_again(store, most).ok_or(Failure::Diverged)?;
            *used = used.saturating_add(more);
            *left = left.saturating_sub(more.max(1));
            let growths = self.cell(store)?.space.limiter().growths();
            if let Some(refused) = growths.and_then(Growths::failed) {
                return Err(Failure::Limit(refused));
            }
            let call = self.calls.get_mut(run.call).ok_or(Failure::Diverged)?;
            let end = call.execution.came_back().ok_or(Failure::Diverged)?;
            if *used == run.used && end == run.end {
                if let End::HostCall(_) = end {
                    self.host_calls = self.host_calls.saturating_add(1);
                    call.host_call = self.host_calls;
                }
                if matches!(end, End::Finished | End::Trapped)
                    && let Some(mut call) = self.calls.remove(run.call)
                    && let Some(trap) = call.execution.end_again(store)
                {
                    self.ended_at = trap.frames().clone();
                    self.trap = Some(trap);
                }
                return Ok(true);
            }
            // What it has not used must be enough for what comes next, which brings it on.
            let rest = run.used.saturating_sub(*used).min(call.execution.fuel());
            if end != End::Fuel
                || call.execution.needs() > rest
                || more == 0 && most >= call.execution.needs()
            {
                return Err(Failure::Diverged);
            }
        }
    }

    /// Has the guest be refused what it was refused before, while its code is run and no longer: others may have its memories.
    fn refuse_again(&self, store: &mut Store, refused: Again) -> Result<(), Failure> {
        let growths = self.cell(store)?.space.limiter_mut().growths_mut();
        growths.get_or_insert_with(|| Box::new(Growths::new(0))).replay(refused);
        Ok(())
    }

    fn take_growths(&self, store: &mut Store) -> Result<Again, Failure> {
        let cell = self.cell(store)?;
        let is_recorded = cell.recording.is_some();
        let growths = cell.space.limiter_mut().growths_mut();
        let again = growths.as_mut().and_then(|growths| growths.end_replay());
        if !is_recorded {
            *growths = None;
        }
        again.ok_or(Failure::Diverged)
    }
}

impl Call {
    /// Refuses a host call that would not have been let made here, if it waits for one.
    pub(super) fn check_depth(&self, store: &Store) -> Result<(), Failure> {
        match self.execution.check_depth(store).as_ref().and_then(|trap| trap.reason()) {
            Some(reason) => {
                Err(reason.downcast_ref().map_or(Failure::Diverged, |refused| Failure::Limit(*refused)))
            }
            None => Ok(()),
        }
    }
}
