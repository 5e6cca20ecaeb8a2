//! Tables: made by the supervisor, or exported by a guest.
//!
//! A table of functions has those of guests of its cell. So one of the supervisor's that is in no cell has none; with the
//! first function that the supervisor puts into it, it comes into the cell of that. When all guests of the cell have gone
//! it leaves it, as empty as it was made. A table of things of the supervisor's keeps them wherever it is.

use super::{
    Store,
    cell::Cell,
    homes::OutOfMemory,
    instances::Instance,
    references::{Door, Opens},
    shared::{Kind, Located, Place, Shared},
};
use crate::{
    durable::journal::Stop,
    engine::{self, RefKind},
    error::{HandleError, TableError},
    limits::{Bounds, budget::Charge, maximum, to_usize},
    types::{
        externs::{ExternType, TableType},
        ids::{InstanceId, Origin, TableId},
        refs::ExternRef,
        value::{Value, ValueType},
    },
};
use alloc::vec::Vec;

/// The kind.
#[derive(Debug)]
pub(super) struct Table;

/// A table that is in no cell: so many elements, which are nulls but for the things.
#[derive(Debug)]
pub(super) struct Outside {
    elements: u32,
    /// Of the first elements, as many as it takes to have all that are not null.
    things: Vec<Option<ExternRef>>,
    charge: Charge,
}

impl Outside {
    /// The things in it.
    pub(super) fn externs(&self) -> impl Iterator<Item = ExternRef> {
        self.things.iter().filter_map(|thing| *thing)
    }

    /// Sets elements from one place up to another.
    fn fill(&mut self, from: u32, to: u32, thing: Option<ExternRef>) -> Result<(), TableError> {
        let to = to_usize(to);
        if thing.is_some() && self.things.len() < to {
            let more = to.saturating_sub(self.things.len());
            self.things.try_reserve(more).map_err(|_| TableError::OutOfSystemMemory)?;
            self.things.resize(to, None);
        }
        let end = to.min(self.things.len());
        if let Some(places) = self.things.get_mut(to_usize(from)..end) {
            places.fill(thing);
        }
        Ok(())
    }
}

impl Opens for Table {
    fn door(table: engine::Table) -> Door {
        Door::Table(table)
    }
}

impl Kind for Table {
    type Type = TableType;
    type Free = Outside;
    type Handle = engine::Table;

    fn exported(instance: &Instance, position: u32) -> Option<engine::Table> {
        instance.body.exported.table(position)
    }

    fn enter(cell: &mut Cell, ty: &TableType, free: &mut Outside) -> Result<engine::Table, OutOfMemory> {
        // What cannot be had is found before anything moves.
        if !free.externs().all(|thing| cell.space.admit(thing)) {
            return Err(OutOfMemory);
        }
        let Outside { elements, charge, things } = free;
        let maximum = ty.maximum.map(|maximum| u32::try_from(maximum).unwrap_or(u32::MAX));
        let kind = kind_of(ty.element);
        let table = cell.adopt_table(kind, *elements, maximum, charge).ok_or(OutOfMemory)?;
        for (at, thing) in (0..).zip(things).filter(|(_, thing)| thing.is_some()) {
            // There is this place, and the thing was admitted.
            let _set = cell.space.set_element(table, at, Value::ExternRef(*thing));
        }
        Ok(table)
    }

    fn leave(cell: &mut Cell, table: engine::Table) -> Result<Outside, OutOfMemory> {
        let elements = cell.space.elements(table);
        let thing = |at: u32| cell.space.element(table, at)?.as_extern();
        let mut things: Vec<_> = (0..elements).map(thing).collect();
        let last = things.iter().rposition(Option::is_some).map_or(0, |last| last.saturating_add(1));
        things.truncate(last);
        things.shrink_to_fit();
        Ok(Outside { elements, things, charge: cell.release_elements(elements) })
    }
}

const fn kind_of(element: ValueType) -> RefKind {
    match element {
        ValueType::ExternRef => RefKind::Extern,
        _ => RefKind::Func,
    }
}

impl Store {
    /// Makes a table of nulls that guests can import.
    ///
    /// # Errors
    ///
    /// [`TableError::Maximum`] where the maximum is below the initial size, [`TableError::Limit`] where that is above a
    /// limit.
    pub fn create_table(&mut self, ty: TableType) -> Result<TableId, TableError> {
        if ty.maximum.is_some_and(|maximum| maximum < ty.initial) {
            return Err(TableError::Maximum);
        }
        self.sweep();
        let charge = match self.charge_elements(ty.initial, ty.initial) {
            Err(TableError::Limit(refused)) if self.reclaim(refused.as_ref()) => {
                self.charge_elements(ty.initial, ty.initial)
            }
            charged => charged,
        }?;
        let place = Place::Free(Outside { elements: charge.taken(), things: Vec::new(), charge });
        let number = self.things.tables.insert(Shared { ty, place }).map_err(|_| TableError::IdsExhausted)?;
        Ok(TableId { store: self.tag, origin: Origin::Created(number) })
    }

    /// The table that an instance exports under a name, `None` where it exports none.
    ///
    /// # Errors
    ///
    /// Where the instance does not exist (any more).
    pub fn exported_table(
        &mut self,
        instance: InstanceId,
        name: &str,
    ) -> Result<Option<TableId>, HandleError> {
        let Some((position, _)) = self.note_table(instance, name)? else { return Ok(None) };
        Ok(Some(TableId::exported(self.tag, instance.key(), position)))
    }

    /// The type of a table, with the size that it has now.
    ///
    /// # Errors
    ///
    /// Where the table does not exist (any more).
    pub fn table_type(&self, table: TableId) -> Result<TableType, HandleError> {
        let declared = match self.origin::<Table>(table)? {
            Origin::Created(number) => self.things.tables.get(number)?.ty,
            Origin::Exported(key, position) => match self.exported_type(key, position)? {
                ExternType::Table(ty) => *ty,
                _ => return Err(HandleError::Unknown),
            },
        };
        Ok(TableType { initial: self.table_size(table)?.into(), ..declared })
    }

    /// The number of elements.
    ///
    /// # Errors
    ///
    /// Where the table does not exist (any more).
    pub fn table_size(&self, table: TableId) -> Result<u32, HandleError> {
        match self.locate::<Table>(table)? {
            Located::Free(number) => match &self.things.tables.get(number)?.place {
                Place::Free(outside) => Ok(outside.elements),
                Place::Bound { .. } => Err(HandleError::Unknown),
            },
            Located::Bound(cell, table) => Ok(self.cells.get(cell)?.space.elements(table)),
        }
    }

    /// An element, of the type of the table's elements. The same function is equal to itself, wherever it was got.
    ///
    /// # Errors
    ///
    /// [`TableError::OutOfBounds`] where there is none.
    pub fn table_get(&mut self, table: TableId, at: u32) -> Result<Value, TableError> {
        match self.locate::<Table>(table)? {
            Located::Free(number) => {
                let Shared { ty, place: Place::Free(outside) } = self.things.tables.get(number)? else {
                    return Err(HandleError::Unknown.into());
                };
                match ty.element {
                    _ if at >= outside.elements => Err(TableError::OutOfBounds),
                    ValueType::ExternRef => {
                        Ok(Value::ExternRef(outside.things.get(to_usize(at)).copied().flatten()))
                    }
                    _ => Ok(Value::FuncRef(None)),
                }
            }
            Located::Bound(cell, table) => {
                self.cells.get_mut(cell)?.space.element(table, at).ok_or(TableError::OutOfBounds)
            }
        }
    }

    /// Sets an element.
    ///
    /// # Errors
    ///
    /// [`TableError::OutOfBounds`] where there is none, [`TableError::Type`] for a value of another type than the elements,
    /// [`TableError::Apart`] for a function of a guest that shares nothing with the table's, [`TableError::Limit`] where
    /// guests would have too many things.
    pub fn table_set(&mut self, table: TableId, at: u32, element: Value) -> Result<(), TableError> {
        if at >= self.table_size(table)? {
            return Err(TableError::OutOfBounds);
        }
        self.check_element(table, element)?;
        match self.place_for::<Table>(table, element)? {
            Located::Free(number) => {
                if let Place::Free(outside) = &mut self.things.tables.get_mut(number)?.place {
                    outside.fill(at, at.saturating_add(1), element.as_extern())?;
                }
                Ok(())
            }
            Located::Bound(cell, handle) => {
                self.note_change(table);
                let cell = self.cells.get_mut(cell)?;
                cell.stop_recording(Stop::Reference);
                let is_set = cell.space.set_element(handle, at, element);
                if is_set { Ok(()) } else { Err(TableError::Type) }
            }
        }
    }

    /// Grows a table by `additional` elements, such a value each, and returns its size before.
    ///
    /// # Errors
    ///
    /// [`TableError::Maximum`] or [`TableError::Limit`] where that is more than it may have, and as of
    /// [`Store::table_set`].
    pub fn table_grow(&mut self, table: TableId, additional: u32, element: Value) -> Result<u32, TableError> {
        match self.try_grow_table(table, additional, element) {
            Err(TableError::Limit(refused)) if self.reclaim(refused.as_ref()) => {
                self.try_grow_table(table, additional, element)
            }
            outcome => outcome,
        }
    }

    fn try_grow_table(&mut self, table: TableId, additional: u32, element: Value) -> Result<u32, TableError> {
        let ty = self.table_type(table)?;
        let size = self.table_size(table)?;
        let desired = size.checked_add(additional).ok_or(TableError::Maximum)?;
        if ty.maximum.is_some_and(|maximum| u64::from(desired) > maximum) {
            return Err(TableError::Maximum);
        }
        self.check_element(table, element)?;
        let (cell, handle) = match self.place_for::<Table>(table, element)? {
            Located::Bound(cell, handle) => (cell, handle),
            Located::Free(number) => {
                let mut more = self.charge_elements(additional.into(), desired.into())?;
                if let Place::Free(outside) = &mut self.things.tables.get_mut(number)?.place {
                    outside.fill(size, desired, element.as_extern())?;
                    more.move_to(&mut outside.charge, additional);
                    outside.elements = desired;
                }
                return Ok(size);
            }
        };
        self.note_change(table);
        let cell = self.cells.get_mut(cell)?;
        cell.stop_recording(Stop::Reference);
        cell.space.limiter_mut().begin_for_supervisor(&Bounds::default());
        if cell.space.grow_table(handle, additional, element) {
            return Ok(size);
        }
        Err(cell.space.limiter_mut().take_refusal().map_or(TableError::OutOfSystemMemory, TableError::Limit))
    }

    /// Ends the life of a table that the supervisor made. Guests that import it keep it.
    ///
    /// # Errors
    ///
    /// Where the table does not exist (any more). One that a guest exports goes with the guest; for one of those this
    /// is [`HandleError::Unknown`].
    pub fn teardown_table(&mut self, table: TableId) -> Result<(), HandleError> {
        self.tear_down::<Table>(table)
    }

    /// Refuses an element of another type.
    fn check_element(&self, table: TableId, element: Value) -> Result<(), TableError> {
        if self.table_type(table)?.element == element.ty() { Ok(()) } else { Err(TableError::Type) }
    }

    /// Lets tables and globals of the supervisor's in a cell that is not used let go of functions: their guests have gone.
    pub(super) fn let_go_of_functions(&mut self, key: u32) {
        let Self { things, cells, .. } = self;
        let Ok(cell) = cells.get_mut(key) else { return };
        for number in &cell.kept.tables {
            let Ok(Shared { ty, place: Place::Bound { handle, .. } }) = things.tables.get(*number) else {
                continue;
            };
            if ty.element != ValueType::FuncRef {
                continue;
            }
            for at in 0..cell.space.elements(*handle) {
                // There is this place.
                let _set = cell.space.set_element(*handle, at, Value::FuncRef(None));
            }
        }
        // A constant cannot be set.
        cell.kept.globals.retain(|number| match things.globals.get_mut(*number) {
            Ok(shared) if shared.ty.value == ValueType::FuncRef => {
                shared.place = Place::Free(Value::FuncRef(None));
                false
            }
            _ => true,
        });
    }

    /// The guest that exports a table is no longer all that changes it, so that no snapshot has its state.
    pub(super) fn note_change(&mut self, table: TableId) {
        if let Origin::Exported(key, _) = table.origin
            && let Ok(instance) = self.instances.get_mut(key)
        {
            instance.shares_tables = true;
        }
    }

    /// Takes so many elements for a table that will have `total`.
    fn charge_elements(&self, elements: u64, total: u64) -> Result<Charge, TableError> {
        maximum::table_elements(&self.limits).check(total)?;
        let mut charge = Charge::none(&self.budgets.elements);
        charge.take(u32::try_from(elements).unwrap_or(u32::MAX))?;
        Ok(charge)
    }
}
