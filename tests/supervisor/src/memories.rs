//! Programs that share a memory with guests.

use crate::{
    embedder::programs,
    host::Failure,
    sandbox::{Instance, Memory},
    standard::{self, Counter},
    wire::Value,
};
use alloc::{format, vec::Vec};
use parity_scale_codec::Encode;

programs! { memory_at_its_end memory_of_two memory_that_grows memory_limits }

/// A memory without a maximum and guests that import it.
fn with_guests<const N: usize>(code: &[u8]) -> Result<(Memory, [Instance<Counter>; N]), Failure> {
    let memory = Memory::new(1, None)?;
    let guest = || {
        let mut environment = standard::environment();
        environment.memory("env", "memory", &memory);
        Instance::new(code, environment, &mut Counter::at_start())
    };
    let guests: Vec<_> = (0..N).map(|_| guest()).collect::<Result<_, _>>()?;
    Ok((memory, guests.try_into().map_err(|_| Failure::Module)?))
}

/// Reads and writes up to the last byte and past it, without a guest.
fn memory_at_its_end(_: Vec<u8>) -> Vec<u8> {
    let outcome = Memory::new(1, Some(1)).map(|memory| {
        let written = [(0, &b"first"[..]), (65_535, b"z"), (65_535, b"zz"), (65_536, b""), (65_537, b"")]
            .map(|(offset, bytes)| memory.set(offset, bytes));
        let read = [(0, 6), (65_535, 1), (65_535, 2), (u32::MAX, 1), (65_536, 0)]
            .map(|(offset, len)| memory.get(offset, len));
        (written, read)
    });
    outcome.encode()
}

/// What one guest writes, another and the supervisor read; and the other way round.
fn memory_of_two(code: Vec<u8>) -> Vec<u8> {
    let outcome = with_guests(&code).and_then(|(memory, [one, other])| {
        let state = &mut Counter::at_call();
        one.invoke("poke", &[Value::I32(10), Value::I32(42)], state)?;
        memory.set(11, &[43])?;
        let first = other.invoke("peek", &[Value::I32(10)], state)?;
        let second = one.invoke("peek", &[Value::I32(11)], state)?;
        Ok((first, second, memory.get(9, 4)?))
    });
    outcome.encode()
}

/// The supervisor sees what the guest grew it by.
fn memory_that_grows(code: Vec<u8>) -> Vec<u8> {
    let outcome = with_guests(&code).and_then(|(memory, [guest])| {
        let beyond = memory.set(65_536, b"x");
        let size = guest.invoke("grow", &[], &mut Counter::at_call())?;
        memory.set(65_536, b"y")?;
        Ok((beyond, size, guest.invoke("peek", &[Value::I32(65_536)], &mut Counter::at_call())?))
    });
    outcome.encode()
}

/// A guest whose import asks for more than the memory is does not link.
fn memory_limits(code: Vec<u8>) -> Vec<u8> {
    let outcome = [(1, None), (2, None), (2, Some(4)), (2, Some(3))].map(|(initial, maximum)| {
        let memory = Memory::new(initial, maximum)?;
        let mut environment = standard::environment();
        environment.memory("env", "memory", &memory);
        Instance::new(&code, environment, &mut Counter::at_start()).map(|_| format!("{initial}"))
    });
    outcome.encode()
}
