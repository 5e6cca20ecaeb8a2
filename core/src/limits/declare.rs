//! What is made of the table of limits, which is [`table`](super::table).
//!
//! Of a row are made the field of `Limits` with its line in the table of the documentation, its default as a constant, its
//! value in each preset, its `Limit`, its name, what modules take of it, and the function by which it is read within the
//! crate. One that nothing reads does not compile.

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

pub(super) use {limits, quantity};
