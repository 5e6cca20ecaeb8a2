//! Limits by name: for the uploads of strangers, by default, for supervisors that meter, and none.

use super::Limits;

impl Limits {
    /// Limits for the uploads of strangers on a page that others share: modules of up to 4 MiB and 10,000 functions,
    /// and memories of up to 64 MiB. What is not about sizes is as by default.
    ///
    /// The guests that `tests` runs do under these. To compile blocks its thread for at most 0.8 s natively, and
    /// 1.2 s in Node, also where a module is refused for its length: see [`Limits`]. By default that is eight times as long.
    #[must_use]
    pub const fn strict() -> Self {
        Self::STRICT
    }

    /// Limits for a supervisor that meters its guests itself, as Substrate's runtimes do their contracts by gas:
    /// there is no bound of fuel, and guests call each other to 128 levels. Everything else is as by
    /// default.
    ///
    /// Each level takes stack of the thread, where the supervisor is wasm 0.6 MiB for all of them in release
    /// and 2 MiB in debug: see [`substrate`](crate::substrate#nesting).
    ///
    /// ```
    /// let limits = guestbox::Limits::self_metered();
    /// assert_eq!((limits.fuel, limits.nesting), (u64::MAX, 128));
    /// ```
    #[must_use]
    pub fn self_metered() -> Self {
        Self { fuel: u64::MAX, nesting: 128, ..Self::default() }
    }

    /// Lifts everything that may be lifted.
    ///
    /// What stays is what the engine or the address space imposes, and three bounds that protect
    /// the host's own stack: `nesting`, `guest_frames` and `const_operators` keep their defaults.
    /// A hostile module may then take very long to compile, and more memory than there is.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self::UNLIMITED
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
