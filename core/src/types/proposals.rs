//! Proposals: what modules may be made with that is not supported.

/// A proposal of WebAssembly that is not supported; those of vectors are where the crate is built with its feature `simd`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Proposal {
    /// Components, whose core modules have to be taken out of them.
    ComponentModel,
    /// Memories of other pages than 64 KiB.
    CustomPageSizes,
    /// Exceptions with `try_table` and `throw`.
    ExceptionHandling,
    /// References to functions of a type.
    FunctionReferences,
    /// Structures, arrays and what else is collected.
    Gc,
    /// Exceptions with `try` and `catch`, which compilers made before.
    LegacyExceptionHandling,
    /// Memories and tables of 64-bit addresses.
    Memory64,
    /// Giving pages of memory back.
    MemoryControl,
    /// Vector operators whose results depend on the machine.
    RelaxedSimd,
    /// Threads that share more than memories.
    SharedEverythingThreads,
    /// Vectors of 128 bits.
    Simd,
    /// Continuations.
    StackSwitching,
    /// Shared memories and atomic operators.
    Threads,
    /// Arithmetic of 128 bits.
    WideArithmetic,
}

impl Proposal {
    /// All of them: those that others build on come first.
    pub const ALL: &[Self] = &[
        Self::ComponentModel,
        Self::Simd,
        Self::RelaxedSimd,
        Self::ExceptionHandling,
        Self::LegacyExceptionHandling,
        Self::Threads,
        Self::SharedEverythingThreads,
        Self::FunctionReferences,
        Self::Gc,
        Self::StackSwitching,
        Self::Memory64,
        Self::MemoryControl,
        Self::CustomPageSizes,
        Self::WideArithmetic,
    ];

    /// The name under which the proposal is known.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ComponentModel => "component-model",
            Self::CustomPageSizes => "custom-page-sizes",
            Self::ExceptionHandling => "exception-handling",
            Self::FunctionReferences => "function-references",
            Self::Gc => "gc",
            Self::LegacyExceptionHandling => "legacy-exception-handling",
            Self::Memory64 => "memory64",
            Self::MemoryControl => "memory-control",
            Self::RelaxedSimd => "relaxed-simd",
            Self::SharedEverythingThreads => "shared-everything-threads",
            Self::Simd => "simd",
            Self::StackSwitching => "stack-switching",
            Self::Threads => "threads",
            Self::WideArithmetic => "wide-arithmetic",
        }
    }
}
