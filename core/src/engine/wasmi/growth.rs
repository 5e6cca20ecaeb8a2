//! Growing tables on behalf of a guest: it calls the host for this, see `wasm::rewrite::growth`.
//!
//! The call pauses as that of an import does, but nobody else sees it: see [`Growth::grow`]. Where the fuel for the
//! new elements is not there the call is out of fuel, before anything has changed.

use super::{
    data::{Data, Growth},
    values::reference,
};
use crate::{
    engine::{Prepared, RefKind},
    types::costs,
};
use wasmi::{Func, FuncType, Instance, Ref, Store, Table, Val, ValType};

/// Bytes that the engine takes for an element.
const ELEMENT_BYTES: u64 = 4;

/// What `table.grow` answers where it grows nothing.
const REFUSED: i32 = -1;

impl Growth {
    /// That of a call with the operator's operands.
    fn new(table: Table, operands: &[Val]) -> Option<Self> {
        let [value, Val::I32(elements)] = operands else { return None };
        Some(Self { table, value: reference(value)?, elements: elements.cast_unsigned() })
    }

    /// The fuel that it takes now: a unit for each whole [`costs::BYTES_PER_UNIT`]; none where it will
    /// be refused.
    pub(super) fn cost(&self, store: &Store<Data>) -> u64 {
        if !self.is_possible(store) {
            return 0;
        }
        let bytes = u64::from(self.elements).saturating_mul(ELEMENT_BYTES);
        bytes.checked_div(costs::BYTES_PER_UNIT.into()).unwrap_or_default()
    }

    /// Grows the table and returns what the operator does: the size before, or -1.
    pub(super) fn grow(&self, store: &mut Store<Data>) -> i32 {
        let size = self.table.grow(store, self.elements.into(), self.value);
        let size = size.ok().and_then(|size| u32::try_from(size).ok());
        size.map_or(REFUSED, u32::cast_signed)
    }

    fn is_possible(&self, store: &Store<Data>) -> bool {
        let size = self.table.size(store);
        let desired = size.saturating_add(self.elements.into());
        let maximum = self.table.ty(store).maximum().unwrap_or(u32::MAX.into());
        desired <= maximum.min(u32::MAX.into()) && store.data().limiter.check_table(size, desired).is_ok()
    }
}

/// Gives a new instance the functions by which it grows its tables. `None` where the engine does not
/// have what was exported for this; that does not happen.
pub(super) fn install(module: &Prepared, instance: Instance, store: &mut Store<Data>) -> Option<()> {
    let Some(hooks) = &module.hooks else { return Some(()) };
    let installed = instance.get_table(&*store, &hooks.table)?;
    for (at, (name, kind)) in (0_u64..).zip(&hooks.grown) {
        let table = instance.get_table(&*store, name)?;
        let hook = hook(store, table, *kind);
        installed.set(&mut *store, at, Ref::Func(hook.into())).ok()?;
    }
    Some(())
}

/// The function that a guest calls to grow a table.
fn hook(store: &mut Store<Data>, table: Table, kind: RefKind) -> Func {
    let element = match kind {
        RefKind::Extern => ValType::ExternRef,
        RefKind::Func => ValType::FuncRef,
    };
    let ty = FuncType::new([element, ValType::I32], [ValType::I32]);
    Func::new(store, ty, move |mut caller, operands, _| {
        Err(caller.data_mut().pause_for_growth(Growth::new(table, operands)))
    })
}
