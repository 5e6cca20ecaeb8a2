//! The operators that are supported, in one table by their codes: what each costs, what it does to the
//! operand stack, and what the passes ask of it.

#[cfg(feature = "simd")]
mod vectors;

use super::sections::split_leb128;
use Effect::{Takes, Unknown, Varies};
use code::PREFIX;

/// What is known of an operator by its code.
#[derive(Clone, Copy)]
pub(super) struct Facts {
    /// The fuel that it costs, see [`costs`](crate::costs).
    pub(super) cost: u8,
    pub(super) effect: Effect,
    traits: u8,
    /// When it leaves what is certainly no constant. Three bits say that of the upper three operands, and here
    /// is a bit for each of the eight numbers that they may be.
    variables: u8,
}

/// What an operator does to the operand stack.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Effect {
    /// Takes so many operands and leaves so many.
    Takes(u8, u8),
    /// It depends on the block, the label or the function that it names.
    Varies,
    /// It is not supported.
    Unknown,
}

/// It can end in a trap, or take fuel by what it is given.
const TRAPS: u8 = 1;
/// It leaves a value of 32 bits that is no local, no constant of another's and no comparison with zero.
const FRESH: u8 = 1 << 1;
/// The same of 64 bits, but for comparisons.
const FRESH_LONG: u8 = 1 << 2;
/// Of constants it makes a constant, for an engine that works these out.
const FOLDS: u8 = 1 << 3;
/// It leaves a local.
const LOCAL: u8 = 1 << 4;
/// The engine gets it wrong after some operators.
const REPAIRED: u8 = 1 << 5;
/// It leaves a float that is the canonical NaN if it is none.
const CANONICAL: u8 = 1 << 6;
/// It does the same with every NaN.
const ANY_NAN: u8 = 1 << 7;

/// Both, as arithmetic with floats has them.
const ARITHMETIC: u8 = CANONICAL | ANY_NAN;

impl Facts {
    pub(super) const NOTHING: Self = Self::new(0, Unknown, 0);

    const fn new(cost: u8, effect: Effect, traits: u8) -> Self {
        let constants = if traits & FOLDS != 0 { constants(effect) } else { 0 };
        let variables = if let Takes(_, 0) = effect { 0 } else { !constants };
        Self { cost, effect, traits, variables }
    }

    pub(super) const fn can_trap(&self) -> bool {
        self.traits & TRAPS != 0
    }

    /// Whether it leaves a value of its own that is no comparison with zero, or else leaves nothing in
    /// the engine's register.
    ///
    /// Shifts by a constant 0, for one, do not: the engine passes on what they shift. Nor does
    /// `i64.eqz`: of a comparison that was extended to 64 bits the engine makes one of 32 bits.
    pub(super) const fn is_fresh(&self) -> bool {
        self.traits & FRESH != 0
    }

    /// Whether it leaves a value of its own that has 64 bits and is no local.
    pub(super) const fn is_fresh_long(&self) -> bool {
        self.traits & FRESH_LONG != 0
    }

    /// Whether it leaves a local.
    pub(super) const fn is_local(&self) -> bool {
        self.traits & LOCAL != 0
    }

    /// Whether something may have to be put before it, see the repairs.
    pub(super) const fn is_repaired(&self) -> bool {
        self.traits & REPAIRED != 0
    }

    /// Whether it leaves the canonical NaN for any other, which engines as a rule do not.
    pub(super) const fn is_canonical(&self) -> bool {
        self.traits & CANONICAL != 0
    }

    /// Whether it does the same with every NaN.
    pub(super) const fn takes_any_nan(&self) -> bool {
        self.traits & ANY_NAN != 0
    }

    /// Whether one or the other has to be written otherwise for hosts: what is canonical, and truncations.
    pub(super) const fn is_of_nans(&self) -> bool {
        self.is_canonical() || self.is_truncation()
    }

    /// Whether it is one of the conversions of a float to an integer that can trap.
    pub(super) const fn is_truncation(&self) -> bool {
        self.traits & (ANY_NAN | TRAPS) == ANY_NAN | TRAPS
    }

    /// Whether it leaves what is no constant even to an engine that works constants out, where the lowest
    /// bits say which of the upper operands are none.
    pub(super) const fn leaves_variable(&self, upper: u64) -> bool {
        let [upper, ..] = upper.to_le_bytes();
        self.variables & (1 << (upper & 0b111)) != 0
    }
}

/// When an operator that makes constants of constants leaves what may be one, in such bits.
const fn constants(effect: Effect) -> u8 {
    match effect {
        Takes(0, _) => 0b1111_1111,
        Takes(1, _) => 0b0101_0101,
        Takes(2, _) => 0b0001_0001,
        // The condition is above what is selected, and one of these is enough.
        _ => 0b0011_1111,
    }
}

/// What is known of the operator that these bytes begin with.
#[inline]
pub(super) fn facts(code: &[u8]) -> &'static Facts {
    match code {
        [PREFIX, ..] => facts_of_prefixed(code),
        #[cfg(feature = "simd")]
        [code::VECTOR_PREFIX, ..] => facts_of_vector(code),
        [code, ..] => facts_of(*code),
        [] => &Facts::NOTHING,
    }
}

fn facts_of_prefixed(code: &[u8]) -> &'static Facts {
    second_code(code).and_then(|number| PREFIXED.get(number)).unwrap_or(&Facts::NOTHING)
}

#[cfg(feature = "simd")]
#[inline(never)]
fn facts_of_vector(code: &[u8]) -> &'static Facts {
    second_code(code).map_or(&Facts::NOTHING, vectors::facts_of)
}

/// The second code of an operator, which is a number of up to 32 bits, however it is written.
fn second_code(code: &[u8]) -> Option<usize> {
    split_leb128(code.get(1..)?).map(|(number, _)| number)
}

/// What is known of the operator of one code.
#[inline]
pub(super) fn facts_of(code: u8) -> &'static Facts {
    PLAIN.get(usize::from(code)).unwrap_or(&Facts::NOTHING)
}

/// A table of operators by their codes.
macro_rules! table {
    (static $table:ident: [Facts; $len:literal] = $facts_of:ident;) => {
        #[expect(
            clippy::arithmetic_side_effects,
            clippy::as_conversions,
            clippy::cast_possible_truncation,
            clippy::indexing_slicing,
            reason = "the compiler works it out, and would say so"
        )]
        static $table: [Facts; $len] = {
            let mut table = [Facts::NOTHING; $len];
            let mut code = 0_usize;
            while code < $len {
                table[code] = $facts_of(code as _);
                code += 1;
            }
            table
        };
    };
}
#[cfg(feature = "simd")]
use table;

table! {
    static PLAIN: [Facts; 256] = plain;
}

table! {
    static PREFIXED: [Facts; 128] = prefixed;
}

const fn plain(code: u8) -> Facts {
    match code {
        // `unreachable`, `nop`
        0x00 => Facts::new(0, Takes(0, 0), TRAPS),
        0x01 => Facts::new(1, Takes(0, 0), 0),
        // `block`, `loop`, `if`, `else`, `end`
        0x02 | 0x03 | 0x05 | 0x0B => Facts::new(0, Varies, 0),
        0x04 => Facts::new(1, Varies, 0),
        // `br`, `br_if`, `br_table`, `return`
        0x0C | 0x0D => Facts::new(1, Varies, 0),
        0x0E => Facts::new(4, Varies, 0),
        0x0F => Facts::new(0, Varies, 0),
        // `call` and `call_indirect`, `return_call` and `return_call_indirect`
        0x10 | 0x11 => Facts::new(6, Varies, FRESH),
        0x12 | 0x13 => Facts::new(6, Varies, 0),
        // `drop`, `select` without and with a type
        0x1A => Facts::new(0, Takes(1, 0), ANY_NAN),
        0x1B | 0x1C => Facts::new(1, Takes(3, 1), FOLDS | REPAIRED),
        // `local.get`, `local.set`, `local.tee`, `global.get`, `global.set`
        0x20 => Facts::new(1, Takes(0, 1), LOCAL),
        0x21 | 0x24 => Facts::new(1, Takes(1, 0), 0),
        0x22 => Facts::new(1, Takes(1, 1), FOLDS),
        0x23 => Facts::new(1, Takes(0, 1), FRESH),
        // `table.get`, `table.set`
        0x25 => Facts::new(1, Takes(1, 1), TRAPS),
        0x26 => Facts::new(1, Takes(2, 0), TRAPS),
        // Loads: of `i32`, of `i64`, of floats; those of a part of an `i32`, of an `i64`
        0x28 | 0x2C..=0x2F => Facts::new(1, Takes(1, 1), TRAPS | FRESH),
        0x29 | 0x30..=0x35 => Facts::new(1, Takes(1, 1), TRAPS | FRESH_LONG),
        0x2A | 0x2B => Facts::new(1, Takes(1, 1), TRAPS),
        // Stores: of integers, of floats
        0x36 | 0x37 | 0x3A..=0x3E => Facts::new(1, Takes(2, 0), TRAPS | REPAIRED),
        0x38 | 0x39 => Facts::new(1, Takes(2, 0), TRAPS),
        // `memory.size`, `memory.grow`
        0x3F => Facts::new(1, Takes(0, 1), 0),
        0x40 => Facts::new(8, Takes(1, 1), TRAPS),
        // Constants: `i32`, `i64`, floats
        0x41 => Facts::new(1, Takes(0, 1), FRESH | FOLDS),
        0x42 => Facts::new(1, Takes(0, 1), FRESH_LONG | FOLDS),
        0x43 | 0x44 => Facts::new(1, Takes(0, 1), FOLDS),
        // Comparisons: of integers with zero, for equality, by order; of floats
        0x45 | 0x50 => Facts::new(1, Takes(1, 1), FOLDS),
        0x46 | 0x47 | 0x51 | 0x52 => Facts::new(1, Takes(2, 1), FOLDS),
        0x48..=0x4F | 0x53..=0x5A => Facts::new(1, Takes(2, 1), FRESH | FOLDS),
        0x5B..=0x66 => Facts::new(1, Takes(2, 1), FRESH | FOLDS | ANY_NAN),
        // `clz`, `ctz`, `popcnt`
        0x67..=0x69 | 0x79..=0x7B => Facts::new(1, Takes(1, 1), FOLDS),
        // Integer arithmetic: `add` and `sub`, `mul`, division, `and`, `or` and `xor`, shifts and rotations
        0x6A | 0x6B => Facts::new(1, Takes(2, 1), FRESH | FOLDS),
        0x7C | 0x7D => Facts::new(1, Takes(2, 1), FRESH_LONG | FOLDS),
        0x6C | 0x7E => Facts::new(1, Takes(2, 1), FOLDS),
        0x6D..=0x70 | 0x7F..=0x82 => Facts::new(3, Takes(2, 1), TRAPS | FOLDS),
        0x71..=0x73 => Facts::new(1, Takes(2, 1), FRESH | FOLDS),
        0x83..=0x85 => Facts::new(1, Takes(2, 1), FRESH_LONG | FOLDS),
        0x74..=0x78 | 0x86..=0x8A => Facts::new(1, Takes(2, 1), FOLDS),
        // Floats: `abs` and `neg`, rounding, `sqrt`, `add`, `sub` and `mul`, `div`, `min` and `max`, `copysign`
        0x8B | 0x8C | 0x99 | 0x9A => Facts::new(1, Takes(1, 1), FOLDS),
        0x8D..=0x90 | 0x9B..=0x9E => Facts::new(1, Takes(1, 1), FOLDS | ARITHMETIC),
        0x91 | 0x9F => Facts::new(10, Takes(1, 1), FOLDS | ARITHMETIC),
        0x92..=0x94 | 0xA0..=0xA2 => Facts::new(2, Takes(2, 1), FOLDS | ARITHMETIC),
        0x95 | 0xA3 => Facts::new(10, Takes(2, 1), FOLDS | ARITHMETIC),
        0x96 | 0x97 | 0xA4 | 0xA5 => Facts::new(1, Takes(2, 1), FOLDS | ARITHMETIC),
        0x98 | 0xA6 => Facts::new(1, Takes(2, 1), FOLDS),
        // Conversions: among integers, of floats to integers, of integers to floats and among floats, of bits
        0xA7 | 0xAC | 0xAD => Facts::new(1, Takes(1, 1), FOLDS),
        0xA8..=0xAB | 0xAE..=0xB1 => Facts::new(2, Takes(1, 1), TRAPS | FOLDS | ANY_NAN),
        0xB2..=0xB5 | 0xB7..=0xBA => Facts::new(2, Takes(1, 1), FOLDS),
        0xB6 | 0xBB => Facts::new(2, Takes(1, 1), FOLDS | ARITHMETIC),
        0xBC..=0xBF => Facts::new(1, Takes(1, 1), FOLDS),
        // Sign extensions
        0xC0..=0xC4 => Facts::new(1, Takes(1, 1), FOLDS),
        // `ref.null`, `ref.is_null`, `ref.func`
        0xD0 => Facts::new(1, Takes(0, 1), FOLDS),
        0xD1 => Facts::new(1, Takes(1, 1), FOLDS),
        0xD2 => Facts::new(1, Takes(0, 1), 0),
        _ => Facts::new(0, Unknown, 0),
    }
}

const fn prefixed(number: u8) -> Facts {
    match number {
        // Saturating conversions of floats to integers
        0..=7 => Facts::new(2, Takes(1, 1), FOLDS | ANY_NAN),
        // `memory.init`, `data.drop`, `memory.copy`, `memory.fill`
        8 | 10 | 11 => Facts::new(4, Takes(3, 0), TRAPS),
        9 | 13 => Facts::new(4, Takes(0, 0), 0),
        // `table.init`, `elem.drop` as above, `table.copy`, `table.grow`, `table.size`, `table.fill`
        12 | 14 | 17 => Facts::new(4, Takes(3, 0), TRAPS),
        15 => Facts::new(64, Takes(2, 1), TRAPS),
        16 => Facts::new(1, Takes(0, 1), 0),
        _ => Facts::new(0, Unknown, 0),
    }
}

/// The codes of operators that are written, or looked for.
pub(super) mod code {
    pub(in crate::wasm) const NOP: u8 = 0x01;
    pub(in crate::wasm) const BLOCK: u8 = 0x02;
    pub(in crate::wasm) const LOOP: u8 = 0x03;
    pub(in crate::wasm) const IF: u8 = 0x04;
    pub(in crate::wasm) const END: u8 = 0x0B;
    pub(in crate::wasm) const UNREACHABLE: u8 = 0x00;
    pub(in crate::wasm) const BR: u8 = 0x0C;
    pub(in crate::wasm) const BR_IF: u8 = 0x0D;
    pub(in crate::wasm) const BR_TABLE: u8 = 0x0E;
    pub(in crate::wasm) const RETURN: u8 = 0x0F;
    pub(in crate::wasm) const CALL: u8 = 0x10;
    pub(in crate::wasm) const CALL_INDIRECT: u8 = 0x11;
    pub(in crate::wasm) const DROP: u8 = 0x1A;
    pub(in crate::wasm) const SELECT: u8 = 0x1B;
    pub(in crate::wasm) const MEMORY_SIZE: u8 = 0x3F;
    pub(in crate::wasm) const MEMORY_GROW: u8 = 0x40;
    pub(in crate::wasm) const F32_CONST: u8 = 0x43;
    pub(in crate::wasm) const F64_CONST: u8 = 0x44;
    pub(in crate::wasm) const I32_EQZ: u8 = 0x45;
    pub(in crate::wasm) const I32_LT_S: u8 = 0x48;
    pub(in crate::wasm) const I64_GT_U: u8 = 0x56;
    pub(in crate::wasm) const I64_LE_U: u8 = 0x58;
    pub(in crate::wasm) const F32_EQ: u8 = 0x5B;
    pub(in crate::wasm) const F32_NE: u8 = 0x5C;
    pub(in crate::wasm) const F64_EQ: u8 = 0x61;
    pub(in crate::wasm) const F64_NE: u8 = 0x62;
    pub(in crate::wasm) const I32_SHL: u8 = 0x74;
    pub(in crate::wasm) const I32_SHR_U: u8 = 0x76;
    pub(in crate::wasm) const I64_ADD: u8 = 0x7C;
    pub(in crate::wasm) const I64_EXTEND_I32_U: u8 = 0xAD;
    pub(in crate::wasm) const TYPED_SELECT: u8 = 0x1C;
    pub(in crate::wasm) const LOCAL_GET: u8 = 0x20;
    pub(in crate::wasm) const LOCAL_SET: u8 = 0x21;
    pub(in crate::wasm) const LOCAL_TEE: u8 = 0x22;
    pub(in crate::wasm) const GLOBAL_GET: u8 = 0x23;
    pub(in crate::wasm) const GLOBAL_SET: u8 = 0x24;
    pub(in crate::wasm) const I32_LOAD: u8 = 0x28;
    pub(in crate::wasm) const I32_STORE: u8 = 0x36;
    pub(in crate::wasm) const I64_STORE: u8 = 0x37;
    pub(in crate::wasm) const I32_STORE8: u8 = 0x3A;
    pub(in crate::wasm) const I32_STORE16: u8 = 0x3B;
    pub(in crate::wasm) const I64_STORE8: u8 = 0x3C;
    pub(in crate::wasm) const I64_STORE32: u8 = 0x3E;
    pub(in crate::wasm) const I32_CONST: u8 = 0x41;
    pub(in crate::wasm) const I64_CONST: u8 = 0x42;
    pub(in crate::wasm) const I32_GT_U: u8 = 0x4B;
    pub(in crate::wasm) const I32_ADD: u8 = 0x6A;
    pub(in crate::wasm) const I32_SUB: u8 = 0x6B;
    pub(in crate::wasm) const I32_AND: u8 = 0x71;
    pub(in crate::wasm) const I32_OR: u8 = 0x72;
    pub(in crate::wasm) const I64_OR: u8 = 0x84;
    pub(in crate::wasm) const I64_SHL: u8 = 0x86;
    pub(in crate::wasm) const I64_SHR_S: u8 = 0x87;
    pub(in crate::wasm) const I64_EXTEND16_S: u8 = 0xC3;
    pub(in crate::wasm) const REF_NULL: u8 = 0xD0;
    pub(in crate::wasm) const REF_FUNC: u8 = 0xD2;
    /// What operators with two codes begin with.
    pub(in crate::wasm) const PREFIX: u8 = 0xFC;

    /// What operators on vectors begin with, and the numbers of two.
    #[cfg(feature = "simd")]
    pub(in crate::wasm) const VECTOR_PREFIX: u8 = 0xFD;
    #[cfg(feature = "simd")]
    pub(in crate::wasm) const EXTRACT_I8: u8 = 0x16;
    #[cfg(feature = "simd")]
    pub(in crate::wasm) const EXTRACT_I16: u8 = 0x19;

    // Types.
    pub(in crate::wasm) const I32: u8 = 0x7F;
    pub(in crate::wasm) const I64: u8 = 0x7E;
    pub(in crate::wasm) const F32: u8 = 0x7D;
    pub(in crate::wasm) const F64: u8 = 0x7C;
    #[cfg(feature = "simd")]
    pub(in crate::wasm) const V128: u8 = 0x7B;
    pub(in crate::wasm) const FUNC_REF: u8 = 0x70;
    /// Of a block that leaves nothing.
    pub(in crate::wasm) const NOTHING: u8 = 0x40;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::features::Features;
    use wasmparser::{BinaryReader, BlockType, ContType, FrameKind, FuncType, ModuleArity, RefType, SubType};

    /// A module without anything.
    struct Nothing;

    impl ModuleArity for Nothing {
        fn sub_type_at(&self, _: u32) -> Option<&SubType> {
            None
        }

        fn tag_type_arity(&self, _: u32) -> Option<(u32, u32)> {
            None
        }

        fn type_index_of_function(&self, _: u32) -> Option<u32> {
            None
        }

        fn func_type_of_cont_type(&self, _: &ContType) -> Option<&FuncType> {
            None
        }

        fn sub_type_of_ref_type(&self, _: &RefType) -> Option<&SubType> {
            None
        }

        fn control_stack_height(&self) -> u32 {
            0
        }

        fn label_block(&self, _: u32) -> Option<(BlockType, FrameKind)> {
            None
        }
    }

    /// How many operands an operator takes and leaves, as the parser says.
    fn arity(code: &[u8]) -> Result<(u32, u32), wasmparser::BinaryReaderError> {
        BinaryReader::new_features(code, 0, Features::ALL.of_parser()).operator_arity(&Nothing)
    }

    #[test]
    fn operators_take_and_leave_what_the_parser_says() {
        let mut known = 0;
        for first in 0..=0xFF_u8 {
            for second in 0..=if first == PREFIX { 0x7F_u8 } else { 0 } {
                // Of a `select` with a type there is one type, and of a null reference the kind.
                let code = match first {
                    0x1C => [first, 1, 0x7F, 0, 0, 0, 0, 0, 0, 0, 0],
                    0xD0 => [first, 0x70, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                    // They are in the other test.
                    0xFD => continue,
                    _ => [first, second, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                };
                let facts = facts(&code);
                let Ok(arity) = arity(&code) else {
                    assert!(matches!(facts.effect, Varies | Unknown), "{first:#x} {second}");
                    continue;
                };
                match facts.effect {
                    Takes(takes, leaves) => {
                        known += 1;
                        assert_eq!((takes.into(), leaves.into()), arity, "{first:#x} {second}");
                    }
                    // `return` of no results, and what is of a proposal that is not supported.
                    Varies => assert_eq!(first, 0x0F),
                    Unknown => {
                        let is_supported = matches!(first, 0x00..=0x05 | 0x0B..=0x13 | 0x1A..=0x1C | 0x20..=0xC4 | 0xD0..=0xD2);
                        assert!(!is_supported, "{first:#x} {second}");
                    }
                }
            }
        }
        assert_eq!(known, 190);
    }

    #[test]
    fn vector_operators_take_and_leave_what_the_parser_says() {
        let mut known = 0;
        for number in 0..0x120_u16 {
            let [low, high] = number.to_le_bytes();
            let mut code = alloc::vec![0xFD, low | 0x80, (low >> 7) | (high << 1)];
            code.resize(32, 0);
            let effect = match arity(&code) {
                Ok((takes, leaves)) => {
                    known += 1;
                    Takes(u8::try_from(takes).unwrap(), u8::try_from(leaves).unwrap())
                }
                Err(_) => Unknown,
            };
            assert_eq!(facts(&code).effect, effect, "{number:#x}");
            assert_eq!(facts(&code).cost > 0, effect != Unknown, "{number:#x}");
            // However it is written.
            let mut longer = alloc::vec![0xFD, low | 0x80, (low >> 7) | (high << 1) | 0x80, 0x80, 0x80, 0];
            longer.resize(32, 0);
            assert_eq!(facts(&longer).effect, effect, "{number:#x}");
        }
        assert_eq!(known, if cfg!(feature = "simd") { 256 } else { 0 });
    }

    /// As the table in `costs` has them, by the shapes in the parser's names.
    #[cfg(feature = "simd")]
    #[test]
    fn vector_operators_cost_by_their_lanes() {
        use wasmparser::Operator;
        for number in 0..0x120_u16 {
            let [low, high] = number.to_le_bytes();
            let mut code = alloc::vec![0xFD, low | 0x80, (low >> 7) | (high << 1)];
            code.resize(32, 0);
            let mut reader = BinaryReader::new_features(&code, 0, Features::ALL.of_parser());
            let Ok(operator) = reader.read_operator() else { continue };
            let name = alloc::format!("{operator:?}");
            let name = name.split(' ').next().unwrap();
            let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
            let shapes = [("8x16", 16), ("16x8", 8), ("32x4", 4), ("64x2", 2)];
            let lanes = shapes.iter().find(|(shape, _)| name.contains(shape)).map_or(0, |(_, lanes)| *lanes);
            let is_float = has(&["F32x4", "F64x2"]);
            let expected = match operator {
                Operator::V128Load8x8S { .. } | Operator::V128Load8x8U { .. } => 8,
                Operator::V128Load16x4S { .. } | Operator::V128Load16x4U { .. } => 4,
                Operator::V128Load32x2S { .. } | Operator::V128Load32x2U { .. } => 2,
                _ if name.starts_with("V128") && name.ends_with("Lane") => 2,
                _ if has(&["V128", "Splat", "ExtractLane", "ReplaceLane", "Laneselect"]) => 1,
                _ if has(&["Madd", "Nmadd", "Sqrt", "Div"]) => 10 * lanes,
                _ if has(&["Trunc", "Convert", "Demote", "Promote"]) && has(&["32x4"]) => 8,
                _ if is_float && has(&["Add", "Sub", "Mul", "Ceil", "Floor", "Trunc", "Nearest"]) => {
                    2 * lanes
                }
                _ => lanes,
            };
            assert_eq!(facts(&code).cost, expected, "{name}");
        }
    }

    #[test]
    fn constants_come_of_constants() {
        let leaves_variable = |code: u8, upper: u64| facts_of(code).leaves_variable(upper);
        // `local.get` and `i32.const`, whatever is below
        assert!(leaves_variable(0x20, 0) && !leaves_variable(0x41, 0b111));
        // `i32.eqz`, `i32.add`
        assert!(leaves_variable(0x45, 0b001) && !leaves_variable(0x45, 0b110));
        assert!(
            leaves_variable(0x6A, 0b010) && leaves_variable(0x6A, 0b001) && !leaves_variable(0x6A, 0b100)
        );
        // `select`: the condition is on top.
        assert!(
            leaves_variable(0x1B, 0b110) && !leaves_variable(0x1B, 0b101) && !leaves_variable(0x1B, 0b011)
        );
        // `i32.load`, and `i32.store`, which leaves nothing
        assert!(leaves_variable(0x28, 0) && !leaves_variable(0x36, 0b111));
    }
}
