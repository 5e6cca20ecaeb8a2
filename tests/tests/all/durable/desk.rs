//! What a replay says of what has ended, and giving one up.

use super::{asker, asks, begin, environment, recorded};
use guestbox::{
    CompileOptions, Frames, InstanceLimits, Limits, Module, Parked, Replay, Replayed, Step, Store, TrapCode,
    UnparkError,
};
use guestbox_tests::text;

/// Traps some functions deep, which have names.
const FAILS: &str = r#"(module (import "env" "ask" (func $ask (param i32) (result i32)))
    (func $deep (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (call $deep (i32.sub (local.get 0) (i32.const 1))))
        (else (i32.div_u (i32.const 1) (local.get 0)))))
    (func $fail (export "fail") (param i32) (result i32) (call $deep (local.get 0)))
    (func $wait (export "wait") (result i32) (call $ask (i32.const 1))))"#;

fn with_frames() -> Module {
    let options = CompileOptions::new().with_frames();
    Module::with_options(&Limits::default(), &text::bytes(FAILS), options).unwrap()
}

/// Replays a parked guest to its end.
fn replayed(module: &Module, parked: &Parked) -> (Replay, Vec<String>) {
    let mut store = Store::new();
    let mut replay = store.unpark(module, &environment(), parked, InstanceLimits::new()).unwrap();
    let Replayed::Ready { calls, .. } = replay.run(&mut store, u64::MAX).unwrap() else { panic!() };
    assert!(calls.is_empty());
    let names = names(replay.ended_at());
    (replay, names)
}

fn names(frames: &Frames) -> Vec<String> {
    frames.iter().map(|frame| frame.name.as_deref().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_trap_is_found_again_with_frames_that_were_off() {
    let (module, mut store) = (text::module(FAILS), Store::new());
    let guest = recorded(&mut store, &module);
    let mut call = begin(&mut store, guest, "fail", &[2]);
    assert_eq!(call.export_position(), Some(0));
    let Step::Trapped(trap) = call.run(&mut store).unwrap() else { panic!() };
    assert!(trap.frames().is_empty());
    let parked = store.park(guest).unwrap();
    let (mut replay, ended_at) = replayed(&with_frames(), &parked);
    assert_eq!(ended_at, ["deep", "deep", "deep", "fail"]);
    let found = replay.take_trap().unwrap();
    assert_eq!((found.code(), found.fuel_used()), (TrapCode::IntegerDivisionByZero, trap.fuel_used()));
    assert_eq!(names(found.frames()), ended_at);
    assert!(replay.take_trap().is_none());
    let (mut plain, ended_at) = replayed(&module, &parked);
    assert!(plain.take_trap().unwrap().frames().is_empty() && ended_at.is_empty());
}

#[test]
fn a_call_that_its_supervisor_ended_has_a_place_and_no_trap() {
    let (module, mut store) = (text::module(FAILS), Store::new());
    let guest = recorded(&mut store, &module);
    let mut call = begin(&mut store, guest, "wait", &[]);
    assert!(matches!(call.run(&mut store), Ok(Step::HostCall(_))));
    call.cancel(&mut store);
    let (mut replay, ended_at) = replayed(&with_frames(), &store.park(guest).unwrap());
    assert_eq!(ended_at, ["wait"]);
    assert!(replay.take_trap().is_none());
}

#[test]
fn one_that_is_cancelled_frees_at_once() {
    let (module, mut store) = (asker(), Store::new());
    let guest = recorded(&mut store, &module);
    let mut call = begin(&mut store, guest, "spin", &[1_000]);
    assert!(matches!(call.run(&mut store), Ok(Step::Finished(_))));
    let mut waiting = begin(&mut store, guest, "run", &[1]);
    assert_eq!(asks(&mut waiting, &mut store), 0);
    let parked = store.park(guest).unwrap();
    let pages = store.memory_pages_in_use();
    for slices in [0, 1, 3] {
        let mut replay = store.unpark(&module, &environment(), &parked, InstanceLimits::new()).unwrap();
        assert_eq!(store.memory_pages_in_use(), pages + 1);
        for _ in 0..slices {
            assert!(matches!(replay.run(&mut store, 200), Ok(Replayed::Going)));
        }
        assert!(matches!(replay.cancel(&mut Store::new()), Err(UnparkError::OtherStore)));
        replay.cancel(&mut store).unwrap();
        assert_eq!(store.memory_pages_in_use(), pages);
        replay.cancel(&mut store).unwrap();
        assert!(matches!(replay.run(&mut store, 1), Err(UnparkError::Ended)));
    }
    assert_eq!(asks(&mut waiting, &mut store), 0);
}

#[test]
fn a_memory_is_looked_at_without_being_lent() {
    let (module, mut store) = (asker(), Store::new());
    let guest = recorded(&mut store, &module);
    let memory = store.exported_memory(guest, "memory").unwrap().unwrap();
    let free = store.create_memory(1, None).unwrap();
    assert_eq!((store.is_memory_recorded(memory), store.is_memory_recorded(free)), (Ok(true), Ok(false)));
    let before = store.park(guest).unwrap();
    assert_eq!(store.memory_data(memory).unwrap().len(), 1 << 16);
    assert_eq!(store.memory_data(free).unwrap().len(), 1 << 16);
    assert_eq!(store.park(guest).unwrap().as_bytes(), before.as_bytes());
    store.memory_data_mut(memory).unwrap()[7] = 1;
    assert_ne!(store.park(guest).unwrap().as_bytes(), before.as_bytes());
}
