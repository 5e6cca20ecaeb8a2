//! Random programs give the same results however often they pause.
//!
//! A program calls four functions. In one module they are its own, in another they are imports;
//! the latter runs in small fuel slices besides. At each of these pauses the engine has values
//! in registers, in locals and on its stack, and has to find them again.

use super::{Environment, Step, Store, Value};
use guestbox::{FuncIndex, Values};
use guestbox_tests::{random::Random, text};

const SEEDS: u64 = 300;
const TYPES: [&str; 4] = ["i32", "i64", "f32", "f64"];

/// Writes programs. Each expression is one of those of its type, with others in it.
struct Writer {
    random: Random,
}

impl Writer {
    /// An expression of a type, as the text format has it.
    fn expression(&mut self, ty: &str, depth: u32) -> String {
        if depth == 0 {
            return match self.random.below(3) {
                0 => format!("({ty}.const {})", self.random.below(1_000)),
                1 => format!("(local.get ${ty})"),
                _ => format!("(global.get ${ty})"),
            };
        }
        let deeper = depth - 1;
        let binary: &[&str] = match ty {
            "i32" | "i64" => &["add", "sub", "mul", "and", "or", "xor", "shl", "rotr", "shr_s"],
            _ => &["add", "sub", "mul", "min", "copysign"],
        };
        let unary: &[&str] = match ty {
            "i32" => &["clz", "popcnt", "eqz", "extend8_s", "wrap_i64", "trunc_sat_f64_s", "reinterpret_f32"],
            "i64" => &["ctz", "extend16_s", "extend_i32_u", "trunc_sat_f32_u", "reinterpret_f64"],
            "f32" => &["neg", "abs", "floor", "demote_f64", "convert_i64_s", "reinterpret_i32"],
            _ => &["neg", "sqrt", "ceil", "promote_f32", "convert_i32_u", "reinterpret_i64"],
        };
        let inner = |writer: &mut Self, ty: &str| writer.expression(ty, deeper);
        match self.random.below(12) {
            0..=2 => format!("({ty}.{} {} {})", self.random.one(binary), inner(self, ty), inner(self, ty)),
            3 => {
                let op = self.random.one(unary);
                let of = TYPES.iter().find(|of| op.ends_with(*of) || op.contains(&format!("_{of}_")));
                format!("({ty}.{op} {})", inner(self, of.unwrap_or(&ty)))
            }
            4..=6 => format!("(call $host_{ty} {})", inner(self, ty)),
            7 => format!("(select {} {} {})", inner(self, ty), inner(self, ty), inner(self, "i32")),
            8 => {
                let (condition, then, other) = (inner(self, "i32"), inner(self, ty), inner(self, ty));
                format!("(if (result {ty}) {condition} (then {then}) (else {other}))")
            }
            9 => format!(
                "(block (result {ty}) (drop
              (br_if 0 {} {})) {})",
                inner(self, ty),
                inner(self, "i32"),
                inner(self, ty)
            ),
            10 => format!("(local.tee ${ty} {})", inner(self, ty)),
            _ => {
                let at = format!("(i32.and {} (i32.const 0xFFF8))", inner(self, "i32"));
                match self.random.below(2) {
                    0 => format!("({ty}.load {at})"),
                    _ => format!("(call $mix_{ty} {} {})", inner(self, ty), inner(self, ty)),
                }
            }
        }
    }

    fn statement(&mut self, depth: u32) -> String {
        let ty = self.random.one(&TYPES);
        let value = self.expression(ty, depth);
        match self.random.below(4) {
            0 => format!("(local.set ${ty} {value})"),
            1 => format!("(global.set ${ty} {value})"),
            2 => format!("({ty}.store (i32.and {} (i32.const 0xFFF8)) {value})", self.expression("i32", 2)),
            _ => format!("(if {} (then (local.set ${ty} {value})))", self.expression("i32", 1)),
        }
    }

    /// The functions of a program besides the four it calls.
    fn program(&mut self) -> String {
        let body: String = (0..6).map(|_| self.statement(4)).collect();
        let results: String = TYPES.iter().map(|ty| self.expression(ty, 3)).collect();
        let mix: String = TYPES
            .iter()
            .map(|ty| {
                let mixed = format!("({ty}.add (call $host_{ty} (local.get ${ty})) (local.get 1))");
                format!("(func $mix_{ty} (param ${ty} {ty}) (param {ty}) (result {ty}) {mixed})")
            })
            .collect();
        format!(
            r#"(memory (export "memory") 1) (global $i32 (mut i32) (i32.const 7)) (global $i64 (mut i64)
              (i64.const 9))
            (global $f32 (mut f32) (f32.const 1.5)) (global $f64 (mut f64) (f64.const 2.5)) {mix}
            (func (export "run") (param $i32 i32) (param $i64 i64) (param $f32 f32) (param $f64 f64)
              (result i32 i64 f32 f64) (local $turns i32)
              (loop $again {body}
                (br_if $again (i32.lt_u (local.tee $turns (i32.add (local.get $turns) (i32.const 1)))
                (i32.const 3))))
              {results})"#
        )
    }
}

/// The four functions as the guest's own.
const OWN: &str = "
    (func $host_i32 (param i32) (result i32) (i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.const 1)))
    (func $host_i64 (param i64) (result i64) (i64.xor (local.get 0) (i64.const 0x123456789abcdef)))
    (func $host_f32 (param f32) (result f32) (f32.neg (local.get 0)))
    (func $host_f64 (param f64) (result f64) (f64.neg (local.get 0)))";

/// The same by the supervisor.
fn answer(value: Value) -> Value {
    match value {
        Value::I32(value) => Value::I32(value.wrapping_mul(3).wrapping_add(1)),
        Value::I64(value) => Value::I64(value ^ 0x0123_4567_89AB_CDEF),
        Value::F32(bits) => Value::F32(bits ^ 0x8000_0000),
        Value::F64(bits) => Value::F64(bits ^ 0x8000_0000_0000_0000),
        other => other,
    }
}

/// Runs a program in fuel slices; its results, its memory, and how often it paused.
fn run(functions: &str, program: &str, slice: u64) -> (Values, Vec<u8>, u32) {
    let mut environment = Environment::new();
    for ty in TYPES {
        environment = environment.with_function("env", ty, FuncIndex(0));
    }
    let mut store = Store::new();
    let guest = text::guest(&mut store, &format!("(module {functions} {program})"), &environment);
    let args =
        [Value::I32(-5), Value::I64(1 << 40), Value::F32(0x3FC0_0000), Value::F64(0xC008_0000_0000_0000)];
    let mut execution = store.begin(guest, "run", &args, 0).unwrap();
    execution.set_fuel(slice);
    let mut pauses = 0;
    loop {
        match execution.run(&mut store).unwrap() {
            Step::Finished(results) => {
                let memory = store.exported_memory(guest, "memory").unwrap().unwrap();
                return (results, store.memory_data_mut(memory).unwrap().to_vec(), pauses);
            }
            Step::HostCall(call) => {
                let answer = answer(call.args[0]);
                execution.answer(Ok(answer.into())).unwrap();
            }
            Step::OutOfFuel { required, .. } => execution.set_fuel(required.max(slice)),
            other => panic!("{other:?}"),
        }
        pauses += 1;
    }
}

#[test]
fn random_programs_do_the_same_however_often_they_pause() {
    let imports: String = TYPES
        .iter()
        .map(|ty| format!(r#"(import "env" "{ty}" (func $host_{ty} (param {ty}) (result {ty})))"#))
        .collect();
    let (mut whole, mut paused) = (0, 0);
    for seed in 1..=SEEDS {
        let program = Writer { random: Random::new(seed) }.program();
        let expected = run(OWN, &program, u64::MAX);
        let found = run(&imports, &program, 1 + seed % 40);
        assert_eq!(expected.0, found.0, "seed {seed}: {program}");
        assert!(expected.1 == found.1, "seed {seed}, the memory: {program}");
        whole += expected.2;
        paused += found.2;
    }
    assert_eq!(whole, 0);
    assert!(u64::from(paused) > 20 * SEEDS, "{paused} pauses");
}
