//! A guest that is parked at its pauses, and each time goes on in another store: what it does, and what fuel that takes, is the same.

use guestbox::{
    Environment, Execution, FuncIndex, HostError, InstanceId, InstanceLimits, Limits, Module, NoImports,
    Step, Store, TrapCode, Value,
};
use guestbox_tests::{
    durable::{Elsewhere, bytes, unpark},
    random::Random,
    text,
};

/// A guest that keeps a stack, grows a memory and a table, and whose imports call it again, fail, and are charged for.
const GUEST: &str = r#"(module
    (import "env" "ask" (func $ask (param i32) (result i32)))
    (import "env" "poke" (func $poke (param i32 i32)))
    (import "env" "nest" (func $nest (param i32) (result i32)))
    (import "env" "charge" (func $charge (param i64)))
    (import "env" "grow" (func $grow_memory (param i32) (result i32)))
    (import "env" "set" (func $set (param i64)))
    (memory (export "memory") 1 12) (table $t 2 1000 funcref)
    (global $stack (export "__stack_pointer") (mut i32) (i32.const 4096))
    (global $g (export "g") (mut i64) (i64.const 7))
    (global $seed (mut i32) (i32.const 12345))
    (func $random (result i32)
      (global.set $seed (i32.add (i32.mul (global.get $seed) (i32.const 1103515245)) (i32.const 12345)))
      (i32.and (i32.shr_u (global.get $seed) (i32.const 16)) (i32.const 0xff)))
    (func (export "run") (param $depth i32) (result i32) (local $n i32) (local $frame i32) (local $r i32)
      (local.set $frame (i32.sub (global.get $stack) (i32.const 32)))
      (global.set $stack (local.get $frame))
      (local.set $n (i32.const 12))
      (loop $again
        (local.set $r (call $random))
        (i32.store (local.get $frame) (i32.add (i32.load (local.get $frame)) (local.get $r)))
        (block $done (block $g6 (block $g5 (block $g4 (block $g3 (block $g2 (block $g1 (block $g0
          (br_table $g0 $g1 $g2 $g3 $g4 $g5 $g6 (i32.rem_u (local.get $r) (i32.const 7))))
          (i32.store offset=4 (local.get $frame) (call $ask (local.get $r))) (br $done))
          (call $poke (i32.add (local.get $frame) (i32.const 8)) (local.get $r)) (br $done))
          (if (i32.lt_s (local.get $depth) (i32.const 3))
            (then (i32.store offset=12 (local.get $frame) (call $nest (i32.add (local.get $depth) (i32.const 1)))))) (br $done))
          (call $charge (i64.extend_i32_u (local.get $r))) (br $done))
          (i32.store offset=16 (local.get $frame) (i32.add (call $grow_memory (i32.and (local.get $r) (i32.const 1)))
            (memory.grow (i32.and (local.get $r) (i32.const 3))))) (br $done))
          (call $set (i64.extend_i32_u (local.get $r)))
          (i32.store offset=20 (local.get $frame) (table.grow $t (ref.null func) (i32.mul (local.get $r) (i32.const 3)))) (br $done))
          (memory.fill (i32.const 8192) (local.get $r) (i32.mul (local.get $r) (i32.const 16))))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (if (i32.eq (local.get $depth) (i32.const 2)) (then (if (i32.and (call $random) (i32.const 1)) (then unreachable))))
      (local.set $r (i32.add (i32.load (local.get $frame)) (i32.load offset=12 (local.get $frame))))
      (global.set $stack (i32.add (local.get $frame) (i32.const 32)))
      (i32.add (local.get $r) (i32.wrap_i64 (global.get $g)))))"#;

const FUNCTIONS: [&str; 6] = ["ask", "poke", "nest", "charge", "grow", "set"];

/// How a guest is run.
#[derive(Clone, Copy)]
struct How {
    seed: u64,
    /// At one of how many pauses it hops to another store.
    one_of: Option<u32>,
    slice: u64,
    fuel: u64,
    overlapping: bool,
    framed: bool,
}

impl How {
    const fn own_limits(self) -> InstanceLimits {
        let limits = InstanceLimits::new();
        if self.overlapping { limits.with_overlapping_calls() } else { limits }
    }
}

/// A guest with the calls that are under way, and what was seen of them.
struct World {
    store: Store,
    guest: InstanceId,
    calls: Vec<Execution>,
    lines: Vec<String>,
    hops: u32,
}

fn number(import: &guestbox::Import) -> FuncIndex {
    let at = FUNCTIONS.iter().position(|name| *name == import.name()).unwrap();
    FuncIndex(u32::try_from(at).unwrap())
}

fn run(how: How) -> (Vec<String>, u32) {
    let module = text::module(GUEST);
    let framed = guestbox::CompileOptions::new().with_frames();
    let framed = Module::with_options(&Limits::default(), &text::bytes(GUEST), framed).unwrap();
    let mut environment = Environment::new();
    for (at, name) in (0..).zip(FUNCTIONS) {
        environment = environment.with_function("env", name, FuncIndex(at));
    }
    let mut store = Store::new();
    let limits = how.own_limits().with_journal();
    let guest = store.instantiate_with(&mut NoImports, &module, &environment, 0, limits).unwrap();
    let mut world = World { store, guest, calls: Vec::new(), lines: Vec::new(), hops: 0 };
    let mut random = Random::new(how.seed);
    for round in 0..3 {
        let mut call = world.store.begin(world.guest, "run", &[Value::I32(0)], round).unwrap();
        call.set_fuel(how.fuel);
        world.calls.push(call);
        world.drive(how, &mut random, if how.framed { &framed } else { &module });
        world.note_state();
    }
    (world.lines, world.hops)
}

/// What a call came to.
enum Came {
    HostCall(u32, Vec<Value>),
    OutOfFuel,
    SliceOver,
    Ended(Result<Value, TrapCode>),
}

impl World {
    fn drive(&mut self, how: How, random: &mut Random, module: &Module) {
        let mut hopped = false;
        while let Some(call) = self.calls.last_mut() {
            call.set_slice(how.slice);
            let came = match call.run(&mut self.store).unwrap() {
                Step::HostCall(call) => Came::HostCall(call.func.0, call.args.to_vec()),
                Step::OutOfFuel { .. } => Came::OutOfFuel,
                Step::SliceOver => Came::SliceOver,
                Step::Finished(results) => Came::Ended(Ok(results[0])),
                Step::Trapped(trap) => Came::Ended(Err(trap.code())),
                other => panic!("{other:?}"),
            };
            let may_hop = !hopped && !matches!(came, Came::Ended(_));
            if how.one_of.is_some_and(|one_of| may_hop && random.below(one_of) == 0) {
                self.hop(how, module, random.one(&[u64::MAX, u64::MAX, 5_000, 331]));
                // What it comes to is the same again, but for a slice that was over.
                hopped = !matches!(came, Came::SliceOver);
                continue;
            }
            hopped = false;
            self.serve(came);
        }
    }

    fn hop(&mut self, how: How, module: &Module, slice: u64) {
        let own = how.own_limits();
        let parked = self.store.park(self.guest).unwrap();
        let before: Vec<_> = self.calls.iter().map(|call| (call.fuel(), call.fuel_used())).collect();
        let Elsewhere { mut store, guest, calls } =
            unpark((&Limits::default(), own), module, &parked, number, slice);
        let after: Vec<_> = calls.iter().map(|call| (call.fuel(), call.fuel_used())).collect();
        assert_eq!(before, after);
        let guest = guest.unwrap();
        let again = store.park(guest).unwrap();
        assert_eq!(again.fuel(), parked.fuel());
        assert!(again.waiting().eq(parked.waiting()));
        self.calls = calls;
        self.store = store;
        self.guest = guest;
        self.hops += 1;
    }

    fn serve(&mut self, came: Came) {
        let Self { store, guest, calls, lines, .. } = self;
        let call = calls.last_mut().unwrap();
        let (fuel, used) = (call.fuel(), call.fuel_used());
        let memory = store.exported_memory(*guest, "memory").unwrap().unwrap();
        match came {
            Came::SliceOver => {}
            Came::OutOfFuel => {
                lines.push(format!("out of fuel, {fuel}, {used}"));
                call.add_fuel(3_000);
            }
            Came::HostCall(function, args) => {
                let name = FUNCTIONS[usize::try_from(function).unwrap()];
                lines.push(format!("{name} {args:?}, {fuel}, {used}"));
                let int = |at: usize| args[at].as_i32().unwrap();
                let answer = match name {
                    "ask" => Ok((int(0) * 3).into()),
                    "poke" => {
                        store.memory_write(memory, int(0).cast_unsigned(), &int(1).to_le_bytes()).unwrap();
                        // By the other door, too.
                        store.memory_data_mut(memory).unwrap()[60_000] ^= 1;
                        Ok(().into())
                    }
                    "nest" => {
                        let level = store.open_level(&call.waits_for().unwrap()).unwrap();
                        let mut inner = store.begin(*guest, "run", &[args[0]], 9).unwrap();
                        inner.enter(store).unwrap();
                        store.close_level(level);
                        calls.push(inner);
                        return;
                    }
                    "charge" => {
                        let level = store.open_level(&call.waits_for().unwrap()).unwrap();
                        let _paid = store.charge(args[0].as_i64().unwrap().cast_unsigned());
                        call.spend_to(store.close_level(level));
                        Ok(().into())
                    }
                    "grow" => Ok(store
                        .memory_grow(memory, int(0).cast_unsigned())
                        .map_or(-1, u32::cast_signed)
                        .into()),
                    _ if args[0].as_i64().unwrap() % 50 == 0 => Err(HostError::new()),
                    _ => {
                        store.set_global(*guest, "g", args[0]).unwrap();
                        Ok(().into())
                    }
                };
                call.answer(answer).unwrap();
            }
            Came::Ended(ended) => {
                lines.push(format!("{ended:?}, {fuel}, {used}"));
                calls.pop();
                if let Some(outer) = calls.last_mut() {
                    outer.spend_to(outer.fuel().saturating_sub(used));
                    outer.answer(Ok(ended.unwrap_or(Value::I32(-1)).into())).unwrap();
                }
            }
        }
    }

    fn note_state(&mut self) {
        let memory = self.store.exported_memory(self.guest, "memory").unwrap().unwrap();
        let bytes = bytes(&self.store, memory);
        let sum = bytes.iter().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add((*byte).into()));
        let g = self.store.global(self.guest, "g").unwrap();
        let stack = self.store.global(self.guest, "__stack_pointer").unwrap();
        self.lines.push(format!("{} bytes, {sum}, {g:?}, {stack:?}", bytes.len()));
    }
}

const WHOLE: How =
    How { seed: 1, one_of: None, slice: u64::MAX, fuel: 100_000, overlapping: false, framed: false };

#[test]
fn a_guest_that_hops_at_each_pause_does_the_same() {
    let (whole, none) = run(WHOLE);
    let (hopped, hops) = run(How { one_of: Some(1), ..WHOLE });
    assert_eq!(hopped, whole);
    assert!(whole.len() > 30, "{whole:#?}");
    assert!(none == 0 && hops > 30, "{hops}");
}

#[test]
fn a_guest_that_hops_in_the_middle_of_its_code_does_the_same() {
    for fuel in [100_000, 2_000] {
        let (whole, _) = run(How { fuel, ..WHOLE });
        for (seed, slice) in [(1, 997), (3, 120)] {
            let (hopped, hops) = run(How { seed, one_of: Some(6), slice, fuel, ..WHOLE });
            assert_eq!(hopped, whole, "slices of {slice}, {fuel}");
            assert!(hops > 10, "{hops}");
        }
    }
}

#[test]
fn a_guest_whose_calls_may_overlap_hops_too() {
    let how = How { overlapping: true, ..WHOLE };
    let (whole, _) = run(how);
    // Elsewhere they nest, as they do here.
    let (hopped, hops) = run(How { one_of: Some(3), slice: 500, ..how });
    assert_eq!(hopped, whole);
    assert!(hops > 5);
}

#[test]
fn what_was_recorded_plain_goes_on_with_frames() {
    let (whole, _) = run(WHOLE);
    let (hopped, hops) = run(How { one_of: Some(2), slice: 1_000, framed: true, ..WHOLE });
    assert_eq!(hopped, whole);
    assert!(hops > 10);
}
