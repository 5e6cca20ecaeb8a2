//! The table of the kinds of trap: each is stated here and nowhere else.
//!
//! Of a row are made the variant of [`TrapCode`] with its line in the table of the documentation, its name and its message. JavaScript and its documentation have their part by [`tables`](crate::tables).

use core::fmt;

macro_rules! trap_codes {
    ($(
        $(#[doc = $doc:literal])+
        $code:ident $name:literal {
            message: $message:literal,
            cause: $cause:literal,
            remedy: $remedy:literal,
        }
    )*) => {
        /// The kinds of trap.
        ///
        /// | Rust | code | message | cause | what to do |
        /// |---|---|---|---|---|
        $(#[doc = concat!(
            "| [`", stringify!($code), "`](Self::", stringify!($code), ") | `", $name, "` | ", $message, " | ", $cause,
            " | ", $remedy, " |"
        )])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum TrapCode {
            $(
                $(#[doc = $doc])+
                $code,
            )*
        }

        impl TrapCode {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$code),*];

            /// The code's name in kebab case, the `code` of a `Trap` in JavaScript.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }

            /// One line that says what happened.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self {
                    $(Self::$code => $message,)*
                }
            }
        }

        /// The kinds of trap, for those who write about them.
        pub const TRAPS: &[TrapRow] =
            &[$(TrapRow { code: TrapCode::$code, cause: $cause, remedy: $remedy }),*];
    };
}

trap_codes! {
    /// A float that is not a number was converted to an integer.
    BadConversionToInteger "bad-conversion-to-integer" {
        message: "invalid conversion to an integer",
        cause: "NaN was converted to an integer",
        remedy: "a defect of the guest; toolchains can emit conversions that saturate",
    }
    /// An indirect call met a function of another type.
    BadSignature "bad-signature" {
        message: "indirect call to a function of another type",
        cause: "a function pointer was called as what it is not",
        remedy: "a defect of the guest, often a wrong cast of a function pointer",
    }
    /// The engine reported something it should not; please report it as a defect.
    Engine "engine" {
        message: "engine error",
        cause: "the engine reported something it should not",
        remedy: "report it as a defect, with the module",
    }
    /// The supervisor ended the call with a [`HostError`](crate::HostError).
    HostError "host-error" {
        message: "the supervisor ended the call",
        cause: "an import failed with a `HostError`",
        remedy: "see the trap's reason; in JavaScript what an import throws comes out instead, but for what the guest's pointers made `memory.read` and the like throw",
    }
    /// An indirect call met an empty table element.
    IndirectCallToNull "indirect-call-to-null" {
        message: "indirect call to an empty table element",
        cause: "a function pointer was called that is null",
        remedy: "a defect of the guest",
    }
    /// An integer was divided by zero.
    IntegerDivisionByZero "integer-division-by-zero" {
        message: "integer division by zero",
        cause: "an integer was divided by zero",
        remedy: "a defect of the guest; most languages check for it",
    }
    /// A float that does not fit was converted to an integer, or the smallest integer divided by -1.
    IntegerOverflow "integer-overflow" {
        message: "integer overflow",
        cause: "a float that does not fit was converted to an integer, or the smallest integer divided by -1",
        remedy: "a defect of the guest; toolchains can emit conversions that saturate",
    }
    /// A load, store or bulk operation was outside the memory.
    MemoryOutOfBounds "memory-out-of-bounds" {
        message: "memory access out of bounds",
        cause: "a load, store or bulk operation outside the memory or the segment",
        remedy: "a defect of the guest, or arguments that point outside its memory",
    }
    /// Guest and supervisor called each other more than [`Limits::nesting`](crate::Limits) deep.
    NestingTooDeep "nesting-too-deep" {
        message: "guest and supervisor calls nested too deeply",
        cause: "an import called a guest, whose import called a guest, and so on",
        remedy: "do less within imports; limit `nesting`, or that of the instance",
    }
    /// The call used up its fuel.
    OutOfFuel "out-of-fuel" {
        message: "out of fuel",
        cause: "the call used up its fuel, or cannot pay a charge",
        remedy: "give it more, or see by its frames where it loops",
    }
    /// The host had no memory left for what the guest asked for.
    OutOfSystemMemory "out-of-system-memory" {
        message: "out of system memory",
        cause: "the host had no memory left for what the guest asked for",
        remedy: "lower the limits of memory, or make room",
    }
    /// The import within which the call was made was answered before the call had ended. guestbox does
    /// not end calls by it: it is for those who drive executions by hand, as the npm package does.
    Outlived "outlived" {
        message: "the call outlived the import that it was made in",
        cause: "an import was answered while a call of the same guest that it had made was still under way",
        remedy: "let imports wait for the calls that they make",
    }
    /// The supervisor's result has not the type that the import declares.
    ResultType "result-type" {
        message: "the supervisor's result has not the type the import declares",
        cause: "an import returned values of other types or of another number",
        remedy: "a defect of the supervisor",
    }
    /// Guest functions called each other too deeply, see
    /// [`Limits::guest_frames`](crate::Limits) and `engine_stack_bytes`.
    StackOverflow "stack-overflow" {
        message: "guest stack overflow",
        cause: "the guest's functions called each other too deeply",
        remedy: "see by its frames which; limits `guest_frames` and `engine_stack_bytes` (`guestFrames`, `engineStackBytes`)",
    }
    /// A table operation was outside the table.
    TableOutOfBounds "table-out-of-bounds" {
        message: "table access out of bounds",
        cause: "a table operation outside the table, an indirect call through it too",
        remedy: "a defect of the guest, often a function pointer that is none",
    }
    /// The guest reached an import of one that was torn down, by a function of that in a table.
    TornDown "torn-down" {
        message: "an import was called of a guest that was torn down",
        cause: "the guest called a function of another that was torn down, which it has in a table, and that called an import",
        remedy: "tear guests that share tables down together",
    }
    /// The guest executed `unreachable`; most toolchains compile a panic or abort to it.
    Unreachable "unreachable" {
        message: "unreachable executed",
        cause: "the guest gave up: toolchains compile a panic or an abort to `unreachable`",
        remedy: "see by its frames where, and what it printed before",
    }
}

impl fmt::Display for TrapCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

/// One of the kinds of trap.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TrapRow {
    /// Which.
    pub code: TrapCode,
    /// What a guest or its supervisor did.
    pub cause: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}
