//! Which cell a guest goes into, and when a cell goes.

use super::{
    Store,
    globals::Global,
    memories::Memory,
    shared::{Place, Thing},
    tables::Table,
};
use crate::{
    error::{HandleError, ImportError, ImportProblem, InstantiateError},
    limits::{LimitError, PAGE_BYTES},
    module::Module,
    store::{cell::Cell, execution::Context, leavings::Leaving},
    types::{refs::Home, value::ValueType},
};
use alloc::{sync::Arc, vec::Vec};

/// The host had no memory left, or the limiter of the cell refused, which knows why.
pub(super) struct OutOfMemory;

impl Store {
    /// The cell for a guest of `module` that imports some things, with all of them in it. `imported` has the positions of
    /// the imports, too.
    pub(super) fn cell_for(
        &mut self,
        module: &Module,
        imported: &[(usize, Thing)],
    ) -> Result<u32, InstantiateError> {
        let (mut things, mut homes) = (Vec::new(), Vec::new());
        for (position, thing) in imported {
            let cell = self.cell_of(*thing).map_err(|error| match module.imports().get(*position) {
                Some(import) => ImportError::new(import, problem(*thing, error)).into(),
                None => InstantiateError::Engine,
            })?;
            homes.extend(cell.filter(|cell| !homes.contains(cell)));
            if self.is_shared(*thing) {
                things.push(*thing);
            }
        }
        let home = self.choose(module, &things, &homes)?;
        for &other in homes.iter().filter(|&&other| Some(other) != home) {
            self.evacuate(other).map_err(|OutOfMemory| InstantiateError::OutOfSystemMemory)?;
        }
        let home = match home {
            Some(home) => home,
            None => self.add_cell(module).ok_or(InstantiateError::IdsExhausted)?,
        };
        // With what is imported they may come.
        if module.keeps_externs() {
            self.with_externs.insert(home);
        }
        for thing in things {
            let Self { things, cells, .. } = self;
            let bound = match thing {
                Thing::Global(id) => things.bind::<Global>(cells, id.origin, home),
                Thing::Memory(id) => things.bind::<Memory>(cells, id.origin, home),
                Thing::Table(id) => things.bind::<Table>(cells, id.origin, home),
            };
            if bound.is_err() {
                let refused = self.cells.get_mut(home).ok();
                let refused = refused.and_then(|cell| cell.space.limiter_mut().take_refusal());
                self.settle(home);
                return Err(refused.map_or(InstantiateError::OutOfSystemMemory, InstantiateError::from));
            }
        }
        Ok(home)
    }

    /// The cell in which whoever imports something has to be, `None` where it is in none, or a copy will do.
    pub(super) fn cell_of(&self, thing: Thing) -> Result<Option<u32>, HandleError> {
        let cell = match thing {
            Thing::Global(global) => self.locate::<Global>(global)?.cell(),
            Thing::Memory(memory) => self.locate::<Memory>(memory)?.cell(),
            Thing::Table(table) => self.locate::<Table>(table)?.cell(),
        };
        Ok(cell.filter(|_| self.is_shared(thing)))
    }

    /// Whether those that import something have the same. Nobody sees whether a constant is the same or a copy; but a
    /// function is where its guest is.
    pub(super) fn is_shared(&self, thing: Thing) -> bool {
        match thing {
            Thing::Global(global) => {
                self.global_type(global).is_ok_and(|ty| ty.mutable || ty.value == ValueType::FuncRef)
            }
            Thing::Memory(_) | Thing::Table(_) => true,
        }
    }

    /// The cell among `homes` to stay in, `None` for a new one.
    fn choose(
        &self,
        module: &Module,
        imported: &[Thing],
        homes: &[u32],
    ) -> Result<Option<u32>, InstantiateError> {
        let cells = || homes.iter().filter_map(|&key| Some((key, self.cells.get(key).ok()?)));
        let mut used = cells().filter(|(_, cell)| cell.is_used());
        match (used.next(), used.next()) {
            (Some((key, cell)), None) if cell.space.can_have(module.code()) => Ok(Some(key)),
            (Some(_), None) => Err(InstantiateError::OtherEngine),
            (Some(_), Some(_)) => Err(InstantiateError::Apart),
            (None, _) => {
                // Other things in it would be bound to live guests that do not import them.
                let suits = |cell: &Cell| {
                    cell.space.is_made_for(module.code())
                        && cell.kept.is_within(imported)
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
        } else {
            self.let_go_in_time(cell);
        }
    }

    /// Makes a cell for an instance of `module`: its key.
    pub(super) fn add_cell(&mut self, module: &Module) -> Option<u32> {
        let home = Home { store: self.tag, cell: self.cells.next()? };
        let cell = Cell::new(module, &self.limits, &self.budgets, &self.leavings, home);
        self.cells.insert(cell).ok()
    }

    /// Frees a cell that nothing needs any more, or lets its memories leave it.
    pub(super) fn settle(&mut self, key: u32) {
        let Ok(cell) = self.cells.get(key) else { return };
        if cell.is_used() {
            return;
        }
        self.let_go_of_functions(key);
        let Ok(cell) = self.cells.get(key) else { return };
        if cell.kept.is_empty() {
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
            self.with_externs.remove(&key);
            self.dead_instances = self.dead_instances.saturating_sub(cell.dead_instances);
        }
    }

    /// Moves all that is the supervisor's out of a cell that is not used, and frees it.
    fn evacuate(&mut self, key: u32) -> Result<(), OutOfMemory> {
        let Self { things, cells, .. } = self;
        let Ok(cell) = cells.get_mut(key) else { return Ok(()) };
        things.unbind::<Memory>(cell)?;
        things.unbind::<Global>(cell)?;
        things.unbind::<Table>(cell)?;
        self.remove_cell(key);
        Ok(())
    }

    fn is_worth_leaving(&self, cell: &Cell) -> bool {
        cell.is_worth_leaving(self.bytes_kept(cell))
    }

    /// Bytes of the memories of a cell that the supervisor made and has not torn down.
    fn bytes_kept(&self, cell: &Cell) -> usize {
        let size = |number: &u32| match self.things.memories.get(*number).map(|memory| &memory.place) {
            Ok(Place::Bound { handle, .. }) => cell.space.len(*handle),
            _ => 0,
        };
        cell.kept.memories.iter().map(size).fold(0, usize::saturating_add)
    }
}

/// What it means that something imported does not exist.
const fn problem(thing: Thing, error: HandleError) -> ImportProblem {
    match thing {
        Thing::Global(_) => ImportProblem::Global(error),
        Thing::Memory(_) => ImportProblem::Memory(error),
        Thing::Table(_) => ImportProblem::Table(error),
    }
}

/// Bytes of `pages` pages.
pub(super) const fn bytes_of(pages: u32) -> usize {
    // On a 32-bit host 65,536 pages are one byte more than it can address.
    PAGE_BYTES.saturating_mul(crate::limits::to_usize(pages))
}
