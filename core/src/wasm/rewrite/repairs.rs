//! Ways around the defects of the engine, wasmi 2.0.0, which `tests` would notice to have gone.
//!
//! What it gets wrong of blocks is lowered, see [`lower`](super::lower), growing tables is done by the host,
//! see [`growth`](super::growth), and tail calls of imports are calls, see [`imports`](super::imports). The
//! others are these:
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

use super::output::{I32_CONST, I32_GT_U, I32_OR, I64_CONST, I64_OR};
use crate::wasm::operators::Facts;
use wasmparser::{MemArg, Operator};

/// The operator before the one that is looked at, as far as it matters.
#[derive(Clone, Copy, Default)]
pub(super) struct Before {
    is_fresh: bool,
    is_fresh_long: bool,
    is_local: bool,
}

impl Before {
    pub(super) const fn new(operator: &Operator<'_>, facts: Facts) -> Self {
        Self {
            is_fresh: facts.is_fresh(),
            is_fresh_long: facts.is_fresh_long(),
            is_local: matches!(operator, Operator::LocalGet { .. }),
        }
    }

    /// What is put before an operator, after this one.
    pub(super) const fn repair(self, operator: &Operator<'_>) -> &'static [u8] {
        match operator {
            Operator::Select | Operator::TypedSelect { .. } if !self.is_fresh && !self.is_local => {
                &[I32_CONST, 0, I32_GT_U]
            }
            Operator::I32Store { memarg }
            | Operator::I32Store8 { memarg }
            | Operator::I32Store16 { memarg }
                if !self.is_fresh && is_far(memarg) =>
            {
                &[I32_CONST, 0, I32_OR]
            }
            Operator::I64Store { memarg }
            | Operator::I64Store8 { memarg }
            | Operator::I64Store16 { memarg }
            | Operator::I64Store32 { memarg }
                if !self.is_fresh_long && is_far(memarg) =>
            {
                &[I64_CONST, 0, I64_OR]
            }
            _ => &[],
        }
    }
}

const fn is_far(memarg: &MemArg) -> bool {
    memarg.memory != 0 || memarg.offset > 0xFFFF
}
