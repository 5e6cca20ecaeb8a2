//! Modules with a few bytes changed: whatever they are, with frames they are compiled or refused as
//! without, and do the same.

use super::host;
use guestbox::{
    CompileOptions, HostCall, HostError, InvokeError, Limits, Module, Snapshot, Store, Trap, TrapCode, Value,
    Values,
};
use guestbox_tests::{random::Random, text, torture::LOOPS};

/// Fuel without frames; with them there is ten times as much.
const FUEL: u64 = 20_000;

/// What became of a module.
#[derive(Debug, PartialEq)]
enum Fate {
    Refused,
    NotInstantiated(String),
    NoRun(String),
    Ran(Result<Values, TrapCode>, Option<Snapshot>),
}

fn fate(bytes: &[u8], options: CompileOptions, fuel: u64) -> Fate {
    let mut limits = Limits::default();
    limits.fuel = fuel;
    let Ok(module) = Module::with_options(&limits, bytes, options) else { return Fate::Refused };
    let mut store = Store::with_limits(limits);
    let mut supervisor = |_: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        let results = call.import.ty().as_func().map_or(0, |ty| ty.results().len());
        Ok(if results == 1 { Values::from(3) } else { Values::NONE })
    };
    let guest = match store.instantiate(&mut supervisor, &module, &host(), 0) {
        Ok(guest) => guest,
        Err(error) => return Fate::NotInstantiated(error.to_string()),
    };
    let params = module.export("run").and_then(|run| run.ty().as_func()).map_or(0, |ty| ty.params().len());
    let args = vec![Value::I32(0); params];
    match store.invoke(&mut supervisor, guest, "run", &args, 0) {
        Ok(values) => Fate::Ran(Ok(values), store.snapshot(guest).ok()),
        Err(InvokeError::Trap(trap)) => {
            check(&trap, bytes);
            Fate::Ran(Err(trap.code()), store.snapshot(guest).ok())
        }
        Err(error) => Fate::NoRun(error.to_string()),
    }
}

/// Frames are of functions and offsets that there are.
fn check(trap: &Trap, bytes: &[u8]) {
    for frame in trap.frames() {
        assert!(usize::try_from(frame.offset).unwrap() < bytes.len());
        assert!(frame.function_index < 100, "{trap:#}");
    }
}

fn mutate(random: &mut Random, bytes: &mut [u8]) {
    for _ in 0..=random.below(3) {
        let at = 8 + random.index(bytes.len() - 8);
        match random.below(4) {
            0 => bytes[at] = u8::try_from(random.below(256)).unwrap(),
            1 => bytes[at] ^= 1 << random.below(8),
            // Operators are near each other.
            2 => bytes[at] = bytes[at].wrapping_add(1),
            _ => bytes[at] = bytes[8 + random.index(bytes.len() - 8)],
        }
    }
}

#[test]
fn mutations_have_the_same_fate_with_frames() {
    let rounds: usize = std::env::var("FRAMES_ROUNDS").map_or(5_000, |rounds| rounds.parse().unwrap());
    let seed = std::env::var("FRAMES_FIRST").map_or(1, |seed| seed.parse().unwrap());
    let mut random = Random::new(seed);
    let loops: Vec<_> = LOOPS.iter().map(|(_, text)| text::bytes(text)).collect();
    let programs: Vec<_> = PROGRAMS.iter().map(|text| text::bytes(text)).collect();
    let (mut compiled, mut ended) = (0, 0);
    for _ in 0..rounds {
        // Of the loops few end.
        let modules = if random.below(4) == 0 { &loops } else { &programs };
        let mut bytes = modules[random.index(modules.len())].clone();
        mutate(&mut random, &mut bytes);
        let plain = fate(&bytes, CompileOptions::new(), FUEL);
        let with = fate(&bytes, CompileOptions::new().with_frames(), FUEL * 10);
        compiled += usize::from(plain != Fate::Refused);
        let is_out_of_fuel = |fate: &Fate| match fate {
            Fate::Ran(Err(code), _) => *code == TrapCode::OutOfFuel,
            Fate::NotInstantiated(error) => error.contains("out of fuel"),
            _ => false,
        };
        if !is_out_of_fuel(&plain) {
            ended += usize::from(matches!(plain, Fate::Ran(..)));
            assert_eq!(with, plain, "{bytes:?}");
        }
    }
    println!("{compiled} of {rounds} compiled, {ended} ended");
    assert!(compiled > rounds / 20 && ended > rounds / 50);
}

/// Programs that end, with what notes are put around: calls, memory, division, selects, loops.
const PROGRAMS: &[&str] = &[
    r#"(module (memory (export "m") 1) (global $g (export "g") (mut i64) (i64.const 5)) (table 4 funcref)
      (elem (i32.const 0) $fib $store $load) (type $t (func (param i32) (result i32)))
      (func $fib (type $t) (if (i32.lt_s (local.get 0) (i32.const 2)) (then (return (local.get 0))))
        (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))
      (func $store (type $t) (i32.store offset=16 (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (local.get 0))
        (i64.store8 (local.get 0) (global.get $g)) (i32.store16 offset=70 (local.get 0) (local.get 0)) (local.get 0))
      (func $load (type $t) (local i64 f64)
        (local.set 1 (i64.load32_s offset=4 (local.get 0))) (global.set $g (i64.add (local.get 1) (global.get $g)))
        (local.set 2 (f64.load offset=8 (local.get 0)))
        (select (i32.load8_u (local.get 0)) (i32.wrap_i64 (local.get 1)) (i32.eqz (local.get 0))))
      (func (export "run") (type $t) (local $n i32)
        (loop $l
          (local.set 0 (i32.add (local.get 0) (call_indirect (type $t) (local.get $n)
            (i32.rem_u (local.get $n) (i32.const 3)))))
          (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 12))))
        (drop (i32.div_s (call $fib (i32.const 9)) (local.get $n)))
        (i32.xor (local.get 0) (i32.trunc_f32_s (f32.convert_i32_s (local.get $n))))))"#,
    r#"(module (import "env" "host" (func $host (param i32) (result i32))) (memory 1 3)
      (memory $second 1) (data "some bytes") (global $n (mut i32) (i32.const 0))
      (func $even (param i32) (result i32) (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
        (return_call $odd (i32.sub (local.get 0) (i32.const 1))))
      (func $odd (param i32) (result i32) (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
        (return_call $even (i32.sub (local.get 0) (i32.const 1))))
      (func $two (result i32 i64) (i32.const 3) (i64.const 4))
      (func (export "run") (param i32) (result i32) (local i64)
        (memory.init 0 (i32.const 5) (i32.const 1) (i32.const 4)) (memory.fill (i32.const 90) (i32.const 7) (i32.const 9))
        (memory.copy (i32.const 2) (i32.const 5) (i32.const 3)) (drop (memory.grow (i32.const 1)))
        (call $two) (local.set 1) (global.set $n)
        (i32.store $second (i32.const 12) (call $even (i32.const 9)))
        (i32.store offset=66000 (i32.const 8) (i32.load $second (i32.const 12)))
        (block (block (br_table 0 1 0 (call $even (i32.const 4)))) (global.set $n (i32.const 8)))
        (i32.add (call $odd (i32.const 7)) (i32.rem_s (global.get $n) (i32.load offset=1 (i32.const 4))))))"#,
];
