//! What scripts reached, counted, so that a generator that no longer reaches it is noticed.

use crate::oracle::log::{
    ERR_EXECUTION, ERR_MODULE, ERR_OK, ERR_OUT_OF_BOUNDS, Event, Failure, Missing, Outcome, Refusal,
    SupervisorTrap,
};
use std::{collections::BTreeMap, fmt};

/// How often each thing happened.
#[derive(Clone, Debug, Default)]
pub struct Coverage(BTreeMap<(&'static str, &'static str), u64>);

impl Coverage {
    pub fn add(&mut self, log: &[Event]) {
        for event in log {
            match event {
                Event::End(operation, depth, outcome) => {
                    self.count(operation, outcome_name(operation, outcome));
                    if let Outcome::Refused(Refusal::StartTrapped(failure)) = outcome {
                        self.count("start", failure_name(*failure));
                    }
                    self.count("operations", DEPTHS[(*depth).min(DEPTHS.len() - 1)]);
                }
                Event::Note(note) => self.count("notes", note),
                Event::Reply(reply, _) => self.count("reply", reply),
                _ => {}
            }
        }
    }

    fn count(&mut self, subject: &'static str, what: &'static str) {
        *self.0.entry((subject, what)).or_insert(0) += 1;
    }

    pub fn merge(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(*what).or_insert(0) += count;
        }
    }

    /// Asserts that each thing of [`REACHED`] happened so often.
    pub fn assert_reached(&self, least: u64) {
        for (subject, all) in REACHED {
            for what in *all {
                let count = self.0.get(&(*subject, *what)).copied().unwrap_or(0);
                assert!(count >= least, "{subject}: {what} was reached {count} times, less than {least}");
            }
        }
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = "";
        for ((subject, what), count) in &self.0 {
            if *subject != last {
                writeln!(f, "{subject}")?;
                last = subject;
            }
            writeln!(f, "{count:>12} {what}")?;
        }
        Ok(())
    }
}

const DEPTHS: [&str; 7] = ["level 0", "level 1", "level 2", "level 3", "level 4", "level 5", "deeper"];

const fn outcome_name(operation: &str, outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Bytes(bytes) if bytes.len() == 1 => "none",
        Outcome::Bytes(_) => "some",
        Outcome::Code(ERR_EXECUTION) => "ERR_EXECUTION",
        Outcome::Code(ERR_MODULE) => "ERR_MODULE",
        Outcome::Code(ERR_OUT_OF_BOUNDS) => "ERR_OUT_OF_BOUNDS",
        // Ids are codes of `instantiate`, of which 0 is ERR_OK too.
        Outcome::Code(ERR_OK) if !is_instantiate(operation) => "ERR_OK",
        Outcome::Code(_) | Outcome::Id(_) => "id",
        Outcome::Done => "done",
        Outcome::Failed(failure) => failure_name(*failure),
        Outcome::Refused(Refusal::EnvironmentCorrupted) => "environment corrupted",
        Outcome::Refused(Refusal::Instantiation) => "instantiation",
        Outcome::Refused(Refusal::ModuleDecoding) => "module decoding",
        Outcome::Refused(Refusal::StartTrapped(_)) => "start trapped",
        Outcome::Results(None) => "no result",
        Outcome::Results(Some(_)) => "result",
        Outcome::Trap(SupervisorTrap::Arguments) => "trap: arguments",
        Outcome::Trap(SupervisorTrap::Instance(Missing::TornDown)) => "trap: torn-down instance",
        Outcome::Trap(SupervisorTrap::Instance(Missing::Unknown)) => "trap: unknown instance",
        Outcome::Trap(SupervisorTrap::Memory(Missing::TornDown)) => "trap: torn-down memory",
        Outcome::Trap(SupervisorTrap::Memory(Missing::Unknown)) => "trap: unknown memory",
        Outcome::Trap(SupervisorTrap::MemoryRefused) => "trap: memory refused",
        Outcome::Trap(SupervisorTrap::ResultBuffer) => "trap: result buffer",
    }
}

const fn is_instantiate(operation: &str) -> bool {
    matches!(operation.as_bytes(), b"instantiate")
}

const fn failure_name(failure: Failure) -> &'static str {
    match failure {
        Failure::AllocateArguments => "step 2: allocate",
        Failure::DeallocateAfterWrite => "step 3: write, then deallocate",
        Failure::DeallocateArguments => "step 5: deallocate arguments",
        Failure::DeallocateResult => "step 7: deallocate result",
        Failure::DecodeResult => "step 8: decode",
        Failure::DivisionByZero => "division by zero",
        Failure::ElementUninitialized => "element uninitialized",
        Failure::ExportNotFound => "export not found",
        Failure::HostError => "HostError",
        Failure::InvalidConversion => "invalid conversion",
        Failure::MemoryOutOfBounds => "memory out of bounds",
        Failure::NotAFunction => "not a function",
        Failure::Other => "other",
        Failure::ReadResult => "step 6: read",
        Failure::SupervisorTrapped => "step 4: thunk",
        Failure::TableOutOfBounds => "table out of bounds",
        Failure::UnexpectedSignature => "unexpected signature",
        Failure::Unreachable => "unreachable",
        Failure::WriteArguments => "step 3: write",
    }
}

/// What a campaign must have reached.
const REACHED: &[(&str, &[&str])] = &[
    ("get_global_val", &["none", "some", "trap: torn-down instance", "trap: unknown instance"]),
    ("instance_teardown", &["done", "trap: torn-down instance", "trap: unknown instance"]),
    (
        "instantiate",
        &[
            "ERR_EXECUTION",
            "ERR_MODULE",
            "environment corrupted",
            "id",
            "instantiation",
            "module decoding",
            "start trapped",
        ],
    ),
    (
        "invoke",
        &[
            "ERR_EXECUTION",
            "ERR_OK",
            "HostError",
            "division by zero",
            "element uninitialized",
            "export not found",
            "invalid conversion",
            "memory out of bounds",
            "no result",
            "not a function",
            "result",
            "step 2: allocate",
            "step 3: write",
            "step 3: write, then deallocate",
            "step 4: thunk",
            "step 5: deallocate arguments",
            "step 6: read",
            "step 7: deallocate result",
            "step 8: decode",
            "table out of bounds",
            "trap: arguments",
            "trap: result buffer",
            "trap: torn-down instance",
            "trap: unknown instance",
            "unexpected signature",
            "unreachable",
        ],
    ),
    ("memory_get", &["ERR_OK", "ERR_OUT_OF_BOUNDS", "trap: torn-down memory", "trap: unknown memory"]),
    ("memory_new", &["id", "trap: memory refused"]),
    ("memory_set", &["ERR_OK", "ERR_OUT_OF_BOUNDS", "trap: torn-down memory", "trap: unknown memory"]),
    ("memory_teardown", &["done", "trap: torn-down memory", "trap: unknown memory"]),
    (
        "notes",
        &[
            "calls a running instance",
            "from a callback of a start function",
            "instantiates from a callback",
            "tears down a running instance",
        ],
    ),
    ("operations", &["level 0", "level 1", "level 2", "level 3", "level 4"]),
    ("reply", &["bytes", "echo", "expected", "region", "reused", "trap"]),
    ("start", &["HostError", "step 4: thunk", "step 6: read", "unexpected signature", "unreachable"]),
];
