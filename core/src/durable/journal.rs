//! The journal of a guest: what its supervisor did, in its order.

use super::{
    acts::{self, Act, Begin, End, Refers},
    under_way::UnderWay,
};
use crate::{
    error::ParkError,
    limits::{LimitError, Maximum, count},
    snapshot::plain::Reader,
    types::{fuel::Account, value::Value},
};
use alloc::{sync::Arc, vec::Vec};
use core::{
    mem,
    sync::atomic::{AtomicBool, Ordering},
};
use spin::Mutex;

/// The acts of a supervisor on a guest since a base, until they are too many or one cannot be noted.
#[derive(Debug)]
pub(crate) struct Journal {
    acts: Vec<u8>,
    most: Maximum,
    stopped: Option<Stop>,
    /// How many calls have begun.
    calls: u32,
    /// How many host calls were made.
    host_calls: u64,
    live: UnderWay<Live>,
    /// Whether calls nest: what an import did while it was called can be left out.
    nests: bool,
    /// What can be added to, as nothing was noted after it.
    last: Option<LastRun>,
    /// Whether the run that has begun adds to the last.
    adds: bool,
    dropped: Arc<Dropped>,
}

/// Why nothing is noted any more.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stop {
    Full(LimitError),
    OutOfMemory,
    Reference,
    Shared,
    /// The guest's code is not run here.
    Outside,
}

/// A call that is under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Live {
    account: Account,
    pub(crate) waits: Option<Waits>,
    /// How many bytes of acts there were when it began.
    began: usize,
    /// How many bytes of acts there were when it paused, and how many host calls.
    acts: usize,
}

/// The host call that a call waits for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waits {
    pub(crate) ordinal: u32,
    /// Which of all host calls since the base, from 1.
    pub(crate) number: u64,
}

#[derive(Clone, Copy, Debug)]
struct LastRun {
    call: u32,
    /// Where what is known after it begins.
    tail: usize,
    used: u64,
}

/// The numbers of calls that were dropped, which may be where the store is not at hand.
#[derive(Debug, Default)]
pub(crate) struct Dropped {
    calls: Mutex<Vec<u32>>,
    is_any: AtomicBool,
}

/// What a call knows of the journal that it is in.
#[derive(Debug)]
pub(crate) struct Noted {
    number: u32,
    /// The number of the host call that it waits for, if that was noted; else 0.
    pub(crate) host_call: u64,
    dropped: Arc<Dropped>,
}

/// What is parked of a journal.
pub(crate) struct Taken<'a> {
    pub(crate) acts: &'a [u8],
    /// The calls under way.
    pub(crate) live: &'a UnderWay<Live>,
    /// Whether nothing was left out.
    pub(crate) is_all: bool,
}

impl Noted {
    /// The call was dropped.
    pub(crate) fn drop_call(&self) {
        self.dropped.calls.lock().push(self.number);
        self.dropped.is_any.store(true, Ordering::Release);
    }
}

impl Journal {
    pub(crate) fn new(most: Maximum, nests: bool) -> Self {
        Self {
            acts: Vec::new(),
            most,
            stopped: None,
            calls: 0,
            host_calls: 0,
            live: UnderWay::new(),
            nests,
            last: None,
            adds: false,
            dropped: Arc::default(),
        }
    }

    /// Notes nothing more.
    #[cold]
    pub(crate) fn stop(&mut self, stop: Stop) {
        self.stopped.get_or_insert(stop);
        self.acts = Vec::new();
        self.live = UnderWay::new();
        self.last = None;
    }

    pub(crate) const fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// A call takes its place: with `begin`, which says nothing of the arguments, and these.
    pub(crate) fn begin(&mut self, begin: &Begin, args: &[Value]) -> Option<Noted> {
        self.take_dropped();
        let (number, began) = (self.calls, self.acts.len());
        self.note(|acts| acts::push_begin(acts, begin, args));
        if self.is_stopped() {
            return None;
        }
        self.calls = number.checked_add(1)?;
        let live = Live { account: begin.account, waits: None, began, acts: self.acts.len() };
        self.live.add(number, live);
        Some(Noted { number, host_call: 0, dropped: Arc::clone(&self.dropped) })
    }

    /// A call is about to be run, with the answer to its host call.
    #[inline]
    pub(crate) fn begin_run(&mut self, call: &Noted, account: Account, answer: Option<&[Value]>) {
        self.take_dropped();
        if self.is_stopped() || !self.reserve() {
            return;
        }
        let number = call.number;
        let Some(live) = self.live.get(number) else { return };
        let is_other = live.account != account;
        let continues = |last: LastRun| last.call == number && answer.is_none() && !is_other;
        self.adds = self.last.is_some_and(continues);
        if self.adds {
            return;
        }
        if let Err(Refers) = acts::push_run(&mut self.acts, number, is_other.then_some(account), answer) {
            self.stop(Stop::Reference);
        }
    }

    /// It came back, having used so much. Of the growths that it asked for these were refused.
    #[inline]
    pub(crate) fn end_run(
        &mut self,
        call: &mut Noted,
        used: u64,
        account: Account,
        end: End,
        refused: Option<&[u32]>,
    ) {
        if self.is_stopped() {
            return;
        }
        let Some(refused) = refused else { return self.stop(Stop::Full(self.most.refuse(u64::MAX))) };
        let number = call.number;
        let (mut all, mut tail) = (used, self.acts.len());
        match self.last.filter(|_| self.adds) {
            Some(last) if refused.is_empty() => {
                (all, tail) = (last.used.saturating_add(used), last.tail);
                self.acts.truncate(tail);
            }
            Some(_) => {
                // It refers to nothing, as there is no answer.
                let _noted = acts::push_run(&mut self.acts, number, None, None);
                tail = self.acts.len();
            }
            None => {}
        }
        acts::push_end(&mut self.acts, all, end, refused);
        let may_go_on = end == End::Fuel && refused.is_empty();
        self.last = may_go_on.then_some(LastRun { call: number, tail, used: all });
        self.adds = false;
        if matches!(end, End::Finished | End::Trapped) {
            self.remove(number);
        } else if let Some(live) = self.live.get_mut(number) {
            live.account = account;
            live.acts = self.acts.len();
            live.waits = None;
            if let End::HostCall(ordinal) = end {
                self.host_calls = self.host_calls.saturating_add(1);
                call.host_call = self.host_calls;
                live.waits = Some(Waits { ordinal, number: self.host_calls });
            }
        }
        self.check();
    }

    /// A call was ended before it had finished or trapped.
    pub(crate) fn end(&mut self, call: &Noted) {
        self.end_number(call.number);
    }

    fn end_number(&mut self, number: u32) {
        if self.live.get(number).is_none() {
            return;
        }
        self.push(|acts| {
            acts::push_ended(acts, number);
            Ok(())
        });
        self.remove(number);
        if self.nests {
            // Those that are nested in it have their places after its end.
            let end = self.acts.len();
            let inner = self.live.iter_mut().filter(|(inner, _)| *inner > number);
            inner.for_each(|(_, live)| live.acts = end);
        }
    }

    /// A call has ended, which is noted.
    fn remove(&mut self, number: u32) {
        let Some(ended) = self.live.remove(number) else { return };
        if self.nests {
            // Who does not leave out that it began does not leave out that it has ended.
            let end = self.acts.len();
            let outer = self.live.iter_mut().filter(|(outer, _)| *outer < number);
            let others = outer.filter(|(_, live)| live.acts > ended.began);
            others.for_each(|(_, live)| live.acts = end);
        }
    }

    pub(crate) fn write(&mut self, memory: u32, offset: u32, bytes: &[u8]) {
        let len = count(self.acts.len()).saturating_add(count(bytes.len()));
        if let Err(refused) = self.most.check(len) {
            self.stop(Stop::Full(refused));
        } else if self.acts.try_reserve(bytes.len()).is_err() {
            self.stop(Stop::OutOfMemory);
        }
        self.note(|acts| {
            acts::push_write(acts, memory, offset, bytes);
            Ok(())
        });
    }

    pub(crate) fn grow(&mut self, memory: u32, pages: u32) {
        self.note(|acts| {
            acts::push_grow(acts, memory, pages);
            Ok(())
        });
    }

    pub(crate) fn set(&mut self, global: u32, value: Value) {
        self.note(|acts| acts::push_set(acts, global, value));
    }

    /// What can be parked now. What was done since the last call waits, if it waits, is left out where calls nest: it is its
    /// import that did it.
    pub(crate) fn take(&mut self) -> Result<Taken<'_>, ParkError> {
        self.take_dropped();
        match self.stopped {
            None => {}
            Some(Stop::Full(refused)) => return Err(ParkError::JournalFull(refused)),
            Some(Stop::OutOfMemory) => return Err(ParkError::OutOfSystemMemory),
            Some(Stop::Reference) => return Err(ParkError::Reference),
            Some(Stop::Shared) => return Err(ParkError::SharedMemory),
            Some(Stop::Outside) => return Err(ParkError::Engine),
        }
        let last = self.live.iter().next_back().filter(|last| self.nests && last.waits.is_some());
        let end = last.map_or(self.acts.len(), |last| last.acts);
        let acts = self.acts.get(..end).unwrap_or_default();
        Ok(Taken { acts, live: &self.live, is_all: end == self.acts.len() })
    }

    /// Notes that calls which were dropped have ended.
    #[inline]
    fn take_dropped(&mut self) {
        if self.dropped.is_any.load(Ordering::Acquire) {
            self.note_dropped();
        }
    }

    #[cold]
    fn note_dropped(&mut self) {
        let dropped = Arc::clone(&self.dropped);
        let mut calls = dropped.calls.lock();
        dropped.is_any.store(false, Ordering::Release);
        mem::take(&mut *calls).into_iter().for_each(|call| self.end_number(call));
    }

    /// Notes an act, after the end of those that were dropped.
    fn note(&mut self, push: impl FnOnce(&mut Vec<u8>) -> Result<(), Refers>) {
        self.take_dropped();
        self.push(push);
    }

    fn push(&mut self, push: impl FnOnce(&mut Vec<u8>) -> Result<(), Refers>) {
        if self.is_stopped() || !self.reserve() {
            return;
        }
        self.last = None;
        match push(&mut self.acts) {
            Ok(()) => self.check(),
            Err(Refers) => self.stop(Stop::Reference),
        }
    }

    /// Makes room for an act, so that a host without memory is noticed.
    #[inline]
    fn reserve(&mut self) -> bool {
        let is_there = self.acts.try_reserve(ACT_BYTES).is_ok();
        if !is_there {
            self.stop(Stop::OutOfMemory);
        }
        is_there
    }

    #[inline]
    fn check(&mut self) {
        if let Err(refused) = self.most.check(count(self.acts.len())) {
            self.stop(Stop::Full(refused));
        }
    }
}

/// More than nearly all acts have, but for what is written.
const ACT_BYTES: usize = 256;

/// All acts of bytes, or `None` where there is something else in them: the fuel that their runs used.
pub(crate) fn fuel_of(acts: &[u8]) -> Option<u64> {
    let mut reader = Reader(acts);
    let mut fuel = 0_u64;
    while !reader.0.is_empty() {
        if let Act::Run(run) = acts::act(&mut reader)? {
            fuel = fuel.saturating_add(run.used);
        }
    }
    Some(fuel)
}
