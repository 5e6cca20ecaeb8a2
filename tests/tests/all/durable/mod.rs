//! Durable calls: guests are parked as bytes wherever they pause, and go on elsewhere as if nothing had happened.

mod bytes;
mod desk;
mod doors;
mod forged;
mod growth;
mod guests;
mod hops;
mod nested;
mod processes;
mod refusals;
mod starts;

use guestbox::{
    Environment, Execution, FuncIndex, InstanceId, InstanceLimits, Limits, Module, NoImports, Parked, Step,
    Store, Value,
};
use guestbox_tests::{
    durable::{Elsewhere, unpark},
    text,
};

/// A guest whose `run(n)` asks its supervisor n times, with what it has in its memory, and keeps the answers there and in a global.
const ASKER: &str = r#"(module (import "env" "ask" (func $ask (param i32) (result i32)))
    (memory (export "memory") 1 9) (global $sum (export "sum") (mut i32) (i32.const 5))
    (func (export "run") (param $n i32) (result i32)
      (loop $again
        (global.set $sum (i32.add (global.get $sum) (call $ask (i32.load (i32.const 64)))))
        (i32.store (i32.const 64) (global.get $sum))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (global.get $sum))
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "spin") (param i32) (result i32) (local $n i32)
      (loop $again
        (i32.store (i32.const 128) (local.tee $n (i32.add (local.get $n) (i32.const 1))))
        (br_if $again (i32.lt_u (local.get $n) (local.get 0))))
      (i32.load (i32.const 128))))"#;

/// How often something is done: seldom, or often where `DURABLE` is in the environment, as `make durable` has it.
fn often(seldom: u32, often: u32) -> u32 {
    if std::env::var_os("DURABLE").is_some() { often } else { seldom }
}

fn environment() -> Environment {
    Environment::new().with_function("env", "ask", FuncIndex(0))
}

/// A recorded guest of a module.
fn recorded(store: &mut Store, module: &Module) -> InstanceId {
    let limits = InstanceLimits::new().with_journal();
    store.instantiate_with(&mut NoImports, module, &environment(), 0, limits).unwrap()
}

fn begin(store: &mut Store, guest: InstanceId, export: &str, args: &[i32]) -> Execution {
    let args: Vec<_> = args.iter().map(|arg| Value::I32(*arg)).collect();
    store.begin(guest, export, &args, 0).unwrap()
}

/// The argument of the host call that a call comes to.
fn asks(call: &mut Execution, store: &mut Store) -> i32 {
    match call.run(store).unwrap() {
        Step::HostCall(call) => call.args[0].as_i32().unwrap(),
        other => panic!("{other:?}"),
    }
}

fn finishes(call: &mut Execution, store: &mut Store) -> i32 {
    match call.run(store).unwrap() {
        Step::Finished(results) => results[0].as_i32().unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Answers the host calls of the asker until it has finished.
fn finish(call: &mut Execution, store: &mut Store) -> i32 {
    loop {
        match call.run(store).unwrap() {
            Step::HostCall(asked) => {
                let answer = asked.args[0].wrapping_add_one();
                call.answer(Ok(answer.into())).unwrap();
            }
            Step::Finished(results) => return results[0].as_i32().unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

trait Asked {
    fn wrapping_add_one(self) -> i32;
}

impl Asked for Value {
    fn wrapping_add_one(self) -> i32 {
        self.as_i32().unwrap().wrapping_add(1)
    }
}

fn elsewhere(module: &Module, parked: &Parked) -> Elsewhere {
    unpark((&Limits::default(), InstanceLimits::new()), module, parked, |_| FuncIndex(0), u64::MAX)
}

fn asker() -> Module {
    text::module(ASKER)
}
