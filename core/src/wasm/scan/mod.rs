//! A look over a module's sections before anything is made of it: sizes against limits, what there is
//! of each kind, where the start section and the mutable state are, and where imported functions are
//! referred to.
//!
//! The scan does not validate, the engine does. But what is added to a module comes behind what it has,
//! and is not the guest's: so nothing in it may have an index beyond its own.

mod found;
mod signatures;

pub(crate) use self::found::{ExportKind, RefKind, ScannedExport, ScannedGlobal, ScannedMemory};

use super::{
    sections::{CUSTOM, Reference, START, order, split_leb128},
    types::{Signature, Types},
};
use crate::{
    error::CompileError,
    externs::{Export, ExternType, GlobalType, Import},
    limits::{Limits, count, maximum, to_usize},
    value::FuncType,
};
use alloc::{boxed::Box, format, vec::Vec};
use core::ops::Range;
use found::{ScannedTable, global_type};
use wasmparser::{
    BinaryReaderError, BlockType, ConstExpr, DataKind, DataSectionReader, ElementItems, ElementKind,
    ElementSectionReader, ExportSectionReader, FunctionBody, FunctionSectionReader, GlobalSectionReader,
    ImportSectionReader, MemorySectionReader, Operator, Parser, Payload, TableInit, TableSectionReader,
    TypeRef,
};

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
    /// Where exports, segments and initial values refer to imported functions, in order.
    pub(super) references: Vec<Reference>,
    imported_functions: u32,
    functions: u32,
    /// The types of the globals, the imported ones first.
    globals: Vec<GlobalType>,
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

    /// How many values a block has, parameters and results.
    pub(super) fn values_of_block(&self, ty: BlockType) -> Option<usize> {
        match ty {
            BlockType::Empty => Some(0),
            BlockType::Type(_) => Some(1),
            BlockType::FuncType(ty) => {
                let Signature { params, results } = self.types.get(ty)?;
                params.len().checked_add(results.len())
            }
        }
    }

    /// The index of the first function that the module defines.
    pub(super) const fn first_function(&self) -> u32 {
        self.imported_functions
    }

    /// The number of functions, the imported ones among them.
    pub(super) const fn functions(&self) -> u32 {
        self.functions
    }

    /// The number of globals, the imported ones among them.
    pub(super) fn globals(&self) -> u32 {
        u32::try_from(self.globals.len()).unwrap_or(u32::MAX)
    }

    /// Whether a global is one that the module defines and that never changes.
    pub(super) fn is_constant(&self, global: u32) -> bool {
        self.constant_globals.binary_search(&global).is_ok()
    }

    /// The number of memories that the module defines.
    pub(super) fn own_memories(&self) -> u32 {
        own(self.memories.len(), self.imported_memories)
    }

    /// The number of tables that the module defines.
    pub(super) fn own_tables(&self) -> u32 {
        own(self.tables.len(), self.imported_tables)
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

/// How many locals a function has, without its parameters.
pub(super) fn locals(body: &FunctionBody<'_>) -> Result<u64, BinaryReaderError> {
    body.get_locals_reader()?
        .into_iter()
        .try_fold(0_u64, |locals, run| Ok(locals.saturating_add(run?.0.into())))
}

/// Looks over a module and refuses what is above the limits.
pub(super) fn scan(limits: &Limits, bytes: &[u8]) -> Result<Scan, CompileError> {
    let mut scanner = Scanner { limits, bytes, scan: Scan::default() };
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
            Payload::TypeSection(types) => scanner.types(types.range())?,
            Payload::ImportSection(imports) => scanner.imports(imports)?,
            Payload::FunctionSection(functions) => scanner.functions(functions)?,
            Payload::TableSection(tables) => scanner.tables(tables)?,
            Payload::MemorySection(memories) => scanner.memories(memories)?,
            Payload::GlobalSection(globals) => scanner.globals(globals)?,
            Payload::ExportSection(exports) => scanner.exports(exports)?,
            Payload::ElementSection(elements) => scanner.elements(elements)?,
            Payload::DataSection(data) => scanner.data(data)?,
            Payload::CodeSectionEntry(body) => {
                maximum::locals(limits).check(locals(&body).map_err(invalid)?)?;
            }
            Payload::StartSection { func, .. } => {
                add(&mut starts, 1);
                scanner.scan.start = Some(scanner.function(func)?);
            }
            _ => {}
        }
        scanner.check()?;
    }
    if starts > 1 {
        return Err(CompileError::Invalid("more than one start section".into()));
    }
    Ok(scanner.scan)
}

struct Scanner<'a> {
    limits: &'a Limits,
    bytes: &'a [u8],
    scan: Scan,
}

impl Scanner<'_> {
    /// Refuses more of what imports count for than the limits allow.
    fn check(&self) -> Result<(), CompileError> {
        let Self { limits, scan, .. } = self;
        maximum::functions(limits).check(scan.functions.into())?;
        maximum::globals(limits).check(scan.globals().into())?;
        maximum::memories(limits).check(count(scan.memories.len()))?;
        Ok(maximum::tables(limits).check(count(scan.tables.len()))?)
    }

    fn types(&mut self, range: Range<usize>) -> Result<(), CompileError> {
        let contents = self.bytes.get(range.clone()).unwrap_or_default();
        signatures::read(self.limits, contents, range.start, &mut self.scan.types)
    }

    fn imports(&mut self, imports: ImportSectionReader<'_>) -> Result<(), CompileError> {
        maximum::imports(self.limits).check(imports.count().into())?;
        let scan = &mut self.scan;
        for import in imports {
            let import = import.map_err(invalid)?;
            let ty = match import.ty {
                TypeRef::Func(ty) => {
                    check_place(ty, scan.types.len())?;
                    scan.imported_types.push(ty);
                    add(&mut scan.imported_functions, 1);
                    ExternType::Func(scan.func_type(ty).ok_or_else(cut)?)
                }
                TypeRef::Memory(ty) => {
                    let memory = ScannedMemory::new(&ty);
                    scan.memories.push(memory);
                    add(&mut scan.imported_memories, 1);
                    ExternType::Memory(memory.ty())
                }
                TypeRef::Global(ty) => {
                    let ty = global_type(ty);
                    scan.globals.push(ty);
                    ExternType::Global(ty)
                }
                TypeRef::Table(ty) => {
                    let table = ScannedTable::new(&ty);
                    scan.tables.push(table);
                    add(&mut scan.imported_tables, 1);
                    ExternType::Table(table.ty)
                }
                // The engine refuses tags.
                TypeRef::Tag(_) => continue,
            };
            scan.imports.push(Import::new(import.module.into(), import.name.into(), ty));
        }
        let imported = scan.imported_functions;
        add(&mut scan.functions, imported);
        Ok(())
    }

    fn functions(&mut self, functions: FunctionSectionReader<'_>) -> Result<(), CompileError> {
        add(&mut self.scan.functions, functions.count());
        self.check()?;
        for ty in functions {
            let ty = ty.map_err(invalid)?;
            check_place(ty, self.scan.types.len())?;
            self.scan.function_types.push(ty);
        }
        Ok(())
    }

    fn tables(&mut self, tables: TableSectionReader<'_>) -> Result<(), CompileError> {
        let all = count(self.scan.tables.len()).saturating_add(tables.count().into());
        maximum::tables(self.limits).check(all)?;
        for table in tables {
            let table = table.map_err(invalid)?;
            if let TableInit::Expr(expr) = &table.init {
                self.expr(expr)?;
            }
            self.scan.tables.push(ScannedTable::new(&table.ty));
            let initial = table.ty.initial;
            maximum::table_elements(self.limits).check(initial)?;
            self.scan.elements = self.scan.elements.saturating_add(initial);
        }
        Ok(())
    }

    fn memories(&mut self, memories: MemorySectionReader<'_>) -> Result<(), CompileError> {
        let all = count(self.scan.memories.len()).saturating_add(memories.count().into());
        maximum::memories(self.limits).check(all)?;
        for memory in memories {
            let memory = ScannedMemory::new(&memory.map_err(invalid)?);
            maximum::memory_pages(self.limits).check(memory.minimum)?;
            self.scan.memories.push(memory);
        }
        Ok(())
    }

    fn globals(&mut self, globals: GlobalSectionReader<'_>) -> Result<(), CompileError> {
        let all = count(self.scan.globals.len()).saturating_add(globals.count().into());
        maximum::globals(self.limits).check(all)?;
        for global in globals {
            let global = global.map_err(invalid)?;
            self.expr(&global.init_expr)?;
            let (index, ty) = (self.scan.globals(), global_type(global.ty));
            if ty.mutable {
                let ty = Some(ty.value).filter(|ty| ty.is_number());
                self.scan.mutable_globals.push(ScannedGlobal { index, ty });
            } else {
                self.scan.constant_globals.push(index);
            }
            self.scan.globals.push(ty);
        }
        Ok(())
    }

    fn exports(&mut self, exports: ExportSectionReader<'_>) -> Result<(), CompileError> {
        maximum::exports(self.limits).check(exports.count().into())?;
        for export in exports.into_iter_with_offsets() {
            let (offset, export) = export.map_err(invalid)?;
            let (kind, index) = (ExportKind::new(export.kind), export.index);
            match kind {
                ExportKind::Func => {
                    // Its index comes behind its name and the kind.
                    let at = self.after_name(offset).and_then(|at| at.checked_add(1)).ok_or_else(cut)?;
                    self.refer(at, index)?;
                }
                ExportKind::Global => check_index(index, self.scan.globals())?,
                ExportKind::Memory => check_place(index, self.scan.memories.len())?,
                ExportKind::Table => check_place(index, self.scan.tables.len())?,
            }
            self.scan.exports.push(ScannedExport { name: export.name.into(), kind, index });
        }
        Ok(())
    }

    /// The offset behind a name.
    fn after_name(&self, offset: usize) -> Option<usize> {
        let (len, rest) = split_leb128(self.bytes.get(offset..)?)?;
        self.bytes.len().checked_sub(rest.len())?.checked_add(len)
    }

    fn elements(&mut self, elements: ElementSectionReader<'_>) -> Result<(), CompileError> {
        add(&mut self.scan.segments, elements.count());
        maximum::segments(self.limits).check(self.scan.segments.into())?;
        for element in elements {
            let element = element.map_err(invalid)?;
            if let ElementKind::Active { offset_expr, table_index } = &element.kind {
                self.expr(offset_expr)?;
                check_place(table_index.unwrap_or_default(), self.scan.tables.len())?;
            }
            let many = match &element.items {
                ElementItems::Functions(functions) => functions.count(),
                ElementItems::Expressions(_, exprs) => exprs.count(),
            };
            self.scan.segment_elements = self.scan.segment_elements.saturating_add(many.into());
            maximum::table_elements(self.limits).check(self.scan.segment_elements)?;
            match element.items {
                ElementItems::Functions(functions) => {
                    for function in functions.into_iter_with_offsets() {
                        let (offset, function) = function.map_err(invalid)?;
                        self.refer(offset, function)?;
                    }
                }
                ElementItems::Expressions(_, exprs) => {
                    for expr in exprs {
                        self.expr(&expr.map_err(invalid)?)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn data(&mut self, data: DataSectionReader<'_>) -> Result<(), CompileError> {
        add(&mut self.scan.segments, data.count());
        maximum::segments(self.limits).check(self.scan.segments.into())?;
        for segment in data {
            if let DataKind::Active { offset_expr, memory_index } = segment.map_err(invalid)?.kind {
                self.expr(&offset_expr)?;
                check_place(memory_index, self.scan.memories.len())?;
            }
        }
        Ok(())
    }

    /// Looks at a constant expression; refuses one of too many operators.
    fn expr(&mut self, expr: &ConstExpr<'_>) -> Result<(), CompileError> {
        let mut operators = 0_u64;
        for operator in expr.get_operators_reader().into_iter_with_offsets() {
            // Where it cannot be read the engine says so.
            let Ok((operator, offset)) = operator else { break };
            match operator {
                Operator::RefFunc { function_index } => {
                    self.refer(offset.saturating_add(1), function_index)?;
                }
                Operator::GlobalGet { global_index } => check_index(global_index, self.scan.globals())?,
                _ => {}
            }
            operators = operators.saturating_add(1);
        }
        // The last one is its end.
        let requested = operators.saturating_sub(1);
        Ok(maximum::const_operators(self.limits).check(requested)?)
    }

    /// Notes where a function is referred to, if it is an imported one.
    fn refer(&mut self, offset: usize, function: u32) -> Result<(), CompileError> {
        if let Some(import) = self.scan.imported_function(self.function(function)?) {
            let offset = u32::try_from(offset).map_err(|_| cut())?;
            self.scan.references.push(Reference { offset, import });
        }
        Ok(())
    }

    /// Refuses a function that there is not.
    fn function(&self, index: u32) -> Result<u32, CompileError> {
        check_index(index, self.scan.functions)?;
        Ok(index)
    }
}

/// Refuses an index beyond so many.
pub(super) fn check_index(index: u32, len: u32) -> Result<(), CompileError> {
    if index < len { Ok(()) } else { Err(CompileError::Invalid("an index beyond what there is".into())) }
}

/// Refuses an index beyond so many.
pub(super) fn check_place(index: u32, len: usize) -> Result<(), CompileError> {
    check_index(index, u32::try_from(len).unwrap_or(u32::MAX))
}

fn invalid(error: BinaryReaderError) -> CompileError {
    CompileError::Invalid(format!("{error}").into())
}

fn cut() -> CompileError {
    CompileError::Invalid("unexpected end".into())
}

const fn order_of_start() -> u8 {
    order(START)
}

fn add(counter: &mut u32, more: u32) {
    *counter = counter.saturating_add(more);
}
