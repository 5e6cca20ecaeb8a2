//! The store: a supervisor's memories and instances, and the loop that serves a guest call.

mod cell;
mod chain;
mod environment;
mod execution;
mod exports;
mod fuel;
mod functions;
mod globals;
mod homes;
mod instances;
mod leavings;
mod memories;
mod rebuild;
mod recording;
mod references;
mod replay;
mod serving;
mod shared;
mod shared_fuel;
mod snapshots;
mod supervisor;
mod tables;

use crate::{
    engine::{Budgets, Space},
    error::{InstantiateError, InvokeError},
    limits::{InstanceLimits, Limits, maximum},
    module::Module,
    types::{
        fuel::Account,
        ids::{InstanceId, unique},
        slots::{Numbers, Slots},
        trap::{Trap, TrapCode},
        value::{Value, Values},
    },
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use cell::{Cell, Ticket};
use chain::Link;
use instances::Instance;
use leavings::Leavings;
use recording::Recording;
use serving::Serving;
use shared::Things;

pub use self::{
    environment::Environment,
    execution::{Back, Execution, Step},
    replay::{Replay, Replayed},
    shared_fuel::SharedFuel,
    supervisor::{HostCall, NoImports, Supervisor},
};

/// A supervisor's memories and instances.
///
/// Everything in it is named by ids, which count up from 0 and are never reused. A store can be
/// moved between threads, not shared by them.
///
/// ```
/// use guestbox::{Environment, FuncIndex, HostCall, HostError, Module, Store, Value, Values};
/// # let wasm = wat::parse_str(r#"(module (import "env" "now" (func $now (result i64)))
/// #     (func (export "later") (param i64) (result i64) (i64.add (call $now) (local.get 0))))"#).unwrap();
/// let module = Module::new(&wasm)?;
/// let environment = Environment::new().with_function("env", "now", FuncIndex(7));
/// let mut supervisor = |_: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
///     assert_eq!(call.func, FuncIndex(7));
///     Ok(1_000_i64.into())
/// };
/// let mut store = Store::new();
/// let guest = store.instantiate(&mut supervisor, &module, &environment, 0)?;
/// let results = store.invoke(&mut supervisor, guest, "later", &[Value::I64(24)], 0)?;
/// assert_eq!(*results, [Value::I64(1_024)]);
/// store.teardown_instance(guest)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Store {
    /// Tells this store's ids from those of others.
    tag: u64,
    /// Boxed, as a store that serves a supervisor is moved at each level of nesting.
    limits: Box<Limits>,
    budgets: Budgets,
    cells: Slots<Cell>,
    /// What guests can share and the supervisor made.
    things: Things,
    /// Instances by key, which they have from the beginning.
    instances: Slots<Instance>,
    /// The keys of the instances that have a number, which they get after their start function.
    numbers: Slots<u32>,
    leavings: Arc<Leavings>,
    /// The keys of cells that have, or had, things of the supervisor's.
    with_externs: Numbers,
    /// The keys of cells that are not used and hold dead instances, among others.
    idle: Numbers,
    /// Instances that are dead but not freed yet.
    dead_instances: u32,
    level: Level,
    /// The host calls that are being served, each within the one before; `None` for one of a guest whose
    /// calls may overlap.
    serving: Vec<Option<Link>>,
    /// Buffers for reuse.
    spare: Vec<Vec<Value>>,
}

/// Buffers that are kept for reuse.
const SPARE_BUFFERS: usize = 32;

impl Store {
    /// An empty store with the default [`Limits`].
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    /// An empty store.
    #[must_use]
    pub fn with_limits(limits: Limits) -> Self {
        Self {
            tag: unique(),
            budgets: Budgets::new(&limits),
            limits: Box::new(limits),
            cells: Slots::new(),
            things: Things::default(),
            instances: Slots::new(),
            numbers: Slots::new(),
            leavings: Arc::default(),
            with_externs: Numbers::default(),
            idle: Numbers::default(),
            dead_instances: 0,
            level: Level { depth: 0, fuel: None, serving: 0 },
            serving: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// The limits.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Sets [`Limits::nesting`].
    pub(crate) fn set_nesting(&mut self, levels: u32) {
        self.limits.nesting = levels;
    }

    /// Pages (64 KiB) of all memories together, those that are not freed yet included.
    #[must_use]
    pub fn memory_pages_in_use(&self) -> u32 {
        self.budgets.pages.used()
    }

    /// Instantiates a module and runs its start function.
    ///
    /// The instance gets its id when the start function has returned. `state` is a word of the
    /// supervisor's own that comes with each host call of the start function.
    ///
    /// # Errors
    ///
    /// See [`InstantiateError`]. Nothing is undone: what segments or the start function wrote
    /// to a shared memory stays.
    pub fn instantiate<S: Supervisor + ?Sized>(
        &mut self,
        supervisor: &mut S,
        module: &Module,
        environment: &Environment,
        state: u32,
    ) -> Result<InstanceId, InstantiateError> {
        self.instantiate_with(supervisor, module, environment, state, InstanceLimits::new())
    }

    /// Instantiates a module as [`Store::instantiate`] does, under limits of its own.
    ///
    /// # Errors
    ///
    /// See [`InstantiateError`] and [`Store::instantiate`].
    pub fn instantiate_with<S: Supervisor + ?Sized>(
        &mut self,
        supervisor: &mut S,
        module: &Module,
        environment: &Environment,
        state: u32,
        limits: InstanceLimits,
    ) -> Result<InstanceId, InstantiateError> {
        if !module.has_start() {
            let (key, _) = self.link(module, environment, limits, state)?;
            return self.publish(key).ok_or(InstantiateError::IdsExhausted);
        }
        let mut execution = self.begin_instantiate_with(module, environment, state, limits)?;
        match limits.fuel {
            Some(_) => self.drive(supervisor, &mut execution),
            None => self.drive_sharing(supervisor, &mut execution),
        }
        .map_err(InstantiateError::Start)?;
        execution.instance().ok_or(InstantiateError::Engine)
    }

    /// Calls an exported function, serving its host calls with `supervisor`.
    ///
    /// `state` is a word of the supervisor's own that comes with each host call.
    ///
    /// An outermost call has the fuel of its instance, which is [`Limits::fuel`] where no
    /// [`InstanceLimits`] say otherwise. A call that a supervisor makes while it serves
    /// another draws on what that has left, and never refills it.
    ///
    /// A call of the guest that the supervisor begins while it serves a host call has to end before it
    /// returns. If it does not the outer call ends with the trap [`TrapCode::HostError`] and
    /// [`ExecutionError::Busy`](crate::ExecutionError::Busy) as its reason.
    ///
    /// # Errors
    ///
    /// See [`InvokeError`]. The store and the instance stay usable.
    pub fn invoke<S: Supervisor + ?Sized>(
        &mut self,
        supervisor: &mut S,
        instance: InstanceId,
        export: &str,
        args: &[Value],
        state: u32,
    ) -> Result<Values, InvokeError> {
        match self.begin(instance, export, args, state) {
            // It is large, so it stays where it is.
            Ok(ref mut execution) => {
                self.enter(execution)?;
                Ok(self.drive_sharing(supervisor, execution)?)
            }
            Err(error) => Err(error),
        }
    }

    /// Runs an execution to its end, serving its host calls with `supervisor`.
    ///
    /// This is the loop of [`Store::invoke`], for an execution that was begun by hand. It has
    /// the fuel of the execution and no more: out of fuel is a trap here, and nothing is drawn
    /// from an outer call.
    ///
    /// # Errors
    ///
    /// The trap, if the guest trapped. An execution that cannot be run, see [`Execution::run`], is
    /// [`TrapCode::Engine`] with the [`ExecutionError`](crate::ExecutionError) as its reason.
    pub fn drive<S: Supervisor + ?Sized>(
        &mut self,
        supervisor: &mut S,
        execution: &mut Execution,
    ) -> Result<Values, Trap> {
        self.serve(supervisor, execution, false)
    }

    /// Drives an execution on the fuel of the level, if it is within a host call.
    pub(crate) fn drive_sharing<S: Supervisor + ?Sized>(
        &mut self,
        supervisor: &mut S,
        execution: &mut Execution,
    ) -> Result<Values, Trap> {
        let results = self.serve(supervisor, execution, true);
        self.draw(execution);
        results
    }

    fn serve<S: Supervisor + ?Sized>(
        &mut self,
        supervisor: &mut S,
        execution: &mut Execution,
        shares: bool,
    ) -> Result<Values, Trap> {
        let mut leave = self.leave_later(shares);
        let (store, outer) = leave.parts();
        loop {
            match execution.run(store) {
                Ok(Step::Finished(results)) => return Ok(results),
                // It is large, so it stays where it is.
                Ok(Step::HostCall(ref call)) => {
                    let answer = match store.open_level(call) {
                        Ok(_) => supervisor.dispatch(store, *call),
                        Err(trap) => return Err(execution.end_with(store, trap)),
                    };
                    execution.spend_to(store.close_level(outer));
                    // It waits; but what the supervisor began within may not have ended.
                    if let Err(busy) = execution.answer(answer) {
                        return Err(execution.end_with(store, Trap::because(TrapCode::HostError, busy)));
                    }
                }
                Ok(Step::OutOfFuel { .. }) => return Err(execution.end_with(store, TrapCode::OutOfFuel)),
                Ok(Step::SliceOver) => {}
                Ok(Step::Trapped(trap)) => return Err(trap),
                Ok(Step::Outside { .. }) => return Err(execution.end_with(store, TrapCode::Engine)),
                Err(error) => return Err(Trap::because(TrapCode::Engine, error)),
            }
        }
    }

    /// Goes back to the level of now when what it returns is dropped.
    #[inline]
    pub(crate) const fn leave_later(&mut self, shares: bool) -> Leave<'_> {
        let outer = self.level;
        Leave { store: self, outer, shares }
    }

    /// Opens a level of nesting, for those who serve host calls by hand: call it before the
    /// supervisor serves a host call, and [`Store::close_level`] with what this returns after. Calls
    /// that take their places in between are nested in the one that makes the host call and share its
    /// fuel. [`Store::invoke`] and [`Store::drive`] do it on their own.
    ///
    /// A level may be opened for the same host call again, as for one that is answered much later.
    ///
    /// # Errors
    ///
    /// [`TrapCode::NestingTooDeep`] where [`Limits::nesting`] levels are open: end the execution
    /// with it, [`Execution::end_with`].
    pub fn open_level(&mut self, call: &HostCall<'_>) -> Result<Level, Trap> {
        let outer = self.level;
        let depth = outer.depth.max(call.execution.depth()).saturating_add(1);
        let within = maximum::nesting(&self.limits).check(depth.into());
        within.map_err(|refused| Trap::because(TrapCode::NestingTooDeep, refused))?;
        self.serving.push(call.execution.link());
        self.level = Level { depth, fuel: Some(Account::new(call.fuel)), serving: self.serving.len() };
        Ok(outer)
    }

    /// Goes back to a level and returns the fuel that the closed one has left, which the
    /// execution whose host call was served goes on with: [`Execution::spend_to`].
    pub fn close_level(&mut self, outer: Level) -> u64 {
        let closed = core::mem::replace(&mut self.level, outer);
        self.serving.truncate(outer.serving);
        closed.fuel.map_or(maximum::fuel(&self.limits), Account::left)
    }

    /// Whether a host call is being served, so that a call begun now is nested in another.
    #[must_use]
    pub const fn is_serving(&self) -> bool {
        self.level.fuel.is_some()
    }

    /// Whether this store has the cell of this key and ticket.
    pub(crate) fn has_cell(&self, key: u32, ticket: &Arc<Ticket>) -> bool {
        self.cells.get(key).is_ok_and(|cell| Arc::ptr_eq(&cell.ticket, ticket))
    }

    /// The space of the cell of this key and ticket, what is being served, and what is recorded of its guest.
    pub(crate) fn cell(&mut self, key: u32, ticket: &Arc<Ticket>) -> Option<InCell<'_>> {
        let cell = self.cells.get_mut(key).ok().filter(|cell| Arc::ptr_eq(&cell.ticket, ticket))?;
        let Cell { space, recorders, recording, .. } = cell;
        let serving = Serving { host_calls: &self.serving, depth: self.level.depth, recorders };
        Some((&mut **space, serving, recording.as_deref_mut()))
    }

    /// Takes a buffer back.
    pub(crate) fn recycle(&mut self, mut buffer: Vec<Value>) {
        if buffer.capacity() > 0 && self.spare.len() < SPARE_BUFFERS {
            buffer.clear();
            self.spare.push(buffer);
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self::new()
    }
}

/// A level of nesting: how deeply guest and supervisor have called each other, and the fuel that
/// calls on it draw on. See [`Store::open_level`].
#[derive(Clone, Copy, Debug)]
pub struct Level {
    depth: u32,
    /// `None` outside of any host call: there every call has a budget of its own.
    fuel: Option<Account>,
    /// How many host calls are being served.
    serving: usize,
}

/// What a call needs of its cell.
pub(crate) type InCell<'a> = (&'a mut dyn Space, Serving<'a>, Option<&'a mut Recording>);

/// Goes back to the level it was made on, also when a supervisor panics.
pub(crate) struct Leave<'a> {
    store: &'a mut Store,
    outer: Level,
    /// Whether the fuel left on an inner level at a panic is all that the outer one has left.
    shares: bool,
}

impl Leave<'_> {
    /// The store, and the level that it goes back to.
    #[inline]
    pub(crate) const fn parts(&mut self) -> (&mut Store, Level) {
        (self.store, self.outer)
    }
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        let inner = core::mem::replace(&mut self.store.level, self.outer);
        self.store.serving.truncate(self.outer.serving);
        if let (true, Some(account), Some(inner)) = (self.shares, &mut self.store.level.fuel, inner.fuel) {
            account.spend_to(inner.left());
        }
    }
}
