//! A system, and what JavaScript gives it and takes from it.

use super::clock;
use crate::{json::List, protocol::Protocol};
use alloc::{borrow::Cow, collections::VecDeque, rc::Rc, sync::Arc};
use core::cell::RefCell;
use guestbox::wasi::{Entry, Stream, Tree, Wasi, Written};

/// A system, shared by JavaScript's object, its guests and their calls.
pub(crate) type Shared = Rc<RefCell<System>>;

/// A system that programs see.
pub(crate) struct System {
    pub(super) wasi: Wasi,
    /// When the monotonic clock began.
    began_ns: u64,
    /// Until when the call that waits does so.
    pub(super) until_ns: u64,
    /// Whether a call waits for it.
    pub(super) is_waited_for: bool,
    written: VecDeque<Written>,
    /// What was taken last: bytes, and of a file also where it is.
    taken: Arc<Vec<u8>>,
    place: String,
    tree: Tree,
}

impl System {
    pub(crate) fn new(wasi: Wasi) -> Self {
        Self {
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
            let monotonic = clock::monotonic_ns().saturating_sub(self.began_ns);
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
        if let Some((stream, bytes)) = self.wasi.take_output() {
            self.taken = Arc::new(bytes);
            return if stream == Stream::Stdout { Protocol::STDOUT } else { Protocol::STDERR };
        }
        let is_first = self.written.is_empty();
        if is_first {
            self.written = self.wasi.take_written().into();
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

    /// Has looked enough.
    pub(crate) fn forget_tree(&mut self) {
        self.tree = Tree::new();
    }
}

/// A number of bytes that no others have which are here at the same time: a file with ten thousand names is copied once.
fn number_of(bytes: &[u8]) -> usize {
    bytes.as_ptr().addr()
}

/// A path, which is UTF-8 as the system checks.
fn lossy(path: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(path)
}
