//! Spaces: wasmi stores.

use super::{
    call::{self, Buffers},
    code::{Library, WasmiCode},
    data::Data,
    externs::Externs,
    functions::Functions,
    growth, imports,
    keys::is_same,
    values::{References, of_reference, reference, type_from_engine},
};
use crate::{
    engine::{
        Code, Entry, Function, Global, Home, Imported, Instance, Limiter, Memory, Outcome, RefKind, Refusal,
        Space, Table, Turn,
    },
    limits::to_usize,
    types::{
        ascending::Ascending,
        refs::ExternRef,
        value::{FuncType, Value},
    },
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{any::Any, fmt};
use wasmi::{
    Extern, Func, MemoryType, Mutability, Ref, RefType, Store, TableType,
    errors::{ErrorKind, InstantiationError},
};

/// A wasmi store, with what it gave the numbers of.
pub(super) struct WasmiSpace {
    store: Store<Data>,
    library: Arc<Library>,
    instances: Ascending<wasmi::Instance>,
    /// The number of the next instance. Those that could not be made have one as well: functions of theirs may stand in
    /// tables.
    next: u32,
    references: References,
    memories: Vec<wasmi::Memory>,
    globals: Vec<wasmi::Global>,
    tables: Vec<wasmi::Table>,
    buffers: Buffers,
}

impl WasmiSpace {
    pub(super) fn new(library: Arc<Library>, limiter: Limiter, home: Home) -> Box<Self> {
        // Made where it stays, as it is large.
        let place = Box::new_uninit();
        let mut space = Box::write(
            place,
            Self {
                store: Store::new(library.engine(), Data::new(limiter)),
                library,
                instances: Ascending::new(),
                next: 0,
                references: References { home, functions: Functions::default(), externs: Externs::default() },
                memories: Vec::new(),
                globals: Vec::new(),
                tables: Vec::new(),
                buffers: Buffers::default(),
            },
        );
        space.store.limiter(|data| &mut data.limiter);
        space
    }

    fn instance(&self, instance: Instance) -> Option<wasmi::Instance> {
        self.instances.get(instance.0).copied()
    }

    fn found(&self, memory: Memory) -> Option<wasmi::Memory> {
        at(&self.memories, memory.0)
    }

    /// An element as wasmi has it; `None` for what is not here.
    fn reference(&self, element: Value) -> Option<Ref> {
        reference(&self.references.for_engine(element)?)
    }
}

/// What has a number.
fn at<T: Copy>(all: &[T], number: u32) -> Option<T> {
    all.get(to_usize(number)).copied()
}

/// Gives something a number.
fn add<T>(all: &mut Vec<T>, one: T) -> Option<u32> {
    let number = u32::try_from(all.len()).ok()?;
    all.push(one);
    Some(number)
}

impl Code for WasmiCode {
    fn space(&self, limiter: Limiter, home: Home) -> Box<dyn Space> {
        WasmiSpace::new(self.library_for_space(), limiter, home)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Space for WasmiSpace {
    fn limiter(&self) -> &Limiter {
        &self.store.data().limiter
    }

    fn limiter_mut(&mut self) -> &mut Limiter {
        &mut self.store.data_mut().limiter
    }

    fn is_made_for(&self, code: &dyn Code) -> bool {
        code.as_any().downcast_ref::<WasmiCode>().is_some_and(|code| code.brings(&self.library))
    }

    fn can_have(&self, code: &dyn Code) -> bool {
        code.as_any().is::<WasmiCode>()
    }

    fn instantiate(&mut self, code: &dyn Code, imported: Imported<'_>) -> Result<Instance, Refusal> {
        let Imported { memories, globals, tables } = imported;
        let code = code.as_any().downcast_ref::<WasmiCode>().ok_or(Refusal::Defect)?;
        let translated = code.for_library(&self.library).ok_or(Refusal::Defect)?;
        let store = &mut self.store;
        let number = Instance(self.next);
        self.next = self.next.checked_add(1).ok_or(Refusal::Defect)?;
        if code.module().gives_functions {
            self.references.functions.begin(number, &Func::wrap(&mut *store, || ()));
        }
        // In the engine's order: those of one kind together.
        let things = tables.len().saturating_add(memories.len()).saturating_add(globals.len());
        let mut imports = Vec::with_capacity(code.imports().len().saturating_add(things));
        imports.extend(imports::functions(store, code.imports(), number));
        imports.extend(tables.iter().filter_map(|table| at(&self.tables, table.0)).map(Extern::Table));
        imports.extend(memories.iter().filter_map(|memory| at(&self.memories, memory.0)).map(Extern::Memory));
        imports.extend(globals.iter().filter_map(|global| at(&self.globals, global.0)).map(Extern::Global));
        let made = wasmi::Instance::new(&mut *store, &translated, &imports);
        let instance = made.map_err(|error| refusal(&error))?;
        self.instances.add(number.0, instance);
        if code.module().keeps_externs {
            self.references.externs.watch(store, instance);
        }
        growth::install(code.module(), instance, store).ok_or(Refusal::Defect)?;
        if let Some(name) = &code.module().segments {
            let segments = instance.get_func(&*store, name).ok_or(Refusal::Defect)?;
            // Every engine meters fuel; one that did not would say so by an error of its own.
            let _metered = store.set_fuel(u64::MAX);
            segments.call(store, &[], &mut []).map_err(|_| Refusal::Segment)?;
        }
        Ok(number)
    }

    fn function(&mut self, instance: Instance, name: &str) -> Option<Function> {
        let function = self.instance(instance)?.get_func(&self.store, name)?;
        self.references.functions.add(function, Some(instance))
    }

    fn memory(&mut self, instance: Instance, name: &str) -> Option<Memory> {
        let memory = self.instance(instance)?.get_memory(&self.store, name)?;
        add(&mut self.memories, memory).map(Memory)
    }

    fn global(&mut self, instance: Instance, name: &str) -> Option<Global> {
        let global = self.instance(instance)?.get_global(&self.store, name)?;
        add(&mut self.globals, global).map(Global)
    }

    fn table(&mut self, instance: Instance, name: &str) -> Option<Table> {
        let table = self.instance(instance)?.get_table(&self.store, name)?;
        add(&mut self.tables, table).map(Table)
    }

    fn add_memory(&mut self, pages: u32, maximum: Option<u32>) -> Option<Memory> {
        let mut ty = MemoryType::builder();
        ty.min(pages.into()).max(maximum.map(u64::from));
        let memory = wasmi::Memory::new(&mut self.store, ty.build().ok()?).ok()?;
        add(&mut self.memories, memory).map(Memory)
    }

    fn add_global(&mut self, value: Value, mutable: bool) -> Option<Global> {
        let mutability = if mutable { Mutability::Var } else { Mutability::Const };
        let value = self.references.for_engine(value)?;
        let global = wasmi::Global::new(&mut self.store, value, mutability);
        self.references.externs.watch_global(&self.store, global);
        add(&mut self.globals, global).map(Global)
    }

    fn add_table(&mut self, kind: RefKind, elements: u32, maximum: Option<u32>) -> Option<Table> {
        let kind = match kind {
            RefKind::Func => RefType::Func,
            RefKind::Extern => RefType::Extern,
        };
        let ty = TableType::new(kind, elements, maximum);
        let table = wasmi::Table::new(&mut self.store, ty, Ref::null(kind)).ok()?;
        self.references.externs.watch_table(&self.store, table);
        add(&mut self.tables, table).map(Table)
    }

    fn bytes(&self, memory: Memory) -> &[u8] {
        self.found(memory).map_or(&[], |memory| memory.data(&self.store))
    }

    fn bytes_mut(&mut self, memory: Memory) -> &mut [u8] {
        self.found(memory).map_or(&mut [], |memory| memory.data_mut(&mut self.store))
    }

    fn maximum(&self, memory: Memory) -> Option<u32> {
        let maximum = self.found(memory)?.ty(&self.store).maximum()?;
        Some(u32::try_from(maximum).unwrap_or(u32::MAX))
    }

    fn grow(&mut self, memory: Memory, pages: u32) -> bool {
        self.found(memory).is_some_and(|memory| memory.grow(&mut self.store, pages.into()).is_ok())
    }

    fn is_same(&self, one: Memory, other: Memory) -> bool {
        is_same(self.found(one), self.found(other))
    }

    fn is_same_global(&self, one: Global, other: Global) -> bool {
        is_same(at(&self.globals, one.0), at(&self.globals, other.0))
    }

    fn get(&mut self, global: Global) -> Option<Value> {
        let value = at(&self.globals, global.0)?.get(&self.store);
        self.references.value_of(&self.store, &value)
    }

    fn set(&mut self, global: Global, value: Value) -> bool {
        let Some(global) = at(&self.globals, global.0) else { return false };
        let value = self.references.for_engine(value);
        value.is_some_and(|value| global.set(&mut self.store, value).is_ok())
    }

    fn elements(&self, table: Table) -> u32 {
        let elements = at(&self.tables, table.0).map_or(0, |table| table.size(&self.store));
        u32::try_from(elements).unwrap_or(u32::MAX)
    }

    fn element(&mut self, table: Table, place: u32) -> Option<Value> {
        let element = at(&self.tables, table.0)?.get(&self.store, place.into())?;
        self.references.value_of(&self.store, &of_reference(element))
    }

    fn set_element(&mut self, table: Table, place: u32, element: Value) -> bool {
        let Some(table) = at(&self.tables, table.0) else { return false };
        let Some(reference) = self.reference(element) else { return false };
        table.set(&mut self.store, place.into(), reference).is_ok()
    }

    fn grow_table(&mut self, table: Table, elements: u32, element: Value) -> bool {
        let Some(table) = at(&self.tables, table.0) else { return false };
        let Some(reference) = self.reference(element) else { return false };
        table.grow(&mut self.store, elements.into(), reference).is_ok()
    }

    fn admit(&mut self, thing: ExternRef) -> bool {
        self.references.externs.admit(&mut self.store, thing)
    }

    fn let_go(&mut self, at_all_costs: bool) {
        self.references.externs.let_go(&self.store, at_all_costs);
    }

    fn is_to_let_go(&self) -> bool {
        self.references.externs.is_to_let_go()
    }

    fn externs(&self, all: &mut Vec<ExternRef>) {
        all.extend(self.references.externs.all());
    }

    fn owner(&self, function: Function) -> Option<Instance> {
        self.references.functions.owner(function)
    }

    fn function_type(&self, function: Function) -> Option<FuncType> {
        Some(type_from_engine(&self.references.functions.get(function)?.ty(&self.store)))
    }

    fn run(&mut self, entry: Entry, turn: Turn<'_>) -> Outcome {
        let begin = match entry {
            Entry::Call(function) => self.references.functions.get(function),
            // Which of the two, wasmi's own call says.
            Entry::Answer | Entry::Refuelled => None,
        };
        let Self { store, library, buffers, references, .. } = self;
        call::run(store, library.stack(), buffers, references, begin, turn)
    }
}

impl fmt::Debug for WasmiSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasmiSpace").finish_non_exhaustive()
    }
}

/// What the engine's refusal to instantiate means.
fn refusal(error: &wasmi::Error) -> Refusal {
    match error.kind() {
        ErrorKind::Instantiation(
            InstantiationError::FailedToInstantiateMemory(_)
            | InstantiationError::FailedToInstantiateTable(_),
        ) => Refusal::Memory,
        ErrorKind::Instantiation(InstantiationError::ElementSegmentDoesNotFit { .. })
        | ErrorKind::Memory(_)
        | ErrorKind::Table(_) => Refusal::Segment,
        _ => Refusal::Defect,
    }
}
