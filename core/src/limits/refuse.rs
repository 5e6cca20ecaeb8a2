//! A limit with its value, as it is checked.

use super::{
    error::LimitError,
    table::{Limit, Maximum},
};

impl Maximum {
    /// Refuses `requested` where it is above.
    pub(crate) const fn check(self, requested: u64) -> Result<(), LimitError> {
        self.limit.check(requested, self.value)
    }

    /// The refusal of what need not be above, but was refused before.
    pub(crate) const fn refuse(self, requested: u64) -> LimitError {
        LimitError { limit: self.limit, maximum: self.value, requested }
    }
}

impl Limit {
    /// Refuses `requested` where it is above `maximum`.
    ///
    /// # Errors
    ///
    /// With this limit and both numbers.
    pub const fn check(self, requested: u64, maximum: u64) -> Result<(), LimitError> {
        if requested > maximum {
            return Err(LimitError { limit: self, maximum, requested });
        }
        Ok(())
    }
}
