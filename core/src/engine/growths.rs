//! Which growths of a guest are refused: noted where it is recorded, and refused again where that is replayed.

use crate::limits::LimitError;
use alloc::vec::Vec;

/// The growths that a guest asks for while its code is run.
#[derive(Debug)]
pub(crate) struct Growths {
    /// Whether it is the guest that asks.
    of_guest: bool,
    asked: u32,
    /// Which were refused, counted from 1.
    refused: Vec<u32>,
    /// No more of them are noted: so many are too many for a journal.
    most: usize,
    again: Option<Again>,
}

/// What was refused before, in the run that is replayed.
#[derive(Debug)]
struct Again {
    asked: u32,
    refused: Vec<u32>,
    failed: Option<LimitError>,
}

impl Growths {
    pub(crate) const fn new(most: usize) -> Self {
        Self { of_guest: false, asked: 0, refused: Vec::new(), most, again: None }
    }

    /// A guest is run.
    pub(super) fn begin(&mut self) {
        self.of_guest = true;
        self.asked = 0;
        self.refused.clear();
    }

    /// Somebody else asks.
    pub(super) const fn pass(&mut self) {
        self.of_guest = false;
    }

    /// What was refused since the guest is run.
    pub(crate) fn refused(&self) -> &[u32] {
        &self.refused
    }

    /// A run is replayed in which these were refused.
    pub(crate) fn replay(&mut self, refused: Vec<u32>) {
        self.again = Some(Again { asked: 0, refused, failed: None });
    }

    /// The replay has ended.
    pub(crate) fn end_replay(&mut self) {
        self.again = None;
    }

    /// The refusal of growth that was let be when it was recorded.
    pub(crate) fn failed(&self) -> Option<LimitError> {
        self.again.as_ref()?.failed
    }

    /// Whether the next growth was refused before.
    pub(super) fn is_refused(&self) -> bool {
        let Some(again) = self.again.as_ref().filter(|_| self.of_guest) else { return false };
        again.refused.binary_search(&again.asked.saturating_add(1)).is_ok()
    }

    /// The guest has asked, and was answered.
    pub(super) fn note(&mut self, refusal: Option<LimitError>) {
        if !self.of_guest {
            return;
        }
        let is_again = self.is_refused();
        self.asked = self.asked.saturating_add(1);
        if let Some(again) = &mut self.again {
            again.asked = again.asked.saturating_add(1);
            if !is_again {
                again.failed = again.failed.or(refusal);
            }
        }
        if refusal.is_some() {
            self.push();
        }
    }

    /// What the guest was let have could not be had after all.
    pub(super) fn undo(&mut self) {
        if self.of_guest {
            self.push();
        }
    }

    /// The guest has not the fuel for what it was let have, and will ask again.
    pub(super) fn postpone(&mut self) {
        if !self.of_guest {
            return;
        }
        self.asked = self.asked.saturating_sub(1);
        if let Some(again) = &mut self.again {
            again.asked = again.asked.saturating_sub(1);
        }
    }

    fn push(&mut self) {
        if self.refused.len() <= self.most {
            self.refused.push(self.asked);
        }
    }
}
