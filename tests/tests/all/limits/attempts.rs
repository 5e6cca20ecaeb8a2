//! What asks for so much of something, under some limits.

use guestbox::{
    CompileError, Environment, FuncIndex, HostCall, HostError, InstanceId, InstanceLimits, InstantiateError,
    InvokeError, LimitError, Limits, MemoryError, Module, NoImports, ParkError, Parked, Store, Supervisor,
    Trap, TrapCode, UnparkError, Value, Values,
};
use guestbox_tests::text;

/// How a limit refuses.
#[derive(Debug)]
pub(super) enum Refusal {
    /// An error that names the limit, its value and what was asked for.
    Limit(LimitError),
    /// A trap of this code, as the engine has no more to say; for fuel with what was used.
    Trap(TrapCode, u64),
}

pub(super) type Attempt = Result<(), Refusal>;

pub(super) fn narrow(value: u64) -> u32 {
    value.try_into().unwrap()
}

pub(super) fn long(value: u64) -> usize {
    value.try_into().unwrap()
}

/// Compiles a module.
pub(super) fn compile(limits: &Limits, bytes: &[u8]) -> Attempt {
    match Module::with_limits(limits, bytes) {
        Ok(_) => Ok(()),
        Err(CompileError::Limit(error)) => Err(Refusal::Limit(*error)),
        Err(error) => panic!("{error}"),
    }
}

/// Compiles a module of so many of an item in the text format.
pub(super) fn many(limits: &Limits, count: u64, item: &str) -> Attempt {
    compile(limits, &text::bytes(&format!("(module {})", item.repeat(long(count)))))
}

pub(super) fn trapped(trap: &Trap) -> Attempt {
    match trap.reason().and_then(|reason| reason.downcast_ref::<LimitError>()) {
        Some(error) => Err(Refusal::Limit(*error)),
        None => Err(Refusal::Trap(trap.code(), trap.fuel_used())),
    }
}

/// Parks a guest in whose memory so many bytes were written, by how many it has parked without.
pub(super) fn parked(limits: Limits, bytes: impl Fn(u64) -> u64) -> Result<Parked, Refusal> {
    let module = text::module(r#"(module (memory (export "memory") 1))"#);
    let own = InstanceLimits::new().with_journal();
    let recorded = |store: &mut Store| {
        store.instantiate_with(&mut NoImports, &module, &Environment::new(), 0, own).unwrap()
    };
    let mut roomy = Store::new();
    let guest = recorded(&mut roomy);
    let empty = roomy.park(guest).unwrap().as_bytes().len();
    let mut store = Store::with_limits(limits);
    let guest = recorded(&mut store);
    let memory = store.exported_memory(guest, "memory").unwrap().unwrap();
    store.memory_write(memory, 0, &vec![1; long(bytes(empty.try_into().unwrap()))]).unwrap();
    store.park(guest).map_err(|error| match error {
        ParkError::JournalFull(error) | ParkError::Limit(error) => Refusal::Limit(error),
        error => panic!("{error}"),
    })
}

/// Unparks a guest whose call has used so much fuel.
pub(super) fn replayed(limits: &Limits, module: fn(u64) -> Module, fuel: u64) -> Attempt {
    let own = InstanceLimits::new().with_journal();
    let parked = |units: u64| {
        let mut store = Store::new();
        let module = module(units);
        let guest = store.instantiate_with(&mut NoImports, &module, &Environment::new(), 0, own).unwrap();
        store.invoke(&mut NoImports, guest, "run", &[], 0).unwrap();
        (store.park(guest).unwrap(), module)
    };
    let (least, _) = parked(0);
    let (parked, module) = parked(fuel - least.fuel());
    assert_eq!(parked.fuel(), fuel);
    match Store::with_limits(limits.clone()).unpark(&module, &Environment::new(), &parked, own) {
        Ok(_) => Ok(()),
        Err(UnparkError::Limit(error)) => Err(Refusal::Limit(error)),
        Err(error) => panic!("{error}"),
    }
}

/// Recurses as deeply as it is asked to.
pub(super) fn run(limits: Limits, argument: i32) -> Attempt {
    let module = Module::with_limits(&limits, &text::bytes(&recursive())).unwrap();
    let mut store = Store::with_limits(limits);
    let guest = store.instantiate(&mut NoImports, &module, &Environment::new(), 0).unwrap();
    match store.invoke(&mut NoImports, guest, "run", &[Value::I32(argument)], 0) {
        Ok(_) => Ok(()),
        Err(InvokeError::Trap(trap)) => trapped(&trap),
        Err(error) => panic!("{error}"),
    }
}

/// A guest that does, with 100 values in each frame.
pub(super) fn recursive() -> String {
    format!(
        r#"(module (func $run (export "run") (param i32) (local {}) (if (i32.gt_s (local.get 0) (i32.const 1))
            (then (call $run (i32.sub (local.get 0) (i32.const 1)))))))"#,
        "i64 ".repeat(100)
    )
}

/// Instances and memories.
pub(super) fn made<T>(outcome: Result<T, InstantiateError>) -> Result<T, Refusal> {
    outcome.map_err(|error| match error {
        InstantiateError::Limit(error) => Refusal::Limit(*error),
        error => panic!("{error}"),
    })
}

pub(super) fn remembered<T>(outcome: Result<T, MemoryError>) -> Result<T, Refusal> {
    outcome.map_err(|error| match error {
        MemoryError::Limit(error) => Refusal::Limit(error),
        error => panic!("{error}"),
    })
}

/// Calls itself through its supervisor.
pub(super) struct Down(Option<InstanceId>);

impl Supervisor for Down {
    fn dispatch(&mut self, store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        // Each level passes on what the lowest one said.
        match store.invoke(self, self.0.unwrap(), "run", call.args, 0) {
            Ok(values) => Ok(values),
            Err(InvokeError::Trap(trap)) => Err(match trapped(&trap) {
                Err(Refusal::Limit(error)) => HostError::with_reason(error),
                _ => HostError::new(),
            }),
            Err(error) => panic!("{error}"),
        }
    }
}

pub(super) fn nest(limits: Limits, depth: u64) -> Attempt {
    let mut store = Store::with_limits(limits);
    let module = text::module(
        r#"(module (import "e" "f" (func $down (param i32))) (func (export "run") (param i32)
            (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))))))"#,
    );
    let environment = Environment::new().with_function("e", "f", FuncIndex(0));
    let guest = store.instantiate(&mut NoImports, &module, &environment, 0).unwrap();
    let depth = i32::try_from(depth).unwrap();
    match store.invoke(&mut Down(Some(guest)), guest, "run", &[Value::I32(depth)], 0) {
        Ok(_) => Ok(()),
        Err(InvokeError::Trap(trap)) => trapped(&trap),
        Err(error) => panic!("{error}"),
    }
}
