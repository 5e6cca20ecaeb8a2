//! Frames of calls of every kind.

use super::{assert_trap, compile_with, guest, host, names, trap, trap_of};
use guestbox::{
    Environment, Frames, FuncIndex, HostCall, HostError, InstantiateError, InvokeError, Limits, Module,
    NoImports, Store, TrapCode, Value, Values,
};
use guestbox_tests::text;
use std::{error::Error, fmt};

#[test]
fn calls_within_calls() {
    let text = r#"(module
        (func $inner (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
        (func $middle (param i32) (result i32) (local f64) (i32.add (call $inner (i32.const 1)) (call $inner (local.get 0))))
        (func $run (export "run") (param i32) (result i32) (call $middle (local.get 0))))"#;
    assert_trap(text, &[0], TrapCode::IntegerDivisionByZero, &["inner", "middle", "run"]);
    let trap = trap_of(text, &[0]);
    let indices: Vec<_> = trap.frames().iter().map(|frame| frame.function_index).collect();
    assert_eq!(indices, [0, 1, 2]);
    assert_eq!(trap.to_string(), "integer division by zero");
    assert_eq!(trap.frames().left_out(), 0);
    assert!(format!("{trap:#}").starts_with("integer division by zero\n    at inner (wasm-function[0]:0x"));
}

#[test]
fn a_call_that_returned_is_no_frame() {
    let text = r#"(module (func $deep (param $n i32)
          (if (local.get $n) (then (call $deep (i32.sub (local.get $n) (i32.const 1))))))
        (func $leaf (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
        (func $run (export "run") (param i32)
          (call $deep (i32.const 500)) (drop (call $leaf (i32.const 2))) (call $deep (i32.const 1))
          (if (local.get 0) (then (call $deep (i32.const 2)) unreachable)) (call $deep (i32.const 2000)) unreachable))"#;
    for argument in [0, 1] {
        assert_trap(text, &[argument], TrapCode::Unreachable, &["run"]);
    }
}

#[test]
fn indirect_calls_and_their_own_traps() {
    let text = r#"(module (type $t (func (param i32))) (table 4 4 funcref)
        (elem (i32.const 0) $trap $again $other)
        (func $trap (type $t) unreachable)
        (func $again (type $t) (call_indirect (type $t) (local.get 0) (i32.const 0)))
        (func $other)
        (func $run (export "run") (type $t) (call_indirect (type $t) (i32.const 0) (local.get 0))))"#;
    assert_trap(text, &[0], TrapCode::Unreachable, &["trap", "run"]);
    assert_trap(text, &[1], TrapCode::Unreachable, &["trap", "again", "run"]);
    assert_trap(text, &[2], TrapCode::BadSignature, &["run"]);
    assert_trap(text, &[3], TrapCode::IndirectCallToNull, &["run"]);
    assert_trap(text, &[4], TrapCode::TableOutOfBounds, &["run"]);
}

#[test]
fn a_tail_call_takes_the_frame_of_its_caller() {
    let text = r#"(module (type $t (func (param i32))) (table 3 funcref) (elem (i32.const 0) $trap $down)
        (func $trap (type $t) unreachable)
        (func $down (type $t) (if (local.get 0) (then (return_call $down (i32.sub (local.get 0) (i32.const 1)))))
          (return_call_indirect (type $t) (i32.const 0) (i32.const 0)))
        (func $null (type $t) (call $calls (i32.const 5)) (return_call_indirect (type $t) (local.get 0) (i32.const 2)))
        (func $calls (type $t) (if (local.get 0) (then (return_call $calls (i32.sub (local.get 0) (i32.const 1))))))
        (func $run (export "run") (type $t)
          (call $calls (i32.const 7))
          (if (i32.lt_s (local.get 0) (i32.const 0)) (then (call $null (i32.const 1))))
          (call $down (local.get 0))))"#;
    for depth in [0, 1, 20_000] {
        assert_trap(text, &[depth], TrapCode::Unreachable, &["trap", "run"]);
    }
    assert_trap(text, &[-1], TrapCode::IndirectCallToNull, &["null", "run"]);
    let alone = r#"(module (type $t (func)) (table 1 funcref)
        (func $run (export "run") (return_call_indirect (type $t) (i32.const 0))))"#;
    assert_trap(alone, &[], TrapCode::IndirectCallToNull, &["run"]);
}

/// `run(n)` calls itself `n` times and traps, or comes back and traps then.
const RECURSIVE: &str = r#"(module (memory 1)
    (func $down (param $n i32) (param $back i32)
      (if (local.get $n) (then (call $down (i32.sub (local.get $n) (i32.const 1)) (local.get $back)) return))
      (if (i32.eqz (local.get $back)) (then (drop (i32.load (i32.const -1))))))
    (func $run (export "run") (param i32 i32) (call $down (local.get 0) (local.get 1)) unreachable))"#;

#[test]
fn of_many_frames_the_innermost_are_listed() {
    for depth in [0_usize, 50, 98, 99, 500, 9_998] {
        let argument = i32::try_from(depth).unwrap();
        let trap = trap_of(RECURSIVE, &[argument, 0]);
        assert_eq!(trap.code(), TrapCode::MemoryOutOfBounds);
        let count = trap.frames().len() + trap.frames().left_out();
        assert_eq!(count, depth + 2);
        assert_eq!(trap.frames().len(), count.min(Frames::MAXIMUM));
        assert_eq!(trap.frames()[0].name.as_deref(), Some("down"));
        assert_eq!(trap.frames().last().unwrap().function_index, u32::from(depth < 99));
        assert_eq!(format!("{trap:#}").contains(" more"), depth >= 99);
        let trap = trap_of(RECURSIVE, &[argument, 1]);
        assert_eq!((trap.code(), names(trap.frames())), (TrapCode::Unreachable, vec!["run"]));
    }
}

#[test]
fn a_stack_overflow_has_all_frames() {
    let trap = trap_of(RECURSIVE, &[i32::MAX, 0]);
    assert_eq!(trap.code(), TrapCode::StackOverflow);
    assert_eq!(trap.frames().len() + trap.frames().left_out(), Limits::GUEST_FRAMES);
}

#[test]
fn more_frames_have_more_room() {
    let mut limits = Limits::default();
    limits.guest_frames = 40_000;
    limits.engine_stack_bytes = 64 << 20;
    limits.total_memory_pages = 1;
    let mut store = Store::with_limits(limits.clone());
    let module = compile_with(&limits, RECURSIVE);
    let guest = store.instantiate(&mut NoImports, &module, &host(), 0).unwrap();
    for depth in [100, 39_998, 16_384, 1_000] {
        let trap = trap(&mut store, &mut NoImports, guest, &[depth, 0]);
        assert_eq!(trap.frames().len() + trap.frames().left_out(), usize::try_from(depth + 2).unwrap());
    }
}

#[test]
fn a_shared_engine_with_more_frames_does_no_harm() {
    // The memory's engine is that of the first module, with more frames than the second knows of.
    let mut limits = Limits::default();
    limits.guest_frames = 100_000;
    limits.engine_stack_bytes = 64 << 20;
    let mut store = Store::with_limits(limits.clone());
    let memory = store.create_memory(1, None).unwrap();
    let environment = Environment::new().with_memory("env", "memory", memory);
    let first =
        Module::with_limits(&limits, &text::bytes(r#"(module (import "env" "memory" (memory 1)))"#)).unwrap();
    let _first = store.instantiate(&mut NoImports, &first, &environment, 0).unwrap();
    let text = RECURSIVE.replace("(memory 1)", r#"(import "env" "memory" (memory 1))"#);
    let second = compile_with(&Limits::default(), &text);
    let second = store.instantiate(&mut NoImports, &second, &environment, 0).unwrap();
    let trap = trap(&mut store, &mut NoImports, second, &[50_000, 0]);
    assert_eq!(trap.code(), TrapCode::MemoryOutOfBounds);
    assert_eq!(names(trap.frames()), ["down"; Frames::MAXIMUM]);
}

#[test]
fn a_start_function_has_frames() {
    let text = r#"(module (func $begin (call $fail)) (func $fail unreachable) (start $begin))"#;
    let module = compile_with(&Limits::default(), text);
    let outcome = Store::new().instantiate(&mut NoImports, &module, &Environment::new(), 0);
    let Err(InstantiateError::Start(trap)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(names(trap.frames()), ["fail", "begin"]);
}

#[derive(Debug)]
struct OutOfRange;

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("out of range")
    }
}

impl Error for OutOfRange {}

/// `run` calls the host by a helper; the host's results are checked.
const ASKING: &str = r#"(module (import "env" "host" (func $host (param i32) (result i32)))
    (export "direct" (func $host))
    (func $ask (param i32) (result i32) (call $host (local.get 0)))
    (func $run (export "run") (param i32) (result i32) (i32.add (call $ask (local.get 0)) (i32.const 1))))"#;

#[test]
fn what_a_supervisor_ends_has_frames() {
    let mut store = Store::new();
    let guest = guest(&mut store, ASKING);
    let mut fails = |_: &mut Store, _: HostCall<'_>| Err(HostError::with_reason(OutOfRange));
    let ended = trap(&mut store, &mut fails, guest, &[0]);
    assert_eq!((ended.code(), names(ended.frames())), (TrapCode::HostError, vec!["ask", "run"]));
    assert!(
        format!("{ended:#}")
            .starts_with("the supervisor ended the call: out of range\n    at ask (wasm-function[1]:0x")
    );
    let mut wrong = |_: &mut Store, _: HostCall<'_>| Ok(Values::NONE);
    let ended = trap(&mut store, &mut wrong, guest, &[0]);
    assert_eq!((ended.code(), names(ended.frames())), (TrapCode::ResultType, vec!["ask", "run"]));
    let mut dear = |store: &mut Store, _: HostCall<'_>| {
        store.charge(u64::MAX)?;
        Ok(Values::from(1))
    };
    let ended = trap(&mut store, &mut dear, guest, &[0]);
    assert_eq!((ended.code(), names(ended.frames())), (TrapCode::OutOfFuel, vec!["ask", "run"]));
    // An import that the guest passes on is called by nobody of its.
    let ended = store.invoke(&mut fails, guest, "direct", &[Value::I32(0)], 0);
    let Err(InvokeError::Trap(ended)) = ended else { panic!("{ended:?}") };
    assert_eq!(names(ended.frames()), [""; 0]);
}

/// `run(n)` is `n` calls deep when it calls the host, and traps after.
const NESTED: &str = r#"(module (import "env" "host" (func $host (param i32)))
    (func $down (param $all i32) (param $n i32)
      (if (local.get $n)
        (then (call $down (local.get $all) (i32.sub (local.get $n) (i32.const 1))))
        (else (call $host (local.get $all)) unreachable)))
    (func $run (export "run") (param i32) (call $down (local.get 0) (local.get 0))))"#;

#[test]
fn guest_and_supervisor_that_call_each_other_have_frames_each() {
    fn again(store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        let [Value::I32(n)] = *call.args else { return Err(HostError::new()) };
        if n > 0 {
            let trap = trap(store, &mut again, call.instance.unwrap(), &[n - 1]);
            assert_eq!(
                (trap.code(), trap.frames().len()),
                (TrapCode::Unreachable, usize::try_from(n + 1).unwrap())
            );
        }
        Ok(Values::NONE)
    }
    let mut store = Store::new();
    let guest = guest(&mut store, NESTED);
    let trap = trap(&mut store, &mut again, guest, &[7]);
    assert_eq!(names(trap.frames()), [&["down"; 8][..], &["run"]].concat());
}

#[test]
fn nesting_too_deep_has_frames() {
    let mut store = Store::new();
    let guest = guest(&mut store, ASKING);
    fn deeper(store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        let instance = call.instance.unwrap();
        store.invoke(&mut deeper, instance, "run", &[Value::I32(0)], 0).map_err(HostError::with_reason)
    }
    let mut trap = trap(&mut store, &mut deeper, guest, &[0]);
    let mut levels = 0;
    loop {
        assert_eq!(names(trap.frames()), ["ask", "run"], "level {levels}");
        levels += 1;
        if trap.code() == TrapCode::NestingTooDeep {
            break;
        }
        let Ok(reason) = trap.into_reason().unwrap().downcast::<InvokeError>() else { panic!() };
        let InvokeError::Trap(inner) = *reason else { panic!() };
        trap = inner;
    }
    assert_eq!(levels, Limits::NESTING + 1);
}

#[test]
fn without_the_option_there_are_none() {
    let mut store = Store::new();
    let guest =
        text::guest(&mut store, ASKING, &Environment::new().with_function("env", "host", FuncIndex(0)));
    let trap = trap(&mut store, &mut NoImports, guest, &[0]);
    assert_eq!((trap.frames().len(), trap.frames().left_out()), (0, 0));
    assert_eq!(format!("{trap:#}"), trap.to_string());
}
