//! Lifting the start section out.
//!
//! The engine would run `start` inside its instantiation, where a host call could not pause. So
//! the section is dropped and the function exported under a name that no export of the guest
//! has; it runs as the first execution instead.

use super::scan::Scan;
use alloc::{boxed::Box, string::String, vec::Vec};

/// The name to begin with; underscores are added until no export has it.
const NAME: &str = "guestbox:start";

const HEADER_BYTES: usize = 8;
const EXPORT_SECTION: u8 = 7;
const START_SECTION: u8 = 8;
const FUNCTION: u8 = 0;

/// Rewrites a module without its start section. `None` where the bytes are not as they were
/// scanned, which leaves the module to the engine's own judgement.
pub(super) fn lift(bytes: &[u8], function: u32, scan: &Scan) -> Option<(Box<[u8]>, Box<str>)> {
    let name = unused_name(scan);
    let mut entry = Vec::new();
    push_leb128(&mut entry, name.len())?;
    entry.extend_from_slice(name.as_bytes());
    entry.push(FUNCTION);
    push_leb128(&mut entry, usize::try_from(function).ok()?)?;

    let mut lifted = Vec::with_capacity(bytes.len().saturating_add(entry.len()).saturating_add(HEADER_BYTES));
    lifted.extend_from_slice(bytes.get(..HEADER_BYTES)?);
    let mut rest = bytes.get(HEADER_BYTES..)?;
    let mut exported = false;
    while let Some((&id, after_id)) = rest.split_first() {
        let (len, after_len) = split_leb128(after_id)?;
        let (contents, after) = after_len.split_at_checked(len)?;
        match id {
            EXPORT_SECTION => {
                let (count, entries) = split_leb128(contents)?;
                push_exports(&mut lifted, count, entries, &entry)?;
                exported = true;
            }
            START_SECTION => {
                if !exported {
                    push_exports(&mut lifted, 0, &[], &entry)?;
                }
            }
            _ => {
                let section_len = rest.len().checked_sub(after.len())?;
                lifted.extend_from_slice(rest.get(..section_len)?);
            }
        }
        rest = after;
    }
    Some((lifted.into(), name.into()))
}

fn unused_name(scan: &Scan) -> String {
    let mut name = String::from(NAME);
    while scan.exports.iter().any(|export| *export.name == *name) {
        name.push('_');
    }
    name
}

/// Appends an export section of `count` entries and one more.
fn push_exports(module: &mut Vec<u8>, count: usize, entries: &[u8], entry: &[u8]) -> Option<()> {
    let mut contents = Vec::new();
    push_leb128(&mut contents, count.checked_add(1)?)?;
    contents.extend_from_slice(entries);
    contents.extend_from_slice(entry);
    module.push(EXPORT_SECTION);
    push_leb128(module, contents.len())?;
    module.extend_from_slice(&contents);
    Some(())
}

/// Appends an unsigned LEB128 number; a WebAssembly module has none above 32 bits here.
pub(super) fn push_leb128(bytes: &mut Vec<u8>, value: usize) -> Option<()> {
    let mut value = u32::try_from(value).ok()?;
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            bytes.push(low & 0x7F);
            return Some(());
        }
        bytes.push(low | 0x80);
    }
}

/// Splits an unsigned LEB128 number of at most 32 bits off the front.
pub(super) fn split_leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_u64;
    for (at, &byte) in (0_u32..5).zip(bytes) {
        value |= u64::from(byte & 0x7F) << at.checked_mul(7)?;
        if byte & 0x80 == 0 {
            let consumed = usize::try_from(at).ok()?.checked_add(1)?;
            return Some((usize::try_from(value).ok()?, bytes.get(consumed..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leb128_round_trips() {
        for value in [0, 1, 127, 128, 16_383, 16_384, 0xFFFF_FFFF] {
            let mut bytes = Vec::new();
            push_leb128(&mut bytes, value).unwrap();
            bytes.push(0xAA);
            assert_eq!(split_leb128(&bytes), Some((value, &[0xAA][..])));
        }
        assert_eq!(split_leb128(&[0x80]), None);
        assert_eq!(split_leb128(&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]), None);
    }
}
