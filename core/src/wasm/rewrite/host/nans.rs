//! NaNs: which one arithmetic gives differs between hosts, and the interpreter always gives the canonical one.
//!
//! A result is made canonical where something takes it that could tell one NaN from another. Arithmetic and comparisons cannot,
//! so that within an expression of floats nothing is done.
//!
//! Hosts do not always say either whether what a conversion to an integer was given is no number or is out of
//! range: that is noted before.

use super::{Host, code::Code};
use crate::{
    limits::to_usize,
    wasm::{
        operators::{
            Effect, Facts,
            code::{
                F32, F32_CONST, F32_EQ, F32_NE, F64, F64_CONST, F64_EQ, F64_NE, GLOBAL_SET, LOCAL_TEE, SELECT,
            },
        },
        rewrite::{
            output::{Later, Output},
            temps::Temps,
        },
    },
};
use alloc::vec::Vec;

/// An operator that is read quickly, with where it is.
pub(in crate::wasm::rewrite) struct Quickly {
    pub(in crate::wasm::rewrite) code: u8,
    pub(in crate::wasm::rewrite) facts: &'static Facts,
    pub(in crate::wasm::rewrite) place: usize,
    pub(in crate::wasm::rewrite) after: usize,
    /// How many operands there are before it.
    pub(in crate::wasm::rewrite) height: usize,
}

/// The results of a function that may be any NaN.
#[derive(Default)]
pub(in crate::wasm::rewrite) struct Nans {
    /// Those that stand among the operands and that nothing has taken: how many operands there are with it, and
    /// its number.
    pending: Vec<(usize, u32)>,
    /// All, by their numbers.
    results: Vec<Outcome>,
    single: Option<u32>,
    double: Option<u32>,
}

struct Outcome {
    is_double: bool,
    /// The local that it is looked at in.
    local: u32,
    /// Whether it has to be canonical.
    is_seen: bool,
}

const SINGLE: u32 = 0x7FC0_0000;
const DOUBLE: u64 = 0x7FF8_0000_0000_0000;

impl Nans {
    pub(super) fn begin(&mut self) {
        self.pending.clear();
        self.results.clear();
        self.single = None;
        self.double = None;
    }

    pub(in crate::wasm::rewrite) const fn are_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// An operator takes what it does, of so many operands.
    pub(super) fn take(&mut self, height: usize, facts: &Facts) {
        let left = match facts.effect {
            Effect::Takes(takes, _) => height.saturating_sub(takes.into()),
            // It may take all, or leave them where they are not followed.
            Effect::Unknown | Effect::Varies => 0,
        };
        while let Some((_, result)) = self.pending.pop_if(|(with, _)| *with > left) {
            if !facts.takes_any_nan()
                && let Some(result) = self.results.get_mut(to_usize(result))
            {
                result.is_seen = true;
            }
        }
    }

    /// A local to look at a float in.
    fn local(&mut self, temps: &Temps, output: &mut Output, is_double: bool) -> Option<u32> {
        let (local, ty) = if is_double { (&mut self.double, F64) } else { (&mut self.single, F32) };
        if local.is_none() {
            *local = Some(temps.add(output, ty)?);
        }
        *local
    }

    /// Writes what makes a result canonical.
    pub(super) fn write(&self, code: &mut Code, result: u32) -> Option<()> {
        let Outcome { is_double, local, is_seen } = *self.results.get(to_usize(result))?;
        if !is_seen {
            return Some(());
        }
        code.named(LOCAL_TEE, local);
        if is_double {
            code.op(F64_CONST).0.extend(DOUBLE.to_le_bytes());
        } else {
            code.op(F32_CONST).0.extend(SINGLE.to_le_bytes());
        }
        code.get(local).get(local).op(if is_double { F64_EQ } else { F32_EQ }).op(SELECT);
        Some(())
    }

    /// Looks at an operator that is read quickly.
    pub(in crate::wasm::rewrite) fn see(
        &mut self,
        host: &Host,
        output: &mut Output,
        temps: &Temps,
        bytes: &[u8],
        at: &Quickly,
    ) -> Option<()> {
        let Quickly { code, facts, place, after, height } = *at;
        self.take(height, facts);
        if facts.is_canonical() {
            output.copy_to(bytes, after)?;
            let is_double = !matches!(code, 0x8D..=0x97 | 0xB6);
            let local = self.local(temps, output, is_double)?;
            let Effect::Takes(takes, _) = facts.effect else { return None };
            let with = height.saturating_sub(takes.into()).checked_add(1)?;
            let result = u32::try_from(self.results.len()).ok()?;
            self.results.push(Outcome { is_double, local, is_seen: false });
            self.pending.push((with, result));
            output.put_later(Later::Canonical(result))?;
        } else if facts.is_truncation() {
            output.copy_to(bytes, place)?;
            let is_double = matches!(code, 0xAA | 0xAB | 0xB0 | 0xB1);
            let local = self.local(temps, output, is_double)?;
            Code::behind(output.code(), |note| {
                note.named(LOCAL_TEE, local).get(local).get(local);
                note.op(if is_double { F64_NE } else { F32_NE }).named(GLOBAL_SET, host.note());
            });
        }
        Some(())
    }
}
