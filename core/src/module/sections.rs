//! A module's bytes as sections, for those who put them together anew.

use alloc::vec::Vec;

/// Bytes of a module before its first section.
pub(super) const HEADER_BYTES: usize = 8;

/// A section of a module.
pub(super) struct Section<'a> {
    pub(super) id: u8,
    pub(super) contents: &'a [u8],
    /// With its id and length.
    pub(super) whole: &'a [u8],
}

impl<'a> Section<'a> {
    /// Splits a section off the front.
    pub(super) fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&id, after_id) = bytes.split_first()?;
        let (len, after_len) = split_leb128(after_id)?;
        let (contents, after) = after_len.split_at_checked(len)?;
        let whole = bytes.get(..bytes.len().checked_sub(after.len())?)?;
        Some((Self { id, contents, whole }, after))
    }
}

/// Appends a section.
pub(super) fn push_section(module: &mut Vec<u8>, id: u8, contents: &[u8]) -> Option<()> {
    module.push(id);
    push_leb128(module, contents.len())?;
    module.extend_from_slice(contents);
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
