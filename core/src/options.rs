//! What can be said of a call, and of an instance, besides what it is of.

use crate::{budget::PageBudget, value::Values};
use alloc::sync::Arc;

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
}

impl CallOptions {
    /// Those of [`Store::invoke`](crate::Store::invoke) with the state 0.
    #[must_use]
    pub const fn new() -> Self {
        Self { fuel: None, state: 0 }
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
/// has it; what is given above that changes nothing, but for the fuel.
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
}

impl InstanceLimits {
    /// None of its own.
    #[must_use]
    pub const fn new() -> Self {
        Self { fuel: None, memory_pages: None, nesting: None }
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

    pub(crate) fn bounds(self) -> Bounds {
        Bounds { fuel: self.fuel, nesting: self.nesting, pages: self.memory_pages.map(PageBudget::new) }
    }
}

impl Bounds {
    /// The limits as they were given.
    pub(crate) fn limits(&self) -> InstanceLimits {
        let memory_pages = self.pages.as_ref().map(|pages| pages.maximum());
        InstanceLimits { fuel: self.fuel, memory_pages, nesting: self.nesting }
    }
}

/// The limits of one instance as they are kept, with what it took.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) fuel: Option<u64>,
    pub(crate) nesting: Option<u32>,
    pub(crate) pages: Option<Arc<PageBudget>>,
}
