//! A look over a module's sections before anything is made of it: sizes against limits, what there is
//! of each kind, where the start section and the mutable state are, and where imported functions are
//! referred to.
//!
//! The scan does not validate, the engine does. But what is added to a module comes behind what it has,
//! and is not the guest's: so nothing in it may have an index beyond its own.

mod found;
mod scanner;
mod signatures;

pub use self::found::RefKind;
pub(crate) use self::found::{ExportKind, ScannedExport, ScannedGlobal, ScannedMemory};
pub(super) use self::scanner::scan;

use super::{
    bits::Bits,
    sections::Reference,
    types::{Signature, Types},
};
use crate::{
    error::CompileError,
    limits::{count, to_usize},
    types::{
        externs::{Export, ExternType, GlobalType, Import},
        value::{FuncType, ValueType},
    },
};
use alloc::{boxed::Box, vec::Vec};
use found::ScannedTable;
use wasmparser::{BinaryReaderError, BlockType, FunctionBody, ValType};

/// What the scan found.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// The imports, in order.
    pub(crate) imports: Vec<Import>,
    pub(crate) exports: Vec<ScannedExport>,
    /// The function that the start section names.
    pub(crate) start: Option<u32>,
    /// The memories that the module declares, the imported ones first.
    pub(crate) memories: Vec<ScannedMemory>,
    pub(crate) mutable_globals: Vec<ScannedGlobal>,
    /// The globals that the module defines and that are no variables, in order.
    constant_globals: Vec<u32>,
    /// The tables that the module declares, the imported ones first.
    pub(crate) tables: Vec<ScannedTable>,
    /// The module's types, in order.
    pub(super) types: Types,
    /// The types of the functions that are not imported, in order.
    pub(super) function_types: Vec<u32>,
    /// The types of the imported functions, in order.
    imported_types: Vec<u32>,
    /// Where exports, segments and initial values refer to imported functions, and exports to globals that the module
    /// defines, in order.
    pub(super) references: Vec<Reference>,
    /// The functions that are called otherwise than by their index: what is exported, in a segment or a global, or the start.
    pub(super) doors: Bits,
    imported_functions: u32,
    functions: u32,
    /// The types of the globals, the imported ones first.
    globals: Vec<GlobalType>,
    imported_globals: u32,
    imported_memories: u32,
    imported_tables: u32,
    /// Elements of tables.
    elements: u64,
    /// Elements of segments.
    segment_elements: u64,
    /// Element and data segments.
    segments: u32,
}

impl Scan {
    /// The ordinal of an imported function among the imported functions: its index, as these
    /// come first.
    pub(crate) fn imported_function(&self, index: u32) -> Option<u32> {
        (index < self.imported_functions).then_some(index)
    }

    /// Whether the start function takes and gives nothing, if there is one: once its section is gone, nobody
    /// else looks.
    pub(super) fn starts_with_nothing(&self) -> bool {
        self.start.is_none_or(|start| {
            let signature = self.signature_of_function(start);
            signature.is_some_and(|signature| signature.params.is_empty() && signature.results.is_empty())
        })
    }

    /// The type of a function, an imported one or another.
    pub(super) fn type_of_function(&self, index: u32) -> Option<u32> {
        match index.checked_sub(self.imported_functions) {
            Some(own) => self.function_types.get(to_usize(own)),
            None => self.imported_types.get(to_usize(index)),
        }
        .copied()
    }

    /// What a function takes and gives.
    pub(super) fn signature_of_function(&self, index: u32) -> Option<Signature<'_>> {
        self.types.get(self.type_of_function(index)?)
    }

    /// How many values a block takes and gives.
    pub(super) fn values_of_block(&self, ty: BlockType) -> Option<(usize, usize)> {
        match ty {
            BlockType::Empty => Some((0, 0)),
            BlockType::Type(_) => Some((0, 1)),
            BlockType::FuncType(ty) => {
                let Signature { params, results } = self.types.get(ty)?;
                Some((params.len(), results.len()))
            }
        }
    }

    /// The index of the first function that the module defines.
    pub(super) const fn first_function(&self) -> u32 {
        self.imported_functions
    }

    /// Whether a function is called otherwise than by its index.
    pub(super) fn is_door(&self, function: u32) -> bool {
        self.doors.has(function)
    }

    /// The number of functions, the imported ones among them.
    pub(super) const fn functions(&self) -> u32 {
        self.functions
    }

    /// The number of globals, the imported ones among them.
    pub(super) fn globals(&self) -> u32 {
        u32::try_from(self.globals.len()).unwrap_or(u32::MAX)
    }

    /// The index of the first global that the module defines.
    pub(super) const fn first_global(&self) -> u32 {
        self.imported_globals
    }

    /// Whether a global is one that the module defines and that never changes.
    pub(super) fn is_constant(&self, global: u32) -> bool {
        self.constant_globals.binary_search(&global).is_ok()
    }

    /// Pages that the memories begin with, all together.
    fn initial_pages(&self) -> u64 {
        self.memories.iter().fold(0, |all, memory| all.saturating_add(memory.minimum))
    }

    /// The number of memories that the module defines.
    pub(super) fn own_memories(&self) -> u32 {
        own(self.memories.len(), self.imported_memories)
    }

    /// The number of tables that the module defines.
    pub(super) fn own_tables(&self) -> u32 {
        own(self.tables.len(), self.imported_tables)
    }

    pub(crate) const fn imports_table(&self) -> bool {
        self.imported_tables > 0
    }

    /// Whether others can come by functions that are not exported: by tables, or as values.
    pub(crate) fn gives_functions(&self) -> bool {
        !self.tables.is_empty()
            || self.types.have(RefKind::Func.byte())
            || self.has_global_of(ValueType::FuncRef)
    }

    /// Whether functions of other instances can be called: by tables that others have too, or as values that come from
    /// elsewhere.
    pub(crate) fn reaches_others(&self) -> bool {
        let is_of_functions = |table: &ScannedTable| table.kind == RefKind::Func;
        let exported = self.exports.iter().filter(|export| export.kind == ExportKind::Table);
        let mut exported = exported.filter_map(|export| self.tables.get(to_usize(export.index)));
        self.tables.iter().take(to_usize(self.imported_tables)).any(is_of_functions)
            || exported.any(is_of_functions)
            || self.types.have(RefKind::Func.byte())
            || self.has_global_of(ValueType::FuncRef)
    }

    /// Whether tables or globals can have things of the supervisor's.
    pub(crate) fn keeps_externs(&self) -> bool {
        self.has_global_of(ValueType::ExternRef)
            || self.tables.iter().any(|table| table.kind == RefKind::Extern)
    }

    /// Whether no snapshot has all globals: some refer to what is in an instance.
    pub(crate) fn has_reference(&self) -> bool {
        let is_reference = |global: &GlobalType| match global.value {
            ValueType::FuncRef => true,
            ValueType::ExternRef => global.mutable,
            _ => false,
        };
        let imports = self.imported_globals().filter_map(|import| import.ty().as_global());
        let mut globals = imports.chain(self.globals.iter().filter(|global| global.mutable));
        globals.any(is_reference)
    }

    fn has_global_of(&self, ty: ValueType) -> bool {
        self.globals.iter().any(|global| global.value == ty)
    }

    /// Pages that the memories begin with which the module defines.
    pub(crate) fn own_pages(&self) -> impl Iterator<Item = u64> {
        self.memories.iter().skip(to_usize(self.imported_memories)).map(|memory| memory.minimum)
    }

    /// Elements that the largest table begins with which the module defines.
    pub(crate) fn largest_table(&self) -> u64 {
        self.own_elements().max().unwrap_or(0)
    }

    /// Elements that the tables begin with which the module defines.
    pub(crate) fn own_elements(&self) -> impl Iterator<Item = u64> {
        self.tables.iter().skip(to_usize(self.imported_tables)).map(|table| table.ty.initial)
    }

    /// The exports, in order, with their types.
    pub(crate) fn typed_exports(&self) -> Box<[Export]> {
        let exports = self.exports.iter().filter_map(|export| {
            let at = to_usize(export.index);
            let ty = match export.kind {
                ExportKind::Func => ExternType::Func(self.func_type(self.type_of_function(export.index)?)?),
                ExportKind::Global => ExternType::Global(*self.globals.get(at)?),
                ExportKind::Memory => ExternType::Memory(self.memories.get(at)?.ty()),
                ExportKind::Table => ExternType::Table(self.tables.get(at)?.ty),
            };
            Some(Export::new(export.name.clone(), ty))
        });
        exports.collect()
    }

    fn func_type(&self, index: u32) -> Option<FuncType> {
        let Signature { params, results } = self.types.get(index)?;
        Some(FuncType::of_bytes(params, results))
    }

    /// The imported globals, in order.
    pub(crate) fn imported_globals(&self) -> impl Iterator<Item = &Import> {
        self.imports.iter().filter(|import| matches!(import.ty(), ExternType::Global(_)))
    }

    /// Roughly the bytes the engine keeps for an instance: seen to be about 1 KiB plus 64 bytes
    /// a function or a segment, 32 a global, 64 more for an export of a mutable one, and up to 16
    /// an element.
    pub(crate) fn instance_bytes(&self) -> usize {
        let counted = |count: u64, bytes: u64| count.saturating_mul(bytes);
        let bytes = counted(self.functions.into(), 64)
            .saturating_add(counted(count(self.globals.len()), 32))
            .saturating_add(counted(count(self.mutable_globals.len()), 64))
            .saturating_add(counted(self.segments.into(), 64))
            .saturating_add(counted(self.elements.saturating_add(self.segment_elements), 16))
            .saturating_add(1_024);
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }
}

/// How many of `all` things of a kind are not imported.
fn own(all: usize, imported: u32) -> u32 {
    u32::try_from(all).unwrap_or(u32::MAX).saturating_sub(imported)
}

/// The locals of a function, without its parameters.
#[derive(Clone, Copy, Default)]
pub(super) struct Locals {
    pub(super) many: u64,
    /// What they take, 8 bytes each.
    pub(super) cells: u64,
}

pub(super) fn locals(body: &FunctionBody<'_>) -> Result<Locals, BinaryReaderError> {
    body.get_locals_reader()?.into_iter().try_fold(Locals::default(), |Locals { many, cells }, run| {
        let (more, ty) = run?;
        let more = u64::from(more);
        let more_cells = if ty == ValType::V128 { more.saturating_mul(2) } else { more };
        Ok(Locals { many: many.saturating_add(more), cells: cells.saturating_add(more_cells) })
    })
}

/// Refuses an index beyond so many.
#[inline]
pub(super) fn check_index(index: u32, len: u32) -> Result<(), CompileError> {
    if index < len { Ok(()) } else { Err(beyond()) }
}

#[cold]
fn beyond() -> CompileError {
    CompileError::Invalid("an index beyond what there is".into())
}

/// Refuses an index beyond so many.
#[inline]
pub(super) fn check_place(index: u32, len: usize) -> Result<(), CompileError> {
    check_index(index, u32::try_from(len).unwrap_or(u32::MAX))
}
