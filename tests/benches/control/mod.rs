//! What control costs: metering fuel, running in slices, frames, snapshots, and recording.

mod durable;
mod frames;
mod state;

use crate::{FUEL, Report, config};
use guestbox::{Environment, Module, NoImports, Step, Store, Value};
use std::hint::black_box;

/// The slice of the npm package by default.
const SLICE: u64 = 2_000_000;

/// The bare engine with fuel against itself without, and calls in slices against whole ones.
pub(crate) fn rows(report: &mut Report, guests: &[(&str, &str, i32)]) {
    println!();
    let mut logarithms = 0.0;
    for (name, wat, argument) in guests {
        let wasm = wat::parse_str(wat).expect("the guest is valid");
        let (metered, unmetered) = (bare(&wasm, true, *argument), bare(&wasm, false, *argument));
        let name = format!("{name}: fuel on against off, bare engine");
        logarithms += report.pair(&name, 1, "-", metered, unmetered).ln();
    }
    let mean = (logarithms / guests.len() as f64).exp();
    println!("{:52} {:>25}   x {mean:5.2}   goal <= 1.10", "fuel on against off, geometric mean", "");
    for (name, wat, argument) in guests {
        let wasm = wat::parse_str(wat).expect("the guest is valid");
        let module = Module::new(&wasm).expect("the guest compiles");
        let (sliced, whole) = (stepped(&module, SLICE, *argument), stepped(&module, u64::MAX, *argument));
        report.pair(&format!("{name}: slices of {SLICE} against one"), 1, "<= 1.05", sliced, whole);
    }
    frames::rows(report, guests);
    state::rows(report);
    durable::rows(report);
}

fn bare(wasm: &[u8], metered: bool, argument: i32) -> impl FnMut() {
    let mut config = config();
    config.consume_fuel(metered);
    let engine = wasmi::Engine::new(&config);
    let module = wasmi::Module::new(&engine, wasm).expect("the guest compiles");
    let mut store = wasmi::Store::new(&engine, ());
    let instance = wasmi::Instance::new(&mut store, &module, &[]).expect("it links");
    let run = instance.get_func(&store, "run").expect("it exports run");
    move || {
        if metered {
            store.set_fuel(FUEL).expect("fuel is on");
        }
        let mut results = [wasmi::Val::I32(0)];
        run.call(&mut store, &[wasmi::Val::I32(argument)], &mut results).expect("it returns");
        black_box(&results);
    }
}

fn stepped(module: &Module, slice: u64, argument: i32) -> impl FnMut() + use<> {
    let mut store = Store::new();
    let guest = store.instantiate(&mut NoImports, module, &Environment::new(), 0).expect("it links");
    move || {
        let mut execution = store.begin(guest, "run", &[Value::I32(argument)], 0).expect("it exports run");
        execution.set_fuel(FUEL);
        execution.set_slice(slice);
        while let Step::SliceOver = black_box(execution.run(&mut store).expect("it runs")) {}
        assert!(execution.is_ended(), "it returns");
    }
}
