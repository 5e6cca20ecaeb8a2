//! Ids that name nothing any more, and what goes wrong with the memories and globals that they name.

use super::coded;
use crate::{limits::LimitError, types::slots::Missing};
use core::error::Error;

coded! {
    /// An id that names nothing (any more).
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum HandleError, fn code {
        /// The id was given out by another store.
        OtherStore => "other-store", "the id belongs to another store";
        /// What the id named was torn down.
        TornDown => "torn-down", "what the id named was torn down";
        /// No such id was ever given out.
        Unknown => "unknown", "no such id was ever given out";
    }
}

impl Error for HandleError {}

impl From<Missing> for HandleError {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Gone => Self::TornDown,
            Missing::Unknown => Self::Unknown,
        }
    }
}

coded! {
    /// Why an operation on a memory failed. The memory is as it was.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum MemoryError, fn code {
        /// The memory does not exist (any more).
        Handle(error: HandleError) => "handle", "memory: {error}";
        /// All 2^32 - 3 ids are used up; make a new store.
        IdsExhausted => "ids-exhausted", "all ids are used up; make a new store";
        /// A limit refused.
        Limit(error: LimitError) => "limit", refusing "memory" by error;
        /// The maximum is below the initial size, or the memory would grow past its maximum.
        Maximum => "maximum", "the size is above the memory's maximum";
        /// The bytes asked for are not all inside the memory.
        OutOfBounds => "out-of-bounds", "access outside the memory";
        /// The host had no memory left.
        OutOfSystemMemory => "out-of-system-memory", "out of system memory";
        /// More than the 65,536 pages that 32-bit addresses reach.
        TooManyPages => "too-many-pages", "a memory has at most 65536 pages";
    }
}

impl Error for MemoryError {}

impl From<HandleError> for MemoryError {
    fn from(error: HandleError) -> Self {
        Self::Handle(error)
    }
}

impl From<Missing> for MemoryError {
    fn from(missing: Missing) -> Self {
        Self::Handle(missing.into())
    }
}

impl From<LimitError> for MemoryError {
    fn from(error: LimitError) -> Self {
        Self::Limit(error)
    }
}

coded! {
    /// Why a global could not be set.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum GlobalError, fn code {
        /// The function is of a guest that shares nothing with those that have the global.
        Apart => "apart", "the function is of a guest that shares nothing with those that have the global";
        /// The function does not exist (any more).
        Function(error: HandleError) => "function", "function: {error}";
        /// The global does not exist (any more).
        Handle(error: HandleError) => "handle", "global: {error}";
        /// All 2^32 - 3 ids are used up; make a new store.
        IdsExhausted => "ids-exhausted", "all ids are used up; make a new store";
        /// The global is not mutable.
        Immutable => "immutable", "the global is not mutable";
        /// The instance does not exist (any more).
        Instance(error: HandleError) => "instance", "instance: {error}";
        /// A limit of the store: guests would have too many things of the supervisor's.
        Limit(error: LimitError) => "limit", refusing "global" by error;
        /// The module exports no global under this name.
        NotFound => "not-found", "the module exports no such global";
        /// The host had no memory left.
        OutOfSystemMemory => "out-of-system-memory", "out of system memory";
        /// The value has not the global's type.
        Type => "type", "the value has not the global's type";
    }
}

impl Error for GlobalError {}

coded! {
    /// Why something could not be done with a table.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum TableError, fn code {
        /// The function is of a guest that does not share the table, nor anything else with those that do.
        Apart => "apart", "the function is of a guest that shares nothing with those that have the table";
        /// The table does not exist (any more), or the function.
        Handle(error: HandleError) => "handle", "table: {error}";
        /// All 2^32 - 3 ids are used up; make a new store.
        IdsExhausted => "ids-exhausted", "all ids are used up; make a new store";
        /// A limit of the store.
        Limit(error: LimitError) => "limit", refusing "table" by error;
        /// The maximum is below the initial size, or growing would exceed the maximum.
        Maximum => "maximum", "the table's maximum is exceeded";
        /// There is no element at this place.
        OutOfBounds => "out-of-bounds", "there is no element at this place of the table";
        /// The host had no memory left.
        OutOfSystemMemory => "out-of-system-memory", "out of system memory";
        /// The element is none of this table's type.
        Type => "type", "the elements of the table are of another type";
    }
}

impl Error for TableError {}

coded! {
    /// Why guests cannot have what a value refers to.
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub enum ReferenceError, fn code {
        /// The function is of a guest that shares nothing with the one that would have it: functions can be had where a
        /// table, a memory or a global is shared, and where calls of the two are of one chain.
        Apart => "apart", "the function is of a guest that shares nothing with the one that is given it";
        /// Guests have had as many things at once as can be counted.
        Exhausted => "ids-exhausted", "guests have too many things of the supervisor's";
        /// The function does not exist (any more).
        Function(error: HandleError) => "function", "function: {error}";
        /// A limit of the store: guests would have too many things of the supervisor's at once.
        Limit(error: LimitError) => "limit", refusing "reference" by error;
    }
}

impl Error for ReferenceError {}

impl From<HandleError> for ReferenceError {
    fn from(error: HandleError) -> Self {
        Self::Function(error)
    }
}

macro_rules! from_reference {
    ($($error:ident: what is no more is $gone:ident;)*) => {
        $(impl From<ReferenceError> for $error {
            fn from(error: ReferenceError) -> Self {
                match error {
                    ReferenceError::Apart => Self::Apart,
                    ReferenceError::Exhausted => Self::OutOfSystemMemory,
                    ReferenceError::Function(error) => Self::$gone(error),
                    ReferenceError::Limit(refused) => Self::Limit(refused),
                }
            }
        })*
    };
}

from_reference! {
    GlobalError: what is no more is Function;
    TableError: what is no more is Handle;
}

impl From<HandleError> for TableError {
    fn from(error: HandleError) -> Self {
        Self::Handle(error)
    }
}

impl From<Missing> for TableError {
    fn from(missing: Missing) -> Self {
        Self::Handle(missing.into())
    }
}

impl From<LimitError> for TableError {
    fn from(error: LimitError) -> Self {
        Self::Limit(error)
    }
}

impl From<HandleError> for GlobalError {
    fn from(error: HandleError) -> Self {
        Self::Instance(error)
    }
}
