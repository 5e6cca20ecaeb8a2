//! How a call is let run, and what is made of how it came back.

use super::{
    data::{Data, Growth},
    traps::trap,
    values::{from_engine, into_engine},
};
use crate::{
    engine::{Outcome, Paused, Turn},
    limits::StackLimits,
    types::{trap::TrapCode, value::Value},
};
use alloc::{boxed::Box, vec::Vec};
use core::{any::Any, mem};
use wasmi::{Func, ResumableCall, Store, Val};

/// A call that is paused: in an import, where there was not enough fuel, or where it grows a table.
struct Call {
    call: ResumableCall,
    growth: Option<Growth>,
}

/// Values on their way in and out.
#[derive(Default)]
pub(super) struct Buffers {
    inputs: Vec<Val>,
    outputs: Vec<Val>,
}

/// Runs a call until it has ended or pauses: of a function, if it begins.
pub(super) fn run(
    store: &mut Store<Data>,
    stack: StackLimits,
    buffers: &mut Buffers,
    mut begin: Option<Func>,
    turn: Turn<'_>,
) -> Outcome {
    let Buffers { inputs, outputs } = buffers;
    let Turn { values, results, fuel, paused } = turn;
    // It is large, and stays in the box where it once was put.
    let mut kept = paused.take().and_then(|kept| kept.downcast::<Call>().ok());
    outputs.clear();
    outputs.resize(results, Val::I32(0));
    loop {
        if let Some(growth) = kept.as_ref().and_then(|kept| kept.growth.as_ref()) {
            let cost = growth.cost(store);
            let Some(left) = fuel.checked_sub(cost) else {
                *paused = into_any(kept);
                return Outcome::OutOfFuel(cost);
            };
            *fuel = left;
            values.clear();
            values.push(Value::I32(growth.grow(store)));
        }
        inputs.clear();
        inputs.extend(values.iter().map(|value| into_engine(*value)));
        // Every engine meters fuel; one that did not would say so by an error of its own.
        let _metered = store.set_fuel(*fuel);
        let came_back = match (begin.take(), &mut kept) {
            (Some(function), _) => function.call_resumable(&mut *store, inputs, outputs),
            (None, Some(kept)) => match mem::replace(&mut kept.call, ResumableCall::Finished) {
                // An import was answered, or a table has grown: the inputs are what it returns.
                ResumableCall::HostTrap(call) => call.resume(&mut *store, inputs, outputs),
                // There is fuel again, or another slice.
                ResumableCall::OutOfFuel(call) => call.resume(&mut *store, outputs),
                ResumableCall::Finished => Ok(ResumableCall::Finished),
            },
            // It was not paused; that does not happen.
            (None, None) => return Outcome::Trapped(TrapCode::Engine.into()),
        };
        *fuel = store.get_fuel().unwrap_or(0);
        let call = match came_back {
            Ok(ResumableCall::Finished) => {
                values.clear();
                // What is no number never gets here: a call of such a function is refused.
                values.extend(outputs.iter().filter_map(from_engine));
                return Outcome::Finished;
            }
            Ok(call) => call,
            Err(error) => return Outcome::Trapped(trap(&error, stack)),
        };
        let data = store.data_mut();
        let growth = data.growth.take();
        let outcome = match &call {
            ResumableCall::OutOfFuel(call) => Some(Outcome::OutOfFuel(call.required_fuel())),
            _ if growth.is_some() => None,
            _ => {
                mem::swap(values, &mut data.args);
                let (instance, import) = data.import;
                Some(Outcome::HostCall(instance, import))
            }
        };
        match &mut kept {
            Some(kept) => {
                kept.call = call;
                kept.growth = growth;
            }
            None => kept = Some(Box::new(Call { call, growth })),
        }
        if let Some(outcome) = outcome {
            *paused = into_any(kept);
            return outcome;
        }
    }
}

fn into_any(kept: Option<Box<Call>>) -> Paused {
    kept.map(|kept| -> Box<dyn Any + Send + Sync> { kept })
}
