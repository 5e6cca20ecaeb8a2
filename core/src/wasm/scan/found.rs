//! What is found of single things.

use crate::types::{
    externs::{GlobalType, MemoryType, TableType},
    value::ValueType,
};
use alloc::boxed::Box;
use wasmparser::{ExternalKind, RefType, ValType};

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

/// A mutable global that a module imports or defines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScannedGlobal {
    pub(crate) index: u32,
    /// `None` where its values are references.
    pub(crate) ty: Option<ValueType>,
}

impl ScannedMemory {
    pub(super) const fn new(ty: &wasmparser::MemoryType) -> Self {
        Self { minimum: ty.initial, maximum: ty.maximum }
    }

    pub(crate) fn ty(self) -> MemoryType {
        let pages = |pages: u64| u32::try_from(pages).unwrap_or(u32::MAX);
        MemoryType { initial: pages(self.minimum), maximum: self.maximum.map(pages) }
    }
}

/// A table that a module declares.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScannedTable {
    pub(crate) kind: RefKind,
    pub(super) ty: TableType,
}

impl ScannedTable {
    pub(super) fn new(ty: &wasmparser::TableType) -> Self {
        let kind = RefKind::of(ty.element_type);
        Self { kind, ty: TableType { element: kind.ty(), initial: ty.initial, maximum: ty.maximum } }
    }
}

impl ScannedTable {
    pub(crate) const fn maximum(&self) -> Option<u64> {
        self.ty.maximum
    }
}

pub(super) fn global_type(ty: wasmparser::GlobalType) -> GlobalType {
    let value = match ty.content_type {
        ValType::I32 => ValueType::I32,
        ValType::I64 => ValueType::I64,
        ValType::F32 => ValueType::F32,
        ValType::F64 => ValueType::F64,
        ValType::V128 => ValueType::V128,
        ValType::Ref(ty) => RefKind::of(ty).ty(),
    };
    GlobalType { value, mutable: ty.mutable }
}

/// What the elements of a table are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "engines have to know them all")]
pub enum RefKind {
    /// References to functions.
    Func,
    /// References to things of the host.
    Extern,
}

impl RefKind {
    /// As in a module.
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Func => 0x70,
            Self::Extern => 0x6F,
        }
    }

    const fn ty(self) -> ValueType {
        match self {
            Self::Func => ValueType::FuncRef,
            Self::Extern => ValueType::ExternRef,
        }
    }

    /// Other references than to functions and of the host the engine does not have.
    pub(super) fn of(ty: RefType) -> Self {
        if ty.is_func_ref() { Self::Func } else { Self::Extern }
    }
}
