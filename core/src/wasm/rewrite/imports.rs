//! Imported functions: what calls them where the engine cannot.
//!
//! * The engine, wasmi 2.0.0, resumes a host function that was tail-called with the wrong frame. So a tail
//!   call of an import is a call and a return.
//! * A tail call through a table may reach an import as well. So whatever refers to an import, an export, a
//!   segment, a global or `ref.func`, refers instead to a function of the module's that calls it: one for
//!   each, which costs and takes a frame as any other does.

use super::{
    appended::{Appended, Functions},
    output::push_index,
};
use crate::{
    limits::count,
    types::costs,
    wasm::{
        operators::code::{CALL, END, LOCAL_GET},
        scan::Scan,
        sections::Referred,
    },
};
use alloc::vec::Vec;

/// Asks for what stands for each import that is referred to outside of the code, and for the start function
/// where that is to be exported.
pub(super) fn ask(functions: &mut Functions, scan: &Scan, exports_start: bool) {
    for reference in &scan.references {
        if let Referred::Import(import) = reference.to {
            functions.of(Appended::Import(import));
        }
    }
    if let Some(import) = scan.start.filter(|_| exports_start).and_then(|start| scan.imported_function(start))
    {
        functions.of(Appended::Import(import));
    }
}

/// The parameters of an import, and what the region of the function that stands for it costs beside its unit.
pub(super) fn params_and_units(scan: &Scan, import: u32) -> Option<(usize, u32)> {
    let params = scan.signature_of_function(import)?.params.len();
    let units = count(params).saturating_add(costs::HOST_CALL.into());
    Some((params, u32::try_from(units).ok()?))
}

/// The body of what stands for an import: it calls that with its parameters. `before` has its locals, too.
pub(super) fn stand_in(params: usize, import: u32, before: Vec<u8>, after: &[u8]) -> Option<Vec<u8>> {
    let mut body = before;
    for param in 0..params {
        push_index(&mut body, LOCAL_GET, u32::try_from(param).ok()?)?;
    }
    push_index(&mut body, CALL, import)?;
    body.extend_from_slice(after);
    body.push(END);
    Some(body)
}
