//! The fuel of calls that may outlive the host call they were begun in.

use super::execution::Execution;
use crate::types::fuel::{Account, OutOfFuel, Turnover};
use alloc::sync::Arc;
use core::fmt;
use spin::Mutex;

/// The fuel of a call and of those nested in it, also of those that outlive the host call they were begun
/// in, for those who drive executions by hand: whoever runs takes what he uses, and nobody refills it.
///
/// Within a host call that is answered before anything else happens none is needed: a level has its fuel, see
/// [`Store::open_level`](crate::Store::open_level). It is for host calls that are answered later: calls
/// nested in them go on meanwhile, by turns and in slices. Each has a part of its own, which counts what was
/// used by it and by those nested in it.
///
/// ```
/// use guestbox::{Environment, FuncIndex, Module, NoImports, SharedFuel, Step, Store};
/// # let wasm = wat::parse_str(r#"(module (import "env" "wait" (func $wait)) (func (export "run") (call $wait))
/// #     (func (export "spin") (loop (br 0))))"#).unwrap();
/// # let module = Module::new(&wasm)?;
/// let environment = Environment::new().with_function("env", "wait", FuncIndex(0));
/// let mut store = Store::new();
/// let guest = store.instantiate(&mut NoImports, &module, &environment, 0)?;
/// let mut outer = store.begin(guest, "run", &[], 0)?;
/// outer.set_fuel(10_000);
/// let Step::HostCall(call) = outer.run(&mut store)? else { panic!() };
/// let level = store.open_level(&call)?;
/// let mut inner = store.begin(guest, "spin", &[], 0)?;
/// inner.enter(&mut store)?;
/// store.close_level(level);
///
/// let shared = SharedFuel::of(&outer);
/// let part = shared.within();
/// inner.set_slice(1_000);
/// part.lend(&mut inner);
/// assert!(matches!(inner.run(&mut store)?, Step::SliceOver));
/// part.take_back(&mut inner);
/// inner.cancel(&mut store);
///
/// outer.answer(Ok(().into()))?;
/// shared.lend(&mut outer);
/// assert!(matches!(outer.run(&mut store)?, Step::Finished(_)));
/// shared.take_back(&mut outer);
/// assert!(outer.fuel_used() > part.used() && part.used() > 900);
/// assert_eq!(shared.left() + shared.used(), 10_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SharedFuel(Arc<Part>);

/// A call's part in the fuel that it shares.
struct Part {
    /// What is left for all of them.
    left: Arc<Mutex<u64>>,
    /// What was used within the call: by itself, by those nested in it, and by charges.
    used: Mutex<u64>,
    /// Of the call that it is nested in. There are no more of them than levels of nesting.
    around: Option<SharedFuel>,
}

impl SharedFuel {
    /// That of a call, which shares what it has from now on.
    #[must_use]
    pub fn of(execution: &Execution) -> Self {
        let Account { left, used } = execution.fuel.account;
        Self(Arc::new(Part { left: Arc::new(left.into()), used: used.into(), around: None }))
    }

    /// The part of a call that is nested in this one.
    #[must_use]
    pub fn within(&self) -> Self {
        let left = Arc::clone(&self.0.left);
        Self(Arc::new(Part { left, used: 0.into(), around: Some(self.clone()) }))
    }

    /// What is left for all of them.
    #[must_use]
    pub fn left(&self) -> u64 {
        *self.0.left.lock()
    }

    /// What was used within the call: by itself, by those nested in it, and by charges.
    #[must_use]
    pub fn used(&self) -> u64 {
        *self.0.used.lock()
    }

    /// Adds fuel for all of them.
    pub fn add(&self, fuel: u64) {
        let mut left = self.0.left.lock();
        *left = left.saturating_add(fuel);
    }

    /// Charges the call for its supervisor's work, as [`Store::charge`](crate::Store::charge) does.
    ///
    /// # Errors
    ///
    /// [`OutOfFuel`] where less is left. Then all of it is taken.
    pub fn charge(&self, fuel: u64) -> Result<(), OutOfFuel> {
        let mut account = self.account();
        let charged = account.charge(fuel);
        self.settle(Turnover::of(account.used.saturating_sub(self.used())));
        charged
    }

    /// Gives the call's execution all that is left, before it runs, and counts as its own what was used within
    /// it since it ran last.
    pub fn lend(&self, execution: &mut Execution) {
        execution.fuel.take_over(self.account());
    }

    /// Takes what the execution used since it was lent from what is left for all of them, and adds what it was given
    /// by [`Execution::add_fuel`].
    pub fn take_back(&self, execution: &mut Execution) {
        self.settle(execution.fuel.turn_over());
    }

    fn account(&self) -> Account {
        Account { left: self.left(), used: self.used() }
    }

    /// Notes what became of a part of the fuel. What was used of it was also used within the calls around.
    fn settle(&self, turnover: Turnover) {
        let mut counting = Some(self);
        while let Some(Self(part)) = counting {
            let mut all = part.used.lock();
            *all = all.saturating_add(turnover.used);
            counting = part.around.as_ref();
        }
        let mut left = self.0.left.lock();
        let mut account = Account::new(*left);
        account.settle(turnover);
        *left = account.left;
    }
}

impl fmt::Debug for SharedFuel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedFuel")
            .field("left", &self.left())
            .field("used", &self.used())
            .finish_non_exhaustive()
    }
}

impl Drop for Part {
    /// Lets go of those around it one after the other: each within the one before would take a stack
    /// as long as the limit of nesting allows.
    fn drop(&mut self) {
        let mut around = self.around.take();
        while let Some(mut part) = around.and_then(|SharedFuel(part)| Arc::into_inner(part)) {
            around = part.around.take();
        }
    }
}
