//! Frames: which functions of a guest had called each other when it trapped or paused, and where
//! they were.

use alloc::{sync::Arc, vec::Vec};
use core::{fmt, ops::Deref};

/// A function that had been called and had not returned.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Frame {
    /// The function's index in the module, imported functions counted first.
    pub function_index: u32,
    /// The function's name in the module's name section, if that has it. The guest's author chose
    /// it; of more than 1,024 bytes it is cut.
    pub name: Option<Arc<str>>,
    /// Where the function is of another guest than the one that was called, which it reached through a table: the name
    /// of its module, from the module's name section, and cut as `name` is; where that has none, the first eight
    /// hexadecimal digits of the XXH3 hash of the module's bytes.
    pub module: Option<Arc<str>>,
    /// Where the function was, as an offset of an operator in the module's bytes: the call of the
    /// next inner frame, the operator that trapped, or where it last passed a call, a loop's begin
    /// or an operator that can trap, if it is out of fuel.
    pub offset: u32,
}

/// As V8 writes it, `name (wasm-function[3]:0x42)`, of another guest `name (module:wasm-function[3]:0x42)`; what is
/// unprintable in the names is escaped.
impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function_index, name, module, offset } = self;
        if let Some(name) = name {
            write!(f, "{} (", Printable(name))?;
        }
        if let Some(module) = module {
            write!(f, "{}:", Printable(module))?;
        }
        write!(f, "wasm-function[{function_index}]:{offset:#x}")?;
        if name.is_some() { f.write_str(")") } else { Ok(()) }
    }
}

/// A name, with what is unprintable escaped.
struct Printable<'a>(&'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '"' | '\'' | '\\' => write!(f, "{character}"),
            _ => write!(f, "{}", character.escape_debug()),
        })
    }
}

/// The frames of a guest call, the innermost first; of more than [`Frames::MAXIMUM`] the innermost. Functions of other
/// guests, which it reached through a table, are among them. Where not all guests that have a table together were
/// compiled with frames there are none: who has returned to one that was not could not be told from who has not.
///
/// Written with `{}` it is a line for each, in the order and form of a stack in JavaScript.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Frames {
    pub(crate) frames: Vec<Frame>,
    pub(crate) left_out: usize,
}

impl Frames {
    /// The most frames that are listed: enough to see where a guest came from, where each is a line.
    pub const MAXIMUM: usize = 100;

    pub(crate) const NONE: Self = Self { frames: Vec::new(), left_out: 0 };

    /// How many there were besides, further out.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }
}

impl Deref for Frames {
    type Target = [Frame];

    fn deref(&self) -> &[Frame] {
        &self.frames
    }
}

impl<'a> IntoIterator for &'a Frames {
    type Item = &'a Frame;
    type IntoIter = core::slice::Iter<'a, Frame>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for frame in self {
            write!(f, "\n    at {frame}")?;
        }
        match self.left_out {
            0 => Ok(()),
            left_out => write!(f, "\n    and {left_out} more"),
        }
    }
}
