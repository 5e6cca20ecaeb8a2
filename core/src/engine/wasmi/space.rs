//! Spaces: wasmi stores.

use super::{
    call::{self, Buffers},
    code::{Library, WasmiCode},
    data::Data,
    growth, imports,
    values::{from_engine, into_engine},
};
use crate::{
    engine::{
        Code, Entry, Function, Global, Imported, Instance, Limiter, Memory, Outcome, Refusal, Space, Turn,
    },
    limits::to_usize,
    types::{slots::ByNumber, value::Value},
};
use alloc::{boxed::Box, format, sync::Arc, vec::Vec};
use core::{any::Any, fmt};
use wasmi::{
    Extern, Func, MemoryType, Mutability, Store,
    errors::{ErrorKind, InstantiationError},
};

/// A wasmi store, with what it gave the numbers of.
pub(super) struct WasmiSpace {
    // Boxed, as it is large and spaces are moved when they are made.
    store: Box<Store<Data>>,
    library: Arc<Library>,
    instances: Vec<wasmi::Instance>,
    functions: Vec<Func>,
    memories: Vec<wasmi::Memory>,
    globals: Vec<wasmi::Global>,
    /// The functions that stand for the imports of each module, by its number.
    imports: ByNumber<u64, Box<[Func]>>,
    buffers: Buffers,
}

impl WasmiSpace {
    pub(super) fn new(library: Arc<Library>, limiter: Limiter) -> Self {
        let mut store = Box::new(Store::new(library.engine(), Data::new(limiter)));
        store.limiter(|data| &mut data.limiter);
        Self {
            store,
            library,
            instances: Vec::new(),
            functions: Vec::new(),
            memories: Vec::new(),
            globals: Vec::new(),
            imports: ByNumber::default(),
            buffers: Buffers::default(),
        }
    }

    fn found(&self, memory: Memory) -> Option<wasmi::Memory> {
        at(&self.memories, memory.0)
    }
}

/// Whether two of the engine's handles are equal: they are of one thing then, and show it in no other way.
fn is_same<T: fmt::Debug>(one: Option<T>, other: Option<T>) -> bool {
    one.zip(other).is_some_and(|(one, other)| format!("{one:?}") == format!("{other:?}"))
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
    fn space(&self, limiter: Limiter) -> Box<dyn Space> {
        Box::new(WasmiSpace::new(self.library_for_space(), limiter))
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

    fn instantiate(&mut self, code: &dyn Code, imported: Imported<'_>) -> Result<Instance, Refusal> {
        let Imported { memories, globals } = imported;
        let code = code.as_any().downcast_ref::<WasmiCode>().ok_or(Refusal::Defect)?;
        let translated = code.for_library(&self.library).ok_or(Refusal::Defect)?;
        let store = &mut *self.store;
        // In the engine's order: those of one kind together.
        let functions =
            self.imports.entry(code.id()).or_insert_with(|| imports::functions(store, &translated));
        let mut imports: Vec<_> = functions.iter().copied().map(Extern::Func).collect();
        imports.extend(memories.iter().filter_map(|memory| at(&self.memories, memory.0)).map(Extern::Memory));
        imports.extend(globals.iter().filter_map(|global| at(&self.globals, global.0)).map(Extern::Global));
        let made = wasmi::Instance::new(&mut *store, &translated, &imports);
        let instance = made.map_err(|error| refusal(&error))?;
        growth::install(code.module(), instance, store).ok_or(Refusal::Defect)?;
        add(&mut self.instances, instance).map(Instance).ok_or(Refusal::Defect)
    }

    fn function(&mut self, instance: Instance, name: &str) -> Option<Function> {
        let function = at(&self.instances, instance.0)?.get_func(&*self.store, name)?;
        add(&mut self.functions, function).map(Function)
    }

    fn memory(&mut self, instance: Instance, name: &str) -> Option<Memory> {
        let memory = at(&self.instances, instance.0)?.get_memory(&*self.store, name)?;
        add(&mut self.memories, memory).map(Memory)
    }

    fn global(&mut self, instance: Instance, name: &str) -> Option<Global> {
        let global = at(&self.instances, instance.0)?.get_global(&*self.store, name)?;
        add(&mut self.globals, global).map(Global)
    }

    fn add_memory(&mut self, pages: u32, maximum: Option<u32>) -> Option<Memory> {
        let mut ty = MemoryType::builder();
        ty.min(pages.into()).max(maximum.map(u64::from));
        let memory = wasmi::Memory::new(&mut *self.store, ty.build().ok()?).ok()?;
        add(&mut self.memories, memory).map(Memory)
    }

    fn add_global(&mut self, value: Value, mutable: bool) -> Option<Global> {
        let mutability = if mutable { Mutability::Var } else { Mutability::Const };
        let global = wasmi::Global::new(&mut *self.store, into_engine(value), mutability);
        add(&mut self.globals, global).map(Global)
    }

    fn bytes(&self, memory: Memory) -> &[u8] {
        self.found(memory).map_or(&[], |memory| memory.data(&*self.store))
    }

    fn bytes_mut(&mut self, memory: Memory) -> &mut [u8] {
        self.found(memory).map_or(&mut [], |memory| memory.data_mut(&mut *self.store))
    }

    fn maximum(&self, memory: Memory) -> Option<u32> {
        let maximum = self.found(memory)?.ty(&*self.store).maximum()?;
        Some(u32::try_from(maximum).unwrap_or(u32::MAX))
    }

    fn grow(&mut self, memory: Memory, pages: u32) -> bool {
        self.found(memory).is_some_and(|memory| memory.grow(&mut *self.store, pages.into()).is_ok())
    }

    fn is_same(&self, one: Memory, other: Memory) -> bool {
        is_same(self.found(one), self.found(other))
    }

    fn is_same_global(&self, one: Global, other: Global) -> bool {
        is_same(at(&self.globals, one.0), at(&self.globals, other.0))
    }

    fn get(&self, global: Global) -> Option<Value> {
        from_engine(&at(&self.globals, global.0)?.get(&*self.store))
    }

    fn set(&mut self, global: Global, value: Value) -> bool {
        let global = at(&self.globals, global.0);
        global.is_some_and(|global| global.set(&mut *self.store, into_engine(value)).is_ok())
    }

    fn run(&mut self, entry: Entry, turn: Turn<'_>) -> Outcome {
        let begin = match entry {
            Entry::Call(function) => at(&self.functions, function.0),
            // Which of the two, wasmi's own call says.
            Entry::Answer | Entry::Refuelled => None,
        };
        call::run(&mut self.store, self.library.stack(), &mut self.buffers, begin, turn)
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
