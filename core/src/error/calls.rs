//! Errors of calls: why one was not begun, or could not be driven.

use super::{HandleError, ReferenceError, coded, modules::Named};
use crate::types::{
    externs::Import,
    trap::Trap,
    value::{List, Value, ValueType},
};
use alloc::boxed::Box;
use core::{error::Error, fmt};

/// What is said of a call that would overlap another.
const BUSY: &str = "another call of the guest is under way, and the two are not nested: let that end first, \
    or call within its host call";

coded! {
    /// Why a call of an export gave no results.
    #[derive(Debug)]
    pub enum InvokeError, fn code {
        /// The arguments have not the number and types of the parameters.
        Arguments(error: ArgumentsError) => "arguments", "{error}";
        /// Another call of the guest is under way that this one is not nested in, see
        /// [`ExecutionError::Busy`].
        Busy => "busy", "{BUSY}";
        /// The module exports nothing under this name.
        ExportNotFound => "export-not-found", "the module has no such export";
        /// The instance does not exist (any more).
        Instance(error: HandleError) => "instance", "instance: {error}";
        /// The export is no function.
        NotAFunction => "not-a-function", "the export is no function";
        /// A parameter or result is a vector or a reference, and the wire has only numbers.
        Signature => "signature", "a vector or reference type in the signature cannot be passed by the wire";
        /// The guest cannot have what an argument refers to.
        Reference(error: ReferenceError) => of ReferenceError, through error;
        /// The guest trapped.
        Trap(trap: Trap) => "trap", as trap;
    }
}

impl Error for InvokeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Instance(error) => Some(error),
            Self::Reference(error) => Some(error),
            Self::Trap(trap) => Some(trap),
            _ => None,
        }
    }
}

impl From<HandleError> for InvokeError {
    fn from(error: HandleError) -> Self {
        Self::Instance(error)
    }
}

impl From<ReferenceError> for InvokeError {
    fn from(error: ReferenceError) -> Self {
        Self::Reference(error)
    }
}

impl From<Trap> for InvokeError {
    fn from(trap: Trap) -> Self {
        Self::Trap(trap)
    }
}

/// Arguments that do not fit an export's parameters.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ArgumentsError {
    /// The name of the export; empty for a function that was called by a [`FuncRef`](crate::FuncRef).
    pub export: Box<str>,
    /// The types of its parameters, in order.
    pub parameters: Box<[ValueType]>,
    /// The types of the arguments, in order.
    pub given: Box<[ValueType]>,
}

impl ArgumentsError {
    #[cold]
    pub(crate) fn new(export: &str, parameters: &[ValueType], args: &[Value]) -> Self {
        Self { export: export.into(), parameters: parameters.into(), given: types_of(args) }
    }
}

impl fmt::Display for ArgumentsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { export, parameters, given } = self;
        if export.is_empty() {
            f.write_str("the function")?;
        } else {
            write!(f, "the export `{}`", export.escape_debug())?;
        }
        write!(f, " takes ({}), and was given ({})", List(parameters), List(given))
    }
}

impl Error for ArgumentsError {}

/// Results of an import that are not of the types which the guest declares: the reason of the trap
/// [`TrapCode::ResultType`](crate::TrapCode).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ResultsError {
    /// The import as the guest declares it.
    pub import: Import,
    /// The types of the results, in order.
    pub given: Box<[ValueType]>,
}

impl ResultsError {
    #[cold]
    pub(crate) fn new(import: &Import, results: &[Value]) -> Self {
        Self { import: import.clone(), given: types_of(results) }
    }
}

impl fmt::Display for ResultsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { import, given } = self;
        write!(f, "the import {}, returned ({})", Named(import), List(given))
    }
}

impl Error for ResultsError {}

fn types_of(values: &[Value]) -> Box<[ValueType]> {
    values.iter().map(|value| value.ty()).collect()
}

coded! {
    /// Why an [`Execution`](crate::Execution) could not be driven. It is as it was.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum ExecutionError, fn code {
        /// Another call of the guest is under way: it is nested in this one, or this one is not nested in
        /// it. Guests keep a stack in their memory, so their calls have to nest.
        ///
        /// Let that call end first, end it, or begin this one within its host call. A guest that is known
        /// to keep no such stack may be instantiated
        /// [`with_overlapping_calls`](crate::InstanceLimits::with_overlapping_calls).
        Busy => "busy", "{BUSY}";
        /// The execution has finished or trapped; begin another.
        Ended => "ended", "the execution has ended";
        /// An answer was given, but no host call waits for one.
        NotWaiting => "not-waiting", "no host call waits for an answer";
        /// The execution was begun in another store.
        OtherStore => "other-store", "the execution belongs to another store";
    }
}

impl Error for ExecutionError {}
