//! Fuel: who holds it when, and all that is reckoned with it.
//!
//! What is left and what was used is an [`Account`]. An execution has one, with the slices that it uses it
//! in: [`Fuel`]. While its host call is served the store's level has another, which begins with what is left;
//! what that comes to is counted when the host call is answered. Calls that may outlive the host call they
//! were begun in share one for all of them: [`SharedFuel`].

use crate::execution::Execution;
use alloc::sync::Arc;
use core::{error::Error, fmt};
use spin::Mutex;

/// What is left, and what was used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    left: u64,
    used: u64,
}

impl Account {
    pub(crate) const fn new(left: u64) -> Self {
        Self { left, used: 0 }
    }

    pub(crate) const fn left(self) -> u64 {
        self.left
    }

    const fn spend(&mut self, fuel: u64) {
        self.left = self.left.saturating_sub(fuel);
        self.used = self.used.saturating_add(fuel);
    }

    /// Notes that so much is left: what there was more is used.
    pub(crate) const fn spend_to(&mut self, left: u64) {
        self.spend(self.left.saturating_sub(left));
    }

    /// Takes fuel, all there is where that is too little.
    pub(crate) const fn charge(&mut self, fuel: u64) -> Result<(), OutOfFuel> {
        let is_there = fuel <= self.left;
        self.spend_to(self.left.saturating_sub(fuel));
        if is_there { Ok(()) } else { Err(OutOfFuel) }
    }
}

/// The account of an execution.
#[derive(Debug)]
pub(crate) struct Fuel {
    account: Account,
    slice: u64,
    /// What is left of the slice; no more than is left of the account can be used.
    slice_left: u64,
}

impl Fuel {
    pub(crate) const fn new(left: u64) -> Self {
        Self { account: Account::new(left), slice: u64::MAX, slice_left: u64::MAX }
    }

    pub(crate) const fn left(&self) -> u64 {
        self.account.left
    }

    pub(crate) const fn set_left(&mut self, left: u64) {
        self.account.left = left;
    }

    pub(crate) const fn used(&self) -> u64 {
        self.account.used
    }

    pub(crate) const fn set_slice(&mut self, slice: u64) {
        self.slice = slice;
        self.slice_left = slice;
    }

    /// What the engine may use until the slice or all of it is used up.
    pub(crate) const fn grant(&self) -> u64 {
        if self.account.left < self.slice_left { self.account.left } else { self.slice_left }
    }

    /// Notes that so much is left: what there was more is used.
    pub(crate) const fn spend_to(&mut self, left: u64) {
        self.spend(self.account.left.saturating_sub(left));
    }

    pub(crate) const fn spend(&mut self, fuel: u64) {
        let mut account = self.account;
        account.spend(fuel);
        self.take_over(account);
    }

    /// Goes on with what became of its account. What was used meanwhile is of its slice.
    const fn take_over(&mut self, account: Account) {
        let used = account.used.saturating_sub(self.account.used);
        self.slice_left = self.slice_left.saturating_sub(used);
        self.account = account;
    }

    /// Takes the fuel of an operation that is not the engine's, where it is there. Whether it was.
    pub(crate) const fn pay(&mut self, cost: u64) -> bool {
        let is_there = cost <= self.grant();
        if is_there {
            self.spend(cost);
        }
        is_there
    }

    /// Begins another slice if this one has not what the next operation takes.
    pub(crate) const fn renew_slice(&mut self, required: u64) {
        if self.slice_left < required {
            self.slice_left = if self.slice < required { required } else { self.slice };
        }
    }
}

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
/// part.take_back(&inner);
/// inner.cancel(&mut store);
///
/// outer.answer(Ok(().into()))?;
/// shared.lend(&mut outer);
/// assert!(matches!(outer.run(&mut store)?, Step::Finished(_)));
/// shared.take_back(&outer);
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
        self.settle(account);
        charged
    }

    /// Gives the call's execution all that is left, before it runs, and counts as its own what was used within
    /// it since it ran last.
    pub fn lend(&self, execution: &mut Execution) {
        execution.fuel.take_over(self.account());
    }

    /// Takes back what the execution left.
    pub fn take_back(&self, execution: &Execution) {
        self.settle(execution.fuel.account);
    }

    fn account(&self) -> Account {
        Account { left: self.left(), used: self.used() }
    }

    /// Notes what became of the account. What was used of it was also used within the calls around.
    fn settle(&self, account: Account) {
        let used = account.used.saturating_sub(self.used());
        let mut counting = Some(self);
        while let Some(Self(part)) = counting {
            let mut all = part.used.lock();
            *all = all.saturating_add(used);
            counting = part.around.as_ref();
        }
        *self.0.left.lock() = account.left;
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

/// A guest cannot pay what its supervisor charged it: [`Store::charge`](crate::Store::charge).
///
/// Returned from [`Supervisor::dispatch`](crate::Supervisor::dispatch) with `?` it ends the guest
/// call with the trap [`TrapCode::OutOfFuel`](crate::TrapCode::OutOfFuel).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct OutOfFuel;

impl fmt::Display for OutOfFuel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the guest has less fuel than it is charged")
    }
}

impl Error for OutOfFuel {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_part_of_the_whole() {
        let mut fuel = Fuel::new(25);
        fuel.set_slice(10);
        assert_eq!(fuel.grant(), 10);
        fuel.spend(8);
        fuel.renew_slice(2);
        assert_eq!(fuel.grant(), 2, "enough: the slice goes on");
        fuel.renew_slice(3);
        assert_eq!(fuel.grant(), 10);
        fuel.spend_to(5);
        assert_eq!((fuel.left(), fuel.used(), fuel.grant()), (5, 20, 0));
        fuel.renew_slice(12);
        assert_eq!(fuel.grant(), 5, "no more than there is");
        fuel.set_left(100);
        assert_eq!((fuel.grant(), fuel.used()), (12, 20), "an operation may take more than a slice");
        assert!(!fuel.pay(13) && fuel.pay(12) && fuel.pay(0));
        assert_eq!((fuel.left(), fuel.used(), fuel.grant()), (88, 32, 0));
    }

    #[test]
    fn an_account_is_charged_what_there_is() {
        let mut account = Account::new(10);
        assert_eq!(account.charge(7), Ok(()));
        account.spend_to(u64::MAX);
        assert_eq!((account.left, account.used), (3, 7), "it is not refilled so");
        assert_eq!(account.charge(4), Err(OutOfFuel));
        assert_eq!((account.left, account.used), (0, 10));
        assert_eq!(account.charge(0), Ok(()));
    }
}
