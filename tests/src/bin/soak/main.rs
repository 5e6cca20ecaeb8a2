//! Whether teardown really frees: makes and tears down guests many times and watches the
//! process's resident memory.
//!
//! `cargo run --release -p guestbox-tests --bin soak [ROUNDS] [NAME]` runs every scenario, or
//! those with NAME in their names. The memory is measured at the start, over the first tenth of
//! the rounds, in which everything reaches its size, and over the last. Growth of more than a
//! fifth between these two is a failure.

mod resets;

use guestbox::{
    Environment, Execution, FuncIndex, HostCall, HostError, InstanceId, MemoryId, Module, NoImports, Step,
    Store, Values,
};
use guestbox_tests::{process::resident_kib, text};
use std::{error::Error, process::ExitCode, time::Instant};

const ROUNDS: u32 = 20_000;

/// A memory of 1 MiB.
const PAGES: u32 = 16;

type Outcome = Result<(), Box<dyn Error>>;

/// What is repeated, with the number of the round.
type Round = Box<dyn FnMut(u32) -> Outcome>;

/// A name, and what makes the first round possible.
type Scenario = (&'static str, fn() -> Round);

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let rounds = arguments.next().map_or(ROUNDS, |rounds| rounds.parse().expect("a number of rounds"));
    let wanted = arguments.next().unwrap_or_default();
    let mut flat = true;
    println!("{:>54} {:>9} {:>9} {:>9}", format!("KiB resident, {rounds} rounds"), "start", "10 %", "end");
    for (name, scenario) in SCENARIOS.iter().filter(|(name, _)| name.contains(&wanted)) {
        match watch(rounds, scenario()) {
            Ok([start, early, end]) => {
                let grew = end > early + early / 5;
                flat &= !grew;
                println!("{name:>54} {start:>9} {early:>9} {end:>9}{}", if grew { "  GREW" } else { "" });
            }
            Err(error) => {
                flat = false;
                println!("{name:>54} failed: {error}");
            }
        }
    }
    if flat { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a scenario; the resident KiB at the start, and the most in the first and the last tenth
/// of the rounds. A single look might meet a memory that happens to be there or not.
fn watch(rounds: u32, mut round: Round) -> Result<[u64; 3], Box<dyn Error>> {
    let start = resident_kib()?;
    let (mut early, mut end) = (start, 0);
    let tenth = rounds / 10;
    let began = Instant::now();
    for number in 0..rounds {
        round(number).map_err(|error| format!("round {number}: {error}"))?;
        if number % (rounds / 200).max(1) == 0 {
            if number <= tenth {
                early = early.max(resident_kib()?);
            } else if number >= rounds - tenth {
                end = end.max(resident_kib()?);
            }
        }
    }
    eprintln!("{:.1} µs a round", began.elapsed().as_secs_f64() * 1e6 / f64::from(rounds.max(1)));
    Ok([start, early, end.max(resident_kib()?)])
}

const SCENARIOS: &[Scenario] = &[
    ("guests with a memory of their own", own_memories),
    ("guests and memories made together", fresh_memories),
    ("one long-lived memory, guests of one module", || long_lived_memory(1)),
    ("one long-lived memory, guests of four modules", || long_lived_memory(4)),
    ("one long-lived memory, guests of many segments", many_segments),
    ("one long-lived memory, two guests at a time", two_at_a_time),
    ("modules compiled and dropped", distinct_modules),
    ("one long-lived memory, each guest of a new module", distinct_modules_on_a_memory),
    ("guests of new modules beside one of a kept module", distinct_modules_beside_a_kept_one),
    ("a resident guest, replaced now and then", resident_guest),
    ("modules refused, links failed, starts trapped", failures),
    ("executions cancelled, dropped and torn down", executions),
    ("guests reset, that had grown now and then", resets::growing),
    ("QuickJS reset with the state of a program", resets::quickjs),
];

/// A guest that works in its memory, with `number` in it so that its module is like no other.
fn guest(memory: &str, number: u32) -> String {
    format!(
        r#"(module (import "env" "host" (func $host (param i32) (result i32))) {memory}
          (table 10 funcref) (elem (i32.const 0) $work) (global (mut i32) (i32.const {number}))
          (func $work (export "work") (result i32)
            (memory.fill (i32.const 0) (i32.const {number}) (i32.const 4096))
            (i32.add (i32.load (i32.const 0)) (i32.const {number})))
          (func (export "ask") (result i32) (call $host (call $work))))"#
    )
}

const OWN: &str = r#"(memory (export "memory") 16)"#;
const IMPORTED: &str = r#"(import "env" "memory" (memory 16))"#;

fn compile(memory: &str, number: u32) -> Module {
    text::module(&guest(memory, number))
}

fn environment() -> Environment {
    Environment::new().with_function("env", "host", FuncIndex(0))
}

fn instantiate(
    store: &mut Store,
    module: &Module,
    memory: Option<MemoryId>,
) -> Result<InstanceId, Box<dyn Error>> {
    let environment = match memory {
        Some(memory) => environment().with_memory("env", "memory", memory),
        None => environment(),
    };
    Ok(store.instantiate(&mut NoImports, module, &environment, 0)?)
}

fn work(store: &mut Store, guest: InstanceId) -> Outcome {
    store.invoke(&mut NoImports, guest, "work", &[], 0)?;
    Ok(())
}

/// Makes a guest, lets it work and tears it down.
fn cycle(store: &mut Store, module: &Module, memory: Option<MemoryId>) -> Outcome {
    let guest = instantiate(store, module, memory)?;
    work(store, guest)?;
    Ok(store.teardown_instance(guest)?)
}

fn own_memories() -> Round {
    let (mut store, module) = (Store::new(), compile(OWN, 0));
    Box::new(move |_| cycle(&mut store, &module, None))
}

fn fresh_memories() -> Round {
    let (mut store, module) = (Store::new(), compile(IMPORTED, 0));
    Box::new(move |number| {
        let memory = store.create_memory(PAGES, None)?;
        if number % 2 == 0 {
            store.memory_write(memory, 0, b"written before any guest imports it")?;
        }
        let guest = instantiate(&mut store, &module, Some(memory))?;
        work(&mut store, guest)?;
        if number % 3 == 0 {
            store.teardown_instance(guest)?;
            return Ok(store.teardown_memory(memory)?);
        }
        store.teardown_memory(memory)?;
        Ok(store.teardown_instance(guest)?)
    })
}

fn long_lived_memory(modules: u32) -> Round {
    let mut store = Store::new();
    let modules: Vec<_> = (0..modules).map(|number| compile(IMPORTED, number)).collect();
    let memory = store.create_memory(PAGES, None);
    Box::new(move |number| cycle(&mut store, &modules[number as usize % modules.len()], Some(memory?)))
}

/// What an instance takes besides its memory: here 60 KiB of elements that a table might get.
fn many_segments() -> Round {
    let mut store = Store::new();
    // Nearly as many elements as a module may have by default.
    let segments = format!("{IMPORTED} (elem func {})", "0 ".repeat(9_000));
    let module = compile(&segments, 0);
    let memory = store.create_memory(PAGES, None);
    Box::new(move |_| cycle(&mut store, &module, Some(memory?)))
}

fn two_at_a_time() -> Round {
    let mut store = Store::new();
    let modules = [compile(IMPORTED, 0), compile(IMPORTED, 1)];
    let memory = store.create_memory(PAGES, None);
    Box::new(move |_| {
        let first = instantiate(&mut store, &modules[0], Some(memory?))?;
        cycle(&mut store, &modules[1], Some(memory?))?;
        cycle(&mut store, &modules[0], Some(memory?))?;
        Ok(store.teardown_instance(first)?)
    })
}

fn distinct_modules() -> Round {
    Box::new(|number| {
        drop(compile(OWN, number));
        Ok(())
    })
}

fn distinct_modules_on_a_memory() -> Round {
    let mut store = Store::new();
    let memory = store.create_memory(PAGES, None);
    Box::new(move |number| cycle(&mut store, &compile(IMPORTED, number), Some(memory?)))
}

fn distinct_modules_beside_a_kept_one() -> Round {
    let (mut store, kept) = (Store::new(), compile(IMPORTED, 0));
    let memory = store.create_memory(PAGES, None);
    Box::new(move |number| {
        let first = instantiate(&mut store, &kept, Some(memory?))?;
        cycle(&mut store, &compile(IMPORTED, number), Some(memory?))?;
        Ok(store.teardown_instance(first)?)
    })
}

/// While the resident lives the engine keeps every guest of its cell; then all of them go. The
/// guests come, call and go while it waits.
fn resident_guest() -> Round {
    let (mut store, module) = (Store::new(), compile(IMPORTED, 0));
    let memory = store.create_memory(PAGES, None);
    let mut resident = None;
    Box::new(move |number| {
        if number % 500 == 0 {
            if let Some(old) = resident.take() {
                store.teardown_instance(old)?;
            }
            resident = Some(instantiate(&mut store, &module, Some(memory?))?);
        }
        let guest = instantiate(&mut store, &module, Some(memory?))?;
        let mut supervisor = |store: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
            store.teardown_instance(call.instance.ok_or_else(HostError::new)?)?;
            Ok(1.into())
        };
        store.invoke(&mut supervisor, guest, "ask", &[], 0)?;
        Ok(())
    })
}

fn failures() -> Round {
    let mut store = Store::new();
    let memory = store.create_memory(PAGES, None);
    let trapping = text::module("(module (memory 16) (start $s) (func $s (unreachable)))");
    let outside = text::module(r#"(module (memory 16) (data (i32.const 1048576) "x"))"#);
    let picky = text::module(r#"(module (import "env" "memory" (memory 17)))"#);
    let whole = text::bytes(&guest(OWN, 0));
    Box::new(move |number| {
        // In the midst of the code.
        let cut = whole.len() / 2 + number as usize % (whole.len() / 8);
        let refused = Module::new(&whole[..cut]).is_err()
            && instantiate(&mut store, &trapping, None).is_err()
            && instantiate(&mut store, &outside, None).is_err()
            && instantiate(&mut store, &picky, Some(memory?)).is_err();
        if refused { Ok(()) } else { Err("something went through that should not".into()) }
    })
}

fn executions() -> Round {
    let (mut store, module) = (Store::new(), compile(OWN, 0));
    let pause = |execution: &mut Execution, store: &mut Store| -> Outcome {
        match execution.run(store)? {
            Step::HostCall(_) => Ok(()),
            other => Err(format!("{other:?}").into()),
        }
    };
    Box::new(move |number| {
        let guest = instantiate(&mut store, &module, None)?;
        let mut execution = store.begin(guest, "ask", &[], 0)?;
        pause(&mut execution, &mut store)?;
        match number % 4 {
            0 => store.teardown_instance(guest)?,
            1 => {
                execution.cancel(&mut store);
                store.teardown_instance(guest)?;
            }
            2 => {
                store.teardown_instance(guest)?;
                execution.cancel(&mut store);
            }
            _ => {
                store.teardown_instance(guest)?;
                execution.answer(Ok(1.into()))?;
                drop(execution.run(&mut store)?);
            }
        }
        Ok(())
    })
}
