//! Traps: why a guest call ended without a result.

use crate::error::LimitError;
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
}

impl Trap {
    pub(crate) const fn new(code: TrapCode) -> Self {
        Self { code, reason: None, fuel_used: 0 }
    }

    pub(crate) const fn host(reason: Option<Reason>) -> Self {
        Self { code: TrapCode::HostError, reason, fuel_used: 0 }
    }

    /// A trap where a limit refused, which is its reason.
    pub(crate) fn limit(code: TrapCode, refused: LimitError) -> Self {
        Self { code, reason: Some(Box::new(refused)), fuel_used: 0 }
    }

    pub(crate) fn from_engine(error: &wasmi::Error) -> Self {
        Self::new(error.as_trap_code().map_or(TrapCode::Engine, TrapCode::from_engine))
    }

    /// The same trap, after a call used so much fuel.
    pub(crate) const fn after(mut self, fuel_used: u64) -> Self {
        self.fuel_used = fuel_used;
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

    /// The supervisor's reason, where a [`HostError`](crate::HostError) carried one; for
    /// [`TrapCode::NestingTooDeep`] the [`LimitError`].
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
        match &self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}

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
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum TrapCode {
    /// A NaN was converted to an integer.
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
    /// An integer division overflowed, or a float that does not fit was converted to an integer.
    IntegerOverflow,
    /// A load, store or bulk operation was outside the memory.
    MemoryOutOfBounds,
    /// Guest and supervisor called each other more than [`Limits::nesting`](crate::Limits) deep.
    NestingTooDeep,
    /// The call used up its fuel.
    OutOfFuel,
    /// The host had no memory left for what the guest asked for.
    OutOfSystemMemory,
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
            Self::BadConversionToInteger => "NaN converted to an integer",
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
