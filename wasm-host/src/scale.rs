//! The lower door: the core's store one to one, SCALE bytes in and out.
#![expect(
    clippy::missing_errors_doc,
    reason = "what a function throws is said once, at the top of the crate"
)]

use crate::{
    error::{IntoJs, wrong_use},
    limits::Settings,
};
use core::cell::RefCell;
use guestbox::{
    Execution, HostError, Limit, LimitError, Number, ReturnValue, Step, Store, ThunkError, Trap, Values,
    abi::{self, InstantiateFailure},
    wire,
};
use js_sys::{Array, Function, Uint8Array};
use parity_scale_codec::{Decode, Encode};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

// What runs code of the page that may throw. The results are options for a reason: where an
// import that was declared to give a plain reference throws, wasm-bindgen 0.2.130 stores the
// missing result and never frees its slot, so each throw would leak one.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = Function)]
    type DispatchThunk;

    /// `thunk.call(undefined, args, state, func)`.
    #[wasm_bindgen(method, catch, js_name = call)]
    fn serve(
        this: &DispatchThunk,
        receiver: &JsValue,
        args: &Uint8Array,
        state: u32,
        func: u32,
    ) -> Result<Option<JsValue>, JsValue>;

    #[wasm_bindgen(catch, js_namespace = Reflect, js_name = construct)]
    fn construct(class: &JsValue, args: &Array) -> Result<Option<Uint8Array>, JsValue>;

    #[wasm_bindgen(thread_local_v2, js_name = Uint8Array)]
    static UINT8_ARRAY: JsValue;
}

/// The core's store, with ids as numbers and values as SCALE bytes.
///
/// A dispatch thunk is a function `(args, state, func) => result` that gets SCALE-encoded
/// arguments and returns a SCALE-encoded `Result<ReturnValue, HostError>`. What it throws comes
/// out of the call as the same object. It may use the store, which is borrowed only while a
/// guest runs.
#[wasm_bindgen]
pub struct ScaleStore {
    store: RefCell<Store>,
}

#[wasm_bindgen]
impl ScaleStore {
    /// An empty store.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { store: RefCell::new(Store::with_limits(settings.limits())) }
    }

    /// Makes a memory and returns its number; 0xFFFFFFFF is no maximum.
    pub fn memory_new(&self, initial: u32, maximum: u32) -> Result<u32, JsValue> {
        abi::memory_new(&mut self.store.borrow_mut(), initial, maximum).map_err(wrong_use)
    }

    /// Reads from a memory.
    pub fn memory_get(&self, memory: u32, offset: u32, len: u32) -> Result<Vec<u8>, JsValue> {
        let store = self.store.borrow();
        let memory = store.memory_id(memory).map_err(IntoJs::into_js)?;
        store.memory_to_vec(memory, offset, len).map_err(IntoJs::into_js)
    }

    /// Writes to a memory.
    pub fn memory_set(&self, memory: u32, offset: u32, bytes: &[u8]) -> Result<(), JsValue> {
        let mut store = self.store.borrow_mut();
        let memory = store.memory_id(memory).map_err(IntoJs::into_js)?;
        store.memory_write(memory, offset, bytes).map_err(IntoJs::into_js)
    }

    /// Ends the life of a memory's number.
    pub fn memory_teardown(&self, memory: u32) -> Result<(), JsValue> {
        abi::memory_teardown(&mut self.store.borrow_mut(), memory).map_err(wrong_use)
    }

    /// Instantiates a module's bytes with a SCALE-encoded environment definition, and returns
    /// the instance's number. Errors have the codes `environment-corrupted`, `module-decoding`,
    /// `instantiation` and, with the class `Trap`, those of traps.
    pub fn instantiate(
        &self,
        thunk: &Function,
        wasm: &Uint8Array,
        environment: &Uint8Array,
        state: u32,
    ) -> Result<u32, JsValue> {
        let (module_bytes, environment_bytes) = {
            let store = self.store.borrow();
            (store.limits().module_bytes, store.limits().environment_bytes)
        };
        let environment = copy_within(Limit::EnvironmentBytes, environment_bytes, environment)
            .map_err(|refused| InstantiateFailure::EnvironmentCorrupted(refused.into()).into_js())?;
        let wasm = copy_within(Limit::ModuleBytes, module_bytes, wasm)
            .map_err(|refused| InstantiateFailure::ModuleDecoding(refused.into()).into_js())?;
        let begun = abi::begin_instantiate(&mut self.store.borrow_mut(), &wasm, &environment, state);
        let mut execution = begun.map_err(IntoJs::into_js)?;
        self.drive(thunk, &mut execution)?;
        execution.instance().map(guestbox::InstanceId::number).ok_or_else(|| Trap::from(ENGINE).into_js())
    }

    /// Calls an export with SCALE-encoded arguments and returns the SCALE-encoded `ReturnValue`,
    /// of several results the first.
    pub fn invoke(
        &self,
        thunk: &Function,
        instance: u32,
        export: &str,
        args: &Uint8Array,
        state: u32,
    ) -> Result<Vec<u8>, JsValue> {
        let maximum = self.store.borrow().limits().argument_bytes;
        let args = copy_within(Limit::ArgumentBytes, maximum, args)
            .map_err(|refused| abi::SupervisorTrap::Limit(refused).into_js())?;
        let args = wire::decode_arguments(&args).map_err(|_| abi::SupervisorTrap::Arguments.into_js())?;
        let mut execution = {
            let mut store = self.store.borrow_mut();
            let instance = store.instance_id(instance).map_err(IntoJs::into_js)?;
            abi::check_signature(&store, instance, export).map_err(IntoJs::into_js)?;
            store.begin(instance, export, &args, state).map_err(IntoJs::into_js)?
        };
        let results = self.drive(thunk, &mut execution)?;
        let number = results.first().and_then(|value| Number::try_from(*value).ok());
        let result = number.map_or(ReturnValue::Unit, ReturnValue::Value);
        Ok(result.encode())
    }

    /// The SCALE-encoded `Option<Number>` of an exported global.
    pub fn get_global_val(&self, instance: u32, name: &str) -> Result<Vec<u8>, JsValue> {
        abi::get_global_val(&mut self.store.borrow_mut(), instance, name.as_bytes()).map_err(wrong_use)
    }

    /// Sets an exported mutable global to a SCALE-encoded `Number`.
    pub fn set_global_val(&self, instance: u32, name: &str, value: &[u8]) -> Result<(), JsValue> {
        let mut bytes = value;
        let number = Number::decode(&mut bytes).map_err(|_| abi::SupervisorTrap::Arguments.into_js())?;
        let mut store = self.store.borrow_mut();
        let instance = store.instance_id(instance).map_err(IntoJs::into_js)?;
        store.set_global(instance, name, number.into()).map_err(IntoJs::into_js)
    }

    /// Ends the life of an instance.
    pub fn instance_teardown(&self, instance: u32) -> Result<(), JsValue> {
        abi::instance_teardown(&mut self.store.borrow_mut(), instance).map_err(wrong_use)
    }
}

impl ScaleStore {
    /// Runs an execution to its end. The store is borrowed for one step at a time.
    fn drive(&self, thunk: &Function, execution: &mut Execution) -> Result<Values, JsValue> {
        let outcome = self.steps(thunk, execution);
        self.store.borrow_mut().draw(execution);
        outcome
    }

    fn steps(&self, thunk: &Function, execution: &mut Execution) -> Result<Values, JsValue> {
        let argument_bytes = self.store.borrow().limits().argument_bytes;
        loop {
            let (args, state, func, outer) = {
                let mut store = self.store.borrow_mut();
                match execution.run(&mut store).map_err(IntoJs::into_js)? {
                    Step::Finished(results) => return Ok(results),
                    Step::HostCall(call) => {
                        let numbers = call.args.iter().filter_map(|value| Number::try_from(*value).ok());
                        // Of an environment from the wire the imports have no others.
                        let args = numbers.collect::<Vec<_>>().encode();
                        let (state, func) = (call.state, call.func.0);
                        match store.open_level(&call) {
                            Ok(outer) => (args, state, func, outer),
                            Err(trap) => return Err(execution.end_with(&mut store, trap).into_js()),
                        }
                    }
                    Step::Trapped(trap) => return Err(trap.into_js()),
                    Step::SliceOver => continue,
                    _ => return Err(execution.end_with(&mut store, guestbox::TrapCode::OutOfFuel).into_js()),
                }
            };
            let args = Uint8Array::from(args.as_slice());
            let thunk = thunk.unchecked_ref::<DispatchThunk>();
            let result = thunk.serve(&JsValue::UNDEFINED, &args, state, func);
            // Nothing is borrowed while the result is looked at: that may run code of the page too.
            let answer = result.map(|result| decode(&result.unwrap_or_default(), argument_bytes));
            let mut store = self.store.borrow_mut();
            execution.spend_to(store.close_level(outer));
            let answer = match answer {
                Ok(answer) => answer,
                Err(thrown) => {
                    execution.cancel(&mut store);
                    return Err(thrown);
                }
            };
            execution.answer(answer).map_err(IntoJs::into_js)?;
        }
    }
}

const ENGINE: guestbox::TrapCode = guestbox::TrapCode::Engine;

/// What a dispatch thunk returned.
fn decode(result: &JsValue, argument_bytes: usize) -> Result<Values, HostError> {
    let bytes = copy_of(result).ok_or(ThunkError::DecodeResult)?;
    let bytes = copy_within(Limit::ArgumentBytes, argument_bytes, &bytes).map_err(ThunkError::Limit)?;
    let result = Result::<ReturnValue, HostError>::decode(&mut bytes.as_slice());
    result.map_err(|_| ThunkError::DecodeResult)?.map(Values::from)
}

/// The bytes of an array, unless they are more than a limit allows: the memory here never shrinks.
fn copy_within(limit: Limit, maximum: usize, bytes: &Uint8Array) -> Result<Vec<u8>, LimitError> {
    limit.check(bytes.length().into(), maximum.try_into().unwrap_or(u64::MAX))?;
    Ok(bytes.to_vec())
}

/// A fresh copy of a byte array; `None` for anything else.
///
/// An array of the page's cannot be believed: its `length` may be a property of its own, which
/// lies, throws or calls back, it may be detached, or a proxy. A copy that the constructor made is
/// made of the bytes that are there, and has only its own length.
fn copy_of(array: &JsValue) -> Option<Uint8Array> {
    let array = array.dyn_ref::<Uint8Array>()?;
    UINT8_ARRAY.with(|class| construct(class, &Array::of1(array))).ok().flatten()
}
