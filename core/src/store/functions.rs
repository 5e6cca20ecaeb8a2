//! Functions of guests that the supervisor has references to.

use super::{InstanceId, Store, exports::check_args, instances::Instance, supervisor::Supervisor};
use crate::{
    engine::{self, Function},
    error::{HandleError, InvokeError},
    limits::to_usize,
    store::execution::{Elsewhere, Execution, Purpose},
    types::{
        refs::{FuncRef, Home},
        value::{FuncType, Value, Values},
    },
};
use alloc::sync::Arc;

impl Store {
    /// The function that an instance exports under a name, to be put into a table; `None` where it exports none.
    ///
    /// # Errors
    ///
    /// Where the instance does not exist (any more).
    pub fn exported_func(
        &mut self,
        instance: InstanceId,
        name: &str,
    ) -> Result<Option<FuncRef>, HandleError> {
        let module = self.module(instance)?;
        let Some((position, export)) = module.export_entry(name) else { return Ok(None) };
        if export.ty().as_func().is_none() {
            return Ok(None);
        }
        let Instance { body, context, .. } = self.instances.get_mut(instance.key())?;
        let cell = self.cells.get_mut(context.cell)?;
        let function = body.function(cell, to_usize(position), name);
        let home = Home { store: self.tag, cell: context.cell };
        Ok(function.map(|function| home.func(function.0)))
    }

    /// The type of a function.
    ///
    /// # Errors
    ///
    /// Where the function does not exist any more.
    pub fn func_type(&self, func: FuncRef) -> Result<FuncType, HandleError> {
        self.check_func(func)?;
        let space = &self.cells.get(func.home.cell)?.space;
        space.function_type(Function(func.number)).ok_or(HandleError::Unknown)
    }

    /// The instance that a function is of.
    ///
    /// # Errors
    ///
    /// Where the function does not exist any more, or the instance.
    pub fn func_instance(&self, func: FuncRef) -> Result<InstanceId, HandleError> {
        self.check_func(func)?;
        let cell = func.home.cell;
        let owner = self.cells.get(cell)?.space.owner(Function(func.number)).ok_or(HandleError::Unknown)?;
        self.linked(cell, owner).and_then(|owner| owner.instance).ok_or(HandleError::TornDown)
    }

    /// Begins a call of a function, to be run by hand, as [`Store::begin`] does of an export. It is a call of the
    /// instance that the function is of.
    ///
    /// # Errors
    ///
    /// See [`InvokeError`]; it is never a trap, as nothing runs yet.
    pub fn begin_func(
        &mut self,
        func: FuncRef,
        args: &[Value],
        state: u32,
    ) -> Result<Execution, InvokeError> {
        let instance = self.func_instance(func)?;
        let ty = self.func_type(func)?;
        check_args("", &ty, args)?;
        self.admit_args(instance.key(), args)?;
        let context = Arc::clone(&self.instance(instance)?.context);
        let mut values = self.spare.pop().unwrap_or_default();
        values.extend_from_slice(args);
        let (fuel, results) = (self.fuel_of_call(&context.bounds), ty.results().len());
        let purpose = Purpose::Call(instance);
        Ok(Execution::new(context, purpose, Some(Function(func.number)), values, results, fuel, state))
    }

    /// Calls a function, serving its host calls with `supervisor`, as [`Store::invoke`] does of an export.
    ///
    /// # Errors
    ///
    /// See [`InvokeError`]. The store and the instance stay usable.
    pub fn invoke_func<S: Supervisor + ?Sized>(
        &mut self,
        supervisor: &mut S,
        func: FuncRef,
        args: &[Value],
        state: u32,
    ) -> Result<Values, InvokeError> {
        let mut execution = self.begin_func(func, args, state)?;
        self.enter(&mut execution)?;
        Ok(self.drive_sharing(supervisor, &mut execution)?)
    }

    /// The instance that an engine's number is of, if it lives: one that has not started does while its start function is
    /// under way.
    pub(crate) fn linked(&self, cell: u32, instance: engine::Instance) -> Option<Elsewhere> {
        let key = self.cells.get(cell).ok()?.key_of(instance)?;
        let found = self.instances.get(key).ok().filter(|found| found.context.cell == cell)?;
        let number = found.number;
        if number.is_none() && Arc::strong_count(&found.context) == 1 {
            return None;
        }
        Some(Elsewhere {
            context: Arc::clone(&found.context),
            instance: number.map(|number| InstanceId { store: self.tag, number, key }),
        })
    }
}
