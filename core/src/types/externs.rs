//! What a module imports and exports, with types.

use crate::types::value::{FuncType, ValueType};
use alloc::boxed::Box;
use core::fmt;

/// The type of an import or export.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ExternType {
    /// A function.
    Func(FuncType),
    /// A global.
    Global(GlobalType),
    /// A memory.
    Memory(MemoryType),
    /// A table.
    Table(TableType),
}

impl ExternType {
    /// The signature, if this is a function.
    #[must_use]
    pub const fn as_func(&self) -> Option<&FuncType> {
        match self {
            Self::Func(ty) => Some(ty),
            _ => None,
        }
    }

    /// The type of a global, if this is one.
    #[must_use]
    pub const fn as_global(&self) -> Option<&GlobalType> {
        match self {
            Self::Global(ty) => Some(ty),
            _ => None,
        }
    }

    /// The kind as the JavaScript API of WebAssembly names it: `function`, `global`, `memory`
    /// or `table`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Func(_) => "function",
            Self::Global(_) => "global",
            Self::Memory(_) => "memory",
            Self::Table(_) => "table",
        }
    }
}

/// In words, such as `function (i32, i64) -> (i32)` or `memory of 1 to 16 pages`.
impl fmt::Display for ExternType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Func(ty) => write!(f, "function {ty}"),
            Self::Memory(ty) => ty.fmt(f),
            Self::Global(ty) => ty.fmt(f),
            Self::Table(ty) => ty.fmt(f),
        }
    }
}

/// The type of a global.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct GlobalType {
    /// The type of its value.
    pub value: ValueType,
    /// Whether it can be set.
    pub mutable: bool,
}

impl fmt::Display for GlobalType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.mutable { "mutable" } else { "constant" };
        write!(f, "{kind} {} global", self.value.name())
    }
}

/// The type of a memory, in pages of 64 KiB.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct MemoryType {
    /// The number of pages it begins with.
    pub initial: u32,
    /// The number of pages it may grow to, 65,536 where there is none.
    pub maximum: Option<u32>,
}

impl fmt::Display for MemoryType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.initial, self.maximum) {
            (initial, Some(maximum)) => write!(f, "memory of {initial} to {maximum} pages"),
            (1, None) => f.write_str("memory of a page or more"),
            (initial, None) => write!(f, "memory of {initial} pages or more"),
        }
    }
}

impl MemoryType {
    /// Whether an import of this type takes a memory that is of the other one now.
    pub(crate) fn admits(self, actual: Self) -> bool {
        let is_below = |maximum: u32| actual.maximum.is_some_and(|actual| actual <= maximum);
        actual.initial >= self.initial && self.maximum.is_none_or(is_below)
    }
}

/// The type of a table, in elements.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct TableType {
    /// The type of its elements.
    pub element: ValueType,
    /// The number of elements it begins with.
    pub initial: u64,
    /// The number of elements it may grow to.
    pub maximum: Option<u64>,
}

impl TableType {
    /// A table of references to functions that begins with so many and may grow to so many.
    #[must_use]
    pub fn of_functions(initial: u32, maximum: Option<u32>) -> Self {
        Self { element: ValueType::FuncRef, initial: initial.into(), maximum: maximum.map(u64::from) }
    }

    /// A table of references to things of the supervisor's that begins with so many and may grow to so many.
    #[must_use]
    pub fn of_externs(initial: u32, maximum: Option<u32>) -> Self {
        Self { element: ValueType::ExternRef, ..Self::of_functions(initial, maximum) }
    }

    /// Whether an import of this type takes a table that is of the other one now.
    pub(crate) fn admits(self, actual: Self) -> bool {
        let is_below = |maximum: u64| actual.maximum.is_some_and(|actual| actual <= maximum);
        actual.element == self.element && actual.initial >= self.initial && self.maximum.is_none_or(is_below)
    }
}

impl fmt::Display for TableType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { element, initial, maximum } = self;
        write!(f, "{} table of {initial}", element.name())?;
        match maximum {
            Some(maximum) => write!(f, " to {maximum} elements"),
            None => f.write_str(" elements or more"),
        }
    }
}

/// An import: what the guest asks its supervisor for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Import {
    module: Box<str>,
    name: Box<str>,
    ty: ExternType,
}

impl Import {
    /// The module name, the first of the two names of an import.
    #[must_use]
    pub fn module(&self) -> &str {
        &self.module
    }

    /// The field name, the second of the two names of an import.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type that the guest declares.
    #[must_use]
    pub const fn ty(&self) -> &ExternType {
        &self.ty
    }

    pub(crate) const fn new(module: Box<str>, name: Box<str>, ty: ExternType) -> Self {
        Self { module, name, ty }
    }
}

/// An export: what the guest offers its supervisor.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Export {
    name: Box<str>,
    ty: ExternType,
}

impl Export {
    /// The name, unique among the module's exports.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type.
    #[must_use]
    pub const fn ty(&self) -> &ExternType {
        &self.ty
    }

    pub(crate) const fn new(name: Box<str>, ty: ExternType) -> Self {
        Self { name, ty }
    }
}
