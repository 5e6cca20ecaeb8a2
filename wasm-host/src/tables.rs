//! Tables, as the npm package has them: known by handles, as are the functions in them.
#![expect(
    clippy::missing_errors_doc,
    reason = "what a function throws is said once, at the top of the crate"
)]

use crate::{
    convert::{describe_signature, optional},
    error::{IntoJs, no_such},
    host::Host,
    protocol::Protocol,
};
use guestbox::{ExternType, FuncRef, InstanceId, TableType};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
impl Host {
    /// Makes a table of references to functions and returns its handle. A negative maximum is none.
    pub fn new_table(&mut self, initial: u32, maximum: f64) -> Result<u32, JsValue> {
        let table = self.store.create_table(TableType::of_functions(initial, optional(maximum)));
        Ok(self.tables.insert(table.map_err(IntoJs::into_js)?))
    }

    /// The handle of a table that an instance exports.
    pub fn exported_table(&mut self, instance: u32, name: &str) -> Result<u32, JsValue> {
        let table = self.store.exported_table(self.instance(instance)?, name).map_err(IntoJs::into_js)?;
        let table = table.ok_or_else(|| no_such("table"))?;
        Ok(self.tables.insert(table))
    }

    /// The number of elements of a table.
    pub fn table_size(&self, table: u32) -> Result<u32, JsValue> {
        self.store.table_size(*self.tables.get(table)?).map_err(IntoJs::into_js)
    }

    /// The handle of the function that is an element of a table, or [`Protocol::NO_CALL`] for null. A function has one
    /// handle as long as that is not dropped.
    pub fn table_get(&mut self, table: u32, at: u32) -> Result<u32, JsValue> {
        let func = self.store.table_get(*self.tables.get(table)?, at).map_err(IntoJs::into_js)?;
        Ok(func.map_or(Protocol::NO_CALL, |func| self.handle_of(func)))
    }

    /// Sets an element of a table to a function, or to null: [`Protocol::NO_CALL`].
    pub fn table_set(&mut self, table: u32, at: u32, func: u32) -> Result<(), JsValue> {
        let func = self.func_or_null(func)?;
        self.store.table_set(*self.tables.get(table)?, at, func).map_err(IntoJs::into_js)
    }

    /// Grows a table by elements that are a function or null, and returns its size before.
    pub fn table_grow(&mut self, table: u32, elements: u32, func: u32) -> Result<u32, JsValue> {
        let func = self.func_or_null(func)?;
        self.store.table_grow(*self.tables.get(table)?, elements, func).map_err(IntoJs::into_js)
    }

    /// Ends the life of a table that was made; guests that import it keep it. The handle of an exported table is only
    /// forgotten.
    pub fn drop_table(&mut self, table: u32) -> Result<(), JsValue> {
        let Some(id) = self.tables.remove(table) else { return Ok(()) };
        if id.number().is_some() {
            self.store.teardown_table(id).map_err(IntoJs::into_js)?;
        }
        Ok(())
    }

    /// The handle of the function that an instance exports at a position.
    pub fn exported_func(&mut self, instance: u32, position: u32) -> Result<u32, JsValue> {
        let instance = self.instance(instance)?;
        let func = self.exported(instance, position);
        let func = func.ok_or_else(|| no_such("function"))?;
        Ok(self.handle_of(func))
    }

    /// The instance that a function is of.
    pub fn func_instance(&self, func: u32) -> Result<u32, JsValue> {
        let func = *self.funcs.get(func)?;
        Ok(self.store.func_instance(func).map_err(IntoJs::into_js)?.number())
    }

    /// The types of a function: `[params, results]`.
    pub fn func_type(&self, func: u32) -> Result<String, JsValue> {
        let func = *self.funcs.get(func)?;
        Ok(describe_signature(&self.store.func_type(func).map_err(IntoJs::into_js)?))
    }

    /// The position of the first export that is a function, or [`Protocol::NO_CALL`]. Takes a look at all exports.
    pub fn func_export(&mut self, func: u32) -> Result<u32, JsValue> {
        let func = *self.funcs.get(func)?;
        let instance = self.store.func_instance(func).map_err(IntoJs::into_js)?;
        let exports = self.store.module(instance).map_err(IntoJs::into_js)?.exports();
        let functions = (0..).zip(exports).filter(|(_, export)| matches!(export.ty(), ExternType::Func(_)));
        let positions: Vec<u32> = functions.map(|(position, _)| position).collect();
        let found = positions.into_iter().find(|position| self.exported(instance, *position) == Some(func));
        Ok(found.unwrap_or(Protocol::NO_CALL))
    }

    /// Forgets a function.
    pub fn drop_func(&mut self, func: u32) {
        if let Some(func) = self.funcs.remove(func) {
            self.func_handles.remove(&func);
        }
    }
}

impl Host {
    fn exported(&mut self, instance: InstanceId, position: u32) -> Option<FuncRef> {
        let exports = self.store.module(instance).ok()?.exports();
        let name = exports.get(usize::try_from(position).ok()?)?.name().to_owned();
        self.store.exported_func(instance, &name).ok()?
    }

    fn handle_of(&mut self, func: FuncRef) -> u32 {
        *self.func_handles.entry(func).or_insert_with(|| self.funcs.insert(func))
    }

    fn func_or_null(&self, func: u32) -> Result<Option<FuncRef>, JsValue> {
        if func == Protocol::NO_CALL { Ok(None) } else { Ok(Some(*self.funcs.get(func)?)) }
    }
}
