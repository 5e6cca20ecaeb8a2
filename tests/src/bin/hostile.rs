//! The campaign of hostile modules, and some of them as files.
//!
//! `hostile [NUMBER] [NAME]` lets NUMBER bombs off of each kind, or of those with NAME in their
//! names: under the default limits, under the strict ones, without limits small ones, with all features off, and
//! with frames. Fails where one takes more time or memory than [`Limits`] promise, or where memory does not come back.
//! `VERBOSE=1` prints each bomb.
//!
//! `hostile --write DIRECTORY NUMBER BYTES [NAME]` writes the bombs of NUMBER sizes of each kind, or of those with NAME
//! in their names, of at most so many bytes, for the tests of the npm package. `hostile --kinds` prints the names.

use guestbox::{CompileOptions, Features, Limits};
use guestbox_tests::{
    hostile::{
        KINDS, LARGEST, bomb,
        trial::{FRAMES_FACTOR, Outcome, Trial, compile_kib, run_kib, trial},
    },
    process::resident_kib,
};
use std::{env, error::Error, fs, path::Path, process::ExitCode};

/// Bombs of each kind, so that there are more than 1,000.
const EACH: u32 = 18;

/// Milliseconds for each MiB of a module, until it is refused or compiled: what [`Limits`] promise, and three times that
/// with frames.
const PER_MIB: f64 = 200.0;

/// Bytes of the largest without limits, where a few bytes can ask for all that the host has.
const LARGEST_UNLIMITED: usize = 4 << 10;

/// A run of a few milliseconds.
const FUEL: u64 = 10_000_000;

/// KiB by which the resident memory may grow over a campaign.
const GROWTH: u64 = 16 << 10;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match &arguments[..] {
        [first, directory, number, bytes, wanted @ ..] if first == "--write" => {
            let wanted = wanted.first().map_or("", String::as_str);
            write(Path::new(directory), number.parse()?, bytes.parse()?, wanted)?;
            return Ok(ExitCode::SUCCESS);
        }
        [first] if first == "--kinds" => {
            KINDS.iter().for_each(|(name, _)| println!("{name}"));
            return Ok(ExitCode::SUCCESS);
        }
        _ => {}
    }
    let each = arguments.first().map_or(Ok(EACH), |number| number.parse())?;
    let wanted = arguments.get(1).map_or("", String::as_str);
    let mut kept = true;
    let mut limits = Limits::default();
    limits.fuel = FUEL;
    let plain = CompileOptions::new();
    kept &= campaign("the default limits", &limits, plain, each, wanted)?;
    let frames = plain.with_frames();
    kept &= campaign("the default limits, with frames", &limits, frames, each.div_ceil(3), wanted)?;
    limits.features = Features::MVP;
    kept &= campaign("the default limits without features", &limits, plain, each.div_ceil(3), wanted)?;
    kept &= campaign("strict limits", &Limits::strict(), plain, each.div_ceil(3), wanted)?;
    let mut unlimited = Limits::unlimited();
    (unlimited.fuel, unlimited.module_bytes) = (FUEL, LARGEST_UNLIMITED);
    kept &= campaign("no limits, small ones", &unlimited, plain, each.div_ceil(3), wanted)?;
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn write(directory: &Path, number: u32, bytes: usize, wanted: &str) -> Result<(), Box<dyn Error>> {
    for (kind, (name, _)) in KINDS.iter().enumerate().filter(|(_, (name, _))| name.contains(wanted)) {
        for at in 0..number {
            let file = format!("{} {at}.wasm", name.replace(' ', "-"));
            fs::write(directory.join(file), bomb(kind, at, bytes))?;
        }
    }
    Ok(())
}

/// The worst of the bombs of a kind.
#[derive(Default)]
struct Worst {
    modules: u32,
    refused_by_limit: u32,
    refused: u32,
    stopped: u32,
    per_mib: f64,
    compile_kib: u64,
    run_kib: u64,
}

impl Worst {
    fn add(&mut self, trial: &Trial, len: usize) {
        self.modules += 1;
        match trial.outcome {
            Outcome::Refused("limit") | Outcome::NotInstantiated("limit") => self.refused_by_limit += 1,
            Outcome::Refused(_) => self.refused += 1,
            Outcome::NotInstantiated(_) | Outcome::Ended(_) => self.stopped += 1,
            Outcome::Finished => {}
        }
        self.per_mib = self.per_mib.max(trial.per_mib(len));
        self.compile_kib = self.compile_kib.max(trial.compile_kib);
        self.run_kib = self.run_kib.max(trial.run_kib);
    }
}

fn campaign(
    title: &str,
    limits: &Limits,
    options: CompileOptions,
    each: u32,
    wanted: &str,
) -> Result<bool, Box<dyn Error>> {
    let times = if options == CompileOptions::new() { 1 } else { FRAMES_FACTOR };
    // Without limits nothing is promised but that it ends and that memory comes back.
    let promises = limits.block_depth < u32::MAX;
    println!("\nHostile modules under {title}");
    println!(
        "{:>28} {:>8} {:>8} {:>8} {:>8} {:>9} {:>8} {:>8}",
        "kind", "modules", "limit", "refused", "stopped", "ms / MiB", "compile", "run MiB"
    );
    let (mut kept, mut modules, mut early) = (true, 0, 0);
    let largest = LARGEST.min(limits.module_bytes);
    for (kind, (name, _)) in KINDS.iter().enumerate().filter(|(_, (name, _))| name.contains(wanted)) {
        let mut worst = Worst::default();
        for number in 0..each {
            let bytes = bomb(kind, number, largest);
            let trial = patient_trial(limits, options, &bytes)?;
            worst.add(&trial, bytes.len());
            if env::var_os("VERBOSE").is_some() {
                println!("{name} {number}: {} bytes, {trial:?}", bytes.len());
            }
            for (what, is_kept) in [
                ("time", trial.per_mib(bytes.len()) < times as f64 * PER_MIB),
                ("memory to compile", trial.compile_kib <= times * compile_kib(bytes.len())),
                ("memory to run", trial.run_kib <= times * run_kib(limits, bytes.len())),
            ] {
                if promises && !is_kept {
                    println!("{name} {number}, {} bytes, took too much {what}: {trial:?}", bytes.len());
                    kept = false;
                }
            }
        }
        println!(
            "{name:>28} {:>8} {:>8} {:>8} {:>8} {:>9.1} {:>8.1} {:>8.1}",
            worst.modules,
            worst.refused_by_limit,
            worst.refused,
            worst.stopped,
            worst.per_mib,
            worst.compile_kib as f64 / 1_024.0,
            worst.run_kib as f64 / 1_024.0
        );
        modules += worst.modules;
        if kind <= KINDS.len() / 10 {
            early = early.max(resident_kib()?);
        }
    }
    let end = resident_kib()?;
    println!("{modules} modules; KiB resident after a tenth of them {early}, at the end {end}");
    if !wanted.is_empty() || end <= early + GROWTH {
        return Ok(kept);
    }
    println!("memory did not come back");
    Ok(false)
}

/// A trial, and the fastest of three where it is too slow: others may have had the machine.
fn patient_trial(limits: &Limits, options: CompileOptions, bytes: &[u8]) -> Result<Trial, Box<dyn Error>> {
    let mut best = trial(limits, options, bytes)?;
    for _ in 0..2 {
        if best.per_mib(bytes.len()) < PER_MIB {
            break;
        }
        let again = trial(limits, options, bytes)?;
        best.compiling = best.compiling.min(again.compiling);
    }
    Ok(best)
}
