//! Environments: what a supervisor offers to a guest's imports, and how imports are resolved.
//!
//! An import is resolved by name and kind. Functions, globals, memories and tables are separate namespaces; the
//! signature of a function is what the guest declares, so one name may be imported with
//! several, but for functions that are offered by one type. Where two entries have the same names and kind the later one counts.

use crate::{
    error::{EnvironmentError, HandleError, ImportError, ImportProblem, InstantiateError},
    limits::{Limits, count, maximum},
    module::Module,
    store::shared::Thing,
    types::{
        externs::{ExternType, Import},
        ids::{FuncIndex, GlobalId, MemoryId, TableId},
        value::Signature,
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
    functions: HashMap<Names, Offered>,
    globals: HashMap<Names, GlobalId>,
    memories: HashMap<Names, MemoryId>,
    tables: HashMap<Names, TableId>,
    /// Modules that it has nothing of, and why.
    refused: Vec<(Box<[u8]>, ImportProblem)>,
    /// Whether it came by the wire, by which numbers are passed and nothing else.
    is_of_wire: bool,
}

/// A function that is offered.
#[derive(Clone, Copy, Debug)]
struct Offered {
    func: FuncIndex,
    /// The type that the guest has to declare; `None` where it may be any.
    signature: Option<Signature>,
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
        self.functions.insert(Names(module.into(), name.into()), Offered { func, signature: None });
    }

    /// Offers a function that is of one type: a guest that declares another is refused.
    pub fn set_typed_function(&mut self, module: &str, name: &str, func: FuncIndex, signature: Signature) {
        let names = Names(module.as_bytes().into(), name.as_bytes().into());
        self.functions.insert(names, Offered { func, signature: Some(signature) });
    }

    /// Says why it has nothing of a module.
    #[cfg_attr(not(feature = "wasi"), expect(dead_code, reason = "nothing else refuses one"))]
    pub(crate) fn refuse_module(&mut self, module: &str, problem: ImportProblem) {
        self.refused.push((module.as_bytes().into(), problem));
    }

    /// Why it has not what is imported.
    fn problem(&self, import: &Import) -> ImportProblem {
        let refused = self.refused.iter().find(|(module, _)| **module == *import.module().as_bytes());
        refused.map_or(ImportProblem::Missing, |(_, problem)| *problem)
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
                ExternType::Func(ty) => match self.functions.get(&names) {
                    Some(Offered { signature: Some(given), .. }) if !given.is_of(ty) => {
                        refused.push(ImportError::new(import, ImportProblem::FunctionType(*given)));
                    }
                    Some(offered) => functions.push(offered.func),
                    None => refused.push(ImportError::new(import, self.problem(import))),
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
