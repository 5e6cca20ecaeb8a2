//! A module's bytes as sections, for those who put them together anew.

use crate::limits::to_usize;
use alloc::{borrow::Cow, vec::Vec};
use core::iter;

/// Bytes of a module before its first section.
pub(super) const HEADER_BYTES: usize = 8;

pub(super) const CUSTOM: u8 = 0;
const TYPES: u8 = 1;
const IMPORTS: u8 = 2;
const FUNCTIONS: u8 = 3;
const TABLES: u8 = 4;
const MEMORIES: u8 = 5;
const GLOBALS: u8 = 6;
const EXPORTS: u8 = 7;
pub(super) const START: u8 = 8;
pub(super) const ELEMENTS: u8 = 9;
const CODE: u8 = 10;
pub(super) const DATA: u8 = 11;
pub(super) const DATA_COUNT: u8 = 12;

/// The place of a section in a module; the data count comes before the code.
pub(super) const fn order(id: u8) -> u8 {
    match id {
        DATA_COUNT => CODE,
        CODE => DATA,
        DATA => DATA_COUNT,
        id => id,
    }
}

/// A section of a module.
pub(super) struct Section<'a> {
    pub(super) id: u8,
    pub(super) contents: &'a [u8],
    /// With its id and length.
    pub(super) whole: &'a [u8],
}

impl<'a> Section<'a> {
    /// Splits a section off the front.
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&id, after_id) = bytes.split_first()?;
        let (len, after_len) = split_leb128(after_id)?;
        let (contents, after) = after_len.split_at_checked(len)?;
        let whole = bytes.get(..bytes.len().checked_sub(after.len())?)?;
        Some((Self { id, contents, whole }, after))
    }

    /// The subsections of a name section; `None` of another.
    pub(super) fn names(&self) -> Option<&'a [u8]> {
        match split_bytes(self.contents) {
            Some((b"name", parts)) if self.id == CUSTOM => Some(parts),
            _ => None,
        }
    }

    /// The sections one after the other; `None` is the last one where they cannot be read to the end.
    pub(super) fn all(bytes: &'a [u8]) -> impl Iterator<Item = Option<Self>> {
        let mut rest = bytes;
        iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let split = Self::split(rest);
            rest = split.as_ref().map_or(&[], |(_, after)| after);
            Some(split.map(|(section, _)| section))
        })
    }
}

/// Where a module's section refers to what may have another index in what is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reference {
    /// Of the index, in the module's bytes.
    pub(super) offset: u32,
    pub(super) to: Referred,
}

/// What is referred to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Referred {
    /// An imported function, by its ordinal among these.
    Import(u32),
    /// A global that the module defines, by its index.
    Global(u32),
}

/// Entries that are added to a section.
#[derive(Default)]
pub(super) struct Added {
    count: usize,
    entries: Vec<u8>,
}

impl Added {
    /// Adds an entry, which `write` writes.
    pub(super) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Option<()> {
        write(&mut self.entries)?;
        self.count = self.count.checked_add(1)?;
        Some(())
    }

    /// Adds an entry.
    pub(super) fn push_bytes(&mut self, entry: &[u8]) -> Option<()> {
        self.push(|entries| {
            entries.extend_from_slice(entry);
            Some(())
        })
    }

    pub(super) const fn len(&self) -> usize {
        self.count
    }
}

/// What is changed of a module. All that is added comes behind what there is, so that nothing gets
/// another index but for what is defined where imports are added: who adds them sees to it.
#[derive(Default)]
pub(super) struct Changes<'a> {
    pub(super) types: Added,
    pub(super) imports: Added,
    pub(super) functions: Added,
    pub(super) tables: Added,
    pub(super) memories: Added,
    pub(super) globals: Added,
    pub(super) exports: Added,
    /// What makes segments passive, by their section, where they have to be.
    pub(super) passive: Option<Passive>,
    /// How many data segments there are, where that is to be said and is not.
    pub(super) data_count: Option<u32>,
    /// The contents of the code section in place of what it has.
    pub(super) code: Option<Vec<u8>>,
    /// References outside of the code, in order, that become the indices that are given for them.
    pub(super) references: &'a [Reference],
    /// Whether the start section is left out, and so are custom sections but those of names: they may be most
    /// of a module that was compiled to be debugged.
    pub(super) is_guest: bool,
}

/// Gives the contents of a section another form.
pub(super) type Passive = fn(id: u8, contents: &[u8]) -> Option<Vec<u8>>;

/// The sections that something may be added to, in their order.
const ADDED_TO: [u8; 7] = [TYPES, IMPORTS, FUNCTIONS, TABLES, MEMORIES, GLOBALS, EXPORTS];

impl Changes<'_> {
    fn added_to(&self, id: u8) -> Option<&Added> {
        let added = match id {
            TYPES => &self.types,
            IMPORTS => &self.imports,
            FUNCTIONS => &self.functions,
            TABLES => &self.tables,
            MEMORIES => &self.memories,
            GLOBALS => &self.globals,
            EXPORTS => &self.exports,
            _ => return None,
        };
        (added.count > 0).then_some(added)
    }

    fn leaves_out(&self, section: &Section<'_>) -> bool {
        self.is_guest
            && match section.id {
                START => true,
                CUSTOM => section.names().is_none(),
                _ => false,
            }
    }

    /// The module with these changes; `None` where it cannot be read.
    pub(super) fn apply(mut self, bytes: &[u8], index: impl Fn(Referred) -> Option<u32>) -> Option<Vec<u8>> {
        let code = self.code.take();
        let mut module = Vec::with_capacity(self.len_with(bytes, code.as_deref()));
        module.extend_from_slice(bytes.get(..HEADER_BYTES)?);
        let (mut pending, mut references, mut code) = (&ADDED_TO[..], self.references, code.as_deref());
        let mut end = HEADER_BYTES;
        for section in Section::all(bytes.get(HEADER_BYTES..)?) {
            let section = section?;
            end = end.checked_add(section.whole.len())?;
            if self.leaves_out(&section) {
                continue;
            }
            if section.id != CUSTOM {
                pending = self.add_before(&mut module, pending, order(section.id))?;
                if order(section.id) > order(DATA_COUNT)
                    && let Some(count) = self.data_count.take()
                {
                    push_data_count(&mut module, count)?;
                }
                if order(section.id) >= order(CODE)
                    && let Some(code) = code.take()
                {
                    push_section(&mut module, CODE, &[code])?;
                    if section.id == CODE {
                        continue;
                    }
                }
            }
            let added = match pending {
                [first, others @ ..] if *first == section.id => {
                    pending = others;
                    self.added_to(section.id)
                }
                _ => None,
            };
            let many = references.partition_point(|reference| to_usize(reference.offset) < end);
            let (within, behind) = references.split_at_checked(many)?;
            references = behind;
            let passive = self.passive.filter(|_| matches!(section.id, ELEMENTS | DATA));
            if added.is_none() && within.is_empty() && passive.is_none() {
                module.extend_from_slice(section.whole);
            } else {
                let contents = refer_to(section.contents, end, within, &index)?;
                let contents = match passive {
                    Some(passive) => passive(section.id, &contents)?.into(),
                    None => contents,
                };
                push_with(&mut module, section.id, &contents, added)?;
            }
        }
        self.add_before(&mut module, pending, u8::MAX)?;
        if let Some(count) = self.data_count.take() {
            push_data_count(&mut module, count)?;
        }
        if let Some(code) = code {
            push_section(&mut module, CODE, &[code])?;
        }
        Some(module)
    }

    /// Makes the sections that there are none of and that come before that of an order; those that
    /// remain.
    fn add_before<'b>(&self, module: &mut Vec<u8>, mut pending: &'b [u8], before: u8) -> Option<&'b [u8]> {
        while let [id, others @ ..] = pending
            && order(*id) < before
        {
            if let Some(added) = self.added_to(*id) {
                push_with(module, *id, &[0], Some(added))?;
            }
            pending = others;
        }
        Some(pending)
    }

    /// About the bytes that it will have.
    fn len_with(&self, bytes: &[u8], code: Option<&[u8]>) -> usize {
        let sections = bytes.get(HEADER_BYTES..).into_iter().flat_map(Section::all).flatten();
        let kept = sections
            .filter(|section| !self.leaves_out(section) && (section.id != CODE || code.is_none()))
            .map(|section| section.whole.len());
        let added = ADDED_TO.iter().filter_map(|id| self.added_to(*id)).map(|added| added.entries.len());
        let references = self.references.len().saturating_mul(MAX_LEB128);
        // For the ids and lengths of sections that are added or become longer, and for the module's own.
        let headers = ADDED_TO.len().saturating_add(2).saturating_mul(HEADER_BYTES);
        kept.chain(added)
            .chain(code.map(<[u8]>::len))
            .chain([references, headers])
            .fold(0, usize::saturating_add)
    }
}

/// The contents of a section that end at an offset in the module, with other indices in the place of its references.
fn refer_to<'a>(
    contents: &'a [u8],
    end: usize,
    references: &[Reference],
    index: &impl Fn(Referred) -> Option<u32>,
) -> Option<Cow<'a, [u8]>> {
    if references.is_empty() {
        return Some(contents.into());
    }
    let begin = end.checked_sub(contents.len())?;
    let more = references.len().saturating_mul(MAX_LEB128);
    let mut changed = Vec::with_capacity(contents.len().saturating_add(more));
    let mut copied = 0;
    for reference in references {
        let at = to_usize(reference.offset).checked_sub(begin)?;
        changed.extend_from_slice(contents.get(copied..at)?);
        push_leb128(&mut changed, to_usize(index(reference.to)?))?;
        let (_, after) = split_leb128(contents.get(at..)?)?;
        copied = contents.len().checked_sub(after.len())?;
    }
    changed.extend_from_slice(contents.get(copied..)?);
    Some(changed.into())
}

/// Appends a section with entries behind those that it has.
fn push_with(module: &mut Vec<u8>, id: u8, contents: &[u8], added: Option<&Added>) -> Option<()> {
    let Some(added) = added else { return push_section(module, id, &[contents]) };
    let (count, entries) = split_leb128(contents)?;
    let mut all = Vec::new();
    push_leb128(&mut all, count.checked_add(added.count)?)?;
    push_section(module, id, &[&all, entries, &added.entries])
}

/// Appends a section of these parts.
fn push_section(module: &mut Vec<u8>, id: u8, parts: &[&[u8]]) -> Option<()> {
    module.push(id);
    push_leb128(module, parts.iter().try_fold(0_usize, |len, part| len.checked_add(part.len()))?)?;
    for part in parts {
        module.extend_from_slice(part);
    }
    Some(())
}

/// Appends a section that says how many data segments there are.
fn push_data_count(module: &mut Vec<u8>, count: u32) -> Option<()> {
    let mut contents = Vec::new();
    push_leb128(&mut contents, to_usize(count))?;
    push_section(module, DATA_COUNT, &[&contents])
}

/// The most bytes of a number of 32 bits.
pub(super) const MAX_LEB128: usize = 5;

/// Appends an unsigned LEB128 number; a WebAssembly module has none above 32 bits here.
pub(super) fn push_leb128(bytes: &mut Vec<u8>, value: usize) -> Option<()> {
    push_u32(bytes, u32::try_from(value).ok()?);
    Some(())
}

/// Appends an unsigned LEB128 number.
pub(super) fn push_u32(bytes: &mut Vec<u8>, mut value: u32) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            bytes.push(low & 0x7F);
            return;
        }
        bytes.push(low | 0x80);
    }
}

/// An unsigned LEB128 number in as many bytes as any of 32 bits.
pub(super) fn padded_leb128(value: usize) -> Option<[u8; MAX_LEB128]> {
    let mut rest = u32::try_from(value).ok()?;
    let mut bytes = [0; MAX_LEB128];
    for byte in &mut bytes {
        let [low, ..] = rest.to_le_bytes();
        *byte = low | 0x80;
        rest >>= 7;
    }
    *bytes.last_mut()? &= 0x7F;
    Some(bytes)
}

/// Appends a signed LEB128 number.
pub(super) fn push_sleb128(bytes: &mut Vec<u8>, value: impl Into<i64>) {
    let mut value = value.into();
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        let sign = low & 0x40 != 0;
        if (value == 0 && !sign) || (value == -1 && sign) {
            bytes.push(low & 0x7F);
            return;
        }
        bytes.push(low | 0x80);
    }
}

/// Splits an unsigned LEB128 number of at most 32 bits off the front.
pub(super) fn split_leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_u64;
    for (at, &byte) in (0_u32..5).zip(bytes) {
        value |= u64::from(byte & 0x7F) << at.checked_mul(7)?;
        if byte & 0x80 == 0 {
            let consumed = usize::try_from(at).ok()?.checked_add(1)?;
            return Some((usize::try_from(value).ok()?, bytes.get(consumed..)?));
        }
    }
    None
}

/// Appends bytes with their length before them.
pub(super) fn push_bytes(all: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    push_leb128(all, bytes.len())?;
    all.extend_from_slice(bytes);
    Some(())
}

/// Splits bytes with their length off the front.
pub(super) fn split_bytes(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = split_leb128(bytes)?;
    rest.split_at_checked(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leb128_round_trips() {
        for value in [0, 1, 127, 128, 16_383, 16_384, 0xFFFF_FFFF] {
            let mut bytes = Vec::new();
            push_leb128(&mut bytes, value).unwrap();
            bytes.push(0xAA);
            assert_eq!(split_leb128(&bytes), Some((value, &[0xAA][..])));
            assert_eq!(split_leb128(&padded_leb128(value).unwrap()), Some((value, &[][..])));
        }
        assert_eq!(split_leb128(&[0x80]), None);
        assert_eq!(split_leb128(&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]), None);
    }

    #[test]
    fn a_guest_keeps_no_custom_sections_but_names() {
        let [debug, names] = [b"\0\x07\x06.debug", &b"\0\x07\x04name\x01\x00"[..]];
        let start = [START, 1, 0];
        let module = |sections: &[&[u8]]| [b"\0asm\x01\0\0\0", &sections.concat()[..]].concat();
        let given = module(&[debug, &start, names, debug]);
        let changed = |is_guest| Changes { is_guest, ..Changes::default() }.apply(&given, |_| None);
        assert_eq!(changed(true), Some(module(&[names])));
        assert_eq!(changed(false), Some(given.clone()));
    }
}
