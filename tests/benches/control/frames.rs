//! What it costs that guests say where they are.

use super::stepped;
use crate::{FUEL, Report};
use guestbox::{
    CompileOptions, Environment, FuncIndex, HostCall, HostError, InstanceId, Limits, Module, Store, Value,
    Values,
};
use std::hint::black_box;

/// Guests compiled with frames against the same without.
pub(super) fn rows(report: &mut Report, guests: &[(&str, &str, i32)]) {
    for (name, wat, argument) in guests {
        let (mut with, mut without) = (Peer::new(wat, true), Peer::new(wat, false));
        let fuel = with.fuel(*argument) as f64 / without.fuel(*argument) as f64;
        let name = format!("{name}: frames on against off (fuel x {fuel:.2})");
        let subject = stepped(&with.module, u64::MAX, *argument);
        report.pair(&name, 1, "-", subject, stepped(&without.module, u64::MAX, *argument));
    }
    const CALLS: i32 = 100_000;
    let wat = include_str!("../guests/host-calls.wat");
    let (mut with, mut without) = (Peer::new(wat, true), Peer::new(wat, false));
    let name = "host call: frames on against off";
    report.pair(name, CALLS.cast_unsigned(), "-", || with.run(CALLS), || without.run(CALLS));
}

struct Peer {
    module: Module,
    store: Store,
    guest: InstanceId,
}

impl Peer {
    fn new(wat: &str, frames: bool) -> Self {
        let options = if frames { CompileOptions::new().with_frames() } else { CompileOptions::new() };
        let wasm = wat::parse_str(wat).expect("the guest is valid");
        let module = Module::with_options(&Limits::default(), &wasm, options).expect("it compiles");
        let environment = Environment::new().with_function("env", "add", FuncIndex(0));
        let mut store = Store::new();
        let guest = store.instantiate(&mut add, &module, &environment, 0).expect("it links");
        Self { module, store, guest }
    }

    fn fuel(&mut self, argument: i32) -> u64 {
        let Self { store, guest, .. } = self;
        let mut execution = store.begin(*guest, "run", &[Value::I32(argument)], 0).expect("it exports run");
        execution.set_fuel(FUEL);
        store.drive(&mut add, &mut execution).expect("it returns");
        execution.fuel_used()
    }

    fn run(&mut self, argument: i32) {
        let results = self.store.invoke(&mut add, self.guest, "run", &[Value::I32(argument)], 0);
        black_box(results.expect("it returns"));
    }
}

fn add(_: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
    match *call.args {
        [Value::I32(a), Value::I32(b)] => Ok(a.wrapping_add(b).into()),
        _ => Err(HostError::new()),
    }
}
