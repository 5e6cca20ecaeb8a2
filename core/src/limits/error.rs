//! What a limit says that refuses.

use super::{Limit, Limits};
use alloc::boxed::Box;
use core::{error::Error, fmt, iter, ops::Deref};

/// A limit refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LimitError {
    /// Which limit.
    pub limit: Limit,
    /// Its value, in the unit of the field of [`Limits`].
    pub maximum: u64,
    /// What was asked for, in the same unit.
    pub requested: u64,
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_refused(f, self.as_ref(), Limit::name, RAISED)
    }
}

impl Error for LimitError {}

impl AsRef<[Self]> for LimitError {
    fn as_ref(&self) -> &[Self] {
        core::slice::from_ref(self)
    }
}

/// Limits that refused the same thing: one that was met first, which it reads as, and all others.
///
/// ```
/// use guestbox::{CompileError, Limit, Limits, Module};
/// # let wasm = wat::parse_str("(module (func) (func) (memory 2))").unwrap();
/// let mut limits = Limits::default();
/// (limits.functions, limits.memory_pages) = (1, 1);
/// let Err(CompileError::Limit(refused)) = Module::with_limits(&limits, &wasm) else { panic!() };
/// assert_eq!((refused.limit, refused.maximum, refused.requested), (Limit::Functions, 1, 2));
/// assert_eq!(refused.all()[1].limit, Limit::MemoryPages);
/// assert_eq!(
///     refused.to_string(),
///     "limit `functions` is 1, 2 requested, `memory_pages` is 1, 2 requested; raise them in `Limits`",
/// );
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LimitErrors(Repr);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Repr {
    One([LimitError; 1]),
    Several { first: LimitError, all: Box<[LimitError]> },
}

impl LimitErrors {
    /// `None` where none refused.
    pub(crate) fn of(mut refused: impl Iterator<Item = LimitError>) -> Option<Self> {
        // Nearly always there is none.
        let first = refused.next()?;
        let all: Box<[_]> = iter::once(first).chain(refused).collect();
        Some(if all.len() == 1 { first.into() } else { Self(Repr::Several { first, all }) })
    }

    /// All of them, the one that was met first at first.
    #[must_use]
    pub fn all(&self) -> &[LimitError] {
        match &self.0 {
            Repr::One(one) => one,
            Repr::Several { all, .. } => all,
        }
    }
}

impl Deref for LimitErrors {
    type Target = LimitError;

    fn deref(&self) -> &LimitError {
        match &self.0 {
            Repr::One([first]) | Repr::Several { first, .. } => first,
        }
    }
}

impl AsRef<[LimitError]> for LimitErrors {
    fn as_ref(&self) -> &[LimitError] {
        self.all()
    }
}

impl From<LimitError> for LimitErrors {
    fn from(one: LimitError) -> Self {
        Self(Repr::One([one]))
    }
}

impl fmt::Display for LimitErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_refused(f, self.all(), Limit::name, RAISED)
    }
}

impl Error for LimitErrors {}

/// Where limits of a store are raised, those of an instance, and both.
const RAISED: [&str; 3] = ["in `Limits`", "in `InstanceLimits`", "in `Limits` and `InstanceLimits`"];

/// Says which limits refused, by what they are called, and where to raise them: those of a store, those of an instance, and
/// both.
///
/// # Errors
///
/// Where it cannot be written.
pub fn write_refused<N: fmt::Display>(
    to: &mut dyn fmt::Write,
    refused: &[LimitError],
    name: impl Fn(Limit) -> N,
    [of_store, of_instance, of_both]: [&str; 3],
) -> fmt::Result {
    to.write_str("limit ")?;
    for (at, LimitError { limit, maximum, requested }) in refused.iter().enumerate() {
        to.write_str(if at == 0 { "" } else { ", " })?;
        write!(to, "`{}` is {maximum}, {requested} requested", name(*limit))?;
    }
    let many = refused.iter().filter(|refused| refused.limit.is_of_instance()).count();
    let place = if many == 0 {
        of_store
    } else if many == refused.len() {
        of_instance
    } else {
        of_both
    };
    write!(to, "; raise {} {place}", if refused.len() == 1 { "it" } else { "them" })
}

/// The limits of a guest's stack, of which a call reached one: the reason of a trap
/// [`TrapCode::StackOverflow`](crate::TrapCode). The engine does not say which of the two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct StackLimits {
    /// [`Limits::guest_frames`], the functions that may have called each other.
    pub guest_frames: usize,
    /// [`Limits::engine_stack_bytes`], the bytes that their values may take.
    pub engine_stack_bytes: usize,
}

impl StackLimits {
    pub(crate) const fn of(limits: &Limits) -> Self {
        Self { guest_frames: limits.guest_frames, engine_stack_bytes: limits.engine_stack_bytes }
    }
}

impl fmt::Display for StackLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { guest_frames, engine_stack_bytes } = self;
        write!(
            f,
            "limit `guest_frames` is {guest_frames} and `engine_stack_bytes` {engine_stack_bytes}; raise them \
             in `Limits`"
        )
    }
}

impl Error for StackLimits {}
