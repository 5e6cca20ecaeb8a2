//! The seam: what a supervisor is to its guests.
//!
//! A guest's import call pauses the guest and reaches [`Supervisor::dispatch`] with the store
//! free for any use: the supervisor may make memories, instantiate modules, invoke any instance,
//! the caller's own included, and tear anything down. When it returns, the guest goes on.
//!
//! * What it returns must have the number and types of results that the guest's import
//!   declares; anything else is the trap [`TrapCode::ResultType`](crate::TrapCode).
//! * A [`HostError`] ends the guest call; its reason comes back out of the call untouched.
//! * Nested calls draw on the fuel of the outermost one, see [`Store::invoke`].
//! * Nesting is bounded by [`Limits::nesting`](crate::Limits).
//!
//! Those who want to drive a guest themselves, keep it paused for long or run many of them in
//! turns use [`Store::begin`] and [`Execution`] instead.

use crate::{
    durable::{ParkError, Parked},
    store::{Store, execution::Execution},
    types::{
        externs::Import,
        frames::Frames,
        host_error::HostError,
        ids::{FuncIndex, InstanceId, MemoryId},
        value::{Value, Values},
    },
};

/// Serves the import calls of guests.
pub trait Supervisor {
    /// Serves one import call. The guest is paused; `store` is free for any use.
    ///
    /// # Errors
    ///
    /// A [`HostError`] ends the guest call with the trap
    /// [`TrapCode::HostError`](crate::TrapCode).
    fn dispatch(&mut self, store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError>;
}

impl<F> Supervisor for F
where
    F: FnMut(&mut Store, HostCall<'_>) -> Result<Values, HostError>,
{
    fn dispatch(&mut self, store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        self(store, call)
    }
}

/// The supervisor of guests that import no functions: every host call is an error.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to add to nothing")]
pub struct NoImports;

impl Supervisor for NoImports {
    fn dispatch(&mut self, _: &mut Store, _: HostCall<'_>) -> Result<Values, HostError> {
        Err(HostError::new())
    }
}

/// An import call of a paused guest.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct HostCall<'a> {
    /// The function, as the environment numbers it.
    pub func: FuncIndex,
    /// The import as the guest declares it, with names and type.
    pub import: &'a Import,
    /// The ordinal of that import among the module's imported functions.
    pub ordinal: u32,
    /// The arguments, of the types that the guest's import declares.
    pub args: &'a [Value],
    /// The state word given to the call or to the instantiation.
    pub state: u32,
    /// The calling instance; `None` while its start function runs, as it has no id yet.
    pub instance: Option<InstanceId>,
    /// The caller's memory: an imported one, else the one it exports as `memory`, else the
    /// first it exports.
    pub memory: Option<MemoryId>,
    /// The fuel that the call has left.
    pub fuel: u64,
    /// Which host call it is, from 1, since the journal of its guest began, if that is recorded and not full: the same where the guest is parked and
    /// unparked, so that what must not happen twice can be recognised. See [`durable`](crate::durable).
    pub number: Option<u64>,
    /// The call that makes it.
    pub(crate) execution: &'a Execution,
}

impl HostCall<'_> {
    /// The guest's frames, the innermost first, if its module was compiled with them: see
    /// [`Trap::frames`](crate::Trap::frames).
    #[must_use]
    pub fn frames(&self) -> Frames {
        self.execution.frames()
    }

    /// Parks the guest with all its calls while this is served: see [`Execution::park`].
    ///
    /// # Errors
    ///
    /// See [`ParkError`].
    pub fn park(&self, store: &mut Store) -> Result<Parked, ParkError> {
        self.execution.park(store)
    }

    /// Whether it is an import of another guest than the one that was called, which reached a function of that through a
    /// table.
    #[must_use]
    pub const fn is_elsewhere(&self) -> bool {
        self.execution.is_elsewhere()
    }
}
