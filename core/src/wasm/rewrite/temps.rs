//! Locals that a function is given to pass values in.
//!
//! Values stand in them from one operator to the next and no longer, so that all that are passed share
//! them: those of a type have as many as are passed at a time.

use super::output::Output;
use crate::wasm::operators::code::{I32, LOCAL_GET, LOCAL_SET};
use alloc::vec::Vec;

/// The locals of a function that were added for this.
#[derive(Default)]
pub(super) struct Temps {
    /// Of each type that there are some of: the type, and their indices.
    by_type: Vec<(u8, Vec<u32>)>,
    /// One for a condition or an index, which is above what is passed.
    condition: Option<u32>,
    /// The index of the first local that is added.
    first: u32,
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
    pub(super) fn set(&mut self, output: &mut Output, types: &[u8]) -> Option<()> {
        let locals = self.of(output, types)?;
        locals.iter().rev().try_for_each(|local| output.push_index(LOCAL_SET, *local))
    }

    /// Writes what puts them back there.
    pub(super) fn get(&mut self, output: &mut Output, types: &[u8]) -> Option<()> {
        let locals = self.of(output, types)?;
        locals.iter().try_for_each(|local| output.push_index(LOCAL_GET, *local))
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

    /// The locals for values of these types: of each type the first, the second and so on.
    fn of(&mut self, output: &mut Output, types: &[u8]) -> Option<Vec<u32>> {
        let mut used: Vec<(u8, usize)> = Vec::new();
        let mut locals = Vec::with_capacity(types.len());
        for ty in types {
            let of_type = match used.iter().position(|(used, _)| used == ty) {
                Some(at) => at,
                None => {
                    used.push((*ty, 0));
                    used.len().checked_sub(1)?
                }
            };
            let (_, many) = used.get_mut(of_type)?;
            let at = *many;
            *many = at.checked_add(1)?;
            locals.push(self.local(output, *ty, at)?);
        }
        Some(locals)
    }

    /// The local for the value of a type that is at a place among those of the type.
    fn local(&mut self, output: &mut Output, ty: u8, at: usize) -> Option<u32> {
        let known = match self.by_type.iter().position(|(known, _)| *known == ty) {
            Some(known) => known,
            None => {
                self.by_type.push((ty, Vec::new()));
                self.by_type.len().checked_sub(1)?
            }
        };
        let (_, locals) = self.by_type.get(known)?;
        if let Some(local) = locals.get(at) {
            return Some(*local);
        }
        let local = self.add(output, ty)?;
        self.by_type.get_mut(known)?.1.push(local);
        Some(local)
    }
}
