//! Programs that do what a supervisor must not, most of which ends them, and dispatch thunks that
//! answer what no thunk may, which ends the guest's call.

use crate::{
    embedder::{hand_out, programs},
    host::{self, DispatchThunk, pack},
    log::{self, Hex},
    sandbox::{Instance, Memory},
    standard::{self, Counter},
    wire::{Entry, ExternEntity},
};
use alloc::{vec, vec::Vec};
use parity_scale_codec::Encode;

programs! {
    arguments_that_do_not_decode copies_from_nowhere instance_torn instance_torn_twice instance_unknown
    memory_refused memory_torn memory_torn_twice memory_unknown result_buffer_too_small
    thunk_returns_garbage thunk_returns_nothing thunk_returns_nowhere thunk_returns_too_long thunk_returns_too_much
    thunk_that_is_none thunk_traps
}

fn memory_refused(_: Vec<u8>) -> Vec<u8> {
    Memory::new(2, Some(1)).map(drop).encode()
}

fn memory_unknown(_: Vec<u8>) -> Vec<u8> {
    host::memory_get(9, 0, 1).encode()
}

fn memory_torn(_: Vec<u8>) -> Vec<u8> {
    let outcome = Memory::new(1, None).and_then(|memory| {
        memory.teardown();
        memory.get(0, 1)
    });
    outcome.encode()
}

fn memory_torn_twice(_: Vec<u8>) -> Vec<u8> {
    let outcome = Memory::new(1, None).map(|memory| {
        memory.teardown();
        host::memory_teardown(memory.number());
    });
    outcome.encode()
}

/// Not the supervisor's end: both directions are refused by a code.
fn copies_from_nowhere(_: Vec<u8>) -> Vec<u8> {
    Memory::new(1, None).map(|memory| host::copies_out_of_bounds(memory.number())).encode()
}

fn instance_unknown(_: Vec<u8>) -> Vec<u8> {
    host::global(0, "a").encode()
}

fn instance_torn(code: Vec<u8>) -> Vec<u8> {
    let outcome = standard::guest(&code).and_then(|guest| {
        guest.teardown();
        guest.invoke("call", &[], &mut Counter::at_call())
    });
    outcome.encode()
}

fn instance_torn_twice(code: Vec<u8>) -> Vec<u8> {
    let outcome = standard::guest(&code).map(|guest| {
        guest.teardown();
        host::instance_teardown(guest.number());
    });
    outcome.encode()
}

fn arguments_that_do_not_decode(code: Vec<u8>) -> Vec<u8> {
    invoke_raw(&code, &[4, 9], &mut [0; 10])
}

/// Found after the guest ran, and so the thunk is in the log.
fn result_buffer_too_small(code: Vec<u8>) -> Vec<u8> {
    invoke_raw(&code, &[0], &mut [0; 5])
}

fn invoke_raw(code: &[u8], args: &[u8], result: &mut [u8]) -> Vec<u8> {
    standard::guest(code)
        .and_then(|guest: Instance<Counter>| guest.invoke_raw("call", args, result, &mut Counter::at_call()))
        .encode()
}

fn thunk_that_is_none(code: Vec<u8>) -> Vec<u8> {
    // SAFETY: no function has this index, so nothing is done with the state.
    unsafe { host::instantiate(usize::MAX, &code, &environment(), 0) }.encode()
}

/// `inc_counter` under the number it has in the standard environment.
fn environment() -> Vec<u8> {
    let (module_name, field_name) = (b"env".to_vec(), b"inc_counter".to_vec());
    vec![Entry { module_name, field_name, entity: ExternEntity::Function(2) }].encode()
}

/// Calls a guest whose dispatch thunk is not the sandbox's.
fn with_thunk(code: &[u8], thunk: DispatchThunk) -> Vec<u8> {
    let thunk = host::table_index(thunk);
    // SAFETY: the thunks below take the state as a number.
    let outcome = unsafe { host::instantiate(thunk, code, &environment(), 7) };
    // SAFETY: as above.
    outcome.and_then(|guest| unsafe { host::invoke(guest, "call", &[], 9) }).encode()
}

fn log_call(len: usize, state: usize, func: u32) {
    log::line(format_args!("thunk(len={len},state={state},func={func})"));
}

fn answer(len: usize, state: usize, func: u32, bytes: &[u8]) -> u64 {
    log_call(len, state, func);
    log::line(format_args!("thunk_ret({})", Hex(bytes)));
    hand_out(bytes.to_vec())
}

fn thunk_returns_garbage(code: Vec<u8>) -> Vec<u8> {
    extern "C" fn thunk(_: *const u8, len: usize, state: usize, func: u32) -> u64 {
        answer(len, state, func, &[2])
    }
    with_thunk(&code, thunk)
}

fn thunk_returns_nothing(code: Vec<u8>) -> Vec<u8> {
    extern "C" fn thunk(_: *const u8, len: usize, state: usize, func: u32) -> u64 {
        answer(len, state, func, &[])
    }
    with_thunk(&code, thunk)
}

/// Bytes after the result, which are passed over.
fn thunk_returns_too_much(code: Vec<u8>) -> Vec<u8> {
    extern "C" fn thunk(_: *const u8, len: usize, state: usize, func: u32) -> u64 {
        answer(len, state, func, &[0, 1, 0, 8, 0, 0, 0, 0xff, 0xff])
    }
    with_thunk(&code, thunk)
}

/// A region that begins where it should and ends outside the memory.
fn thunk_returns_too_long(code: Vec<u8>) -> Vec<u8> {
    extern "C" fn thunk(_: *const u8, len: usize, state: usize, func: u32) -> u64 {
        let region = answer(len, state, func, &[0, 1, 0, 5, 0, 0, 0]);
        region | u64::from(u32::MAX)
    }
    with_thunk(&code, thunk)
}

/// A region that the allocator does not know, which poisons it: the guest's call ends, and then the
/// supervisor, which wants to allocate.
fn thunk_returns_nowhere(code: Vec<u8>) -> Vec<u8> {
    extern "C" fn thunk(_: *const u8, len: usize, state: usize, func: u32) -> u64 {
        log_call(len, state, func);
        pack(usize::MAX, 1)
    }
    with_thunk(&code, thunk)
}

/// The supervisor traps in the thunk, and goes on where it called the guest.
fn thunk_traps(code: Vec<u8>) -> Vec<u8> {
    extern "C" fn thunk(_: *const u8, len: usize, state: usize, func: u32) -> u64 {
        log_call(len, state, func);
        core::arch::wasm32::unreachable()
    }
    with_thunk(&code, thunk)
}
