//! Where a case runs: its module compiled, a store for it, and what serves its imports.

use super::{
    case::{Call, Case, Plan},
    host::Host,
    record::{End, Entry, State},
};
use guestbox::{
    CallOptions, CompileError, CompileOptions, Environment, ExternType, FuncIndex, HostCall, HostError,
    InstanceId, InstantiateError, InvokeError, Limits, MemoryId, Module, Store, Supervisor, Trap, Value,
    Values,
};

/// A case with its module compiled.
pub(super) struct Ground {
    pub(super) module: Module,
    pub(super) plan: Plan,
    pub(super) limits: Limits,
}

impl Ground {
    pub(super) fn new(case: &Case) -> Result<Self, CompileError> {
        let module = Module::with_limits(&case.limits, &case.bytes)?;
        Ok(Self { plan: case.plan(&module), module, limits: case.limits.clone() })
    }

    /// The same with frames.
    pub(super) fn with_frames(&self, case: &Case) -> Result<Self, CompileError> {
        let limits = self.limits.clone();
        let options = CompileOptions::new().with_frames();
        let module = Module::with_options(&limits, &case.bytes, options)?;
        Ok(Self { module, plan: self.plan.clone(), limits })
    }

    pub(super) fn store(&self) -> Store {
        Store::with_limits(self.limits.clone())
    }

    /// What the module imports, with memories of its own.
    pub(super) fn environment(&self, store: &mut Store) -> (Environment, Vec<MemoryId>) {
        let mut environment = Environment::new();
        let mut memories = Vec::new();
        for (at, import) in (0..).zip(self.module.imports()) {
            let (module, name) = (import.module().as_bytes(), import.name().as_bytes());
            match import.ty() {
                ExternType::Memory(ty) => {
                    let memory = store.create_memory(ty.initial, ty.maximum).unwrap();
                    environment.set_memory(module, name, memory);
                    memories.push(memory);
                }
                _ => environment.set_function(module, name, FuncIndex(at)),
            }
        }
        (environment, memories)
    }

    /// The plain run: the instantiation and each call, by `Store::drive` and `Store::invoke`.
    pub(super) fn run_plain(&self) -> Vec<Entry> {
        self.run_with(&[])
    }

    /// The same with so much fuel for each call, as far as that is given.
    pub(super) fn run_with(&self, fuel: &[u64]) -> Vec<Entry> {
        let mut store = self.store();
        let (environment, memories) = self.environment(&mut store);
        let mut served = Served { host: Host::new(), plan: &self.plan };
        let (entry, instance) = self.instantiate(&mut store, &environment, &memories, &mut served);
        let mut entries = vec![entry];
        if let Some(instance) = instance {
            for (at, call) in self.plan.calls.iter().enumerate() {
                let fuel = fuel.get(at).copied();
                entries.push(self.call_with(&mut store, instance, &memories, &mut served, (call, fuel)));
            }
        }
        entries
    }

    /// The plain run of one call of a new instance.
    pub(super) fn run_one_plain(&self, call: &Call) -> Option<Entry> {
        let mut store = self.store();
        let (environment, memories) = self.environment(&mut store);
        let mut served = Served { host: Host::new(), plan: &self.plan };
        let (_, instance) = self.instantiate(&mut store, &environment, &memories, &mut served);
        Some(self.call(&mut store, instance?, &memories, &mut served, call))
    }

    pub(super) fn instantiate(
        &self,
        store: &mut Store,
        environment: &Environment,
        memories: &[MemoryId],
        served: &mut Served<'_>,
    ) -> (Entry, Option<InstanceId>) {
        served.host.is_nested = true;
        let (end, fuel, instance) = match store.begin_instantiate(&self.module, environment, 0) {
            Ok(mut execution) => {
                let outcome = store.drive(served, &mut execution);
                (end(outcome), execution.fuel_used(), execution.instance())
            }
            Err(error) => (no_instance(&error), 0, None),
        };
        served.host.is_nested = false;
        let state = State::of(store, instance, memories, &self.plan);
        (Entry::new(end, fuel, &served.host, state), instance)
    }

    pub(super) fn call(
        &self,
        store: &mut Store,
        instance: InstanceId,
        memories: &[MemoryId],
        served: &mut Served<'_>,
        call: &Call,
    ) -> Entry {
        self.call_with(store, instance, memories, served, (call, None))
    }

    fn call_with(
        &self,
        store: &mut Store,
        instance: InstanceId,
        memories: &[MemoryId],
        served: &mut Served<'_>,
        (call, fuel): (&Call, Option<u64>),
    ) -> Entry {
        let options = fuel.map_or(CallOptions::new(), |fuel| CallOptions::new().with_fuel(fuel));
        let outcome = store.invoke_with(served, instance, &call.export, &call.args, options);
        let (end, fuel) = match outcome {
            Ok(outcome) => (End::Finished(outcome.values.to_vec()), outcome.fuel_used),
            Err(InvokeError::Trap(trap)) => (End::Trapped(trap.code()), trap.fuel_used()),
            Err(error) => panic!("{call:?}: {error}"),
        };
        let state = State::of(store, Some(instance), memories, &self.plan);
        Entry::new(end, fuel, &served.host, state)
    }
}

pub(super) fn no_instance(error: &InstantiateError) -> End {
    End::NoInstance(error.code())
}

pub(super) fn end(outcome: Result<Values, Trap>) -> End {
    match outcome {
        Ok(values) => End::Finished(values.to_vec()),
        Err(trap) => End::Trapped(trap.code()),
    }
}

/// The supervisor of the plain run.
pub(super) struct Served<'a> {
    pub(super) host: Host,
    pub(super) plan: &'a Plan,
}

impl Supervisor for Served<'_> {
    fn dispatch(&mut self, store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        let hash = self.host.enter(call.ordinal, call.args.iter().copied());
        if let (true, Some(instance), Some(back)) = (self.host.calls_back(), call.instance, &self.plan.back) {
            self.host.is_nested = true;
            let outcome = store.invoke(self, instance, &back.export, &back.args, 0);
            self.host.is_nested = false;
            self.host.called_back(match &outcome {
                Ok(values) => Ok(values),
                Err(InvokeError::Trap(trap)) => Err(trap.code()),
                Err(error) => panic!("{back:?}: {error}"),
            });
        }
        let ty = call.import.ty().as_func().unwrap();
        answer(Host::answer(hash, ty))
    }
}

pub(super) fn answer(results: Option<Vec<Value>>) -> Result<Values, HostError> {
    results.map(Values::from).ok_or_else(HostError::new)
}
