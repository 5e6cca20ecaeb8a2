//! Environments: as a rule all that guests import, at times less, more, or not even that.

use crate::oracle::{
    random::Random,
    script::{Damage, Environment, Name, Offer, Pick},
};

/// The names of functions, by what they return: nothing, then the four types.
pub const FUNCTIONS: [&str; 5] = ["u", "i", "l", "f", "d"];

pub fn environment(random: &mut Random, pick: impl Fn(&mut Random) -> Pick) -> Environment {
    let mut entries = Vec::new();
    let is_whole = random.chance(88);
    for (func, name) in (0..).zip(FUNCTIONS) {
        if is_whole || random.chance(70) {
            entries.push(entry(name, Offer::Function(func + 5 * random.below(3))));
        }
    }
    if is_whole || random.chance(70) {
        entries.push(entry("memory", Offer::Memory(pick(random))));
    }
    while random.chance(20) {
        let name = random.one(&["u", "i", "memory", "other", ""]).as_bytes().to_vec();
        let name = if random.chance(10) { vec![0xFF, 0xFE] } else { name };
        let module = if random.chance(80) { b"env".to_vec() } else { b"\xC3".to_vec() };
        let offer = match random.below(3) {
            0 => Offer::Memory(pick(random)),
            _ => Offer::Function(random.below(12)),
        };
        let at = random.index(entries.len() + 1);
        entries.insert(at, (Name(module), Name(name), offer));
    }
    let damage = match random.below(60) {
        0 | 1 => Damage::Cut(random.below(60) as usize),
        2 => Damage::Flip(random.below(100) as usize, random.between(1, 255).to_le_bytes()[0]),
        // Counts and lengths that are not short enough or too long.
        3 => Damage::Replaced(
            random
                .one(&[
                    &[][..],
                    &[0x01, 0x00],
                    &[0x02, 0x00, 0x00, 0x00],
                    &[0x03, 0xFF, 0xFF, 0xFF, 0xFF],
                    &[0xFE, 0xFF, 0xFF, 0xFF],
                    &[0x04, 0x00, 0x00, 0x00, 0, 0, 0, 0],
                ])
                .to_vec(),
        ),
        4 => Damage::Trailing(random.bytes(3)),
        _ => Damage::None,
    };
    Environment { entries, damage }
}

fn entry(name: &str, offer: Offer) -> (Name, Name, Offer) {
    (Name(b"env".to_vec()), Name(name.into()), offer)
}
