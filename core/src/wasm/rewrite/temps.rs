//! Locals that a function is given to pass values in.
//!
//! Values stand in them from one operator to the next and no longer, so that all that are passed share
//! them: those of a type have as many as are passed at a time.

use super::output::Output;
#[cfg(feature = "simd")]
use crate::wasm::operators::code::V128;
use crate::wasm::operators::code::{I32, LOCAL_GET, LOCAL_SET};
use alloc::vec::Vec;

/// The locals of a function that were added for this.
#[derive(Default)]
pub(super) struct Temps {
    by_type: Vec<OfType>,
    /// One for a condition or an index, which is above what is passed.
    condition: Option<u32>,
    /// The index of the first local that is added.
    first: u32,
    /// Those that values are passed in now.
    passed: Vec<u32>,
}

/// The locals of a type.
struct OfType {
    ty: u8,
    indices: Vec<u32>,
    /// How many of them values are passed in now.
    passed: usize,
}

impl Temps {
    /// Begins with another function, which has so many locals and parameters.
    pub(super) fn begin(&mut self, locals: u32) {
        self.by_type.clear();
        self.condition = None;
        self.first = locals;
    }

    /// Adds a local to the function; its index.
    pub(super) fn add(&self, output: &mut Output, ty: u8) -> Option<u32> {
        self.first.checked_add(u32::try_from(output.add_local(ty)).ok()?)
    }

    /// Writes what takes values of these types off the operand stack.
    #[inline]
    pub(super) fn set(&mut self, output: &mut Output, types: &[u8]) -> Option<()> {
        if types.is_empty() {
            return Some(());
        }
        self.pass(output, types)?;
        self.passed.iter().rev().try_for_each(|local| output.push_index(LOCAL_SET, *local))
    }

    /// Writes what puts them back there.
    #[inline]
    pub(super) fn get(&mut self, output: &mut Output, types: &[u8]) -> Option<()> {
        if types.is_empty() {
            return Some(());
        }
        self.pass(output, types)?;
        self.passed.iter().try_for_each(|local| output.push_index(LOCAL_GET, *local))
    }

    /// Writes what takes an `i32` off the operand stack that is above the values.
    pub(super) fn set_condition(&mut self, output: &mut Output) -> Option<()> {
        let local = self.condition(output)?;
        output.push_index(LOCAL_SET, local)
    }

    /// Writes what puts it back there.
    pub(super) fn get_condition(&mut self, output: &mut Output) -> Option<()> {
        let local = self.condition(output)?;
        output.push_index(LOCAL_GET, local)
    }

    fn condition(&mut self, output: &mut Output) -> Option<u32> {
        if self.condition.is_none() {
            self.condition = Some(self.add(output, I32)?);
        }
        self.condition
    }

    /// A local for a vector that is looked at.
    #[cfg(feature = "simd")]
    pub(super) fn vector(&mut self, output: &mut Output) -> Option<u32> {
        self.pass(output, &[V128])?;
        self.passed.first().copied()
    }

    /// Takes the locals for values of these types: of each type the first, the second and so on.
    fn pass(&mut self, output: &mut Output, types: &[u8]) -> Option<()> {
        self.passed.clear();
        self.by_type.iter_mut().for_each(|of_type| of_type.passed = 0);
        for ty in types {
            let local = self.next(output, *ty)?;
            self.passed.push(local);
        }
        Some(())
    }

    /// The next local of a type.
    fn next(&mut self, output: &mut Output, ty: u8) -> Option<u32> {
        let at = match self.by_type.iter().position(|of_type| of_type.ty == ty) {
            Some(known) => known,
            None => {
                self.by_type.push(OfType { ty, indices: Vec::new(), passed: 0 });
                self.by_type.len().checked_sub(1)?
            }
        };
        let of_type = self.by_type.get(at)?;
        let known = of_type.indices.get(of_type.passed).copied();
        let local = match known {
            Some(local) => local,
            None => self.add(output, ty)?,
        };
        let of_type = self.by_type.get_mut(at)?;
        if known.is_none() {
            of_type.indices.push(local);
        }
        of_type.passed = of_type.passed.checked_add(1)?;
        Some(local)
    }
}
