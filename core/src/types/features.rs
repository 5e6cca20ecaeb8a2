//! Features: what modules may use beyond the first version of WebAssembly, and floats.
//!
//! All that the engine knows is on by default. What is switched off is looked for once, when a
//! module is compiled, by validating it without; the engines of all modules stay set alike, so
//! that a module can still be translated for the engine of any other it shares a memory with.

use core::fmt;

/// A part of WebAssembly that can be switched off.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Feature {
    /// `memory.copy`, `memory.fill`, `table.init` and the like; passive segments.
    BulkMemory,
    /// Arithmetic in the initial values of globals and the offsets of segments.
    ExtendedConst,
    /// The types `f32` and `f64` with everything that has to do with them.
    Floats,
    /// More than one memory in a module.
    MultiMemory,
    /// Several results of functions and blocks.
    MultiValue,
    /// Mutable globals that are exported or imported.
    MutableGlobals,
    /// `externref`, `funcref` as a value, more than one table.
    ReferenceTypes,
    /// Operators on vectors whose results other engines may choose. Here each has one, on every machine: see
    /// [relaxed operators](crate::Features#relaxed-operators). It takes [`Feature::Simd`] and
    /// [`Feature::Floats`], too.
    RelaxedSimd,
    /// Conversions of floats to integers that do not trap.
    SaturatingFloatToInt,
    /// `i32.extend8_s` and the like.
    SignExtension,
    /// Vectors of 128 bits, the type `v128`. Where the crate is built without its feature `simd`, it is among no features
    /// and neither is [`Feature::RelaxedSimd`].
    Simd,
    /// `return_call` and `return_call_indirect`.
    TailCalls,
}

impl Feature {
    /// All features.
    pub const ALL: &[Self] = &[
        Self::BulkMemory,
        Self::ExtendedConst,
        Self::Floats,
        Self::MultiMemory,
        Self::MultiValue,
        Self::MutableGlobals,
        Self::ReferenceTypes,
        #[cfg(feature = "simd")]
        Self::RelaxedSimd,
        Self::SaturatingFloatToInt,
        Self::SignExtension,
        #[cfg(feature = "simd")]
        Self::Simd,
        Self::TailCalls,
    ];

    /// The name, in snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BulkMemory => "bulk_memory",
            Self::ExtendedConst => "extended_const",
            Self::Floats => "floats",
            Self::MultiMemory => "multi_memory",
            Self::MultiValue => "multi_value",
            Self::MutableGlobals => "mutable_globals",
            Self::ReferenceTypes => "reference_types",
            Self::RelaxedSimd => "relaxed_simd",
            Self::SaturatingFloatToInt => "saturating_float_to_int",
            Self::SignExtension => "sign_extension",
            Self::Simd => "simd",
            Self::TailCalls => "tail_calls",
        }
    }

    const fn bit(self) -> u16 {
        match self {
            Self::BulkMemory => 1,
            Self::ExtendedConst => 1 << 1,
            Self::Floats => 1 << 2,
            Self::MultiMemory => 1 << 3,
            Self::MultiValue => 1 << 4,
            Self::MutableGlobals => 1 << 5,
            Self::ReferenceTypes => 1 << 6,
            Self::SaturatingFloatToInt => 1 << 7,
            Self::SignExtension => 1 << 8,
            Self::TailCalls => 1 << 9,
            Self::Simd => 1 << 10,
            Self::RelaxedSimd => 1 << 11,
        }
    }
}

/// A set of [`Feature`]s.
///
/// ```
/// use guestbox::{CompileError, Feature, Features, Limits, Module};
/// # let wasm = wat::parse_str("(module (func (param f64)))").unwrap();
/// let mut limits = Limits::default();
/// limits.features = Features::ALL.without(Feature::Floats);
/// let refused = Module::with_limits(&limits, &wasm).unwrap_err();
/// assert_eq!(refused, CompileError::Feature(Feature::Floats));
/// ```
///
/// # Relaxed operators
///
/// The proposal `relaxed-simd` lets an engine choose what its operators give where machines differ. Here that is always
/// the same, natively and in JavaScript:
///
/// | operators | where machines differ | here |
/// |---|---|---|
/// | `i8x16.relaxed_swizzle` | an index of 16 or more | the lane is 0, as of `swizzle` |
/// | `i32x4.relaxed_trunc_...` | what is too large, or no number | the nearest there is, and 0, as of `trunc_sat` |
/// | `relaxed_madd`, `relaxed_nmadd` | how often is rounded | once, after the sum |
/// | `relaxed_laneselect` | a mask that has some bits of a lane | chooses bit by bit, as `bitselect` |
/// | `relaxed_min`, `relaxed_max` | a NaN, zeros of both signs | as `min` and `max`: the canonical NaN; -0 is less than 0 |
/// | `i16x8.relaxed_q15mulr_s` | both lanes are -32768 | 32767, as of `q15mulr_sat_s` |
/// | `i16x8.relaxed_dot_i8x16_i7x16_s` | lanes of the second beyond 7 bits, a sum beyond 16 | they are signed, and it wraps |
/// | `i32x4.relaxed_dot_i8x16_i7x16_add_s` | the same | the same; the sums of 16 bits are extended and added |
///
/// NaNs that lanes of floats come to are the canonical one, as everywhere.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Features(u16);

impl Features {
    /// All that the engine knows.
    pub const ALL: Self = Self(Self::union_of(Feature::ALL));
    /// The first version of WebAssembly: floats and nothing else.
    pub const MVP: Self = Self(Feature::Floats.bit());

    /// The same with a feature.
    #[must_use]
    pub const fn with(self, feature: Feature) -> Self {
        Self(self.0 | feature.bit())
    }

    /// The same without a feature.
    #[must_use]
    pub const fn without(self, feature: Feature) -> Self {
        Self(self.0 & !feature.bit())
    }

    /// Whether a feature is among them.
    #[must_use]
    pub const fn contains(self, feature: Feature) -> bool {
        self.0 & feature.bit() != 0
    }

    const fn union_of(features: &[Feature]) -> u16 {
        match features {
            [] => 0,
            [first, rest @ ..] => first.bit() | Self::union_of(rest),
        }
    }
}

impl Default for Features {
    fn default() -> Self {
        Self::ALL
    }
}

impl fmt::Debug for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(Feature::ALL.iter().filter(|feature| self.contains(**feature))).finish()
    }
}
