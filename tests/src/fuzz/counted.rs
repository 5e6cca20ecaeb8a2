//! What a case executes, counted by code that is put into its module before each operator: fuel is never
//! less.

use super::{
    case::Case,
    ground::{Ground, Served},
    host::Host,
    record::Entry,
    tally::Tally,
};
use guestbox::{Limits, Module, Value};
use wasm_encoder::{
    CodeSection, ConstExpr, ExportKind, ExportSection, Function, GlobalSection, GlobalType, Instruction,
    ValType,
    reencode::{Error, Reencode, utils},
};
use wasmparser_of_generator::{
    ExportSectionReader, FunctionBody, GlobalSectionReader, Operator, Parser, Payload, TypeRef,
};

/// The export that has the count.
const COUNT: &str = "guestbox-tests: operators executed";

/// Compares what each call executes to the fuel that it took, up to the first that fuel or the stack ended.
pub(super) fn compare(
    case: &Case,
    ground: &Ground,
    plain: &[Entry],
    tally: &mut Tally,
) -> Result<(), String> {
    let Some(bytes) = counting(&case.bytes) else {
        tally.add("skipped", "operators counted, no globals or exports", 1);
        return Ok(());
    };
    let mut limits = Limits::unlimited();
    limits.nesting = ground.limits.nesting;
    let module = Module::with_limits(&limits, &bytes).map_err(|error| format!("counting: {error}"))?;
    let counting = Ground { module, plan: ground.plan.clone(), limits };
    let mut store = counting.store();
    let (environment, memories) = counting.environment(&mut store);
    let mut served = Served { host: Host::new(), plan: &counting.plan };
    if plain[0].is_bounded() {
        return Ok(());
    }
    let (_, instance) = counting.instantiate(&mut store, &environment, &memories, &mut served);
    let Some(instance) = instance else { return Ok(()) };
    let mut before = 0;
    for (at, plain) in plain.iter().enumerate() {
        if plain.is_bounded() {
            tally.add("skipped", "operators counted, bounded", 1);
            break;
        }
        if at > 0 {
            let call = &counting.plan.calls[at - 1];
            let there = counting.call(&mut store, instance, &memories, &mut served, call);
            if there.abroad() != plain.abroad() {
                return Err(format!("counting: {call:?} came to {there:x?}, and plainly to {plain:x?}"));
            }
        }
        let Ok(Some(Value::I64(count))) = store.global(instance, COUNT) else { panic!("it has the count") };
        let executed = count.cast_unsigned() - before;
        before = count.cast_unsigned();
        if executed > plain.fuel {
            return Err(format!("entry {at} executes {executed} operators for {} fuel", plain.fuel));
        }
        tally.add("operators", "executed", executed);
        tally.add("operators", "fuel for these", plain.fuel);
        tally.add("compared", "operators counted", 1);
    }
    Ok(())
}

/// A module that counts the operators that it executes, but for those that only give it structure; `None`
/// for one without globals or exports.
fn counting(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut globals, mut own, mut exports) = (0, 0, false);
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.ok()? {
            Payload::ImportSection(imports) => {
                let imports = imports.into_imports();
                globals += imports
                    .filter(|import| matches!(import, Ok(import) if matches!(import.ty, TypeRef::Global(_))))
                    .count();
            }
            Payload::GlobalSection(section) => own = section.count() as usize,
            Payload::ExportSection(_) => exports = true,
            _ => {}
        }
    }
    if own == 0 || !exports {
        return None;
    }
    let mut module = wasm_encoder::Module::new();
    let count = u32::try_from(globals + own).ok()?;
    Counting { count }.parse_core_module(&mut module, Parser::new(0), bytes).ok()?;
    Some(module.finish())
}

struct Counting {
    /// The index of the global.
    count: u32,
}

impl Reencode for Counting {
    type Error = std::convert::Infallible;

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: GlobalSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_global_section(self, globals, section)?;
        let ty = GlobalType { val_type: ValType::I64, mutable: true, shared: false };
        globals.global(ty, &ConstExpr::i64_const(0));
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: ExportSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_export_section(self, exports, section)?;
        exports.export(COUNT, ExportKind::Global, self.count);
        Ok(())
    }

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Result<(), Error> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let operator = operators.read()?;
            self.count(&mut function, &operator);
            function.instruction(&utils::instruction(self, operator)?);
        }
        code.function(&function);
        Ok(())
    }
}

impl Counting {
    fn count(&self, function: &mut Function, operator: &Operator<'_>) {
        let is_structure = matches!(
            operator,
            Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::Else
                | Operator::End
                | Operator::Return
                | Operator::Unreachable
                | Operator::Drop
        );
        if !is_structure {
            function
                .instruction(&Instruction::GlobalGet(self.count))
                .instruction(&Instruction::I64Const(1))
                .instruction(&Instruction::I64Add)
                .instruction(&Instruction::GlobalSet(self.count));
        }
    }
}
