//! The table of the numbers by which this module and JavaScript understand each other: what a step did, where it
//! says the rest, and what stands for nothing. JavaScript's own are made from this.

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

/// The numbers by their names.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Protocol {}

macro_rules! protocol {
    ($(of $of:ident: $(
        #[doc = $about:literal]
        $name:ident: $ty:ty = $value:expr;
    )*)*) => {
        impl Protocol {
            $($(
                #[doc = $about]
                pub const $name: $ty = $value;
            )*)*
        }

        /// All numbers.
        pub const PROTOCOL: &[Number] =
            &[$($(Number {
                of: stringify!($of),
                name: stringify!($name),
                value: &Protocol::$name,
                about: $about,
            }),*),*];
    };
}

protocol! {
    of Step:
    /// The call finished.
    FINISHED: u32 = 0;
    /// The call waits for an answer.
    HOST_CALL: u32 = 1;
    /// The call needs fuel.
    OUT_OF_FUEL: u32 = 2;
    /// The call trapped.
    TRAPPED: u32 = 3;
    /// The instance was torn down.
    TORN_DOWN: u32 = 4;
    /// There is no such call or function.
    REFUSED: u32 = 5;
    /// The call used up its slice and has fuel left.
    SLICE_OVER: u32 = 6;
    /// Another call of the guest is under way that this one is not nested in, or that is nested in it.
    BUSY: u32 = 7;
    /// The call waits for what a WASI system waits for, which is the detail.
    WAITS: u32 = 8;
    /// The program exited with the code that is the detail.
    EXITED: u32 = 9;
    /// The program lets others have their turn, whatever is left of the call's slice.
    YIELDED: u32 = 10;
    /// The code is to be run by the host that has compiled it, with the values in the exchange and so much fuel as the detail.
    OUTSIDE: u32 = 11;

    of Wait:
    /// For a lazy file, whose token and size are in the exchange.
    FILE: u32 = 0;
    /// For ever.
    FOREVER: u32 = 1;
    /// For standard input, or its end.
    INPUT: u32 = 2;
    /// For room for output.
    OUTPUT: u32 = 3;
    /// For as many random bytes as the exchange says.
    RANDOM: u32 = 4;
    /// For another call that waits for the same system.
    TURN: u32 = 5;
    /// For a time that is so many nanoseconds away as the exchange says.
    UNTIL: u32 = 6;
    /// The same, or for standard input.
    UNTIL_INPUT: u32 = 7;

    of Part:
    /// An argument, by its text.
    ARG: u32 = 0;
    /// The host's clocks, of a resolution in nanoseconds.
    CLOCK_HOST: u32 = 1;
    /// The milliseconds since 1970 at which deterministic clocks begin.
    CLOCK_START: u32 = 2;
    /// The nanoseconds by which they go on.
    CLOCK_TICK: u32 = 3;
    /// A directory of the last mount, by its path.
    DIRECTORY: u32 = 4;
    /// A file, by its path and bytes.
    FILE_BYTES: u32 = 5;
    /// A file, by its path and its size. Its token is its ordinal among those of the system.
    LAZY_FILE: u32 = 6;
    /// A limit, by its name and value.
    LIMIT: u32 = 7;
    /// A symbolic link, by its path and where it leads.
    LINK: u32 = 8;
    /// A mount that the program may write to, by its name.
    MOUNT: u32 = 9;
    /// The same, read-only.
    MOUNT_READ_ONLY: u32 = 10;
    /// The same, whose files are handed over when they were written.
    MOUNT_WRITE_BACK: u32 = 11;
    /// The preset of the limits, by its name; before all else.
    PRESET: u32 = 12;
    /// Random numbers of the host's.
    RANDOM_HOST: u32 = 13;
    /// The seed of random numbers, in eight bytes.
    SEED: u32 = 14;
    /// That the standard streams are a terminal.
    TERMINAL: u32 = 15;
    /// An environment variable, by its name and value.
    VARIABLE: u32 = 16;

    of Taken:
    /// Nothing is left.
    NOTHING: u32 = 0;
    /// What was written to standard output.
    STDOUT: u32 = 1;
    /// What was written to standard error.
    STDERR: u32 = 2;
    /// A file of a mount with write-back.
    WRITTEN: u32 = 3;

    of Protocol:
    /// What stands for a handle until a call that pauses gets one, and where there is no call.
    NO_CALL: u32 = (1 << 24) - 1;

    /// The bit of a number in the place of an export's position that is the handle of a function.
    FUNCTION: u32 = 1 << 30;

    /// Words of the exchange before the values: the head.
    HEAD_WORDS: usize = 8;
    /// The word of the call's handle.
    CALL_WORD: usize = 0;
    /// The word of the ordinal of the function that is called, the instance that was made, the number of the trap's code or the fuel that is needed.
    DETAIL_WORD: usize = 1;
    /// The word of the state of a host call, or the bits of a trap.
    STATE_WORD: usize = 2;
    /// The word of the fuel that is left.
    FUEL_WORD: usize = 3;
    /// The word of the fuel that was used.
    USED_WORD: usize = 4;
    /// The word of the size of a memory in pages, whose address was asked for.
    PAGES_WORD: usize = 5;

    /// The word of whose import a host call is, where the call reached another guest through a table: one more than its instance; 0 where it is that of the call.
    GUEST_WORD: usize = 6;

    /// The word of which host call of a guest that is recorded this is since its journal began, from 1; 0 of one that is not recorded.
    NUMBER_WORD: usize = 7;

    /// The bit of a memory's size whose bytes are not to be written in place, as that has to be noted.
    NOTED: u32 = 1 << 20;

    /// The bit of a memory's size that is not in this module's memory: its number is in the place of the address.
    OUTSIDE_MEMORY: u32 = 1 << 21;

    /// The bit of an instance whose calls need not nest.
    OVERLAPS: u32 = 1;
    /// The bit of an instance that is recorded from its birth.
    RECORDED: u32 = 2;

    /// The bit of a trap that has frames.
    HAS_FRAMES: u32 = 1;
    /// The bit of a trap that has a message of its own.
    HAS_MESSAGE: u32 = 2;

    of NoThunk:
    /// In the place of a thunk's handle: the supervisor exports no table of functions.
    NO_TABLE: f64 = -1.0;
    /// The same: the index is outside the table.
    OUT_OF_BOUNDS: f64 = -2.0;
    /// The same: the table's element is null.
    NULL: f64 = -3.0;
}

impl Protocol {
    /// The word at which values begin.
    pub const VALUES: usize = Self::HEAD_WORDS;
}
