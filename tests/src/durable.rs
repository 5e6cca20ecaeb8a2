//! Parking guests in the middle of what they do, and looking whether they are the same elsewhere.

use crate::random::Random;
use guestbox::{
    Environment, Execution, ExternType, FuncIndex, HostCall, Import, InstanceId, InstanceLimits, Limits,
    Module, ParkError, Parked, Replayed, Step, Store, Value, ValueType,
};

/// A guest that was unparked.
pub struct Elsewhere {
    /// Where it is.
    pub store: Store,
    /// `None` while its start function is under way.
    pub guest: Option<InstanceId>,
    /// Its calls, the innermost last.
    pub calls: Vec<Execution>,
}

/// What a module imports, with these numbers of its functions, memories of the sizes that it asks for, and zeros.
#[must_use]
pub fn environment(store: &mut Store, module: &Module, number: impl Fn(&Import) -> FuncIndex) -> Environment {
    let mut environment = Environment::new();
    for import in module.imports() {
        let (from, name) = (import.module().as_bytes(), import.name().as_bytes());
        match import.ty() {
            ExternType::Func(_) => environment.set_function(from, name, number(import)),
            ExternType::Memory(ty) => {
                let memory = store.create_memory(ty.initial, ty.maximum).unwrap();
                environment.set_memory(from, name, memory);
            }
            ExternType::Global(ty) => {
                let zero = match ty.value {
                    ValueType::I32 => Value::I32(0),
                    ValueType::I64 => Value::I64(0),
                    other => panic!("a global of type {}", other.name()),
                };
                let global = store.create_global(zero, ty.mutable).unwrap();
                environment.set_global(from, name, global);
            }
            other => panic!("{other} is imported"),
        }
    }
    environment
}

/// Unparks a guest in a store of its own, from its bytes, in slices; recorded further.
///
/// # Panics
///
/// Where it cannot be.
#[must_use]
pub fn unpark(
    (limits, own): (&Limits, InstanceLimits),
    module: &Module,
    parked: &Parked,
    number: impl Fn(&Import) -> FuncIndex,
    slice: u64,
) -> Elsewhere {
    let parked = Parked::from_bytes(parked.as_bytes().to_vec()).unwrap();
    let mut store = Store::with_limits(limits.clone());
    let environment = environment(&mut store, module, number);
    let mut replay = store.unpark(module, &environment, &parked, own.with_journal()).unwrap();
    loop {
        match replay.run(&mut store, slice).unwrap_or_else(|error| panic!("{error}, slices of {slice}")) {
            Replayed::Going => assert!(slice < u64::MAX, "the slice is not over"),
            Replayed::Ready { instance, calls } => {
                assert_eq!(calls.len(), parked.waiting().count());
                return Elsewhere { store, guest: instance, calls };
            }
        }
    }
}

/// Parks guests at some of their pauses, and looks at them elsewhere.
#[derive(Clone, Debug)]
pub struct Parking {
    random: Random,
    /// One of how many pauses.
    one_of: u32,
    /// The module as it is unparked, if not that which was recorded.
    pub module: Option<Module>,
    limits: Limits,
    /// How many were the same elsewhere.
    pub same: u32,
    /// How many could not be parked, as they share something.
    pub shared: u32,
}

impl Parking {
    /// Of one of so many pauses.
    #[must_use]
    pub fn new(seed: u64, one_of: u32) -> Self {
        let limits = Self::limits(Limits::default());
        Self { random: Random::new(seed), one_of, module: None, limits, same: 0, shared: 0 }
    }

    /// The same limits, but for what is recorded.
    #[must_use]
    pub const fn limits(mut limits: Limits) -> Limits {
        limits.journal_bytes = 256 << 20;
        limits.parked_bytes = usize::MAX;
        limits.replay_fuel = u64::MAX;
        limits
    }

    /// Unparks under these.
    pub fn set_limits(&mut self, limits: &Limits) {
        self.limits = limits.clone();
    }

    /// Parks the guest that makes a host call.
    pub fn host_call(&mut self, store: &mut Store, call: &HostCall<'_>) {
        if !self.is_one() {
            return;
        }
        let instance = call.instance.map(|instance| store.module(instance).unwrap().clone());
        // A start function is parked by others.
        let Some(module) = instance.filter(|_| !call.is_elsewhere()) else { return };
        let Some(mut elsewhere) = self.unpark(&module, call.park(store)) else { return };
        let last = elsewhere.calls.last_mut().expect("it waits");
        let Step::HostCall(same) = last.run(&mut elsewhere.store).unwrap() else { panic!("no host call") };
        assert_eq!((same.args, same.fuel, same.ordinal), (call.args, call.fuel, call.ordinal));
        assert_eq!((same.number, same.state), (call.number, call.state));
        let memory = call.memory.zip(same.memory);
        if let Some((memory, other)) = memory {
            assert!(bytes(store, memory) == bytes(&elsewhere.store, other), "the memory is another");
        }
        self.same += 1;
    }

    /// Parks the guest of a call that is out of fuel, or between slices.
    pub fn out_of_fuel(&mut self, store: &mut Store, call: &Execution) {
        if !self.is_one() {
            return;
        }
        let Some(instance) = call.instance() else { return };
        let module = store.module(instance).unwrap().clone();
        let parked = call.park(store);
        let Some(elsewhere) = self.unpark(&module, parked) else { return };
        let last = elsewhere.calls.last().expect("it is under way");
        assert_eq!((last.fuel(), last.fuel_used()), (call.fuel(), call.fuel_used()));
        self.same += 1;
    }

    /// Parks a guest of which no call is under way.
    pub fn idle(&mut self, store: &mut Store, instance: InstanceId) {
        let module = store.module(instance).unwrap().clone();
        let parked = store.park(instance);
        if let Some(elsewhere) = self.unpark(&module, parked) {
            assert!(elsewhere.calls.is_empty());
            self.same += 1;
        }
    }

    fn is_one(&mut self) -> bool {
        self.random.below(self.one_of) == 0
    }

    fn unpark(&mut self, module: &Module, parked: Result<Parked, ParkError>) -> Option<Elsewhere> {
        let parked = match parked {
            Ok(parked) => parked,
            Err(ParkError::SharedMemory | ParkError::Reference) => {
                self.shared += 1;
                return None;
            }
            Err(error) => panic!("{error}"),
        };
        // The numbers of functions are said by nobody but the environment: any will do.
        let slice = self.random.one(&[u64::MAX, 1_000_000, 10_007, 333]).max(parked.fuel() / 1_000);
        let module = self.module.as_ref().unwrap_or(module);
        let elsewhere =
            unpark((&self.limits, InstanceLimits::new()), module, &parked, |_| FuncIndex(0), slice);
        Some(elsewhere)
    }
}

/// All bytes of a memory.
#[must_use]
pub fn bytes(store: &Store, memory: guestbox::MemoryId) -> Vec<u8> {
    let pages = store.memory_size(memory).unwrap();
    store.memory_to_vec(memory, 0, pages << 16).unwrap()
}
