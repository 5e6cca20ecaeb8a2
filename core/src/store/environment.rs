//! Environments: what a supervisor offers to a guest's imports, and how imports are resolved.
//!
//! An import is resolved by name and kind. Functions, globals, memories and tables are separate namespaces; the
//! signature of a function is what the guest declares, so one name may be imported with
//! several. Where two entries have the same names and kind the later one counts.

use crate::{
    error::{EnvironmentError, HandleError, ImportError, ImportProblem, InstantiateError},
    limits::{Limits, count, maximum},
    module::Module,
    store::shared::Thing,
    types::{
        externs::ExternType,
        ids::{FuncIndex, GlobalId, MemoryId, TableId},
    },
    wire::{EnvironmentDefinition, ExternEntity},
};
use alloc::{boxed::Box, vec::Vec};
use hashbrown::{Equivalent, HashMap};
use parity_scale_codec::Decode;

/// What a supervisor offers to a guest's imports.
///
/// ```
/// use guestbox::{Environment, FuncIndex, Store};
/// let mut store = Store::new();
/// let memory = store.create_memory(1, Some(16))?;
/// let environment = Environment::new()
///     .with_function("env", "log", FuncIndex(0))
///     .with_memory("env", "memory", memory);
/// # Ok::<(), guestbox::MemoryError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Environment {
    functions: HashMap<Names, FuncIndex>,
    globals: HashMap<Names, GlobalId>,
    memories: HashMap<Names, MemoryId>,
    tables: HashMap<Names, TableId>,
    /// Whether it came by the wire, by which numbers are passed and nothing else.
    is_of_wire: bool,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Names(Box<[u8]>, Box<[u8]>);

#[derive(Hash)]
struct BorrowedNames<'a>(&'a [u8], &'a [u8]);

impl Equivalent<Names> for BorrowedNames<'_> {
    fn equivalent(&self, names: &Names) -> bool {
        self.0 == &*names.0 && self.1 == &*names.1
    }
}

/// A module's imports, resolved.
pub(crate) struct Resolved {
    /// Of the imported functions, in order.
    pub(crate) functions: Box<[FuncIndex]>,
    /// What is imported besides, with the positions of the imports, in order.
    pub(crate) things: Vec<(usize, Thing)>,
}

impl Resolved {
    /// The imported memories, in order.
    pub(crate) fn memories(&self) -> impl Iterator<Item = MemoryId> {
        self.things.iter().filter_map(|(_, thing)| thing.memory())
    }

    /// The imported tables, in order.
    pub(crate) fn tables(&self) -> impl Iterator<Item = TableId> {
        self.things.iter().filter_map(|(_, thing)| thing.table())
    }

    /// The imported globals, in order.
    pub(crate) fn globals(&self) -> impl Iterator<Item = GlobalId> {
        self.things.iter().filter_map(|(_, thing)| thing.global())
    }
}

impl Environment {
    /// An environment that offers nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Offers a function under a module and a field name.
    #[must_use]
    pub fn with_function(mut self, module: &str, name: &str, func: FuncIndex) -> Self {
        self.set_function(module.as_bytes(), name.as_bytes(), func);
        self
    }

    /// Offers a memory under a module and a field name.
    #[must_use]
    pub fn with_memory(mut self, module: &str, name: &str, memory: MemoryId) -> Self {
        self.set_memory(module.as_bytes(), name.as_bytes(), memory);
        self
    }

    /// Offers a global under a module and a field name.
    #[must_use]
    pub fn with_global(mut self, module: &str, name: &str, global: GlobalId) -> Self {
        self.set_global(module.as_bytes(), name.as_bytes(), global);
        self
    }

    /// Offers a table under a module and a field name.
    #[must_use]
    pub fn with_table(mut self, module: &str, name: &str, table: TableId) -> Self {
        self.set_table(module.as_bytes(), name.as_bytes(), table);
        self
    }

    /// Offers a function; names that are not UTF-8 match nothing.
    pub fn set_function(&mut self, module: &[u8], name: &[u8], func: FuncIndex) {
        self.functions.insert(Names(module.into(), name.into()), func);
    }

    /// Offers a memory; names that are not UTF-8 match nothing.
    pub fn set_memory(&mut self, module: &[u8], name: &[u8], memory: MemoryId) {
        self.memories.insert(Names(module.into(), name.into()), memory);
    }

    /// Offers a global; names that are not UTF-8 match nothing.
    pub fn set_global(&mut self, module: &[u8], name: &[u8], global: GlobalId) {
        self.globals.insert(Names(module.into(), name.into()), global);
    }

    /// Offers a table; names that are not UTF-8 match nothing.
    pub fn set_table(&mut self, module: &[u8], name: &[u8], table: TableId) {
        self.tables.insert(Names(module.into(), name.into()), table);
    }

    /// Decodes an environment from the wire; `memory` looks its memories up.
    pub(crate) fn from_wire(
        limits: &Limits,
        mut bytes: &[u8],
        memory: impl Fn(u32) -> Result<MemoryId, HandleError>,
    ) -> Result<Self, EnvironmentError> {
        maximum::environment_bytes(limits).check(count(bytes.len())).map_err(EnvironmentError::Limit)?;
        let definition =
            EnvironmentDefinition::decode(&mut bytes).map_err(|_| EnvironmentError::Corrupted)?;
        let mut environment = Self { is_of_wire: true, ..Self::default() };
        for entry in &definition.entries {
            let (module, name) = (&entry.module_name, &entry.field_name);
            match entry.entity {
                ExternEntity::Function(index) => environment.set_function(module, name, FuncIndex(index)),
                ExternEntity::Memory(index) => {
                    let memory = memory(index).map_err(EnvironmentError::Memory)?;
                    environment.set_memory(module, name, memory);
                }
            }
        }
        Ok(environment)
    }

    /// Resolves the imports of a module.
    pub(crate) fn resolve(&self, module: &Module) -> Result<Resolved, InstantiateError> {
        let mut functions = Vec::with_capacity(module.imports().len());
        let mut things = Vec::new();
        let mut refused = Vec::new();
        for (position, import) in module.imports().iter().enumerate() {
            let names = BorrowedNames(import.module().as_bytes(), import.name().as_bytes());
            match import.ty() {
                ExternType::Func(ty) if self.is_of_wire && !ty.is_numeric() => {
                    refused.push(ImportError::new(import, ImportProblem::Signature));
                }
                ExternType::Func(_) => match self.functions.get(&names) {
                    Some(func) => functions.push(*func),
                    None => refused.push(ImportError::new(import, ImportProblem::Missing)),
                },
                ExternType::Memory(_) => match self.memories.get(&names) {
                    Some(memory) => things.push((position, Thing::Memory(*memory))),
                    None => refused.push(ImportError::new(import, ImportProblem::Missing)),
                },
                ExternType::Global(_) => match self.globals.get(&names) {
                    Some(global) => things.push((position, Thing::Global(*global))),
                    None => refused.push(ImportError::new(import, ImportProblem::Missing)),
                },
                ExternType::Table(_) => match self.tables.get(&names) {
                    Some(table) => things.push((position, Thing::Table(*table))),
                    None => refused.push(ImportError::new(import, ImportProblem::Missing)),
                },
            }
        }
        if !refused.is_empty() {
            return Err(InstantiateError::Imports(refused.into()));
        }
        Ok(Resolved { functions: functions.into(), things })
    }
}
