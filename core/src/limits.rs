//! Limits: what a guest, an environment or a supervisor may take, before it is taken.
//!
//! Every number has a unit and a reason. A limit refuses with a [`LimitError`] that names the
//! limit, its value and what was asked for; only `memory.grow` and `table.grow` of a guest
//! answer -1 instead, as the WebAssembly specification foresees.

use crate::{error::LimitError, features::Features};

/// Bytes of one WebAssembly page.
pub const PAGE_BYTES: usize = 65_536;

/// The largest number of pages a 32-bit memory can have: 4 GiB.
pub const MAX_PAGES: u32 = 65_536;

/// The limits of a [`Module`](crate::Module) and of a [`Store`](crate::Store).
///
/// [`Limits::default`] suits a guest nobody trusts in a process that has other work to do.
///
/// ```
/// use guestbox::{Limits, Store};
/// let mut limits = Limits::default();
/// limits.fuel = 1_000_000;
/// let store = Store::with_limits(limits);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// What modules may use of WebAssembly. Fixed when a module is compiled.
    pub features: Features,
    /// Bytes of a module. Translation takes about 20 ms a MiB and several times the memory.
    pub module_bytes: usize,
    /// Functions of a module, imports included; each costs an instance about 100 bytes.
    pub functions: u32,
    /// Globals of a module.
    pub globals: u32,
    /// Parameters of a function type, and as many results.
    pub params: u32,
    /// Locals of a function, without its parameters. Each call sets all of them to zero, and
    /// pays for it.
    pub locals: u32,
    /// Imports of a module, of all kinds together.
    pub imports: u32,
    /// Exports of a module.
    pub exports: u32,
    /// Tables of a module.
    pub tables: u32,
    /// Elements of each table, initial and grown.
    pub table_elements: u32,
    /// Memories of a module.
    pub memories: u32,
    /// Pages (64 KiB) of each memory, initial and grown. The engine doubles its buffer as a
    /// memory grows: budget twice this.
    pub memory_pages: u32,
    /// Pages (64 KiB) of all memories of a store together, until they are really freed.
    pub total_memory_pages: u32,
    /// Bytes of a SCALE-encoded environment definition.
    pub environment_bytes: usize,
    /// Bytes of SCALE-encoded arguments, and of an encoded result.
    pub argument_bytes: usize,
    /// Instances of a store that are alive or not yet freed.
    pub instances: u32,
    /// Nested frames of guest functions. They are on the heap; real interpreters as guests
    /// need several thousand.
    pub guest_frames: usize,
    /// Bytes of the engine's value stack for one guest call.
    pub engine_stack_bytes: usize,
    /// Guest calls within supervisor calls within guest calls. Each level takes real stack:
    /// direct nesting was seen to die at about 500 levels of a 2 MiB stack, so this keeps a
    /// margin above four even on a 512 KiB thread.
    pub nesting: u32,
    /// Fuel of one outermost guest call, its `start` function and nested calls included.
    ///
    /// A unit is about one simple operator, as [`costs`](crate::costs) has it, but a loop is
    /// charged on each turn for all code in the blocks within it, also what a branch skips. So
    /// this is a deterministic upper bound, and guests that are interpreters, whose main loop is
    /// one large switch, need much more: a second natively is some 10^9 units of straight code,
    /// 3 * 10^10 of QuickJS.
    pub fuel: u64,
}

impl Limits {
    /// Bytes of a module: 4 MiB, above every guest that `tests` runs.
    pub const MODULE_BYTES: usize = 4 << 20;
    /// Functions of a module: what the engine's own strict limits allow.
    pub const FUNCTIONS: u32 = 10_000;
    /// Globals of a module: what the engine's own strict limits allow.
    pub const GLOBALS: u32 = 1_000;
    /// Parameters of a function: what the engine's own strict limits allow.
    pub const PARAMS: u32 = 32;
    /// Locals of a function: five times what the largest of real guests had.
    pub const LOCALS: u32 = 1_000;
    /// Imports of a module: contracts of the lineage register about forty.
    pub const IMPORTS: u32 = 1_000;
    /// Exports of a module: as many as functions.
    pub const EXPORTS: u32 = 10_000;
    /// Tables of a module: what the engine's own strict limits allow.
    pub const TABLES: u32 = 100;
    /// Elements of a table: 160 KiB of the host's memory each.
    pub const TABLE_ELEMENTS: u32 = 10_000;
    /// Memories of a module. Toolchains use one; the multi-memory proposal allows several.
    pub const MEMORIES: u32 = 16;
    /// Pages of a memory: 64 MiB.
    pub const MEMORY_PAGES: u32 = 1_024;
    /// Pages of all memories of a store: 128 MiB.
    pub const TOTAL_MEMORY_PAGES: u32 = 2_048;
    /// Bytes of an environment definition: 1 MiB, some 30,000 entries.
    pub const ENVIRONMENT_BYTES: usize = 1 << 20;
    /// Bytes of arguments or of a result: 1 MiB.
    pub const ARGUMENT_BYTES: usize = 1 << 20;
    /// Instances of a store.
    pub const INSTANCES: u32 = 10_000;
    /// Frames of guest functions.
    pub const GUEST_FRAMES: usize = 10_000;
    /// Bytes of the engine's value stack: 4 MiB.
    pub const ENGINE_STACK_BYTES: usize = 4 << 20;
    /// Levels of supervisor nesting.
    pub const NESTING: u32 = 32;
    /// Fuel of an outermost call: a tenth of a second of straight code, natively.
    pub const FUEL: u64 = 100_000_000;

    /// Limits for many small guests beside each other: plug-ins and scripts of a few hundred
    /// KiB, of which a store with all of its memories in use takes 32 MiB.
    ///
    /// A module may be compiled in 20 ms and a call take a hundredth of a second of straight
    /// code, natively. Everything else is a tenth or a quarter of the default, so that there is
    /// room for what such guests were seen to need, and a guest that needs more is told by name.
    #[must_use]
    pub const fn strict() -> Self {
        Self {
            features: Features::ALL,
            module_bytes: 1 << 20,
            functions: 2_500,
            globals: 100,
            params: 16,
            locals: 250,
            imports: 100,
            exports: 1_000,
            tables: 1,
            table_elements: 1_000,
            memories: 1,
            memory_pages: 256,
            total_memory_pages: 512,
            environment_bytes: 64 << 10,
            argument_bytes: 64 << 10,
            instances: 1_000,
            guest_frames: 1_000,
            engine_stack_bytes: 1 << 20,
            nesting: 8,
            fuel: 10_000_000,
        }
    }

    /// Lifts everything that may be lifted.
    ///
    /// What stays is what the engine or the address space imposes, and two bounds that protect
    /// the host's own stack: `nesting` and `guest_frames` keep their defaults.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self {
            features: Features::ALL,
            module_bytes: usize::MAX,
            functions: u32::MAX,
            globals: u32::MAX,
            params: 1_000,
            locals: u32::MAX,
            imports: u32::MAX,
            exports: u32::MAX,
            tables: u32::MAX,
            table_elements: u32::MAX,
            memories: u32::MAX,
            memory_pages: MAX_PAGES,
            total_memory_pages: u32::MAX,
            environment_bytes: usize::MAX,
            argument_bytes: usize::MAX,
            instances: u32::MAX,
            guest_frames: Self::GUEST_FRAMES,
            engine_stack_bytes: 64 << 20,
            nesting: Self::NESTING,
            fuel: u64::MAX,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            features: Features::ALL,
            module_bytes: Self::MODULE_BYTES,
            functions: Self::FUNCTIONS,
            globals: Self::GLOBALS,
            params: Self::PARAMS,
            locals: Self::LOCALS,
            imports: Self::IMPORTS,
            exports: Self::EXPORTS,
            tables: Self::TABLES,
            table_elements: Self::TABLE_ELEMENTS,
            memories: Self::MEMORIES,
            memory_pages: Self::MEMORY_PAGES,
            total_memory_pages: Self::TOTAL_MEMORY_PAGES,
            environment_bytes: Self::ENVIRONMENT_BYTES,
            argument_bytes: Self::ARGUMENT_BYTES,
            instances: Self::INSTANCES,
            guest_frames: Self::GUEST_FRAMES,
            engine_stack_bytes: Self::ENGINE_STACK_BYTES,
            nesting: Self::NESTING,
            fuel: Self::FUEL,
        }
    }
}

/// Which of the [`Limits`] refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Limit {
    /// [`Limits::argument_bytes`].
    ArgumentBytes,
    /// [`Limits::environment_bytes`].
    EnvironmentBytes,
    /// [`Limits::exports`].
    Exports,
    /// [`Limits::functions`].
    Functions,
    /// [`Limits::globals`].
    Globals,
    /// [`Limits::imports`].
    Imports,
    /// [`InstanceLimits::with_memory_pages`](crate::InstanceLimits::with_memory_pages).
    InstanceMemoryPages,
    /// [`Limits::instances`].
    Instances,
    /// [`Limits::locals`].
    Locals,
    /// [`Limits::memories`].
    Memories,
    /// [`Limits::memory_pages`].
    MemoryPages,
    /// [`Limits::module_bytes`].
    ModuleBytes,
    /// [`Limits::params`].
    Params,
    /// [`Limits::table_elements`].
    TableElements,
    /// [`Limits::tables`].
    Tables,
    /// [`Limits::total_memory_pages`].
    TotalMemoryPages,
}

impl Limit {
    /// The name of the field of [`Limits`], or what stands for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ArgumentBytes => "argument_bytes",
            Self::EnvironmentBytes => "environment_bytes",
            Self::Exports => "exports",
            Self::Functions => "functions",
            Self::Globals => "globals",
            Self::Imports => "imports",
            Self::InstanceMemoryPages => "instance_memory_pages",
            Self::Instances => "instances",
            Self::Locals => "locals",
            Self::Memories => "memories",
            Self::MemoryPages => "memory_pages",
            Self::ModuleBytes => "module_bytes",
            Self::Params => "params",
            Self::TableElements => "table_elements",
            Self::Tables => "tables",
            Self::TotalMemoryPages => "total_memory_pages",
        }
    }

    /// Refuses `requested` where it is above `maximum`.
    pub(crate) const fn check(self, requested: u64, maximum: u64) -> Result<(), LimitError> {
        if requested > maximum {
            return Err(LimitError { limit: self, maximum, requested });
        }
        Ok(())
    }
}

/// A length as the number a limit is compared with; more than 2^64 bytes there are not.
pub(crate) fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// A 32-bit number as a length; guestbox does not run where lengths are shorter.
#[expect(clippy::as_conversions, reason = "`usize` has 32 bits at least, and `From` does not know")]
pub(crate) const fn to_usize(value: u32) -> usize {
    value as usize
}
