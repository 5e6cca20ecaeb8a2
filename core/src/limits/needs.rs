//! What a module takes of the limits, and what of that is refused.

use super::{
    error::{LimitError, LimitErrors},
    table::{Limit, Limits, Maximum, Needs},
};

impl Needs {
    /// A module of so many times the bytes that it may have is still looked at for all else that it takes of limits; of a
    /// longer one only its length.
    pub const COUNTED: usize = 4;

    /// Whether a module of so many bytes is looked at for all that it takes of limits.
    #[must_use]
    pub const fn are_counted(limits: &Limits, bytes: usize) -> bool {
        bytes <= limits.module_bytes.saturating_mul(Self::COUNTED)
    }

    /// What of it is above limits, each with what it is and what is needed: all that would have to rise for the module
    /// to be compiled, and for an instance of it to be made where there is no other.
    pub fn above(&self, limits: &Limits) -> impl Iterator<Item = LimitError> {
        self.by_name().filter_map(|(name, taken)| {
            let (_, value) = limits.by_name().find(|(other, _)| *other == name)?;
            Limit::of_name(name)?.check(taken, value).err()
        })
    }
}

/// What a module was found to take while it is read. All of it is noted, also where a limit refused: so that its
/// author learns at once what is too much.
pub(crate) struct Asked<'a> {
    limits: &'a Limits,
    needs: Needs,
    /// The limit that refused first.
    refused: Option<Limit>,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Self {
        Self { limits, needs: Needs::default(), refused: None }
    }

    /// Notes that so much is taken of a limit, `take(Needs::functions, 3)`, and that this refuses where it is above: here
    /// all limits of modules do.
    pub(crate) fn take(&mut self, of: fn(&mut Needs, &Limits, u64) -> Maximum, taken: u64) {
        if let Err(refused) = of(&mut self.needs, self.limits, taken).check(taken) {
            self.refused.get_or_insert(refused.limit);
        }
    }

    /// Takes note of the pages that a memory has to have which is imported. It is the supervisor's, who is refused one
    /// that is too large.
    pub(crate) fn imports_memory(&mut self, pages: u64) {
        self.needs.memory_pages = self.needs.memory_pages.max(pages);
    }

    /// Takes note of the elements that a table has to have which is imported.
    pub(crate) fn imports_table(&mut self, elements: u64) {
        self.needs.table_elements = self.needs.table_elements.max(elements);
    }

    /// What an instance takes when it is made: pages of its memories, and bytes besides.
    pub(crate) const fn instance(&mut self, pages: u64, bytes: u64) {
        self.needs.total_memory_pages = pages;
        self.needs.total_instance_bytes = bytes;
    }

    /// Whether a limit refused. What is then kept of the module is for nothing.
    pub(crate) const fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// What was found.
    pub(crate) const fn needs(&self) -> &Needs {
        &self.needs
    }

    /// The limits that refused, the one that was met first before the others.
    pub(crate) fn refused(&self) -> Option<LimitErrors> {
        let first = self.refused?;
        let above = || self.needs.above(self.limits);
        let met = above().filter(|refused| refused.limit == first);
        LimitErrors::of(met.chain(above().filter(|refused| refused.limit != first)))
    }
}
