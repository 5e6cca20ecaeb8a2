//! The limits of a store, of what guests grow, and of how deep they call.

use super::{limits, parts};
use guestbox::{
    Environment, EnvironmentError, FuncIndex, InstantiateError, Limit, Limits, MemoryError, Module,
    NoImports, StackLimits, Store, TrapCode, Value, abi,
};
use guestbox_tests::text;

fn instantiate(store: &mut Store, text: &str) -> Result<guestbox::InstanceId, InstantiateError> {
    // Compiled under other limits than the store has, so that those of the store have to hold.
    let module = Module::with_limits(&Limits::unlimited(), &text::bytes(text)).unwrap();
    store.instantiate(&mut NoImports, &module, &Environment::new(), 0)
}

fn refusal(outcome: Result<guestbox::InstanceId, InstantiateError>) -> (&'static str, u64, u64) {
    match outcome {
        Err(InstantiateError::Limit(error)) => parts(&error),
        other => panic!("{other:?}"),
    }
}

const GROWING: &str = r#"(module (memory (export "m") 2) (table $t 3 funcref)
    (func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "table") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0))))"#;

#[test]
fn a_guest_that_may_not_grow_is_told_so() {
    let limits = limits(|limits| {
        limits.memory_pages = 10;
        limits.total_memory_pages = 14;
        limits.table_elements = 20;
    });
    let mut store = Store::with_limits(limits);
    let guest = instantiate(&mut store, GROWING).unwrap();
    let mut grow = |export: &str, by: i32| text::call(&mut store, guest, export, &[Value::I32(by)])[0];
    for (by, expected) in [(9, -1), (65_535, -1), (-1, -1), (8, 2), (0, 10), (1, -1)] {
        assert_eq!(grow("memory", by), Value::I32(expected), "by {by}");
    }
    for (by, expected) in [(18, -1), (-1, -1), (17, 3), (0, 20), (1, -1)] {
        assert_eq!(grow("table", by), Value::I32(expected), "by {by}");
    }
    let other = instantiate(&mut store, GROWING).unwrap();
    assert_eq!(store.memory_pages_in_use(), 12);
    let mut grow = |by: i32| text::call(&mut store, other, "memory", &[Value::I32(by)])[0];
    assert_eq!((grow(3), grow(2), grow(1)), (Value::I32(-1), Value::I32(2), Value::I32(-1)), "14 in all");
    store.teardown_instance(guest).unwrap();
    assert_eq!(text::call(&mut store, other, "memory", &[Value::I32(6)])[0], Value::I32(4));
}

#[test]
fn what_a_module_begins_with_counts_too() {
    let limits = limits(|limits| {
        limits.memory_pages = 10;
        limits.total_memory_pages = 14;
        limits.table_elements = 20;
    });
    let mut store = Store::with_limits(limits);
    assert_eq!(refusal(instantiate(&mut store, "(module (memory 11))")), ("memory_pages", 10, 11));
    assert_eq!(
        refusal(instantiate(&mut store, "(module (memory 8) (memory 7))")),
        ("total_memory_pages", 14, 15)
    );
    assert_eq!(refusal(instantiate(&mut store, "(module (table 21 funcref))")), ("table_elements", 20, 21));
    assert_eq!(store.memory_pages_in_use(), 0, "what was made before the refusal is gone");
    instantiate(&mut store, "(module (memory 10) (table 20 funcref))").unwrap();
    assert_eq!(refusal(instantiate(&mut store, "(module (memory 5))")), ("total_memory_pages", 14, 15));
    let memory = store.create_memory(4, None).unwrap();
    let Err(MemoryError::Limit(error)) = store.memory_grow(memory, 1) else { panic!("grew") };
    assert_eq!(parts(&error), ("total_memory_pages", 14, 15));
    assert_eq!(refusal(instantiate(&mut store, "(module (memory 1))")), ("total_memory_pages", 14, 15));
    instantiate(&mut store, "(module (memory 0))").unwrap();
}

/// A guest of a few functions and a table is 1,200 bytes, what grows the table 128; each element
/// more is 16.
#[test]
fn what_tables_grow_by_counts_for_the_instances() {
    let limits = limits(|limits| limits.total_instance_bytes = 1_328 + 10 * 16);
    let mut store = Store::with_limits(limits);
    let guest = instantiate(&mut store, GROWING).unwrap();
    let grow = |store: &mut Store, guest, by: i32| text::call(store, guest, "table", &[Value::I32(by)])[0];
    for (by, expected) in [(11, -1), (10, 3), (1, -1), (0, 13)] {
        assert_eq!(grow(&mut store, guest, by), Value::I32(expected), "by {by}");
    }
    let refused = refusal(instantiate(&mut store, "(module)"));
    assert_eq!(refused, ("total_instance_bytes", 1_488, 1_488 + 1_024));
    store.teardown_instance(guest).unwrap();
    // What the table's own maximum refuses is not taken.
    let small = GROWING.replace("(table $t 3 funcref)", "(table $t 3 5 funcref)");
    let guest = instantiate(&mut store, &small).unwrap();
    for _ in 0..100 {
        assert_eq!(grow(&mut store, guest, 10), Value::I32(-1));
    }
    assert_eq!(grow(&mut store, guest, 2), Value::I32(3));
}

#[test]
fn instances_count_while_they_live() {
    let mut store = Store::with_limits(limits(|limits| limits.instances = 3));
    let guests = [(); 3].map(|()| instantiate(&mut store, "(module)").unwrap());
    for _ in 0..10 {
        assert_eq!(refusal(instantiate(&mut store, "(module)")), ("instances", 3, 4));
    }
    store.teardown_instance(guests[1]).unwrap();
    let next = instantiate(&mut store, "(module)").unwrap();
    assert_eq!(next.number(), 3);
    assert_eq!(refusal(instantiate(&mut store, "(module)")), ("instances", 3, 4));
}

#[test]
fn instances_count_until_they_are_freed() {
    let mut store = Store::with_limits(limits(|limits| limits.instances = 4));
    let memory = store.create_memory(1, None).unwrap();
    let environment = Environment::new().with_memory("env", "m", memory);
    let module = text::module(r#"(module (import "env" "m" (memory 1)))"#);
    let resident = store.instantiate(&mut NoImports, &module, &environment, 0).unwrap();
    for _ in 0..3 {
        let guest = store.instantiate(&mut NoImports, &module, &environment, 0).unwrap();
        store.teardown_instance(guest).unwrap();
    }
    // The three are not freed while another guest of their memory lives.
    let refused = store.instantiate(&mut NoImports, &module, &environment, 0);
    assert_eq!(refusal(refused), ("instances", 4, 5));
    store.teardown_instance(resident).unwrap();
    for _ in 0..1_000 {
        let guest = store.instantiate(&mut NoImports, &module, &environment, 0).unwrap();
        store.teardown_instance(guest).unwrap();
    }
}

/// A large memory outweighs what a small guest leaves behind, so that it stays there until it is
/// needed.
#[test]
fn pages_of_the_dead_are_freed_when_they_are_needed() {
    let guest = r#"(module (import "env" "m" (memory 1)) (memory 20))"#;
    for needed in 0..3 {
        let mut store = Store::with_limits(limits(|limits| limits.total_memory_pages = 150));
        let memory = store.create_memory(100, None).unwrap();
        store.memory_write(memory, 0, b"kept").unwrap();
        let environment = Environment::new().with_memory("env", "m", memory);
        let module = text::module(guest);
        let short = store.instantiate(&mut NoImports, &module, &environment, 0).unwrap();
        store.teardown_instance(short).unwrap();
        assert_eq!(store.memory_pages_in_use(), 120);
        match needed {
            0 => drop(store.create_memory(50, None).unwrap()),
            1 => assert_eq!(store.memory_grow(memory, 50), Ok(100)),
            _ => drop(instantiate(&mut store, "(module (memory 50))").unwrap()),
        }
        assert_eq!(store.memory_pages_in_use(), 150);
        let refused = store.memory_grow(memory, 1).unwrap_err();
        let MemoryError::Limit(error) = refused else { panic!("{refused:?}") };
        assert_eq!(parts(&error), ("total_memory_pages", 150, 151));
        let mut bytes = [0; 4];
        store.memory_read(memory, 0, &mut bytes).unwrap();
        assert_eq!(&bytes, b"kept");
    }
}

#[test]
fn an_instance_under_way_counts_as_one() {
    let mut store = Store::with_limits(limits(|limits| limits.instances = 2));
    let module = text::module("(module)");
    let mut first = store.begin_instantiate(&module, &Environment::new(), 0).unwrap();
    let second = store.begin_instantiate(&module, &Environment::new(), 0).unwrap();
    assert!(matches!(
        store.begin_instantiate(&module, &Environment::new(), 0),
        Err(InstantiateError::Limit(_))
    ));
    drop(second);
    first.cancel(&mut store);
    instantiate(&mut store, "(module)").unwrap();
    instantiate(&mut store, "(module)").unwrap();
}

#[test]
fn an_environment_or_arguments_above_the_limit_are_refused_before_they_are_read() {
    // An entry is two lengths, two names, a kind and a number.
    let environment = b"\x04\x0Cenv\x04f\x01\x07\0\0\0";
    let wasm = text::bytes(r#"(module (import "env" "f" (func)) (func (export "g") (param i32)))"#);
    let args = b"\x04\0\x01\0\0\0";
    let mut store = Store::with_limits(limits(|limits| {
        limits.environment_bytes = environment.len();
        limits.argument_bytes = args.len();
    }));
    assert!(abi::try_instantiate(&mut store, &mut NoImports, &wasm, environment, 0).is_ok());
    // Trailing bytes are nothing to the decoder, so only the limit can refuse them.
    let longer = [&environment[..], &[0]].concat();
    match abi::try_instantiate(&mut store, &mut NoImports, &wasm, &longer, 0) {
        Err(abi::InstantiateFailure::EnvironmentCorrupted(EnvironmentError::Limit(error))) => {
            let len = u64::try_from(environment.len()).unwrap();
            assert_eq!(parts(&error), ("environment_bytes", len, len + 1));
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(abi::try_invoke(&mut store, &mut NoImports, 0, b"g", args, 0), Ok(Ok(_))));
    let longer = [&args[..], &[0]].concat();
    let refused = abi::try_invoke(&mut store, &mut NoImports, 0, b"g", &longer, 0);
    let Err(abi::SupervisorTrap::Limit(error)) = refused else { panic!("{refused:?}") };
    assert_eq!(parts(&error), ("argument_bytes", 6, 7));
}

/// Recurses to a depth, with many or few values in each frame.
fn recursive(locals: usize) -> String {
    format!(
        r#"(module (func $down (export "down") (param i32) (result i32) (local {})
          (if (result i32) (i32.le_s (local.get 0) (i32.const 1)) (then (i32.const 0))
            (else (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1))))))))"#,
        "i64 ".repeat(locals)
    )
}

fn deepest(limits: Limits, text: &str, depth: i32) -> bool {
    let said = format!(
        "guest stack overflow: limit `guest_frames` is {} and `engine_stack_bytes` {}; raise them in `Limits`",
        limits.guest_frames, limits.engine_stack_bytes
    );
    let module = Module::with_limits(&limits, &text::bytes(text)).unwrap();
    let mut store = Store::with_limits(limits);
    let guest = store.instantiate(&mut NoImports, &module, &Environment::new(), 0).unwrap();
    match store.invoke(&mut NoImports, guest, "down", &[Value::I32(depth)], 0) {
        Ok(results) => *results == [Value::I32(depth - 1)],
        Err(guestbox::InvokeError::Trap(trap)) => {
            assert_eq!(trap.code(), TrapCode::StackOverflow);
            assert!(trap.reason().is_some_and(|reason| reason.is::<StackLimits>()));
            assert_eq!(trap.to_string(), said);
            false
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn guests_call_as_deeply_as_their_module_may() {
    for frames in [1, 2, 100, 10_000] {
        let depth = i32::try_from(frames).unwrap();
        let limits = || limits(|limits| limits.guest_frames = frames);
        assert!(deepest(limits(), &recursive(0), depth), "{frames} frames");
        assert!(!deepest(limits(), &recursive(0), depth + 1), "{frames} frames");
    }
    assert!(deepest(Limits::default(), &recursive(0), 10_000));
    assert!(!deepest(Limits::default(), &recursive(0), 10_001));
}

#[test]
fn the_engines_stack_is_bounded_too() {
    let with = |bytes| limits(|limits| limits.engine_stack_bytes = bytes);
    // Frames of more than 100 values of 8 bytes: 1,000 of them take more than 800 KB.
    assert!(deepest(with(4 << 20), &recursive(100), 1_000));
    assert!(!deepest(with(800_000), &recursive(100), 1_000));
    assert!(deepest(with(800_000), &recursive(100), 500));
    // However little that is, modules compile.
    assert!(!deepest(with(0), &recursive(100), 100));
}

#[test]
fn every_error_of_a_limit_says_what_to_do() {
    let mut store = Store::with_limits(limits(|limits| limits.instances = 0));
    let error = instantiate(&mut store, "(module)").unwrap_err();
    assert_eq!(
        error.to_string(),
        "instance refused: limit `instances` is 0, 1 requested; raise it in `Limits`"
    );
    let host = Environment::new().with_function("env", "f", FuncIndex(0));
    let module = text::module("(module)");
    assert!(store.begin_instantiate(&module, &host, 0).is_err());
}

#[test]
fn a_guest_that_is_refused_beside_a_living_one_counts_as_nothing() {
    let mut limits = Limits::default();
    limits.instances = 10;
    limits.total_memory_pages = 4;
    let mut store = Store::with_limits(limits);
    let memory = store.create_memory(1, Some(2)).unwrap();
    let environment = Environment::new().with_memory("e", "m", memory);
    text::guest(&mut store, r#"(module (import "e" "m" (memory 1)))"#, &environment);
    let refused = [
        r#"(module (import "e" "m" (memory 2)))"#,
        r#"(module (import "e" "m" (memory 1 1)))"#,
        r#"(module (import "e" "m" (memory 1)) (memory 2) (memory 2))"#,
    ]
    .map(text::module);
    for _ in 0..20 {
        for (at, module) in refused.iter().enumerate() {
            let error = store.instantiate(&mut NoImports, module, &environment, 0).unwrap_err();
            match &error {
                InstantiateError::Imports(_) if at < 2 => {}
                InstantiateError::Limit(refused) if at == 2 => {
                    assert_eq!((refused.limit, refused.requested), (Limit::TotalMemoryPages, 5));
                }
                _ => panic!("{at}: {error}"),
            }
        }
    }
    assert_eq!(store.memory_pages_in_use(), 1);
    text::guest(&mut store, "(module)", &Environment::new());
}
