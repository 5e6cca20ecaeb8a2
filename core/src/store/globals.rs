//! Globals: made by the supervisor, or exported by a guest.

use super::{
    Store,
    cell::Cell,
    homes::OutOfMemory,
    instances::Instance,
    shared::{Kind, Located, Place, Shared},
};
use crate::{
    engine,
    error::{GlobalError, HandleError},
    types::{
        externs::{ExternType, GlobalType},
        ids::{GlobalId, InstanceId, Origin},
        value::Value,
    },
};

/// The kind.
#[derive(Debug)]
pub(super) struct Global;

impl Kind for Global {
    type Type = GlobalType;
    type Free = Value;
    type Handle = engine::Global;

    fn exported(instance: &Instance, position: u32) -> Option<engine::Global> {
        instance.body.exported.global(position)
    }

    fn enter(cell: &mut Cell, ty: &GlobalType, value: &mut Value) -> Result<engine::Global, OutOfMemory> {
        cell.add_garbage(GLOBAL_BYTES);
        cell.space.add_global(*value, ty.mutable).ok_or(OutOfMemory)
    }

    fn leave(cell: &mut Cell, global: engine::Global) -> Result<Value, OutOfMemory> {
        // It is a number: there are no others of the supervisor's.
        cell.space.get(global).ok_or(OutOfMemory)
    }
}

/// Roughly the bytes that the engine has for one, until its cell goes.
const GLOBAL_BYTES: usize = 64;

impl Store {
    /// Makes a global that guests can import.
    ///
    /// # Errors
    ///
    /// [`GlobalError::IdsExhausted`].
    pub fn create_global(&mut self, value: Value, mutable: bool) -> Result<GlobalId, GlobalError> {
        self.sweep();
        let ty = GlobalType { value: value.ty(), mutable };
        let global = Shared { ty, place: Place::Free(value) };
        let number = self.things.globals.insert(global).map_err(|_| GlobalError::IdsExhausted)?;
        Ok(GlobalId { store: self.tag, origin: Origin::Created(number) })
    }

    /// The global that an instance exports under a name, `None` where it exports none.
    ///
    /// # Errors
    ///
    /// Where the instance does not exist (any more).
    pub fn exported_global(
        &mut self,
        instance: InstanceId,
        name: &str,
    ) -> Result<Option<GlobalId>, HandleError> {
        let Some((position, _)) = self.note_global(instance, name)? else { return Ok(None) };
        Ok(Some(GlobalId::exported(self.tag, instance.key(), position)))
    }

    /// The type of a global.
    ///
    /// # Errors
    ///
    /// Where the global does not exist (any more).
    pub fn global_type(&self, global: GlobalId) -> Result<GlobalType, HandleError> {
        match self.origin::<Global>(global)? {
            Origin::Created(number) => Ok(self.things.globals.get(number)?.ty),
            Origin::Exported(key, position) => match self.exported_type(key, position)? {
                ExternType::Global(ty) => Ok(*ty),
                _ => Err(HandleError::Unknown),
            },
        }
    }

    /// The value of a global; `None` where it is no number.
    ///
    /// # Errors
    ///
    /// Where the global does not exist (any more).
    pub fn global_get(&mut self, global: GlobalId) -> Result<Option<Value>, HandleError> {
        match self.locate::<Global>(global)? {
            Located::Free(number) => Ok(match self.things.globals.get(number)?.place {
                Place::Free(value) => Some(value),
                Place::Bound { .. } => None,
            }),
            Located::Bound(cell, handle) => {
                let cell = self.cells.get_mut(cell)?;
                cell.settle_chains();
                Ok(cell.space.get(handle))
            }
        }
    }

    /// Sets a mutable global.
    ///
    /// # Errors
    ///
    /// See [`GlobalError`].
    pub fn global_set(&mut self, global: GlobalId, value: Value) -> Result<(), GlobalError> {
        let located = self.locate::<Global>(global).map_err(GlobalError::Handle)?;
        check_settable(self.global_type(global).map_err(GlobalError::Handle)?, value)?;
        let is_set = match located {
            Located::Free(number) => self.things.globals.get_mut(number).is_ok_and(|shared| {
                shared.place = Place::Free(value);
                true
            }),
            Located::Bound(cell, handle) => self.cells.get_mut(cell).is_ok_and(|cell| {
                cell.settle_chains();
                cell.space.set(handle, value)
            }),
        };
        if is_set { Ok(()) } else { Err(GlobalError::Immutable) }
    }

    /// Ends the life of a global that the supervisor made. Guests that import it keep it.
    ///
    /// # Errors
    ///
    /// Where the global does not exist (any more). One that a guest exports goes with the guest; for one of those this
    /// is [`HandleError::Unknown`].
    pub fn teardown_global(&mut self, global: GlobalId) -> Result<(), HandleError> {
        self.tear_down::<Global>(global)
    }

    /// The global as guests of a cell import it: a constant is copied into it.
    pub(super) fn global_in(&mut self, home: u32, id: GlobalId) -> Option<engine::Global> {
        if self.global_type(id).ok()?.mutable {
            return self.handle::<Global>(id);
        }
        let value = self.global_get(id).ok()??;
        self.cells.get_mut(home).ok()?.space.add_global(value, false)
    }
}

/// Refuses to set a global of a type to a value.
pub(super) fn check_settable(ty: GlobalType, value: Value) -> Result<(), GlobalError> {
    if ty.value != value.ty() {
        return Err(GlobalError::Type);
    }
    if ty.mutable { Ok(()) } else { Err(GlobalError::Immutable) }
}
