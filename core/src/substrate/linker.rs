//! The host functions for a supervisor that runs in wasmi.

use super::{
    Embedder, Sandbox, functions,
    memory::{LinearMemory, OutOfBounds},
    sandbox::ThunkTrapped,
};
use crate::{
    abi::{SupervisorTrap, ThunkLookupError},
    limits::{count, to_usize},
    supervisor::FuncIndex,
    thunk::Region,
};
use wasmi::{AsContext, AsContextMut, Caller, Error, Extern, Instance, Linker, Memory, Ref, TypedFunc};

/// A dispatch thunk of a supervisor that runs in wasmi:
/// `(args_ptr, args_len, state, func) -> ptr << 32 | len`.
pub type WasmiThunk = TypedFunc<(u32, u32, u32, u32), i64>;

/// The module name of the host functions' imports.
const MODULE: &str = "env";

/// Defines the ten host functions under the module name `env`, for a supervisor that exports its
/// memory as `memory` and its table as `__indirect_function_table`.
///
/// The data of the supervisor's wasmi store lends its [`Sandbox`]. Call [`attach`] when the
/// supervisor is instantiated. What the supervisor does wrong ends its call with a
/// [`SupervisorTrap`], see [`wasmi::Error::downcast_ref`](Error::downcast_ref).
///
/// # Errors
///
/// Where one of the names is taken.
pub fn link<T: AsMut<Sandbox> + 'static>(linker: &mut Linker<T>) -> Result<(), Error> {
    link_functions(linker, None)
}

/// Defines the ten host functions as [`link`] does, for a supervisor that imports its memory: the
/// one given, of the wasmi store that the supervisor will be instantiated in.
///
/// # Errors
///
/// Where one of the names is taken.
pub fn link_with_memory<T: AsMut<Sandbox> + 'static>(
    linker: &mut Linker<T>,
    memory: Memory,
) -> Result<(), Error> {
    link_functions(linker, Some(memory))
}

/// Begins the supervisor's heap at its `__heap_base`. Until then its allocator fails.
///
/// # Errors
///
/// Where the supervisor exports no such global of the type `i32`.
pub fn attach<T: AsMut<Sandbox>>(
    mut store: impl AsContextMut<Data = T>,
    instance: &Instance,
) -> Result<(), SupervisorTrap> {
    let heap_base = heap_base(store.as_context(), instance).ok_or(SupervisorTrap::HeapBase)?;
    store.as_context_mut().data_mut().as_mut().set_heap_base(heap_base);
    Ok(())
}

/// The address where a supervisor's heap begins, by its global `__heap_base`; `None` where it
/// exports no such global of the type `i32`.
pub fn heap_base(store: impl AsContext, instance: &Instance) -> Option<u32> {
    let global = instance.get_global(&store, "__heap_base")?;
    global.get(&store).i32().map(i32::cast_unsigned)
}

fn link_functions<T: AsMut<Sandbox> + 'static>(
    linker: &mut Linker<T>,
    memory: Option<Memory>,
) -> Result<(), Error> {
    linker.func_wrap(
        MODULE,
        "ext_sandbox_instantiate_version_1",
        move |caller: Caller<'_, T>, dispatch_thunk: u32, wasm: i64, environment: i64, state: u32| {
            let mut supervisor = Supervisor::new(caller, memory);
            let result = functions::instantiate(&mut supervisor, dispatch_thunk, wasm, environment, state);
            result.map_err(Error::host)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "ext_sandbox_invoke_version_1",
        move |caller: Caller<'_, T>,
              instance: u32,
              export: i64,
              args: i64,
              ptr: u32,
              len: u32,
              state: u32| {
            let mut supervisor = Supervisor::new(caller, memory);
            let result =
                functions::invoke(&mut supervisor, instance, export, args, Region { ptr, len }, state);
            result.map_err(Error::host)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "ext_sandbox_memory_new_version_1",
        move |caller: Caller<'_, T>, initial: u32, maximum: u32| {
            functions::memory_new(&mut Supervisor::new(caller, memory), initial, maximum).map_err(Error::host)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "ext_sandbox_memory_get_version_1",
        move |caller: Caller<'_, T>, number: u32, offset: u32, ptr: u32, len: u32| {
            let mut supervisor = Supervisor::new(caller, memory);
            functions::memory_get(&mut supervisor, number, offset, Region { ptr, len }).map_err(Error::host)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "ext_sandbox_memory_set_version_1",
        move |caller: Caller<'_, T>, number: u32, offset: u32, ptr: u32, len: u32| {
            let mut supervisor = Supervisor::new(caller, memory);
            functions::memory_set(&mut supervisor, number, offset, Region { ptr, len }).map_err(Error::host)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "ext_sandbox_memory_teardown_version_1",
        move |caller: Caller<'_, T>, number: u32| {
            functions::memory_teardown(&mut Supervisor::new(caller, memory), number).map_err(Error::host)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "ext_sandbox_instance_teardown_version_1",
        move |caller: Caller<'_, T>, instance: u32| {
            functions::instance_teardown(&mut Supervisor::new(caller, memory), instance).map_err(Error::host)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "ext_sandbox_get_global_val_version_1",
        move |caller: Caller<'_, T>, instance: u32, name: i64| {
            functions::get_global_val(&mut Supervisor::new(caller, memory), instance, name)
                .map_err(Error::host)
        },
    )?;
    linker.func_wrap(MODULE, "ext_allocator_malloc_version_1", move |caller: Caller<'_, T>, len: u32| {
        functions::malloc(&mut Supervisor::new(caller, memory), len).map_err(Error::host)
    })?;
    linker.func_wrap(MODULE, "ext_allocator_free_version_1", move |caller: Caller<'_, T>, ptr: u32| {
        functions::free(&mut Supervisor::new(caller, memory), ptr).map_err(Error::host)
    })?;
    Ok(())
}

/// The supervisor that calls a host function.
struct Supervisor<'a, T> {
    caller: Caller<'a, T>,
    /// `None` where it has none: every access is outside of it.
    memory: Option<Memory>,
}

impl<'a, T> Supervisor<'a, T> {
    fn new(caller: Caller<'a, T>, memory: Option<Memory>) -> Self {
        let memory = memory.or_else(|| caller.get_export("memory").and_then(Extern::into_memory));
        Self { caller, memory }
    }
}

impl<T> LinearMemory for Supervisor<'_, T> {
    fn size(&mut self) -> u64 {
        self.memory.map_or(0, |memory| count(memory.data_size(&self.caller)))
    }

    fn read(&mut self, ptr: u32, buffer: &mut [u8]) -> Result<(), OutOfBounds> {
        let memory = self.memory.ok_or(OutOfBounds)?;
        memory.read(&self.caller, to_usize(ptr), buffer).map_err(|_| OutOfBounds)
    }

    fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), OutOfBounds> {
        let memory = self.memory.ok_or(OutOfBounds)?;
        memory.write(&mut self.caller, to_usize(ptr), bytes).map_err(|_| OutOfBounds)
    }
}

impl<T: AsMut<Sandbox>> Embedder for Supervisor<'_, T> {
    type Thunk = WasmiThunk;

    fn with_sandbox<R>(&mut self, act: impl FnOnce(&mut Sandbox) -> R) -> R {
        act(self.caller.data_mut().as_mut())
    }

    fn find_thunk(&mut self, index: u32) -> Result<WasmiThunk, ThunkLookupError> {
        let export = self.caller.get_export("__indirect_function_table");
        let table = export.and_then(Extern::into_table).ok_or(ThunkLookupError::NoTable)?;
        match table.get(&self.caller, index.into()).ok_or(ThunkLookupError::OutOfBounds)? {
            Ref::Func(func) => {
                let func = func.val().ok_or(ThunkLookupError::Null)?;
                func.typed(&self.caller).map_err(|_| ThunkLookupError::Type)
            }
            Ref::Extern(_) => Err(ThunkLookupError::NoTable),
        }
    }

    fn call_thunk(
        &mut self,
        thunk: WasmiThunk,
        args: Region,
        state: u32,
        FuncIndex(func): FuncIndex,
    ) -> Result<i64, ThunkTrapped> {
        thunk.call(&mut self.caller, (args.ptr, args.len, state, func)).map_err(|_| ThunkTrapped)
    }
}

impl wasmi::errors::HostError for SupervisorTrap {}
