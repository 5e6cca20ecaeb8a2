//! The function types of a module, as bytes: a type is one byte for each value.

use crate::limits::to_usize;
use alloc::vec::Vec;

/// The types of a module, in order.
#[derive(Debug, Default)]
pub(super) struct Types {
    entries: Vec<Entry>,
    values: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: usize,
    params: usize,
    results: usize,
}

/// What a function or a block takes and gives, each a byte as in a module.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Signature<'a> {
    pub(super) params: &'a [u8],
    pub(super) results: &'a [u8],
}

impl Types {
    pub(super) const fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn push(&mut self, signature: Signature<'_>) {
        let Signature { params, results } = signature;
        self.entries.push(Entry { at: self.values.len(), params: params.len(), results: results.len() });
        self.values.extend_from_slice(params);
        self.values.extend_from_slice(results);
    }

    /// Whether a value of some type is of this byte.
    pub(super) fn have(&self, value: u8) -> bool {
        self.values.contains(&value)
    }

    pub(super) fn get(&self, index: u32) -> Option<Signature<'_>> {
        let Entry { at, params, results } = *self.entries.get(to_usize(index))?;
        let values = self.values.get(at..)?;
        let (params, rest) = values.split_at_checked(params)?;
        Some(Signature { params, results: rest.get(..results)? })
    }
}
