//! What the modules of a script have from each other: they import what the instances export that the script registers.

use super::outcome::Finding;
use guestbox::{
    Environment, ExternType, FuncIndex, HostCall, HostError, Import, InstanceId, MemoryId, Module, Store,
    Supervisor, TableId, TableType, Values,
};
use std::collections::HashMap;

/// An instance of a script.
#[derive(Clone, Debug)]
pub(super) enum Instance {
    /// It is there.
    Live(InstanceId),
    /// It could not be made, and what is about it comes to this as well.
    Missing(Finding),
}

/// Why a module is not linked.
pub(super) enum Unlinked {
    /// An instance that it imports from is missing.
    Missing(Finding),
    /// A function is of another type than it declares.
    Type(String),
}

/// Links the modules of a script and serves what they import.
pub(super) struct Linker {
    /// The memory and the table that scripts import as `spectest` `memory` and `table`. They are the supervisor's and no
    /// instance's, so that they can be shared with any.
    memory: MemoryId,
    table: TableId,
    /// By the names that modules import from them under.
    registered: HashMap<String, Instance>,
    /// The functions that were imported, by their index.
    functions: Vec<(InstanceId, String)>,
}

impl Linker {
    pub(super) fn new(store: &mut Store) -> Self {
        let memory = store.create_memory(1, Some(2)).expect("two pages can be had");
        let table =
            store.create_table(TableType::of_functions(10, Some(20))).expect("ten elements can be had");
        Self { memory, table, registered: HashMap::new(), functions: Vec::new() }
    }

    /// Lets modules import what an instance exports.
    pub(super) fn register(&mut self, name: &str, instance: Instance) {
        self.registered.insert(name.to_owned(), instance);
    }

    /// All that a module imports and that there is.
    pub(super) fn environment(
        &mut self,
        store: &mut Store,
        module: &Module,
    ) -> Result<Environment, Unlinked> {
        let mut environment = Environment::new()
            .with_memory("spectest", "memory", self.memory)
            .with_table("spectest", "table", self.table);
        for import in module.imports() {
            environment = match self.registered.get(import.module()) {
                None => environment,
                Some(Instance::Missing(finding)) => return Err(Unlinked::Missing(finding.clone())),
                Some(Instance::Live(instance)) => self.offer(environment, store, *instance, import)?,
            };
        }
        Ok(environment)
    }

    /// The instances that a module imports from.
    pub(super) fn providers(&self, module: &Module) -> Vec<InstanceId> {
        let registered = module.imports().iter().filter_map(|import| self.registered.get(import.module()));
        let live = registered.filter_map(|instance| match instance {
            Instance::Live(instance) => Some(*instance),
            Instance::Missing(_) => None,
        });
        live.collect()
    }

    /// Offers what an instance exports for an import. Guestbox compares the types but those of functions, which are
    /// for who serves them to compare.
    fn offer(
        &mut self,
        environment: Environment,
        store: &mut Store,
        instance: InstanceId,
        import: &Import,
    ) -> Result<Environment, Unlinked> {
        let (module, name) = (import.module(), import.name());
        let exported = store.module(instance).expect("it is live").export(name);
        Ok(match exported.map(|export| export.ty()) {
            Some(ExternType::Func(ty)) => {
                if import.ty().as_func().is_some_and(|declared| declared != ty) {
                    return Err(Unlinked::Type(format!(
                        "`{module}` `{name}` is a function {ty}, not a {}",
                        import.ty()
                    )));
                }
                let index = FuncIndex(u32::try_from(self.functions.len()).expect("scripts are small"));
                self.functions.push((instance, name.to_owned()));
                environment.with_function(module, name, index)
            }
            Some(ExternType::Memory(_)) => {
                let memory = store
                    .exported_memory(instance, name)
                    .expect("it is live")
                    .expect("it exports the memory");
                environment.with_memory(module, name, memory)
            }
            Some(ExternType::Global(_)) => {
                let global = store.exported_global(instance, name).expect("it is live");
                environment.with_global(module, name, global.expect("it exports the global"))
            }
            Some(ExternType::Table(_)) => {
                let table = store.exported_table(instance, name).expect("it is live");
                environment.with_table(module, name, table.expect("it exports the table"))
            }
            _ => environment,
        })
    }
}

impl Supervisor for Linker {
    /// Calls the function in the instance that exports it.
    fn dispatch(&mut self, store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        let (instance, export) = self.functions[call.func.0 as usize].clone();
        Ok(store.invoke(self, instance, &export, call.args, 0)?)
    }
}
