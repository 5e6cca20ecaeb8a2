//! Exports that only guestbox sees: what it needs of an instance and the guest does not export.
//!
//! The engine gives access to exports and nothing else. So a module is rewritten before it is
//! compiled.
//!
//! * The start section is dropped and its function exported: the engine would run it inside its
//!   instantiation, where a host call could not pause. It runs as the first execution instead.
//! * Memories and mutable globals are exported, for snapshots, and so are tables that can have things of the supervisor's.
//! * So is what takes the segments where the engine is not to, see [`segments`](super::segments).
//! * So is what a module that was compiled with frames keeps them in, and so are the tables that the
//!   code grows and the one of what grows them, see [`growth`](super::growth).
//!
//! Their names begin as no export of the guest does, and no lookup by name finds them.

use super::{
    growth::{Growth, Hooks},
    imports::Imports,
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
    /// Of the memory and the global that frames are kept in, where they are.
    pub(crate) frames: Option<(Box<str>, Box<str>)>,
    /// Of what grows tables, where the code does.
    pub(crate) hooks: Option<Hooks>,
    /// Of the function that takes the segments, where there is one.
    pub(crate) segments: Option<Box<str>>,
}

/// Adds exports of what is needed of a module: the names of it all.
pub(super) fn export(
    scan: &Scan,
    growth: &Growth,
    imports: &Imports<'_>,
    notes: Option<Notes>,
    segments: Option<u32>,
    added: &mut Added,
) -> Option<Names> {
    let prefix = unused_prefix(scan);
    let start = match scan.start {
        Some(start) => {
            let name = format!("{prefix}start");
            let function = match scan.imported_function(start) {
                Some(import) => imports.known(import)?,
                None => start,
            };
            push(added, &name, ExportKind::Func, function)?;
            Some(name.into())
        }
        None => None,
    };
    let segments = match segments {
        Some(function) => {
            let name = format!("{prefix}segments");
            push(added, &name, ExportKind::Func, function)?;
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
        push(added, &name, kind, index)?;
        Some(name.into())
    };
    let memories = (0..).zip(&scan.memories).map(|(index, _)| export(ExportKind::Memory, index, 'm'));
    let memories = memories.collect::<Option<_>>()?;
    let globals = scan.mutable_globals.iter().map(|global| export(ExportKind::Global, global.index, 'g'));
    let globals = globals.collect::<Option<_>>()?;
    for (index, table) in (0..).zip(&scan.tables) {
        if table.kind == RefKind::Extern && !growth.tables().any(|(grown, _)| grown == index) {
            export(ExportKind::Table, index, 't')?;
        }
    }
    let frames = match notes {
        Some(notes) => Some((
            export(ExportKind::Memory, notes.memory, 'm')?,
            export(ExportKind::Global, notes.global, 'g')?,
        )),
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
