//! The numbers that stand for outcomes in the ABI.

use crate::types::slots::END;

/// A memory without a declared maximum.
pub const MEM_UNLIMITED: u32 = u32::MAX;
/// Success.
pub const ERR_OK: u32 = 0;
/// The environment, the module's bytes or its linking are at fault.
pub const ERR_MODULE: u32 = u32::MAX;
/// An access outside a memory, on either side.
pub const ERR_OUT_OF_BOUNDS: u32 = u32::MAX - 1;
/// The guest failed: a trap, no such export, wrong arguments.
pub const ERR_EXECUTION: u32 = END;
