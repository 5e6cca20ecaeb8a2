//! Every limit that there is: as much as it says succeeds, one more fails and says so.
//!
//! The names come from the limits themselves, so that one that is added is missed here.

use super::{
    attempts::{Attempt, Refusal},
    cases::CASES,
    limits, parts,
};
use guestbox::{Limits, TrapCode};
use std::collections::BTreeSet;

/// The least value of a limit with which an attempt succeeds.
fn least(set: fn(&mut Limits, u64), attempt: fn(Limits, u64) -> Attempt) -> u64 {
    let (mut fails, mut succeeds) = (0_u64, 1 << 24);
    while succeeds - fails > 1 {
        let middle = fails.midpoint(succeeds);
        match attempt(limits(|limits| set(limits, middle)), 0) {
            Ok(()) => succeeds = middle,
            Err(_) => fails = middle,
        }
    }
    succeeds
}

#[test]
fn each_limit_has_a_case() {
    let names: BTreeSet<_> = Limits::default().by_name().map(|(name, _)| name).collect();
    let cases: BTreeSet<_> = CASES.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, cases);
    assert_eq!(cases.len(), CASES.len());
}

#[test]
fn as_much_as_a_limit_says_succeeds_and_one_more_is_refused_by_it() {
    for &(name, set, at, attempt) in CASES.iter().filter(|(_, _, at, _)| *at > 0) {
        let under = |requested| attempt(limits(|limits| set(limits, at)), requested);
        assert!(under(at).is_ok(), "{name}: {:?}", under(at));
        match under(at + 1) {
            Err(Refusal::Limit(error)) => {
                let unit = if name == "total_instance_bytes" { 16 } else { 1 };
                assert_eq!(parts(&error), (name, at * unit, (at + 1) * unit));
            }
            // The engine counts frames itself, and says no more: the trap names both limits of the stack.
            Err(Refusal::Trap(TrapCode::StackOverflow, _)) => assert_eq!(name, "guest_frames"),
            other => panic!("{name}: {other:?}"),
        }
        assert!(under(at).is_ok(), "{name}, again");
    }
}

#[test]
fn fuel_and_the_engines_stack_are_enough_to_the_unit() {
    for &(name, set, _, attempt) in CASES.iter().filter(|(_, _, at, _)| *at == 0) {
        let enough = least(set, attempt);
        let Err(Refusal::Trap(code, used)) = attempt(limits(|limits| set(limits, enough - 1)), 0) else {
            panic!("{name}: {enough} is not the least")
        };
        match name {
            "fuel" => assert!(code == TrapCode::OutOfFuel && used < enough, "{used} of {enough}"),
            // A thousand frames of a hundred values of eight bytes.
            _ => {
                assert!(code == TrapCode::StackOverflow && (800_000..1_000_000).contains(&enough), "{enough}")
            }
        }
    }
}
