//! Frames: a module's code rewritten so that it notes where it is.
//!
//! The engine says nothing of a guest's frames, and drops them on a trap. A module that is compiled with frames gets a
//! memory of its own for them, behind those of the guest, and imports globals, behind those that it imports itself.
//! The guest's code can name none of them. Functions of guests that have a table together call each other, so these
//! guests have the globals together as well, but for one.
//!
//! | global | what it is |
//! |---|---|
//! | `current` | the address of the slot of the function that runs; [`OUTSIDE`] there is none |
//! | `guest` | the guest that the function is of |
//! | `leaver` | the guest that made the last tail call |
//! | `own` | the guest itself, by the number that it has from the store: a constant |
//!
//! * A slot has [`SLOT_BYTES`]: where the function last was, as an offset in the module's original bytes, which also says
//!   which function it is; and the guest that has the slot before, which is in that one's memory.
//! * A function takes the slot behind its caller's and keeps its address in a local. It notes
//!   where it is before each call, before each operator that can trap and where a loop begins.
//!   After a call it sets the current slot to its own again.
//! * Others than the module's own functions call one that it exports, or that is in a segment or a global: a door.
//!   It notes in its slot which guest there is, and is of its own then. After a call that may have gone to another guest,
//!   through a table, a function sets the guest to its own again. That is all that code takes for the guests.
//! * Before a tail call the current slot is the one before, plus one, and the guest that of the caller: the callee takes
//!   this function's slot, and if the call itself traps the one says that this function, of the leaver, is still there.
//!   So where a module has tail calls, a function of another guest may come back in the place of any that was called:
//!   there all functions are doors, and all calls such as may have gone to another.
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
        bits::Bits,
        operators::{
            Facts,
            code::{
                GLOBAL_GET, GLOBAL_SET, I32, I32_ADD, I32_AND, I32_LOAD, I32_STORE, I32_SUB, LOCAL_GET,
                LOCAL_TEE,
            },
        },
        scan::Scan,
        sections::{Added, push_bytes, push_leb128},
    },
};
use alloc::{boxed::Box, vec::Vec};
use core::mem;
use wasmparser::Operator;

/// The global's value where no function runs.
pub(crate) const OUTSIDE: i32 = -SLOT;

/// Bytes of a slot.
pub(crate) const SLOT_BYTES: usize = 8;
pub(crate) const SLOT: i32 = 8;

/// Of the current slot within a tail call, where all others are multiples of a slot: what it is more than the one before.
pub(crate) const LEAVING: i32 = 1;

/// Where in a slot the guest is that has the one before.
const CALLER: u8 = 4;

/// The most pages that slots take: 16 MiB, for 2 million frames.
const MAX_PAGES: usize = 256;

/// Bytes of the engine's stack that a frame may take more: its local, and what it puts on the
/// stack to make a note.
pub(crate) const STACK_BYTES: usize = 64;

const HAS_MAXIMUM: u8 = 0x01;
const CONSTANT: u8 = 0x00;
const MUTABLE: u8 = 0x01;
/// That what is imported is a global, and by what name.
const GLOBAL: u8 = 0x03;
const MODULE: &str = "guestbox";
/// An alignment of four bytes.
const ALIGNED: u8 = 2;
/// Where it is set beside the alignment, the index of a memory follows.
const OF_MEMORY: u8 = 0x40;

/// What is put into the code of a module.
#[derive(Clone, Copy)]
pub(super) struct Notes {
    pub(super) memory: u32,
    /// The index of the first of the globals.
    first: u32,
    pages: usize,
    /// What an address of a slot may be.
    mask: i32,
    /// Whether calls through tables may go to other guests.
    reaches_others: bool,
    /// Whether the module has tail calls.
    has_tail_calls: bool,
}

impl Notes {
    pub(super) fn new(limits: &Limits, scan: &Scan, has_tail_calls: bool) -> Option<Self> {
        let pages = pages(maximum::guest_frames(limits));
        let mask = i32::try_from(pages.checked_mul(PAGE_BYTES)?.checked_sub(SLOT_BYTES)?).ok()?;
        Some(Self {
            memory: u32::try_from(scan.memories.len()).ok()?,
            first: scan.first_global(),
            pages,
            mask,
            reaches_others: scan.reaches_others(),
            has_tail_calls,
        })
    }

    /// Bytes that an instance has for its frames, with its global.
    pub(super) const fn bytes(self) -> usize {
        self.pages.saturating_mul(PAGE_BYTES).saturating_add(64)
    }

    const fn current(self) -> u32 {
        self.first
    }

    const fn guest(self) -> u32 {
        self.first.saturating_add(1)
    }

    const fn leaver(self) -> u32 {
        self.first.saturating_add(2)
    }

    const fn own(self) -> u32 {
        self.first.saturating_add(3)
    }

    /// The index of a global of the module's in what is written.
    pub(super) const fn moved(self, global: u32) -> u32 {
        if global < self.first { global } else { global.saturating_add(Self::GLOBALS) }
    }

    /// How many globals are imported.
    pub(super) const GLOBALS: u32 = 4;

    /// Adds what they are kept in.
    pub(super) fn declare(self, memories: &mut Added, imports: &mut Added) -> Option<()> {
        memories.push(|entries| {
            entries.push(HAS_MAXIMUM);
            push_leb128(entries, self.pages)?;
            push_leb128(entries, self.pages)
        })?;
        for (name, mutability) in
            [("current", MUTABLE), ("guest", MUTABLE), ("leaver", MUTABLE), ("own", CONSTANT)]
        {
            imports.push(|entries| {
                push_bytes(entries, MODULE.as_bytes())?;
                push_bytes(entries, name.as_bytes())?;
                entries.extend([GLOBAL, I32, mutability]);
                Some(())
            })?;
        }
        Some(())
    }

    /// Whether it was seen, too late, that the module has tail calls.
    pub(super) const fn missed(self, site: Site) -> bool {
        matches!(site, Site::TailCall) && !self.has_tail_calls
    }

    /// Takes the slot behind the caller's, at the begin of a function.
    pub(super) fn enter(self, code: &mut Vec<u8>, local: u32, place: u32, is_door: bool) -> Option<()> {
        push_index(code, GLOBAL_GET, self.current())?;
        push_const(code, SLOT);
        code.push(I32_ADD);
        push_const(code, self.mask);
        code.push(I32_AND);
        push_index(code, LOCAL_TEE, local)?;
        push_index(code, GLOBAL_SET, self.current())?;
        self.push_here(code, local, place)?;
        if !is_door && !self.has_tail_calls {
            return Some(());
        }
        push_index(code, LOCAL_GET, local)?;
        push_index(code, GLOBAL_GET, self.guest())?;
        self.push_access(code, I32_STORE, CALLER)?;
        self.push_own(code)
    }

    /// Notes where the function is.
    pub(super) fn here(self, output: &mut Output, local: u32, place: u32) -> Option<()> {
        self.push_here(output.code(), local, place)
    }

    fn push_here(self, code: &mut Vec<u8>, local: u32, place: u32) -> Option<()> {
        push_index(code, LOCAL_GET, local)?;
        push_const(code, place.cast_signed());
        self.push_access(code, I32_STORE, 0)
    }

    /// The guest is that of this module.
    fn push_own(self, code: &mut Vec<u8>) -> Option<()> {
        push_index(code, GLOBAL_GET, self.own())?;
        push_index(code, GLOBAL_SET, self.guest())
    }

    fn push_access(self, code: &mut Vec<u8>, operator: u8, offset: u8) -> Option<()> {
        code.push(operator);
        match self.memory {
            0 => code.push(ALIGNED),
            memory => push_index(code, ALIGNED | OF_MEMORY, memory)?,
        }
        code.push(offset);
        Some(())
    }

    /// Makes the function's slot the one of the function that runs, after a call.
    pub(super) fn back(self, output: &mut Output, local: u32, site: Site) -> Option<()> {
        output.push_index(LOCAL_GET, local)?;
        output.push_index(GLOBAL_SET, self.current())?;
        let is_through_table = matches!(site, Site::Call { is_through_table: true });
        if self.reaches_others && (is_through_table || self.has_tail_calls) {
            self.push_own(output.code())?;
        }
        Some(())
    }

    /// Leaves the function's slot to the one that it calls in its place.
    pub(super) fn leave(self, output: &mut Output, local: u32) -> Option<()> {
        let code = output.code();
        push_index(code, GLOBAL_GET, self.own())?;
        push_index(code, GLOBAL_SET, self.leaver())?;
        push_index(code, LOCAL_GET, local)?;
        self.push_access(code, I32_LOAD, CALLER)?;
        push_index(code, GLOBAL_SET, self.guest())?;
        push_index(code, LOCAL_GET, local)?;
        push_const(code, SLOT.saturating_sub(LEAVING));
        code.push(I32_SUB);
        push_index(code, GLOBAL_SET, self.current())
    }
}

/// Where a function notes where it is.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Site {
    Call { is_through_table: bool },
    Loop,
    TailCall,
    Trap,
}

impl Site {
    /// That of an operator, if it is one.
    pub(super) const fn of(operator: &Operator<'_>, facts: &Facts, is_import: bool) -> Option<Self> {
        match operator {
            Operator::CallIndirect { .. } => Some(Self::Call { is_through_table: true }),
            Operator::Call { .. } => Some(Self::Call { is_through_table: false }),
            Operator::ReturnCall { .. } if is_import => Some(Self::Call { is_through_table: false }),
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
    /// The export of the memory that they are kept in.
    pub(crate) memory: Box<str>,
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
    /// The functions that note which guest has the slot before, where not all do.
    doors: Option<Bits>,
}

impl Bodies {
    pub(super) fn new(scan: &mut Scan, starts: Vec<u32>, notes: Notes) -> Self {
        let doors = (!notes.has_tail_calls).then(|| mem::take(&mut scan.doors));
        Self { first: scan.first_function(), starts: starts.into(), doors }
    }

    /// Whether a function's slot says which guest has the one before; else it is the same.
    pub(crate) fn is_door(&self, function: u32) -> bool {
        self.doors.as_ref().is_none_or(|doors| doors.has(function))
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
