//! The door for a supervisor that is wasm itself: its host functions, with numbers as it passes
//! them.
#![expect(
    clippy::missing_errors_doc,
    reason = "what a function throws is said once, at the top of the crate"
)]

use crate::{error::IntoJs, limits::Settings, protocol::Protocol};
use core::cell::RefCell;
use guestbox::{
    FuncIndex, Region,
    abi::ThunkLookupError,
    substrate::{self, Embedder, Failure, LinearMemory, OutOfBounds, Sandbox, ThunkTrapped},
};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

// The supervisor as JavaScript reaches it. All that crosses are numbers, and `i64` as a BigInt.
#[wasm_bindgen]
extern "C" {
    type Supervisor;

    /// Bytes of its memory.
    #[wasm_bindgen(method, catch)]
    fn size(this: &Supervisor) -> Result<f64, JsValue>;

    /// Copies `length` bytes at `ptr` of its memory to `address` of this module's; whether they
    /// are all inside.
    #[wasm_bindgen(method, catch)]
    fn read(this: &Supervisor, ptr: u32, address: usize, length: usize) -> Result<bool, JsValue>;

    /// The other way.
    #[wasm_bindgen(method, catch)]
    fn write(this: &Supervisor, ptr: u32, address: usize, length: usize) -> Result<bool, JsValue>;

    /// The handle of the dispatch thunk at an index of its table, or one of the negative numbers of
    /// [`Protocol`].
    #[wasm_bindgen(method, catch, js_name = findThunk)]
    fn find_thunk(this: &Supervisor, index: u32) -> Result<f64, JsValue>;

    /// Calls a dispatch thunk by its handle.
    #[wasm_bindgen(method, catch, js_name = callThunk)]
    fn call_thunk(
        this: &Supervisor,
        thunk: u32,
        ptr: u32,
        len: u32,
        state: u32,
        func: u32,
    ) -> Result<i64, JsValue>;

    /// Told of the error for which a host function is about to return a code.
    #[wasm_bindgen(method, catch)]
    fn failed(this: &Supervisor, error: JsValue) -> Result<(), JsValue>;
}

/// The host functions of a supervisor.
///
/// A supervisor is an object with the methods `size`, `read`, `write`, `findThunk`,
/// `callThunk` and `failed`. Each may throw: an access is outside the memory then, a thunk of the wrong type
/// or trapped. Nothing is borrowed while one runs, so that `callThunk` may call in again.
#[wasm_bindgen]
pub struct Substrate {
    supervisor: Supervisor,
    sandbox: RefCell<Sandbox<u32>>,
}

#[wasm_bindgen]
impl Substrate {
    /// A sandbox without guests.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(settings: Settings, supervisor: JsValue) -> Self {
        let limits = settings.limits();
        // JavaScript runs the supervisor, on a stack of its own: how deep, the limits say.
        let nesting = limits.nesting;
        let sandbox = RefCell::new(Sandbox::new(limits).with_nesting(nesting));
        Self { supervisor: supervisor.unchecked_into(), sandbox }
    }

    /// Says where the supervisor's heap begins.
    pub fn set_heap_base(&self, heap_base: u32) {
        self.sandbox.borrow_mut().set_heap_base(heap_base);
    }

    /// `ext_sandbox_instantiate_version_1`
    pub fn instantiate(&self, thunk: u32, wasm: i64, environment: i64, state: u32) -> Result<u32, JsValue> {
        substrate::instantiate(&mut self.enter(), thunk, wasm, environment, state).map_err(IntoJs::into_js)
    }

    /// `ext_sandbox_invoke_version_1`
    pub fn invoke(
        &self,
        instance: u32,
        export: i64,
        args: i64,
        ptr: u32,
        len: u32,
        state: u32,
    ) -> Result<u32, JsValue> {
        let result = Region { ptr, len };
        substrate::invoke(&mut self.enter(), instance, export, args, result, state).map_err(IntoJs::into_js)
    }

    /// `ext_sandbox_memory_new_version_1`
    pub fn memory_new(&self, initial: u32, maximum: u32) -> Result<u32, JsValue> {
        substrate::memory_new(&mut self.enter(), initial, maximum).map_err(IntoJs::into_js)
    }

    /// `ext_sandbox_memory_get_version_1`
    pub fn memory_get(&self, memory: u32, offset: u32, ptr: u32, len: u32) -> Result<u32, JsValue> {
        substrate::memory_get(&mut self.enter(), memory, offset, Region { ptr, len }).map_err(IntoJs::into_js)
    }

    /// `ext_sandbox_memory_set_version_1`
    pub fn memory_set(&self, memory: u32, offset: u32, ptr: u32, len: u32) -> Result<u32, JsValue> {
        substrate::memory_set(&mut self.enter(), memory, offset, Region { ptr, len }).map_err(IntoJs::into_js)
    }

    /// `ext_sandbox_memory_teardown_version_1`
    pub fn memory_teardown(&self, memory: u32) -> Result<(), JsValue> {
        substrate::memory_teardown(&mut self.enter(), memory).map_err(IntoJs::into_js)
    }

    /// `ext_sandbox_instance_teardown_version_1`
    pub fn instance_teardown(&self, instance: u32) -> Result<(), JsValue> {
        substrate::instance_teardown(&mut self.enter(), instance).map_err(IntoJs::into_js)
    }

    /// `ext_sandbox_get_global_val_version_1`
    pub fn get_global_val(&self, instance: u32, name: i64) -> Result<i64, JsValue> {
        substrate::get_global_val(&mut self.enter(), instance, name).map_err(IntoJs::into_js)
    }

    /// `ext_allocator_malloc_version_1`
    pub fn malloc(&self, len: u32) -> Result<u32, JsValue> {
        substrate::malloc(&mut self.enter(), len).map_err(IntoJs::into_js)
    }

    /// `ext_allocator_free_version_1`
    pub fn free_block(&self, ptr: u32) -> Result<(), JsValue> {
        substrate::free(&mut self.enter(), ptr).map_err(IntoJs::into_js)
    }
}

impl Substrate {
    const fn enter(&self) -> Entered<'_> {
        Entered(self)
    }
}

/// A host function that is under way.
struct Entered<'a>(&'a Substrate);

impl LinearMemory for Entered<'_> {
    fn size(&mut self) -> u64 {
        self.0.supervisor.size().map_or(0, crate::convert::saturate_long)
    }

    fn read(&mut self, ptr: u32, buffer: &mut [u8]) -> Result<(), OutOfBounds> {
        let address = buffer.as_mut_ptr().expose_provenance();
        inside(self.0.supervisor.read(ptr, address, buffer.len()))
    }

    fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), OutOfBounds> {
        let address = bytes.as_ptr().expose_provenance();
        inside(self.0.supervisor.write(ptr, address, bytes.len()))
    }
}

fn inside(outcome: Result<bool, JsValue>) -> Result<(), OutOfBounds> {
    if outcome.unwrap_or(false) { Ok(()) } else { Err(OutOfBounds) }
}

impl Embedder for Entered<'_> {
    type Thunk = u32;

    fn with_sandbox<R>(&mut self, act: impl FnOnce(&mut Sandbox<u32>) -> R) -> R {
        act(&mut self.0.sandbox.borrow_mut())
    }

    fn find_thunk(&mut self, index: u32) -> Result<u32, ThunkLookupError> {
        match self.0.supervisor.find_thunk(index).map_err(|_| ThunkLookupError::Type)? {
            Protocol::NO_TABLE => Err(ThunkLookupError::NoTable),
            Protocol::OUT_OF_BOUNDS => Err(ThunkLookupError::OutOfBounds),
            Protocol::NULL => Err(ThunkLookupError::Null),
            handle => Ok(crate::convert::saturate(handle)),
        }
    }

    fn call_thunk(
        &mut self,
        thunk: u32,
        args: Region,
        state: u32,
        FuncIndex(func): FuncIndex,
    ) -> Result<i64, ThunkTrapped> {
        self.0.supervisor.call_thunk(thunk, args.ptr, args.len, state, func).map_err(|_| ThunkTrapped)
    }

    fn failed(&mut self, failure: Failure) {
        // What it throws is its own business.
        let _ = self.0.supervisor.failed(failure.into_js());
    }
}
