//! A guest's memory and fuel, which are all that WASI sees of a guest.

use crate::{
    error::MemoryError,
    limits::{PAGE_BYTES, count},
    store::Store,
    types::{fuel::OutOfFuel, ids::MemoryId},
};

/// The memory of the guest whose call is being served, and its fuel.
///
/// That of a guest of a [`Store`] is a [`StoreMemory`]. A guest of another engine is served by an implementation of
/// yours, with [`Wasi::serve_with`](crate::wasi::Wasi::serve_with).
pub trait GuestMemory {
    /// Its size in bytes, at most 2^32.
    fn size(&self) -> u64;

    /// Reads the bytes at `offset` into `buffer`.
    ///
    /// # Errors
    ///
    /// [`MemoryError::OutOfBounds`] where they are not all inside.
    fn read(&self, offset: u32, buffer: &mut [u8]) -> Result<(), MemoryError>;

    /// Writes `bytes` at `offset`.
    ///
    /// # Errors
    ///
    /// [`MemoryError::OutOfBounds`] where they would not all be inside; nothing is written then.
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), MemoryError>;

    /// Charges the guest, before the work: see [`costs`](crate::costs).
    ///
    /// # Errors
    ///
    /// [`OutOfFuel`] where it has less.
    fn charge(&mut self, fuel: u64) -> Result<(), OutOfFuel>;
}

/// The memory of a guest of a store.
#[derive(Debug)]
pub struct StoreMemory<'a> {
    store: &'a mut Store,
    /// `None` for a guest without one, which is as one of no bytes.
    memory: Option<MemoryId>,
}

impl<'a> StoreMemory<'a> {
    /// That of a host call: [`HostCall::memory`](crate::HostCall).
    #[must_use]
    pub const fn new(store: &'a mut Store, memory: Option<MemoryId>) -> Self {
        Self { store, memory }
    }

    fn memory(&self) -> Result<MemoryId, MemoryError> {
        self.memory.ok_or(MemoryError::OutOfBounds)
    }
}

impl GuestMemory for StoreMemory<'_> {
    fn size(&self) -> u64 {
        let pages = self.memory.and_then(|memory| self.store.memory_size(memory).ok()).unwrap_or(0);
        u64::from(pages).saturating_mul(count(PAGE_BYTES))
    }

    fn read(&self, offset: u32, buffer: &mut [u8]) -> Result<(), MemoryError> {
        self.store.memory_read(self.memory()?, offset, buffer)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), MemoryError> {
        let memory = self.memory()?;
        self.store.memory_write(memory, offset, bytes)
    }

    fn charge(&mut self, fuel: u64) -> Result<(), OutOfFuel> {
        self.store.charge(fuel)
    }
}
