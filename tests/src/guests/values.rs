//! Between the supervisors' numbers and the values that cross the border.

use super::Failure;
use guestbox::Value;

/// The arguments of a call, converted from numbers of the types that the export declares.
macro_rules! args {
    ($($arg:expr),* $(,)?) => {
        &[$(guestbox::Value::from($arg)),*]
    };
}
pub(super) use args;

/// What the results of a call are taken as.
pub(super) trait FromResults: Sized {
    /// `None` where they are something else.
    fn from_results(results: &[Value]) -> Option<Self>;
}

/// For calls whose results nobody needs, or that have none.
impl FromResults for () {
    fn from_results(_: &[Value]) -> Option<Self> {
        Some(())
    }
}

impl FromResults for i32 {
    fn from_results(results: &[Value]) -> Option<Self> {
        match results {
            [result] => result.as_i32(),
            _ => None,
        }
    }
}

/// Addresses and lengths: WebAssembly has no unsigned types, only unsigned uses.
impl FromResults for u32 {
    fn from_results(results: &[Value]) -> Option<Self> {
        i32::from_results(results).map(i32::cast_unsigned)
    }
}

impl FromResults for u64 {
    fn from_results(results: &[Value]) -> Option<Self> {
        match results {
            [result] => result.as_i64().map(i64::cast_unsigned),
            _ => None,
        }
    }
}

impl FromResults for f64 {
    fn from_results(results: &[Value]) -> Option<Self> {
        match results {
            [result] => result.as_f64(),
            _ => None,
        }
    }
}

/// The arguments of an import that has only i32 parameters.
pub(super) fn words<const N: usize>(args: &[Value]) -> Result<[u32; N], Failure> {
    let words: Option<Vec<u32>> = args.iter().map(|arg| arg.as_i32().map(i32::cast_unsigned)).collect();
    let words = words.and_then(|words| words.try_into().ok());
    words.ok_or_else(|| Failure::unexpected(format!("an import has other parameters than {N} i32")))
}

/// The length of a text or of bytes in a guest, where lengths have 32 bits.
pub(super) fn length(bytes: impl AsRef<[u8]>) -> u32 {
    u32::try_from(bytes.as_ref().len()).unwrap_or(u32::MAX)
}
