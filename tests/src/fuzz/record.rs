//! Records: what a case came to, call by call, and how two of them are compared.

use super::{
    case::Plan,
    host::{Host, START, canonical, mix},
};
use guestbox::{InstanceId, MemoryId, Store, TrapCode, Value};
use std::fmt::Write;

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum End {
    Finished(Vec<Value>),
    Trapped(TrapCode),
    /// There is no instance, for a reason that is no trap.
    NoInstance(&'static str),
}

/// The instantiation or a call, and how everything was after it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) end: End,
    pub(super) fuel: u64,
    /// Host calls until then, and their hash.
    pub(super) calls: u32,
    pub(super) trace: u32,
    pub(super) state: State,
    /// Whether a call back ended by fuel or by the stack.
    pub(super) is_tainted: bool,
}

/// Memories, each with its pages and a hash, and globals.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct State {
    pub(super) memories: Vec<(u32, u32)>,
    pub(super) globals: Vec<Value>,
}

impl Entry {
    pub(super) fn new(end: End, fuel: u64, host: &Host, state: State) -> Self {
        let Host { calls, trace, is_tainted, .. } = *host;
        Self { end, fuel, calls, trace, state, is_tainted }
    }

    /// Whether another engine, or the same with other code, would have ended it elsewhere.
    pub(super) fn is_bounded(&self) -> bool {
        let codes = [TrapCode::OutOfFuel, TrapCode::StackOverflow, TrapCode::NestingTooDeep];
        self.is_tainted || matches!(&self.end, End::Trapped(code) if codes.contains(code))
    }

    /// The same as other engines have it, without fuel and the bits of NaNs.
    pub(super) fn abroad(&self) -> Self {
        let canonical = |values: &[Value]| values.iter().copied().map(canonical).collect();
        let end = match &self.end {
            End::Finished(values) => End::Finished(canonical(values)),
            other => other.clone(),
        };
        let globals = canonical(&self.state.globals);
        let state = State { memories: self.state.memories.clone(), globals };
        Self { end, fuel: 0, state, ..self.clone() }
    }
}

impl State {
    /// Of an instance, or of the imported memories alone where there is none.
    pub(super) fn of(
        store: &mut Store,
        instance: Option<InstanceId>,
        imported: &[MemoryId],
        plan: &Plan,
    ) -> Self {
        let mut memories = imported.to_vec();
        let mut globals = Vec::new();
        if let Some(instance) = instance {
            let exported =
                plan.memories.iter().map(|name| store.exported_memory(instance, name).unwrap().unwrap());
            memories.extend(exported);
            globals.extend(plan.globals.iter().map(|name| store.global(instance, name).unwrap().unwrap()));
        }
        let mut state = |memory: &MemoryId| {
            let bytes = store.memory_data_mut(*memory).unwrap();
            ((bytes.len() >> 16) as u32, hash(bytes))
        };
        Self { memories: memories.iter().map(&mut state).collect(), globals }
    }
}

/// A hash of a memory: of the words that are not zero.
pub(super) fn hash(bytes: &[u8]) -> u32 {
    let mut hash = START;
    for (at, eight) in (0_u32..).step_by(2).zip(bytes.chunks_exact(8)) {
        let eight = u64::from_le_bytes(eight.try_into().unwrap());
        if eight != 0 {
            for (at, word) in [(at, eight as u32), (at + 1, (eight >> 32) as u32)] {
                if word != 0 {
                    hash = mix(mix(hash, at), word);
                }
            }
        }
    }
    hash
}

/// Compares a record, or as much as there is of it, with the plain one.
///
/// # Errors
///
/// What differs.
pub(super) fn compare(mode: &str, plain: &[Entry], other: &[Entry]) -> Result<(), String> {
    for (at, (plain, other)) in plain.iter().zip(other).enumerate() {
        if plain != other {
            let mut text = format!("{mode}: entry {at} differs\n");
            writeln!(text, "   plain: {plain:x?}\n   other: {other:x?}").unwrap();
            return Err(text);
        }
    }
    Ok(())
}
