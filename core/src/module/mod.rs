//! Modules: validated and translated once, instantiated many times.
//!
//! Dropping the last handle frees its code, and a failed compilation leaves nothing behind.

mod compiled;
mod exports;
mod state;

pub use self::compiled::Compiled;
pub(crate) use self::{exports::MemorySource, state::State};

use crate::{
    engine::{Code, Engine, Hidden, HostModule, Prepared, Wasmi},
    error::CompileError,
    limits::{CompileOptions, Limits, Needs, StackLimits, count, maximum, to_usize},
    snapshot::Identity,
    types::externs::{Export, Import},
    wasm::{self, Frames, Rewritten, STACK_BYTES, StackPointer},
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;

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
    identity: Identity,
    /// What the engine was given.
    prepared: Arc<Prepared>,
    code: Box<dyn Code>,
    imports: Box<[Import]>,
    /// Indices into `imports`, of the functions.
    imported_functions: Box<[usize]>,
    exports: Box<[Export]>,
    /// Indices into `exports`, sorted by name.
    by_name: Box<[u32]>,
    /// Indices into `exports`, of the memories.
    exported_memories: Box<[u32]>,
    /// The export that the start function was given, a name that no export of the guest has.
    start: Option<Box<str>>,
    state: State,
    main_memory: Option<MemorySource>,
    frames: Option<Frames>,
    hidden: Hidden,
    stack_pointer: Option<StackPointer>,
    instance_bytes: usize,
    reaches_others: bool,
    /// Pages that the largest of its own memories begins with.
    largest_memory: u64,
    /// Pages that its own memories begin with, all together.
    own_pages: u32,
    /// Elements that the largest of its own tables begins with.
    largest_table: u64,
    needs: Needs,
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
        Self::with_engine(&Wasmi, limits, bytes, options)
    }

    /// Compiles a module as [`Module::with_options`] does, for an engine.
    ///
    /// # Errors
    ///
    /// See [`CompileError`].
    #[doc(hidden)]
    pub fn with_engine(
        engine: &dyn Engine,
        limits: &Limits,
        bytes: &[u8],
        options: CompileOptions,
    ) -> Result<Self, CompileError> {
        Self::compile(engine, limits, bytes, options).map_err(|error| wasm::explain(bytes, error))
    }

    fn compile(
        engine: &dyn Engine,
        limits: &Limits,
        bytes: &[u8],
        options: CompileOptions,
    ) -> Result<Self, CompileError> {
        let rewritten = Self::rewrite(engine, limits, bytes, options)?;
        let Rewritten {
            bytes: rewritten,
            mut scan,
            mut names,
            stack_pointer,
            changes,
            frames,
            host,
            added_bytes,
            mut needs,
        } = *rewritten;
        let more = if options.frames { STACK_BYTES.saturating_mul(maximum::guest_frames(limits)) } else { 0 };
        let hidden = Hidden {
            memory_after: frames.as_ref().map(|frames| frames.own_memories),
            table_after: names.hooks.as_ref().map(|hooks| hooks.own_tables),
        };
        let host = host.map(|names| HostModule {
            names,
            imports: scan.imports.clone().into(),
            exports: scan.typed_exports(),
            maxima: scan.memories.iter().map(|memory| memory.ty().maximum).collect(),
            own_memories: scan.own_pages().map(saturated).collect(),
            own_tables: scan.own_elements().map(saturated).collect(),
            globals: scan.mutable_globals.iter().map(|global| global.ty).collect(),
        });
        let prepared = Arc::new(Prepared {
            bytes: rewritten,
            hooks: names.hooks.take(),
            host,
            segments: names.segments.take(),
            gives_functions: scan.gives_functions(),
            keeps_externs: scan.keeps_externs(),
            stack: StackLimits::of(limits),
            stack_bytes: maximum::engine_stack_bytes(limits).saturating_add(more),
        });
        let code = engine.compile(&prepared).map_err(CompileError::Invalid)?;
        let stack_pointer = stack_pointer.and_then(|index| StackPointer::new(index, &scan, &names.globals));
        let state = State::new(&scan, &names, changes);
        let imports: Box<[Import]> = core::mem::take(&mut scan.imports).into();
        let exports = scan.typed_exports();
        let functions = (0..).zip(&imports).filter(|(_, import)| import.ty().as_func().is_some());
        let imported_functions = functions.map(|(at, _)| at).collect();
        let main_memory = MemorySource::of(&imports, &exports);
        let instance_bytes = scan.instance_bytes().saturating_add(added_bytes);
        needs.total_instance_bytes = count(instance_bytes);
        Ok(Self(Arc::new(Inner {
            identity: Identity::of(bytes),
            prepared,
            code,
            by_name: exports::sort_by_name(&exports),
            exported_memories: exports::memories(&exports).map(|(at, _)| at).collect(),
            instance_bytes,
            reaches_others: scan.reaches_others(),
            largest_memory: scan.own_pages().max().unwrap_or(0),
            own_pages: u32::try_from(scan.own_pages().fold(0, u64::saturating_add)).unwrap_or(u32::MAX),
            largest_table: scan.largest_table(),
            needs,
            frames,
            hidden,
            imports,
            imported_functions,
            exports,
            start: names.start.take(),
            state,
            stack_pointer,
            main_memory,
        })))
    }

    /// A module as an engine is to have it. It is large, and guests are compiled deep on the stack.
    #[inline(never)]
    fn rewrite(
        engine: &dyn Engine,
        limits: &Limits,
        bytes: &[u8],
        options: CompileOptions,
    ) -> Result<Box<Rewritten>, CompileError> {
        if engine.is_host() {
            return Self::rewrite_for_host(limits, bytes);
        }
        let rewritten = wasm::rewrite(limits, bytes, options.frames);
        // Limits come before the features.
        if !matches!(rewritten, Err(CompileError::Limit(_))) {
            limits.features.check(bytes)?;
        }
        rewritten.map(Box::new)
    }

    #[inline(never)]
    fn rewrite_for_host(limits: &Limits, bytes: &[u8]) -> Result<Box<Rewritten>, CompileError> {
        compiled::rewrite(limits, bytes).map(|rewritten| Box::new(rewritten.into()))
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

    /// What it takes of each of the limits that are of modules.
    #[must_use]
    pub fn needs(&self) -> Needs {
        self.0.needs
    }

    /// Whether the module has a start function, which runs when it is instantiated.
    #[must_use]
    pub fn has_start(&self) -> bool {
        self.0.start.is_some()
    }

    /// The index of the global that is the pointer of the stack which the guest's code keeps in its
    /// memory: a mutable `i32` that the name section, an export or an import calls `__stack_pointer`, or that
    /// functions lower when they are entered and raise before they return.
    ///
    /// A call that ends early puts it back to where it was when the call began, see
    /// [`Execution`](crate::Execution).
    #[must_use]
    pub fn stack_pointer(&self) -> Option<u32> {
        self.0.stack_pointer.as_ref().map(|pointer| pointer.index)
    }

    pub(crate) fn stack(&self) -> Option<&StackPointer> {
        self.0.stack_pointer.as_ref()
    }

    /// Whether its code is run by a host that has compiled it.
    #[doc(hidden)]
    #[must_use]
    pub fn is_outside(&self) -> bool {
        self.0.prepared.host.is_some()
    }

    /// See [`Prepared::keeps_externs`].
    pub(crate) fn keeps_externs(&self) -> bool {
        self.0.prepared.keeps_externs
    }

    /// See [`Prepared::gives_functions`].
    pub(crate) fn gives_functions(&self) -> bool {
        self.0.prepared.gives_functions
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

    pub(crate) fn code(&self) -> &dyn Code {
        &*self.0.code
    }

    /// The export of the start function, if there is one.
    pub(crate) fn start(&self) -> Option<&str> {
        self.0.start.as_deref()
    }

    /// The names of functions, by their indices, which are sorted; `None` where they have none.
    pub(crate) fn function_names(&self, functions: &[u32]) -> Vec<Option<Arc<str>>> {
        wasm::function_names(&self.0.prepared.bytes, functions)
    }

    /// The name in the module's name section, or else the begin of the hash of its bytes.
    pub(crate) fn label(&self) -> Arc<str> {
        wasm::module_name(&self.0.prepared.bytes).unwrap_or_else(|| self.0.identity.label().into())
    }

    pub(crate) fn main_memory(&self) -> Option<MemorySource> {
        self.0.main_memory
    }

    /// Roughly the bytes an instance takes besides its memories, until it is really freed.
    pub(crate) fn instance_bytes(&self) -> usize {
        self.0.instance_bytes
    }

    /// Pages that the largest of its own memories begins with.
    pub(crate) fn largest_memory(&self) -> u64 {
        self.0.largest_memory
    }

    /// Pages that its own memories begin with, all together.
    pub(crate) fn own_pages(&self) -> u32 {
        self.0.own_pages
    }

    /// Elements that the largest of its own tables begins with.
    pub(crate) fn largest_table(&self) -> u64 {
        self.0.largest_table
    }

    /// Whether its instances may call functions of others.
    pub(crate) fn reaches_others(&self) -> bool {
        self.0.reaches_others
    }

    /// What it has to say where its instances are, if it was compiled with frames.
    pub(crate) fn frames(&self) -> Option<&Frames> {
        self.0.frames.as_ref()
    }

    /// What its instances have that is ours and not the guest's.
    pub(crate) fn hidden(&self) -> Hidden {
        self.0.hidden
    }

    /// The exported memories with their positions among the exports, in order.
    pub(crate) fn exported_memories(&self) -> impl Iterator<Item = (u32, &Export)> {
        let inner = &*self.0;
        inner.exported_memories.iter().filter_map(|at| Some((*at, inner.exports.get(to_usize(*at))?)))
    }

    /// The imported functions, in order.
    pub(crate) fn imported_functions(&self) -> impl Iterator<Item = &Import> {
        self.0.imported_functions.iter().filter_map(|at| self.0.imports.get(*at))
    }

    /// The imported function of an ordinal among them.
    pub(crate) fn imported_function(&self, ordinal: u32) -> Option<&Import> {
        self.0.imports.get(*self.0.imported_functions.get(to_usize(ordinal))?)
    }
}

fn saturated(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module")
            .field("imports", &self.imports())
            .field("exports", &self.exports())
            .finish_non_exhaustive()
    }
}
