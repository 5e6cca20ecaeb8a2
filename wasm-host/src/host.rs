//! The door of the npm package: guests driven by JavaScript, in steps.
#![expect(
    clippy::missing_errors_doc,
    reason = "what a function throws is said once, at the top of the crate"
)]

use crate::{
    call::Call,
    convert::{describe_exports, describe_imports, saturate_long},
    error::IntoJs,
    exchange::Exchange,
    json::List,
    limits::Settings,
    names::camel_case,
    protocol::Protocol,
    slab::Slab,
    systems::Systems,
    trapped::Trapped,
    unparking::Unparking,
};
use guestbox::{
    CompileError, Environment, ExternType, Feature, Features, FuncIndex, FuncRef, GlobalId, InstanceId,
    InstanceLimits, Limit, MemoryId, Module, Needs, Parked, SharedFuel, Snapshot, Store, TableId, Value,
};
use std::collections::HashMap;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// A store, and the calls that are under way in it.
#[wasm_bindgen]
pub struct Host {
    pub(crate) store: Store,
    pub(crate) modules: Slab<Module>,
    pub(crate) globals: Slab<GlobalId>,
    pub(crate) memories: Slab<MemoryId>,
    pub(crate) tables: Slab<TableId>,
    /// By the numbers of instances, the functions that they export, as long as these are the same ones.
    pub(crate) exported_funcs: HashMap<u32, HashMap<FuncRef, u32>>,
    pub(crate) snapshots: Slab<Snapshot>,
    pub(crate) parked: Slab<Parked>,
    pub(crate) unparking: Slab<Unparking>,
    pub(crate) calls: Slab<Call>,
    pub(crate) systems: Systems,
    /// What calls that are to be begun later will draw on.
    pub(crate) budgets: Slab<SharedFuel>,
    /// What there is to say of the call that trapped last.
    pub(crate) trapped: Trapped,
    /// The handles of the calls whose host calls are being served, each nested in those before.
    pub(crate) serving: Vec<u32>,
    /// Arguments on their way to a guest.
    pub(crate) args: Vec<Value>,
    pub(crate) exchange: Exchange,
}

#[wasm_bindgen]
impl Host {
    /// An empty store.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            systems: Systems::new(settings.preset()),
            store: Store::with_limits(settings.limits()),
            modules: Slab::new(),
            globals: Slab::new(),
            memories: Slab::new(),
            tables: Slab::new(),
            exported_funcs: HashMap::new(),
            snapshots: Slab::new(),
            parked: Slab::new(),
            unparking: Slab::new(),
            calls: Slab::new(),
            budgets: Slab::new(),
            trapped: Trapped::default(),
            serving: Vec::new(),
            args: Vec::new(),
            exchange: Exchange::new(),
        }
    }

    /// The address of the exchange in this module's memory.
    pub fn exchange(&self) -> usize {
        self.exchange.address()
    }

    /// All limits: `[name, number]` each.
    pub fn limits(&self) -> String {
        crate::limits::describe(self.store.limits().by_name())
    }

    /// The version of the cost model of fuel.
    pub fn costs_version() -> u32 {
        guestbox::costs::VERSION
    }

    /// The numbers of the things that guests still have, in order: see [`Store::externs_in_use`].
    pub fn externs_in_use(&mut self) -> Vec<u32> {
        self.store.externs_in_use().into_iter().map(|thing| thing.0).collect()
    }

    /// Compiles a module and returns its handle.
    pub fn compile(&mut self, bytes: &[u8]) -> Result<u32, JsValue> {
        let module = Module::with_limits(self.store.limits(), bytes).map_err(IntoJs::into_js)?;
        Ok(self.modules.insert(module))
    }

    /// The names of the features without each of which a module would be refused.
    pub fn used_features(&self, bytes: &[u8]) -> String {
        let used = Features::used_by(bytes);
        let names = Feature::ALL
            .iter()
            .filter(|feature| used.contains(**feature))
            .map(|feature| camel_case(feature.name()));
        names.fold(List::new(), |list, name| list.with_text(&*name)).to_string()
    }

    /// What a module takes of limits: `[name, number]` each.
    pub fn needs(&self, module: u32) -> Result<String, JsValue> {
        Ok(crate::limits::describe(self.modules.get(module)?.needs().by_name()))
    }

    /// The imports of a module: `[module, name, kind, ...]` each.
    pub fn imports(&self, module: u32) -> Result<String, JsValue> {
        Ok(describe_imports(self.modules.get(module)?))
    }

    /// The exports of a module: `[name, kind, ...]` each.
    pub fn exports(&self, module: u32) -> Result<String, JsValue> {
        Ok(describe_exports(self.modules.get(module)?))
    }

    /// Drops a module; its instances go on.
    pub fn drop_module(&mut self, module: u32) {
        self.modules.remove(module);
    }

    /// Begins to instantiate a module and returns the handle of the call of its start function,
    /// which has to be stepped with [`Host::step`] also where there is none. Functions are
    /// numbered by their ordinal among the module's imported functions; `things` are the handles
    /// of all else that it imports, memories and globals, in the order of its imports. `fuel`,
    /// `pages` and `nesting` are limits of the instance's own; `ways` has the bits [`Protocol::OVERLAPS`] where its calls
    /// need not nest and [`Protocol::RECORDED`] where it is recorded. `wasi` is empty, or the handle of a system and, for each of the functions, its number
    /// among the system's, or [`Protocol::NO_CALL`] of one that JavaScript serves.
    #[expect(
        clippy::too_many_arguments,
        reason = "numbers cross as they are, an object would be read property by property"
    )]
    pub fn instantiate(
        &mut self,
        module: u32,
        things: &[u32],
        state: u32,
        fuel: Option<u64>,
        pages: Option<u32>,
        nesting: Option<u32>,
        ways: u32,
        wasi: &[u32],
    ) -> Result<u32, JsValue> {
        let module = self.modules.get(module)?.clone();
        let environment = self.environment(&module, things, wasi)?;
        let seat = self.systems.seat(wasi)?;
        let limits = Ways(ways).limits(fuel, pages, nesting);
        let execution = self.store.begin_instantiate_with(&module, &environment, state, limits);
        let around = if fuel.is_none() { self.budget(Protocol::NO_CALL) } else { None };
        Ok(self.calls.insert(Call::new(execution.map_err(IntoJs::into_js)?, seat, around)))
    }

    /// Ends the life of an instance.
    pub fn teardown_instance(&mut self, instance: u32) -> Result<(), JsValue> {
        self.exported_funcs.remove(&instance);
        self.systems.forget(instance);
        let instance = self.instance(instance)?;
        self.store.teardown_instance(instance).map_err(IntoJs::into_js)
    }

    /// Pages of all memories together.
    pub fn memory_pages_in_use(&self) -> u32 {
        self.store.memory_pages_in_use()
    }

    /// Refuses a module of so many bytes that is not even looked at for all that it takes of limits, before it is
    /// copied to where [`Host::compile`] reads it.
    pub fn check_module_bytes(&self, length: f64) -> Result<(), JsValue> {
        let (length, limits) = (saturate_long(length), self.store.limits());
        if usize::try_from(length).is_ok_and(|length| Needs::are_counted(limits, length)) {
            return Ok(());
        }
        let maximum = limits.module_bytes.try_into().unwrap_or(u64::MAX);
        Limit::ModuleBytes.check(length, maximum).map_err(|refused| CompileError::from(refused).into_js())
    }
}

impl Host {
    /// An environment with all functions that a module imports, numbered by their ordinals where they are not of WASI,
    /// and with what else it imports by these handles.
    pub(crate) fn environment(
        &self,
        module: &Module,
        things: &[u32],
        wasi: &[u32],
    ) -> Result<Environment, JsValue> {
        let mut environment = Environment::new();
        let (mut functions, mut things) = ((0..).map(FuncIndex).enumerate(), things.iter());
        for import in module.imports() {
            let (module, name) = (import.module().as_bytes(), import.name().as_bytes());
            if let ExternType::Func(_) = import.ty() {
                if let Some((ordinal, func)) = functions.next()
                    && !Systems::offer(&mut environment, wasi, ordinal, import.module(), import.name())
                {
                    environment.set_function(module, name, func);
                }
                continue;
            }
            let Some(thing) = things.next() else { continue };
            match import.ty() {
                ExternType::Global(_) => {
                    environment.set_global(module, name, *self.globals.get(*thing)?);
                }
                ExternType::Memory(_) => {
                    environment.set_memory(module, name, *self.memories.get(*thing)?);
                }
                ExternType::Table(_) => {
                    environment.set_table(module, name, *self.tables.get(*thing)?);
                }
                _ => {}
            }
        }
        Ok(environment)
    }

    pub(crate) fn instance(&self, number: u32) -> Result<InstanceId, JsValue> {
        self.store.instance_id(number).map_err(IntoJs::into_js)
    }
}

/// How an instance is to be: bits of [`Protocol`].
pub(crate) struct Ways(pub(crate) u32);

impl Ways {
    const fn has(&self, bit: u32) -> bool {
        self.0 & bit != 0
    }

    /// The limits of an instance's own.
    pub(crate) fn limits(
        &self,
        fuel: Option<u64>,
        pages: Option<u32>,
        nesting: Option<u32>,
    ) -> InstanceLimits {
        let none = InstanceLimits::new();
        let none = if self.has(Protocol::OVERLAPS) { none.with_overlapping_calls() } else { none };
        let none = if self.has(Protocol::RECORDED) { none.with_journal() } else { none };
        let limits = fuel.map_or(none, |fuel| none.with_fuel(fuel));
        let limits = pages.map_or(limits, |pages| limits.with_memory_pages(pages));
        nesting.map_or(limits, |nesting| limits.with_nesting(nesting))
    }
}
