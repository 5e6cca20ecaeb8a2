//! The blocks of a function that are open, and what is known of the operand stack.

use crate::{
    limits::to_usize,
    wasm::{
        operators::{Effect, Facts},
        types::Signature,
    },
};
use alloc::vec::Vec;

/// What a block is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Function,
    Block,
    Loop,
    If,
    Else,
}

/// A block that is open.
#[derive(Clone, Copy)]
pub(super) struct Label<'a> {
    pub(super) kind: Kind,
    pub(super) signature: Signature<'a>,
    /// Whether it takes parameters, and passes them in locals.
    pub(super) is_lowered: bool,
    /// Whether a path leads to its begin.
    pub(super) is_live: bool,
    /// Whether a path leads to its end by a branch, or by the other arm of an `if`.
    pub(super) is_reached: bool,
    /// The operands below it.
    operands: Operands,
    /// The number of its block in what is written.
    pub(super) written: u32,
    /// How many loops are open within it that are written to begin regions.
    pub(super) loops: u32,
    /// The region that its operators belong to.
    pub(super) region: u32,
    /// The region around it.
    pub(super) outer_region: u32,
    /// The region that its operators belonged to at the first branch to its end from there on, and what that
    /// cost so far.
    pub(super) skipped_from: Option<(u32, u32)>,
    /// Whether a far branch leaves the arm that is behind.
    pub(super) is_left_from_afar: bool,
    /// Its place among the targets of the table of branches that is written.
    pub(super) target: Option<u32>,
}

impl<'a> Label<'a> {
    /// One whose operators belong to a region, in another.
    const fn new(kind: Kind, signature: Signature<'a>, region: u32, outer_region: u32) -> Self {
        Self {
            kind,
            signature,
            is_lowered: false,
            is_live: true,
            is_reached: false,
            operands: Operands { height: 0, variables: 0 },
            written: 0,
            loops: 0,
            region,
            outer_region,
            skipped_from: None,
            is_left_from_afar: false,
            target: None,
        }
    }

    /// Whether it leaves its results in locals: an `if` that takes parameters does.
    pub(super) const fn leaves_locals(&self) -> bool {
        self.is_lowered && matches!(self.kind, Kind::If | Kind::Else)
    }

    /// The values that a branch to it passes.
    pub(super) const fn values(&self) -> &'a [u8] {
        match self.kind {
            Kind::Loop => self.signature.params,
            _ => self.signature.results,
        }
    }

    /// Whether these are passed in locals.
    pub(super) const fn passes_locals(&self) -> bool {
        let takes_locals = self.is_lowered && matches!(self.kind, Kind::Loop);
        (takes_locals || self.leaves_locals()) && !self.values().is_empty()
    }

    /// The results that it leaves on the operand stack as it is written.
    pub(super) const fn written_results(&self) -> &'a [u8] {
        if self.leaves_locals() { &[] } else { self.signature.results }
    }
}

/// The operand stack, as far as it matters: how many operands the innermost block has, and which of the upper
/// ones may be constants to an engine that works these out.
#[derive(Clone, Copy, Default)]
pub(super) struct Operands {
    height: usize,
    /// Which are certainly no constants. The top is the lowest bit; of what is further down it is not known.
    variables: u64,
}

impl Operands {
    /// Whether the last one may be a constant.
    pub(super) const fn is_constant(self) -> bool {
        self.variables & 1 == 0
    }

    pub(super) const fn height(self) -> usize {
        self.height
    }

    /// Whether the last one may be a constant, or the one below it.
    pub(super) const fn is_constant_at(self, below: bool) -> bool {
        self.variables & (if below { 2 } else { 1 }) == 0
    }

    /// Takes operands.
    pub(super) fn take(&mut self, many: usize) {
        self.height = self.height.saturating_sub(many);
        let left = u32::try_from(many).ok().and_then(|many| self.variables.checked_shr(many));
        self.variables = left.unwrap_or_default();
    }

    /// Puts operands that may be constants.
    pub(super) fn put_unknown(&mut self, many: usize) {
        self.height = self.height.saturating_add(many);
        self.variables = above(self.variables, many);
    }

    /// Puts operands that are no constants.
    pub(super) fn put(&mut self, many: usize) {
        self.put_unknown(many);
        self.variables |= !above(u64::MAX, many);
    }

    /// What an operator does that takes and leaves as many as it says.
    #[inline]
    pub(super) fn apply(&mut self, facts: &Facts) {
        let Effect::Takes(takes, leaves) = facts.effect else { return };
        let is_variable = facts.leaves_variable(self.variables);
        self.height = self.height.saturating_sub(takes.into()).saturating_add(leaves.into());
        self.variables = self.variables.wrapping_shr(takes.into()).wrapping_shl(leaves.into());
        self.variables |= u64::from(is_variable);
    }
}

/// Bits, above as many that are zero.
fn above(bits: u64, many: usize) -> u64 {
    u32::try_from(many).ok().and_then(|many| bits.checked_shl(many)).unwrap_or_default()
}

/// The blocks that are open, with the operand stack.
#[derive(Default)]
pub(super) struct Labels<'a> {
    open: Vec<Label<'a>>,
    pub(super) operands: Operands,
    /// Whether a path leads to where the walk is.
    pub(super) is_live: bool,
    /// How many blocks are open as it is written, beside the function.
    written: u32,
    /// Whether blocks with parameters are lowered, and regions begin with loops.
    lowers: bool,
    /// The operands below the innermost block.
    below: usize,
    /// The most operands that there were.
    peak: usize,
}

impl<'a> Labels<'a> {
    /// Begins another function.
    pub(super) fn begin(&mut self, signature: Signature<'a>, region: u32, lowers: bool) {
        self.open.clear();
        self.operands = Operands::default();
        self.is_live = true;
        self.written = 0;
        self.lowers = lowers;
        self.below = 0;
        self.peak = 0;
        let signature = Signature { params: &[], ..signature };
        self.open.push(Label::new(Kind::Function, signature, region, region));
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// The function's.
    pub(super) fn first(&self) -> Option<&Label<'a>> {
        self.open.first()
    }

    /// The innermost one.
    pub(super) fn last(&self) -> Option<&Label<'a>> {
        self.open.last()
    }

    /// The one that a branch of a depth goes to.
    pub(super) fn get(&self, depth: u32) -> Option<&Label<'a>> {
        self.open.get(self.place(depth)?)
    }

    pub(super) fn get_mut(&mut self, depth: u32) -> Option<&mut Label<'a>> {
        let place = self.place(depth)?;
        self.open.get_mut(place)
    }

    fn place(&self, depth: u32) -> Option<usize> {
        self.open.len().checked_sub(to_usize(depth))?.checked_sub(1)
    }

    /// The depth, as it is written, of a branch of a depth.
    pub(super) fn written_depth(&self, depth: u32) -> Option<u32> {
        if !self.lowers {
            return Some(depth);
        }
        self.written.checked_sub(self.get(depth)?.written)
    }

    /// Notes how many operands the innermost block had.
    pub(super) fn note_height(&mut self, height: usize) {
        self.peak = self.peak.max(self.below.saturating_add(height));
    }

    /// The most operands that there were in the function.
    pub(super) const fn peak(&self) -> usize {
        self.peak
    }

    /// Opens a block whose parameters are on top of the operands, in a region.
    pub(super) fn open(&mut self, kind: Kind, signature: Signature<'a>, region: u32) -> Option<()> {
        let outer_region = self.last()?.region;
        let params = signature.params.len();
        self.operands.take(params);
        self.written = self.written.checked_add(1)?;
        self.below = self.below.saturating_add(self.operands.height);
        self.open.push(Label {
            is_lowered: self.lowers && params > 0,
            is_live: self.is_live,
            operands: self.operands,
            written: self.written,
            ..Label::new(kind, signature, region, outer_region)
        });
        self.operands.height = 0;
        self.operands.put(params);
        Some(())
    }

    /// Goes on to the other arm of an `if`, in a region.
    pub(super) fn change_arm(&mut self, region: u32, is_left_from_afar: bool) -> Option<()> {
        let is_live = self.is_live;
        let label = self.open.last_mut().filter(|label| label.kind == Kind::If)?;
        label.kind = Kind::Else;
        label.is_reached |= is_live;
        label.region = region;
        label.is_left_from_afar = is_left_from_afar;
        label.skipped_from = None;
        self.is_live = label.is_live;
        self.written = label.written;
        label.loops = 0;
        self.operands = Operands { height: 0, ..label.operands };
        let params = label.signature.params.len();
        self.operands.put(params);
        Some(())
    }

    /// Closes the innermost block, and gives it.
    #[inline]
    pub(super) fn close(&mut self) -> Option<Label<'a>> {
        let label = self.open.pop()?;
        self.is_live |= label.is_reached || (label.kind == Kind::If && label.is_live);
        self.written = label.written.saturating_sub(1);
        self.operands = label.operands;
        self.below = self.below.saturating_sub(self.operands.height);
        // Whatever is left may have come there as it was.
        self.operands.put_unknown(label.signature.results.len());
        Some(label)
    }

    /// Whether so many are all operands of the innermost block's own.
    pub(super) fn operands_are(&self, many: usize) -> bool {
        self.operands.height == many
    }

    /// How many blocks and loops are open in what is written.
    pub(super) const fn written(&self) -> u32 {
        self.written
    }

    /// Opens a loop in what is written, which begins a region.
    pub(super) fn open_loop(&mut self, region: u32) -> Option<()> {
        self.written = self.written.checked_add(1)?;
        let label = self.open.last_mut()?;
        label.region = region;
        label.loops = label.loops.checked_add(1)?;
        Some(())
    }

    /// What follows is not reached until the block's end.
    pub(super) fn leave(&mut self) {
        self.is_live = false;
        self.operands = Operands::default();
    }
}
