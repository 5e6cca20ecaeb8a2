//! Names of modules, functions and globals, from a module's name section.
//!
//! Those of modules and functions are looked up where they are asked for, on the way of a trap, so that modules
//! cost no more for having them. The section is what the guest's author says: what cannot be read of
//! it is passed over.

use super::sections::{HEADER_BYTES, Section, split_bytes, split_leb128};
use alloc::{sync::Arc, vec::Vec};
use core::str;

/// Bytes of a name; longer ones are cut. No toolchain was seen to write any of 500.
const NAME_BYTES: usize = 1_024;

/// The subsection of the module's own name.
const MODULE: u8 = 0;

/// The subsection of the names of functions.
const FUNCTIONS: u8 = 1;

/// The subsection of the names of globals.
pub(super) const GLOBALS: u8 = 7;

/// The names of functions, by their indices, which are sorted; `None` where they have none.
pub(crate) fn function_names(module: &[u8], functions: &[u32]) -> Vec<Option<Arc<str>>> {
    let mut names: Vec<Option<Arc<str>>> = Vec::new();
    names.resize(functions.len(), None);
    let _readable = read(module, FUNCTIONS, |index, name| {
        let slot = functions.binary_search(&index).ok().and_then(|at| names.get_mut(at));
        if let Some(slot @ None) = slot {
            *slot = Some(shorten(name).into());
        }
    });
    names
}

/// The module's own name, if it has one.
pub(crate) fn module_name(module: &[u8]) -> Option<Arc<str>> {
    let mut found = None;
    let _readable = subsections(module, MODULE, |contents| {
        let name = split_bytes(contents).and_then(|(name, _)| str::from_utf8(name).ok());
        found = found.take().or_else(|| Some(shorten(name?).into()));
    });
    found
}

/// Reads the names in a subsection, as far as they can be read.
pub(super) fn read(module: &[u8], subsection: u8, mut found: impl FnMut(u32, &str)) -> Option<()> {
    subsections(module, subsection, |map| {
        let _readable = read_map(map, &mut found);
    })
}

/// Gives the contents of each subsection with an id.
fn subsections(module: &[u8], id: u8, mut found: impl FnMut(&[u8])) -> Option<()> {
    for section in Section::all(module.get(HEADER_BYTES..)?) {
        let section = section?;
        let Some(parts) = section.names() else { continue };
        // Subsections are written as sections are.
        for part in Section::all(parts).flatten().filter(|part| part.id == id) {
            found(part.contents);
        }
    }
    Some(())
}

fn read_map(map: &[u8], found: &mut impl FnMut(u32, &str)) -> Option<()> {
    let (count, mut rest) = split_leb128(map)?;
    for _ in 0..count {
        let (index, after) = split_leb128(rest)?;
        let (name, after) = split_bytes(after)?;
        rest = after;
        if let Ok(name) = str::from_utf8(name) {
            found(u32::try_from(index).ok()?, name);
        }
    }
    Some(())
}

fn shorten(name: &str) -> &str {
    let cut = (0..=NAME_BYTES.min(name.len())).rev().find(|at| name.is_char_boundary(*at));
    cut.and_then(|cut| name.get(..cut)).unwrap_or_default()
}
