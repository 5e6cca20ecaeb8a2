//! Hostile modules of every kind, small ones: `make hostile` has larger ones, and more.
//!
//! One test, and so a process of its own: others would take memory meanwhile.

use guestbox::{CompileOptions, Limits};
use guestbox_tests::{
    hostile::{
        KINDS, bomb,
        trial::{Outcome, compile_kib, run_kib, trial},
    },
    process::resident_kib,
};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// Bombs of each kind; their sizes begin anew after six.
const EACH: u32 = 6;

/// Bytes of the largest.
const LARGEST: usize = 128 << 10;

#[test]
fn bombs_are_refused_or_end_within_what_the_limits_allow() {
    let began = Instant::now();
    let mut outcomes = BTreeSet::new();
    let mut early = 0;
    for mut limits in [Limits::default(), Limits::strict()] {
        limits.fuel = 1_000_000;
        for (kind, (name, _)) in KINDS.iter().enumerate() {
            for number in 0..EACH {
                let bytes = bomb(kind, number, LARGEST);
                let trial = trial(&limits, CompileOptions::new(), &bytes).expect("needs Linux's /proc");
                let told = format!("{name} {number}, {} bytes: {trial:?}", bytes.len());
                assert!(trial.compile_kib <= compile_kib(bytes.len()), "{told}");
                assert!(trial.run_kib <= run_kib(&limits, bytes.len()), "{told}");
                // This is in debug and beside others, so only what is hopeless is refused.
                assert!(trial.compiling < Duration::from_secs(2), "{told}");
                outcomes.insert(match trial.outcome {
                    Outcome::Refused(code) | Outcome::NotInstantiated(code) | Outcome::Ended(code) => code,
                    Outcome::Finished => "finished",
                });
            }
            if kind == KINDS.len() / 10 {
                early = early.max(resident_kib().unwrap());
            }
        }
    }
    let end = resident_kib().unwrap();
    assert!(end < early + (16 << 10), "{early} KiB resident after a tenth, {end} at the end");
    for outcome in ["finished", "invalid", "limit", "out-of-fuel", "segment", "stack-overflow", "start"] {
        assert!(outcomes.contains(outcome), "no bomb was {outcome}: {outcomes:?}");
    }
    println!("{} bombs in {:?}: {outcomes:?}", 2 * KINDS.len() * EACH as usize, began.elapsed());
}
