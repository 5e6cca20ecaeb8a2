//! Which limit refused, by name.

use crate::error::LimitError;
#[cfg(doc)]
use crate::limits::Limits;

/// Which of the [`Limits`] refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Limit {
    /// [`Limits::argument_bytes`].
    ArgumentBytes,
    /// [`Limits::block_depth`].
    BlockDepth,
    /// [`Limits::branch_targets`].
    BranchTargets,
    /// [`Limits::const_operators`].
    ConstOperators,
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
    /// [`InstanceLimits::with_nesting`](crate::InstanceLimits::with_nesting).
    InstanceNesting,
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
    /// [`Limits::multi_values`].
    MultiValues,
    /// [`Limits::nesting`].
    Nesting,
    /// [`Limits::params`].
    Params,
    /// [`Limits::segments`].
    Segments,
    /// [`Limits::table_elements`].
    TableElements,
    /// [`Limits::tables`].
    Tables,
    /// [`Limits::total_instance_bytes`].
    TotalInstanceBytes,
    /// [`Limits::total_memory_pages`].
    TotalMemoryPages,
    /// [`Limits::types`].
    Types,
}

impl Limit {
    /// The name of the field of [`Limits`], or what stands for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ArgumentBytes => "argument_bytes",
            Self::BlockDepth => "block_depth",
            Self::BranchTargets => "branch_targets",
            Self::ConstOperators => "const_operators",
            Self::EnvironmentBytes => "environment_bytes",
            Self::Exports => "exports",
            Self::Functions => "functions",
            Self::Globals => "globals",
            Self::Imports => "imports",
            Self::InstanceMemoryPages => "instance_memory_pages",
            Self::InstanceNesting => "instance_nesting",
            Self::Instances => "instances",
            Self::Locals => "locals",
            Self::Memories => "memories",
            Self::MemoryPages => "memory_pages",
            Self::ModuleBytes => "module_bytes",
            Self::MultiValues => "multi_values",
            Self::Nesting => "nesting",
            Self::Params => "params",
            Self::Segments => "segments",
            Self::TableElements => "table_elements",
            Self::Tables => "tables",
            Self::TotalInstanceBytes => "total_instance_bytes",
            Self::TotalMemoryPages => "total_memory_pages",
            Self::Types => "types",
        }
    }

    /// Refuses `requested` where it is above `maximum`.
    ///
    /// # Errors
    ///
    /// With this limit and both numbers.
    pub const fn check(self, requested: u64, maximum: u64) -> Result<(), LimitError> {
        if requested > maximum {
            return Err(LimitError { limit: self, maximum, requested });
        }
        Ok(())
    }
}
