//! A look over a module's sections before the engine sees it: sizes against limits, and where
//! the start section and the mutable state are.
//!
//! The scan does not validate, the engine does; what it does not understand it leaves to the
//! engine's error message.

mod found;
mod signatures;

pub(crate) use self::found::RefKind;
pub(super) use self::found::{Arity, ExportKind, ImportKind, ScannedExport, ScannedGlobal, ScannedMemory};

use super::sections::{CUSTOM, START, order};
use crate::{
    error::CompileError,
    limits::{Limits, maximum, to_usize},
};
use alloc::{format, vec::Vec};
use found::number;
use wasmparser::{
    BinaryReaderError, BlockType, ConstExpr, DataKind, ElementItems, ElementKind, FunctionBody, Parser,
    Payload, TableInit, TypeRef,
};

/// What the scan found.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The kinds of the imports, in order.
    pub(super) imports: Vec<ImportKind>,
    pub(super) exports: Vec<ScannedExport>,
    /// The function that the start section names.
    pub(super) start: Option<u32>,
    /// The memories that the module declares, the imported ones first.
    pub(super) memories: Vec<ScannedMemory>,
    pub(super) mutable_globals: Vec<ScannedGlobal>,
    /// The tables that the module declares, the imported ones first.
    pub(super) tables: Vec<RefKind>,
    /// The module's types, in order.
    pub(super) types: Vec<Arity>,
    /// The types of the functions that are not imported, in order.
    pub(super) function_types: Vec<u32>,
    /// The types of the imported functions, in order.
    imported_types: Vec<u32>,
    imported_functions: u32,
    functions: u32,
    globals: u32,
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
    pub(super) fn imported_function(&self, index: u32) -> Option<u32> {
        (index < self.imported_functions).then_some(index)
    }

    /// How many results a type has.
    pub(super) fn results_of_type(&self, ty: u32) -> Option<usize> {
        self.types.get(to_usize(ty)).map(|arity| arity.results)
    }

    /// How many results a function has, an imported one or another.
    pub(super) fn results_of_function(&self, index: u32) -> Option<usize> {
        let ty = match index.checked_sub(self.imported_functions) {
            Some(own) => self.function_types.get(to_usize(own)),
            None => self.imported_types.get(to_usize(index)),
        };
        self.results_of_type(*ty?)
    }

    /// How many results a block has.
    pub(super) fn results_of_block(&self, ty: BlockType) -> Option<usize> {
        match ty {
            BlockType::Empty => Some(0),
            BlockType::Type(_) => Some(1),
            BlockType::FuncType(ty) => self.results_of_type(ty),
        }
    }

    /// The index of the first function that the module defines.
    pub(super) const fn first_function(&self) -> u32 {
        self.imported_functions
    }

    /// The indices of the memory and the global that frames are kept in: behind the module's own.
    pub(super) fn frames_at(&self) -> (u32, u32) {
        (u32::try_from(self.memories.len()).unwrap_or(u32::MAX), self.globals)
    }

    /// The number of memories that the module defines.
    pub(super) fn own_memories(&self) -> u32 {
        self.own(self.memories.len(), ImportKind::Memory)
    }

    /// The number of tables that the module defines.
    pub(super) fn own_tables(&self) -> u32 {
        self.own(self.tables.len(), ImportKind::Table)
    }

    /// How many of `all` things of a kind are not imported.
    fn own(&self, all: usize, kind: ImportKind) -> u32 {
        let imported = self.imports.iter().filter(|import| **import == kind).count();
        u32::try_from(all.saturating_sub(imported)).unwrap_or(u32::MAX)
    }

    /// Roughly the bytes the engine keeps for an instance: seen to be about 1 KiB plus 64 bytes
    /// a function or a segment, 32 a global, 64 more for an export of a mutable one, and up to 16
    /// an element.
    pub(super) fn instance_bytes(&self) -> usize {
        let counted = |count: u64, bytes: u64| count.saturating_mul(bytes);
        let bytes = counted(self.functions.into(), 64)
            .saturating_add(counted(self.globals.into(), 32))
            .saturating_add(counted(crate::limits::count(self.mutable_globals.len()), 64))
            .saturating_add(counted(self.segments.into(), 64))
            .saturating_add(counted(self.elements.saturating_add(self.segment_elements), 16))
            .saturating_add(1_024);
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }
}

/// How many locals a function has, without its parameters.
pub(super) fn locals(body: &FunctionBody<'_>) -> Result<u64, BinaryReaderError> {
    body.get_locals_reader()?
        .into_iter()
        .try_fold(0_u64, |locals, run| Ok(locals.saturating_add(run?.0.into())))
}

/// Looks over a module and refuses what is above the limits.
pub(super) fn scan(limits: &Limits, bytes: &[u8]) -> Result<Scan, CompileError> {
    let mut scan = Scan::default();
    let (mut tables, mut memories) = (0_u32, 0_u32);
    let invalid = |error: BinaryReaderError| CompileError::Invalid(format!("{error}").into());
    // The sections seen, by their order in a module, to notice a start section out of place.
    let (mut last, mut starts) = (0, 0_u32);
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(invalid)?;
        if let Some((id, _)) = payload.as_section().filter(|(id, _)| *id != CUSTOM) {
            let order = order(id);
            if order < last && (last == order_of_start() || order == order_of_start()) {
                return Err(CompileError::Invalid("section out of order".into()));
            }
            last = order;
        }
        match payload {
            Payload::TypeSection(types) => {
                let contents = bytes.get(types.range()).unwrap_or_default();
                scan.types.append(&mut signatures::read(limits, contents, types.range().start)?);
            }
            Payload::ImportSection(imports) => {
                maximum::imports(limits).check(imports.count().into())?;
                for import in imports {
                    let (counter, kind) = match import.map_err(invalid)?.ty {
                        TypeRef::Func(ty) => {
                            scan.imported_types.push(ty);
                            (&mut scan.imported_functions, ImportKind::Func)
                        }
                        TypeRef::Memory(ty) => {
                            scan.memories.push(ScannedMemory::new(&ty));
                            (&mut memories, ImportKind::Memory)
                        }
                        TypeRef::Global(_) => (&mut scan.globals, ImportKind::Global),
                        TypeRef::Table(ty) => {
                            scan.tables.push(RefKind::of(ty.element_type));
                            (&mut tables, ImportKind::Table)
                        }
                        TypeRef::Tag(_) => continue,
                    };
                    add(counter, 1);
                    scan.imports.push(kind);
                }
                add(&mut scan.functions, scan.imported_functions);
            }
            Payload::FunctionSection(functions) => {
                add(&mut scan.functions, functions.count());
                maximum::functions(limits).check(scan.functions.into())?;
                for ty in functions {
                    scan.function_types.push(ty.map_err(invalid)?);
                }
            }
            Payload::TableSection(section) => {
                add(&mut tables, section.count());
                maximum::tables(limits).check(tables.into())?;
                for table in section {
                    let table = table.map_err(invalid)?;
                    if let TableInit::Expr(expr) = &table.init {
                        check_expr(limits, expr)?;
                    }
                    scan.tables.push(RefKind::of(table.ty.element_type));
                    let initial = table.ty.initial;
                    maximum::table_elements(limits).check(initial)?;
                    scan.elements = scan.elements.saturating_add(initial);
                }
            }
            Payload::MemorySection(section) => {
                add(&mut memories, section.count());
                maximum::memories(limits).check(memories.into())?;
                for memory in section {
                    let memory = ScannedMemory::new(&memory.map_err(invalid)?);
                    maximum::memory_pages(limits).check(memory.minimum)?;
                    scan.memories.push(memory);
                }
            }
            Payload::GlobalSection(section) => {
                let first = scan.globals;
                add(&mut scan.globals, section.count());
                maximum::globals(limits).check(scan.globals.into())?;
                for (index, global) in (first..).zip(section) {
                    let global = global.map_err(invalid)?;
                    check_expr(limits, &global.init_expr)?;
                    let ty = global.ty;
                    if ty.mutable {
                        scan.mutable_globals.push(ScannedGlobal { index, ty: number(ty.content_type) });
                    }
                }
            }
            Payload::ExportSection(section) => {
                maximum::exports(limits).check(section.count().into())?;
                for export in section {
                    let export = export.map_err(invalid)?;
                    let (name, kind) = (export.name.into(), ExportKind::new(export.kind));
                    scan.exports.push(ScannedExport { name, kind, index: export.index });
                }
            }
            Payload::ElementSection(section) => {
                add(&mut scan.segments, section.count());
                maximum::segments(limits).check(scan.segments.into())?;
                for element in section {
                    let element = element.map_err(invalid)?;
                    if let ElementKind::Active { offset_expr, .. } = &element.kind {
                        check_expr(limits, offset_expr)?;
                    }
                    let count = match &element.items {
                        ElementItems::Functions(functions) => functions.count(),
                        ElementItems::Expressions(_, exprs) => exprs.count(),
                    };
                    scan.segment_elements = scan.segment_elements.saturating_add(count.into());
                    maximum::table_elements(limits).check(scan.segment_elements)?;
                    if let ElementItems::Expressions(_, exprs) = element.items {
                        for expr in exprs {
                            check_expr(limits, &expr.map_err(invalid)?)?;
                        }
                    }
                }
            }
            Payload::DataSection(section) => {
                add(&mut scan.segments, section.count());
                maximum::segments(limits).check(scan.segments.into())?;
                for data in section {
                    if let DataKind::Active { offset_expr, .. } = data.map_err(invalid)?.kind {
                        check_expr(limits, &offset_expr)?;
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                maximum::locals(limits).check(locals(&body).map_err(invalid)?)?;
            }
            Payload::StartSection { func, .. } => {
                add(&mut starts, 1);
                scan.start = Some(func);
            }
            _ => {}
        }
        maximum::functions(limits).check(scan.functions.into())?;
        maximum::globals(limits).check(scan.globals.into())?;
        maximum::memories(limits).check(memories.into())?;
        maximum::tables(limits).check(tables.into())?;
    }
    if starts > 1 {
        return Err(CompileError::Invalid("more than one start section".into()));
    }
    Ok(scan)
}

const fn order_of_start() -> u8 {
    order(START)
}

fn add(counter: &mut u32, more: u32) {
    *counter = counter.saturating_add(more);
}

/// Refuses a constant expression of too many operators.
fn check_expr(limits: &Limits, expr: &ConstExpr<'_>) -> Result<(), CompileError> {
    // The last one is its end.
    let operators = expr.get_operators_reader().into_iter().take_while(Result::is_ok).count();
    let requested = crate::limits::count(operators).saturating_sub(1);
    Ok(maximum::const_operators(limits).check(requested)?)
}
