//! Limits by name: for many small guests, by default, for supervisors that meter, and none.

use super::{Limits, MAX_PAGES};
use crate::features::Features;

impl Limits {
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
            types: 1_000,
            params: 16,
            locals: 250,
            block_depth: 1_000,
            branch_targets: 10_000,
            multi_values: 10_000,
            const_operators: 8,
            imports: 100,
            exports: 1_000,
            tables: 1,
            table_elements: 1_000,
            segments: 1_000,
            memories: 1,
            memory_pages: 256,
            total_memory_pages: 512,
            environment_bytes: 64 << 10,
            argument_bytes: 64 << 10,
            instances: 1_000,
            total_instance_bytes: 32 << 20,
            guest_frames: 1_000,
            engine_stack_bytes: 1 << 20,
            nesting: 8,
            fuel: 10_000_000,
        }
    }

    /// Limits for a supervisor that meters its guests itself, as Substrate's runtimes do their contracts by gas:
    /// there is no bound of fuel, and guests call each other to 128 levels. Everything else is as by
    /// default.
    ///
    /// Each level takes stack of the thread, where the supervisor is wasm 0.6 MiB for all of them in release
    /// and 2 MiB in debug: see [`substrate`](crate::substrate#nesting).
    ///
    /// ```
    /// let limits = guestbox::Limits::self_metered();
    /// assert_eq!((limits.fuel, limits.nesting), (u64::MAX, 128));
    /// ```
    #[must_use]
    pub fn self_metered() -> Self {
        Self { fuel: u64::MAX, nesting: 128, ..Self::default() }
    }

    /// Lifts everything that may be lifted.
    ///
    /// What stays is what the engine or the address space imposes, and three bounds that protect
    /// the host's own stack: `nesting`, `guest_frames` and `const_operators` keep their defaults.
    /// A hostile module may then take very long to compile, and more memory than there is.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self {
            features: Features::ALL,
            module_bytes: usize::MAX,
            functions: u32::MAX,
            globals: u32::MAX,
            types: u32::MAX,
            params: 1_000,
            locals: u32::MAX,
            block_depth: u32::MAX,
            branch_targets: u32::MAX,
            multi_values: u32::MAX,
            const_operators: Self::CONST_OPERATORS,
            imports: u32::MAX,
            exports: u32::MAX,
            tables: u32::MAX,
            table_elements: u32::MAX,
            segments: u32::MAX,
            memories: u32::MAX,
            memory_pages: MAX_PAGES,
            total_memory_pages: u32::MAX,
            environment_bytes: usize::MAX,
            argument_bytes: usize::MAX,
            instances: u32::MAX,
            total_instance_bytes: usize::MAX,
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
            types: Self::TYPES,
            params: Self::PARAMS,
            locals: Self::LOCALS,
            block_depth: Self::BLOCK_DEPTH,
            branch_targets: Self::BRANCH_TARGETS,
            multi_values: Self::MULTI_VALUES,
            const_operators: Self::CONST_OPERATORS,
            imports: Self::IMPORTS,
            exports: Self::EXPORTS,
            tables: Self::TABLES,
            table_elements: Self::TABLE_ELEMENTS,
            segments: Self::SEGMENTS,
            memories: Self::MEMORIES,
            memory_pages: Self::MEMORY_PAGES,
            total_memory_pages: Self::TOTAL_MEMORY_PAGES,
            environment_bytes: Self::ENVIRONMENT_BYTES,
            argument_bytes: Self::ARGUMENT_BYTES,
            instances: Self::INSTANCES,
            total_instance_bytes: Self::TOTAL_INSTANCE_BYTES,
            guest_frames: Self::GUEST_FRAMES,
            engine_stack_bytes: Self::ENGINE_STACK_BYTES,
            nesting: Self::NESTING,
            fuel: Self::FUEL,
        }
    }
}
