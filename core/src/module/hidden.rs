//! Exports that only guestbox sees: what it needs of an instance and the guest does not export.
//!
//! The engine gives access to exports and nothing else. So a module is rewritten before it is
//! compiled.
//!
//! * The start section is dropped and its function exported: the engine would run it inside its
//!   instantiation, where a host call could not pause. It runs as the first execution instead.
//! * Memories and mutable globals are exported, for snapshots.
//!
//! Their names begin as no export of the guest does, and no lookup by name finds them.

use super::scan::{ExportKind, Scan};
use alloc::{boxed::Box, format, string::String, vec::Vec};

/// What every hidden name begins with; underscores follow where exports of the guest do too.
const PREFIX: &str = "guestbox:";

const HEADER_BYTES: usize = 8;
const EXPORT_SECTION: u8 = 7;
const START_SECTION: u8 = 8;
/// The sections that must come after the exports: start, elements, code, data, data count.
const LATER_SECTIONS: core::ops::RangeInclusive<u8> = START_SECTION..=12;

/// The names under which a rewritten module exports things.
#[derive(Debug)]
pub(super) struct Names {
    /// Of the start function, where there is one.
    pub(super) start: Option<Box<str>>,
    /// Of the memories, in order of their indices: the guest's own or hidden ones.
    pub(super) memories: Vec<Box<str>>,
    /// Of the mutable globals, in order of their indices.
    pub(super) globals: Vec<Box<str>>,
}

/// Exports that are added to a module.
#[derive(Default)]
struct Added {
    count: usize,
    entries: Vec<u8>,
}

impl Added {
    fn push(&mut self, name: &str, kind: ExportKind, index: u32) -> Option<()> {
        push_leb128(&mut self.entries, name.len())?;
        self.entries.extend_from_slice(name.as_bytes());
        self.entries.push(kind.byte());
        push_leb128(&mut self.entries, crate::limits::to_usize(index))?;
        self.count = self.count.checked_add(1)?;
        Some(())
    }

    /// Appends an export section of `count` entries and these.
    fn push_section(&self, module: &mut Vec<u8>, count: usize, entries: &[u8]) -> Option<()> {
        let mut contents = Vec::with_capacity(entries.len().saturating_add(self.entries.len()));
        push_leb128(&mut contents, count.checked_add(self.count)?)?;
        contents.extend_from_slice(entries);
        contents.extend_from_slice(&self.entries);
        module.push(EXPORT_SECTION);
        push_leb128(module, contents.len())?;
        module.extend_from_slice(&contents);
        Some(())
    }
}

/// Exports what is needed of a module and drops its start section: the bytes, if they had to be
/// rewritten, and the names. `None` where the bytes are not as they were scanned, which leaves the
/// module to the engine's own judgement.
pub(super) fn export(bytes: &[u8], scan: &Scan) -> Option<(Option<Box<[u8]>>, Names)> {
    let mut added = Added::default();
    let names = names(scan, &mut added)?;
    let rewritten = if added.count == 0 { None } else { Some(rewrite(bytes, &added)?) };
    Some((rewritten, names))
}

fn names(scan: &Scan, added: &mut Added) -> Option<Names> {
    let prefix = unused_prefix(scan);
    let start = match scan.start {
        Some(function) => {
            let name = format!("{prefix}start");
            added.push(&name, ExportKind::Func, function)?;
            Some(name.into())
        }
        None => None,
    };
    let mut own: Vec<_> =
        scan.exports.iter().map(|export| ((export.kind, export.index), &export.name)).collect();
    own.sort_unstable();
    let mut export = |kind: ExportKind, index: u32, short: char| -> Option<Box<str>> {
        let at = own.partition_point(|(key, _)| *key < (kind, index));
        if let Some((_, name)) = own.get(at).filter(|(key, _)| *key == (kind, index)) {
            return Some((*name).clone());
        }
        let name = format!("{prefix}{short}{index}");
        added.push(&name, kind, index)?;
        Some(name.into())
    };
    let memories = (0..).zip(&scan.memories).map(|(index, _)| export(ExportKind::Memory, index, 'm'));
    let memories = memories.collect::<Option<_>>()?;
    let globals = scan.mutable_globals.iter().map(|global| export(ExportKind::Global, global.index, 'g'));
    Some(Names { start, memories, globals: globals.collect::<Option<_>>()? })
}

fn rewrite(bytes: &[u8], added: &Added) -> Option<Box<[u8]>> {
    let capacity = bytes.len().saturating_add(added.entries.len()).saturating_add(HEADER_BYTES);
    let mut module = Vec::with_capacity(capacity);
    module.extend_from_slice(bytes.get(..HEADER_BYTES)?);
    let mut rest = bytes.get(HEADER_BYTES..)?;
    let mut exported = false;
    while let Some((&id, after_id)) = rest.split_first() {
        let (len, after_len) = split_leb128(after_id)?;
        let (contents, after) = after_len.split_at_checked(len)?;
        if LATER_SECTIONS.contains(&id) && !exported {
            added.push_section(&mut module, 0, &[])?;
            exported = true;
        }
        match id {
            EXPORT_SECTION => {
                let (count, entries) = split_leb128(contents)?;
                added.push_section(&mut module, count, entries)?;
                exported = true;
            }
            START_SECTION => {}
            _ => {
                let section_len = rest.len().checked_sub(after.len())?;
                module.extend_from_slice(rest.get(..section_len)?);
            }
        }
        rest = after;
    }
    if !exported {
        added.push_section(&mut module, 0, &[])?;
    }
    Some(module.into())
}

/// The prefix, with more underscores than any export of the guest has after it.
fn unused_prefix(scan: &Scan) -> String {
    let underscores = |rest: &str| rest.bytes().take_while(|byte| *byte == b'_').count();
    let like_it = scan.exports.iter().filter_map(|export| export.name.strip_prefix(PREFIX));
    let needed = like_it.map(|rest| underscores(rest).saturating_add(1)).max().unwrap_or(0);
    let mut prefix = String::from(PREFIX);
    prefix.extend(core::iter::repeat_n('_', needed));
    prefix
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
