//! Node's own WebAssembly comes to what the interpreter does: results, traps, fuel, memories and globals.

use guestbox::{ExternType, Module};
use guestbox_tests::{
    fuzz::{Case, compare_compiled},
    operators,
    text::bytes,
    torture::LOOPS,
};

/// Compares cases, of which that many calls at least have to finish, or to end by a trap.
fn compare(cases: impl Iterator<Item = Case>, least: &[(&str, u64)]) {
    let (tally, different) = compare_compiled(cases);
    println!("{tally}");
    for (name, text) in different.iter().take(20) {
        println!("{name}\n{text:.1500}");
    }
    assert!(different.is_empty(), "{} differ", different.len());
    for (name, least) in least {
        let met = tally.get("compared", &format!("compiled, {name}"));
        assert!(met >= *least, "{name}: {met} of {least}");
    }
}

#[test]
fn random_modules_do_the_same() {
    let seeds = if cfg!(debug_assertions) { 100 } else { 6_000 };
    let least = [("finished", seeds), ("out-of-fuel", seeds / 2)];
    compare((1..=seeds).filter_map(Case::of_seed), &least);
}

#[test]
fn endless_loops_of_every_class_of_operator_end_by_fuel() {
    let cases = LOOPS.iter().zip(1..).map(|((_, text), seed)| Case::new(seed, bytes(text), false));
    compare(cases, &[("out-of-fuel", 45)]);
}

#[test]
fn every_operator_does_the_same_wherever_its_operands_are() {
    let cases = operators::cases().into_iter().filter(|case| !case.operator.contains("relaxed"));
    // In debug builds one in ten.
    let cases = cases.step_by(if cfg!(debug_assertions) { 10 } else { 1 }).map(|case| case.bytes());
    let cases = cases.filter(|bytes| imports_what_cases_have(bytes));
    let cases = cases.zip(1..).map(|(bytes, seed)| Case::new(seed, bytes, false));
    compare(cases, &[("finished", 500)]);
}

/// Whether a module imports nothing but functions of numbers and memories.
fn imports_what_cases_have(bytes: &[u8]) -> bool {
    Module::new(bytes).unwrap().imports().iter().all(|import| match import.ty() {
        ExternType::Func(ty) => ty.is_numeric(),
        ty => matches!(ty, ExternType::Memory(_)),
    })
}
