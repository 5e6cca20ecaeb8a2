//! The table of limits: each is stated here and nowhere else.
//!
//! Of a row are made the field of [`Limits`] with its line in the table of the documentation, its default as a
//! constant, its value in each preset, its [`Limit`], its name, and the function by which it is read within the crate.
//! One that nothing reads does not compile. JavaScript has its part by [`tables`](crate::tables).

use super::{MAX_PAGES, number::Number};
use crate::{limits::InstanceLimits, types::features::Features};

/// A number with the unit that it is written in.
macro_rules! quantity {
    ($number:literal) => {
        $number
    };
    ($number:literal KiB) => {
        $number << 10
    };
    ($number:literal MiB) => {
        $number << 20
    };
}

macro_rules! limits {
    (
        $(
            #[doc = $summary:literal]
            $(#[doc = $more:literal])*
            $field:ident: $ty:ident {
                $(#[doc = $reason:literal])+
                $constant:ident = $default:literal $($default_unit:ident)?;
                strict: $strict:literal $($strict_unit:ident)?;
                unlimited: $unlimited:expr;
                $(asked by $modules:ident;)?
                $(taken by $instances:ident;)?
                $(refuses $limit:ident $(, living = $living:literal)?: $refused:literal;)?
                $(traps $code:ident: $trapped:literal;)?
            }
        )*
        of an instance:
        $(
            $instance_limit:ident $instance_name:literal {
                set by $set:ident, read by $read:ident: $javascript:literal;
            }
        )*
    ) => {
        /// The limits of a [`Module`](crate::Module) and of a [`Store`](crate::Store): what a guest, an environment
        /// or a supervisor may take, before it is taken.
        ///
        /// There are three sets of them. [`Limits::default`] suits guests that nobody trusts in a process that has other
        /// work to do, and is so wide that the programs people have can be run; [`Limits::strict`] suits what
        /// strangers upload to a page that others share; and [`Limits::unlimited`] lifts what can be lifted. Under the
        /// first two no module takes more than 200 ms for each MiB to be compiled or refused, natively, and 300 in Node, one
        /// of less than a tenth of a MiB as much as that, in Node 40, nor natively more memory than 8 MiB and 16 bytes for each of its
        /// own; three times that with frames.
        ///
        /// ```
        /// use guestbox::{Limits, Store};
        /// let mut limits = Limits::default();
        /// limits.fuel = 1_000_000;
        /// let store = Store::with_limits(limits);
        /// ```
        ///
        /// Every number has a unit and a reason, which the constant of its default gives. A limit refuses with a
        /// [`LimitError`](crate::LimitError) that names the limit, its value and what was asked for:
        ///
        /// | limit | default | strict | who is refused, and how |
        /// |---|---|---|---|
        $(
            #[doc = concat!(
                "| [`", stringify!($field), "`](Limits::", stringify!($field), ") | [",
                stringify!($default), $(" ", stringify!($default_unit),)?
                "](Limits::", stringify!($constant), ") | ",
                stringify!($strict), $(" ", stringify!($strict_unit),)?
                " | ", $($refused,)? $($trapped,)? " |"
            )]
        )*
        #[derive(Clone, Debug, Eq, PartialEq)]
        #[non_exhaustive]
        pub struct Limits {
            /// What modules may use of WebAssembly. Fixed when a module is compiled.
            pub features: Features,
            $(
                #[doc = $summary]
                $(#[doc = $more])*
                pub $field: $ty,
            )*
        }

        impl Limits {
            $(
                $(#[doc = $reason])+
                pub const $constant: $ty = quantity!($default $($default_unit)?);
            )*

            pub(super) const DEFAULT: Self = Self { features: Features::ALL, $($field: Self::$constant,)* };
            pub(super) const STRICT: Self =
                Self { features: Features::ALL, $($field: quantity!($strict $($strict_unit)?),)* };
            pub(super) const UNLIMITED: Self = Self { features: Features::ALL, $($field: $unlimited,)* };

            /// All limits by their names, with their values; those of features are not among them.
            pub fn by_name(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($field), self.$field.get())),*].into_iter()
            }

            /// Sets a limit by its name, to the highest there is where that is below the value; `false` where there
            /// is no such limit.
            pub fn set(&mut self, name: &str, value: u64) -> bool {
                match name {
                    $(stringify!($field) => self.$field = Number::nearest(value),)*
                    _ => return false,
                }
                true
            }
        }

        /// What the limits are read by within the crate. One that is not is a limit that nothing checks.
        #[deny(dead_code, reason = "a limit that nothing checks is none")]
        pub(crate) mod maximum {
            use super::{Limit, Limits, Maximum, Number};
            use crate::types::trap::TrapCode;

            $(
                $(
                    #[doc = concat!("[`Limits::", stringify!($field), "`], to be checked.")]
                    pub(crate) fn $field(limits: &Limits) -> Maximum {
                        Maximum { limit: Limit::$limit, value: limits.$field.get() }
                    }
                )?
                $(
                    #[doc = concat!(
                        "[`Limits::", stringify!($field), "`], which ends a call by [`TrapCode::", stringify!($code), "`]."
                    )]
                    pub(crate) const fn $field(limits: &Limits) -> $ty {
                        let _ends: TrapCode = TrapCode::$code;
                        limits.$field
                    }
                )?
            )*
        }

        /// What a module takes of each of the [`Limits`] that are of modules, in the unit of the limit: of those that
        /// each function, table, memory or expression may have so much of, the most that one has.
        ///
        /// ```
        /// use guestbox::{Limits, Module};
        /// # let wasm = wat::parse_str("(module (memory 2) (func (local i32 i64)))").unwrap();
        /// let needs = Module::new(&wasm)?.needs();
        /// assert_eq!((needs.memory_pages, needs.functions, needs.locals), (2, 1, 2));
        ///
        /// let mut limits = Limits::default();
        /// limits.memory_pages = 1;
        /// let refused: Vec<_> = needs.above(&limits).map(|refused| refused.limit.name()).collect();
        /// assert_eq!(refused, ["memory_pages"]);
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
        #[non_exhaustive]
        pub struct Needs {
            $($(
                #[doc = concat!("What is taken of [`Limits::", stringify!($field), "`]; `", stringify!($modules), "` are refused where that is more.")]
                pub $field: u64,
            )?)*
            $($(
                #[doc = concat!("What is taken of [`Limits::", stringify!($field), "`] by one of its `", stringify!($instances), "`, when it is made, with what it imports.")]
                pub $field: u64,
            )?)*
        }

        impl Needs {
            /// All of it by the names of the limits.
            pub fn by_name(&self) -> impl Iterator<Item = (&'static str, u64)> {
                let all = [
                    $(
                        $((stringify!($field), self.$field, stringify!($modules)),)?
                        $((stringify!($field), self.$field, stringify!($instances)),)?
                    )*
                ];
                all.into_iter().map(|(name, taken, _)| (name, taken))
            }
        }

        /// Takes note of what a module takes while it is read; with the maximum that it is to be checked against.
        #[deny(dead_code, reason = "a limit that nothing checks is none")]
        impl Needs {
            $($(
                #[doc = concat!("[`Limits::", stringify!($field), "`], of `", stringify!($modules), "`.")]
                pub(crate) fn $field(&mut self, limits: &Limits, taken: u64) -> Maximum {
                    self.$field = self.$field.max(taken);
                    maximum::$field(limits)
                }
            )?)*
        }

        #[deny(dead_code, reason = "a limit that nothing checks is none")]
        impl InstanceLimits {
            $(
                #[doc = concat!("That of [`InstanceLimits::", stringify!($set), "`], to be checked.")]
                pub(crate) fn $read(&self) -> Option<Maximum> {
                    self.$read.map(|value| Maximum { limit: Limit::$instance_limit, value: value.into() })
                }
            )*
        }

        /// Which of the [`Limits`] refused.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        #[non_exhaustive]
        pub enum Limit {
            $(
                $(
                    #[doc = concat!("[`Limits::", stringify!($field), "`].")]
                    $limit,
                )?
            )*
            $(
                #[doc = concat!("[`InstanceLimits::", stringify!($set), "`].")]
                $instance_limit,
            )*
        }

        impl Limit {
            /// That of a field of [`Limits`], where it is one that refuses.
            pub(super) fn of_name(name: &str) -> Option<Self> {
                match name {
                    $($(stringify!($field) => Some(Self::$limit),)?)*
                    _ => None,
                }
            }

            /// The name of the field of [`Limits`], or what stands for it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $($(Self::$limit => stringify!($field),)?)*
                    $(Self::$instance_limit => $instance_name,)*
                }
            }

            /// Whether it counts what lives or is not yet freed, so that there is room again when some of that
            /// is torn down.
            #[must_use]
            pub const fn counts_what_lives(self) -> bool {
                match self {
                    $($(Self::$limit => false $(|| $living)?,)?)*
                    $(Self::$instance_limit)|* => false,
                }
            }

            /// Whether it is one of [`InstanceLimits`], not of [`Limits`].
            #[must_use]
            pub const fn is_of_instance(self) -> bool {
                matches!(self, $(Self::$instance_limit)|*)
            }
        }

        /// The limits of a store, for those who write about them.
        pub const LIMITS: &[LimitRow] = &[$(LimitRow {
            name: stringify!($field),
            summary: $summary,
            ty: stringify!($ty),
        }),*];

        /// The limits of an instance, for those who write about them.
        pub const INSTANCE_LIMITS: &[InstanceLimitRow] = &[$(InstanceLimitRow {
            limit: Limit::$instance_limit,
            javascript: $javascript,
        }),*];
    };
}

limits! {
    /// Bytes of a module.
    /// Translation takes about 20 ms a MiB and several times the memory.
    module_bytes: usize {
        /// Bytes of a module: 32 MiB. Of 76 published modules that link without limits 74 do so under this and
        /// the other defaults, see the census in `tests`.
        MODULE_BYTES = 32 MiB;
        strict: 4 MiB;
        unlimited: usize::MAX;
        asked by modules;
        refuses ModuleBytes: "a module, [`CompileError::Limit`](crate::CompileError)";
    }
    /// Functions of a module, imports included.
    /// Each costs an instance about 100 bytes.
    functions: u32 {
        /// Functions of a module: ten times what the engine's own strict limits allow, see [`Limits::MODULE_BYTES`].
        FUNCTIONS = 100_000;
        strict: 10_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses Functions: "a module, the same";
    }
    /// Globals of a module.
    globals: u32 {
        /// Globals of a module: ten times what the engine's own strict limits allow.
        GLOBALS = 10_000;
        strict: 1_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses Globals: "a module, the same";
    }
    /// Types of a module.
    types: u32 {
        /// Types of a module: as many as functions.
        TYPES = 10_000;
        strict: 10_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses Types: "a module, the same";
    }
    /// Parameters of a function type, and as many results.
    params: u32 {
        /// Parameters of a function: three times what the engine's own strict limits allow, see
        /// [`Limits::MODULE_BYTES`].
        PARAMS = 100;
        strict: 32;
        unlimited: 1_000;
        asked by modules;
        refuses Params: "a module, the same";
    }
    /// Locals of a function, without its parameters.
    /// Each call sets all of them to zero, and pays for it.
    locals: u32 {
        /// Locals of a function: five times what the largest of real guests had.
        LOCALS = 1_000;
        strict: 1_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses Locals: "a module, the same";
    }
    /// Blocks within each other in a function.
    /// The engine keeps more than a hundred bytes for each that is open, and two can open one.
    block_depth: u32 {
        /// Blocks within each other: toolchains open one for each case of a `switch`.
        BLOCK_DEPTH = 10_000;
        strict: 10_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses BlockDepth: "a module, the same";
    }
    /// Blocks, loops and ifs of a function, also those behind each other.
    /// The engine keeps up to 160 bytes for each until the function is translated.
    blocks: u32 {
        /// Blocks of a function: the largest that was seen in a hundred published modules has 29,742.
        BLOCKS = 50_000;
        strict: 50_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses Blocks: "a module, the same";
    }
    /// Targets of all `br_table`s of a function together, the default ones too.
    /// Each takes a byte, and the engine keeps some 30 for it until the function is translated.
    branch_targets: u32 {
        /// Targets of the `br_table`s of a function: far above the interpreters among real guests.
        BRANCH_TARGETS = 100_000;
        strict: 100_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses BranchTargets: "a module, the same";
    }
    /// Values beyond the first that the blocks, branches and calls of a module pass, all together.
    /// With the multi-value proposal two bytes can make the engine copy many values.
    multi_values: u32 {
        /// Values beyond the first that are passed: some 2 MB of the engine's code. Compilers pass one.
        MULTI_VALUES = 250_000;
        strict: 250_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses MultiValues: "a module, the same";
    }
    /// Operators of a constant expression: the initial value of a global, the offset of a segment.
    /// The engine evaluates them by recursion on the host's stack, and again wherever code reads the global.
    const_operators: u32 {
        /// Operators of a constant expression: ten times what toolchains write.
        CONST_OPERATORS = 32;
        strict: 32;
        unlimited: Self::CONST_OPERATORS;
        asked by modules;
        refuses ConstOperators: "a module, the same";
    }
    /// Imports of a module, of all kinds together.
    imports: u32 {
        /// Imports of a module: contracts of the lineage register about forty.
        IMPORTS = 1_000;
        strict: 1_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses Imports: "a module, the same";
    }
    /// Exports of a module.
    exports: u32 {
        /// Exports of a module: as many as functions.
        EXPORTS = 10_000;
        strict: 10_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses Exports: "a module, the same";
    }
    /// Tables of a module.
    /// The engine takes 100, and 99 of a module whose code grows one.
    tables: u32 {
        /// Tables of a module: what the engine's own strict limits allow.
        TABLES = 100;
        strict: 100;
        unlimited: u32::MAX;
        asked by modules;
        refuses Tables: "a module, the same";
    }
    /// Elements of each table, initial and grown, and of all element segments of a module together.
    table_elements: u32 {
        /// Elements of a table: 1.6 MB of the host's memory each.
        TABLE_ELEMENTS = 100_000;
        strict: 10_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses TableElements:
            "a module, the same; an instance, [`InstantiateError::Limit`](crate::InstantiateError); a guest's `table.grow` with -1";
    }
    /// Segments of a module, of elements and of data together.
    segments: u32 {
        /// Segments of a module: some toolchains write one for each string.
        SEGMENTS = 100_000;
        strict: 10_000;
        unlimited: u32::MAX;
        asked by modules;
        refuses Segments: "a module, [`CompileError::Limit`](crate::CompileError)";
    }
    /// Memories of a module.
    memories: u32 {
        /// Memories of a module. Toolchains use one; the multi-memory proposal allows several.
        MEMORIES = 16;
        strict: 16;
        unlimited: u32::MAX;
        asked by modules;
        refuses Memories: "a module, the same";
    }
    /// Pages (64 KiB) of each memory, initial and grown.
    /// The engine doubles its buffer as a memory grows: budget twice this.
    memory_pages: u32 {
        /// Pages of a memory: 256 MiB.
        MEMORY_PAGES = 4_096;
        strict: 1_024;
        unlimited: MAX_PAGES;
        asked by modules;
        refuses MemoryPages:
            "a module, the same; an instance, `InstantiateError::Limit`; a memory, [`MemoryError::Limit`](crate::MemoryError); a guest's `memory.grow` with -1";
    }
    /// Pages (64 KiB) of all memories of a store together, until they are really freed.
    total_memory_pages: u32 {
        /// Pages of all memories of a store: 512 MiB.
        TOTAL_MEMORY_PAGES = 8_192;
        strict: 2_048;
        unlimited: u32::MAX;
        taken by instances;
        refuses TotalMemoryPages, living = true: "an instance, a memory or a guest's `memory.grow`, the same";
    }
    /// Bytes of a SCALE-encoded environment definition.
    environment_bytes: usize {
        /// Bytes of an environment definition: 1 MiB, some 30,000 entries.
        ENVIRONMENT_BYTES = 1 MiB;
        strict: 1 MiB;
        unlimited: usize::MAX;
        refuses EnvironmentBytes: "an environment, [`EnvironmentError::Limit`](crate::EnvironmentError)";
    }
    /// Bytes of SCALE-encoded arguments, and of an encoded result.
    argument_bytes: usize {
        /// Bytes of arguments or of a result: 1 MiB.
        ARGUMENT_BYTES = 1 MiB;
        strict: 1 MiB;
        unlimited: usize::MAX;
        refuses ArgumentBytes:
            "arguments, [`SupervisorTrap::Limit`](crate::abi::SupervisorTrap); a result, [`ThunkError::Limit`](crate::ThunkError) as the trap's reason";
    }
    /// Instances of a store that are alive or not yet freed.
    instances: u32 {
        /// Instances of a store.
        INSTANCES = 10_000;
        strict: 10_000;
        unlimited: u32::MAX;
        refuses Instances, living = true: "an instance, `InstantiateError::Limit`";
    }
    /// Bytes that all instances of a store take together besides their memories, until they are really freed.
    /// Roughly 1 KiB each, 64 bytes for each function or segment, 32 to 96 for each global and 16 for each element of
    /// a table, initial and grown.
    total_instance_bytes: usize {
        /// Bytes of all instances of a store: 256 MiB, of small guests more than 10,000.
        TOTAL_INSTANCE_BYTES = 256 MiB;
        strict: 256 MiB;
        unlimited: usize::MAX;
        taken by instances;
        refuses TotalInstanceBytes, living = true:
            "an instance, `InstantiateError::Limit`; a guest's `table.grow` with -1";
    }
    /// Nested frames of guest functions.
    /// They are on the heap; real interpreters as guests need several thousand.
    guest_frames: usize {
        /// Frames of guest functions.
        GUEST_FRAMES = 10_000;
        strict: 10_000;
        unlimited: Self::GUEST_FRAMES;
        traps StackOverflow:
            "a call, [`TrapCode::StackOverflow`](crate::TrapCode) with both limits of the stack as its reason, [`StackLimits`](crate::StackLimits): the engine does not say which";
    }
    /// Bytes of the engine's value stack for one guest call.
    engine_stack_bytes: usize {
        /// Bytes of the engine's value stack: 4 MiB.
        ENGINE_STACK_BYTES = 4 MiB;
        strict: 4 MiB;
        unlimited: 64 << 20;
        traps StackOverflow: "a call, the same";
    }
    /// Guest calls within supervisor calls within guest calls.
    /// Each level takes real stack: direct nesting was seen to die at about 500 levels of a 2 MiB stack, so this keeps
    /// a margin above four even on a 512 KiB thread. Where the [supervisor is wasm](crate::substrate::NESTING) it is
    /// 8 by default.
    nesting: u32 {
        /// Levels of supervisor nesting.
        NESTING = 32;
        strict: 32;
        unlimited: Self::NESTING;
        refuses Nesting:
            "a call, [`TrapCode::NestingTooDeep`](crate::TrapCode) with the `LimitError` as its reason";
    }
    /// Fuel of one outermost guest call, its `start` function and nested calls included.
    ///
    /// A unit is about one simple operator, as [`costs`](crate::costs) has it, which says what is paid for
    /// and when. A second, natively or in Node, is some 10^9 units of computing guests and up to
    /// 4 * 10^9 of an interpreter as QuickJS.
    fuel: u64 {
        /// Fuel of an outermost call: about a tenth of a second, natively and in JavaScript, so that a page
        /// whose guest loops for ever is still taken for a live one. The dearest call of the five real guests
        /// in `tests`, of QuickJS, uses half of it; longer ones are for calls in slices, which are given more.
        FUEL = 100_000_000;
        strict: 100_000_000;
        unlimited: u64::MAX;
        traps OutOfFuel: "a call, `TrapCode::OutOfFuel` with the fuel used";
    }

    of an instance:

    InstanceNesting "instance_nesting" {
        set by with_nesting, read by nesting: "maxCallDepth";
    }
    InstanceMemoryPages "instance_memory_pages" {
        set by with_memory_pages, read by memory_pages: "maxMemoryPages";
    }
}

/// One of the [`Limits`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LimitRow {
    /// The name of the field.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub summary: &'static str,
    /// The type of the field.
    pub ty: &'static str,
}

/// One of the [`InstanceLimits`] that can refuse.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct InstanceLimitRow {
    /// Which.
    pub limit: Limit,
    /// The name of the option in JavaScript.
    pub javascript: &'static str,
}

/// A limit with its value, in its unit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Maximum {
    pub(crate) limit: Limit,
    pub(crate) value: u64,
}
