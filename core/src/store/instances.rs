//! Instances: making them, calling them, their globals, their end.

use super::{MemoryId, Store};
use crate::{
    cell::Cell,
    chain::Chain,
    environment::{Environment, refused},
    error::{GlobalError, HandleError, ImportProblem, InstantiateError, InvokeError},
    execution::{Callee, Context, Execution, Purpose},
    frames::Recorder,
    growth,
    limiter::Hidden,
    limits::{Limit, to_usize},
    module::{ExternType, MemorySource, Module},
    options::{Bounds, InstanceLimits},
    value::{Value, values_match},
};
use alloc::{sync::Arc, vec::Vec};
use wasmi::{
    Extern, Func,
    errors::{ErrorKind, InstantiationError},
};

/// An instance of a store.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct InstanceId {
    store: u64,
    number: u32,
    key: u32,
}

impl InstanceId {
    /// The number, counted from 0 in the order in which instantiations were completed.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.number
    }

    pub(super) const fn key(self) -> u32 {
        self.key
    }

    /// The key, in the store of this tag only.
    const fn key_in(self, store: u64) -> Result<u32, HandleError> {
        if self.store == store { Ok(self.key) } else { Err(HandleError::OtherStore) }
    }
}

/// An instance.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) handle: wasmi::Instance,
    pub(super) context: Arc<Context>,
    /// The memories that it imports, in order.
    pub(super) memories: Vec<MemoryId>,
    /// The functions that were called before, by the position of their export.
    pub(super) functions: Vec<Option<Func>>,
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

impl Store {
    /// Instantiates a module up to its start function, which the execution then runs.
    ///
    /// When the execution has finished, [`Execution::instance`] is the new instance. Also a
    /// module without a start function has to be run once.
    ///
    /// # Errors
    ///
    /// See [`InstantiateError`].
    pub fn begin_instantiate(
        &mut self,
        module: &Module,
        environment: &Environment,
        state: u32,
    ) -> Result<Execution, InstantiateError> {
        self.begin_instantiate_with(module, environment, state, InstanceLimits::new())
    }

    /// Instantiates a module as [`Store::begin_instantiate`] does, under limits of its own.
    ///
    /// # Errors
    ///
    /// See [`InstantiateError`].
    pub fn begin_instantiate_with(
        &mut self,
        module: &Module,
        environment: &Environment,
        state: u32,
        limits: InstanceLimits,
    ) -> Result<Execution, InstantiateError> {
        let (key, context) = self.link(module, environment, limits)?;
        let callee = match module.start() {
            Some(start) => {
                let guest = || self.start_function(key, &start.export).map(Callee::Guest);
                let Some(callee) = start.import.map(Callee::Import).or_else(guest) else {
                    drop(context);
                    self.discard(key);
                    return Err(InstantiateError::Engine);
                };
                Some(callee)
            }
            None => None,
        };
        let fuel = limits.fuel.unwrap_or_else(|| self.fuel_of_call(&context.bounds));
        Ok(Execution::new(context, Purpose::Start(key), callee, Vec::new(), 0, fuel, state))
    }

    /// Instantiates a module up to its start function, and returns the key of the instance.
    pub(super) fn link(
        &mut self,
        module: &Module,
        environment: &Environment,
        limits: InstanceLimits,
    ) -> Result<(u32, Arc<Context>), InstantiateError> {
        self.sweep();
        match self.try_link(module, environment, limits.bounds()) {
            Err(InstantiateError::Limit(refused)) if self.reclaim(&refused) => {
                self.try_link(module, environment, limits.bounds())
            }
            outcome => outcome,
        }
    }

    fn try_link(
        &mut self,
        module: &Module,
        environment: &Environment,
        bounds: Bounds,
    ) -> Result<(u32, Arc<Context>), InstantiateError> {
        let instances = crate::limits::count(self.instances.len()).saturating_add(self.dead_instances.into());
        Limit::Instances.check(instances.saturating_add(1), self.limits.instances.into())?;
        self.budgets.check_instance(module.instance_bytes())?;
        let (Some(_), Some(key)) = (self.numbers.next(), self.instances.next()) else {
            return Err(InstantiateError::IdsExhausted);
        };
        let resolved = environment.resolve(module)?;
        let home = self.cell_for(module, &resolved.memories)?;
        let memories: Vec<_> = resolved.memories.iter().filter_map(|id| self.engine_memory(*id)).collect();
        let handle = match self.make(module, home, &memories, &bounds) {
            Ok(handle) => handle,
            Err(error) => {
                // All other failures leave something in the engine's store.
                if !matches!(error, InstantiateError::TailCallsApart) {
                    self.bury(home, module);
                }
                self.settle(home);
                return Err(error);
            }
        };
        let cell = self.cells.get(home).map_err(|_| InstantiateError::Engine)?;
        let memory = match module.main_memory() {
            Some(MemorySource::Import(ordinal)) => resolved.memories.get(ordinal).copied(),
            Some(MemorySource::Export(at)) => Some(MemoryId::exported(self.tag, key, at)),
            None => None,
        };
        let context = Arc::new(Context {
            cell: home,
            ticket: Arc::clone(&cell.ticket),
            module: module.clone(),
            functions: resolved.functions,
            memory,
            recorder: Recorder::of(module, handle, &cell.store),
            chain: (!bounds.overlapping).then(|| Chain::new((self.tag, key), module, handle, &cell.store)),
            bounds,
        });
        let instance = Instance {
            handle,
            context: Arc::clone(&context),
            memories: resolved.memories,
            functions: Vec::new(),
        };
        self.instances.insert(instance).map_err(|_| InstantiateError::IdsExhausted)?;
        Ok((key, context))
    }

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
    /// [`Module::exports`]: for those who look names up once.
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
            return Err(InvokeError::Arguments);
        }
        let callee = match (entry.import(), body.functions.get(position)) {
            (Some(import), _) => Callee::Import(import),
            (None, Some(Some(function))) => Callee::Guest(*function),
            (None, _) => {
                let cell = self.cells.get(context.cell).map_err(HandleError::from)?;
                let function = body.find_function(cell, position, entry.name());
                Callee::Guest(function.ok_or(InvokeError::ExportNotFound)?)
            }
        };
        let results = ty.results().len();
        values.extend_from_slice(args);
        let fuel = self.fuel_of_call(&context.bounds);
        Ok(Execution::new(context, Purpose::Call(instance), Some(callee), values, results, fuel, state))
    }

    /// The id of the instance with a number.
    ///
    /// # Errors
    ///
    /// Where no such instance exists, or it was torn down.
    pub fn instance_id(&self, number: u32) -> Result<InstanceId, HandleError> {
        let key = *self.numbers.get(number)?;
        Ok(InstanceId { store: self.tag, number, key })
    }

    /// The module of an instance.
    ///
    /// # Errors
    ///
    /// Where the instance does not exist (any more).
    pub fn module(&self, instance: InstanceId) -> Result<&Module, HandleError> {
        Ok(&self.instance(instance)?.context.module)
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
        let ty = match instance.context.module.export(name).map(crate::module::Export::ty) {
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

    /// Ends the life of an instance. A call of it that is under way completes, and its memory is
    /// freed after.
    ///
    /// # Errors
    ///
    /// Where the instance does not exist (any more).
    pub fn teardown_instance(&mut self, instance: InstanceId) -> Result<(), HandleError> {
        self.instance(instance)?;
        self.numbers.remove(instance.number)?;
        self.discard(instance.key);
        self.sweep();
        Ok(())
    }

    /// Gives an instance its id after its start function has returned; removes it where there are no
    /// more ids.
    pub(crate) fn publish(&mut self, key: u32) -> Option<InstanceId> {
        let Ok(number) = self.numbers.insert(key) else {
            self.discard(key);
            return None;
        };
        Some(InstanceId { store: self.tag, number, key })
    }

    /// Removes an instance.
    pub(crate) fn discard(&mut self, key: u32) {
        let Ok(instance) = self.instances.remove(key) else { return };
        self.bury(instance.context.cell, &instance.context.module);
        // If calls are under way, the last of them does the rest.
        self.release(instance.context);
    }

    /// Counts a dead instance of `module` in a cell.
    pub(super) fn bury(&mut self, home: u32, module: &Module) {
        if let Ok(cell) = self.cells.get_mut(home) {
            cell.add_garbage(module.instance_bytes());
            cell.dead_instances = cell.dead_instances.saturating_add(1);
            self.dead_instances = self.dead_instances.saturating_add(1);
        }
    }

    pub(super) fn instance(&self, instance: InstanceId) -> Result<&Instance, HandleError> {
        Ok(self.instances.get(instance.key_in(self.tag)?)?)
    }

    fn start_function(&self, key: u32, export: &str) -> Option<Func> {
        let instance = self.instances.get(key).ok()?;
        instance.handle.get_func(&self.cells.get(instance.context.cell).ok()?.store, export)
    }

    /// Makes the engine's instance in a cell that has all its memories.
    pub(super) fn make(
        &mut self,
        module: &Module,
        home: u32,
        memories: &[wasmi::Memory],
        bounds: &Bounds,
    ) -> Result<wasmi::Instance, InstantiateError> {
        let cell = self.cells.get_mut(home).map_err(|_| InstantiateError::Engine)?;
        let code = module.code_for(&cell.engine).ok_or(InstantiateError::TailCallsApart)?;
        let mut imports = Vec::with_capacity(module.imports().len());
        // In the engine's order.
        imports.extend(cell.imported_functions(module));
        imports.extend(memories.iter().copied().map(Extern::Memory));
        let limiter = &mut cell.store.data_mut().limiter;
        limiter.begin(bounds);
        let hidden = Hidden {
            memory_after: module.frames().map(|frames| frames.own_memories),
            table_after: module.hooks().map(|hooks| hooks.own_tables),
        };
        limiter.begin_making(module.instance_bytes(), hidden)?;
        let made = wasmi::Instance::new(&mut cell.store, &code, &imports);
        let limiter = &mut cell.store.data_mut().limiter;
        limiter.end_making();
        let instance = made.map_err(|error| match cell.store.data_mut().limiter.take_refusal() {
            Some(refusal) => refusal.into(),
            None => explain(module, &error),
        })?;
        growth::install(module, instance, &mut cell.store).ok_or(InstantiateError::Engine)?;
        Ok(instance)
    }
}

/// What the engine's refusal to instantiate means.
fn explain(module: &Module, error: &wasmi::Error) -> InstantiateError {
    match error.kind() {
        ErrorKind::Instantiation(InstantiationError::MemoryTypeMismatch { name, .. }) => {
            let names = (name.module(), name.name());
            let import = module.imports().iter().find(|import| (import.module(), import.name()) == names);
            import.map_or(InstantiateError::Engine, |import| refused(import, ImportProblem::MemoryLimits))
        }
        ErrorKind::Instantiation(
            InstantiationError::FailedToInstantiateMemory(_)
            | InstantiationError::FailedToInstantiateTable(_),
        ) => InstantiateError::OutOfSystemMemory,
        ErrorKind::Instantiation(InstantiationError::ElementSegmentDoesNotFit { .. })
        | ErrorKind::Memory(_)
        | ErrorKind::Table(_) => InstantiateError::Segment,
        _ => InstantiateError::Engine,
    }
}
