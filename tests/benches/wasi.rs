//! Programs of WASI that print: 50,000 lines, each by a call of its own.
//!
//! With `--json FILE` the times go to a file, beside which are the programs' modules, for the JavaScript half to compare itself with.

use guestbox::{
    CallOptions, Limits, Module, NoImports, Store,
    wasi::{Stream, Wasi, WasiHost, WasiOptions},
};
use guestbox_tests::wasi::rust_program;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};

const ROUNDS: usize = 15;
const LINES: usize = 50_000;

/// Counts what is written.
#[derive(Default)]
struct Counter(usize);

impl WasiHost for Counter {
    fn write(&mut self, _: Stream, bytes: &[u8]) {
        self.0 += bytes.len();
    }
}

fn main() {
    let file = std::env::args().skip_while(|arg| arg != "--json").nth(1).map(PathBuf::from);
    let written = wat::parse_str(include_str!("guests/println.wat")).expect("the guest is valid");
    let mut nanoseconds = BTreeMap::new();
    println!("{LINES} lines natively; median of {ROUNDS} rounds\n");
    for (name, wasm) in [("println", written), ("println-rust", rust_program("lines").to_vec())] {
        let module = Module::new(&wasm).expect("the guest compiles");
        // The first rounds warm caches up and are not counted.
        let mut times: Vec<_> = (0..ROUNDS + 2).map(|_| run(&module)).skip(2).collect();
        times.sort();
        let median = times[ROUNDS / 2].as_nanos() as f64;
        println!("{name:20} {:8.2} ms, {:6.0} ns a line", median / 1e6, median / LINES as f64);
        nanoseconds.insert(name, median);
        if let Some(file) = &file {
            std::fs::write(file.with_file_name(format!("{name}.wasm")), wasm)
                .expect("the module can be written");
        }
    }
    if let Some(file) = file {
        let json = serde_json::to_string_pretty(&nanoseconds).expect("numbers are JSON");
        std::fs::write(file, json).expect("the file can be written");
    }
}

/// How long a program runs, with its instance and its system made anew.
fn run(module: &Module) -> Duration {
    let begin = Instant::now();
    let mut store = Store::with_limits(Limits::unlimited());
    let guest = store.instantiate(&mut NoImports, module, &Wasi::environment(), 0).expect("it links");
    let mut wasi = Wasi::new(&WasiOptions::new().with_args(["println"])).expect("few options");
    let mut counter = Counter::default();
    let ran = wasi.run(&mut store, &mut counter, guest, CallOptions::new()).expect("it does not trap");
    let took = begin.elapsed();
    assert_eq!((ran.ended.exit_code(), counter.0), (Some(0), LINES * 11));
    took
}
