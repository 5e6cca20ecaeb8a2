//! What an instance exports: functions, to be called, and globals.

use super::{InstanceId, Store, instances::Instance};
use crate::{
    cell::Cell,
    error::{ArgumentsError, GlobalError, HandleError, InvokeError},
    execution::{Execution, Purpose},
    externs::ExternType,
    limits::to_usize,
    value::{Value, values_match},
};
use alloc::sync::Arc;
use wasmi::Func;

impl Store {
    /// Begins a call of an exported function, to be run by hand.
    ///
    /// It gets the fuel of an outermost call of the instance, within a host call what the
    /// outermost call has left; [`Execution::set_fuel`] changes that.
    ///
    /// # Errors
    ///
    /// See [`InvokeError`]; it is never a trap, as nothing runs yet.
    pub fn begin(
        &mut self,
        instance: InstanceId,
        export: &str,
        args: &[Value],
        state: u32,
    ) -> Result<Execution, InvokeError> {
        let (at, _) = self.module(instance)?.export_entry(export).ok_or(InvokeError::ExportNotFound)?;
        self.begin_at(instance, to_usize(at), args, state)
    }

    /// Begins a call as [`Store::begin`] does, of the export at a position in
    /// [`Module::exports`](crate::Module::exports): for those who look names up once.
    ///
    /// # Errors
    ///
    /// See [`InvokeError`]; it is never a trap, as nothing runs yet.
    pub fn begin_at(
        &mut self,
        instance: InstanceId,
        position: usize,
        args: &[Value],
        state: u32,
    ) -> Result<Execution, InvokeError> {
        let mut values = self.spare.pop().unwrap_or_default();
        let body = self.instances.get_mut(instance.key_in(self.tag)?).map_err(HandleError::from)?;
        let context = Arc::clone(&body.context);
        let entry = context.module.exports().get(position).ok_or(InvokeError::ExportNotFound)?;
        let ty = entry.ty().as_func().ok_or(InvokeError::NotAFunction)?;
        if !ty.is_numeric() {
            return Err(InvokeError::Signature);
        }
        if !values_match(args, ty.params()) {
            return Err(InvokeError::Arguments(ArgumentsError::new(entry.name(), ty.params(), args)));
        }
        let callee = match body.functions.get(position) {
            Some(Some(function)) => *function,
            _ => {
                let cell = self.cells.get(context.cell).map_err(HandleError::from)?;
                let function = body.find_function(cell, position, entry.name());
                function.ok_or(InvokeError::ExportNotFound)?
            }
        };
        let results = ty.results().len();
        values.extend_from_slice(args);
        let fuel = self.fuel_of_call(&context.bounds);
        Ok(Execution::new(context, Purpose::Call(instance), Some(callee), values, results, fuel, state))
    }

    /// The value of an exported global; `None` where there is no global of this name, or its
    /// value is no number.
    ///
    /// # Errors
    ///
    /// Where the instance does not exist (any more).
    pub fn global(&mut self, instance: InstanceId, name: &str) -> Result<Option<Value>, HandleError> {
        self.settle_chain(instance)?;
        let instance = self.instance(instance)?;
        if instance.context.module.export(name).is_none() {
            return Ok(None);
        }
        let store = &self.cells.get(instance.context.cell)?.store;
        let global = instance.handle.get_global(store, name);
        Ok(global.and_then(|global| Value::from_engine(&global.get(store))))
    }

    /// Sets an exported mutable global.
    ///
    /// # Errors
    ///
    /// See [`GlobalError`].
    pub fn set_global(&mut self, instance: InstanceId, name: &str, value: Value) -> Result<(), GlobalError> {
        self.settle_chain(instance)?;
        let instance = self.instance(instance)?;
        let (handle, cell) = (instance.handle, instance.context.cell);
        let ty = match instance.context.module.export(name).map(crate::externs::Export::ty) {
            Some(ExternType::Global(ty)) => *ty,
            _ => return Err(GlobalError::NotFound),
        };
        if ty.value != value.ty() {
            return Err(GlobalError::Type);
        }
        let store = &mut self.cells.get_mut(cell).map_err(HandleError::from)?.store;
        let global = handle.get_global(&*store, name).ok_or(GlobalError::NotFound)?;
        global.set(store, value.into_engine()).map_err(|_| GlobalError::Immutable)
    }
}

impl Instance {
    /// Looks up the engine's function of an export, and remembers it.
    fn find_function(&mut self, cell: &Cell, position: usize, name: &str) -> Option<Func> {
        let function = self.handle.get_func(&cell.store, name)?;
        if self.functions.len() <= position {
            self.functions.resize(position.checked_add(1)?, None);
        }
        *self.functions.get_mut(position)? = Some(function);
        Some(function)
    }
}
