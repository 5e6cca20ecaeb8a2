//! What the cases do natively, for other runtimes: lines of JSON, the first with what all cases have,
//! then one for each case.

use super::{
    Case, Observed, PLACES, cases,
    trial::{ARGUMENTS, PLENTY, Pace, Trial, limits},
};
use crate::guests::trace::format_value;
use guestbox::{CompileOptions, Value};
use serde::Serialize;
use std::collections::BTreeMap;

/// What all cases have.
#[derive(Serialize)]
struct Common {
    limits: BTreeMap<&'static str, u64>,
    arguments: Vec<String>,
    plenty: u64,
}

/// A case: the digits of its module's bytes, and each of its places.
#[derive(Serialize)]
struct Recorded {
    name: String,
    module: String,
    is_capturable: bool,
    places: Vec<Place>,
}

/// What a place does; floats are bits.
#[derive(Serialize)]
struct Place {
    place: &'static str,
    /// Its results, or the trap's name.
    results: Option<Vec<String>>,
    trap: Option<&'static str>,
    fuel: u64,
    /// The arguments of each host call.
    calls: Vec<Vec<String>>,
    globals: BTreeMap<String, String>,
    tables: BTreeMap<String, Vec<String>>,
    memories: BTreeMap<String, Memory>,
    /// The most fuel with which it pauses first at each of the places where it can.
    pauses: Vec<u64>,
}

/// The bytes of a memory: how many, and those that are not zero, in rows with where they begin.
#[derive(Serialize)]
struct Memory {
    len: usize,
    rows: Vec<(usize, String)>,
}

const ROW: usize = 32;

/// The lines.
///
/// # Errors
///
/// What went wrong natively.
pub fn lines() -> Result<Vec<String>, String> {
    let limits = limits();
    let common = Common {
        limits: [
            ("memoryPages", limits.memory_pages.into()),
            ("tableElements", limits.table_elements.into()),
        ]
        .into(),
        arguments: formatted(&ARGUMENTS),
        plenty: PLENTY,
    };
    let cases = cases().into_iter().map(|case| recorded(&case).map(|case| line(&case)));
    [Ok(line(&common))].into_iter().chain(cases).collect()
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("it has no maps with other keys than strings")
}

fn recorded(case: &Case) -> Result<Recorded, String> {
    let bytes = case.bytes();
    let mut trial = Trial::new(case, &bytes, CompileOptions::new())?;
    let places = PLACES.iter().map(|place| recorded_place(&mut trial, place)).collect::<Result<_, _>>()?;
    Ok(Recorded {
        name: case.name.clone(),
        module: hex(&bytes),
        is_capturable: trial.is_capturable(),
        places,
    })
}

fn recorded_place(trial: &mut Trial, place: &'static str) -> Result<Place, String> {
    let (observed, _) = trial.run(place, Pace::Whole, false)?;
    let (_, pauses) = trial.run(place, Pace::Sparing, false)?;
    let pauses = pauses.into_iter().map(|pause| pause.end - 1).collect();
    let Observed { outcome, fuel, calls, globals, memories, tables, .. } = observed;
    let (results, trap) = match outcome {
        Some(Ok(values)) => (Some(formatted(&values)), None),
        Some(Err(code)) => (None, Some(code.name())),
        None => return Err("it did not end".to_owned()),
    };
    Ok(Place {
        place,
        results,
        trap,
        fuel,
        calls: calls.iter().map(|args| formatted(args)).collect(),
        globals: globals.into_iter().map(|(name, value)| (name, format_value(value))).collect(),
        tables: tables.into_iter().map(|(name, values)| (name, formatted(&values))).collect(),
        memories: memories.into_iter().map(|(name, bytes)| (name, memory(&bytes))).collect(),
        pauses,
    })
}

fn memory(bytes: &[u8]) -> Memory {
    let rows = bytes.chunks(ROW).enumerate().filter(|(_, row)| **row != [0; ROW][..row.len()]);
    Memory { len: bytes.len(), rows: rows.map(|(at, row)| (at * ROW, hex(row))).collect() }
}

fn formatted(values: &[Value]) -> Vec<String> {
    values.iter().copied().map(format_value).collect()
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
