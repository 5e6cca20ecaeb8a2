//! What is kept of a function while it is written for a host.

use super::{
    Host,
    code::Code,
    nans::{Nans, Quickly},
};
use crate::wasm::{
    operators::code::I32,
    rewrite::{
        meter::Regions,
        output::{Later, Output},
        temps::Temps,
    },
};
use alloc::vec::Vec;

/// What is needed of a function besides, while it is written for a host.
#[derive(Default)]
pub(in crate::wasm::rewrite) struct Hosted {
    pub(super) nans: Nans,
    /// The function's type.
    pub(super) ty: u32,
    /// Words of its parameters and locals.
    pub(super) words: usize,
    /// A local of 32 bits.
    pub(super) scratch: u32,
    /// Whether it calls others, and so keeps a frame.
    pub(super) calls: bool,
    /// What its frame takes.
    pub(super) size: i32,
}

impl Hosted {
    pub(super) fn begin(&mut self, temps: &Temps, output: &mut Output, ty: u32, words: u64) -> Option<()> {
        self.scratch = temps.add(output, I32)?;
        self.ty = ty;
        self.words = usize::try_from(words).ok()?;
        self.calls = false;
        self.nans.begin();
        Some(())
    }

    /// Whether there are NaNs among the operands that nothing has taken.
    pub(in crate::wasm::rewrite) const fn are_nans_pending(&self) -> bool {
        self.nans.are_pending()
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
        self.nans.see(host, output, temps, bytes, at)
    }

    /// Writes what was to be put in later.
    pub(in crate::wasm::rewrite) fn put(
        &self,
        host: &Host,
        what: Later,
        regions: &Regions,
        code: &mut Vec<u8>,
    ) -> Option<()> {
        Code::behind(code, |code| {
            match what {
                Later::Canonical(result) => self.nans.write(code, result)?,
                Later::Charge(region) => {
                    host.charge(code, self.scratch, regions.units(region).saturating_add(1));
                }
                Later::Leave if self.calls => host.leave(code, self.size),
                Later::Leave => {}
            }
            Some(())
        })
    }
}
