//! What [`Module::stack_pointer`] says of modules, with their names and without.

use guestbox::{CompileError, Limits, Module};

/// Bytes before a module's first section.
const HEADER_BYTES: usize = 8;

/// The id of custom sections.
const CUSTOM: u8 = 0;

/// The global that guestbox takes for the stack's pointer, whatever the module takes to compile.
///
/// # Errors
///
/// Where it cannot be compiled.
pub fn find(module: &[u8]) -> Result<Option<u32>, CompileError> {
    Module::with_limits(&Limits::unlimited(), module).map(|module| module.stack_pointer())
}

/// The module without its custom sections, that of its names among them.
///
/// What cannot be read as sections stays as it is.
#[must_use]
pub fn strip(module: &[u8]) -> Vec<u8> {
    let (header, mut rest) = module.split_at(HEADER_BYTES.min(module.len()));
    let mut stripped = header.to_vec();
    while let Some(len) = section_len(rest) {
        let (section, after) = rest.split_at(len);
        if section[0] != CUSTOM {
            stripped.extend_from_slice(section);
        }
        rest = after;
    }
    stripped.extend_from_slice(rest);
    stripped
}

/// Bytes of the first section, its id and length included.
fn section_len(sections: &[u8]) -> Option<usize> {
    let (mut len, mut at) = (0, 1);
    loop {
        let byte = *sections.get(at)?;
        len |= usize::from(byte & 0x7F).checked_shl(u32::try_from(7 * (at - 1)).ok()?)?;
        at += 1;
        if byte & 0x80 == 0 {
            break;
        }
    }
    at.checked_add(len).filter(|end| *end <= sections.len())
}
