//! Modules for a host that compiles them itself, such as a JavaScript engine.
//!
//! What runs them is not here: it is what instantiates them in the host, serves fuel and growth, and says what a trap is.

use crate::{
    error::CompileError,
    limits::{Limits, Needs},
    types::{
        externs::{Export, Import},
        features::{Feature, Features},
    },
    wasm::{self, HostNames, Rehosted},
};
use alloc::{boxed::Box, vec::Vec};

/// Rewrites a module for a host. It is validated besides, as a host may know more than what is rewritten here.
pub(super) fn rewrite(limits: &Limits, bytes: &[u8]) -> Result<Rehosted, CompileError> {
    let rewritten = wasm::rewrite_for_host(limits, bytes);
    // Limits come before the features.
    if !matches!(rewritten, Err(CompileError::Limit(_))) {
        let features = limits.features.without(Feature::RelaxedSimd);
        if features.validate(bytes).is_err() {
            features.check(bytes)?;
            Features::ALL.validate(bytes)?;
        }
    }
    rewritten
}

/// A module as a host is to compile it, with what that needs to know.
///
/// All names are those of exports of the rewritten module.
#[derive(Debug)]
pub struct Compiled {
    bytes: Vec<u8>,
    imports: Box<[Import]>,
    exports: Box<[Export]>,
    names: HostNames,
    stack_pointer: Option<Box<str>>,
    needs: Needs,
}

impl Compiled {
    /// Rewrites a module for a host, under these limits. Relaxed operators on vectors are refused, as each host does them in
    /// its own way.
    ///
    /// # Errors
    ///
    /// See [`CompileError`].
    pub fn new(limits: &Limits, bytes: &[u8]) -> Result<Self, CompileError> {
        Self::rewrite(limits, bytes).map_err(|error| wasm::explain(bytes, error))
    }

    fn rewrite(limits: &Limits, bytes: &[u8]) -> Result<Self, CompileError> {
        let Rehosted { bytes, mut scan, names, stack_pointer, needs, .. } = rewrite(limits, bytes)?;
        let stack_pointer = stack_pointer.and_then(|index| {
            let at = scan.mutable_globals.iter().position(|global| global.index == index)?;
            names.globals.get(at).cloned()
        });
        let exports = scan.typed_exports();
        let imports = core::mem::take(&mut scan.imports).into();
        Ok(Self { bytes, imports, exports, names, stack_pointer, needs })
    }

    /// What the host compiles.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The imports, in the module's order.
    #[must_use]
    pub fn imports(&self) -> &[Import] {
        &self.imports
    }

    /// The exports of the guest's own, in the module's order.
    #[must_use]
    pub fn exports(&self) -> &[Export] {
        &self.exports
    }

    /// What it takes of each of the limits that are of modules.
    #[must_use]
    pub const fn needs(&self) -> Needs {
        self.needs
    }

    /// The start function, which nothing has run yet.
    #[must_use]
    pub fn start(&self) -> Option<&str> {
        self.names.start.as_deref()
    }

    /// The memories, in order of their indices.
    #[must_use]
    pub fn memories(&self) -> &[Box<str>] {
        &self.names.memories
    }

    /// The mutable globals, in order of their indices.
    #[must_use]
    pub fn globals(&self) -> &[Box<str>] {
        &self.names.globals
    }

    /// The tables, in order of their indices.
    #[must_use]
    pub fn tables(&self) -> &[Box<str>] {
        &self.names.tables
    }

    /// The global that is the pointer of the guest's stack, if it has one.
    #[must_use]
    pub fn stack_pointer(&self) -> Option<&str> {
        self.stack_pointer.as_deref()
    }

    /// The globals that the host keeps its accounts in: of fuel; of frames and words of stack; of how the call has
    /// ended; of what was noted before an operator that can trap.
    #[must_use]
    pub fn accounts(&self) -> [&str; 4] {
        let HostNames { fuel, stack, ended, note, .. } = &self.names;
        [fuel, stack, ended, note]
    }

    /// The table that the host puts its two functions into: what is asked for fuel, with what a region costs, and
    /// answers whether the call ends; and what is asked for growth, with its kind, an index and how much more.
    #[must_use]
    pub fn asked(&self) -> &str {
        &self.names.asked
    }
}
