//! The part of the door that has to do with frames: where guests are.
#![expect(
    clippy::missing_errors_doc,
    reason = "what a function throws is said once, at the top of the crate"
)]

use crate::{error::IntoJs, host::Host};
use guestbox::{CompileOptions, Frames, Module};
use js_sys::Array;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
impl Host {
    /// Compiles a module as [`Host::compile`] does, so that traps and paused calls say where the
    /// guest is.
    pub fn compile_with_frames(&mut self, bytes: &[u8]) -> Result<u32, JsValue> {
        let options = CompileOptions::new().with_frames();
        let module = Module::with_options(self.store.limits(), bytes, options).map_err(IntoJs::into_js)?;
        Ok(self.modules.insert(module))
    }

    /// The frames of a call that is paused: the number of those left out, and `index, name, offset`
    /// for each, the innermost first.
    pub fn frames(&self, handle: u32) -> Array {
        self.calls.get(handle).map_or_else(|_| Array::new(), |call| describe(&call.execution.frames()))
    }
}

pub(crate) fn describe(frames: &Frames) -> Array {
    let description = Array::new();
    if !frames.is_empty() {
        description.push(&u32::try_from(frames.left_out()).unwrap_or(u32::MAX).into());
    }
    for frame in frames {
        description.push(&frame.function_index.into());
        description.push(&frame.name.as_deref().map_or(JsValue::UNDEFINED, JsValue::from));
        description.push(&frame.offset.into());
    }
    description
}
