//! What can be seen of a call, and how two calls differ.

use guestbox::{Snapshot, TrapCode, Value, Values};
use std::{fmt, sync::Arc};

/// What a call did.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Its results, or the trap that ended it.
    pub outcome: Option<Result<Values, TrapCode>>,
    /// The fuel that it used.
    pub fuel: u64,
    /// The arguments of its host calls.
    pub calls: Vec<Vec<Value>>,
    /// The exported globals after it, by their names.
    pub globals: Vec<(String, Value)>,
    /// The memories after it.
    pub memories: Vec<(String, Arc<[u8]>)>,
    /// What is in the tables after it: see `tables`.
    pub tables: Vec<(String, Values)>,
    /// The snapshot of the guest after it, where its module can be captured.
    pub snapshot: Option<Snapshot>,
}

impl Observed {
    /// In what it differs from what is expected, in words. Of the snapshots only where both were taken.
    #[must_use]
    pub fn difference(&self, expected: &Self) -> Option<String> {
        let mut differs = Vec::new();
        note(&mut differs, "outcome", &self.outcome, &expected.outcome);
        note(&mut differs, "fuel", &self.fuel, &expected.fuel);
        note(&mut differs, "host calls", &self.calls, &expected.calls);
        note(&mut differs, "tables", &self.tables, &expected.tables);
        for ((name, is), (_, expected)) in self.globals.iter().zip(&expected.globals) {
            note(&mut differs, name, is, expected);
        }
        for ((name, is), (_, expected)) in self.memories.iter().zip(&expected.memories) {
            if !Arc::ptr_eq(is, expected) && is != expected {
                let at = is.iter().zip(expected.iter()).position(|(is, expected)| is != expected);
                differs.push(format!("{name}: {} bytes, not {}, at {at:?}", is.len(), expected.len()));
            }
        }
        if let (Some(is), Some(expected)) = (&self.snapshot, &expected.snapshot)
            && is != expected
        {
            differs.push("another snapshot".to_owned());
        }
        (!differs.is_empty()).then(|| differs.join("; "))
    }
}

/// Notes what is not equal.
fn note<T: fmt::Debug + PartialEq>(differs: &mut Vec<String>, what: &str, is: &T, expected: &T) {
    if is != expected {
        differs.push(format!("{what}: {is:?}, not {expected:?}"));
    }
}
