//! The same cases in V8: they are given to a Node process with what they came to here, a line of
//! JSON each, and it answers with a line for each that differs and with its counts at the end.

use super::{
    case::{Call, Case},
    ground::Ground,
    host::class,
    record::{End, Entry},
    tally::Tally,
};
use guestbox::{ExternType, Value};
use serde_json::{Value as Json, json};
use std::{
    fmt::Write as _,
    io::{BufWriter, Read, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::Mutex,
    thread::JoinHandle,
};

/// Where the script is.
pub(super) const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/fuzz/v8.mjs");

/// A Node process that compares.
pub(super) struct Node {
    name: String,
    process: Child,
    input: Mutex<BufWriter<ChildStdin>>,
    output: JoinHandle<String>,
}

impl Node {
    pub(super) fn start(name: &str, script: &Path) -> Self {
        let mut process = Command::new(name)
            // Guests may be 10,000 frames deep.
            .arg("--stack-size=7000")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("`{name}`: {error}; install Node.js, or `make setup-js`"));
        let input = Mutex::new(BufWriter::new(process.stdin.take().unwrap()));
        let mut output = process.stdout.take().unwrap();
        let output = std::thread::spawn(move || {
            let mut text = String::new();
            output.read_to_string(&mut text).unwrap();
            text
        });
        Self { name: name.to_owned(), process, input, output }
    }

    /// Hands a line over.
    pub(super) fn send(&self, line: &str) {
        let mut input = self.input.lock().unwrap();
        // If it is gone, that is found out at the end.
        let _gone = writeln!(input, "{line}");
    }

    /// Waits for it; the lines of cases that differ.
    pub(super) fn finish(mut self, tally: &mut Tally) -> Vec<(String, String)> {
        drop(self.input);
        let output = self.output.join().unwrap();
        assert!(self.process.wait().unwrap().success(), "{}:\n{output}", self.name);
        let mut different = Vec::new();
        for line in output.lines() {
            let line: Json = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            if let Some(name) = line["case"].as_str() {
                different.push((name.to_owned(), line["text"].as_str().unwrap_or_default().to_owned()));
                continue;
            }
            let version = line["version"].as_str().unwrap();
            for group in ["compared", "skipped"] {
                for (name, count) in line[group].as_object().unwrap() {
                    tally.add(group, &format!("{version}{name}"), count.as_u64().unwrap());
                }
            }
        }
        different
    }
}

/// The line for a case; `None` where there is nothing that another engine could compare.
pub(super) fn line(case: &Case, ground: &Ground, plain: &[Entry]) -> Option<String> {
    let comparable = plain.iter().take_while(|entry| !entry.is_bounded());
    let entries: Vec<_> = comparable.map(|entry| json_of(&entry.abroad())).collect();
    if case.has_open_nans || entries.is_empty() {
        return None;
    }
    let plan = &ground.plan;
    let call = |call| call_json(ground, call);
    let line = json!({
        "case": case.name,
        "bytes": hex(&case.bytes),
        "imports": imports_json(ground),
        "back": plan.back.as_ref().map(call),
        "calls": plan.calls.iter().map(call).collect::<Vec<_>>(),
        "memories": plan.memories,
        "globals": ground.globals_json(),
        "entries": entries,
    });
    Some(line.to_string())
}

/// The imports of a case.
pub(super) fn imports_json(ground: &Ground) -> Json {
    let imports = ground.module.imports().iter().map(|import| {
        let ty = match import.ty() {
            ExternType::Memory(ty) => json!({ "initial": ty.initial, "maximum": ty.maximum }),
            ty => {
                let ty = ty.as_func().unwrap();
                let names =
                    |types: &[guestbox::ValueType]| types.iter().map(|ty| ty.name()).collect::<Vec<_>>();
                json!({ "params": names(ty.params()), "results": names(ty.results()) })
            }
        };
        json!({ "module": import.module(), "name": import.name(), "type": ty })
    });
    imports.collect()
}

/// A call of a case.
pub(super) fn call_json(ground: &Ground, call: &Call) -> Json {
    let ty = ground.module.export(&call.export).unwrap().ty();
    let results = ty.as_func().unwrap().results().iter().map(|ty| ty.name()).collect::<Vec<_>>();
    json!({ "export": call.export, "args": values(&call.args), "results": results })
}

/// Bytes as text.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    bytes.iter().for_each(|byte| write!(text, "{byte:02x}").unwrap());
    text
}

impl Ground {
    /// The exported globals of a case, with their types.
    pub(super) fn globals_json(&self) -> Json {
        let global = |name: &String| match self.module.export(name).unwrap().ty() {
            ExternType::Global(ty) => json!([name, ty.value.name()]),
            _ => unreachable!("a plan has globals only"),
        };
        self.plan.globals.iter().map(global).collect()
    }
}

/// Values as their types and bits.
pub(super) fn values(values: &[Value]) -> Vec<String> {
    let text = |value: &Value| match *value {
        Value::I32(value) => format!("i32 {}", value.cast_unsigned()),
        Value::I64(value) => format!("i64 {}", value.cast_unsigned()),
        Value::F32(bits) => format!("f32 {bits}"),
        Value::F64(bits) => format!("f64 {bits}"),
        other => panic!("not a number: {other:?}"),
    };
    values.iter().map(text).collect()
}

fn json_of(entry: &Entry) -> Json {
    let end = match &entry.end {
        End::Finished(results) => json!(values(results)),
        End::Trapped(code) => json!(class(*code)),
        End::NoInstance(code) => json!(code),
    };
    let state = &entry.state;
    json!({
        "end": end,
        "calls": entry.calls,
        "trace": entry.trace,
        "memories": state.memories,
        "globals": values(&state.globals),
    })
}
