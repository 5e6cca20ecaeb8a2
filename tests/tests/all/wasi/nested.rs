//! Programs that are called within a host call of another.

use guestbox::{
    CallOptions, FuncIndex, HostCall, HostError, InstanceId, InvokeError, Step, Store, TrapCode, Values,
    wasi::{Ended, Run, Stream, Wasi, WasiHost, WasiOptions},
};
use guestbox_tests::text;

/// A host that answers each call of its own by one of the guest's `inner`, in a system of its own.
struct Nesting {
    guest: InstanceId,
    options: fn() -> CallOptions,
    inner: Option<Result<Run, InvokeError>>,
}

impl WasiHost for Nesting {
    fn write(&mut self, _: Stream, _: &[u8]) {}

    fn dispatch(&mut self, store: &mut Store, _: HostCall<'_>) -> Result<Values, HostError> {
        let mut plain = Plain;
        let inner = system().invoke(store, &mut plain, self.guest, "inner", &[], (self.options)());
        self.inner = Some(inner);
        Ok(Values::NONE)
    }
}

struct Plain;

impl WasiHost for Plain {
    fn write(&mut self, _: Stream, _: &[u8]) {}
}

fn system() -> Wasi {
    Wasi::new(&WasiOptions::new()).unwrap()
}

/// A guest whose `_start` makes a host call and then goes round ten times, and whose `inner` does so often.
fn guest(store: &mut Store, rounds: &str) -> InstanceId {
    let wat = format!(
        r#"(module (import "own" "call" (func $call)) (memory (export "memory") 1)
            (func (export "_start") (call $call) (call $round (i32.const 10)))
            (func (export "inner") (call $round (i32.const {rounds})))
            (func $round (param i32)
                (loop $again (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#
    );
    text::guest(store, &wat, &Wasi::environment().with_function("own", "call", FuncIndex(0)))
}

/// What came of the outer call, which has a million units, and of the inner one.
fn nested(
    rounds: &str,
    options: fn() -> CallOptions,
) -> (Result<Run, InvokeError>, Result<Run, InvokeError>) {
    let mut store = Store::new();
    let guest = guest(&mut store, rounds);
    let mut host = Nesting { guest, options, inner: None };
    let outer = system().run(&mut store, &mut host, guest, CallOptions::new().with_fuel(1_000_000));
    assert!(!store.is_serving());
    (outer, host.inner.expect("it was called"))
}

fn out_of_fuel(outcome: &Result<Run, InvokeError>) -> u64 {
    let Err(InvokeError::Trap(trap)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(trap.code(), TrapCode::OutOfFuel);
    trap.fuel_used()
}

#[test]
fn a_nested_call_draws_on_the_fuel_of_the_one_that_it_is_in() {
    let (outer, inner) = nested("1000", CallOptions::new);
    let (outer, inner) = (outer.unwrap(), inner.unwrap());
    assert_eq!(inner.ended, Ended::Returned(Values::NONE));
    assert!(inner.fuel_used > 1_000 && outer.fuel_used > inner.fuel_used, "{outer:?} {inner:?}");

    let (outer, inner) = nested("-1", CallOptions::new);
    let (outer, inner) = (out_of_fuel(&outer), out_of_fuel(&inner));
    assert!(900_000 < inner && inner < outer && outer <= 1_000_000, "{outer} {inner}");
}

#[test]
fn a_nested_call_with_fuel_of_its_own_draws_on_none() {
    let (outer, inner) = nested("1000", || CallOptions::new().with_fuel(2_000_000));
    let (outer, inner) = (outer.unwrap(), inner.unwrap());
    assert!(inner.fuel_used > 1_000 && outer.fuel_used < inner.fuel_used, "{outer:?} {inner:?}");

    let (outer, inner) = nested("-1", || CallOptions::new().with_fuel(2_000_000));
    assert!((1_900_000..=2_000_000).contains(&out_of_fuel(&inner)), "{inner:?}");
    assert_eq!(outer.unwrap().ended, Ended::Returned(Values::NONE));
}

#[test]
fn a_call_beside_one_that_waits_is_refused() {
    let mut store = Store::new();
    let guest = guest(&mut store, "1");
    let mut waiting = store.begin(guest, "_start", &[], 0).unwrap();
    let level = match waiting.run(&mut store) {
        Ok(Step::HostCall(ref call)) => store.open_level(call).unwrap(),
        step => panic!("{step:?}"),
    };
    let within = system().invoke(&mut store, &mut Plain, guest, "inner", &[], CallOptions::new());
    assert_eq!(within.unwrap().ended, Ended::Returned(Values::NONE));
    store.close_level(level);
    let beside = system().invoke(&mut store, &mut Plain, guest, "inner", &[], CallOptions::new());
    assert!(matches!(beside, Err(InvokeError::Busy)), "{beside:?}");
}
