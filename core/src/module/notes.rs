//! The notes that are put into the code of a module that is compiled with frames.

use super::{
    instrument::{OUTSIDE, SLOT_BYTES},
    scan::{Scan, locals},
    sections::{Added, CODE, GLOBALS, MEMORIES, push_leb128, push_sleb128, rewrite, split_leb128},
};
use crate::limits::{PAGE_BYTES, count, to_usize};
use alloc::{boxed::Box, vec::Vec};
use wasmparser::{FunctionBody, Operator, Parser, Payload};

const HAS_MAXIMUM: u8 = 0x01;
const I32: u8 = 0x7F;
const MUTABLE: u8 = 0x01;
const END: u8 = 0x0B;
const LOCAL_GET: u8 = 0x20;
const LOCAL_TEE: u8 = 0x22;
const GLOBAL_GET: u8 = 0x23;
const GLOBAL_SET: u8 = 0x24;
const I32_STORE: u8 = 0x36;
const I32_CONST: u8 = 0x41;
const I32_ADD: u8 = 0x6A;
const I32_SUB: u8 = 0x6B;
const I32_AND: u8 = 0x71;
/// An alignment of four bytes.
const ALIGNED: u8 = 2;
/// Where it is set beside the alignment, the index of a memory follows.
const OF_MEMORY: u8 = 0x40;

/// A module with notes in it.
pub(super) struct Noted {
    pub(super) bytes: Box<[u8]>,
    /// The offsets at which the bodies of its functions began before.
    pub(super) starts: Box<[u32]>,
}

/// What is put into the code of a module.
pub(super) struct Notes {
    memory: u32,
    global: u32,
    pages: usize,
    /// What an address of a slot may be.
    mask: i32,
}

impl Notes {
    pub(super) fn new(scan: &Scan, pages: usize) -> Option<Self> {
        let mask = pages.checked_mul(PAGE_BYTES)?.checked_sub(SLOT_BYTES)?;
        let (memory, global) = scan.frames_at();
        Some(Self { memory, global, pages, mask: i32::try_from(mask).ok()? })
    }

    /// Rewrites a module. `None` where it is not as it was scanned.
    pub(super) fn module(&self, bytes: &[u8], scan: &Scan) -> Option<Noted> {
        let (code, starts) = self.code(bytes, scan)?;
        // A module without functions has no code to put in.
        let module = rewrite(bytes, CODE, |_| Some(code)).unwrap_or_else(|| bytes.to_vec());
        let mut limits = Vec::from([HAS_MAXIMUM]);
        push_leb128(&mut limits, self.pages)?;
        push_leb128(&mut limits, self.pages)?;
        let module = Added::one(limits).append(&module, MEMORIES, None)?;
        let mut outside = Vec::from([I32, MUTABLE]);
        push_const(&mut outside, OUTSIDE);
        outside.push(END);
        let module = Added::one(outside).append(&module, GLOBALS, None)?;
        Some(Noted { bytes: module.into(), starts: starts.into() })
    }

    fn code(&self, bytes: &[u8], scan: &Scan) -> Option<(Vec<u8>, Vec<u32>)> {
        let mut code = Vec::with_capacity(bytes.len());
        let mut types = scan.function_types.iter();
        let mut starts = Vec::with_capacity(types.len());
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.ok()? {
                Payload::CodeSectionStart { count, .. } => push_leb128(&mut code, to_usize(count))?,
                Payload::CodeSectionEntry(body) => {
                    let ty = scan.types.get(to_usize(*types.next()?))?;
                    starts.push(u32::try_from(body.range().start).ok()?);
                    let body = self.body(bytes, &body, ty.params)?;
                    push_leb128(&mut code, body.len())?;
                    code.extend_from_slice(&body);
                }
                _ => {}
            }
        }
        Some((code, starts))
    }

    fn body(&self, bytes: &[u8], body: &FunctionBody<'_>, params: usize) -> Option<Vec<u8>> {
        let whole = bytes.get(body.range())?;
        let locals = u32::try_from(locals(body).ok()?.checked_add(count(params))?).ok()?;
        let mut operators = body.get_operators_reader().ok()?;
        let begin = operators.original_position();
        let (runs, after_runs) = split_leb128(whole)?;
        let runs_begin = body.range().end.checked_sub(after_runs.len())?;

        let mut noted = Vec::with_capacity(whole.len().saturating_mul(2));
        push_leb128(&mut noted, runs.checked_add(1)?)?;
        noted.extend_from_slice(bytes.get(runs_begin..begin)?);
        noted.extend_from_slice(&[1, I32]);
        self.enter(&mut noted, locals, begin)?;
        let (mut copied, mut any) = (begin, false);
        while !operators.eof() {
            let (operator, place) = operators.read_with_offset().ok()?;
            let Some(site) = self.site(&operator) else { continue };
            any = true;
            let after = operators.original_position();
            // A loop is noted on each of its turns.
            let until = if matches!(site, Site::Loop) { after } else { place };
            noted.extend_from_slice(bytes.get(copied..until)?);
            copied = until;
            self.here(&mut noted, locals, place)?;
            match site {
                Site::Call => {
                    noted.extend_from_slice(bytes.get(copied..after)?);
                    copied = after;
                    self.back(&mut noted, locals)?;
                }
                Site::TailCall => self.leave(&mut noted, locals)?,
                Site::Loop | Site::Trap => {}
            }
        }
        noted.extend_from_slice(bytes.get(copied..body.range().end)?);
        Some(if any { noted } else { whole.to_vec() })
    }

    /// Takes the slot behind the caller's.
    fn enter(&self, code: &mut Vec<u8>, local: u32, place: usize) -> Option<()> {
        push_index(code, GLOBAL_GET, self.global)?;
        push_const(code, 4);
        code.push(I32_ADD);
        push_const(code, self.mask);
        code.push(I32_AND);
        push_index(code, LOCAL_TEE, local)?;
        push_index(code, GLOBAL_SET, self.global)?;
        self.here(code, local, place)
    }

    /// Notes where the function is.
    fn here(&self, code: &mut Vec<u8>, local: u32, place: usize) -> Option<()> {
        push_index(code, LOCAL_GET, local)?;
        push_const(code, u32::try_from(place).ok()?.cast_signed());
        code.push(I32_STORE);
        match self.memory {
            0 => code.push(ALIGNED),
            memory => push_index(code, ALIGNED | OF_MEMORY, memory)?,
        }
        code.push(0);
        Some(())
    }

    /// Makes the function's slot the one of the function that runs.
    fn back(&self, code: &mut Vec<u8>, local: u32) -> Option<()> {
        push_index(code, LOCAL_GET, local)?;
        push_index(code, GLOBAL_SET, self.global)
    }

    /// Leaves the function's slot to the one that it calls in its place.
    fn leave(&self, code: &mut Vec<u8>, local: u32) -> Option<()> {
        push_index(code, LOCAL_GET, local)?;
        push_const(code, 3);
        code.push(I32_SUB);
        push_index(code, GLOBAL_SET, self.global)
    }

    fn site(&self, operator: &Operator<'_>) -> Option<Site> {
        Some(match operator {
            Operator::Call { .. } | Operator::CallIndirect { .. } => Site::Call,
            Operator::ReturnCall { .. } | Operator::ReturnCallIndirect { .. } => Site::TailCall,
            Operator::Loop { .. } => Site::Loop,
            operator if can_trap(operator) => Site::Trap,
            _ => return None,
        })
    }
}

/// Where a function notes where it is.
enum Site {
    Call,
    Loop,
    TailCall,
    Trap,
}

/// Whether an operator that is no call can end in a trap, or take fuel by what it is given.
const fn can_trap(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Unreachable
            | Operator::I32DivS
            | Operator::I32DivU
            | Operator::I32RemS
            | Operator::I32RemU
            | Operator::I64DivS
            | Operator::I64DivU
            | Operator::I64RemS
            | Operator::I64RemU
            | Operator::I32TruncF32S
            | Operator::I32TruncF32U
            | Operator::I32TruncF64S
            | Operator::I32TruncF64U
            | Operator::I64TruncF32S
            | Operator::I64TruncF32U
            | Operator::I64TruncF64S
            | Operator::I64TruncF64U
            | Operator::I32Load { .. }
            | Operator::I32Load8S { .. }
            | Operator::I32Load8U { .. }
            | Operator::I32Load16S { .. }
            | Operator::I32Load16U { .. }
            | Operator::I64Load { .. }
            | Operator::I64Load8S { .. }
            | Operator::I64Load8U { .. }
            | Operator::I64Load16S { .. }
            | Operator::I64Load16U { .. }
            | Operator::I64Load32S { .. }
            | Operator::I64Load32U { .. }
            | Operator::F32Load { .. }
            | Operator::F64Load { .. }
            | Operator::I32Store { .. }
            | Operator::I32Store8 { .. }
            | Operator::I32Store16 { .. }
            | Operator::I64Store { .. }
            | Operator::I64Store8 { .. }
            | Operator::I64Store16 { .. }
            | Operator::I64Store32 { .. }
            | Operator::F32Store { .. }
            | Operator::F64Store { .. }
            | Operator::MemoryCopy { .. }
            | Operator::MemoryFill { .. }
            | Operator::MemoryGrow { .. }
            | Operator::MemoryInit { .. }
            | Operator::TableCopy { .. }
            | Operator::TableFill { .. }
            | Operator::TableGet { .. }
            | Operator::TableGrow { .. }
            | Operator::TableInit { .. }
            | Operator::TableSet { .. }
    )
}

/// Appends an operator, or what begins like one, and an index.
fn push_index(code: &mut Vec<u8>, operator: u8, index: u32) -> Option<()> {
    code.push(operator);
    push_leb128(code, to_usize(index))
}

fn push_const(code: &mut Vec<u8>, value: i32) {
    code.push(I32_CONST);
    push_sleb128(code, value);
}
