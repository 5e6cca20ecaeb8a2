//! The types of a module, read byte by byte: how many parameters and results each has.
//!
//! The parser would make room for as many types as a group of them claims to have, and keep the
//! whole group. No engine feature that is on has other types than functions of plain values, so
//! nothing else gets that far.

use super::Arity;
use crate::{
    error::CompileError,
    limits::{Limit, Limits, count},
    module::sections::split_leb128,
};
use alloc::vec::Vec;

/// What begins a function type.
const FUNCTION: u8 = 0x60;

/// Reads the contents of a type section.
pub(super) fn read(limits: &Limits, contents: &[u8]) -> Result<Vec<Arity>, CompileError> {
    let (len, mut rest) = split_leb128(contents).ok_or_else(cut)?;
    Limit::Types.check(count(len), limits.types.into())?;
    let mut arities = Vec::new();
    for _ in 0..len {
        let (&first, after) = rest.split_first().ok_or_else(cut)?;
        if first != FUNCTION {
            return Err(CompileError::Invalid("a type that is no function type".into()));
        }
        let (params, after) = values(limits, after)?;
        let (results, after) = values(limits, after)?;
        arities.push(Arity { params, results });
        rest = after;
    }
    Ok(arities)
}

/// How many value types a list has, and what comes after it.
fn values<'a>(limits: &Limits, bytes: &'a [u8]) -> Result<(usize, &'a [u8]), CompileError> {
    let (len, after) = split_leb128(bytes).ok_or_else(cut)?;
    Limit::Params.check(count(len), limits.params.into())?;
    let (types, after) = after.split_at_checked(len).ok_or_else(cut)?;
    if !types.iter().copied().all(is_value_type) {
        return Err(CompileError::Invalid("a value type that is not supported".into()));
    }
    Ok((len, after))
}

/// The numbers and the vector, functions and references of the host.
const fn is_value_type(byte: u8) -> bool {
    matches!(byte, 0x7B..=0x7F | 0x70 | 0x6F)
}

fn cut() -> CompileError {
    CompileError::Invalid("unexpected end of the types".into())
}
