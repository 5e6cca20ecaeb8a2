//! What directives come to.

use guestbox::{CompileError, InvokeError, Trap, TrapCode};
use serde::{Serialize, Serializer};
use std::fmt;

/// What a directive came to.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Outcome {
    /// What has to come of it.
    Passed,
    /// It is a test of readers of the text format, and was not run.
    TextFormat,
    /// A later version of the specification has it otherwise; it was not run.
    Superseded,
    /// Other results.
    WrongValue,
    /// A trap in the place of results, none, or one of another kind.
    WrongTrap,
    /// A module that has to be refused was not.
    Accepted,
    /// An invalid module was refused for a proposal that is not supported, this one, and not as it is invalid.
    Unexamined(&'static str),
    /// A valid module was refused for this reason, or it is about an instance of one.
    Refused(&'static str),
}

impl Outcome {
    /// Whether it is never right.
    #[must_use]
    pub const fn is_wrong(self) -> bool {
        matches!(self, Self::WrongValue | Self::WrongTrap | Self::Accepted)
    }

    /// Of a module that was not compiled.
    pub(super) const fn of_compile_error(error: &CompileError) -> Self {
        match error {
            CompileError::Unsupported(unsupported) => Self::Refused(unsupported.proposal.name()),
            other => Self::Refused(other.code()),
        }
    }
}

/// As the tally has it.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("passed"),
            Self::TextFormat => f.write_str("text format"),
            Self::Superseded => f.write_str("superseded"),
            Self::WrongValue => f.write_str("wrong value"),
            Self::WrongTrap => f.write_str("wrong trap"),
            Self::Accepted => f.write_str("accepted"),
            Self::Unexamined(proposal) => write!(f, "unexamined: {proposal}"),
            Self::Refused(reason) => write!(f, "refused: {reason}"),
        }
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a directive came to, and what there is to say about it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What it came to.
    pub outcome: Outcome,
    /// In words.
    pub detail: String,
}

impl Finding {
    pub(super) fn new(outcome: Outcome, detail: impl fmt::Display) -> Self {
        Self { outcome, detail: detail.to_string() }
    }

    pub(super) const fn passed() -> Self {
        Self { outcome: Outcome::Passed, detail: String::new() }
    }
}

/// What the specification's interpreter says of traps, how it begins, and what kinds these are.
pub(super) const MESSAGES: [(&str, &[TrapCode]); 11] = [
    ("call stack exhausted", &[TrapCode::StackOverflow]),
    ("indirect call", &[TrapCode::BadSignature]),
    ("integer divide by zero", &[TrapCode::IntegerDivisionByZero]),
    ("integer overflow", &[TrapCode::IntegerOverflow]),
    ("invalid conversion to integer", &[TrapCode::BadConversionToInteger]),
    ("out of bounds memory access", &[TrapCode::MemoryOutOfBounds]),
    ("out of bounds table access", &[TrapCode::TableOutOfBounds]),
    ("out of bounds", &[TrapCode::MemoryOutOfBounds, TrapCode::TableOutOfBounds]),
    ("undefined", &[TrapCode::TableOutOfBounds]),
    ("uninitialized", &[TrapCode::IndirectCallToNull]),
    ("unreachable", &[TrapCode::Unreachable]),
];

/// Whether a trap is of the kind that a message is about.
pub(super) fn is_meant(message: &str, code: TrapCode) -> bool {
    let meant = MESSAGES.iter().find(|(beginning, _)| message.starts_with(beginning));
    meant.is_some_and(|(_, codes)| codes.contains(&code))
}

/// The trap of the innermost call: each call around it ended because a function that it imports trapped.
pub(super) fn innermost(trap: &Trap) -> &Trap {
    match trap.reason().and_then(|reason| reason.downcast_ref::<InvokeError>()) {
        Some(InvokeError::Trap(inner)) => innermost(inner),
        _ => trap,
    }
}
