//! The part of the door that has to do with calls: they are driven in steps.
#![expect(
    clippy::missing_errors_doc,
    reason = "what a function throws is said once, at the top of the crate"
)]

use crate::{
    call::{self, Call, Head, Stage},
    error::{IntoJs, no_such},
    host::Host,
    protocol::Protocol,
};
use guestbox::{Execution, ExecutionError, HostError, InvokeError, Level, SharedFuel, TrapCode};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// What steps are made with, but for the calls themselves.
macro_rules! stage {
    ($host:ident) => {
        Stage {
            store: &mut $host.store,
            exchange: &mut $host.exchange,
            trapped: &mut $host.trapped,
            systems: &mut $host.systems,
        }
    };
}

#[wasm_bindgen]
impl Host {
    /// Begins a call of an export, by its position, with the values in the exchange, and makes
    /// the first step of it. See [`Host::step`], and [`Host::begin`] about `within`.
    pub fn call(&mut self, instance: u32, export: u32, state: u32, within: u32) -> u32 {
        match self.begin_call(instance, export, state) {
            Ok(execution) => self.first_step(instance, execution, within),
            Err(InvokeError::Instance(_)) => Protocol::TORN_DOWN,
            Err(_) => Protocol::REFUSED,
        }
    }

    /// Begins a call as [`Host::call`] does, without a step. With `fuel` it has that for its own,
    /// also within a host call. `keeps_stack` leaves the pointer of the guest's stack where it is
    /// if the call ends early.
    ///
    /// The call is nested in those whose host calls are being served, and in `within`: the handle of
    /// one that waits for its host call, or [`Protocol::NO_CALL`]. A handle that is neither is busy. It
    /// draws on the fuel of that, or of what [`Host::keep_budget`] gave when the call was asked for, or
    /// else of the host call being served. Where it could not be begun that is kept.
    #[expect(
        clippy::too_many_arguments,
        reason = "numbers cross as they are, an object would be read property by property"
    )]
    pub fn begin(
        &mut self,
        instance: u32,
        export: u32,
        state: u32,
        fuel: Option<u64>,
        within: u32,
        budget: u32,
        keeps_stack: bool,
    ) -> Result<u32, JsValue> {
        let kept = match budget {
            Protocol::NO_CALL => None,
            budget => self.budgets.get(budget).ok().cloned(),
        };
        let mut execution = self.begin_call(instance, export, state).map_err(IntoJs::into_js)?;
        if keeps_stack {
            execution.keep_stack();
        }
        match self.reopen(within).map_err(IntoJs::into_js)? {
            Some(outer) => self.enter_within(&mut execution, outer),
            None => execution.enter(&mut self.store),
        }
        .map_err(|_| InvokeError::Busy.into_js())?;
        self.budgets.remove(budget);
        let shared = match fuel {
            Some(fuel) => {
                execution.set_fuel(fuel);
                None
            }
            None => kept.or_else(|| self.budget(within)),
        };
        Ok(self.calls.insert(Call::new(execution, self.systems.seat_of(instance), shared)))
    }

    /// Keeps what a call that is made now and begun later draws on, the fuel of the host call being
    /// served: a handle for [`Host::begin`], or [`Protocol::NO_CALL`] where none is served.
    pub fn keep_budget(&mut self) -> u32 {
        match self.budget(Protocol::NO_CALL) {
            Some(budget) => self.budgets.insert(budget),
            None => Protocol::NO_CALL,
        }
    }

    /// Forgets what a call would draw on that is not begun after all.
    pub fn drop_budget(&mut self, budget: u32) {
        self.budgets.remove(budget);
    }

    /// Makes a step of a call: runs its guest until something happens, and returns what.
    ///
    /// * [`Protocol::FINISHED`]: the results are in the exchange. The call is over.
    /// * [`Protocol::HOST_CALL`]: the detail is the function's ordinal, the state that of the host call; the
    ///   arguments are in the exchange. Answer with [`Host::answer`] or [`Host::cancel`].
    /// * [`Protocol::OUT_OF_FUEL`]: the detail is the fuel it needs at least.
    /// * [`Protocol::SLICE_OVER`]: it has fuel left, see [`Host::set_slice`].
    /// * [`Protocol::BUSY`]: a call of the guest that is nested in it has not ended. Nothing has changed.
    /// * [`Protocol::TRAPPED`]: the detail is the number of the trap's code. The state says by
    ///   [`Protocol::HAS_FRAMES`] whether there are frames to be had from [`Host::trap_frames`], by
    ///   [`Protocol::HAS_MESSAGE`] whether there is a message of its own from [`Host::trap_message`]. The call
    ///   is over.
    /// * [`Protocol::WAITS`]: the detail is the kind of what it waits for, in a WASI system; the exchange says more. Make a step
    ///   again once the system was given it.
    /// * [`Protocol::EXITED`]: the detail is the exit code. The call is over.
    /// * [`Protocol::OUTSIDE`]: its code is to be run, with the values in the exchange and so much fuel as the detail. Say what that
    ///   came to by [`Host::come_back`].
    /// * [`Protocol::YIELDED`]: of a call that has slices, which has something left of its own.
    ///
    /// The head of the exchange has [the call's handle](Protocol::CALL_WORD), [the detail](Protocol::DETAIL_WORD), [the
    /// state](Protocol::STATE_WORD), [the fuel left](Protocol::FUEL_WORD) and [the fuel used](Protocol::USED_WORD). For an
    /// instantiation that finished the detail is the instance.
    pub fn step(&mut self, handle: u32) -> u32 {
        self.close(handle);
        self.go_on(handle)
    }

    /// Answers the host call that a call waits for, with the values in the exchange, and makes
    /// the next step.
    pub fn answer(&mut self, handle: u32) -> u32 {
        let Ok(call) = self.calls.get_mut(handle) else { return Protocol::REFUSED };
        let taken = self.exchange.take(&call.results, &mut self.args);
        let results = taken.map(|()| self.args.iter().copied().collect()).map_err(HostError::with_reason);
        // Where it does not wait, the step says what it does.
        if let Err(ExecutionError::Busy) = call.execution.answer(results) {
            return Protocol::BUSY;
        }
        if call.outer.is_some() {
            self.close(handle);
        }
        self.go_on(handle)
    }

    /// Closes the level of a host call that will be answered later, so that calls begun
    /// meanwhile are not nested in it.
    pub fn suspend(&mut self, handle: u32) {
        self.close(handle);
    }

    /// Whether a host call is being served, so that a call begun now is nested in another.
    pub fn is_serving(&self) -> bool {
        !self.serving.is_empty()
    }

    /// Ends a call that is still under way when the import that it was made in has returned, with a
    /// trap, and says so as a step does.
    pub fn outlive(&mut self, handle: u32) -> u32 {
        self.close(handle);
        let Ok(call) = self.calls.get_mut(handle) else { return Protocol::REFUSED };
        let step = stage!(self).end(call, handle, TrapCode::Outlived);
        self.calls.remove(handle);
        step
    }

    /// Ends a call where it is.
    pub fn cancel(&mut self, handle: u32) {
        self.close(handle);
        if let Ok(call) = self.calls.get_mut(handle) {
            call.execution.cancel(&mut self.store);
            self.calls.remove(handle);
        }
    }

    /// The fuel that a call has left.
    pub fn fuel(&self, handle: u32) -> u64 {
        self.calls.get(handle).map_or(0, Call::fuel)
    }

    /// The fuel that a call used so far.
    pub fn fuel_used(&self, handle: u32) -> u64 {
        self.calls.get(handle).map_or(0, Call::used)
    }

    /// Adds to the fuel that a call, and those that it shares it with, have left.
    pub fn add_fuel(&mut self, handle: u32, fuel: u64) {
        if let Ok(call) = self.calls.get_mut(handle) {
            call.add_fuel(fuel);
        }
    }

    /// Takes fuel of a call that waits; all it has and `false` where that is too little.
    pub fn charge(&mut self, handle: u32, fuel: u64) -> bool {
        self.calls.get_mut(handle).is_ok_and(|call| call.charge(fuel))
    }

    /// Makes a call stop with [`Protocol::SLICE_OVER`] whenever it used so much fuel.
    pub fn set_slice(&mut self, handle: u32, fuel: u64) {
        if let Ok(call) = self.calls.get_mut(handle) {
            call.set_slice(fuel);
        }
    }

    /// A handle of the memory of the guest whose host call a call waits for.
    pub fn caller_memory(&mut self, handle: u32) -> Result<u32, JsValue> {
        let memory = self.calls.get(handle)?.memory;
        let memory = memory.ok_or_else(|| no_such("memory"))?;
        Ok(self.memories.insert(memory))
    }
}

impl Host {
    /// Begins a call of an export, by its position, or of a function, by [`Protocol::FUNCTION`] and its handle, with the
    /// values in the exchange.
    fn begin_call(&mut self, instance: u32, export: u32, state: u32) -> Result<Execution, InvokeError> {
        if export & Protocol::FUNCTION != 0 {
            return self.begin_func(export & !Protocol::FUNCTION, state);
        }
        let instance = self.store.instance_id(instance)?;
        let position = usize::try_from(export).unwrap_or(usize::MAX);
        let export =
            self.store.module(instance)?.exports().get(position).ok_or(InvokeError::ExportNotFound)?;
        let ty = export.ty().as_func().ok_or(InvokeError::NotAFunction)?;
        self.exchange.take(ty.params(), &mut self.args)?;
        self.store.begin_at(instance, position, &self.args, state)
    }

    /// Begins a call of a function, by its handle, with the values in the exchange.
    fn begin_func(&mut self, func: u32, state: u32) -> Result<Execution, InvokeError> {
        let func = self.exchange.func(func)?;
        self.exchange.take(self.store.func_type(func)?.params(), &mut self.args)?;
        self.store.begin_func(func, &self.args, state)
    }

    /// Makes the first step of a call that was just begun, which takes its place where that is not
    /// `within` another whose level is closed.
    fn first_step(&mut self, instance: u32, execution: Execution, within: u32) -> u32 {
        let mut call = Call::new(execution, self.systems.seat_of(instance), self.budget(within));
        let entered = match self.reopen(within) {
            Ok(None) => Ok(()),
            Ok(Some(outer)) => self.enter_within(&mut call.execution, outer),
            Err(InvokeError::Trap(ended)) => {
                let (step, number, bits) = call::trap(&mut self.trapped, ended);
                let head = Head { handle: Protocol::NO_CALL, detail: number, state: bits, fuel: 0, used: 0 };
                head.put(&mut self.exchange);
                return step;
            }
            Err(_) => Err(ExecutionError::Busy),
        };
        if entered.is_err() {
            return Protocol::BUSY;
        }
        let step = stage!(self).advance(&mut call, Protocol::NO_CALL);
        if matches!(step, Protocol::HOST_CALL | Protocol::OUT_OF_FUEL | Protocol::OUTSIDE | Protocol::WAITS) {
            let handle = self.calls.insert(call);
            self.exchange.put_word(Protocol::CALL_WORD, handle.into());
            self.after_step(handle, step);
        }
        step
    }

    /// Makes the next step of a call, whose level is closed.
    pub(crate) fn go_on(&mut self, handle: u32) -> u32 {
        let Ok(call) = self.calls.get_mut(handle) else { return Protocol::REFUSED };
        let step = stage!(self).advance(call, handle);
        self.after_step(handle, step);
        step
    }

    /// Lets a call take its place at the level that was opened for it, and goes back to the outer one.
    fn enter_within(&mut self, execution: &mut Execution, outer: Level) -> Result<(), ExecutionError> {
        let entered = execution.enter(&mut self.store);
        let _left = self.store.close_level(outer);
        entered
    }

    /// Opens the level of the host call that a call waits for, where it was closed because it will be
    /// answered later: for those that are nested in it nevertheless. The level to go back to.
    fn reopen(&mut self, within: u32) -> Result<Option<Level>, InvokeError> {
        if within == Protocol::NO_CALL || self.serving.contains(&within) {
            return Ok(None);
        }
        let call = self.calls.get(within).map_err(|_| InvokeError::Busy)?;
        let host_call = call.execution.waits_for().ok_or(InvokeError::Busy)?;
        Ok(Some(self.store.open_level(&host_call)?))
    }

    /// Notes the level of a call that made a host call, and forgets a call that is over.
    fn after_step(&mut self, handle: u32, step: u32) {
        match step {
            Protocol::HOST_CALL => self.serving.push(handle),
            Protocol::FINISHED | Protocol::TRAPPED | Protocol::EXITED => {
                self.calls.remove(handle);
            }
            _ => {}
        }
    }

    /// What a call begun now draws on: that of the one that it is within, or else of the one whose host
    /// call is being served.
    pub(crate) fn budget(&mut self, within: u32) -> Option<SharedFuel> {
        let around = if within == Protocol::NO_CALL { *self.serving.last()? } else { within };
        Some(self.calls.get_mut(around).ok()?.shared().clone())
    }

    /// Closes the level of the host call that a call waits for, if it is open, and those of calls
    /// nested in it that still wait: they cannot outlive the one around them.
    fn close(&mut self, handle: u32) {
        if !self.serving.contains(&handle) {
            return;
        }
        while let Some(open) = self.serving.pop() {
            let Ok(call) = self.calls.get_mut(open) else { continue };
            call.close(&mut self.store);
            if open == handle {
                return;
            }
        }
    }
}
