//! Things by handle; the place of a thing that went is used again, under another handle.

use crate::{error::no_such, protocol::Protocol};
use wasm_bindgen::JsValue;

/// Things by handle. JavaScript's own objects make sure that no handle is used after its thing
/// went. Should one be, it is found out unless its place was used 64 times since.
///
/// Handles are below 2³⁰, which JavaScript engines keep as small integers: a larger one would be a number
/// on the heap, at each crossing.
pub(crate) struct Slab<T> {
    slots: Vec<Slot<T>>,
    free: Vec<usize>,
}

struct Slot<T> {
    /// How often the place was used, modulo 64: the high bits of its handle.
    generation: u32,
    value: Option<T>,
}

/// There are no more places: all the bits of one, which as a handle is that of nothing, whatever the slab.
const PLACES: u32 = Protocol::NO_CALL;
/// The bits of a handle that are a place.
const PLACE_BITS: u32 = PLACES.count_ones();
/// The bits of a generation.
const GENERATION: u32 = 0x3F;

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Slab<T> {
    pub(crate) const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    /// Adds a thing. With as many as there are places it gets a handle that finds nothing, and is gone.
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        if let Some(place) = self.free.pop()
            && let Some(slot) = self.slots.get_mut(place)
        {
            slot.generation = slot.generation.wrapping_add(1) & GENERATION;
            slot.value = Some(value);
            return handle(place, slot.generation);
        }
        let place = self.slots.len();
        if u32::try_from(place).is_ok_and(|place| place < PLACES) {
            self.slots.push(Slot { generation: 0, value: Some(value) });
        }
        handle(place, 0)
    }

    pub(crate) fn get(&self, handle: u32) -> Result<&T, JsValue> {
        let (place, generation) = parts(handle);
        let slot = self.slots.get(place).filter(|slot| slot.generation == generation);
        slot.and_then(|slot| slot.value.as_ref()).ok_or_else(unknown)
    }

    pub(crate) fn get_mut(&mut self, handle: u32) -> Result<&mut T, JsValue> {
        self.slot(handle).and_then(|slot| slot.value.as_mut()).ok_or_else(unknown)
    }

    pub(crate) fn remove(&mut self, handle: u32) -> Option<T> {
        let value = self.slot(handle)?.value.take()?;
        self.free.push(parts(handle).0);
        Some(value)
    }

    fn slot(&mut self, handle: u32) -> Option<&mut Slot<T>> {
        let (place, generation) = parts(handle);
        self.slots.get_mut(place).filter(|slot| slot.generation == generation)
    }
}

fn handle(place: usize, generation: u32) -> u32 {
    let place = u32::try_from(place).unwrap_or(PLACES).min(PLACES);
    generation << PLACE_BITS | place
}

fn parts(handle: u32) -> (usize, u32) {
    (usize::try_from(handle & PLACES).unwrap_or(usize::MAX), handle >> PLACE_BITS)
}

fn unknown() -> JsValue {
    no_such("handle")
}
