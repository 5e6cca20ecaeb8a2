//! What a snapshot has, in its order. Bytes are slices where it is written, and vectors where it is read.

#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    trivial_numeric_casts,
    reason = "the derived SCALE code has them"
)]

use crate::wasi::{
    abi::Rights,
    descriptors::{Descriptor, Target},
    inode::Inode,
};
use alloc::vec::Vec;
use parity_scale_codec::{Decode, Encode};

#[derive(Debug, Decode, Encode)]
pub(super) struct State<B> {
    pub(super) args: Vec<B>,
    pub(super) variables: Vec<B>,
    pub(super) is_terminal: bool,
    pub(super) clocks: ClocksState,
    pub(super) realtime: u64,
    pub(super) monotonic: u64,
    /// `None` where random numbers are the host's.
    pub(super) seed: Option<u64>,
    pub(super) generator: u64,
    pub(super) entropy: B,
    pub(super) input: B,
    pub(super) input_is_closed: bool,
    /// Whether it goes to standard error, and the bytes.
    pub(super) output: Vec<(bool, B)>,
    pub(super) output_written: u64,
    pub(super) mounts: Vec<MountState<B>>,
    pub(super) nodes: Vec<NodeState<B>>,
    pub(super) next_inode: Inode,
    pub(super) written: Vec<Inode>,
    pub(super) descriptors: Vec<Option<DescriptorState>>,
}

#[derive(Debug, Decode, Encode)]
pub(super) enum ClocksState {
    /// The time in the beginning and the tick.
    Deterministic(u64, u64),
    /// The resolution.
    Host(u64),
}

#[derive(Debug, Decode, Encode)]
pub(super) struct MountState<B> {
    pub(super) name: B,
    /// 0 for one that is read-only, 1 for one that is not, 2 for one with write-back.
    pub(super) access: u8,
    pub(super) root: Inode,
}

#[derive(Debug, Decode, Encode)]
pub(super) struct NodeState<B> {
    pub(super) inode: Inode,
    pub(super) mount: u32,
    pub(super) is_dirty: bool,
    /// When it was accessed, modified and changed.
    pub(super) times: (u64, u64, u64),
    pub(super) kind: KindState<B>,
}

#[derive(Debug, Decode, Encode)]
pub(super) enum KindState<B> {
    File(B),
    /// The token and the size.
    LazyFile(u64, u64),
    Directory {
        parent: Inode,
        next_cookie: u64,
        /// Cookies, names and nodes.
        names: Vec<(u64, B, Inode)>,
    },
    Link(B),
}

#[derive(Debug, Decode, Encode)]
pub(super) struct DescriptorState {
    pub(super) target: TargetState,
    pub(super) position: u64,
    pub(super) flags: u32,
    pub(super) rights: u64,
    pub(super) inheriting: u64,
    pub(super) mount: Option<u32>,
}

#[derive(Debug, Decode, Encode)]
pub(super) enum TargetState {
    Stdin,
    Stdout,
    Stderr,
    Node(Inode),
}

impl DescriptorState {
    pub(super) const fn of(descriptor: &Descriptor) -> Self {
        Self {
            target: match descriptor.target {
                Target::Stdin => TargetState::Stdin,
                Target::Stdout => TargetState::Stdout,
                Target::Stderr => TargetState::Stderr,
                Target::Node(inode) => TargetState::Node(inode),
            },
            position: descriptor.position,
            flags: descriptor.flags,
            rights: descriptor.rights.0,
            inheriting: descriptor.inheriting.0,
            mount: descriptor.mount,
        }
    }

    pub(super) const fn descriptor(&self) -> Descriptor {
        Descriptor {
            target: match self.target {
                TargetState::Stdin => Target::Stdin,
                TargetState::Stdout => Target::Stdout,
                TargetState::Stderr => Target::Stderr,
                TargetState::Node(inode) => Target::Node(inode),
            },
            position: self.position,
            flags: self.flags,
            rights: Rights(self.rights),
            inheriting: Rights(self.inheriting),
            mount: self.mount,
        }
    }
}
