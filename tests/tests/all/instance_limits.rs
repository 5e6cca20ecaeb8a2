//! Limits of an instance of its own, below those of its store.

use guestbox::{
    Environment, FuncIndex, HostCall, HostError, InstanceId, InstanceLimits, InstantiateError, Limit,
    LimitError, Limits, NoImports, Store, TrapCode, Value, Values,
};
use guestbox_tests::text;

fn make(store: &mut Store, text: &str, environment: &Environment, limits: InstanceLimits) -> InstanceId {
    let module = text::module(text);
    store.instantiate_with(&mut NoImports, &module, environment, 0, limits).unwrap()
}

fn refusal(outcome: Result<InstanceId, InstantiateError>) -> (Limit, u64, u64) {
    match outcome {
        Err(InstantiateError::Limit(error)) => (error.limit, error.maximum, error.requested),
        other => panic!("{other:?}"),
    }
}

const LOOP: &str = r#"(module (func (export "for ever") (loop (br 0))))"#;

#[test]
fn fuel_is_that_of_outermost_calls() {
    let mut store = Store::new();
    let none = Environment::new();
    let poor = make(&mut store, LOOP, &none, InstanceLimits::new().with_fuel(3_000));
    let rich = make(&mut store, LOOP, &none, InstanceLimits::new());
    for (guest, fuel) in [(poor, 3_000), (rich, Limits::FUEL)] {
        let Err(guestbox::InvokeError::Trap(trap)) = store.invoke(&mut NoImports, guest, "for ever", &[], 0)
        else {
            panic!("it ended")
        };
        assert_eq!(trap.code(), TrapCode::OutOfFuel);
        assert!(trap.fuel_used() <= fuel && trap.fuel_used() > fuel - 10, "{}", trap.fuel_used());
        assert_eq!(store.begin(guest, "for ever", &[], 0).unwrap().fuel(), fuel);
    }
}

#[test]
fn fuel_covers_the_start_function_and_refills_no_outer_call() {
    let mut limits = Limits::default();
    limits.fuel = 20_000;
    let mut store = Store::with_limits(limits);
    let starting = text::module("(module (func $start (loop (br 0))) (start $start))");
    for fuel in [500, 50_000] {
        let limits = InstanceLimits::new().with_fuel(fuel);
        match store.instantiate_with(&mut NoImports, &starting, &Environment::new(), 0, limits) {
            Err(InstantiateError::Start(trap)) => {
                assert!(trap.fuel_used() <= fuel && trap.fuel_used() > fuel - 10, "{}", trap.fuel_used());
            }
            other => panic!("{other:?}"),
        }
    }
    // A nested call of a guest with much fuel of its own draws on what the outermost has left.
    let environment = Environment::new().with_function("env", "host", FuncIndex(0));
    let asking =
        r#"(module (import "env" "host" (func $host)) (func (export "run") (call $host) (loop (br 0))))"#;
    let outer = make(&mut store, asking, &environment, InstanceLimits::new());
    let rich = make(&mut store, LOOP, &environment, InstanceLimits::new().with_fuel(1 << 40));
    let mut left = 0;
    let mut supervisor = |store: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        left = call.fuel;
        assert_eq!(store.begin(rich, "for ever", &[], 0)?.fuel(), call.fuel);
        assert_eq!(text::trap(store.invoke(&mut NoImports, rich, "for ever", &[], 0)), TrapCode::OutOfFuel);
        Ok(().into())
    };
    assert_eq!(text::trap(store.invoke(&mut supervisor, outer, "run", &[], 0)), TrapCode::OutOfFuel);
    assert!(left > 0 && left < 20_000);
}

const GROWING: &str = r#"(module (memory (export "memory") 2) (memory $b 1)
    (func (export "a") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "b") (param i32) (result i32) (memory.grow $b (local.get 0))))"#;

fn grow(store: &mut Store, guest: InstanceId, export: &str, by: i32) -> i32 {
    text::call(store, guest, export, &[Value::I32(by)])[0].as_i32().unwrap()
}

#[test]
fn pages_are_those_of_all_memories_of_the_guest_together() {
    let mut store = Store::new();
    let none = Environment::new();
    let module = text::module(GROWING);
    let with = |pages| InstanceLimits::new().with_memory_pages(pages);
    let refused = store.instantiate_with(&mut NoImports, &module, &none, 0, with(2));
    assert_eq!(refusal(refused), (Limit::InstanceMemoryPages, 2, 3));
    assert_eq!(store.memory_pages_in_use(), 0);
    let guest = make(&mut store, GROWING, &none, with(7));
    let other = make(&mut store, GROWING, &none, InstanceLimits::new());
    assert_eq!(grow(&mut store, guest, "a", 5), -1);
    assert_eq!(grow(&mut store, guest, "a", 3), 2);
    assert_eq!(grow(&mut store, guest, "b", 2), -1);
    // Growth by another guest is not its own.
    assert_eq!(grow(&mut store, other, "a", 50), 2);
    assert_eq!(grow(&mut store, guest, "b", 1), 1);
    assert_eq!(grow(&mut store, guest, "b", 0), 2);
    assert_eq!(grow(&mut store, guest, "a", 1), -1);
    // What the supervisor does is not the guest's doing.
    let memory = store.exported_memory(guest, "memory").unwrap().unwrap();
    assert_eq!(store.memory_grow(memory, 4), Ok(5));
    assert_eq!(grow(&mut store, guest, "a", 1), -1);
}

#[test]
fn growth_of_a_shared_memory_counts_for_who_grows_it() {
    let mut store = Store::new();
    let memory = store.create_memory(1, None).unwrap();
    let environment = Environment::new().with_memory("env", "m", memory);
    let text = r#"(module (import "env" "m" (memory 1))
        (func (export "a") (param i32) (result i32) (memory.grow (local.get 0))))"#;
    let small = make(&mut store, text, &environment, InstanceLimits::new().with_memory_pages(2));
    let large = make(&mut store, text, &environment, InstanceLimits::new());
    assert_eq!(grow(&mut store, large, "a", 9), 1, "an imported memory is not the guest's own");
    assert_eq!(grow(&mut store, small, "a", 3), -1);
    assert_eq!(grow(&mut store, small, "a", 2), 10);
    assert_eq!(grow(&mut store, small, "a", 1), -1);
    assert_eq!(grow(&mut store, large, "a", 1), 12);
    assert_eq!(store.memory_grow(memory, 1), Ok(13));
}

#[test]
fn a_growth_that_the_store_refuses_does_not_count() {
    let mut limits = Limits::default();
    limits.total_memory_pages = 5;
    let mut store = Store::with_limits(limits);
    let guest = make(&mut store, GROWING, &Environment::new(), InstanceLimits::new().with_memory_pages(6));
    for _ in 0..10 {
        assert_eq!(grow(&mut store, guest, "a", 3), -1);
    }
    assert_eq!(grow(&mut store, guest, "a", 2), 2, "what was refused was given back");
}

#[test]
fn nesting_is_the_depth_at_which_host_calls_are_served() {
    let text = r#"(module (import "env" "down" (func $down (param i32) (result i32)))
        (func (export "run") (param i32) (result i32)
          (if (result i32) (local.get 0)
            (then (call $down (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 7)))))"#;
    let environment = Environment::new().with_function("env", "down", FuncIndex(0));
    struct Down(InstanceId);
    impl guestbox::Supervisor for Down {
        fn dispatch(&mut self, store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
            Ok(store.invoke(self, self.0, "run", call.args, 0)?)
        }
    }
    for nesting in [0, 1, 5, 32, 1_000] {
        let mut store = Store::new();
        let limits = InstanceLimits::new().with_nesting(nesting);
        let guest = make(&mut store, text, &environment, limits);
        let mut run =
            |depth: u32| store.invoke(&mut Down(guest), guest, "run", &[Value::I32(depth.cast_signed())], 0);
        let deepest = nesting.min(Limits::NESTING);
        assert_eq!(*run(deepest).unwrap(), [Value::I32(7)]);
        let mut error: Box<dyn std::error::Error + Send + Sync> = run(deepest + 1).unwrap_err().into();
        // Each level wraps what the one below it said.
        let trap = loop {
            error = match error.downcast::<guestbox::InvokeError>().map(|error| *error) {
                Ok(guestbox::InvokeError::Trap(trap)) if trap.code() == TrapCode::HostError => {
                    trap.into_reason().unwrap()
                }
                Ok(guestbox::InvokeError::Trap(trap)) => break trap,
                other => panic!("{other:?}"),
            };
        };
        assert_eq!(trap.code(), TrapCode::NestingTooDeep, "{nesting}");
        let refused: &LimitError = trap.reason().unwrap().downcast_ref().unwrap();
        let (limit, holder) = match nesting {
            0..=32 => (Limit::InstanceNesting, "InstanceLimits"),
            _ => (Limit::Nesting, "Limits"),
        };
        assert_eq!((refused.limit, refused.maximum), (limit, deepest.into()));
        assert_eq!(refused.requested, u64::from(deepest) + 1);
        assert!(trap.to_string().ends_with(&format!("raise it in `{holder}`")), "{trap}");
        assert_eq!(*run(deepest).unwrap(), [Value::I32(7)]);
    }
}
