//! The door of the npm package: guests driven by JavaScript, in steps.
#![expect(
    clippy::missing_errors_doc,
    reason = "what a function throws is said once, at the top of the crate"
)]

use crate::{
    convert::{describe_exports, describe_imports, from_word, to_word},
    error::{IntoJs, error},
    slab::Slab,
};
use guestbox::{
    Environment, Execution, FuncIndex, InstanceId, Level, MemoryId, Module, Step, Store, TrapCode, Value,
    ValueType,
};
use js_sys::Array;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// Words of the exchange: the values of the longest signature the engine knows, and a head.
const EXCHANGE_WORDS: usize = 1_024;

/// A store, and the calls that are under way in it.
#[wasm_bindgen]
pub struct Host {
    store: Store,
    modules: Slab<Module>,
    memories: Slab<MemoryId>,
    calls: Slab<Call>,
    exchange: Box<[u64]>,
}

/// A guest call.
struct Call {
    execution: Execution,
    /// The types of the results of the host call that it waits for.
    results: Vec<ValueType>,
    /// The memory of the guest whose host call it waits for.
    memory: Option<MemoryId>,
    /// Set while the host call is served: the level to go back to.
    outer: Option<Level>,
    /// The fuel used so far, by nested calls too.
    used: u64,
    /// Whether it draws on the level that it was begun on.
    shares: bool,
}

impl Call {
    const fn new(execution: Execution, shares: bool) -> Self {
        Self { execution, results: Vec::new(), memory: None, outer: None, used: 0, shares }
    }

    /// Closes the level of the host call that it waits for.
    fn close(&mut self, store: &mut Store) {
        if let Some(outer) = self.outer.take() {
            let before = self.execution.fuel();
            self.execution.set_fuel(store.close_level(outer));
            self.spent(before);
        }
    }

    /// Counts the fuel used since it had `before`.
    const fn spent(&mut self, before: u64) {
        self.used = self.used.saturating_add(before.saturating_sub(self.execution.fuel()));
    }
}

#[wasm_bindgen]
impl Host {
    /// An empty store; limits are given as pairs of a name and a number.
    #[wasm_bindgen(constructor)]
    pub fn new(names: Vec<String>, numbers: Vec<f64>) -> Result<Self, JsValue> {
        let limits = crate::scale::limits(&names, &numbers)?;
        Ok(Self {
            store: Store::with_limits(limits),
            modules: Slab::new(),
            memories: Slab::new(),
            calls: Slab::new(),
            exchange: vec![0; EXCHANGE_WORDS].into(),
        })
    }

    /// The address of the exchange in this module's memory.
    pub fn exchange(&self) -> usize {
        self.exchange.as_ptr().addr()
    }

    /// The names of the trap codes, by number.
    pub fn trap_codes() -> Vec<String> {
        TRAPS.iter().map(|code| code.name().to_owned()).collect()
    }

    /// What the trap codes mean, by number.
    pub fn trap_messages() -> Vec<String> {
        TRAPS.iter().map(|code| code.message().to_owned()).collect()
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

    /// Makes a memory and returns its handle. A negative maximum is none.
    pub fn new_memory(&mut self, initial: u32, maximum: f64) -> Result<u32, JsValue> {
        let memory = self.store.create_memory(initial, pages(maximum)).map_err(IntoJs::into_js)?;
        Ok(self.memories.insert(memory))
    }

    /// The handle of a memory that an instance exports.
    pub fn exported_memory(&mut self, instance: u32, name: &str) -> Result<u32, JsValue> {
        let memory = self.store.exported_memory(self.instance(instance)?, name).map_err(IntoJs::into_js)?;
        let memory = memory.ok_or_else(|| error("HandleError", "unknown", &"no such memory"))?;
        Ok(self.memories.insert(memory))
    }

    /// The size of a memory in pages of 64 KiB.
    pub fn memory_size(&self, memory: u32) -> Result<u32, JsValue> {
        self.store.memory_size(*self.memories.get(memory)?).map_err(IntoJs::into_js)
    }

    /// Grows a memory by pages and returns its size before.
    pub fn memory_grow(&mut self, memory: u32, pages: u32) -> Result<u32, JsValue> {
        self.store.memory_grow(*self.memories.get(memory)?, pages).map_err(IntoJs::into_js)
    }

    /// The address of a memory's bytes in this module's memory. It holds until a guest runs or
    /// anything is made.
    pub fn memory_address(&mut self, memory: u32) -> Result<usize, JsValue> {
        let data = self.store.memory_data_mut(*self.memories.get(memory)?).map_err(IntoJs::into_js)?;
        Ok(data.as_ptr().addr())
    }

    /// Ends the life of a memory that was made; guests that import it keep it. The handle of an
    /// exported memory is only forgotten.
    pub fn drop_memory(&mut self, memory: u32) -> Result<(), JsValue> {
        let Some(id) = self.memories.remove(memory) else { return Ok(()) };
        if id.number().is_some() {
            self.store.teardown_memory(id).map_err(IntoJs::into_js)?;
        }
        Ok(())
    }

    /// Begins to instantiate a module and returns the handle of the call of its start function,
    /// which has to be stepped with [`Host::step`] also where there is none. Functions are
    /// numbered by their ordinal among the module's imported functions; `memories` are the
    /// handles for its imported memories, in order.
    pub fn instantiate(&mut self, module: u32, memories: &[u32], state: u32) -> Result<u32, JsValue> {
        let module = self.modules.get(module)?.clone();
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
        let execution =
            self.store.begin_instantiate(&module, &environment, state).map_err(IntoJs::into_js)?;
        let shares = self.store.is_serving();
        Ok(self.calls.insert(Call::new(execution, shares)))
    }

    /// Begins a call of an export, by its position, with the values in the exchange, and makes
    /// the first step of it. See [`Host::step`].
    pub fn call(&mut self, instance: u32, export: u32, state: u32) -> u32 {
        let Ok(id) = self.store.instance_id(instance) else { return Self::TORN_DOWN };
        let Ok(module) = self.store.module(id) else { return Self::TORN_DOWN };
        let module = module.clone();
        let Some(entry) = usize::try_from(export).ok().and_then(|at| module.exports().get(at)) else {
            return Self::REFUSED;
        };
        let Some(ty) = entry.ty().as_func() else { return Self::REFUSED };
        let Some(args) = self.values(ty.params()) else { return Self::REFUSED };
        let Ok(execution) = self.store.begin(id, entry.name(), &args, state) else { return Self::REFUSED };
        let shares = self.store.is_serving();
        let call = Call::new(execution, shares);
        let call = self.calls.insert(call);
        self.step(call)
    }

    /// Begins a call as [`Host::call`] does, with fuel of its own and without a step.
    pub fn begin(&mut self, instance: u32, export: u32, state: u32, fuel: u64) -> Result<u32, JsValue> {
        let id = self.instance(instance)?;
        let module = self.store.module(id).map_err(IntoJs::into_js)?.clone();
        let entry = usize::try_from(export).ok().and_then(|at| module.exports().get(at));
        let args = entry.and_then(|entry| self.values(entry.ty().as_func()?.params()));
        let (Some(entry), Some(args)) = (entry, args) else {
            return Err(error("InvokeError", "not-a-function", &"the export is no callable function"));
        };
        let name = entry.name().to_owned();
        let mut execution = self.store.begin(id, &name, &args, state).map_err(IntoJs::into_js)?;
        execution.set_fuel(fuel);
        let call = Call::new(execution, false);
        Ok(self.calls.insert(call))
    }

    /// Makes a step of a call: runs its guest until something happens, and returns what.
    ///
    /// * [`Host::FINISHED`]: the results are in the exchange. The call is over.
    /// * [`Host::HOST_CALL`]: word 0 is the call's handle, word 1 the function's ordinal, word 2 the state;
    ///   the arguments are in the exchange. Answer with [`Host::answer`] or [`Host::cancel`].
    /// * [`Host::OUT_OF_FUEL`]: word 0 is the call's handle, word 1 the fuel it needs at least.
    /// * [`Host::TRAPPED`]: word 1 is the number of the trap's code. The call is over.
    ///
    /// Word 3 is the fuel left, word 4 the fuel used. For an instantiation that finished, word 1
    /// is the instance.
    pub fn step(&mut self, handle: u32) -> u32 {
        let Ok(call) = self.calls.get_mut(handle) else { return Self::REFUSED };
        let (head, values) = self.exchange.split_at_mut(Self::HEAD);
        let before = call.execution.fuel();
        let mut words = [u64::from(handle), 0, 0];
        let step = match call.execution.run(&mut self.store) {
            Ok(Step::Finished(results)) => {
                put_values(values, &results);
                Self::FINISHED
            }
            Ok(Step::HostCall(host_call)) => {
                put_values(values, host_call.args);
                call.memory = host_call.memory;
                call.results.clear();
                if let guestbox::ExternType::Func(ty) = host_call.import.ty() {
                    call.results.extend_from_slice(ty.results());
                }
                words = [handle.into(), host_call.ordinal.into(), host_call.state.into()];
                match self.store.open_level(host_call.fuel) {
                    Ok(outer) => {
                        call.outer = Some(outer);
                        Self::HOST_CALL
                    }
                    Err(trap) => {
                        call.execution.cancel(&mut self.store);
                        words = [0, trap_number(trap.code()), 0];
                        Self::TRAPPED
                    }
                }
            }
            Ok(Step::OutOfFuel { required, .. }) => {
                words = [handle.into(), required, 0];
                Self::OUT_OF_FUEL
            }
            Ok(Step::Trapped(trap)) => {
                words = [0, trap_number(trap.code()), 0];
                Self::TRAPPED
            }
            Ok(_) | Err(_) => Self::REFUSED,
        };
        if step == Self::FINISHED {
            words = [0, call.execution.instance().map_or(0, InstanceId::number).into(), 0];
        }
        call.spent(before);
        let [handle_word, detail, state] = words;
        put_head(head, [handle_word, detail, state, call.execution.fuel(), call.used]);
        if matches!(step, Self::FINISHED | Self::TRAPPED | Self::REFUSED) {
            self.over(handle);
        }
        step
    }

    /// Answers the host call that a call waits for, with the values in the exchange, and makes
    /// the next step.
    pub fn answer(&mut self, handle: u32) -> u32 {
        let Ok(call) = self.calls.get_mut(handle) else { return Self::REFUSED };
        call.close(&mut self.store);
        let words = self.exchange.get(Self::HEAD..).unwrap_or_default();
        let results =
            words.iter().zip(&call.results).filter_map(|(word, ty)| from_word(*word, *ty)).collect();
        // It waits; if not, the step says so.
        let _waiting = call.execution.answer(Ok(results));
        self.step(handle)
    }

    /// Closes the level of a host call that will be answered later, so that calls begun
    /// meanwhile are not nested in it.
    pub fn suspend(&mut self, handle: u32) {
        if let Ok(call) = self.calls.get_mut(handle) {
            call.close(&mut self.store);
        }
    }

    /// Ends a call where it is.
    pub fn cancel(&mut self, handle: u32) {
        self.suspend(handle);
        if let Ok(call) = self.calls.get_mut(handle) {
            call.execution.cancel(&mut self.store);
            self.over(handle);
        }
    }

    /// The fuel that a call has left.
    pub fn fuel(&self, handle: u32) -> u64 {
        self.calls.get(handle).map_or(0, |call| call.execution.fuel())
    }

    /// Sets the fuel that a call has left.
    pub fn set_fuel(&mut self, handle: u32, fuel: u64) {
        if let Ok(call) = self.calls.get_mut(handle) {
            call.execution.set_fuel(fuel);
        }
    }

    /// Gives a call fuel of its own, not shared with the host call that it was begun in.
    pub fn set_budget(&mut self, handle: u32, fuel: u64) {
        if let Ok(call) = self.calls.get_mut(handle) {
            call.execution.set_fuel(fuel);
            call.shares = false;
        }
    }

    /// A handle of the memory of the guest whose host call a call waits for.
    pub fn caller_memory(&mut self, handle: u32) -> Result<u32, JsValue> {
        let memory = self.calls.get(handle)?.memory;
        let memory = memory.ok_or_else(|| error("HandleError", "unknown", &"no such memory"))?;
        Ok(self.memories.insert(memory))
    }

    /// The value of an exported global: its type and its bits; `undefined` where there is none.
    pub fn global(&self, instance: u32, name: &str) -> Result<Option<u64>, JsValue> {
        let value = self.store.global(self.instance(instance)?, name).map_err(IntoJs::into_js)?;
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
    /// Words of the exchange before the values.
    const HEAD: usize = 8;
    /// The word at which values begin.
    pub const VALUES: usize = Self::HEAD;

    fn instance(&self, number: u32) -> Result<InstanceId, JsValue> {
        self.store.instance_id(number).map_err(IntoJs::into_js)
    }

    fn values(&self, types: &[ValueType]) -> Option<Vec<Value>> {
        values_of(self.exchange.get(Self::HEAD..)?, types)
    }

    /// Forgets a call that is over, and accounts for its fuel.
    fn over(&mut self, handle: u32) {
        if let Some(call) = self.calls.remove(handle)
            && call.shares
        {
            self.store.draw(&call.execution);
        }
    }
}

fn values_of(words: &[u64], types: &[ValueType]) -> Option<Vec<Value>> {
    if types.len() > words.len() {
        return None;
    }
    words.iter().zip(types).map(|(word, ty)| from_word(*word, *ty)).collect()
}

fn put_values(words: &mut [u64], values: &[Value]) {
    for (word, value) in words.iter_mut().zip(values) {
        *word = to_word(*value);
    }
}

fn put_head(head: &mut [u64], words: [u64; 5]) {
    for (slot, word) in head.iter_mut().zip(words) {
        *slot = word;
    }
}

fn trap_number(code: TrapCode) -> u64 {
    (0..).zip(TRAPS).find(|(_, other)| **other == code).map_or(0, |(number, _)| number)
}

/// Pages as JavaScript gives them; a negative number is none.
fn pages(pages: f64) -> Option<u32> {
    (pages >= 0.0).then(|| crate::scale::saturate(pages))
}

/// The trap codes, by the number they have here.
const TRAPS: &[TrapCode] = &[
    TrapCode::Engine,
    TrapCode::BadConversionToInteger,
    TrapCode::BadSignature,
    TrapCode::HostError,
    TrapCode::IndirectCallToNull,
    TrapCode::IntegerDivisionByZero,
    TrapCode::IntegerOverflow,
    TrapCode::MemoryOutOfBounds,
    TrapCode::NestingTooDeep,
    TrapCode::OutOfFuel,
    TrapCode::OutOfSystemMemory,
    TrapCode::ResultType,
    TrapCode::StackOverflow,
    TrapCode::TableOutOfBounds,
    TrapCode::Unreachable,
];
