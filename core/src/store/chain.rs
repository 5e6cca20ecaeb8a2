//! Chains of calls: the calls of a guest that are under way, each nested in the one before.
//!
//! Compiled code keeps a stack in the guest's memory, and where its end is in a global. So calls have
//! to nest: of two that overlap otherwise, the first to return would leave the other one's frames to
//! be overwritten. A guest therefore serves one chain of calls at a time.
//!
//! * A call takes its place when it first runs, at the end of the chain: where nothing else is under
//!   way, or within the host call that the last one waits for, see
//!   [`Store::open_level`](crate::Store::open_level). Anywhere else it is refused.
//! * Only the last one can go on.
//! * One that ends early leaves the stack's pointer where it was. It is put back to where it was when
//!   the call began: at once, or, where the execution was dropped or others are nested in it still,
//!   before the guest is next used.
//!
//! Guests that share the pointer, as a program and its libraries do, share the stack, and so one chain. So do those that
//! share a table or a variable of functions, as a call of one may lead into another.
//!
//! Guests for which that is not so have no chain: [`InstanceLimits::with_overlapping_calls`](crate::InstanceLimits::with_overlapping_calls).

use crate::{
    engine::{Global, Space},
    store::references::Door,
    types::value::Value,
};
use alloc::{vec, vec::Vec};
use core::{
    mem,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};
use spin::Mutex;

/// The calls of a guest that are under way, or of guests that share a stack.
#[derive(Debug)]
pub(crate) struct Chain {
    /// The tag of the store and the key of the instance that was the first to have it: they tell chains apart.
    store: u64,
    key: u32,
    /// How many calls there are.
    calls: AtomicU32,
    /// The host call that the last of them waits for; [`NONE`] while it does not wait.
    waits_for: AtomicU32,
    /// The host call that was made last.
    host_calls: AtomicU32,
    /// The pointer of the guest's stack, if it has one.
    pointer: Option<Global>,
    /// That through which guests can call each other that have this chain.
    doors: Mutex<Vec<Door>>,
    /// The other guests' stacks, where there are several.
    others: Mutex<Others>,
    has_others: AtomicBool,
    /// The places of calls that ended without the store, or before those that are nested in them.
    left: Mutex<Vec<Place>>,
    has_left: AtomicBool,
}

/// The number of no host call.
const NONE: u32 = 0;

/// The place of a call in its chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// How many calls there are up to this one.
    at: u32,
    /// The host call that it is nested in.
    within: u32,
    /// Where the stack's pointer was when it began, if it is to be put back there.
    stack: Option<i32>,
    /// Whether other stacks are to be put back as well.
    puts_back: bool,
}

/// The stacks of guests that joined a chain.
#[derive(Debug, Default)]
struct Others {
    pointers: Vec<Global>,
    /// By the places of the calls, where they were when these began.
    began: Vec<(u32, Vec<Option<Value>>)>,
}

impl Others {
    /// One more, while so many calls are under way: they may lead into its guest before they end early.
    fn join(&mut self, pointer: Global, calls: u32, space: &mut dyn Space) {
        let (known, began) = (self.pointers.len(), mem::take(&mut self.began));
        let first = began.first().map_or(calls.saturating_add(1), |(at, _)| *at);
        let before = (1..first).map(|at| (at, vec![None; known]));
        self.began = before.chain(began).collect();
        let now = space.get(pointer);
        self.began.iter_mut().for_each(|(_, values)| values.push(now));
        self.pointers.push(pointer);
    }
}

impl Place {
    /// Whether the call is nested in another.
    pub(crate) const fn is_nested(self) -> bool {
        self.at > 1
    }

    /// The same, where the stack's pointer stays as it is.
    pub(crate) const fn without_stack(self) -> Self {
        Self { stack: None, puts_back: false, ..self }
    }
}

/// Names a host call of a guest: others are nested in it while it is being served.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Link {
    store: u64,
    key: u32,
    host_call: u32,
}

impl Chain {
    /// The chain of the instance with a key, in the store of a tag, which keeps a stack with this pointer and imports these
    /// tables.
    pub(crate) fn new((tag, key): (u64, u32), pointer: Option<Global>, doors: &[Door]) -> Self {
        Self {
            store: tag,
            key,
            calls: AtomicU32::new(0),
            waits_for: AtomicU32::new(NONE),
            host_calls: AtomicU32::new(NONE),
            pointer,
            doors: Mutex::new(doors.to_vec()),
            others: Mutex::default(),
            has_others: AtomicBool::new(false),
            left: Mutex::default(),
            has_left: AtomicBool::new(false),
        }
    }

    /// Whether one of its guests' stacks has this pointer.
    pub(crate) fn has_pointer(&self, pointer: Global, space: &dyn Space) -> bool {
        let others = self.others.lock();
        self.pointer.iter().chain(&others.pointers).any(|known| space.is_same_global(*known, pointer))
    }

    /// Whether guests that have this chain can call each other through something.
    pub(crate) fn has_door(&self, door: Door) -> bool {
        self.doors.lock().contains(&door)
    }

    /// Its guests can call each other through something from now on.
    pub(crate) fn add_door(&self, door: Door) {
        let mut known = self.doors.lock();
        if !known.contains(&door) {
            known.push(door);
        }
    }

    /// Another guest joins, whose stack has this pointer.
    pub(crate) fn join(&self, pointer: Global, space: &mut dyn Space) {
        if self.has_pointer(pointer, space) {
            return;
        }
        self.others.lock().join(pointer, self.calls(), space);
        self.has_others.store(true, Ordering::Release);
    }

    /// Gives a call the next place. `None` where another is under way that it is not nested in:
    /// `serving` are the host calls that are being served.
    pub(crate) fn enter(
        &self,
        space: &mut dyn Space,
        serving: &[Option<Link>],
        keeps_stack: bool,
    ) -> Option<Place> {
        self.settle(space);
        let (calls, within) = (self.calls(), self.waits_for.load(Ordering::Relaxed));
        let is_nested = || within != NONE && serving.contains(&Some(self.link(within)));
        if calls > 0 && !is_nested() {
            return None;
        }
        let at = calls.checked_add(1)?;
        self.calls.store(at, Ordering::Relaxed);
        self.waits_for.store(NONE, Ordering::Relaxed);
        let stack = match self.pointer.and_then(|pointer| space.get(pointer)) {
            Some(Value::I32(stack)) if !keeps_stack => Some(stack),
            _ => None,
        };
        self.begin_others(at, space);
        Some(Place { at, within, stack, puts_back: !keeps_stack })
    }

    /// The last call makes a host call, and waits from now on; its number.
    pub(crate) fn wait(&self) -> u32 {
        let next = self.host_calls.load(Ordering::Relaxed).wrapping_add(1).max(1);
        self.host_calls.store(next, Ordering::Relaxed);
        self.waits_for.store(next, Ordering::Relaxed);
        next
    }

    /// The call waits no longer: nothing more is nested in its host call. Those that were have ended, or
    /// else the answer has failed and the call can only end.
    pub(crate) fn answer(&self, place: Place) {
        if self.is_last(place) {
            self.waits_for.store(NONE, Ordering::Relaxed);
        }
        if !self.has_left() {
            return;
        }
        let nested = place.at.saturating_add(1);
        self.left.lock().iter_mut().filter(|left| left.at == nested).for_each(|left| left.within = NONE);
    }

    /// Whether no call is nested in this one.
    pub(crate) fn is_last(&self, place: Place) -> bool {
        self.calls() == place.at
    }

    /// Whether no call is nested in this one that has not ended.
    #[inline]
    pub(crate) fn can_go_on(&self, place: Place) -> bool {
        self.is_last(place) || self.has_left() && self.have_ended_after(place)
    }

    fn have_ended_after(&self, place: Place) -> bool {
        let left = self.left.lock();
        let has_ended = |at: u32| left.iter().any(|place| place.at == at);
        (place.at..self.calls()).all(|before| has_ended(before.saturating_add(1)))
    }

    fn has_left(&self) -> bool {
        self.has_left.load(Ordering::Acquire)
    }

    /// The call has returned: the stack's pointer is where its code left it. Whether that is all: else
    /// there are places to let go of, with the store.
    #[must_use]
    pub(crate) fn finish(&self, place: Place) -> bool {
        let is_all = self.is_last(place) && !self.has_left();
        if is_all {
            let _began = self.give_up(place);
        }
        is_all
    }

    /// The call has ended, early if its place says where the stack's pointer was.
    pub(crate) fn end(&self, place: Place, space: &mut dyn Space) {
        if self.is_last(place) {
            self.remove(place, space);
        } else {
            self.leave(place);
        }
        self.settle(space);
    }

    /// The call has ended, and the store is not at hand or others are nested in it.
    pub(crate) fn leave(&self, place: Place) {
        let mut left = self.left.lock();
        left.push(place);
        self.has_left.store(true, Ordering::Release);
    }

    /// Lets go of the places at the end of the chain whose calls have ended.
    #[inline]
    pub(crate) fn settle(&self, space: &mut dyn Space) {
        // Nearly always there is none.
        if self.has_left() {
            self.remove_left(space);
        }
    }

    fn remove_left(&self, space: &mut dyn Space) {
        let mut left = self.left.lock();
        while let Some(ended) = left.iter().position(|place| self.is_last(*place)) {
            let place = left.swap_remove(ended);
            self.remove(place, space);
        }
        self.has_left.store(!left.is_empty(), Ordering::Release);
    }

    /// Notes where the other stacks are when a call begins.
    fn begin_others(&self, at: u32, space: &mut dyn Space) {
        if self.has_others.load(Ordering::Acquire) {
            let mut others = self.others.lock();
            let began = others.pointers.iter().map(|pointer| space.get(*pointer)).collect();
            others.began.push((at, began));
        }
    }

    /// Forgets where the other stacks were when a call began: that.
    fn end_others(&self, at: u32) -> Option<Vec<Option<Value>>> {
        if !self.has_others.load(Ordering::Acquire) {
            return None;
        }
        let began = &mut self.others.lock().began;
        began.pop_if(|(place, _)| *place == at).map(|(_, values)| values)
    }

    /// Puts the other stacks back to where they were when a call began.
    fn put_back_others(&self, began: &[Option<Value>], space: &mut dyn Space) {
        for (pointer, value) in self.others.lock().pointers.iter().zip(began) {
            // It is mutable and of this type.
            let _set = value.is_some_and(|value| space.set(*pointer, value));
        }
    }

    /// Removes the last place.
    fn give_up(&self, place: Place) -> Option<Vec<Option<Value>>> {
        self.calls.store(place.at.saturating_sub(1), Ordering::Relaxed);
        self.waits_for.store(place.within, Ordering::Relaxed);
        self.end_others(place.at)
    }

    /// Removes the last place, and puts the stack's pointer back to where it was before.
    fn remove(&self, place: Place, space: &mut dyn Space) {
        let others = self.give_up(place);
        if let Some(began) = others.filter(|_| place.puts_back) {
            self.put_back_others(&began, space);
        }
        if let (Some(pointer), Some(stack)) = (self.pointer, place.stack) {
            // It is mutable and of this type.
            let _set = space.set(pointer, Value::I32(stack));
        }
    }

    pub(crate) const fn link(&self, host_call: u32) -> Link {
        Link { store: self.store, key: self.key, host_call }
    }

    fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }
}
