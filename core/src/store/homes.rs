//! Which cell a guest goes into, and when a cell goes.

use super::{Store, memories::Place};
use crate::{
    error::{ImportError, ImportProblem, InstantiateError},
    limits::{LimitError, PAGE_BYTES},
    module::Module,
    store::{cell::Cell, execution::Context, leavings::Leaving},
    types::ids::MemoryId,
};
use alloc::{sync::Arc, vec::Vec};

/// The host had no memory left.
pub(super) struct OutOfMemory;

impl Store {
    /// The cell for a guest of `module` that imports `memories`, with all of them in it.
    pub(super) fn cell_for(
        &mut self,
        module: &Module,
        memories: &[MemoryId],
    ) -> Result<u32, InstantiateError> {
        let mut homes = Vec::new();
        for (ordinal, id) in memories.iter().enumerate() {
            let cell =
                self.memory_cell(*id).map_err(|error| match module.imported_memories().nth(ordinal) {
                    Some((import, _)) => ImportError::new(import, ImportProblem::Memory(error)).into(),
                    None => InstantiateError::Engine,
                })?;
            homes.extend(cell.filter(|cell| !homes.contains(cell)));
        }
        let home = self.choose(module, memories, &homes)?;
        for &other in homes.iter().filter(|&&other| Some(other) != home) {
            self.evacuate(other).map_err(|OutOfMemory| InstantiateError::OutOfSystemMemory)?;
        }
        let home = match home {
            Some(home) => home,
            None => {
                let cell = Cell::new(module, &self.limits, &self.budgets, &self.leavings);
                self.cells.insert(cell).map_err(|_| InstantiateError::IdsExhausted)?
            }
        };
        for id in memories {
            if self.bind(*id, home).is_err() {
                self.settle(home);
                return Err(InstantiateError::OutOfSystemMemory);
            }
        }
        Ok(home)
    }

    /// The cell among `homes` to stay in, `None` for a new one.
    fn choose(
        &self,
        module: &Module,
        memories: &[MemoryId],
        homes: &[u32],
    ) -> Result<Option<u32>, InstantiateError> {
        let cells = || homes.iter().filter_map(|&key| Some((key, self.cells.get(key).ok()?)));
        let mut used = cells().filter(|(_, cell)| cell.is_used());
        match (used.next(), used.next()) {
            (Some((key, _)), None) => Ok(Some(key)),
            (Some(_), Some(_)) => Err(InstantiateError::MemoriesApart),
            (None, _) => {
                // Other memories in it would be bound to live guests that do not import them.
                let imported = |number: &u32| memories.iter().any(|id| id.created() == Some(*number));
                let suits = |cell: &Cell| {
                    cell.space.is_made_for(module.code())
                        && cell.memories.iter().all(imported)
                        && !self.is_worth_leaving(cell)
                };
                Ok(cells().find(|(_, cell)| suits(cell)).map(|(key, _)| key))
            }
        }
    }

    /// Lets go of what an execution or an instance held.
    pub(crate) fn release(&mut self, context: Arc<Context>) {
        let cell = context.cell;
        // As a rule the instance lives on, or no call of it is under way.
        if Arc::into_inner(context).is_some() {
            self.settle(cell);
        }
    }

    /// Frees a cell that nothing needs any more, or lets its memories leave it.
    pub(super) fn settle(&mut self, key: u32) {
        let Ok(cell) = self.cells.get(key) else { return };
        if cell.is_used() {
            return;
        }
        if cell.memories.is_empty() {
            self.remove_cell(key);
            return;
        }
        if cell.dead_instances > 0 {
            self.idle.insert(key);
        }
        if cell.may_be_worth_leaving() {
            let kept = self.bytes_kept(cell);
            if cell.is_worth_leaving(kept) {
                // Without memory to copy into they stay where they are.
                let _stayed = self.evacuate(key);
            } else if let Ok(cell) = self.cells.get_mut(key) {
                cell.stay(kept);
            }
        }
    }

    /// Does what executions that were dropped left to do.
    pub(super) fn sweep(&mut self) {
        for leaving in self.leavings.take() {
            match leaving {
                Leaving::Cell(key) => self.settle(key),
                Leaving::Instance(key) => self.discard(key),
            }
        }
    }

    /// Where a limit refused that counts what is dead but not freed yet: frees that, as far as no
    /// guest or execution is in the way. Whether there was any.
    pub(super) fn reclaim(&mut self, refused: &[LimitError]) -> bool {
        if !refused.iter().all(|refused| refused.limit.counts_what_lives()) {
            return false;
        }
        self.sweep();
        let mut freed = false;
        for key in core::mem::take(&mut self.idle) {
            // One that is used again comes back when it is not.
            if self.cells.get(key).is_ok_and(|cell| !cell.is_used()) {
                let left = self.evacuate(key);
                if left.is_err() {
                    self.idle.insert(key);
                }
                freed |= left.is_ok();
            }
        }
        freed
    }

    fn remove_cell(&mut self, key: u32) {
        if let Ok(cell) = self.cells.remove(key) {
            self.idle.remove(&key);
            self.dead_instances = self.dead_instances.saturating_sub(cell.dead_instances);
        }
    }

    /// Moves the memories out of a cell that is not used, and frees it.
    fn evacuate(&mut self, key: u32) -> Result<(), OutOfMemory> {
        let Ok(cell) = self.cells.get_mut(key) else { return Ok(()) };
        let numbers: Vec<u32> = cell.memories.iter().copied().collect();
        for number in numbers {
            let Ok(memory) = self.memories.get_mut(number) else { continue };
            let Place::Bound { memory: bound, .. } = memory.place else { continue };
            let data = cell.space.bytes(bound);
            let mut bytes = Vec::new();
            if bytes.try_reserve_exact(data.len()).is_err() {
                cell.could_not_leave();
                return Err(OutOfMemory);
            }
            bytes.extend_from_slice(data);
            let pages = super::memories::pages_of(bytes.len());
            let charge = cell.release_pages(pages);
            memory.place = Place::Free { pages, bytes, charge };
            cell.memories.remove(&number);
        }
        self.remove_cell(key);
        Ok(())
    }

    fn is_worth_leaving(&self, cell: &Cell) -> bool {
        cell.is_worth_leaving(self.bytes_kept(cell))
    }

    /// Bytes of the memories of a cell that the supervisor made and has not torn down.
    fn bytes_kept(&self, cell: &Cell) -> usize {
        let size = |number: &u32| match self.memories.get(*number).map(|memory| &memory.place) {
            Ok(Place::Bound { memory, .. }) => cell.space.bytes(*memory).len(),
            _ => 0,
        };
        cell.memories.iter().map(size).fold(0, usize::saturating_add)
    }

    /// Moves a memory that is only bytes into a cell.
    fn bind(&mut self, id: MemoryId, home: u32) -> Result<(), OutOfMemory> {
        let Some(number) = id.created() else { return Ok(()) };
        let (Ok(memory), Ok(cell)) = (self.memories.get_mut(number), self.cells.get_mut(home)) else {
            return Ok(());
        };
        if let Place::Free { pages, bytes, charge } = &mut memory.place {
            let adopted = cell.adopt_memory(*pages, memory.maximum, bytes, charge).ok_or(OutOfMemory)?;
            cell.memories.insert(number);
            memory.place = Place::Bound { cell: home, memory: adopted };
        }
        Ok(())
    }
}

/// Bytes of `pages` pages.
pub(super) const fn bytes_of(pages: u32) -> usize {
    // On a 32-bit host 65,536 pages are one byte more than it can address.
    PAGE_BYTES.saturating_mul(crate::limits::to_usize(pages))
}
