//! Which growths of a guest are refused: noted where it is recorded, and refused again where that is replayed.

use crate::limits::LimitError;
use alloc::vec::Vec;

/// The growths that a guest asks for while its code is run.
#[derive(Debug)]
pub(crate) struct Growths {
    /// Whether it is the guest that asks.
    of_guest: bool,
    asked: u32,
    /// Which were refused, counted from 1; `None` where they are too many for a journal.
    refused: Option<Vec<u32>>,
    most: usize,
    again: Option<Again>,
}

/// What was refused before, in the run that is replayed.
#[derive(Debug)]
pub(crate) struct Again {
    asked: u32,
    refused: Vec<u32>,
    failed: Option<LimitError>,
}

impl Again {
    pub(crate) const fn new(refused: Vec<u32>) -> Self {
        Self { asked: 0, refused, failed: None }
    }
}

impl Growths {
    /// For a journal of so many bytes.
    pub(crate) const fn new(journal_bytes: usize) -> Self {
        let most = journal_bytes / 4;
        Self { of_guest: false, asked: 0, refused: Some(Vec::new()), most, again: None }
    }

    /// A guest is run.
    pub(super) fn begin(&mut self) {
        self.of_guest = true;
        self.asked = 0;
        let refused = self.refused.get_or_insert_default();
        refused.clear();
        refused.shrink_to(FEW);
    }

    /// Somebody else asks.
    pub(super) const fn pass(&mut self) {
        self.of_guest = false;
    }

    /// What was refused since the guest is run; `None` where it was too much.
    pub(crate) fn refused(&self) -> Option<&[u32]> {
        self.refused.as_deref()
    }

    /// A part of a run is replayed, of which this is known.
    pub(crate) fn replay(&mut self, again: Again) {
        self.again = Some(again);
    }

    /// What is known of the rest of the run.
    pub(crate) const fn end_replay(&mut self) -> Option<Again> {
        self.again.take()
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
        let asked = self.asked;
        self.refused =
            self.refused.take().filter(|refused| refused.len() < self.most).and_then(|mut refused| {
                refused.try_reserve(1).ok()?;
                refused.push(asked);
                Some(refused)
            });
    }
}

/// Refusals for which room is kept.
const FEW: usize = 64;
