//! What is changed in generated modules, so that they get further: addresses, lengths and table
//! indices are made small where an `and` before the operator can do it, or nearly all would be out
//! of bounds, and no growth would succeed.
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
        locals.extend([(1, ValType::F32), (1, ValType::F64)]);
        let mut function = Function::new(locals);
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let operator = operators.read()?;
            if let (true, Some(mask)) = (self.how.small, mask(&operator)) {
                function.instruction(&Instruction::I32Const(mask)).instruction(&Instruction::I32And);
                if matches!(operator, Operator::TableGrow { .. }) {
                    // Fewer cost nothing by size.
                    function.instruction(&Instruction::I32Const(16)).instruction(&Instruction::I32Or);
                }
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

/// What the topmost operand of an operator is masked with.
const fn mask(operator: &Operator<'_>) -> Option<i32> {
    match operator {
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
        | Operator::I64Load32U { .. } => Some(0xFFFF),
        Operator::MemoryFill { .. } | Operator::MemoryCopy { .. } | Operator::MemoryInit { .. } => {
            Some(0x3FF)
        }
        Operator::MemoryGrow { .. } => Some(1),
        Operator::TableGrow { .. } => Some(0x3F),
        Operator::TableFill { .. } | Operator::TableCopy { .. } | Operator::TableInit { .. } => Some(3),
        Operator::CallIndirect { .. } | Operator::ReturnCallIndirect { .. } | Operator::TableGet { .. } => {
            Some(7)
        }
        _ => None,
    }
}

/// Makes the NaN of a conversion canonical.
fn canonical(function: &mut Function, operator: &Operator<'_>, scratch: u32) {
    let (local, nan, equal) = match operator {
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
        .instruction(&Instruction::Select);
}
