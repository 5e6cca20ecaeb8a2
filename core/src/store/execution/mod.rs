//! Executions: guest calls that can pause.
//!
//! Every call of a guest is an [`Execution`]. It runs until it finishes, traps, calls an import
//! or is out of fuel; the last two are pauses. While it is paused nothing of the engine is
//! borrowed: the store is free for any use, and the execution is a plain value that can be kept,
//! moved to another thread, resumed in any order with those of other guests, or dropped. Calls of one
//! guest nest: see [`Execution::enter`].
//!
//! ```
//! use guestbox::{Environment, FuncIndex, Module, Step, Store, Value};
//! # let wasm = wat::parse_str(r#"(module (import "env" "double" (func $d (param i32) (result i32)))
//! #     (func (export "run") (param i32) (result i32) (i32.add (call $d (local.get 0)) (i32.const 1))))"#).unwrap();
//! let module = Module::new(&wasm)?;
//! let environment = Environment::new().with_function("env", "double", FuncIndex(0));
//! let mut store = Store::new();
//! let instance = store.instantiate(&mut guestbox::NoImports, &module, &environment, 0)?;
//!
//! let mut execution = store.begin(instance, "run", &[Value::I32(20)], 0)?;
//! let answer = match execution.run(&mut store)? {
//!     Step::HostCall(call) => call.args[0].as_i32().unwrap() * 2,
//!     other => panic!("{other:?}"),
//! };
//! execution.answer(Ok(answer.into()))?;
//! let Step::Finished(results) = execution.run(&mut store)? else { panic!() };
//! assert_eq!(*results, [Value::I32(41)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod fuel;
mod outside;
mod places;
mod recorder;
mod replayed;
mod turn;

pub use self::outside::Back;
pub(crate) use self::recorder::Recorders;

use crate::{
    durable::journal::Noted,
    engine::{self, Function, Outcome, Paused},
    error::{ExecutionError, ResultsError},
    limits::{Bounds, to_usize},
    module::Module,
    store::{
        Store,
        cell::Ticket,
        chain::{Chain, Place},
        supervisor::HostCall,
    },
    types::{
        externs::Import,
        frames::Frames,
        fuel::{Fuel, OutOfFuel},
        host_error::HostError,
        ids::{FuncIndex, InstanceId, MemoryId},
        trap::{Trap, TrapCode},
        value::{Value, Values, values_match},
    },
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{fmt, mem};
use recorder::Recorded;

/// A guest call that can pause.
pub struct Execution {
    /// `None` once it has ended.
    context: Option<Arc<Context>>,
    state: State,
    /// What the engine keeps of it while it is paused.
    paused: Paused,
    /// The arguments of the call before it runs, those of a host call while it waits, the
    /// results of the host call after.
    values: Vec<Value>,
    /// How many results it has.
    results: usize,
    /// Whose import it calls, where it reached another guest through a table.
    elsewhere: Option<Box<Elsewhere>>,
    /// Its frames while it is paused, and when it has trapped.
    recorded: Recorded,
    pub(crate) fuel: Fuel,
    word: u32,
    purpose: Purpose,
    /// The depth of nesting at which it took its place, once it has.
    entered: Option<u32>,
    /// Its place among the calls of its guest, from then on until it ends.
    place: Option<Place>,
    /// The number of the host call that it waits for, or made last, in its chain.
    host_call: u32,
    keeps_stack: bool,
    /// The position of the export that is called, if one is.
    export: Option<u32>,
    /// What it knows of the journal of its guest, if that is recorded.
    noted: Option<Noted>,
}

/// What an execution needs of its instance, even if that is torn down meanwhile.
#[derive(Debug)]
pub(crate) struct Context {
    /// The key of the cell.
    pub(crate) cell: u32,
    /// Keeps the cell, and proves that the store at hand is the one.
    pub(crate) ticket: Arc<Ticket>,
    pub(crate) module: Module,
    /// The engine's number of the instance.
    pub(crate) handle: engine::Instance,
    /// The word that it was instantiated with.
    pub(crate) word: u32,
    /// Of the module's imported functions, in order.
    pub(crate) functions: Box<[FuncIndex]>,
    pub(crate) memory: Option<MemoryId>,
    /// The calls that are under way; `None` for a guest whose calls may overlap.
    pub(crate) chain: Option<Arc<Chain>>,
    pub(crate) bounds: Bounds,
}

/// Another instance, whose import is called.
pub(crate) struct Elsewhere {
    pub(crate) context: Arc<Context>,
    /// `None` until its start function has returned.
    pub(crate) instance: Option<InstanceId>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// To call an export of an instance.
    Call(InstanceId),
    /// To run the start function of the instance with this key, if it has one, and to give the
    /// instance its id after.
    Start(u32),
    /// To do again what was recorded, in an instance that has no id before all of that is done.
    Replayed,
}

/// What an execution did when it was run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step<'a> {
    /// It finished with these results.
    Finished(Values),
    /// It waits for the answer to this import call: [`Execution::answer`].
    HostCall(HostCall<'a>),
    /// It needs at least `required` fuel to go on: [`Execution::add_fuel`].
    #[non_exhaustive]
    OutOfFuel {
        /// The fuel that the next operation takes.
        required: u64,
    },
    /// It used up its slice and has fuel left: run it again when it is its turn, see
    /// [`Execution::set_slice`].
    SliceOver,
    /// It trapped.
    Trapped(Trap),
    /// Its code is to be run by the host that has compiled it: see [`Execution::come_back`].
    #[doc(hidden)]
    #[non_exhaustive]
    Outside {
        /// Its arguments, or the answer to its host call; none where it goes on otherwise.
        values: &'a [Value],
        /// The fuel that it may take.
        fuel: u64,
    },
}

enum State {
    /// Has not run yet. `None` where there is nothing to run: no start function.
    Ready(Option<Function>),
    /// Waits for the answer to the import of this ordinal.
    Waiting(u32),
    /// Has the answer, of the types that the import declares, in its values, and whether they refer to something.
    Answered {
        refers: bool,
    },
    /// Needs so much fuel to go on.
    OutOfFuel(u64),
    /// Runs in the host that has compiled it.
    Outside,
    /// Has come back from there, with so much fuel of what was granted left.
    Back(Outcome, u64),
    Finished(Values),
    Failed(Trap),
    Ended,
}

impl Execution {
    pub(crate) fn new(
        context: Arc<Context>,
        purpose: Purpose,
        callee: Option<Function>,
        values: Vec<Value>,
        results: usize,
        fuel: u64,
        word: u32,
    ) -> Self {
        Self {
            context: Some(context),
            state: State::Ready(callee),
            paused: None,
            values,
            results,
            elsewhere: None,
            recorded: Recorded::new(),
            fuel: Fuel::new(fuel),
            word,
            purpose,
            entered: None,
            place: None,
            host_call: 0,
            keeps_stack: false,
            export: None,
            noted: None,
        }
    }

    /// Runs the guest until it finishes, traps or pauses.
    ///
    /// While it waits for an answer this gives the same host call again.
    ///
    /// # Errors
    ///
    /// [`ExecutionError::Ended`] once it has finished or trapped;
    /// [`ExecutionError::OtherStore`] where `store` is not the one it was begun in;
    /// [`ExecutionError::Busy`] where another call of the guest is under way that this one is not
    /// nested in, or one that is nested in this.
    pub fn run(&mut self, store: &mut Store) -> Result<Step<'_>, ExecutionError> {
        let waited = self.is_waiting();
        if let State::Answered { refers: true } = self.state {
            self.admit_answer(store);
        }
        let context = self.context.as_ref().ok_or(ExecutionError::Ended)?;
        let cell = store.cell(context.cell, &context.ticket);
        let (space, serving, mut recording) = cell.ok_or(ExecutionError::OtherStore)?;
        let recorders = serving.recorders;
        match &context.chain {
            Some(chain) if self.entered.is_some() => chain.settle(space),
            _ => self.take_place(space, serving, recording.as_deref_mut())?,
        }
        // One that ends now ends whatever is nested in it.
        if !self.is_last() && !matches!(self.state, State::Failed(_)) {
            return Err(ExecutionError::Busy);
        }
        if let Some(required) = self.required() {
            self.fuel.renew_slice(required);
        }
        let elsewhere = self.go_on(space, recorders, recording);
        let required = self.required();
        if self.is_waiting() && !waited {
            self.wait();
            if let Some(instance) = elsewhere {
                self.look_elsewhere(store, instance);
            }
            let too_deep =
                self.context.as_ref().and_then(|context| store.is_too_deep(self.depth(), &context.bounds));
            if let Some(trap) = too_deep {
                self.state = State::Failed(trap);
            }
        }
        match (&self.state, required) {
            (State::Outside, _) => Ok(Step::Outside { values: &self.values, fuel: self.fuel.grant() }),
            (State::Waiting(_), _) => self.waits_for().map(Step::HostCall).ok_or(ExecutionError::Ended),
            (_, Some(required)) if required > self.fuel.left() => Ok(Step::OutOfFuel { required }),
            (_, Some(_)) => Ok(Step::SliceOver),
            _ => self.end(store),
        }
    }

    /// Gives the results of the import call that it waits for. Results of other types than the
    /// import declares make it trap when it is run next, and so does an error.
    ///
    /// # Errors
    ///
    /// [`ExecutionError::NotWaiting`] where it does not wait for an answer;
    /// [`ExecutionError::Busy`] where a call that is nested in it has not ended and it is to go on: it
    /// may end, with an error.
    pub fn answer(&mut self, answer: Result<Values, HostError>) -> Result<(), ExecutionError> {
        let State::Waiting(ordinal) = self.state else { return Err(ExecutionError::NotWaiting) };
        self.state = match answer {
            Ok(results) if self.is_result_of(ordinal, &results) => {
                if !self.can_go_on() {
                    return Err(ExecutionError::Busy);
                }
                self.values.clear();
                self.values.extend_from_slice(&results);
                State::Answered { refers: results.iter().any(|value| value.refers()) }
            }
            Ok(results) => State::Failed(match self.imported_function(ordinal) {
                Some(import) => Trap::because(TrapCode::ResultType, ResultsError::new(import, &results)),
                None => TrapCode::ResultType.into(),
            }),
            Err(error) => State::Failed(match error.into_reason() {
                Some(reason) if reason.is::<OutOfFuel>() => TrapCode::OutOfFuel.into(),
                reason => Trap::host(reason),
            }),
        };
        self.elsewhere = None;
        self.wait_no_longer();
        Ok(())
    }

    /// The host call that it waits for, which [`Execution::run`] gave; `None` where it waits for none.
    /// To open its level again, also while calls are nested in it: [`Store::open_level`].
    #[must_use]
    pub fn waits_for(&self) -> Option<HostCall<'_>> {
        let State::Waiting(ordinal) = self.state else { return None };
        let own = self.context.as_ref()?;
        let (caller, instance, state) = match self.elsewhere.as_deref() {
            Some(Elsewhere { context, instance }) => (context, *instance, context.word),
            None => (own, self.instance(), self.word),
        };
        Some(HostCall {
            func: *caller.functions.get(to_usize(ordinal))?,
            import: self.imported_function(ordinal)?,
            ordinal,
            args: &self.values,
            state,
            instance,
            memory: caller.memory,
            fuel: self.fuel.left(),
            number: self.noted.as_ref().map(|noted| noted.host_call).filter(|number| *number > 0),
            execution: self,
        })
    }

    /// Ends it where it is and frees what it holds.
    ///
    /// Dropping it does the same, but then memory of a torn-down instance may stay until the
    /// store is next used. The guest's memory and globals stay as they are but for the pointer of its
    /// stack, see [`Module::stack_pointer`]; an instantiation whose start function has not returned is
    /// given up.
    pub fn cancel(&mut self, store: &mut Store) {
        self.recorded = Recorded::new();
        self.stop(store, TrapCode::OutOfFuel.into());
    }

    /// Ends it as [`Execution::cancel`] does and returns the trap that says why, with the fuel
    /// used and the frames.
    pub fn end_with(&mut self, store: &mut Store, trap: impl Into<Trap>) -> Trap {
        self.stop(store, trap.into())
    }

    /// The frames where it is paused, of modules that were compiled with frames: see
    /// [`Trap::frames`]. None before it runs and after it has ended.
    #[must_use]
    pub fn frames(&self) -> Frames {
        self.context.as_ref().map_or(Frames::NONE, |context| self.recorded.frames(context.handle))
    }

    /// Ends it where it is, if it belongs to this store and has not ended.
    fn stop(&mut self, store: &mut Store, trap: Trap) -> Trap {
        let belongs = |context: &Arc<Context>| store.has_cell(context.cell, &context.ticket);
        if !self.context.as_ref().is_some_and(belongs) {
            return trap.after(self.fuel_used());
        }
        let code = trap.code();
        self.state = State::Failed(trap);
        match self.end(store) {
            Ok(Step::Trapped(trap)) => trap,
            _ => Trap::from(code).after(self.fuel_used()),
        }
    }

    /// The instance it runs in; `None` for an instantiation until its start function has
    /// returned.
    #[must_use]
    pub const fn instance(&self) -> Option<InstanceId> {
        match self.purpose {
            Purpose::Call(instance) => Some(instance),
            Purpose::Start(_) | Purpose::Replayed => None,
        }
    }

    /// The position of the export that it calls among [`Module::exports`]; `None` for a start function, and for a function that is no export or
    /// was called by a reference.
    #[must_use]
    pub fn export_position(&self) -> Option<usize> {
        self.export.map(to_usize)
    }

    /// Whether it has finished or trapped.
    #[must_use]
    pub const fn is_ended(&self) -> bool {
        self.context.is_none()
    }

    /// Whether the import that it waits for is another guest's.
    pub(crate) const fn is_elsewhere(&self) -> bool {
        self.elsewhere.is_some()
    }

    const fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting(_))
    }

    fn is_result_of(&self, ordinal: u32, results: &[Value]) -> bool {
        let ty = self.imported_function(ordinal).and_then(|import| import.ty().as_func());
        ty.is_some_and(|ty| values_match(results, ty.results()))
    }

    fn imported_function(&self, ordinal: u32) -> Option<&Import> {
        let elsewhere = self.elsewhere.as_deref().map(|elsewhere| &elsewhere.context);
        elsewhere.or(self.context.as_ref())?.module.imported_function(ordinal)
    }

    /// The import that it calls is of another instance.
    fn look_elsewhere(&mut self, store: &Store, instance: engine::Instance) {
        let cell = self.context.as_ref().map(|context| context.cell);
        self.elsewhere = cell.and_then(|cell| store.linked(cell, instance)).map(Box::new);
        if self.elsewhere.is_none() {
            self.state = State::Failed(TrapCode::TornDown.into());
        }
    }

    /// Lets the guest have what the answer refers to; where it cannot, the call ends.
    fn admit_answer(&mut self, store: &mut Store) {
        let Some(context) = &self.context else { return };
        if !store.has_cell(context.cell, &context.ticket) {
            return;
        }
        self.state = match store.admit_all(context.cell, context.chain.as_ref(), &self.values) {
            Ok(()) => State::Answered { refers: false },
            Err(error) => State::Failed(Trap::because(TrapCode::HostError, error)),
        };
    }

    /// Lets go of everything and says how it ended.
    fn end(&mut self, store: &mut Store) -> Result<Step<'static>, ExecutionError> {
        let context = self.context.take().ok_or(ExecutionError::Ended)?;
        self.paused = None;
        self.elsewhere = None;
        self.note_end(store, &context);
        store.recycle(mem::take(&mut self.values));
        self.leave(store, &context);
        let step = match mem::replace(&mut self.state, State::Ended) {
            State::Finished(results) => Step::Finished(results),
            State::Failed(trap) => {
                let frames = mem::replace(&mut self.recorded, Recorded::new()).frames(context.handle);
                Step::Trapped(trap.after(self.fuel.used()).at(frames))
            }
            _ => Step::Trapped(TrapCode::Engine.into()),
        };
        let step = match (self.purpose, step) {
            (Purpose::Start(key), Step::Finished(results)) => match store.publish(key) {
                Some(instance) => {
                    self.purpose = Purpose::Call(instance);
                    Step::Finished(results)
                }
                None => Step::Trapped(TrapCode::Engine.into()),
            },
            (Purpose::Start(key), step) => {
                store.discard(key);
                step
            }
            (Purpose::Call(_) | Purpose::Replayed, step) => step,
        };
        store.release(context);
        Ok(step)
    }
}

impl fmt::Debug for Execution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Ready(_) => "ready",
            State::Waiting(_) => "waiting",
            State::Answered { .. } => "answered",
            State::OutOfFuel(_) => "out of fuel",
            State::Outside | State::Back(..) => "outside",
            State::Finished(_) | State::Failed(_) | State::Ended => "ended",
        };
        f.debug_struct("Execution")
            .field("state", &state)
            .field("fuel", &self.fuel.left())
            .finish_non_exhaustive()
    }
}
