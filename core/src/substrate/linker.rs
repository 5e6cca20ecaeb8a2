//! The host functions for a supervisor that runs in wasmi.

use super::{Sandbox, functions, wasmi_supervisor::WasmiSupervisor};
use crate::abi::{SupervisorTrap, thunk::Region};
use wasmi::{AsContext, AsContextMut, Caller, Error, Instance, Linker, Memory};

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
            let mut supervisor = WasmiSupervisor::with_memory(caller, memory);
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
            let mut supervisor = WasmiSupervisor::with_memory(caller, memory);
            let result =
                functions::invoke(&mut supervisor, instance, export, args, Region { ptr, len }, state);
            result.map_err(Error::host)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "ext_sandbox_memory_new_version_1",
        move |caller: Caller<'_, T>, initial: u32, maximum: u32| {
            functions::memory_new(&mut WasmiSupervisor::with_memory(caller, memory), initial, maximum)
                .map_err(Error::host)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "ext_sandbox_memory_get_version_1",
        move |caller: Caller<'_, T>, number: u32, offset: u32, ptr: u32, len: u32| {
            let mut supervisor = WasmiSupervisor::with_memory(caller, memory);
            functions::memory_get(&mut supervisor, number, offset, Region { ptr, len }).map_err(Error::host)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "ext_sandbox_memory_set_version_1",
        move |caller: Caller<'_, T>, number: u32, offset: u32, ptr: u32, len: u32| {
            let mut supervisor = WasmiSupervisor::with_memory(caller, memory);
            functions::memory_set(&mut supervisor, number, offset, Region { ptr, len }).map_err(Error::host)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "ext_sandbox_memory_teardown_version_1",
        move |caller: Caller<'_, T>, number: u32| {
            functions::memory_teardown(&mut WasmiSupervisor::with_memory(caller, memory), number)
                .map_err(Error::host)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "ext_sandbox_instance_teardown_version_1",
        move |caller: Caller<'_, T>, instance: u32| {
            functions::instance_teardown(&mut WasmiSupervisor::with_memory(caller, memory), instance)
                .map_err(Error::host)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "ext_sandbox_get_global_val_version_1",
        move |caller: Caller<'_, T>, instance: u32, name: i64| {
            functions::get_global_val(&mut WasmiSupervisor::with_memory(caller, memory), instance, name)
                .map_err(Error::host)
        },
    )?;
    linker.func_wrap(MODULE, "ext_allocator_malloc_version_1", move |caller: Caller<'_, T>, len: u32| {
        functions::malloc(&mut WasmiSupervisor::with_memory(caller, memory), len).map_err(Error::host)
    })?;
    linker.func_wrap(MODULE, "ext_allocator_free_version_1", move |caller: Caller<'_, T>, ptr: u32| {
        functions::free(&mut WasmiSupervisor::with_memory(caller, memory), ptr).map_err(Error::host)
    })?;
    Ok(())
}

impl wasmi::errors::HostError for SupervisorTrap {}

/// So that host functions of your own can use `?`.
impl From<SupervisorTrap> for Error {
    fn from(trap: SupervisorTrap) -> Self {
        Self::host(trap)
    }
}
