//! The clocks of a program, and its random numbers.

use super::options::{Clocks, Random};

/// The clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) clocks: Clocks,
    pub(super) realtime: u64,
    pub(super) monotonic: u64,
}

/// Which clock a program asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ClockId {
    Realtime,
    /// The times of the process and of its thread are this one too.
    Monotonic,
}

impl ClockId {
    pub(super) const fn of(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::Realtime),
            1..=3 => Some(Self::Monotonic),
            _ => None,
        }
    }
}

impl Clock {
    pub(super) const fn new(clocks: Clocks) -> Self {
        let realtime = match clocks {
            Clocks::Deterministic { start_ns, .. } => start_ns,
            Clocks::Host { .. } => 0,
        };
        Self { clocks, realtime, monotonic: 0 }
    }

    pub(super) const fn resolution(&self) -> u64 {
        let resolution = match self.clocks {
            Clocks::Deterministic { tick_ns, .. } => tick_ns,
            Clocks::Host { resolution_ns } => resolution_ns,
        };
        if resolution == 0 { 1 } else { resolution }
    }

    pub(super) const fn get(&self, id: ClockId) -> u64 {
        match id {
            ClockId::Realtime => self.realtime,
            ClockId::Monotonic => self.monotonic,
        }
    }

    /// Goes on as far as it does when it is asked.
    pub(super) const fn tick(&mut self) {
        if let Clocks::Deterministic { tick_ns, .. } = self.clocks {
            self.advance(self.monotonic.saturating_add(tick_ns));
        }
    }

    /// Goes on to a time of the monotonic clock, if that is not past.
    pub(super) const fn advance(&mut self, monotonic: u64) {
        let passed = monotonic.saturating_sub(self.monotonic);
        self.monotonic = self.monotonic.saturating_add(passed);
        self.realtime = self.realtime.saturating_add(passed);
    }
}

/// The generator of random numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Generator {
    pub(super) random: Random,
    pub(super) state: u64,
}

impl Generator {
    pub(super) const fn new(random: Random) -> Self {
        let state = match random {
            Random::Seeded(seed) => seed,
            Random::Host => 0,
        };
        Self { random, state }
    }

    /// Fills a buffer by SplitMix64, eight bytes at a time.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut mixed = self.state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^= mixed >> 31;
            for (byte, random) in chunk.iter_mut().zip(mixed.to_le_bytes()) {
                *byte = random;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_splitmix64() {
        // The first numbers for the seed 1234567, as published with the algorithm.
        let mut generator = Generator::new(Random::Seeded(1_234_567));
        let mut bytes = [0; 24];
        generator.fill(&mut bytes);
        let (numbers, _) = bytes.as_chunks();
        let numbers: [u64; 3] = [0, 1, 2].map(|at| u64::from_le_bytes(numbers[at]));
        assert_eq!(
            numbers,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn a_clock_does_not_go_back() {
        let mut clock = Clock::new(Clocks::from(1_000));
        clock.advance(50);
        clock.advance(20);
        assert_eq!((clock.realtime, clock.monotonic), (1_050, 50));
        clock.advance(u64::MAX);
        assert_eq!((clock.realtime, clock.monotonic), (u64::MAX, u64::MAX));
        clock.tick();
        assert_eq!(clock.get(ClockId::Monotonic), u64::MAX);
    }
}
