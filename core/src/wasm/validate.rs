//! Validation of a module by itself, apart from the engine.

use super::sections::split_leb128;
use alloc::{boxed::Box, vec::Vec};
use wasmparser::{
    BinaryReader, BinaryReaderError, FuncValidatorAllocations, FunctionBody, Operator, Parser, Payload,
    ValidPayload, Validator, WasmFeatures,
};

/// Where a module is invalid.
pub(crate) struct Fault {
    /// In the module's bytes.
    pub(crate) offset: usize,
    pub(crate) message: Box<str>,
}

impl Fault {
    fn new(error: &BinaryReaderError) -> Self {
        Self { offset: error.offset(), message: error.message().into() }
    }
}

/// A place that a module is to be valid beyond.
pub(crate) struct Beyond {
    pub(super) offset: usize,
    /// Where the operator ends that begins there, if one does.
    pub(super) operator_end: Option<usize>,
}

/// Validates a module; if only `beyond` a place, then neither the code before, which is taken to be valid,
/// nor what follows: for that no limits have been checked.
pub(crate) fn validate(features: WasmFeatures, bytes: &[u8], beyond: Option<&Beyond>) -> Result<(), Fault> {
    let fault = |error: BinaryReaderError| Fault::new(&error);
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut validator = Validator::new_with_features(features);
    let mut allocations = FuncValidatorAllocations::default();
    for payload in parser.parse_all(bytes) {
        let payload = payload.map_err(fault)?;
        let (is_before, is_after) = match (&payload, beyond) {
            (_, None) => (false, false),
            (Payload::CodeSectionEntry(body), Some(place)) => {
                let range = body.range();
                (range.end <= place.offset, range.start > place.offset)
            }
            (payload, Some(place)) => {
                (false, payload.as_section().is_some_and(|(_, range)| range.start > place.offset))
            }
        };
        if is_after {
            return Ok(());
        }
        if let Payload::DataCountSection { range, .. } = &payload
            && !features.bulk_memory()
        {
            return Err(Fault { offset: range.start, message: "bulk memory is not enabled".into() });
        }
        if let ValidPayload::Func(function, body) = validator.payload(&payload).map_err(fault)?
            && !is_before
        {
            // Cut off behind the operator, it is at least valid up to there.
            let end = beyond.and_then(|place| place.operator_end).unwrap_or(body.range().end);
            let start = body.range().start;
            let cut =
                bytes.get(start..end).ok_or_else(|| Fault { offset: end, message: "cut off".into() })?;
            let mut reader = BinaryReader::new(cut, start);
            reader.set_features(features);
            let mut function = function.into_validator(allocations);
            function.validate(&FunctionBody::new(reader)).map_err(fault)?;
            allocations = function.into_allocations();
        }
    }
    Ok(())
}

/// A module in which every `call_indirect` of the first table has that in one byte, as it was before there
/// were several. Linkers write it in five, so that they can put another in its place; what is left of these
/// becomes `nop`s. `None` where nothing is to be changed.
pub(crate) fn with_short_table_indices(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut shortened = None;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload {
            Ok(Payload::CodeSectionEntry(body)) => shorten(bytes, &body, &mut shortened)?,
            Ok(_) => {}
            Err(_) => break,
        }
    }
    shortened
}

/// `None` where the body is invalid.
fn shorten(bytes: &[u8], body: &FunctionBody<'_>, shortened: &mut Option<Vec<u8>>) -> Option<()> {
    let mut operators = body.get_operators_reader().ok()?;
    while !operators.eof() {
        let (operator, start) = operators.read_with_offset().ok()?;
        if matches!(operator, Operator::CallIndirect { table_index: 0, .. }) {
            let end = operators.original_position();
            let (_, table) = split_leb128(bytes.get(start.checked_add(1)?..end)?)?;
            if let [_, _, ..] = table {
                let from = end.checked_sub(table.len())?;
                let (first, rest) =
                    shortened.get_or_insert_with(|| bytes.into()).get_mut(from..end)?.split_first_mut()?;
                *first = 0;
                rest.fill(NOP);
            }
        }
    }
    Some(())
}

const NOP: u8 = 0x01;
