//! What all else speaks of: values, ids, types of imports and exports, traps and frames, fuel and what it buys.

pub(crate) mod ascending;
pub mod costs;
pub(crate) mod externs;
pub(crate) mod features;
pub(crate) mod frames;
pub(crate) mod fuel;
pub(crate) mod host_error;
pub(crate) mod ids;
pub(crate) mod proposals;
pub(crate) mod refs;
pub(crate) mod slots;
pub(crate) mod trap;
pub(crate) mod value;
