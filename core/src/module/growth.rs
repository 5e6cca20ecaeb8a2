//! Growing tables: the operator becomes a call of the host, which grows the table and answers.
//!
//! The engine, wasmi 2.0.0, cannot be resumed within `table.grow`: where the fuel for the new elements
//! is not there it leaves without saying where it was, and begins the function once more with what
//! happens to be in its registers. A host call it resumes exactly. So the operator is replaced by
//! `i32.const`, `nop` and `call_indirect`, which cost what it costs, and the fuel for the elements is
//! taken by the host, as a pause of its own: see [`growth`](crate::growth).
//!
//! The functions that are called are the host's, one for each table that is grown, in a table that is
//! put behind those of the module. The guest's code cannot name it, as it was validated without.

use super::{
    scan::{RefKind, Scan},
    sections::{Added, TABLES, TYPES, push_leb128, push_sleb128},
};
use crate::{
    error::LimitError,
    limits::{Limit, count, to_usize},
};
use alloc::{boxed::Box, vec::Vec};

const CALL_INDIRECT: u8 = 0x11;
const FUNCTION: u8 = 0x60;
const HAS_MAXIMUM: u8 = 0x01;
const I32: u8 = 0x7F;
const I32_CONST: u8 = 0x41;
const NOP: u8 = 0x01;

/// The tables that the engine's parser takes.
const ENGINE_TABLES: u64 = 100;

/// The tables that a module's code grows, as they are found while it is rewritten.
pub(super) struct Growth<'a> {
    scan: &'a Scan,
    tables: Vec<Grown>,
}

struct Grown {
    table: u32,
    kind: RefKind,
    /// What takes the place of the operator.
    call: Vec<u8>,
}

impl<'a> Growth<'a> {
    pub(super) const fn new(scan: &'a Scan) -> Self {
        Self { scan, tables: Vec::new() }
    }

    /// The number of what takes the place of growing this table; `None` where there is no such table.
    pub(super) fn of_table(&mut self, table: u32) -> Option<usize> {
        if let Some(known) = self.tables.iter().position(|grown| grown.table == table) {
            return Some(known);
        }
        let kind = *self.scan.tables.get(to_usize(table))?;
        let at = self.tables.len();
        let mut call = Vec::from([I32_CONST]);
        push_sleb128(&mut call, i32::try_from(at).ok()?);
        call.extend([NOP, CALL_INDIRECT]);
        push_leb128(&mut call, self.scan.types.len().checked_add(kind.ordinal())?)?;
        push_leb128(&mut call, self.scan.tables.len())?;
        self.tables.push(Grown { table, kind, call });
        Some(at)
    }

    /// What takes the place of an operator, by its number.
    pub(super) fn call(&self, at: usize) -> &[u8] {
        self.tables.get(at).map_or(&[], |grown| &grown.call)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Refuses a module that has as many tables as the engine's parser takes: one more is needed.
    pub(super) fn check_limit(&self) -> Result<(), LimitError> {
        let tables = count(self.scan.tables.len());
        Limit::Tables.check(tables, ENGINE_TABLES.saturating_sub(1))
    }

    /// The tables that are grown, in the order of their hooks.
    pub(super) fn tables(&self) -> impl Iterator<Item = (u32, RefKind)> + '_ {
        self.tables.iter().map(|grown| (grown.table, grown.kind))
    }

    /// The module with the types of the hooks and the table that they stand in.
    pub(super) fn declare(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut types = Added::default();
        for kind in RefKind::ALL {
            types.entries.extend([FUNCTION, 2, kind.byte(), I32, 1, I32]);
            types.count = types.count.checked_add(1)?;
        }
        let mut table = Vec::from([RefKind::Func.byte(), HAS_MAXIMUM]);
        push_leb128(&mut table, self.tables.len())?;
        push_leb128(&mut table, self.tables.len())?;
        let module = types.append(bytes, TYPES, None)?;
        Added::one(table).append(&module, TABLES, None)
    }
}

/// What an instance has of this, by the names under which the engine has it.
#[derive(Debug)]
pub(crate) struct Hooks {
    /// The table of the functions that the guest calls.
    pub(crate) table: Box<str>,
    /// The tables that they grow, in order.
    pub(crate) grown: Box<[(Box<str>, RefKind)]>,
    /// How many tables of an instance are made before that of the hooks.
    pub(crate) own_tables: u32,
}

impl Hooks {
    /// Roughly the bytes that they take of the engine's.
    pub(super) const fn bytes(&self) -> usize {
        self.grown.len().saturating_mul(128)
    }
}
