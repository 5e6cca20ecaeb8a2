//! The types that limits have.

/// A number of one of the types that limits have.
pub(super) trait Number {
    /// As the widest of them; more than 2^64 bytes there are not.
    fn get(self) -> u64;

    /// The nearest one.
    fn nearest(value: u64) -> Self;
}

macro_rules! numbers {
    ($($ty:ident)*) => {
        $(impl Number for $ty {
            fn get(self) -> u64 {
                u64::try_from(self).unwrap_or(u64::MAX)
            }

            fn nearest(value: u64) -> Self {
                Self::try_from(value).unwrap_or(Self::MAX)
            }
        })*
    };
}

numbers! { u32 u64 usize }
