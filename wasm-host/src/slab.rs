//! Things by handle; the handle of a thing that went is used again.

use crate::error::error;
use wasm_bindgen::JsValue;

/// Things by handle. JavaScript's own objects make sure that no handle is used after its thing
/// went.
pub(crate) struct Slab<T> {
    slots: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Slab<T> {
    pub(crate) const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    pub(crate) fn insert(&mut self, value: T) -> u32 {
        if let Some(handle) = self.free.pop()
            && let Some(slot) = self.slots.get_mut(index(handle))
        {
            *slot = Some(value);
            return handle;
        }
        // A 32-bit address space has no room for 2^32 slots.
        let handle = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        self.slots.push(Some(value));
        handle
    }

    pub(crate) fn get(&self, handle: u32) -> Result<&T, JsValue> {
        self.slots.get(index(handle)).and_then(Option::as_ref).ok_or_else(unknown)
    }

    pub(crate) fn get_mut(&mut self, handle: u32) -> Result<&mut T, JsValue> {
        self.slots.get_mut(index(handle)).and_then(Option::as_mut).ok_or_else(unknown)
    }

    pub(crate) fn remove(&mut self, handle: u32) -> Option<T> {
        let value = self.slots.get_mut(index(handle))?.take()?;
        self.free.push(handle);
        Some(value)
    }
}

fn index(handle: u32) -> usize {
    usize::try_from(handle).unwrap_or(usize::MAX)
}

fn unknown() -> JsValue {
    error("HandleError", "unknown", &"no such handle")
}
