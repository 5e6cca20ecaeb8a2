//! What directories list, and the files of a mount as text and as a number.

use guestbox::wasi::{Entry, Tree, Wasi};

/// An entry that `fd_readdir` gave.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listed {
    /// The cookie of the next one.
    pub next: u64,
    /// Its node.
    pub inode: u64,
    /// Its type, a number.
    pub file_type: u8,
    /// Its name.
    pub name: String,
}

impl Listed {
    /// The entries in a buffer, but for one that is cut at its end.
    #[must_use]
    pub fn all(mut buffer: &[u8]) -> Vec<Self> {
        let mut listed = Vec::new();
        while let Some((header, rest)) = buffer.split_at_checked(24) {
            let len = u32::from_le_bytes(header[16..20].try_into().unwrap()) as usize;
            let Some((name, rest)) = rest.split_at_checked(len) else { break };
            listed.push(Self {
                next: u64::from_le_bytes(header[..8].try_into().unwrap()),
                inode: u64::from_le_bytes(header[8..16].try_into().unwrap()),
                file_type: header[20],
                name: String::from_utf8(name.to_vec()).unwrap(),
            });
            buffer = rest;
        }
        listed
    }
}

/// A line for each path of a mount.
#[must_use]
pub fn paths(tree: &Tree) -> Vec<String> {
    let line = |(path, entry): (&[u8], Entry<'_>)| {
        let path = String::from_utf8_lossy(path);
        match entry {
            Entry::Directory => format!("{path}/"),
            Entry::File(bytes) => format!("{path} {}", bytes.len()),
            Entry::LazyFile(request) => format!("{path} lazy {}", request.size),
            Entry::Link(target) => format!("{path} -> {}", String::from_utf8_lossy(target)),
            _ => panic!("of no kind that is known"),
        }
    };
    tree.entries().map(line).collect()
}

/// A number for all that programs may have made of a mount: its paths and what is there.
pub(super) fn hash(wasi: &Wasi, mount: &str) -> u32 {
    let tree = wasi.tree(mount).expect("the mount");
    let all: Vec<_> = tree.entries().collect();
    let is_above = |path: &[u8]| {
        all.iter().any(|(other, _)| other.strip_prefix(path).is_some_and(|rest| rest.starts_with(b"/")))
    };
    let mut text = Vec::new();
    for (path, entry) in &all {
        let (kind, contents): (_, &[u8]) = match entry {
            Entry::Directory if is_above(path) => continue,
            Entry::Directory => ("directory", b""),
            Entry::File(bytes) => ("file", bytes),
            Entry::LazyFile(_) => ("lazy", b""),
            Entry::Link(target) => ("link", target),
            _ => panic!("of no kind that is known"),
        };
        for part in [path, kind.as_bytes(), contents] {
            text.extend_from_slice(&(part.len() as u32).to_le_bytes());
            text.extend_from_slice(part);
        }
    }
    fnv(&text)
}

/// FNV-1a of 32 bits: each byte counts, and so does where it is.
#[must_use]
pub fn fnv(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
