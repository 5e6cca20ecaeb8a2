//! What is written for a host in the place of operators, before or behind them.

use super::{Segment, code::Code};
use crate::wasm::{
    operators::code::{BR, CALL, GLOBAL_SET, I32_CONST, I32_OR, I32_SHL, LOCAL_TEE},
    rewrite::{
        appended::{Appended, Helper},
        body::{At, Body},
        output::Later,
    },
    sections::push_sleb128,
};
use wasmparser::Operator;

/// How far the place in a table is above its index, in a note.
const PLACE: i32 = 7;

impl Body<'_, '_> {
    /// Writes what is other for a host of an operator of those that are not read quickly.
    pub(in crate::wasm::rewrite) fn write_for_host(&mut self, at: &At<'_, '_>) -> Option<()> {
        let At { operator, facts, place, after } = *at;
        if self.hosted.nans.are_pending() {
            self.hosted.nans.take(self.labels.operands.height(), facts);
        }
        match *operator {
            Operator::Return => {
                let outermost = self.outermost()?;
                self.output.replace(self.bytes, place, after)?;
                self.output.push_index(BR, outermost)?;
            }
            Operator::Call { function_index } => {
                self.hosted.calls = true;
                if self.is_import(function_index) {
                    self.output.copy_to(self.bytes, after)?;
                    self.guard()?;
                }
            }
            Operator::CallIndirect { table_index, .. } => {
                self.hosted.calls = true;
                self.note_place(table_index, place)?;
            }
            Operator::ReturnCall { function_index } => {
                if self.is_import(function_index) {
                    self.hosted.calls = true;
                } else {
                    self.output.copy_to(self.bytes, place)?;
                    self.output.put_later(Later::Leave)?;
                }
            }
            Operator::ReturnCallIndirect { table_index, .. } => {
                self.note_place(table_index, place)?;
                self.output.put_later(Later::Leave)?;
            }
            ref operator => {
                if let Some(helper) = Helper::of(operator) {
                    self.call_helper(helper, place, after)?;
                }
                #[cfg(feature = "simd")]
                self.write_vector(operator, after)?;
            }
        }
        Some(())
    }

    /// Writes the call of what does an operator's work.
    fn call_helper(&mut self, helper: Helper, place: usize, after: usize) -> Option<()> {
        let host = self.module.host.as_mut()?;
        match helper {
            Helper::InitMemory { segment, .. } | Helper::DropData { segment } => {
                host.keep_len(Segment::Data(segment));
            }
            Helper::InitTable { segment, .. } | Helper::DropElements { segment } => {
                host.keep_len(Segment::Elements(segment));
            }
            _ => {}
        }
        let function = self.module.functions.of(Appended::Helper(helper))?;
        self.output.replace(self.bytes, place, after)?;
        self.output.push_index(CALL, function)
    }

    /// Traps where the import that was called has ended the call.
    fn guard(&mut self) -> Option<()> {
        let host = self.module.host.as_ref()?;
        Code::behind(self.output.code(), |code| host.guard(code));
        Some(())
    }

    /// Returns behind a call of an import.
    pub(in crate::wasm::rewrite) fn return_from_host(&mut self) -> Option<()> {
        self.guard()?;
        self.output.push_index(BR, self.outermost()?)
    }

    /// Notes the element that is called: hosts do not say whether it is null or a function of another type.
    fn note_place(&mut self, table: u32, place: usize) -> Option<()> {
        self.output.copy_to(self.bytes, place)?;
        let host = self.module.host.as_ref()?;
        let scratch = self.hosted.scratch;
        let are_several = self.module.scan.tables.len() > 1;
        Code::behind(self.output.code(), |code| {
            code.named(LOCAL_TEE, scratch);
            if are_several {
                code.constant(PLACE).op(I32_SHL).op(I32_CONST);
                push_sleb128(&mut code.0, i64::from(table));
                code.op(I32_OR);
            }
            code.named(GLOBAL_SET, host.note()).get(scratch);
        });
        Some(())
    }
}
