//! What is changed in generated modules, so that they get further: addresses, lengths and table
//! indices are made small, or nearly all would be out of bounds, and no growth would succeed.
//!
//! Also the generator's canonical NaNs are made complete: it leaves out the conversions between
//! floats.

use wasm_encoder::{
    CodeSection, Function, Instruction, Module, ValType,
    reencode::{Error, Reencode, utils},
};
use wasmparser_of_generator::{FunctionBody, Operator, Parser, Payload};

/// How a module is changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tame {
    /// Whether addresses and the like are made small.
    pub(super) small: bool,
    /// Whether NaNs are made canonical after conversions.
    pub(super) canonical: bool,
    /// Whether there may be vectors.
    pub(super) vectors: bool,
}

/// The module so changed; `None` where it cannot be read.
pub(super) fn tame(bytes: &[u8], how: Tame) -> Option<Vec<u8>> {
    let mut params = Vec::new();
    let mut functions = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.ok()? {
            Payload::TypeSection(types) => {
                let types = types.into_iter_err_on_gc_types();
                params = types.map(|ty| Some(ty.ok()?.params().len())).collect::<Option<_>>()?;
            }
            Payload::FunctionSection(types) => {
                let types = types.into_iter().map(|ty| params.get(ty.ok()? as usize).copied());
                functions = types.collect::<Option<_>>()?;
            }
            _ => {}
        }
    }
    let mut module = Module::new();
    Rewriter { how, functions, next: 0 }.parse_core_module(&mut module, Parser::new(0), bytes).ok()?;
    Some(module.finish())
}

/// Locals that each function gets; where there may be vectors one of them comes behind.
const SCRATCH: [ValType; 5] = [ValType::F32, ValType::F64, ValType::I32, ValType::I32, ValType::I64];

/// The place of that.
const VECTOR: u32 = SCRATCH.len() as u32;

struct Rewriter {
    how: Tame,
    /// The parameters of each function.
    functions: Vec<usize>,
    next: usize,
}

impl Reencode for Rewriter {
    type Error = std::convert::Infallible;

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Result<(), Error> {
        let mut locals = Vec::new();
        let mut scratch = u32::try_from(self.functions[self.next]).unwrap();
        self.next += 1;
        for group in body.get_locals_reader()? {
            let (count, ty) = group?;
            scratch += count;
            locals.push((count, self.val_type(ty)?));
        }
        locals.extend(SCRATCH.map(|ty| (1, ty)));
        if self.how.vectors {
            locals.push((1, ValType::V128));
        }
        let mut function = Function::new(locals);
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let operator = operators.read()?;
            if let (true, Some(small)) = (self.how.small, Small::of(&operator)) {
                small.push_to(&mut function, scratch);
            }
            function.instruction(&utils::instruction(self, operator.clone())?);
            if self.how.canonical {
                canonical(&mut function, &operator, scratch);
            }
        }
        code.function(&function);
        Ok(())
    }
}

/// What the operands of an operator are masked with.
#[derive(Clone, Copy)]
enum Small {
    /// The last.
    Last(i32),
    /// The last, which is at least so much: less costs nothing by size.
    AtLeast(i32, i32),
    /// The address below a value, which the scratch local takes meanwhile.
    Below(u32),
    /// Each of three, of which the last is at least so much.
    Three([i32; 3], i32),
}

impl Small {
    const fn of(operator: &Operator<'_>) -> Option<Self> {
        Some(match operator {
            Operator::I32Load { .. }
            | Operator::I64Load { .. }
            | Operator::F32Load { .. }
            | Operator::F64Load { .. }
            | Operator::I32Load8S { .. }
            | Operator::I32Load8U { .. }
            | Operator::I32Load16S { .. }
            | Operator::I32Load16U { .. }
            | Operator::I64Load8S { .. }
            | Operator::I64Load8U { .. }
            | Operator::I64Load16S { .. }
            | Operator::I64Load16U { .. }
            | Operator::I64Load32S { .. }
            | Operator::I64Load32U { .. }
            | Operator::V128Load { .. }
            | Operator::V128Load8x8S { .. }
            | Operator::V128Load8x8U { .. }
            | Operator::V128Load16x4S { .. }
            | Operator::V128Load16x4U { .. }
            | Operator::V128Load32x2S { .. }
            | Operator::V128Load32x2U { .. }
            | Operator::V128Load8Splat { .. }
            | Operator::V128Load16Splat { .. }
            | Operator::V128Load32Splat { .. }
            | Operator::V128Load64Splat { .. }
            | Operator::V128Load32Zero { .. }
            | Operator::V128Load64Zero { .. } => Self::Last(0xFFFF),
            Operator::V128Store { .. }
            | Operator::V128Load8Lane { .. }
            | Operator::V128Load16Lane { .. }
            | Operator::V128Load32Lane { .. }
            | Operator::V128Load64Lane { .. }
            | Operator::V128Store8Lane { .. }
            | Operator::V128Store16Lane { .. }
            | Operator::V128Store32Lane { .. }
            | Operator::V128Store64Lane { .. } => Self::Below(VECTOR),
            Operator::F32Store { .. } => Self::Below(0),
            Operator::F64Store { .. } => Self::Below(1),
            Operator::I32Store { .. } | Operator::I32Store8 { .. } | Operator::I32Store16 { .. } => {
                Self::Below(2)
            }
            Operator::I64Store { .. }
            | Operator::I64Store8 { .. }
            | Operator::I64Store16 { .. }
            | Operator::I64Store32 { .. } => Self::Below(4),
            Operator::MemoryFill { .. } | Operator::MemoryCopy { .. } => {
                Self::Three([0x3FFF, 0x3FFF, 0x3FF], 64)
            }
            Operator::MemoryInit { .. } => Self::Three([0x3FFF, 1, 3], 0),
            Operator::MemoryGrow { .. } => Self::Last(1),
            Operator::TableGrow { .. } => Self::AtLeast(16, 0x3F),
            Operator::TableFill { .. } => Self::Last(3),
            Operator::TableCopy { .. } => Self::Three([7, 7, 31], 0),
            Operator::TableInit { .. } => Self::Three([7, 1, 3], 0),
            Operator::CallIndirect { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::TableGet { .. } => Self::Last(7),
            _ => return None,
        })
    }

    fn push_to(self, function: &mut Function, scratch: u32) {
        let and = |function: &mut Function, mask: i32| {
            function.instruction(&Instruction::I32Const(mask)).instruction(&Instruction::I32And);
        };
        match self {
            Self::Last(mask) => and(function, mask),
            Self::AtLeast(least, mask) => {
                and(function, mask);
                function.instruction(&Instruction::I32Const(least)).instruction(&Instruction::I32Or);
            }
            Self::Below(local) => {
                function.instruction(&Instruction::LocalSet(scratch + local));
                and(function, 0xFFFF);
                function.instruction(&Instruction::LocalGet(scratch + local));
            }
            Self::Three([first, second, third], least) => {
                and(function, third);
                function.instruction(&Instruction::I32Const(least)).instruction(&Instruction::I32Or);
                function.instruction(&Instruction::LocalSet(scratch + 3));
                and(function, second);
                function.instruction(&Instruction::LocalSet(scratch + 2));
                and(function, first);
                function
                    .instruction(&Instruction::LocalGet(scratch + 2))
                    .instruction(&Instruction::LocalGet(scratch + 3));
            }
        }
    }
}

/// Makes the NaN of a conversion canonical.
fn canonical(function: &mut Function, operator: &Operator<'_>, scratch: u32) {
    let select = match operator {
        Operator::F32x4DemoteF64x2Zero | Operator::F64x2PromoteLowF32x4 => Instruction::V128Bitselect,
        _ => Instruction::Select,
    };
    let (local, nan, equal) = match operator {
        Operator::F32x4DemoteF64x2Zero => {
            let nan = 0x7FC0_0000_7FC0_0000_7FC0_0000_7FC0_0000;
            (scratch + VECTOR, Instruction::V128Const(nan), Instruction::F32x4Eq)
        }
        Operator::F64x2PromoteLowF32x4 => {
            let nan = 0x7FF8_0000_0000_0000_7FF8_0000_0000_0000;
            (scratch + VECTOR, Instruction::V128Const(nan), Instruction::F64x2Eq)
        }
        Operator::F32DemoteF64 => {
            (scratch, Instruction::F32Const(f32::from_bits(0x7FC0_0000).into()), Instruction::F32Eq)
        }
        Operator::F64PromoteF32 => {
            let nan = f64::from_bits(0x7FF8_0000_0000_0000);
            (scratch + 1, Instruction::F64Const(nan.into()), Instruction::F64Eq)
        }
        _ => return,
    };
    function
        .instruction(&Instruction::LocalTee(local))
        .instruction(&nan)
        .instruction(&Instruction::LocalGet(local))
        .instruction(&Instruction::LocalGet(local))
        .instruction(&equal)
        .instruction(&select);
}
