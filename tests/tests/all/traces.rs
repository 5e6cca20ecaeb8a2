//! What the programs of `traces` do, and the fuel that it takes, is what is recorded; Node and a page
//! compare with the same records.

use guestbox::TrapCode;
use guestbox_tests::{
    guests::GUESTS,
    traces::{Program, compare, recorded, run},
};
use std::collections::BTreeSet;
use wasmparser::{Parser, Payload};

/// Compares the traces of all programs, and names all that differ.
fn compare_programs(slice: Option<u64>) {
    let recorded = recorded();
    let compared = Program::all().into_iter().map(|program| {
        let lines = run(&program, slice);
        compare(&program.name, recorded.get(&program.name).map(String::as_str), &lines)
    });
    let differences: Vec<String> = compared.filter_map(Result::err).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn programs() {
    compare_programs(None);
}

#[test]
fn programs_in_slices() {
    for slice in [10_000, 333, 7] {
        compare_programs(Some(slice));
    }
}

#[test]
fn real_guests() {
    let recorded = recorded();
    let compared = GUESTS.iter().map(|guest| {
        let report = guest.run();
        report.outcome.as_ref().unwrap_or_else(|failure| panic!("{}: {failure}", guest.name));
        compare(guest.name, recorded.get(guest.name).map(String::as_str), &report.metered_lines())
    });
    let differences: Vec<String> = compared.filter_map(Result::err).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn none_is_missing_and_none_is_left_over() {
    let programs = Program::all().into_iter().map(|program| program.name);
    let names: BTreeSet<String> = programs.chain(GUESTS.iter().map(|guest| guest.name.to_owned())).collect();
    assert!(names.len() >= 40, "{} programs", names.len());
    assert_eq!(recorded().into_keys().collect::<BTreeSet<_>>(), names);
}

#[test]
fn a_difference_is_noticed_and_said_where_it_is() {
    let lines = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let differs = |recorded, is| compare("p", recorded, &lines(is)).unwrap_err();
    assert_eq!(compare("p", Some("a\nb\n"), &lines("a b")), Ok(()));
    assert_eq!(differs(Some("a\nb\n"), "a c"), "p, line 2: `c`, recorded is `b`");
    assert_eq!(differs(Some("a\nb\n"), "a"), "p, line 2: ``, recorded is `b`");
    assert_eq!(differs(Some("a\n"), "a b"), "p, line 2: `b`, recorded is ``");
    assert_eq!(differs(Some("a"), "a"), "p, line 2: ``, recorded is nothing");
    assert_eq!(differs(None, ""), "p: no trace is recorded");
}

/// All but a defect of the engine, and a host that has no memory left.
const TRAPS: [TrapCode; 13] = [
    TrapCode::BadConversionToInteger,
    TrapCode::BadSignature,
    TrapCode::HostError,
    TrapCode::IndirectCallToNull,
    TrapCode::IntegerDivisionByZero,
    TrapCode::IntegerOverflow,
    TrapCode::MemoryOutOfBounds,
    TrapCode::NestingTooDeep,
    TrapCode::OutOfFuel,
    TrapCode::ResultType,
    TrapCode::StackOverflow,
    TrapCode::TableOutOfBounds,
    TrapCode::Unreachable,
];

#[test]
fn every_trap_is_recorded() {
    let recorded = recorded();
    for code in TRAPS {
        let trap = format!("-> trap {}", code.name());
        assert!(recorded.values().any(|trace| trace.contains(&trap)), "{trap}");
    }
}

macro_rules! operators {
    ($(@$proposal:ident $operator:ident $({ $($field:tt)* })? => $visit:ident ($($arity:tt)*))*) => {
        [$((stringify!($proposal), stringify!($operator))),*]
    };
}

/// The parts of WebAssembly that guests may use, as the parser calls them.
const PROPOSALS: [&str; 8] = [
    "bulk_memory",
    "mvp",
    "reference_types",
    "relaxed_simd",
    "saturating_float_to_int",
    "sign_extension",
    "simd",
    "tail_call",
];

#[test]
fn every_operator_is_in_a_program() {
    let mut used = BTreeSet::new();
    for (_, bytes) in Program::all().into_iter().flat_map(|program| program.modules) {
        for payload in Parser::new(0).parse_all(&bytes) {
            let Payload::CodeSectionEntry(body) = payload.unwrap() else { continue };
            for operator in body.get_operators_reader().unwrap() {
                let shown = format!("{:?}", operator.unwrap());
                used.extend(shown.split_whitespace().next().map(str::to_owned));
            }
        }
    }
    let all = wasmparser::for_each_operator!(operators);
    let supported = all.iter().filter(|(proposal, _)| PROPOSALS.contains(proposal));
    let supported: Vec<&str> = supported.map(|(_, operator)| *operator).collect();
    assert!(supported.len() > 430, "{} operators", supported.len());
    let missing: Vec<&&str> = supported.iter().filter(|operator| !used.contains(**operator)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
