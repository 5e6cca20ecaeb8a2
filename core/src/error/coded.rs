//! Errors whose variants have a code.

use crate::limits::LimitError;
use core::fmt::Display;

/// Declares an error as a table of its variants: each with what is in it, its code and its message.
///
/// A code is one of its own or that `of` what is in the variant. A message is a format string, `as` something that can
/// be shown, that of an error that it goes `through` to, or that of a limit, `refusing` something.
macro_rules! coded {
    (
        $(#[$meta:meta])*
        pub enum $name:ident, fn $code_of:ident {
            $(
                $(#[$about:meta])*
                $variant:ident
                $(($inner:ident: $ty:ty))?
                $({ $($(#[$about_field:meta])* $field:ident: $field_ty:ty),* })?
                =>
                $($code:literal)? $(of $error:ident)?,
                $($text:literal)? $(refusing $what:literal by $refused:ident)? $(through $through:ident)? $(as $shown:expr)?;
            )+
        }
    ) => {
        $(#[$meta])*
        #[non_exhaustive]
        pub enum $name {
            $(
                $(#[$about])*
                $(#[doc = concat!("\n\nIts code is `", $code, "`.")])?
                $variant $(($ty))? $({ $($(#[$about_field])* $field: $field_ty),* })?,
            )+
        }

        impl $name {
            /// The code of the variant in kebab case, or of the error in it: the `code` of an error in JavaScript.
            #[must_use]
            pub const fn $code_of(&self) -> &'static str {
                match self {
                    $(
                        $(Self::$variant { .. } => $code,)?
                        $(Self::$variant(error) => $error::$code_of(error),)?
                    )+
                }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self {
                    $(Self::$variant $(($inner))? $({ $($field),* })? => {
                        $(write!(f, $text))?
                        $(write!(f, concat!($what, " refused: {}"), $refused))?
                        $(core::fmt::Display::fmt($through, f))?
                        $(core::fmt::Display::fmt(&$shown, f))?
                    })+
                }
            }
        }

        impl $crate::error::Coded for $name {
            const VARIANTS: &'static [$crate::error::Variant] = &[$($crate::error::Variant {
                name: stringify!($variant),
                code: $($crate::error::Code::Own($code))?
                    $($crate::error::Code::Of(<$error as $crate::error::Coded>::VARIANTS))?,
            }),+];

            fn code(&self) -> &'static str {
                self.$code_of()
            }
        }

        impl $crate::error::Refusing for $name {
            #[allow(unreachable_patterns, reason = "there may be no other")]
            fn refused(&self) -> Option<(&'static str, &[$crate::limits::LimitError])> {
                match self {
                    $(
                        $(Self::$variant($refused) => Some(($what, $refused.as_ref())),)?
                        $(Self::$variant($through) => $crate::error::Refusing::refused($through),)?
                    )+
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use coded;

/// An error by which a limit may have refused something.
pub trait Refusing: Display {
    /// What was refused, and by which limits: "module" if the message is "module refused: limit ...".
    fn refused(&self) -> Option<(&'static str, &[LimitError])>;
}

/// An error whose variants have a code.
pub trait Coded: Refusing {
    /// The variants, in their order.
    const VARIANTS: &'static [Variant];

    /// The code of this one.
    fn code(&self) -> &'static str;
}

/// A variant of an error.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Variant {
    /// Its name in Rust.
    pub name: &'static str,
    /// Its code.
    pub code: Code,
}

/// The code of a variant.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Code {
    /// One of its own.
    Own(&'static str),
    /// That of the error in it, which has these variants.
    Of(&'static [Variant]),
}
