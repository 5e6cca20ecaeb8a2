//! The bytes of a parked guest: written and checked. The format is described in the module above.

use super::{Parked, Waiting, acts, journal::fuel_of};
use crate::{
    error::{PARKED_VERSION, UnparkError},
    limits::{count, to_usize},
    snapshot::{Identity, Snapshot, plain::Reader},
    types::{costs, value::Value},
};
use alloc::{sync::Arc, vec::Vec};
use core::ops::Range;
use twox_hash::XxHash3_64;

const MAGIC: &[u8; 8] = b"gboxpark";
const CHECKSUM_BYTES: usize = 8;
/// More than all of the header has.
const HEADER_BYTES: usize = 128;

/// The engine, and its version: where a call is paused may depend on it.
const ENGINE: u32 = 0x0002_0000;

const HAS_BASE: u8 = 1;
const HAS_STATE: u8 = 2;

/// What is in the bytes of a parked guest.
pub(crate) struct Contents<'a> {
    pub(crate) identity: Identity,
    /// The values of the constants that it imports.
    pub(crate) constants: &'a [Value],
    /// What it was when the journal began, if not what every new instance is.
    pub(crate) base: Option<&'a Snapshot>,
    /// The hash of what it was when it was parked, where that is known.
    pub(crate) state: Option<u64>,
    /// What its calls wait for that are under way, in the order in which they began.
    pub(crate) waiting: &'a [Waiting<'a>],
    pub(crate) acts: &'a [u8],
}

/// Where what is in bytes that were checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Layout {
    pub(super) identity: Identity,
    pub(super) is_of_engine: bool,
    pub(super) constants: Range<usize>,
    pub(super) base: Option<Range<usize>>,
    pub(super) state: Option<u64>,
    pub(super) waiting: Range<usize>,
    pub(super) acts: Range<usize>,
    /// What the runs of all calls used.
    pub(super) fuel: u64,
}

/// Writes a parked guest. `None` where the host has no memory for it.
pub(crate) fn write(contents: &Contents<'_>) -> Option<Parked> {
    let Contents { identity, constants, base, state, waiting, acts } = contents;
    let mut bytes = Vec::new();
    let names = |waiting: &Waiting<'_>| match waiting {
        Waiting::Fuel => 1,
        Waiting::HostCall { module, name, .. } => {
            module.len().saturating_add(name.len()).saturating_add(HEADER_BYTES)
        }
    };
    let names = waiting.iter().map(names).fold(0, usize::saturating_add);
    let base = base.map(|base| base.as_bytes());
    let parts = [acts.len(), base.map_or(0, <[u8]>::len), names, constants.len().checked_mul(20)?];
    bytes.try_reserve_exact(parts.into_iter().fold(HEADER_BYTES, usize::saturating_add)).ok()?;
    bytes.extend_from_slice(MAGIC);
    for number in [PARKED_VERSION, costs::VERSION, ENGINE] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.extend_from_slice(&identity.len.to_le_bytes());
    bytes.extend_from_slice(&identity.hash.to_le_bytes());
    bytes.push(if base.is_some() { HAS_BASE } else { 0 } | if state.is_some() { HAS_STATE } else { 0 });
    bytes.extend_from_slice(&state.unwrap_or(0).to_le_bytes());
    acts::push_values(&mut bytes, constants).ok()?;
    if let Some(base) = base {
        push_bytes(&mut bytes, base);
    }
    acts::push_number(&mut bytes, count(waiting.len()));
    for waits in *waiting {
        match waits {
            Waiting::Fuel => acts::push_number(&mut bytes, 0),
            Waiting::HostCall { module, name, number } => {
                acts::push_number(&mut bytes, *number);
                push_bytes(&mut bytes, module.as_bytes());
                push_bytes(&mut bytes, name.as_bytes());
            }
        }
    }
    bytes.extend_from_slice(acts);
    bytes.extend_from_slice(&XxHash3_64::oneshot(&bytes).to_le_bytes());
    // They are what is read.
    let layout = Layout::read(&bytes).ok()?;
    Some(Parked(Arc::new((bytes, layout))))
}

fn push_bytes(bytes: &mut Vec<u8>, more: &[u8]) {
    acts::push_number(bytes, count(more.len()));
    bytes.extend_from_slice(more);
}

fn bytes<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let len = usize::try_from(acts::number(reader)?).ok()?;
    reader.take(len)
}

/// What a call waits for.
pub(super) fn waiting<'a>(reader: &mut Reader<'a>) -> Option<Waiting<'a>> {
    let number = acts::number(reader)?;
    if number == 0 {
        return Some(Waiting::Fuel);
    }
    let mut text = || core::str::from_utf8(bytes(reader)?).ok();
    Some(Waiting::HostCall { module: text()?, name: text()?, number })
}

impl Layout {
    /// Checks bytes.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, UnparkError> {
        let Some(rest) = bytes.strip_prefix(MAGIC) else { return Err(UnparkError::NotParked) };
        let found = Reader(rest).u32().ok_or(UnparkError::Corrupted)?;
        if found != PARKED_VERSION {
            return Err(UnparkError::Version { found });
        }
        Self::read_checked(bytes).ok_or(UnparkError::Corrupted)
    }

    fn read_checked(all: &[u8]) -> Option<Self> {
        let (contents, checksum) = all.split_at_checked(all.len().checked_sub(CHECKSUM_BYTES)?)?;
        if Reader(checksum).u64()? != XxHash3_64::oneshot(contents) {
            return None;
        }
        let at = |reader: &Reader<'_>| contents.len().saturating_sub(reader.0.len());
        let mut reader = Reader(contents);
        reader.take(MAGIC.len().checked_add(size_of_val(&PARKED_VERSION))?)?;
        let is_of_engine = (reader.u32()?, reader.u32()?) == (costs::VERSION, ENGINE);
        let identity = Identity { len: reader.u64()?, hash: reader.u64()? };
        let flags = reader.u8().filter(|flags| flags & !(HAS_BASE | HAS_STATE) == 0)?;
        let state = reader.u64()?;
        let begin = at(&reader);
        acts::constants(&mut reader)?;
        let constants = begin..at(&reader);
        let base = if flags & HAS_BASE == 0 {
            None
        } else {
            let base = bytes(&mut reader)?;
            Snapshot::check(base).ok()?;
            Some(at(&reader).checked_sub(base.len())?..at(&reader))
        };
        let begin = at(&reader);
        let calls = to_usize(acts::narrow(&mut reader)?);
        for _ in 0..calls {
            waiting(&mut reader)?;
        }
        Some(Self {
            identity,
            is_of_engine,
            constants,
            base,
            state: (flags & HAS_STATE != 0).then_some(state),
            waiting: begin..at(&reader),
            acts: at(&reader)..contents.len(),
            fuel: fuel_of(reader.0)?,
        })
    }
}
