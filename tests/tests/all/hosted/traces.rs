//! The programs of the recorded traces and the real guests do the same in Node's own WebAssembly.

use guestbox::{Compiled, ExternType, FuncType, Limits};
use guestbox_tests::{fuzz, guests::GUESTS, traces::Program};
use serde_json::{Value as Json, json};
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

/// Programs that are about what is not there yet, or is each engine's own: calls that go on with more fuel, the bytes of the
/// engine's stack, and relaxed operators, which each host does in its own way.
const OTHERS: &[&str] = &["refuelled", "deep-stack", "vectors-relaxed"];

/// A module that the runner of the real guests has besides: it exports the function `e` `f` that it imports, as `f`.
const PASSES_ON: &[u8] =
    b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x07\x01\x01e\x01f\0\0\x07\x05\x01\x01f\0\0";

#[test]
fn the_programs_of_the_recorded_traces_do_the_same() {
    let programs = Program::all();
    let programs = programs.iter().filter(|program| !OTHERS.contains(&program.name.as_str()));
    let modules: serde_json::Map<_, _> =
        programs.map(|program| (program.name.clone(), modules(program))).collect();
    let many = modules.len();
    assert_eq!(run(&json!({ "programs": modules, "guests": [] })), format!("{many} are the same\n"));
}

#[test]
fn the_real_guests_do_the_same() {
    let modules = GUESTS.iter().map(|guest| guest.load().unwrap()).chain([PASSES_ON.to_vec()]);
    let modules = modules.map(|bytes| {
        let mut module = rewritten(&Limits::default(), &bytes);
        module["original"] = json!(fuzz::hex(&bytes));
        module
    });
    let input = json!({ "programs": {}, "guests": modules.collect::<Vec<_>>() });
    assert_eq!(run(&input), format!("{} are the same\n", GUESTS.len()));
}

/// Runs what was rewritten: what is printed.
fn run(input: &Json) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("compiled/traces.mjs");
    let mut node = Command::new(fuzz::nodes().last().unwrap())
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    node.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// What the core makes of a program's modules.
fn modules(program: &Program) -> Json {
    let modules = program.modules.iter();
    Json::Object(modules.map(|(name, bytes)| (name.clone(), rewritten(&program.limits, bytes))).collect())
}

/// What the core makes of a module, and what is listed of it.
fn rewritten(limits: &Limits, bytes: &[u8]) -> Json {
    let compiled = Compiled::new(limits, bytes).unwrap();
    let imports = compiled.imports().iter().map(|import| {
        let mut json = of(import.ty());
        json["module"] = json!(import.module());
        json["name"] = json!(import.name());
        json
    });
    let exports = compiled.exports().iter().map(|export| {
        let mut json = of(export.ty());
        json["name"] = json!(export.name());
        json
    });
    json!({
        "bytes": fuzz::hex(compiled.bytes()),
        "facts": fuzz::facts(&compiled),
        "imports": imports.collect::<Vec<_>>(),
        "exports": exports.collect::<Vec<_>>(),
    })
}

/// What is listed of a type.
fn of(ty: &ExternType) -> Json {
    match ty {
        ExternType::Func(ty) => function(ty),
        ExternType::Global(ty) => json!({ "kind": "global", "type": ty.value.name(), "mutable": ty.mutable }),
        ExternType::Memory(_) => json!({ "kind": "memory" }),
        _ => json!({ "kind": "table" }),
    }
}

fn function(ty: &FuncType) -> Json {
    let names = |types: &[guestbox::ValueType]| types.iter().map(|ty| ty.name()).collect::<Vec<_>>();
    json!({ "kind": "function", "params": names(ty.params()), "results": names(ty.results()) })
}
