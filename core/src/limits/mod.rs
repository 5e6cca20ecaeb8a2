//! Limits: what a guest, an environment or a supervisor may take, before it is taken. All of them are in [`table`].

pub(crate) mod budget;
mod declare;
mod error;
mod needs;
mod number;
mod options;
mod presets;
mod refuse;
mod table;

pub use self::table::{INSTANCE_LIMITS, InstanceLimitRow, LIMITS, Limit, LimitRow, Limits, Needs};
pub(crate) use self::table::{Maximum, maximum};
pub(crate) use self::{budget::Bounds, needs::Asked};
pub use self::{
    error::{LimitError, LimitErrors, StackLimits, write_refused},
    options::{CallOptions, CompileOptions, InstanceLimits, Outcome},
};

/// Bytes of one WebAssembly page.
pub const PAGE_BYTES: usize = 65_536;

/// The largest number of pages a 32-bit memory can have: 4 GiB.
pub const MAX_PAGES: u32 = 65_536;

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
