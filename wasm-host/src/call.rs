//! Guest calls under way, and the fuel that they share.

use crate::{
    exchange::Exchange,
    protocol::Protocol,
    systems::{Systems, attend::Attended, seat::Seat},
    trapped::{Trapped, number},
};
use guestbox::{
    Execution, ExecutionError, HostCall, Level, MemoryId, SharedFuel, Step, Store, Trap, TrapCode, ValueType,
};

/// A guest call.
pub(crate) struct Call {
    pub(crate) execution: Execution,
    /// The types of the results of the host call that it waits for.
    pub(crate) results: Vec<ValueType>,
    /// The memory of the guest whose host call it waits for.
    pub(crate) memory: Option<MemoryId>,
    /// Set while the host call is served: the level to go back to.
    pub(crate) outer: Option<Level>,
    /// What serves its guest's calls of WASI.
    pub(crate) seat: Seat,
    /// Whether it stops when a slice is over.
    is_sliced: bool,
    /// Its part in the fuel that it shares; without, its fuel is all with the execution.
    shared: Option<SharedFuel>,
}

impl Call {
    /// A call that has the fuel that it was begun with for its own, or draws on that of the call
    /// around it.
    pub(crate) fn new(execution: Execution, seat: Seat, around: Option<SharedFuel>) -> Self {
        let shared = around.map(|around| around.within());
        Self { execution, results: Vec::new(), memory: None, outer: None, seat, is_sliced: false, shared }
    }

    /// Lets it stop whenever it used so much fuel.
    pub(crate) const fn set_slice(&mut self, fuel: u64) {
        self.is_sliced = true;
        self.execution.set_slice(fuel);
    }

    /// What a call nested in it draws on.
    pub(crate) fn shared(&mut self) -> &SharedFuel {
        self.shared.get_or_insert_with(|| SharedFuel::of(&self.execution))
    }

    /// The fuel that it may still use.
    pub(crate) fn fuel(&self) -> u64 {
        self.shared.as_ref().map_or(self.execution.fuel(), SharedFuel::left)
    }

    /// The fuel used so far, by nested calls that drew on it too.
    pub(crate) fn used(&self) -> u64 {
        self.shared.as_ref().map_or(self.execution.fuel_used(), SharedFuel::used)
    }

    pub(crate) fn add_fuel(&mut self, fuel: u64) {
        match &self.shared {
            Some(shared) => shared.add(fuel),
            None => self.execution.add_fuel(fuel),
        }
    }

    /// Gives the execution its fuel, before it runs.
    fn fill(&mut self) {
        if let Some(shared) = &self.shared {
            shared.lend(&mut self.execution);
        }
    }

    /// Takes back what the execution left.
    fn drain(&mut self) {
        if let Some(shared) = &self.shared {
            shared.take_back(&mut self.execution);
        }
    }

    /// Takes fuel for the supervisor's work while it waits; all there is where that is too little.
    pub(crate) fn charge(&mut self, fuel: u64) -> bool {
        self.shared().charge(fuel).is_ok()
    }

    /// Closes the level of the host call that it waits for.
    pub(crate) fn close(&mut self, store: &mut Store) {
        if let Some(outer) = self.outer.take() {
            // What calls of that level used, they took out of what they share.
            let _level = store.close_level(outer);
        }
    }
}

/// Notes a trap for those who ask, and says what happened: what goes into the head.
pub(crate) fn trap(trapped: &mut Trapped, trap: Trap) -> (u32, u64, u32) {
    let number = number(trap.code());
    *trapped = Trapped::of(trap);
    (Protocol::TRAPPED, number, trapped.bits())
}

/// What a step is made with.
pub(crate) struct Stage<'a> {
    pub(crate) store: &'a mut Store,
    pub(crate) exchange: &'a mut Exchange,
    pub(crate) trapped: &'a mut Trapped,
    pub(crate) systems: &'a mut Systems,
}

impl Stage<'_> {
    /// Makes a step of a call and says what happened, see `Host::step`.
    pub(crate) fn advance(&mut self, call: &mut Call, handle: u32) -> u32 {
        call.fill();
        let (step, detail, state) = loop {
            if let Some(happened) = self.run(call) {
                break happened;
            }
        };
        let detail = match (step, call.execution.instance()) {
            (Protocol::FINISHED, Some(instance)) => {
                self.systems.note_start(instance.number(), &mut call.seat);
                instance.number().into()
            }
            _ => detail,
        };
        call.drain();
        say(self.exchange, call, handle, (step, detail, state))
    }

    /// Runs a call until something happens. Where that was a call of WASI and has been served, there is nothing to say.
    fn run(&mut self, call: &mut Call) -> Option<(u32, u64, u32)> {
        let Self { store, exchange, trapped, systems } = self;
        let mut end = |ended: Trap| trap(trapped, ended);
        Some(match call.execution.run(store) {
            Ok(Step::Finished(results)) => {
                exchange.put(&results);
                (Protocol::FINISHED, 0, 0)
            }
            // It is large, so it stays where it is.
            Ok(Step::HostCall(ref host_call)) if Systems::serve(host_call.func) => {
                exchange.put_word(Protocol::GUEST_WORD, elsewhere(host_call));
                let attended = match store.open_level(host_call) {
                    Ok(outer) => {
                        let attended = systems.attend(store, exchange, host_call, &mut call.seat);
                        Ok((attended, store.close_level(outer)))
                    }
                    Err(trap) => Err(trap),
                };
                match attended {
                    Ok((attended, left)) => {
                        call.execution.spend_to(left);
                        return resume(store, call, attended);
                    }
                    Err(trap) => end(call.execution.end_with(store, trap)),
                }
            }
            Ok(Step::HostCall(ref host_call)) => {
                exchange.put(host_call.args);
                call.memory = host_call.memory;
                call.results.clear();
                if let guestbox::ExternType::Func(ty) = host_call.import.ty() {
                    call.results.extend_from_slice(ty.results());
                }
                let (ordinal, state) = (host_call.ordinal, host_call.state);
                exchange.put_word(Protocol::GUEST_WORD, elsewhere(host_call));
                exchange.put_word(Protocol::NUMBER_WORD, host_call.number.unwrap_or_default());
                match store.open_level(host_call) {
                    Ok(outer) => {
                        call.outer = Some(outer);
                        (Protocol::HOST_CALL, ordinal.into(), state)
                    }
                    Err(trap) => end(call.execution.end_with(store, trap)),
                }
            }
            Ok(Step::OutOfFuel { required, .. }) => (Protocol::OUT_OF_FUEL, required, 0),
            Ok(Step::SliceOver) => (Protocol::SLICE_OVER, 0, 0),
            Ok(Step::Outside { values, fuel, .. }) => {
                exchange.put(values);
                (Protocol::OUTSIDE, fuel, 0)
            }
            Ok(Step::Trapped(trap)) => end(trap),
            Err(ExecutionError::Busy) => (Protocol::BUSY, 0, 0),
            Ok(_) | Err(_) => (Protocol::REFUSED, 0, 0),
        })
    }

    /// Ends a call with a trap, and says so as a step does.
    pub(crate) fn end(&mut self, call: &mut Call, handle: u32, code: TrapCode) -> u32 {
        call.fill();
        let ended = trap(self.trapped, call.execution.end_with(self.store, code));
        call.drain();
        say(self.exchange, call, handle, ended)
    }
}

/// Goes on after a call of WASI was attended to, or says why not.
fn resume(store: &mut Store, call: &mut Call, attended: Attended) -> Option<(u32, u64, u32)> {
    let (answer, yields) = match attended {
        Attended::Answer(answer) => (answer, false),
        Attended::Exit(code) => {
            call.execution.cancel(store);
            return Some((Protocol::EXITED, code.into(), 0));
        }
        Attended::Wait(wait) => return Some((Protocol::WAITS, wait.into(), 0)),
        Attended::Yield(values) => (Ok(values), call.is_sliced),
    };
    match call.execution.answer(answer) {
        Ok(()) if yields => Some((Protocol::YIELDED, 0, 0)),
        Ok(()) => None,
        Err(_) => Some((Protocol::BUSY, 0, 0)),
    }
}

/// Whose import is called, as the head says it: none but the call's own guest's, or that of a number. One that has not
/// started has no number, and is none that JavaScript knows.
fn elsewhere(call: &HostCall<'_>) -> u64 {
    if !call.is_elsewhere() {
        return 0;
    }
    call.instance.map_or(u32::MAX.into(), |instance| u64::from(instance.number()).saturating_add(1))
}

fn say(exchange: &mut Exchange, call: &Call, handle: u32, (step, detail, state): (u32, u64, u32)) -> u32 {
    Head { handle, detail, state, fuel: call.fuel(), used: call.used() }.put(exchange);
    step
}

/// What the head of the exchange says of a step.
pub(crate) struct Head {
    pub(crate) handle: u32,
    pub(crate) detail: u64,
    pub(crate) state: u32,
    pub(crate) fuel: u64,
    pub(crate) used: u64,
}

impl Head {
    pub(crate) fn put(self, exchange: &mut Exchange) {
        exchange.put_word(Protocol::CALL_WORD, self.handle.into());
        exchange.put_word(Protocol::DETAIL_WORD, self.detail);
        exchange.put_word(Protocol::STATE_WORD, self.state.into());
        exchange.put_word(Protocol::FUEL_WORD, self.fuel);
        exchange.put_word(Protocol::USED_WORD, self.used);
    }
}
