//! Frames: a module's code rewritten so that it notes where it is.
//!
//! The engine says nothing of a guest's frames, and drops them on a trap. A module that is
//! compiled with frames gets a memory and a global of its own, behind those of the guest, which
//! the guest's code cannot name: it was validated without them.
//!
//! * The memory has a slot of four bytes for each frame, the outermost first: where the function
//!   last was, as an offset in the module's original bytes. It also says which function it is.
//! * The global is the address of the slot of the function that runs. [`OUTSIDE`] there is none.
//! * A function takes the slot behind its caller's and keeps its address in a local. It notes
//!   where it is before each call, before each operator that can trap and where a loop begins.
//!   After a call it sets the global to its own slot again.
//! * Before a tail call the global is the slot before, plus one: the callee takes this function's
//!   slot, and if the call itself traps the one says that this function is still there.
//! * A function that does none of these cannot trap, and stays as it is.
//!
//! There are more slots than [`Limits::guest_frames`](crate::Limits), and an address is masked, so
//! that notes never trap. Should the module share an engine with one of higher limits, only the
//! innermost frames are known of calls that are deeper.

use super::{
    notes::{Noted, Notes},
    repair::repair,
    scan::Scan,
};
use crate::{
    error::CompileError,
    features::Features,
    limits::{Limits, PAGE_BYTES},
};
use alloc::boxed::Box;

/// The global's value where no function runs.
pub(crate) const OUTSIDE: i32 = -4;

/// Bytes of a slot.
pub(crate) const SLOT_BYTES: usize = 4;

/// The most pages that slots take: 16 MiB, for 4 million frames.
const MAX_PAGES: usize = 256;

/// Bytes of the engine's stack that a frame may take more: its local, and what it puts on the
/// stack to make a note.
const STACK_BYTES: usize = 64;

/// A module that was rewritten so that it notes where it is.
pub(super) struct Instrumented {
    pub(super) bytes: Box<[u8]>,
    bodies: Bodies,
    pages: usize,
}

impl Instrumented {
    /// Rewrites a module.
    ///
    /// # Errors
    ///
    /// Where the module is invalid: this is found out before, as what is added could make it valid,
    /// and would be the guest's.
    pub(super) fn new(limits: &Limits, bytes: &[u8], scan: &Scan) -> Result<Self, CompileError> {
        repair(limits, bytes, scan)?;
        Features::ALL.validate(bytes)?;
        let pages = pages(limits.guest_frames);
        let noted = Notes::new(scan, pages).and_then(|notes| notes.module(bytes, scan));
        let Noted { bytes, starts } = noted.ok_or_else(super::unreadable)?;
        Ok(Self { bytes, bodies: Bodies { first: scan.first_function(), starts }, pages })
    }

    /// The limits to compile it under, with room for what it puts on the engine's stack.
    pub(super) fn limits(&self, limits: &Limits) -> Limits {
        let more = STACK_BYTES.saturating_mul(limits.guest_frames);
        let engine_stack_bytes = limits.engine_stack_bytes.saturating_add(more);
        Limits { engine_stack_bytes, ..limits.clone() }
    }

    /// Bytes that an instance has for its frames.
    pub(super) const fn slot_bytes(&self) -> usize {
        self.pages.saturating_mul(PAGE_BYTES)
    }
}

/// What is known of a module that was compiled with frames.
#[derive(Debug)]
pub(crate) struct Frames {
    /// The exports of the memory and the global that they are kept in.
    pub(crate) memory: Box<str>,
    pub(crate) global: Box<str>,
    pub(crate) bodies: Bodies,
    /// How many memories of an instance are made before that one.
    pub(crate) own_memories: u32,
}

impl Frames {
    pub(super) fn new(
        instrumented: Instrumented,
        (memory, global): (Box<str>, Box<str>),
        scan: &Scan,
    ) -> Self {
        Self { memory, global, bodies: instrumented.bodies, own_memories: scan.own_memories() }
    }
}

/// Where the functions of a module are in its original bytes.
#[derive(Debug)]
pub(crate) struct Bodies {
    /// The index of the first one that is not imported.
    first: u32,
    /// The offset at which each body begins.
    starts: Box<[u32]>,
}

impl Bodies {
    /// The index of the function that an offset is in.
    pub(crate) fn function_at(&self, offset: u32) -> Option<u32> {
        let after = self.starts.partition_point(|start| *start <= offset);
        self.first.checked_add(u32::try_from(after.checked_sub(1)?).ok()?)
    }
}

/// Pages of the memory that the frames of a call are kept in: a power of two.
fn pages(guest_frames: usize) -> usize {
    let slots = guest_frames.saturating_add(1).saturating_mul(SLOT_BYTES);
    slots.div_ceil(PAGE_BYTES).checked_next_power_of_two().unwrap_or(MAX_PAGES).min(MAX_PAGES)
}
