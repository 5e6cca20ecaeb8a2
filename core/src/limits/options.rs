//! What can be said of a call, and of an instance, besides what it is of.

use crate::types::value::Values;

/// How a call is made: [`Store::invoke_with`](crate::Store::invoke_with).
///
/// ```
/// use guestbox::{CallOptions, Environment, Module, NoImports, Store, Value};
/// # let wasm = wat::parse_str(r#"(module (func (export "double") (param i32) (result i32)
/// #     (i32.add (local.get 0) (local.get 0))))"#).unwrap();
/// let mut store = Store::new();
/// let guest = store.instantiate(&mut NoImports, &Module::new(&wasm)?, &Environment::new(), 0)?;
/// let options = CallOptions::new().with_fuel(10_000);
/// let outcome = store.invoke_with(&mut NoImports, guest, "double", &[Value::I32(4)], options)?;
/// assert_eq!(*outcome.values, [Value::I32(8)]);
/// assert!(outcome.fuel_used < 100);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct CallOptions {
    pub(crate) fuel: Option<u64>,
    pub(crate) state: u32,
    pub(crate) keeps_stack: bool,
}

impl CallOptions {
    /// Those of [`Store::invoke`](crate::Store::invoke) with the state 0.
    #[must_use]
    pub const fn new() -> Self {
        Self { fuel: None, state: 0, keeps_stack: false }
    }

    /// Leaves the pointer of the guest's stack where it is when the call ends early: see
    /// [`Execution::keep_stack`](crate::Execution::keep_stack).
    #[must_use]
    pub const fn keep_stack(self) -> Self {
        Self { keeps_stack: true, ..self }
    }

    /// Gives the call fuel of its own. Within a host call it then draws on nothing else.
    #[must_use]
    pub const fn with_fuel(self, fuel: u64) -> Self {
        Self { fuel: Some(fuel), ..self }
    }

    /// A word of the supervisor's own that comes with each host call.
    #[must_use]
    pub const fn with_state(self, state: u32) -> Self {
        Self { state, ..self }
    }
}

/// How a module is compiled: [`Module::with_options`](crate::Module::with_options).
///
/// ```
/// use guestbox::{CompileOptions, Environment, InvokeError, Limits, Module, NoImports, Store};
/// # let wasm = wat::parse_str("(module (func $inner unreachable) (func (export \"run\") call $inner))").unwrap();
/// let options = CompileOptions::new().with_frames();
/// let module = Module::with_options(&Limits::default(), &wasm, options)?;
/// let mut store = Store::new();
/// let guest = store.instantiate(&mut NoImports, &module, &Environment::new(), 0)?;
/// let Err(InvokeError::Trap(trap)) = store.invoke(&mut NoImports, guest, "run", &[], 0) else { panic!() };
/// assert_eq!(trap.frames()[0].name.as_deref(), Some("inner"));
/// assert_eq!(trap.frames()[1].function_index, 1);
/// assert_eq!(
///     format!("{trap:#}"),
///     "unreachable executed\n    at inner (wasm-function[0]:0x21)\n    at wasm-function[1]:0x25",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct CompileOptions {
    pub(crate) frames: bool,
}

impl CompileOptions {
    /// Those of [`Module::new`](crate::Module::new).
    #[must_use]
    pub const fn new() -> Self {
        Self { frames: false }
    }

    /// Lets traps, host calls and paused calls say where the guest is:
    /// [`Trap::frames`](crate::Trap::frames), [`HostCall::frames`](crate::HostCall::frames),
    /// [`Execution::frames`](crate::Execution::frames).
    ///
    /// For this the guest's code is rewritten so that it notes where it is. Its results are the same, and
    /// so are every trap and the fuel that it uses, but it takes more time: the guests in `tests` took 1.1 to
    /// 2.1 times as long, and some 1.4 times as long to compile.
    ///
    /// Each instance takes 64 KiB more, or eight bytes for each of
    /// [`Limits::guest_frames`](crate::Limits) where that is more, which counts for
    /// [`Limits::total_instance_bytes`](crate::Limits), and each call
    /// 64 bytes a frame more of the engine's stack than [`Limits::engine_stack_bytes`](crate::Limits).
    /// At each pause eight bytes a frame are copied and copied back, which was seen to take 2.5 µs for
    /// 10,000 frames; where guests share something each frame is looked at besides.
    ///
    /// A module of as many memories as the engine takes, 100, has no room for this, and is refused by
    /// [`Limit::Memories`](crate::Limit); one of nearly 30,000 locals and parameters in a function is
    /// [`CompileError::Invalid`](crate::CompileError) with it.
    ///
    /// The identity of the module is that of its bytes: a snapshot fits it with and without.
    #[must_use]
    pub const fn with_frames(self) -> Self {
        Self { frames: true }
    }
}

/// What a call came to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// The results.
    pub values: Values,
    /// The fuel used, by nested calls that drew on this one and by charges too.
    pub fuel_used: u64,
}

/// Limits of one instance, below those of its store:
/// [`Store::instantiate_with`](crate::Store::instantiate_with). What is not given is as the store
/// has it; what is given above that changes nothing, but for the fuel. Where a call leads through a table into another
/// guest, the limits are those of the guest that was called, whosever code it is that runs.
///
/// ```
/// let limits = guestbox::InstanceLimits::new().with_fuel(50_000_000).with_memory_pages(64);
/// # let _ = limits;
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct InstanceLimits {
    pub(crate) fuel: Option<u64>,
    pub(crate) memory_pages: Option<u32>,
    pub(crate) nesting: Option<u32>,
    /// Whether calls may overlap without being nested.
    pub(crate) overlapping: bool,
    /// Whether it is recorded from its birth.
    pub(crate) journal: bool,
}

impl InstanceLimits {
    /// None of its own.
    #[must_use]
    pub const fn new() -> Self {
        Self { fuel: None, memory_pages: None, nesting: None, overlapping: false, journal: false }
    }

    /// Lets calls of the guest overlap without being nested in each other, for guests that are known
    /// to keep no stack in their memory: what compilers make does, and would read what another call
    /// wrote. The pointer of a stack is never put back then. Otherwise such a call is
    /// [`ExecutionError::Busy`](crate::ExecutionError::Busy).
    #[must_use]
    pub const fn with_overlapping_calls(self) -> Self {
        Self { overlapping: true, ..self }
    }

    /// Records the guest from its birth, so that it can be parked at any time: see [`durable`](crate::durable). Its
    /// start function is recorded, too.
    #[must_use]
    pub const fn with_journal(self) -> Self {
        Self { journal: true, ..self }
    }

    /// The fuel of each outermost call that is not given its own, in place of
    /// [`Limits::fuel`](crate::Limits), and of the start function. A nested call draws on the
    /// outermost one as ever; a nested start function has this fuel for its own.
    #[must_use]
    pub const fn with_fuel(self, fuel: u64) -> Self {
        Self { fuel: Some(fuel), ..self }
    }

    /// Pages (64 KiB) that the guest may take in its life: those that its own memories begin
    /// with, all together, and all that it grows any memory by, an imported one too. What the
    /// supervisor grows does not count.
    #[must_use]
    pub const fn with_memory_pages(self, pages: u32) -> Self {
        Self { memory_pages: Some(pages), ..self }
    }

    /// The depth of nesting at which a host call of the guest is still served: 0 lets it make
    /// none, 1 only outside of any other guest's host call. See [`Limits::nesting`](crate::Limits).
    #[must_use]
    pub const fn with_nesting(self, nesting: u32) -> Self {
        Self { nesting: Some(nesting), ..self }
    }
}
