//! What a wasmi store carries along: how what pauses a guest says why.

use crate::{
    engine::{Instance, Limiter},
    types::value::Value,
};
use alloc::vec::Vec;
use core::fmt;
use wasmi::{Error, Ref, Table, Val};

/// What a wasmi store carries along.
pub(super) struct Data {
    pub(super) limiter: Limiter,
    /// The arguments of the import call that paused the guest.
    pub(super) args: Vec<Value>,
    /// The same, where references are among them.
    pub(super) references: Vec<Val>,
    /// The instance that it is an import of, and its ordinal among the imported functions.
    pub(super) import: (Instance, u32),
    /// What paused the guest instead of an import: it grows a table.
    pub(super) growth: Option<Growth>,
}

impl Data {
    pub(super) const fn new(limiter: Limiter) -> Self {
        Self { limiter, args: Vec::new(), references: Vec::new(), import: (Instance(0), 0), growth: None }
    }

    /// Pauses a guest that grows a table.
    pub(super) fn pause_for_growth(&mut self, growth: Option<Growth>) -> Error {
        // The engine calls it with what its type says: there is one.
        self.growth = growth;
        Error::host(Pause)
    }

    /// Pauses a guest that calls an import.
    pub(super) fn pause(&mut self, import: (Instance, u32), args: impl IntoIterator<Item = Value>) -> Error {
        self.import = import;
        self.args.clear();
        self.args.extend(args);
        Error::host(Pause)
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Data").finish_non_exhaustive()
    }
}

/// The error with which an import returns out of the engine.
#[derive(Debug)]
struct Pause;

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("paused")
    }
}

impl wasmi::errors::HostError for Pause {}

/// A table that a guest grows, and by what.
#[derive(Debug)]
pub(super) struct Growth {
    pub(super) table: Table,
    pub(super) value: Ref,
    pub(super) elements: u32,
}
