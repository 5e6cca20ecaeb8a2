//! A supervisor that is itself wasm (`supervisor/`), natively: it runs in wasmi, over the host
//! functions of `guestbox::substrate`.

mod document;

pub use self::document::{Case, Document, Step};

use crate::guests;
use guestbox::{
    Limits, Region,
    abi::SupervisorTrap,
    substrate::{self, Sandbox, wasmi},
};
use std::slice;
use wasmi::{Engine, Instance, Linker, Memory, Module, Store, Val};

/// What a step came to.
#[derive(Debug, PartialEq)]
pub struct StepResult {
    /// What the program returned, SCALE-encoded, or the code of what it trapped for.
    pub outcome: Result<Vec<u8>, String>,
    /// What the supervisor logged, a line for each event.
    pub trace: Vec<String>,
}

/// The supervisor's module and the engine it runs in.
pub struct Supervisor {
    engine: Engine,
    module: Module,
    limits: Limits,
}

impl Supervisor {
    /// Loads what `make supervisor` built.
    ///
    /// # Panics
    ///
    /// Where it is not there, or no supervisor.
    #[must_use]
    pub fn load(limits: Limits) -> Self {
        let wasm = guests::built("guestbox_test_supervisor");
        let engine = Engine::default();
        let module = Module::new(&engine, &wasm).expect("the supervisor is a module");
        Self { engine, module, limits }
    }

    /// Runs a case, with a supervisor and a store of its own.
    ///
    /// # Panics
    ///
    /// Where the supervisor lacks what a case needs, or its log cannot be read.
    #[must_use]
    pub fn run(&self, document: &Document, case: &Case) -> Vec<StepResult> {
        let mut running = Running::new(self);
        case.steps.iter().map(|step| running.step(step, &document.bytes(step))).collect()
    }

    /// The bytes in use of the supervisor's heap after each of so many rounds of a case.
    ///
    /// # Panics
    ///
    /// As [`Supervisor::run`].
    #[must_use]
    pub fn heap_after_rounds(&self, document: &Document, case: &Case, rounds: usize) -> Vec<u64> {
        let mut running = Running::new(self);
        let round = |_| {
            for step in &case.steps {
                running.step(step, &document.bytes(step));
            }
            running.store.data().allocator().expect("it was attached").bytes_in_use()
        };
        (0..rounds).map(round).collect()
    }
}

struct Running {
    store: Store<Sandbox>,
    instance: Instance,
    memory: Memory,
}

impl Running {
    fn new(supervisor: &Supervisor) -> Self {
        let mut linker = Linker::new(&supervisor.engine);
        substrate::link(&mut linker).expect("no name is taken");
        // As deep as in JavaScript, on a thread that has the stack for it.
        let sandbox = Sandbox::new(supervisor.limits.clone()).with_nesting(supervisor.limits.nesting);
        let mut store = Store::new(&supervisor.engine, sandbox);
        let instance = linker
            .instantiate_and_start(&mut store, &supervisor.module)
            .expect("its imports are the host functions");
        substrate::attach(&mut store, &instance).expect("it has a heap");
        let memory = instance.get_memory(&store, "memory").expect("it exports its memory");
        Self { store, instance, memory }
    }

    fn step(&mut self, step: &Step, input: &[u8]) -> StepResult {
        let len = Val::I32(i32::try_from(input.len()).expect("a guest is not that long"));
        let ptr = self.call("alloc", slice::from_ref(&len)).expect("there is room");
        let address = usize::try_from(ptr.i32().expect("an address").cast_unsigned()).expect("an address");
        self.memory.write(&mut self.store, address, input).expect("the buffer is there");
        let numbers = step.numbers.iter().map(|number| Val::I64(number.0.cast_signed()));
        let args: Vec<Val> = numbers.chain([ptr, len]).collect();
        let outcome = self.call(&step.call, &args).map(|region| self.take(&region));
        let log = self.call("log", &[]).expect("the log can be read after a trap, too");
        let log = String::from_utf8(self.copy(&log)).expect("the log is text");
        StepResult { outcome, trace: log.lines().map(str::to_owned).collect() }
    }

    /// Calls an export. Where the supervisor traps, that is for what it did wrong.
    fn call(&mut self, name: &str, args: &[Val]) -> Result<Val, String> {
        let export = self.instance.get_func(&self.store, name);
        let export = export.unwrap_or_else(|| panic!("the supervisor has no {name}"));
        let mut results = vec![Val::I32(0); export.ty(&self.store).results().len()];
        match export.call(&mut self.store, args, &mut results) {
            Ok(()) => Ok(results.pop().unwrap_or(Val::I32(0))),
            Err(error) => match error.downcast_ref::<SupervisorTrap>() {
                Some(trap) => Err(trap.name().to_owned()),
                None => panic!("{name}: {error}"),
            },
        }
    }

    /// Copies an outcome, and frees it.
    fn take(&mut self, region: &Val) -> Vec<u8> {
        let bytes = self.copy(region);
        let Region { ptr, len } = Region::from_thunk(region.i64().expect("a region"));
        let args = [ptr, len].map(|word| Val::I32(word.cast_signed()));
        self.call("release", &args).expect("what it handed out can be freed");
        bytes
    }

    /// Copies a region `ptr << 32 | len`.
    fn copy(&self, region: &Val) -> Vec<u8> {
        let Region { ptr, len } = Region::from_thunk(region.i64().expect("a region"));
        let [ptr, len] = [ptr, len].map(|word| usize::try_from(word).expect("32 bits"));
        self.memory.data(&self.store)[ptr..][..len].to_vec()
    }
}
