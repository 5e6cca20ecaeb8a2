//! Making an instance anew behind its id, where restoring a snapshot has to make memories smaller.

use super::{
    Store, globals,
    instances::Body,
    memories,
    references::admit_extern,
    snapshots::{Parts, write},
};
use crate::{
    engine::{Global, Imported, Memory},
    error::{InstantiateError, MemoryError, ReferenceError},
    limits::budget::Charge,
    module::Module,
    snapshot::{RestoreError, Snapshot},
    store::{cell::Cell, execution::Context},
    types::{externs::ExternType, ids::MemoryId, refs::Home},
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
        let imported: Vec<_> = instance.imported.iter().filter_map(|thing| thing.memory()).collect();
        let global_ids: Vec<_> = instance.imported.iter().filter_map(|thing| thing.global()).collect();
        let old_globals = instance.imported_globals.clone();
        let (old, module) = (instance.context.cell, instance.context.module.clone());
        let bounds = instance.context.bounds.limits.bounds();
        let new = self.cells.next().ok_or(RestoreError::IdsExhausted)?;
        let home = Home { store: tag, cell: new };
        let mut cell = Cell::new(&module, &self.limits, &self.budgets, &self.leavings, home);
        let memories = self.remake(&mut cell, old, &imported, parts, snapshot)?;
        let globals = self.remake_globals(&mut cell, old, &module, &old_globals)?;
        let ticket = Arc::clone(&cell.ticket);
        let new = self.cells.insert(cell).map_err(|_| RestoreError::IdsExhausted)?;
        if module.keeps_externs() {
            self.with_externs.insert(new);
        }
        // A guest that imports tables has no snapshot.
        let imports = Imported { memories: &memories, globals: &globals, tables: &[] };
        let made = self.make(&module, new, imports, &bounds).map_err(explain).and_then(|handle| {
            let cell = self.cells.get_mut(new).map_err(|_| RestoreError::Engine)?;
            let mut body = Body::new(&module, handle, cell);
            body.note_again(&self.instances.get(key).map_err(|_| RestoreError::Engine)?.body, &module, cell);
            let parts = body.parts(&module, cell).ok_or(RestoreError::Engine)?;
            write(cell, &parts, snapshot, &self.limits, &bounds)?;
            let chain = body.chain((tag, key), &module, &bounds, cell, None, &[]);
            cell.note_instance(handle, key);
            Ok((body, chain))
        });
        // What was made stays in the new cell, which goes with it.
        let made =
            made.and_then(|made| Ok((made, self.instances.get_mut(key).map_err(|_| RestoreError::Engine)?)));
        let ((body, chain), instance) = match made {
            Ok(made) => made,
            Err(error) => {
                let _unfinished = self.cells.remove(new);
                self.with_externs.remove(&new);
                return Err(error);
            }
        };
        instance.body = body;
        instance.imported_globals.clone_from(&globals);
        let Context { functions, memory, word, .. } = &*instance.context;
        let (functions, memory, word) = (functions.clone(), *memory, *word);
        instance.context = Arc::new(Context {
            cell: new,
            ticket,
            module: module.clone(),
            handle: instance.body.handle,
            word,
            functions,
            memory,
            chain,
            bounds,
        });
        for (id, memory) in imported.iter().zip(memories) {
            self.rebind::<memories::Memory>(*id, old, new, memory);
        }
        for (id, global) in global_ids.iter().zip(globals) {
            self.rebind::<globals::Global>(*id, old, new, global);
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

    /// Makes the globals that an instance imports once more, with their values. What was one global stays one.
    fn remake_globals(
        &mut self,
        cell: &mut Cell,
        old: u32,
        module: &Module,
        globals: &[Global],
    ) -> Result<Vec<Global>, RestoreError> {
        let types = module.imports().iter().filter_map(|import| match import.ty() {
            ExternType::Global(ty) => Some(ty),
            _ => None,
        });
        let space = &mut self.cells.get_mut(old).map_err(|_| RestoreError::Engine)?.space;
        let mut made: Vec<(Global, Global)> = Vec::new();
        for (global, ty) in globals.iter().zip(types) {
            let fresh = match made.iter().find(|(other, _)| space.is_same_global(*global, *other)) {
                Some((_, fresh)) => *fresh,
                None => {
                    let value = space.get(*global).ok_or(RestoreError::Engine)?;
                    if let Some(thing) = value.as_extern() {
                        admit_extern(&mut *cell.space, thing).map_err(|error| match error {
                            ReferenceError::Limit(refused) => refused.into(),
                            _ => RestoreError::OutOfSystemMemory,
                        })?;
                    }
                    cell.space.add_global(value, ty.mutable).ok_or(RestoreError::Engine)?
                }
            };
            made.push((*global, fresh));
        }
        Ok(made.into_iter().map(|(_, fresh)| fresh).collect())
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
