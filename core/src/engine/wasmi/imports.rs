//! The functions that stand for the imports of an instance: each notes the call and pauses the guest.
//!
//! Each instance has its own, so that they say whose import is called, also where another guest reached it
//! through a table.

use super::{
    data::Data,
    values::{is_plain, plain_from_engine},
};
use crate::{engine::Instance, types::value::Value};
use wasmi::{Caller, Extern, Func, FuncType, ValType};

/// The functions that stand for those of these types that an instance imports.
pub(super) fn functions(
    store: &mut wasmi::Store<Data>,
    types: &[FuncType],
    instance: Instance,
) -> impl Iterator<Item = Extern> {
    (0..).zip(types).map(move |(ordinal, ty)| Extern::Func(function(store, (instance, ordinal), ty)))
}

/// Integer signatures, by far the most common, get a typed function, which the engine calls without allocating.
fn function(store: &mut wasmi::Store<Data>, import: (Instance, u32), ty: &FuncType) -> Func {
    macro_rules! typed {
        ($($arg:ident)*) => {
            match ty.results() {
                [] => return Func::wrap(store, move |mut caller: Caller<'_, Data>, $($arg: i32),*| {
                    Err::<(), _>(caller.data_mut().pause(import, [$(Value::I32($arg)),*]))
                }),
                [ValType::I32] => return Func::wrap(store, move |mut caller: Caller<'_, Data>, $($arg: i32),*| {
                    Err::<i32, _>(caller.data_mut().pause(import, [$(Value::I32($arg)),*]))
                }),
                _ => {}
            }
        };
    }
    if ty.params().iter().all(|ty| *ty == ValType::I32) {
        match ty.params().len() {
            0 => typed!(),
            1 => typed!(a),
            2 => typed!(a b),
            3 => typed!(a b c),
            4 => typed!(a b c d),
            _ => {}
        }
    }
    if ty.params().iter().all(|ty| is_plain(*ty)) {
        return Func::new(store, ty.clone(), move |mut caller: Caller<'_, Data>, args, _| {
            Err(caller.data_mut().pause(import, args.iter().map(plain_from_engine)))
        });
    }
    Func::new(store, ty.clone(), move |mut caller: Caller<'_, Data>, args, _| {
        let data = caller.data_mut();
        data.references.clear();
        data.references.extend_from_slice(args);
        Err(data.pause(import, []))
    })
}
