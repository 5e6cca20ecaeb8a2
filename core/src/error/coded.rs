//! Errors whose variants have a code.

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

        impl $crate::tables::Coded for $name {
            const VARIANTS: &'static [$crate::tables::Variant] = &[$($crate::tables::Variant {
                name: stringify!($variant),
                code: $($crate::tables::Code::Own($code))?
                    $($crate::tables::Code::Of(<$error as $crate::tables::Coded>::VARIANTS))?,
            }),+];

            fn code(&self) -> &'static str {
                self.$code_of()
            }
        }

        impl $crate::tables::Refusing for $name {
            #[allow(unreachable_patterns, reason = "there may be no other")]
            fn refused(&self) -> Option<(&'static str, &$crate::LimitError)> {
                match self {
                    $(
                        $(Self::$variant($refused) => Some(($what, $refused)),)?
                        $(Self::$variant($through) => $crate::tables::Refusing::refused($through),)?
                    )+
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use coded;
