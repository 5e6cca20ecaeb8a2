//! The operators on vectors, by the number behind the byte that all begin with.

use super::{FOLDS, Facts, TRAPS, Takes, Unknown, table};

/// What is known of the vector operator of a number.
pub(super) fn facts_of(number: usize) -> &'static Facts {
    VECTORS.get(number).unwrap_or(&Facts::NOTHING)
}

table! {
    static VECTORS: [Facts; 0x114] = vector;
}

const fn vector(number: u16) -> Facts {
    match number {
        // Loads: of a whole vector, of lanes that are extended, of one for all lanes, of one among zeros
        0x00..=0x0A | 0x5C | 0x5D => Facts::new(SIMPLE, Takes(1, 1), TRAPS),
        // Stores, and loads and stores of a lane
        0x0B | 0x58..=0x5B => Facts::new(SIMPLE, Takes(2, 0), TRAPS),
        0x54..=0x57 => Facts::new(SIMPLE, Takes(2, 1), TRAPS),
        // A constant
        0x0C => Facts::new(SIMPLE, Takes(0, 1), FOLDS),
        // Shuffles
        0x0D | 0x0E | 0x100 => Facts::new(SHUFFLE, Takes(2, 1), FOLDS),
        // A lane: for all lanes, of a vector, in a vector
        0x0F..=0x16 | 0x18 | 0x19 | 0x1B | 0x1D | 0x1F | 0x21 => Facts::new(SIMPLE, Takes(1, 1), FOLDS),
        0x17 | 0x1A | 0x1C | 0x1E | 0x20 | 0x22 => Facts::new(SIMPLE, Takes(2, 1), FOLDS),
        // Comparisons
        0x23..=0x4C | 0xD6..=0xDB => Facts::new(SIMPLE, Takes(2, 1), FOLDS),
        // Bits: `not`, `and`, `andnot`, `or` and `xor`, selections, whether some are set
        0x4D | 0x53 => Facts::new(SIMPLE, Takes(1, 1), FOLDS),
        0x4E..=0x51 => Facts::new(SIMPLE, Takes(2, 1), FOLDS),
        0x52 | 0x109..=0x10C => Facts::new(SIMPLE, Takes(3, 1), FOLDS),
        // Integers: `abs`, `neg` and `popcnt`, whether all are set, the signs, extensions, sums of pairs
        0x60..=0x64 | 0x80 | 0x81 | 0x83 | 0x84 | 0xA0 | 0xA1 | 0xA3 | 0xA4 | 0xC0 | 0xC1 | 0xC3 | 0xC4 => {
            Facts::new(SIMPLE, Takes(1, 1), FOLDS)
        }
        0x87..=0x8A | 0xA7..=0xAA | 0xC7..=0xCA | 0x7C..=0x7F => Facts::new(SIMPLE, Takes(1, 1), FOLDS),
        // Integers: narrowing, shifts, sums and differences, products, the lesser and the greater, averages
        0x65 | 0x66 | 0x85 | 0x86 => Facts::new(SIMPLE, Takes(2, 1), FOLDS),
        0x6B..=0x6D | 0x8B..=0x8D | 0xAB..=0xAD | 0xCB..=0xCD => Facts::new(SIMPLE, Takes(2, 1), FOLDS),
        0x6E..=0x73 | 0x8E..=0x93 | 0xAE | 0xB1 | 0xCE | 0xD1 => Facts::new(SIMPLE, Takes(2, 1), FOLDS),
        0x82 | 0x95 | 0x9C..=0x9F | 0xB5 | 0xBA | 0xBC..=0xBF | 0xD5 | 0xDC..=0xDF | 0x111 | 0x112 => {
            Facts::new(SIMPLE, Takes(2, 1), FOLDS)
        }
        0x76..=0x79 | 0x7B | 0x96..=0x99 | 0x9B | 0xB6..=0xB9 => Facts::new(SIMPLE, Takes(2, 1), FOLDS),
        0x113 => Facts::new(SIMPLE, Takes(3, 1), FOLDS),
        // Floats: `abs` and `neg`, rounding, `sqrt`, `add`, `sub` and `mul`, `div`, `min` and `max`
        0xE0 | 0xE1 | 0xEC | 0xED => Facts::new(SIMPLE, Takes(1, 1), FOLDS),
        0x67..=0x6A | 0x74 | 0x75 | 0x7A | 0x94 => Facts::new(SIMPLE, Takes(1, 1), FOLDS),
        0xE3 | 0xEF => Facts::new(SIMPLE, Takes(1, 1), FOLDS),
        0xE4..=0xE6 | 0xF0..=0xF2 => Facts::new(SIMPLE, Takes(2, 1), FOLDS),
        0xE7 | 0xF3 => Facts::new(SIMPLE, Takes(2, 1), FOLDS),
        0xE8..=0xEB | 0xF4..=0xF7 | 0x10D..=0x110 => Facts::new(SIMPLE, Takes(2, 1), FOLDS),
        // Products with sums
        0x105..=0x108 => Facts::new(SIMPLE, Takes(3, 1), FOLDS),
        // Conversions: among floats, of floats to integers and of integers to floats
        0x5E | 0x5F | 0xF8..=0xFF | 0x101..=0x104 => Facts::new(SIMPLE, Takes(1, 1), FOLDS),
        _ => Facts::new(0, Unknown, 0),
    }
}

const SIMPLE: u8 = 1;
const SHUFFLE: u8 = 1;
