//! The operators that most of any code is made of, read without a parser's taking them apart.
//!
//! Whatever a module's code has besides is left to the parser. What is passed over here is not validated:
//! of the bytes of a number it is only seen how many they are, but for an index.

use super::operators::code::I64_EXTEND16_S;
use wasmparser::{BlockType, Operator, ValType};

/// An operator that neither begins nor ends a block, branches nor calls.
#[derive(Clone, Copy)]
pub(super) struct Quick {
    /// Its code.
    pub(super) code: u8,
    /// The local that it names, or what tells of the memory that it reads or writes; the value of an
    /// `i32.const`.
    pub(super) immediate: Immediate,
    /// Where it ends.
    pub(super) after: usize,
}

#[derive(Clone, Copy)]
pub(super) enum Immediate {
    None,
    Local(u32),
    Const(i32),
    Memory { index: u32, offset: u64 },
}

impl Immediate {
    /// Whether it is in another memory than the first, or has an offset of more than 16 bits.
    pub(super) const fn is_far(self) -> bool {
        matches!(self, Self::Memory { index, offset } if index != 0 || offset > 0xFFFF)
    }
}

/// The operator that begins at a place; `None` for others, and where it cannot be read.
#[inline]
pub(super) fn quick(code: &[u8], place: usize) -> Option<Quick> {
    let operator = *code.get(place)?;
    let at = place.checked_add(1)?;
    let (immediate, after) = match operator {
        // It is written otherwise, and has no place among those that are only looked at.
        I64_EXTEND16_S => return None,
        // `drop` and `select`, comparisons, arithmetic and conversions
        0x1A | 0x1B | 0x45..=0xC4 => (Immediate::None, at),
        0x20..=0x22 => {
            let (local, after) = index(code, at)?;
            (Immediate::Local(local), after)
        }
        0x28..=0x3E => {
            let (flags, after) = unsigned(code, at)?;
            let (index, after) = if flags & OF_MEMORY == 0 { (0, after) } else { index(code, after)? };
            let (offset, after) = unsigned(code, after)?;
            (Immediate::Memory { index, offset }, after)
        }
        0x41 => {
            let (value, after) = signed(code, at)?;
            (Immediate::Const(value), after)
        }
        0x42 => (Immediate::None, unsigned(code, at)?.1),
        0x43 => (Immediate::None, at.checked_add(4).filter(|after| *after <= code.len())?),
        0x44 => (Immediate::None, at.checked_add(8).filter(|after| *after <= code.len())?),
        _ => return None,
    };
    Some(Quick { code: operator, immediate, after })
}

/// The operator that begins at a place and where it ends, of those that most blocks, branches and calls are
/// made of; `None` for others, and where it cannot be read.
#[inline]
pub(super) fn common(code: &[u8], place: usize) -> Option<(Operator<'static>, usize)> {
    let operator = *code.get(place)?;
    let at = place.checked_add(1)?;
    let named = |operator: fn(u32) -> Operator<'static>| {
        let (index, after) = index(code, at)?;
        Some((operator(index), after))
    };
    let block = |operator: fn(BlockType) -> Operator<'static>| {
        let ty = match *code.get(at)? {
            0x40 => BlockType::Empty,
            0x7F => BlockType::Type(ValType::I32),
            0x7E => BlockType::Type(ValType::I64),
            _ => return None,
        };
        Some((operator(ty), at.checked_add(1)?))
    };
    match operator {
        0x02 => block(|blockty| Operator::Block { blockty }),
        0x03 => block(|blockty| Operator::Loop { blockty }),
        0x04 => block(|blockty| Operator::If { blockty }),
        0x05 => Some((Operator::Else, at)),
        0x0B => Some((Operator::End, at)),
        0x0C => named(|relative_depth| Operator::Br { relative_depth }),
        0x0D => named(|relative_depth| Operator::BrIf { relative_depth }),
        0x0F => Some((Operator::Return, at)),
        0x10 => named(|function_index| Operator::Call { function_index }),
        0x23 => named(|global_index| Operator::GlobalGet { global_index }),
        0x24 => named(|global_index| Operator::GlobalSet { global_index }),
        _ => None,
    }
}

/// Beside the alignment of a memory's operator it says that the index of the memory follows.
const OF_MEMORY: u64 = 0x40;

/// The value of the constant of 32 bits that begins at a place, if it is one.
pub(super) fn constant(code: &[u8], place: usize) -> Option<i32> {
    match quick(code, place)?.immediate {
        Immediate::Const(value) => Some(value),
        _ => None,
    }
}

/// The most bytes that numbers of 64 bits are written in, and of 32 bits.
const MAX_BYTES_64: usize = 10;
const MAX_BYTES_32: usize = 5;

/// An index, and where it ends: one that the parser takes.
#[inline]
fn index(code: &[u8], at: usize) -> Option<(u32, usize)> {
    let first = *code.get(at)?;
    if first & 0x80 == 0 {
        return Some((first.into(), at.checked_add(1)?));
    }
    let (value, after) = unsigned_long(code, at)?;
    let is_short = after.checked_sub(at)? <= MAX_BYTES_32;
    Some((u32::try_from(value).ok().filter(|_| is_short)?, after))
}

/// An unsigned number, and where it ends. Offsets may have 64 bits, as far as the parser is concerned.
#[inline]
fn unsigned(code: &[u8], at: usize) -> Option<(u64, usize)> {
    let first = *code.get(at)?;
    if first & 0x80 == 0 {
        return Some((first.into(), at.checked_add(1)?));
    }
    unsigned_long(code, at)
}

/// A signed number of 32 bits, and where it ends.
#[inline]
fn signed(code: &[u8], at: usize) -> Option<(i32, usize)> {
    let first = *code.get(at)?;
    if first & 0x80 == 0 {
        return Some(((first << 1).cast_signed().wrapping_shr(1).into(), at.checked_add(1)?));
    }
    signed_long(code, at)
}

fn signed_long(code: &[u8], at: usize) -> Option<(i32, usize)> {
    let rest = code.get(at..)?;
    let end = rest.iter().take(MAX_BYTES_32).position(|byte| byte & 0x80 == 0)?.checked_add(1)?;
    let (bytes, _) = rest.split_at_checked(end)?;
    let last = bytes.last()?;
    // The sign goes on above.
    let mut value = if last & 0x40 == 0 { 0 } else { -1_i32 };
    for byte in bytes.iter().rev() {
        value = (value << 7) | i32::from(byte & 0x7F);
    }
    Some((value, at.checked_add(end)?))
}

fn unsigned_long(code: &[u8], at: usize) -> Option<(u64, usize)> {
    let (mut value, mut shift) = (0_u64, 0_u32);
    for (at, byte) in (at..).zip(code.get(at..)?).take(MAX_BYTES_64) {
        value |= u64::from(byte & 0x7F).wrapping_shl(shift);
        if byte & 0x80 == 0 {
            return Some((value, at.checked_add(1)?));
        }
        shift = shift.wrapping_add(7);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use wasmparser::BinaryReader;

    #[test]
    fn numbers_are_read_as_the_parser_reads_them() {
        for value in [0, 1, 63, 64, -64, -65, 8_191, 8_192, -8_193, i32::MAX, i32::MIN] {
            let mut code = alloc::vec![0x41];
            crate::wasm::sections::push_sleb128(&mut code, value);
            let quick = quick(&code, 0).unwrap();
            assert!(matches!(quick.immediate, Immediate::Const(read) if read == value));
            assert_eq!(quick.after, code.len());
        }
    }

    #[test]
    fn operators_end_where_the_parser_ends_them() {
        let numbers: [&[u8]; 6] =
            [&[0], &[0x7F], &[0x80, 0], &[0xFF, 0xFF, 3], &[0x80, 0x80, 0x80, 0x80, 0], &[0x42, 0]];
        let mut of_blocks = Vec::new();
        for operator in 0..=0xFF_u8 {
            for (first, second) in numbers.iter().flat_map(|first| numbers.map(|second| (first, second))) {
                let code = [&[operator], *first, second, &[0; 16]].concat();
                let mut reader = BinaryReader::new(&code, 0);
                let read = reader.read_operator();
                if let Some(common) = common(&code, 0) {
                    assert_eq!(common, (read.unwrap(), reader.original_position()));
                    of_blocks.push(operator);
                    continue;
                }
                let (Some(quick), Ok(read)) = (quick(&code, 0), read) else { continue };
                assert_eq!(quick.after, reader.original_position(), "{read:?}");
                match (read, quick.immediate) {
                    (
                        Operator::LocalGet { local_index }
                        | Operator::LocalSet { local_index }
                        | Operator::LocalTee { local_index },
                        Immediate::Local(local),
                    ) => assert_eq!(local, local_index),
                    (Operator::I32Store { memarg } | Operator::I64Load { memarg }, of) => {
                        let Immediate::Memory { index, offset } = of else { panic!() };
                        assert_eq!((index, offset), (memarg.memory, memarg.offset));
                    }
                    (Operator::I32Const { value }, Immediate::Const(read)) => assert_eq!(value, read),
                    _ => {}
                }
            }
        }
        of_blocks.dedup();
        assert_eq!(of_blocks, [0x02, 0x03, 0x04, 0x05, 0x0B, 0x0C, 0x0D, 0x0F, 0x10, 0x23, 0x24]);
    }

    #[test]
    fn indices_are_taken_that_the_parser_takes() {
        let longest = [0x10, 0x80, 0x80, 0x80, 0x80, 0x00];
        assert_eq!(common(&longest, 0), Some((Operator::Call { function_index: 0 }, longest.len())));
        for refused in [
            &[0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00][..],
            &[0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F],
            &[0x10, 0x80],
        ] {
            assert!(common(refused, 0).is_none());
            assert!(BinaryReader::new(refused, 0).read_operator().is_err());
        }
    }
}
