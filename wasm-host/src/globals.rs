//! Globals, as the npm package has them: known by handles, their values raw bits.
#![expect(
    clippy::missing_errors_doc,
    reason = "what a function throws is said once, at the top of the crate"
)]

use crate::{
    error::{IntoJs, error, no_such},
    host::Host,
};
use guestbox::ValueType;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// The types that a global can be made of, which have names.
const TYPES: [ValueType; 7] = [
    ValueType::I32,
    ValueType::I64,
    ValueType::F32,
    ValueType::F64,
    ValueType::V128,
    ValueType::FuncRef,
    ValueType::ExternRef,
];

#[wasm_bindgen]
impl Host {
    /// Makes a global of the type of a name, with the value in the exchange, and returns its handle.
    pub fn new_global(&mut self, ty: &str, mutable: bool) -> Result<u32, JsValue> {
        let ty = TYPES.into_iter().find(|known| known.name() == ty).ok_or_else(unknown)?;
        let value = self.exchange.take_one(ty).map_err(IntoJs::into_js)?;
        let global = self.store.create_global(value, mutable).map_err(IntoJs::into_js)?;
        Ok(self.globals.insert(global))
    }

    /// The handle of a global that an instance exports.
    pub fn exported_global(&mut self, instance: u32, name: &str) -> Result<u32, JsValue> {
        let global = self.store.exported_global(self.instance(instance)?, name).map_err(IntoJs::into_js)?;
        let global = global.ok_or_else(|| no_such("global"))?;
        Ok(self.globals.insert(global))
    }

    /// Puts the value of a global into the exchange.
    pub fn global(&mut self, global: u32) -> Result<(), JsValue> {
        let value = self.store.global_get(*self.globals.get(global)?).map_err(IntoJs::into_js)?;
        self.exchange.put(&[value]);
        Ok(())
    }

    /// Sets a mutable global to the value in the exchange.
    pub fn set_global(&mut self, global: u32) -> Result<(), JsValue> {
        let global = *self.globals.get(global)?;
        let ty = self.store.global_type(global).map_err(IntoJs::into_js)?;
        let value = self.exchange.take_one(ty.value).map_err(IntoJs::into_js)?;
        self.store.global_set(global, value).map_err(IntoJs::into_js)
    }

    /// Ends the life of a global that was made; guests that import it keep it. The handle of an
    /// exported global is only forgotten.
    pub fn drop_global(&mut self, global: u32) -> Result<(), JsValue> {
        let Some(id) = self.globals.remove(global) else { return Ok(()) };
        if id.number().is_some() {
            self.store.teardown_global(id).map_err(IntoJs::into_js)?;
        }
        Ok(())
    }
}

fn unknown() -> JsValue {
    error("RangeError", "unknown-type", &"no value is of this type")
}
