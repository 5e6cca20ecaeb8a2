//! What modules take of the limits: with so much they compile, with less of any they are refused by all that is too low.

use super::parts;
use guestbox::{
    CompileError, CompileOptions, Environment, InstanceLimits, InstantiateError, Limit, Limits, Module,
    Needs, NoImports, Store,
};
use guestbox_tests::{fuzz, guests::GUESTS, text};

/// What counts when an instance is made, not when a module is compiled.
const OF_INSTANCES: [&str; 2] = ["total_memory_pages", "total_instance_bytes"];

const COUNTED: u64 = Needs::COUNTED as u64;

/// Limits of as much as is needed, and of nothing else more than that.
fn exactly(needs: &Needs) -> Limits {
    let mut limits = Limits::default();
    for (name, taken) in needs.by_name() {
        assert!(limits.set(name, taken), "{name}");
    }
    limits
}

/// All limits that refused, by their names.
fn refused(limits: &Limits, bytes: &[u8]) -> Vec<(&'static str, u64, u64)> {
    match Module::with_limits(limits, bytes) {
        Err(CompileError::Limit(refused)) => refused.all().iter().map(parts).collect(),
        other => panic!("{other:?}"),
    }
}

/// That a module's needs are the least limits under which it compiles, and that errors name all that it needs.
fn check(name: &str, bytes: &[u8]) {
    let needs = Module::with_limits(&Limits::unlimited(), bytes).unwrap().needs();
    assert_eq!(needs.module_bytes, u64::try_from(bytes.len()).unwrap());
    let exact = exactly(&needs);
    assert!(Module::with_limits(&exact, bytes).is_ok(), "{name}: {needs:?}");
    assert_eq!(needs.above(&exact).count(), 0);
    // Imported memories and tables are the supervisor's.
    let own: Vec<_> = needs.by_name().filter(|(limit, _)| !OF_INSTANCES.contains(limit)).collect();
    let mut all = Vec::new();
    for (limit, taken) in own.into_iter().filter(|(_, taken)| *taken > 0) {
        let mut less = exact.clone();
        assert!(less.set(limit, taken - 1));
        if Module::with_limits(&less, bytes).is_ok() {
            assert!(["memory_pages", "table_elements"].contains(&limit), "{name}: {limit} is not needed");
            continue;
        }
        assert_eq!(refused(&less, bytes), [(limit, taken - 1, taken)], "{name}");
        // Of a module that is much too long only that is said.
        let least = if limit == "module_bytes" { taken.div_ceil(COUNTED) } else { 0 };
        all.push((limit, least, taken));
    }
    let mut none = exact;
    for (limit, least, _) in &all {
        none.set(limit, *least);
    }
    let mut refused = refused(&none, bytes);
    refused.sort_unstable();
    all.sort_unstable();
    assert_eq!(refused, all, "{name}");
}

/// Something of everything, more of it in some functions than in others.
const ALL: &str = r#"(module
    (type $pair (func (param i32 i64) (result i32 i32)))
    (import "e" "f" (func $f (type $pair)))
    (import "e" "t" (table 40 funcref))
    (import "e" "m" (memory 6))
    (table 3 funcref) (table 7 externref)
    (memory 2 9) (memory 5)
    (global i32 (i32.add (i32.const 1) (i32.const 2))) (global (mut i64) (i64.const 0))
    (elem func 2 2 3) (elem (table 1) (i32.const 0) func 3)
    (data "a") (data (memory 1) (i32.const 0) "b") (data "c")
    (func (local i32) (drop (drop (call $f (i32.const 0) (i64.const 0)))))
    (func (result i32 i32) (local i64 i64 i32)
        (block $a (result i32 i32) (block $b (block $c
            (br_table $c $b $c (i32.const 0)))) (br $a (i32.const 1) (i32.const 2)))
        (return))
    (func (export "g") (param f32)) (export "h" (memory 1)))"#;

#[test]
fn a_modules_needs_are_the_least_limits_with_which_it_compiles() {
    check("all", &text::bytes(ALL));
    check("nothing", &text::bytes("(module)"));
    for guest in GUESTS {
        check(guest.name, &guest.load().unwrap());
    }
    for seed in 0..60 {
        check(&format!("dense {seed}"), &fuzz::dense(seed));
    }
}

#[test]
fn needs_are_counted_as_they_are_limited() {
    let needs = text::module(ALL).needs();
    let expected = [
        ("functions", 4),
        ("globals", 2),
        ("types", 4),
        ("params", 2),
        ("locals", 3),
        ("block_depth", 3),
        ("blocks", 3),
        ("branch_targets", 3),
        ("const_operators", 3),
        ("imports", 3),
        ("exports", 2),
        ("tables", 3),
        // The imported ones have to be so large.
        ("table_elements", 40),
        ("memory_pages", 6),
        ("total_memory_pages", 13),
        ("segments", 5),
        ("memories", 3),
    ];
    for (name, taken) in expected {
        let found = needs.by_name().find(|(other, _)| *other == name);
        assert_eq!(found, Some((name, taken)));
    }
    assert!(needs.multi_values > 0 && needs.total_instance_bytes > 1_024);
    // With frames an instance has a memory more, and the module is the same.
    let framed =
        Module::with_options(&Limits::default(), &text::bytes(ALL), CompileOptions::new().with_frames());
    let framed = framed.unwrap().needs();
    assert!(framed.total_instance_bytes > needs.total_instance_bytes);
    let others = |needs: &Needs| {
        needs.by_name().filter(|(name, _)| *name != "total_instance_bytes").collect::<Vec<_>>()
    };
    assert_eq!(others(&framed), others(&needs));
}

#[test]
fn all_limits_that_have_no_room_for_an_instance_are_named() {
    let module = text::module("(module (memory 3) (memory 2) (table 100 funcref))");
    let mut limits = Limits::default();
    (limits.memory_pages, limits.total_memory_pages, limits.total_instance_bytes) = (2, 4, 1_600);
    limits.table_elements = 99;
    let mut store = Store::with_limits(limits);
    let own = InstanceLimits::new().with_memory_pages(1);
    let refused = store.instantiate_with(&mut NoImports, &module, &Environment::new(), 0, own).unwrap_err();
    let InstantiateError::Limit(refused) = &refused else { panic!("{refused}") };
    let names: Vec<_> = refused.all().iter().map(|refused| refused.limit.name()).collect();
    assert_eq!(
        names,
        [
            "total_instance_bytes",
            "memory_pages",
            "table_elements",
            "instance_memory_pages",
            "total_memory_pages"
        ]
    );
    assert!(refused.to_string().ends_with("; raise them in `Limits` and `InstanceLimits`"), "{refused}");
}

/// Nothing that is imported could make room.
#[test]
fn an_instance_without_room_is_refused_before_its_imports_are_looked_for() {
    let module = text::module(r#"(module (import "e" "f" (func)) (memory 5))"#);
    let mut limits = Limits::default();
    limits.memory_pages = 4;
    let mut store = Store::with_limits(limits);
    let refused = store.instantiate(&mut NoImports, &module, &Environment::new(), 0).unwrap_err();
    assert!(matches!(&refused, InstantiateError::Limit(refused) if refused.limit == Limit::MemoryPages));
}

/// What is counted of a section is all that there is of it.
#[test]
fn a_section_that_is_there_twice_is_invalid() {
    let type_section = [1, 4, 1, 0x60, 0, 0];
    let import_section = [2, 7, 1, 1, b'e', 1, b'f', 0, 0];
    let module = |sections: &[&[u8]]| [b"\0asm\x01\0\0\0", &sections.concat()[..]].concat();
    assert!(Module::new(&module(&[&type_section, &import_section])).is_ok());
    for sections in [
        [&type_section[..], &type_section, &import_section],
        [&type_section, &import_section, &import_section],
    ] {
        let refused = Module::new(&module(&sections)).unwrap_err();
        assert_eq!(refused.code(), "invalid", "{refused}");
    }
}

/// Of a module that is much too long only that is said.
#[test]
fn what_is_looked_at_of_a_module_that_is_too_long_has_a_bound() {
    let bytes = text::bytes("(module (func) (func) (memory 3))");
    let mut limits = Limits::default();
    (limits.functions, limits.memory_pages) = (1, 1);
    for (divisor, many) in [(2, 3), (Needs::COUNTED, 3), (Needs::COUNTED * 2, 1)] {
        limits.module_bytes = bytes.len().div_ceil(divisor);
        assert_eq!(refused(&limits, &bytes).len(), many, "a {divisor}th");
    }
}
