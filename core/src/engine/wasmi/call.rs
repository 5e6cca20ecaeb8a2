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
use core::mem;
use wasmi::{Func, ResumableCall, ResumableCallHostTrap, ResumableCallOutOfFuel, Store, Val};

/// Where a call goes on, and where it begins.
enum Place {
    Begin(Func),
    /// In an import, which has been answered.
    Import(ResumableCallHostTrap),
    /// Where there was not enough fuel.
    Fuel(ResumableCallOutOfFuel),
    /// Where it grows a table.
    Growth(ResumableCallHostTrap, Growth),
    /// It is under way, or has ended.
    Nowhere,
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
    begin: Option<Func>,
    turn: Turn<'_>,
) -> Outcome {
    let Buffers { inputs, outputs } = buffers;
    let Turn { values, results, fuel, paused } = turn;
    let mut place = begin.map_or_else(|| take(paused), Place::Begin);
    outputs.clear();
    outputs.resize(results, Val::I32(0));
    loop {
        if let Place::Growth(_, growth) = &place {
            let cost = growth.cost(store);
            let Some(left) = fuel.checked_sub(cost) else {
                keep(paused, place);
                return Outcome::OutOfFuel(cost);
            };
            *fuel = left;
            values.clear();
            values.push(Value::I32(growth.grow(store)));
        }
        let came_back = enter(store, place, values, inputs, outputs, fuel);
        match came_back {
            Some(Ok(ResumableCall::Finished)) => {
                values.clear();
                // What is no number never gets here: a call of such a function is refused.
                values.extend(outputs.iter().filter_map(from_engine));
                return Outcome::Finished;
            }
            Some(Ok(ResumableCall::HostTrap(call))) => {
                let data = store.data_mut();
                match data.growth.take() {
                    Some(growth) => place = Place::Growth(call, growth),
                    None => {
                        mem::swap(values, &mut data.args);
                        let import = data.import;
                        keep(paused, Place::Import(call));
                        return Outcome::HostCall(import);
                    }
                }
            }
            Some(Ok(ResumableCall::OutOfFuel(call))) => {
                let required = call.required_fuel();
                keep(paused, Place::Fuel(call));
                return Outcome::OutOfFuel(required);
            }
            Some(Err(error)) => return Outcome::Trapped(trap(&error, stack)),
            // It was not paused so; that does not happen.
            None => return Outcome::Trapped(TrapCode::Engine.into()),
        }
    }
}

/// Lets the engine begin or go on, and counts the fuel that it takes. `None` where it can do neither.
fn enter(
    store: &mut Store<Data>,
    place: Place,
    values: &[Value],
    inputs: &mut Vec<Val>,
    outputs: &mut [Val],
    fuel: &mut u64,
) -> Option<Result<ResumableCall, wasmi::Error>> {
    inputs.clear();
    inputs.extend(values.iter().map(|value| into_engine(*value)));
    // Every engine meters fuel; one that did not would say so by an error of its own.
    let _metered = store.set_fuel(*fuel);
    let came_back = match place {
        Place::Begin(function) => function.call_resumable(&mut *store, inputs, outputs),
        Place::Import(call) | Place::Growth(call, _) => call.resume(&mut *store, inputs, outputs),
        Place::Fuel(call) => call.resume(&mut *store, outputs),
        Place::Nowhere => return None,
    };
    *fuel = store.get_fuel().unwrap_or(0);
    Some(came_back)
}

/// Takes out where a call goes on.
fn take(paused: &mut Paused) -> Place {
    let place = paused.as_mut().and_then(|kept| kept.downcast_mut::<Place>());
    place.map_or(Place::Nowhere, |place| mem::replace(place, Place::Nowhere))
}

/// Keeps where a call goes on. It is large, and stays where it once was put.
fn keep(paused: &mut Paused, place: Place) {
    match paused.as_mut().and_then(|kept| kept.downcast_mut::<Place>()) {
        Some(kept) => *kept = place,
        None => *paused = Some(Box::new(place)),
    }
}
