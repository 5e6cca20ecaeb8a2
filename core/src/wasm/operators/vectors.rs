//! The operators on vectors, by the number behind the byte that all begin with.

use super::{FOLDS, Facts, TRAPS, Takes, Unknown, table};

/// What is known of the vector operator of a number.
pub(super) fn facts_of(number: usize) -> &'static Facts {
    VECTORS.get(number).unwrap_or(&Facts::NOTHING)
}

table! {
    static VECTORS: [Facts; 0x114] = vector;
}

/// What is done to each lane costs so much for each.
const CONVERSION: u8 = 2;
const ARITHMETIC: u8 = 2;
const SLOW: u8 = 10;

const fn vector(number: u16) -> Facts {
    match number {
        // Loads: of a whole vector, of lanes that are extended, of one for all lanes or among zeros
        0x00 | 0x07..=0x0A | 0x5C | 0x5D => Facts::new(1, Takes(1, 1), TRAPS),
        0x01 | 0x02 => Facts::new(8, Takes(1, 1), TRAPS),
        0x03 | 0x04 => Facts::new(4, Takes(1, 1), TRAPS),
        0x05 | 0x06 => Facts::new(2, Takes(1, 1), TRAPS),
        // Stores; loads and stores of a lane
        0x0B => Facts::new(1, Takes(2, 0), TRAPS),
        0x54..=0x57 => Facts::new(2, Takes(2, 1), TRAPS),
        0x58..=0x5B => Facts::new(2, Takes(2, 0), TRAPS),
        // Constants
        0x0C => Facts::new(1, Takes(0, 1), FOLDS),
        // A lane: for all lanes, taken out, put in
        0x0F..=0x16 | 0x18 | 0x19 | 0x1B | 0x1D | 0x1F | 0x21 => Facts::new(1, Takes(1, 1), FOLDS),
        0x17 | 0x1A | 0x1C | 0x1E | 0x20 | 0x22 => Facts::new(1, Takes(2, 1), FOLDS),
        // Bits: `not`, whether some are set; `and`, `andnot`, `or`, `xor`; what selects by bits
        0x4D | 0x53 => Facts::new(1, Takes(1, 1), FOLDS),
        0x4E..=0x51 => Facts::new(1, Takes(2, 1), FOLDS),
        0x52 | 0x109..=0x10C => Facts::new(1, Takes(3, 1), FOLDS),
        _ => lanes(number),
    }
}

/// What is done to each lane, by what has most of them, the operands or the result.
const fn lanes(number: u16) -> Facts {
    match number {
        // 16 lanes: `shuffle` and `swizzle`; comparisons
        0x0D | 0x0E | 0x100 | 0x23..=0x2C => Facts::new(16, Takes(2, 1), FOLDS),
        // `abs`, `neg` and `popcnt`, whether all are set, their signs; sums of two lanes; extensions
        0x60..=0x64 | 0x7C | 0x7D | 0x87..=0x8A => Facts::new(16, Takes(1, 1), FOLDS),
        // Narrowing; shifts; sums and differences; the lesser and the greater, averages; products
        0x65 | 0x66 | 0x6B..=0x73 | 0x76..=0x79 | 0x7B | 0x9C..=0x9F | 0x112 => {
            Facts::new(16, Takes(2, 1), FOLDS)
        }
        0x113 => Facts::new(16, Takes(3, 1), FOLDS),
        // The same of 8 lanes
        0x7E | 0x7F | 0x80 | 0x81 | 0x83 | 0x84 | 0xA7..=0xAA => Facts::new(8, Takes(1, 1), FOLDS),
        0x2D..=0x36 | 0x82 | 0x85 | 0x86 | 0x8B..=0x93 | 0x95..=0x99 | 0x9B | 0xBA | 0xBC..=0xBF | 0x111 => {
            Facts::new(8, Takes(2, 1), FOLDS)
        }
        // Of 4 lanes, also of floats: `abs` and `neg`; comparisons, the lesser and the greater
        0xA0 | 0xA1 | 0xA3 | 0xA4 | 0xC7..=0xCA | 0xE0 | 0xE1 => Facts::new(4, Takes(1, 1), FOLDS),
        0x37..=0x46 | 0xAB..=0xAE | 0xB1 | 0xB5..=0xB9 | 0xDC..=0xDF | 0xE8..=0xEB | 0x10D | 0x10E => {
            Facts::new(4, Takes(2, 1), FOLDS)
        }
        // Of 2 lanes
        0xC0 | 0xC1 | 0xC3 | 0xC4 | 0xEC | 0xED => Facts::new(2, Takes(1, 1), FOLDS),
        0x47..=0x4C | 0xCB..=0xCE | 0xD1 | 0xD5..=0xDB | 0xF4..=0xF7 | 0x10F | 0x110 => {
            Facts::new(2, Takes(2, 1), FOLDS)
        }
        _ => floats(number),
    }
}

const fn floats(number: u16) -> Facts {
    match number {
        // Rounding of 4 lanes, of 2
        0x67..=0x6A => Facts::new(4 * ARITHMETIC, Takes(1, 1), FOLDS),
        0x74 | 0x75 | 0x7A | 0x94 => Facts::new(2 * ARITHMETIC, Takes(1, 1), FOLDS),
        // Conversions: among floats, of floats to integers and of integers to floats
        0x5E | 0x5F | 0xF8..=0xFF | 0x101..=0x104 => Facts::new(4 * CONVERSION, Takes(1, 1), FOLDS),
        // `add`, `sub` and `mul`
        0xE4..=0xE6 => Facts::new(4 * ARITHMETIC, Takes(2, 1), FOLDS),
        0xF0..=0xF2 => Facts::new(2 * ARITHMETIC, Takes(2, 1), FOLDS),
        // `sqrt`, `div`, products with sums
        0xE3 => Facts::new(4 * SLOW, Takes(1, 1), FOLDS),
        0xEF => Facts::new(2 * SLOW, Takes(1, 1), FOLDS),
        0xE7 => Facts::new(4 * SLOW, Takes(2, 1), FOLDS),
        0xF3 => Facts::new(2 * SLOW, Takes(2, 1), FOLDS),
        0x105 | 0x106 => Facts::new(4 * SLOW, Takes(3, 1), FOLDS),
        0x107 | 0x108 => Facts::new(2 * SLOW, Takes(3, 1), FOLDS),
        _ => Facts::new(0, Unknown, 0),
    }
}
