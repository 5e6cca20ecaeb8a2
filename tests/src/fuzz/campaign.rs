//! Campaigns: many cases on all cores, against all engines, and what is kept of a failure.

use super::{
    case::Case,
    counted,
    ground::Ground,
    large, modes,
    record::{End, Entry},
    reference,
    tally::Tally,
    v8::{self, Node},
};
use crate::random::Random;
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

/// What is run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The first seed.
    pub first: u64,
    /// How many seeds at most.
    pub modules: u64,
    /// When to begin no other case.
    pub until: Option<Instant>,
    /// Each module's swept calls.
    pub swept_calls: usize,
    /// Units of fuel that a sweep passes over after each place that it stops at.
    pub stride: u64,
    /// Whether the large modules are run.
    pub large: bool,
    /// Every how many modules V8 is asked.
    pub v8_every: u64,
    /// The Nodes that are.
    pub nodes: Vec<String>,
    /// Where modules that are no seed's are, to be run first.
    pub regressions: Option<PathBuf>,
}

/// What failed, and how it is run again.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The case's name.
    pub case: String,
    /// What differed.
    pub text: String,
}

/// Runs a campaign.
#[must_use]
pub fn run(settings: &Settings) -> (Tally, Vec<Failure>) {
    let nodes: Vec<_> = settings.nodes.iter().map(|name| Node::start(name, Path::new(v8::SCRIPT))).collect();
    let failures = Mutex::new(Vec::new());
    let total = Mutex::new(Tally::default());
    let given: Vec<_> = regressions(settings)
        .into_iter()
        .chain(settings.large.then(large::cases).into_iter().flatten())
        .collect();
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let work = || {
        let mut tally = Tally::default();
        while !stop.load(Ordering::Relaxed) && settings.until.is_none_or(|until| Instant::now() < until) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let case = match given.get(usize::try_from(at).unwrap()) {
                Some(case) => Some(case.clone()),
                None => {
                    let seed = at - given.len() as u64;
                    if seed >= settings.modules {
                        break;
                    }
                    Case::of_seed(settings.first + seed)
                }
            };
            let Some(case) = case else {
                tally.add("modules", "not generated", 1);
                continue;
            };
            let nodes = if at.is_multiple_of(settings.v8_every) || case.seed == 0 { &nodes[..] } else { &[] };
            let outcome = catch_unwind(AssertUnwindSafe(|| one(settings, &case, nodes, &mut tally)));
            let text = match outcome {
                Ok(Ok(())) => continue,
                Ok(Err(text)) => text,
                Err(panic) => format!("panic: {}", message(&*panic)),
            };
            keep(&case, &text);
            let mut failures = failures.lock().unwrap();
            failures.push(Failure { case: case.name.clone(), text });
            stop.store(failures.len() >= 20, Ordering::Relaxed);
        }
        total.lock().unwrap().merge(&tally);
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, work).unwrap();
        }
    });
    let (mut total, mut failures) = (total.into_inner().unwrap(), failures.into_inner().unwrap());
    for node in nodes {
        for (name, text) in node.finish(&mut total) {
            let known = given.iter().find(|case| case.name == name).cloned();
            let seeded = name.strip_prefix("seed ").and_then(|seed| Case::of_seed(seed.parse().ok()?));
            if let Some(case) = known.or(seeded) {
                keep(&case, &text);
            }
            failures.push(Failure { case: name, text });
        }
    }
    (total, failures)
}

/// Runs a case in all ways.
fn one(settings: &Settings, case: &Case, nodes: &[Node], tally: &mut Tally) -> Result<(), String> {
    tally.add("modules", "all", 1);
    let ground = match Ground::new(case) {
        Ok(ground) => ground,
        Err(error) => {
            tally.add("refused", error.code(), 1);
            if matches!(error.code(), "invalid" | "unsupported") {
                return Err(format!("refused: {error}"));
            }
            return Ok(());
        }
    };
    let plain = ground.run_plain();
    tally.add("modules", if case.seed == 0 { "run, large" } else { "run" }, 1);
    note(&plain, tally);
    modes::slices(&ground, &plain, tally)?;
    modes::paused(case, &ground, &plain, tally)?;
    modes::frames(case, &ground, &plain, tally)?;
    modes::snapshots(&ground, &plain, tally)?;
    let mut random = Random::new(case.seed ^ 0x53EE);
    let calls = &ground.plan.calls;
    for _ in 0..settings.swept_calls.min(calls.len()) {
        modes::sweep(&ground, &calls[random.index(calls.len())], settings.stride, tally)?;
    }
    if !nodes.is_empty()
        && let Some(line) = v8::line(case, &ground, &plain)
    {
        nodes.iter().for_each(|node| node.send(&line));
    }
    counted::compare(case, &ground, &plain, tally)?;
    reference::compare(case, &ground, &plain, tally)
}

/// Counts how calls ended.
fn note(plain: &[Entry], tally: &mut Tally) {
    for (at, entry) in plain.iter().enumerate() {
        let name = match &entry.end {
            End::Finished(_) => "finished",
            End::Trapped(code) => code.name(),
            End::NoInstance(code) => code,
        };
        tally.add(if at == 0 { "instances" } else { "calls" }, name, 1);
        tally.add("fuel", "used", entry.fuel);
    }
    tally.add("host calls", "all", plain.last().map_or(0, |entry| entry.calls.into()));
}

/// Writes a case that failed to a file.
fn keep(case: &Case, text: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/fuzz");
    let name = case.name.replace([' ', ','], "-");
    let again = match case.name.strip_prefix("seed ") {
        Some(seed) => format!("Again: make fuzz SEED={seed} MODULES=1"),
        None => "Every run has it that is not of MODULES=1.".to_owned(),
    };
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{name}.wasm")), &case.bytes).unwrap();
    fs::write(folder.join(format!("{name}.txt")), format!("{}\n{again}\n{text}\n", case.name)).unwrap();
    println!("{}: {text:.2000}\n{again}; kept in target/fuzz/{name}.wasm", case.name);
}

/// The cases of a folder, if there is one: of modules whose names are their seeds.
fn regressions(settings: &Settings) -> Vec<Case> {
    let Some(files) = settings.regressions.as_ref().and_then(|folder| fs::read_dir(folder).ok()) else {
        return Vec::new();
    };
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    let wasm = files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "wasm"));
    let case = |file: &PathBuf| {
        let seed = file.file_stem().unwrap().to_str().unwrap().parse().expect("a file's name is its seed");
        Case { name: format!("regression {seed}"), ..Case::new(seed, fs::read(file).unwrap(), false) }
    };
    wasm.map(case).collect()
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}
