//! What a module that was refused as invalid would have had to be supported.

use super::{
    sections::split_leb128,
    validate::{Fault, validate},
};
use crate::{
    error::{CompileError, Unsupported},
    features::Features,
    proposals::Proposal,
};
use wasmparser::{Parser, Payload, TypeRef, WasmFeatures};

/// The error of a module: where it was found to be invalid, but is so only because a proposal is not
/// supported, that.
pub(super) fn explain(bytes: &[u8], error: CompileError) -> CompileError {
    match error {
        CompileError::Invalid(_) => unsupported(bytes).map_or(error, CompileError::Unsupported),
        error => error,
    }
}

fn unsupported(bytes: &[u8]) -> Option<Unsupported> {
    if Parser::is_component(bytes) {
        return Some(Unsupported { proposal: Proposal::ComponentModel, function: None, offset: LAYER });
    }
    let supported = Features::ALL.of_parser();
    let Fault { offset, message } = validate(supported, bytes, 0).err()?;
    let proposal = vector(bytes, offset, &message).or_else(|| farthest(supported, bytes, offset))?;
    Some(Unsupported { proposal, function: function_at(bytes, offset), offset })
}

/// The proposal of a vector operator: the parser is built without, so that validation ends there.
fn vector(bytes: &[u8], offset: usize, message: &str) -> Option<Proposal> {
    let code = bytes.get(offset.checked_add(1)?..).filter(|_| message.starts_with(UNEXPECTED_VECTOR))?;
    let (code, _) = split_leb128(code)?;
    Some(if code < FIRST_RELAXED { Proposal::Simd } else { Proposal::RelaxedSimd })
}

/// What the parser says of a vector operator.
const UNEXPECTED_VECTOR: &str = "unexpected SIMD opcode";

/// The first of the relaxed vector operators, in the numbering behind the byte that all begin with.
const FIRST_RELAXED: usize = 0x100;

/// The proposal with which the module is valid farther than to an offset, and farthest.
fn farthest(supported: WasmFeatures, bytes: &[u8], offset: usize) -> Option<Proposal> {
    let mut found = None;
    let mut farthest = offset;
    for proposal in Proposal::ALL {
        let features = supported.union(proposal.features());
        let reached = validate(features, bytes, offset).map_or_else(|fault| fault.offset, |()| usize::MAX);
        if reached > farthest {
            (found, farthest) = (Some(*proposal), reached);
        }
    }
    found
}

/// The function whose body an offset is in.
fn function_at(bytes: &[u8], offset: usize) -> Option<u32> {
    let mut index = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.ok()? {
            Payload::ImportSection(imports) => {
                let functions =
                    imports.into_iter().flatten().filter(|import| matches!(import.ty, TypeRef::Func(_)));
                index = u32::try_from(functions.count()).ok()?;
            }
            Payload::CodeSectionEntry(body) if body.range().contains(&offset) => return Some(index),
            Payload::CodeSectionEntry(_) => index = index.checked_add(1)?,
            _ => {}
        }
    }
    None
}

/// Where the bytes of a component begin to differ from those of a module.
const LAYER: usize = 4;
