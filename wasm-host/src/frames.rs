//! The part of the door that has to do with frames: where guests are.
#![expect(
    clippy::missing_errors_doc,
    reason = "what a function throws is said once, at the top of the crate"
)]

use crate::{convert::describe_frames, error::IntoJs, host::Host};
use guestbox::{CompileOptions, Module};
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

    /// The frames of a call that is paused: the number of those left out, and `[index, name, offset, module]`
    /// for each, the innermost first. Nothing where there are none.
    pub fn frames(&self, handle: u32) -> Option<String> {
        self.calls.get(handle).ok().and_then(|call| describe_frames(&call.execution.frames()))
    }
}
