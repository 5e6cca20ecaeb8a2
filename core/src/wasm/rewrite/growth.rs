//! Growing tables: the operator becomes a call of the host, which grows the table and answers.
//!
//! The engine, wasmi 2.0.0, cannot be resumed within `table.grow`: where the fuel for the new elements
//! is not there it leaves without saying where it was, and begins the function once more with what
//! happens to be in its registers. A host call it resumes exactly. So the operator is replaced by
//! `i32.const` and `call_indirect`, and the fuel for the elements is taken by the host, as a pause of its
//! own: see `engine::wasmi::growth`.
//!
//! The functions that are called are the host's, one for each table that is grown, in a table that is
//! put behind those of the module. The guest's code cannot name it.

use super::{
    output::{push_const, push_index},
    types::AddedTypes,
};
use crate::{
    limits::to_usize,
    wasm::{
        operators::code::{CALL_INDIRECT, FUNC_REF},
        scan::{RefKind, Scan},
        sections::{Added, push_leb128},
    },
};
use alloc::{boxed::Box, vec::Vec};

const HAS_MAXIMUM: u8 = 0x01;

/// The tables that a module's code grows, as they are found while it is rewritten.
#[derive(Default)]
pub(super) struct Growth(Vec<Grown>);

struct Grown {
    table: u32,
    kind: RefKind,
    /// What takes the place of the operator.
    call: Box<[u8]>,
}

impl Growth {
    /// What takes the place of growing this table; `None` where there is no such table.
    pub(super) fn of_table(&mut self, scan: &Scan, types: &mut AddedTypes, table: u32) -> Option<&[u8]> {
        let at = match self.0.iter().position(|grown| grown.table == table) {
            Some(known) => known,
            None => {
                let kind = scan.tables.get(to_usize(table))?.kind;
                let at = self.0.len();
                let mut call = Vec::new();
                push_const(&mut call, i32::try_from(at).ok()?);
                push_index(&mut call, CALL_INDIRECT, types.of_growth(scan, kind)?)?;
                push_leb128(&mut call, scan.tables.len())?;
                self.0.push(Grown { table, kind, call: call.into() });
                at
            }
        };
        self.0.get(at).map(|grown| &*grown.call)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tables that are grown, in the order of their hooks.
    pub(super) fn tables(&self) -> impl Iterator<Item = (u32, RefKind)> + '_ {
        self.0.iter().map(|grown| (grown.table, grown.kind))
    }

    /// Adds the table that the hooks stand in.
    pub(super) fn declare(&self, tables: &mut Added) -> Option<()> {
        if self.is_empty() {
            return Some(());
        }
        tables.push(|entries| {
            entries.extend([FUNC_REF, HAS_MAXIMUM]);
            push_leb128(entries, self.0.len())?;
            push_leb128(entries, self.0.len())
        })
    }
}

/// What an instance has of this, by the names under which the engine has it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Hooks {
    /// The table of the functions that the guest calls.
    pub table: Box<str>,
    /// The tables that they grow, in order.
    pub grown: Box<[(Box<str>, RefKind)]>,
    /// How many tables of an instance are made before that of the hooks.
    pub own_tables: u32,
}

impl Hooks {
    /// Roughly the bytes that they take of the engine's.
    pub(super) const fn bytes(&self) -> usize {
        self.grown.len().saturating_mul(128)
    }
}
