//! What guests with chains of calls do, as simply as it can be said.
//!
//! A guest has a list of places, the pointer of its stack and what is in its frames. A call that ends
//! gives its place up at once if it is the last, or else when those after it have: no place is left to
//! be found later, as in the core.

use guestbox::{InstanceId, TrapCode};
use std::collections::HashMap;

/// The exports of the guests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Code {
    /// Keeps its argument in a frame, waits for its import and returns what it finds.
    Run,
    /// Takes a frame, waits for its import and traps.
    Trap,
    /// Takes a frame and goes on for ever.
    Spin,
    /// Returns its argument and one.
    Plain,
}

impl Code {
    pub(super) const ALL: [Self; 4] = [Self::Run, Self::Trap, Self::Spin, Self::Plain];

    pub(super) const fn export(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Trap => "trap",
            Self::Spin => "spin",
            Self::Plain => "plain",
        }
    }
}

/// How far a call is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    Begun,
    /// For its import.
    Waiting,
    Answered(Answer),
    /// Out of fuel, or its slice is over.
    Paused,
    Ended,
}

/// What a host call is answered with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Answer {
    Result,
    Error,
    /// A result of another type.
    WrongType,
}

/// A call of a guest.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) number: usize,
    pub(super) guest: usize,
    pub(super) code: Code,
    pub(super) argument: i32,
    pub(super) keeps_stack: bool,
    pub(super) state: State,
    /// How deep it is nested, once it has a place.
    pub(super) depth: Option<u32>,
    /// Where its frame begins.
    frame: i32,
}

impl Call {
    pub(super) const fn new(
        number: usize,
        guest: usize,
        code: Code,
        argument: i32,
        keeps_stack: bool,
    ) -> Self {
        Self { number, guest, code, argument, keeps_stack, state: State::Begun, depth: None, frame: 0 }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.state == State::Ended
    }
}

/// What comes of running a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Outcome {
    Busy,
    AlreadyEnded,
    HostCall,
    Pause,
    Finished(i32),
    Trapped(TrapCode),
    /// A trap, as another call was nested in it when the supervisor answered.
    AnswerRefused,
}

/// The place of a call.
#[derive(Clone, Copy, Debug)]
struct Place {
    call: usize,
    /// Where the stack's pointer is put back to.
    pointer: Option<i32>,
    has_ended: bool,
}

pub(super) struct Guest {
    pub(super) id: InstanceId,
    pub(super) pointer: i32,
    pub(super) is_torn_down: bool,
    /// It has no chain then.
    overlaps: bool,
    places: Vec<Place>,
    frames: HashMap<i32, i32>,
}

impl Guest {
    pub(super) fn new(id: InstanceId, pointer: i32, overlaps: bool) -> Self {
        let (places, frames) = (Vec::new(), HashMap::new());
        Self { id, pointer, is_torn_down: false, overlaps, places, frames }
    }

    /// Whether no call of it has a place.
    pub(super) const fn is_idle(&self) -> bool {
        self.places.is_empty() && !self.overlaps
    }

    /// Whether no call that is under way is nested in this one.
    fn is_last(&self, call: &Call) -> bool {
        self.overlaps || self.places.last().is_none_or(|last| last.call == call.number)
    }

    /// Whether there is a call that is under way right within the host call of this one.
    fn has_nested(&self, call: &Call) -> bool {
        let mut places = self.places.iter().skip_while(|place| place.call != call.number);
        places.nth(1).is_some_and(|place| !place.has_ended)
    }

    /// The call ends, and with it all places at the end of the chain that are nobody's.
    fn end(&mut self, call: usize, finished: bool) {
        if let Some(place) = self.places.iter_mut().find(|place| place.call == call) {
            place.has_ended = true;
            place.pointer.take_if(|_| finished);
        }
        while let Some(place) = self.places.pop_if(|place| place.has_ended) {
            self.pointer = place.pointer.unwrap_or(self.pointer);
        }
    }
}

/// A store with its guests.
pub(super) struct Model {
    pub(super) guests: Vec<Guest>,
    /// The calls whose host calls are being served, each nested in the one before; `None` for one that
    /// waits no longer.
    serving: Vec<Option<usize>>,
    depth: u32,
    /// How deep host calls may be nested.
    deepest: u32,
}

/// How deep the store is nested.
#[derive(Clone, Copy, Debug)]
pub(super) struct Depth {
    depth: u32,
    serving: usize,
}

impl Model {
    pub(super) const fn new(guests: Vec<Guest>, deepest: u32) -> Self {
        Self { guests, serving: Vec::new(), depth: 0, deepest }
    }

    pub(super) const fn depth(&self) -> Depth {
        Depth { depth: self.depth, serving: self.serving.len() }
    }

    /// How many host calls are being served.
    pub(super) const fn served(&self) -> usize {
        self.serving.len()
    }

    /// Serves the host call of a call; false where that is too deep.
    pub(super) fn open_level(&mut self, call: &Call) -> bool {
        let depth = self.depth.max(call.depth.unwrap()) + 1;
        if depth <= self.deepest {
            self.depth = depth;
            self.serving.push(Some(call.number));
        }
        depth <= self.deepest
    }

    pub(super) fn go_back(&mut self, depth: Depth) {
        self.depth = depth.depth;
        self.serving.truncate(depth.serving);
    }

    /// Gives a call its place, or false.
    pub(super) fn enter(&mut self, call: &mut Call) -> bool {
        let guest = &mut self.guests[call.guest];
        if call.depth.is_some() {
            return true;
        }
        if !guest.overlaps {
            if guest.places.last().is_some_and(|last| !self.serving.contains(&Some(last.call))) {
                return false;
            }
            let pointer = (!call.keeps_stack).then_some(guest.pointer);
            guest.places.push(Place { call: call.number, pointer, has_ended: false });
        }
        call.depth = Some(self.depth);
        true
    }

    pub(super) fn is_last(&self, call: &Call) -> bool {
        self.guests[call.guest].is_last(call)
    }

    /// Answers the host call that a call waits for; false where it is busy.
    pub(super) fn answer(&mut self, call: &mut Call, answer: Answer) -> bool {
        if answer == Answer::Result && !self.is_last(call) {
            return false;
        }
        call.state = State::Answered(answer);
        // A failure may come while others are nested: then its host call is served until it ends.
        if !self.guests[call.guest].has_nested(call) {
            let served = self.serving.iter_mut();
            served.filter(|served| **served == Some(call.number)).for_each(|served| *served = None);
        }
        true
    }

    /// Runs a call until it pauses or ends.
    pub(super) fn run(&mut self, call: &mut Call) -> Outcome {
        if call.has_ended() {
            return Outcome::AlreadyEnded;
        }
        // An answer that ends a call does so whatever is nested in it.
        let fails = matches!(call.state, State::Answered(Answer::Error | Answer::WrongType));
        if !self.enter(call) || !fails && !self.is_last(call) {
            return Outcome::Busy;
        }
        match call.state {
            State::Begun => self.begin(call),
            State::Paused => Outcome::Pause,
            State::Waiting => Outcome::HostCall,
            State::Answered(Answer::Error) => self.trap(call, TrapCode::HostError),
            State::Answered(Answer::WrongType) => self.trap(call, TrapCode::ResultType),
            State::Answered(Answer::Result) if call.code == Code::Run => {
                let guest = &mut self.guests[call.guest];
                guest.pointer = call.frame + 16;
                let found = guest.frames[&call.frame];
                self.finish(call, found)
            }
            State::Answered(Answer::Result) => self.trap(call, TrapCode::MemoryOutOfBounds),
            State::Ended => unreachable!(),
        }
    }

    /// What the code of a call does before it first pauses.
    fn begin(&mut self, call: &mut Call) -> Outcome {
        let guest = &mut self.guests[call.guest];
        if call.code == Code::Plain {
            return self.finish(call, call.argument + 1);
        }
        guest.pointer -= 16;
        call.frame = guest.pointer;
        if call.code == Code::Run {
            guest.frames.insert(call.frame, call.argument);
        }
        if call.code == Code::Spin {
            call.state = State::Paused;
            return Outcome::Pause;
        }
        call.state = State::Waiting;
        Outcome::HostCall
    }

    fn finish(&mut self, call: &mut Call, result: i32) -> Outcome {
        call.state = State::Ended;
        self.guests[call.guest].end(call.number, true);
        Outcome::Finished(result)
    }

    pub(super) fn trap(&mut self, call: &mut Call, code: TrapCode) -> Outcome {
        self.end(call);
        Outcome::Trapped(code)
    }

    /// Ends a call early, if it has not ended.
    pub(super) fn end(&mut self, call: &mut Call) {
        call.state = State::Ended;
        self.guests[call.guest].end(call.number, false);
    }
}
