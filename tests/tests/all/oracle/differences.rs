//! Where guestbox differs from the lineage on purpose: each difference once, by name, with its
//! reason. Everything else must be equal.
//!
//! What the model does instead, so that both agree:
//! * [`is_large_enough`]: an imported memory's size is what it is now, not what it was made with.
//! * [`was_freed_with`]: a result in the buffer of the arguments is not freed a second time.
//! * [`may_be_read`]: a result that is too long is not asked for.
//! * [`is_of_declared_type`]: the type of a result matters also where no guest code waits for it.
//!
//! What scripts leave out:
//! * [`is_refused_by_all`]: damaged modules that only one of the two accepts.
//! * [`canonical`]: the bits of a NaN that a guest computes.
//! * `copysign`, which in the lineage's engine left the sign of a NaN as it was, against the
//!   specification.
//! * Whatever comes near guestbox's default limits: everything is bounded, in the lineage little
//!   was. Guests are small, few and soon done, and callbacks nest a few levels.

use crate::oracle::script::{Region, Type, Value};
use parity_wasm_lineage::elements;
use wasmi_lineage::MemoryRef;
use wasmparser::{Validator, WasmFeatures};

/// A module as the model uses it.
pub struct Decoded {
    pub module: wasmi_lineage::Module,
    pub memories: Vec<MemoryImport>,
}

/// The memory that a module imports.
pub struct MemoryImport {
    pub module: String,
    pub field: String,
    pub initial: u32,
}

/// The import limits of memories are compared by [`is_large_enough`]; for the lineage's engine,
/// which compares with the size at creation, they are taken out of the module.
pub fn decode_module(wasm: &[u8]) -> Option<Decoded> {
    let mut module: elements::Module = parity_wasm_lineage::deserialize_buffer(wasm).ok()?;
    let mut memories = Vec::new();
    for entry in module.import_section_mut().into_iter().flat_map(elements::ImportSection::entries_mut) {
        let (module, field) = (entry.module().to_owned(), entry.field().to_owned());
        if let elements::External::Memory(ty) = entry.external_mut() {
            let limits = *ty.limits();
            memories.push(MemoryImport { module, field, initial: limits.initial() });
            // Limits that are invalid in themselves are for the engine to find.
            if limits.initial() <= limits.maximum().unwrap_or(1 << 16) {
                *ty = elements::MemoryType::new(0, limits.maximum());
            }
        }
    }
    Some(Decoded { module: wasmi_lineage::Module::from_parity_wasm_module(module).ok()?, memories })
}

/// Import limits compare with a memory's current size, as today's specification says. The lineage
/// compared with the size it was made with.
pub fn is_large_enough(memory: &MemoryRef, initial: u32) -> bool {
    memory.current_size().0 >= initial as usize
}

/// A result that begins in the buffer of the arguments was freed with it. The lineage freed it
/// again, and that no allocator has to put up with.
pub const fn was_freed_with(args: Region, result: Region) -> bool {
    result.ptr >= args.ptr && result.ptr - args.ptr < args.len
}

/// A result has at most 1 MiB. The lineage allocated whatever length the supervisor returned.
pub const fn may_be_read(result: Region) -> bool {
    result.len <= 1 << 20
}

/// The ABI compares a result with what the import declares. The lineage's engine did so where
/// guest code called the import, but not where an import is itself an export or the start
/// function, and gave out whatever came.
pub fn is_of_declared_type(value: Option<Value>, declared: Option<Type>) -> bool {
    value.map(|value| value.ty) == declared
}

/// Post-MVP features are on. And the lineage's decoder passes over a section that counts the data
/// segments, right or wrong, which came later. So a damaged module is only used where the lineage
/// and today's specification with all its features agree that it is malformed. What only damage
/// makes valid could also loop for ever.
pub fn is_refused_by_all(wasm: &[u8]) -> bool {
    let is_valid_today = Validator::new_with_features(WasmFeatures::all()).validate_all(wasm).is_ok();
    !is_valid_today && wasmi_lineage::Module::from_buffer(wasm).is_err()
}

/// guestbox makes the NaNs of arithmetic canonical; the lineage left that to the processor. So
/// guests do it themselves: their arithmetic goes through these functions.
pub fn canonical(ty: Type) -> String {
    let ty = ty.name();
    format!(
        "(func $canonical_{ty} (param {ty}) (result {ty}) \
         (select ({ty}.const nan) (local.get 0) ({ty}.ne (local.get 0) (local.get 0))))"
    )
}
