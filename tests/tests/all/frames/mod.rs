//! Frames: where a guest was when it trapped or paused, and that noting it changes nothing else.

mod calls;
mod elsewhere;
mod instances;
mod mutations;
mod names;
mod pauses;
mod same;
mod table;
mod v8;

use guestbox::{
    CompileOptions, Environment, Frames, FuncIndex, InstanceId, InvokeError, Limits, Module, NoImports,
    Store, Supervisor, Trap, TrapCode, Value,
};
use guestbox_tests::text;

fn compile(text: &str) -> Module {
    compile_with(&Limits::default(), text)
}

fn compile_with(limits: &Limits, text: &str) -> Module {
    Module::with_options(limits, &text::bytes(text), CompileOptions::new().with_frames())
        .unwrap_or_else(|error| panic!("{error}\n{text:.500}"))
}

/// An environment with the import that the guests here have.
fn host() -> Environment {
    Environment::new().with_function("env", "host", FuncIndex(0))
}

fn guest(store: &mut Store, text: &str) -> InstanceId {
    store.instantiate(&mut NoImports, &compile(text), &host(), 0).unwrap_or_else(|error| panic!("{error}"))
}

/// The trap of a call of `run` with a number, if it takes one.
fn trap<S: Supervisor>(store: &mut Store, supervisor: &mut S, guest: InstanceId, args: &[i32]) -> Trap {
    let args: Vec<_> = args.iter().map(|arg| Value::I32(*arg)).collect();
    match store.invoke(supervisor, guest, "run", &args, 0) {
        Err(InvokeError::Trap(trap)) => trap,
        other => panic!("not a trap: {other:?}"),
    }
}

/// The trap of a guest of its own.
fn trap_of(text: &str, args: &[i32]) -> Trap {
    let mut store = Store::new();
    let guest = guest(&mut store, text);
    trap(&mut store, &mut NoImports, guest, args)
}

/// The names of frames, the innermost first.
fn names(frames: &Frames) -> Vec<&str> {
    frames.iter().map(|frame| frame.name.as_deref().unwrap_or("?")).collect()
}

/// Asserts that a guest traps like this.
fn assert_trap(text: &str, args: &[i32], code: TrapCode, expected: &[&str]) {
    let trap = trap_of(text, args);
    assert_eq!((trap.code(), names(trap.frames())), (code, expected.to_vec()), "{text}");
}
