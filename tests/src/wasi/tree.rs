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

/// A number for all paths of a mount and the bytes of its files.
#[must_use]
pub fn hash(wasi: &Wasi, mount: &str) -> u64 {
    let tree = wasi.tree(mount).expect("the mount");
    // FNV-1a: each byte counts, and so does where it is.
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes.iter().chain(&[0xFF]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    };
    for (path, entry) in tree.entries() {
        add(path);
        match entry {
            Entry::Directory => add(b"directory"),
            Entry::File(bytes) => add(bytes),
            Entry::LazyFile(request) => add(&request.token.to_le_bytes()),
            Entry::Link(target) => add(target),
            _ => panic!("of no kind that is known"),
        }
    }
    hash
}
