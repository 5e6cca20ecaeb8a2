//! The seam before the engine: another engine, a toy, lives the life of guests behind it.
//!
//! Each scenario is run with both engines, and all that is seen of it has to be the same, fuel too.

mod code;
mod toy;

use guestbox::{
    CompileOptions, Environment, Execution, ExecutionError, FuncIndex, HostCall, HostError, InstanceId,
    InstantiateError, InvokeError, Limits, Module, NoImports, Step, Store, TrapCode, Value, Values,
    engine::{Engine, Wasmi},
};
use guestbox_tests::text;
use std::fmt::Debug;
use toy::Toy;

/// Counts down from its argument and asks the host for each number what to add.
const ADDER: &str = r#"(module
    (import "env" "host" (func $host (param i32) (result i32)))
    (memory (export "memory") 1 4)
    (global $__stack_pointer (export "stack") (mut i32) (i32.const 1024))
    (global $sum (mut i32) (i32.const 0))
    (func $add (param $n i32)
      (global.set $sum (i32.add (global.get $sum) (call $host (local.get $n)))))
    (func (export "run") (param $n i32) (result i32)
      (global.set $__stack_pointer (i32.sub (global.get $__stack_pointer) (i32.const 16)))
      (loop $again
        (call $add (local.get $n))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $again (local.get $n)))
      (i32.store (i32.const 8) (global.get $sum))
      (global.set $__stack_pointer (i32.add (global.get $__stack_pointer) (i32.const 16)))
      (i32.load (i32.const 8)))
    (func (export "sum") (result i32) (global.get $sum))
    (func (export "fail") (global.set $__stack_pointer (i32.const 0)) (unreachable))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func $deep (export "deep") (call $deep)))"#;

fn compile(engine: &dyn Engine, text: &str, frames: bool) -> Module {
    let options = if frames { CompileOptions::new().with_frames() } else { CompileOptions::new() };
    Module::with_engine(engine, &Limits::default(), &text::bytes(text), options).unwrap()
}

fn host() -> Environment {
    Environment::new().with_function("env", "host", FuncIndex(0))
}

/// Answers with ten times the argument.
fn tenfold(_: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
    let argument = call.args.first().and_then(|value| value.as_i32()).ok_or(HostError::new())?;
    Ok((argument * 10).into())
}

/// What a scenario saw with the toy, which is what it sees with the engine of all guests.
fn both<T: Debug + PartialEq>(scenario: impl Fn(&dyn Engine) -> T) -> T {
    let toy = scenario(&Toy);
    assert_eq!(toy, scenario(&Wasmi));
    toy
}

fn guest(engine: &dyn Engine, store: &mut Store) -> InstanceId {
    store.instantiate(&mut tenfold, &compile(engine, ADDER, false), &host(), 0).unwrap()
}

fn begin(store: &mut Store, guest: InstanceId, n: i32) -> Execution {
    store.begin(guest, "run", &[Value::I32(n)], 0).unwrap()
}

/// Drives a call on `more` fuel at a time: each pause, with the fuel that it used until then.
fn log(store: &mut Store, execution: &mut Execution, more: u64) -> Vec<(String, u64)> {
    let mut log = Vec::new();
    loop {
        let step = execution.run(store).unwrap();
        let line = format!("{step:?}");
        let (line, goes_on) = match step {
            Step::HostCall(call) => {
                let Some(Value::I32(n)) = call.args.first().copied() else { panic!("{line}") };
                execution.answer(Ok((n * 10).into())).unwrap();
                (format!("host call of {n}"), true)
            }
            Step::OutOfFuel { .. } => {
                execution.add_fuel(more);
                (line, true)
            }
            Step::SliceOver => (line, true),
            _ => (line, false),
        };
        log.push((line, execution.fuel_used()));
        if !goes_on {
            return log;
        }
    }
}

#[test]
fn calls_pause_at_imports_and_run_out_of_fuel_alike() {
    for more in [1, 7, 1_000] {
        let log = both(|engine| {
            let mut store = Store::new();
            let guest = guest(engine, &mut store);
            let mut execution = begin(&mut store, guest, 3);
            execution.set_fuel(0);
            log(&mut store, &mut execution, more)
        });
        let calls = log.iter().filter(|(line, _)| line.starts_with("host call")).count();
        assert_eq!(calls, 3);
        assert!(log.last().unwrap().0.contains("60"), "{log:?}");
        assert!(log[0].0.starts_with("OutOfFuel"), "{log:?}");
    }
}

#[test]
fn slices_end_alike() {
    let log = both(|engine| {
        let mut store = Store::new();
        let guest = guest(engine, &mut store);
        let mut execution = begin(&mut store, guest, 5);
        execution.set_slice(20);
        log(&mut store, &mut execution, 0)
    });
    assert!(log.iter().filter(|(line, _)| line == "SliceOver").count() > 3, "{log:?}");
}

#[test]
fn frames_are_noted_alike() {
    let (trap, frames) = both(|engine| {
        let mut store = Store::new();
        let module = compile(engine, ADDER, true);
        let guest = store.instantiate(&mut tenfold, &module, &host(), 0).unwrap();
        let mut execution = begin(&mut store, guest, 2);
        let Ok(Step::HostCall(call)) = execution.run(&mut store) else { panic!("no pause") };
        let frames = call.frames().to_string();
        let trap = execution.end_with(&mut store, TrapCode::HostError);
        (format!("{trap:#}"), frames)
    });
    assert!(trap.ends_with(&frames), "{trap}");
    assert!(frames.contains("add (wasm-function[1]"), "{frames}");
}

#[test]
fn what_traps_leaves_the_guest_usable_and_its_stack_where_it_was() {
    let seen = both(|engine| {
        let mut store = Store::new();
        let guest = guest(engine, &mut store);
        let mut codes = Vec::new();
        for export in ["fail", "deep"] {
            let Err(InvokeError::Trap(trap)) = store.invoke(&mut NoImports, guest, export, &[], 0) else {
                panic!("{export} returned");
            };
            codes.push((trap.code(), trap.fuel_used()));
        }
        let stack = store.global(guest, "stack").unwrap();
        (codes, stack, store.invoke(&mut tenfold, guest, "run", &[Value::I32(2)], 0).unwrap())
    });
    let (codes, stack, results) = seen;
    assert_eq!([codes[0].0, codes[1].0], [TrapCode::Unreachable, TrapCode::StackOverflow]);
    assert_eq!((stack, &*results), (Some(Value::I32(1024)), &[Value::I32(30)][..]));
}

#[test]
fn calls_of_a_guest_nest_and_do_not_overlap() {
    both(|engine| {
        let mut store = Store::new();
        let guest = guest(engine, &mut store);
        let mut outer = begin(&mut store, guest, 1);
        assert!(matches!(outer.run(&mut store), Ok(Step::HostCall(_))));
        let mut apart = begin(&mut store, guest, 1);
        assert_eq!(apart.run(&mut store).unwrap_err(), ExecutionError::Busy);
        drop((outer, apart));
        let mut nested = |store: &mut Store, call: HostCall<'_>| match call.args {
            [Value::I32(3)] => Ok(store.invoke(&mut tenfold, guest, "run", &[Value::I32(2)], 0)?),
            _ => tenfold(store, call),
        };
        let results = store.invoke(&mut nested, guest, "run", &[Value::I32(3)], 0).unwrap();
        // 20 and 10 by the nested call, which returns the 30; then what the outer one had read before is added to.
        assert_eq!(*results, [Value::I32(30 + 20 + 10)]);
        results
    });
}

#[test]
fn memories_are_shared_grow_within_limits_and_are_freed() {
    const PEER: &str = r#"(module (import "env" "memory" (memory 1 4))
        (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
        (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#;
    both(|engine| {
        let mut limits = Limits::default();
        limits.memory_pages = 3;
        let mut store = Store::with_limits(limits);
        let module = compile(engine, PEER, false);
        let memory = store.create_memory(1, Some(4)).unwrap();
        let environment = Environment::new().with_memory("env", "memory", memory);
        let one = store.instantiate(&mut NoImports, &module, &environment, 0).unwrap();
        let other = store
            .instantiate(
                &mut NoImports,
                &compile(engine, &PEER.replace("load\"", "l\""), false),
                &environment,
                0,
            )
            .unwrap();
        text::call(&mut store, one, "store", &[Value::I32(40), Value::I32(-5)]);
        let seen = text::call(&mut store, other, "l", &[Value::I32(40)]);
        assert_eq!(*seen, [Value::I32(-5)]);
        assert_eq!(*text::call(&mut store, one, "grow", &[Value::I32(2)]), [Value::I32(1)]);
        assert_eq!(*text::call(&mut store, one, "grow", &[Value::I32(1)]), [Value::I32(-1)]);
        assert_eq!(store.memory_size(memory), Ok(3));
        let trap = store.invoke(&mut NoImports, one, "load", &[Value::I32(-2)], 0).unwrap_err();
        assert!(matches!(&trap, InvokeError::Trap(trap) if trap.code() == TrapCode::MemoryOutOfBounds));
        for guest in [one, other] {
            store.teardown_instance(guest).unwrap();
        }
        let mut kept = [0; 4];
        store.memory_read(memory, 40, &mut kept).unwrap();
        assert_eq!(kept, (-5_i32).to_le_bytes());
        store.teardown_memory(memory).unwrap();
        assert_eq!(store.memory_pages_in_use(), 0);
    });
}

#[test]
fn a_memory_of_another_size_is_refused() {
    const ASKING: &str = r#"(module (import "env" "memory" (memory 2 4)))"#;
    both(|engine| {
        let mut store = Store::new();
        let module = compile(engine, ASKING, false);
        let mut refused = |initial, maximum| {
            let memory = store.create_memory(initial, maximum).unwrap();
            let environment = Environment::new().with_memory("env", "memory", memory);
            match store.instantiate(&mut NoImports, &module, &environment, 0) {
                Ok(_) => None,
                Err(InstantiateError::Imports(refused)) => Some(format!("{refused:?}")),
                Err(other) => panic!("{other}"),
            }
        };
        assert_eq!(refused(2, Some(4)), None);
        let refused = [refused(1, Some(4)), refused(2, None), refused(2, Some(5))];
        assert!(refused.iter().all(Option::is_some));
        refused
    });
}

#[test]
fn start_functions_run_before_an_instance_has_its_id() {
    const STARTS: &str = r#"(module (import "env" "host" (func $host (param i32) (result i32)))
        (global $seen (export "seen") (mut i32) (i32.const 0))
        (func $start (global.set $seen (call $host (i32.const 4)))) (start $start))"#;
    both(|engine| {
        let mut store = Store::new();
        let module = compile(engine, STARTS, false);
        let failed = store.instantiate(&mut NoImports, &module, &host(), 0).unwrap_err();
        assert!(matches!(&failed, InstantiateError::Start(trap) if trap.code() == TrapCode::HostError));
        let guest = store.instantiate(&mut tenfold, &module, &host(), 0).unwrap();
        assert_eq!((guest.number(), store.global(guest, "seen")), (0, Ok(Some(Value::I32(40)))));
    });
}

#[test]
fn state_is_captured_restored_and_forked() {
    both(|engine| {
        let mut store = Store::new();
        let guest = guest(engine, &mut store);
        let run = |store: &mut Store, guest| {
            *store.invoke(&mut tenfold, guest, "run", &[Value::I32(2)], 0).unwrap().first().unwrap()
        };
        assert_eq!(run(&mut store, guest), Value::I32(30));
        let snapshot = store.snapshot(guest).unwrap();
        let fork = store.fork(guest, &Environment::new()).unwrap();
        assert_eq!(run(&mut store, guest), Value::I32(60));
        store.restore(guest, &snapshot).unwrap();
        assert_eq!([run(&mut store, guest), run(&mut store, fork)], [Value::I32(60); 2]);
        // Made anew behind its id, as no memory shrinks in place.
        text::call(&mut store, guest, "grow", &[Value::I32(2)]);
        store.restore(fork, &snapshot).unwrap();
        store.restore(guest, &snapshot).unwrap();
        let memory = store.exported_memory(guest, "memory").unwrap().unwrap();
        assert_eq!(store.memory_size(memory), Ok(1));
        assert_eq!(*text::call(&mut store, guest, "sum", &[]), [Value::I32(30)]);
        for guest in [guest, fork] {
            store.teardown_instance(guest).unwrap();
        }
        assert_eq!(store.memory_pages_in_use(), 0);
        snapshot.into_bytes()
    });
}

#[test]
fn calls_may_be_cancelled_and_dropped_and_outlive_their_guest() {
    both(|engine| {
        let mut store = Store::new();
        let guest = guest(engine, &mut store);
        let mut cancelled = begin(&mut store, guest, 1);
        assert!(matches!(cancelled.run(&mut store), Ok(Step::HostCall(_))));
        assert_eq!(store.global(guest, "stack"), Ok(Some(Value::I32(1008))));
        cancelled.cancel(&mut store);
        assert_eq!(store.global(guest, "stack"), Ok(Some(Value::I32(1024))));
        let mut outliving = begin(&mut store, guest, 1);
        assert!(matches!(outliving.run(&mut store), Ok(Step::HostCall(_))));
        store.teardown_instance(guest).unwrap();
        assert_eq!(store.memory_pages_in_use(), 1);
        outliving.answer(Ok(9.into())).unwrap();
        let Ok(Step::Finished(results)) = outliving.run(&mut store) else { panic!("it did not finish") };
        assert_eq!((&*results, store.memory_pages_in_use()), (&[Value::I32(9)][..], 0));
    });
}

/// A memory is in the space of one engine: a guest of the other is refused, and all else goes on.
#[test]
fn guests_of_two_engines_share_no_memory() {
    const IMPORTING: &str = r#"(module (import "env" "memory" (memory 1))
        (func (export "load") (result i32) (i32.load (i32.const 0))))"#;
    let mut store = Store::new();
    let memory = store.create_memory(1, None).unwrap();
    store.memory_write(memory, 0, &[77, 0, 0, 0]).unwrap();
    let environment = Environment::new().with_memory("env", "memory", memory);
    let [toy, wasmi] = [&Toy as &dyn Engine, &Wasmi].map(|engine| compile(engine, IMPORTING, false));
    for (first, second) in [(&toy, &wasmi), (&wasmi, &toy)] {
        let guest = store.instantiate(&mut NoImports, first, &environment, 0).unwrap();
        let refused = store.instantiate(&mut NoImports, second, &environment, 0).unwrap_err();
        assert!(matches!(refused, InstantiateError::OtherEngine), "{refused}");
        assert_eq!(*text::call(&mut store, guest, "load", &[]), [Value::I32(77)]);
        // Apart in time they do.
        store.teardown_instance(guest).unwrap();
    }
}

/// The toy engine says what it does not know, and that is an error of the module's.
#[test]
fn what_an_engine_does_not_know_is_an_error() {
    let bytes = text::bytes("(module (func (result f32) (f32.const 1)))");
    let refused = Module::with_engine(&Toy, &Limits::default(), &bytes, CompileOptions::new()).unwrap_err();
    assert!(refused.to_string().contains("toy engine does not know F32Const"), "{refused}");
}
