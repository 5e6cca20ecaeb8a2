//! The lineage's host functions, as operations on a [`Store`] with numbers and codes.
//!
//! Each function here is one of the `ext_sandbox_*` host functions of the Substrate sandbox ABI,
//! less the access to the supervisor's memory for its arguments. What a guest does wrong is a
//! code, one of the four constants; what the supervisor does wrong is a [`SupervisorTrap`], on
//! which the embedder ends the supervisor.
//!
//! Differences from the original, all deliberate: import limits compare with a memory's current
//! size, as today's specification says; WebAssembly features beyond the first version are on;
//! everything is bounded by [`Limits`](crate::Limits), the length of a thunk's result too; a
//! result in the buffer of the arguments is not freed a second time; the type of a result is
//! compared also where an import is itself the export or the start function, which the original
//! left unchecked.
//!
//! As in the original, calls of a guest may overlap however they are made, and nothing is put back
//! where one ends early: guests made here have no chain of calls, see
//! [`Execution::enter`](crate::Execution::enter).

mod codes;
pub(crate) mod errors;
pub(crate) mod thunk;

pub use self::{
    codes::{ERR_EXECUTION, ERR_MODULE, ERR_OK, ERR_OUT_OF_BOUNDS, MEM_UNLIMITED},
    errors::{InstantiateFailure, SupervisorTrap, ThunkLookupError},
};

use crate::{
    abi::thunk::{Region, Thunk, ThunkSupervisor},
    error::{HandleError, InstantiateError, InvokeError},
    limits::{InstanceLimits, PAGE_BYTES, count, maximum},
    module::Module,
    store::{Environment, Execution, Store},
    types::{
        externs::{Export, ExternType},
        ids::{InstanceId, MemoryId},
        value::{FuncType, Number, ReturnValue, Values},
    },
    wire,
};
use alloc::vec::Vec;
use parity_scale_codec::Encode;

/// `memory_new`: makes a memory and returns its number.
///
/// # Errors
///
/// Any failure is the supervisor's.
pub fn memory_new(store: &mut Store, initial: u32, maximum: u32) -> Result<u32, SupervisorTrap> {
    let maximum = (maximum != MEM_UNLIMITED).then_some(maximum);
    let memory = store.create_memory(initial, maximum).map_err(SupervisorTrap::MemoryRefused)?;
    memory.number().ok_or(SupervisorTrap::Memory(HandleError::Unknown))
}

/// `memory_get`: copies from a memory of the store to the supervisor's.
///
/// # Errors
///
/// Where the memory does not exist (any more).
pub fn memory_get<S: ThunkSupervisor + ?Sized>(
    store: &Store,
    supervisor: &mut S,
    memory: u32,
    offset: u32,
    to: Region,
) -> Result<u32, SupervisorTrap> {
    let memory = store.memory_id(memory).map_err(SupervisorTrap::Memory)?;
    let Ok(bytes) = store.memory_to_vec(memory, offset, to.len) else { return Ok(ERR_OUT_OF_BOUNDS) };
    Ok(if supervisor.write(to.ptr, &bytes).is_ok() { ERR_OK } else { ERR_OUT_OF_BOUNDS })
}

/// `memory_set`: copies from the supervisor's memory to one of the store.
///
/// # Errors
///
/// Where the memory does not exist (any more).
pub fn memory_set<S: ThunkSupervisor + ?Sized>(
    store: &mut Store,
    supervisor: &mut S,
    memory: u32,
    offset: u32,
    from: Region,
) -> Result<u32, SupervisorTrap> {
    let memory = store.memory_id(memory).map_err(SupervisorTrap::Memory)?;
    if !is_inside(store, memory, offset, from.len) {
        return Ok(ERR_OUT_OF_BOUNDS);
    }
    let mut bytes = Vec::new();
    if supervisor.read(from, &mut bytes).is_err() {
        return Ok(ERR_OUT_OF_BOUNDS);
    }
    let written = store.memory_write(memory, offset, &bytes);
    Ok(if written.is_ok() { ERR_OK } else { ERR_OUT_OF_BOUNDS })
}

/// `memory_teardown`.
///
/// # Errors
///
/// Where the memory does not exist (any more).
pub fn memory_teardown(store: &mut Store, memory: u32) -> Result<(), SupervisorTrap> {
    let memory = store.memory_id(memory).map_err(SupervisorTrap::Memory)?;
    store.teardown_memory(memory).map_err(SupervisorTrap::Memory)
}

/// `instantiate`: returns the number of the instance, [`ERR_MODULE`] or [`ERR_EXECUTION`].
///
/// Every failure is the guest's and so a code; to know more of it see [`try_instantiate`].
pub fn instantiate<S: ThunkSupervisor + ?Sized>(
    store: &mut Store,
    supervisor: &mut S,
    thunk: S::Thunk,
    wasm: &[u8],
    environment: &[u8],
    state: u32,
) -> u32 {
    match try_instantiate(store, &mut Thunk::new(supervisor, thunk), wasm, environment, state) {
        Ok(instance) => instance.number(),
        Err(error) => error.code(),
    }
}

/// Instantiates from bytes, with any supervisor.
///
/// The environment is decoded before the module is compiled, as in the lineage.
///
/// # Errors
///
/// See [`InstantiateFailure`].
pub fn try_instantiate<S: crate::store::Supervisor + ?Sized>(
    store: &mut Store,
    supervisor: &mut S,
    wasm: &[u8],
    environment: &[u8],
    state: u32,
) -> Result<InstanceId, InstantiateFailure> {
    let mut execution = begin_instantiate(store, wasm, environment, state)?;
    store.drive_sharing(supervisor, &mut execution).map_err(InstantiateFailure::StartTrapped)?;
    execution.instance().ok_or(InstantiateFailure::Instantiation(InstantiateError::Engine))
}

/// Instantiates from bytes up to the start function, which the execution then runs, see
/// [`Store::begin_instantiate`].
///
/// # Errors
///
/// See [`InstantiateFailure`]; it is never [`InstantiateFailure::StartTrapped`].
pub fn begin_instantiate(
    store: &mut Store,
    wasm: &[u8],
    environment: &[u8],
    state: u32,
) -> Result<Execution, InstantiateFailure> {
    let environment = Environment::from_wire(store.limits(), environment, |number| store.memory_id(number))
        .map_err(InstantiateFailure::EnvironmentCorrupted)?;
    let module = Module::with_limits(store.limits(), wasm).map_err(InstantiateFailure::ModuleDecoding)?;
    // As in the lineage, which knows of no calls that have to nest.
    let limits = InstanceLimits::new().with_overlapping_calls();
    store
        .begin_instantiate_with(&module, &environment, state, limits)
        .map_err(InstantiateFailure::Instantiation)
}

/// `invoke`: calls an export with SCALE-encoded arguments and returns [`ERR_OK`] or
/// [`ERR_EXECUTION`].
///
/// The result is written to `result` as a SCALE-encoded `ReturnValue`. An export without a
/// result leaves the buffer untouched; of several results only the first is written.
///
/// # Errors
///
/// Where the instance does not exist (any more), the arguments do not decode, or, found after
/// the guest ran, the buffer is too small or outside the supervisor's memory.
#[expect(clippy::too_many_arguments, reason = "the host function has as many")]
pub fn invoke<S: ThunkSupervisor + ?Sized>(
    store: &mut Store,
    supervisor: &mut S,
    thunk: S::Thunk,
    instance: u32,
    export: &[u8],
    args: &[u8],
    result: Region,
    state: u32,
) -> Result<u32, SupervisorTrap> {
    let outcome = try_invoke(store, &mut Thunk::new(supervisor, thunk), instance, export, args, state)?;
    match outcome {
        Ok(results) => put_result(supervisor, &results, result).map(|()| ERR_OK),
        Err(_) => Ok(ERR_EXECUTION),
    }
}

/// Writes the result of a call, of several the first, to the buffer for it.
pub(crate) fn put_result<S: ThunkSupervisor + ?Sized>(
    supervisor: &mut S,
    results: &Values,
    buffer: Region,
) -> Result<(), SupervisorTrap> {
    // What it gives are numbers.
    let Some(Ok(number)) = results.first().map(|value| Number::try_from(*value)) else { return Ok(()) };
    let bytes = ReturnValue::Value(number).encode();
    let fits = count(bytes.len()) <= u64::from(buffer.len);
    if !fits || supervisor.write(buffer.ptr, &bytes).is_err() {
        return Err(SupervisorTrap::ResultBuffer);
    }
    Ok(())
}

/// Calls an export with SCALE-encoded arguments and any supervisor; within, every failure of the guest.
///
/// # Errors
///
/// Where the instance does not exist (any more), or the arguments are too long or do not decode.
pub fn try_invoke<S: crate::store::Supervisor + ?Sized>(
    store: &mut Store,
    supervisor: &mut S,
    instance: u32,
    export: &[u8],
    args: &[u8],
    state: u32,
) -> Result<Result<Values, InvokeError>, SupervisorTrap> {
    maximum::argument_bytes(store.limits()).check(count(args.len())).map_err(SupervisorTrap::Limit)?;
    let args = wire::decode_arguments(args).map_err(|_| SupervisorTrap::Arguments)?;
    let instance = store.instance_id(instance).map_err(SupervisorTrap::Instance)?;
    let Ok(export) = core::str::from_utf8(export) else { return Ok(Err(InvokeError::ExportNotFound)) };
    let checked = check_signature(store, instance, export);
    Ok(checked.and_then(|()| store.invoke(supervisor, instance, export, &args, state)))
}

/// Refuses to call an export that takes or gives what the wire does not have.
///
/// # Errors
///
/// [`InvokeError::Signature`], and [`InvokeError::Instance`] where the instance does not exist (any more).
pub fn check_signature(store: &Store, instance: InstanceId, export: &str) -> Result<(), InvokeError> {
    let ty = store.module(instance)?.export(export).map(Export::ty).and_then(ExternType::as_func);
    if ty.is_none_or(FuncType::is_numeric) { Ok(()) } else { Err(InvokeError::Signature) }
}

/// `get_global_val`: the SCALE-encoded `Option<Number>` of an exported global.
///
/// # Errors
///
/// Where the instance does not exist (any more).
pub fn get_global_val(store: &mut Store, instance: u32, name: &[u8]) -> Result<Vec<u8>, SupervisorTrap> {
    let instance = store.instance_id(instance).map_err(SupervisorTrap::Instance)?;
    let value = match core::str::from_utf8(name) {
        Ok(name) => store.global(instance, name).map_err(SupervisorTrap::Instance)?,
        Err(_) => None,
    };
    Ok(value.and_then(|value| Number::try_from(value).ok()).encode())
}

/// `instance_teardown`.
///
/// # Errors
///
/// Where the instance does not exist (any more).
pub fn instance_teardown(store: &mut Store, instance: u32) -> Result<(), SupervisorTrap> {
    let instance = store.instance_id(instance).map_err(SupervisorTrap::Instance)?;
    store.teardown_instance(instance).map_err(SupervisorTrap::Instance)
}

/// Whether so many bytes are inside a memory, asked before anything is allocated for them.
fn is_inside(store: &Store, memory: MemoryId, offset: u32, len: u32) -> bool {
    let end = u64::from(offset).saturating_add(len.into());
    store.memory_size(memory).is_ok_and(|pages| end <= u64::from(pages).saturating_mul(count(PAGE_BYTES)))
}
