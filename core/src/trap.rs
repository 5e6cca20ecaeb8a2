//! Traps: why a guest call ended without a result.
//!
//! A trap says what happened, by its [`TrapCode`] and a message, what fuel the call had used, and
//! where the guest was, by its [`Frames`], if its module was compiled with them.

use crate::{error::StackLimits, frames::Frames};
use alloc::boxed::Box;
use core::{error::Error, fmt};

/// A reason of the supervisor's own, carried through a trap untouched.
pub type Reason = Box<dyn Error + Send + Sync>;

/// Why a guest call ended without a result.
///
/// The store stays usable, and so does the instance: its memory and globals are as the guest
/// left them.
#[derive(Debug)]
pub struct Trap {
    code: TrapCode,
    reason: Option<Reason>,
    fuel_used: u64,
    /// `None` where there are none, as a rule; boxed, so that results stay small.
    frames: Option<Box<Frames>>,
}

impl Trap {
    pub(crate) const fn new(code: TrapCode) -> Self {
        Self { code, reason: None, fuel_used: 0, frames: None }
    }

    pub(crate) const fn host(reason: Option<Reason>) -> Self {
        Self { code: TrapCode::HostError, reason, fuel_used: 0, frames: None }
    }

    /// A trap with a reason of guestbox's.
    pub(crate) fn because(code: TrapCode, reason: impl Error + Send + Sync + 'static) -> Self {
        Self { code, reason: Some(Box::new(reason)), fuel_used: 0, frames: None }
    }

    pub(crate) fn from_engine(error: &wasmi::Error, stack: StackLimits) -> Self {
        let code = error.as_trap_code().map_or(TrapCode::Engine, TrapCode::from_engine);
        let reason: Option<Reason> = match code {
            TrapCode::StackOverflow => Some(Box::new(stack)),
            _ => None,
        };
        Self { reason, ..Self::new(code) }
    }

    /// The same trap, after a call used so much fuel.
    pub(crate) const fn after(mut self, fuel_used: u64) -> Self {
        self.fuel_used = fuel_used;
        self
    }

    /// The same trap, with the frames of the guest.
    pub(crate) fn at(mut self, frames: Frames) -> Self {
        self.frames = (!frames.is_empty()).then(|| Box::new(frames));
        self
    }

    /// What kind of trap this is.
    #[must_use]
    pub const fn code(&self) -> TrapCode {
        self.code
    }

    /// The fuel that the call had used when it trapped, that of nested calls included which drew
    /// on it.
    #[must_use]
    pub const fn fuel_used(&self) -> u64 {
        self.fuel_used
    }

    /// The guest's frames when it trapped, the innermost first: which functions had called each
    /// other, and where they were. `{:#}` writes them below the message.
    ///
    /// Only for modules that were compiled with them,
    /// [`CompileOptions::with_frames`](crate::CompileOptions::with_frames); for all others there are
    /// none. They are those of the call that trapped. A call of a guest in whose host call it was
    /// made has its own.
    #[must_use]
    pub fn frames(&self) -> &Frames {
        self.frames.as_deref().unwrap_or(&NO_FRAMES)
    }

    /// Takes the guest's frames out of the trap.
    #[must_use]
    pub fn into_frames(self) -> Frames {
        self.frames.map_or(Frames::NONE, |frames| *frames)
    }

    /// The supervisor's reason, where a [`HostError`](crate::HostError) carried one; for
    /// [`TrapCode::NestingTooDeep`] the [`LimitError`](crate::LimitError), for [`TrapCode::StackOverflow`] the [`StackLimits`].
    #[must_use]
    pub fn reason(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.reason.as_deref()
    }

    /// Takes the supervisor's reason out of the trap.
    #[must_use]
    pub fn into_reason(self) -> Option<Reason> {
        self.reason
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.message())?;
        if let Some(reason) = &self.reason {
            write!(f, ": {reason}")?;
        }
        match &self.frames {
            Some(frames) if f.alternate() => write!(f, "{frames}"),
            _ => Ok(()),
        }
    }
}

static NO_FRAMES: Frames = Frames::NONE;

impl Error for Trap {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.reason.as_ref().map(|reason| {
            let reason: &(dyn Error + 'static) = reason.as_ref();
            reason
        })
    }
}

impl From<TrapCode> for Trap {
    fn from(code: TrapCode) -> Self {
        Self::new(code)
    }
}

/// The kinds of trap.
///
/// | Rust | code | message | cause | what to do |
/// |---|---|---|---|---|
/// | `BadConversionToInteger` | `bad-conversion-to-integer` | invalid conversion to an integer | NaN was converted to an integer | a defect of the guest; toolchains can emit conversions that saturate |
/// | `BadSignature` | `bad-signature` | indirect call to a function of another type | a function pointer was called as what it is not | a defect of the guest, often a wrong cast of a function pointer |
/// | `Engine` | `engine` | engine error | the engine reported something it should not | report it as a defect, with the module |
/// | `HostError` | `host-error` | the supervisor ended the call | an import failed with a `HostError` | see the trap's reason; in JavaScript what an import throws comes out instead, but for what the guest's pointers made `memory.read` and the like throw |
/// | `IndirectCallToNull` | `indirect-call-to-null` | indirect call to an empty table element | a function pointer was called that is null | a defect of the guest |
/// | `IntegerDivisionByZero` | `integer-division-by-zero` | integer division by zero | an integer was divided by zero | a defect of the guest; most languages check for it |
/// | `IntegerOverflow` | `integer-overflow` | integer overflow | a float that does not fit was converted to an integer, or the smallest integer divided by -1 | a defect of the guest; toolchains can emit conversions that saturate |
/// | `MemoryOutOfBounds` | `memory-out-of-bounds` | memory access out of bounds | a load, store or bulk operation outside the memory or the segment | a defect of the guest, or arguments that point outside its memory |
/// | `NestingTooDeep` | `nesting-too-deep` | guest and supervisor calls nested too deeply | an import called a guest, whose import called a guest, and so on | do less within imports; limit `nesting`, or that of the instance |
/// | `OutOfFuel` | `out-of-fuel` | out of fuel | the call used up its fuel, or cannot pay a charge | give it more, or see by its frames where it loops |
/// | `OutOfSystemMemory` | `out-of-system-memory` | out of system memory | the host had no memory left for what the guest asked for | lower the limits of memory, or make room |
/// | `Outlived` | `outlived` | the call outlived the import that it was made in | an import was answered while a call of the same guest that it had made was still under way | let imports wait for the calls that they make |
/// | `ResultType` | `result-type` | the supervisor's result has not the type the import declares | an import returned values of other types or of another number | a defect of the supervisor |
/// | `StackOverflow` | `stack-overflow` | guest stack overflow | the guest's functions called each other too deeply | see by its frames which; limits `guest_frames` and `engine_stack_bytes` (`guestFrames`, `engineStackBytes`) |
/// | `TableOutOfBounds` | `table-out-of-bounds` | table access out of bounds | a table operation outside the table, an indirect call through it too | a defect of the guest, often a function pointer that is none |
/// | `Unreachable` | `unreachable` | unreachable executed | the guest gave up: toolchains compile a panic or an abort to `unreachable` | see by its frames where, and what it printed before |
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum TrapCode {
    /// A float that is not a number was converted to an integer.
    BadConversionToInteger,
    /// An indirect call met a function of another type.
    BadSignature,
    /// The engine reported something it should not; please report it as a defect.
    Engine,
    /// The supervisor ended the call with a [`HostError`](crate::HostError).
    HostError,
    /// An indirect call met an empty table element.
    IndirectCallToNull,
    /// An integer was divided by zero.
    IntegerDivisionByZero,
    /// A float that does not fit was converted to an integer, or the smallest integer divided by -1.
    IntegerOverflow,
    /// A load, store or bulk operation was outside the memory.
    MemoryOutOfBounds,
    /// Guest and supervisor called each other more than [`Limits::nesting`](crate::Limits) deep.
    NestingTooDeep,
    /// The call used up its fuel.
    OutOfFuel,
    /// The host had no memory left for what the guest asked for.
    OutOfSystemMemory,
    /// The import within which the call was made was answered before the call had ended. guestbox does
    /// not end calls by it: it is for those who drive executions by hand, as the npm package does.
    Outlived,
    /// The supervisor's result has not the type that the import declares.
    ResultType,
    /// Guest functions called each other too deeply, see
    /// [`Limits::guest_frames`](crate::Limits) and `engine_stack_bytes`.
    StackOverflow,
    /// A table operation was outside the table.
    TableOutOfBounds,
    /// The guest executed `unreachable`; most toolchains compile a panic or abort to it.
    Unreachable,
}

impl TrapCode {
    /// All kinds.
    pub const ALL: &[Self] = &[
        Self::BadConversionToInteger,
        Self::BadSignature,
        Self::Engine,
        Self::HostError,
        Self::IndirectCallToNull,
        Self::IntegerDivisionByZero,
        Self::IntegerOverflow,
        Self::MemoryOutOfBounds,
        Self::NestingTooDeep,
        Self::OutOfFuel,
        Self::OutOfSystemMemory,
        Self::Outlived,
        Self::ResultType,
        Self::StackOverflow,
        Self::TableOutOfBounds,
        Self::Unreachable,
    ];

    /// The code's name in kebab case, the `code` of a `Trap` in JavaScript.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadConversionToInteger => "bad-conversion-to-integer",
            Self::BadSignature => "bad-signature",
            Self::Engine => "engine",
            Self::HostError => "host-error",
            Self::IndirectCallToNull => "indirect-call-to-null",
            Self::IntegerDivisionByZero => "integer-division-by-zero",
            Self::IntegerOverflow => "integer-overflow",
            Self::MemoryOutOfBounds => "memory-out-of-bounds",
            Self::NestingTooDeep => "nesting-too-deep",
            Self::OutOfFuel => "out-of-fuel",
            Self::OutOfSystemMemory => "out-of-system-memory",
            Self::Outlived => "outlived",
            Self::ResultType => "result-type",
            Self::StackOverflow => "stack-overflow",
            Self::TableOutOfBounds => "table-out-of-bounds",
            Self::Unreachable => "unreachable",
        }
    }

    /// One line that says what happened.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::BadConversionToInteger => "invalid conversion to an integer",
            Self::BadSignature => "indirect call to a function of another type",
            Self::Engine => "engine error",
            Self::HostError => "the supervisor ended the call",
            Self::IndirectCallToNull => "indirect call to an empty table element",
            Self::IntegerDivisionByZero => "integer division by zero",
            Self::IntegerOverflow => "integer overflow",
            Self::MemoryOutOfBounds => "memory access out of bounds",
            Self::NestingTooDeep => "guest and supervisor calls nested too deeply",
            Self::OutOfFuel => "out of fuel",
            Self::OutOfSystemMemory => "out of system memory",
            Self::Outlived => "the call outlived the import that it was made in",
            Self::ResultType => "the supervisor's result has not the type the import declares",
            Self::StackOverflow => "guest stack overflow",
            Self::TableOutOfBounds => "table access out of bounds",
            Self::Unreachable => "unreachable executed",
        }
    }

    const fn from_engine(code: wasmi::TrapCode) -> Self {
        match code {
            wasmi::TrapCode::UnreachableCodeReached => Self::Unreachable,
            wasmi::TrapCode::MemoryOutOfBounds => Self::MemoryOutOfBounds,
            wasmi::TrapCode::TableOutOfBounds => Self::TableOutOfBounds,
            wasmi::TrapCode::IndirectCallToNull => Self::IndirectCallToNull,
            wasmi::TrapCode::IntegerDivisionByZero => Self::IntegerDivisionByZero,
            wasmi::TrapCode::IntegerOverflow => Self::IntegerOverflow,
            wasmi::TrapCode::BadConversionToInteger => Self::BadConversionToInteger,
            wasmi::TrapCode::StackOverflow => Self::StackOverflow,
            wasmi::TrapCode::BadSignature => Self::BadSignature,
            wasmi::TrapCode::OutOfFuel => Self::OutOfFuel,
            wasmi::TrapCode::GrowthOperationLimited | wasmi::TrapCode::OutOfSystemMemory => {
                Self::OutOfSystemMemory
            }
        }
    }
}

impl fmt::Display for TrapCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_are_listed_once() {
        for code in TrapCode::ALL {
            // A kind that is missing here is one too many for this match.
            let number = match code {
                TrapCode::BadConversionToInteger => 0,
                TrapCode::BadSignature => 1,
                TrapCode::Engine => 2,
                TrapCode::HostError => 3,
                TrapCode::IndirectCallToNull => 4,
                TrapCode::IntegerDivisionByZero => 5,
                TrapCode::IntegerOverflow => 6,
                TrapCode::MemoryOutOfBounds => 7,
                TrapCode::NestingTooDeep => 8,
                TrapCode::OutOfFuel => 9,
                TrapCode::OutOfSystemMemory => 10,
                TrapCode::Outlived => 11,
                TrapCode::ResultType => 12,
                TrapCode::StackOverflow => 13,
                TrapCode::TableOutOfBounds => 14,
                TrapCode::Unreachable => 15,
            };
            assert_eq!(TrapCode::ALL.get(number), Some(code));
        }
        assert_eq!(TrapCode::ALL.len(), 16);
    }
}
