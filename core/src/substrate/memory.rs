//! A supervisor's linear memory, as its embedder reaches it.

use crate::limits::{count, to_usize};
use core::{error::Error, fmt, ops::Range};

/// A linear memory of a supervisor.
///
/// Addresses and lengths come from the supervisor: an implementation checks them each time, and
/// against the size that the memory has then.
pub trait LinearMemory {
    /// The size in bytes, at most 2^32.
    fn size(&mut self) -> u64;

    /// Fills `buffer` with the bytes at `ptr`.
    ///
    /// # Errors
    ///
    /// Where they are not all inside the memory.
    fn read(&mut self, ptr: u32, buffer: &mut [u8]) -> Result<(), OutOfBounds>;

    /// Writes `bytes` at `ptr`.
    ///
    /// # Errors
    ///
    /// Where they would not all be inside the memory; none is written then.
    fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), OutOfBounds>;
}

/// A memory that is only bytes.
impl LinearMemory for [u8] {
    fn size(&mut self) -> u64 {
        count(self.len())
    }

    fn read(&mut self, ptr: u32, buffer: &mut [u8]) -> Result<(), OutOfBounds> {
        let bytes = range(ptr, buffer.len()).and_then(|range| self.get(range));
        buffer.copy_from_slice(bytes.ok_or(OutOfBounds)?);
        Ok(())
    }

    fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), OutOfBounds> {
        let target = range(ptr, bytes.len()).and_then(|range| self.get_mut(range));
        target.ok_or(OutOfBounds)?.copy_from_slice(bytes);
        Ok(())
    }
}

fn range(ptr: u32, len: usize) -> Option<Range<usize>> {
    let start = to_usize(ptr);
    Some(start..start.checked_add(len)?)
}

/// The bytes asked for are not all inside the supervisor's memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing more to say")]
pub struct OutOfBounds;

impl fmt::Display for OutOfBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("access outside the supervisor's memory")
    }
}

impl Error for OutOfBounds {}
