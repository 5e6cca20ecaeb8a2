//! The allocator that an embedder keeps in a supervisor's memory: the lineage's freeing bump.
//!
//! A block is a header of 8 bytes and 8 bytes or a power of two more, up to 32 MiB, all at
//! multiples of 8. A block that was never used is cut off where the used part of the heap ends;
//! one that was freed goes to the list of its size and is taken from there first. The header of
//! a block in use is `1 << 32 | order`, where the order counts from 0 for 8 bytes; that of a free
//! one is the address of the next free header of that size, or `u32::MAX` at the end of the list.
//!
//! The headers are in memory that the supervisor writes as it pleases, so each is checked against
//! what the allocator knows itself before it is believed. A supervisor can only confuse its own
//! blocks with each other.

use super::memory::{LinearMemory, OutOfBounds};
use crate::abi::errors::AllocatorError;

/// Bytes of a header.
const HEADER_BYTES: u32 = 8;
/// Bytes of the smallest block.
const MIN_BYTES: u32 = 8;
/// Bytes of the largest block: 32 MiB.
const MAX_BYTES: u32 = 32 << 20;
/// Sizes of blocks: 8 bytes to 32 MiB in powers of two.
const ORDERS: usize = 23;
/// Where a header would be that is none: the end of a list.
const NIL: u32 = u32::MAX;

/// A freeing-bump allocator over a supervisor's memory, from `__heap_base` upwards.
///
/// It never grows the memory, and after any error it refuses everything: the supervisor's heap
/// cannot be relied on any more.
///
/// ```
/// use guestbox::substrate::{Allocator, AllocatorError};
/// let mut memory = [0; 256];
/// let mut allocator = Allocator::new(20);
/// let ptr = allocator.allocate(&mut memory[..], 13)?;
/// assert_eq!((ptr, allocator.bytes_in_use()), (32, 24)); // a header of 8 and a block of 16 bytes
/// allocator.free(&mut memory[..], ptr)?;
/// assert_eq!(allocator.allocate(&mut memory[..], 16)?, ptr);
/// assert_eq!(allocator.free(&mut memory[..], 40), Err(AllocatorError::Pointer));
/// assert_eq!(allocator.allocate(&mut memory[..], 1), Err(AllocatorError::Poisoned));
/// # Ok::<(), AllocatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Allocator {
    /// Where the heap begins, a multiple of 8.
    base: u64,
    /// Where its used part ends, a multiple of 8.
    bump: u64,
    /// The first free header of each size.
    heads: [u32; ORDERS],
    /// Bytes of the memory when it was last seen.
    memory_bytes: u64,
    bytes_in_use: u64,
    is_poisoned: bool,
}

impl Allocator {
    /// An allocator whose heap begins at `heap_base`, rounded up to a multiple of 8.
    #[must_use]
    pub fn new(heap_base: u32) -> Self {
        let base = u64::from(heap_base).saturating_add(7) & !7;
        let heads = [NIL; ORDERS];
        Self { base, bump: base, heads, memory_bytes: 0, bytes_in_use: 0, is_poisoned: false }
    }

    /// Bytes of the blocks in use, headers included.
    #[must_use]
    pub const fn bytes_in_use(&self) -> u64 {
        self.bytes_in_use
    }

    /// Allocates `len` bytes, at least 8, and returns their address.
    ///
    /// # Errors
    ///
    /// See [`AllocatorError`]; the allocator is poisoned then.
    pub fn allocate<M: LinearMemory + ?Sized>(
        &mut self,
        memory: &mut M,
        len: u32,
    ) -> Result<u32, AllocatorError> {
        self.guarded(|this| this.try_allocate(memory, len))
    }

    /// Frees the block at `ptr`, the address that [`Allocator::allocate`] returned.
    ///
    /// # Errors
    ///
    /// See [`AllocatorError`]; the allocator is poisoned then.
    pub fn free<M: LinearMemory + ?Sized>(&mut self, memory: &mut M, ptr: u32) -> Result<(), AllocatorError> {
        self.guarded(|this| this.try_free(memory, ptr))
    }

    /// Leaves the allocator poisoned unless `act` succeeds, also where the memory panics.
    fn guarded<R>(
        &mut self,
        act: impl FnOnce(&mut Self) -> Result<R, AllocatorError>,
    ) -> Result<R, AllocatorError> {
        if core::mem::replace(&mut self.is_poisoned, true) {
            return Err(AllocatorError::Poisoned);
        }
        let outcome = act(self)?;
        self.is_poisoned = false;
        Ok(outcome)
    }

    fn try_allocate<M: LinearMemory + ?Sized>(
        &mut self,
        memory: &mut M,
        len: u32,
    ) -> Result<u32, AllocatorError> {
        self.observe(memory)?;
        let order = Order::of(len)?;
        let header = match self.head(order) {
            NIL => self.cut(order)?,
            header => {
                let Header::Free(next) = Header::read(memory, header)? else {
                    return Err(AllocatorError::Corrupted);
                };
                if next != NIL && !self.is_block(next, order) {
                    return Err(AllocatorError::Corrupted);
                }
                self.set_head(order, next);
                header
            }
        };
        Header::Used(order).write(memory, header)?;
        self.bytes_in_use = self.bytes_in_use.saturating_add(order.block_bytes());
        header.checked_add(HEADER_BYTES).ok_or(AllocatorError::Full)
    }

    fn try_free<M: LinearMemory + ?Sized>(&mut self, memory: &mut M, ptr: u32) -> Result<(), AllocatorError> {
        self.observe(memory)?;
        let header = ptr.checked_sub(HEADER_BYTES).ok_or(AllocatorError::Pointer)?;
        if !self.is_block(header, Order(0)) {
            return Err(AllocatorError::Pointer);
        }
        let Header::Used(order) = Header::read(memory, header)? else {
            return Err(AllocatorError::Pointer);
        };
        if !self.is_block(header, order) {
            return Err(AllocatorError::Corrupted);
        }
        Header::Free(self.head(order)).write(memory, header)?;
        self.set_head(order, header);
        self.bytes_in_use = self.bytes_in_use.saturating_sub(order.block_bytes());
        Ok(())
    }

    /// Notes the size of the memory, which never shrinks in WebAssembly.
    fn observe<M: LinearMemory + ?Sized>(&mut self, memory: &mut M) -> Result<(), AllocatorError> {
        let before = core::mem::replace(&mut self.memory_bytes, memory.size());
        if self.memory_bytes < before { Err(AllocatorError::Shrunk) } else { Ok(()) }
    }

    /// Cuts a block off where the used part of the heap ends.
    fn cut(&mut self, order: Order) -> Result<u32, AllocatorError> {
        let end = self.bump.saturating_add(order.block_bytes());
        if end > self.memory_bytes {
            return Err(AllocatorError::Full);
        }
        let header = u32::try_from(self.bump).map_err(|_| AllocatorError::Full)?;
        self.bump = end;
        Ok(header)
    }

    /// Whether a header may be here, with a block of this size within the used part of the heap.
    fn is_block(&self, header: u32, order: Order) -> bool {
        let start = u64::from(header);
        let end = start.saturating_add(order.block_bytes());
        header.is_multiple_of(HEADER_BYTES) && start >= self.base && end <= self.bump
    }

    fn head(&self, Order(order): Order) -> u32 {
        self.heads.get(usize::from(order)).copied().unwrap_or(NIL)
    }

    fn set_head(&mut self, Order(order): Order, header: u32) {
        if let Some(head) = self.heads.get_mut(usize::from(order)) {
            *head = header;
        }
    }
}

/// A size of block: 8 bytes, shifted left so many times; below [`ORDERS`].
#[derive(Clone, Copy)]
struct Order(u8);

impl Order {
    /// The smallest size that has room for `len` bytes.
    fn of(len: u32) -> Result<Self, AllocatorError> {
        if len > MAX_BYTES {
            return Err(AllocatorError::TooLarge);
        }
        let doubled = len.max(MIN_BYTES).next_power_of_two() / MIN_BYTES;
        u8::try_from(doubled.trailing_zeros()).map(Self).map_err(|_| AllocatorError::TooLarge)
    }

    /// Bytes of header and block.
    fn block_bytes(self) -> u64 {
        let bytes = MIN_BYTES.checked_shl(self.0.into()).unwrap_or(MAX_BYTES);
        u64::from(bytes).saturating_add(HEADER_BYTES.into())
    }
}

/// What stands before a block.
enum Header {
    /// The next free header of the same size, or [`NIL`].
    Free(u32),
    Used(Order),
}

impl Header {
    fn read<M: LinearMemory + ?Sized>(memory: &mut M, header: u32) -> Result<Self, AllocatorError> {
        let mut bytes = [0; 8];
        memory.read(header, &mut bytes).map_err(|OutOfBounds| AllocatorError::Memory)?;
        let [low0, low1, low2, low3, high @ ..] = bytes;
        let low = u32::from_le_bytes([low0, low1, low2, low3]);
        match (u32::from_le_bytes(high), u8::try_from(low)) {
            (0, _) => Ok(Self::Free(low)),
            (1, Ok(order)) if usize::from(order) < ORDERS => Ok(Self::Used(Order(order))),
            _ => Err(AllocatorError::Corrupted),
        }
    }

    fn write<M: LinearMemory + ?Sized>(self, memory: &mut M, header: u32) -> Result<(), AllocatorError> {
        let header_bytes = match self {
            Self::Free(next) => u64::from(next),
            Self::Used(Order(order)) => 1 << 32 | u64::from(order),
        };
        memory.write(header, &header_bytes.to_le_bytes()).map_err(|OutOfBounds| AllocatorError::Memory)
    }
}

#[cfg(test)]
mod tests;
