//! Guest calls under way, and the fuel that they share.

use crate::{
    exchange::Exchange,
    protocol::Protocol,
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
    /// Its part in the fuel that it shares; without, its fuel is all with the execution.
    shared: Option<SharedFuel>,
}

impl Call {
    /// A call that has the fuel that it was begun with for its own, or draws on that of the call
    /// around it.
    pub(crate) fn new(execution: Execution, around: Option<SharedFuel>) -> Self {
        let shared = around.map(|around| around.within());
        Self { execution, results: Vec::new(), memory: None, outer: None, shared }
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

/// Makes a step of a call and says what happened, see `Host::step`.
pub(crate) fn advance(
    store: &mut Store,
    exchange: &mut Exchange,
    trapped: &mut Trapped,
    call: &mut Call,
    handle: u32,
) -> u32 {
    let mut end = |ended: Trap| trap(trapped, ended);
    call.fill();
    let (step, detail, state) = match call.execution.run(store) {
        Ok(Step::Finished(results)) => {
            exchange.put(&results);
            (Protocol::FINISHED, 0, 0)
        }
        // It is large, so it stays where it is.
        Ok(Step::HostCall(ref host_call)) => {
            exchange.put(host_call.args);
            call.memory = host_call.memory;
            call.results.clear();
            if let guestbox::ExternType::Func(ty) = host_call.import.ty() {
                call.results.extend_from_slice(ty.results());
            }
            let (ordinal, state) = (host_call.ordinal, host_call.state);
            exchange.put_word(Protocol::GUEST_WORD, elsewhere(host_call));
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
        Ok(Step::Trapped(trap)) => end(trap),
        Err(ExecutionError::Busy) => (Protocol::BUSY, 0, 0),
        Ok(_) | Err(_) => (Protocol::REFUSED, 0, 0),
    };
    let detail = match (step, call.execution.instance()) {
        (Protocol::FINISHED, Some(instance)) => instance.number().into(),
        _ => detail,
    };
    call.drain();
    say(exchange, call, handle, (step, detail, state))
}

/// Whose import is called, as the head says it: none but the call's own guest's, or that of a number. One that has not
/// started has no number, and is none that JavaScript knows.
fn elsewhere(call: &HostCall<'_>) -> u64 {
    if !call.is_elsewhere() {
        return 0;
    }
    call.instance.map_or(u32::MAX.into(), |instance| u64::from(instance.number()).saturating_add(1))
}

/// Ends a call with a trap, and says so as a step does.
pub(crate) fn end(
    store: &mut Store,
    exchange: &mut Exchange,
    trapped: &mut Trapped,
    call: &mut Call,
    handle: u32,
    code: TrapCode,
) -> u32 {
    call.fill();
    let ended = trap(trapped, call.execution.end_with(store, code));
    call.drain();
    say(exchange, call, handle, ended)
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
