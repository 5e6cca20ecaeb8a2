//! All that a supervisor does to a guest is done again.

use super::{ASKER, asker, asks, begin, elsewhere, environment, finish, finishes, recorded};
use guestbox::{
    Environment, FuncIndex, HostCall, HostError, InstanceLimits, Module, NoImports, Snapshot, Step, Store,
    Value, Values, Waiting,
};
use guestbox_tests::{durable::bytes, text};

#[test]
fn writes_growth_and_globals_between_calls() {
    let (module, mut store) = (asker(), Store::new());
    let guest = recorded(&mut store, &module);
    let memory = store.exported_memory(guest, "memory").unwrap().unwrap();
    store.memory_write(memory, 64, &7_i32.to_le_bytes()).unwrap();
    store.memory_grow(memory, 2).unwrap();
    store.memory_write(memory, 150_000, b"beyond").unwrap();
    store.set_global(guest, "sum", Value::I32(1_000)).unwrap();
    let data = store.memory_data_mut(memory).unwrap();
    data[3_000] = 1;
    data[190_000] = 2;
    // Those of one that was given out twice, and one that was written meanwhile.
    store.memory_write(memory, 3_001, &[5]).unwrap();
    store.memory_data_mut(memory).unwrap()[3_002] = 6;
    let mut call = begin(&mut store, guest, "run", &[2]);
    assert_eq!(asks(&mut call, &mut store), 7);

    let mut other = elsewhere(&module, &store.park(guest).unwrap());
    let (there, calls) = (other.guest.unwrap(), &mut other.calls);
    let same = other.store.exported_memory(there, "memory").unwrap().unwrap();
    assert!(bytes(&store, memory) == bytes(&other.store, same));
    assert_eq!(bytes(&store, memory)[3_000..3_003], [1, 5, 6]);
    assert_eq!(other.store.global(there, "sum").unwrap(), Some(Value::I32(1_000)));
    let result = finish(&mut call, &mut store);
    assert_eq!(finish(&mut calls[0], &mut other.store), result);
    assert!(bytes(&store, memory) == bytes(&other.store, same));
}

#[test]
fn what_an_import_did_is_left_out_where_it_is_called_again() {
    let module = text::module(
        r#"(module (import "env" "ask" (func $ask (param i32) (result i32))) (memory (export "memory") 1)
        (func (export "run") (param i32) (result i32) (call $ask (i32.const 1)))
        (func (export "count") (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))))"#,
    );
    let mut store = Store::new();
    let guest = recorded(&mut store, &module);
    let mut parked = Vec::new();
    let mut supervisor = |store: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        parked.push(call.park(store)?);
        store.memory_write(call.memory.unwrap(), 100, b"written")?;
        store.invoke(&mut NoImports, guest, "count", &[], 0)?;
        parked.push(store.park(guest)?);
        Ok(1.into())
    };
    store.invoke(&mut supervisor, guest, "run", &[Value::I32(0)], 0).unwrap();
    store.invoke(&mut supervisor, guest, "run", &[Value::I32(0)], 0).unwrap();
    for (at, parked) in parked.iter().enumerate() {
        let other = elsewhere(&module, parked);
        let memory = other.store.exported_memory(other.guest.unwrap(), "memory").unwrap().unwrap();
        let bytes = bytes(&other.store, memory);
        // The first call's are there in the second.
        let (counted, written) = if at < 2 { (0, &[0; 7]) } else { (1, b"written") };
        assert_eq!((bytes[0], &bytes[100..107]), (counted, &written[..]), "{at}");
        let number = if at < 2 { 1 } else { 2 };
        let waits: Vec<_> = parked.waiting().collect();
        assert_eq!(waits, [Waiting::HostCall { module: "env", name: "ask", number }]);
    }
    // But for that it is called again all is the same.
    assert_eq!(parked[0].fuel(), parked[1].fuel());
}

#[test]
fn calls_that_were_cancelled_dropped_or_failed_stay_so() {
    let module = text::module(
        r#"(module (import "env" "ask" (func $ask (param i32) (result i32))) (memory 1)
        (global $stack (export "__stack_pointer") (mut i32) (i32.const 1000))
        (func (export "run") (param i32) (result i32)
          (global.set $stack (i32.sub (global.get $stack) (i32.const 16)))
          (i32.store (global.get $stack) (call $ask (global.get $stack)))
          (global.set $stack (i32.add (global.get $stack) (i32.const 16)))
          (i32.load (i32.sub (global.get $stack) (i32.const 16)))))"#,
    );
    let mut store = Store::new();
    let guest = recorded(&mut store, &module);
    for end in 0..4 {
        let mut call = begin(&mut store, guest, "run", &[0]);
        if end == 3 {
            call.keep_stack();
        }
        assert_eq!(asks(&mut call, &mut store), 984);
        match end {
            0 => call.cancel(&mut store),
            1 => drop(call),
            _ => {
                call.answer(Err(HostError::new())).unwrap();
                assert!(matches!(call.run(&mut store), Ok(Step::Trapped(_))));
            }
        }
    }
    // One that nothing ran is nothing, and one that has only a place is a call.
    let unused = begin(&mut store, guest, "run", &[0]);
    let mut placed = begin(&mut store, guest, "run", &[1]);
    placed.enter(&mut store).unwrap();
    let parked = store.park(guest).unwrap();
    assert_eq!(parked.waiting().collect::<Vec<_>>(), [Waiting::Fuel]);
    let mut other = elsewhere(&module, &parked);
    assert_eq!(asks(&mut other.calls[0], &mut other.store), 968);
    assert_eq!(asks(&mut placed, &mut store), 968);
    drop(unused);
}

#[test]
fn an_outer_call_that_is_dropped_before_the_inner_one_ends() {
    let (module, mut store) = (asker(), Store::new());
    let guest = recorded(&mut store, &module);
    let mut outer = begin(&mut store, guest, "run", &[2]);
    asks(&mut outer, &mut store);
    let level = store.open_level(&outer.waits_for().unwrap()).unwrap();
    let mut inner = begin(&mut store, guest, "run", &[1]);
    asks(&mut inner, &mut store);
    store.close_level(level);
    drop(outer);
    let parked = store.park(guest).unwrap();
    assert_eq!(parked.waiting().count(), 1);
    let mut other = elsewhere(&module, &parked);
    let result = finish(&mut inner, &mut store);
    assert_eq!(finish(&mut other.calls[0], &mut other.store), result);
    let there = other.guest.unwrap();
    // Nothing is under way any more.
    let mut next = begin(&mut other.store, there, "load", &[64]);
    assert_eq!(finishes(&mut next, &mut other.store), result);
}

#[test]
fn a_journal_begins_at_a_snapshot_and_anew_at_each_restored() {
    let (module, mut store) = (asker(), Store::new());
    let guest = store.instantiate(&mut NoImports, &module, &environment(), 0).unwrap();
    let mut call = begin(&mut store, guest, "run", &[2]);
    let result = finish(&mut call, &mut store);
    store.record(guest).unwrap();
    let before = store.park(guest).unwrap();
    assert_eq!(before.fuel(), 0);
    let snapshot = store.snapshot(guest).unwrap();
    let mut call = begin(&mut store, guest, "run", &[1]);
    assert_eq!(asks(&mut call, &mut store), result);
    assert_eq!(call.waits_for().unwrap().number, Some(1));
    let parked = store.park(guest).unwrap();
    let mut other = elsewhere(&module, &parked);
    assert_eq!(finish(&mut other.calls[0], &mut other.store), finish(&mut call, &mut store));

    // In place, and where it has to be made anew for its memory.
    for pages in [0, 3] {
        let mut call = begin(&mut store, guest, "grow", &[pages]);
        finishes(&mut call, &mut store);
        store.restore(guest, &snapshot).unwrap();
        assert_eq!(store.park(guest).unwrap().fuel(), 0);
        let mut call = begin(&mut store, guest, "run", &[1]);
        assert_eq!(asks(&mut call, &mut store), result);
        let other = elsewhere(&module, &store.park(guest).unwrap());
        assert_eq!(other.calls.len(), 1);
        call.cancel(&mut store);
    }
    let snapshot = Snapshot::from_bytes(snapshot.into_bytes()).unwrap();
    let limits = InstanceLimits::new().with_journal();
    let second = store.instantiate_from_with(&module, &environment(), &snapshot, limits).unwrap();
    let mut call = begin(&mut store, second, "run", &[1]);
    assert_eq!(asks(&mut call, &mut store), result);
    let mut other = elsewhere(&module, &store.park(second).unwrap());
    assert_eq!(finish(&mut other.calls[0], &mut other.store), finish(&mut call, &mut store));
}

#[test]
fn calls_of_several_guests_between_each_other() {
    let (module, mut store) = (asker(), Store::new());
    let guests: Vec<_> = (0..3).map(|_| recorded(&mut store, &module)).collect();
    let mut calls: Vec<_> = guests.iter().map(|guest| begin(&mut store, *guest, "run", &[3])).collect();
    for (at, call) in calls.iter_mut().enumerate() {
        asks(call, &mut store);
        call.answer(Ok(i32::try_from(at).unwrap().into())).unwrap();
    }
    for call in calls.iter_mut().rev() {
        asks(call, &mut store);
    }
    for (guest, mut call) in guests.into_iter().zip(calls) {
        let mut other = elsewhere(&module, &store.park(guest).unwrap());
        assert_eq!(finish(&mut other.calls[0], &mut other.store), finish(&mut call, &mut store));
    }
}

#[test]
fn memories_and_constants_that_are_imported() {
    let module = text::module(
        r#"(module (import "env" "ask" (func $ask (param i32) (result i32))) (import "env" "memory" (memory 1 4))
        (import "env" "base" (global $base i32)) (import "env" "top" (global $top (mut i64)))
        (data (global.get $base) "data")
        (func (export "run") (param i32) (result i32) (global.set $top (i64.const 3))
          (i32.add (call $ask (i32.load8_u (global.get $base))) (i32.load8_u (i32.const 9)))))"#,
    );
    let home = |store: &mut Store, base: i32, pages: u32| {
        let memory = store.create_memory(pages, Some(4)).unwrap();
        let constant = store.create_global(Value::I32(base), false).unwrap();
        let top = store.create_global(Value::I64(0), true).unwrap();
        let environment = Environment::new().with_function("env", "ask", FuncIndex(0));
        let environment = environment.with_memory("env", "memory", memory);
        (environment.with_global("env", "base", constant).with_global("env", "top", top), memory, top)
    };
    let mut store = Store::new();
    let (environment, memory, top) = home(&mut store, 32, 2);
    store.memory_write(memory, 9, &[11]).unwrap();
    store.global_set(top, Value::I64(8)).unwrap();
    let limits = InstanceLimits::new().with_journal();
    let guest = store.instantiate_with(&mut NoImports, &module, &environment, 0, limits).unwrap();
    store.memory_write(memory, 10, &[12]).unwrap();
    let mut call = begin(&mut store, guest, "run", &[0]);
    assert_eq!(asks(&mut call, &mut store), i32::from(b'd'));
    let parked = store.park(guest).unwrap();

    let unpark = |base: i32, pages: u32| {
        let mut store = Store::new();
        let (environment, memory, top) = home(&mut store, base, pages);
        let mut replay = store.unpark(&module, &environment, &parked, InstanceLimits::new())?;
        match replay.run(&mut store, u64::MAX)? {
            guestbox::Replayed::Ready { calls, .. } => Ok((store, memory, top, calls)),
            other => panic!("{other:?}"),
        }
    };
    for pages in [1, 2] {
        let (mut store, memory, top, mut calls) = unpark(32, pages).unwrap();
        let mut read = [0; 2];
        store.memory_read(memory, 9, &mut read).unwrap();
        assert_eq!((read, store.memory_size(memory).unwrap()), ([11, 12], 2));
        assert_eq!(store.global_get(top).unwrap(), Value::I64(3));
        asks(&mut calls[0], &mut store);
        calls[0].answer(Ok(5.into())).unwrap();
        assert_eq!(finishes(&mut calls[0], &mut store), 16);
    }
    let refused =
        |outcome: Result<_, guestbox::UnparkError>| outcome.map(|_: (Store, _, _, _)| ()).unwrap_err().code();
    assert_eq!(refused(unpark(33, 2)), "state");
    assert_eq!(refused(unpark(32, 3)), "state");
}

#[test]
fn parts_of_fuel_that_calls_share() {
    let (module, mut store) = (asker(), Store::new());
    let guest = recorded(&mut store, &module);
    let mut outer = begin(&mut store, guest, "run", &[2]);
    outer.set_fuel(10_000);
    asks(&mut outer, &mut store);
    let level = store.open_level(&outer.waits_for().unwrap()).unwrap();
    let mut inner = begin(&mut store, guest, "run", &[2]);
    inner.enter(&mut store).unwrap();
    store.close_level(level);
    let shared = guestbox::SharedFuel::of(&outer);
    let part = shared.within();
    part.charge(500).unwrap();
    part.lend(&mut inner);
    asks(&mut inner, &mut store);
    part.take_back(&mut inner);
    inner.answer(Ok(4.into())).unwrap();
    part.charge(70).unwrap();
    part.lend(&mut inner);
    asks(&mut inner, &mut store);
    part.take_back(&mut inner);
    let other = elsewhere(&module, &store.park(guest).unwrap());
    let fuel = |calls: &[guestbox::Execution]| {
        calls.iter().map(|call| (call.fuel(), call.fuel_used())).collect::<Vec<_>>()
    };
    assert_eq!(fuel(&other.calls), fuel(&[outer, inner]));
}

#[test]
fn a_module_with_frames_is_the_same_module() {
    let options = guestbox::CompileOptions::new().with_frames();
    let framed = Module::with_options(&guestbox::Limits::default(), &text::bytes(ASKER), options).unwrap();
    let mut store = Store::new();
    let guest = recorded(&mut store, &asker());
    let mut call = begin(&mut store, guest, "run", &[2]);
    asks(&mut call, &mut store);
    let mut other = elsewhere(&framed, &store.park(guest).unwrap());
    let Step::HostCall(again) = other.calls[0].run(&mut other.store).unwrap() else { panic!() };
    assert_eq!(again.frames().len(), 1);
    assert_eq!(again.fuel, call.fuel());
}
