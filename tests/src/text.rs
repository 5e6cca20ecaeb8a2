//! Guests in the text format, for tests that need a small one.
//!
//! These functions panic where a test could not go on anyway.

use guestbox::{
    Environment, ImportError, ImportProblem, InstanceId, InstantiateError, InvokeError, Module, NoImports,
    Store, Supervisor, TrapCode, Value, Values,
};

/// The bytes of a module.
#[must_use]
pub fn bytes(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text:.500}"))
}

/// Compiles a module under the default limits.
#[must_use]
pub fn module(text: &str) -> Module {
    Module::new(&bytes(text)).unwrap_or_else(|error| panic!("{error}\n{text:.500}"))
}

/// Makes an instance that calls nothing from its start function.
pub fn guest(store: &mut Store, text: &str, environment: &Environment) -> InstanceId {
    store.instantiate(&mut NoImports, &module(text), environment, 0).unwrap_or_else(|error| panic!("{error}"))
}

/// Calls an export that has no imports to call.
pub fn call(store: &mut Store, guest: InstanceId, export: &str, args: &[Value]) -> Values {
    call_with(store, &mut NoImports, guest, export, args)
}

/// Calls an export and serves its imports.
pub fn call_with<S: Supervisor + ?Sized>(
    store: &mut Store,
    supervisor: &mut S,
    guest: InstanceId,
    export: &str,
    args: &[Value],
) -> Values {
    store.invoke(supervisor, guest, export, args, 0).unwrap_or_else(|error| panic!("{export}: {error}"))
}

/// The code of the trap that ended a call.
#[must_use]
pub fn trap(outcome: Result<Values, InvokeError>) -> TrapCode {
    match outcome {
        Err(InvokeError::Trap(trap)) => trap.code(),
        other => panic!("not a trap: {other:?}"),
    }
}

/// The names of the first import that was refused, and why.
#[must_use]
pub fn refused_import(error: &InstantiateError) -> (&str, &str, ImportProblem) {
    let InstantiateError::Imports(refused) = error else { panic!("not a refused import: {error:?}") };
    let ImportError { import, problem, .. } = &refused[0];
    (import.module(), import.name(), *problem)
}

/// The code of the trap that ended a start function.
#[must_use]
pub fn start_trap(outcome: Result<InstanceId, InstantiateError>) -> TrapCode {
    match outcome {
        Err(InstantiateError::Start(trap)) => trap.code(),
        other => panic!("not a trap of the start function: {other:?}"),
    }
}
