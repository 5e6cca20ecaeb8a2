//! The code of a function as it is written anew: what stays is copied, what changes is put in between.

use crate::{
    limits::to_usize,
    wasm::sections::{push_leb128, push_sleb128, split_leb128},
};
use alloc::vec::Vec;

// Operators that are written.
pub(super) const NOP: u8 = 0x01;
pub(super) const BLOCK: u8 = 0x02;
pub(super) const LOOP: u8 = 0x03;
pub(super) const IF: u8 = 0x04;
pub(super) const END: u8 = 0x0B;
pub(super) const BR: u8 = 0x0C;
pub(super) const BR_IF: u8 = 0x0D;
pub(super) const BR_TABLE: u8 = 0x0E;
pub(super) const RETURN: u8 = 0x0F;
pub(super) const CALL: u8 = 0x10;
pub(super) const CALL_INDIRECT: u8 = 0x11;
pub(super) const DROP: u8 = 0x1A;
pub(super) const LOCAL_GET: u8 = 0x20;
pub(super) const LOCAL_SET: u8 = 0x21;
pub(super) const LOCAL_TEE: u8 = 0x22;
pub(super) const GLOBAL_GET: u8 = 0x23;
pub(super) const GLOBAL_SET: u8 = 0x24;
pub(super) const I32_STORE: u8 = 0x36;
pub(super) const I32_CONST: u8 = 0x41;
pub(super) const I64_CONST: u8 = 0x42;
pub(super) const I32_GT_U: u8 = 0x4B;
pub(super) const I32_ADD: u8 = 0x6A;
pub(super) const I32_SUB: u8 = 0x6B;
pub(super) const I32_AND: u8 = 0x71;
pub(super) const I32_OR: u8 = 0x72;
pub(super) const I64_OR: u8 = 0x84;
pub(super) const REF_NULL: u8 = 0xD0;
pub(super) const REF_FUNC: u8 = 0xD2;

// Types.
pub(super) const I32: u8 = 0x7F;
pub(super) const FUNC_REF: u8 = 0x70;
/// Of a block that leaves nothing.
pub(super) const NOTHING: u8 = 0x40;

/// The code of a function. It is used for one after the other.
#[derive(Default)]
pub(super) struct Output {
    /// What was written of the operators.
    code: Vec<u8>,
    /// How far the function's body was copied.
    copied: usize,
    /// Where something is put in that is known only at the end: the place in `code`, and its number.
    later: Vec<(u32, u32)>,
    /// The types of the locals that are added, in order.
    locals: Vec<u8>,
}

impl Output {
    /// Begins with the operators of another function, which are from `place` on in its body.
    pub(super) fn begin(&mut self, place: usize) {
        self.code.clear();
        self.later.clear();
        self.locals.clear();
        self.copied = place;
    }

    /// Copies the body up to a place.
    pub(super) fn copy_to(&mut self, body: &[u8], place: usize) -> Option<()> {
        self.code.extend_from_slice(body.get(self.copied..place)?);
        self.copied = place;
        Some(())
    }

    /// Copies the body up to a place, and leaves out what is from there to another.
    pub(super) fn replace(&mut self, body: &[u8], place: usize, after: usize) -> Option<()> {
        self.copy_to(body, place)?;
        self.copied = after;
        Some(())
    }

    pub(super) fn push(&mut self, byte: u8) {
        self.code.push(byte);
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.code.extend_from_slice(bytes);
    }

    /// Appends an operator, or what begins like one, and an index.
    pub(super) fn push_index(&mut self, operator: u8, index: u32) -> Option<()> {
        push_index(&mut self.code, operator, index)
    }

    pub(super) fn push_leb128(&mut self, value: usize) -> Option<()> {
        push_leb128(&mut self.code, value)
    }

    pub(super) fn push_sleb128(&mut self, value: i32) {
        push_sleb128(&mut self.code, value);
    }

    pub(super) fn push_const(&mut self, value: i32) {
        push_const(&mut self.code, value);
    }

    /// Lets something be put in here at the end, by a number.
    pub(super) fn put_later(&mut self, number: u32) -> Option<()> {
        self.later.push((u32::try_from(self.code.len()).ok()?, number));
        Some(())
    }

    /// Adds a local of a type: its place among those that are added.
    pub(super) fn add_local(&mut self, ty: u8) -> usize {
        let at = self.locals.len();
        self.locals.push(ty);
        at
    }

    /// Appends the function to the contents of a code section. Its body is as before up to the operators,
    /// but for the locals that were added; `first` comes before all of these, and `put` writes what was to
    /// be put in later.
    pub(super) fn finish(
        &self,
        section: &mut Vec<u8>,
        head: &[u8],
        first: &[u8],
        mut put: impl FnMut(u32, &mut Vec<u8>),
    ) -> Option<()> {
        let mut put_in = Vec::new();
        for (_, number) in &self.later {
            put(*number, &mut put_in);
        }
        let mut locals = Vec::new();
        self.push_locals(&mut locals, head)?;
        let len = locals.len().checked_add(first.len())?.checked_add(self.code.len())?;
        push_leb128(section, len.checked_add(put_in.len())?)?;
        section.extend_from_slice(&locals);
        section.extend_from_slice(first);
        let mut copied = 0;
        for (at, number) in &self.later {
            let at = to_usize(*at);
            section.extend_from_slice(self.code.get(copied..at)?);
            put(*number, section);
            copied = at;
        }
        section.extend_from_slice(self.code.get(copied..)?);
        Some(())
    }

    /// The function's locals: runs of a length and a type.
    fn push_locals(&self, locals: &mut Vec<u8>, head: &[u8]) -> Option<()> {
        if self.locals.is_empty() {
            locals.extend_from_slice(head);
            return Some(());
        }
        let (runs, rest) = split_leb128(head)?;
        let added = self.locals.chunk_by(|one, other| one == other);
        push_leb128(locals, runs.checked_add(added.clone().count())?)?;
        locals.extend_from_slice(rest);
        for run in added {
            push_leb128(locals, run.len())?;
            locals.push(*run.first()?);
        }
        Some(())
    }
}

/// Appends an operator, or what begins like one, and an index.
pub(super) fn push_index(code: &mut Vec<u8>, operator: u8, index: u32) -> Option<()> {
    code.push(operator);
    push_leb128(code, to_usize(index))
}

pub(super) fn push_const(code: &mut Vec<u8>, value: i32) {
    code.push(I32_CONST);
    push_sleb128(code, value);
}
