//! Calls that are driven by hand: in slices, with fuel that ends early, and with other things
//! done at each pause.

use super::{
    bystanders::Bystanders,
    case::{Call, Plan},
    ground::{Ground, answer, end, no_instance},
    host::Host,
    record::{End, Entry, State},
};
use guestbox::{
    Execution, FuncType, HostCall, HostError, InstanceId, Level, Step, Store, Trap, TrapCode, Values,
};

/// How calls are driven.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum How {
    /// In slices of so much fuel.
    Slices(u64),
    /// The call begins with so much fuel, and gets the rest when that is used up.
    Short(u64),
    /// In slices, with other things done at each pause.
    Paused(u64),
}

/// What comes of a run by hand.
pub(super) struct Driven {
    pub(super) entries: Vec<Entry>,
    /// Pauses that were no host calls.
    pub(super) pauses: u64,
    /// Where fuel first ended: what was used by then, and what the next operation takes.
    pub(super) stop: Option<(u64, u64)>,
}

struct Driver<'a> {
    plan: &'a Plan,
    how: How,
    host: Host,
    /// What the call gets when its first fuel is used up.
    rest: u64,
    /// What it got of that, until the execution whose fuel is the outermost knows.
    given: u64,
    pauses: u64,
    stop: Option<(u64, u64)>,
    bystanders: Option<Bystanders<'a>>,
}

/// Runs a case by hand; with `How::Short` the one call that is given.
pub(super) fn run(ground: &Ground, how: How, calls: &[Call]) -> Driven {
    let mut store = ground.store();
    let (environment, memories) = ground.environment(&mut store);
    let bystanders = matches!(how, How::Paused(_)).then(|| Bystanders::new(ground, &mut store, &memories));
    let (pauses, rest, given, stop) = (0, 0, 0, None);
    let mut driver =
        Driver { plan: &ground.plan, how, host: Host::new(), rest, given, pauses, stop, bystanders };
    driver.host.is_nested = true;
    let (outcome, fuel, instance) = match store.begin_instantiate(&ground.module, &environment, 0) {
        Ok(mut execution) => {
            let outcome = driver.drive(&mut store, &mut execution);
            (end(outcome), execution.fuel_used(), execution.instance())
        }
        Err(error) => (no_instance(&error), 0, None),
    };
    driver.host.is_nested = false;
    let state = State::of(&mut store, instance, &memories, &ground.plan);
    let mut entries = vec![Entry::new(outcome, fuel, &driver.host, state)];
    for call in instance.and(Some(calls)).unwrap_or(&[]) {
        let instance = instance.unwrap();
        let mut execution = store.begin(instance, &call.export, &call.args, 0).unwrap();
        if let How::Short(first) = how {
            driver.rest = execution.fuel().saturating_sub(first);
            execution.set_fuel(first);
        }
        let outcome = end(driver.drive(&mut store, &mut execution));
        driver.given = 0;
        let state = State::of(&mut store, Some(instance), &memories, &ground.plan);
        entries.push(Entry::new(outcome, execution.fuel_used(), &driver.host, state));
    }
    Driven { entries, pauses: driver.pauses, stop: driver.stop }
}

/// Opens a level for a host call.
fn open(store: &mut Store, call: &HostCall<'_>) -> Result<Level, Trap> {
    store.open_level(call)
}

/// What is kept of a host call while other things are done.
struct Request {
    ordinal: u32,
    args: Vec<guestbox::Value>,
    ty: FuncType,
    instance: Option<InstanceId>,
}

impl Driver<'_> {
    fn drive(&mut self, store: &mut Store, execution: &mut Execution) -> Result<Values, Trap> {
        if let How::Slices(slice) | How::Paused(slice) = self.how {
            execution.set_slice(slice);
        }
        loop {
            let (request, level) = match execution.run(store).unwrap() {
                Step::Finished(values) => return Ok(values),
                Step::Trapped(trap) => return Err(trap),
                Step::SliceOver => {
                    self.pauses += 1;
                    self.meanwhile(store, execution);
                    continue;
                }
                Step::OutOfFuel { required, .. } => {
                    let rest = std::mem::take(&mut self.rest);
                    if rest == 0 {
                        return Err(execution.end_with(store, TrapCode::OutOfFuel));
                    }
                    self.pauses += 1;
                    if let How::Short(first) = self.how {
                        self.stop.get_or_insert((first - execution.fuel(), required));
                    }
                    self.given = rest;
                    execution.add_fuel(rest);
                    continue;
                }
                Step::HostCall(call) => {
                    let ty = call.import.ty().as_func().unwrap().clone();
                    let HostCall { ordinal, instance, .. } = call;
                    let request = Request { ordinal, args: call.args.to_vec(), ty, instance };
                    (request, open(store, &call))
                }
                other => panic!("{other:?}"),
            };
            let level = match level {
                Ok(level) => level,
                Err(trap) => return Err(execution.end_with(store, trap)),
            };
            let given_before = self.given;
            let answer = self.serve(store, &request);
            let left = store.close_level(level);
            if given_before == 0 {
                // What a call back was given is not the execution's yet.
                execution.add_fuel(self.given);
            }
            execution.spend_to(left);
            self.meanwhile(store, execution);
            execution.answer(answer).unwrap();
        }
    }

    fn serve(&mut self, store: &mut Store, request: &Request) -> Result<Values, HostError> {
        let hash = self.host.enter(request.ordinal, request.args.iter().copied());
        if let (true, Some(instance), Some(back)) =
            (self.host.calls_back(), request.instance, &self.plan.back)
        {
            let mut execution = store.begin(instance, &back.export, &back.args, 0).unwrap();
            self.host.is_nested = true;
            let outcome = end(self.drive(store, &mut execution));
            self.host.is_nested = false;
            store.draw(&mut execution);
            self.host.called_back(match &outcome {
                End::Finished(values) => Ok(values),
                End::Trapped(code) => Err(*code),
                End::NoInstance(_) => unreachable!("it has one"),
            });
        }
        answer(Host::answer(hash, &request.ty))
    }

    /// What is done while a call is paused.
    fn meanwhile(&mut self, store: &mut Store, execution: &Execution) {
        if let Some(bystanders) = &mut self.bystanders {
            bystanders.meanwhile(store, execution.instance());
        }
    }
}
