//! The door of the npm package: guests driven by JavaScript, in steps.
#![expect(
    clippy::missing_errors_doc,
    reason = "what a function throws is said once, at the top of the crate"
)]

use crate::{
    call::{self, Budget, Call, advance, put_head},
    convert::{describe_exports, describe_imports, from_word, to_word},
    error::{IntoJs, error},
    limits::Settings,
    slab::Slab,
    traps::Trapped,
};
use alloc::rc::Rc;
use guestbox::{
    Environment, Execution, FuncIndex, InstanceId, InstanceLimits, InvokeError, Level, MemoryId, Module,
    Snapshot, Step, Store, TrapCode, Value,
};
use js_sys::Array;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// Words of the exchange: the values of the longest signature the engine knows, and a head.
const EXCHANGE_WORDS: usize = 1_024;

/// A store, and the calls that are under way in it.
#[wasm_bindgen]
pub struct Host {
    pub(crate) store: Store,
    pub(crate) modules: Slab<Module>,
    pub(crate) memories: Slab<MemoryId>,
    pub(crate) snapshots: Slab<Snapshot>,
    pub(crate) calls: Slab<Call>,
    /// What there is to say of the call that trapped last.
    pub(crate) trapped: Trapped,
    /// The handles of the calls whose host calls are being served, each nested in those before.
    serving: Vec<u32>,
    /// Arguments on their way to a guest.
    args: Vec<Value>,
    exchange: Box<[u64]>,
}

#[wasm_bindgen]
impl Host {
    /// An empty store.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            store: Store::with_limits(settings.limits()),
            modules: Slab::new(),
            memories: Slab::new(),
            snapshots: Slab::new(),
            calls: Slab::new(),
            trapped: Trapped::default(),
            serving: Vec::new(),
            args: Vec::new(),
            exchange: vec![0; EXCHANGE_WORDS].into(),
        }
    }

    /// The address of the exchange in this module's memory.
    pub fn exchange(&self) -> usize {
        self.exchange.as_ptr().expose_provenance()
    }

    /// The names of all limits.
    pub fn limit_names(&self) -> Vec<String> {
        crate::limits::names(self.store.limits())
    }

    /// The values of all limits, in the order of their names.
    pub fn limit_numbers(&self) -> Vec<f64> {
        crate::limits::numbers(self.store.limits())
    }

    /// The version of the cost model of fuel.
    pub fn costs_version() -> u32 {
        guestbox::costs::VERSION
    }

    /// Compiles a module and returns its handle.
    pub fn compile(&mut self, bytes: &[u8]) -> Result<u32, JsValue> {
        let module = Module::with_limits(self.store.limits(), bytes).map_err(IntoJs::into_js)?;
        Ok(self.modules.insert(module))
    }

    /// The imports of a module: `[module, name, kind, ...]` each.
    pub fn imports(&self, module: u32) -> Result<Array, JsValue> {
        Ok(describe_imports(self.modules.get(module)?))
    }

    /// The exports of a module: `[name, kind, ...]` each.
    pub fn exports(&self, module: u32) -> Result<Array, JsValue> {
        Ok(describe_exports(self.modules.get(module)?))
    }

    /// Drops a module; its instances go on.
    pub fn drop_module(&mut self, module: u32) {
        self.modules.remove(module);
    }

    /// Begins to instantiate a module and returns the handle of the call of its start function,
    /// which has to be stepped with [`Host::step`] also where there is none. Functions are
    /// numbered by their ordinal among the module's imported functions; `memories` are the
    /// handles for its imported memories, in order. `fuel`, `pages` and `nesting` are limits of
    /// the instance's own; `overlapping` says that its calls need not nest.
    pub fn instantiate(
        &mut self,
        module: u32,
        memories: &[u32],
        state: u32,
        fuel: Option<u64>,
        pages: Option<u32>,
        nesting: Option<u32>,
        overlapping: bool,
    ) -> Result<u32, JsValue> {
        let module = self.modules.get(module)?.clone();
        let environment = self.environment(&module, memories)?;
        let limits = instance_limits(fuel, pages, nesting, overlapping);
        let execution = self.store.begin_instantiate_with(&module, &environment, state, limits);
        let shared = if fuel.is_none() { self.shared_budget(Self::NO_CALL) } else { None };
        Ok(self.calls.insert(Call::new(execution.map_err(IntoJs::into_js)?, shared)))
    }

    /// Begins a call of an export, by its position, with the values in the exchange, and makes
    /// the first step of it. See [`Host::step`], and [`Host::begin`] about `within`.
    pub fn call(&mut self, instance: u32, export: u32, state: u32, within: u32) -> u32 {
        match self.begin_call(instance, export, state, within, false) {
            Ok(execution) => {
                let mut call = Call::new(execution, self.shared_budget(within));
                let step =
                    advance(&mut self.store, &mut self.exchange, &mut self.trapped, &mut call, Self::NO_CALL);
                if matches!(step, Self::HOST_CALL | Self::OUT_OF_FUEL) {
                    let handle = self.calls.insert(call);
                    put_head(&mut self.exchange, [handle.into()]);
                    self.after_step(handle);
                }
                step
            }
            Err(InvokeError::Busy) => Self::BUSY,
            Err(InvokeError::Instance(_)) => Self::TORN_DOWN,
            Err(_) => Self::REFUSED,
        }
    }

    /// Begins a call as [`Host::call`] does, without a step. With `fuel` it has that for its own,
    /// also within a host call. `keeps_stack` leaves the pointer of the guest's stack where it is
    /// if the call ends early.
    ///
    /// The call is nested in those whose host calls are being served, and in `within`: the handle of
    /// one that waits for its host call, or [`Host::NO_CALL`].
    pub fn begin(
        &mut self,
        instance: u32,
        export: u32,
        state: u32,
        fuel: Option<u64>,
        within: u32,
        keeps_stack: bool,
    ) -> Result<u32, JsValue> {
        let mut execution =
            self.begin_call(instance, export, state, within, keeps_stack).map_err(IntoJs::into_js)?;
        let shared = match fuel {
            Some(fuel) => {
                execution.set_fuel(fuel);
                None
            }
            None => self.shared_budget(within),
        };
        Ok(self.calls.insert(Call::new(execution, shared)))
    }

    /// Makes a step of a call: runs its guest until something happens, and returns what.
    ///
    /// * [`Host::FINISHED`]: the results are in the exchange. The call is over.
    /// * [`Host::HOST_CALL`]: word 0 is the call's handle, word 1 the function's ordinal, word 2 the state;
    ///   the arguments are in the exchange. Answer with [`Host::answer`] or [`Host::cancel`].
    /// * [`Host::OUT_OF_FUEL`]: word 0 is the call's handle, word 1 the fuel it needs at least.
    /// * [`Host::SLICE_OVER`]: word 0 is the call's handle. It has fuel left, see [`Host::set_slice`].
    /// * [`Host::TRAPPED`]: word 1 is the number of the trap's code. Bit 0 of word 2 says whether
    ///   there are frames to be had from [`Host::trap_frames`], bit 1 whether there is a message of
    ///   its own from [`Host::trap_message`]. The call is over.
    ///
    /// Word 3 is the fuel left, word 4 the fuel used. For an instantiation that finished, word 1
    /// is the instance.
    pub fn step(&mut self, handle: u32) -> u32 {
        self.close(handle);
        let Ok(call) = self.calls.get_mut(handle) else { return Self::REFUSED };
        let step = advance(&mut self.store, &mut self.exchange, &mut self.trapped, call, handle);
        self.after_step(handle);
        step
    }

    /// Answers the host call that a call waits for, with the values in the exchange, and makes
    /// the next step.
    pub fn answer(&mut self, handle: u32) -> u32 {
        self.close(handle);
        let Ok(call) = self.calls.get_mut(handle) else { return Self::REFUSED };
        let words = self.exchange.get(Self::HEAD..).unwrap_or_default();
        let results =
            words.iter().zip(&call.results).filter_map(|(word, ty)| from_word(*word, *ty)).collect();
        call.settle();
        // It waits; if not, the step says so.
        let _waiting = call.execution.answer(Ok(results));
        let step = advance(&mut self.store, &mut self.exchange, &mut self.trapped, call, handle);
        self.after_step(handle);
        step
    }

    /// Closes the level of a host call that will be answered later, so that calls begun
    /// meanwhile are not nested in it.
    pub fn suspend(&mut self, handle: u32) {
        self.close(handle);
    }

    /// Ends a call that is still under way when the import that it was made in has returned, with a
    /// trap, and says so as a step does.
    pub fn outlive(&mut self, handle: u32) -> u32 {
        self.close(handle);
        let Ok(call) = self.calls.get_mut(handle) else { return Self::REFUSED };
        let (store, exchange) = (&mut self.store, &mut self.exchange);
        let step = call::end(store, exchange, &mut self.trapped, call, handle, TrapCode::Outlived);
        self.calls.remove(handle);
        step
    }

    /// Ends a call where it is.
    pub fn cancel(&mut self, handle: u32) {
        self.close(handle);
        if let Ok(call) = self.calls.get_mut(handle) {
            call.execution.cancel(&mut self.store);
            self.calls.remove(handle);
        }
    }

    /// The fuel that a call has left.
    pub fn fuel(&self, handle: u32) -> u64 {
        self.calls.get(handle).map_or(0, Call::fuel)
    }

    /// The fuel that a call used so far.
    pub fn fuel_used(&self, handle: u32) -> u64 {
        self.calls.get(handle).map_or(0, Call::used)
    }

    /// Adds to the fuel that a call, and those that it shares it with, have left.
    pub fn add_fuel(&mut self, handle: u32, fuel: u64) {
        if let Ok(call) = self.calls.get_mut(handle) {
            call.add_fuel(fuel);
        }
    }

    /// Takes fuel of a call that waits; all it has and `false` where that is too little.
    pub fn charge(&mut self, handle: u32, fuel: u64) -> bool {
        self.calls.get_mut(handle).is_ok_and(|call| call.charge(fuel))
    }

    /// Makes a call stop with [`Host::SLICE_OVER`] whenever it used so much fuel.
    pub fn set_slice(&mut self, handle: u32, fuel: u64) {
        if let Ok(call) = self.calls.get_mut(handle) {
            call.execution.set_slice(fuel);
        }
    }

    /// A handle of the memory of the guest whose host call a call waits for.
    pub fn caller_memory(&mut self, handle: u32) -> Result<u32, JsValue> {
        let memory = self.calls.get(handle)?.memory;
        let memory = memory.ok_or_else(|| error("HandleError", "unknown", &"no such memory"))?;
        Ok(self.memories.insert(memory))
    }

    /// The value of an exported global: its type and its bits; `undefined` where there is none.
    pub fn global(&mut self, instance: u32, name: &str) -> Result<Option<u64>, JsValue> {
        let instance = self.instance(instance)?;
        let value = self.store.global(instance, name).map_err(IntoJs::into_js)?;
        Ok(value.map(to_word))
    }

    /// Sets an exported mutable global, of the type that its module declares, to raw bits.
    pub fn set_global(&mut self, instance: u32, name: &str, word: u64) -> Result<(), JsValue> {
        let instance = self.instance(instance)?;
        let module = self.store.module(instance).map_err(IntoJs::into_js)?;
        let value = match module.export(name).map(guestbox::Export::ty) {
            Some(guestbox::ExternType::Global(ty)) => from_word(word, ty.value),
            _ => None,
        };
        let value =
            value.ok_or_else(|| error("GlobalError", "not-found", &"the module exports no such global"))?;
        self.store.set_global(instance, name, value).map_err(IntoJs::into_js)
    }

    /// Ends the life of an instance.
    pub fn teardown_instance(&mut self, instance: u32) -> Result<(), JsValue> {
        let instance = self.instance(instance)?;
        self.store.teardown_instance(instance).map_err(IntoJs::into_js)
    }

    /// Pages of all memories together.
    pub fn memory_pages_in_use(&self) -> u32 {
        self.store.memory_pages_in_use()
    }

    /// The longest module that is compiled, in bytes.
    pub fn module_bytes(&self) -> usize {
        self.store.limits().module_bytes
    }

    /// The default fuel of an outermost call.
    pub fn default_fuel(&self) -> u64 {
        self.store.limits().fuel
    }
}

impl Host {
    /// The call finished.
    pub const FINISHED: u32 = 0;
    /// The call waits for an answer.
    pub const HOST_CALL: u32 = 1;
    /// The call needs fuel.
    pub const OUT_OF_FUEL: u32 = 2;
    /// The call trapped.
    pub const TRAPPED: u32 = 3;
    /// The instance was torn down.
    pub const TORN_DOWN: u32 = 4;
    /// There is no such call or function.
    pub const REFUSED: u32 = 5;
    /// The call used up its slice and has fuel left.
    pub const SLICE_OVER: u32 = 6;
    /// Another call of the guest is under way that this one is not nested in.
    pub const BUSY: u32 = 7;
    /// What stands for a handle until a call that pauses gets one, and where there is no call.
    pub const NO_CALL: u32 = u32::MAX;
    /// Words of the exchange before the values.
    pub(crate) const HEAD: usize = 8;
    /// The word at which values begin.
    pub const VALUES: usize = Self::HEAD;

    /// An environment with all functions that a module imports, numbered by their ordinals, and
    /// with memories of these handles.
    pub(crate) fn environment(&self, module: &Module, memories: &[u32]) -> Result<Environment, JsValue> {
        let mut environment = Environment::new();
        let (mut functions, mut memories) = ((0..).map(FuncIndex), memories.iter());
        for import in module.imports() {
            let (module, name) = (import.module().as_bytes(), import.name().as_bytes());
            match import.ty() {
                guestbox::ExternType::Func(_) => {
                    if let Some(func) = functions.next() {
                        environment.set_function(module, name, func);
                    }
                }
                guestbox::ExternType::Memory(_) => {
                    if let Some(memory) = memories.next() {
                        environment.set_memory(module, name, *self.memories.get(*memory)?);
                    }
                }
                _ => {}
            }
        }
        Ok(environment)
    }

    pub(crate) fn instance(&self, number: u32) -> Result<InstanceId, JsValue> {
        self.store.instance_id(number).map_err(IntoJs::into_js)
    }

    /// Begins a call of an export, by its position, with the values in the exchange.
    fn begin_call(
        &mut self,
        instance: u32,
        export: u32,
        state: u32,
        within: u32,
        keeps_stack: bool,
    ) -> Result<Execution, InvokeError> {
        let instance = self.store.instance_id(instance)?;
        let position = usize::try_from(export).unwrap_or(usize::MAX);
        let export =
            self.store.module(instance)?.exports().get(position).ok_or(InvokeError::ExportNotFound)?;
        let ty = export.ty().as_func().ok_or(InvokeError::NotAFunction)?;
        let words = self.exchange.get(Self::HEAD..).unwrap_or_default();
        self.args.clear();
        self.args.extend(words.iter().zip(ty.params()).filter_map(|(word, ty)| from_word(*word, *ty)));
        let mut execution = self.store.begin_at(instance, position, &self.args, state)?;
        if keeps_stack {
            execution.keep_stack();
        }
        let outer = self.reopen(within)?;
        let entered = execution.enter(&mut self.store);
        if let Some(outer) = outer {
            let _left = self.store.close_level(outer);
        }
        entered.map(|()| execution).map_err(|_| InvokeError::Busy)
    }

    /// Opens the level of the host call that a call waits for, where it was closed because it will be
    /// answered later: for those that are nested in it nevertheless. The level to go back to.
    fn reopen(&mut self, within: u32) -> Result<Option<Level>, InvokeError> {
        if within == Self::NO_CALL || self.serving.contains(&within) {
            return Ok(None);
        }
        let call = self.calls.get_mut(within).map_err(|_| InvokeError::Busy)?;
        match call.execution.run(&mut self.store) {
            // The same host call as before.
            Ok(Step::HostCall(host_call)) => Ok(Some(self.store.open_level(&host_call)?)),
            _ => Err(InvokeError::Busy),
        }
    }

    /// Notes the level of a call that made a host call, and forgets a call that is over.
    fn after_step(&mut self, handle: u32) {
        let Ok(call) = self.calls.get(handle) else { return };
        if call.outer.is_some() {
            self.serving.push(handle);
        } else if call.execution.is_ended() {
            self.calls.remove(handle);
        }
    }

    /// The budget that a call begun now draws on: that of the host call that it is within, or else of
    /// the one being served.
    fn shared_budget(&mut self, within: u32) -> Option<Rc<Budget>> {
        let around = if within == Self::NO_CALL { *self.serving.last()? } else { within };
        Some(self.calls.get_mut(around).ok()?.budget())
    }

    /// Closes the level of the host call that a call waits for, if it is open, and those of calls
    /// nested in it that still wait: they cannot outlive the one around them.
    fn close(&mut self, handle: u32) {
        if !self.serving.contains(&handle) {
            return;
        }
        while let Some(open) = self.serving.pop() {
            let Ok(call) = self.calls.get_mut(open) else { continue };
            call.close(&mut self.store);
            if open == handle {
                return;
            }
        }
    }
}

/// The limits of an instance's own.
pub(crate) fn instance_limits(
    fuel: Option<u64>,
    pages: Option<u32>,
    nesting: Option<u32>,
    overlapping: bool,
) -> InstanceLimits {
    let none = InstanceLimits::new();
    let none = if overlapping { none.with_overlapping_calls() } else { none };
    let limits = fuel.map_or(none, |fuel| none.with_fuel(fuel));
    let limits = pages.map_or(limits, |pages| limits.with_memory_pages(pages));
    nesting.map_or(limits, |nesting| limits.with_nesting(nesting))
}
