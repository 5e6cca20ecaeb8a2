//! What wasmi gets wrong, mended for supervisors that run in it without guestbox.

use crate::{error::CompileError, limits::Limits, wasm};
use alloc::vec::Vec;

/// A module that wasmi 2.0.0 runs as the standard says, where it would not run `bytes` so: with another
/// `select` after a comparison with zero, blocks without parameters, tables of branches that pass no values,
/// tail calls of imports as calls, and stores at which it does not panic. What is added stands behind what
/// the module has, and nothing gets another index.
///
/// What is not mended is `table.grow` that is out of fuel and resumed: with it wasmi loses where it was. Trap
/// instead of resuming, or give enough fuel.
///
/// For a supervisor that you trust: there are no limits but those that guests have without limits. It is
/// wasmi that validates the module.
///
/// ```
/// use guestbox::substrate::{self, wasmi};
/// # let bytes = wat::parse_str(r#"(module (func (export "is_zero") (param i32) (result i32)
/// #     (select (i32.const 1) (i32.const 0) (i32.eqz (local.get 0)))))"#)?;
/// let engine = wasmi::Engine::default();
/// let module = wasmi::Module::new(&engine, substrate::mend(&bytes)?)?;
/// # let mut store = wasmi::Store::new(&engine, ());
/// # let instance = wasmi::Instance::new(&mut store, &module, &[])?;
/// # let is_zero = instance.get_typed_func::<i32, i32>(&store, "is_zero")?;
/// # assert_eq!((is_zero.call(&mut store, 0)?, is_zero.call(&mut store, 7)?), (1, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Where the module is seen to be invalid: not all that is wrong is seen here.
pub fn mend(bytes: &[u8]) -> Result<Vec<u8>, CompileError> {
    wasm::mend(&Limits::unlimited(), bytes).map_err(|error| wasm::explain(bytes, error))
}
