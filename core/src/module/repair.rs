//! Ways around the defects of the engine, wasmi 2.0.0, which `tests` would notice to have gone.
//!
//! Three are mended where a module is compiled. Growing tables is one, see [`growth`](super::growth);
//! the others are these:
//!
//! * It fuses `select` with a comparison with zero before it. Where the value compared is not in
//!   its register, it forgets to say where it is: `(select a b (i32.eqz (local.get 0)))` chooses
//!   by whatever the register holds. So where such a comparison could be the condition,
//!   `i32.const 0` and `i32.gt_u` are put before the `select`: they mean the same, and the
//!   comparison is then not next to it.
//! * It panics at an `i32.store` or `i64.store` whose address and value are both the local it has
//!   in its register, if the offset has more than 16 bits or the memory is not the first:
//!   `(i32.store offset=65536 (local.tee 0 a) (local.get 0))`, and the same with
//!   `i64.extend_i32_u` around the value, which it takes for no operation. So where the value
//!   could be a local, `i32.const 0` and `i32.or` are put before the store, or their like of 64
//!   bits.
//!
//! Two more are of the multi-value proposal, and none of the real guests in `tests` has them. They
//! are refused:
//!
//! * In a block with parameters it loses track of what is in its registers and in the locals
//!   below: results are wrong, and with debug assertions it panics.
//! * A `br_table` passes the wrong ones of several values.
//!
//! Here also the fuel for a function's locals is put in, see [`costs`](crate::costs), the pointer of
//! the guest's stack is looked for, and it is seen whether what is added to the module could make an
//! invalid one valid.

use super::{
    code_limits::CodeLimits,
    fresh::{is_fresh, is_fresh_long},
    growth::Growth,
    scan::{Arity, Scan, locals},
    sections::{CODE, push_leb128, rewrite, split_leb128},
    stack_pointer::Finder,
};
use crate::{
    costs::LOCALS_PER_UNIT,
    error::CompileError,
    limits::{Limits, to_usize},
};
use alloc::{boxed::Box, vec, vec::Vec};
use wasmparser::{BinaryReader, BlockType, FunctionBody, Operator};

/// The locals that the engine's parser takes.
const MAX_LOCALS: u64 = 50_000;

/// A change of a function's body, as small as can be: a module may need millions.
#[derive(Clone, Copy)]
struct Edit {
    /// Where something is put.
    place: u32,
    insert: Insert,
}

#[derive(Clone, Copy)]
enum Insert {
    /// As many `nop`, each of which costs a unit and leaves nothing in the engine's code.
    Charge(u16),
    /// What [`Growth`] has under this number, in the place of an operator of so many bytes.
    Grow { at: u16, replaced: u8 },
    /// `i32.const 0`, `i32.gt_u`.
    IsNotZero,
    /// `i64.const 0`, `i64.or`.
    OrLongZero,
    /// `i32.const 0`, `i32.or`.
    OrZero,
}

impl Insert {
    fn len(self, growth: &Growth<'_>) -> usize {
        match self {
            Self::Charge(units) => units.into(),
            Self::Grow { at, .. } => growth.call(at.into()).len(),
            Self::IsNotZero | Self::OrLongZero | Self::OrZero => 3,
        }
    }

    /// Bytes of the operator in whose place it is.
    fn replaced(self) -> usize {
        match self {
            Self::Grow { replaced, .. } => replaced.into(),
            Self::Charge(_) | Self::IsNotZero | Self::OrLongZero | Self::OrZero => 0,
        }
    }

    fn push_to(self, code: &mut Vec<u8>, growth: &Growth<'_>) {
        match self {
            Self::Charge(units) => code.extend(core::iter::repeat_n(0x01, units.into())),
            Self::Grow { at, .. } => code.extend_from_slice(growth.call(at.into())),
            Self::IsNotZero => code.extend([0x41, 0x00, 0x4B]),
            Self::OrLongZero => code.extend([0x42, 0x00, 0x84]),
            Self::OrZero => code.extend([0x41, 0x00, 0x72]),
        }
    }
}

/// A module as the engine is to have it.
pub(super) struct Repaired<'a> {
    /// `None` where there was nothing to rewrite.
    pub(super) bytes: Option<Box<[u8]>>,
    pub(super) growth: Growth<'a>,
    /// The global that is the pointer of the guest's stack, if it has one.
    pub(super) stack_pointer: Option<u32>,
    /// Whether the module has to be valid by itself, as what is added to it could make it so.
    pub(super) must_be_valid: bool,
}

/// Rewrites a module for the engine. A module that is invalid is rewritten up to where the engine
/// will find that out.
///
/// # Errors
///
/// Where the module has what the engine gets wrong and cannot be mended, and where its code is
/// above the limits.
pub(super) fn repair<'a>(
    limits: &'a Limits,
    bytes: &[u8],
    scan: &'a Scan,
) -> Result<Repaired<'a>, CompileError> {
    let mut repair = Repair {
        scan,
        code_limits: CodeLimits::new(limits, scan),
        growth: Growth::new(scan),
        finder: Finder::new(scan),
        refers_to_start: false,
        refused: None,
    };
    let code = rewrite(bytes, CODE, |contents| repair.code(contents));
    if let Some(refused) = repair.refused {
        return Err(refused);
    }
    let Repair { growth, finder, refers_to_start, .. } = repair;
    let stack_pointer = finder.found(bytes);
    let (bytes, must_be_valid) = if growth.is_empty() {
        (code, refers_to_start)
    } else {
        growth.check_limit()?;
        (growth.declare(code.as_deref().unwrap_or(bytes)).or(code), true)
    };
    Ok(Repaired { bytes: bytes.map(Vec::into), growth, stack_pointer, must_be_valid })
}

struct Repair<'a> {
    scan: &'a Scan,
    code_limits: CodeLimits<'a>,
    growth: Growth<'a>,
    finder: Finder,
    /// Whether the code has a `ref.func` of the start function, which is valid where that is exported:
    /// and it will be, under a hidden name.
    refers_to_start: bool,
    /// Why the module cannot be mended. The limits are looked after to the end nevertheless.
    refused: Option<CompileError>,
}

impl Repair<'_> {
    fn code(&mut self, contents: &[u8]) -> Option<Vec<u8>> {
        let (_, mut rest) = split_leb128(contents)?;
        let mut code = Vec::with_capacity(contents.len());
        code.extend_from_slice(contents.get(..contents.len().checked_sub(rest.len())?)?);
        let mut types = self.scan.function_types.iter();
        let mut rewritten = false;
        while !rest.is_empty() {
            let (len, after_len) = split_leb128(rest)?;
            let (body, after) = after_len.split_at_checked(len)?;
            let mut edits = Vec::new();
            let is_read = self.body(body, *types.next()?, &mut edits).is_some();
            if !is_read && self.refused.is_some() {
                return None;
            }
            rewritten |= !edits.is_empty();
            let added: usize = edits.iter().map(|edit| edit.insert.len(&self.growth)).sum();
            let replaced: usize = edits.iter().map(|edit| edit.insert.replaced()).sum();
            push_leb128(&mut code, len.checked_add(added)?.checked_sub(replaced)?)?;
            let mut copied = 0;
            for Edit { place, insert } in edits {
                let place = to_usize(place);
                code.extend_from_slice(body.get(copied..place)?);
                insert.push_to(&mut code, &self.growth);
                copied = place.checked_add(insert.replaced())?;
            }
            code.extend_from_slice(body.get(copied..)?);
            rest = after;
            if !is_read {
                break;
            }
        }
        code.extend_from_slice(rest);
        rewritten.then_some(code)
    }

    /// Finds what is put where in the body of a function of a type. `None` where it is invalid:
    /// the engine translates it up to there, and so needs what was found until then.
    fn body(&mut self, body: &[u8], ty: u32, edits: &mut Vec<Edit>) -> Option<()> {
        let body = FunctionBody::new(BinaryReader::new(body, 0));
        let charge = charge_for_locals(&body)?;
        let mut operators = body.get_operators_reader().ok()?;
        self.code_limits.begin_function();
        self.finder.begin_function();
        if charge > 0 {
            let place = u32::try_from(operators.original_position()).ok()?;
            edits.push(Edit { place, insert: Insert::Charge(charge) });
        }
        // How many values a branch to each label passes, the innermost last.
        let mut labels = vec![self.arity(ty)?.results];
        let (mut is_fresh_before, mut is_fresh_long_before, mut is_local_before) = (false, false, false);
        while !operators.eof() {
            let (operator, place) = operators.read_with_offset().ok()?;
            let place = u32::try_from(place).ok()?;
            let mut edit = |insert| edits.push(Edit { place, insert });
            match operator {
                Operator::Select | Operator::TypedSelect { .. } if !is_fresh_before && !is_local_before => {
                    edit(Insert::IsNotZero);
                }
                Operator::I32Store { memarg }
                | Operator::I32Store8 { memarg }
                | Operator::I32Store16 { memarg }
                    if !is_fresh_before && (memarg.memory != 0 || memarg.offset > u16::MAX.into()) =>
                {
                    edit(Insert::OrZero);
                }
                Operator::I64Store { memarg }
                | Operator::I64Store8 { memarg }
                | Operator::I64Store16 { memarg }
                | Operator::I64Store32 { memarg }
                    if !is_fresh_long_before && (memarg.memory != 0 || memarg.offset > u16::MAX.into()) =>
                {
                    edit(Insert::OrLongZero);
                }
                Operator::TableGrow { table } => {
                    let at = u16::try_from(self.growth.of_table(table)?).ok()?;
                    let after = u32::try_from(operators.original_position()).ok()?;
                    let replaced = u8::try_from(after.checked_sub(place)?).ok()?;
                    edit(Insert::Grow { at, replaced });
                }
                Operator::RefFunc { function_index } => {
                    self.refers_to_start |= self.scan.start == Some(function_index);
                }
                Operator::Block { blockty } | Operator::If { blockty } => {
                    labels.push(self.arity_of_block(blockty)?.results);
                }
                Operator::Loop { blockty } => labels.push(self.arity_of_block(blockty)?.params),
                Operator::End => {
                    labels.pop()?;
                    // With debug assertions the engine panics at it.
                    if labels.is_empty() && !operators.eof() {
                        self.refused =
                            Some(CompileError::Invalid("operators after the end of a function".into()));
                        return None;
                    }
                }
                Operator::BrTable { ref targets } if !targets.is_empty() => {
                    let label = labels.len().checked_sub(to_usize(targets.default()))?.checked_sub(1)?;
                    if *labels.get(label)? > 1 {
                        self.refused.get_or_insert(CompileError::BranchTableValues);
                    }
                }
                _ => {}
            }
            if let Err(refused) = self.code_limits.count(&operator, &labels) {
                self.refused = Some(refused);
                return None;
            }
            self.finder.see(&operator);
            is_fresh_before = is_fresh(&operator);
            is_fresh_long_before = is_fresh_long(&operator);
            is_local_before = matches!(operator, Operator::LocalGet { .. });
        }
        Some(())
    }

    /// How many parameters and results a block has; refuses one with parameters.
    fn arity_of_block(&mut self, ty: BlockType) -> Option<Arity> {
        let arity = match ty {
            BlockType::Empty => Arity { params: 0, results: 0 },
            BlockType::Type(_) => Arity { params: 0, results: 1 },
            BlockType::FuncType(index) => self.arity(index)?,
        };
        if arity.params > 0 {
            self.refused.get_or_insert(CompileError::BlockParameters);
        }
        Some(arity)
    }

    fn arity(&self, ty: u32) -> Option<Arity> {
        self.scan.types.get(to_usize(ty)).copied()
    }
}

/// The units that a function's locals cost when it is called.
fn charge_for_locals(body: &FunctionBody<'_>) -> Option<u16> {
    // With more than the engine takes the module is refused anyway.
    let locals = locals(body).ok()?.min(MAX_LOCALS);
    u16::try_from(locals.checked_div(LOCALS_PER_UNIT.into())?).ok()
}
