//! Guests that are parked, given up and unparked many times: nothing is left of them.

use super::allocations::bytes_held;
use guestbox::{Environment, FuncIndex, InstanceLimits, NoImports, Parked, Replayed, Step, Store, Value};
use guestbox_tests::text;

const ROUNDS: u32 = 10_000;
/// Rounds after which all that is kept for the next ones is there.
const FIRST: u32 = 500;

const GUEST: &str = r#"(module (import "env" "ask" (func $ask (param i32) (result i32)))
    (memory (export "memory") 1) (global $n (mut i32) (i32.const 0))
    (func (export "run") (param i32) (result i32)
      (loop $again
        (global.set $n (call $ask (i32.add (global.get $n) (i32.load (i32.const 16)))))
        (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (global.get $n)))"#;

#[test]
fn ten_thousand_rounds_leave_nothing() {
    let module = text::module(GUEST);
    let environment = Environment::new().with_function("env", "ask", FuncIndex(0));
    let limits = InstanceLimits::new().with_journal();
    let mut store = Store::new();
    let guest = store.instantiate_with(&mut NoImports, &module, &environment, 0, limits).unwrap();
    let mut call = store.begin(guest, "run", &[Value::I32(3)], 0).unwrap();
    assert!(matches!(call.run(&mut store), Ok(Step::HostCall(_))));
    let (mut guest, mut calls) = (guest, vec![call]);
    let mut held = 0;
    for round in 0..ROUNDS {
        let memory = store.exported_memory(guest, "memory").unwrap().unwrap();
        store.memory_write(memory, 16, &round.to_le_bytes()).unwrap();
        let parked = store.park(guest).unwrap().into_bytes();
        calls.clear();
        store.teardown_instance(guest).unwrap();
        let parked = Parked::from_bytes(parked).unwrap();
        // Each third is given up in the middle, or torn down where it is ready.
        if round % 3 == 0 {
            let mut replay = store.unpark(&module, &environment, &parked, limits).unwrap();
            if let Replayed::Ready { instance, .. } = replay.run(&mut store, u64::from(round % 200)).unwrap()
            {
                store.teardown_instance(instance.unwrap()).unwrap();
            }
        }
        let mut replay = store.unpark(&module, &environment, &parked, limits).unwrap();
        let Ok(Replayed::Ready { instance: Some(here), calls: there }) = replay.run(&mut store, u64::MAX)
        else {
            panic!("round {round}");
        };
        (guest, calls) = (here, there);
        // The journal does not grow for ever: a call that has ended is of another base.
        calls[0].answer(Ok(1.into())).unwrap();
        if let Step::Finished(_) = calls[0].run(&mut store).unwrap() {
            store.record(guest).unwrap();
            let mut call = store.begin(guest, "run", &[Value::I32(3)], 0).unwrap();
            assert!(matches!(call.run(&mut store), Ok(Step::HostCall(_))));
            calls = vec![call];
        }
        if round == FIRST {
            held = bytes_held();
        }
    }
    let more = bytes_held() - held;
    assert!(more.abs() < 64 << 10, "{more} bytes");
    calls.clear();
    store.teardown_instance(guest).unwrap();
    assert_eq!(store.memory_pages_in_use(), 0);
}
