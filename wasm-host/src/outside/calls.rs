//! What JavaScript says of the code that it runs.
#![expect(
    clippy::missing_errors_doc,
    reason = "what a function throws is said once, at the top of the crate"
)]

use super::Outside;
use crate::{
    convert::saturate_long,
    error::{IntoJs, error},
    host::Host,
    protocol::Protocol,
};
use guestbox::{Back, CompileError, CompileOptions, Feature, Module, TrapCode};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
impl Host {
    /// Compiles a module as [`Host::compile`] does, by the host's own WebAssembly, and returns its handle.
    pub fn compile_outside(&mut self, bytes: &[u8]) -> Result<u32, JsValue> {
        let limits = self.store.limits();
        let module = Module::with_engine(&Outside, limits, bytes, CompileOptions::new());
        let module = module.map_err(|refused| match refused {
            CompileError::Feature(Feature::RelaxedSimd) if limits.features.contains(Feature::RelaxedSimd) => {
                let what = "the module uses `relaxedSimd`, which the engine \"host\" does not have, as each host does that in its own \
                            way; load the sandbox with `engine: \"interpreter\"`, or \"auto\"";
                error("CompileError", "engine", &what)
            }
            refused => refused.into_js(),
        })?;
        Ok(self.modules.insert(module))
    }

    /// Says what a call came to whose step was [`Protocol::OUTSIDE`], and makes its next step. It finished or calls an import, with
    /// the values in the exchange, is out of fuel, or has trapped. The detail is the ordinal of the import, the fuel that it
    /// needs at least or the number of the trap's code; `left` is the fuel that it has left of what it was given.
    pub fn come_back(&mut self, handle: u32, what: u32, detail: u32, left: f64) -> u32 {
        let Ok(call) = self.calls.get_mut(handle) else { return Protocol::REFUSED };
        let back = match what {
            Protocol::FINISHED => Back::Finished,
            Protocol::HOST_CALL => Back::HostCall(detail),
            Protocol::OUT_OF_FUEL => Back::OutOfFuel(detail.into()),
            _ => Back::Trapped(trap_code(detail)),
        };
        // It has no values that refer to anything.
        let _taken = self.exchange.take(call.execution.types_back(back), &mut self.args);
        match call.execution.come_back(back, &self.args, saturate_long(left)) {
            Ok(()) => self.go_on(handle),
            Err(_) => Protocol::REFUSED,
        }
    }

    /// Whether a memory, or else a table, of the guest of a call may grow by so much.
    pub fn lets_grow(&mut self, handle: u32, is_memory: bool, current: u32, more: u32) -> bool {
        let Ok(call) = self.calls.get(handle) else { return false };
        let Some(limiter) = call.execution.limiter(&mut self.store) else { return false };
        if is_memory {
            limiter.lets_memory_grow(current, current.saturating_add(more))
        } else {
            limiter.lets_table_grow(current.into(), u64::from(current).saturating_add(more.into()))
        }
    }

    /// What a call was let grow last has not grown.
    pub fn postpone_growth(&mut self, handle: u32) {
        let Ok(call) = self.calls.get(handle) else { return };
        if let Some(limiter) = call.execution.limiter(&mut self.store) {
            limiter.postpone();
        }
    }
}

/// The code of a trap by its number.
fn trap_code(number: u32) -> TrapCode {
    let at = usize::try_from(number).unwrap_or(usize::MAX);
    TrapCode::ALL.get(at).copied().unwrap_or(TrapCode::Engine)
}
