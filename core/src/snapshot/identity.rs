//! Which module a snapshot is of.

use crate::limits::count;
use alloc::{format, string::String};
use twox_hash::XxHash3_64;

/// Tells a module from others: the length of its bytes and their hash, XXH3 of 64 bits. It tells
/// modules apart that differ by chance or by a new version; it does not withstand an attack.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Identity {
    pub(crate) len: u64,
    pub(crate) hash: u64,
}

impl Identity {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { len: count(bytes.len()), hash: XxHash3_64::oneshot(bytes) }
    }

    /// The first eight digits of the hash, for people.
    pub(crate) fn label(self) -> String {
        format!("{:08x}", self.hash >> 32)
    }
}
