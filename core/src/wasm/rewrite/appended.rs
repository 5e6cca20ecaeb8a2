//! The functions that are added behind those of a module.

use crate::wasm::scan::Scan;
use alloc::vec::Vec;
use hashbrown::HashMap;

/// A function that is added.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Appended {
    /// What hosts need that compile.
    Helper(Helper),
    /// What stands for an import, see [`imports`](super::imports).
    Import(u32),
}

/// A function that is added for a host, see [`host`](super::host).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Helper {
    /// Asks for fuel, and traps where there is none.
    Ask,
    CopyMemory {
        to: u32,
        from: u32,
    },
    CopyTable {
        to: u32,
        from: u32,
    },
    DropData {
        segment: u32,
    },
    DropElements {
        segment: u32,
    },
    FillMemory {
        memory: u32,
    },
    FillTable {
        table: u32,
    },
    GrowMemory {
        memory: u32,
    },
    GrowTable {
        table: u32,
    },
    InitMemory {
        segment: u32,
        memory: u32,
    },
    InitTable {
        segment: u32,
        table: u32,
    },
    /// Ends a call whose stack is used up.
    Overflow,
}

/// Those of a module, in the order in which they were asked for.
pub(super) struct Functions {
    /// How many the module has.
    own: u32,
    known: HashMap<Appended, u32>,
    order: Vec<Appended>,
}

impl Functions {
    pub(super) fn new(scan: &Scan) -> Self {
        Self { own: scan.functions(), known: HashMap::new(), order: Vec::new() }
    }

    /// The index of a function, which is added if it was not.
    pub(super) fn of(&mut self, function: Appended) -> Option<u32> {
        if let Some(known) = self.known.get(&function) {
            return Some(*known);
        }
        let index = self.own.checked_add(u32::try_from(self.order.len()).ok()?)?;
        self.order.push(function);
        self.known.insert(function, index);
        Some(index)
    }

    /// The function that stands for an import, if one was asked for.
    pub(super) fn stands_for(&self, import: u32) -> Option<u32> {
        self.known.get(&Appended::Import(import)).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Appended> {
        self.order.iter().copied()
    }
}
