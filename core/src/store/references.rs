//! References on their way to guests: who may have which, and how long.
//!
//! A function can be had by the guests of its cell. Where its guest keeps a stack, or may lead to another that does, calls of
//! it and of those who have it have to be of one chain. Things of the supervisor's can be had by anybody; a cell
//! keeps them until no call of its guests is under way and no table and no global has them.

use super::{
    Store,
    cell::Cell,
    chain::Chain,
    homes::OutOfMemory,
    instances::Instance,
    shared::{Kind, Located, Place},
};
use crate::{
    engine::{self, Space},
    error::{HandleError, ReferenceError},
    types::{
        ids::Origin,
        refs::{ExternRef, FuncRef, Home},
        slots::Slots,
        value::Value,
    },
};
use alloc::{sync::Arc, vec::Vec};

/// What guests share, and can come by functions through.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Door {
    Global(engine::Global),
    Table(engine::Table),
}

/// A kind of what is shared, through which guests can come by functions.
pub(super) trait Opens: Kind {
    /// One in a cell.
    fn door(handle: Self::Handle) -> Door;
}

/// Who comes by a function.
pub(super) enum Receiver<'a> {
    /// Those of the guests of a cell that have this chain, or one that has none.
    Guests(u32, Option<&'a Arc<Chain>>),
    /// Those who have what is in a cell.
    Sharing(u32, Door, Origin),
}

impl Receiver<'_> {
    const fn cell(&self) -> u32 {
        match self {
            Self::Guests(cell, _) | Self::Sharing(cell, ..) => *cell,
        }
    }
}

impl Store {
    /// The things that guests still have, or globals and tables of the supervisor's: each once, in order. What else it keeps for its
    /// guests the supervisor can forget, but for what it has yet to give to them.
    ///
    /// Guests of which a call is under way have all that they got until then, as do those that share
    /// something with them. Takes a look at all tables and globals that can have things; where those have sixteen places for each
    /// thing, or more, that is not worth it, and all are in use that guests got.
    pub fn externs_in_use(&mut self) -> Vec<ExternRef> {
        let mut all = Vec::new();
        let Self { cells, things, instances, with_externs, .. } = self;
        for key in &*with_externs {
            let Ok(cell) = cells.get_mut(*key) else { continue };
            if cell.is_quiet(*key, instances) {
                cell.space.let_go(false);
            }
            cell.space.externs(&mut all);
        }
        for (_, global) in things.globals.iter() {
            if let Place::Free(Value::ExternRef(thing)) = &global.place {
                all.extend(*thing);
            }
        }
        for (_, table) in things.tables.iter() {
            if let Place::Free(table) = &table.place {
                all.extend(table.externs());
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Where a value is to be written of what is shared, which exists: to where it may be. For a function that is the cell of its
    /// guest.
    pub(super) fn place_for<K: Opens>(
        &mut self,
        id: K::Id,
        value: Value,
    ) -> Result<Located<K>, ReferenceError> {
        let origin = self.origin::<K>(id)?;
        if let Some(func) = value.as_func() {
            self.check_func(func)?;
            let Self { things, cells, .. } = self;
            things
                .bind::<K>(cells, origin, func.home.cell)
                .map_err(|OutOfMemory| ReferenceError::Exhausted)?;
        }
        let located = self.locate::<K>(id)?;
        if let Located::Bound(cell, handle) = located {
            self.admit_each(&Receiver::Sharing(cell, K::door(handle), origin), &[value])?;
        }
        Ok(located)
    }

    /// Lets an instance have what values refer to, which it is to be called with.
    pub(super) fn admit_args(&mut self, instance: u32, args: &[Value]) -> Result<(), ReferenceError> {
        let context = &self.instances.get(instance).map_err(HandleError::from)?.context;
        // Not the context: with that it would be under way.
        let (cell, chain) = (context.cell, context.chain.clone());
        self.admit_all(cell, chain.as_ref(), args)
    }

    /// Lets guests have what values refer to, which they are called with or get as an answer.
    pub(super) fn admit_all(
        &mut self,
        cell: u32,
        chain: Option<&Arc<Chain>>,
        values: &[Value],
    ) -> Result<(), ReferenceError> {
        self.admit_each(&Receiver::Guests(cell, chain), values)
    }

    /// Lets somebody have what values refer to. Where there is no room for all of them their cell lets go of what it can.
    fn admit_each(&mut self, receiver: &Receiver<'_>, values: &[Value]) -> Result<(), ReferenceError> {
        let admitted = values.iter().try_for_each(|value| self.try_admit(receiver, *value));
        match admitted {
            Err(ReferenceError::Limit(_)) if self.let_go(receiver.cell(), true) => {
                values.iter().try_for_each(|value| self.try_admit(receiver, *value))
            }
            admitted => admitted,
        }
    }

    /// Has a cell in which a call has ended let go of things, if it is time for that.
    pub(super) fn let_go_in_time(&mut self, cell: u32) {
        // Most stores have none.
        if !self.with_externs.is_empty() && self.cells.get(cell).is_ok_and(|cell| cell.space.is_to_let_go()) {
            self.let_go(cell, false);
        }
    }

    /// Has a cell let go of things, where it can, however many places it takes a look at. Whether it could.
    fn let_go(&mut self, key: u32, at_all_costs: bool) -> bool {
        let Self { cells, instances, .. } = self;
        let quiet = cells.get_mut(key).ok().filter(|cell| cell.is_quiet(key, instances));
        quiet.map(|cell| cell.space.let_go(at_all_costs)).is_some()
    }

    fn try_admit(&mut self, receiver: &Receiver<'_>, value: Value) -> Result<(), ReferenceError> {
        match value {
            Value::FuncRef(Some(func)) => self.admit_func(receiver, func),
            Value::ExternRef(Some(thing)) => {
                let cell = receiver.cell();
                let admitted =
                    admit_extern(&mut *self.cells.get_mut(cell).map_err(HandleError::from)?.space, thing);
                self.with_externs.insert(cell);
                admitted
            }
            _ => Ok(()),
        }
    }

    /// Refuses a function of another store, or one whose guests have all gone: whether its cell is still there nobody is
    /// to see.
    pub(super) fn check_func(&self, func: FuncRef) -> Result<(), HandleError> {
        let Home { store, cell } = func.home;
        if store != self.tag {
            return Err(HandleError::OtherStore);
        }
        if self.cells.get(cell)?.is_used() { Ok(()) } else { Err(HandleError::TornDown) }
    }

    /// Lets somebody have a function. That of a guest which was torn down nobody gets more than have it: nothing is known of its
    /// chain any more.
    fn admit_func(&mut self, receiver: &Receiver<'_>, func: FuncRef) -> Result<(), ReferenceError> {
        self.check_func(func)?;
        if func.home.cell != receiver.cell() {
            return Err(ReferenceError::Apart);
        }
        let owner = self.owner(func).ok_or(HandleError::TornDown)?;
        let Some(own) = &owner.context.chain else { return Ok(()) };
        let module = &owner.context.module;
        let leads_nowhere = module.stack().is_none() && !module.gives_functions();
        let is_one = |chain: Option<&Arc<Chain>>| chain.is_some_and(|chain| Arc::ptr_eq(own, chain));
        let is_let = match receiver {
            Receiver::Guests(_, chain) => leads_nowhere || is_one(*chain),
            Receiver::Sharing(cell, door, origin) => match self.chain_of(*cell, *door, *origin) {
                Some(chain) => leads_nowhere || is_one(Some(&chain)),
                None => {
                    let own = Arc::clone(own);
                    if let Ok(cell) = self.cells.get_mut(*cell) {
                        cell.let_join(&own, *door);
                    }
                    true
                }
            },
        };
        if is_let { Ok(()) } else { Err(ReferenceError::Apart) }
    }

    /// The chain of the guests that have what is in a cell and comes from somewhere.
    pub(super) fn chain_of(&self, cell: u32, door: Door, origin: Origin) -> Option<Arc<Chain>> {
        match origin {
            Origin::Exported(key, _) => self.instances.get(key).ok()?.context.chain.clone(),
            Origin::Created(_) => self.cells.get(cell).ok()?.chain_of_door(door),
        }
    }

    /// The instance that a function is of, if it lives, and was not made anew elsewhere.
    fn owner(&self, func: FuncRef) -> Option<&Instance> {
        let cell = self.cells.get(func.home.cell).ok()?;
        let key = cell.key_of(cell.space.owner(engine::Function(func.number))?)?;
        self.instances.get(key).ok().filter(|instance| instance.context.cell == func.home.cell)
    }
}

impl Cell {
    /// Whether no call of any guest is under way, or begun.
    fn is_quiet(&self, key: u32, instances: &Slots<Instance>) -> bool {
        let living = || self.keys().filter_map(|key| instances.get(key).ok());
        // One that was made anew is in another.
        let living = || living().filter(|instance| instance.context.cell == key);
        // The cell has one, each instance has one, and so has each call of one that is no more.
        Arc::strong_count(&self.ticket) == living().count().saturating_add(1)
            && living().all(|instance| Arc::strong_count(&instance.context) == 1)
    }
}

/// Lets guests in a space have a thing.
pub(super) fn admit_extern(space: &mut dyn Space, thing: ExternRef) -> Result<(), ReferenceError> {
    if space.admit(thing) {
        return Ok(());
    }
    Err(space.limiter_mut().take_refusal().map_or(ReferenceError::Exhausted, ReferenceError::Limit))
}
