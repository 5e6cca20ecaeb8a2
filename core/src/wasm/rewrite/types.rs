//! The types and globals that are added to a module.

use crate::wasm::{
    operators::code::{END, I32, REF_NULL},
    scan::{RefKind, Scan},
    sections::{Added, push_leb128},
    types::Signature,
};
use alloc::{boxed::Box, vec::Vec};
use hashbrown::HashMap;

const FUNCTION: u8 = 0x60;

/// The function types that are added to a module, as they are needed.
#[derive(Default)]
pub(super) struct AddedTypes {
    added: Added,
    /// By the type without which they are.
    without_params: HashMap<u32, u32>,
    /// Others.
    known: Vec<Known>,
}

/// A type that was added, what it takes and gives.
struct Known {
    params: Box<[u8]>,
    results: Box<[u8]>,
    index: u32,
}

impl AddedTypes {
    /// The type that takes nothing and gives what another gives.
    pub(super) fn without_params(&mut self, scan: &Scan, ty: u32) -> Option<u32> {
        if let Some(known) = self.without_params.get(&ty) {
            return Some(*known);
        }
        let signature = Signature { params: &[], ..scan.types.get(ty)? };
        let added = self.add(scan, signature)?;
        self.without_params.insert(ty, added);
        Some(added)
    }

    /// The type of what grows a table of a kind.
    pub(super) fn of_growth(&mut self, scan: &Scan, kind: RefKind) -> Option<u32> {
        // It takes the value for the new elements and how many they are.
        self.of(scan, Signature { params: &[kind.byte(), I32], results: &[I32] })
    }

    /// The type that takes and gives this: one of few.
    pub(super) fn of(&mut self, scan: &Scan, signature: Signature<'_>) -> Option<u32> {
        let Signature { params, results } = signature;
        let known = self.known.iter().find(|known| *known.params == *params && *known.results == *results);
        if let Some(known) = known {
            return Some(known.index);
        }
        let index = self.add(scan, signature)?;
        self.known.push(Known { params: params.into(), results: results.into(), index });
        Some(index)
    }

    fn add(&mut self, scan: &Scan, signature: Signature<'_>) -> Option<u32> {
        let index = scan.types.len().checked_add(self.added.len())?;
        self.added.push(|entries| {
            entries.push(FUNCTION);
            for values in [signature.params, signature.results] {
                push_leb128(entries, values.len())?;
                entries.extend_from_slice(values);
            }
            Some(())
        })?;
        u32::try_from(index).ok()
    }

    pub(super) fn into_added(self) -> Added {
        self.added
    }
}

/// The globals that are null and never change, of each kind of reference.
pub(super) struct Nulls {
    /// The index of the first global that is added for this.
    first: u32,
    globals: Vec<RefKind>,
}

impl Nulls {
    pub(super) const fn new(first: u32) -> Self {
        Self { first, globals: Vec::new() }
    }

    /// The index of that of a kind.
    pub(super) fn of(&mut self, kind: RefKind) -> Option<u32> {
        let at = match self.globals.iter().position(|known| *known == kind) {
            Some(known) => known,
            None => {
                self.globals.push(kind);
                self.globals.len().checked_sub(1)?
            }
        };
        self.first.checked_add(u32::try_from(at).ok()?)
    }

    /// Adds them.
    pub(super) fn declare(&self, globals: &mut Added) -> Option<()> {
        const CONSTANT: u8 = 0;
        let mut kinds = self.globals.iter().map(|kind| kind.byte());
        kinds.try_for_each(|kind| globals.push_bytes(&[kind, CONSTANT, REF_NULL, kind, END]))
    }
}
