//! Instances: making them, and their end.

use super::{
    Store, exports::Exported, globals::Global, memories::Memory, references::Door, snapshots::Parts,
    tables::Table,
};
use crate::{
    durable::journal::Stop,
    engine::{self, Imported, Refusal},
    error::{HandleError, ImportError, ImportProblem, InstantiateError},
    limits::{Bounds, InstanceLimits, LimitErrors, maximum, to_usize},
    module::{MemorySource, Module},
    store::{
        cell::Cell,
        chain::Chain,
        environment::{Environment, Resolved},
        execution::{Context, Execution, Purpose},
        shared::Thing,
    },
    types::{
        externs::ExternType,
        ids::{InstanceId, MemoryId, Origin},
        value::ValueType,
    },
};
use alloc::{sync::Arc, vec::Vec};

/// An instance.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) body: Body,
    pub(super) context: Arc<Context>,
    /// What it imports besides functions, in order.
    pub(super) imported: Vec<Thing>,
    /// The globals among that as the engine has them, in order.
    pub(super) imported_globals: Vec<engine::Global>,
    /// Whether others can change tables that it exports, which no snapshot has then.
    pub(super) shares_tables: bool,
    /// Its number, once its start function has returned.
    pub(super) number: Option<u32>,
}

/// An instance as the engine has it.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) handle: engine::Instance,
    pub(super) exported: Exported,
    /// What snapshots have of it, once it was asked for.
    pub(super) known_parts: Option<Arc<Parts>>,
}

impl Body {
    pub(super) fn new(module: &Module, handle: engine::Instance, cell: &mut Cell) -> Self {
        Self { handle, exported: Exported::new(module, handle, &mut *cell.space), known_parts: None }
    }

    /// The chain of its calls, unless they may overlap. It is the instance with a key in the store of a tag.
    pub(super) fn chain(
        &self,
        of: (u64, u32),
        module: &Module,
        bounds: &Bounds,
        cell: &mut Cell,
        joined: Option<Arc<Chain>>,
        doors: &[Door],
    ) -> Option<Arc<Chain>> {
        (!bounds.limits.overlapping).then(|| cell.chain(of, module, self.handle, joined, doors))
    }

    /// What snapshots have of it. `None` where the engine does not have what was exported for this; that does not
    /// happen.
    pub(super) fn parts(&mut self, module: &Module, cell: &mut Cell) -> Option<Arc<Parts>> {
        if let Some(parts) = &self.known_parts {
            return Some(Arc::clone(parts));
        }
        let parts = Arc::new(Parts::of(module, self.handle, &mut *cell.space)?);
        Some(Arc::clone(self.known_parts.insert(parts)))
    }
}

impl InstanceId {
    pub(super) const fn key(self) -> u32 {
        self.key
    }

    /// The key, in the store of this tag only.
    pub(super) const fn key_in(self, store: u64) -> Result<u32, HandleError> {
        if self.store == store { Ok(self.key) } else { Err(HandleError::OtherStore) }
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
        let (key, context) = self.link(module, environment, limits, state)?;
        let callee = match module.start() {
            Some(start) => {
                let Some(callee) = self.start_function(key, start) else {
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
        word: u32,
    ) -> Result<(u32, Arc<Context>), InstantiateError> {
        self.sweep();
        match self.try_link(module, environment, limits.bounds(), word) {
            Err(InstantiateError::Limit(refused)) if self.reclaim(refused.as_ref()) => {
                self.try_link(module, environment, limits.bounds(), word)
            }
            outcome => outcome,
        }
    }

    fn try_link(
        &mut self,
        module: &Module,
        environment: &Environment,
        bounds: Bounds,
        word: u32,
    ) -> Result<(u32, Arc<Context>), InstantiateError> {
        self.check_limits(module, &bounds)?;
        let (Some(_), Some(key)) = (self.numbers.next(), self.instances.next()) else {
            return Err(InstantiateError::IdsExhausted);
        };
        let resolved = environment.resolve(module)?;
        self.check_types(module, &resolved.things)?;
        let home = self.cell_for(module, &resolved.things)?;
        if let Ok(cell) = self.cells.get_mut(home) {
            cell.stop_recording(Stop::Shared);
        }
        let memories: Vec<_> = resolved.memories().filter_map(|id| self.handle::<Memory>(id)).collect();
        let tables: Vec<_> = resolved.tables().filter_map(|id| self.handle::<Table>(id)).collect();
        let globals: Result<Vec<_>, _> = resolved.globals().map(|id| self.global_in(home, id)).collect();
        let globals = globals.inspect_err(|_| self.settle(home))?;
        let doors: Vec<_> = self.doors(&resolved).map(|(door, _)| door).collect();
        let pointer = module.stack().filter(|pointer| pointer.is_imported && !bounds.limits.overlapping);
        let pointer = pointer.and_then(|pointer| globals.get(to_usize(pointer.index)).copied());
        let joined = self.chain_of_imported(home, &resolved, pointer)?;
        let imported = Imported { memories: &memories, globals: &globals, tables: &tables };
        let made = self.make(module, home, imported, &bounds);
        // One that could not be made for its segments may have written to tables as well.
        if matches!(made, Ok(_) | Err(InstantiateError::Segment)) {
            resolved.tables().for_each(|table| self.note_change(table));
        }
        let handle = match made {
            Ok(handle) => handle,
            Err(error) => {
                // What failed leaves something in the space.
                self.bury(home, module);
                self.settle(home);
                return Err(error);
            }
        };
        let cell = self.cells.get_mut(home).map_err(|_| InstantiateError::Engine)?;
        let memory = match module.main_memory() {
            Some(MemorySource::Import(ordinal)) => resolved.memories().nth(ordinal),
            Some(MemorySource::Export(at)) => Some(MemoryId::exported(self.tag, key, at)),
            None => None,
        };
        let body = Body::new(module, handle, cell);
        let chain = body.chain((self.tag, key), module, &bounds, cell, joined, &doors);
        cell.note_instance(handle, key);
        let context = Arc::new(Context {
            cell: home,
            ticket: Arc::clone(&cell.ticket),
            module: module.clone(),
            handle,
            word,
            functions: resolved.functions,
            memory,
            chain,
            bounds,
        });
        let imported: Vec<_> = resolved.things.into_iter().map(|(_, thing)| thing).collect();
        let instance = Instance {
            body,
            context: Arc::clone(&context),
            imported,
            imported_globals: globals,
            shares_tables: false,
            number: None,
        };
        self.instances.insert(instance).map_err(|_| InstantiateError::IdsExhausted)?;
        if context.bounds.limits.journal {
            self.record_birth(key);
        }
        Ok((key, context))
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
        if let Ok(instance) = self.instances.get_mut(key) {
            instance.number = Some(number);
        }
        Some(InstanceId { store: self.tag, number, key })
    }

    /// Removes an instance.
    pub(crate) fn discard(&mut self, key: u32) {
        let Ok(instance) = self.instances.remove(key) else { return };
        self.end_recording(instance.context.cell, key);
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

    /// Refuses an instance for which there is no room, before anything is made: by all limits for which there is none.
    fn check_limits(&self, module: &Module, bounds: &Bounds) -> Result<(), InstantiateError> {
        let instances = crate::limits::count(self.instances.len()).saturating_add(self.dead_instances.into());
        let refused = [
            maximum::instances(&self.limits).check(instances.saturating_add(1)),
            self.budgets.check_instance(module.instance_bytes()),
            maximum::memory_pages(&self.limits).check(module.largest_memory()),
            maximum::table_elements(&self.limits).check(module.largest_table()),
            bounds.pages.as_ref().map_or(Ok(()), |guest| guest.check(module.own_pages())),
            self.budgets.pages.check(module.own_pages()),
        ];
        let refused = refused.into_iter().filter_map(Result::err);
        LimitErrors::of(refused).map_or(Ok(()), |refused| Err(InstantiateError::Limit(refused)))
    }

    /// Refuses what is of other types than a module imports, before anything is made.
    fn check_types(&self, module: &Module, imported: &[(usize, Thing)]) -> Result<(), InstantiateError> {
        for (position, thing) in imported {
            let Some(import) = module.imports().get(*position) else { continue };
            // What does not exist is found when it is looked for a cell.
            let problem = match (import.ty(), thing) {
                (ExternType::Memory(asked), Thing::Memory(id)) => {
                    let actual = self.memory_type(*id).ok().filter(|actual| !asked.admits(*actual));
                    actual.map(ImportProblem::MemoryLimits)
                }
                (ExternType::Global(asked), Thing::Global(id)) => {
                    let actual = self.global_type(*id).ok().filter(|actual| asked != actual);
                    actual.map(ImportProblem::GlobalType)
                }
                (ExternType::Table(asked), Thing::Table(id)) => {
                    let actual = self.table_type(*id).ok().filter(|actual| !asked.admits(*actual));
                    actual.map(ImportProblem::TableType)
                }
                _ => None,
            };
            if let Some(problem) = problem {
                return Err(ImportError::new(import, problem).into());
            }
        }
        Ok(())
    }

    /// That through which a guest comes by functions which it imports besides, and where it comes from.
    fn doors(&self, resolved: &Resolved) -> impl Iterator<Item = (Door, Origin)> {
        let tables =
            resolved.tables().filter_map(|id| Some((Door::Table(self.handle::<Table>(id)?), id.origin)));
        let globals = resolved.globals().filter(|id| {
            let ty = self.global_type(*id);
            ty.is_ok_and(|ty| ty.value == ValueType::FuncRef)
        });
        let globals = globals.filter_map(|id| Some((Door::Global(self.handle::<Global>(id)?), id.origin)));
        tables.chain(globals)
    }

    /// The chain of the guests that have a table, a global of functions, or the pointer of a stack, which a guest imports.
    fn chain_of_imported(
        &self,
        home: u32,
        resolved: &Resolved,
        pointer: Option<engine::Global>,
    ) -> Result<Option<Arc<Chain>>, InstantiateError> {
        let of_pointer = pointer.and_then(|pointer| self.cells.get(home).ok()?.chain_of_pointer(pointer));
        let doors = self.doors(resolved).filter_map(|(door, origin)| self.chain_of(home, door, origin));
        let mut chains = doors.chain(of_pointer);
        let first = chains.next();
        // Calls of their guests are apart from each other, and would not be any more.
        let are_apart = |first: &Arc<Chain>| chains.any(|other| !Arc::ptr_eq(first, &other));
        if first.as_ref().is_some_and(are_apart) { Err(InstantiateError::Apart) } else { Ok(first) }
    }

    pub(super) fn start_function(&mut self, key: u32, export: &str) -> Option<engine::Function> {
        let instance = self.instances.get(key).ok()?;
        let handle = instance.body.handle;
        self.cells.get_mut(instance.context.cell).ok()?.space.function(handle, export)
    }

    /// Makes the engine's instance in a cell that has all its memories.
    pub(super) fn make(
        &mut self,
        module: &Module,
        home: u32,
        imported: Imported<'_>,
        bounds: &Bounds,
    ) -> Result<engine::Instance, InstantiateError> {
        let Cell { space, recorders, .. } = self.cells.get_mut(home).map_err(|_| InstantiateError::Engine)?;
        let limiter = space.limiter_mut();
        limiter.begin(bounds);
        limiter.begin_making(module.instance_bytes(), module.hidden())?;
        let made = match recorders.prepare(module, &mut **space) {
            Some(hidden) => {
                let globals = [imported.globals, &hidden].concat();
                space.instantiate(module.code(), Imported { globals: &globals, ..imported })
            }
            None => Err(Refusal::Defect),
        };
        space.limiter_mut().end();
        if let Ok(instance) = made {
            recorders.add(module, instance, &mut **space);
        }
        made.map_err(|refused| match (space.limiter_mut().take_refusal(), refused) {
            (Some(refusal), _) => refusal.into(),
            (None, Refusal::Memory) => InstantiateError::OutOfSystemMemory,
            (None, Refusal::Segment) => InstantiateError::Segment,
            (None, Refusal::Defect) => InstantiateError::Engine,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{store::execution::Step, types::trap::TrapCode};

    #[test]
    fn an_instance_for_which_there_is_no_id_left_is_removed() {
        let module = Module::new(&wat::parse_str("(module)").unwrap()).unwrap();
        let mut store = Store::new();
        store.numbers.skip_to(crate::types::slots::END - 1);
        let mut begin = || store.begin_instantiate(&module, &Environment::new(), 0).unwrap();
        let (mut last, mut late) = (begin(), begin());
        assert!(matches!(last.run(&mut store), Ok(Step::Finished(_))));
        let Ok(Step::Trapped(trap)) = late.run(&mut store) else { panic!("it finished") };
        assert_eq!((trap.code(), late.instance()), (TrapCode::Engine, None));
        assert_eq!((store.instances.len(), store.cells.len()), (1, 1));
        let refused = store.begin_instantiate(&module, &Environment::new(), 0).unwrap_err();
        assert!(matches!(refused, InstantiateError::IdsExhausted));
    }
}
