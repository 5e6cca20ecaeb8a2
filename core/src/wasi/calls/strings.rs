//! Arguments and environment variables.

use crate::{
    limits::count,
    wasi::{
        caller::{Caller, Done},
        errno::Errno,
        state::Wasi,
    },
};
use alloc::vec::Vec;

impl Wasi {
    /// `args_get(pointers, bytes)`
    pub(in crate::wasi) fn args_get(&self, caller: &mut Caller<'_>) -> Done {
        get(&self.args, caller)
    }

    /// `args_sizes_get(count, bytes)`
    pub(in crate::wasi) fn args_sizes_get(&self, caller: &mut Caller<'_>) -> Done {
        sizes(&self.args, caller)
    }

    /// `environ_get(pointers, bytes)`
    pub(in crate::wasi) fn environ_get(&self, caller: &mut Caller<'_>) -> Done {
        get(&self.variables, caller)
    }

    /// `environ_sizes_get(count, bytes)`
    pub(in crate::wasi) fn environ_sizes_get(&self, caller: &mut Caller<'_>) -> Done {
        sizes(&self.variables, caller)
    }
}

/// Writes strings, each with a zero behind it, and where each begins.
fn get(strings: &[Vec<u8>], caller: &mut Caller<'_>) -> Done {
    let (pointers, at) = (caller.word(0), caller.word(1));
    let (begins_len, bytes_len) = (strings.len().saturating_mul(POINTER_BYTES), len(strings));
    caller.charge_bytes(count(begins_len.saturating_add(bytes_len)))?;
    caller.check(pointers, count(begins_len))?;
    caller.check(at, count(bytes_len))?;
    let (mut begins, mut bytes) = (Vec::with_capacity(begins_len), Vec::with_capacity(bytes_len));
    for string in strings {
        let begin = u32::try_from(bytes.len()).ok().and_then(|before| at.checked_add(before));
        begins.extend_from_slice(&begin.ok_or(Errno::FAULT)?.to_le_bytes());
        bytes.extend_from_slice(string);
        bytes.push(0);
    }
    caller.write(pointers, &begins)?;
    caller.write(at, &bytes)
}

fn sizes(strings: &[Vec<u8>], caller: &mut Caller<'_>) -> Done {
    caller.check(caller.word(1), count(POINTER_BYTES))?;
    caller.write_len(caller.word(0), strings.len())?;
    caller.write_len(caller.word(1), len(strings))
}

/// The bytes of strings with the zeros behind them.
fn len(strings: &[Vec<u8>]) -> usize {
    strings.iter().fold(0, |sum: usize, string| sum.saturating_add(string.len()).saturating_add(1))
}

const POINTER_BYTES: usize = 4;
