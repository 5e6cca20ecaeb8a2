//! What an instance exports: functions, to be called, and globals.

use super::{
    InstanceId, Store,
    cell::Cell,
    instances::{Body, Instance},
};
use crate::{
    engine::{self, Function, Global, Memory, Space, Table},
    error::{ArgumentsError, GlobalError, HandleError, InvokeError},
    limits::to_usize,
    module::Module,
    store::execution::{Execution, Purpose},
    types::value::{FuncType, Value, values_match},
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};

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
        let instance_key = instance.key_in(self.tag)?;
        if args.iter().any(|value| value.refers()) {
            let entry = self.instance(instance)?.context.module.exports().get(position);
            let entry = entry.ok_or(InvokeError::ExportNotFound)?;
            check_args(entry.name(), entry.ty().as_func().ok_or(InvokeError::NotAFunction)?, args)?;
            self.admit_args(instance_key, args)?;
        }
        self.begin_export(instance_key, Purpose::Call(instance), position, args, state)
    }

    /// Begins a call of the export at a position of the instance with a key, which may have what the arguments refer to.
    pub(super) fn begin_export(
        &mut self,
        key: u32,
        purpose: Purpose,
        position: usize,
        args: &[Value],
        state: u32,
    ) -> Result<Execution, InvokeError> {
        let mut values = self.spare.pop().unwrap_or_default();
        let Instance { body, context, .. } = self.instances.get_mut(key).map_err(HandleError::from)?;
        let context = Arc::clone(context);
        let entry = context.module.exports().get(position).ok_or(InvokeError::ExportNotFound)?;
        let ty = entry.ty().as_func().ok_or(InvokeError::NotAFunction)?;
        check_args(entry.name(), ty, args)?;
        let cell = self.cells.get_mut(context.cell).map_err(HandleError::from)?;
        let callee = body.function(cell, position, entry.name()).ok_or(InvokeError::ExportNotFound)?;
        let results = ty.results().len();
        values.extend_from_slice(args);
        let fuel = self.fuel_of_call(&context.bounds);
        let mut execution = Execution::new(context, purpose, Some(callee), values, results, fuel, state);
        execution.set_export(position);
        Ok(execution)
    }

    /// The value of an exported global; `None` where there is no global of this name.
    ///
    /// # Errors
    ///
    /// Where the instance does not exist (any more).
    pub fn global(&mut self, instance: InstanceId, name: &str) -> Result<Option<Value>, HandleError> {
        let Some(global) = self.exported_global(instance, name)? else { return Ok(None) };
        self.global_get(global).map(Some)
    }

    /// Sets an exported mutable global.
    ///
    /// # Errors
    ///
    /// See [`GlobalError`].
    pub fn set_global(&mut self, instance: InstanceId, name: &str, value: Value) -> Result<(), GlobalError> {
        let global = self.exported_global(instance, name)?.ok_or(GlobalError::NotFound)?;
        self.global_set(global, value)
    }

    /// A global that an instance exports, which is known by the position of its export from now on.
    pub(super) fn note_global(
        &mut self,
        instance: InstanceId,
        name: &str,
    ) -> Result<Option<(u32, Global)>, HandleError> {
        let Some((position, body, space)) = self.exporter(instance, name, "global")? else { return Ok(None) };
        let global = body.global(space, position, name);
        Ok(global.map(|global| (position, global)))
    }

    /// A table that an instance exports, which is known by the position of its export from now on.
    pub(super) fn note_table(
        &mut self,
        instance: InstanceId,
        name: &str,
    ) -> Result<Option<(u32, Table)>, HandleError> {
        let Some((position, body, space)) = self.exporter(instance, name, "table")? else { return Ok(None) };
        let table = body.table(space, position, name);
        Ok(table.map(|table| (position, table)))
    }

    /// The position of an export of a kind, and who exports it, where; `None` where there is no such export.
    fn exporter(
        &mut self,
        instance: InstanceId,
        name: &str,
        kind: &str,
    ) -> Result<Option<(u32, &mut Body, &mut dyn Space)>, HandleError> {
        let Instance { body, context, .. } = self.instances.get_mut(instance.key_in(self.tag)?)?;
        let entry = context.module.export_entry(name).filter(|(_, export)| export.ty().kind() == kind);
        let Some((position, _)) = entry else { return Ok(None) };
        Ok(Some((position, body, &mut *self.cells.get_mut(context.cell)?.space)))
    }
}

/// Refuses arguments that a function does not take.
pub(super) fn check_args(name: &str, ty: &FuncType, args: &[Value]) -> Result<(), InvokeError> {
    if !values_match(args, ty.params()) {
        return Err(InvokeError::Arguments(ArgumentsError::new(name, ty.params(), args)));
    }
    Ok(())
}

impl Body {
    /// The function that is exported at a position under a name.
    pub(super) fn function(&mut self, cell: &mut Cell, position: usize, name: &str) -> Option<Function> {
        if let Some(Known::Function(known)) = self.exported.known(position) {
            return Some(known);
        }
        let function = cell.space.function(self.handle, name)?;
        self.exported.note(position, Known::Function(function));
        Some(function)
    }

    /// The global that is exported at a position under a name.
    fn global(&mut self, space: &mut dyn Space, position: u32, name: &str) -> Option<Global> {
        if let Some(known) = self.exported.global(position) {
            return Some(known);
        }
        let global = space.global(self.handle, name)?;
        self.exported.note(to_usize(position), Known::Global(global));
        Some(global)
    }

    /// The table that is exported at a position under a name.
    fn table(&mut self, space: &mut dyn Space, position: u32, name: &str) -> Option<Table> {
        if let Some(known) = self.exported.table(position) {
            return Some(known);
        }
        let table = space.table(self.handle, name)?;
        self.exported.note(to_usize(position), Known::Table(table));
        Some(table)
    }

    /// Notes the globals and the tables that are known of the body before this one, which have ids.
    pub(super) fn note_again(&mut self, before: &Self, module: &Module, cell: &mut Cell) {
        for ((position, export), known) in (0..).zip(module.exports()).zip(&before.exported.known) {
            match known {
                Some(Known::Global(_)) => {
                    self.global(&mut *cell.space, position, export.name());
                }
                Some(Known::Table(_)) => {
                    self.table(&mut *cell.space, position, export.name());
                }
                Some(Known::Function(_)) | None => {}
            }
        }
    }
}

/// What the engine has of an instance's exports: all memories, and what else was asked for.
#[derive(Debug)]
pub(super) struct Exported {
    /// With the positions of their exports, by which they are sorted.
    memories: Box<[(u32, Memory)]>,
    /// What else was asked for, by the position of the export.
    known: Vec<Option<Known>>,
}

/// What an export is in the engine, but for memories.
#[derive(Clone, Copy, Debug)]
enum Known {
    Function(Function),
    Global(Global),
    Table(Table),
}

impl Exported {
    pub(super) fn new(module: &Module, instance: engine::Instance, space: &mut dyn Space) -> Self {
        let memories = module
            .exported_memories()
            .filter_map(|(position, export)| Some((position, space.memory(instance, export.name())?)));
        Self { memories: memories.collect(), known: Vec::new() }
    }

    pub(super) fn memory(&self, position: u32) -> Option<Memory> {
        let at = self.memories.binary_search_by_key(&position, |(at, _)| *at).ok()?;
        self.memories.get(at).map(|(_, memory)| *memory)
    }

    /// One that was asked for before.
    pub(super) fn global(&self, position: u32) -> Option<Global> {
        match self.known(to_usize(position))? {
            Known::Global(global) => Some(global),
            Known::Function(_) | Known::Table(_) => None,
        }
    }

    /// One that was asked for before.
    pub(super) fn table(&self, position: u32) -> Option<Table> {
        match self.known(to_usize(position))? {
            Known::Table(table) => Some(table),
            Known::Function(_) | Known::Global(_) => None,
        }
    }

    fn known(&self, position: usize) -> Option<Known> {
        self.known.get(position).copied().flatten()
    }

    fn note(&mut self, position: usize, export: Known) {
        if self.known.len() <= position {
            self.known.resize(position.saturating_add(1), None);
        }
        if let Some(known) = self.known.get_mut(position) {
            *known = Some(export);
        }
    }
}
