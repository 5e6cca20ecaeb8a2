//! The bytes of a snapshot: written, checked, and written into memories. The format is described
//! in the module above.

use super::{
    Snapshot,
    identity::Identity,
    plain::{Plain, Reader},
};
use crate::{
    error::{FORMAT_VERSION, FormatError},
    limits::{count, to_usize},
    types::value::Value,
};
use alloc::vec::Vec;
use twox_hash::XxHash3_64;

const MAGIC: &[u8; 8] = b"gboxsnap";
/// The version of a snapshot whose globals are numbers, which is all that was before there were vectors.
const OF_NUMBERS: u32 = 1;
/// Up to the first memory.
const HEADER_BYTES: usize = 36;
const MEMORY_BYTES: usize = 8;
const RUN_HEADER_BYTES: usize = 8;
const CHECKSUM_BYTES: usize = 8;

/// Zeros are left out by blocks of so many bytes: small enough to find most of them, and large
/// against the header of a run.
const BLOCK_BYTES: usize = 256;
/// Blocks of a page of memory.
const PAGE_BLOCKS: u32 = 256;

/// Where what is in a snapshot that was checked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Layout {
    pub(super) identity: Identity,
    memories: usize,
    globals: usize,
    /// Where the runs begin.
    runs: usize,
}

/// What is said of a memory before its runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemoryHeader {
    pub(crate) pages: u32,
    pub(crate) runs: usize,
}

/// Bytes of a memory between zeros.
pub(crate) struct Run<'a> {
    /// Where in the memory.
    start: usize,
    bytes: &'a [u8],
}

/// The runs of all memories.
pub(crate) struct Runs<'a>(Reader<'a>);

impl<'a> Iterator for Runs<'a> {
    type Item = Run<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.run().map(|(first, _, bytes)| Run { start: bytes_of(first), bytes })
    }
}

impl Layout {
    /// Checks bytes.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, FormatError> {
        let Some(rest) = bytes.strip_prefix(MAGIC) else { return Err(FormatError::NotASnapshot) };
        let found = Reader(rest).u32().ok_or(FormatError::Corrupted)?;
        if !matches!(found, OF_NUMBERS | FORMAT_VERSION) {
            return Err(FormatError::Version { found });
        }
        Self::read_checked(bytes, found != OF_NUMBERS).ok_or(FormatError::Corrupted)
    }

    fn read_checked(bytes: &[u8], may_have_vectors: bool) -> Option<Self> {
        let (contents, checksum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM_BYTES)?)?;
        if Reader(checksum).u64()? != XxHash3_64::oneshot(contents) {
            return None;
        }
        let mut reader = Reader(contents);
        reader.take(MAGIC.len().checked_add(size_of_val(&FORMAT_VERSION))?)?;
        let identity = Identity { len: reader.u64()?, hash: reader.u64()? };
        let (memories, globals) = (to_usize(reader.u32()?), to_usize(reader.u32()?));
        let headers = reader.take(memories.checked_mul(MEMORY_BYTES)?)?;
        for _ in 0..globals {
            reader.plain().filter(|global| may_have_vectors || !global.is_vector())?;
        }
        let layout = Self { identity, memories, globals, runs: contents.len().checked_sub(reader.0.len())? };
        for header in headers.chunks_exact(MEMORY_BYTES) {
            let memory = MemoryHeader::read(header)?;
            let end = memory.pages.checked_mul(PAGE_BLOCKS)?;
            let mut at = 0_u32;
            for _ in 0..memory.runs {
                let (first, blocks, _) = reader.run()?;
                at = first.checked_add(blocks).filter(|&after| first >= at && blocks > 0 && after <= end)?;
            }
        }
        reader.0.is_empty().then_some(layout)
    }

    pub(super) fn memories<'a>(&self, bytes: &'a [u8]) -> impl ExactSizeIterator<Item = MemoryHeader> + 'a {
        let len = self.memories.saturating_mul(MEMORY_BYTES);
        let headers = bytes.get(HEADER_BYTES..HEADER_BYTES.saturating_add(len)).unwrap_or_default();
        // They were all read before.
        let read = |header| MemoryHeader::read(header).unwrap_or(MemoryHeader { pages: 0, runs: 0 });
        headers.chunks_exact(MEMORY_BYTES).map(read)
    }

    pub(super) fn globals<'a>(&self, bytes: &'a [u8]) -> impl Iterator<Item = Value> + 'a {
        let begin = HEADER_BYTES.saturating_add(self.memories.saturating_mul(MEMORY_BYTES));
        let mut reader = Reader(bytes.get(begin..self.runs).unwrap_or_default());
        core::iter::from_fn(move || reader.plain().map(Value::from)).take(self.globals)
    }

    pub(super) fn runs<'a>(&self, bytes: &'a [u8]) -> Runs<'a> {
        let end = bytes.len().saturating_sub(CHECKSUM_BYTES);
        Runs(Reader(bytes.get(self.runs..end).unwrap_or_default()))
    }
}

impl MemoryHeader {
    fn read(header: &[u8]) -> Option<Self> {
        let mut reader = Reader(header);
        Some(Self { pages: reader.u32()?, runs: to_usize(reader.u32()?) })
    }
}

/// Writes the snapshot of an instance with these memories and globals. `None` where the host has
/// no memory for it.
pub(crate) fn write(identity: Identity, memories: &[&[u8]], globals: &[Plain]) -> Option<Snapshot> {
    let mut runs = Vec::new();
    let mut found = Vec::new();
    for memory in memories {
        let before = runs.len();
        find_runs(memory, &mut runs)?;
        found.push(runs.len().checked_sub(before)?);
    }
    let contents =
        runs.iter().map(|(_, blocks)| count(bytes_of(*blocks)).saturating_add(count(RUN_HEADER_BYTES)));
    let contents = usize::try_from(contents.fold(0, u64::saturating_add)).ok()?;
    let globals_len = globals.iter().map(|global| global.len()).fold(0, usize::saturating_add);
    let version = if globals.iter().any(|global| global.is_vector()) { FORMAT_VERSION } else { OF_NUMBERS };
    let head =
        HEADER_BYTES.checked_add(memories.len().checked_mul(MEMORY_BYTES)?)?.checked_add(globals_len)?;
    let len = head.checked_add(contents)?.checked_add(CHECKSUM_BYTES)?;

    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).ok()?;
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&version.to_le_bytes());
    bytes.extend_from_slice(&identity.len.to_le_bytes());
    bytes.extend_from_slice(&identity.hash.to_le_bytes());
    for count in [memories.len(), globals.len()] {
        bytes.extend_from_slice(&u32::try_from(count).ok()?.to_le_bytes());
    }
    for (memory, &runs) in memories.iter().zip(&found) {
        for number in [memory.len() / crate::limits::PAGE_BYTES, runs] {
            bytes.extend_from_slice(&u32::try_from(number).ok()?.to_le_bytes());
        }
    }
    let layout = Layout { identity, memories: memories.len(), globals: globals.len(), runs: head };
    globals.iter().for_each(|global| global.push_to(&mut bytes));
    let mut rest = runs.iter();
    for (memory, &runs) in memories.iter().zip(&found) {
        for &(first, blocks) in rest.by_ref().take(runs) {
            bytes.extend_from_slice(&first.to_le_bytes());
            bytes.extend_from_slice(&blocks.to_le_bytes());
            bytes.extend_from_slice(memory.get(bytes_of(first)..bytes_of(first.checked_add(blocks)?))?);
        }
    }
    bytes.extend_from_slice(&XxHash3_64::oneshot(&bytes).to_le_bytes());
    Some(Snapshot { bytes, layout })
}

/// Makes a memory what it was: copies the runs and clears what is between them.
pub(crate) fn restore<'a>(memory: &mut [u8], runs: impl Iterator<Item = Run<'a>>) {
    let (mut rest, mut at) = (memory, 0_usize);
    for run in runs {
        // They are inside and ascend, which was checked.
        let Some((gap, after)) = rest.split_at_mut_checked(run.start.saturating_sub(at)) else { return };
        let Some((bytes, after)) = after.split_at_mut_checked(run.bytes.len()) else { return };
        clear(gap);
        bytes.copy_from_slice(run.bytes);
        at = run.start.saturating_add(run.bytes.len());
        rest = after;
    }
    clear(rest);
}

/// Clears bytes.
///
/// Natively most are zero already as a rule, and to read those is cheaper than to write them;
/// pages of the host's that were never touched stay so. In wasm there are no such pages, and one
/// `memory.fill` is twice as fast as a look.
fn clear(bytes: &mut [u8]) {
    if cfg!(target_family = "wasm") {
        bytes.fill(0);
        return;
    }
    for block in bytes.chunks_mut(BLOCK_BYTES) {
        if !is_zero(block) {
            block.fill(0);
        }
    }
}

/// Appends the first block and the number of blocks of each run.
fn find_runs(memory: &[u8], runs: &mut Vec<(u32, u32)>) -> Option<()> {
    let mut begin = None;
    let mut push = |begin: u32, end: u32| {
        runs.try_reserve(1).ok()?;
        runs.push((begin, end.checked_sub(begin)?));
        Some(())
    };
    let mut end = 0_u32;
    for block in memory.chunks(BLOCK_BYTES) {
        match (is_zero(block), begin) {
            (false, None) => begin = Some(end),
            (true, Some(first)) => {
                push(first, end)?;
                begin = None;
            }
            _ => {}
        }
        end = end.checked_add(1)?;
    }
    if let Some(first) = begin {
        push(first, end)?;
    }
    Some(())
}

/// Whether a block has nothing but zeros.
fn is_zero(block: &[u8]) -> bool {
    let (words, rest) = block.as_chunks();
    words.iter().fold(0, |all, word| all | u64::from_ne_bytes(*word)) == 0
        && rest.iter().all(|byte| *byte == 0)
}

/// Bytes of blocks. A 32-bit host has no memory for more blocks than it can count bytes of.
const fn bytes_of(blocks: u32) -> usize {
    BLOCK_BYTES.saturating_mul(to_usize(blocks))
}

impl<'a> Reader<'a> {
    /// The first block of a run, the number of its blocks and their bytes.
    fn run(&mut self) -> Option<(u32, u32, &'a [u8])> {
        let (first, blocks) = (self.u32()?, self.u32()?);
        Some((first, blocks, self.take(bytes_of(blocks))?))
    }
}
