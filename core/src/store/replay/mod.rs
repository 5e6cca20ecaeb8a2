//! Unparking: a guest does again what was recorded of it. See [`durable`](crate::durable).

mod again;

use super::{
    Level, Store,
    cell::Cell,
    instances::Instance,
    leavings::{Leaving, Leavings},
    recording::{constants, state_of, taken_bytes},
    snapshots::Parts,
};
use crate::{
    durable::{
        Parked, UnparkError, Waiting,
        acts::{self, Act, Run},
        under_way::UnderWay,
    },
    engine::Again,
    error::InstantiateError,
    limits::{InstanceLimits, LimitError, count, maximum},
    module::Module,
    snapshot::{RestoreError, Snapshot, plain::Reader},
    store::{environment::Environment, execution::Execution},
    types::{frames::Frames, ids::InstanceId, trap::Trap},
};
use alloc::{sync::Arc, vec::Vec};
use core::mem;

/// A guest that does again what was recorded before it was parked: [`Store::unpark`].
///
/// Nobody else has the guest before it is ready; what it imports others may have, and are not to change meanwhile. Dropping this gives it up.
#[derive(Debug)]
pub struct Replay {
    parked: Parked,
    /// The tag of the store.
    store: u64,
    /// The key of the instance.
    key: u32,
    parts: Arc<Parts>,
    leavings: Arc<Leavings>,
    /// Where in the acts it is, and at which.
    at: usize,
    act: u64,
    /// What is left to do of the act before.
    run: Option<Rest>,
    /// How many calls have begun, and those under way, by their numbers.
    begun: u32,
    calls: UnderWay<Call>,
    /// How many host calls were made.
    host_calls: u64,
    trap: Option<Trap>,
    ended_at: Frames,
    is_ended: bool,
}

#[derive(Debug)]
struct Call {
    is_start: bool,
    execution: Execution,
    /// The number of the host call that it made last.
    host_call: u64,
}

/// What is left to do of a run, of which so much fuel was used.
#[derive(Debug)]
struct Rest {
    run: Run,
    used: u64,
    growths: Again,
}

/// How far a [`Replay`] has come.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "there is no third")]
pub enum Replayed {
    /// Its slice is over: run it again.
    Going,
    /// The guest is where it was parked.
    Ready {
        /// The instance; `None` while its start function is under way, which is the first of the calls.
        instance: Option<InstanceId>,
        /// Its calls that are under way, in the order in which they began, so that each is nested in one before. Run it gives the
        /// same as when it was parked: its host call, or that it is out of fuel.
        calls: Vec<Execution>,
    },
}

/// Why an act could not be done.
#[derive(Debug, PartialEq)]
enum Failure {
    Diverged,
    Limit(LimitError),
}

/// What acts that are no runs take of a slice, and bytes of a write for a unit more.
const ACT_FUEL: u64 = 100;
const WRITTEN_BYTES: usize = 64;

impl Store {
    /// Makes a guest of the bytes of one that was parked, of the same module, once the replay that this returns has been
    /// [run](Replay::run) to its end. No import is called meanwhile.
    ///
    /// The environment gives what the module imports. Memories and variables in it are made what they were when the journal began; memories may be
    /// smaller but not larger than that. Constants have to be the same. The limits are those of the new instance, whose calls have to
    /// [overlap](InstanceLimits::with_overlapping_calls) or not as they did; with
    /// [`InstanceLimits::with_journal`] it is recorded further, and can be parked again. What it was limited to before need not be so
    /// here, but for growth that the store let it have, and the fuel that a call has left is cut to that of a new one.
    ///
    /// # Errors
    ///
    /// See [`UnparkError`].
    pub fn unpark(
        &mut self,
        module: &Module,
        environment: &Environment,
        parked: &Parked,
        limits: InstanceLimits,
    ) -> Result<Replay, UnparkError> {
        if !parked.is_of_engine() || module.is_outside() {
            return Err(UnparkError::OtherEngine);
        }
        if parked.identity() != module.identity() {
            return Err(UnparkError::OtherModule);
        }
        let len = taken_bytes(parked.as_bytes().len(), parked.waiting().count());
        maximum::parked_bytes(&self.limits).check(len).map_err(UnparkError::Limit)?;
        maximum::replay_fuel(&self.limits).check(parked.fuel()).map_err(UnparkError::Limit)?;
        let base = parked.base()?;
        if let Some(base) = &base {
            if base.identity() != module.identity() || !module.state().suits(base) {
                return Err(UnparkError::Corrupted);
            }
            let imported = environment.resolve(module)?;
            self.check_given(&imported, base).map_err(unrestored)?;
        }
        let (key, context) = self.link(module, environment, limits, 0)?;
        drop(context);
        match self.prepare_replay(key, parked, base) {
            Ok(parts) => Ok(Replay {
                parked: parked.clone(),
                store: self.tag,
                key,
                parts,
                leavings: Arc::clone(&self.leavings),
                at: 0,
                act: 0,
                run: None,
                begun: 0,
                calls: UnderWay::new(),
                host_calls: 0,
                trap: None,
                ended_at: Frames::NONE,
                is_ended: false,
            }),
            Err(error) => {
                self.discard(key);
                Err(error)
            }
        }
    }

    /// Makes a new instance what it was when its journal began.
    fn prepare_replay(
        &mut self,
        key: u32,
        parked: &Parked,
        base: Option<Snapshot>,
    ) -> Result<Arc<Parts>, UnparkError> {
        let engine = || UnparkError::Instantiate(InstantiateError::Engine);
        let Self { instances, cells, .. } = self;
        let Instance { context, imported_globals, .. } = instances.get(key).map_err(|_| engine())?;
        let cell = cells.get_mut(context.cell).map_err(|_| engine())?;
        if parked.constants() != Some(constants(&mut *cell.space, &context.module, imported_globals)) {
            return Err(UnparkError::State);
        }
        if let Some(base) = &base {
            self.restore_unrecorded(key, base).map_err(unrestored)?;
        }
        if self.recording(key).is_some() {
            self.begin_journal(key, base);
        }
        let Self { instances, cells, .. } = self;
        let Instance { body, context, .. } = instances.get_mut(key).map_err(|_| engine())?;
        let cell = cells.get_mut(context.cell).map_err(|_| engine())?;
        body.parts(&context.module, cell).ok_or_else(engine)
    }
}

impl Replay {
    /// Lets the guest do again what was recorded, until it has used so much fuel, or is where it was.
    ///
    /// # Errors
    ///
    /// [`UnparkError::Diverged`] and [`UnparkError::Limit`]: the guest is given up, and the store is as it was, but for what the environment gave.
    /// [`UnparkError::OtherStore`] where `store` is not the one that it was begun in; [`UnparkError::Ended`] where this has returned
    /// something else than [`Replayed::Going`] before.
    pub fn run(&mut self, store: &mut Store, slice: u64) -> Result<Replayed, UnparkError> {
        if store.tag != self.store {
            return Err(UnparkError::OtherStore);
        }
        if self.is_ended {
            return Err(UnparkError::Ended);
        }
        self.apart(store, |replay, store| {
            let outcome = match replay.go_on(store, slice) {
                Ok(true) => replay.finish(store),
                Ok(false) => return Ok(Replayed::Going),
                Err(failure) => Err(failure),
            };
            replay.is_ended = true;
            outcome.map_err(|failure| {
                let act = replay.act;
                replay.give_up(store);
                match failure {
                    Failure::Diverged => UnparkError::Diverged { act },
                    Failure::Limit(refused) => UnparkError::Limit(refused),
                }
            })
        })
    }

    /// Whatever is served meanwhile, it is nested in nothing but its own calls.
    fn apart<T>(&mut self, store: &mut Store, act: impl FnOnce(&mut Self, &mut Store) -> T) -> T {
        let mut leave = store.leave_later(false);
        let (store, outer) = leave.parts();
        store.level = Level { depth: 0, fuel: None, serving: outer.serving };
        act(self, store)
    }

    /// Gives the guest up, if it is not ready, and frees what it holds. Dropping this does the same, but then its memory may stay until the store is
    /// next used.
    ///
    /// # Errors
    ///
    /// [`UnparkError::OtherStore`] where `store` is not the one that it was begun in.
    pub fn cancel(&mut self, store: &mut Store) -> Result<(), UnparkError> {
        if store.tag != self.store {
            return Err(UnparkError::OtherStore);
        }
        if !mem::replace(&mut self.is_ended, true) {
            self.apart(store, Self::give_up);
        }
        Ok(())
    }

    /// Takes the trap that a call of the guest ended by last, as far as the replay has come: with its frames where the module was
    /// [compiled with frames](crate::CompileOptions::with_frames), whether it was so where the guest was recorded or not.
    #[must_use]
    pub const fn take_trap(&mut self) -> Option<Trap> {
        self.trap.take()
    }

    /// Where the call was that ended last without results, by a trap or because its supervisor ended it, as it does where an import fails: its
    /// [`Frames`], as of [`Replay::take_trap`].
    #[must_use]
    pub const fn ended_at(&self) -> &Frames {
        &self.ended_at
    }

    /// Whether all is done.
    fn go_on(&mut self, store: &mut Store, slice: u64) -> Result<bool, Failure> {
        let mut left = slice;
        let parked = self.parked.clone();
        loop {
            if let Some(rest) = self.run.take() {
                if !self.run_call(store, rest, &mut left)? {
                    return Ok(false);
                }
                self.act = self.act.saturating_add(1);
            }
            let rest = parked.acts().get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(true);
            }
            if left == 0 {
                return Ok(false);
            }
            let mut reader = Reader(rest);
            // All of them were read before.
            let act = acts::act(&mut reader).ok_or(Failure::Diverged)?;
            self.at = parked.acts().len().saturating_sub(reader.0.len());
            if let Act::Run(run) = act {
                self.begin_run(store, run)?;
                continue;
            }
            let written = if let Act::Write { bytes, .. } = act { bytes.len() / WRITTEN_BYTES } else { 0 };
            left = left.saturating_sub(count(written).saturating_add(ACT_FUEL));
            self.apply(store, act)?;
            self.act = self.act.saturating_add(1);
        }
    }

    fn cell<'a>(&self, store: &'a mut Store) -> Result<&'a mut Cell, Failure> {
        let instance = store.instances.get(self.key).map_err(|_| Failure::Diverged)?;
        store.cells.get_mut(instance.context.cell).map_err(|_| Failure::Diverged)
    }

    /// Gives the guest its id, if it is what it was.
    fn finish(&mut self, store: &mut Store) -> Result<Replayed, Failure> {
        let cell = self.cell(store)?;
        if self.parked.state().is_some_and(|state| state_of(&mut *cell.space, &self.parts) != Some(state)) {
            return Err(Failure::Diverged);
        }
        if !self.is_where_it_was() {
            return Err(Failure::Diverged);
        }
        let instance = store.instances.get(self.key).map_err(|_| Failure::Diverged)?;
        let most = instance.context.bounds.limits.fuel.unwrap_or(maximum::fuel(&store.limits));
        let has_started = !self.calls.iter().any(|call| call.is_start);
        self.calls.iter().try_for_each(|call| call.check_depth(store))?;
        let id = if has_started { Some(store.publish(self.key).ok_or(Failure::Diverged)?) } else { None };
        let mut calls: Vec<_> =
            mem::replace(&mut self.calls, UnderWay::new()).into_all().map(|call| call.execution).collect();
        calls.iter_mut().for_each(|call| call.live_on(id.ok_or(self.key), most));
        Ok(Replayed::Ready { instance: id, calls })
    }

    /// Whether each call waits for what it waited for.
    fn is_where_it_was(&self) -> bool {
        let mut waiting = self.parked.waiting();
        let all = self.calls.iter().all(|call| {
            let waits = call.execution.waits_for();
            match waiting.next() {
                Some(Waiting::Fuel) => waits.is_none(),
                Some(Waiting::HostCall { module, name, number }) => waits.is_some_and(|waits| {
                    (waits.import.module(), waits.import.name(), call.host_call) == (module, name, number)
                }),
                None => false,
            }
        });
        all && waiting.next().is_none()
    }

    /// Lets go of the guest.
    fn give_up(&mut self, store: &mut Store) {
        // The innermost first.
        while let Some(mut call) = self.calls.pop() {
            call.execution.cancel(store);
        }
        store.discard(self.key);
        store.sweep();
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        if !self.is_ended {
            self.leavings.add(Leaving::Instance(self.key));
        }
    }
}

/// What it means that an instance could not be made what it was.
fn unrestored(error: RestoreError) -> UnparkError {
    match error {
        RestoreError::Grown | RestoreError::Maximum => UnparkError::State,
        error => UnparkError::Instantiate(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        durable::format::{self, Contents},
        types::value::{V128, Value},
    };

    #[test]
    fn a_global_is_set_to_nothing_but_what_it_can_have() {
        let bytes = wat::parse_str(r#"(module (global (export "g") (mut i32) (i32.const 0)))"#).unwrap();
        let module = Module::new(&bytes).unwrap();
        let vector = Value::V128(V128([1; 16]));
        let values = [Value::I64(5), Value::F32(5), vector, Value::FuncRef(None), Value::ExternRef(None)];
        for value in [Value::I32(5)].into_iter().chain(values) {
            let mut acts = Vec::new();
            acts::push_set(&mut acts, 0, value).unwrap();
            let parked = format::write(&Contents {
                identity: module.identity(),
                constants: &[],
                base: None,
                state: None,
                waiting: &[],
                acts: &acts,
            });
            let mut store = Store::new();
            let unparking =
                store.unpark(&module, &Environment::new(), &parked.unwrap(), InstanceLimits::new());
            let replayed = unparking.unwrap().run(&mut store, u64::MAX);
            assert_eq!(replayed.is_ok(), value == Value::I32(5), "{value:?}");
        }
    }
}
