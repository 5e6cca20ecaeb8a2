//! The ten host functions, with arguments as they come from the supervisor.
//!
//! `i64` arguments are slices of the supervisor's memory, packed as `len << 32 | ptr`. An error is
//! a trap of the supervisor: the embedder ends its call with it.

use super::{
    AllocatorError, Embedder, Failure, OutOfBounds,
    sandbox::{Checkout, check_region, read_region, with_allocator},
};
use crate::{
    abi::{
        self, ERR_EXECUTION, ERR_OK, InstantiateFailure, SupervisorTrap, ThunkLookupError,
        thunk::{Region, Thunk},
    },
    limits::{LimitError, Maximum, maximum},
    store::Store,
};
use alloc::vec::Vec;

/// A name that no export has, for those that are too long to be looked at.
const NO_NAME: &[u8] = &[0xFF];

/// `ext_sandbox_instantiate_version_1`: the number of the instance,
/// [`ERR_MODULE`](abi::ERR_MODULE) or [`ERR_EXECUTION`].
///
/// # Errors
///
/// Where the slices are not inside the supervisor's memory or `dispatch_thunk` is no index of a
/// thunk in its table.
pub fn instantiate<E: Embedder + ?Sized>(
    embedder: &mut E,
    dispatch_thunk: u32,
    wasm: i64,
    environment: i64,
    state: u32,
) -> Result<u32, SupervisorTrap> {
    let (module_bytes, environment_bytes) = with_store(embedder, |store| {
        (maximum::module_bytes(store.limits()), maximum::environment_bytes(store.limits()))
    })?;
    let wasm = read_within(embedder, wasm, module_bytes)?;
    let environment = read_within(embedder, environment, environment_bytes)?;
    let thunk = embedder.find_thunk(dispatch_thunk).map_err(SupervisorTrap::Thunk)?;
    let environment = environment.map_err(|refused| InstantiateFailure::EnvironmentCorrupted(refused.into()));
    let wasm = wasm.map_err(|refused| InstantiateFailure::ModuleDecoding(refused.into()));
    let made = match environment.and_then(|environment| Ok((wasm?, environment))) {
        Ok((wasm, environment)) => {
            let mut checkout = Checkout::new(embedder)?;
            let (store, serving) = checkout.parts()?;
            abi::try_instantiate(store, &mut Thunk::new(serving, thunk), &wasm, &environment, state)
        }
        Err(failure) => Err(failure),
    };
    match made {
        Ok(instance) => {
            embedder.with_sandbox(|sandbox| sandbox.keep_thunk(instance.number(), thunk));
            Ok(instance.number())
        }
        Err(failure) => {
            let code = failure.code();
            embedder.failed(Failure::Instantiate(failure));
            Ok(code)
        }
    }
}

/// `ext_sandbox_invoke_version_1`: [`ERR_OK`] or
/// [`ERR_EXECUTION`]. Host calls are served by the thunk that the instance was
/// instantiated with; `state` comes with each.
///
/// # Errors
///
/// Where the slices are not inside the supervisor's memory, the arguments do not decode, the
/// instance does not exist (any more), or, found after the guest ran, the buffer for the result
/// is too small or outside the supervisor's memory.
pub fn invoke<E: Embedder + ?Sized>(
    embedder: &mut E,
    instance: u32,
    export: i64,
    args: i64,
    result: Region,
    state: u32,
) -> Result<u32, SupervisorTrap> {
    let (module_bytes, argument_bytes) = with_store(embedder, |store| {
        (maximum::module_bytes(store.limits()), maximum::argument_bytes(store.limits()))
    })?;
    let export = read_name(embedder, export, module_bytes)?;
    let args = read_within(embedder, args, argument_bytes)?;
    let args = args.map_err(SupervisorTrap::Limit)?;
    with_store(embedder, |store| store.instance_id(instance))?.map_err(SupervisorTrap::Instance)?;
    let thunk = embedder.with_sandbox(|sandbox| sandbox.thunk(instance));
    let thunk = thunk.ok_or(SupervisorTrap::Thunk(ThunkLookupError::Unknown))?;
    let mut checkout = Checkout::new(embedder)?;
    let (store, serving) = checkout.parts()?;
    let outcome = abi::try_invoke(store, &mut Thunk::new(serving, thunk), instance, &export, &args, state)?;
    match outcome {
        Ok(values) => abi::put_result(serving, &values, result).map(|()| ERR_OK),
        Err(error) => {
            drop(checkout);
            embedder.failed(Failure::Invoke(error));
            Ok(ERR_EXECUTION)
        }
    }
}

/// `ext_sandbox_memory_new_version_1`: makes a memory and returns its number.
///
/// # Errors
///
/// Any failure is the supervisor's.
pub fn memory_new<E: Embedder + ?Sized>(
    embedder: &mut E,
    initial: u32,
    maximum: u32,
) -> Result<u32, SupervisorTrap> {
    with_store(embedder, |store| abi::memory_new(store, initial, maximum))?
}

/// `ext_sandbox_memory_get_version_1`: copies from a memory of the sandbox to the supervisor's.
///
/// # Errors
///
/// Where the memory does not exist (any more).
pub fn memory_get<E: Embedder + ?Sized>(
    embedder: &mut E,
    memory: u32,
    offset: u32,
    to: Region,
) -> Result<u32, SupervisorTrap> {
    let mut checkout = Checkout::new(embedder)?;
    let (store, serving) = checkout.parts()?;
    abi::memory_get(store, serving, memory, offset, to)
}

/// `ext_sandbox_memory_set_version_1`: copies from the supervisor's memory to one of the sandbox.
///
/// # Errors
///
/// Where the memory does not exist (any more).
pub fn memory_set<E: Embedder + ?Sized>(
    embedder: &mut E,
    memory: u32,
    offset: u32,
    from: Region,
) -> Result<u32, SupervisorTrap> {
    let mut checkout = Checkout::new(embedder)?;
    let (store, serving) = checkout.parts()?;
    abi::memory_set(store, serving, memory, offset, from)
}

/// `ext_sandbox_memory_teardown_version_1`.
///
/// # Errors
///
/// Where the memory does not exist (any more).
pub fn memory_teardown<E: Embedder + ?Sized>(embedder: &mut E, memory: u32) -> Result<(), SupervisorTrap> {
    with_store(embedder, |store| abi::memory_teardown(store, memory))?
}

/// `ext_sandbox_instance_teardown_version_1`.
///
/// # Errors
///
/// Where the instance does not exist (any more).
pub fn instance_teardown<E: Embedder + ?Sized>(
    embedder: &mut E,
    instance: u32,
) -> Result<(), SupervisorTrap> {
    with_store(embedder, |store| abi::instance_teardown(store, instance))??;
    embedder.with_sandbox(|sandbox| sandbox.forget_thunk(instance));
    Ok(())
}

/// `ext_sandbox_get_global_val_version_1`: the SCALE-encoded `Option<Value>` of an exported
/// global, in a buffer from the allocator, packed as `len << 32 | ptr`. The supervisor frees it.
///
/// # Errors
///
/// Where the name is not inside the supervisor's memory, the instance does not exist (any more),
/// or the allocator fails.
pub fn get_global_val<E: Embedder + ?Sized>(
    embedder: &mut E,
    instance: u32,
    name: i64,
) -> Result<i64, SupervisorTrap> {
    let module_bytes = with_store(embedder, |store| maximum::module_bytes(store.limits()))?;
    let name = read_name(embedder, name, module_bytes)?;
    let bytes = with_store(embedder, |store| abi::get_global_val(store, instance, &name))??;
    Ok(give(embedder, &bytes)?.to_slice())
}

/// `ext_allocator_malloc_version_1`: the address of `len` bytes above `__heap_base`.
///
/// # Errors
///
/// See [`AllocatorError`].
pub fn malloc<E: Embedder + ?Sized>(embedder: &mut E, len: u32) -> Result<u32, SupervisorTrap> {
    let allocated = with_allocator(embedder, |allocator, memory| allocator.allocate(memory, len));
    allocated.map_err(SupervisorTrap::Allocator)
}

/// `ext_allocator_free_version_1`: frees what [`malloc`] returned.
///
/// # Errors
///
/// See [`AllocatorError`].
pub fn free<E: Embedder + ?Sized>(embedder: &mut E, ptr: u32) -> Result<(), SupervisorTrap> {
    let freed = with_allocator(embedder, |allocator, memory| allocator.free(memory, ptr));
    freed.map_err(SupervisorTrap::Allocator)
}

/// Puts bytes into a buffer from the supervisor's allocator, for a host function of your own that returns
/// some, or for the input of an entry point: [`Region::to_slice`] packs it as the supervisor takes it. Whoever
/// it is given to frees it.
///
/// # Errors
///
/// Where the allocator fails; see [`AllocatorError`].
pub fn give<E: Embedder + ?Sized>(embedder: &mut E, bytes: &[u8]) -> Result<Region, SupervisorTrap> {
    let too_large = SupervisorTrap::Allocator(AllocatorError::TooLarge);
    let len = u32::try_from(bytes.len()).map_err(|_| too_large)?;
    let ptr = malloc(embedder, len)?;
    embedder.write(ptr, bytes).map_err(|OutOfBounds| SupervisorTrap::ResultBuffer)?;
    Ok(Region { ptr, len })
}

/// Copies a slice of the supervisor's memory, packed as `len << 32 | ptr`: an argument of a host function of
/// your own, or the output of an entry point. What is not inside its memory is never allocated for.
///
/// # Errors
///
/// [`SupervisorTrap::Slice`] where it is not all inside the supervisor's memory.
pub fn read<E: Embedder + ?Sized>(embedder: &mut E, slice: i64) -> Result<Vec<u8>, SupervisorTrap> {
    let mut bytes = Vec::new();
    read_region(embedder, Region::from_slice(slice), &mut bytes)?;
    Ok(bytes)
}

fn with_store<E: Embedder + ?Sized, R>(
    embedder: &mut E,
    act: impl FnOnce(&mut Store) -> R,
) -> Result<R, SupervisorTrap> {
    embedder.with_sandbox(|sandbox| sandbox.store_mut().map(act)).ok_or(SupervisorTrap::StoreInUse)
}

/// The bytes of a slice, which must be inside the supervisor's memory, if there are no more than a limit
/// allows: nothing is taken for more.
fn read_within<E: Embedder + ?Sized>(
    embedder: &mut E,
    slice: i64,
    maximum: Maximum,
) -> Result<Result<Vec<u8>, LimitError>, SupervisorTrap> {
    let region = Region::from_slice(slice);
    if let Err(refused) = maximum.check(region.len.into()) {
        check_region(embedder, region)?;
        return Ok(Err(refused));
    }
    read(embedder, slice).map(Ok)
}

/// The name of an export; no export has the one of a slice that is longer than a module may be.
fn read_name<E: Embedder + ?Sized>(
    embedder: &mut E,
    slice: i64,
    module_bytes: Maximum,
) -> Result<Vec<u8>, SupervisorTrap> {
    Ok(read_within(embedder, slice, module_bytes)?.unwrap_or_else(|_| NO_NAME.into()))
}
