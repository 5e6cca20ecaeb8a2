//! The types of a module, read byte by byte.
//!
//! The parser would make room for as many types as a group of them claims to have, and keep the
//! whole group. No engine feature that is on has other types than functions of plain values, so
//! nothing else gets that far: it is refused by what its first byte says.

use crate::{
    error::{CompileError, Unsupported},
    limits::{Asked, Needs, count},
    types::proposals::Proposal,
    wasm::{
        sections::split_leb128,
        types::{Signature, Types},
    },
};

/// The types that a module can have: what the JavaScript API takes. Each takes a multiple of its bytes to look at.
const MOST: usize = 1_000_000;

/// What begins a function type.
const FUNCTION: u8 = 0x60;

/// Reads the contents of a type section, which begin at an offset in the module, and adds them to `types`.
pub(super) fn read(
    asked: &mut Asked<'_>,
    contents: &[u8],
    offset: usize,
    types: &mut Types,
) -> Result<(), CompileError> {
    let end = offset.saturating_add(contents.len());
    let refused = |foreign: Foreign<'_>| match foreign.proposal() {
        Some(proposal) => {
            let offset = end.saturating_sub(foreign.rest().len());
            CompileError::Unsupported(Unsupported { proposal, function: None, offset })
        }
        None => CompileError::Invalid("a type that there is not".into()),
    };
    let (len, mut rest) = split_leb128(contents).ok_or_else(cut)?;
    asked.take(Needs::types, count(len));
    if len > MOST {
        return Err(CompileError::Invalid("more types than there can be".into()));
    }
    for _ in 0..len {
        let (&first, after) = rest.split_first().ok_or_else(cut)?;
        if first != FUNCTION {
            return Err(refused(Foreign::Form(rest)));
        }
        let (params, after) = values(asked, after, refused)?;
        let (results, after) = values(asked, after, refused)?;
        types.push(Signature { params, results });
        rest = after;
    }
    Ok(())
}

/// The value types of a list, and what comes after it.
fn values<'a>(
    asked: &mut Asked<'_>,
    bytes: &'a [u8],
    refused: impl FnOnce(Foreign<'a>) -> CompileError,
) -> Result<(&'a [u8], &'a [u8]), CompileError> {
    // More than 32 bits have it invalid, wherever this runs.
    let (len, after) = split_leb128(bytes).filter(|(len, _)| u32::try_from(*len).is_ok()).ok_or_else(cut)?;
    asked.take(Needs::params, count(len));
    let (types, rest) = after.split_at_checked(len).ok_or_else(cut)?;
    match types.iter().position(|byte| !is_value_type(*byte)) {
        Some(at) => Err(refused(Foreign::Value(after.get(at..).unwrap_or_default()))),
        None => Ok((types, rest)),
    }
}

/// A type that is not supported, with all that comes after it in its section.
enum Foreign<'a> {
    /// What is no function.
    Form(&'a [u8]),
    /// A parameter or result.
    Value(&'a [u8]),
}

impl Foreign<'_> {
    const fn rest(&self) -> &[u8] {
        match self {
            Self::Form(rest) | Self::Value(rest) => rest,
        }
    }

    /// The proposal that it is of; `None` where there is no such type.
    fn proposal(&self) -> Option<Proposal> {
        let (first, rest) = self.rest().split_first()?;
        match (self, first) {
            // A group, a type with or below others, an array, a structure.
            (Self::Form(_), 0x4E..=0x50 | 0x5E | 0x5F) => Some(Proposal::Gc),
            (Self::Form(_), 0x5D) => Some(Proposal::StackSwitching),
            (Self::Form(_), _) => (*first == SHARED).then_some(Proposal::SharedEverythingThreads),
            // A reference to a type, or to a kind of things.
            (Self::Value(_), 0x63 | 0x64) => match rest.first()? {
                0x00..=0x3F | 0x6F | 0x70 | 0x80..=0xFF => Some(Proposal::FunctionReferences),
                kind => of_kind(*kind),
            },
            (Self::Value(_), kind) => of_kind(*kind),
        }
    }
}

/// What begins a type that threads share.
const SHARED: u8 = 0x65;

/// The proposal that has references to a kind of things.
const fn of_kind(kind: u8) -> Option<Proposal> {
    match kind {
        0x69 | 0x74 => Some(Proposal::ExceptionHandling),
        0x68 | 0x75 => Some(Proposal::StackSwitching),
        0x6A..=0x6E | 0x71..=0x73 => Some(Proposal::Gc),
        SHARED => Some(Proposal::SharedEverythingThreads),
        _ => None,
    }
}

/// The numbers and the vector, functions and references of the host.
const fn is_value_type(byte: u8) -> bool {
    matches!(byte, 0x7B..=0x7F | 0x70 | 0x6F)
}

fn cut() -> CompileError {
    CompileError::Invalid("unexpected end of the types".into())
}
