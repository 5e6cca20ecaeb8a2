//! The table of limits: each is stated here and nowhere else.
//!
//! What is made of a row is said in [`declare`](super::declare). JavaScript has its part by [`tables`](crate::tables).

use super::{
    MAX_PAGES,
    declare::{limits, quantity},
    number::Number,
};
use crate::{limits::InstanceLimits, types::features::Features};

limits! {
    /// Bytes of a module.
    /// Translation takes about 20 ms a MiB and several times the memory.
    module_bytes: usize {
        /// Bytes of a module: 32 MiB. Of 76 published modules that link without limits 74 do so under this and
        /// the other defaults, see the census in `tests`.
        MODULE_BYTES = 32 MiB;
        strict: 4 MiB;
        unlimited: usize::MAX;
        asked by modules;
        refuses ModuleBytes: "a module, [`CompileError::Limit`](crate::CompileError)";
    }
    /// Functions of a module, imports included.
    /// Each costs an instance about 100 bytes.
    functions: u32 {
        /// Functions of a module: ten times what the engine's own strict limits allow, see [`Limits::MODULE_BYTES`].
        FUNCTIONS = 100_000;
        strict: 10_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses Functions: "a module, the same";
    }
    /// Globals of a module.
    globals: u32 {
        /// Globals of a module: ten times what the engine's own strict limits allow.
        GLOBALS = 10_000;
        strict: 1_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses Globals: "a module, the same";
    }
    /// Types of a module.
    types: u32 {
        /// Types of a module: of those of the census in `tests` none was refused for them.
        TYPES = 10_000;
        strict: 10_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses Types: "a module, the same";
    }
    /// Parameters of a function type, and as many results.
    params: u32 {
        /// Parameters of a function: three times what the engine's own strict limits allow, see
        /// [`Limits::MODULE_BYTES`].
        PARAMS = 100;
        strict: 32;
        unlimited: 1_000;
        asked by modules;
        refuses Params: "a module, the same";
    }
    /// Locals of a function, without its parameters.
    /// Each call sets all of them to zero, and pays for it.
    locals: u32 {
        /// Locals of a function: five times what the largest of real guests had.
        LOCALS = 1_000;
        strict: 1_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses Locals: "a module, the same";
    }
    /// Blocks within each other in a function.
    /// The engine keeps more than a hundred bytes for each that is open, and two can open one.
    block_depth: u32 {
        /// Blocks within each other: toolchains open one for each case of a `switch`.
        BLOCK_DEPTH = 10_000;
        strict: 10_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses BlockDepth: "a module, the same";
    }
    /// Blocks, loops and ifs of a function, also those behind each other.
    /// The engine keeps up to 160 bytes for each until the function is translated.
    blocks: u32 {
        /// Blocks of a function: the largest that was seen in a hundred published modules has 29,742.
        BLOCKS = 50_000;
        strict: 50_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses Blocks: "a module, the same";
    }
    /// Targets of all `br_table`s of a function together, the default ones too.
    /// Each takes a byte, and the engine keeps some 30 for it until the function is translated.
    branch_targets: u32 {
        /// Targets of the `br_table`s of a function: far above the interpreters among real guests.
        BRANCH_TARGETS = 100_000;
        strict: 100_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses BranchTargets: "a module, the same";
    }
    /// Values beyond the first that the blocks, branches and calls of a module pass, all together.
    /// With the multi-value proposal two bytes can make the engine copy many values.
    multi_values: u32 {
        /// Values beyond the first that are passed: some 2 MB of the engine's code. Compilers pass one.
        MULTI_VALUES = 250_000;
        strict: 250_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses MultiValues: "a module, the same";
    }
    /// Operators of a constant expression: the initial value of a global, the offset of a segment.
    /// The engine evaluates them by recursion on the host's stack, and again wherever code reads the global.
    const_operators: u32 {
        /// Operators of a constant expression: ten times what toolchains write.
        CONST_OPERATORS = 32;
        strict: 32;
        unlimited: Self::CONST_OPERATORS;
        asked by modules;
        refuses ConstOperators: "a module, the same";
    }
    /// Imports of a module, of all kinds together.
    imports: u32 {
        /// Imports of a module: contracts of the lineage register about forty.
        IMPORTS = 1_000;
        strict: 1_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses Imports: "a module, the same";
    }
    /// Exports of a module.
    exports: u32 {
        /// Exports of a module: of those of the census in `tests` none was refused for them.
        EXPORTS = 10_000;
        strict: 10_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses Exports: "a module, the same";
    }
    /// Tables of a module.
    /// The engine takes 100, and 99 of a module whose code grows one.
    tables: u32 {
        /// Tables of a module: what the engine's own strict limits allow.
        TABLES = 100;
        strict: 100;
        unlimited: u32::MAX;
        asked by modules;
        refuses Tables: "a module, the same";
    }
    /// Elements of each table, initial and grown, and of all element segments of a module together.
    table_elements: u32 {
        /// Elements of a table: 1.6 MB of the host's memory each.
        TABLE_ELEMENTS = 100_000;
        strict: 10_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses TableElements:
            "a module, the same; an instance, [`InstantiateError::Limit`](crate::InstantiateError); a guest's `table.grow` with -1";
    }
    /// Segments of a module, of elements and of data together.
    segments: u32 {
        /// Segments of a module: some toolchains write one for each string.
        SEGMENTS = 100_000;
        strict: 10_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses Segments: "a module, [`CompileError::Limit`](crate::CompileError)";
    }
    /// Memories of a module.
    memories: u32 {
        /// Memories of a module. Toolchains use one; the multi-memory proposal allows several.
        MEMORIES = 16;
        strict: 16;
        unlimited: u32::MAX;
        asked by modules;
        refuses Memories: "a module, the same";
    }
    /// Pages (64 KiB) of each memory, initial and grown.
    /// The engine doubles its buffer as a memory grows: budget twice this.
    memory_pages: u32 {
        /// Pages of a memory: 256 MiB.
        MEMORY_PAGES = 4_096;
        strict: 1_024;
        unlimited: MAX_PAGES;
        asked by modules;
        refuses MemoryPages:
            "a module, the same; an instance, `InstantiateError::Limit`; a memory, [`MemoryError::Limit`](crate::MemoryError); a guest's `memory.grow` with -1";
    }
    /// Pages (64 KiB) of all memories of a store together, until they are really freed.
    total_memory_pages: u32 {
        /// Pages of all memories of a store: 512 MiB.
        TOTAL_MEMORY_PAGES = 8_192;
        strict: 2_048;
        unlimited: u32::MAX;
        taken by instances;
        refuses TotalMemoryPages, living = true: "an instance, a memory or a guest's `memory.grow`, the same";
    }
    /// Bytes of a SCALE-encoded environment definition.
    environment_bytes: usize {
        /// Bytes of an environment definition: 1 MiB, some 30,000 entries.
        ENVIRONMENT_BYTES = 1 MiB;
        strict: 1 MiB;
        unlimited: usize::MAX;
        refuses EnvironmentBytes: "an environment, [`EnvironmentError::Limit`](crate::EnvironmentError)";
    }
    /// Bytes of SCALE-encoded arguments, and of an encoded result.
    argument_bytes: usize {
        /// Bytes of arguments or of a result: 1 MiB.
        ARGUMENT_BYTES = 1 MiB;
        strict: 1 MiB;
        unlimited: usize::MAX;
        refuses ArgumentBytes:
            "arguments, [`SupervisorTrap::Limit`](crate::abi::SupervisorTrap); a result, [`ThunkError::Limit`](crate::ThunkError) as the trap's reason";
    }
    /// Bytes of the journal of a guest that is recorded.
    /// See [`durable`](crate::durable). A host call takes about ten, and what is written to the guest's memory as many as it has.
    journal_bytes: usize {
        /// Bytes of a journal: 1 MiB, some 100,000 host calls.
        JOURNAL_BYTES = 1 MiB;
        strict: 1 MiB;
        unlimited: usize::MAX;
        refuses JournalBytes: "a guest to be parked, [`ParkError::JournalFull`](crate::ParkError); the guest goes on";
    }
    /// Bytes of a parked guest: its journal, and what it was when that began, with 1,024 for each call that is under way.
    parked_bytes: usize {
        /// Bytes of a parked guest: 64 MiB, as guests may have had memories of a few of these in use.
        PARKED_BYTES = 64 MiB;
        strict: 64 MiB;
        unlimited: usize::MAX;
        refuses ParkedBytes: "a guest to be parked, `ParkError::Limit`; a parked one, [`UnparkError::Limit`](crate::UnparkError)";
    }
    /// Fuel that the calls of a parked guest may have used since its journal began: so much is used once more.
    replay_fuel: u64 {
        /// Fuel of a replay: a hundred times that of a call, some ten seconds, of which each slice is as long as is asked for.
        REPLAY_FUEL = 10_000_000_000;
        strict: 10_000_000_000;
        unlimited: u64::MAX;
        refuses ReplayFuel: "a parked guest, the same";
    }
    /// Instances of a store that are alive or not yet freed.
    instances: u32 {
        /// Instances of a store.
        INSTANCES = 10_000;
        strict: 10_000;
        unlimited: u32::MAX;
        refuses Instances, living = true: "an instance, `InstantiateError::Limit`";
    }
    /// Bytes that all instances of a store take together besides their memories, until they are really freed.
    /// Roughly 1 KiB each, 64 bytes for each function or segment, 32 to 96 for each global and 16 for each element of
    /// a table, initial and grown.
    total_instance_bytes: usize {
        /// Bytes of all instances of a store: 256 MiB, of small guests more than 10,000.
        TOTAL_INSTANCE_BYTES = 256 MiB;
        strict: 256 MiB;
        unlimited: usize::MAX;
        taken by instances;
        refuses TotalInstanceBytes, living = true:
            "an instance, `InstantiateError::Limit`; a guest's `table.grow` with -1";
    }
    /// Nested frames of guest functions.
    /// They are on the heap; real interpreters as guests need several thousand.
    guest_frames: usize {
        /// Frames of guest functions.
        GUEST_FRAMES = 10_000;
        strict: 10_000;
        unlimited: Self::GUEST_FRAMES;
        traps StackOverflow:
            "a call, [`TrapCode::StackOverflow`](crate::TrapCode) with both limits of the stack as its reason, [`StackLimits`](crate::StackLimits): the engine does not say which";
    }
    /// Bytes of the engine's value stack for one guest call.
    engine_stack_bytes: usize {
        /// Bytes of the engine's value stack: 4 MiB.
        ENGINE_STACK_BYTES = 4 MiB;
        strict: 4 MiB;
        unlimited: 64 << 20;
        traps StackOverflow: "a call, the same";
    }
    /// Guest calls within supervisor calls within guest calls.
    /// Each level takes real stack: direct nesting was seen to die at about 500 levels of a 2 MiB stack, so this keeps
    /// a margin above four even on a 512 KiB thread. Where the [supervisor is wasm](crate::substrate::NESTING) it is
    /// 8 by default.
    nesting: u32 {
        /// Levels of supervisor nesting.
        NESTING = 32;
        strict: 32;
        unlimited: Self::NESTING;
        refuses Nesting:
            "a call, [`TrapCode::NestingTooDeep`](crate::TrapCode) with the `LimitError` as its reason";
    }
    /// Fuel of one outermost guest call, its `start` function and nested calls included.
    ///
    /// A unit is about one simple operator, as [`costs`](crate::costs) has it, which says what is paid for
    /// and when. A second, natively or in Node, is some 10^9 units of computing guests and up to
    /// 4 * 10^9 of an interpreter as QuickJS.
    fuel: u64 {
        /// Fuel of an outermost call: about a tenth of a second, natively and in JavaScript, so that a page
        /// whose guest loops for ever is still taken for a live one. The dearest call of the five real guests
        /// in `tests`, of QuickJS, uses half of it; longer ones are for calls in slices, which are given more.
        FUEL = 100_000_000;
        strict: 100_000_000;
        unlimited: u64::MAX;
        traps OutOfFuel: "a call, `TrapCode::OutOfFuel` with the fuel used";
    }

    of an instance:

    InstanceNesting "instance_nesting" {
        set by with_nesting, read by nesting: "maxCallDepth";
    }
    InstanceMemoryPages "instance_memory_pages" {
        set by with_memory_pages, read by memory_pages: "maxMemoryPages";
    }
}

/// One of the [`Limits`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LimitRow {
    /// The name of the field.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub summary: &'static str,
    /// The type of the field.
    pub ty: &'static str,
}

/// One of the [`InstanceLimits`] that can refuse.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct InstanceLimitRow {
    /// Which.
    pub limit: Limit,
    /// The name of the option in JavaScript.
    pub javascript: &'static str,
}

/// A limit with its value, in its unit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Maximum {
    pub(crate) limit: Limit,
    pub(crate) value: u64,
}
