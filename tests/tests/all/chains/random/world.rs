//! The guests and the calls that are at hand, in the store and in the model, and the operations on them.

use super::{
    BOTTOM,
    calls::OfCall,
    model::{Call, Code, Depth, Model},
    record::{Counts, Log},
};
use guestbox::{Environment, Execution, Level, SnapshotError, Store, Value, costs};
use guestbox_tests::{random::Random, text};
use std::mem;

/// Calls that are at hand at once, at most.
const CALLS: usize = 10;

/// Host calls that are served at once, at most, for more calls to be driven within.
pub(super) const SERVED: usize = 8;

/// A call that is driven by hand.
pub(super) struct Held {
    pub(super) call: Call,
    pub(super) execution: Execution,
}

pub(super) struct World {
    pub(super) random: Random,
    pub(super) model: Model,
    held: Vec<Held>,
    /// Those opened by hand, with how deep the store was before.
    levels: Vec<(Level, Depth)>,
    /// Of these levels, how many are not to be closed within the host call that is being served.
    kept_levels: usize,
    /// The guests of the calls that the store drives.
    driven: Vec<usize>,
    calls: usize,
    pub(super) counts: Counts,
    log: Log,
}

/// How deep everything is nested.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    depth: Depth,
    levels: usize,
    kept_levels: usize,
    driven: usize,
}

#[derive(Clone, Copy)]
enum Operation {
    OfCall(OfCall),
    Begin,
    CloseLevel,
    Invoke,
    Capture,
    SetPointer,
    TearDown,
    Check,
}

/// With how likely they are.
const OPERATIONS: [(u32, Operation); 14] = [
    (200, Operation::Begin),
    (250, Operation::OfCall(OfCall::Run)),
    (50, Operation::OfCall(OfCall::Enter)),
    (120, Operation::OfCall(OfCall::Answer)),
    (50, Operation::OfCall(OfCall::End)),
    (50, Operation::OfCall(OfCall::Drop)),
    (120, Operation::OfCall(OfCall::OpenLevel)),
    (60, Operation::CloseLevel),
    (70, Operation::Invoke),
    (40, Operation::OfCall(OfCall::Drive)),
    (20, Operation::Capture),
    (10, Operation::SetPointer),
    (2, Operation::TearDown),
    (10, Operation::Check),
];

impl World {
    pub(super) fn new(seed: u64, model: Model) -> Self {
        Self {
            random: Random::new(seed),
            model,
            held: Vec::new(),
            levels: Vec::new(),
            kept_levels: 0,
            driven: Vec::new(),
            calls: 0,
            counts: Counts::default(),
            log: Log::new(seed),
        }
    }

    pub(super) fn log(&mut self, what: &str) {
        self.log.add(self.model.served(), what);
    }

    pub(super) fn mark(&self) -> Mark {
        let (levels, driven) = (self.levels.len(), self.driven.len());
        Mark { depth: self.model.depth(), levels, kept_levels: self.kept_levels, driven }
    }

    /// Whether levels are open that were not then.
    pub(super) const fn has_opened_levels(&self, mark: Mark) -> bool {
        self.levels.len() > mark.levels
    }

    /// Goes back to where a call was driven, whatever is open.
    pub(super) fn go_back(&mut self, mark: Mark) {
        self.model.go_back(mark.depth);
        self.levels.truncate(mark.levels);
        self.kept_levels = mark.kept_levels;
        self.driven.truncate(mark.driven);
    }

    /// The store drives a call of this guest.
    pub(super) fn drives(&mut self, guest: usize) {
        self.driven.push(guest);
    }

    /// The supervisor serves a host call.
    pub(super) fn serves(&mut self, call: &Call) {
        assert!(self.model.open_level(call), "it is too deep");
        self.kept_levels = self.levels.len();
    }

    /// One operation.
    pub(super) fn operate(&mut self, store: &mut Store) {
        let guest = self.random.index(self.model.guests.len());
        let is_there = !self.model.guests[guest].is_torn_down;
        match self.random.weighted(&OPERATIONS) {
            Operation::Begin if is_there && self.held.len() < CALLS => self.begin(store, guest),
            Operation::CloseLevel if self.levels.len() > self.kept_levels => self.close_level(store),
            Operation::Invoke if is_there && self.model.served() < SERVED => self.invoke(store, guest),
            Operation::Capture if is_there => self.capture(store, guest),
            Operation::SetPointer if is_there && self.model.guests[guest].is_idle() => {
                self.set_pointer(store, guest);
            }
            Operation::TearDown if is_there => self.tear_down(store, guest),
            Operation::OfCall(operation) if !self.held.is_empty() => {
                let at = self.random.index(self.held.len());
                let held = self.held.swap_remove(at);
                let kept = self.operate_on(store, held, operation);
                self.held.extend(kept);
            }
            _ => self.check(store),
        }
    }

    /// A new call with its argument.
    pub(super) fn new_call(&mut self, guest: usize) -> (Call, Value) {
        let code = self.random.one(&Code::ALL);
        let argument = i32::try_from(self.random.below(1_000)).unwrap();
        let keeps_stack = self.random.below(8) == 0;
        self.calls += 1;
        (Call::new(self.calls, guest, code, argument, keeps_stack), Value::I32(argument))
    }

    fn begin(&mut self, store: &mut Store, guest: usize) {
        let (call, argument) = self.new_call(guest);
        self.log(&format!("begin {call:?}"));
        let id = self.model.guests[guest].id;
        let mut execution = store.begin(id, call.code.export(), &[argument], 0).unwrap();
        if call.keeps_stack {
            execution.keep_stack();
        }
        if call.code == Code::Spin {
            // It begins in any case.
            let begun = u64::from(costs::EXPORT_CALL);
            if self.random.chance(50) {
                execution.set_fuel(begun + u64::from(self.random.between(50, 79)));
            } else {
                execution.set_slice(begun + 40);
            }
        }
        self.held.push(Held { call, execution });
    }

    /// A level was opened by hand.
    pub(super) fn keep_level(&mut self, level: Level, depth: Depth) {
        self.levels.push((level, depth));
    }

    fn close_level(&mut self, store: &mut Store) {
        let Some((level, depth)) = self.levels.pop() else { return };
        self.log("close");
        store.close_level(level);
        self.model.go_back(depth);
    }

    /// Captures a guest, which is possible while no call of it is at hand, and uses that.
    fn capture(&mut self, store: &mut Store, guest: usize) {
        self.log(&format!("capture {guest}"));
        let id = self.model.guests[guest].id;
        let is_held = self.held.iter().any(|held| held.call.guest == guest && !held.call.has_ended());
        let is_busy = is_held || self.driven.contains(&guest);
        let snapshot = match store.snapshot(id) {
            Err(SnapshotError::Busy) => return assert!(is_busy, "nothing is under way"),
            other => other.unwrap(),
        };
        assert!(!is_busy, "a call is under way");
        self.counts.count("snapshots");
        if self.random.chance(50) {
            store.restore(id, &snapshot).unwrap();
        } else {
            let fork = store.fork(id, &Environment::new()).unwrap();
            let pointer = Value::I32(self.model.guests[guest].pointer);
            assert_eq!(store.global(fork, "sp"), Ok(Some(pointer)));
            store.teardown_instance(fork).unwrap();
        }
    }

    fn set_pointer(&mut self, store: &mut Store, guest: usize) {
        let pointer = BOTTOM + 16 * i32::try_from(self.random.below(100)).unwrap();
        self.log(&format!("set the pointer of {guest} to {pointer}"));
        self.counts.count("pointers set");
        let guest = &mut self.model.guests[guest];
        store.set_global(guest.id, "sp", Value::I32(pointer)).unwrap();
        guest.pointer = pointer;
    }

    fn tear_down(&mut self, store: &mut Store, guest: usize) {
        self.log(&format!("tear down {guest}"));
        self.counts.count("guests torn down");
        let guest = &mut self.model.guests[guest];
        store.teardown_instance(guest.id).unwrap();
        guest.is_torn_down = true;
    }

    /// The pointers are where they should be.
    fn check(&mut self, store: &mut Store) {
        self.log("check");
        for (at, guest) in self.model.guests.iter().enumerate().filter(|(_, guest)| !guest.is_torn_down) {
            let pointer = Value::I32(guest.pointer);
            assert_eq!(store.global(guest.id, "sp"), Ok(Some(pointer)), "the pointer of {at}");
        }
    }

    /// Lets go of everything, and the guests answer; what was counted.
    pub(super) fn finish(mut self, store: &mut Store) -> Counts {
        while !self.levels.is_empty() {
            self.close_level(store);
        }
        assert!(!store.is_serving());
        while !self.held.is_empty() {
            let at = self.random.index(self.held.len());
            let held = self.held.swap_remove(at);
            self.let_go(held);
        }
        self.check(store);
        for guest in self.model.guests.iter().filter(|guest| !guest.is_torn_down) {
            let results = text::call(store, guest.id, Code::Plain.export(), &[Value::I32(4)]);
            assert_eq!(*results, [Value::I32(5)]);
            store.snapshot(guest.id).unwrap();
            store.teardown_instance(guest.id).unwrap();
        }
        mem::take(&mut self.counts)
    }
}
