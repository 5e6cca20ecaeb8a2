//! Campaigns: many seeds on all cores, and what is reported of a difference.

use crate::oracle::{coverage::Coverage, generate, log::Event, model::Model, script::Script, supervisor};
use guestbox::Store;
use std::{
    fmt::Write,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

/// For the recursion of the lineage's engine through the supervisor.
const STACK_BYTES: usize = 16 << 20;

/// Events before a difference that a report shows.
const CONTEXT: usize = 40;

/// Runs scripts on both sides; the error is a report of the first difference met.
pub fn run(seeds: Range<u64>) -> Result<Coverage, String> {
    let threads = thread::available_parallelism().map_or(1, |cores| u64::try_from(cores.get()).unwrap());
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let workers = (0..threads).map(|worker| {
            let (seeds, stop) = (seeds.clone(), &stop);
            let share = move || {
                let mut coverage = Coverage::default();
                for seed in
                    seeds.skip(usize::try_from(worker).unwrap()).step_by(usize::try_from(threads).unwrap())
                {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let script = generate::script(seed);
                    match compare(&script) {
                        Ok(log) => coverage.add(&log),
                        Err(_) => {
                            stop.store(true, Ordering::Relaxed);
                            return Err(report(seed, &script));
                        }
                    }
                }
                Ok(coverage)
            };
            thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, share).unwrap()
        });
        let workers: Vec<_> = workers.collect();
        let mut all = Coverage::default();
        let mut difference = Ok(());
        for worker in workers {
            match worker.join().unwrap() {
                Ok(coverage) => all.merge(&coverage),
                Err(report) => difference = Err(report),
            }
        }
        difference.map(|()| all)
    })
}

/// What both sides did, or how they differ.
fn compare(script: &Script) -> Result<Vec<Event>, String> {
    let model = log("the model", || supervisor::run(script, &mut Model::new()))?;
    let mut store = Store::new();
    let guestbox = log("guestbox", || supervisor::run(script, &mut store))?;
    if model == guestbox {
        return Ok(model);
    }
    let at = model.iter().zip(&guestbox).take_while(|(model, guestbox)| model == guestbox).count();
    let mut text = String::new();
    for event in &model[at.saturating_sub(CONTEXT)..at] {
        writeln!(text, "           {event}").unwrap();
    }
    for (side, log) in [("model", model), ("guestbox", guestbox)] {
        match log.get(at) {
            Some(event) => writeln!(text, "{side:>10} {event}").unwrap(),
            None => writeln!(text, "{side:>10} has ended").unwrap(),
        }
    }
    Err(text)
}

fn log(side: &str, run: impl FnOnce() -> Vec<Event>) -> Result<Vec<Event>, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| format!("{side} panicked\n"))
}

/// A listing of the smallest script found that still shows a difference.
fn report(seed: u64, script: &Script) -> String {
    let smallest = shrink(script.clone());
    let difference = compare(&smallest).expect_err("what is left makes a difference");
    format!(
        "{smallest}\nseed {seed} makes a difference, of which this is left:\n{difference}\nORACLE_SEED={seed} replays it"
    )
}

/// Leaves out steps, faults and what callbacks do, as long as there is a difference.
fn shrink(mut script: Script) -> Script {
    loop {
        let mut smaller = Vec::new();
        for at in (0..script.steps.len()).rev() {
            let mut candidate = script.clone();
            candidate.steps.remove(at);
            smaller.push(candidate);
            for fault in 0..script.steps[at].faults.len() {
                let mut candidate = script.clone();
                candidate.steps[at].faults.remove(fault);
                smaller.push(candidate);
            }
        }
        for at in 0..script.reactions.len() {
            for operation in 0..script.reactions[at].operations.len() {
                let mut candidate = script.clone();
                candidate.reactions[at].operations.remove(operation);
                smaller.push(candidate);
            }
        }
        match smaller.into_iter().find(|candidate| compare(candidate).is_err()) {
            Some(candidate) => script = candidate,
            None => return script,
        }
    }
}
