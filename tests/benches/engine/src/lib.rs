//! The engine without guestbox, for the benches in JavaScript: what fuel costs cannot be seen in
//! the npm package, which always meters.

use wasm_bindgen::{JsError, prelude::wasm_bindgen};

/// Compiles a module in an engine of its own, set up as that of guestbox is.
///
/// # Errors
///
/// Where it is invalid.
#[wasm_bindgen]
pub fn compile(wasm: &[u8]) -> Result<(), JsError> {
    let mut config = wasmi::Config::default();
    config
        .compilation_mode(wasmi::CompilationMode::Eager)
        .consume_fuel(true)
        .ignore_custom_sections(true)
        .wasm_tail_call(true);
    wasmi::Module::new(&wasmi::Engine::new(&config), wasm)?;
    Ok(())
}

/// A guest without imports that exports `run(i32) -> i32`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Bare {
    store: wasmi::Store<()>,
    run: wasmi::TypedFunc<i32, i32>,
    is_metered: bool,
}

#[wasm_bindgen]
impl Bare {
    /// Compiles and instantiates a guest, in an engine of its own.
    ///
    /// # Errors
    ///
    /// Where it is no such guest.
    #[wasm_bindgen(constructor)]
    pub fn new(wasm: &[u8], is_metered: bool) -> Result<Self, JsError> {
        let mut config = wasmi::Config::default();
        config.compilation_mode(wasmi::CompilationMode::Eager).consume_fuel(is_metered);
        let engine = wasmi::Engine::new(&config);
        let module = wasmi::Module::new(&engine, wasm)?;
        let mut store = wasmi::Store::new(&engine, ());
        let instance = wasmi::Instance::new(&mut store, &module, &[])?;
        let run = instance.get_typed_func(&store, "run")?;
        Ok(Self { store, run, is_metered })
    }

    /// Calls it.
    ///
    /// # Errors
    ///
    /// Where it traps.
    pub fn run(&mut self, argument: i32) -> Result<i32, JsError> {
        if self.is_metered {
            self.store.set_fuel(u64::MAX)?;
        }
        Ok(self.run.call(&mut self.store, argument)?)
    }
}
