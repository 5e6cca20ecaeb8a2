//! The `ext_sandbox_*` host functions with the numbers they take, made safe to call and logged.
//!
//! What is `unsafe` here is that the embedder reads and writes this memory: each function gives it
//! a slice that lives as long as the call. The log has a line for each call, written when it
//! returns, so that what happens inside comes before it; a call that traps leaves none.

use crate::{
    heap,
    log::{self, Hex},
    wire::{Arguments, ReturnValue, Value},
};
use alloc::{string::String, vec::Vec};
use core::fmt::{self, Display};
use parity_scale_codec::{Decode, Encode};

/// A memory without a declared maximum.
pub const MEM_UNLIMITED: u32 = u32::MAX;
const ERR_MODULE: u32 = u32::MAX;
const ERR_OUT_OF_BOUNDS: u32 = u32::MAX - 1;
const ERR_EXECUTION: u32 = u32::MAX - 2;

/// A dispatch thunk: the arguments, the state and the function of a call; returns a region
/// `ptr << 32 | len`.
pub type DispatchThunk = extern "C" fn(*const u8, usize, usize, u32) -> u64;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn ext_sandbox_instantiate_version_1(thunk: usize, code: u64, environment: u64, state: usize) -> u32;
    fn ext_sandbox_invoke_version_1(
        instance: u32,
        export: u64,
        args: u64,
        result: *mut u8,
        result_len: usize,
        state: usize,
    ) -> u32;
    safe fn ext_sandbox_memory_new_version_1(initial: u32, maximum: u32) -> u32;
    fn ext_sandbox_memory_get_version_1(memory: u32, offset: u32, to: *mut u8, len: usize) -> u32;
    fn ext_sandbox_memory_set_version_1(memory: u32, offset: u32, from: *const u8, len: usize) -> u32;
    safe fn ext_sandbox_memory_teardown_version_1(memory: u32);
    safe fn ext_sandbox_instance_teardown_version_1(instance: u32);
    fn ext_sandbox_get_global_val_version_1(instance: u32, name: u64) -> u64;
}

/// What a host function answered in place of a success.
#[derive(Clone, Copy, Encode)]
pub enum Failure {
    /// `ERR_MODULE`.
    #[codec(index = 1)]
    Module,
    /// `ERR_EXECUTION`.
    #[codec(index = 2)]
    Execution,
    /// `ERR_OUT_OF_BOUNDS`.
    #[codec(index = 3)]
    OutOfBounds,
}

impl Failure {
    const fn of(code: u32) -> Result<u32, Self> {
        match code {
            ERR_MODULE => Err(Self::Module),
            ERR_EXECUTION => Err(Self::Execution),
            ERR_OUT_OF_BOUNDS => Err(Self::OutOfBounds),
            number => Ok(number),
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Module => "ERR_MODULE",
            Self::Execution => "ERR_EXECUTION",
            Self::OutOfBounds => "ERR_OUT_OF_BOUNDS",
        })
    }
}

/// A result as the log shows it.
struct Outcome<'a, T>(&'a Result<T, Failure>);

impl<T: Display> Display for Outcome<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Ok(value) => value.fmt(f),
            Err(failure) => failure.fmt(f),
        }
    }
}

/// A slice as the host functions take it: `len << 32 | ptr`.
fn fat(bytes: &[u8]) -> u64 {
    pack(bytes.len(), bytes.as_ptr().expose_provenance())
}

/// Two words of 32 bits in one of 64.
pub fn pack(high: usize, low: usize) -> u64 {
    // On wasm32 a `usize` has 32 bits.
    let [high, low] = [high, low].map(|word| u64::try_from(word).unwrap_or(u64::MAX));
    high << 32 | low
}

/// The index of a dispatch thunk in the exported table.
pub fn table_index(thunk: DispatchThunk) -> usize {
    // There is no other way from a function to its index.
    thunk as usize
}

/// `instantiate`; the thunk by its index, which need not be one.
///
/// # Safety
///
/// `state` is what the thunk wants it to be, until this returns.
pub unsafe fn instantiate(
    thunk: usize,
    code: &[u8],
    environment: &[u8],
    state: usize,
) -> Result<u32, Failure> {
    // SAFETY: both slices live until the call returns; the state is the caller's promise.
    let code = unsafe { ext_sandbox_instantiate_version_1(thunk, fat(code), fat(environment), state) };
    let outcome = Failure::of(code);
    log::line(format_args!("instantiate -> {}", Outcome(&outcome)));
    outcome
}

/// `invoke` with arguments and a buffer of one's own; the buffer's bytes stay where there is no
/// result.
///
/// # Safety
///
/// `state` is what the instance's thunk wants it to be, until this returns.
pub unsafe fn invoke_raw(
    instance: u32,
    export: &str,
    args: &[u8],
    result: &mut [u8],
    state: usize,
) -> Result<(), Failure> {
    let (export, args) = (fat(export.as_bytes()), fat(args));
    // SAFETY: all slices live until the call returns; the state is the caller's promise.
    let code = unsafe {
        ext_sandbox_invoke_version_1(instance, export, args, result.as_mut_ptr(), result.len(), state)
    };
    Failure::of(code).map(drop)
}

/// `invoke`.
///
/// # Safety
///
/// As for [`invoke_raw`].
pub unsafe fn invoke(
    instance: u32,
    export: &str,
    args: &[Value],
    state: usize,
) -> Result<ReturnValue, Failure> {
    let mut result = [0; ReturnValue::MAX_LEN];
    // SAFETY: the caller's promise.
    let outcome = unsafe { invoke_raw(instance, export, &args.encode(), &mut result, state) };
    // A call without a result leaves the buffer as it is: zero, which is `Unit`.
    let outcome =
        outcome.and_then(|()| ReturnValue::decode(&mut &result[..]).map_err(|_| Failure::OutOfBounds));
    log::line(format_args!("invoke {instance} {export}({}) -> {}", Arguments(args), Outcome(&outcome)));
    outcome
}

/// `get_global_val`.
pub fn global(instance: u32, name: &str) -> Option<Value> {
    // SAFETY: the name lives until the call returns.
    let region = unsafe { ext_sandbox_get_global_val_version_1(instance, fat(name.as_bytes())) };
    // The answer is a slice as the host functions take it, too.
    let [p0, p1, p2, p3, l0, l1, l2, l3] = region.to_le_bytes();
    let ptr = core::ptr::with_exposed_provenance_mut::<u8>(usize::from_le_bytes([p0, p1, p2, p3]));
    let len = usize::from_le_bytes([l0, l1, l2, l3]);
    // SAFETY: the host function allocated so many bytes there for the answer.
    let bytes = unsafe { core::slice::from_raw_parts(ptr, len) };
    let value = Option::<Value>::decode(&mut &*bytes);
    // SAFETY: as above, and `bytes` is not used after this.
    unsafe { heap::free(ptr) };
    let value = value.unwrap_or_default();
    match value {
        Some(value) => log::line(format_args!("global {instance} {name} -> {value}")),
        None => log::line(format_args!("global {instance} {name} -> none")),
    }
    value
}

/// `instance_teardown`.
pub fn instance_teardown(instance: u32) {
    ext_sandbox_instance_teardown_version_1(instance);
    log::line(format_args!("instance_teardown {instance}"));
}

/// `memory_new`.
pub fn memory_new(initial: u32, maximum: u32) -> Result<u32, Failure> {
    let outcome = Failure::of(ext_sandbox_memory_new_version_1(initial, maximum));
    let name = if maximum == MEM_UNLIMITED { String::from("unlimited") } else { alloc::format!("{maximum}") };
    log::line(format_args!("memory_new {initial} {name} -> {}", Outcome(&outcome)));
    outcome
}

/// `memory_get`, into a buffer of this length.
pub fn memory_get(memory: u32, offset: u32, len: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = alloc::vec![0; len];
    let outcome = memory_get_raw(memory, offset, &mut bytes);
    match &outcome {
        Ok(()) => log::line(format_args!("memory_get {memory} {offset} -> {}", Hex(&bytes))),
        Err(failure) => log::line(format_args!("memory_get {memory} {offset} {len} -> {failure}")),
    }
    outcome.map(|()| bytes)
}

fn memory_get_raw(memory: u32, offset: u32, to: &mut [u8]) -> Result<(), Failure> {
    // SAFETY: the slice lives until the call returns.
    let code = unsafe { ext_sandbox_memory_get_version_1(memory, offset, to.as_mut_ptr(), to.len()) };
    Failure::of(code).map(drop)
}

/// `memory_set`.
pub fn memory_set(memory: u32, offset: u32, bytes: &[u8]) -> Result<(), Failure> {
    // SAFETY: the slice lives until the call returns.
    let code = unsafe { ext_sandbox_memory_set_version_1(memory, offset, bytes.as_ptr(), bytes.len()) };
    let outcome = Failure::of(code).map(|_| "ok");
    log::line(format_args!("memory_set {memory} {offset} {} -> {}", Hex(bytes), Outcome(&outcome)));
    outcome.map(drop)
}

/// `memory_teardown`.
pub fn memory_teardown(memory: u32) {
    ext_sandbox_memory_teardown_version_1(memory);
    log::line(format_args!("memory_teardown {memory}"));
}

/// `memory_get` and `memory_set` with a region that is nowhere near this memory, which an embedder
/// must refuse to touch.
pub fn copies_out_of_bounds(memory: u32) -> [Result<(), Failure>; 2] {
    const LEN: usize = 16;
    let nowhere = core::ptr::without_provenance_mut(usize::MAX - LEN);
    // SAFETY: the embedder checks the region and neither reads nor writes outside this memory.
    let codes = unsafe {
        [
            ext_sandbox_memory_get_version_1(memory, 0, nowhere, LEN),
            ext_sandbox_memory_set_version_1(memory, 0, nowhere, LEN),
        ]
    };
    codes.map(|code| {
        let outcome = Failure::of(code).map(|_| "ok");
        log::line(format_args!("memory {memory} to or from nowhere -> {}", Outcome(&outcome)));
        outcome.map(drop)
    })
}
