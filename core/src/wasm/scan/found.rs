//! What is found of single things.

use crate::value::ValueType;
use alloc::boxed::Box;
use wasmparser::{ExternalKind, RefType, ValType};

/// The kinds of import that the engine knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ImportKind {
    Func,
    Global,
    Memory,
    Table,
}

/// An export, with its index among the things of its kind.
#[derive(Debug)]
pub(crate) struct ScannedExport {
    pub(crate) name: Box<str>,
    pub(crate) kind: ExportKind,
    pub(crate) index: u32,
}

/// The kinds of export that matter here.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum ExportKind {
    Func,
    Global,
    Memory,
    Table,
}

impl ExportKind {
    /// As in an export section.
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Func => 0,
            Self::Table => 1,
            Self::Memory => 2,
            Self::Global => 3,
        }
    }

    pub(super) const fn new(kind: ExternalKind) -> Self {
        match kind {
            ExternalKind::Func => Self::Func,
            ExternalKind::Global => Self::Global,
            ExternalKind::Memory => Self::Memory,
            // The engine refuses tags.
            ExternalKind::Table | ExternalKind::Tag => Self::Table,
        }
    }
}

/// A memory that a module declares, in pages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScannedMemory {
    pub(crate) minimum: u64,
    pub(crate) maximum: Option<u64>,
}

/// A mutable global that a module defines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScannedGlobal {
    pub(crate) index: u32,
    /// `None` where its values are no numbers.
    pub(crate) ty: Option<ValueType>,
}

impl ScannedMemory {
    pub(super) const fn new(ty: &wasmparser::MemoryType) -> Self {
        Self { minimum: ty.initial, maximum: ty.maximum }
    }
}

/// What the elements of a table are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RefKind {
    Func,
    Extern,
}

impl RefKind {
    pub(crate) const ALL: [Self; 2] = [Self::Func, Self::Extern];

    /// Its place in [`RefKind::ALL`].
    pub(crate) const fn ordinal(self) -> usize {
        match self {
            Self::Func => 0,
            Self::Extern => 1,
        }
    }

    /// As in a module.
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Func => 0x70,
            Self::Extern => 0x6F,
        }
    }

    /// Other references than to functions and of the host the engine does not have.
    pub(super) fn of(ty: RefType) -> Self {
        if ty.is_func_ref() { Self::Func } else { Self::Extern }
    }
}

/// The type of a number; `None` for a vector or a reference.
pub(super) const fn number(ty: ValType) -> Option<ValueType> {
    match ty {
        ValType::I32 => Some(ValueType::I32),
        ValType::I64 => Some(ValueType::I64),
        ValType::F32 => Some(ValueType::F32),
        ValType::F64 => Some(ValueType::F64),
        ValType::V128 | ValType::Ref(_) => None,
    }
}
