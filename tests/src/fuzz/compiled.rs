//! The same cases compiled by a host: the core rewrites them, and Node runs them by its own WebAssembly. All is compared,
//! the kind of each trap and the fuel too, and some calls have less than they need.

use super::{
    case::Case,
    ground::Ground,
    record::{End, Entry},
    tally::Tally,
    v8::{Node, call_json, hex, imports_json, values},
};
use crate::random::Random;
use guestbox::{CompileError, Compiled, Feature};
use serde_json::{Value as Json, json};
use std::path::Path;

/// Frames that a guest may have: as many as the host has room for however large they are, as a rule.
const FRAMES: usize = 200;

/// Compares cases; the texts of those that differ.
///
/// # Panics
///
/// Where there is no Node.
#[must_use]
pub fn compare_compiled(cases: impl Iterator<Item = Case>) -> (Tally, Vec<(String, String)>) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("compiled/fuzz.mjs");
    let node = Node::start(super::nodes().last().expect("there are some"), &script);
    let mut tally = Tally::default();
    let mut different = Vec::new();
    for case in cases {
        match line(&case, &mut tally) {
            Ok(Some(line)) => node.send(&line),
            Ok(None) => {}
            Err(text) => different.push((case.name, text)),
        }
    }
    different.extend(node.finish(&mut tally));
    (tally, different)
}

/// The line for a case, if it can be run.
fn line(case: &Case, tally: &mut Tally) -> Result<Option<String>, String> {
    let mut limits = case.limits.clone();
    limits.guest_frames = FRAMES;
    let case = Case { limits, ..case.clone() };
    let ground = match Ground::new(&case) {
        Ok(ground) => ground,
        Err(error) => {
            tally.add("refused", error.code(), 1);
            return Ok(None);
        }
    };
    let compiled = match Compiled::new(&case.limits, &case.bytes) {
        Err(error @ CompileError::Feature(Feature::RelaxedSimd)) => {
            tally.add("refused", error.code(), 1);
            return Ok(None);
        }
        compiled => compiled.map_err(|error| format!("refused: {error}\n"))?,
    };
    tally.add("modules", "run", 1);
    let mut random = Random::new(case.seed ^ 0xC0DE);
    let all = ground.run_with(&[]);
    let fuel: Vec<_> = all.iter().skip(1).map(|entry| fuel_for(&mut random, &case, entry)).collect();
    let entries = ground.run_with(&fuel);
    let limits = json!({
        "fuel": case.limits.fuel,
        "frames": FRAMES,
        "nesting": case.limits.nesting,
        "memoryPages": case.limits.memory_pages,
        "totalPages": case.limits.total_memory_pages,
        "tableElements": case.limits.table_elements,
    });
    let calls = ground.plan.calls.iter().zip(&fuel).map(|(call, fuel)| {
        let mut json = call_json(&ground, call);
        json["fuel"] = json!(fuel);
        json
    });
    let line = json!({
        "case": case.name,
        "bytes": hex(compiled.bytes()),
        "facts": facts(&compiled),
        "imports": imports_json(&ground),
        "back": ground.plan.back.as_ref().map(|call| call_json(&ground, call)),
        "calls": calls.collect::<Vec<_>>(),
        "memories": ground.plan.memories,
        "globals": ground.globals_json(),
        "limits": limits,
        "entries": entries.iter().map(json_of).collect::<Vec<_>>(),
    });
    Ok(Some(line.to_string()))
}

/// What a runtime needs to know of a rewritten module.
#[must_use]
pub fn facts(compiled: &Compiled) -> Json {
    json!({
        "start": compiled.start(),
        "memories": compiled.memories(),
        "globals": compiled.globals(),
        "tables": compiled.tables(),
        "accounts": compiled.accounts(),
        "asked": compiled.asked(),
        "stackPointer": compiled.stack_pointer(),
    })
}

/// Fuel for a call that used what it did: less than that in one of three cases.
fn fuel_for(random: &mut Random, case: &Case, entry: &Entry) -> u64 {
    let used = u32::try_from(entry.fuel).unwrap_or(u32::MAX);
    if random.chance(33) { random.between(0, used).into() } else { case.limits.fuel }
}

fn json_of(entry: &Entry) -> Json {
    // Of a NaN JavaScript does not keep the bits.
    let Entry { end, state, calls, trace, .. } = entry.abroad();
    let end = match &end {
        End::Finished(results) => json!(values(results)),
        End::Trapped(code) => json!(code.name()),
        End::NoInstance(code) => json!(code),
    };
    json!({
        "end": end,
        "fuel": entry.fuel,
        "calls": calls,
        "trace": trace,
        "memories": state.memories,
        "globals": values(&state.globals),
    })
}
