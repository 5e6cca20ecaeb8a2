//! What a module's imports and exports are looked up for.

use crate::types::externs::{Export, ExternType, Import};
use alloc::{boxed::Box, vec::Vec};

/// Where the memory that a host call is shown comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MemorySource {
    /// An imported one, by its ordinal among the imported memories.
    Import(usize),
    /// An exported one, by the position of the export.
    Export(u32),
}

impl MemorySource {
    /// The memory a host call is shown: an imported one first, else the one exported as `memory`,
    /// else the first exported one.
    pub(super) fn of(imports: &[Import], exports: &[Export]) -> Option<Self> {
        if imports.iter().any(|import| matches!(import.ty(), ExternType::Memory(_))) {
            return Some(Self::Import(0));
        }
        let named = memories(exports).find(|(_, export)| export.name() == "memory");
        named.or_else(|| memories(exports).next()).map(|(at, _)| Self::Export(at))
    }
}

/// The memories among `exports`, with their positions.
pub(super) fn memories(exports: &[Export]) -> impl Iterator<Item = (u32, &Export)> {
    (0..).zip(exports).filter(|(_, export)| matches!(export.ty(), ExternType::Memory(_)))
}

/// The positions of `exports`, sorted by name.
pub(super) fn sort_by_name(exports: &[Export]) -> Box<[u32]> {
    let mut named: Vec<(&str, u32)> = exports.iter().map(Export::name).zip(0..).collect();
    named.sort_unstable();
    named.into_iter().map(|(_, at)| at).collect()
}
