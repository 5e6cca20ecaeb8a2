//! What an embedder keeps for a supervisor, and how the store gets from there to a host function
//! and back while a thunk runs.

use super::{
    allocator::Allocator,
    failure::Failure,
    memory::{LinearMemory, OutOfBounds},
};
use crate::{
    abi::{
        SupervisorTrap, ThunkLookupError,
        errors::AllocatorError,
        thunk::{Region, ThunkSupervisor},
    },
    limits::{Limits, to_usize},
    store::Store,
    types::ids::FuncIndex,
};
use alloc::{boxed::Box, vec::Vec};
use core::{error::Error, fmt};
use hashbrown::HashMap;
use wasmi::TypedFunc;

/// What the host functions need of the engine that a supervisor runs in.
///
/// It is made anew for each host function that the supervisor calls, as a rule.
pub trait Embedder: LinearMemory {
    /// What the engine calls a dispatch thunk by. It stays valid whatever becomes of the table.
    type Thunk: Copy;

    /// Lends the supervisor's sandbox to `act`, which calls nothing of the supervisor's.
    fn with_sandbox<R>(&mut self, act: impl FnOnce(&mut Sandbox<Self::Thunk>) -> R) -> R;

    /// Looks up the dispatch thunk at `index` of the supervisor's table.
    ///
    /// # Errors
    ///
    /// Where there is no function of the type `(i32, i32, i32, i32) -> i64`.
    fn find_thunk(&mut self, index: u32) -> Result<Self::Thunk, ThunkLookupError>;

    /// Calls a dispatch thunk with `(args.ptr, args.len, state, func)`. Its result is a region of
    /// the supervisor's memory, packed as `ptr << 32 | len`. It may call host functions.
    ///
    /// # Errors
    ///
    /// Where it traps; the guest call that it serves does so, too.
    fn call_thunk(
        &mut self,
        thunk: Self::Thunk,
        args: Region,
        state: u32,
        func: FuncIndex,
    ) -> Result<i64, ThunkTrapped>;

    /// Told why [`instantiate`](super::instantiate) or [`invoke`](super::invoke) is about to return a code that says that it failed, which is all
    /// that the supervisor learns. Nothing is lent or under way meanwhile.
    fn failed(&mut self, failure: Failure) {
        drop(failure);
    }
}

/// A dispatch thunk of a supervisor that runs in wasmi:
/// `(args_ptr, args_len, state, func) -> ptr << 32 | len`.
pub type WasmiThunk = TypedFunc<(u32, u32, u32, u32), i64>;

/// The guests of one supervisor: a [`Store`], the supervisor's [`Allocator`], and the dispatch
/// thunk of each instance.
///
/// `Thunk` is what the embedder's engine calls a thunk by; it defaults to that of wasmi.
#[derive(Debug)]
pub struct Sandbox<Thunk = WasmiThunk> {
    /// `None` while a host function has it. Boxed, as it goes to and fro on the host's stack.
    store: Option<Box<Store>>,
    /// `None` until it is known where the heap begins.
    allocator: Option<Allocator>,
    /// By the number of the instance.
    thunks: HashMap<u32, Thunk>,
    observer: Option<Observer>,
}

/// Who is told why the supervisor got a code.
struct Observer(Box<dyn FnMut(&Failure) + Send + Sync>);

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// The levels of nesting of a [`Sandbox`], if its limits do not allow fewer.
///
/// Where wasmi runs the supervisor they take a quarter of the stack of a 256 KiB thread at most, with
/// what is done on the last of them: see [Nesting](super#nesting).
pub const NESTING: u32 = 8;

impl<Thunk> Sandbox<Thunk> {
    /// A sandbox without guests. The supervisor has no heap until
    /// [`Sandbox::set_heap_base`] says where it begins.
    ///
    /// Guests and supervisor nest to [`NESTING`] levels, or to [`Limits::nesting`] where that is less:
    /// [`Sandbox::with_nesting`] allows more.
    #[must_use]
    pub fn new(mut limits: Limits) -> Self {
        limits.nesting = limits.nesting.min(NESTING);
        let store = Some(Box::new(Store::with_limits(limits)));
        Self { store, allocator: None, thunks: HashMap::new(), observer: None }
    }

    /// A sandbox for a supervisor that meters its guests itself, under [`Limits::self_metered`]: without a bound
    /// of fuel, and to 128 levels. Make sure that the thread has the stack for them: see
    /// [Nesting](super#nesting).
    #[must_use]
    pub fn self_metered() -> Self {
        let limits = Limits::self_metered();
        let levels = limits.nesting;
        Self::new(limits).with_nesting(levels)
    }

    /// Lets guests and supervisor nest to so many levels, whatever the limits say. Make sure that the
    /// thread has the stack for it: see [Nesting](super#nesting).
    ///
    /// ```
    /// use guestbox::{Limits, substrate::Sandbox};
    /// // As deep as contracts of the lineage called each other.
    /// let sandbox = Sandbox::<u32>::new(Limits::default()).with_nesting(32);
    /// assert_eq!(sandbox.store().unwrap().limits().nesting, 32);
    /// ```
    #[must_use]
    pub fn with_nesting(mut self, levels: u32) -> Self {
        if let Some(store) = &mut self.store {
            store.set_nesting(levels);
        }
        self
    }

    /// Has `observer` told why the supervisor gets a code that says that something failed, as it happens:
    /// the innermost failure of nested guests first. Of limits the supervisor learns nothing else.
    ///
    /// ```
    /// use guestbox::{Limits, substrate::Sandbox};
    /// let sandbox = Sandbox::<u32>::new(Limits::default()).with_observer(|failure| {
    ///     if failure.is_limit() {
    ///         eprintln!("a limit was reached: {failure}");
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn with_observer(mut self, observer: impl FnMut(&Failure) + Send + Sync + 'static) -> Self {
        self.observer = Some(Observer(Box::new(observer)));
        self
    }

    pub(super) fn failed(&mut self, failure: &Failure) {
        if let Some(Observer(observer)) = &mut self.observer {
            observer(failure);
        }
    }

    /// Begins an empty heap at `heap_base`, the value of the supervisor's global `__heap_base`.
    pub fn set_heap_base(&mut self, heap_base: u32) {
        self.allocator = Some(Allocator::new(heap_base));
    }

    /// The allocator, once there is a heap.
    #[must_use]
    pub const fn allocator(&self) -> Option<&Allocator> {
        self.allocator.as_ref()
    }

    /// The store; `None` while a host function uses it, which only the embedder's own callbacks
    /// for the supervisor's memory can meet.
    #[must_use]
    pub fn store(&self) -> Option<&Store> {
        self.store.as_deref()
    }

    /// The store, as [`Sandbox::store`] gives it. An instance that is made in it directly has no
    /// thunk and cannot be invoked by the supervisor.
    pub fn store_mut(&mut self) -> Option<&mut Store> {
        self.store.as_deref_mut()
    }

    pub(super) fn keep_thunk(&mut self, instance: u32, thunk: Thunk) {
        self.thunks.insert(instance, thunk);
    }

    pub(super) fn forget_thunk(&mut self, instance: u32) {
        self.thunks.remove(&instance);
    }
}

impl<Thunk: Copy> Sandbox<Thunk> {
    pub(super) fn thunk(&self, instance: u32) -> Option<Thunk> {
        self.thunks.get(&instance).copied()
    }
}

impl<Thunk> Default for Sandbox<Thunk> {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl<Thunk> AsMut<Self> for Sandbox<Thunk> {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

/// Has the allocator do something in the supervisor's memory.
pub(super) fn with_allocator<E: Embedder + ?Sized, R>(
    embedder: &mut E,
    act: impl FnOnce(&mut Allocator, &mut E) -> Result<R, AllocatorError>,
) -> Result<R, AllocatorError> {
    // It is away meanwhile: should the embedder's memory call back, there is no heap.
    let allocator = embedder.with_sandbox(|sandbox| sandbox.allocator.take());
    let mut away = Away { allocator, embedder };
    let allocator = away.allocator.as_mut().ok_or(AllocatorError::NoHeap)?;
    act(allocator, away.embedder)
}

/// The allocator outside of the sandbox; it goes back also where the embedder panics.
struct Away<'a, E: Embedder + ?Sized> {
    allocator: Option<Allocator>,
    embedder: &'a mut E,
}

impl<E: Embedder + ?Sized> Drop for Away<'_, E> {
    fn drop(&mut self) {
        let allocator = self.allocator.take();
        if allocator.is_some() {
            self.embedder.with_sandbox(|sandbox| sandbox.allocator = allocator);
        }
    }
}

/// The store and the embedder, for a host function that needs both. The store goes back to the
/// sandbox at the end, also where the embedder panics.
pub(super) struct Checkout<'a, E: Embedder + ?Sized> {
    store: Option<Box<Store>>,
    serving: Serving<'a, E>,
}

impl<'a, E: Embedder + ?Sized> Checkout<'a, E> {
    /// # Errors
    ///
    /// Where another host function has the store already.
    pub(super) fn new(embedder: &'a mut E) -> Result<Self, SupervisorTrap> {
        let store = embedder.with_sandbox(|sandbox| sandbox.store.take());
        if store.is_none() {
            return Err(SupervisorTrap::StoreInUse);
        }
        Ok(Self { store, serving: Serving { embedder, spare: None } })
    }

    pub(super) fn parts(&mut self) -> Result<(&mut Store, &mut Serving<'a, E>), SupervisorTrap> {
        let store = self.store.as_deref_mut().ok_or(SupervisorTrap::StoreInUse)?;
        Ok((store, &mut self.serving))
    }
}

impl<E: Embedder + ?Sized> Drop for Checkout<'_, E> {
    fn drop(&mut self) {
        let store = self.store.take();
        self.serving.embedder.with_sandbox(|sandbox| sandbox.store = store);
    }
}

/// An embedder, as the supervisor that the thunk adapter knows.
pub(super) struct Serving<'a, E: Embedder + ?Sized> {
    embedder: &'a mut E,
    /// What stands in for the store while a thunk has it.
    spare: Option<Box<Store>>,
}

impl<E: Embedder + ?Sized> ThunkSupervisor for Serving<'_, E> {
    type Error = ServingError;
    type Thunk = E::Thunk;

    fn allocate(&mut self, len: u32) -> Result<u32, ServingError> {
        let allocated = with_allocator(self.embedder, |allocator, memory| allocator.allocate(memory, len));
        allocated.map_err(ServingError::Allocator)
    }

    fn deallocate(&mut self, ptr: u32) -> Result<(), ServingError> {
        let freed = with_allocator(self.embedder, |allocator, memory| allocator.free(memory, ptr));
        freed.map_err(ServingError::Allocator)
    }

    fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), ServingError> {
        self.embedder.write(ptr, bytes).map_err(|OutOfBounds| ServingError::Memory)
    }

    fn read(&mut self, region: Region, buffer: &mut Vec<u8>) -> Result<(), ServingError> {
        read_region(self.embedder, region, buffer).map_err(|_| ServingError::Memory)
    }

    fn invoke(
        &mut self,
        store: &mut Store,
        thunk: E::Thunk,
        args: Region,
        state: u32,
        func: FuncIndex,
    ) -> Result<i64, ServingError> {
        let mut real = self.spare.take().unwrap_or_else(|| spare(store.limits()));
        core::mem::swap(store, &mut *real);
        self.embedder.with_sandbox(|sandbox| sandbox.store = Some(real));
        let lent = Lent { store, serving: self };
        lent.serving.embedder.call_thunk(thunk, args, state, func).map_err(|ThunkTrapped| ServingError::Thunk)
    }
}

/// What stands in for a store with these limits. Not inlined, as its frame would stay on the stack at
/// each level of nesting.
#[inline(never)]
fn spare(limits: &Limits) -> Box<Store> {
    Box::new(Store::with_limits(limits.clone()))
}

/// The store is in the sandbox again, for the host functions that a thunk calls. At the end it
/// comes back from there, also where the thunk panics.
struct Lent<'a, 'b, E: Embedder + ?Sized> {
    store: &'a mut Store,
    serving: &'a mut Serving<'b, E>,
}

impl<E: Embedder + ?Sized> Drop for Lent<'_, '_, E> {
    fn drop(&mut self) {
        let real = self.serving.embedder.with_sandbox(|sandbox| sandbox.store.take());
        // Should the embedder have lost it, the guest call ends: its execution knows its store.
        if let Some(mut real) = real {
            core::mem::swap(self.store, &mut *real);
            self.serving.spare = Some(real);
        }
    }
}

/// Replaces `buffer`'s contents by those of a region of the supervisor's memory.
pub(super) fn read_region<E: Embedder + ?Sized>(
    embedder: &mut E,
    region: Region,
    buffer: &mut Vec<u8>,
) -> Result<(), SupervisorTrap> {
    check_region(embedder, region)?;
    let len = to_usize(region.len);
    buffer.clear();
    buffer.try_reserve_exact(len).map_err(|_| SupervisorTrap::OutOfSystemMemory)?;
    buffer.resize(len, 0);
    embedder.read(region.ptr, buffer).map_err(|OutOfBounds| SupervisorTrap::Slice)
}

/// Checks that a region is all inside the supervisor's memory.
pub(super) fn check_region<E: Embedder + ?Sized>(
    embedder: &mut E,
    region: Region,
) -> Result<(), SupervisorTrap> {
    let end = u64::from(region.ptr).saturating_add(region.len.into());
    if end > embedder.size() { Err(SupervisorTrap::Slice) } else { Ok(()) }
}

/// A dispatch thunk trapped, threw or could not be called: the guest call that it served traps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the lineage's guests and supervisors learn no more")]
pub struct ThunkTrapped;

/// Why the supervisor failed to serve a guest; of this the supervisor sees only a code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ServingError {
    Allocator(AllocatorError),
    Memory,
    Thunk,
}

impl fmt::Display for ServingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allocator(error) => error.fmt(f),
            Self::Memory => OutOfBounds.fmt(f),
            Self::Thunk => f.write_str("the dispatch thunk trapped"),
        }
    }
}

impl Error for ServingError {}
