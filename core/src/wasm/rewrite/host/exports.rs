//! What a module for a host exports of what the host needs, under names that no guest has.

use super::Host;
use crate::wasm::{
    rewrite::{appended::Functions, hidden::Exporter},
    scan::{ExportKind, Scan},
    sections::Added,
};
use alloc::{boxed::Box, vec::Vec};

/// The names under which a module for a host exports things.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HostNames {
    /// Of the start function, where there is one.
    pub start: Option<Box<str>>,
    /// Of the memories, in order of their indices as all here: the guest's own names or hidden ones.
    pub memories: Vec<Box<str>>,
    /// Of the mutable globals.
    pub globals: Vec<Box<str>>,
    /// Of the tables.
    pub tables: Vec<Box<str>>,
    /// Of the four globals that are added: what is left of the fuel that was granted,
    pub fuel: Box<str>,
    /// what is left of frames and words of stack,
    pub stack: Box<str>,
    /// how the call has ended,
    pub ended: Box<str>,
    /// and what was noted before an operator that can trap.
    pub note: Box<str>,
    /// Of the table of what the host is asked by.
    pub asked: Box<str>,
}

impl HostNames {
    pub(super) fn export(scan: &Scan, host: &Host, functions: &Functions, added: &mut Added) -> Option<Self> {
        let mut exporter = Exporter::new(scan, None, added);
        let tables = (0..).zip(&scan.tables);
        Some(Self {
            start: exporter.start(scan, functions)?,
            memories: exporter.memories(scan)?,
            globals: exporter.globals(scan)?,
            tables: tables
                .map(|(index, _)| exporter.export(ExportKind::Table, index, 't'))
                .collect::<Option<_>>()?,
            fuel: exporter.named(ExportKind::Global, host.fuel(), "fuel")?,
            stack: exporter.named(ExportKind::Global, host.stack(), "stack")?,
            ended: exporter.named(ExportKind::Global, host.ended(), "ended")?,
            note: exporter.named(ExportKind::Global, host.note(), "note")?,
            asked: exporter.named(ExportKind::Table, host.table, "asked")?,
        })
    }
}
