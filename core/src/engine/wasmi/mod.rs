//! wasmi, an interpreter: what is here is all that names it, but for supervisors that run in it themselves, which
//! are [`substrate`](crate::substrate)'s.
//!
//! What it gets wrong is mended in the modules before it sees them, by `wasm::rewrite`; but for [`growth`] of tables,
//! which has a part here.

mod call;
mod code;
mod costs;
mod data;
mod externs;
mod functions;
mod growth;
mod imports;
mod keys;
mod limiter;
mod space;
mod traps;
mod values;

use super::{Code, Engine, Prepared};
use alloc::{boxed::Box, format, sync::Arc};
use code::{Library, WasmiCode};

/// The engine of all modules.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to choose")]
pub struct Wasmi;

impl Engine for Wasmi {
    fn compile(&self, module: &Arc<Prepared>) -> Result<Box<dyn Code>, Box<str>> {
        let engine = wasmi::Engine::new(&config(module));
        // In a fresh engine, so that a failure takes its remains with it.
        let translated = wasmi::Module::new(&engine, &module.bytes)
            .map_err(|error| format!("{error}").into_boxed_str())?;
        Ok(Box::new(WasmiCode::new(module, Library::new(engine, module.stack), translated)))
    }
}

fn config(module: &Prepared) -> wasmi::Config {
    let mut config = wasmi::Config::default();
    config
        .compilation_mode(wasmi::CompilationMode::Eager)
        .consume_fuel(true)
        .ignore_custom_sections(true)
        .wasm_tail_call(true)
        .set_max_recursion_depth(module.stack.guest_frames)
        // The minimum first: the engine insists on minimum <= maximum at every step.
        .set_min_stack_height(MIN_STACK_BYTES)
        .set_max_stack_height(module.stack_bytes.max(MIN_STACK_BYTES))
        .set_max_cached_stacks(1);
    costs::apply(&mut config);
    config
}

/// Bytes of value stack that a call begins with, the engine's own default.
const MIN_STACK_BYTES: usize = 1_000;
