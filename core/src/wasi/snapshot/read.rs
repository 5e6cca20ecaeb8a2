//! A system made of what a snapshot has: all that a program could rely on is checked.

use super::state::{ClocksState, DescriptorState, KindState, MountState, NodeState, State};
use crate::{
    limits::{count, to_usize},
    wasi::{
        abi::fdflags,
        clock::{Clock, Generator},
        descriptors::Descriptors,
        error::{OptionsError, WasiSnapshotError},
        files::{
            Contents, Directory, END_OF_COOKIES, FIRST_COOKIE, Files, Kind, Mounted, Node, Quota, Times,
        },
        inode::Inode,
        limits::WasiLimits,
        names::Name,
        options::{Access, Clocks, Random},
        state::{Wasi, check_strings},
        streams::{Input, Output},
        wait::{Request, Stream},
    },
};
use alloc::{sync::Arc, vec::Vec};

const CORRUPTED: WasiSnapshotError = WasiSnapshotError::Corrupted;

type Checked<T> = Result<T, WasiSnapshotError>;

pub(super) fn wasi(state: State<Vec<u8>>, limits: WasiLimits) -> Checked<Wasi> {
    check_strings(&state.args, &state.variables, &limits).map_err(|error| match error {
        OptionsError::Limit { limit, maximum } => WasiSnapshotError::Limit { limit, maximum },
        _ => CORRUPTED,
    })?;
    let clocks = match state.clocks {
        ClocksState::Deterministic(start_ns, tick_ns) => Clocks::Deterministic { start_ns, tick_ns },
        ClocksState::Host(resolution_ns) => Clocks::Host { resolution_ns },
    };
    let mut input = Input::default();
    input.feed(&state.input);
    input.is_closed = state.input_is_closed;
    let mut output = Output::default();
    for (is_error, bytes) in &state.output {
        output.push(if *is_error { Stream::Stderr } else { Stream::Stdout }, bytes);
    }
    output.written = state.output_written;
    let mut files = files(state.mounts, state.nodes, state.next_inode, &limits)?;
    let descriptors = descriptors(&state.descriptors, &mut files, &limits)?;
    check_tree(&files)?;
    for inode in state.written {
        files.nodes.get_mut(inode).ok_or(CORRUPTED)?.is_written = true;
        files.has_written = true;
    }
    Ok(Wasi {
        args: state.args,
        variables: state.variables,
        files,
        descriptors,
        clock: Clock { clocks, realtime: state.realtime, monotonic: state.monotonic },
        generator: Generator {
            random: state.seed.map_or(Random::Host, Random::Seeded),
            state: state.generator,
        },
        entropy: state.entropy,
        input,
        output,
        is_terminal: state.is_terminal,
        limits,
        pending: None,
    })
}

fn within(limit: &'static str, maximum: u64, found: u64) -> Checked<()> {
    if found <= maximum { Ok(()) } else { Err(WasiSnapshotError::Limit { limit, maximum }) }
}

/// The files, with the names of each node counted and its descriptors not yet.
fn files(
    mounts: Vec<MountState<Vec<u8>>>,
    nodes: Vec<NodeState<Vec<u8>>>,
    next: Inode,
    limits: &WasiLimits,
) -> Checked<Files> {
    let mut files = Files::new(Quota::of(limits));
    files.next = next;
    within("inodes", limits.inodes, count(nodes.len()))?;
    for mount in mounts {
        files.check_text(&mount.name).map_err(|_| CORRUPTED)?;
        let access = match mount.access {
            0 => Access::ReadOnly,
            1 => Access::ReadWrite,
            2 => Access::WriteBack,
            _ => return Err(CORRUPTED),
        };
        files.mounts.push(Mounted { name: mount.name.into(), access, root: mount.root });
    }
    let mut names = Vec::new();
    for NodeState { inode, mount, is_dirty, times: (accessed, modified, changed), kind } in nodes {
        let kind = self::kind(inode, kind, &mut names, &files)?;
        let times = Times { accessed, modified, changed };
        let node = Node { is_dirty, ..Node::new(kind, mount, times) };
        files.bytes = files.bytes.saturating_add(node.quota_bytes());
        within("file_bytes", limits.file_bytes, files.bytes)?;
        within("inodes", limits.inodes, count(names.len()))?;
        if inode >= next || !files.nodes.add(inode, node) {
            return Err(CORRUPTED);
        }
    }
    files.names = count(names.len());
    let roots: Vec<_> = files.mounts.iter().map(|mounted| mounted.root).collect();
    for (mount, root) in roots.into_iter().enumerate() {
        let is_own = files.directory(root).is_ok_and(|directory| directory.parent == root);
        let node = files.nodes.get_mut(root).filter(|node| to_usize(node.mount) == mount && is_own);
        let node = node.filter(|node| node.links == 0).ok_or(CORRUPTED)?;
        node.links = 1;
    }
    for (parent, inode) in names {
        let mount = files.node(parent).map_err(|_| CORRUPTED)?.mount;
        let node = files.nodes.get_mut(inode).filter(|node| node.mount == mount).ok_or(CORRUPTED)?;
        // A directory has one name, in the directory that it says.
        if let Kind::Directory(directory) = &node.kind
            && (node.links > 0 || directory.parent != parent)
        {
            return Err(CORRUPTED);
        }
        node.links = node.links.saturating_add(1);
    }
    Ok(files)
}

/// What a node is; the names of a directory are noted with it.
fn kind(
    inode: Inode,
    kind: KindState<Vec<u8>>,
    noted: &mut Vec<(Inode, Inode)>,
    files: &Files,
) -> Checked<Kind> {
    Ok(match kind {
        KindState::File(bytes) => Kind::File(Contents::Here(Arc::new(bytes))),
        KindState::LazyFile(token, size) => Kind::File(Contents::Lazy(Request { token, size })),
        KindState::Link(target) => {
            files.check_target(&target).map_err(|_| CORRUPTED)?;
            Kind::Link(target.into())
        }
        KindState::Directory { parent, next_cookie, names } => {
            if next_cookie >= END_OF_COOKIES {
                return Err(CORRUPTED);
            }
            let mut directory = Directory::new(parent);
            for (cookie, name, child) in names {
                files.check_name_text(&name).map_err(|_| CORRUPTED)?;
                let is_new = directory.put(cookie, Name::from(name), child);
                if !is_new || cookie < FIRST_COOKIE || cookie >= next_cookie {
                    return Err(CORRUPTED);
                }
                noted.push((inode, child));
            }
            directory.skip_cookies(next_cookie);
            Kind::Directory(Arc::new(directory))
        }
    })
}

/// The descriptors, which are counted in the files that they are of.
fn descriptors(
    table: &[Option<DescriptorState>],
    files: &mut Files,
    limits: &WasiLimits,
) -> Checked<Descriptors> {
    within("descriptors", limits.descriptors, count(table.len()))?;
    let mut descriptors = Descriptors::new(limits.descriptors);
    for place in table {
        let descriptor = place.as_ref().map(DescriptorState::descriptor);
        if let Some(descriptor) = &descriptor {
            let is_mount = descriptor.mount.is_none_or(|mount| to_usize(mount) < files.mounts.len());
            if !is_mount || descriptor.flags & !fdflags::ALL != 0 {
                return Err(CORRUPTED);
            }
            if let Some(inode) = descriptor.node() {
                files.open(inode).map_err(|_| CORRUPTED)?;
            }
        }
        descriptors.table.push(descriptor);
    }
    Ok(descriptors)
}

/// Refuses nodes that nothing has, and directories that are in none but not empty, or in each other.
fn check_tree(files: &Files) -> Checked<()> {
    let mut directories: usize = 0;
    for (inode, node) in files.nodes.since(0) {
        if node.links == 0 && node.opened == 0 || to_usize(node.mount) >= files.mounts.len() {
            return Err(CORRUPTED);
        }
        if let Kind::Directory(directory) = &node.kind {
            if node.links > 0 {
                directories = directories.saturating_add(1);
            } else if !directory.is_empty() || directory.parent != inode {
                return Err(CORRUPTED);
            }
        }
    }
    // Each directory is in one other at most, so that none is met twice.
    let mut left: Vec<_> = files.mounts.iter().map(|mounted| (mounted.root, 0_u64)).collect();
    while let Some((inode, depth)) = left.pop() {
        within("depth", files.quota.depth, depth)?;
        directories = directories.checked_sub(1).ok_or(CORRUPTED)?;
        let directory = files.directory(inode).map_err(|_| CORRUPTED)?;
        let is_directory = |inode: &Inode| files.node(*inode).is_ok_and(Node::is_directory);
        let below = directory.by_name().map(|(_, inode)| inode).filter(is_directory);
        left.extend(below.map(|inode| (inode, depth.saturating_add(1))));
    }
    if directories == 0 { Ok(()) } else { Err(CORRUPTED) }
}
