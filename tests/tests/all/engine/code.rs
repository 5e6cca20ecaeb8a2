//! Modules as the toy engine reads them.

use super::toy::ToyGlobal;
use guestbox::{
    Value,
    engine::{EXTEND_COST, NOP_COST, REF_NULL_COST},
};
use std::collections::HashMap;
use wasmparser::{ConstExpr, DataKind, FunctionBody, MemArg, Operator, Parser, Payload, TypeRef, ValType};

#[derive(Debug, Default)]
pub(super) struct Module {
    /// The numbers of parameters of the imported functions.
    pub(super) imports: Vec<usize>,
    pub(super) bodies: Vec<Body>,
    /// Pages, and the maximum.
    pub(super) memories: Vec<(u32, Option<u32>)>,
    pub(super) globals: Vec<ToyGlobal>,
    /// The memory, the offset and the bytes.
    pub(super) data: Vec<(usize, usize, Vec<u8>)>,
    /// The indices of all that is exported. Names tell their kinds.
    pub(super) exports: HashMap<String, u32>,
}

#[derive(Debug)]
pub(super) struct Body {
    pub(super) params: usize,
    pub(super) locals: Vec<Value>,
    pub(super) ops: Vec<Op>,
    /// What regions cost, by where they begin.
    pub(super) costs: HashMap<usize, u64>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Nothing,
    Unreachable,
    Drop,
    Const(Value),
    LocalGet(usize),
    LocalSet(usize),
    LocalTee(usize),
    GlobalGet(usize),
    GlobalSet(usize),
    Binary(fn(i32, i32) -> i32),
    Load {
        memory: usize,
        offset: usize,
    },
    Store {
        memory: usize,
        offset: usize,
    },
    MemoryGrow(usize),
    /// The begin of a region.
    Loop,
    Branch(usize),
    BranchIf(usize),
    Call(u32),
}

impl Module {
    /// That of a function with an index.
    pub(super) fn body(&self, function: u32) -> &Body {
        &self.bodies[usize::try_from(function).expect("few") - self.imports.len()]
    }
}

/// Reads a module. What it has beyond what is known here is an error.
pub(super) fn read(bytes: &[u8]) -> Result<Module, Box<str>> {
    let mut module = Module::default();
    let (mut types, mut functions) = (Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(invalid)? {
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    types.push(ty.map_err(invalid)?.params().len());
                }
            }
            Payload::ImportSection(section) => {
                for import in section {
                    match import.map_err(invalid)?.ty {
                        TypeRef::Func(ty) => module.imports.push(types[small(ty)]),
                        TypeRef::Memory(_) | TypeRef::Global(_) => {}
                        _ => return Err("the toy engine has no such imports".into()),
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    functions.push(types[small(ty.map_err(invalid)?)]);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    let memory = memory.map_err(invalid)?;
                    let pages = |pages: u64| pages.try_into().expect("a memory of 32 bits");
                    module.memories.push((pages(memory.initial), memory.maximum.map(pages)));
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    let global = global.map_err(invalid)?;
                    let value = constant(&global.init_expr)?;
                    module.globals.push(ToyGlobal { value, mutable: global.ty.mutable });
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.map_err(invalid)?;
                    module.exports.insert(export.name.into(), export.index);
                }
            }
            Payload::DataSection(section) => {
                for data in section {
                    let data = data.map_err(invalid)?;
                    let DataKind::Active { memory_index, offset_expr } = &data.kind else {
                        return Err("the toy engine has no passive segments".into());
                    };
                    let offset = constant(offset_expr)?.as_i32().ok_or("the offset is no number")?;
                    let offset = small(offset.cast_unsigned());
                    module.data.push((small(*memory_index), offset, data.data.into()));
                }
            }
            Payload::CodeSectionEntry(body) => {
                let params = functions[module.bodies.len()];
                module.bodies.push(read_body(params, &body)?);
            }
            _ => {}
        }
    }
    Ok(module)
}

/// A block that is open: where branches to it lead, or which of them have to be told.
enum Block {
    Loop(usize),
    Other(Vec<usize>),
}

fn read_body(params: usize, body: &FunctionBody<'_>) -> Result<Body, Box<str>> {
    let mut locals = Vec::new();
    for run in body.get_locals_reader().map_err(invalid)? {
        let (count, ty) = run.map_err(invalid)?;
        locals.extend((0..count).map(|_| if ty == ValType::I64 { Value::I64(0) } else { Value::I32(0) }));
    }
    let mut ops = Vec::new();
    let mut blocks = vec![Block::Other(Vec::new())];
    // The regions that are open, each with the number of blocks around.
    let mut regions = vec![(0, 0)];
    let mut costs = HashMap::from([(0, 1)]);
    let charge = |costs: &mut HashMap<usize, u64>, regions: &[(usize, usize)], units: u8| {
        let (region, _) = regions.last().expect("the function is one");
        *costs.get_mut(region).expect("it was begun") += u64::from(units);
    };
    for operator in body.get_operators_reader().map_err(invalid)? {
        let op = match operator.map_err(invalid)? {
            Operator::Nop => {
                charge(&mut costs, &regions, NOP_COST);
                Op::Nothing
            }
            Operator::RefNull { .. } => {
                charge(&mut costs, &regions, REF_NULL_COST);
                Op::Const(Value::I32(0))
            }
            Operator::I64Extend16S => {
                charge(&mut costs, &regions, EXTEND_COST);
                Op::Nothing
            }
            Operator::Unreachable => Op::Unreachable,
            Operator::Drop => Op::Drop,
            Operator::I32Const { value } => Op::Const(Value::I32(value)),
            Operator::I64Const { value } => Op::Const(Value::I64(value)),
            Operator::LocalGet { local_index } => Op::LocalGet(small(local_index)),
            Operator::LocalSet { local_index } => Op::LocalSet(small(local_index)),
            Operator::LocalTee { local_index } => Op::LocalTee(small(local_index)),
            Operator::GlobalGet { global_index } => Op::GlobalGet(small(global_index)),
            Operator::GlobalSet { global_index } => Op::GlobalSet(small(global_index)),
            Operator::I32Add => Op::Binary(i32::wrapping_add),
            Operator::I32Sub => Op::Binary(i32::wrapping_sub),
            Operator::I32And => Op::Binary(|left, right| left & right),
            Operator::I32LtU => {
                Op::Binary(|left, right| (left.cast_unsigned() < right.cast_unsigned()).into())
            }
            Operator::I32Load { memarg } => {
                let MemArg { memory, offset, .. } = memarg;
                Op::Load { memory: small(memory), offset: offset.try_into().expect("of 32 bits") }
            }
            Operator::I32Store { memarg } => {
                let MemArg { memory, offset, .. } = memarg;
                Op::Store { memory: small(memory), offset: offset.try_into().expect("of 32 bits") }
            }
            Operator::MemoryGrow { mem } => Op::MemoryGrow(small(mem)),
            Operator::Block { .. } => {
                blocks.push(Block::Other(Vec::new()));
                Op::Nothing
            }
            Operator::Loop { .. } => {
                blocks.push(Block::Loop(ops.len()));
                regions.push((ops.len() + 1, blocks.len()));
                costs.insert(ops.len() + 1, 1);
                Op::Loop
            }
            Operator::End => {
                if regions.last().is_some_and(|(_, around)| *around == blocks.len()) {
                    regions.pop();
                }
                if let Some(Block::Other(branches)) = blocks.pop() {
                    let end = ops.len();
                    for branch in branches {
                        ops[branch] = match ops[branch] {
                            Op::BranchIf(_) => Op::BranchIf(end),
                            _ => Op::Branch(end),
                        };
                    }
                }
                Op::Nothing
            }
            Operator::Return => {
                branch(&mut blocks, u32::MAX, ops.len());
                Op::Branch(0)
            }
            Operator::Br { relative_depth } => Op::Branch(branch(&mut blocks, relative_depth, ops.len())),
            Operator::BrIf { relative_depth } => Op::BranchIf(branch(&mut blocks, relative_depth, ops.len())),
            Operator::Call { function_index } => Op::Call(function_index),
            other => return Err(format!("the toy engine does not know {other:?}").into()),
        };
        ops.push(op);
    }
    Ok(Body { params, locals, ops, costs })
}

/// Where a branch leads, if it is known: else it is noted.
fn branch(blocks: &mut [Block], depth: u32, at: usize) -> usize {
    let outermost = blocks.len() - 1;
    match &mut blocks[outermost.saturating_sub(small(depth))] {
        Block::Loop(begin) => *begin,
        Block::Other(branches) => {
            branches.push(at);
            0
        }
    }
}

fn constant(expression: &ConstExpr<'_>) -> Result<Value, Box<str>> {
    match expression.get_operators_reader().read().map_err(invalid)? {
        Operator::I32Const { value } => Ok(Value::I32(value)),
        Operator::I64Const { value } => Ok(Value::I64(value)),
        Operator::RefNull { .. } => Ok(Value::I32(0)),
        other => Err(format!("the toy engine does not know {other:?}").into()),
    }
}

fn small(index: u32) -> usize {
    index.try_into().expect("a host of 32 bits at least")
}

fn invalid(error: wasmparser::BinaryReaderError) -> Box<str> {
    error.to_string().into()
}
