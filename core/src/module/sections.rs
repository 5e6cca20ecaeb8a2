//! A module's bytes as sections, for those who put them together anew.

use alloc::vec::Vec;

/// Bytes of a module before its first section.
pub(super) const HEADER_BYTES: usize = 8;

pub(super) const CUSTOM: u8 = 0;
pub(super) const TYPES: u8 = 1;
pub(super) const TABLES: u8 = 4;
pub(super) const MEMORIES: u8 = 5;
pub(super) const GLOBALS: u8 = 6;
pub(super) const EXPORTS: u8 = 7;
pub(super) const START: u8 = 8;
pub(super) const CODE: u8 = 10;
const DATA: u8 = 11;
const DATA_COUNT: u8 = 12;

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
    pub(super) fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&id, after_id) = bytes.split_first()?;
        let (len, after_len) = split_leb128(after_id)?;
        let (contents, after) = after_len.split_at_checked(len)?;
        let whole = bytes.get(..bytes.len().checked_sub(after.len())?)?;
        Some((Self { id, contents, whole }, after))
    }
}

/// The module with other contents in its first section of an id. `None` where there is none, where
/// it cannot be read until there, or where `rewrite` gives none.
pub(super) fn rewrite(
    bytes: &[u8],
    id: u8,
    rewrite: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let mut rest = bytes.get(HEADER_BYTES..)?;
    loop {
        let (section, after) = Section::split(rest)?;
        if section.id == id {
            let contents = rewrite(section.contents)?;
            let before = bytes.len().checked_sub(rest.len())?;
            let mut module = Vec::with_capacity(bytes.len().saturating_add(contents.len()));
            module.extend_from_slice(bytes.get(..before)?);
            push_section(&mut module, id, &contents)?;
            module.extend_from_slice(after);
            return Some(module);
        }
        rest = after;
    }
}

/// Entries that are added to a section.
#[derive(Default)]
pub(super) struct Added {
    pub(super) count: usize,
    pub(super) entries: Vec<u8>,
}

impl Added {
    /// One entry.
    pub(super) const fn one(entry: Vec<u8>) -> Self {
        Self { count: 1, entries: entry }
    }

    /// The module with these at the end of its section of this id, which is made where there is
    /// none. Sections of the id `dropped` are left out.
    pub(super) fn append(&self, bytes: &[u8], id: u8, dropped: Option<u8>) -> Option<Vec<u8>> {
        let capacity = bytes.len().saturating_add(self.entries.len()).saturating_add(HEADER_BYTES);
        let mut module = Vec::with_capacity(capacity);
        module.extend_from_slice(bytes.get(..HEADER_BYTES)?);
        let mut rest = bytes.get(HEADER_BYTES..)?;
        let mut added = false;
        while !rest.is_empty() {
            let (section, after) = Section::split(rest)?;
            if order(section.id) > order(id) && !added {
                self.push_section(&mut module, id, 0, &[])?;
                added = true;
            }
            if section.id == id {
                let (count, entries) = split_leb128(section.contents)?;
                self.push_section(&mut module, id, count, entries)?;
                added = true;
            } else if Some(section.id) != dropped {
                module.extend_from_slice(section.whole);
            }
            rest = after;
        }
        if !added {
            self.push_section(&mut module, id, 0, &[])?;
        }
        Some(module)
    }

    /// Appends a section of `count` entries and these.
    fn push_section(&self, module: &mut Vec<u8>, id: u8, count: usize, entries: &[u8]) -> Option<()> {
        let mut contents = Vec::with_capacity(entries.len().saturating_add(self.entries.len()));
        push_leb128(&mut contents, count.checked_add(self.count)?)?;
        contents.extend_from_slice(entries);
        contents.extend_from_slice(&self.entries);
        push_section(module, id, &contents)
    }
}

/// Appends a section.
pub(super) fn push_section(module: &mut Vec<u8>, id: u8, contents: &[u8]) -> Option<()> {
    module.push(id);
    push_leb128(module, contents.len())?;
    module.extend_from_slice(contents);
    Some(())
}

/// Appends an unsigned LEB128 number; a WebAssembly module has none above 32 bits here.
pub(super) fn push_leb128(bytes: &mut Vec<u8>, value: usize) -> Option<()> {
    let mut value = u32::try_from(value).ok()?;
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            bytes.push(low & 0x7F);
            return Some(());
        }
        bytes.push(low | 0x80);
    }
}

/// Appends a signed LEB128 number.
pub(super) fn push_sleb128(bytes: &mut Vec<u8>, mut value: i32) {
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
        }
        assert_eq!(split_leb128(&[0x80]), None);
        assert_eq!(split_leb128(&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]), None);
    }
}
