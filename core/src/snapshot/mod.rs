//! Snapshots: the state of an instance as bytes.
//!
//! A snapshot has all that can change in an instance while no call of it is under way: its
//! memories, imported ones too, and its mutable globals. It can be restored into the instance it
//! is of, which *resets* that, or into another instance of the same module, in this store or in
//! another, natively or in a browser.
//!
//! ```
//! use guestbox::{Environment, Module, NoImports, Snapshot, Store, Value};
//! # let wasm = wat::parse_str(r#"(module (memory 1) (global $calls (mut i32) (i32.const 0))
//! #     (func (export "count") (result i32)
//! #         (global.set $calls (i32.add (global.get $calls) (i32.const 1))) (global.get $calls)))"#).unwrap();
//! // A guest that counts its calls.
//! let module = Module::new(&wasm)?;
//! let mut store = Store::new();
//! let guest = store.instantiate(&mut NoImports, &module, &Environment::new(), 0)?;
//! store.invoke(&mut NoImports, guest, "count", &[], 0)?;
//!
//! let snapshot = store.snapshot(guest)?;
//! for _ in 0..3 {
//!     let results = store.invoke(&mut NoImports, guest, "count", &[], 0)?;
//!     assert_eq!(*results, [Value::I32(2)]);
//!     store.restore(guest, &snapshot)?;
//! }
//!
//! // The same, carried elsewhere.
//! let snapshot = Snapshot::from_bytes(snapshot.as_bytes().to_vec())?;
//! let mut elsewhere = Store::new();
//! let guest = elsewhere.instantiate_from(&module, &Environment::new(), &snapshot)?;
//! let results = elsewhere.invoke(&mut NoImports, guest, "count", &[], 0)?;
//! assert_eq!(*results, [Value::I32(2)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What cannot be captured
//!
//! The engine does not show the elements of tables, the values of references, or which segments
//! were dropped. Most modules never change those, and then they are what they were in the
//! beginning. A module whose code can is refused, see [`Uncapturable`]. So is an instance while a
//! call of it has begun and not ended: a snapshot has no guest's stack. What the supervisor knows
//! of a guest, such as what its host calls did, is not in it either.
//!
//! # The format
//!
//! Version 1, and version 2 where a global is a vector; both are read. All numbers are little-endian; blocks are of 256 bytes.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `gboxsnap` |
//! | 4 | the version of the format |
//! | 8, 8 | the module: the length of its bytes, and their XXH3 (64 bits, seed 0) |
//! | 4, 4 | the number of memories and of mutable globals |
//! | 4, 4 of each memory | its size in pages of 64 KiB, the number of its runs |
//! | 5 or 9 of each global | its value in SCALE, see [`Number`](crate::Number) |
//! | 17 of each that is a vector | 4, and its bytes, see [`V128`](crate::V128) |
//! | 4, 4, 256 n of each run | its first block, the number n of its blocks, their bytes |
//! | 8 | the XXH3 of all bytes before |
//!
//! Memories and globals are in order of their indices in the module. The runs of a memory ascend
//! and do not overlap; bytes in none are zero. A run that was captured has no block that is all
//! zero and is as long as can be, so equal states give equal bytes.
//!
//! The hashes notice a mistake and damage, not malice: whoever can write a snapshot decides what
//! the guest's state is. That is no more than a guest can do to itself. A snapshot is checked
//! before anything of it is used, and takes no more memory than [`Limits`](crate::Limits) allow.

pub(crate) mod format;
mod identity;
pub(crate) mod plain;

pub use crate::error::{ForkError, FormatError, RestoreError, SnapshotError, Uncapturable};

pub(crate) use self::identity::Identity;

use crate::types::value::Value;
use alloc::vec::Vec;
use core::fmt;
use format::{Layout, MemoryHeader, Runs};

/// The state of an instance at a time when no call of it was under way. See
/// [`Store::snapshot`](crate::Store::snapshot).
#[derive(Clone, Eq, PartialEq)]
pub struct Snapshot {
    /// Checked: they are such as the format says.
    bytes: Vec<u8>,
    layout: Layout,
}

impl Snapshot {
    /// Reads a snapshot. The bytes are checked and kept; nothing is copied.
    ///
    /// # Errors
    ///
    /// See [`FormatError`]: bytes that were changed anywhere, cut or extended are refused.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, FormatError> {
        let layout = Layout::read(&bytes)?;
        Ok(Self { bytes, layout })
    }

    /// Whether bytes are a snapshot.
    pub(crate) fn check(bytes: &[u8]) -> Result<(), FormatError> {
        Layout::read(bytes).map(|_| ())
    }

    /// The bytes, in the format of this module's documentation.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The sizes of the memories in pages of 64 KiB, in order of their indices.
    pub fn memory_pages(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        self.memories().map(|memory| memory.pages)
    }

    pub(crate) const fn identity(&self) -> Identity {
        self.layout.identity
    }

    pub(crate) fn memories(&self) -> impl ExactSizeIterator<Item = MemoryHeader> + '_ {
        self.layout.memories(&self.bytes)
    }

    pub(crate) fn globals(&self) -> impl Iterator<Item = Value> + '_ {
        self.layout.globals(&self.bytes)
    }

    /// The runs of all memories, one memory after the other.
    pub(crate) fn runs(&self) -> Runs<'_> {
        self.layout.runs(&self.bytes)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}
