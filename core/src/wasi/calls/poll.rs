//! `poll_oneoff`.

use crate::{
    limits::{count, to_usize},
    wasi::{
        abi::{Layout, Rights},
        caller::{Caller, Done, long_at, word_at},
        clock::ClockId,
        descriptors::Target,
        errno::Errno,
        files::Kind,
        state::Wasi,
        wait::Wait,
    },
};
use alloc::vec::Vec;

const SUBSCRIPTION_BYTES: u32 = 48;
const EVENT_BYTES: usize = 32;

/// Where what is subscribed to is in a subscription: its tag, and behind it the parts.
const TAG: usize = 8;
const BODY: usize = 16;
const TIMEOUT: usize = 24;
const CLOCK_FLAGS: usize = 40;

/// That the time of a clock is one, not how far away it is.
const ABSTIME: u32 = 1;

/// What became of a subscription.
enum Polled {
    /// It has happened, with so many bytes to read or room to write, or it never can.
    Event(Result<u64, Errno>),
    /// It happens at this time of the monotonic clock.
    At(u64),
    /// It happens when there is input.
    Input,
}

impl Wasi {
    /// `poll_oneoff(subscriptions, events, subscriptions_len, events_len)`
    pub(in crate::wasi) fn poll_oneoff(&self, caller: &mut Caller<'_>) -> Done {
        let (subscriptions, events, len) = (caller.word(0), caller.word(1), caller.word(2));
        if len == 0 || u64::from(len) > self.limits.subscriptions {
            return Err(Errno::INVAL.into());
        }
        caller.charge_entries(len.into())?;
        caller.check(events, u64::from(len).saturating_mul(count(EVENT_BYTES)))?;
        caller.check(caller.word(3), 4)?;
        let subscriptions = caller.read(subscriptions, len.saturating_mul(SUBSCRIPTION_BYTES))?;
        let mut happened = Vec::new();
        let (mut next, mut wants_input) = (None, false);
        for subscription in subscriptions.chunks_exact(to_usize(SUBSCRIPTION_BYTES)) {
            match self.poll(subscription, caller) {
                Polled::Event(event) => happened.extend_from_slice(&event_of(subscription, event)),
                Polled::At(time) => next = Some(next.unwrap_or(time).min(time)),
                Polled::Input => wants_input = true,
            }
        }
        if happened.is_empty() {
            return Err(match (next, wants_input) {
                (None | Some(u64::MAX), true) => Wait::Stdin,
                (None | Some(u64::MAX), false) => Wait::Forever,
                (Some(monotonic_ns), stdin) => Wait::Until { monotonic_ns, stdin },
            }
            .into());
        }
        caller.write(events, &happened)?;
        caller.write_len(caller.word(3), happened.len() / EVENT_BYTES)
    }

    fn poll(&self, subscription: &[u8], caller: &Caller<'_>) -> Polled {
        match subscription.get(TAG) {
            Some(0) => self.poll_clock(subscription, caller),
            Some(1) => self.poll_descriptor(word_at(subscription, BODY), true),
            Some(2) => self.poll_descriptor(word_at(subscription, BODY), false),
            _ => Polled::Event(Err(Errno::INVAL)),
        }
    }

    /// A time is counted from when the call was served first, however long it waits.
    fn poll_clock(&self, subscription: &[u8], caller: &Caller<'_>) -> Polled {
        let (timeout, flags) = (long_at(subscription, TIMEOUT), word_at(subscription, CLOCK_FLAGS) & 0xFFFF);
        let Some(id) = ClockId::of(word_at(subscription, BODY)) else {
            return Polled::Event(Err(Errno::INVAL));
        };
        let (since, since_realtime) = (caller.turn.since, caller.turn.since_realtime);
        let left = match id {
            _ if flags & ABSTIME == 0 => timeout,
            ClockId::Realtime => timeout.saturating_sub(since_realtime),
            ClockId::Monotonic => timeout.saturating_sub(since),
        };
        match since.saturating_add(left) {
            time if time <= self.clock.monotonic => Polled::Event(Ok(0)),
            time => Polled::At(time),
        }
    }

    fn poll_descriptor(&self, fd: u32, reads: bool) -> Polled {
        let descriptor = match self.descriptors.with(fd, Rights::POLL_FD_READWRITE) {
            Ok(descriptor) => descriptor,
            Err(errno) => return Polled::Event(Err(errno)),
        };
        Polled::Event(match (descriptor.target, reads) {
            (Target::Stdin, true) if !self.input.is_ready() => return Polled::Input,
            (Target::Stdin, true) => Ok(count(self.input.unread().len())),
            (Target::Stdout | Target::Stderr, false) => Ok(1),
            (Target::Stdin, false) | (Target::Stdout | Target::Stderr, true) => Err(Errno::BADF),
            (Target::Node(inode), true) => self.files.node(inode).map(|node| match &node.kind {
                Kind::File(contents) => contents.len().saturating_sub(descriptor.position),
                Kind::Directory(_) | Kind::Link(_) => 1,
            }),
            (Target::Node(_), false) => Ok(1),
        })
    }
}

/// The event of a subscription.
fn event_of(subscription: &[u8], event: Result<u64, Errno>) -> [u8; EVENT_BYTES] {
    let tag = subscription.get(TAG).copied().unwrap_or_default();
    let errno = event.err().unwrap_or(Errno::SUCCESS);
    *Layout::new()
        .with_long(0, long_at(subscription, 0))
        .with(8, &errno.0.to_le_bytes())
        .with_byte(10, tag)
        .with_long(16, event.unwrap_or(0))
        .bytes()
}
