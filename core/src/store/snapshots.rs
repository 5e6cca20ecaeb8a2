//! Snapshots: taking them, restoring them, new instances from them.

use super::{Store, instances::Instance, memories::pages_of};
use crate::{
    engine::{self, Global, Memory, Space},
    error::InstantiateError,
    limits::{Bounds, InstanceLimits, Limits, maximum},
    module::Module,
    snapshot::{ForkError, RestoreError, Snapshot, SnapshotError, Uncapturable, format, plain::Plain},
    store::{
        cell::Cell,
        environment::{Environment, Resolved},
    },
    types::ids::InstanceId,
};
use alloc::{sync::Arc, vec::Vec};

/// What of an instance a snapshot has, in its order.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) memories: Vec<Memory>,
    pub(super) globals: Vec<Global>,
}

impl Parts {
    /// `None` where the engine does not have what was exported for this; that does not happen.
    pub(super) fn of(module: &Module, instance: engine::Instance, space: &mut dyn Space) -> Option<Self> {
        let state = module.state();
        let memories = state.memories.iter().map(|memory| space.memory(instance, &memory.export));
        let memories = memories.collect::<Option<_>>()?;
        let globals = state.globals.iter().map(|global| space.global(instance, &global.export));
        Some(Self { memories, globals: globals.collect::<Option<_>>()? })
    }
}

impl Store {
    /// Captures the state of an instance: its memories, imported ones too, and its mutable
    /// globals.
    ///
    /// Takes a look at each byte of the memories, and a copy of what is not zero.
    ///
    /// # Errors
    ///
    /// See [`SnapshotError`]. While a call of the instance is under way, also one that only
    /// waits, there is no snapshot of it; nor of one that it shares something with.
    pub fn snapshot(&mut self, instance: InstanceId) -> Result<Snapshot, SnapshotError> {
        self.settle_chain(instance)?;
        let key = instance.key();
        let instance = self.instance(instance)?;
        instance.is_capturable()?;
        if self.is_busy(instance) {
            return Err(SnapshotError::Busy);
        }
        self.capture(key)
    }

    /// The snapshot of an instance of which no call is under way.
    pub(super) fn capture(&mut self, key: u32) -> Result<Snapshot, SnapshotError> {
        let Instance { body, context, .. } =
            self.instances.get_mut(key).map_err(|_| SnapshotError::Engine)?;
        let cell = self.cells.get_mut(context.cell).map_err(|_| SnapshotError::Engine)?;
        let parts = body.parts(&context.module, cell).ok_or(SnapshotError::Engine)?;
        let globals = parts.globals.iter().map(|global| Plain::try_from(cell.space.get(*global)?).ok());
        let globals = globals.collect::<Option<Vec<_>>>().ok_or(SnapshotError::Engine)?;
        let memories = parts.memories.iter().map(|memory| cell.space.contents(*memory));
        let memories = memories.collect::<Option<Vec<_>>>().ok_or(SnapshotError::OutOfSystemMemory)?;
        let memories: Vec<_> = memories.iter().map(|memory| &**memory).collect();
        format::write(context.module.identity(), &memories, &globals).ok_or(SnapshotError::OutOfSystemMemory)
    }

    /// Makes an instance what it was when the snapshot was taken, of it or of another instance of
    /// the same module. This is how to reset a guest between two requests.
    ///
    /// Memories are written in place: the time is that of copying them, and nothing is allocated
    /// for it. Imported memories are written as well, so whoever shares them sees it.
    ///
    /// No memory can be made smaller in place. Where one has grown past its size in the snapshot,
    /// the instance is made anew behind its id, beside the old one until it is complete, and so
    /// are the memories that it imports. Of the pages that it may take in its life, see
    /// [`InstanceLimits`], it then has taken those of its own memories. Where another live instance shares one of them this is
    /// [`RestoreError::Grown`].
    ///
    /// # Errors
    ///
    /// See [`RestoreError`]. The instance is as it was.
    pub fn restore(&mut self, instance: InstanceId, snapshot: &Snapshot) -> Result<(), RestoreError> {
        self.settle_chain(instance)?;
        let body = self.instance(instance)?;
        check(&body.context.module, snapshot)?;
        body.is_capturable()?;
        if self.is_busy(body) {
            return Err(RestoreError::Busy);
        }
        self.restore_idle(instance.key(), snapshot)
    }

    /// Makes an instance in the state of a snapshot. Its start function does not run.
    ///
    /// The environment gives all that the module imports. Memories in it are made what they were
    /// in the snapshot; they may be smaller but not larger than that.
    ///
    /// # Errors
    ///
    /// See [`InstantiateError`]; [`InstantiateError::Snapshot`] where the snapshot does not fit.
    pub fn instantiate_from(
        &mut self,
        module: &Module,
        environment: &Environment,
        snapshot: &Snapshot,
    ) -> Result<InstanceId, InstantiateError> {
        self.instantiate_from_with(module, environment, snapshot, InstanceLimits::new())
    }

    /// Makes an instance as [`Store::instantiate_from`] does, under limits of its own. Its memories
    /// count as large as they are in the snapshot.
    ///
    /// # Errors
    ///
    /// See [`InstantiateError`].
    pub fn instantiate_from_with(
        &mut self,
        module: &Module,
        environment: &Environment,
        snapshot: &Snapshot,
        limits: InstanceLimits,
    ) -> Result<InstanceId, InstantiateError> {
        check(module, snapshot)?;
        let imported = environment.resolve(module)?;
        self.check_given(&imported, snapshot)?;
        let (key, _) = self.link(module, environment, limits, 0)?;
        if let Err(error) = self.restore_idle(key, snapshot) {
            self.discard(key);
            return Err(error.into());
        }
        self.publish(key).ok_or(InstantiateError::IdsExhausted)
    }

    /// Makes a second instance in the state of the first, with memories of its own. Its start
    /// function does not run.
    ///
    /// Imported functions and the limits of the instance are what they are for the first. Imported memories the environment must
    /// give; they are made what the first's are, and may be smaller but not larger.
    ///
    /// # Errors
    ///
    /// See [`ForkError`].
    pub fn fork(&mut self, instance: InstanceId, environment: &Environment) -> Result<InstanceId, ForkError> {
        let snapshot = self.snapshot(instance)?;
        let context = Arc::clone(&self.instance(instance).map_err(SnapshotError::from)?.context);
        let module = context.module.clone();
        let mut environment = environment.clone();
        for (import, index) in module.imported_functions().zip(&context.functions) {
            environment.set_function(import.module().as_bytes(), import.name().as_bytes(), *index);
        }
        let limits = context.bounds.limits;
        drop(context);
        Ok(self.instantiate_from_with(&module, &environment, &snapshot, limits)?)
    }

    /// Whether a call is under way in an instance or in one that it shares something with.
    fn is_busy(&self, instance: &Instance) -> bool {
        let is_alone = |cell: &Cell| Arc::strong_count(&cell.ticket) == 2;
        let context = &instance.context;
        if Arc::strong_count(&instance.context) > 1 {
            return true;
        }
        !self.cells.get(context.cell).is_ok_and(is_alone) && self.is_cell_busy(context.cell)
    }

    /// Whether a call is under way in a cell, of a live instance or of one that was torn down.
    fn is_cell_busy(&self, key: u32) -> bool {
        let Ok(cell) = self.cells.get(key) else { return false };
        let idle =
            |instance: &Instance| instance.context.cell == key && Arc::strong_count(&instance.context) == 1;
        let idle = self.instances.iter().filter(|(_, instance)| idle(instance)).count();
        // Each context has a ticket, and so has the cell.
        idle.saturating_add(1) < Arc::strong_count(&cell.ticket)
    }

    /// Refuses memories for a new instance that a snapshot cannot be restored into, before
    /// anything is written to them.
    pub(super) fn check_given(&self, imported: &Resolved, snapshot: &Snapshot) -> Result<(), RestoreError> {
        // What does not exist is found when the imports are linked.
        for (id, pages) in imported.memories().zip(snapshot.memory_pages()) {
            if self.memory_size(id).is_ok_and(|size| size > pages) {
                return Err(RestoreError::Grown);
            }
        }
        let cells = imported.things.iter().filter_map(|(_, thing)| self.cell_of(*thing).ok()?);
        if cells.into_iter().any(|cell| self.is_cell_busy(cell)) {
            return Err(RestoreError::Busy);
        }
        Ok(())
    }

    fn restore_idle(&mut self, key: u32, snapshot: &Snapshot) -> Result<(), RestoreError> {
        let is_recorded = self.recording(key).is_some();
        self.restore_unrecorded(key, snapshot)?;
        if is_recorded {
            self.begin_journal(key, Some(snapshot.clone()));
        }
        Ok(())
    }

    /// The same, where a journal is not to begin anew.
    pub(super) fn restore_unrecorded(&mut self, key: u32, snapshot: &Snapshot) -> Result<(), RestoreError> {
        match self.try_restore(key, snapshot) {
            Err(RestoreError::Limit(refused)) if self.reclaim(refused.as_ref()) => {
                self.try_restore(key, snapshot)
            }
            outcome => outcome,
        }
    }

    fn try_restore(&mut self, key: u32, snapshot: &Snapshot) -> Result<(), RestoreError> {
        let Self { instances, cells, limits, .. } = self;
        let Instance { body, context, .. } = instances.get_mut(key).map_err(|_| RestoreError::Engine)?;
        let cell = cells.get_mut(context.cell).map_err(|_| RestoreError::Engine)?;
        let parts = body.parts(&context.module, cell).ok_or(RestoreError::Engine)?;
        let sizes = parts.memories.iter().map(|memory| pages_of(cell.space.len(*memory)));
        if sizes.zip(snapshot.memory_pages()).any(|(size, pages)| size > pages) {
            let is_shared = Arc::strong_count(&cell.ticket) > 2;
            return if is_shared { Err(RestoreError::Grown) } else { self.rebuild(key, &parts, snapshot) };
        }
        write(cell, &parts, snapshot, limits, &context.bounds)
    }
}

impl Instance {
    /// Whether all of its state can be captured.
    fn is_capturable(&self) -> Result<(), Uncapturable> {
        if self.shares_tables { Err(Uncapturable::Table) } else { self.context.module.is_capturable() }
    }
}

/// Whether a snapshot is one of a module's instances.
fn check(module: &Module, snapshot: &Snapshot) -> Result<(), RestoreError> {
    if snapshot.identity() != module.identity() {
        return Err(RestoreError::OtherModule);
    }
    module.is_capturable()?;
    if module.state().suits(snapshot) { Ok(()) } else { Err(RestoreError::Shape) }
}

/// Writes a snapshot into an instance none of whose memories is larger.
pub(super) fn write(
    cell: &mut Cell,
    parts: &Parts,
    snapshot: &Snapshot,
    limits: &Limits,
    bounds: &Bounds,
) -> Result<(), RestoreError> {
    grow(cell, parts, snapshot, limits, bounds)?;
    let mut runs = snapshot.runs();
    for (memory, header) in parts.memories.iter().zip(snapshot.memories()) {
        let mut restore = |bytes: &mut [u8]| format::restore(bytes, runs.by_ref().take(header.runs));
        if !cell.space.change(*memory, &mut restore) {
            return Err(RestoreError::OutOfSystemMemory);
        }
    }
    for (global, value) in parts.globals.iter().zip(snapshot.globals()) {
        // It is mutable and of the value's type: what was exported was, and the types were compared.
        if !cell.space.set(*global, value) {
            return Err(RestoreError::Engine);
        }
    }
    Ok(())
}

/// Grows memories to their sizes in the snapshot. All is checked before the first one grows.
fn grow(
    cell: &mut Cell,
    parts: &Parts,
    snapshot: &Snapshot,
    limits: &Limits,
    bounds: &Bounds,
) -> Result<(), RestoreError> {
    let missing =
        |cell: &Cell, memory: &Memory, pages: u32| pages.saturating_sub(pages_of(cell.space.len(*memory)));
    let memories = || parts.memories.iter().zip(snapshot.memory_pages());
    let mut total = 0_u32;
    for (memory, pages) in memories() {
        let more = missing(cell, memory, pages);
        if more == 0 {
            continue;
        }
        if cell.space.maximum(*memory).is_some_and(|maximum| pages > maximum) {
            return Err(RestoreError::Maximum);
        }
        maximum::memory_pages(limits).check(pages.into())?;
        total = total.saturating_add(more);
    }
    if total == 0 {
        return Ok(());
    }
    cell.space.limiter_mut().begin_for_supervisor(bounds);
    cell.space.limiter().check(total)?;
    for (memory, pages) in memories() {
        let more = missing(cell, memory, pages);
        if more > 0 && !cell.space.grow(*memory, more) {
            let refusal = cell.space.limiter_mut().take_refusal();
            return Err(refusal.map_or(RestoreError::OutOfSystemMemory, RestoreError::from));
        }
    }
    Ok(())
}
