//! Every operator, paused at every unit of its fuel and in slices, does what it does in one go: see
//! `guestbox_tests::operators`.

use guestbox::CompileOptions;
use guestbox_tests::operators::{
    Case, KINDS, Observed, PLACES, cases,
    trial::{Pace, Pauses, Trial},
};
use std::{collections::BTreeSet, env, ops::Range, time::Instant};
use wasmparser::{Parser, Payload};

/// Units of fuel in a slice.
const SLICES: [u64; 4] = [1, 2, 3, 7];

/// Of a range of fuel with all of which a call pauses at the same place, what is tried: every unit. In
/// debug, where a run takes five times as long, three at each end, and each sixteenth in between.
fn units(range: Range<u64>) -> impl Iterator<Item = u64> {
    let Range { start, end } = range.clone();
    let is_tried = move |fuel: &u64| fuel - start < 3 || end - fuel <= 3 || (fuel - start).is_multiple_of(16);
    range.filter(move |fuel| !cfg!(debug_assertions) || is_tried(fuel))
}

/// A place of a case, and what it does in one go.
struct Check<'a> {
    trial: &'a mut Trial,
    place: &'a str,
    whole: Observed,
    /// Whether snapshots are restored: memories take long to capture.
    is_kept: bool,
    runs: u64,
    failures: Vec<String>,
}

impl Check<'_> {
    /// Runs it at a pace, and returns the pauses.
    fn run(&mut self, pace: Pace, is_kept: bool) -> Pauses {
        self.runs += 1;
        let (problem, pauses) = match self.trial.run(self.place, pace, is_kept) {
            Ok((observed, pauses)) => (observed.difference(&self.whole), pauses),
            Err(problem) => (Some(problem), Pauses::new()),
        };
        self.fails(pace, problem);
        pauses
    }

    fn fails(&mut self, pace: Pace, problem: Option<String>) {
        self.failures.extend(problem.map(|problem| format!("{pace:?}: {problem}")));
    }

    /// Runs it with each fuel up to what it takes.
    fn pause(&mut self) {
        let ranges = self.run(Pace::Sparing, false);
        let reached = ranges.iter().try_fold(0, |at, range| (range.start == at).then_some(range.end));
        if reached != Some(self.whole.fuel) {
            self.fails(Pace::Sparing, Some(format!("{ranges:?} are not all of {}", self.whole.fuel)));
        }
        for range in ranges {
            for fuel in units(range.clone()) {
                let pace = Pace::Paused(fuel);
                let pauses = self.run(pace, false);
                if pauses != [range.clone()] {
                    self.fails(pace, Some(format!("pauses {pauses:?}, not {range:?}")));
                }
            }
        }
        let enough = Pace::Paused(self.whole.fuel);
        if !self.run(enough, false).is_empty() {
            self.fails(enough, Some("pauses".to_owned()));
        }
    }

    fn slice(&mut self) {
        for fuel in SLICES {
            self.run(Pace::Sliced(fuel), self.is_kept && fuel == 1);
        }
    }
}

/// Runs a case in a place at each pace, and says what was wrong first and how often.
fn check(trial: &mut Trial, place: &str, runs: &mut u64) -> Result<(), String> {
    let is_kept = place == "split" || !trial.has_memories();
    let (whole, pauses) = trial.run(place, Pace::Whole, is_kept)?;
    assert_eq!(pauses, [], "in one go");
    let mut check = Check { trial, place, whole, is_kept, runs: 0, failures: Vec::new() };
    check.pause();
    check.slice();
    *runs += check.runs;
    match check.failures.first() {
        Some(first) => Err(format!("in {place} {} times, first {first}", check.failures.len())),
        None => Ok(()),
    }
}

/// Checks the cases of a kind. `VERBOSE=1` prints how long each takes.
fn check_kind(kind: &str, options: CompileOptions) {
    let (mut runs, mut failures, began) = (0, Vec::new(), Instant::now());
    let (_, cases) = KINDS.iter().find(|(name, _)| *name == kind).unwrap();
    for case in cases() {
        let start = Instant::now();
        let mut trial = Trial::new(&case, &case.bytes(), options).unwrap_or_else(|error| panic!("{error}"));
        let failed = PLACES.iter().filter_map(|place| check(&mut trial, place, &mut runs).err());
        failures.extend(failed.map(|failure| format!("{} {failure}", case.name)));
        if env::var_os("VERBOSE").is_some() {
            println!("{:?} {}", start.elapsed(), case.name);
        }
    }
    println!("{kind}: {runs} runs, {:?}", began.elapsed());
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn calls() {
    check_kind("calls", CompileOptions::new());
}

#[test]
fn control() {
    check_kind("control", CompileOptions::new());
}

#[test]
fn memories() {
    check_kind("memories", CompileOptions::new());
}

#[test]
fn numeric() {
    check_kind("numeric", CompileOptions::new());
}

#[test]
fn tables() {
    check_kind("tables", CompileOptions::new());
}

#[test]
fn values() {
    check_kind("values", CompileOptions::new());
}

#[test]
fn vectors() {
    check_kind("vectors", CompileOptions::new());
}

/// Where code is put into a module. In debug only calls, as tables take long.
#[test]
fn calls_and_tables_with_frames() {
    let kinds: &[&str] = if cfg!(debug_assertions) { &["calls"] } else { &["calls", "tables"] };
    for kind in kinds {
        check_kind(kind, CompileOptions::new().with_frames());
    }
}

macro_rules! operators {
    ($(@$proposal:ident $operator:ident $({ $($field:tt)* })? => $visit:ident ($($arity:tt)*))*) => {
        [$((stringify!($proposal), stringify!($operator))),*]
    };
}

/// The parts of WebAssembly that guests may use, as the parser calls them.
const PROPOSALS: [&str; 8] = [
    "bulk_memory",
    "mvp",
    "reference_types",
    "relaxed_simd",
    "saturating_float_to_int",
    "sign_extension",
    "simd",
    "tail_call",
];

/// The parser's name of an operator of the text format, in lower case: it has words where the text has none.
fn parsed_name(operator: &str) -> String {
    operator.split(['.', '_']).collect()
}

/// The operators in the code of a module.
fn operators_of(case: &Case) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for payload in Parser::new(0).parse_all(&case.bytes()) {
        let Payload::CodeSectionEntry(body) = payload.unwrap() else { continue };
        for operator in body.get_operators_reader().unwrap() {
            let shown = format!("{:?}", operator.unwrap());
            used.extend(shown.split_whitespace().next().map(str::to_lowercase));
        }
    }
    used
}

#[test]
fn every_operator_has_a_case() {
    let (mut named, mut names) = (BTreeSet::new(), BTreeSet::new());
    for case in cases() {
        let operator = parsed_name(&case.operator);
        assert!(operators_of(&case).contains(&operator), "{} has no {operator}", case.name);
        assert!(names.insert(case.name.clone()), "two cases are called {}", case.name);
        named.insert(operator);
    }
    let all = wasmparser::for_each_operator!(operators);
    let supported = all.iter().filter(|(proposal, _)| PROPOSALS.contains(proposal));
    let supported: BTreeSet<String> = supported.map(|(_, operator)| operator.to_lowercase()).collect();
    assert!(supported.len() > 430, "{} operators", supported.len());
    assert_eq!(supported.difference(&named).collect::<Vec<_>>(), Vec::<&String>::new(), "missing");
    assert_eq!(named.difference(&supported).collect::<Vec<_>>(), Vec::<&String>::new(), "unknown");
}
