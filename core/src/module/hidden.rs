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

use super::{
    scan::{ExportKind, Scan},
    sections::{HEADER_BYTES, Section, push_leb128, push_section, split_leb128},
};
use alloc::{boxed::Box, format, string::String, vec::Vec};

/// What every hidden name begins with; a number and a colon follow.
const PREFIX: &str = "guestbox:";

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
        push_section(module, EXPORT_SECTION, &contents)
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
    while !rest.is_empty() {
        let (section, after) = Section::split(rest)?;
        if LATER_SECTIONS.contains(&section.id) && !exported {
            added.push_section(&mut module, 0, &[])?;
            exported = true;
        }
        match section.id {
            EXPORT_SECTION => {
                let (count, entries) = split_leb128(section.contents)?;
                added.push_section(&mut module, count, entries)?;
                exported = true;
            }
            START_SECTION => {}
            _ => module.extend_from_slice(section.whole),
        }
        rest = after;
    }
    if !exported {
        added.push_section(&mut module, 0, &[])?;
    }
    Some(module.into())
}

/// The prefix and a number that no export of the guest has after it: short, however long those are.
fn unused_prefix(scan: &Scan) -> String {
    let like_it = scan.exports.iter().filter_map(|export| export.name.strip_prefix(PREFIX));
    let mut taken: Vec<u32> = like_it.filter_map(|rest| rest.split_once(':')?.0.parse().ok()).collect();
    taken.sort_unstable();
    taken.dedup();
    let unused = (0..).zip(&taken).find(|(number, taken)| number != *taken).map(|(number, _)| number);
    let number = unused.unwrap_or_else(|| u32::try_from(taken.len()).unwrap_or(u32::MAX));
    format!("{PREFIX}{number}:")
}
