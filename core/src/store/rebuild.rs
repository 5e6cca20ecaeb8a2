//! Making an instance anew behind its id, where restoring a snapshot has to make memories smaller.

use super::{
    Store,
    instances::Body,
    memories::Place,
    snapshots::{Parts, write},
};
use crate::{
    engine::Memory,
    error::{InstantiateError, MemoryError},
    limits::budget::Charge,
    snapshot::{RestoreError, Snapshot},
    store::{cell::Cell, execution::Context},
    types::ids::MemoryId,
};
use alloc::{sync::Arc, vec::Vec};

impl Store {
    /// Makes an instance anew, in the state of a snapshot, in a cell of its own.
    ///
    /// It must be the only one in its old cell, with the engine's `parts`. Nothing is changed
    /// before the new one is complete.
    pub(super) fn rebuild(
        &mut self,
        key: u32,
        parts: &Parts,
        snapshot: &Snapshot,
    ) -> Result<(), RestoreError> {
        let tag = self.tag;
        let instance = self.instances.get(key).map_err(|_| RestoreError::Engine)?;
        let imported = instance.memories.clone();
        let (old, module) = (instance.context.cell, instance.context.module.clone());
        let bounds = instance.context.bounds.limits.bounds();
        let mut cell = Cell::new(&module, &self.limits, &self.budgets, &self.leavings);
        let memories = self.remake(&mut cell, old, &imported, parts, snapshot)?;
        let ticket = Arc::clone(&cell.ticket);
        let new = self.cells.insert(cell).map_err(|_| RestoreError::IdsExhausted)?;
        let made = self.make(&module, new, &memories, &bounds).map_err(explain).and_then(|handle| {
            let cell = self.cells.get_mut(new).map_err(|_| RestoreError::Engine)?;
            let mut body = Body::new(&module, handle, cell);
            let parts = body.parts(&module, cell).ok_or(RestoreError::Engine)?;
            write(cell, &parts, snapshot, &self.limits, &bounds)?;
            let (recorder, chain) = body.for_calls((tag, key), &module, &bounds, cell);
            Ok((body, recorder, chain))
        });
        // What was made stays in the new cell, which goes with it.
        let made =
            made.and_then(|made| Ok((made, self.instances.get_mut(key).map_err(|_| RestoreError::Engine)?)));
        let ((body, recorder, chain), instance) = match made {
            Ok(made) => made,
            Err(error) => {
                let _unfinished = self.cells.remove(new);
                return Err(error);
            }
        };
        instance.body = body;
        let Context { functions, memory, .. } = &*instance.context;
        let (functions, memory) = (functions.clone(), *memory);
        instance.context = Arc::new(Context {
            cell: new,
            ticket,
            module: module.clone(),
            functions,
            memory,
            recorder,
            chain,
            bounds,
        });
        for (id, memory) in imported.iter().zip(memories) {
            self.rebind(*id, old, new, memory);
        }
        self.bury(old, &module);
        self.settle(old);
        Ok(())
    }

    /// Makes the memories that an instance imports once more, of the sizes in the snapshot. What
    /// was one memory stays one.
    fn remake(
        &self,
        cell: &mut Cell,
        old: u32,
        imported: &[MemoryId],
        parts: &Parts,
        snapshot: &Snapshot,
    ) -> Result<Vec<Memory>, RestoreError> {
        let space = &self.cells.get(old).map_err(|_| RestoreError::Engine)?.space;
        let mut made: Vec<((&MemoryId, &Memory), u32, Memory)> = Vec::new();
        // One that another guest exports twice has two ids.
        let is_same = |(id, one): (&MemoryId, &Memory), (other_id, other): (&MemoryId, &Memory)| {
            id == other_id || space.is_same(*one, *other)
        };
        for (named, pages) in imported.iter().zip(&parts.memories).zip(snapshot.memory_pages()) {
            if let Some(&(_, other, same)) = made.iter().find(|(other, ..)| is_same(named, *other)) {
                if other != pages {
                    return Err(RestoreError::Shape);
                }
                made.push((named, pages, same));
                continue;
            }
            let (_, memory) = named;
            let maximum = space.maximum(*memory);
            if maximum.is_some_and(|maximum| pages > maximum) {
                return Err(RestoreError::Maximum);
            }
            let mut charge = Charge::none(&self.budgets.pages);
            self.charge_pages(&mut charge, pages, pages).map_err(|error| match error {
                MemoryError::Limit(refused) => refused.into(),
                _ => RestoreError::Engine,
            })?;
            let fresh = cell.adopt_memory(pages, maximum, &[], &mut charge);
            made.push((named, pages, fresh.ok_or(RestoreError::OutOfSystemMemory)?));
        }
        Ok(made.into_iter().map(|(.., fresh)| fresh).collect())
    }

    /// Lets the id of an imported memory, if it lives, stand for the one made in its place.
    fn rebind(&mut self, id: MemoryId, old: u32, new: u32, fresh: Memory) {
        let Some(number) = id.created() else { return };
        let Ok(memory) = self.memories.get_mut(number) else { return };
        let Place::Bound { cell, memory: left } = memory.place else { return };
        if cell != old {
            return;
        }
        memory.place = Place::Bound { cell: new, memory: fresh };
        if let Ok(cell) = self.cells.get_mut(old) {
            cell.forget_memory(number, left);
        }
        if let Ok(cell) = self.cells.get_mut(new) {
            cell.memories.insert(number);
        }
    }
}

/// What it means that an instance could not be made a second time.
fn explain(error: InstantiateError) -> RestoreError {
    match error {
        InstantiateError::Limit(refused) => RestoreError::Limit(refused),
        InstantiateError::OutOfSystemMemory => RestoreError::OutOfSystemMemory,
        // The memories are too small for the module's segments, so no instance ever had such.
        InstantiateError::Segment => RestoreError::Shape,
        _ => RestoreError::Engine,
    }
}
