//! The code of a function as it is written anew: what stays is copied, what changes is put in between.

use crate::{
    limits::to_usize,
    wasm::{
        operators::code::I32_CONST,
        sections::{push_leb128, push_sleb128, split_leb128},
    },
};
use alloc::vec::Vec;

/// What is put in at the end, as it is not known before.
#[derive(Clone, Copy)]
pub(super) enum Later {
    /// The canonical NaN in the place of any other, by the number of the result, where that can be seen.
    Canonical(u32),
    /// What makes the engine take what a region costs, by its number.
    Charge(u32),
    /// What gives a function's frame back, where it has one.
    Leave,
}

/// Where something is put in, and where that ends among all that is.
struct Put {
    at: u32,
    what: Later,
    end: usize,
}

/// The code of a function. It is used for one after the other.
#[derive(Default)]
pub(super) struct Output {
    /// What was written of the operators.
    code: Vec<u8>,
    /// How far the function's body was copied.
    copied: usize,
    /// Where something is put in that is known only at the end: places in `code`.
    later: Vec<Put>,
    /// What that is, one after the other.
    put: Vec<u8>,
    /// The types of the locals that are added, in order.
    locals: Vec<u8>,
    /// What comes before the operators: the locals.
    head: Vec<u8>,
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

    /// What was written of the operators, to append to.
    pub(super) const fn code(&mut self) -> &mut Vec<u8> {
        &mut self.code
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

    /// Lets something be put in here at the end.
    pub(super) fn put_later(&mut self, what: Later) -> Option<()> {
        self.later.push(Put { at: u32::try_from(self.code.len()).ok()?, what, end: 0 });
        Some(())
    }

    /// Adds a local of a type: its place among those that are added.
    pub(super) fn add_local(&mut self, ty: u8) -> usize {
        let at = self.locals.len();
        self.locals.push(ty);
        at
    }

    /// Appends the function to the contents of a code section. Its body is as before up to the operators,
    /// but for the locals that were added; `first` comes before all of these and `last` after, and `put` writes
    /// what was to be put in later.
    pub(super) fn finish(
        &mut self,
        section: &mut Vec<u8>,
        head: &[u8],
        [first, last]: [&[u8]; 2],
        write: impl Fn(Later, &mut Vec<u8>) -> Option<()>,
    ) -> Option<()> {
        self.write_head(head)?;
        let Self { code, later, put, head, .. } = self;
        put.clear();
        for place in &mut *later {
            write(place.what, put)?;
            place.end = put.len();
        }
        let parts = [&**head, first, code, put, last];
        push_leb128(section, parts.iter().try_fold(0_usize, |len, part| len.checked_add(part.len()))?)?;
        section.extend_from_slice(head);
        section.extend_from_slice(first);
        let (mut copied, mut begin) = (0, 0);
        for Put { at, end, .. } in later {
            let at = to_usize(*at);
            section.extend_from_slice(code.get(copied..at)?);
            section.extend_from_slice(put.get(begin..*end)?);
            (copied, begin) = (at, *end);
        }
        section.extend_from_slice(code.get(copied..)?);
        section.extend_from_slice(last);
        Some(())
    }

    /// Writes the function's locals: runs of a length and a type.
    fn write_head(&mut self, head: &[u8]) -> Option<()> {
        let Self { head: written, locals, .. } = self;
        written.clear();
        if locals.is_empty() {
            written.extend_from_slice(head);
            return Some(());
        }
        let (runs, rest) = split_leb128(head)?;
        let added = || locals.chunk_by(|one, other| one == other);
        push_leb128(written, runs.checked_add(added().count())?)?;
        written.extend_from_slice(rest);
        for run in added() {
            push_leb128(written, run.len())?;
            written.push(*run.first()?);
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
