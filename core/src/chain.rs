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
//! Guests for which that is not so have no chain: [`InstanceLimits::with_overlapping_calls`](crate::InstanceLimits::with_overlapping_calls).

use crate::{cell::CellData, module::Module};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use spin::Mutex;
use wasmi::{Global, Val};

/// The calls of a guest that are under way.
#[derive(Debug)]
pub(crate) struct Chain {
    /// The key of the instance, by which the store tells chains apart.
    key: u32,
    /// How many calls there are.
    calls: AtomicU32,
    /// The pointer of the guest's stack, if it has one.
    pointer: Option<Global>,
    /// The places of calls that ended without the store, or before those that are nested in them.
    left: Mutex<Vec<Place>>,
    has_left: AtomicBool,
}

/// The place of a call in its chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// How many calls there are up to this one.
    at: u32,
    /// Where the stack's pointer was when it began, if it is to be put back there.
    stack: Option<i32>,
}

/// Names a call that is under way in a store: the chain and the place in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Link {
    key: u32,
    at: u32,
}

impl Chain {
    /// The chain of the instance with a key.
    pub(crate) fn new(
        key: u32,
        module: &Module,
        instance: wasmi::Instance,
        store: &wasmi::Store<CellData>,
    ) -> Self {
        let pointer = module.stack_pointer_name().and_then(|name| instance.get_global(store, name));
        Self {
            key,
            calls: AtomicU32::new(0),
            pointer,
            left: Mutex::default(),
            has_left: AtomicBool::new(false),
        }
    }

    /// Gives a call the next place. `None` where another is under way that it is not nested in:
    /// `serving` are the calls whose host calls are being served.
    pub(crate) fn enter(
        &self,
        store: &mut wasmi::Store<CellData>,
        serving: &mut [Option<Link>],
        keeps_stack: bool,
    ) -> Option<Place> {
        self.settle(store);
        let calls = self.calls();
        // A call may have been dropped while its host call was served: others get its place now.
        let has_gone = |link: &Link| link.key == self.key && link.at > calls;
        serving.iter_mut().filter(|link| link.as_ref().is_some_and(has_gone)).for_each(|link| *link = None);
        if calls > 0 && !serving.contains(&Some(Link { key: self.key, at: calls })) {
            return None;
        }
        let at = calls.checked_add(1)?;
        self.calls.store(at, Ordering::Relaxed);
        let stack = match self.pointer.map(|pointer| pointer.get(&*store)) {
            Some(Val::I32(stack)) if !keeps_stack => Some(stack),
            _ => None,
        };
        Some(Place { at, stack })
    }

    /// Whether no call is nested in this one that has not ended.
    pub(crate) fn is_last(&self, place: Place) -> bool {
        self.ends_at(place)
            || self.has_left() && {
                let left = self.left.lock();
                let has_ended = |at: u32| left.iter().any(|place| place.at == at);
                (place.at..self.calls()).all(|before| has_ended(before.saturating_add(1)))
            }
    }

    /// Whether this is the last place.
    fn ends_at(&self, place: Place) -> bool {
        self.calls() == place.at
    }

    fn has_left(&self) -> bool {
        self.has_left.load(Ordering::Acquire)
    }

    /// The call has returned: the stack's pointer is where its code left it.
    pub(crate) fn finish(&self, place: Place, store: &mut wasmi::Store<CellData>) {
        self.end(Place { stack: None, ..place }, store);
    }

    /// The call has ended, early if its place says where the stack's pointer was.
    pub(crate) fn end(&self, place: Place, store: &mut wasmi::Store<CellData>) {
        if self.ends_at(place) {
            self.remove(place, store);
        } else {
            self.leave(place);
        }
        self.settle(store);
    }

    /// The call has ended, and the store is not at hand or others are nested in it.
    pub(crate) fn leave(&self, place: Place) {
        let mut left = self.left.lock();
        left.push(place);
        self.has_left.store(true, Ordering::Release);
    }

    /// Lets go of the places at the end of the chain whose calls have ended.
    pub(crate) fn settle(&self, store: &mut wasmi::Store<CellData>) {
        // Nearly always there is none.
        if !self.has_left() {
            return;
        }
        let mut left = self.left.lock();
        while let Some(ended) = left.iter().position(|place| self.ends_at(*place)) {
            let place = left.swap_remove(ended);
            self.remove(place, store);
        }
        self.has_left.store(!left.is_empty(), Ordering::Release);
    }

    /// Removes the last place, and puts the stack's pointer back to where it was before.
    fn remove(&self, place: Place, store: &mut wasmi::Store<CellData>) {
        self.calls.store(place.at.saturating_sub(1), Ordering::Relaxed);
        if let (Some(pointer), Some(stack)) = (self.pointer, place.stack) {
            // It is mutable and of this type.
            let _set = pointer.set(store, Val::I32(stack));
        }
    }

    pub(crate) const fn link(&self, place: Place) -> Link {
        Link { key: self.key, at: place.at }
    }

    fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }
}
