//! Clocks and random numbers.

use crate::{
    limits::to_usize,
    types::costs::WASI_RANDOM_BYTE,
    wasi::{
        caller::{Caller, Done},
        clock::ClockId,
        errno::Errno,
        options::Random,
        state::Wasi,
        wait::Wait,
    },
};

/// Random bytes that are made at a time, and that the host is asked for at most: no browser gives more at once.
const RANDOM_CHUNK: u32 = 65_536;

impl Wasi {
    /// `clock_res_get(clock, resolution)`
    pub(in crate::wasi) fn clock_res_get(&self, caller: &mut Caller<'_>) -> Done {
        ClockId::of(caller.word(0)).ok_or(Errno::INVAL)?;
        caller.write_long(caller.word(1), self.clock.resolution())
    }

    /// `clock_time_get(clock, precision, time)`
    pub(in crate::wasi) fn clock_time_get(&mut self, caller: &mut Caller<'_>) -> Done {
        let id = ClockId::of(caller.word(0)).ok_or(Errno::INVAL)?;
        caller.check(caller.word(2), 8)?;
        self.clock.tick();
        caller.write_long(caller.word(2), self.clock.get(id))
    }

    /// `random_get(buffer, length)`
    pub(in crate::wasi) fn random_get(&mut self, caller: &mut Caller<'_>) -> Done {
        let (buffer, len) = (caller.word(0), caller.word(1));
        caller.check(buffer, len.into())?;
        caller.charge(u64::from(len).saturating_mul(WASI_RANDOM_BYTE))?;
        let mut chunk = [0; 1024];
        while let Some(left) = len.checked_sub(caller.turn.progress).filter(|left| *left > 0) {
            let now = to_usize(left).min(chunk.len());
            let chunk = chunk.get_mut(..now).unwrap_or_default();
            match self.generator.random {
                Random::Seeded(_) => self.generator.fill(chunk),
                Random::Host => {
                    let Some(given) = self.entropy.len().checked_sub(now) else {
                        let missing = left.min(RANDOM_CHUNK).saturating_sub(given_len(&self.entropy));
                        return Err(Wait::Random(missing).into());
                    };
                    chunk.copy_from_slice(self.entropy.get(given..).unwrap_or_default());
                    self.entropy.truncate(given);
                }
            }
            caller.write(buffer.saturating_add(caller.turn.progress), chunk)?;
            caller.turn.progress = caller.turn.progress.saturating_add(u32::try_from(now).unwrap_or(left));
        }
        Ok(())
    }
}

fn given_len(entropy: &[u8]) -> u32 {
    u32::try_from(entropy.len()).unwrap_or(u32::MAX)
}
