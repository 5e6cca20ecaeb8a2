//! The table of the numbers by which this module and JavaScript understand each other: what a step did, where it
//! says the rest, and what stands for nothing. JavaScript's own are made from this.

use crate::{host::Host, slab::NOTHING, substrate::Substrate};
use core::fmt::Display;

/// A number of the protocol, as JavaScript has it.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Number {
    /// The name of the enumeration that it is of.
    pub of: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: &'static (dyn Display + Sync),
    /// What it is.
    pub about: &'static str,
}

macro_rules! protocol {
    ($(of $door:ident in $of:ident: $(
        #[doc = $about:literal]
        $visibility:vis $name:ident: $ty:ty = $value:expr;
    )*)*) => {
        $(impl $door {
            $(
                #[doc = $about]
                $visibility const $name: $ty = $value;
            )*
        })*

        /// All numbers.
        pub const PROTOCOL: &[Number] =
            &[$($(Number {
                of: stringify!($of),
                name: stringify!($name),
                value: &$door::$name,
                about: $about,
            }),*),*];
    };
}

protocol! {
    of Host in Step:
    /// The call finished.
    pub FINISHED: u32 = 0;
    /// The call waits for an answer.
    pub HOST_CALL: u32 = 1;
    /// The call needs fuel.
    pub OUT_OF_FUEL: u32 = 2;
    /// The call trapped.
    pub TRAPPED: u32 = 3;
    /// The instance was torn down.
    pub TORN_DOWN: u32 = 4;
    /// There is no such call or function.
    pub REFUSED: u32 = 5;
    /// The call used up its slice and has fuel left.
    pub SLICE_OVER: u32 = 6;
    /// Another call of the guest is under way that this one is not nested in, or that is nested in it.
    pub BUSY: u32 = 7;

    of Host in Protocol:
    /// What stands for a handle until a call that pauses gets one, and where there is no call.
    pub NO_CALL: u32 = NOTHING;

    /// Words of the exchange before the values: the head.
    pub HEAD_WORDS: usize = 8;
    /// The word of the call's handle.
    pub CALL_WORD: usize = 0;
    /// The word of the ordinal of the function that is called, the instance that was made, the number of the trap's code or the fuel that is needed.
    pub DETAIL_WORD: usize = 1;
    /// The word of the state of a host call, or the bits of a trap.
    pub STATE_WORD: usize = 2;
    /// The word of the fuel that is left.
    pub FUEL_WORD: usize = 3;
    /// The word of the fuel that was used.
    pub USED_WORD: usize = 4;
    /// The word of the size of a memory in pages, whose address was asked for.
    pub PAGES_WORD: usize = 5;

    /// The bit of a trap that has frames.
    pub HAS_FRAMES: u32 = 1;
    /// The bit of a trap that has a message of its own.
    pub HAS_MESSAGE: u32 = 2;

    of Substrate in NoThunk:
    /// In the place of a thunk's handle: the supervisor exports no table of functions.
    pub(crate) NO_TABLE: f64 = -1.0;
    /// The same: the index is outside the table.
    pub(crate) OUT_OF_BOUNDS: f64 = -2.0;
    /// The same: the table's element is null.
    pub(crate) NULL: f64 = -3.0;
}

impl Host {
    /// The word at which values begin.
    pub const VALUES: usize = Self::HEAD_WORDS;
}
