//! Ways around the defects of the engine, wasmi 2.0.0, which `tests` would notice to have gone.
//!
//! What it gets wrong of blocks is lowered, see [`lower`](super::lower), growing tables is done by the host,
//! see [`growth`](super::growth), tail calls of imports are calls, see [`imports`](super::imports), and some lanes of
//! vectors are stored as integers, see `lanes`. The others are these:
//!
//! * It fuses `select` with a comparison with zero before it. Where the value compared is not in
//!   its register, it forgets to say where it is: `(select a b (i32.eqz (local.get 0)))` chooses
//!   by whatever the register holds. So where such a comparison could be the condition,
//!   `i32.const 0` and `i32.gt_u` are put before the `select`: they mean the same, and the
//!   comparison is then not next to it.
//! * It panics at an `i32.store` or `i64.store` whose address and value are both the local it has
//!   in its register, if the offset has more than 16 bits or the memory is not the first:
//!   `(i32.store offset=65536 (local.tee 0 a) (local.get 0))`, and the same with
//!   `i64.extend_i32_u` around the value, which it takes for no operation. So where the value
//!   could be a local, `i32.const 0` and `i32.or` are put before the store, or their like of 64
//!   bits.

use super::output::Output;
use crate::wasm::{
    operators::{
        Facts,
        code::{
            I32_CONST, I32_GT_U, I32_OR, I32_STORE, I32_STORE8, I32_STORE16, I64_CONST, I64_OR, I64_STORE,
            I64_STORE8, I64_STORE32, SELECT, TYPED_SELECT,
        },
    },
    reader::Immediate,
};

/// What is put before an operator, which comes after one of which these are the facts.
pub(super) const fn repair(operator: u8, immediate: Immediate, before: &Facts) -> &'static [u8] {
    let is_far = immediate.is_far();
    match operator {
        SELECT | TYPED_SELECT if !before.is_fresh() && !before.is_local() => &[I32_CONST, 0, I32_GT_U],
        I32_STORE | I32_STORE8 | I32_STORE16 if is_far && !before.is_fresh() => &[I32_CONST, 0, I32_OR],
        I64_STORE | I64_STORE8..=I64_STORE32 if is_far && !before.is_fresh_long() => &[I64_CONST, 0, I64_OR],
        _ => &[],
    }
}

/// Puts in what is put before the operator at a place.
pub(super) fn put_repair(output: &mut Output, bytes: &[u8], place: usize, repair: &[u8]) -> Option<()> {
    if !repair.is_empty() {
        output.copy_to(bytes, place)?;
        output.extend(repair);
    }
    Some(())
}
