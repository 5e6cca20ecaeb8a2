//! What a value has to do with a global, as far as the operators just before it say.
//!
//! Only the top of the operands is followed, and one below it: compilers write no more between reading
//! the pointer of a stack and setting it, but for the size of an array that is worked out there.

/// What is on top of the operands, as far as it matters here.
#[derive(Clone, Copy)]
pub(super) enum Top {
    Other,
    Constant(i32),
    /// What is not known, and a constant was added.
    Sum(i32),
    Derived(Derived),
}

/// How a value comes from a global.
#[derive(Clone, Copy)]
pub(super) struct Derived {
    pub(super) global: u32,
    pub(super) change: Change,
}

#[derive(Clone, Copy)]
pub(super) enum Change {
    /// The global's value.
    None,
    /// That, and another operand on top: a constant, or what is not known.
    Operand {
        below: Known,
        constant: Option<i32>,
    },
    /// By so much, if that is known.
    Lower(Option<i32>),
    Higher,
}

/// What is known below an operand.
#[derive(Clone, Copy)]
pub(super) enum Known {
    Global,
    Lower,
}

impl Top {
    /// Puts another operand on top of it.
    #[inline]
    pub(super) fn put(&mut self, operand: Self) {
        *self = match self {
            Self::Derived(derived) => derived.with_operand(operand),
            _ => operand,
        }
    }

    pub(super) fn add(self) -> Self {
        match self {
            Self::Constant(constant) => Self::Sum(constant),
            Self::Derived(derived) => derived.moved(false, Some),
            _ => Self::Other,
        }
    }

    pub(super) fn sub(self) -> Self {
        match self {
            Self::Constant(constant) => constant.checked_neg().map_or(Self::Other, Self::Sum),
            Self::Derived(derived) => derived.moved(true, i32::checked_neg),
            _ => Self::Other,
        }
    }

    /// Rounded down to a multiple of what a constant says.
    pub(super) const fn align(self) -> Self {
        match self {
            Self::Derived(Derived {
                global,
                change: Change::Operand { below: Known::Lower, constant: Some(..0) },
            }) => Self::Derived(Derived { global, change: Change::Lower(None) }),
            _ => Self::Other,
        }
    }
}

impl Derived {
    pub(super) const fn is_higher(self) -> bool {
        matches!(self.change, Change::Higher)
    }

    /// With an operand on top of it, which is what counts where this is too far below.
    const fn with_operand(self, operand: Top) -> Top {
        let below = match self.change {
            Change::None => Known::Global,
            Change::Lower(_) => Known::Lower,
            Change::Higher | Change::Operand { .. } => return operand,
        };
        let constant = match operand {
            Top::Constant(constant) => Some(constant),
            Top::Derived(_) | Top::Other | Top::Sum(_) => None,
        };
        Top::Derived(Self { change: Change::Operand { below, constant }, ..self })
    }

    /// Moved by the operand, a constant as `by` makes of it.
    fn moved(self, is_sub: bool, by: impl FnOnce(i32) -> Option<i32>) -> Top {
        let Change::Operand { below, constant } = self.change else { return Top::Other };
        let change = match (below, constant.map(by)) {
            (_, Some(None | Some(0))) => return Top::Other,
            (_, Some(Some(by))) if by.checked_rem(4) != Some(0) => return Top::Other,
            (_, Some(Some(by))) if by > 0 => Change::Higher,
            (Known::Global, Some(Some(by))) => Change::Lower(by.checked_neg()),
            (Known::Lower, Some(Some(_))) => Change::Lower(None),
            // Memory of a size that is not known is subtracted; without optimisations the size of a
            // frame is in a local, and added to what was lowered.
            (_, None) if is_sub => Change::Lower(None),
            (Known::Lower, None) => Change::Higher,
            (Known::Global, None) => return Top::Other,
        };
        Top::Derived(Self { change, ..self })
    }
}
