//! What compiling takes: guestbox against the bare engine, over the modules named by the arguments.
//!
//! The peer compiles the module's own bytes, as guestbox's engine is set up. Both take turns, and each
//! row is the median of the rounds' ratios.

use guestbox::{CompileOptions, Limits, Module};
use std::{hint::black_box, time::Instant};

/// Seconds that a row takes at least.
const ENOUGH_SECONDS: f64 = 3.0;
const LEAST_ROUNDS: usize = 5;

fn main() {
    println!("guestbox against bare wasmi, same features, fuel on; medians\n");
    println!("{:34} {:>9} {:>10} {:>14} {:>14}", "module", "MB", "bare", "Module::new", "with frames");
    for path in std::env::args().skip(1).filter(|argument| !argument.starts_with("--")) {
        let bytes = std::fs::read(&path).expect("the module can be read");
        let name = path.rsplit('/').next().unwrap_or_default();
        row(name, &bytes);
    }
}

fn row(name: &str, bytes: &[u8]) {
    let limits = Limits::unlimited();
    let plain = || drop(black_box(Module::with_limits(&limits, bytes).expect("it compiles")));
    let options = CompileOptions::new().with_frames();
    let framed = || drop(black_box(Module::with_options(&limits, bytes, options).expect("it compiles")));
    let bare = || drop(black_box(engine(bytes)));
    let (mut theirs, mut ours, mut with_frames) = (Vec::new(), Vec::new(), Vec::new());
    let began = Instant::now();
    while theirs.len() < LEAST_ROUNDS || began.elapsed().as_secs_f64() < ENOUGH_SECONDS {
        let round = time(bare);
        theirs.push(round);
        ours.push(time(plain) / round);
        with_frames.push(time(framed) / round);
    }
    println!(
        "{name:34} {:>9.2} {:>7.1} ms {:>12.2} x {:>12.2} x",
        bytes.len() as f64 / 1e6,
        median(theirs) * 1e3,
        median(ours),
        median(with_frames)
    );
}

fn engine(bytes: &[u8]) -> wasmi::Module {
    let mut config = wasmi::Config::default();
    config
        .compilation_mode(wasmi::CompilationMode::Eager)
        .consume_fuel(true)
        .ignore_custom_sections(true)
        .wasm_tail_call(true);
    wasmi::Module::new(&wasmi::Engine::new(&config), bytes).expect("it compiles")
}

fn time(work: impl Fn()) -> f64 {
    let began = Instant::now();
    work();
    began.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
