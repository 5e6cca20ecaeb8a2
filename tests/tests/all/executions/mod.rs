//! Executions: guest calls that pause, and everything that may happen meanwhile.

mod crossings;
mod ends;
mod expressions;
mod many;
mod pauses;
mod shapes;
mod slices;
mod starts;
mod turns;

use guestbox::{Environment, Execution, FuncIndex, Step, Store, Value, Values};

/// Imports `env.host` from `i32` to `i32`; `run` calls it between two additions.
const HOSTED: &str = r#"(module (import "env" "host" (func $host (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "run") (param i32) (result i32)
      (i32.add (i32.add (local.get 0) (i32.const 100)) (call $host (local.get 0))))
    (func (export "ping") (result i32) (i32.const 7)))"#;

fn host() -> Environment {
    Environment::new().with_function("env", "host", FuncIndex(3))
}

/// Runs it up to a host call; the arguments of that.
fn pause(execution: &mut Execution, store: &mut Store) -> Vec<Value> {
    match execution.run(store) {
        Ok(Step::HostCall(call)) => call.args.to_vec(),
        other => panic!("not paused: {other:?}"),
    }
}

/// Runs it to its end; the results.
fn finish(execution: &mut Execution, store: &mut Store) -> Values {
    match execution.run(store) {
        Ok(Step::Finished(results)) => results,
        other => panic!("not finished: {other:?}"),
    }
}
