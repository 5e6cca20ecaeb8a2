//! Guests that are parked while their start function is under way.

use guestbox::{
    Environment, FuncIndex, HostCall, HostError, InstanceLimits, InstantiateError, Limits, Parked, Replayed,
    Step, Store, Value, Values,
};
use guestbox_tests::{durable::unpark, text};

const STARTER: &str = r#"(module (import "env" "ask" (func $ask (param i32) (result i32)))
    (global $g (export "g") (mut i32) (i32.const 0)) (memory (export "memory") 1)
    (func $start (global.set $g (i32.add (call $ask (i32.const 1)) (call $ask (i32.const 2)))))
    (start $start) (func (export "run") (result i32) (call $ask (global.get $g))))"#;

fn environment() -> Environment {
    Environment::new().with_function("env", "ask", FuncIndex(0))
}

#[test]
fn a_start_function_goes_on_elsewhere() {
    let module = text::module(STARTER);
    let limits = InstanceLimits::new().with_journal();
    let mut store = Store::new();
    let mut start = store.begin_instantiate_with(&module, &environment(), 4, limits).unwrap();
    start.set_slice(5);
    let mut pauses = 0;
    loop {
        let waits = match start.run(&mut store).unwrap() {
            Step::HostCall(_) => true,
            Step::SliceOver => false,
            Step::Finished(_) => break,
            other => panic!("{other:?}"),
        };
        pauses += 1;
        let parked = start.park(&mut store).unwrap();
        let mut other =
            unpark((&Limits::default(), InstanceLimits::new()), &module, &parked, |_| FuncIndex(0), 3);
        assert!(other.guest.is_none());
        let call = &mut other.calls[0];
        assert_eq!((call.fuel(), call.fuel_used(), call.instance()), (start.fuel(), start.fuel_used(), None));
        // It can be parked there, too, and is an instance once it has finished.
        assert_eq!(call.park(&mut other.store).unwrap().fuel(), parked.fuel());
        let mut supervisor = |_: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
            assert_eq!((call.state, call.instance), (4, None));
            Ok((call.args[0].as_i32().unwrap() * 10).into())
        };
        other.store.drive(&mut supervisor, call).unwrap();
        let guest = call.instance().unwrap();
        assert_eq!(other.store.global(guest, "g").unwrap(), Some(Value::I32(30)));
        if waits {
            let ten_times = start.waits_for().unwrap().args[0].as_i32().unwrap() * 10;
            start.answer(Ok(ten_times.into())).unwrap();
        }
    }
    assert!(pauses > 2);
    // What was recorded since its birth has the start function in it.
    let guest = start.instance().unwrap();
    let mut call = store.begin(guest, "run", &[], 0).unwrap();
    let Step::HostCall(waits) = call.run(&mut store).unwrap() else { panic!() };
    assert_eq!((waits.args, waits.number), (&[Value::I32(30)][..], Some(3)));
    let parked = store.park(guest).unwrap();
    let other =
        unpark((&Limits::default(), InstanceLimits::new()), &module, &parked, |_| FuncIndex(0), u64::MAX);
    assert!(other.guest.is_some() && other.calls.len() == 1);
}

#[test]
fn a_supervisor_parks_it_while_it_serves() {
    let module = text::module(STARTER);
    let mut parked: Vec<Parked> = Vec::new();
    let mut supervisor = |store: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        parked.push(call.park(store)?);
        if parked.len() == 2 { Err(HostError::new()) } else { Ok(1.into()) }
    };
    let mut store = Store::new();
    let limits = InstanceLimits::new().with_journal();
    let failed = store.instantiate_with(&mut supervisor, &module, &environment(), 0, limits).unwrap_err();
    assert!(matches!(failed, InstantiateError::Start(_)));
    assert_eq!(parked.len(), 2);
    for parked in parked {
        // Given up, and dropped, nothing is left of it.
        let mut store = Store::new();
        let replay = store.unpark(&module, &environment(), &parked, limits).unwrap();
        drop(replay);
        let mut replay = store.unpark(&module, &environment(), &parked, limits).unwrap();
        let Replayed::Ready { instance: None, calls } = replay.run(&mut store, u64::MAX).unwrap() else {
            panic!()
        };
        drop((calls, replay));
        store.create_memory(0, None).unwrap();
        assert_eq!(store.memory_pages_in_use(), 0);
    }
}
