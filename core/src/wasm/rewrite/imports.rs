//! Imported functions: what calls them where the engine cannot.
//!
//! * The engine, wasmi 2.0.0, resumes a host function that was tail-called with the wrong frame. So a tail
//!   call of an import is a call and a return.
//! * A tail call through a table may reach an import as well. So whatever refers to an import, an export, a
//!   segment, a global or `ref.func`, refers instead to a function of the module's that calls it: one for
//!   each, which costs and takes a frame as any other does.

use super::{meter::push_charge, output::push_index};
use crate::{
    limits::{count, to_usize},
    types::costs,
    wasm::{
        operators::code::{CALL, END, LOCAL_GET},
        scan::Scan,
        sections::{Added, push_leb128},
    },
};
use alloc::vec::Vec;
use hashbrown::HashMap;

/// The functions that stand for imports, in the order in which they were asked for.
pub(super) struct Imports<'a> {
    scan: &'a Scan,
    known: HashMap<u32, u32>,
    imports: Vec<u32>,
}

impl<'a> Imports<'a> {
    pub(super) fn new(scan: &'a Scan, exports_start: bool) -> Self {
        let mut imports = Self { scan, known: HashMap::new(), imports: Vec::new() };
        for reference in &scan.references {
            imports.stands_for(reference.import);
        }
        if let Some(import) =
            scan.start.filter(|_| exports_start).and_then(|start| scan.imported_function(start))
        {
            imports.stands_for(import);
        }
        imports
    }

    /// The function that stands for an import.
    pub(super) fn stands_for(&mut self, import: u32) -> Option<u32> {
        if let Some(known) = self.known.get(&import) {
            return Some(*known);
        }
        let function = self.scan.functions().checked_add(u32::try_from(self.imports.len()).ok()?)?;
        self.imports.push(import);
        self.known.insert(import, function);
        Some(function)
    }

    /// The function that stands for an import, if one was asked for.
    pub(super) fn known(&self, import: u32) -> Option<u32> {
        self.known.get(&import).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.imports.len()
    }

    /// Adds their types to the functions and their bodies to the code.
    pub(super) fn declare(&self, functions: &mut Added, code: &mut Vec<u8>, is_metered: bool) -> Option<()> {
        for import in &self.imports {
            let ty = self.scan.type_of_function(*import)?;
            functions.push(|entries| push_leb128(entries, to_usize(ty)))?;
            let params = self.scan.signature_of_function(*import)?.params.len();
            let mut body = Vec::from([0]);
            if is_metered {
                let units = count(params).saturating_add(costs::HOST_CALL.into());
                push_charge(&mut body, u32::try_from(units).ok()?);
            }
            for param in 0..params {
                push_index(&mut body, LOCAL_GET, u32::try_from(param).ok()?)?;
            }
            push_index(&mut body, CALL, *import)?;
            body.push(END);
            push_leb128(code, body.len())?;
            code.extend_from_slice(&body);
        }
        Some(())
    }
}
