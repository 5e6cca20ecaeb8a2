//! Limits: what a guest, an environment or a supervisor may take, before it is taken.
//!
//! Every number has a unit and a reason. A limit refuses with a [`LimitError`](crate::LimitError)
//! that names the limit, its value and what was asked for:
//!
//! | limits | default | strict | who is refused, and how |
//! |---|---|---|---|
//! | `module_bytes` | 4 MiB | 1 MiB | a module, [`CompileError::Limit`](crate::CompileError) |
//! | `functions`, `types` | 10,000 | 2,500, 1,000 | the same |
//! | `exports`, `imports`, `globals` | 10,000, 1,000, 1,000 | 1,000, 100, 100 | the same |
//! | `params`, `locals` | 32, 1,000 | 16, 250 | the same |
//! | `block_depth`, `branch_targets` | 10,000, 100,000 | 1,000, 10,000 | the same |
//! | `multi_values`, `const_operators` | 250,000, 32 | 10,000, 8 | the same |
//! | `memories`, `tables`, `segments` | 16, 100, 10,000 | 1, 1, 1,000 | the same |
//! | `table_elements` | 10,000 | 1,000 | a module, an instance, [`InstantiateError::Limit`](crate::InstantiateError); a guest's `table.grow` with -1 |
//! | `memory_pages`, `total_memory_pages` | 64 MiB, 128 MiB | 16 MiB, 32 MiB | the same; [`MemoryError::Limit`](crate::MemoryError); a guest's `memory.grow` with -1 |
//! | `instances` | 10,000 | 1,000 | an instance, `InstantiateError::Limit` |
//! | `total_instance_bytes` | 256 MiB | 32 MiB | the same; a guest's `table.grow` with -1 |
//! | `environment_bytes` | 1 MiB | 64 KiB | an environment, [`EnvironmentError::Limit`](crate::EnvironmentError) |
//! | `argument_bytes` | 1 MiB | 64 KiB | arguments, [`SupervisorTrap::Limit`](crate::abi::SupervisorTrap); a result, [`ThunkError::Limit`](crate::ThunkError) as the trap's reason |
//! | `nesting` | 32, and 8 where the [supervisor is wasm](crate::substrate::NESTING) | 8 | a call, [`TrapCode::NestingTooDeep`](crate::TrapCode) with the `LimitError` as its reason |
//! | `guest_frames`, `engine_stack_bytes` | 10,000, 4 MiB | 1,000, 1 MiB | a call, `TrapCode::StackOverflow` with both as its reason, [`StackLimits`](crate::StackLimits): the engine does not say which of the two |
//! | `fuel` | 100 M | 10 M | a call, `TrapCode::OutOfFuel` with the fuel used |

mod limit;
mod presets;

pub use self::limit::Limit;

use crate::features::Features;

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
    /// Types of a module.
    pub types: u32,
    /// Parameters of a function type, and as many results.
    pub params: u32,
    /// Locals of a function, without its parameters. Each call sets all of them to zero, and
    /// pays for it.
    pub locals: u32,
    /// Blocks within each other in a function. The engine keeps more than a hundred bytes
    /// for each that is open, and two can open one.
    pub block_depth: u32,
    /// Targets of all `br_table`s of a function together, the default ones too. Each takes a byte,
    /// and the engine keeps some 30 for it until the function is translated.
    pub branch_targets: u32,
    /// Values beyond the first that the blocks, branches and calls of a module pass, all
    /// together: with the multi-value proposal two bytes can make the engine copy many values.
    pub multi_values: u32,
    /// Operators of a constant expression, which is the initial value of a global or the offset of
    /// a segment. The engine evaluates them by recursion on the host's stack, and again wherever
    /// code reads the global.
    pub const_operators: u32,
    /// Imports of a module, of all kinds together.
    pub imports: u32,
    /// Exports of a module.
    pub exports: u32,
    /// Tables of a module; the engine takes 100, and 99 of a module whose code grows one.
    pub tables: u32,
    /// Elements of each table, initial and grown, and of all element segments of a module together.
    pub table_elements: u32,
    /// Segments of a module, of elements and of data together.
    pub segments: u32,
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
    /// Bytes that all instances of a store take together besides their memories, until they are
    /// really freed: roughly 1 KiB each, 64 bytes for each function or segment, 32 to 96 for each
    /// global and 16 for each element of a table, initial and grown.
    pub total_instance_bytes: usize,
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
    /// Types of a module: as many as functions.
    pub const TYPES: u32 = 10_000;
    /// Parameters of a function: what the engine's own strict limits allow.
    pub const PARAMS: u32 = 32;
    /// Locals of a function: five times what the largest of real guests had.
    pub const LOCALS: u32 = 1_000;
    /// Blocks within each other: toolchains open one for each case of a `switch`.
    pub const BLOCK_DEPTH: u32 = 10_000;
    /// Targets of the `br_table`s of a function: far above the interpreters among real guests.
    pub const BRANCH_TARGETS: u32 = 100_000;
    /// Values beyond the first that are passed: some 2 MB of the engine's code. Compilers pass one.
    pub const MULTI_VALUES: u32 = 250_000;
    /// Operators of a constant expression: ten times what toolchains write.
    pub const CONST_OPERATORS: u32 = 32;
    /// Imports of a module: contracts of the lineage register about forty.
    pub const IMPORTS: u32 = 1_000;
    /// Exports of a module: as many as functions.
    pub const EXPORTS: u32 = 10_000;
    /// Tables of a module: what the engine's own strict limits allow.
    pub const TABLES: u32 = 100;
    /// Elements of a table: 160 KiB of the host's memory each.
    pub const TABLE_ELEMENTS: u32 = 10_000;
    /// Segments of a module: some toolchains write one for each string.
    pub const SEGMENTS: u32 = 10_000;
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
    /// Bytes of all instances of a store: 256 MiB, of small guests more than 10,000.
    pub const TOTAL_INSTANCE_BYTES: usize = 256 << 20;
    /// Frames of guest functions.
    pub const GUEST_FRAMES: usize = 10_000;
    /// Bytes of the engine's value stack: 4 MiB.
    pub const ENGINE_STACK_BYTES: usize = 4 << 20;
    /// Levels of supervisor nesting.
    pub const NESTING: u32 = 32;
    /// Fuel of an outermost call: a tenth of a second of straight code, natively.
    pub const FUEL: u64 = 100_000_000;
}

/// What the bytes of instances are counted in: an element of a table.
pub(crate) const ELEMENT_BYTES: usize = 16;

/// Bytes as elements of a table, as many as there can be at most.
pub(crate) fn elements_of(bytes: usize) -> u32 {
    u32::try_from(bytes / ELEMENT_BYTES).unwrap_or(u32::MAX)
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
