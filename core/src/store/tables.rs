//! Tables: made by the supervisor, or exported by a guest.
//!
//! What a table has are functions of guests of its cell. So one of the supervisor's that is in no cell has none; with the
//! first function that the supervisor puts into it, it comes into the cell of that. When all guests of the cell have gone
//! it leaves it, as empty as it was made.

use super::{
    Store,
    cell::Cell,
    functions::FuncRef,
    homes::OutOfMemory,
    instances::Instance,
    shared::{Kind, Located, Place, Shared},
};
use crate::{
    engine::{self, Element, RefKind},
    error::{HandleError, TableError},
    limits::{Bounds, budget::Charge, maximum},
    types::{
        externs::{ExternType, TableType},
        ids::{InstanceId, Origin, TableId},
        value::ValueType,
    },
};
use alloc::sync::Arc;

/// The kind.
#[derive(Debug)]
pub(super) struct Table;

/// A table that is in no cell: so many nulls.
#[derive(Debug)]
pub(super) struct Nulls {
    elements: u32,
    charge: Charge,
}

impl Kind for Table {
    type Type = TableType;
    type Free = Nulls;
    type Handle = engine::Table;

    fn exported(instance: &Instance, position: u32) -> Option<engine::Table> {
        instance.body.exported.table(position)
    }

    fn enter(cell: &mut Cell, ty: &TableType, free: &mut Nulls) -> Result<engine::Table, OutOfMemory> {
        let Nulls { elements, charge } = free;
        let maximum = ty.maximum.map(|maximum| u32::try_from(maximum).unwrap_or(u32::MAX));
        cell.adopt_table(kind_of(ty.element), *elements, maximum, charge).ok_or(OutOfMemory)
    }

    fn leave(cell: &mut Cell, table: engine::Table) -> Result<Nulls, OutOfMemory> {
        let elements = cell.space.elements(table);
        Ok(Nulls { elements, charge: cell.release_elements(elements) })
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
        let place = Place::Free(Nulls { elements: charge.taken(), charge });
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
                Place::Free(nulls) => Ok(nulls.elements),
                Place::Bound { .. } => Err(HandleError::Unknown),
            },
            Located::Bound(cell, table) => Ok(self.cells.get(cell)?.space.elements(table)),
        }
    }

    /// An element: a function, or `None` for null. The same function is equal to itself, wherever it was got.
    ///
    /// # Errors
    ///
    /// [`TableError::OutOfBounds`] where there is none, [`TableError::Type`] where it is no function.
    pub fn table_get(&mut self, table: TableId, at: u32) -> Result<Option<FuncRef>, TableError> {
        match self.locate::<Table>(table)? {
            Located::Free(_) if at < self.table_size(table)? => Ok(None),
            Located::Free(_) => Err(TableError::OutOfBounds),
            Located::Bound(cell, table) => match self.cells.get_mut(cell)?.space.element(table, at) {
                Some(Element::Null) => Ok(None),
                Some(Element::Func(function)) => Ok(Some(FuncRef { store: self.tag, cell, function })),
                Some(Element::Extern) => Err(TableError::Type),
                None => Err(TableError::OutOfBounds),
            },
        }
    }

    /// Sets an element to a function, or to null.
    ///
    /// # Errors
    ///
    /// [`TableError::OutOfBounds`] where there is none, [`TableError::Type`] for a function in a table of others,
    /// [`TableError::Apart`] for one of a guest that shares nothing with the table's.
    pub fn table_set(&mut self, table: TableId, at: u32, func: Option<FuncRef>) -> Result<(), TableError> {
        if at >= self.table_size(table)? {
            return Err(TableError::OutOfBounds);
        }
        let Some((cell, handle, element)) = self.place_for(table, func)? else { return Ok(()) };
        self.note_change(table);
        let is_set = self.cells.get_mut(cell)?.space.set_element(handle, at, element);
        if is_set { Ok(()) } else { Err(TableError::Type) }
    }

    /// Grows a table by `additional` elements, a function or null each, and returns its size before.
    ///
    /// # Errors
    ///
    /// [`TableError::Maximum`] or [`TableError::Limit`] where that is more than it may have, and as of
    /// [`Store::table_set`].
    pub fn table_grow(
        &mut self,
        table: TableId,
        additional: u32,
        func: Option<FuncRef>,
    ) -> Result<u32, TableError> {
        match self.try_grow_table(table, additional, func) {
            Err(TableError::Limit(refused)) if self.reclaim(refused.as_ref()) => {
                self.try_grow_table(table, additional, func)
            }
            outcome => outcome,
        }
    }

    fn try_grow_table(
        &mut self,
        table: TableId,
        additional: u32,
        func: Option<FuncRef>,
    ) -> Result<u32, TableError> {
        let ty = self.table_type(table)?;
        let size = self.table_size(table)?;
        let desired = size.checked_add(additional).ok_or(TableError::Maximum)?;
        if ty.maximum.is_some_and(|maximum| u64::from(desired) > maximum) {
            return Err(TableError::Maximum);
        }
        let Some((cell, handle, element)) = self.place_for(table, func)? else {
            let mut more = self.charge_elements(additional.into(), desired.into())?;
            if let Located::Free(number) = self.locate::<Table>(table)?
                && let Place::Free(nulls) = &mut self.things.tables.get_mut(number)?.place
            {
                more.move_to(&mut nulls.charge, additional);
                nulls.elements = desired;
            }
            return Ok(size);
        };
        self.note_change(table);
        let cell = self.cells.get_mut(cell)?;
        // It is the supervisor's doing, whichever guest ran before.
        cell.space.limiter_mut().begin(&Bounds::default());
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

    /// Where an element of a table is to be written, and as what; `None` where it is a null in a table that is in no cell.
    fn place_for(
        &mut self,
        table: TableId,
        func: Option<FuncRef>,
    ) -> Result<Option<(u32, engine::Table, Element)>, TableError> {
        let Some(func) = func else {
            return Ok(match self.locate::<Table>(table)? {
                Located::Free(_) => None,
                Located::Bound(cell, handle) => Some((cell, handle, Element::Null)),
            });
        };
        self.check_func(func)?;
        if self.table_type(table)?.element != ValueType::FuncRef {
            return Err(TableError::Type);
        }
        let Self { things, cells, .. } = self;
        things
            .bind::<Table>(cells, table.origin, func.cell)
            .map_err(|OutOfMemory| TableError::OutOfSystemMemory)?;
        match self.locate::<Table>(table)? {
            Located::Bound(cell, handle) if cell == func.cell && self.lets_call(table, handle, func) => {
                Ok(Some((cell, handle, Element::Func(func.function))))
            }
            _ => Err(TableError::Apart),
        }
    }

    /// Whether those that have a table may come by a function: where its guest keeps a stack, or may lead to another that
    /// does, calls of its and of theirs have to be of one chain.
    fn lets_call(&mut self, table: TableId, handle: engine::Table, func: FuncRef) -> bool {
        let Some(cell) = self.cells.get_mut(func.cell).ok() else { return false };
        let owner = cell.space.owner(func.function).and_then(|owner| cell.key_of(owner));
        let owner = owner.and_then(|key| self.instances.get(key).ok());
        let Some((owner, own)) = owner.and_then(|owner| Some((owner, owner.context.chain.as_ref()?))) else {
            return true;
        };
        let module = &owner.context.module;
        let chain = match table.origin {
            Origin::Exported(key, _) => {
                self.instances.get(key).ok().and_then(|other| other.context.chain.clone())
            }
            Origin::Created(_) => cell.chain_of_table(handle),
        };
        match chain {
            Some(chain) => Arc::ptr_eq(own, &chain) || module.stack().is_none() && !module.has_tables(),
            None => {
                cell.let_join(own, handle);
                true
            }
        }
    }

    /// Lets tables of the supervisor's in a cell that is not used let go of the functions in them: their guests have gone.
    pub(super) fn empty_tables(&mut self, key: u32) {
        let Self { things, cells, .. } = self;
        let Ok(cell) = cells.get_mut(key) else { return };
        for number in &cell.kept.tables {
            let Ok(Place::Bound { handle, .. }) = things.tables.get(*number).map(|table| &table.place) else {
                continue;
            };
            for at in 0..cell.space.elements(*handle) {
                // Null is of every kind, and there is this place.
                let _set = cell.space.set_element(*handle, at, Element::Null);
            }
        }
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
