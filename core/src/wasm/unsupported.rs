//! What a module that was refused as invalid would have had to be supported.

#[cfg(not(feature = "simd"))]
use super::sections::split_leb128;
use super::validate::{Beyond, Fault, validate};
use crate::{
    error::{CompileError, Unsupported},
    types::{features::Features, proposals::Proposal},
};
use alloc::format;
use wasmparser::{FunctionBody, Operator, Parser, Payload, TypeRef, WasmFeatures};

/// The error of a module that was found to be invalid: where it is so only because a proposal is not
/// supported, that; otherwise where in the module's own bytes it is.
pub(crate) fn explain(bytes: &[u8], error: CompileError) -> CompileError {
    let CompileError::Invalid(_) = error else { return error };
    if !bytes.starts_with(MAGIC) {
        return CompileError::Invalid("the bytes do not begin as those of a module do, with `\\0asm`".into());
    }
    if bytes.get(LAYER..LAYER.saturating_add(2)) == Some(&[1, 0]) {
        let proposal = Proposal::ComponentModel;
        return CompileError::Unsupported(Unsupported { proposal, function: None, offset: LAYER });
    }
    let Err(fault) = validate(Features::ALL.of_parser(), bytes, None) else { return error };
    let function = function_at(bytes, fault.offset);
    match proposal_at(bytes, &fault, function.as_ref().map(|(_, body)| body)) {
        Some(proposal) => {
            let function = function.map(|(index, _)| index);
            CompileError::Unsupported(Unsupported { proposal, function, offset: fault.offset })
        }
        None => CompileError::Invalid(format!("{} (at offset {:#x})", fault.message, fault.offset).into()),
    }
}

/// What a module begins with.
const MAGIC: &[u8] = b"\0asm";

/// Where the bytes of a component say that they are one.
const LAYER: usize = 6;

/// The proposal with which the module is valid farther than to where it is not.
fn proposal_at(bytes: &[u8], fault: &Fault, body: Option<&FunctionBody<'_>>) -> Option<Proposal> {
    #[cfg(not(feature = "simd"))]
    if let Some(proposal) = vector::proposal(bytes, fault) {
        return Some(proposal);
    }
    let supported = Features::ALL.of_parser();
    let beyond = Beyond {
        offset: fault.offset,
        operator_end: body.and_then(|body| end_of_operator(body, fault.offset)),
    };
    let passes = |features| match validate(features, bytes, Some(&beyond)) {
        Ok(()) => true,
        Err(reached) => reached.offset > fault.offset,
    };
    // Of some faults the parser says another offset where the code ends with them: then it is no proposal that helps.
    if passes(supported) {
        return None;
    }
    let alone = |proposal: &&Proposal| passes(supported.union(proposal.features()));
    // Several proposals may meet in one place: then one of those that are missed there.
    let all = Proposal::ALL.iter().fold(supported, |all, proposal| all.union(proposal.features()));
    let missed = |proposal: &&Proposal| !passes(all.difference(proposal.features().difference(supported)));
    let found = Proposal::ALL.iter().find(alone);
    let found = found.or_else(|| passes(all).then(|| Proposal::ALL.iter().find(missed)).flatten())?;
    Some(match found {
        Proposal::ExceptionHandling if has_legacy_exceptions(bytes) => Proposal::LegacyExceptionHandling,
        found => *found,
    })
}

/// Where an operator ends that begins at an offset.
fn end_of_operator(body: &FunctionBody<'_>, offset: usize) -> Option<usize> {
    let mut operators = body.get_operators_reader().ok()?;
    while operators.original_position() <= offset {
        operators.read().ok()?;
    }
    Some(operators.original_position())
}

/// Whether the code has exceptions as they were first. They share their tags with those of now.
fn has_legacy_exceptions(bytes: &[u8]) -> bool {
    let bodies = Parser::new(0).parse_all(bytes).map_while(Result::ok).filter_map(|payload| match payload {
        Payload::CodeSectionEntry(body) => Some(body),
        _ => None,
    });
    bodies.filter_map(|body| body.get_operators_reader().ok()).any(|operators| {
        operators.into_iter().map_while(Result::ok).any(|operator| {
            use Operator::{Catch, CatchAll, Delegate, Rethrow, Try};
            matches!(operator, Catch { .. } | CatchAll | Delegate { .. } | Rethrow { .. } | Try { .. })
        })
    })
}

/// The proposal of a vector operator: the parser is built without, so that validation ends there.
#[cfg(not(feature = "simd"))]
mod vector {
    use super::{Fault, Proposal, split_leb128};

    pub(super) fn proposal(bytes: &[u8], fault: &Fault) -> Option<Proposal> {
        let code = bytes.get(fault.offset.checked_add(1)?..)?;
        let (code, _) = split_leb128(code).filter(|_| fault.message.starts_with(UNEXPECTED))?;
        match code {
            ..=LAST => Some(Proposal::Simd),
            FIRST_RELAXED..=LAST_RELAXED => Some(Proposal::RelaxedSimd),
            _ => None,
        }
    }

    /// What the parser says of a vector operator.
    const UNEXPECTED: &str = "unexpected SIMD opcode";

    // The numbers of vector operators, behind the byte that all begin with.
    const LAST: usize = 0xFF;
    const FIRST_RELAXED: usize = 0x100;
    const LAST_RELAXED: usize = 0x113;
}

/// The function whose body an offset is in, with that.
fn function_at(bytes: &[u8], offset: usize) -> Option<(u32, FunctionBody<'_>)> {
    let mut index = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.ok()? {
            Payload::ImportSection(imports) => {
                let functions =
                    imports.into_iter().flatten().filter(|import| matches!(import.ty, TypeRef::Func(_)));
                index = u32::try_from(functions.count()).ok()?;
            }
            Payload::CodeSectionEntry(body) if body.range().contains(&offset) => return Some((index, body)),
            Payload::CodeSectionEntry(_) => index = index.checked_add(1)?,
            _ => {}
        }
    }
    None
}

impl Proposal {
    /// What of the parser's features it takes, with the proposals that it builds on.
    const fn features(self) -> WasmFeatures {
        match self {
            Self::ComponentModel => WasmFeatures::COMPONENT_MODEL,
            Self::CustomPageSizes => WasmFeatures::CUSTOM_PAGE_SIZES,
            Self::ExceptionHandling => WasmFeatures::EXCEPTIONS,
            Self::FunctionReferences => WasmFeatures::FUNCTION_REFERENCES,
            Self::Gc => WasmFeatures::FUNCTION_REFERENCES.union(WasmFeatures::GC),
            Self::LegacyExceptionHandling => WasmFeatures::EXCEPTIONS.union(WasmFeatures::LEGACY_EXCEPTIONS),
            Self::Memory64 => WasmFeatures::MEMORY64,
            Self::MemoryControl => WasmFeatures::MEMORY_CONTROL,
            Self::RelaxedSimd => WasmFeatures::SIMD.union(WasmFeatures::RELAXED_SIMD),
            Self::SharedEverythingThreads => {
                WasmFeatures::THREADS.union(WasmFeatures::SHARED_EVERYTHING_THREADS)
            }
            Self::Simd => WasmFeatures::SIMD,
            Self::StackSwitching => WasmFeatures::FUNCTION_REFERENCES
                .union(WasmFeatures::EXCEPTIONS)
                .union(WasmFeatures::STACK_SWITCHING),
            Self::Threads => WasmFeatures::THREADS,
            Self::WideArithmetic => WasmFeatures::WIDE_ARITHMETIC,
        }
    }
}
