//! The ids that a supervisor knows of, and which of them a script means.

use crate::oracle::script::Pick;

/// Ids that were given out, in that order.
#[derive(Default)]
pub struct Known {
    pub live: Vec<u32>,
    torn_down: Vec<u32>,
}

impl Known {
    pub fn resolve(&self, pick: Pick, running: Option<u32>) -> u32 {
        let given = self.live.len() + self.torn_down.len();
        let unknown = |n: u32| u32::try_from(given).unwrap() + n;
        let nth = |ids: &[u32], n: u32| match ids.len() {
            0 => unknown(n),
            len => ids[n as usize % len],
        };
        match pick {
            Pick::Live(n) => nth(&self.live, n),
            Pick::Running => running.unwrap_or_else(|| nth(&self.live, 0)),
            Pick::TornDown(n) => nth(&self.torn_down, n),
            Pick::Unknown(n) => unknown(n),
        }
    }

    pub fn tear_down(&mut self, id: u32) {
        self.live.retain(|other| *other != id);
        self.torn_down.push(id);
    }
}
