//! The ways in which guestbox runs a case, each of which must come to what the plain run did.

use super::{
    case::{Call, Case},
    drive::{self, How},
    ground::{Ground, Served},
    host::Host,
    record::{End, Entry, compare},
    tally::Tally,
};
use guestbox::{ForkError, SnapshotError, TrapCode};

/// Units of fuel within which a swept call is stopped wherever it can be.
const SWEPT: u64 = 2_000;

/// In slices of one unit.
pub(super) fn slices(ground: &Ground, plain: &[Entry], tally: &mut Tally) -> Result<(), String> {
    let driven = drive::run(ground, How::Slices(1), &ground.plan.calls);
    compare("slices of 1", plain, &driven.entries)?;
    tally.add("compared", "slices of 1", driven.entries.len() as u64);
    tally.add("pauses", "slices of 1", driven.pauses);
    Ok(())
}

/// With other things done at each pause.
pub(super) fn paused(case: &Case, ground: &Ground, plain: &[Entry], tally: &mut Tally) -> Result<(), String> {
    let driven = drive::run(ground, How::Paused(1 + case.seed % 61), &ground.plan.calls);
    compare("paused", plain, &driven.entries)?;
    tally.add("compared", "paused", driven.entries.len() as u64);
    tally.add("pauses", "host calls", driven.entries.last().map_or(0, |entry| entry.calls.into()));
    Ok(())
}

/// A call of a new instance, out of fuel at each place where that can be in the first units: with
/// the least and with the most fuel with which it stops there. What is between can't be told
/// from it, as it is compared with what is required and nothing else.
pub(super) fn sweep(ground: &Ground, call: &Call, stride: u64, tally: &mut Tally) -> Result<(), String> {
    let Some(plain) = ground.run_one_plain(call) else { return Ok(()) };
    let mut first = 0;
    let mut stops = 0;
    while first < plain.fuel.min(SWEPT) {
        let mut next = first + 1;
        let mut fuel = first;
        loop {
            let driven = drive::run(ground, How::Short(fuel), std::slice::from_ref(call));
            let mode = format!("{fuel} fuel first, of {call:?}");
            compare(&mode, std::slice::from_ref(&plain), &driven.entries[1..])?;
            tally.add("compared", "out of fuel and on", 1);
            let (used, required) = driven.stop.ok_or_else(|| format!("{mode}: it was enough"))?;
            stops += 1;
            next = next.max(used + required);
            if fuel + 1 >= next {
                break;
            }
            fuel = next - 1;
        }
        // A stride goes on some units later.
        first = next + stride;
    }
    tally.add("pauses", "out of fuel", stops);
    Ok(())
}

/// With frames, up to the first call that the stack ended, which has more room then.
pub(super) fn frames(case: &Case, ground: &Ground, plain: &[Entry], tally: &mut Tally) -> Result<(), String> {
    let with = ground.with_frames(case).map_err(|error| format!("frames: {error}"))?;
    let entries = with.run_plain();
    for (plain, with) in plain.iter().zip(&entries) {
        if plain.is_tainted || matches!(plain.end, End::Trapped(TrapCode::StackOverflow)) {
            tally.add("skipped", "frames, bounded", 1);
            break;
        }
        compare("frames", std::slice::from_ref(plain), std::slice::from_ref(with))?;
        tally.add("compared", "frames", 1);
    }
    Ok(())
}

/// With a snapshot before each call, of which one copy makes the call, and to which the guest is
/// reset and makes the call again.
pub(super) fn snapshots(ground: &Ground, plain: &[Entry], tally: &mut Tally) -> Result<(), String> {
    let mut store = ground.store();
    let (environment, memories) = ground.environment(&mut store);
    let mut served = Served { host: Host::new(), plan: &ground.plan };
    let (entry, instance) = ground.instantiate(&mut store, &environment, &memories, &mut served);
    compare("before snapshots", plain, &[entry])?;
    let Some(instance) = instance else { return Ok(()) };
    for (at, call) in ground.plan.calls.iter().enumerate() {
        let kept = match store.snapshot(instance) {
            Ok(kept) => kept,
            Err(SnapshotError::Module(problem)) => {
                tally.add("skipped", &format!("snapshots, {}", problem.code()), 1);
                return Ok(());
            }
            Err(error) => return Err(format!("snapshot: {error}")),
        };
        let (environment, copied) = ground.environment(&mut store);
        let fork = match store.fork(instance, &environment) {
            Ok(fork) => fork,
            Err(error @ ForkError::Snapshot(_)) => return Err(format!("snapshot of a fork: {error}")),
            Err(error) => return Err(format!("fork: {error}")),
        };
        let plain = &plain[at + 1..at + 2];
        let before = served.host.clone();
        compare("fork", plain, &[ground.call(&mut store, fork, &copied, &mut served, call)])?;
        served.host = before.clone();
        compare("forked", plain, &[ground.call(&mut store, instance, &memories, &mut served, call)])?;
        store.restore(instance, &kept).map_err(|error| format!("restore: {error}"))?;
        served.host = before;
        compare("restored", plain, &[ground.call(&mut store, instance, &memories, &mut served, call)])?;
        store.teardown_instance(fork).unwrap();
        copied.iter().for_each(|memory| store.teardown_memory(*memory).unwrap());
        for mode in ["fork", "forked", "restored"] {
            tally.add("compared", mode, 1);
        }
    }
    Ok(())
}
