//! What guests can share: memories, globals and tables.
//!
//! Each is the supervisor's or one that a guest exports. One that a guest exports is in the guest's cell and goes with
//! it. One of the supervisor's has a number, and is in no cell until a guest imports it: then it comes into that guest's,
//! where all that import it are. While no guest of that cell lives it can leave it again, see [`homes`](super::homes).

use super::{
    Store, cell::Cell, globals::Global, homes::OutOfMemory, instances::Instance, memories::Memory,
    tables::Table,
};
use crate::{
    error::HandleError,
    limits::to_usize,
    types::{
        externs::{Export, ExternType},
        ids::{GlobalId, MemoryId, Origin, TableId},
        slots::{Numbers, Slots},
    },
};
use alloc::vec::Vec;
use core::fmt;

/// What is named by ids of its own and kept where [`Things`] and [`Kept`] say.
pub(super) trait Listed: Sized {
    /// What names one.
    type Id: Copy;

    /// The tag of the store that an id is of, and where what it names comes from.
    fn named(id: Self::Id) -> (u64, Origin);

    /// Those of the supervisor.
    fn all(things: &Things) -> &Slots<Shared<Self>>
    where
        Self: Kind;

    /// Those of the supervisor.
    fn all_mut(things: &mut Things) -> &mut Slots<Shared<Self>>
    where
        Self: Kind;

    /// The numbers of those in a cell.
    fn kept(kept: &Kept) -> &Numbers;

    /// The numbers of those in a cell.
    fn kept_mut(kept: &mut Kept) -> &mut Numbers;
}

macro_rules! listed {
    ($($kind:ident by $id:ident in $field:ident;)*) => {
        $(impl Listed for $kind {
            type Id = $id;

            fn named(id: $id) -> (u64, Origin) {
                (id.store, id.origin)
            }

            fn all(things: &Things) -> &Slots<Shared<Self>> {
                &things.$field
            }

            fn all_mut(things: &mut Things) -> &mut Slots<Shared<Self>> {
                &mut things.$field
            }

            fn kept(kept: &Kept) -> &Numbers {
                &kept.$field
            }

            fn kept_mut(kept: &mut Kept) -> &mut Numbers {
                &mut kept.$field
            }
        })*
    };
}

listed! {
    Global by GlobalId in globals;
    Memory by MemoryId in memories;
    Table by TableId in tables;
}

/// A kind of what can be shared.
pub(super) trait Kind: Listed {
    /// What is fixed when it is made.
    type Type: fmt::Debug;
    /// What it is while it is in no cell.
    type Free: fmt::Debug;
    /// What the engine has of it in a cell.
    type Handle: Copy + fmt::Debug;

    /// One that a guest exports, by the position of the export.
    fn exported(instance: &Instance, position: u32) -> Option<Self::Handle>;

    /// Makes it in a cell.
    fn enter(cell: &mut Cell, ty: &Self::Type, free: &mut Self::Free) -> Result<Self::Handle, OutOfMemory>;

    /// Takes it out of a cell that is not used.
    fn leave(cell: &mut Cell, handle: Self::Handle) -> Result<Self::Free, OutOfMemory>;

    /// Forgets the number of one in a cell, which is no longer the supervisor's.
    fn forget(cell: &mut Cell, number: u32, _: Self::Handle) {
        Self::kept_mut(&mut cell.kept).remove(&number);
    }
}

/// One of the supervisor's.
#[derive(Debug)]
pub(super) struct Shared<K: Kind> {
    pub(super) ty: K::Type,
    pub(super) place: Place<K>,
}

#[derive(Debug)]
pub(super) enum Place<K: Kind> {
    /// In no cell.
    Free(K::Free),
    Bound {
        cell: u32,
        handle: K::Handle,
    },
}

/// Where something is.
pub(super) enum Located<K: Kind> {
    /// In no cell, under this number.
    Free(u32),
    /// In the cell of this key.
    Bound(u32, K::Handle),
}

impl<K: Kind> Located<K> {
    /// The key of the cell, `None` where it is in none.
    pub(super) const fn cell(&self) -> Option<u32> {
        match self {
            Self::Free(_) => None,
            Self::Bound(cell, _) => Some(*cell),
        }
    }
}

/// What is the supervisor's.
#[derive(Debug, Default)]
pub(super) struct Things {
    pub(super) globals: Slots<Shared<Global>>,
    pub(super) memories: Slots<Shared<Memory>>,
    pub(super) tables: Slots<Shared<Table>>,
}

/// Something that a guest imports.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Thing {
    Global(GlobalId),
    Memory(MemoryId),
    Table(TableId),
}

impl Thing {
    pub(super) const fn memory(self) -> Option<MemoryId> {
        match self {
            Self::Memory(memory) => Some(memory),
            Self::Global(_) | Self::Table(_) => None,
        }
    }

    pub(super) const fn global(self) -> Option<GlobalId> {
        match self {
            Self::Global(global) => Some(global),
            Self::Memory(_) | Self::Table(_) => None,
        }
    }

    pub(super) const fn table(self) -> Option<TableId> {
        match self {
            Self::Table(table) => Some(table),
            Self::Global(_) | Self::Memory(_) => None,
        }
    }
}

impl Things {
    /// Where the one of an origin is.
    pub(super) fn locate<K: Kind>(
        &self,
        instances: &Slots<Instance>,
        origin: Origin,
    ) -> Result<Located<K>, HandleError> {
        match origin {
            Origin::Created(number) => Ok(match &K::all(self).get(number)?.place {
                Place::Free(_) => Located::Free(number),
                Place::Bound { cell, handle } => Located::Bound(*cell, *handle),
            }),
            Origin::Exported(key, position) => {
                let instance = instances.get(key)?;
                let handle = K::exported(instance, position).ok_or(HandleError::Unknown)?;
                Ok(Located::Bound(instance.context.cell, handle))
            }
        }
    }

    /// Moves the one of an origin into a cell, if it is in none.
    pub(super) fn bind<K: Kind>(
        &mut self,
        cells: &mut Slots<Cell>,
        origin: Origin,
        home: u32,
    ) -> Result<(), OutOfMemory> {
        let Origin::Created(number) = origin else { return Ok(()) };
        let (Ok(shared), Ok(cell)) = (K::all_mut(self).get_mut(number), cells.get_mut(home)) else {
            return Ok(());
        };
        if let Place::Free(free) = &mut shared.place {
            let handle = K::enter(cell, &shared.ty, free)?;
            K::kept_mut(&mut cell.kept).insert(number);
            shared.place = Place::Bound { cell: home, handle };
        }
        Ok(())
    }

    /// Moves all of a kind out of a cell that is not used.
    pub(super) fn unbind<K: Kind>(&mut self, cell: &mut Cell) -> Result<(), OutOfMemory> {
        let numbers: Vec<u32> = K::kept(&cell.kept).iter().copied().collect();
        for number in numbers {
            let Ok(shared) = K::all_mut(self).get_mut(number) else { continue };
            let Place::Bound { handle, .. } = shared.place else { continue };
            shared.place = Place::Free(K::leave(cell, handle)?);
            K::kept_mut(&mut cell.kept).remove(&number);
        }
        Ok(())
    }
}

impl Store {
    /// Where what an id of this store names comes from.
    pub(super) fn origin<K: Kind>(&self, id: K::Id) -> Result<Origin, HandleError> {
        let (store, origin) = K::named(id);
        if store == self.tag { Ok(origin) } else { Err(HandleError::OtherStore) }
    }

    /// Where what an id names is.
    pub(super) fn locate<K: Kind>(&self, id: K::Id) -> Result<Located<K>, HandleError> {
        self.things.locate(&self.instances, self.origin::<K>(id)?)
    }

    /// What the engine has of it, for one that is in a cell.
    pub(super) fn handle<K: Kind>(&self, id: K::Id) -> Option<K::Handle> {
        match self.locate::<K>(id) {
            Ok(Located::Bound(_, handle)) => Some(handle),
            _ => None,
        }
    }

    /// The type of the export at a position of the instance with a key.
    pub(super) fn exported_type(&self, key: u32, position: u32) -> Result<&ExternType, HandleError> {
        let exports = self.instances.get(key)?.context.module.exports();
        exports.get(to_usize(position)).map(Export::ty).ok_or(HandleError::Unknown)
    }

    /// Ends the life of one of the supervisor's; one that a guest exports is unknown.
    pub(super) fn tear_down<K: Kind>(&mut self, id: K::Id) -> Result<(), HandleError> {
        let Origin::Created(number) = self.origin::<K>(id)? else { return Err(HandleError::Unknown) };
        if let Place::Bound { cell: key, handle } = K::all_mut(&mut self.things).remove(number)?.place {
            if let Ok(cell) = self.cells.get_mut(key) {
                K::forget(cell, number, handle);
            }
            self.settle(key);
        }
        self.sweep();
        Ok(())
    }

    /// Lets an id, if what it names lives and is the supervisor's, stand for what was made in another cell in its place.
    pub(super) fn rebind<K: Kind>(&mut self, id: K::Id, old: u32, new: u32, fresh: K::Handle) {
        let (_, Origin::Created(number)) = K::named(id) else { return };
        let Ok(shared) = K::all_mut(&mut self.things).get_mut(number) else { return };
        let Place::Bound { cell, handle: left } = shared.place else { return };
        if cell != old {
            return;
        }
        shared.place = Place::Bound { cell: new, handle: fresh };
        if let Ok(cell) = self.cells.get_mut(old) {
            K::forget(cell, number, left);
        }
        if let Ok(cell) = self.cells.get_mut(new) {
            K::kept_mut(&mut cell.kept).insert(number);
        }
    }
}

/// The numbers of what is in a cell and the supervisor's.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(super) globals: Numbers,
    pub(super) memories: Numbers,
    pub(super) tables: Numbers,
}

impl Kept {
    pub(super) fn is_empty(&self) -> bool {
        let Self { globals, memories, tables } = self;
        globals.is_empty() && memories.is_empty() && tables.is_empty()
    }

    /// Whether all of it is among what a guest imports.
    pub(super) fn is_within(&self, imported: &[Thing]) -> bool {
        let Self { globals, memories, tables } = self;
        let has = |number: u32, number_of: fn(Thing) -> Option<u32>| {
            imported.iter().any(|thing| number_of(*thing) == Some(number))
        };
        globals.iter().all(|number| has(*number, |thing| thing.global()?.number()))
            && memories.iter().all(|number| has(*number, |thing| thing.memory()?.number()))
            && tables.iter().all(|number| has(*number, |thing| thing.table()?.number()))
    }
}
