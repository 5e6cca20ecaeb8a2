//! Frames: a module's code rewritten so that it notes where it is.
//!
//! The engine says nothing of a guest's frames, and drops them on a trap. A module that is
//! compiled with frames gets a memory and a global of its own, behind those of the guest, which
//! the guest's code cannot name.
//!
//! * The memory has a slot of four bytes for each frame, the outermost first: where the function
//!   last was, as an offset in the module's original bytes. It also says which function it is.
//! * The global is the address of the slot of the function that runs. [`OUTSIDE`] there is none.
//! * A function takes the slot behind its caller's and keeps its address in a local. It notes
//!   where it is before each call, before each operator that can trap and where a loop begins.
//!   After a call it sets the global to its own slot again.
//! * Before a tail call the global is the slot before, plus one: the callee takes this function's
//!   slot, and if the call itself traps the one says that this function is still there.
//! * A function that does none of these cannot trap, and stays as it is. So do those that stand for
//!   imports.
//!
//! There are more slots than [`Limits::guest_frames`](crate::Limits), and an address is masked, so
//! that notes never trap. Should the module share an engine with one of higher limits, only the
//! innermost frames are known of calls that are deeper.

use super::output::{Output, push_const, push_index};
use crate::{
    limits::{Limits, PAGE_BYTES, maximum},
    wasm::{
        operators::{
            Facts,
            code::{
                END, GLOBAL_GET, GLOBAL_SET, I32, I32_ADD, I32_AND, I32_STORE, I32_SUB, LOCAL_GET, LOCAL_TEE,
            },
        },
        scan::Scan,
        sections::{Added, push_leb128},
    },
};
use alloc::{boxed::Box, vec::Vec};
use wasmparser::Operator;

/// The global's value where no function runs.
pub(crate) const OUTSIDE: i32 = -4;

/// Bytes of a slot.
pub(crate) const SLOT_BYTES: usize = 4;

/// The most pages that slots take: 16 MiB, for 4 million frames.
const MAX_PAGES: usize = 256;

/// Bytes of the engine's stack that a frame may take more: its local, and what it puts on the
/// stack to make a note.
pub(crate) const STACK_BYTES: usize = 64;

const HAS_MAXIMUM: u8 = 0x01;
const MUTABLE: u8 = 0x01;
/// An alignment of four bytes.
const ALIGNED: u8 = 2;
/// Where it is set beside the alignment, the index of a memory follows.
const OF_MEMORY: u8 = 0x40;

/// What is put into the code of a module.
#[derive(Clone, Copy)]
pub(super) struct Notes {
    pub(super) memory: u32,
    pub(super) global: u32,
    pages: usize,
    /// What an address of a slot may be.
    mask: i32,
}

impl Notes {
    pub(super) fn new(limits: &Limits, scan: &Scan) -> Option<Self> {
        let pages = pages(maximum::guest_frames(limits));
        let mask = i32::try_from(pages.checked_mul(PAGE_BYTES)?.checked_sub(SLOT_BYTES)?).ok()?;
        Some(Self { memory: u32::try_from(scan.memories.len()).ok()?, global: scan.globals(), pages, mask })
    }

    /// Bytes that an instance has for its frames.
    pub(super) const fn bytes(self) -> usize {
        self.pages.saturating_mul(PAGE_BYTES)
    }

    /// Adds what they are kept in.
    pub(super) fn declare(self, memories: &mut Added, globals: &mut Added) -> Option<()> {
        memories.push(|entries| {
            entries.push(HAS_MAXIMUM);
            push_leb128(entries, self.pages)?;
            push_leb128(entries, self.pages)
        })?;
        globals.push(|entries| {
            entries.extend([I32, MUTABLE]);
            push_const(entries, OUTSIDE);
            entries.push(END);
            Some(())
        })
    }

    /// Takes the slot behind the caller's, at the begin of a function.
    pub(super) fn enter(self, code: &mut Vec<u8>, local: u32, place: u32) -> Option<()> {
        push_index(code, GLOBAL_GET, self.global)?;
        push_const(code, 4);
        code.push(I32_ADD);
        push_const(code, self.mask);
        code.push(I32_AND);
        push_index(code, LOCAL_TEE, local)?;
        push_index(code, GLOBAL_SET, self.global)?;
        push_index(code, LOCAL_GET, local)?;
        push_const(code, place.cast_signed());
        code.push(I32_STORE);
        self.push_address(code)
    }

    /// Notes where the function is.
    pub(super) fn here(self, output: &mut Output, local: u32, place: u32) -> Option<()> {
        let code = output.code();
        push_index(code, LOCAL_GET, local)?;
        push_const(code, place.cast_signed());
        code.push(I32_STORE);
        self.push_address(code)
    }

    fn push_address(self, code: &mut Vec<u8>) -> Option<()> {
        match self.memory {
            0 => code.push(ALIGNED),
            memory => push_index(code, ALIGNED | OF_MEMORY, memory)?,
        }
        code.push(0);
        Some(())
    }

    /// Makes the function's slot the one of the function that runs.
    pub(super) fn back(self, output: &mut Output, local: u32) -> Option<()> {
        output.push_index(LOCAL_GET, local)?;
        output.push_index(GLOBAL_SET, self.global)
    }

    /// Leaves the function's slot to the one that it calls in its place.
    pub(super) fn leave(self, output: &mut Output, local: u32) -> Option<()> {
        output.push_index(LOCAL_GET, local)?;
        output.push_const(3);
        output.push(I32_SUB);
        output.push_index(GLOBAL_SET, self.global)
    }
}

/// Where a function notes where it is.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Site {
    Call,
    Loop,
    TailCall,
    Trap,
}

impl Site {
    /// That of an operator, if it is one.
    pub(super) const fn of(operator: &Operator<'_>, facts: &Facts, is_import: bool) -> Option<Self> {
        match operator {
            Operator::Call { .. } | Operator::CallIndirect { .. } => Some(Self::Call),
            Operator::ReturnCall { .. } if is_import => Some(Self::Call),
            Operator::ReturnCall { .. } | Operator::ReturnCallIndirect { .. } => Some(Self::TailCall),
            Operator::Loop { .. } => Some(Self::Loop),
            _ if facts.can_trap() => Some(Self::Trap),
            _ => None,
        }
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

/// Where the functions of a module are in its original bytes.
#[derive(Debug)]
pub(crate) struct Bodies {
    /// The index of the first one that is not imported.
    first: u32,
    /// The offset at which each body begins.
    starts: Box<[u32]>,
}

impl Bodies {
    pub(super) fn new(scan: &Scan, starts: Vec<u32>) -> Self {
        Self { first: scan.first_function(), starts: starts.into() }
    }

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
