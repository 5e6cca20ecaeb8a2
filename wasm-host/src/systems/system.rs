//! A system, and what JavaScript gives it and takes from it.

use super::{clock, refusal::refusal};
use crate::{error::error, json::List, protocol::Protocol};
use alloc::{borrow::Cow, collections::VecDeque, rc::Rc, sync::Arc};
use core::{cell::RefCell, iter};
use guestbox::{
    RestoreError,
    wasi::{Entry, Request, Stream, Tree, Wasi, WasiLimits, WasiSnapshotError, Written},
};
use wasm_bindgen::JsValue;

/// A system, shared by JavaScript's object, its guests and their calls.
pub(crate) type Shared = Rc<RefCell<System>>;

/// A system that programs see.
pub(crate) struct System {
    pub(super) wasi: Wasi,
    /// When the monotonic clock began; where it goes on from a snapshot's, that may be before the runtime's did.
    began_ns: u64,
    /// The sizes of the lazy files that JavaScript has, by their tokens.
    lazy_sizes: Vec<u64>,
    /// Until when the call that waits does so.
    pub(super) until_ns: u64,
    /// Whether a call waits for it.
    pub(super) is_waited_for: bool,
    /// What was written before a snapshot was restored, and not taken yet.
    output_before: VecDeque<(Stream, Vec<u8>)>,
    written_before: VecDeque<Vec<Written>>,
    /// Files that are being taken.
    written: VecDeque<Written>,
    /// What was taken last: bytes, and of a file also where it is.
    taken: Arc<Vec<u8>>,
    place: String,
    tree: Tree,
}

impl System {
    pub(super) fn new(wasi: Wasi, lazy_sizes: Vec<u64>) -> Self {
        Self {
            lazy_sizes,
            output_before: VecDeque::new(),
            written_before: VecDeque::new(),
            began_ns: if wasi.has_clocks_of_host() { clock::monotonic_ns() } else { 0 },
            wasi,
            until_ns: 0,
            is_waited_for: false,
            written: VecDeque::new(),
            taken: Arc::default(),
            place: String::new(),
            tree: Tree::new(),
        }
    }

    /// Says what time it is, where the clocks are the host's.
    pub(super) fn set_time(&mut self) {
        if self.wasi.has_clocks_of_host() {
            let monotonic = clock::monotonic_ns().wrapping_sub(self.began_ns);
            self.wasi.set_time(clock::realtime_ns(), monotonic);
        }
    }

    /// Gives what is waited for, one of the kinds of waiting.
    pub(crate) fn give(&mut self, kind: u32, bytes: Vec<u8>) {
        match kind {
            Protocol::FILE => self.wasi.answer_file(Ok(bytes)),
            Protocol::INPUT if bytes.is_empty() => self.wasi.close_stdin(),
            Protocol::INPUT => self.wasi.feed(&bytes),
            Protocol::OUTPUT => self.wasi.forget_output(),
            Protocol::RANDOM => self.wasi.feed_random(&bytes),
            Protocol::UNTIL => self.wasi.advance(self.until_ns),
            _ => {}
        }
    }

    /// Takes what was written next, and says what it is. Its bytes are in [`System::taken`].
    pub(crate) fn take(&mut self) -> u32 {
        if let Some((stream, bytes)) = self.output_before.pop_front().or_else(|| self.wasi.take_output()) {
            self.taken = Arc::new(bytes);
            return if stream == Stream::Stdout { Protocol::STDOUT } else { Protocol::STDERR };
        }
        let is_first = self.written.is_empty();
        if is_first {
            let before = self.written_before.pop_front();
            self.written = before.unwrap_or_else(|| self.wasi.take_written()).into();
        }
        let Some(file) = self.written.pop_front() else {
            self.taken = Arc::default();
            return Protocol::NOTHING;
        };
        let place = List::new().with_text(&*lossy(&file.mount)).with_text(&*lossy(&file.path));
        self.place = place.with(number_of(&file.bytes)).with(is_first).to_string();
        self.taken = file.bytes;
        Protocol::WRITTEN
    }

    /// The bytes that were taken.
    pub(crate) fn taken(&self) -> &[u8] {
        &self.taken
    }

    /// Where the file is that was taken, and which bytes it has: `[mount, path, number, is_first]`. A file with several names has
    /// one number by all of them, up to the next that is the first.
    pub(crate) fn place(&self) -> String {
        self.place.clone()
    }

    /// What a mount has become: `[path, kind, more]` each, where of links there is more where they lead, of lazy files
    /// that were never asked for their token, and of others which bytes they have, by a number. They are had by [`System::file`].
    pub(crate) fn look_at(&mut self, mount: &str) -> String {
        self.tree = self.wasi.tree(mount).unwrap_or_default();
        let describe = |(path, entry): (&[u8], Entry<'_>)| {
            let description = List::new().with_text(&*lossy(path));
            match entry {
                Entry::Directory => description.with(Protocol::DIRECTORY),
                Entry::LazyFile(request) => description.with(Protocol::LAZY_FILE).with(request.token),
                Entry::Link(target) => description.with(Protocol::LINK).with_text(&*lossy(target)),
                Entry::File(bytes) => description.with(Protocol::FILE_BYTES).with(number_of(bytes)),
                _ => description.with(Protocol::FILE_BYTES).with(number_of(&[])),
            }
        };
        self.tree.entries().map(describe).collect::<List>().to_string()
    }

    /// The bytes of a file of the mount that was looked at.
    pub(crate) fn file(&self, path: &str) -> Option<&[u8]> {
        self.tree.file(path)
    }

    /// All limits: `[name, number]` each.
    pub(crate) fn limits(&self) -> String {
        crate::limits::describe(self.wasi.limits().by_name())
    }

    /// Bytes that a snapshot can have at most, by the limits.
    pub(crate) fn snapshot_bytes_limit(&self) -> u64 {
        let WasiLimits { file_bytes, inodes, name_bytes, output_buffer, string_bytes, .. } =
            self.wasi.limits();
        let of_nodes = inodes.saturating_mul(name_bytes.saturating_add(NODE_BYTES));
        let parts = [*file_bytes, of_nodes, *output_buffer, string_bytes.saturating_mul(2), INPUT_BYTES];
        parts.into_iter().fold(0, u64::saturating_add)
    }

    /// What it is, but for what it wrote: that goes where it goes.
    pub(super) fn snapshot(&self) -> Result<Wasi, JsValue> {
        if self.is_waited_for {
            return Err(refused(&WasiSnapshotError::Busy));
        }
        let mut kept = self.wasi.clone();
        while kept.take_output().is_some() {}
        kept.take_written();
        Ok(kept)
    }

    /// Makes it what it was when a snapshot was taken.
    pub(crate) fn restore(&mut self, kept: &Wasi) -> Result<(), JsValue> {
        if kept.limits() == self.wasi.limits() {
            return self.become_one(kept.clone());
        }
        let bytes = kept.snapshot().map_err(|error| refused(&error))?;
        self.restore_bytes(&bytes)
    }

    /// Makes it what it was when a snapshot was taken that has these bytes.
    pub(crate) fn restore_bytes(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        let kept = Wasi::from_snapshot(bytes, self.wasi.limits().clone());
        self.become_one(kept.map_err(|error| refused(&error))?)
    }

    fn become_one(&mut self, kept: Wasi) -> Result<(), JsValue> {
        if self.is_waited_for {
            return Err(error(
                "RestoreError",
                RestoreError::Busy.code(),
                &"a call of a guest waits for the system",
            ));
        }
        let is_here = |Request { token, size, .. }: Request| {
            usize::try_from(token).is_ok_and(|token| self.lazy_sizes.get(token) == Some(&size))
        };
        if !kept.has_mounts_of(&self.wasi) || !kept.lazy_files().all(is_here) {
            let message = "the snapshot is of a system with other directories or lazy files; give this one the same `files`";
            return Err(error("RestoreError", "mounts", &message));
        }
        self.output_before.extend(iter::from_fn(|| self.wasi.take_output()));
        let written = self.wasi.take_written();
        if !written.is_empty() {
            self.written_before.push_back(written);
        }
        // A clock of the runtime's goes on from where it was.
        self.began_ns = clock::monotonic_ns().wrapping_sub(kept.monotonic_ns());
        self.wasi = kept;
        Ok(())
    }

    /// Has looked enough.
    pub(crate) fn forget_tree(&mut self) {
        self.tree = Tree::new();
    }
}

/// Bytes that a snapshot has of a node besides its name and what is in it, at most.
const NODE_BYTES: u64 = 256;

/// Bytes of unread input that a snapshot may have, of which a system has no limit.
const INPUT_BYTES: u64 = 256 << 20;

/// What JavaScript is told where there is no snapshot.
pub(crate) fn refused(refused: &WasiSnapshotError) -> JsValue {
    let limit = match refused {
        WasiSnapshotError::Limit { limit, maximum, .. } => Some((*limit, *maximum)),
        _ => None,
    };
    refusal("SnapshotError", refused.code(), limit, "the snapshot has more", refused)
}

/// A number of bytes that no others have which are here at the same time: a file with ten thousand names is copied once.
fn number_of(bytes: &[u8]) -> usize {
    bytes.as_ptr().addr()
}

/// A path, which is UTF-8 as the system checks.
fn lossy(path: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(path)
}
