//! Modules: validated and translated once, instantiated many times.
//!
//! A module brings the engine that compiled it, so that dropping the last handle frees its code,
//! and a failed compilation leaves nothing behind. Where guests of different modules share a
//! memory, they have to live in one engine store and so in one engine: the module is then
//! translated once more for the engine of the other, lazily, and kept there while it lives.

mod engine;
mod exports;
mod state;

pub(crate) use self::{engine::Engine, exports::MemorySource, state::State};

use crate::{
    costs,
    error::CompileError,
    externs::{Export, Import},
    ids::unique,
    limits::StackLimits,
    limits::{Limits, count, maximum},
    options::CompileOptions,
    snapshot::Identity,
    value::{FuncType, ValueType},
    wasm::{self, Frames, Hooks, Rewritten, STACK_BYTES},
};
use alloc::{boxed::Box, format, sync::Arc, vec::Vec};
use core::fmt;
use engine::Home;
use spin::Mutex;

/// A compiled module. Cheap to clone; `Send` and `Sync`; independent of any store.
///
/// ```
/// use guestbox::Module;
/// let module = Module::new(b"\0asm\x01\0\0\0")?;
/// assert_eq!(module.exports().len(), 0);
/// # Ok::<(), guestbox::CompileError>(())
/// ```
#[derive(Clone)]
pub struct Module(Arc<Inner>);

struct Inner {
    id: u64,
    identity: Identity,
    home: Mutex<Home>,
    /// What the engine was given, kept for a translation for another engine.
    bytes: Vec<u8>,
    imports: Box<[Import]>,
    imported_functions: Box<[ImportedFunction]>,
    exports: Box<[Export]>,
    /// Indices into `exports`, sorted by name.
    by_name: Box<[u32]>,
    /// The export that the start function was given, a name that no export of the guest has.
    start: Option<Box<str>>,
    state: State,
    main_memory: Option<MemorySource>,
    frames: Option<Frames>,
    hooks: Option<Hooks>,
    /// The pointer of the guest's stack: the global's index, and the name under which the engine has it.
    stack_pointer: Option<(u32, Box<str>)>,
    instance_bytes: usize,
}

/// An imported function, with its signature as the engine has it.
#[derive(Debug)]
pub(crate) struct ImportedFunction {
    import: Import,
    engine: wasmi::FuncType,
}

impl ImportedFunction {
    pub(crate) const fn import(&self) -> &Import {
        &self.import
    }

    pub(crate) fn results(&self) -> &[ValueType] {
        self.import.ty().as_func().map_or(&[], FuncType::results)
    }

    pub(crate) const fn engine(&self) -> &wasmi::FuncType {
        &self.engine
    }
}

impl Module {
    /// Compiles a module under the default [`Limits`].
    ///
    /// # Errors
    ///
    /// See [`CompileError`].
    pub fn new(bytes: &[u8]) -> Result<Self, CompileError> {
        Self::with_limits(&Limits::default(), bytes)
    }

    /// Compiles a module.
    ///
    /// Takes about 20 ms a MiB. The limits of guest frames and engine stack are fixed here.
    ///
    /// # Errors
    ///
    /// See [`CompileError`].
    pub fn with_limits(limits: &Limits, bytes: &[u8]) -> Result<Self, CompileError> {
        Self::with_options(limits, bytes, CompileOptions::new())
    }

    /// Compiles a module as [`Module::with_limits`] does, so that it can do what the options say.
    ///
    /// # Errors
    ///
    /// See [`CompileError`].
    pub fn with_options(
        limits: &Limits,
        bytes: &[u8],
        options: CompileOptions,
    ) -> Result<Self, CompileError> {
        Self::compile(limits, bytes, options).map_err(|error| wasm::explain(bytes, error))
    }

    fn compile(limits: &Limits, bytes: &[u8], options: CompileOptions) -> Result<Self, CompileError> {
        maximum::module_bytes(limits).check(count(bytes.len()))?;
        let rewritten = wasm::rewrite(limits, bytes, options.frames);
        // Limits come before the features.
        if !matches!(rewritten, Err(CompileError::Limit(_))) {
            limits.features.check(bytes)?;
        }
        let Rewritten { bytes: rewritten, mut scan, names, stack_pointer, changes, frames, added_bytes } =
            rewritten?;
        let more = if options.frames { STACK_BYTES.saturating_mul(maximum::guest_frames(limits)) } else { 0 };
        let engine_stack_bytes = maximum::engine_stack_bytes(limits).saturating_add(more);
        let engine = wasmi::Engine::new(&config(limits, engine_stack_bytes));
        // In a fresh engine, so that a failure takes its remains with it.
        let code = wasmi::Module::new(&engine, &rewritten)
            .map_err(|error| CompileError::Invalid(format!("{error}").into()))?;
        let engine = Engine::new(engine, StackLimits::of(limits));
        let start = names.start.clone();
        let imports: Box<[Import]> = core::mem::take(&mut scan.imports).into();
        let exports = scan.typed_exports();
        // The engine has them in the order of their kinds, and so these in their own.
        let types = code.imports().filter_map(|import| import.ty().func().cloned());
        let functions = imports.iter().filter(|import: &&Import| import.ty().as_func().is_some());
        let imported_functions =
            functions.zip(types).map(|(import, engine)| ImportedFunction { import: import.clone(), engine });
        let imported_functions = imported_functions.collect();
        let main_memory = MemorySource::of(&imports, &exports);
        Ok(Self(Arc::new(Inner {
            id: unique(),
            identity: Identity::of(bytes),
            home: Home::new(engine, code),
            by_name: exports::sort_by_name(&exports),
            instance_bytes: scan.instance_bytes().saturating_add(added_bytes),
            frames,
            bytes: rewritten,
            imports,
            imported_functions,
            exports,
            start,
            state: State::new(&scan, &names, changes),
            stack_pointer: stack_pointer
                .and_then(|index| Some((index, wasm::stack_pointer_export(&scan, &names.globals, index)?))),
            hooks: names.hooks,
            main_memory,
        })))
    }

    /// The imports, in the module's order.
    #[must_use]
    pub fn imports(&self) -> &[Import] {
        &self.0.imports
    }

    /// The exports, in the module's order.
    #[must_use]
    pub fn exports(&self) -> &[Export] {
        &self.0.exports
    }

    /// The export of a name.
    #[must_use]
    pub fn export(&self, name: &str) -> Option<&Export> {
        self.export_entry(name).map(|(_, export)| export)
    }

    /// Whether the module has a start function, which runs when it is instantiated.
    #[must_use]
    pub fn has_start(&self) -> bool {
        self.0.start.is_some()
    }

    /// The index of the global that is the pointer of the stack which the guest's code keeps in its
    /// memory: a mutable `i32` that the name section or an export calls `__stack_pointer`, or that functions
    /// lower when they are entered and raise before they return.
    ///
    /// A call that ends early puts it back to where it was when the call began, see
    /// [`Execution`](crate::Execution).
    #[must_use]
    pub fn stack_pointer(&self) -> Option<u32> {
        self.0.stack_pointer.as_ref().map(|(index, _)| *index)
    }

    /// The name under which the engine has that global.
    pub(crate) fn stack_pointer_name(&self) -> Option<&str> {
        self.0.stack_pointer.as_ref().map(|(_, name)| &**name)
    }

    pub(crate) fn export_entry(&self, name: &str) -> Option<(u32, &Export)> {
        let inner = &*self.0;
        let export_at = |at: u32| inner.exports.get(usize::try_from(at).ok()?);
        let found = inner
            .by_name
            .binary_search_by(|&at| export_at(at).map_or("", |export| export.name()).cmp(name))
            .ok()?;
        let at = *inner.by_name.get(found)?;
        Some((at, export_at(at)?))
    }

    pub(crate) fn export_at(&self, at: u32) -> Option<&Export> {
        self.0.exports.get(usize::try_from(at).ok()?)
    }

    pub(crate) fn id(&self) -> u64 {
        self.0.id
    }

    /// The export of the start function, if there is one.
    pub(crate) fn start(&self) -> Option<&str> {
        self.0.start.as_deref()
    }

    /// The names of functions, by their indices, which are sorted; `None` where they have none.
    pub(crate) fn function_names(&self, functions: &[u32]) -> Vec<Option<Arc<str>>> {
        wasm::function_names(&self.0.bytes, functions)
    }

    pub(crate) fn main_memory(&self) -> Option<MemorySource> {
        self.0.main_memory
    }

    /// Roughly the bytes an instance takes besides its memories, until it is really freed.
    pub(crate) fn instance_bytes(&self) -> usize {
        self.0.instance_bytes
    }

    /// What it has to say where its instances are, if it was compiled with frames.
    pub(crate) fn frames(&self) -> Option<&Frames> {
        self.0.frames.as_ref()
    }

    /// What of its instances grows tables, if the code does.
    pub(crate) fn hooks(&self) -> Option<&Hooks> {
        self.0.hooks.as_ref()
    }

    /// The imported functions, in order.
    pub(crate) fn imported_functions(&self) -> &[ImportedFunction] {
        &self.0.imported_functions
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module")
            .field("imports", &self.imports())
            .field("exports", &self.exports())
            .finish_non_exhaustive()
    }
}

fn config(limits: &Limits, stack_bytes: usize) -> wasmi::Config {
    let mut config = wasmi::Config::default();
    config
        .compilation_mode(wasmi::CompilationMode::Eager)
        .consume_fuel(true)
        .ignore_custom_sections(true)
        .wasm_tail_call(true)
        .set_max_recursion_depth(maximum::guest_frames(limits))
        // The minimum first: the engine insists on minimum <= maximum at every step.
        .set_min_stack_height(MIN_STACK_BYTES)
        .set_max_stack_height(stack_bytes.max(MIN_STACK_BYTES))
        .set_max_cached_stacks(1);
    costs::apply(&mut config);
    config
}

/// Bytes of value stack that a call begins with, the engine's own default.
const MIN_STACK_BYTES: usize = 1_000;
