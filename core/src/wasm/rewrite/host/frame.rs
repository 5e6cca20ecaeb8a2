//! Frames of functions, and what is put in where a function is finished.
//!
//! A global has how many frames are left, from its bit 18 on, and below how many words of 8 bytes the host's
//! stack has left for them. A function takes one frame, and words by its locals and operands, both at once. Where
//! there are not so many frames the number is negative; where there are not so many words bit 17 is set, which
//! they never have otherwise, as they are at most [`MOST_WORDS`]. So one look says both.
//!
//! A function that calls none only sees to it that there is room for it.

use super::code::Code;
use crate::{
    limits::count,
    wasm::{
        operators::code::{BLOCK, END, NOTHING},
        rewrite::body::Body,
        sections::push_sleb128,
    },
};
use alloc::vec::Vec;

/// The frame of a function, above the words.
const FRAME: i32 = 1 << 18;

/// The most words that there may be for a call.
pub(super) const MOST_WORDS: u32 = 1 << 16;

/// Words that every frame takes, beside its locals and operands.
const WORDS: usize = 8;

/// What a frame takes that has so many words of locals and at most so many operands.
pub(super) fn size(locals: usize, operands: usize) -> i32 {
    let words = count(WORDS.saturating_add(locals).saturating_add(operands));
    // One that is larger than all there is will not fit in any case.
    let words = u32::try_from(words).unwrap_or(u32::MAX).min(MOST_WORDS.saturating_add(1));
    FRAME | words.cast_signed()
}

impl Body<'_, '_> {
    /// Begins a function of a type, which has so many words of parameters and locals.
    pub(in crate::wasm::rewrite) fn begin_hosted(&mut self, ty: u32, words: u64) -> Option<()> {
        self.hosted.begin(&self.temps, &mut self.output, ty, words)
    }

    /// Writes what comes before and behind a function that is finished. One that keeps a frame is a block, which
    /// is left where the function is.
    pub(in crate::wasm::rewrite) fn frame(&mut self, first: &mut Vec<u8>, last: &mut Vec<u8>) -> Option<()> {
        let Self { hosted, labels, module, .. } = self;
        let host = module.host.as_ref()?;
        hosted.size = size(hosted.words, labels.peak());
        let mut code = Code::default();
        if !hosted.calls {
            host.check(&mut code, hosted.size);
            first.append(&mut code.0);
            return Some(());
        }
        host.enter(&mut code, hosted.scratch, hosted.size);
        code.op(BLOCK);
        match module.scan.types.get(hosted.ty)?.results {
            [] => code.op(NOTHING),
            [result] => code.op(*result),
            [_, _, ..] => {
                let ty = module.types.without_params(module.scan, hosted.ty)?;
                push_sleb128(&mut code.0, i64::from(ty));
                &mut code
            }
        };
        first.append(&mut code.0);
        host.leave(&mut code, hosted.size);
        code.op(END);
        last.append(&mut code.0);
        Some(())
    }

    /// The depth of a branch that leaves the function.
    pub(super) fn outermost(&self) -> Option<u32> {
        u32::try_from(self.labels.len().checked_sub(1)?).ok()
    }
}

const _: () =
    assert!(MOST_WORDS < 1 << 17, "a frame's words must not reach the bit that says that there are none");
