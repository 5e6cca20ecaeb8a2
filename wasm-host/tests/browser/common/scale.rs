//! Helpers for the lower door: environments, thunks and results as SCALE bytes.

use super::wasm;
use guestbox::{
    HostError, Number, ReturnValue, Value,
    wire::{self, Entry, EnvironmentDefinition, ExternEntity},
};
use guestbox_wasm_host::ScaleStore;
use js_sys::{Function, Uint8Array};
use parity_scale_codec::{Decode, Encode};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

/// The environment of most guests here: one function, `env` `ask`, with the number 7.
pub(crate) const ASK: u32 = 7;

/// A guest whose `run` asks the supervisor and adds one; `ping` shows that it is usable.
pub(crate) const ASKING: &str = r#"(module
    (import "env" "ask" (func $ask (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (i32.add (call $ask (local.get 0)) (i32.const 1)))
    (func (export "ping") (result i32) (i32.const 7)))"#;

/// An empty store; closures share it with the test.
pub(crate) fn store(limits: &[(&str, f64)]) -> Rc<ScaleStore> {
    let settings = super::settings(limits).unwrap_or_else(|error| panic!("{}", super::message(&error)));
    Rc::new(ScaleStore::new(settings))
}

pub(crate) fn environment(entries: &[(&str, &str, ExternEntity)]) -> Vec<u8> {
    let entries = entries.iter().map(|&(module, field, entity)| Entry {
        module_name: module.into(),
        field_name: field.into(),
        entity,
    });
    EnvironmentDefinition { entries: entries.collect() }.encode()
}

/// The environment with `env` `ask`.
pub(crate) fn asking() -> Vec<u8> {
    environment(&[("env", "ask", ExternEntity::Function(ASK))])
}

/// Bytes of the page's.
pub(crate) fn bytes(bytes: &[u8]) -> Uint8Array {
    bytes.into()
}

/// Instantiates [`ASKING`].
#[track_caller]
pub(crate) fn asking_guest(store: &ScaleStore) -> u32 {
    let instance = store.instantiate(&unused(), &bytes(&wasm(ASKING)), &bytes(&asking()), 0);
    instance.unwrap_or_else(|error| panic!("{}", super::message(&error)))
}

/// A thunk as JavaScript writes it: the body of a function of `args`, `state` and `func`.
pub(crate) fn thunk(body: &str) -> Function {
    Function::new_with_args("args, state, func", body)
}

/// A thunk that is never called.
pub(crate) fn unused() -> Function {
    thunk("throw new Error('called')")
}

/// A thunk that returns these bytes.
pub(crate) fn returning(bytes: &[u8]) -> Function {
    thunk(&format!("return new Uint8Array({bytes:?})"))
}

/// A thunk in Rust, of the arguments, the state and the function's number. It may be re-entered.
pub(crate) fn serve(
    body: impl Fn(Vec<Value>, u32, u32) -> Result<ReturnValue, JsValue> + 'static,
) -> Function {
    let body = move |args: Uint8Array, state: u32, func: u32| -> Result<Uint8Array, JsValue> {
        let args = wire::decode_arguments(&args.to_vec()).unwrap();
        Ok(Uint8Array::from(result(body(args, state, func)?).as_slice()))
    };
    let body: Closure<dyn Fn(Uint8Array, u32, u32) -> Result<Uint8Array, JsValue>> = Closure::new(body);
    body.into_js_value().unchecked_into()
}

/// What a thunk returns for a value.
pub(crate) fn result(value: ReturnValue) -> Vec<u8> {
    Ok::<_, HostError>(value).encode()
}

/// The same for an `i32`.
pub(crate) fn number(value: i32) -> ReturnValue {
    ReturnValue::Value(Number::I32(value))
}

/// Calls an export with SCALE-encoded arguments.
pub(crate) fn invoke(
    store: &ScaleStore,
    thunk: &Function,
    instance: u32,
    export: &str,
    args: &[Value],
) -> Result<ReturnValue, JsValue> {
    let args: Vec<_> = args.iter().map(|value| Number::try_from(*value).unwrap()).collect();
    let result = store.invoke(thunk, instance, export, &bytes(&args.encode()), 0)?;
    Ok(ReturnValue::decode(&mut result.as_slice()).unwrap())
}

/// Whether the guest of [`ASKING`] still does its work, with host calls too.
#[track_caller]
pub(crate) fn assert_usable(store: &ScaleStore, instance: u32) {
    let twice = serve(|args, _, _| Ok(number(args[0].as_i32().unwrap() * 2)));
    for (export, args, expected) in [("ping", vec![], 7), ("run", vec![Value::I32(20)], 41)] {
        let result = invoke(store, &twice, instance, export, &args);
        assert_eq!(result.unwrap_or_else(|error| panic!("{}", super::message(&error))), number(expected));
    }
}
