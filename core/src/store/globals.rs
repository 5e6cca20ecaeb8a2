//! Globals: made by the supervisor, or exported by a guest.

use super::{
    Store,
    cell::Cell,
    homes::OutOfMemory,
    instances::Instance,
    references::{Door, Opens},
    shared::{Kind, Located, Place, Shared, Thing},
};
use crate::{
    engine,
    error::{GlobalError, HandleError, InstantiateError, ReferenceError},
    types::{
        externs::{ExternType, GlobalType},
        ids::{GlobalId, InstanceId, Origin},
        value::Value,
    },
};

/// The kind.
#[derive(Debug)]
pub(super) struct Global;

impl Opens for Global {
    fn door(global: engine::Global) -> Door {
        Door::Global(global)
    }
}

impl Kind for Global {
    type Type = GlobalType;
    type Free = Value;
    type Handle = engine::Global;

    fn exported(instance: &Instance, position: u32) -> Option<engine::Global> {
        instance.body.exported.global(position)
    }

    fn enter(cell: &mut Cell, ty: &GlobalType, value: &mut Value) -> Result<engine::Global, OutOfMemory> {
        if value.as_extern().is_some_and(|thing| !cell.space.admit(thing)) {
            return Err(OutOfMemory);
        }
        cell.add_garbage(GLOBAL_BYTES);
        cell.space.add_global(*value, ty.mutable).ok_or(OutOfMemory)
    }

    fn leave(cell: &mut Cell, global: engine::Global) -> Result<Value, OutOfMemory> {
        match cell.space.get(global) {
            // Its guest has gone.
            Some(Value::FuncRef(_)) => Ok(Value::FuncRef(None)),
            value => value.ok_or(OutOfMemory),
        }
    }
}

/// Roughly the bytes that the engine has for one, until its cell goes.
const GLOBAL_BYTES: usize = 64;

impl Store {
    /// Makes a global that guests can import.
    ///
    /// # Errors
    ///
    /// See [`GlobalError`].
    pub fn create_global(&mut self, value: Value, mutable: bool) -> Result<GlobalId, GlobalError> {
        self.sweep();
        if let Some(func) = value.as_func() {
            self.check_func(func).map_err(GlobalError::Function)?;
        }
        let shared = Shared { ty: GlobalType { value: value.ty(), mutable }, place: Place::Free(value) };
        let number = self.things.globals.insert(shared).map_err(|_| GlobalError::IdsExhausted)?;
        let global = GlobalId { store: self.tag, origin: Origin::Created(number) };
        match self.place_for::<Global>(global, value) {
            Ok(_) => Ok(global),
            Err(error) => {
                let _unused = self.teardown_global(global);
                Err(error.into())
            }
        }
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

    /// The value of a global.
    ///
    /// # Errors
    ///
    /// Where the global does not exist (any more).
    pub fn global_get(&mut self, global: GlobalId) -> Result<Value, HandleError> {
        match self.locate::<Global>(global)? {
            Located::Free(number) => match self.things.globals.get(number)?.place {
                Place::Free(value) => Ok(value),
                Place::Bound { .. } => Err(HandleError::Unknown),
            },
            Located::Bound(cell, handle) => {
                let cell = self.cells.get_mut(cell)?;
                cell.settle_chains();
                cell.space.get(handle).ok_or(HandleError::Unknown)
            }
        }
    }

    /// Sets a mutable global.
    ///
    /// # Errors
    ///
    /// See [`GlobalError`].
    pub fn global_set(&mut self, global: GlobalId, value: Value) -> Result<(), GlobalError> {
        check_settable(self.global_type(global).map_err(GlobalError::Handle)?, value)?;
        let is_set = match self.place_for::<Global>(global, value)? {
            Located::Free(number) => self.things.globals.get_mut(number).is_ok_and(|shared| {
                shared.place = Place::Free(value);
                true
            }),
            Located::Bound(cell, handle) => self.cells.get_mut(cell).is_ok_and(|cell| {
                cell.settle_chains();
                let is_set = cell.space.set(handle, value);
                if let Some(recording) = cell.recording.as_mut().filter(|_| is_set) {
                    recording.set(&*cell.space, handle, value);
                }
                is_set
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

    /// The global as guests of a cell import it: a constant is copied into it, where it can be.
    pub(super) fn global_in(&mut self, home: u32, id: GlobalId) -> Result<engine::Global, InstantiateError> {
        if self.is_shared(Thing::Global(id)) {
            return self.handle::<Global>(id).ok_or(InstantiateError::Engine);
        }
        let value = self.global_get(id).map_err(|_| InstantiateError::Engine)?;
        if value.refers() {
            self.admit_all(home, None, &[value]).map_err(|error| match error {
                ReferenceError::Limit(refused) => refused.into(),
                _ => InstantiateError::OutOfSystemMemory,
            })?;
        }
        let space = &mut self.cells.get_mut(home).map_err(|_| InstantiateError::Engine)?.space;
        space.add_global(value, false).ok_or(InstantiateError::OutOfSystemMemory)
    }
}

/// Refuses to set a global of a type to a value.
fn check_settable(ty: GlobalType, value: Value) -> Result<(), GlobalError> {
    if ty.value != value.ty() {
        return Err(GlobalError::Type);
    }
    if ty.mutable { Ok(()) } else { Err(GlobalError::Immutable) }
}
