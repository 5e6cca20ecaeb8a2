//! Memories, as the npm package has them: known by handles, their bytes in place.
#![expect(
    clippy::missing_errors_doc,
    reason = "what a function throws is said once, at the top of the crate"
)]

use crate::{
    convert::optional,
    error::{IntoJs, no_such},
    host::Host,
    protocol::Protocol,
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
impl Host {
    /// Makes a memory and returns its handle. A negative maximum is none.
    pub fn new_memory(&mut self, initial: u32, maximum: f64) -> Result<u32, JsValue> {
        let memory = self.store.create_memory(initial, optional(maximum)).map_err(IntoJs::into_js)?;
        Ok(self.memories.insert(memory))
    }

    /// The handle of a memory that an instance exports.
    pub fn exported_memory(&mut self, instance: u32, name: &str) -> Result<u32, JsValue> {
        let memory = self.store.exported_memory(self.instance(instance)?, name).map_err(IntoJs::into_js)?;
        let memory = memory.ok_or_else(|| no_such("memory"))?;
        Ok(self.memories.insert(memory))
    }

    /// The size of a memory in pages of 64 KiB.
    pub fn memory_size(&self, memory: u32) -> Result<u32, JsValue> {
        self.store.memory_size(*self.memories.get(memory)?).map_err(IntoJs::into_js)
    }

    /// Grows a memory by pages and returns its size before.
    pub fn memory_grow(&mut self, memory: u32, pages: u32) -> Result<u32, JsValue> {
        self.store.memory_grow(*self.memories.get(memory)?, pages).map_err(IntoJs::into_js)
    }

    /// The address of a memory's bytes in this module's memory, and in [`Protocol::PAGES_WORD`] its size in pages. They hold
    /// until a guest runs or anything is made. With the bit [`Protocol::NOTED`] of that word they are only looked at. A memory that is elsewhere
    /// has the bit [`Protocol::OUTSIDE_MEMORY`], and its number in the place of the address.
    pub fn memory_address(&mut self, memory: u32) -> Result<usize, JsValue> {
        let memory = *self.memories.get(memory)?;
        let pages = self.store.memory_size(memory).map_err(IntoJs::into_js)?;
        let is_noted = self.store.is_memory_recorded(memory).map_err(IntoJs::into_js)?;
        let outside = self.store.memory_outside(memory).map_err(IntoJs::into_js)?;
        let bit = |is: bool, bit: u32| if is { bit } else { 0 };
        let bits = bit(is_noted, Protocol::NOTED) | bit(outside.is_some(), Protocol::OUTSIDE_MEMORY);
        self.exchange.put_word(Protocol::PAGES_WORD, (pages | bits).into());
        if let Some(number) = outside {
            return Ok(usize::try_from(number).unwrap_or(usize::MAX));
        }
        if is_noted {
            let data = self.store.memory_data(memory).map_err(IntoJs::into_js)?;
            return Ok(data.as_ptr().expose_provenance());
        }
        let data = self.store.memory_data_mut(memory).map_err(IntoJs::into_js)?;
        Ok(data.as_mut_ptr().expose_provenance())
    }

    /// Writes bytes to a memory, and notes that where its guest is recorded.
    pub fn memory_write(&mut self, memory: u32, offset: u32, bytes: &[u8]) -> Result<(), JsValue> {
        self.store.memory_write(*self.memories.get(memory)?, offset, bytes).map_err(IntoJs::into_js)
    }

    /// Ends the life of a memory that was made; guests that import it keep it. The handle of an
    /// exported memory is only forgotten.
    pub fn drop_memory(&mut self, memory: u32) -> Result<(), JsValue> {
        let Some(id) = self.memories.remove(memory) else { return Ok(()) };
        if id.number().is_some() {
            self.store.teardown_memory(id).map_err(IntoJs::into_js)?;
        }
        Ok(())
    }
}
