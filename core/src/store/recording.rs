//! Recording guests: the doors by which a supervisor changes one, and parking it. See [`durable`](crate::durable).

use super::{Store, instances::Instance, memories::pages_of, snapshots::Parts};
use crate::{
    durable::{
        ParkError, Parked, Waiting, acts,
        format::{self, Contents},
        journal::{Journal, Stop},
    },
    engine::{Global, Growths, Memory, Space},
    error::HandleError,
    limits::{count, maximum},
    module::Module,
    snapshot::Snapshot,
    store::{cell::Cell, execution::Execution},
    types::{externs::ExternType, ids::InstanceId, value::Value},
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use twox_hash::XxHash3_64;

/// What is known of a guest that is recorded. It is the only one in its cell.
#[derive(Debug)]
pub(crate) struct Recording {
    /// The key of the instance.
    pub(super) key: u32,
    parts: Arc<Parts>,
    /// What it was when the journal began, if not what every new instance is.
    base: Option<Snapshot>,
    /// The values of the constants that it imports.
    constants: Vec<Value>,
    pub(crate) journal: Journal,
    /// Numbers of its memories that are known by which of them they are of.
    known: Vec<(Memory, u32)>,
    lent: Option<Lent>,
}

/// A memory that was given out to be written to.
#[derive(Debug)]
struct Lent {
    memory: u32,
    /// Of each of its blocks, as it was then.
    hashes: Vec<u64>,
}

/// What is changed in a memory that was given out is noted by so many bytes.
const BLOCK_BYTES: usize = 1 << 10;

impl Recording {
    /// Which of its memories a number is of.
    fn memory(&mut self, space: &dyn Space, memory: Memory) -> Option<u32> {
        if let Some((_, at)) = self.known.iter().find(|(known, _)| *known == memory) {
            return Some(*at);
        }
        let at = self.parts.memories.iter().position(|part| space.is_same(*part, memory))?;
        let at = u32::try_from(at).ok()?;
        self.known.push((memory, at));
        Some(at)
    }

    /// Bytes were written to a memory.
    pub(super) fn write(&mut self, space: &dyn Space, memory: Memory, offset: u32, bytes: &[u8]) {
        if let Some(at) = self.memory(space, memory) {
            self.journal.write(at, offset, bytes);
        }
    }

    /// A memory was grown by the supervisor.
    pub(super) fn grow(&mut self, space: &dyn Space, memory: Memory, pages: u32) {
        if let Some(at) = self.memory(space, memory) {
            self.journal.grow(at, pages);
        }
    }

    /// A global was set by the supervisor.
    pub(super) fn set(&mut self, space: &dyn Space, global: Global, value: Value) {
        let at = self.parts.globals.iter().position(|part| space.is_same_global(*part, global));
        match at.and_then(|at| u32::try_from(at).ok()) {
            Some(at) => self.journal.set(at, value),
            None => self.journal.stop(Stop::Reference),
        }
    }

    /// A memory is given out to be written to.
    pub(super) fn lend(&mut self, space: &dyn Space, memory: Memory) {
        if self.journal.is_stopped() {
            return;
        }
        let Some(at) = self.memory(space, memory) else { return };
        if self.lent.as_ref().is_some_and(|lent| lent.memory == at) {
            return;
        }
        self.note_lent(space);
        let bytes = space.bytes(memory);
        let mut hashes = Vec::new();
        if hashes.try_reserve_exact(bytes.len().div_ceil(BLOCK_BYTES)).is_err() {
            return self.journal.stop(Stop::OutOfMemory);
        }
        hashes.extend(bytes.chunks(BLOCK_BYTES).map(XxHash3_64::oneshot));
        self.lent = Some(Lent { memory: at, hashes });
    }

    /// Notes what has changed in a memory that was given out.
    #[inline]
    pub(crate) fn note_lent(&mut self, space: &dyn Space) {
        if let Some(lent) = self.lent.take() {
            self.note_changed(space, &lent);
        }
    }

    #[cold]
    fn note_changed(&mut self, space: &dyn Space, lent: &Lent) {
        let at = crate::limits::to_usize(lent.memory);
        let Some(memory) = self.parts.memories.get(at) else { return };
        let mut offset = 0_u32;
        for (block, hash) in space.bytes(*memory).chunks(BLOCK_BYTES).zip(&lent.hashes) {
            if XxHash3_64::oneshot(block) != *hash {
                self.journal.write(lent.memory, offset, block);
            }
            offset = offset.saturating_add(u32::try_from(block.len()).unwrap_or(u32::MAX));
        }
    }
}

impl Cell {
    /// Notes nothing more of the guest here that is recorded, if one is.
    pub(super) fn stop_recording(&mut self, stop: Stop) {
        if let Some(recording) = &mut self.recording {
            recording.journal.stop(stop);
        }
    }
}

impl Store {
    /// Records a guest from now on, so that it can be parked: its journal begins, again if there is one, with a snapshot of it. While calls are
    /// under way there is none; a guest is recorded from its birth by [`InstanceLimits::with_journal`](crate::InstanceLimits::with_journal).
    ///
    /// The journal has at most [`Limits::journal_bytes`](crate::Limits); begin it anew, by this or by [`Store::restore`], where it would grow for ever. It
    /// ends with the guest.
    ///
    /// # Errors
    ///
    /// [`ParkError::Instance`], [`ParkError::Snapshot`] as of [`Store::snapshot`], and [`ParkError::SharedMemory`]. Nothing has changed then.
    pub fn record(&mut self, instance: InstanceId) -> Result<(), ParkError> {
        if self.instance(instance)?.context.module.is_outside() {
            return Err(ParkError::Engine);
        }
        let snapshot = self.snapshot(instance)?;
        if !self.is_alone(instance.key()) {
            return Err(ParkError::SharedMemory);
        }
        self.begin_journal(instance.key(), Some(snapshot));
        Ok(())
    }

    /// Makes bytes of a guest, with all its calls that are under way: those that wait for host calls, also for one that is being
    /// served, and those that are out of fuel or between slices. The guest goes on as before.
    ///
    /// Takes a copy of the journal; and where nothing was done since a call has begun to wait, a look at each byte of the memories.
    ///
    /// # Errors
    ///
    /// See [`ParkError`].
    pub fn park(&mut self, instance: InstanceId) -> Result<Parked, ParkError> {
        self.instance(instance)?;
        self.park_key(instance.key())
    }

    /// Parks the instance with a key, which may not have started.
    pub(crate) fn park_key(&mut self, key: u32) -> Result<Parked, ParkError> {
        let Self { instances, cells, limits, .. } = self;
        let context = &instances.get(key).map_err(HandleError::from)?.context;
        let cell = cells.get_mut(context.cell).map_err(HandleError::from)?;
        if let Some(chain) = &context.chain {
            chain.settle(&mut *cell.space);
        }
        let Cell { space, recording, .. } = cell;
        let recording = recording.as_deref_mut();
        // Another one is recorded in its place.
        if recording.as_ref().is_some_and(|recording| recording.key != key) {
            return Err(ParkError::SharedMemory);
        }
        let Recording { parts, base, constants, journal, .. } = {
            let recording = recording.ok_or(ParkError::NotRecorded)?;
            recording.note_lent(&**space);
            recording
        };
        let taken = journal.take()?;
        let waiting = taken.live.iter().map(|live| match live.waits {
            Some(waits) => {
                let import = context.module.imported_function(waits.ordinal)?;
                Some(Waiting::HostCall { module: import.module(), name: import.name(), number: waits.number })
            }
            None => Some(Waiting::Fuel),
        });
        let contents = Contents {
            identity: context.module.identity(),
            constants,
            base: base.as_ref(),
            state: if taken.is_all { state_of(&mut **space, parts) } else { None },
            // Each calls an import of its own module, as it is alone.
            waiting: &waiting.collect::<Option<Vec<_>>>().ok_or(ParkError::SharedMemory)?,
            acts: taken.acts,
        };
        let len = base.as_ref().map_or(0, |base| base.as_bytes().len()).saturating_add(taken.acts.len());
        let most = maximum::parked_bytes(limits);
        let calls = taken.live.len();
        most.check(taken_bytes(len, calls)).map_err(ParkError::Limit)?;
        let parked = format::write(&contents).ok_or(ParkError::OutOfSystemMemory)?;
        most.check(taken_bytes(parked.as_bytes().len(), calls)).map_err(ParkError::Limit)?;
        Ok(parked)
    }

    /// Records an instance that was just made, before its start function.
    pub(super) fn record_birth(&mut self, key: u32) {
        let Ok(Instance { imported, context, .. }) = self.instances.get(key) else { return };
        let (module, imports_any) = (context.module.clone(), !imported.is_empty());
        let is_alone = self.is_alone(key);
        let base = if imports_any && is_alone { self.capture(key).ok() } else { None };
        let is_captured = base.is_some() || !imports_any;
        let has_reference = module.imports().iter().any(|import| match import.ty() {
            ExternType::Global(ty) => ty.mutable && ty.value.is_reference(),
            _ => false,
        });
        self.begin_journal(key, base);
        let stop = match (is_alone, has_reference, is_captured) {
            (false, ..) => Stop::Shared,
            (_, true, _) => Stop::Reference,
            (.., false) => Stop::OutOfMemory,
            _ => return,
        };
        if let Some(recording) = self.recording(key) {
            recording.journal.stop(stop);
        }
    }

    /// Begins the journal of an instance, which was such as a snapshot has it.
    pub(super) fn begin_journal(&mut self, key: u32, base: Option<Snapshot>) {
        let Self { instances, cells, limits, .. } = self;
        let Ok(Instance { body, context, imported_globals, .. }) = instances.get_mut(key) else { return };
        let Ok(cell) = cells.get_mut(context.cell) else { return };
        // The engine has all that was exported for this.
        let Some(parts) = body.parts(&context.module, cell) else { return };
        let constants = constants(&mut *cell.space, &context.module, imported_globals);
        let most = maximum::journal_bytes(limits);
        let mut journal = Journal::new(most, context.chain.is_some());
        if constants.iter().any(|value| value.refers()) {
            journal.stop(Stop::Reference);
        }
        if context.module.is_outside() {
            journal.stop(Stop::Outside);
        }
        let room = usize::try_from(most.value).unwrap_or(usize::MAX);
        *cell.space.limiter_mut().growths_mut() = Some(Box::new(Growths::new(room)));
        cell.recording =
            Some(Box::new(Recording { key, parts, base, constants, journal, known: Vec::new(), lent: None }));
    }

    /// The recording of an instance.
    pub(super) fn recording(&mut self, key: u32) -> Option<&mut Recording> {
        let cell = self.instances.get(key).ok()?.context.cell;
        let recording = self.cells.get_mut(cell).ok()?.recording.as_deref_mut();
        recording.filter(|recording| recording.key == key)
    }

    /// Records an instance no more.
    pub(super) fn end_recording(&mut self, home: u32, key: u32) {
        if let Ok(cell) = self.cells.get_mut(home)
            && cell.recording.as_ref().is_some_and(|recording| recording.key == key)
        {
            cell.recording = None;
            *cell.space.limiter_mut().growths_mut() = None;
        }
    }

    /// Whether an instance, of which no call is under way, is all that changes what it has.
    fn is_alone(&self, key: u32) -> bool {
        let Ok(Instance { context, imported, .. }) = self.instances.get(key) else { return false };
        let is_only = |cell: &Cell| Arc::strong_count(&cell.ticket) == 2;
        let imports_table = imported.iter().any(|thing| thing.table().is_some());
        !imports_table && self.cells.get(context.cell).is_ok_and(is_only)
    }
}

impl Execution {
    /// Parks the guest that it is a call of, with all its calls, as [`Store::park`] does: also while its start function is under way, when
    /// it has no id yet.
    ///
    /// # Errors
    ///
    /// See [`ParkError`].
    pub fn park(&self, store: &mut Store) -> Result<Parked, ParkError> {
        store.park_key(self.key_in(store)?)
    }
}

/// What so many bytes of a parked guest take of the limit, with the calls that are under way.
pub(super) fn taken_bytes(len: usize, calls: usize) -> u64 {
    const CALL_BYTES: u64 = 1 << 10;
    count(len).saturating_add(count(calls).saturating_mul(CALL_BYTES))
}

/// The values of the constants that an instance imports.
pub(super) fn constants(space: &mut dyn Space, module: &Module, imported: &[Global]) -> Vec<Value> {
    let types = module.imports().iter().filter_map(|import| import.ty().as_global());
    let constants = imported.iter().zip(types).filter(|(_, ty)| !ty.mutable);
    constants.filter_map(|(global, _)| space.get(*global)).collect()
}

/// The hash of what a guest is. `None` where the engine has not what was exported for this; that does not happen.
pub(super) fn state_of(space: &mut dyn Space, parts: &Parts) -> Option<u64> {
    let mut state = Vec::new();
    for global in &parts.globals {
        acts::push_value(&mut state, space.get(*global)?).ok()?;
    }
    for memory in &parts.memories {
        let bytes = space.bytes(*memory);
        state.extend_from_slice(&pages_of(bytes.len()).to_le_bytes());
        state.extend_from_slice(&XxHash3_64::oneshot(bytes).to_le_bytes());
    }
    Some(XxHash3_64::oneshot(&state))
}
