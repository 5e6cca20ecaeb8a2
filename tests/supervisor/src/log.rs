//! What happened since the embedder last read it, a line for each event.
//!
//! Numbers of instances and memories, arguments and results are part of a line; addresses in the
//! supervisor's own memory never are, so that the log stays the same from compiler to compiler.

use crate::host::pack;
use alloc::{format, string::String};
use core::fmt::{self, Display};
use spin::Mutex;

/// Lines, and whether the embedder has read them: then the next one begins anew.
struct Log {
    lines: String,
    is_read: bool,
}

static LOG: Mutex<Log> = Mutex::new(Log { lines: String::new(), is_read: false });

/// Adds a line.
pub fn line(event: fmt::Arguments<'_>) {
    // Formatted before the lock is taken: what is formatted may log, too.
    let text = format!("{event}\n");
    let mut log = LOG.lock();
    if core::mem::take(&mut log.is_read) {
        log.lines.clear();
    }
    log.lines.push_str(&text);
}

/// The region of the lines since this was last called, until the next line. Allocates nothing, so
/// that it can be read whatever has become of the heap.
pub fn read() -> u64 {
    let mut log = LOG.lock();
    if core::mem::replace(&mut log.is_read, true) {
        log.lines.clear();
    }
    pack(log.lines.as_ptr().expose_provenance(), log.lines.len())
}

/// Bytes as hexadecimal digits.
pub struct Hex<'a>(pub &'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
