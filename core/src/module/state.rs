//! What of an instance can change: what a snapshot captures, and what none can.
//!
//! Memories and mutable globals are captured. Tables and segments are not, as the engine does not
//! show them; but where no code of a module can change them they are in every instance as they
//! were in the beginning, and nothing has to be captured. Most toolchains write such modules.

use super::Module;
use crate::{
    limits::MAX_PAGES,
    snapshot::{Identity, Snapshot, Uncapturable},
    types::value::{Value, ValueType},
    wasm::{Names, Scan},
};
use alloc::boxed::Box;

/// What can change in an instance of a module.
#[derive(Debug)]
pub(crate) struct State {
    /// In order of their indices, the imported ones first.
    pub(crate) memories: Box<[StateMemory]>,
    /// The mutable ones that are no references, in order of their indices.
    pub(crate) globals: Box<[StateGlobal]>,
    /// Whether a global may refer to what is in an instance.
    has_reference: bool,
    /// What the code changes that cannot be captured.
    changes: Option<Uncapturable>,
}

#[derive(Debug)]
pub(crate) struct StateMemory {
    /// The name under which the engine has it.
    pub(crate) export: Box<str>,
    /// Pages it has at least, and at most.
    pub(crate) pages: core::ops::RangeInclusive<u32>,
}

#[derive(Debug)]
pub(crate) struct StateGlobal {
    /// The name under which the engine has it.
    pub(crate) export: Box<str>,
    pub(crate) ty: ValueType,
}

impl State {
    pub(super) fn new(scan: &Scan, names: &Names, changes: Option<Uncapturable>) -> Self {
        let pages = |pages: u64| u32::try_from(pages).unwrap_or(MAX_PAGES);
        let memories = scan.memories.iter().zip(&names.memories).map(|(memory, export)| {
            let maximum = memory.maximum.map_or(MAX_PAGES, pages);
            StateMemory { export: export.clone(), pages: pages(memory.minimum)..=maximum }
        });
        let globals = scan.mutable_globals.iter().zip(&names.globals);
        Self {
            memories: memories.collect(),
            globals: globals
                .filter_map(|(global, export)| Some(StateGlobal { export: export.clone(), ty: global.ty? }))
                .collect(),
            has_reference: scan.has_reference(),
            // Others may change what it imports.
            changes: changes.or(scan.imports_table().then_some(Uncapturable::Table)),
        }
    }

    /// Whether a snapshot has such memories and globals as an instance has.
    pub(crate) fn suits(&self, snapshot: &Snapshot) -> bool {
        let pages = snapshot.memory_pages();
        pages.len() == self.memories.len()
            && pages.zip(&self.memories).all(|(pages, memory)| memory.pages.contains(&pages))
            && snapshot.globals().map(Value::ty).eq(self.globals.iter().map(|global| global.ty))
    }
}

impl Module {
    pub(crate) fn identity(&self) -> Identity {
        self.0.identity
    }

    pub(crate) fn state(&self) -> &State {
        &self.0.state
    }

    /// Whether all of an instance's state can be captured.
    pub(crate) fn is_capturable(&self) -> Result<(), Uncapturable> {
        if self.0.state.has_reference {
            return Err(Uncapturable::ReferenceGlobal);
        }
        self.0.state.changes.map_or(Ok(()), Err)
    }
}
