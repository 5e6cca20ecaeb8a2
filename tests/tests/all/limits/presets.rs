//! The presets: strict below the default, the default below no limits, and guests under each.

use guestbox::{CompileError, Environment, Limits, Module, NoImports, Store, TrapCode, Value};
use guestbox_tests::text;

#[test]
fn strict_is_below_the_default_and_that_below_none() {
    let [strict, default, unlimited] = [Limits::strict(), Limits::default(), Limits::unlimited()];
    let all = strict.by_name().zip(default.by_name()).zip(unlimited.by_name());
    for (((name, low), (_, middle)), (_, high)) in all {
        assert!(0 < low && low <= middle && middle <= high, "{name}: {low}, {middle}, {high}");
        let is_size = [
            "module_bytes",
            "functions",
            "globals",
            "params",
            "table_elements",
            "segments",
            "memory_pages",
            "total_memory_pages",
        ];
        assert_eq!(low < middle, is_size.contains(&name), "{name}: only sizes are stricter");
        let stays = ["const_operators", "guest_frames", "nesting"].contains(&name);
        assert_eq!(middle == high, stays, "{name}: only what protects the host's stack stays");
    }
    assert!(default.by_name().any(|limit| limit == ("memory_pages", 4_096)));
    assert!(strict.by_name().any(|limit| limit == ("memory_pages", 1_024)));
}

#[test]
fn each_is_set_by_its_name_to_the_highest_there_is_at_most() {
    let mut limits = Limits::default();
    for (at, (name, _)) in (1..).zip(Limits::default().by_name()) {
        assert!(limits.set(name, at));
        assert_eq!(limits.by_name().find(|(other, _)| *other == name), Some((name, at)));
    }
    assert!((1..).zip(limits.by_name()).all(|(at, (_, value))| value == at), "none sets another");
    assert!(limits.set("fuel", u64::MAX) && limits.set("memory_pages", u64::MAX));
    assert_eq!((limits.fuel, limits.memory_pages), (u64::MAX, u32::MAX));
    for unknown in ["", "Fuel", "memoryPages", "features"] {
        assert!(!limits.set(unknown, 1), "{unknown}");
    }
}

#[test]
fn a_small_guest_runs_under_strict_limits_and_a_larger_one_is_refused_by_name() {
    let limits = Limits::strict();
    let guest = r#"(module (memory 1) (table 2 funcref)
        (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
        (func (export "for ever") (loop (br 0))))"#;
    let module = Module::with_limits(&limits, &text::bytes(guest)).unwrap();
    let mut store = Store::with_limits(limits.clone());
    let guest = store.instantiate(&mut NoImports, &module, &Environment::new(), 0).unwrap();
    assert_eq!(*text::call(&mut store, guest, "add", &[Value::I32(2), Value::I32(3)]), [Value::I32(5)]);
    assert_eq!(text::trap(store.invoke(&mut NoImports, guest, "for ever", &[], 0)), TrapCode::OutOfFuel);
    for (name, text) in [
        (
            "params",
            "(module (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32
            i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))",
        ),
        ("memory_pages", "(module (memory 1025))"),
    ] {
        match Module::with_limits(&limits, &text::bytes(text)) {
            Err(CompileError::Limit(error)) => assert_eq!(error.limit.name(), name),
            other => panic!("{other:?}"),
        }
        assert!(Module::new(&text::bytes(text)).is_ok());
    }
}
