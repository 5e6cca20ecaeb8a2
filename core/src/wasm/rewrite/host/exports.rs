//! What a module for a host exports of what the host needs, under names that no guest has.

use super::Host;
use crate::wasm::{
    rewrite::{appended::Functions, hidden::Exporter},
    scan::{ExportKind, Scan},
    sections::Added,
};
use alloc::{boxed::Box, vec::Vec};

/// The names under which a module for a host exports things.
#[derive(Debug)]
pub(crate) struct HostNames {
    /// Of the start function, where there is one.
    pub(crate) start: Option<Box<str>>,
    /// Of the memories, the mutable globals and the tables, in order of their indices: the guest's own or hidden ones.
    pub(crate) memories: Vec<Box<str>>,
    pub(crate) globals: Vec<Box<str>>,
    pub(crate) tables: Vec<Box<str>>,
    /// Of the four globals that are added.
    pub(crate) fuel: Box<str>,
    pub(crate) stack: Box<str>,
    pub(crate) ended: Box<str>,
    pub(crate) note: Box<str>,
    /// Of the table of what the host is asked by.
    pub(crate) asked: Box<str>,
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
