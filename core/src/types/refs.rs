//! References: functions of guests, and things of the supervisor's.

/// A function of a guest, as a table has it: a plain value. It is there as long as the guest or another that shares
/// something with it; where [`Store::restore`](crate::Store::restore) makes a guest anew, its functions are others than before.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct FuncRef {
    pub(crate) home: Home,
    /// The engine's number.
    pub(crate) number: u32,
}

/// A thing of the supervisor's that guests have an `externref` to: a number that the supervisor has chosen, and that says
/// nothing to anybody else. Guests can keep it and give it back. [`Store::externs_in_use`](crate::Store::externs_in_use) says which they
/// still have.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_structs, reason = "the number is the supervisor's own")]
pub struct ExternRef(pub u32);

/// Where guests are that share something.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Home {
    /// The tag of the store.
    pub(crate) store: u64,
    /// The key of the cell.
    pub(crate) cell: u32,
}

impl Home {
    /// The function of a number here.
    #[must_use]
    pub const fn func(self, number: u32) -> FuncRef {
        FuncRef { home: self, number }
    }

    /// The number of a function of here; `None` for one of elsewhere.
    #[must_use]
    pub fn number_of(self, func: FuncRef) -> Option<u32> {
        (func.home == self).then_some(func.number)
    }
}
