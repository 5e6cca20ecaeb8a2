//! Tables, as the npm package has them: known by handles, as are the functions in them.
#![expect(
    clippy::missing_errors_doc,
    reason = "what a function throws is said once, at the top of the crate"
)]

use crate::{
    convert::{describe_signature, optional},
    error::{IntoJs, error, no_such},
    host::Host,
    protocol::Protocol,
};
use guestbox::{ExternType, FuncRef, HandleError, InstanceId, TableId, TableType, Value};
use std::collections::HashMap;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
impl Host {
    /// Makes a table of functions, or of things, and returns its handle. A negative maximum is none.
    pub fn new_table(&mut self, of_functions: bool, initial: u32, maximum: f64) -> Result<u32, JsValue> {
        let make = if of_functions { TableType::of_functions } else { TableType::of_externs };
        let table = self.store.create_table(make(initial, optional(maximum)));
        Ok(self.tables.insert(table.map_err(IntoJs::into_js)?))
    }

    /// The handle of a table that an instance exports.
    pub fn exported_table(&mut self, instance: u32, name: &str) -> Result<u32, JsValue> {
        self.check_tables(instance)?;
        let table = self.store.exported_table(self.instance(instance)?, name).map_err(IntoJs::into_js)?;
        let table = table.ok_or_else(|| no_such("table"))?;
        Ok(self.tables.insert(table))
    }

    /// The number of elements of a table.
    pub fn table_size(&self, table: u32) -> Result<u32, JsValue> {
        self.store.table_size(*self.tables.get(table)?).map_err(IntoJs::into_js)
    }

    /// Puts an element of a table into the exchange.
    pub fn table_get(&mut self, table: u32, at: u32) -> Result<(), JsValue> {
        let element = self.store.table_get(*self.tables.get(table)?, at).map_err(IntoJs::into_js)?;
        self.exchange.put(&[element]);
        Ok(())
    }

    /// Sets an element of a table to the value in the exchange.
    pub fn table_set(&mut self, table: u32, at: u32) -> Result<(), JsValue> {
        let (table, element) = self.element(table)?;
        self.store.table_set(table, at, element).map_err(IntoJs::into_js)
    }

    /// Grows a table by elements that are the value in the exchange, and returns its size before.
    pub fn table_grow(&mut self, table: u32, elements: u32) -> Result<u32, JsValue> {
        let (table, element) = self.element(table)?;
        self.store.table_grow(table, elements, element).map_err(IntoJs::into_js)
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
        self.check_tables(instance)?;
        let instance = self.instance(instance)?;
        let func = self.exported(instance, position);
        let func = func.ok_or_else(|| no_such("function"))?;
        Ok(self.exchange.handle_of(func))
    }

    /// The instance that a function is of.
    pub fn func_instance(&self, func: u32) -> Result<u32, JsValue> {
        let func = self.exchange.func(func).map_err(IntoJs::into_js)?;
        Ok(self.store.func_instance(func).map_err(IntoJs::into_js)?.number())
    }

    /// The types of a function: `[params, results]`.
    pub fn func_type(&self, func: u32) -> Result<String, JsValue> {
        let func = self.exchange.func(func).map_err(IntoJs::into_js)?;
        Ok(describe_signature(&self.store.func_type(func).map_err(IntoJs::into_js)?))
    }

    /// The position of the first export that is a function, or [`Protocol::NO_CALL`]. The first time it takes a look at all
    /// exports of the instance.
    pub fn func_export(&mut self, func: u32) -> Result<u32, JsValue> {
        let func = self.exchange.func(func).map_err(IntoJs::into_js)?;
        let instance = self.store.func_instance(func).map_err(IntoJs::into_js)?;
        if !self.exported_funcs.contains_key(&instance.number()) {
            let found = self.positions(instance).map_err(IntoJs::into_js)?;
            self.exported_funcs.insert(instance.number(), found);
        }
        let found = self.exported_funcs.get(&instance.number()).and_then(|known| known.get(&func));
        Ok(found.copied().unwrap_or(Protocol::NO_CALL))
    }

    /// Forgets a function.
    pub fn drop_func(&mut self, func: u32) {
        self.exchange.drop_func(func);
    }
}

impl Host {
    /// Refuses tables and functions as values of a guest whose code is outside, which that has not.
    fn check_tables(&self, instance: u32) -> Result<(), JsValue> {
        let module = self.store.module(self.instance(instance)?).map_err(IntoJs::into_js)?;
        if !module.is_outside() {
            return Ok(());
        }
        let what = "tables of guests, and functions of theirs in tables, are what the engine \"host\" does not have yet; load the \
                    sandbox with `engine: \"interpreter\"`";
        Err(error("TableError", "engine", &what))
    }

    /// The functions that an instance exports, with the positions of their first exports.
    fn positions(&mut self, instance: InstanceId) -> Result<HashMap<FuncRef, u32>, HandleError> {
        let exports = self.store.module(instance)?.exports();
        let functions = (0..).zip(exports).filter(|(_, export)| matches!(export.ty(), ExternType::Func(_)));
        let positions: Vec<u32> = functions.map(|(position, _)| position).collect();
        let mut found = HashMap::new();
        for position in positions {
            if let Some(func) = self.exported(instance, position) {
                found.entry(func).or_insert(position);
            }
        }
        Ok(found)
    }

    fn exported(&mut self, instance: InstanceId, position: u32) -> Option<FuncRef> {
        let exports = self.store.module(instance).ok()?.exports();
        let name = exports.get(usize::try_from(position).ok()?)?.name().to_owned();
        self.store.exported_func(instance, &name).ok()?
    }

    /// A table, and the value in the exchange as an element of it.
    fn element(&self, table: u32) -> Result<(TableId, Value), JsValue> {
        let table = *self.tables.get(table)?;
        let ty = self.store.table_type(table).map_err(IntoJs::into_js)?;
        Ok((table, self.exchange.take_one(ty.element).map_err(IntoJs::into_js)?))
    }
}
