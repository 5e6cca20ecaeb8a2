//! The functions that stand for a module's imports: each notes the call and pauses the guest.

use super::{growth::Growth, values::from_engine};
use crate::{engine::Limiter, value::Value};
use alloc::{boxed::Box, vec::Vec};
use core::fmt;
use wasmi::{Caller, Error, Func, FuncType, ValType};

/// What a wasmi store carries along.
pub(super) struct Data {
    pub(super) limiter: Limiter,
    /// The arguments of the import call that paused the guest.
    pub(super) args: Vec<Value>,
    /// The ordinal of that import among its module's imported functions.
    pub(super) import: u32,
    /// What paused the guest instead of an import: it grows a table.
    pub(super) growth: Option<Growth>,
}

impl Data {
    pub(super) const fn new(limiter: Limiter) -> Self {
        Self { limiter, args: Vec::new(), import: 0, growth: None }
    }

    /// Pauses a guest that grows a table.
    pub(super) fn pause_for_growth(&mut self, growth: Option<Growth>) -> Error {
        // The engine calls it with what its type says: there is one.
        self.growth = growth;
        Error::host(Pause)
    }

    fn pause(&mut self, import: u32, args: impl IntoIterator<Item = Value>) -> Error {
        self.import = import;
        self.args.clear();
        self.args.extend(args);
        Error::host(Pause)
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Data").finish_non_exhaustive()
    }
}

/// The error with which an import returns out of the engine.
#[derive(Debug)]
struct Pause;

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("paused")
    }
}

impl wasmi::errors::HostError for Pause {}

/// The functions that stand for what a module imports.
pub(super) fn functions(store: &mut wasmi::Store<Data>, module: &wasmi::Module) -> Box<[Func]> {
    let types = module.imports().filter_map(|import| import.ty().func().cloned());
    (0..).zip(types).map(|(ordinal, ty)| function(store, ordinal, ty)).collect()
}

/// Integer signatures, by far the most common, get a typed function, which the engine calls without allocating.
fn function(store: &mut wasmi::Store<Data>, ordinal: u32, ty: FuncType) -> Func {
    macro_rules! typed {
        ($($arg:ident)*) => {
            match ty.results() {
                [] => return Func::wrap(store, move |mut caller: Caller<'_, Data>, $($arg: i32),*| {
                    Err::<(), _>(caller.data_mut().pause(ordinal, [$(Value::I32($arg)),*]))
                }),
                [ValType::I32] => return Func::wrap(store, move |mut caller: Caller<'_, Data>, $($arg: i32),*| {
                    Err::<i32, _>(caller.data_mut().pause(ordinal, [$(Value::I32($arg)),*]))
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
    Func::new(store, ty, move |mut caller: Caller<'_, Data>, args, _| {
        Err(caller.data_mut().pause(ordinal, args.iter().filter_map(from_engine)))
    })
}
