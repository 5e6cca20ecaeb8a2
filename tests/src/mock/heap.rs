//! A linear memory with a bump allocator that notices what should not happen.

use super::MockError;
use guestbox::Region;
use std::collections::BTreeMap;

/// The address of the first byte that is ever allocated.
pub const HEAP_BASE: u32 = 1_024;

/// A linear memory with a bump allocator.
///
/// The allocator begins anew once nothing is allocated, so that it lasts for any number of
/// calls; until then no address is given out twice.
#[derive(Debug)]
pub struct Heap {
    memory: Vec<u8>,
    next: u32,
    /// Lengths by address.
    live: BTreeMap<u32, u32>,
    /// What was never allocated, but is to be freed.
    claimed: Vec<u32>,
    allocations: u32,
    frees: u32,
    bad_frees: u32,
}

impl Heap {
    /// A memory of `len` bytes with nothing allocated.
    #[must_use]
    pub fn new(len: usize) -> Self {
        Self {
            memory: vec![0; len],
            next: HEAP_BASE,
            live: BTreeMap::new(),
            claimed: Vec::new(),
            allocations: 0,
            frees: 0,
            bad_frees: 0,
        }
    }

    /// Allocates `len` bytes, at least one, at a multiple of 8.
    pub fn allocate(&mut self, len: u32) -> Result<u32, MockError> {
        if self.live.is_empty() {
            self.next = HEAP_BASE;
        }
        let ptr = self.next;
        let end = ptr.checked_add(len.max(1)).and_then(|end| end.checked_next_multiple_of(8));
        let end = end.filter(|end| *end as usize <= self.memory.len()).ok_or(MockError::OutOfMemory)?;
        self.next = end;
        self.live.insert(ptr, len);
        self.allocations += 1;
        Ok(ptr)
    }

    /// Expects that `ptr`, if nothing is allocated there, is freed once all the same, and counts
    /// it as an allocation.
    pub fn claim(&mut self, ptr: u32) {
        if !self.live.contains_key(&ptr) {
            self.claimed.push(ptr);
            self.allocations += 1;
        }
    }

    /// Frees what was allocated at `ptr`.
    pub fn free(&mut self, ptr: u32) -> Result<(), MockError> {
        let claimed = self.claimed.iter().position(|claimed| *claimed == ptr);
        match claimed {
            Some(at) => {
                self.claimed.remove(at);
            }
            None if self.live.remove(&ptr).is_some() => {}
            None => {
                self.bad_frees += 1;
                return Err(MockError::BadFree(ptr));
            }
        }
        self.frees += 1;
        Ok(())
    }

    /// Allocates room for `bytes` and puts them there.
    pub fn place(&mut self, bytes: &[u8]) -> Result<Region, MockError> {
        let len = u32::try_from(bytes.len()).map_err(|_| MockError::OutOfMemory)?;
        let ptr = self.allocate(len)?;
        self.write(ptr, bytes)?;
        Ok(Region { ptr, len })
    }

    /// Writes `bytes` at `ptr`, allocated or not.
    pub fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), MockError> {
        let start = ptr as usize;
        let target = start.checked_add(bytes.len()).and_then(|end| self.memory.get_mut(start..end));
        target.ok_or(MockError::OutOfBounds)?.copy_from_slice(bytes);
        Ok(())
    }

    /// The bytes of a region, allocated or not; `None` where it is not all inside the memory.
    #[must_use]
    pub fn bytes(&self, region: Region) -> Option<&[u8]> {
        let start = region.ptr as usize;
        self.memory.get(start..start.checked_add(region.len as usize)?)
    }

    /// The size of the memory in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.memory.len()
    }

    /// Whether nothing is left to be freed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live.is_empty() && self.claimed.is_empty()
    }

    /// Allocations less frees: 0 when every buffer was freed.
    #[must_use]
    pub fn balance(&self) -> i64 {
        i64::from(self.allocations) - i64::from(self.frees)
    }

    /// How often something was freed that was not allocated or claimed (any more).
    #[must_use]
    pub const fn bad_frees(&self) -> u32 {
        self.bad_frees
    }
}
