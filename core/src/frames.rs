//! Frames: which functions of a guest had called each other when it trapped or paused, and where
//! they were.
//!
//! The code of a module that was compiled with frames notes them in a memory of its own, see
//! `wasm::rewrite::notes`. Whenever the engine comes back, the notes are copied into the execution,
//! and copied back before it goes on: so others may run in the same instance meanwhile.

use crate::{
    cell::CellData,
    module::Module,
    wasm::{OUTSIDE, SLOT_BYTES},
};
use alloc::{sync::Arc, vec::Vec};
use core::{fmt, ops::Deref};
use wasmi::{Global, Memory, Val};

/// A function that had been called and had not returned.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Frame {
    /// The function's index in the module, imported functions counted first.
    pub function_index: u32,
    /// The function's name in the module's name section, if that has it. The guest's author chose
    /// it; of more than 1,024 bytes it is cut.
    pub name: Option<Arc<str>>,
    /// Where the function was, as an offset of an operator in the module's bytes: the call of the
    /// next inner frame, the operator that trapped, or where it last passed a call, a loop's begin
    /// or an operator that can trap, if it is out of fuel.
    pub offset: u32,
}

/// As V8 writes it, `name (wasm-function[3]:0x42)`; what is unprintable in the name is escaped.
impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function_index, name, offset } = self;
        let Some(name) = name else { return write!(f, "wasm-function[{function_index}]:{offset:#x}") };
        for character in name.chars() {
            match character {
                '"' | '\'' | '\\' => write!(f, "{character}")?,
                _ => write!(f, "{}", character.escape_debug())?,
            }
        }
        write!(f, " (wasm-function[{function_index}]:{offset:#x})")
    }
}

/// The frames of a guest call, the innermost first; of more than [`Frames::MAXIMUM`] the innermost.
///
/// Written with `{}` it is a line for each, in the order and form of a stack in JavaScript.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Frames {
    frames: Vec<Frame>,
    left_out: usize,
}

impl Frames {
    /// The most frames that are listed: enough to see where a guest came from, where each is a line.
    pub const MAXIMUM: usize = 100;

    pub(crate) const NONE: Self = Self { frames: Vec::new(), left_out: 0 };

    /// How many there were besides, further out.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }
}

impl Deref for Frames {
    type Target = [Frame];

    fn deref(&self) -> &[Frame] {
        &self.frames
    }
}

impl<'a> IntoIterator for &'a Frames {
    type Item = &'a Frame;
    type IntoIter = core::slice::Iter<'a, Frame>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for frame in self {
            write!(f, "\n    at {frame}")?;
        }
        match self.left_out {
            0 => Ok(()),
            left_out => write!(f, "\n    and {left_out} more"),
        }
    }
}

/// Where an instance notes its frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recorder {
    slots: Memory,
    current: Global,
}

impl Recorder {
    /// That of an instance, if its module was compiled with frames.
    pub(crate) fn of(
        module: &Module,
        handle: wasmi::Instance,
        store: &wasmi::Store<CellData>,
    ) -> Option<Self> {
        let frames = module.frames()?;
        let slots = handle.get_memory(store, &frames.memory)?;
        let current = handle.get_global(store, &frames.global)?;
        Some(Self { slots, current })
    }

    /// Makes the instance's notes those of an execution that goes on.
    pub(crate) fn resume(self, store: &mut wasmi::Store<CellData>, recorded: &Recorded) {
        let slots = self.slots.data_mut(&mut *store);
        if let Some(slots) = slots.get_mut(..recorded.slots.len()) {
            slots.copy_from_slice(&recorded.slots);
        }
        // It is mutable and of this type.
        let _set = self.current.set(store, Val::I32(recorded.current));
    }

    /// Takes the instance's notes as those of an execution that came back.
    pub(crate) fn pause(self, store: &wasmi::Store<CellData>, recorded: &mut Recorded) {
        recorded.slots.clear();
        recorded.current = match self.current.get(store) {
            Val::I32(current) => current,
            _ => OUTSIDE,
        };
        let slots = self.slots.data(store);
        let Some(slots) = recorded.used().and_then(|used| slots.get(..used)) else { return };
        // The guest chose how many there are.
        if recorded.slots.try_reserve(slots.len()).is_ok() {
            recorded.slots.extend_from_slice(slots);
        }
    }
}

/// The frames of an execution while others may run in its instance.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// The value of the global.
    current: i32,
    slots: Vec<u8>,
}

impl Recorded {
    pub(crate) const fn new() -> Self {
        Self { current: OUTSIDE, slots: Vec::new() }
    }

    /// Bytes of the slots in use.
    fn used(&self) -> Option<usize> {
        // Within a tail call it is three below the slot of the function that makes it, else it is
        // that of the function that runs.
        let current = if self.current & 3 == 1 { self.current.checked_add(3)? } else { self.current };
        usize::try_from(current).ok()?.checked_add(SLOT_BYTES)
    }

    /// What they are in a module.
    pub(crate) fn frames(&self, module: &Module) -> Frames {
        let Some(known) = module.frames() else { return Frames::NONE };
        let (slots, _) = self.slots.as_chunks::<SLOT_BYTES>();
        let innermost = slots.iter().rev().take(Frames::MAXIMUM);
        let frames = innermost.filter_map(|slot| {
            let offset = u32::from_le_bytes(*slot);
            Some((known.bodies.function_at(offset)?, offset))
        });
        let frames: Vec<_> = frames.collect();
        let mut functions: Vec<u32> = frames.iter().map(|(function, _)| *function).collect();
        functions.sort_unstable();
        functions.dedup();
        let names = module.function_names(&functions);
        let name = |function: u32| {
            let at = functions.binary_search(&function).ok()?;
            names.get(at)?.clone()
        };
        Frames {
            left_out: slots.len().saturating_sub(Frames::MAXIMUM),
            frames: frames
                .into_iter()
                .map(|(function_index, offset)| Frame { function_index, name: name(function_index), offset })
                .collect(),
        }
    }
}

/// Where a paused execution is, and how to read that.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) recorded: &'a Recorded,
    pub(crate) module: &'a Module,
}

impl Place<'_> {
    pub(crate) fn frames(self) -> Frames {
        self.recorded.frames(self.module)
    }
}

impl fmt::Debug for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").finish_non_exhaustive()
    }
}
