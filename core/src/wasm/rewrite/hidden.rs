//! Exports that only guestbox sees: what it needs of an instance and the guest does not export.
//!
//! The engine gives access to exports and nothing else. So a module is rewritten before it is
//! compiled.
//!
//! * The start section is dropped and its function exported: the engine would run it inside its
//!   instantiation, where a host call could not pause. It runs as the first execution instead.
//! * Memories and mutable globals are exported, for snapshots, and so are tables that can have things of the supervisor's.
//! * So is what takes the segments where the engine is not to, see [`segments`](super::segments).
//! * So is the memory that a module that was compiled with frames keeps them in, and so are the tables that the
//!   code grows and the one of what grows them, see [`growth`](super::growth).
//!
//! Their names begin as no export of the guest does, and no lookup by name finds them.

use super::{
    appended::Functions,
    growth::{Growth, Hooks},
    notes::Notes,
};
use crate::{
    limits::to_usize,
    wasm::{
        scan::{ExportKind, RefKind, Scan},
        sections::{Added, push_leb128},
    },
};
use alloc::{boxed::Box, format, string::String, vec::Vec};

/// What every hidden name begins with; a number and a colon follow.
const PREFIX: &str = "guestbox:";

/// The names under which a rewritten module exports things.
#[derive(Debug)]
pub(crate) struct Names {
    /// Of the start function, where there is one.
    pub(crate) start: Option<Box<str>>,
    /// Of the memories, in order of their indices: the guest's own or hidden ones.
    pub(crate) memories: Vec<Box<str>>,
    /// Of the mutable globals, in order of their indices.
    pub(crate) globals: Vec<Box<str>>,
    /// Of the memory that frames are kept in, where they are.
    pub(crate) frames: Option<Box<str>>,
    /// Of what grows tables, where the code does.
    pub(crate) hooks: Option<Hooks>,
    /// Of the function that takes the segments, where there is one.
    pub(crate) segments: Option<Box<str>>,
}

/// Adds exports of what is needed of a module: the names of it all.
pub(super) fn export(
    scan: &Scan,
    growth: &Growth,
    functions: &Functions,
    notes: Option<Notes>,
    segments: Option<u32>,
    added: &mut Added,
) -> Option<Names> {
    let mut exporter = Exporter::new(scan, notes, added);
    let start = exporter.start(scan, functions)?;
    let segments = match segments {
        Some(function) => Some(exporter.named(ExportKind::Func, function, "segments")?),
        None => None,
    };
    let (memories, globals) = (exporter.memories(scan)?, exporter.globals(scan)?);
    let mut export = |kind, index, short| exporter.export(kind, index, short);
    for (index, table) in (0..).zip(&scan.tables) {
        if table.kind == RefKind::Extern && !growth.tables().any(|(grown, _)| grown == index) {
            export(ExportKind::Table, index, 't')?;
        }
    }
    let frames = match notes {
        Some(notes) => Some(export(ExportKind::Memory, notes.memory, 'm')?),
        None => None,
    };
    let hooks = if growth.is_empty() {
        None
    } else {
        let behind = u32::try_from(scan.tables.len()).ok()?;
        let table = export(ExportKind::Table, behind, 't')?;
        let grown = growth.tables().map(|(table, kind)| Some((export(ExportKind::Table, table, 't')?, kind)));
        Some(Hooks { table, grown: grown.collect::<Option<_>>()?, own_tables: scan.own_tables() })
    };
    Some(Names { start, memories, globals, frames, hooks, segments })
}

/// What exports things: once more only where the guest does not.
pub(super) struct Exporter<'a> {
    prefix: String,
    /// What the guest exports, in order.
    own: Vec<((ExportKind, u32), &'a str)>,
    notes: Option<Notes>,
    added: &'a mut Added,
}

impl<'a> Exporter<'a> {
    pub(super) fn new(scan: &'a Scan, notes: Option<Notes>, added: &'a mut Added) -> Self {
        let own = scan.exports.iter().map(|export| ((export.kind, export.index), &*export.name));
        let mut own: Vec<_> = own.collect();
        own.sort_unstable();
        Self { prefix: unused_prefix(scan), own, notes, added }
    }

    /// Exports something by its kind and its index, if the guest does not: its name.
    pub(super) fn export(&mut self, kind: ExportKind, index: u32, short: char) -> Option<Box<str>> {
        let at = self.own.partition_point(|(key, _)| *key < (kind, index));
        if let Some((_, name)) = self.own.get(at).filter(|(key, _)| *key == (kind, index)) {
            return Some((*name).into());
        }
        let written = match (kind, self.notes) {
            (ExportKind::Global, Some(notes)) => notes.moved(index),
            _ => index,
        };
        self.named(kind, written, &format!("{short}{index}"))
    }

    /// Exports something by a name: that with what is before it.
    pub(super) fn named(&mut self, kind: ExportKind, index: u32, name: &str) -> Option<Box<str>> {
        let name = format!("{}{name}", self.prefix);
        push(self.added, &name, kind, index)?;
        Some(name.into())
    }

    /// Exports the start function, where there is one.
    pub(super) fn start(&mut self, scan: &Scan, functions: &Functions) -> Option<Option<Box<str>>> {
        let Some(start) = scan.start else { return Some(None) };
        let function = match scan.imported_function(start) {
            Some(import) => functions.stands_for(import)?,
            None => start,
        };
        Some(Some(self.named(ExportKind::Func, function, "start")?))
    }

    /// Exports the memories.
    pub(super) fn memories(&mut self, scan: &Scan) -> Option<Vec<Box<str>>> {
        (0..).zip(&scan.memories).map(|(index, _)| self.export(ExportKind::Memory, index, 'm')).collect()
    }

    /// Exports the mutable globals.
    pub(super) fn globals(&mut self, scan: &Scan) -> Option<Vec<Box<str>>> {
        let globals = scan.mutable_globals.iter();
        globals.map(|global| self.export(ExportKind::Global, global.index, 'g')).collect()
    }
}

/// Adds an export.
fn push(added: &mut Added, name: &str, kind: ExportKind, index: u32) -> Option<()> {
    added.push(|entries| {
        push_leb128(entries, name.len())?;
        entries.extend_from_slice(name.as_bytes());
        entries.push(kind.byte());
        push_leb128(entries, to_usize(index))
    })
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
