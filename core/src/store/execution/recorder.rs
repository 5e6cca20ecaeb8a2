//! Where the frames of a call are kept.
//!
//! The code of a module that was compiled with frames notes them in a memory of its own, see
//! `wasm::rewrite::notes`. Whenever the engine comes back, the notes are copied into the execution,
//! and copied back before it goes on: so others may run in the same instance meanwhile.

use crate::{
    engine::{Global, Instance, Memory, Space},
    module::Module,
    types::{
        frames::{Frame, Frames},
        value::Value,
    },
    wasm::{OUTSIDE, SLOT_BYTES},
};
use alloc::vec::Vec;

/// Where an instance notes its frames.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Recorder {
    slots: Memory,
    current: Global,
}

impl Recorder {
    /// That of an instance, if its module was compiled with frames.
    pub(crate) fn of(module: &Module, instance: Instance, space: &mut dyn Space) -> Option<Self> {
        let frames = module.frames()?;
        let slots = space.memory(instance, &frames.memory)?;
        let current = space.global(instance, &frames.global)?;
        Some(Self { slots, current })
    }

    /// Makes the instance's notes those of an execution that goes on.
    pub(crate) fn resume(self, space: &mut dyn Space, recorded: &Recorded) {
        let slots = space.bytes_mut(self.slots);
        if let Some(slots) = slots.get_mut(..recorded.slots.len()) {
            slots.copy_from_slice(&recorded.slots);
        }
        // It is mutable and of this type.
        let _set = space.set(self.current, Value::I32(recorded.current));
    }

    /// Takes the instance's notes as those of an execution that came back.
    pub(crate) fn pause(self, space: &mut dyn Space, recorded: &mut Recorded) {
        recorded.slots.clear();
        recorded.current = match space.get(self.current) {
            Some(Value::I32(current)) => current,
            _ => OUTSIDE,
        };
        let slots = space.bytes(self.slots);
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
