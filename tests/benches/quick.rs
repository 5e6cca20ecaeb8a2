//! The quick benchmark: guestbox against the bare engine, in one run, as ratios.
//!
//! Peer and subject take turns, and each row is the median of the rounds' ratios, so that a
//! machine whose speed drifts moves both. With `--json FILE` the times go to a file, for the
//! JavaScript half to compare itself with.

mod control;
mod guests;

use guestbox::{
    Environment, FuncIndex, HostCall, HostError, Module, Number, Region, Store, Thunk, ThunkError,
    ThunkSupervisor, Value, Values,
};
use guests::GUESTS;
use std::{
    collections::BTreeMap,
    hint::black_box,
    time::{Duration, Instant},
};

const ROUNDS: usize = 15;
const FUEL: u64 = u64::MAX;

fn main() {
    let mut report = Report::default();
    println!("guestbox against bare wasmi, same features, fuel on; median of {ROUNDS} rounds\n");
    for (name, wat, argument) in GUESTS {
        guest_code(&mut report, name, wat, *argument);
    }
    host_calls(&mut report);
    instances(&mut report);
    control::rows(&mut report, GUESTS);
    if let Some(file) = std::env::args().skip_while(|arg| arg != "--json").nth(1) {
        let json = serde_json::to_string_pretty(&report.nanoseconds).expect("numbers are JSON");
        std::fs::write(file, json).expect("the file can be written");
    }
}

/// What was measured, in nanoseconds.
#[derive(Default)]
struct Report {
    nanoseconds: BTreeMap<String, f64>,
}

impl Report {
    /// Measures `subject` against `peer` in turns; each call of either does `operations`.
    fn pair(
        &mut self,
        name: &str,
        operations: u32,
        goal: &str,
        mut subject: impl FnMut(),
        mut peer: impl FnMut(),
    ) -> f64 {
        // The first round of each warms caches up and is not counted.
        subject();
        peer();
        let (mut times, mut ratios) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let (theirs, ours) = (time(&mut peer), time(&mut subject));
            ratios.push(ours.as_secs_f64() / theirs.as_secs_f64());
            times.push((ours.as_nanos() as f64, theirs.as_nanos() as f64));
        }
        let ratio = median(ratios);
        let each =
            |pick: fn(&(f64, f64)) -> f64| median(times.iter().map(pick).collect()) / f64::from(operations);
        let (ours, theirs) = (each(|t| t.0), each(|t| t.1));
        println!("{name:52} {:>12} {:>12}   x {ratio:5.2}   goal {goal}", show(ours), show(theirs));
        self.nanoseconds.insert(name.to_owned(), ours);
        ratio
    }
}

fn guest_code(report: &mut Report, name: &str, wat: &str, argument: i32) {
    let wasm = wat::parse_str(wat).expect("the guest is valid");
    let module = Module::new(&wasm).expect("the guest compiles");
    let mut store = Store::new();
    let guest =
        store.instantiate(&mut guestbox::NoImports, &module, &Environment::new(), 0).expect("it links");
    let ours = |store: &mut Store| {
        let mut execution = store.begin(guest, "run", &[Value::I32(argument)], 0).expect("it exports run");
        execution.set_fuel(FUEL);
        store.drive(&mut guestbox::NoImports, &mut execution).expect("it returns")[0]
    };
    let mut bare = Bare::new(&wasm);
    let run = bare.instance.get_func(&bare.store, "run").expect("it exports run");
    let mut theirs = || {
        bare.store.set_fuel(FUEL).expect("fuel is on");
        let mut results = [wasmi::Val::I32(0)];
        run.call(&mut bare.store, &[wasmi::Val::I32(argument)], &mut results).expect("it returns");
        results[0].i32().expect("an i32")
    };
    assert_eq!(ours(&mut store), Value::I32(theirs()), "both must compute the same");
    report.pair(
        name,
        1,
        "<= 1.03",
        || {
            black_box(ours(&mut store));
        },
        || {
            black_box(theirs());
        },
    );
}

fn host_calls(report: &mut Report) {
    const CALLS: i32 = 100_000;
    let wasm = wat::parse_str(include_str!("guests/host-calls.wat")).expect("the guest is valid");
    let module = Module::new(&wasm).expect("the guest compiles");
    let environment = Environment::new().with_function("env", "add", FuncIndex(2));
    let mut store = Store::new();
    let guest = store.instantiate(&mut guestbox::NoImports, &module, &environment, 0).expect("it links");
    let mut add = |_: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        match *call.args {
            [Value::I32(a), Value::I32(b)] => Ok(a.wrapping_add(b).into()),
            _ => Err(HostError::new()),
        }
    };
    let mut bare = Bare::new(&wasm);
    let run = bare.instance.get_func(&bare.store, "run").expect("it exports run");
    let mut peer = || {
        bare.store.set_fuel(FUEL).expect("fuel is on");
        let mut results = [wasmi::Val::I32(0)];
        run.call(&mut bare.store, &[wasmi::Val::I32(CALLS)], &mut results).expect("it returns");
        black_box(&results);
    };
    let calls = CALLS.cast_unsigned();
    let args = [Value::I32(CALLS)];
    report.pair(
        "host call, against an untyped direct one",
        calls,
        "<= 4",
        || {
            black_box(store.invoke(&mut add, guest, "run", &args, 0).expect("it returns"));
        },
        &mut peer,
    );
    let mut paused = Bare::pausing(&wasm);
    let run = paused.instance.get_func(&paused.store, "run").expect("it exports run");
    report.pair(
        "the same against a bare one that pauses",
        calls,
        "-",
        || {
            black_box(store.invoke(&mut add, guest, "run", &args, 0).expect("it returns"));
        },
        || paused.run_paused(run, CALLS),
    );
    let mut adder = ThunkAdder { memory: [0; 64] };
    report.pair(
        "the same through the thunk and SCALE",
        calls,
        "-",
        || {
            let mut thunk = Thunk::new(&mut adder, ());
            black_box(store.invoke(&mut thunk, guest, "run", &args, 0).expect("it returns"));
        },
        &mut peer,
    );
    let mut bare = Bare::new(&wasm);
    let nothing = bare.instance.get_func(&bare.store, "nothing").expect("it exports nothing");
    report.pair(
        "export call, against an untyped one",
        10_000,
        "-",
        || {
            for _ in 0..10_000 {
                black_box(store.invoke(&mut add, guest, "nothing", &[Value::I32(1)], 0).expect("it returns"));
            }
        },
        || {
            for _ in 0..10_000 {
                bare.store.set_fuel(FUEL).expect("fuel is on");
                let mut results = [wasmi::Val::I32(0)];
                nothing.call(&mut bare.store, &[wasmi::Val::I32(1)], &mut results).expect("it returns");
                black_box(&results);
            }
        },
    );
}

fn instances(report: &mut Report) {
    const ROUNDS: u32 = 2_000;
    for (name, wat) in [
        ("instantiate + teardown, no memory", include_str!("guests/fib.wat")),
        ("instantiate + teardown, 64 KiB memory", include_str!("guests/memory.wat")),
    ] {
        let wasm = wat::parse_str(wat).expect("the guest is valid");
        let module = Module::new(&wasm).expect("the guest compiles");
        let environment = Environment::new();
        let mut store = Store::new();
        let engine = wasmi::Engine::new(&config());
        let code = wasmi::Module::new(&engine, &wasm).expect("the guest compiles");
        report.pair(
            name,
            ROUNDS,
            "<= 2",
            || {
                for _ in 0..ROUNDS {
                    let guest = store
                        .instantiate(&mut guestbox::NoImports, &module, &environment, 0)
                        .expect("it links");
                    store.teardown_instance(guest).expect("it lives");
                }
            },
            || {
                for _ in 0..ROUNDS {
                    let mut store = wasmi::Store::new(&engine, ());
                    black_box(wasmi::Instance::new(&mut store, &code, &[]).expect("it links"));
                }
            },
        );
    }
}

/// A guest in the bare engine, its one import served directly.
struct Bare {
    store: wasmi::Store<()>,
    instance: wasmi::Instance,
}

impl Bare {
    /// With an import that adds and returns.
    fn new(wasm: &[u8]) -> Self {
        Self::with_import(wasm, |args, results| {
            if let ([a, b], [result]) = (args, results) {
                *result = wasmi::Val::I32(a.i32().unwrap_or(0).wrapping_add(b.i32().unwrap_or(0)));
            }
            Ok(())
        })
    }

    /// With an import that pauses the call.
    fn pausing(wasm: &[u8]) -> Self {
        Self::with_import(wasm, |_, _| Err(wasmi::Error::i32_exit(0)))
    }

    /// Runs `run`, and resumes it with a number at each pause.
    fn run_paused(&mut self, run: wasmi::Func, argument: i32) {
        use wasmi::ResumableCall;
        self.store.set_fuel(FUEL).expect("fuel is on");
        let mut results = [wasmi::Val::I32(0)];
        let mut call = run.call_resumable(&mut self.store, &[wasmi::Val::I32(argument)], &mut results);
        while let Ok(ResumableCall::HostTrap(paused)) = call {
            call = paused.resume(&mut self.store, &[wasmi::Val::I32(1)], &mut results);
        }
        assert!(matches!(call, Ok(ResumableCall::Finished)), "it returns");
    }

    fn with_import(
        wasm: &[u8],
        import: fn(&[wasmi::Val], &mut [wasmi::Val]) -> Result<(), wasmi::Error>,
    ) -> Self {
        let engine = wasmi::Engine::new(&config());
        let module = wasmi::Module::new(&engine, wasm).expect("the guest compiles");
        let mut store = wasmi::Store::new(&engine, ());
        store.set_fuel(FUEL).expect("fuel is on");
        let imports: Vec<wasmi::Extern> = module
            .imports()
            .filter_map(|import| import.ty().func().cloned())
            .map(|ty| {
                wasmi::Extern::Func(wasmi::Func::new(&mut store, ty, move |_, args, results| {
                    import(args, results)
                }))
            })
            .collect();
        let instance = wasmi::Instance::new(&mut store, &module, &imports).expect("it links");
        Self { store, instance }
    }
}

/// A supervisor behind a thunk that adds two words: as little as one can be, so that what is
/// measured is the adapter.
struct ThunkAdder {
    memory: [u8; 64],
}

impl ThunkSupervisor for ThunkAdder {
    type Error = ThunkError;
    type Thunk = ();

    fn allocate(&mut self, _: u32) -> Result<u32, ThunkError> {
        Ok(0)
    }

    fn deallocate(&mut self, _: u32) -> Result<(), ThunkError> {
        Ok(())
    }

    fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), ThunkError> {
        let start = ptr as usize;
        let to = self.memory.get_mut(start..start + bytes.len()).ok_or(ThunkError::WriteArguments)?;
        to.copy_from_slice(bytes);
        Ok(())
    }

    fn read(&mut self, region: Region, buffer: &mut Vec<u8>) -> Result<(), ThunkError> {
        let start = region.ptr as usize;
        let from = self.memory.get(start..start + region.len as usize).ok_or(ThunkError::ReadResult)?;
        buffer.clear();
        buffer.extend_from_slice(from);
        Ok(())
    }

    fn invoke(
        &mut self,
        _: &mut Store,
        (): (),
        args: Region,
        _: u32,
        _: FuncIndex,
    ) -> Result<i64, ThunkError> {
        let word = |at: usize| i32::from_le_bytes(self.memory[at..at + 4].try_into().expect("four bytes"));
        // A compact 2, then twice an index and a word.
        let sum = word(args.ptr as usize + 2).wrapping_add(word(args.ptr as usize + 7));
        let mut result = vec![0, 1];
        result.extend(parity_scale_codec::Encode::encode(&Number::I32(sum)));
        self.memory[32..32 + result.len()].copy_from_slice(&result);
        Ok(Region { ptr: 32, len: result.len() as u32 }.to_thunk())
    }
}

/// The engine's settings as guestbox has them.
fn config() -> wasmi::Config {
    let mut config = wasmi::Config::default();
    config.compilation_mode(wasmi::CompilationMode::Eager).consume_fuel(true);
    config
}

fn time(work: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn show(nanoseconds: f64) -> String {
    match nanoseconds {
        ns if ns >= 1e6 => format!("{:.2} ms", ns / 1e6),
        ns if ns >= 1e4 => format!("{:.2} us", ns / 1e3),
        ns => format!("{ns:.0} ns"),
    }
}
