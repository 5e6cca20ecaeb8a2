//! Programs that make a list of calls, one after the other, and what becomes of each.

use super::hash;
use guestbox::{
    Execution, InstanceId, Module, NoImports, Step, Store, Value, ValueType,
    wasi::{Errno, Function, MODULE, Served, Wait, Wasi},
};
use std::fmt::Write;

/// A program that makes calls with arguments that are known beforehand.
#[derive(Clone, Debug, Default)]
pub struct Script {
    data: Vec<(u32, Vec<u8>)>,
    calls: Vec<(Function, Vec<Value>)>,
    next: u32,
}

impl Script {
    /// One that does nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { next: 1_024, ..Self::default() }
    }

    /// Puts bytes into its memory, and gives their place and their length.
    pub fn data(&mut self, bytes: impl AsRef<[u8]>) -> [Value; 2] {
        let bytes = bytes.as_ref();
        let at = self.next;
        self.next = (at + bytes.len() as u32).next_multiple_of(16);
        self.data.push((at, bytes.to_vec()));
        [at.into(), (bytes.len() as u32).into()]
    }

    /// Puts a vector of one piece there.
    pub fn piece(&mut self, bytes: impl AsRef<[u8]>) -> [Value; 2] {
        let [Value::I32(at), Value::I32(len)] = self.data(bytes) else { panic!("two integers") };
        let [at, _] = self.data([at.to_le_bytes(), len.to_le_bytes()].concat());
        [at, 1_u32.into()]
    }

    /// Adds a call.
    pub fn call(&mut self, function: Function, args: &[Value]) {
        assert_eq!(function.signature().params().len(), args.len(), "{}", function.name());
        self.calls.push((function, args.to_vec()));
    }

    /// The program.
    #[must_use]
    pub fn module(&self) -> Module {
        let mut text = String::from("(module");
        for function in Function::ALL {
            let signature = function.signature();
            let types = |types: &[ValueType]| types.iter().map(|ty| ty.name()).collect::<Vec<_>>().join(" ");
            let (name, params, results) =
                (function.name(), types(signature.params()), types(signature.results()));
            write!(
                text,
                r#"(import "{MODULE}" "{name}" (func ${name} (param {params}) (result {results})))"#
            )
            .unwrap();
        }
        text += r#"(memory (export "memory") 4)"#;
        for (at, bytes) in &self.data {
            let bytes: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
            write!(text, r#"(data (i32.const {at}) "{bytes}")"#).unwrap();
        }
        text += r#"(func (export "_start")"#;
        for (function, args) in &self.calls {
            let args: String = args
                .iter()
                .map(|arg| match arg {
                    Value::I64(value) => format!("(i64.const {value})"),
                    Value::I32(value) => format!("(i32.const {value})"),
                    _ => panic!("an argument of no such type"),
                })
                .collect();
            let call = format!("(call ${}{args})", function.name());
            let has_result = !function.signature().results().is_empty();
            text += &if has_result { format!("(drop {call})") } else { call };
        }
        text += "))";
        Module::new(&wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"))).unwrap()
    }
}

/// Makes an instance of a program.
pub fn instantiate(store: &mut Store, module: &Module) -> InstanceId {
    store.instantiate(&mut NoImports, module, &Wasi::environment(), 0).unwrap()
}

/// Runs a program and writes down each call with what it came to, and in the end its output, its files and its fuel. Input comes
/// in these parts, where it is waited for.
pub fn trace(store: &mut Store, wasi: &mut Wasi, guest: InstanceId, mut input: &[&str]) -> String {
    let mut execution = store.begin(guest, "_start", &[], 0).unwrap();
    execution.set_fuel(1_000_000_000);
    let mut trace = String::new();
    let end = loop {
        match execution.run(store).unwrap() {
            Step::HostCall(call) => {
                let (name, args) = (call.import.name().to_owned(), words(call.args));
                let outer = store.open_level(&call).unwrap();
                let served = wasi.serve(store, &call).unwrap_or_else(|error| panic!("{name}: {error:?}"));
                execution.spend_to(store.close_level(outer));
                match served {
                    Served::Answer(values) => {
                        let errno = values.first().and_then(|value| value.as_i32()).unwrap();
                        writeln!(trace, "{name} {args} -> {}", Errno(errno.try_into().unwrap())).unwrap();
                        execution.answer(Ok(values)).unwrap();
                    }
                    Served::Exit(code) => break format!("exit {code}"),
                    Served::Wait(wait) => {
                        writeln!(trace, "{name} waits: {wait:?}").unwrap();
                        match wait {
                            Wait::Until { monotonic_ns, .. } => wasi.advance(monotonic_ns),
                            Wait::Stdin => match input.split_first() {
                                Some((first, rest)) => {
                                    wasi.feed(first.as_bytes());
                                    input = rest;
                                }
                                None => wasi.close_stdin(),
                            },
                            other => panic!("{other:?}"),
                        }
                    }
                    Served::NotWasi => panic!("{name} is not WASI's"),
                    _ => panic!("{name}: of no kind that is known"),
                }
            }
            Step::Finished(_) => break "returned".to_owned(),
            other => panic!("{other:?}"),
        }
    };
    let fuel = finish(store, &mut execution);
    while let Some((stream, bytes)) = wasi.take_output() {
        writeln!(trace, "{stream:?} {:?}", String::from_utf8_lossy(&bytes)).unwrap();
    }
    writeln!(trace, "files {:016x}", hash(wasi, "/")).unwrap();
    writeln!(trace, "{end}, fuel {fuel}").unwrap();
    trace
}

fn finish(store: &mut Store, execution: &mut Execution) -> u64 {
    if !execution.is_ended() {
        execution.cancel(store);
    }
    execution.fuel_used()
}

fn words(args: &[Value]) -> String {
    let word = |value: &Value| match value {
        Value::I32(value) => value.to_string(),
        Value::I64(value) => format!("{value}l"),
        _ => panic!("an argument of no such type"),
    };
    args.iter().map(word).collect::<Vec<_>>().join(" ")
}
