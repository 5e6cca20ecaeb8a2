//! The presets: strict below the default, the default below no limits, and guests under each.

use guestbox::{CompileError, Environment, Limits, Module, NoImports, Store, TrapCode, Value};
use guestbox_tests::text;

/// All limits by name, as numbers.
pub(super) fn all(limits: &Limits) -> Vec<(String, u64)> {
    let text = format!("{limits:?}");
    let (_, numbers) = text.split_once("}, ").expect("the features come first");
    let fields = numbers.trim_end_matches(" }").split(", ");
    fields
        .map(|field| {
            let (name, number) = field.split_once(": ").unwrap();
            (name.to_owned(), number.parse().unwrap())
        })
        .collect()
}

#[test]
fn strict_is_below_the_default_and_that_below_none() {
    let (strict, default) = (all(&Limits::strict()), all(&Limits::default()));
    let unlimited = all(&Limits::unlimited());
    assert_eq!(strict.len(), 26, "{strict:?}");
    for (((name, low), (_, middle)), (_, high)) in strict.iter().zip(&default).zip(&unlimited) {
        assert!(0 < *low && low < middle, "{name}: {low} is not below {middle}");
        assert!(middle <= high, "{name}: {middle} is above {high}");
        let stays = ["const_operators", "guest_frames", "nesting"].contains(&name.as_str());
        assert_eq!(middle == high, stays, "{name}: only what protects the host's stack stays");
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
        ("tables", "(module (table 1 funcref) (table 1 funcref))"),
        ("memory_pages", "(module (memory 257))"),
    ] {
        match Module::with_limits(&limits, &text::bytes(text)) {
            Err(CompileError::Limit(error)) => assert_eq!(error.limit.name(), name),
            other => panic!("{other:?}"),
        }
        assert!(Module::new(&text::bytes(text)).is_ok());
    }
}
