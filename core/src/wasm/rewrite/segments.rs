//! Segments of modules that import tables: what the engine would do while it makes an instance, a function does after.
//!
//! Of an instance that could not be made the engine, wasmi 2.0.0, has nothing but a place, and stops the process when
//! something of it is called. A table that others have may hold functions of it by then: those of the segments before
//! the one that does not fit. So all segments of such a module become passive, and a function that the guest cannot name
//! has the table and the memory take them, in order, once the instance is made. As in the specification what was
//! written stays, and functions that were can be called.

use super::{output::push_const, types::AddedTypes};
use crate::{
    limits::to_usize,
    wasm::{
        operators::code::{END, FUNC_REF, PREFIX},
        scan::Scan,
        sections::{Added, DATA, DATA_COUNT, ELEMENTS, Section, push_leb128, split_leb128},
        types::Signature,
    },
};
use alloc::vec::Vec;
use wasmparser::{
    BinaryReader, DataKind, DataSectionReader, ElementItems, ElementKind, ElementSectionReader,
};

/// What an instance does once it is made.
pub(super) struct Segments {
    /// The operators.
    code: Vec<u8>,
    /// How many data segments there are, where the module does not say it.
    pub(super) data_count: Option<u32>,
}

const MEMORY_INIT: u8 = 8;
const DATA_DROP: u8 = 9;
const TABLE_INIT: u8 = 12;
const ELEM_DROP: u8 = 13;

/// The bits of the kind of an element segment: that it is passive or declared; that its table or its kind is named; that
/// its elements are expressions.
const NOT_ACTIVE: u8 = 1;
const NAMED: u8 = 2;
const EXPRESSIONS: u8 = 4;
const PASSIVE_DATA: u8 = 1;

/// The kind of elements that are functions by their indices; those by expressions have a type.
const FUNCTIONS: u8 = 0x00;

impl Segments {
    /// Those of a module that imports a table; `None` of any other. What cannot be read the engine refuses.
    pub(super) fn of(scan: &Scan, sections: &[u8]) -> Option<Self> {
        if !scan.imports_table() {
            return None;
        }
        let mut segments = Self { code: Vec::new(), data_count: None };
        let mut is_counted = false;
        for section in Section::all(sections).flatten() {
            match section.id {
                ELEMENTS => {
                    passive_elements(section.contents, Some(&mut segments.code))?;
                }
                DATA => {
                    passive_data(section.contents, Some(&mut segments.code))?;
                    let (count, _) = split_leb128(section.contents)?;
                    segments.data_count = u32::try_from(count).ok().filter(|_| !is_counted);
                }
                // It comes before the data.
                DATA_COUNT => is_counted = true,
                _ => {}
            }
        }
        (!segments.code.is_empty()).then_some(segments)
    }

    /// Whether the module gets a count of its data segments, which it had not.
    pub(super) const fn adds_count(&self) -> bool {
        self.data_count.is_some()
    }

    /// Adds the function.
    pub(super) fn declare(
        &self,
        scan: &Scan,
        types: &mut AddedTypes,
        functions: &mut Added,
        code: &mut Vec<u8>,
    ) -> Option<()> {
        let ty = types.of(scan, Signature::default())?;
        functions.push(|entries| push_leb128(entries, to_usize(ty)))?;
        // It has no locals.
        push_leb128(code, self.code.len().checked_add(2)?)?;
        code.push(0);
        code.extend_from_slice(&self.code);
        code.push(END);
        Some(())
    }
}

/// The contents of an element section with passive segments in the place of active ones, and in `code` what these would
/// have done.
fn passive_elements(contents: &[u8], mut code: Option<&mut Vec<u8>>) -> Option<Vec<u8>> {
    let mut passive = counted(contents)?;
    let segments = ElementSectionReader::new(BinaryReader::new(contents, 0)).ok()?;
    for (index, segment) in (0_usize..).zip(segments) {
        let segment = segment.ok()?;
        let bytes = contents.get(segment.range.clone())?;
        let ElementKind::Active { table_index, offset_expr } = segment.kind else {
            passive.extend_from_slice(bytes);
            continue;
        };
        let offset = offset_expr.get_binary_reader().range();
        let kind = *bytes.first()?;
        passive.push(NOT_ACTIVE | (kind & EXPRESSIONS));
        if kind & NAMED == 0 {
            passive.push(if kind & EXPRESSIONS == 0 { FUNCTIONS } else { FUNC_REF });
        }
        passive.extend_from_slice(contents.get(offset.end..segment.range.end)?);
        if let Some(code) = code.as_deref_mut() {
            let table = to_usize(table_index.unwrap_or_default());
            let count = match &segment.items {
                ElementItems::Functions(functions) => functions.count(),
                ElementItems::Expressions(_, expressions) => expressions.count(),
            };
            push_init(code, contents.get(offset)?, to_usize(count), [TABLE_INIT, ELEM_DROP], [index, table])?;
        }
    }
    Some(passive)
}

/// The same of a data section.
fn passive_data(contents: &[u8], mut code: Option<&mut Vec<u8>>) -> Option<Vec<u8>> {
    let mut passive = counted(contents)?;
    let segments = DataSectionReader::new(BinaryReader::new(contents, 0)).ok()?;
    for (index, segment) in (0_usize..).zip(segments) {
        let segment = segment.ok()?;
        let DataKind::Active { memory_index, offset_expr } = segment.kind else {
            passive.extend_from_slice(contents.get(segment.range)?);
            continue;
        };
        let offset = offset_expr.get_binary_reader().range();
        passive.push(PASSIVE_DATA);
        passive.extend_from_slice(contents.get(offset.end..segment.range.end)?);
        if let Some(code) = code.as_deref_mut() {
            let memory = to_usize(memory_index);
            let len = segment.data.len();
            push_init(code, contents.get(offset)?, len, [MEMORY_INIT, DATA_DROP], [index, memory])?;
        }
    }
    Some(passive)
}

/// A section's contents up to its first entry.
fn counted(contents: &[u8]) -> Option<Vec<u8>> {
    let (count, _) = split_leb128(contents)?;
    let mut counted = Vec::with_capacity(contents.len());
    push_leb128(&mut counted, count)?;
    Some(counted)
}

/// Has a table or a memory take a segment of so many entries at an offset, which is an expression with its end.
fn push_init(
    code: &mut Vec<u8>,
    offset: &[u8],
    count: usize,
    [init, drop]: [u8; 2],
    [segment, target]: [usize; 2],
) -> Option<()> {
    let (end, offset) = offset.split_last()?;
    if *end != END {
        return None;
    }
    code.extend_from_slice(offset);
    push_const(code, 0);
    push_const(code, u32::try_from(count).ok()?.cast_signed());
    code.extend_from_slice(&[PREFIX, init]);
    push_leb128(code, segment)?;
    push_leb128(code, target)?;
    code.extend_from_slice(&[PREFIX, drop]);
    push_leb128(code, segment)
}

/// The contents of the section of an id with its segments passive.
pub(super) fn passive(id: u8, contents: &[u8]) -> Option<Vec<u8>> {
    match id {
        ELEMENTS => passive_elements(contents, None),
        _ => passive_data(contents, None),
    }
}
