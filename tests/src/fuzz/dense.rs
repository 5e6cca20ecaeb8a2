//! Random modules that are dense in what compilers seldom write and engines get wrong: blocks that take
//! parameters and give several results, tables of branches that pass several values, tail calls that may
//! reach an import, references, vectors, and the operators that guestbox mends.
//!
//! A type checker of a few lines goes along, so that every module is valid. Loops and calls count down a
//! global, so that most calls end before their fuel does.

use crate::random::Random;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection,
    Function, FunctionSection, GlobalSection, GlobalType, ImportSection, Instruction as I, MemArg,
    MemArgTarget, MemorySection, MemoryType, Module, RefType, TableSection, TableType, TypeSection, ValType,
};

const TYPES: [ValType; 5] = [ValType::I32, ValType::I32, ValType::I64, ValType::FUNCREF, ValType::EXTERNREF];

/// The same with vectors.
const VECTOR_TYPES: [ValType; 7] = [
    ValType::I32,
    ValType::I32,
    ValType::I64,
    ValType::FUNCREF,
    ValType::EXTERNREF,
    ValType::V128,
    ValType::V128,
];

/// What the supervisor serves: names and signatures.
const IMPORTS: [(&str, &[ValType], &[ValType]); 5] = [
    ("tick", &[], &[]),
    ("one", &[], &[ValType::I32]),
    ("two", &[ValType::I32], &[ValType::I32]),
    ("pair", &[ValType::I32], &[ValType::I32, ValType::I64]),
    ("four", &[ValType::I64], &[ValType::I64]),
];

/// What is counted down, and what values go into.
const TICKS: u32 = 0;
const SUM: u32 = 1;
const LONG_SUM: u32 = 2;
/// The variable that is a vector, where there are some.
const VECTOR_SUM: u32 = 4;
const TICKS_OF_A_CALL: i32 = 40;

type Signature = (Vec<ValType>, Vec<ValType>);

/// The module of a source of random numbers, with vectors or without.
pub(super) fn module(random: &mut Random, vectors: bool) -> Vec<u8> {
    let kinds: &[ValType] = if vectors { &VECTOR_TYPES } else { &TYPES };
    let mut types: Vec<Signature> =
        IMPORTS.iter().map(|(_, params, results)| (params.to_vec(), results.to_vec())).collect();
    for _ in 0..random.between(6, 14) {
        types.push((values(random, kinds, 3), values(random, kinds, 3)));
    }
    let imports = IMPORTS.len();
    let functions: Vec<usize> = (0..random.between(3, 8)).map(|_| random.index(types.len())).collect();
    let types_of_functions: Vec<usize> = (0..imports).chain(functions.iter().copied()).collect();
    let inner = types_of_functions.len();
    let mut code = CodeSection::new();
    let context = Context { types: &types, functions: &types_of_functions, kinds };
    for ty in &functions {
        code.function(&Body::new(random, &context, &types[*ty]).write());
    }
    // What the supervisor calls: it gives the inner ones their ticks.
    let outer_types: Vec<Signature> = functions.iter().map(|ty| without_vectors(&types[*ty])).collect();
    for (function, (params, results)) in (imports..inner).zip(&outer_types) {
        code.function(&outer(function as u32, &types[types_of_functions[function]], params, results));
    }
    let mut module = Module::new();
    let mut section = TypeSection::new();
    // Without vectors each has the type of the inner one.
    let more_types = if vectors { &outer_types[..] } else { &[] };
    for (params, results) in types.iter().chain(more_types) {
        section.ty().function(params.iter().copied(), results.iter().copied());
    }
    module.section(&section);
    let mut section = ImportSection::new();
    for (ty, (name, ..)) in IMPORTS.iter().enumerate() {
        section.import("env", name, EntityType::Function(ty as u32));
    }
    module.section(&section);
    let mut section = FunctionSection::new();
    let outer_indices: Vec<usize> =
        if vectors { (types.len()..).take(functions.len()).collect() } else { functions.clone() };
    for ty in functions.iter().chain(&outer_indices) {
        section.function(*ty as u32);
    }
    module.section(&section);
    let mut section = TableSection::new();
    for element_type in [RefType::FUNCREF, RefType::EXTERNREF] {
        section.table(TableType {
            element_type,
            minimum: 12,
            maximum: Some(60),
            table64: false,
            shared: false,
        });
    }
    module.section(&section);
    let mut section = MemorySection::new();
    for _ in 0..random.between(1, 2) {
        section.memory(MemoryType {
            minimum: 2,
            maximum: Some(3),
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
    }
    let memories = section.len();
    module.section(&section);
    let mut section = GlobalSection::new();
    for (val_type, init) in [
        (ValType::I32, ConstExpr::i32_const(0)),
        (ValType::I32, ConstExpr::i32_const(1)),
        (ValType::I64, ConstExpr::i64_const(1)),
    ] {
        section.global(GlobalType { val_type, mutable: true, shared: false }, &init);
    }
    // Before the variable that is a vector, whose index is the next.
    let constant = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
    section.global(constant, &ConstExpr::i32_const(random.between(0, 1).cast_signed()));
    if vectors {
        let vector = GlobalType { val_type: ValType::V128, mutable: true, shared: false };
        section.global(vector, &ConstExpr::v128_const(0x0123_4567_89AB_CDEF_1122_3344_5566_7788));
    }
    module.section(&section);
    let mut section = ExportSection::new();
    for outer in 0..functions.len() {
        section.export(&format!("run{outer}"), ExportKind::Func, (inner + outer) as u32);
    }
    section.export("passed on", ExportKind::Func, random.below(imports as u32));
    section.export("sum", ExportKind::Global, SUM).export("long", ExportKind::Global, LONG_SUM);
    for memory in 0..memories {
        section.export(&format!("memory{memory}"), ExportKind::Memory, memory);
    }
    module.section(&section);
    let mut section = ElementSection::new();
    let elements: Vec<u32> = (0..10).map(|_| random.below(inner as u32)).collect();
    section.active(None, &ConstExpr::i32_const(0), Elements::Functions(elements.into()));
    section.declared(Elements::Functions((0..inner as u32).collect::<Vec<_>>().into()));
    module.section(&section);
    module.section(&code);
    module.finish()
}

fn values(random: &mut Random, kinds: &[ValType], most: u32) -> Vec<ValType> {
    (0..random.below(most + 1)).map(|_| random.one(kinds)).collect()
}

/// A signature that a supervisor can call, where no vectors cross.
fn without_vectors((params, results): &Signature) -> Signature {
    let plain = |types: &[ValType]| types.iter().copied().filter(|ty| *ty != ValType::V128).collect();
    (plain(params), plain(results))
}

/// A function that calls another: it gives it vectors, and mixes those that it gets into the sum.
fn outer(
    function: u32,
    (inner_params, inner_results): &Signature,
    params: &[ValType],
    results: &[ValType],
) -> Function {
    let has_vectors = inner_results.contains(&ValType::V128);
    let first = params.len() as u32;
    let locals = if has_vectors { inner_results.as_slice() } else { &[] };
    let mut outer = Function::new(locals.iter().map(|ty| (1, *ty)));
    outer.instruction(&I::I32Const(TICKS_OF_A_CALL)).instruction(&I::GlobalSet(TICKS));
    let mut given = 0;
    for ty in inner_params {
        if *ty == ValType::V128 {
            outer.instruction(&I::GlobalGet(VECTOR_SUM));
        } else {
            outer.instruction(&I::LocalGet(given));
            given += 1;
        }
    }
    outer.instruction(&I::Call(function));
    if has_vectors {
        for local in (first..).take(inner_results.len()).collect::<Vec<_>>().into_iter().rev() {
            outer.instruction(&I::LocalSet(local));
        }
        for (local, ty) in (first..).zip(inner_results) {
            outer.instruction(&I::LocalGet(local));
            if *ty == ValType::V128 {
                mix_vector().iter().for_each(|instruction| {
                    outer.instruction(instruction);
                });
            }
        }
    }
    debug_assert_eq!(
        inner_results.len() - results.len(),
        inner_results.iter().filter(|ty| **ty == ValType::V128).count()
    );
    outer.instruction(&I::End);
    outer
}

/// Mixes the vector on top into the sums.
const fn mix_vector() -> [I<'static>; 13] {
    [
        I::GlobalGet(VECTOR_SUM),
        I::I32Const(7),
        I::I64x2Shl,
        I::I8x16Sub,
        I::GlobalSet(VECTOR_SUM),
        I::GlobalGet(LONG_SUM),
        I::GlobalGet(VECTOR_SUM),
        I::I64x2ExtractLane(0),
        I::I64Xor,
        I::GlobalGet(VECTOR_SUM),
        I::I64x2ExtractLane(1),
        I::I64Add,
        I::GlobalSet(LONG_SUM),
    ]
}

/// Operators on two vectors that give one.
const VECTOR_BINARY: [I<'static>; 24] = [
    I::V128And,
    I::V128AndNot,
    I::V128Or,
    I::V128Xor,
    I::I8x16Swizzle,
    I::I8x16Shuffle([0, 31, 2, 29, 4, 27, 6, 25, 24, 7, 26, 5, 28, 3, 30, 1]),
    I::I8x16Add,
    I::I8x16SubSatU,
    I::I8x16NarrowI16x8S,
    I::I8x16AvgrU,
    I::I16x8Mul,
    I::I16x8Q15MulrSatS,
    I::I16x8ExtMulHighI8x16U,
    I::I16x8GtS,
    I::I32x4DotI16x8S,
    I::I32x4MinU,
    I::I32x4Sub,
    I::I64x2Mul,
    I::I64x2Eq,
    I::F32x4PMin,
    I::F32x4Lt,
    I::F64x2PMax,
    I::F64x2Ne,
    I::I16x8NarrowI32x4U,
];

/// Operators on a vector that give one. None of those of floats that compute, as engines make other NaNs.
const VECTOR_UNARY: [I<'static>; 14] = [
    I::V128Not,
    I::I8x16Abs,
    I::I8x16Popcnt,
    I::I16x8Neg,
    I::I16x8ExtAddPairwiseI8x16S,
    I::I32x4ExtendHighI16x8U,
    I::I64x2ExtendLowI32x4S,
    I::F32x4Neg,
    I::F64x2Abs,
    I::F32x4ConvertI32x4U,
    I::F64x2ConvertLowI32x4S,
    I::I32x4TruncSatF32x4S,
    I::I32x4TruncSatF64x2UZero,
    I::I64x2Abs,
];

/// Those that give an `i32`.
const VECTOR_TESTS: [I<'static>; 7] = [
    I::V128AnyTrue,
    I::I8x16AllTrue,
    I::I64x2AllTrue,
    I::I16x8Bitmask,
    I::I32x4Bitmask,
    I::I8x16ExtractLaneU(13),
    I::I32x4ExtractLane(2),
];

struct Context<'a> {
    types: &'a [Signature],
    /// The type of each function.
    functions: &'a [usize],
    /// The types of values.
    kinds: &'a [ValType],
}

struct Label {
    is_loop: bool,
    /// What a branch passes.
    values: Vec<ValType>,
}

/// A function as it is written.
struct Body<'a> {
    random: &'a mut Random,
    context: &'a Context<'a>,
    signature: &'a Signature,
    locals: Vec<ValType>,
    code: Vec<I<'static>>,
    labels: Vec<Label>,
    /// The operands of the innermost block.
    operands: Vec<ValType>,
    /// Operators that may still be written.
    left: u32,
}

impl<'a> Body<'a> {
    fn new(random: &'a mut Random, context: &'a Context<'a>, signature: &'a Signature) -> Self {
        let more = values(random, context.kinds, 5);
        let locals = signature.0.iter().copied().chain(more).chain([ValType::I32, ValType::I64]).collect();
        let left = random.one(&[20, 60, 150]);
        let label = Label { is_loop: false, values: signature.1.clone() };
        Self {
            random,
            context,
            signature,
            locals,
            code: Vec::new(),
            labels: vec![label],
            operands: Vec::new(),
            left,
        }
    }

    fn write(mut self) -> Function {
        self.code.extend([I::GlobalGet(TICKS), I::I32Const(1), I::I32Sub, I::GlobalSet(TICKS)]);
        self.leave_when_over();
        let results = self.signature.1.clone();
        self.block(&results);
        self.code.push(I::End);
        let own = self.signature.0.len();
        let mut function = Function::new(self.locals[own..].iter().map(|ty| (1, *ty)));
        self.code.iter().for_each(|instruction| {
            function.instruction(instruction);
        });
        function
    }

    /// Returns where the ticks are over.
    fn leave_when_over(&mut self) {
        self.code.extend([I::GlobalGet(TICKS), I::I32Const(0), I::I32LtS, I::If(BlockType::Empty)]);
        for ty in self.signature.1.clone() {
            self.constant(ty);
        }
        self.code.extend([I::Return, I::End]);
    }

    /// Operators up to the end of a block that gives these results.
    fn block(&mut self, results: &[ValType]) {
        let many = self.random.between(1, 10);
        for _ in 0..many {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            if !self.one() {
                // What comes now is not reached, and may be nearly anything.
                self.operands.clear();
                if self.random.chance(70) {
                    break;
                }
            }
        }
        self.make(results);
    }

    /// Makes the operands of the block be of these types and no more.
    fn make(&mut self, types: &[ValType]) {
        let kept = (0..=types.len().min(self.operands.len())).rev();
        let kept = kept.clone().find(|kept| self.operands[..*kept] == types[..*kept]).unwrap_or_default();
        while self.operands.len() > kept {
            self.consume();
        }
        for ty in &types[kept..] {
            self.value(*ty);
        }
    }

    /// Makes the last operands be of these types.
    fn make_last(&mut self, types: &[ValType]) {
        let mut kept = types.len().min(self.operands.len());
        while self.operands[self.operands.len() - kept..] != types[..kept] {
            kept -= 1;
        }
        for ty in &types[kept..] {
            self.value(*ty);
        }
    }

    fn take(&mut self, many: usize) {
        self.operands.truncate(self.operands.len() - many);
    }

    /// Takes the last operand, so that it is seen if it can be.
    fn consume(&mut self) {
        match self.operands.pop() {
            Some(ValType::I32) if self.random.chance(80) => {
                self.code.extend([
                    I::GlobalGet(SUM),
                    I::I32Const(31),
                    I::I32Mul,
                    I::I32Add,
                    I::GlobalSet(SUM),
                ]);
            }
            Some(ValType::I64) if self.random.chance(80) => {
                self.code.extend([
                    I::GlobalGet(LONG_SUM),
                    I::I64Const(31),
                    I::I64Mul,
                    I::I64Xor,
                    I::GlobalSet(LONG_SUM),
                ]);
            }
            Some(ValType::Ref(_)) if self.random.chance(80) => {
                self.code.extend([I::RefIsNull, I::GlobalGet(SUM), I::I32Add, I::GlobalSet(SUM)]);
            }
            Some(ValType::V128) if self.random.chance(90) => {
                self.code.extend(mix_vector());
            }
            Some(_) => self.code.push(I::Drop),
            None => {}
        }
    }

    fn constant(&mut self, ty: ValType) {
        let functions = self.context.functions.len() as u32;
        self.code.push(match ty {
            ValType::I32 => I::I32Const(self.random.one(&[0, 1, 2, 3, 5, 100, -1])),
            ValType::I64 => I::I64Const(self.random.one(&[0, 1, 2, -1, 1 << 40])),
            ValType::FUNCREF if self.random.chance(70) => I::RefFunc(self.random.below(functions)),
            ValType::FUNCREF => I::RefNull(wasm_encoder::HeapType::FUNC),
            ValType::V128 => {
                I::V128Const(self.random.one(&[0, 1, -1, 1 << 70, 0x0102_0304_0506_0708_090A_0B0C_0D0E_0F10]))
            }
            _ => I::RefNull(wasm_encoder::HeapType::EXTERN),
        });
    }

    /// Puts a value.
    fn value(&mut self, ty: ValType) {
        let locals: Vec<u32> =
            (0..).zip(&self.locals).filter(|(_, known)| **known == ty).map(|(at, _)| at).collect();
        let local = (!locals.is_empty()).then(|| locals[self.random.index(locals.len())]);
        match (self.random.below(10), ty) {
            (0, ValType::I32) => self.code.push(I::GlobalGet(self.random.one(&[SUM, TICKS, 3]))),
            (1, ValType::I32) => self.code.extend([I::GlobalGet(SUM), I::I32Eqz]),
            (2, ValType::I32) => {
                self.code.extend([I::GlobalGet(SUM), I::I32Const(0xFFFF), I::I32And]);
                let memarg = self.memarg();
                self.code.push(I::I32Load(memarg));
            }
            (0, ValType::I64) => self.code.push(I::GlobalGet(LONG_SUM)),
            (0, ValType::FUNCREF) => {
                self.code.extend([I::I32Const(self.random.below(12).cast_signed()), I::TableGet(0)])
            }
            (0, ValType::EXTERNREF) => {
                self.code.extend([I::I32Const(self.random.below(12).cast_signed()), I::TableGet(1)]);
            }
            (0, ValType::V128) => self.code.push(I::GlobalGet(VECTOR_SUM)),
            (1, ValType::V128) => {
                self.code.extend([I::GlobalGet(SUM), I::I32Const(0xFFFF), I::I32And]);
                let memarg = self.memarg();
                self.code.push(I::V128Load(memarg));
            }
            (2, ValType::V128) => self.code.extend([I::GlobalGet(LONG_SUM), I::I64x2Splat]),
            (3..=7, _) if local.is_some() => self.code.push(I::LocalGet(local.unwrap())),
            _ => self.constant(ty),
        }
        self.operands.push(ty);
    }

    fn memarg(&mut self) -> MemArg {
        MemArg {
            offset: self.random.one(&[0, 4, 65_530]),
            align: 0,
            target: MemArgTarget::Memory(0),
            ordering: None,
        }
    }

    /// A condition.
    fn condition(&mut self) {
        self.make_last(&[ValType::I32]);
        match self.random.below(4) {
            0 => self.code.push(I::I32Eqz),
            1 => self.code.extend([I::I32Const(1), I::I32And]),
            _ => {}
        }
        self.take(1);
    }

    /// A block type, whose parameters are the last operands.
    fn block_type(&mut self) -> (BlockType, Signature) {
        let ty = self.random.index(self.context.types.len());
        let signature = self.context.types[ty].clone();
        self.make_last(&signature.0);
        (BlockType::FunctionType(ty as u32), signature)
    }

    /// One operator or some; whether what comes next is reached.
    fn one(&mut self) -> bool {
        if self.context.kinds.len() > TYPES.len() && self.random.chance(25) {
            self.vector();
            return true;
        }
        match self.random.below(26) {
            0..=4 => {
                let ty = self.random.one(self.context.kinds);
                self.value(ty);
            }
            5 => self.consume(),
            6 => {
                self.make_last(&[ValType::I32, ValType::I32]);
                let operator =
                    [I::I32Add, I::I32Sub, I::I32Mul, I::I32Xor, I::I32LtS, I::I32Eq, I::I32ShrU, I::I32And];
                self.code.push(operator[self.random.index(operator.len())].clone());
                self.take(1);
            }
            7 => {
                self.make_last(&[ValType::I64]);
                self.code.push(I::I64Eqz);
                self.take(1);
                self.operands.push(ValType::I32);
            }
            8 => {
                let local = self.random.index(self.locals.len());
                self.make_last(&[self.locals[local]]);
                if self.random.chance(50) {
                    self.code.push(I::LocalTee(local as u32));
                } else {
                    self.code.push(I::LocalSet(local as u32));
                    self.take(1);
                }
            }
            9 => {
                let ty = self.random.one(&[ValType::I32, ValType::I64]);
                self.make_last(&[ty, ty]);
                self.value(ValType::I32);
                self.condition_of_select();
                self.take(2);
            }
            10 => self.store(),
            11..=13 => self.nested(|body, ty, results| {
                body.code.push(I::Block(ty));
                body.labels.push(Label { is_loop: false, values: results.to_vec() });
                body.block(results);
            }),
            14 => self.nested(|body, ty, results| {
                let params = body.operands.clone();
                body.code.push(I::Loop(ty));
                body.labels.push(Label { is_loop: true, values: params });
                body.code.extend([I::GlobalGet(TICKS), I::I32Const(1), I::I32Sub, I::GlobalSet(TICKS)]);
                body.block(results);
            }),
            15..=17 => self.branch_under_condition(),
            18 => {
                let depth = self.target();
                let values = self.labels[self.labels.len() - 1 - depth as usize].values.clone();
                self.make_last(&values);
                self.code.push(I::Br(depth));
                return false;
            }
            19 | 20 => {
                self.table();
                return false;
            }
            21 => self.condition_of_if(),
            22 => self.call(),
            23 => return self.tail_call(),
            24 => self.grow(),
            _ => {
                if self.random.chance(80) {
                    self.code.push(I::Nop);
                    return true;
                }
                let results = self.signature.1.clone();
                self.make_last(&results);
                self.code.push(I::Return);
                return false;
            }
        }
        true
    }

    /// One operator on vectors.
    fn vector(&mut self) {
        const VECTOR: ValType = ValType::V128;
        match self.random.below(9) {
            0..=2 => {
                self.make_last(&[VECTOR, VECTOR]);
                self.code.push(VECTOR_BINARY[self.random.index(VECTOR_BINARY.len())].clone());
                self.take(1);
            }
            3 => {
                self.make_last(&[VECTOR]);
                self.code.push(VECTOR_UNARY[self.random.index(VECTOR_UNARY.len())].clone());
            }
            4 => {
                self.make_last(&[VECTOR]);
                self.code.push(VECTOR_TESTS[self.random.index(VECTOR_TESTS.len())].clone());
                self.take(1);
                self.operands.push(ValType::I32);
            }
            5 => {
                self.make_last(&[VECTOR, VECTOR]);
                self.value(ValType::I32);
                self.condition_of_select();
                self.take(2);
            }
            6 => {
                self.make_last(&[VECTOR, ValType::I32]);
                let shifts = [I::I8x16Shl, I::I16x8ShrS, I::I32x4ShrU, I::I64x2Shl, I::I32x4ReplaceLane(1)];
                self.code.push(shifts[self.random.index(shifts.len())].clone());
                self.take(1);
            }
            7 => {
                self.make_last(&[VECTOR, VECTOR, VECTOR]);
                self.code.push(I::V128Bitselect);
                self.take(2);
            }
            _ => self.store_of_vector(),
        }
    }

    /// Stores a vector or a lane, or loads one.
    fn store_of_vector(&mut self) {
        let memarg = MemArg { offset: self.random.one(&[0, 4, 65_600]), ..self.memarg() };
        self.value(ValType::I32);
        self.code.extend([I::I32Const(0xFFFF), I::I32And]);
        self.value(ValType::V128);
        let all = [
            I::V128Store(memarg),
            I::V128Store8Lane { memarg, lane: 9 },
            I::V128Store16Lane { memarg, lane: 7 },
            I::V128Store32Lane { memarg, lane: 2 },
            I::V128Store64Lane { memarg, lane: 1 },
            I::V128Load8Lane { memarg, lane: 15 },
            I::V128Load32Lane { memarg, lane: 3 },
        ];
        let chosen = self.random.index(all.len());
        self.code.push(all[chosen].clone());
        self.take(2);
        if chosen > 4 {
            self.operands.push(ValType::V128);
        }
    }

    /// `select` after what an engine might fuse with it.
    fn condition_of_select(&mut self) {
        match self.random.below(4) {
            0 => self.code.push(I::I32Eqz),
            1 => self.code.extend([I::Drop, I::GlobalGet(LONG_SUM), I::I64Eqz]),
            _ => {}
        }
        self.code.push(I::Select);
    }

    fn store(&mut self) {
        let (memarg, ty) = (self.memarg(), self.random.one(&[ValType::I32, ValType::I64]));
        let local = self.locals.len() as u32 - 2;
        self.value(ValType::I32);
        self.code.extend([I::I32Const(0xFFFF), I::I32And, I::LocalTee(local), I::LocalGet(local)]);
        if ty == ValType::I64 {
            self.code.extend([I::I64ExtendI32U, I::I64Store(memarg)]);
        } else {
            self.code.push(I::I32Store(memarg));
        }
        self.take(1);
    }

    /// A block within, which `write` writes up to its end.
    fn nested(&mut self, write: impl FnOnce(&mut Self, BlockType, &[ValType])) {
        if self.labels.len() > 8 {
            return;
        }
        let (ty, (params, results)) = self.block_type();
        self.take(params.len());
        let outer = std::mem::replace(&mut self.operands, params);
        write(self, ty, &results);
        self.code.push(I::End);
        self.labels.pop();
        self.operands = outer;
        self.operands.extend(results);
    }

    fn condition_of_if(&mut self) {
        if self.labels.len() > 8 {
            return;
        }
        let (ty, (params, results)) = self.block_type();
        self.value(ValType::I32);
        self.condition();
        self.take(params.len());
        let has_else = params != results || self.random.chance(50);
        let outer = std::mem::replace(&mut self.operands, params.clone());
        self.code.push(I::If(ty));
        self.labels.push(Label { is_loop: false, values: results.clone() });
        self.block(&results);
        if has_else {
            self.code.push(I::Else);
            self.operands = params;
            self.block(&results);
        }
        self.code.push(I::End);
        self.labels.pop();
        self.operands = outer;
        self.operands.extend(results);
    }

    /// The depth of a label; before a branch to a loop the ticks are looked at.
    fn target(&mut self) -> u32 {
        let depth = self.random.index(self.labels.len());
        self.look_at_ticks(depth);
        depth as u32
    }

    fn look_at_ticks(&mut self, depth: usize) {
        if self.labels[self.labels.len() - 1 - depth].is_loop {
            self.leave_when_over();
        }
    }

    fn branch_under_condition(&mut self) {
        let depth = self.target();
        let values = self.labels[self.labels.len() - 1 - depth as usize].values.clone();
        self.make_last(&values);
        self.value(ValType::I32);
        self.condition();
        self.code.push(I::BrIf(depth));
    }

    fn table(&mut self) {
        let default = self.random.index(self.labels.len());
        let values = self.labels[self.labels.len() - 1 - default].values.clone();
        let alike: Vec<usize> = (0..self.labels.len())
            .filter(|depth| self.labels[self.labels.len() - 1 - depth].values == values)
            .collect();
        let targets: Vec<usize> =
            (0..self.random.below(6)).map(|_| alike[self.random.index(alike.len())]).collect();
        targets.iter().chain([&default]).for_each(|depth| self.look_at_ticks(*depth));
        self.make_last(&values);
        self.value(ValType::I32);
        if self.random.chance(80) {
            self.code.extend([I::I32Const(7), I::I32And]);
        }
        self.take(1);
        let targets: Vec<u32> = targets.iter().map(|depth| *depth as u32).collect();
        self.code.push(I::BrTable(targets.into(), default as u32));
    }

    fn call(&mut self) {
        let function = self.random.index(self.context.functions.len());
        let ty = self.context.functions[function];
        let (params, results) = self.context.types[ty].clone();
        self.make_last(&params);
        if self.random.chance(40) {
            self.index_of_table();
            self.code.push(I::CallIndirect { type_index: ty as u32, table_index: 0 });
        } else {
            self.code.push(I::Call(function as u32));
        }
        self.take(params.len());
        self.operands.extend(results);
    }

    /// A tail call; whether there was none.
    fn tail_call(&mut self) -> bool {
        let results = &self.signature.1;
        let fitting: Vec<usize> = (0..self.context.functions.len())
            .filter(|function| self.context.types[self.context.functions[*function]].1 == *results)
            .collect();
        if fitting.is_empty() {
            return true;
        }
        let function = fitting[self.random.index(fitting.len())];
        let ty = self.context.functions[function];
        self.make_last(&self.context.types[ty].0.clone());
        if self.random.chance(50) {
            self.index_of_table();
            self.code.push(I::ReturnCallIndirect { type_index: ty as u32, table_index: 0 });
        } else {
            self.code.push(I::ReturnCall(function as u32));
        }
        false
    }

    fn index_of_table(&mut self) {
        self.code.extend([I::GlobalGet(SUM), I::I32Const(7), I::I32And]);
    }

    fn grow(&mut self) {
        let (table, ty) = self.random.one(&[(0, ValType::FUNCREF), (1, ValType::EXTERNREF)]);
        self.make_last(&[ty]);
        match self.random.below(3) {
            0 => {
                self.code
                    .extend([I::I32Const(self.random.between(0, 40).cast_signed()), I::TableGrow(table)]);
                self.take(1);
                self.operands.push(ValType::I32);
            }
            1 => {
                let local = (0..).zip(&self.locals).find(|(_, known)| **known == ty).map(|(at, _)| at);
                let Some(local) = local else { return };
                self.code.extend([I::LocalSet(local), I::I32Const(self.random.below(12).cast_signed())]);
                self.code.extend([I::LocalGet(local), I::TableSet(table)]);
                self.take(1);
            }
            _ => {
                self.code.push(I::TableSize(table));
                self.operands.push(ValType::I32);
            }
        }
    }
}
