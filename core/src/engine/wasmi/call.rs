//! How a call is let run, and what is made of how it came back.

use super::{
    data::{Data, Growth},
    traps::trap,
    values::References,
};
use crate::{
    engine::{Outcome, Turn},
    limits::StackLimits,
    types::{trap::TrapCode, value::Value},
};
use alloc::{boxed::Box, vec::Vec};
use core::mem;
use wasmi::{Error, Func, ResumableCall, Store, Val};

/// A call that is paused: in an import, where there was not enough fuel, or where it grows a table.
struct Call {
    call: ResumableCall,
    growth: Option<Growth>,
}

impl Call {
    /// Lets it go on, until it has ended or pauses again.
    fn resume(&mut self, store: &mut Store<Data>, inputs: &[Val], outputs: &mut [Val]) -> Result<(), Error> {
        self.call = match mem::replace(&mut self.call, ResumableCall::Finished) {
            // An import was answered, or a table has grown: the inputs are what it returns.
            ResumableCall::HostTrap(call) => call.resume(store, inputs, outputs)?,
            // There is fuel again, or another slice.
            ResumableCall::OutOfFuel(call) => call.resume(store, outputs)?,
            ResumableCall::Finished => ResumableCall::Finished,
        };
        Ok(())
    }
}

/// Values on their way in and out.
#[derive(Default)]
pub(super) struct Buffers {
    inputs: Vec<Val>,
    outputs: Vec<Val>,
}

/// Runs a call until it has ended or pauses: of a function, if it begins.
#[inline]
pub(super) fn run(
    store: &mut Store<Data>,
    stack: StackLimits,
    buffers: &mut Buffers,
    references: &mut References,
    mut begin: Option<Func>,
    turn: Turn<'_>,
) -> Outcome {
    let Buffers { inputs, outputs } = buffers;
    let Turn { values, results, fuel, paused } = turn;
    // What is in there is written over.
    outputs.resize(results, Val::I32(0));
    loop {
        // It is large, and stays in the box where it once was put.
        let mut kept = paused.as_deref_mut().and_then(|kept| kept.downcast_mut::<Call>());
        if let Some(growth) = kept.as_ref().and_then(|kept| kept.growth.as_ref()) {
            let cost = growth.cost(store);
            let Some(left) = fuel.checked_sub(cost) else { return Outcome::OutOfFuel(cost) };
            *fuel = left;
            values.clear();
            values.push(Value::I32(growth.grow(store)));
        }
        inputs.clear();
        // All that they refer to is here.
        inputs.extend(values.iter().filter_map(|value| references.for_engine(*value)));
        // Every engine meters fuel; one that did not would say so by an error of its own.
        let _metered = store.set_fuel(*fuel);
        // One that begins is put in a box only where it pauses.
        let mut begun = ResumableCall::Finished;
        let came_back = match (begin.take(), &mut kept) {
            (Some(function), _) => {
                function.call_resumable(&mut *store, inputs, outputs).map(|call| begun = call)
            }
            (None, Some(kept)) => kept.resume(store, inputs, outputs),
            // It was not paused; that does not happen.
            (None, None) => return Outcome::Trapped(TrapCode::Engine.into()),
        };
        *fuel = store.get_fuel().unwrap_or(0);
        if let Err(error) = came_back {
            return Outcome::Trapped(trap(&error, stack));
        }
        let outcome = match kept.as_ref().map_or(&begun, |kept| &kept.call) {
            ResumableCall::Finished => {
                values.clear();
                values.extend(outputs.iter().filter_map(|value| references.value_of(store, value)));
                return Outcome::Finished;
            }
            ResumableCall::OutOfFuel(call) => Some(Outcome::OutOfFuel(call.required_fuel())),
            ResumableCall::HostTrap(_) if store.data().growth.is_some() => None,
            ResumableCall::HostTrap(_) => {
                let data = store.data_mut();
                mem::swap(values, &mut data.args);
                let (instance, import) = data.import;
                if !data.references.is_empty() {
                    let args = mem::take(&mut data.references);
                    values.extend(args.iter().filter_map(|value| references.value_of(store, value)));
                }
                Some(Outcome::HostCall(instance, import))
            }
        };
        let growth = store.data_mut().growth.take();
        match kept {
            Some(kept) => kept.growth = growth,
            None => *paused = Some(Box::new(Call { call: begun, growth })),
        }
        if let Some(outcome) = outcome {
            return outcome;
        }
    }
}
