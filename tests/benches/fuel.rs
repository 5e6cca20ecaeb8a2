//! What a unit of fuel is worth in time, by class of operator, and what one that a crossing costs is.
//!
//! Each row runs a loop of one operator, many times over, and divides the time by the fuel that
//! the store counted. The weights of `guestbox::costs` are chosen by it: no class should take much
//! longer for a unit than straight code does. `fuel.mjs` has the crossings in Node.

mod guests;

use guestbox::{
    CallOptions, Environment, FuncIndex, HostCall, HostError, InstanceId, Limits, Module, NoImports, Store,
    Value, Values,
};
use guestbox_tests::guests::Interpreter;
use guests::GUESTS;
use std::time::Instant;

/// How often an operator stands in the loop.
const UNROLLED: usize = 50;
/// The shortest run that is worth measuring: short, so that some are not interrupted.
const ENOUGH_SECONDS: f64 = 0.002;
const ROUNDS: usize = 50;

/// Class, and a text that leaves the operand stack as it found it.
const OPERATORS: &[(&str, &str)] = &[
    ("local.get, local.set", "(local.set $b (local.get $a))"),
    ("i32.const", "(local.set $b (i32.const 77777))"),
    ("i32.add", "(local.set $a (i32.add (local.get $a) (local.get $b)))"),
    ("i32.rotl", "(local.set $a (i32.rotl (local.get $a) (local.get $b)))"),
    ("i32.clz", "(local.set $a (i32.clz (local.get $a)))"),
    ("i32.popcnt", "(local.set $a (i32.popcnt (local.get $a)))"),
    ("i32.mul", "(local.set $a (i32.mul (local.get $a) (local.get $b)))"),
    ("i32.div_u", "(local.set $a (i32.div_u (local.get $a) (local.get $b)))"),
    ("i32.rem_s", "(local.set $a (i32.rem_s (local.get $a) (local.get $b)))"),
    ("i64.add", "(local.set $x (i64.add (local.get $x) (local.get $y)))"),
    ("i64.div_u", "(local.set $x (i64.div_u (i64.const -1) (local.get $y)))"),
    ("i64.rem_s", "(local.set $x (i64.rem_s (i64.const 0x7FFFFFFFFFFFFFF1) (local.get $y)))"),
    ("i32.wrap, i64.extend", "(local.set $x (i64.extend_i32_s (i32.wrap_i64 (local.get $x))))"),
    ("f64.add", "(local.set $f (f64.add (local.get $f) (local.get $g)))"),
    ("f64.div", "(local.set $f (f64.div (local.get $f) (local.get $g)))"),
    ("f64.mul of denormals", "(local.set $f (f64.mul (local.get $g) (f64.const 0x0.8p-1022)))"),
    ("f64.add of denormals", "(local.set $f (f64.add (local.get $f) (f64.const 0x0.00008p-1022)))"),
    ("f32.mul of denormals", "(local.set $s (f32.mul (local.get $t) (f32.const 0x0.8p-126)))"),
    ("f32.demote of denormals", "(local.set $s (f32.demote_f64 (f64.const 0x1p-140)))"),
    ("f64.sqrt", "(local.set $f (f64.sqrt (local.get $f)))"),
    ("f64.nearest", "(local.set $f (f64.nearest (local.get $f)))"),
    ("f64.min", "(local.set $f (f64.min (local.get $f) (local.get $g)))"),
    ("f64.copysign", "(local.set $f (f64.copysign (local.get $f) (local.get $g)))"),
    ("f32.div", "(local.set $s (f32.div (local.get $s) (local.get $t)))"),
    ("f32.sqrt", "(local.set $s (f32.sqrt (local.get $s)))"),
    ("f64.convert_i64_u", "(local.set $f (f64.convert_i64_u (local.get $x)))"),
    ("i64.trunc_f64_u", "(local.set $x (i64.trunc_f64_u (local.get $g)))"),
    ("i64.trunc_sat_f64_u", "(local.set $x (i64.trunc_sat_f64_u (local.get $f)))"),
    ("i32.load", "(local.set $a (i32.load (i32.const 64)))"),
    ("i64.load8_s", "(local.set $x (i64.load8_s (i32.const 64)))"),
    ("i32.store", "(i32.store (i32.const 64) (local.get $b))"),
    ("i32.store16 far", "(i32.store16 offset=66000 (local.get $zero) (local.get $b))"),
    ("global.get", "(local.set $a (global.get $global))"),
    ("global.set", "(global.set $global (local.get $b))"),
    ("select", "(local.set $a (select (local.get $a) (local.get $b) (local.get $zero)))"),
    ("br_if not taken", "(block (br_if 0 (local.get $zero)))"),
    ("br_if taken", "(block (br_if 0 (local.get $b)))"),
    ("br", "(block (br 0))"),
    ("br_table", "(block (block (block (br_table 0 1 2 0 (local.get $zero)))))"),
    ("if", "(if (local.get $b) (then (local.set $a (local.get $b))))"),
    (
        "if else",
        "(if (local.get $zero) (then (local.set $a (local.get $b))) (else (local.set $a (local.get $zero))))",
    ),
    ("nop", "(nop)"),
    (
        "block with 32 results",
        "(call $drop32 (block (result i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (call $give32) (br_if 0 (local.get $b))))",
    ),
    ("block", "(drop (block (result i32) (br_if 0 (local.get $a) (local.get $b))))"),
    (
        "block with a parameter",
        "(drop (local.get $a) (block (param i32) (result i32) (br_if 0 (local.get $b))))",
    ),
    (
        "block with 4 parameters",
        "(call $drop4 (local.get $a) (local.get $a) (local.get $a) (local.get $a)
            (block (param i32 i32 i32 i32) (result i32 i32 i32 i32) (br_if 0 (local.get $b))))",
    ),
    (
        "if with a parameter",
        "(drop (local.get $a) (if (param i32) (result i32) (local.get $b) (then (nop)) (else (nop))))",
    ),
    (
        "br_table, 2 values",
        "(block (result i32 i32) (block (result i32 i32) (local.get $a) (local.get $b)
            (br_table 0 1 0 (local.get $zero)))) (drop) (drop)",
    ),
    ("call of nothing", "(call $nothing)"),
    ("call, 2 params", "(local.set $a (call $two (local.get $a) (local.get $b)))"),
    ("call, 250 locals", "(call $wide250)"),
    ("call, 1,000 locals", "(call $wide1000)"),
    ("call, 20,000 locals", "(call $wide20000)"),
    ("call_indirect", "(call_indirect (type $void) (local.get $zero))"),
    ("return_call", "(call $tail)"),
    ("memory.size", "(local.set $a (memory.size))"),
    ("memory.grow by 0", "(drop (memory.grow (local.get $zero)))"),
    ("memory.grow refused", "(drop (memory.grow (i32.const 60000)))"),
    ("memory.fill of 0", "(memory.fill (local.get $zero) (local.get $zero) (local.get $zero))"),
    ("memory.fill of 63", "(memory.fill (local.get $zero) (local.get $zero) (i32.const 63))"),
    ("memory.fill of 64 KiB", "(memory.fill (local.get $zero) (local.get $zero) (i32.const 65536))"),
    ("memory.copy of 0", "(memory.copy (local.get $zero) (local.get $zero) (local.get $zero))"),
    ("memory.copy of 63", "(memory.copy (local.get $b) (local.get $zero) (i32.const 63))"),
    ("memory.copy of 1 MiB", "(memory.copy (local.get $zero) (i32.const 1048576) (i32.const 1048576))"),
    ("memory.init of 63", "(memory.init $data (local.get $zero) (local.get $zero) (i32.const 63))"),
    ("data.drop", "(data.drop $dropped)"),
    ("table.size", "(local.set $a (table.size $table))"),
    ("table.get, table.set", "(table.set $table (local.get $b) (table.get $table (local.get $b)))"),
    ("table.grow by 0", "(drop (table.grow $table (ref.null func) (local.get $zero)))"),
    ("table.grow refused", "(drop (table.grow $table (ref.null func) (i32.const 60000)))"),
    ("table.fill of 0", "(table.fill $table (local.get $zero) (ref.null func) (local.get $zero))"),
    ("table.fill of 1,000", "(table.fill $table (i32.const 10) (ref.null func) (i32.const 1000))"),
    ("table.copy of 0", "(table.copy $table $table (local.get $zero) (local.get $zero) (local.get $zero))"),
    ("table.copy of 1,000", "(table.copy $table $table (i32.const 10) (i32.const 11) (i32.const 1000))"),
    ("table.init of 7", "(table.init $table $elem (i32.const 10) (i32.const 0) (i32.const 7))"),
    ("elem.drop", "(elem.drop $dropped_elem)"),
    ("ref.func", "(drop (ref.func $nothing))"),
    ("ref.is_null", "(local.set $a (ref.is_null (ref.func $nothing)))"),
];

/// The module around an operator.
fn module(operator: &str) -> String {
    let locals = |n: usize| format!("(local{})", " i32".repeat(n));
    let thirty_two = " i32".repeat(32);
    let body = operator.repeat(UNROLLED);
    format!(
        r#"(module
        (memory 40) (table $table 4000 funcref) (global $global (mut i32) (i32.const 0))
        (type $void (func))
        (data $data "{data}") (data $dropped "x")
        (elem $elem func $nothing $nothing $nothing $nothing $nothing $nothing $nothing)
        (elem $dropped_elem func $nothing)
        (elem (i32.const 0) $nothing)
        (func $nothing)
        (func $two (param i32 i32) (result i32) (local.get 0))
        (func $tail (return_call $nothing))
        (func $wide250 {w250})
        (func $wide1000 {w1000})
        (func $wide20000 {w20000})
        (func $drop4 (param i32 i32 i32 i32))
        (func $give32 (result{thirty_two}) {consts})
        (func $drop32 (param{thirty_two}))
        (func (export "run") (param $n i32)
          (local $a i32) (local $b i32) (local $zero i32) (local $x i64) (local $y i64)
          (local $f f64) (local $g f64) (local $s f32) (local $t f32)
          (local.set $a (i32.const 1000001)) (local.set $b (i32.const 3))
          (local.set $x (i64.const 1000001)) (local.set $y (i64.const 3))
          (local.set $f (f64.const 1.25)) (local.set $g (f64.const 1.5))
          (local.set $s (f32.const 1.25)) (local.set $t (f32.const 1.5))
          (loop $again
            {body}
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#,
        data = "0123456789abcdef".repeat(4),
        w250 = locals(250),
        w1000 = locals(1_000),
        w20000 = locals(20_000),
        consts = "(i32.const 1)".repeat(32),
    )
}

struct Cost {
    nanoseconds: f64,
    fuel: f64,
}

impl Cost {
    fn of_unit(&self) -> f64 {
        self.nanoseconds / self.fuel
    }

    /// What is more than another.
    fn beyond(&self, other: &Self) -> Self {
        Self { nanoseconds: self.nanoseconds - other.nanoseconds, fuel: self.fuel - other.fuel }
    }
}

fn main() {
    let chosen = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    let is_chosen = |what: &str| chosen.as_ref().is_none_or(|chosen| what.contains(chosen));
    if is_chosen("crossings") {
        crossings();
    }
    if is_chosen("guests") {
        guests();
    }
    println!("{:28} {:>10} {:>10} {:>12}", "operator", "ns each", "fuel each", "ns a unit");
    for (class, operator) in OPERATORS {
        if !is_chosen(class) {
            continue;
        }
        let cost = measure(operator);
        let Cost { nanoseconds, fuel } = cost;
        println!("{class:28} {nanoseconds:>10.2} {fuel:>10.2} {:>12.2}", cost.of_unit());
    }
}

/// Crossings between guest and supervisor, against plain code in the same run.
fn crossings() {
    let wasm = wat::parse_str(include_str!("guests/crossings.wat")).expect("the text is right");
    let module = Module::new(&wasm).expect("it compiles");
    let environment = Environment::new().with_function("env", "host", FuncIndex(0)).with_function(
        "env",
        "nest",
        FuncIndex(1),
    );
    let mut store = Store::with_limits(Limits::unlimited());
    let guest = store.instantiate(&mut NoImports, &module, &environment, 0).expect("it links");
    let mut supervisor = |store: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
        if call.func == FuncIndex(1) {
            store.invoke(&mut NoImports, guest, "nothing", &[], 0)?;
        }
        Ok(().into())
    };
    let mut each = |export: &str| {
        repeat(|turns| {
            let before = Instant::now();
            let args = [Value::I32(turns)];
            let outcome = store.invoke_with(&mut supervisor, guest, export, &args, CallOptions::new());
            (before.elapsed().as_secs_f64(), outcome.expect("it returns").fuel_used)
        })
    };
    let (plain, host, nesting) = (each("plain"), each("host"), each("nest"));
    let exported = repeat(|turns| {
        let before = Instant::now();
        let mut fuel = 0;
        for _ in 0..turns {
            let outcome = store.invoke_with(&mut NoImports, guest, "nothing", &[], CallOptions::new());
            fuel += outcome.expect("it returns").fuel_used;
        }
        (before.elapsed().as_secs_f64(), fuel)
    });
    println!(
        "{:28} {:>10} {:>10} {:>12} {:>10}",
        "crossing", "ns each", "fuel each", "ns a unit", "to plain"
    );
    let nested = nesting.beyond(&host);
    for (name, cost) in
        [("plain code", &plain), ("host call", &host), ("export call", &exported), ("nested call", &nested)]
    {
        let Cost { nanoseconds, fuel } = cost;
        let unit = cost.of_unit();
        println!("{name:28} {nanoseconds:>10.2} {fuel:>10.2} {unit:>12.2} {:>10.2}", unit / plain.of_unit());
    }
    println!();
}

/// A program for QuickJS.
const PROGRAM: &str =
    "(() => { let sum = 0; for (let i = 0; i < 10000; i++) sum = (sum * 31 + i) % 1000003; return sum; })()";

/// What a unit is worth where real code runs, and how long the fuel lasts that a call has by default.
fn guests() {
    println!("{:28} {:>10} {:>10} {:>12} {:>16}", "guest", "ms", "M units", "ns a unit", "default fuel, ms");
    for (name, text, argument) in GUESTS {
        let wasm = wat::parse_str(text).expect("the text is right");
        let module = Module::new(&wasm).expect("it compiles");
        let mut store = Store::with_limits(Limits::unlimited());
        let guest = store.instantiate(&mut NoImports, &module, &Environment::new(), 0).expect("it links");
        let cost = repeat(|turns| {
            let runs = (0..turns).map(|_| run(&mut store, guest, *argument));
            runs.fold((0.0, 0), |sum, run| (sum.0 + run.0, sum.1 + run.1))
        });
        show_guest(name, &cost);
    }
    let Ok(module) = Interpreter::compile() else {
        return println!("QuickJS is not installed: make setup-guests");
    };
    let mut interpreter = Interpreter::new(&module).expect("it starts");
    let cost = repeat(|turns| {
        let (before, used) = (Instant::now(), interpreter.fuel_used());
        for _ in 0..turns {
            interpreter.evaluate(PROGRAM).expect("it returns");
        }
        (before.elapsed().as_secs_f64(), interpreter.fuel_used() - used)
    });
    show_guest("QuickJS, 10,000 turns", &cost);
    println!();
}

fn show_guest(name: &str, cost: &Cost) {
    let (milliseconds, units, unit) = (cost.nanoseconds / 1e6, cost.fuel / 1e6, cost.of_unit());
    let default = Limits::default().fuel as f64 * unit / 1e6;
    println!("{name:28} {milliseconds:>10.2} {units:>10.2} {unit:>12.2} {default:>16.1}");
}

/// The time and the fuel of one of so many turns as take long enough, the best of some rounds.
fn repeat(mut run: impl FnMut(i32) -> (f64, u64)) -> Cost {
    let mut turns = 1;
    loop {
        let (seconds, fuel) = run(turns);
        if seconds >= ENOUGH_SECONDS {
            let best = (1..ROUNDS).map(|_| run(turns).0).fold(seconds, f64::min);
            let turns = f64::from(turns);
            return Cost { nanoseconds: best * 1e9 / turns, fuel: fuel as f64 / turns };
        }
        turns *= 2;
    }
}

fn measure(operator: &str) -> Cost {
    let wasm = wat::parse_str(module(operator)).expect("the text is right");
    let mut limits = Limits::unlimited();
    limits.memory_pages = 41;
    limits.table_elements = 4_001;
    let module = Module::with_limits(&limits, &wasm).expect("it compiles");
    let mut store = Store::with_limits(limits);
    let guest = store.instantiate(&mut NoImports, &module, &Environment::new(), 0).expect("it links");
    let Cost { nanoseconds, fuel } = repeat(|turns| run(&mut store, guest, turns));
    let operators = UNROLLED as f64;
    Cost { nanoseconds: nanoseconds / operators, fuel: fuel / operators }
}

fn run(store: &mut Store, guest: InstanceId, turns: i32) -> (f64, u64) {
    let before = Instant::now();
    let outcome = store
        .invoke_with(&mut NoImports, guest, "run", &[Value::I32(turns)], CallOptions::new())
        .expect("it returns");
    (before.elapsed().as_secs_f64(), outcome.fuel_used)
}
