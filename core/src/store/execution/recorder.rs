//! Where the frames of a call are kept.
//!
//! The code of modules that were compiled with frames notes them in memories of their instances, and in globals that the
//! guests of a cell have together, see `wasm::rewrite::notes`. Whenever the engine comes back, the notes are copied into
//! the execution, and copied back before it goes on: so others may run in the same instances meanwhile.

use crate::{
    engine::{Global, Instance, Memory, Space},
    module::Module,
    types::{
        frames::{Frame, Frames},
        value::Value,
    },
    wasm::{self, Bodies, LEAVING, OUTSIDE, SLOT, SLOT_BYTES},
};
use alloc::{sync::Arc, vec::Vec};

/// Where the guests of a cell note their frames, dead ones too: calls of others may lead into them.
#[derive(Debug, Default)]
pub(crate) struct Recorders {
    /// `None` as long as no module was compiled with frames.
    globals: Option<Globals>,
    guests: Guests,
    /// Whether there is a guest without frames that may call others: who has returned to it would still be listed.
    has_silent: bool,
}

/// What the guests have together.
#[derive(Clone, Copy, Debug)]
struct Globals {
    current: Global,
    guest: Global,
    leaver: Global,
}

/// The guests by the numbers that they know of themselves; `None` of one that could not be made.
type Guests = Arc<Vec<Option<Guest>>>;

/// A guest whose module was compiled with frames.
#[derive(Clone, Debug)]
struct Guest {
    instance: Instance,
    module: Module,
    slots: Memory,
}

impl Recorders {
    /// What an instance of `module` that is about to be made imports for its frames. `None` where there is no room for
    /// it; that does not happen.
    pub(crate) fn prepare(&mut self, module: &Module, space: &mut dyn Space) -> Option<Vec<Global>> {
        if module.frames().is_none() {
            self.has_silent |= module.reaches_others();
            return Some(Vec::new());
        }
        let Globals { current, guest, leaver } = match self.globals {
            Some(globals) => globals,
            None => *self.globals.insert(Globals::new(space)?),
        };
        let number = i32::try_from(self.guests.len()).ok()?;
        let own = space.add_global(Value::I32(number), false)?;
        Arc::make_mut(&mut self.guests).push(None);
        Some([current, guest, leaver, own].into())
    }

    /// Takes in the instance that this was prepared for.
    pub(crate) fn add(&mut self, module: &Module, instance: Instance, space: &mut dyn Space) {
        let Some(slots) = module.frames().and_then(|frames| space.memory(instance, &frames.memory)) else {
            return;
        };
        if let Some(guest) = Arc::make_mut(&mut self.guests).last_mut() {
            *guest = Some(Guest { instance, module: module.clone(), slots });
        }
    }

    /// Makes the notes those of an execution that goes on.
    pub(crate) fn resume(&self, space: &mut dyn Space, recorded: &Recorded) {
        let Some(globals) = self.globals else { return };
        for (number, recorded) in &recorded.slots {
            let guest = self.guests.get(*number).and_then(Option::as_ref);
            let slots = guest.map(|guest| space.bytes_mut(guest.slots));
            if let Some(slots) = slots.and_then(|slots| slots.get_mut(..recorded.len())) {
                slots.copy_from_slice(recorded);
            }
        }
        globals.set(space, [recorded.current, recorded.guest, recorded.leaver]);
    }

    /// Takes the notes as those of an execution that came back.
    pub(crate) fn pause(&self, space: &mut dyn Space, recorded: &mut Recorded) {
        let Some(globals) = self.globals else { return };
        if self.has_silent {
            *recorded = Recorded::new();
            return;
        }
        [recorded.current, recorded.guest, recorded.leaver] = globals.get(space);
        recorded.guests = Some(Arc::clone(&self.guests));
        let used = recorded.used();
        let slots = |number: usize| {
            let slots = space.bytes(self.guests.get(number)?.as_ref()?.slots);
            Some(slots.get(..used).unwrap_or(slots))
        };
        if self.guests.len() == 1 {
            return recorded.keep([0], slots);
        }
        let mut under_way = Vec::new();
        let left = recorded.walk(&self.guests, slots, |noted| {
            if !under_way.contains(&noted.guest) {
                under_way.push(noted.guest);
            }
            true
        });
        if left == 0 {
            recorded.keep(under_way, slots);
        } else {
            // One of them is not known, and what is beyond it neither.
            recorded.keep(0..self.guests.len(), slots);
        }
    }
}

impl Globals {
    fn new(space: &mut dyn Space) -> Option<Self> {
        let mut add = || space.add_global(Value::I32(OUTSIDE), true);
        Some(Self { current: add()?, guest: add()?, leaver: add()? })
    }

    const fn all(self) -> [Global; 3] {
        [self.current, self.guest, self.leaver]
    }

    fn get(self, space: &mut dyn Space) -> [i32; 3] {
        self.all().map(|global| space.get(global).and_then(|value| value.as_i32()).unwrap_or(OUTSIDE))
    }

    fn set(self, space: &mut dyn Space, values: [i32; 3]) {
        for (global, value) in self.all().into_iter().zip(values) {
            // They are mutable and of this type.
            let _set = space.set(global, Value::I32(value));
        }
    }
}

/// The frames of an execution while others may run in its instance.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// The values of the globals.
    current: i32,
    guest: i32,
    leaver: i32,
    /// The guests that there were.
    guests: Option<Guests>,
    /// The slots of those that have frames, by their numbers.
    slots: Vec<(usize, Vec<u8>)>,
}

/// A frame as it was noted.
#[derive(Clone, Copy)]
struct Noted {
    guest: usize,
    offset: u32,
}

impl Recorded {
    pub(crate) const fn new() -> Self {
        Self { current: OUTSIDE, guest: OUTSIDE, leaver: OUTSIDE, guests: None, slots: Vec::new() }
    }

    /// Bytes of the slots in use.
    fn used(&self) -> usize {
        // Within a tail call the slot of the function that makes it is the next one.
        let last =
            if self.is_leaving() { self.current.checked_add(SLOT - LEAVING) } else { Some(self.current) };
        let last = last.and_then(|last| usize::try_from(last).ok());
        last.map_or(0, |last| last.saturating_add(SLOT_BYTES))
    }

    /// Whether a tail call was under way, so that the innermost frame is the leaver's.
    const fn is_leaving(&self) -> bool {
        self.current & (SLOT - 1) == LEAVING
    }

    /// Keeps the slots of guests, in the place of those before.
    fn keep<'a>(
        &mut self,
        numbers: impl IntoIterator<IntoIter: ExactSizeIterator<Item = usize>>,
        slots: impl Fn(usize) -> Option<&'a [u8]>,
    ) {
        let numbers = numbers.into_iter();
        self.slots.resize_with(numbers.len(), Default::default);
        for ((of, kept), number) in self.slots.iter_mut().zip(numbers) {
            *of = number;
            kept.clear();
            let slots = slots(number).unwrap_or_default();
            // The guest chose how many there are.
            if kept.try_reserve(slots.len()).is_ok() {
                kept.extend_from_slice(slots);
            }
        }
    }

    /// Gives the frames from the innermost one on, as long as they are wanted and known; how many there are besides.
    fn walk<'a>(
        &self,
        guests: &[Option<Guest>],
        slots: impl Fn(usize) -> Option<&'a [u8]>,
        mut is_wanted: impl FnMut(Noted) -> bool,
    ) -> usize {
        let mut left = self.used() / SLOT_BYTES;
        let mut guest = if self.is_leaving() { self.leaver } else { self.guest };
        while let Some(next) = left.checked_sub(1)
            && let Ok(of) = usize::try_from(guest)
            && let Some(slots) = slots(of)
            && let Some(&[a, b, c, d, ref caller @ ..]) = slots.as_chunks::<SLOT_BYTES>().0.get(next)
        {
            let offset = u32::from_le_bytes([a, b, c, d]);
            if !is_wanted(Noted { guest: of, offset }) {
                break;
            }
            if guests.get(of).and_then(Option::as_ref).is_none_or(|guest| guest.is_door(offset)) {
                guest = i32::from_le_bytes(*caller);
            }
            left = next;
        }
        left
    }

    /// The innermost frames, and how many there are besides.
    fn noted(&self, guests: &[Option<Guest>]) -> (Vec<Noted>, usize) {
        let slots = |guest: usize| {
            let mut all = self.slots.iter();
            all.find_map(|(number, slots)| (*number == guest).then_some(&**slots))
        };
        let mut noted = Vec::new();
        let left = self.walk(guests, slots, |one| {
            let is_wanted = noted.len() < Frames::MAXIMUM;
            if is_wanted {
                noted.push(one);
            }
            is_wanted
        });
        (noted, left)
    }

    /// What they are to who called an instance.
    pub(crate) fn frames(&self, called: Instance) -> Frames {
        let Some(guests) = &self.guests else { return Frames::NONE };
        let (noted, left_out) = self.noted(guests);
        let mut known: Vec<Known<'_>> = Vec::new();
        for one in &noted {
            let guest = guests.get(one.guest).and_then(Option::as_ref);
            if !known.iter().any(|known| known.guest == one.guest)
                && let Some(guest) = guest.and_then(|guest| guest.known(one.guest, &noted, called))
            {
                known.push(guest);
            }
        }
        let frame = |noted: &Noted| {
            let known = known.iter().find(|known| known.guest == noted.guest)?;
            known.frame(noted.offset)
        };
        Frames { frames: noted.iter().filter_map(frame).collect(), left_out }
    }
}

impl Guest {
    /// Whether the slot of a function that was at an offset says which guest has the one before.
    fn is_door(&self, offset: u32) -> bool {
        let Some(wasm::Frames { bodies, .. }) = self.module.frames() else { return false };
        bodies.function_at(offset).is_some_and(|function| bodies.is_door(function))
    }

    /// What is known of the functions in its frames; it is the guest of a number.
    fn known(&self, number: usize, noted: &[Noted], called: Instance) -> Option<Known<'_>> {
        let bodies = &self.module.frames()?.bodies;
        let its = noted.iter().filter(|noted| noted.guest == number);
        let mut functions: Vec<_> = its.filter_map(|noted| bodies.function_at(noted.offset)).collect();
        functions.sort_unstable();
        functions.dedup();
        let names = self.module.function_names(&functions);
        let module = (self.instance != called).then(|| self.module.label());
        Some(Known { guest: number, bodies, module, functions, names })
    }
}

/// What is known of the functions of a guest.
struct Known<'a> {
    guest: usize,
    bodies: &'a Bodies,
    module: Option<Arc<str>>,
    /// Their indices, sorted, and their names.
    functions: Vec<u32>,
    names: Vec<Option<Arc<str>>>,
}

impl Known<'_> {
    fn frame(&self, offset: u32) -> Option<Frame> {
        let function_index = self.bodies.function_at(offset)?;
        let at = self.functions.binary_search(&function_index).ok()?;
        Some(Frame { function_index, name: self.names.get(at)?.clone(), module: self.module.clone(), offset })
    }
}
