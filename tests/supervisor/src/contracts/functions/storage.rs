//! Storage, and the buffers of a call.

use super::{Answer, number, words};
use crate::{
    contracts::{frame::Frame, runtime_value},
    wire::{HostError, ReturnValue, Value},
};
use alloc::vec::Vec;

/// A key has a value.
const FOUND: i32 = 0;
/// A key has none.
const MISSING: i32 = 1;

/// `(key_ptr, is_value, value_ptr, value_len)`
pub fn set(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [key, is_value, ptr, len] = words(args)?;
    let key = frame.read_key(key)?;
    let value = if is_value == 0 { None } else { Some(frame.read(ptr, len)?) };
    let storage = &mut frame.contract()?.storage;
    match value {
        Some(value) => storage.insert(key, value),
        None => storage.remove(&key),
    };
    Ok(ReturnValue::Unit)
}

/// `(key_ptr)`
pub fn clear(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [key] = words(args)?;
    let key = frame.read_key(key)?;
    frame.contract()?.storage.remove(&key);
    Ok(ReturnValue::Unit)
}

/// `(key_ptr) -> 0`, and the value is in the scratch buffer, or `1`
pub fn get(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [key] = words(args)?;
    let key = frame.read_key(key)?;
    let value = frame.contract()?.storage.get(&key).cloned();
    Ok(found(frame, value))
}

/// `(key_ptr, key_len)`, as [`get`]
pub fn get_of_runtime(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [ptr, len] = words(args)?;
    let value = runtime_value(&frame.read(ptr, len)?);
    Ok(found(frame, value))
}

fn found(frame: &mut Frame<'_>, value: Option<Vec<u8>>) -> ReturnValue {
    let answer = if value.is_some() { FOUND } else { MISSING };
    frame.scratch = value.unwrap_or_default();
    answer.into()
}

/// `() -> len`
pub fn scratch_size(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [] = words(args)?;
    number(frame.scratch.len())
}

/// `(to_ptr, offset, len)`
pub fn scratch_read(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [to, offset, len] = words(args)?;
    frame.write(to, part(&frame.scratch, offset, len)?)?;
    Ok(ReturnValue::Unit)
}

/// `(from_ptr, len)`
pub fn scratch_write(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [from, len] = words(args)?;
    frame.scratch = frame.read(from, len)?;
    Ok(ReturnValue::Unit)
}

/// `() -> len`
pub fn input_size(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [] = words(args)?;
    number(frame.message.input.len())
}

/// `(to_ptr, offset, len)`
pub fn input_copy(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [to, offset, len] = words(args)?;
    frame.write(to, part(&frame.message.input, offset, len)?)?;
    Ok(ReturnValue::Unit)
}

fn part(bytes: &[u8], offset: u32, len: u32) -> Result<&[u8], HostError> {
    let [offset, len] = [offset, len].map(usize::try_from);
    let (Ok(offset), Ok(len)) = (offset, len) else { return Err(HostError) };
    let rest = bytes.get(offset..).ok_or(HostError)?;
    rest.get(..len).ok_or(HostError)
}
