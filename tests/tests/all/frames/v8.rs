//! Frames and offsets are those that V8 has for the same module: function indices, and offsets of
//! the call of each frame and of what trapped.

use super::{guest, trap};
use guestbox::{HostCall, HostError, Store};
use guestbox_tests::text;
use std::{
    io::Write,
    process::{Command, Stdio},
};

/// Runs `run` of each program in Node and prints a line of its frames, `index:offset` each.
const SCRIPT: &str = r#"
  Error.stackTraceLimit = 1000;
  const host = () => { throw new Error("host"); };
  for (const program of require("fs").readFileSync(0, "utf8").trim().split("\n")) {
    const [hex, ...args] = program.split(" ");
    const module = new WebAssembly.Module(Buffer.from(hex, "hex"));
    const { exports } = new WebAssembly.Instance(module, { env: { host } });
    try {
      exports.run(...args.map(Number));
      console.log("no trap");
    } catch ({ stack }) {
      const frames = stack.matchAll(/wasm-function\[(\d+)\]:0x([0-9a-f]+)/g);
      console.log(Array.from(frames, ([, index, offset]) => `${index}:${offset}`).join(" "));
    }
  }
"#;

/// A program, and the argument of its `run`.
type Program = (String, i32);

fn frames_in_v8(programs: &[Program]) -> Vec<String> {
    let lines = programs.iter().map(|(text, argument)| {
        let hex: String = text::bytes(text).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{hex} {argument}")
    });
    node(SCRIPT, lines)
}

/// The lines that a script prints in Node, which is given lines.
pub(super) fn node(script: &str, lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut node = Command::new("node")
        .args(["-e", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("`node`: {error}; install Node.js 20 or later, and put it in the PATH")
        });
    let mut input = node.stdin.take().unwrap();
    lines.for_each(|line| writeln!(input, "{line}").unwrap());
    drop(input);
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn compare(programs: &[Program]) {
    let frames = frames_in_v8(programs);
    assert_eq!(frames.len(), programs.len());
    for ((text, argument), expected) in programs.iter().zip(&frames) {
        assert_eq!(&frames_here(text, &[*argument]), expected, "run({argument}) of {text}");
    }
}

fn frames_here(text: &str, args: &[i32]) -> String {
    let mut store = Store::new();
    let guest = guest(&mut store, text);
    let mut fails = |_: &mut Store, _: HostCall<'_>| Err(HostError::new());
    let trap = trap(&mut store, &mut fails, guest, args);
    let frames = trap.frames().iter().map(|frame| format!("{}:{:x}", frame.function_index, frame.offset));
    frames.collect::<Vec<_>>().join(" ")
}

/// What traps, with a parameter of 0 and a memory of a page and a table of four elements.
const TRAPPING: &[&str] = &[
    "unreachable",
    "(call $host)",
    "(drop (i32.div_s (i32.const 1) (local.get 0)))",
    "(drop (i32.div_u (i32.const 1) (local.get 0)))",
    "(drop (i32.rem_s (i32.const 1) (local.get 0)))",
    "(drop (i32.rem_u (i32.const 1) (local.get 0)))",
    "(drop (i32.div_s (i32.const 0x80000000) (i32.sub (local.get 0) (i32.const 1))))",
    "(drop (i64.div_s (i64.const 1) (i64.extend_i32_s (local.get 0))))",
    "(drop (i64.div_u (i64.const 1) (i64.extend_i32_s (local.get 0))))",
    "(drop (i64.rem_s (i64.const 1) (i64.extend_i32_s (local.get 0))))",
    "(drop (i64.rem_u (i64.const 1) (i64.extend_i32_s (local.get 0))))",
    "(drop (i32.trunc_f32_s (f32.const nan)))",
    "(drop (i32.trunc_f32_u (f32.const -1)))",
    "(drop (i32.trunc_f64_s (f64.const 1e10)))",
    "(drop (i32.trunc_f64_u (f64.const inf)))",
    "(drop (i64.trunc_f32_s (f32.const nan)))",
    "(drop (i64.trunc_f32_u (f32.const -1)))",
    "(drop (i64.trunc_f64_s (f64.const 1e30)))",
    "(drop (i64.trunc_f64_u (f64.const inf)))",
    "(drop (i32.load offset=65533 (local.get 0)))",
    "(drop (i32.load8_s offset=65536 (local.get 0)))",
    "(drop (i32.load8_u offset=65536 (local.get 0)))",
    "(drop (i32.load16_s offset=65535 (local.get 0)))",
    "(drop (i32.load16_u offset=65535 (local.get 0)))",
    "(drop (i64.load offset=65529 (local.get 0)))",
    "(drop (i64.load8_s offset=65536 (local.get 0)))",
    "(drop (i64.load8_u offset=65536 (local.get 0)))",
    "(drop (i64.load16_s offset=65536 (local.get 0)))",
    "(drop (i64.load16_u offset=65536 (local.get 0)))",
    "(drop (i64.load32_s offset=65536 (local.get 0)))",
    "(drop (i64.load32_u offset=65536 (local.get 0)))",
    "(drop (f32.load offset=65536 (local.get 0)))",
    "(drop (f64.load offset=65536 (local.get 0)))",
    "(i32.store offset=65536 (local.tee 0 (i32.const 4)) (local.get 0))",
    "(i32.store8 offset=65536 (local.get 0) (local.get 0))",
    "(i32.store16 offset=65536 (local.get 0) (i32.const 1))",
    "(i64.store offset=65536 (local.get 0) (i64.const 1))",
    "(i64.store8 offset=65536 (local.get 0) (i64.const 1))",
    "(i64.store16 offset=65536 (local.get 0) (i64.const 1))",
    "(i64.store32 offset=65536 (local.get 0) (i64.const 1))",
    "(f32.store offset=65536 (local.get 0) (f32.const 1))",
    "(f64.store offset=65536 (local.get 0) (f64.const 1))",
    "(memory.copy (i32.const 65535) (i32.const 0) (i32.const 9))",
    "(memory.fill (i32.const 65535) (i32.const 0) (i32.const 9))",
    "(memory.init $data (i32.const 0) (i32.const 3) (i32.const 9))",
    "(table.copy (i32.const 3) (i32.const 0) (i32.const 2))",
    "(table.fill (i32.const 3) (ref.null func) (i32.const 2))",
    "(drop (table.get (i32.const 4)))",
    "(table.set (i32.const 4) (ref.null func))",
    "(table.init $elem (i32.const 0) (i32.const 1) (i32.const 2))",
    "(call_indirect (i32.const 0))",
    "(call_indirect (i32.const 1))",
    "(call_indirect (i32.const 4))",
    "(loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 9))) unreachable)",
    "(drop (select (i32.const 1) (i32.load offset=65536 (local.get 0)) (i32.eqz (local.get 0))))",
    "(call $well) (call $well) (drop (i32.load offset=65536 (local.get 0)))",
    "(if (i32.eqz (local.get 0)) (then (call $fails (i32.const 2))))",
    "(call_indirect (param i32) (i32.const 3) (i32.const 3))",
];

#[test]
fn offsets_are_those_of_v8() {
    let program = |trapping: &&str| {
        let text = format!(
            r#"(module (import "env" "host" (func $host)) (memory 1) (table 4 funcref)
              (data $data "four") (elem $elem func $well) (elem (i32.const 1) $other $well $fails)
              (func $well (drop (i32.load (i32.const 9))) (drop (memory.grow (i32.const 0))))
              (func $other (result f64) (f64.const 0))
              (func $fails (param i32) (local i64 f32)
                (if (local.get 0) (then (call $fails (i32.sub (local.get 0) (i32.const 1))))) unreachable)
              (func $inner (param i32) (local f64) (local i32 i32) (call $well) {trapping})
              (func $middle (param i32) (block (call $inner (local.get 0)) (call $well)))
              (func (export "run") (param i32) (local i64) (call $well) (call $middle (local.get 0)) (call $well)))"#
        );
        (text, 0)
    };
    compare(&TRAPPING.iter().map(program).collect::<Vec<_>>());
}

#[test]
fn tail_calls_are_those_of_v8() {
    let mut programs = Vec::new();
    for tail in [
        "(return_call $down (local.get 0))",
        "(return_call_indirect (param i32) (local.get 0) (i32.const 1))",
    ] {
        let text = format!(
            r#"(module (table 3 funcref) (elem (i32.const 1) $down) (memory 1)
              (func $down (param i32)
                (if (local.get 0) (then (return_call $down (i32.sub (local.get 0) (i32.const 1))))) unreachable)
              (func $tail (param i32) (if (i32.load (local.get 0)) (then (nop))) {tail})
              (func $run (export "run") (param i32) (call $tail (local.get 0)) (nop)))"#
        );
        programs.extend([0, 1, 9].map(|depth| (text.clone(), depth)));
    }
    compare(&programs);
}
