//! Modules: validated and translated once, instantiated many times.
//!
//! A module brings the engine that compiled it, so that dropping the last handle frees its code,
//! and a failed compilation leaves nothing behind. Where guests of different modules share a
//! memory, they have to live in one engine store and so in one engine: the module is then
//! translated once more for the engine of the other, lazily, and kept there while it lives.

mod code_limits;
mod engine;
mod fresh;
mod growth;
mod hidden;
mod instrument;
mod names;
mod notes;
mod repair;
mod scan;
mod sections;
mod stack_pointer;
mod state;
mod tail_calls;
mod types;
mod unsupported;
mod validate;

pub use self::types::{Export, ExternType, GlobalType, Import, MemoryType, TableType};
pub(crate) use self::{
    engine::Engine,
    growth::Hooks,
    instrument::{Frames, OUTSIDE, SLOT_BYTES},
    scan::RefKind,
    state::{Identity, State},
    types::MemorySource,
    validate::{validate, with_short_table_indices},
};

use crate::{
    costs,
    error::{CompileError, StackLimits},
    features::Features,
    limits::{Limits, count, maximum},
    options::CompileOptions,
    value::{FuncType, ValueType},
};
use alloc::{boxed::Box, format, sync::Arc};
use core::fmt;
use engine::Home;
use instrument::Instrumented;
use repair::Repaired;
use spin::Mutex;
use tail_calls::TailCalls;

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
    bytes: Box<[u8]>,
    imports: Box<[Import]>,
    imported_functions: Box<[ImportedFunction]>,
    exports: Box<[Export]>,
    /// Indices into `exports`, sorted by name.
    by_name: Box<[u32]>,
    start: Option<Start>,
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
    fn new(import: &wasmi::ImportType<'_>) -> Option<Self> {
        let engine = import.ty().func()?.clone();
        Some(Self { import: Import::from_engine(import), engine })
    }

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

/// The start function, lifted out of the module.
#[derive(Debug)]
pub(crate) struct Start {
    /// The export it was given, a name that no export of the guest has.
    pub(crate) export: Box<str>,
    /// Set where the start function is itself an import: its ordinal among the functions.
    pub(crate) import: Option<u32>,
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
        Self::compile(limits, bytes, options).map_err(|error| unsupported::explain(bytes, error))
    }

    fn compile(limits: &Limits, bytes: &[u8], options: CompileOptions) -> Result<Self, CompileError> {
        maximum::module_bytes(limits).check(count(bytes.len()))?;
        let scan = scan::scan(limits, bytes)?;
        let identity = Identity::of(bytes);
        let instrumented = if options.frames { Some(Instrumented::new(limits, bytes, &scan)?) } else { None };
        let original = instrumented.as_ref().map_or(bytes, |instrumented| &instrumented.bytes);
        let repaired = repair::repair(limits, original, &scan);
        // Limits come before the engine, which looks for features.
        if !matches!(repaired, Err(CompileError::Limit(_))) {
            limits.features.check(bytes)?;
        }
        let Repaired { bytes: repaired, growth, stack_pointer, must_be_valid } = repaired?;
        if must_be_valid && instrumented.is_none() {
            Features::ALL.validate(bytes)?;
        }
        let repaired = repaired.unwrap_or_else(|| original.into());
        let (exported, names) = hidden::export(&repaired, &scan, &growth, instrumented.is_some()).unzip();
        let bytes = exported.flatten().unwrap_or(repaired);
        let more_stack = instrumented.as_ref().map(|instrumented| instrumented.limits(limits));
        let stack = StackLimits::of(limits);
        let (engine, code) = compile(more_stack.as_ref().unwrap_or(limits), stack, &bytes, &scan)?;
        let mut names = names.ok_or_else(unreadable)?;
        let start = match (names.start.take(), scan.start) {
            (Some(export), Some(function)) => {
                if !is_start_type(&code, &export) {
                    return Err(CompileError::Invalid("invalid start function type".into()));
                }
                Some(Start { export, import: scan.imported_function(function) })
            }
            _ => None,
        };
        let imports = Import::all(&code, &scan);
        let exports = scan.exports.iter().filter_map(|export| Export::new(export, &code, &scan));
        let exports: Box<[Export]> = exports.collect();
        let imported_functions = code.imports().filter_map(|import| ImportedFunction::new(&import)).collect();
        let main_memory = MemorySource::of(&imports, &exports);
        Ok(Self(Arc::new(Inner {
            id: crate::store::unique(),
            identity,
            home: Home::new(engine, code),
            by_name: types::sort_by_name(&exports),
            instance_bytes: scan
                .instance_bytes()
                .saturating_add(instrumented.as_ref().map_or(0, Instrumented::slot_bytes))
                .saturating_add(names.hooks.as_ref().map_or(0, Hooks::bytes)),
            frames: instrumented
                .zip(names.frames.take())
                .map(|(instrumented, exports)| Frames::new(instrumented, exports, &scan)),
            bytes,
            imports,
            imported_functions,
            exports,
            start,
            state: State::new(&scan, &names),
            hooks: names.hooks,
            stack_pointer: stack_pointer
                .and_then(|index| Some((index, stack_pointer::exported(&scan, &names.globals, index)?))),
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

    pub(crate) fn start(&self) -> Option<&Start> {
        self.0.start.as_ref()
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

fn unreadable() -> CompileError {
    CompileError::Invalid("sections of other lengths than they say".into())
}

/// Compiles in a fresh engine, so that a failure takes its remains with it.
///
/// Tail calls are on only for modules that use them where none can reach an import: wasmi 2.0.0
/// resumes a tail-called host function with the wrong frame, and writes its results elsewhere.
fn compile(
    limits: &Limits,
    stack: StackLimits,
    bytes: &[u8],
    scan: &scan::Scan,
) -> Result<(Arc<Engine>, wasmi::Module), CompileError> {
    let attempt = |tail_calls| {
        let engine = wasmi::Engine::new(&config(limits, tail_calls));
        wasmi::Module::new(&engine, bytes).map(|code| (Engine::new(engine, tail_calls, stack), code))
    };
    let error = match attempt(false) {
        Ok(compiled) => return Ok(compiled),
        Err(error) => error,
    };
    let invalid = |error: &wasmi::Error| CompileError::Invalid(format!("{error}").into());
    match tail_calls::reach(bytes, scan) {
        TailCalls::None => Err(invalid(&error)),
        TailCalls::AmongGuests => attempt(true).map_err(|error| invalid(&error)),
        TailCalls::ToImports => match attempt(true) {
            Ok(_) => Err(CompileError::TailCallToImport),
            Err(error) => Err(invalid(&error)),
        },
    }
}

fn config(limits: &Limits, tail_calls: bool) -> wasmi::Config {
    let mut config = wasmi::Config::default();
    config
        .compilation_mode(wasmi::CompilationMode::Eager)
        .consume_fuel(true)
        .ignore_custom_sections(true)
        .wasm_tail_call(tail_calls)
        .set_max_recursion_depth(maximum::guest_frames(limits))
        // The minimum first: the engine insists on minimum <= maximum at every step.
        .set_min_stack_height(MIN_STACK_BYTES)
        .set_max_stack_height(maximum::engine_stack_bytes(limits).max(MIN_STACK_BYTES))
        .set_max_cached_stacks(1);
    costs::apply(&mut config);
    config
}

/// Bytes of value stack that a call begins with, the engine's own default.
const MIN_STACK_BYTES: usize = 1_000;

/// Whether the lifted start function takes and returns nothing, which validation no longer
/// checks once its section is gone.
fn is_start_type(code: &wasmi::Module, export: &str) -> bool {
    match code.get_export(export) {
        Some(wasmi::ExternType::Func(ty)) => ty.params().is_empty() && ty.results().is_empty(),
        _ => false,
    }
}
