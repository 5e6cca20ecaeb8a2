//! The standard streams: input that was fed, and output that waits to be taken.

use super::wait::Stream;
use crate::limits::count;
use alloc::{collections::VecDeque, vec::Vec};

/// Bytes that come in behind and are taken in front.
#[derive(Clone, Debug, Default)]
struct Queue {
    bytes: Vec<u8>,
    /// How many of them were taken.
    taken: usize,
}

impl Queue {
    /// What was not taken yet.
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }

    fn take(&mut self, len: usize) {
        self.taken = self.taken.saturating_add(len).min(self.bytes.len());
        // What was taken is let go of once it is the larger part, so that each byte moves once at most.
        if self.taken > self.bytes.len() / 2 {
            self.bytes.drain(..self.taken);
            self.taken = 0;
        }
    }
}

/// Standard input.
#[derive(Clone, Debug, Default)]
pub(super) struct Input {
    fed: Queue,
    pub(super) is_closed: bool,
}

impl Input {
    /// Whether a read has something to give, be it the end.
    pub(super) fn is_ready(&self) -> bool {
        self.is_closed || !self.unread().is_empty()
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.fed.bytes.extend_from_slice(bytes);
    }

    /// What was not read yet.
    pub(super) fn unread(&self) -> &[u8] {
        self.fed.rest()
    }

    /// Notes that so many bytes more were read.
    pub(super) fn consume(&mut self, len: usize) {
        self.fed.take(len);
    }
}

/// Standard output and standard error, in the order in which they were written.
#[derive(Clone, Debug, Default)]
pub(super) struct Output {
    waiting: Queue,
    /// To which stream the bytes go, and how many in a row.
    runs: VecDeque<(Stream, usize)>,
    /// Bytes altogether, those too that were taken.
    pub(super) written: u64,
}

/// What a run takes of the buffer beside its bytes.
const RUN_BYTES: usize = 16;

impl Output {
    /// What waits to be taken, in bytes of the buffer.
    pub(super) fn len(&self) -> u64 {
        let runs = self.runs.len().saturating_mul(RUN_BYTES);
        count(self.waiting.rest().len().saturating_add(runs))
    }

    pub(super) fn push(&mut self, stream: Stream, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.written = self.written.saturating_add(count(bytes.len()));
        self.waiting.bytes.extend_from_slice(bytes);
        match self.runs.back_mut() {
            Some((last, len)) if *last == stream => *len = len.saturating_add(bytes.len()),
            _ => self.runs.push_back((stream, bytes.len())),
        }
    }

    /// Takes what was written first, up to where the other stream begins.
    pub(super) fn take(&mut self) -> Option<(Stream, Vec<u8>)> {
        let (stream, len) = self.runs.pop_front()?;
        let bytes = self.waiting.rest().get(..len).unwrap_or_default().to_vec();
        self.waiting.take(len);
        Some((stream, bytes))
    }

    /// All that waits, in order.
    pub(super) fn all(&self) -> Vec<(Stream, Vec<u8>)> {
        let mut copy = self.clone();
        core::iter::from_fn(|| copy.take()).collect()
    }
}
