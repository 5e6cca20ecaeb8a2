//! Calls that the store drives, and their supervisor.

use super::{
    model::{Call, Code, Outcome, State},
    world::{Held, World},
};
use guestbox::{
    CallOptions, ExecutionError, HostCall, HostError, InvokeError, Store, Supervisor, TrapCode, Value,
    Values, costs,
};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What a supervisor panics with.
struct OnPurpose;

/// Operations within a host call, at most.
const OPERATIONS: u32 = 7;

/// Serves the host call of a call that the store drives.
struct Server<'a> {
    world: &'a mut World,
    call: &'a mut Call,
    has_served: bool,
    /// The fuel that calls within the host call took, which is the call's.
    drawn: u64,
}

impl Supervisor for Server<'_> {
    fn dispatch(&mut self, store: &mut Store, waits: HostCall<'_>) -> Result<Values, HostError> {
        let Self { world, call, has_served, drawn } = self;
        assert_eq!(waits.args, [Value::I32(call.argument)]);
        assert!(!*has_served, "each call makes one host call");
        *has_served = true;
        let (mark, before) = (world.mark(), store.fuel_left().unwrap());
        world.serves(call);
        for _ in 0..world.random.between(0, OPERATIONS) {
            world.operate(store);
        }
        // Where a level is left open it is another call's that is left.
        if !world.has_opened_levels(mark) {
            *drawn = before - store.fuel_left().unwrap();
        }
        world.go_back(mark);
        if world.random.below(8) == 0 {
            world.log(&format!("{} panics", call.number));
            resume_unwind(Box::new(OnPurpose));
        }
        let answer = world.any_answer(71);
        world.log(&format!("answers {} with {answer:?}", call.number));
        // Refused where another call is nested in it still.
        world.model.answer(call, answer);
        answer.said()
    }
}

/// What came of a call that the store drove.
fn outcome(driven: Result<Values, InvokeError>) -> Outcome {
    match driven {
        Ok(results) => Outcome::finished(&results),
        Err(InvokeError::Busy) => Outcome::Busy,
        Err(InvokeError::Trap(trap)) => {
            let reason = trap.reason().and_then(|reason| reason.downcast_ref());
            match (trap.code(), reason) {
                (TrapCode::Engine, Some(ExecutionError::Busy)) => Outcome::Busy,
                (TrapCode::Engine, Some(ExecutionError::Ended)) => Outcome::AlreadyEnded,
                (TrapCode::HostError, Some(ExecutionError::Busy)) => Outcome::AnswerRefused,
                (code, _) => Outcome::Trapped(code),
            }
        }
        Err(other) => panic!("{other}"),
    }
}

impl World {
    /// Makes a call by `invoke`.
    pub(super) fn invoke(&mut self, store: &mut Store, guest: usize) {
        let (mut call, argument) = self.new_call(guest);
        self.log(&format!("invoke {call:?}"));
        let (id, code) = (self.model.guests[guest].id, call.code);
        let mut options = CallOptions::new();
        if call.keeps_stack {
            options = options.keep_stack();
        }
        if code == Code::Spin {
            options = options.with_fuel(u64::from(costs::EXPORT_CALL) + 60);
        }
        let (before, mut used) = (store.fuel_left(), None);
        self.drive_with(store, &mut call, |store, server| {
            let invoked = store.invoke_with(server, id, code.export(), &[argument], options);
            let fuel = match &invoked {
                Ok(outcome) => outcome.fuel_used,
                Err(InvokeError::Trap(trap)) => trap.fuel_used(),
                Err(_) => 0,
            };
            assert!(fuel >= server.drawn, "{fuel} with {} within", server.drawn);
            used = Some(fuel);
            invoked.map(|outcome| outcome.values)
        });
        // One that has fuel of its own takes none of it.
        if let (Some(before), Some(used)) = (before, used) {
            let drawn = if code == Code::Spin { 0 } else { used };
            assert_eq!(store.fuel_left(), Some(before - drawn), "{used} of fuel were used");
            self.counts.count("fuel shared");
        }
        // Where the supervisor panicked the execution is dropped.
        self.model.end(&mut call);
    }

    /// Drives a call that is at hand.
    pub(super) fn drive(&mut self, store: &mut Store, Held { call, execution }: &mut Held) {
        self.log(&format!("drive {}", call.number));
        self.drive_with(store, call, |store, server| {
            let driven = store.drive(server, execution);
            assert!(execution.fuel_used() >= server.drawn, "with {} within", server.drawn);
            driven.map_err(InvokeError::Trap)
        });
    }

    /// Lets the store drive a call, and compares what comes of it.
    fn drive_with(
        &mut self,
        store: &mut Store,
        call: &mut Call,
        drive: impl FnOnce(&mut Store, &mut Server<'_>) -> Result<Values, InvokeError>,
    ) {
        let mark = self.mark();
        let first = self.model.run(call);
        self.drives(call.guest);
        let mut server = Server { world: self, call, has_served: false, drawn: 0 };
        let driven = catch_unwind(AssertUnwindSafe(|| drive(store, &mut server)));
        let has_served = server.has_served;
        self.go_back(mark);
        assert!(first == Outcome::HostCall || !has_served, "{first:?}, and it made a host call");
        let driven = match driven {
            Ok(driven) => driven,
            Err(panic) if panic.is::<OnPurpose>() => return self.counts.count("panics"),
            Err(panic) => resume_unwind(panic),
        };
        let expected = match first {
            Outcome::HostCall if !has_served => {
                self.counts.count("calls that were too deep");
                assert!(!self.model.open_level(call), "it is not too deep");
                self.model.trap(call, TrapCode::NestingTooDeep)
            }
            // The answer was refused, as another call is nested in it still.
            Outcome::HostCall if call.state == State::Waiting => {
                self.counts.count("answers of supervisors that were busy");
                self.model.end(call);
                Outcome::AnswerRefused
            }
            Outcome::HostCall => self.model.run(call),
            // It has no more fuel.
            Outcome::Pause => self.model.trap(call, TrapCode::OutOfFuel),
            other => other,
        };
        self.counts.count(match expected {
            Outcome::Busy => "driven calls that were busy",
            Outcome::AlreadyEnded => "driven calls that had ended",
            Outcome::Finished(_) => "driven calls that finished",
            _ => "driven calls that trapped",
        });
        assert_eq!(outcome(driven), expected);
    }
}
