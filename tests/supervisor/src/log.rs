//! What happened since the embedder last read it, a line for each event.
//!
//! Numbers of instances and memories, arguments and results are part of a line; addresses in the
//! supervisor's own memory never are, so that the log stays the same from compiler to compiler.

use alloc::{format, string::String};
use core::fmt::{self, Display};
use spin::Mutex;

static LINES: Mutex<String> = Mutex::new(String::new());

/// Adds a line.
pub fn line(event: fmt::Arguments<'_>) {
    // Formatted before the lock is taken: formatting allocates, which is the embedder's code.
    let text = format!("{event}\n");
    LINES.lock().push_str(&text);
}

/// Takes all lines out.
pub fn take() -> String {
    core::mem::take(&mut *LINES.lock())
}

/// Bytes as hexadecimal digits.
pub struct Hex<'a>(pub &'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
