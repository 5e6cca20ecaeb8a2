//! Recorded traces: what programs do, and the fuel that it takes, is the same in every runner.
//!
//! `tests/traces` has the programs, and for each of them and of the [real guests](crate::guests) a
//! recorded trace, which `make record-traces` writes from a native run. Its README defines the
//! files. The twin of this module is `tests/traces/run.mjs`, for Node and for a page.
//!
//! * `program`: reads the programs.
//! * `run`: runs their calls.
//! * `supervisor`: serves their host calls.

mod program;
mod run;
mod supervisor;

pub use self::{
    program::Program,
    run::{run, run_parked},
};

use std::{collections::BTreeMap, fs, path::Path};

/// The recorded traces by the name of their program.
///
/// # Panics
///
/// Where one cannot be read.
#[must_use]
pub fn recorded() -> BTreeMap<String, String> {
    let files = fs::read_dir(program::folder("recorded")).expect("the folder is there");
    let paths = files.map(|file| file.expect("the folder can be read").path());
    paths.map(|path| (stem(&path), read(&path))).collect()
}

/// Writes these traces, and removes all others.
///
/// # Panics
///
/// Where that fails.
pub fn record(traces: &BTreeMap<String, Vec<String>>) {
    let path = |name: &str| program::folder("recorded").join(name).with_extension("txt");
    for name in recorded().keys().filter(|name| !traces.contains_key(*name)) {
        fs::remove_file(path(name)).expect("the file can be removed");
    }
    for (name, lines) in traces {
        fs::write(path(name), text_of(lines)).expect("the file can be written");
    }
}

/// Compares a trace with the recorded one, byte for byte.
///
/// # Errors
///
/// Says where they differ first.
pub fn compare(name: &str, recorded: Option<&str>, lines: &[String]) -> Result<(), String> {
    let recorded = recorded.ok_or_else(|| format!("{name}: no trace is recorded"))?;
    if recorded == text_of(lines) {
        return Ok(());
    }
    let expected: Vec<&str> = recorded.split('\n').collect();
    let ending = [""].into_iter();
    let is: Vec<&str> = lines.iter().map(String::as_str).chain(ending).collect();
    let differs = |at: &usize| expected.get(*at) != is.get(*at);
    let at = (0..expected.len().max(is.len())).find(differs).unwrap_or_default();
    let show = |line: Option<&&str>| line.map_or("nothing".to_owned(), |line| format!("`{line}`"));
    Err(format!("{name}, line {}: {}, recorded is {}", at + 1, show(is.get(at)), show(expected.get(at))))
}

fn text_of(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn stem(path: &Path) -> String {
    path.file_stem().expect("it is a file").to_string_lossy().into_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
