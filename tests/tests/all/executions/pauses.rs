//! What may happen to a guest while it is paused.

use super::{HOSTED, finish, host, pause};
use guestbox::{
    Environment, Execution, FuncIndex, HandleError, HostError, InvokeError, Module, NoImports, Step, Store,
    TrapCode, Value,
};
use guestbox_tests::text;

/// Writes to its memory, pauses, and reads what is there then.
const READER: &str = r#"(module (import "env" "host" (func $host (param i32) (result i32)))
    (memory (export "memory") 1 8)
    (func $inner (param $at i32) (result i32)
      (i32.store (i32.const 16) (i32.const 40))
      (drop (call $host (local.get $at)))
      (i32.add (i32.load (i32.const 16)) (i32.load (local.get $at))))
    (func (export "run") (param $at i32) (result i32) (call $inner (local.get $at)))
    (func (export "size") (result i32) (memory.size)))"#;

fn begin(store: &mut Store, text: &str, arg: i32) -> (guestbox::InstanceId, Execution) {
    let guest = text::guest(store, text, &host());
    (guest, store.begin(guest, "run", &[Value::I32(arg)], 9).unwrap())
}

#[test]
fn a_waiting_execution_repeats_its_call_until_it_is_answered() {
    let mut store = Store::new();
    let (guest, mut execution) = begin(&mut store, HOSTED, 5);
    let fuel = execution.fuel();
    let memory = store.exported_memory(guest, "memory").unwrap();
    for _ in 0..3 {
        let Ok(Step::HostCall(call)) = execution.run(&mut store) else { panic!("not paused") };
        assert_eq!((call.func, call.args, call.state), (FuncIndex(3), &[Value::I32(5)][..], 9));
        assert_eq!((call.instance, call.memory), (Some(guest), memory));
        assert!(call.fuel < fuel);
    }
    let left = execution.fuel();
    pause(&mut execution, &mut store);
    assert_eq!(execution.fuel(), left, "asking again takes no fuel");
    execution.answer(Ok(1.into())).unwrap();
    assert_eq!(*finish(&mut execution, &mut store), [Value::I32(106)]);
}

#[test]
fn memory_that_grew_and_changed_during_a_pause_is_seen_after() {
    let mut store = Store::new();
    let far = 7 * 65_536 + 4;
    let (guest, mut execution) = begin(&mut store, READER, far);
    pause(&mut execution, &mut store);
    let memory = store.exported_memory(guest, "memory").unwrap().unwrap();
    let mut seen = [0; 4];
    store.memory_read(memory, 16, &mut seen).unwrap();
    assert_eq!(seen, 40_i32.to_le_bytes(), "what the guest wrote before it paused");
    // By turns, so that the engine's buffer moves more than once.
    for pages in 1..8 {
        assert_eq!(store.memory_grow(memory, 1), Ok(pages));
    }
    store.memory_write(memory, 16, &1_000_i32.to_le_bytes()).unwrap();
    store.memory_write(memory, far.try_into().unwrap(), &234_i32.to_le_bytes()).unwrap();
    execution.answer(Ok(0.into())).unwrap();
    assert_eq!(*finish(&mut execution, &mut store), [Value::I32(1_234)]);
    assert_eq!(*text::call(&mut store, guest, "size", &[]), [Value::I32(8)]);
}

#[test]
fn a_guest_torn_down_while_paused_finishes_and_is_freed_after() {
    let mut store = Store::new();
    let (guest, mut execution) = begin(&mut store, READER, 16);
    pause(&mut execution, &mut store);
    let memory = store.exported_memory(guest, "memory").unwrap().unwrap();
    store.teardown_instance(guest).unwrap();
    assert_eq!(store.memory_pages_in_use(), 1);
    assert_eq!(store.memory_size(memory), Err(HandleError::TornDown.into()));
    let refused = store.begin(guest, "run", &[Value::I32(0)], 0);
    assert!(matches!(refused, Err(InvokeError::Instance(HandleError::TornDown))));
    assert_eq!(store.teardown_instance(guest), Err(HandleError::TornDown));
    execution.answer(Ok(0.into())).unwrap();
    assert_eq!(*finish(&mut execution, &mut store), [Value::I32(80)]);
    assert_eq!(execution.instance(), Some(guest));
    assert_eq!(store.memory_pages_in_use(), 0);
}

#[test]
fn a_guest_torn_down_while_paused_may_still_trap_or_run_out_of_fuel() {
    let mut store = Store::new();
    let (guest, mut execution) = begin(&mut store, READER, 16);
    execution.set_fuel(0);
    assert!(matches!(execution.run(&mut store), Ok(Step::OutOfFuel { .. })));
    store.teardown_instance(guest).unwrap();
    assert!(matches!(execution.run(&mut store), Ok(Step::OutOfFuel { .. })));
    assert_eq!(store.memory_pages_in_use(), 1);
    execution.cancel(&mut store);
    assert_eq!(store.memory_pages_in_use(), 0);

    let (guest, mut execution) = begin(&mut store, READER, 65_536);
    pause(&mut execution, &mut store);
    store.teardown_instance(guest).unwrap();
    execution.answer(Ok(0.into())).unwrap();
    let Ok(Step::Trapped(trap)) = execution.run(&mut store) else { panic!("not trapped") };
    assert_eq!(trap.code(), TrapCode::MemoryOutOfBounds);
    assert_eq!(store.memory_pages_in_use(), 0);
}

#[test]
fn a_guest_not_yet_run_when_it_is_torn_down_runs_all_the_same() {
    let mut store = Store::new();
    let (guest, mut execution) = begin(&mut store, HOSTED, 5);
    store.teardown_instance(guest).unwrap();
    assert_eq!(pause(&mut execution, &mut store), [Value::I32(5)]);
    execution.answer(Ok(1.into())).unwrap();
    assert_eq!(*finish(&mut execution, &mut store), [Value::I32(106)]);
    assert_eq!(store.memory_pages_in_use(), 0);
}

#[test]
fn a_module_dropped_while_its_guest_is_paused_keeps_its_code() {
    let mut store = Store::new();
    let module = text::module(HOSTED);
    let guest = store.instantiate(&mut NoImports, &module, &host(), 0).unwrap();
    let mut execution = store.begin(guest, "run", &[Value::I32(2)], 0).unwrap();
    pause(&mut execution, &mut store);
    store.teardown_instance(guest).unwrap();
    drop(module);
    // Compiled where the code of the dropped module would have been freed.
    let others: Vec<Module> = (0..50).map(|_| text::module(READER)).collect();
    execution.answer(Ok(1.into())).unwrap();
    assert_eq!(*finish(&mut execution, &mut store), [Value::I32(103)]);
    drop(others);
}

#[test]
fn a_dropped_execution_frees_what_it_held_when_the_store_is_next_used() {
    let mut store = Store::new();
    let (guest, mut execution) = begin(&mut store, HOSTED, 5);
    pause(&mut execution, &mut store);
    drop(execution);
    assert_eq!(*text::call(&mut store, guest, "ping", &[]), [Value::I32(7)]);
    let mut execution = store.begin(guest, "run", &[Value::I32(5)], 0).unwrap();
    pause(&mut execution, &mut store);
    store.teardown_instance(guest).unwrap();
    drop(execution);
    store.create_memory(0, None).unwrap();
    assert_eq!(store.memory_pages_in_use(), 0);
}

#[test]
fn an_execution_may_outlive_its_store() {
    let mut store = Store::new();
    let (_, mut execution) = begin(&mut store, HOSTED, 5);
    pause(&mut execution, &mut store);
    drop(store);
    execution.answer(Ok(1.into())).unwrap();
    assert!(execution.run(&mut Store::new()).is_err());
    drop(execution);
}

#[test]
fn a_store_and_its_paused_executions_move_to_another_thread_together() {
    let mut store = Store::new();
    let (_, mut waiting) = begin(&mut store, READER, 16);
    pause(&mut waiting, &mut store);
    let (_, mut starved) = begin(&mut store, HOSTED, 4);
    starved.set_fuel(1);
    assert!(matches!(starved.run(&mut store), Ok(Step::OutOfFuel { .. })));
    let results = std::thread::spawn(move || {
        waiting.answer(Ok(0.into())).unwrap();
        starved.add_fuel(1_000);
        pause(&mut starved, &mut store);
        starved.answer(Ok(1.into())).unwrap();
        [finish(&mut waiting, &mut store), finish(&mut starved, &mut store)]
    });
    assert_eq!(results.join().unwrap().map(|values| values[0]), [Value::I32(80), Value::I32(105)]);
}

#[test]
fn a_memory_torn_down_while_its_importer_is_paused_stays_the_importers() {
    let mut store = Store::new();
    let text = READER.replace(r#"(memory (export "memory") 1 8)"#, r#"(import "env" "memory" (memory 1 8))"#);
    let memory = store.create_memory(1, Some(8)).unwrap();
    let guest = text::guest(&mut store, &text, &host().with_memory("env", "memory", memory));
    let mut execution = store.begin(guest, "run", &[Value::I32(16)], 0).unwrap();
    let Ok(Step::HostCall(call)) = execution.run(&mut store) else { panic!("not paused") };
    assert_eq!(call.memory, Some(memory));
    store.teardown_memory(memory).unwrap();
    assert_eq!(store.memory_size(memory), Err(HandleError::TornDown.into()));
    store.teardown_instance(guest).unwrap();
    execution.answer(Ok(0.into())).unwrap();
    assert_eq!(*finish(&mut execution, &mut store), [Value::I32(80)]);
    assert_eq!(store.memory_pages_in_use(), 0);
}

#[test]
fn an_error_as_the_answer_comes_out_with_its_reason() {
    let mut store = Store::new();
    let (guest, mut execution) = begin(&mut store, HOSTED, 5);
    pause(&mut execution, &mut store);
    let reason = std::io::Error::other("no such quote");
    execution.answer(Err(HostError::with_reason(reason))).unwrap();
    let Ok(Step::Trapped(trap)) = execution.run(&mut store) else { panic!("not trapped") };
    assert_eq!(trap.code(), TrapCode::HostError);
    let reason = trap.into_reason().unwrap().downcast::<std::io::Error>().unwrap();
    assert_eq!(reason.to_string(), "no such quote");
    assert_eq!(*text::call(&mut store, guest, "ping", &[]), [Value::I32(7)]);
    let none = text::guest(&mut store, "(module)", &Environment::new());
    assert_eq!(none.number(), 1);
}
