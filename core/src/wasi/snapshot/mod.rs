//! Snapshots of the system that a program sees: its files, descriptors, clocks and streams, as bytes.
//!
//! Together with the [snapshot of the guest](crate::snapshot) they are all that a program's next call depends on.
//!
//! # The format
//!
//! Version 1. All of it is in SCALE but the first 12 bytes and the last 8, which are little-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `gboxwasi` |
//! | 4 | the version of the format |
//! | | a [`State`] |
//! | 8 | the XXH3 (64 bits, seed 0) of all bytes before |
//!
//! What a node has of names and of descriptors is not written: it is counted when the bytes are read.

mod read;
mod state;

use super::{
    error::{VERSION, WasiSnapshotError},
    files::{Contents, Kind},
    limits::WasiLimits,
    options::{Access, Clocks, Random},
    state::Wasi,
    wait::Stream,
};
use alloc::vec::Vec;
use parity_scale_codec::{DecodeAll, Encode};
use state::{ClocksState, DescriptorState, KindState, MountState, NodeState, State};
use twox_hash::XxHash3_64;

const MAGIC: &[u8; 8] = b"gboxwasi";
const CHECKSUM_BYTES: usize = 8;

impl Wasi {
    /// All that it is, as bytes; the limits are not in them. Calls may be made before and after, but none may wait.
    ///
    /// # Errors
    ///
    /// [`WasiSnapshotError::Busy`] where a call waits, [`WasiSnapshotError::OutOfSystemMemory`].
    pub fn snapshot(&self) -> Result<Vec<u8>, WasiSnapshotError> {
        if self.is_waiting() {
            return Err(WasiSnapshotError::Busy);
        }
        let output = self.output.all();
        let state = self.state(&output);
        let mut bytes = Vec::new();
        let len = MAGIC.len().saturating_add(state.encoded_size()).saturating_add(12);
        bytes.try_reserve_exact(len).map_err(|_| WasiSnapshotError::OutOfSystemMemory)?;
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        state.encode_to(&mut bytes);
        bytes.extend_from_slice(&XxHash3_64::oneshot(&bytes).to_le_bytes());
        Ok(bytes)
    }

    /// Makes a system of the bytes of a snapshot, under limits of its own.
    ///
    /// # Errors
    ///
    /// See [`WasiSnapshotError`].
    pub fn from_snapshot(bytes: &[u8], limits: WasiLimits) -> Result<Self, WasiSnapshotError> {
        let Some(rest) = bytes.strip_prefix(MAGIC) else { return Err(WasiSnapshotError::NotASnapshot) };
        let (version, rest) = rest.split_first_chunk().ok_or(WasiSnapshotError::Corrupted)?;
        let found = u32::from_le_bytes(*version);
        if found != VERSION {
            return Err(WasiSnapshotError::Version { found });
        }
        let (mut state, checksum) = rest.split_last_chunk().ok_or(WasiSnapshotError::Corrupted)?;
        let contents = bytes.get(..bytes.len().saturating_sub(CHECKSUM_BYTES)).unwrap_or_default();
        if u64::from_le_bytes(*checksum) != XxHash3_64::oneshot(contents) {
            return Err(WasiSnapshotError::Corrupted);
        }
        let state = State::decode_all(&mut state).map_err(|_| WasiSnapshotError::Corrupted)?;
        read::wasi(state, limits)
    }

    fn state<'a>(&'a self, output: &'a [(Stream, Vec<u8>)]) -> State<&'a [u8]> {
        let files = &self.files;
        State {
            args: slices(&self.args),
            variables: slices(&self.variables),
            is_terminal: self.is_terminal,
            clocks: match self.clock.clocks {
                Clocks::Deterministic { start_ns, tick_ns } => ClocksState::Deterministic(start_ns, tick_ns),
                Clocks::Host { resolution_ns } => ClocksState::Host(resolution_ns),
            },
            realtime: self.clock.realtime,
            monotonic: self.clock.monotonic,
            seed: match self.generator.random {
                Random::Seeded(seed) => Some(seed),
                Random::Host => None,
            },
            generator: self.generator.state,
            entropy: &self.entropy,
            input: self.input.unread(),
            input_is_closed: self.input.is_closed,
            output: output.iter().map(|(stream, bytes)| (*stream == Stream::Stderr, &**bytes)).collect(),
            output_written: self.output.written,
            mounts: files
                .mounts
                .iter()
                .map(|mounted| MountState {
                    name: &*mounted.name,
                    access: match mounted.access {
                        Access::ReadOnly => 0,
                        Access::ReadWrite => 1,
                        Access::WriteBack => 2,
                    },
                    root: mounted.root,
                })
                .collect(),
            nodes: files
                .nodes
                .since(0)
                .map(|(inode, node)| NodeState {
                    inode,
                    mount: node.mount,
                    is_dirty: node.is_dirty,
                    times: (node.times.accessed, node.times.modified, node.times.changed),
                    kind: kind_state(&node.kind),
                })
                .collect(),
            next_inode: files.next,
            written: files
                .nodes
                .since(0)
                .filter(|(_, node)| node.is_written)
                .map(|(inode, _)| inode)
                .collect(),
            descriptors: self
                .descriptors
                .table
                .iter()
                .map(|place| place.as_ref().map(DescriptorState::of))
                .collect(),
        }
    }
}

fn kind_state(kind: &Kind) -> KindState<&[u8]> {
    match kind {
        Kind::File(Contents::Here(bytes)) => KindState::File(bytes),
        Kind::File(Contents::Lazy(request)) => KindState::LazyFile(request.token, request.size),
        Kind::Directory(directory) => KindState::Directory {
            parent: directory.parent,
            next_cookie: directory.next_cookie(),
            names: directory.since(0).map(|(cookie, name, inode)| (cookie, &**name, inode)).collect(),
        },
        Kind::Link(target) => KindState::Link(target),
    }
}

fn slices(strings: &[Vec<u8>]) -> Vec<&[u8]> {
    strings.iter().map(Vec::as_slice).collect()
}
