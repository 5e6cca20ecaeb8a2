//! Memories: made by the supervisor, or exported by a guest.

use super::{
    Store,
    cell::Cell,
    homes::{OutOfMemory, bytes_of},
    instances::Instance,
    shared::{Kind, Located, Place, Shared},
};
use crate::{
    engine,
    error::{HandleError, MemoryError},
    limits::{Bounds, MAX_PAGES, PAGE_BYTES, budget::Charge, maximum},
    types::{
        externs::{ExternType, MemoryType},
        ids::{InstanceId, MemoryId, Origin},
    },
};
use alloc::{borrow::Cow, vec::Vec};
use core::ops::Range;

/// The kind.
#[derive(Debug)]
pub(super) struct Memory;

/// A memory that is in no cell: only bytes. Those that are not there are zero.
#[derive(Debug)]
pub(super) struct Bytes {
    pub(super) pages: u32,
    pub(super) bytes: Vec<u8>,
    pub(super) charge: Charge,
}

impl Kind for Memory {
    /// The maximum.
    type Type = Option<u32>;
    type Free = Bytes;
    type Handle = engine::Memory;

    fn exported(instance: &Instance, position: u32) -> Option<engine::Memory> {
        instance.body.exported.memory(position)
    }

    fn enter(
        cell: &mut Cell,
        maximum: &Option<u32>,
        free: &mut Bytes,
    ) -> Result<engine::Memory, OutOfMemory> {
        let Bytes { pages, bytes, charge } = free;
        cell.adopt_memory(*pages, *maximum, bytes, charge).ok_or(OutOfMemory)
    }

    fn leave(cell: &mut Cell, memory: engine::Memory) -> Result<Bytes, OutOfMemory> {
        let Some(bytes) = cell.space.contents(memory).and_then(owned) else {
            cell.could_not_leave();
            return Err(OutOfMemory);
        };
        let pages = pages_of(bytes.len());
        let charge = cell.release_pages(pages);
        Ok(Bytes { pages, bytes, charge })
    }

    fn forget(cell: &mut Cell, number: u32, memory: engine::Memory) {
        cell.forget_memory(number, memory);
    }
}

impl Store {
    /// Makes a memory of `initial` pages of 64 KiB that may grow to `maximum`.
    ///
    /// # Errors
    ///
    /// [`MemoryError::Maximum`] where the maximum is below the initial size,
    /// [`MemoryError::TooManyPages`] where either is above 65,536,
    /// [`MemoryError::Limit`] where the initial size is above a limit.
    pub fn create_memory(&mut self, initial: u32, maximum: Option<u32>) -> Result<MemoryId, MemoryError> {
        if initial > MAX_PAGES || maximum.is_some_and(|maximum| maximum > MAX_PAGES) {
            return Err(MemoryError::TooManyPages);
        }
        if maximum.is_some_and(|maximum| maximum < initial) {
            return Err(MemoryError::Maximum);
        }
        self.sweep();
        let mut charge = Charge::none(&self.budgets.pages);
        match self.charge_pages(&mut charge, initial, initial) {
            Err(MemoryError::Limit(refused)) if self.reclaim(refused.as_ref()) => {
                self.charge_pages(&mut charge, initial, initial)
            }
            charged => charged,
        }?;
        let place = Place::Free(Bytes { pages: initial, bytes: Vec::new(), charge });
        let number = self
            .things
            .memories
            .insert(Shared { ty: maximum, place })
            .map_err(|_| MemoryError::IdsExhausted)?;
        Ok(MemoryId { store: self.tag, origin: Origin::Created(number) })
    }

    /// The id of the memory with a number.
    ///
    /// # Errors
    ///
    /// Where no such memory exists, or it was torn down.
    pub fn memory_id(&self, number: u32) -> Result<MemoryId, HandleError> {
        self.things.memories.get(number)?;
        Ok(MemoryId { store: self.tag, origin: Origin::Created(number) })
    }

    /// The memory that an instance exports under a name, `None` where it exports none.
    ///
    /// # Errors
    ///
    /// Where the instance does not exist (any more).
    pub fn exported_memory(&self, instance: InstanceId, name: &str) -> Result<Option<MemoryId>, HandleError> {
        let module = self.module(instance)?;
        let entry =
            module.export_entry(name).filter(|(_, export)| matches!(export.ty(), ExternType::Memory(_)));
        Ok(entry.map(|(at, _)| MemoryId::exported(self.tag, instance.key(), at)))
    }

    /// The size in pages of 64 KiB, and the maximum.
    ///
    /// # Errors
    ///
    /// Where the memory does not exist (any more).
    pub fn memory_type(&self, memory: MemoryId) -> Result<MemoryType, MemoryError> {
        match self.locate::<Memory>(memory)? {
            Located::Free(number) => {
                let memory = self.things.memories.get(number)?;
                let pages = if let Place::Free(free) = &memory.place { free.pages } else { 0 };
                Ok(MemoryType { initial: pages, maximum: memory.ty })
            }
            Located::Bound(cell, memory) => {
                let space = &self.cells.get(cell)?.space;
                Ok(MemoryType { initial: pages_of(space.len(memory)), maximum: space.maximum(memory) })
            }
        }
    }

    /// The size in pages of 64 KiB.
    ///
    /// # Errors
    ///
    /// Where the memory does not exist (any more).
    pub fn memory_size(&self, memory: MemoryId) -> Result<u32, MemoryError> {
        Ok(self.memory_type(memory)?.initial)
    }

    /// Grows a memory by `additional` pages of 64 KiB and returns its size before.
    ///
    /// # Errors
    ///
    /// [`MemoryError::Maximum`], [`MemoryError::TooManyPages`] or [`MemoryError::Limit`] where
    /// that is more than it may have.
    pub fn memory_grow(&mut self, memory: MemoryId, additional: u32) -> Result<u32, MemoryError> {
        match self.try_grow(memory, additional) {
            Err(MemoryError::Limit(refused)) if self.reclaim(refused.as_ref()) => {
                self.try_grow(memory, additional)
            }
            outcome => outcome,
        }
    }

    fn try_grow(&mut self, memory: MemoryId, additional: u32) -> Result<u32, MemoryError> {
        let located = self.locate::<Memory>(memory)?;
        let MemoryType { initial: current, maximum } = self.memory_type(memory)?;
        let desired = current.checked_add(additional).filter(|desired| *desired <= MAX_PAGES);
        let desired = desired.ok_or(MemoryError::TooManyPages)?;
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Err(MemoryError::Maximum);
        }
        match located {
            Located::Free(number) => {
                let mut more = Charge::none(&self.budgets.pages);
                self.charge_pages(&mut more, additional, desired)?;
                if let Place::Free(Bytes { pages, charge, .. }) =
                    &mut self.things.memories.get_mut(number)?.place
                {
                    more.move_to(charge, additional);
                    *pages = desired;
                }
            }
            Located::Bound(cell, memory) => {
                let Cell { space, recording, .. } = self.cells.get_mut(cell)?;
                if let Some(recording) = recording {
                    recording.note_lent(&**space);
                }
                space.limiter_mut().begin_for_supervisor(&Bounds::default());
                if !space.grow(memory, additional) {
                    let refusal = space.limiter_mut().take_refusal();
                    return Err(refusal.map_or(MemoryError::OutOfSystemMemory, MemoryError::Limit));
                }
                if let Some(recording) = recording {
                    recording.grow(&**space, memory, additional);
                }
            }
        }
        Ok(current)
    }

    /// Reads the bytes at `offset` into `buffer`.
    ///
    /// # Errors
    ///
    /// [`MemoryError::OutOfBounds`] where they are not all inside the memory.
    pub fn memory_read(&self, memory: MemoryId, offset: u32, buffer: &mut [u8]) -> Result<(), MemoryError> {
        let range = range_of(offset, buffer.len())?;
        match self.locate::<Memory>(memory)? {
            Located::Free(number) => {
                let Place::Free(Bytes { pages, bytes, .. }) = &self.things.memories.get(number)?.place else {
                    return Err(MemoryError::OutOfBounds);
                };
                if range.end > bytes_of(*pages) {
                    return Err(MemoryError::OutOfBounds);
                }
                let written = bytes.get(range.start.min(bytes.len())..range.end.min(bytes.len()));
                let (head, tail) = buffer.split_at_mut(written.map_or(0, <[u8]>::len));
                head.copy_from_slice(written.unwrap_or_default());
                tail.fill(0);
            }
            Located::Bound(cell, memory) => {
                let space = &self.cells.get(cell)?.space;
                if !space.read(memory, range.start, buffer) {
                    return Err(MemoryError::OutOfBounds);
                }
            }
        }
        Ok(())
    }

    /// Reads `len` bytes at `offset`. Nothing is allocated for a length that is not inside.
    ///
    /// # Errors
    ///
    /// [`MemoryError::OutOfBounds`] where they are not all inside the memory.
    pub fn memory_to_vec(&self, memory: MemoryId, offset: u32, len: u32) -> Result<Vec<u8>, MemoryError> {
        let size = u64::from(self.memory_size(memory)?).saturating_mul(crate::limits::count(PAGE_BYTES));
        if u64::from(offset).saturating_add(len.into()) > size {
            return Err(MemoryError::OutOfBounds);
        }
        let mut bytes = Vec::new();
        let len = crate::limits::to_usize(len);
        bytes.try_reserve_exact(len).map_err(|_| MemoryError::OutOfSystemMemory)?;
        bytes.resize(len, 0);
        self.memory_read(memory, offset, &mut bytes)?;
        Ok(bytes)
    }

    /// Writes `bytes` at `offset`.
    ///
    /// # Errors
    ///
    /// [`MemoryError::OutOfBounds`] where they would not all be inside the memory; nothing is
    /// written then.
    pub fn memory_write(&mut self, memory: MemoryId, offset: u32, bytes: &[u8]) -> Result<(), MemoryError> {
        let range = range_of(offset, bytes.len())?;
        let Located::Bound(cell, memory) = self.locate::<Memory>(memory)? else {
            let data = self.memory_bytes(memory, Some(range.end), true)?;
            data.get_mut(range).ok_or(MemoryError::OutOfBounds)?.copy_from_slice(bytes);
            return Ok(());
        };
        let Cell { space, recording, .. } = self.cells.get_mut(cell)?;
        if let Some(recording) = recording {
            recording.note_lent(&**space);
        }
        if !space.write(memory, range.start, bytes) {
            return Err(MemoryError::OutOfBounds);
        }
        if let Some(recording) = recording {
            recording.write(&**space, memory, offset, bytes);
        }
        Ok(())
    }

    /// Whether what is written to a memory is noted, as it is where a guest is recorded: [`Store::memory_write`] is less work there than
    /// [`Store::memory_data_mut`].
    ///
    /// # Errors
    ///
    /// Where the memory does not exist (any more).
    pub fn is_memory_recorded(&self, memory: MemoryId) -> Result<bool, HandleError> {
        Ok(match self.locate::<Memory>(memory)? {
            Located::Free(_) => false,
            Located::Bound(cell, _) => self.cells.get(cell)?.recording.is_some(),
        })
    }

    /// All bytes of a memory, to look at.
    ///
    /// # Errors
    ///
    /// Where the memory does not exist (any more), or the host has none left for it.
    pub fn memory_data(&mut self, memory: MemoryId) -> Result<&[u8], MemoryError> {
        self.memory_bytes(memory, None, false).map(|bytes| &*bytes)
    }

    /// All bytes of a memory, in place.
    ///
    /// Of a guest that is recorded they are read twice to see what was changed: [`durable`](crate::durable) says when, and what is then noted.
    ///
    /// # Errors
    ///
    /// Where the memory does not exist (any more), or the host has none left for it.
    pub fn memory_data_mut(&mut self, memory: MemoryId) -> Result<&mut [u8], MemoryError> {
        self.memory_bytes(memory, None, true)
    }

    /// The bytes of a memory, at least up to `end` if that is inside; to be written to, or not.
    fn memory_bytes(
        &mut self,
        memory: MemoryId,
        end: Option<usize>,
        lends: bool,
    ) -> Result<&mut [u8], MemoryError> {
        match self.locate::<Memory>(memory)? {
            Located::Free(number) => {
                let Place::Free(Bytes { pages, bytes, .. }) =
                    &mut self.things.memories.get_mut(number)?.place
                else {
                    return Err(MemoryError::OutOfBounds);
                };
                let size = bytes_of(*pages);
                let len = end.map_or(size, |end| end.min(size));
                if let Some(more) = len.checked_sub(bytes.len()) {
                    bytes.try_reserve(more).map_err(|_| MemoryError::OutOfSystemMemory)?;
                    bytes.resize(len, 0);
                }
                Ok(bytes)
            }
            Located::Bound(cell, memory) => {
                let Cell { space, recording, .. } = self.cells.get_mut(cell)?;
                if let Some(recording) = recording.as_mut().filter(|_| lends) {
                    recording.lend(&**space, memory);
                }
                Ok(space.bytes_mut(memory))
            }
        }
    }

    /// The number by which the host knows a memory that it has apart from its own, as guests have it that it compiled itself.
    ///
    /// # Errors
    ///
    /// Where the memory does not exist (any more).
    #[doc(hidden)]
    pub fn memory_outside(&self, memory: MemoryId) -> Result<Option<u32>, MemoryError> {
        match self.locate::<Memory>(memory)? {
            Located::Free(_) => Ok(None),
            Located::Bound(cell, memory) => Ok(self.cells.get(cell)?.space.outside(memory)),
        }
    }

    /// Ends the life of a memory's id. Guests that import the memory keep it.
    ///
    /// # Errors
    ///
    /// Where the memory does not exist (any more). A memory that a guest exports goes with the
    /// guest; for one of those this is [`HandleError::Unknown`].
    pub fn teardown_memory(&mut self, memory: MemoryId) -> Result<(), HandleError> {
        self.tear_down::<Memory>(memory)
    }

    /// Takes `pages` for a memory that will have `total`.
    pub(super) fn charge_pages(
        &self,
        charge: &mut Charge,
        pages: u32,
        total: u32,
    ) -> Result<(), MemoryError> {
        maximum::memory_pages(&self.limits).check(total.into())?;
        Ok(charge.take(pages)?)
    }
}

/// A copy, where there is room for it.
fn owned(bytes: Cow<'_, [u8]>) -> Option<Vec<u8>> {
    match bytes {
        Cow::Owned(bytes) => Some(bytes),
        Cow::Borrowed(data) => {
            let mut bytes = Vec::new();
            bytes.try_reserve_exact(data.len()).ok()?;
            bytes.extend_from_slice(data);
            Some(bytes)
        }
    }
}

/// Pages of a memory of `len` bytes.
pub(super) fn pages_of(len: usize) -> u32 {
    u32::try_from(len / PAGE_BYTES).unwrap_or(MAX_PAGES)
}

fn range_of(offset: u32, len: usize) -> Result<Range<usize>, MemoryError> {
    let start = usize::try_from(offset).map_err(|_| MemoryError::OutOfBounds)?;
    let end = start.checked_add(len).ok_or(MemoryError::OutOfBounds)?;
    Ok(start..end)
}
