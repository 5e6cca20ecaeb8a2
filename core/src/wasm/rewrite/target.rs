//! For whom modules are written.

/// For whom a module is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Target {
    /// A host that compiles it: metered.
    Host,
    /// The interpreter: metered, and so that it can be paused.
    Interpreter,
    /// The interpreter, and only mended.
    Mended,
}

impl Target {
    pub(super) const fn is_metered(self) -> bool {
        !matches!(self, Self::Mended)
    }

    /// Whether what the interpreter gets wrong is put in other terms.
    pub(super) const fn lowers(self) -> bool {
        !matches!(self, Self::Host)
    }
}
