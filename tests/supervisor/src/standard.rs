//! The environment of the lineage's own tests, and programs that call a guest in it.
//!
//! The functions, their numbers and the states (7 at instantiation, 9 at an invocation) are those of
//! the recorded scenarios, so that what the thunk sees can be compared with the recording.

use crate::{
    embedder::programs,
    host::Failure,
    sandbox::{Environment, Function, Instance, State},
    wire::{HostError, ReturnValue, Value},
};
use alloc::vec::Vec;
use parity_scale_codec::Encode;

programs! { call call_with_i32 call_with_i64 call_with_i32_and_i64 call_with_floats globals instantiate }

/// A state with a counter.
pub struct Counter {
    label: u32,
    count: i32,
}

impl Counter {
    pub const fn at_start() -> Self {
        Self { label: 7, count: 0 }
    }

    pub const fn at_call() -> Self {
        Self { label: 9, count: 0 }
    }
}

impl State for Counter {
    fn label(&self) -> u32 {
        self.label
    }
}

/// Traps the guest if the argument is zero.
fn assert(_: &mut Counter, args: &[Value]) -> Result<ReturnValue, HostError> {
    match args {
        [Value::I32(condition)] if *condition != 0 => Ok(ReturnValue::Unit),
        _ => Err(HostError),
    }
}

/// Adds the argument to the state's counter.
fn inc_counter(state: &mut Counter, args: &[Value]) -> Result<ReturnValue, HostError> {
    let [Value::I32(increment)] = args else { return Err(HostError) };
    state.count = state.count.wrapping_add(*increment);
    Ok(state.count.into())
}

/// Returns its argument, whatever the type.
fn polymorphic_id(_: &mut Counter, args: &[Value]) -> Result<ReturnValue, HostError> {
    let [value] = args else { return Err(HostError) };
    Ok(ReturnValue::Value(*value))
}

fn returns_i32(_: &mut Counter, _: &[Value]) -> Result<ReturnValue, HostError> {
    Ok(42.into())
}

const fn fails(_: &mut Counter, _: &[Value]) -> Result<ReturnValue, HostError> {
    Err(HostError)
}

const FUNCTIONS: [(u32, &str, Function<Counter>); 5] = [
    (1, "assert", assert),
    (2, "inc_counter", inc_counter),
    (3, "polymorphic_id", polymorphic_id),
    (4, "returns_i32", returns_i32),
    (5, "fails", fails),
];

/// The functions of the lineage's tests.
pub fn environment() -> Environment<Counter> {
    let mut environment = Environment::new();
    for (index, name, function) in FUNCTIONS {
        environment.function("env", name, index, function);
    }
    environment
}

/// A guest in that environment.
pub fn guest(code: &[u8]) -> Result<Instance<Counter>, Failure> {
    Instance::new(code, environment(), &mut Counter::at_start())
}

fn call_with(code: &[u8], args: &[Value]) -> Vec<u8> {
    guest(code).and_then(|guest| guest.invoke("call", args, &mut Counter::at_call())).encode()
}

fn call(code: Vec<u8>) -> Vec<u8> {
    call_with(&code, &[])
}

fn call_with_i32(code: Vec<u8>) -> Vec<u8> {
    call_with(&code, &[Value::I32(0x1336)])
}

fn call_with_i64(code: Vec<u8>) -> Vec<u8> {
    call_with(&code, &[Value::I64(1)])
}

fn call_with_i32_and_i64(code: Vec<u8>) -> Vec<u8> {
    call_with(&code, &[Value::I32(0x1234_5678), Value::I64(0x1234_5678_8765_4321)])
}

/// With signalling NaNs.
fn call_with_floats(code: Vec<u8>) -> Vec<u8> {
    call_with(&code, &[Value::F32(0x7fa0_0001), Value::F64(0x7ff4_0000_0000_0001)])
}

/// The globals that a guest exports, and what is no global.
fn globals(code: Vec<u8>) -> Vec<u8> {
    const NAMES: [&str; 8] = ["a", "b", "c", "d", "m", "call", "zz", ""];
    guest(&code).map(|guest| NAMES.map(|name| guest.global(name)).to_vec()).encode()
}

/// Instantiates, twice, so that the numbers show in the log.
fn instantiate(code: Vec<u8>) -> Vec<u8> {
    guest(&code).and_then(|_first| guest(&code)).map(drop).encode()
}
