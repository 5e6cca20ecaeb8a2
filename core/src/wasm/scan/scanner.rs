//! The look over the sections.

use super::{
    ExportKind, Scan, ScannedExport, ScannedGlobal, ScannedMemory, check_index, check_place,
    found::{ScannedTable, global_type},
    locals, signatures,
};
use crate::{
    error::CompileError,
    limits::{Asked, Needs, count},
    types::externs::{ExternType, Import},
    wasm::sections::{CUSTOM, Reference, Referred, order, split_leb128},
};
use alloc::format;
use core::ops::Range;
use wasmparser::{
    BinaryReaderError, ConstExpr, DataKind, DataSectionReader, ElementItems, ElementKind,
    ElementSectionReader, ExportSectionReader, FunctionSectionReader, GlobalSectionReader,
    ImportSectionReader, MemorySectionReader, Operator, Parser, Payload, TableInit, TableSectionReader,
    TypeRef,
};

/// Looks over a module and notes what it takes. Where that is refused what was found is not all there.
pub(in crate::wasm) fn scan(asked: &mut Asked<'_>, bytes: &[u8]) -> Result<Scan, CompileError> {
    let mut scanner = Scanner { asked, bytes, scan: Scan::default() };
    // The sections seen, by their order in a module. Each is there once, so that what is counted of it is all there is.
    let mut last = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(invalid)?;
        if let Some((id, _)) = payload.as_section().filter(|(id, _)| *id != CUSTOM) {
            let order = order(id);
            if order <= last {
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
                let locals = locals(&body).map_err(invalid)?.many;
                if locals > u32::MAX.into() {
                    return Err(CompileError::Invalid("too many locals".into()));
                }
                scanner.asked.take(Needs::locals, locals);
            }
            Payload::StartSection { func, .. } => {
                scanner.scan.start = Some(scanner.function(func)?);
                scanner.scan.doors.add(func);
            }
            _ => {}
        }
        scanner.count();
    }
    let Scanner { asked, scan, .. } = scanner;
    asked.instance(scan.initial_pages(), count(scan.instance_bytes()));
    Ok(scan)
}

struct Scanner<'a, 'l> {
    asked: &'a mut Asked<'l>,
    bytes: &'a [u8],
    scan: Scan,
}

impl Scanner<'_, '_> {
    /// Notes what imports count for.
    fn count(&mut self) {
        let Self { asked, scan, .. } = self;
        asked.take(Needs::functions, scan.functions.into());
        asked.take(Needs::globals, scan.globals().into());
        asked.take(Needs::memories, count(scan.memories.len()));
        asked.take(Needs::tables, count(scan.tables.len()));
    }

    fn types(&mut self, range: Range<usize>) -> Result<(), CompileError> {
        let contents = self.bytes.get(range.clone()).unwrap_or_default();
        signatures::read(self.asked, contents, range.start, &mut self.scan.types)
    }

    fn imports(&mut self, imports: ImportSectionReader<'_>) -> Result<(), CompileError> {
        self.asked.take(Needs::imports, imports.count().into());
        let is_refused = self.asked.is_refused();
        let scan = &mut self.scan;
        for import in imports {
            let import = import.map_err(invalid)?;
            let ty = match import.ty {
                TypeRef::Func(ty) => {
                    check_place(ty, scan.types.len())?;
                    scan.imported_types.push(ty);
                    add(&mut scan.imported_functions, 1);
                    // Many of them may be of one type of many values.
                    if is_refused {
                        continue;
                    }
                    ExternType::Func(scan.func_type(ty).ok_or_else(cut)?)
                }
                TypeRef::Memory(ty) => {
                    let memory = ScannedMemory::new(&ty);
                    self.asked.imports_memory(memory.minimum);
                    check_engine_takes(count(scan.memories.len()))?;
                    scan.memories.push(memory);
                    add(&mut scan.imported_memories, 1);
                    ExternType::Memory(memory.ty())
                }
                TypeRef::Global(ty) => {
                    let (index, ty) = (scan.globals(), global_type(ty));
                    if ty.mutable {
                        let ty = Some(ty.value).filter(|ty| !ty.is_reference());
                        scan.mutable_globals.push(ScannedGlobal { index, ty });
                    }
                    scan.globals.push(ty);
                    add(&mut scan.imported_globals, 1);
                    ExternType::Global(ty)
                }
                TypeRef::Table(ty) => {
                    let table = ScannedTable::new(&ty);
                    self.asked.imports_table(ty.initial);
                    check_engine_takes(count(scan.tables.len()))?;
                    scan.tables.push(table);
                    add(&mut scan.imported_tables, 1);
                    ExternType::Table(table.ty)
                }
                // The engine refuses tags.
                TypeRef::Tag(_) => continue,
            };
            if !is_refused {
                scan.imports.push(Import::new(import.module.into(), import.name.into(), ty));
            }
        }
        let imported = scan.imported_functions;
        add(&mut scan.functions, imported);
        Ok(())
    }

    fn functions(&mut self, functions: FunctionSectionReader<'_>) -> Result<(), CompileError> {
        add(&mut self.scan.functions, functions.count());
        self.count();
        for ty in functions {
            let ty = ty.map_err(invalid)?;
            check_place(ty, self.scan.types.len())?;
            self.scan.function_types.push(ty);
        }
        Ok(())
    }

    fn tables(&mut self, tables: TableSectionReader<'_>) -> Result<(), CompileError> {
        let all = count(self.scan.tables.len()).saturating_add(tables.count().into());
        self.asked.take(Needs::tables, all);
        check_engine_takes(all)?;
        for table in tables {
            let table = table.map_err(invalid)?;
            if let TableInit::Expr(expr) = &table.init {
                self.expr(expr)?;
            }
            self.scan.tables.push(ScannedTable::new(&table.ty));
            let initial = table.ty.initial;
            self.asked.take(Needs::table_elements, initial);
            self.scan.elements = self.scan.elements.saturating_add(initial);
        }
        Ok(())
    }

    fn memories(&mut self, memories: MemorySectionReader<'_>) -> Result<(), CompileError> {
        let all = count(self.scan.memories.len()).saturating_add(memories.count().into());
        self.asked.take(Needs::memories, all);
        check_engine_takes(all)?;
        for memory in memories {
            let memory = ScannedMemory::new(&memory.map_err(invalid)?);
            self.asked.take(Needs::memory_pages, memory.minimum);
            self.scan.memories.push(memory);
        }
        Ok(())
    }

    fn globals(&mut self, globals: GlobalSectionReader<'_>) -> Result<(), CompileError> {
        let all = count(self.scan.globals.len()).saturating_add(globals.count().into());
        self.asked.take(Needs::globals, all);
        for global in globals {
            let global = global.map_err(invalid)?;
            self.expr(&global.init_expr)?;
            let (index, ty) = (self.scan.globals(), global_type(global.ty));
            if ty.mutable {
                let ty = Some(ty.value).filter(|ty| !ty.is_reference());
                self.scan.mutable_globals.push(ScannedGlobal { index, ty });
            } else {
                self.scan.constant_globals.push(index);
            }
            self.scan.globals.push(ty);
        }
        Ok(())
    }

    fn exports(&mut self, exports: ExportSectionReader<'_>) -> Result<(), CompileError> {
        self.asked.take(Needs::exports, exports.count().into());
        for export in exports.into_iter_with_offsets() {
            let (offset, export) = export.map_err(invalid)?;
            let (kind, index) = (ExportKind::new(export.kind), export.index);
            match kind {
                ExportKind::Func => self.refer(self.index_of_export(offset)?, index)?,
                ExportKind::Global => {
                    check_index(index, self.scan.globals())?;
                    if index >= self.scan.first_global() {
                        self.note(self.index_of_export(offset)?, Referred::Global(index))?;
                    }
                }
                ExportKind::Memory => check_place(index, self.scan.memories.len())?,
                ExportKind::Table => check_place(index, self.scan.tables.len())?,
            }
            if !self.asked.is_refused() {
                self.scan.exports.push(ScannedExport { name: export.name.into(), kind, index });
            }
        }
        Ok(())
    }

    /// The offset of the index in an export: behind its name and the kind.
    fn index_of_export(&self, offset: usize) -> Result<usize, CompileError> {
        self.after_name(offset).and_then(|at| at.checked_add(1)).ok_or_else(cut)
    }

    /// The offset behind a name.
    fn after_name(&self, offset: usize) -> Option<usize> {
        let (len, rest) = split_leb128(self.bytes.get(offset..)?)?;
        self.bytes.len().checked_sub(rest.len())?.checked_add(len)
    }

    fn elements(&mut self, elements: ElementSectionReader<'_>) -> Result<(), CompileError> {
        add(&mut self.scan.segments, elements.count());
        self.asked.take(Needs::segments, self.scan.segments.into());
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
            self.asked.take(Needs::table_elements, self.scan.segment_elements);
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
        self.asked.take(Needs::segments, self.scan.segments.into());
        for segment in data {
            if let DataKind::Active { offset_expr, memory_index } = segment.map_err(invalid)?.kind {
                self.expr(&offset_expr)?;
                check_place(memory_index, self.scan.memories.len())?;
            }
        }
        Ok(())
    }

    /// Looks at a constant expression.
    fn expr(&mut self, expr: &ConstExpr<'_>) -> Result<(), CompileError> {
        let mut operators = 0_u64;
        for operator in expr.get_operators_reader().into_iter_with_offsets() {
            // Where it cannot be read the engine says so.
            let Ok((operator, offset)) = operator else { break };
            match operator {
                Operator::RefFunc { function_index } => {
                    self.refer(offset.saturating_add(1), function_index)?;
                }
                // Others than imported ones it cannot name, and those have other indices in what is written with frames.
                Operator::GlobalGet { global_index } => check_index(global_index, self.scan.first_global())?,
                _ => {}
            }
            operators = operators.saturating_add(1);
        }
        // The last one is its end.
        let requested = operators.saturating_sub(1);
        self.asked.take(Needs::const_operators, requested);
        Ok(())
    }

    /// Notes that a function is referred to, and where if it is an imported one.
    fn refer(&mut self, offset: usize, function: u32) -> Result<(), CompileError> {
        match self.scan.imported_function(self.function(function)?) {
            Some(import) => self.note(offset, Referred::Import(import)),
            None => {
                self.scan.doors.add(function);
                Ok(())
            }
        }
    }

    /// Notes where something is referred to.
    fn note(&mut self, offset: usize, to: Referred) -> Result<(), CompileError> {
        if !self.asked.is_refused() {
            let offset = u32::try_from(offset).map_err(|_| cut())?;
            self.scan.references.push(Reference { offset, to });
        }
        Ok(())
    }

    /// Refuses a function that there is not.
    fn function(&self, index: u32) -> Result<u32, CompileError> {
        check_index(index, self.scan.functions)?;
        Ok(index)
    }
}

fn invalid(error: BinaryReaderError) -> CompileError {
    CompileError::Invalid(format!("{error}").into())
}

fn cut() -> CompileError {
    CompileError::Invalid("unexpected end".into())
}

/// Refuses more tables or memories than any engine takes, of which each takes a multiple of its bytes to look at.
fn check_engine_takes(many: u64) -> Result<(), CompileError> {
    if many > MOST {
        Err(CompileError::Invalid("more tables or memories than there can be".into()))
    } else {
        Ok(())
    }
}

/// Tables, and memories, that a module can have: what the JavaScript API takes of tables.
const MOST: u64 = 100_000;

fn add(counter: &mut u32, more: u32) {
    *counter = counter.saturating_add(more);
}
