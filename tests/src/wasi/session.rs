//! Sessions: scripts of calls that `tests/wasi/sessions` has as data, and their traces. `tests/wasi/README.md` defines both.

use super::{fnv, tree};
use guestbox::{
    CallOptions, InstanceId, InvokeError, Limits, Module, NoImports, Store, Value, ValueType,
    wasi::{
        Clocks, Ended, Errno, Function, Mount, Random, Request, Stream, Tree, Wasi, WasiHost, WasiLimits,
        WasiOptions,
    },
};
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use std::{collections::VecDeque, fmt::Write, fs, path::Path};

/// Fuel of a call that is given none.
const FUEL: u64 = 1_000_000;
/// Where what a call is told and what it gives is put.
const PLACES: u32 = 1_024;
const MEMORY_BYTES: usize = 2 * 65_536;

/// A session.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Its name: that of the file.
    #[serde(skip)]
    pub name: String,
    /// What it is about.
    pub about: String,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: Vec<(String, String)>,
    #[serde(default)]
    mounts: Vec<MountSpec>,
    /// Pieces of standard input, each read when it is waited for; without them it is at its end.
    stdin: Option<Vec<String>>,
    #[serde(default)]
    terminal: bool,
    seed: Option<u64>,
    clock: Option<ClockSpec>,
    #[serde(default)]
    limits: LimitsSpec,
    /// None of a program, which makes its own.
    #[serde(default)]
    calls: Vec<CallSpec>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MountSpec {
    name: String,
    #[serde(default)]
    access: AccessSpec,
    tree: Map<String, Json>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum AccessSpec {
    #[default]
    ReadWrite,
    ReadOnly,
    WriteBack,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockSpec {
    /// In milliseconds since 1970.
    start: u64,
    /// In nanoseconds.
    tick: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum LimitsSpec {
    Preset(String),
    Values(Map<String, Json>),
}

impl Default for LimitsSpec {
    fn default() -> Self {
        Self::Values(Map::new())
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum CallSpec {
    Plain(Vec<Json>),
    WithFuel { call: Vec<Json>, fuel: u64 },
}

impl Session {
    /// All of them, by their names.
    #[must_use]
    pub fn all() -> Vec<Self> {
        Self::all_in("wasi/sessions")
    }

    /// What the programs of Rust's standard library are given, by their names.
    #[must_use]
    pub fn of_programs() -> Vec<Self> {
        Self::all_in("wasi/programs")
    }

    fn all_in(folder: &str) -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> =
            files.filter(|file| file.extension().is_some_and(|it| it == "json")).collect();
        files.sort();
        files.iter().map(|file| Self::read(file)).collect()
    }

    fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap();
        let session: Self =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self { name: file.file_stem().unwrap().to_str().unwrap().into(), ..session }
    }

    fn options(&self) -> WasiOptions {
        let mut options = WasiOptions::new().with_args(self.args.clone());
        for (name, value) in &self.env {
            options = options.with_variable(name.clone(), value.clone());
        }
        if self.terminal {
            options = options.with_terminal();
        }
        if let Some(seed) = self.seed {
            options = options.with_random(Random::Seeded(seed));
        }
        if let Some(clock) = self.clock {
            options = options.with_clocks(Clocks::from(clock.start * 1_000_000).with_tick(clock.tick));
        }
        let mut lazy = 0;
        for mount in &self.mounts {
            let planted = Mount::new(plant(Tree::new(), "", &mount.tree, &mut lazy));
            options = options.with_mount(
                mount.name.clone(),
                match mount.access {
                    AccessSpec::ReadWrite => planted,
                    AccessSpec::ReadOnly => planted.read_only(),
                    AccessSpec::WriteBack => planted.with_write_back(),
                },
            );
        }
        options.with_limits(self.limits())
    }

    /// Runs a program that is given this, and traces what it wrote, what it made of its files, and how it ended.
    #[must_use]
    pub fn run_program(&self, program: &[u8]) -> String {
        let mut store = Store::with_limits(Limits::default());
        let guest = store
            .instantiate(&mut NoImports, &Module::new(program).unwrap(), &Wasi::environment(), 0)
            .unwrap();
        let (mut wasi, mut world) = (self.system(), self.world());
        let run = wasi.run(&mut store, &mut world, guest, CallOptions::new().with_fuel(1 << 40));
        let run = run.unwrap_or_else(|error| panic!("{}: {error}, {world:?}", self.name));
        let mut trace = String::new();
        world.trace(&mut trace);
        self.trace_files(&wasi, &mut trace);
        writeln!(trace, "exit {}, fuel {}", run.ended.exit_code().unwrap(), run.fuel_used).unwrap();
        trace
    }

    fn system(&self) -> Wasi {
        let mut wasi = Wasi::new(&self.options()).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        if self.stdin.is_none() {
            wasi.close_stdin();
        }
        wasi
    }

    fn world(&self) -> World {
        let input = self.stdin.iter().flatten().cloned().collect();
        World { input, lazy: self.lazy_bytes(), written: Vec::new() }
    }

    fn trace_files(&self, wasi: &Wasi, trace: &mut String) {
        for mount in self.mounts.iter().filter(|mount| !matches!(mount.access, AccessSpec::ReadOnly)) {
            writeln!(trace, "files {} {:08x}", mount.name, tree::hash(wasi, &mount.name)).unwrap();
        }
    }

    /// Its limits.
    #[must_use]
    pub fn limits(&self) -> WasiLimits {
        match &self.limits {
            LimitsSpec::Preset(name) if name == "strict" => WasiLimits::strict(),
            LimitsSpec::Preset(name) => panic!("no preset `{name}`"),
            LimitsSpec::Values(values) => {
                let mut limits = WasiLimits::default();
                for (name, value) in values {
                    let snake: String = name
                        .chars()
                        .flat_map(|letter| {
                            letter.is_uppercase().then_some('_').into_iter().chain(letter.to_lowercase())
                        })
                        .collect();
                    assert!(limits.set(&snake, value.as_u64().unwrap()), "no limit `{name}`");
                }
                limits
            }
        }
    }

    /// What its lazy files give, by their tokens.
    fn lazy_bytes(&self) -> Vec<Vec<u8>> {
        fn collect(tree: &Map<String, Json>, found: &mut Vec<Vec<u8>>) {
            for entry in tree.values() {
                if let Some(bytes) = entry.get("lazy") {
                    found.push(bytes.as_str().unwrap().into());
                } else if let Some(below) = entry.get("tree") {
                    collect(below.as_object().unwrap(), found);
                }
            }
        }
        let mut found = Vec::new();
        self.mounts.iter().for_each(|mount| collect(&mount.tree, &mut found));
        found
    }
}

fn plant(mut tree: Tree, above: &str, entries: &Map<String, Json>, lazy: &mut u64) -> Tree {
    for (name, entry) in entries {
        let path = if above.is_empty() { name.clone() } else { format!("{above}/{name}") };
        tree = if let Some(text) = entry.as_str() {
            tree.with_file(path, text)
        } else if let Some(target) = entry.get("link") {
            tree.with_link(path, target.as_str().unwrap())
        } else if let Some(bytes) = entry.get("lazy") {
            let size =
                entry.get("size").map_or(bytes.as_str().unwrap().len() as u64, |size| size.as_u64().unwrap());
            *lazy += 1;
            tree.with_lazy_file(path, size, *lazy - 1)
        } else {
            let below = entry["tree"].as_object().unwrap_or_else(|| panic!("what is `{path}`?"));
            plant(tree.with_directory(path.clone()), &path, below, lazy)
        };
    }
    tree
}

/// A session that is being run, from its beginning or from where another one of it was.
#[derive(Debug)]
pub struct Running<'a> {
    session: &'a Session,
    store: Store,
    guest: InstanceId,
    wasi: Wasi,
    world: World,
}

/// Where a session was: the snapshots of its guest and its system, and the input that was not read.
#[derive(Clone, Debug)]
pub struct Kept {
    guest: guestbox::Snapshot,
    /// The bytes of the snapshot of the system.
    pub system: Vec<u8>,
    input: VecDeque<String>,
}

/// Gives input in pieces, and lazy files, and keeps output.
#[derive(Clone, Debug, Default)]
struct World {
    input: VecDeque<String>,
    lazy: Vec<Vec<u8>>,
    written: Vec<(Stream, Vec<u8>)>,
}

impl World {
    /// Traces what was written, and forgets it.
    fn trace(&mut self, trace: &mut String) {
        for (stream, bytes) in std::mem::take(&mut self.written) {
            let stream = if stream == Stream::Stdout { "stdout" } else { "stderr" };
            writeln!(trace, "{stream} {}", hex(&bytes)).unwrap();
        }
    }
}

impl WasiHost for World {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        match self.written.last_mut() {
            Some((last, text)) if *last == stream => text.extend_from_slice(bytes),
            _ => self.written.push((stream, bytes.to_vec())),
        }
    }

    fn read(&mut self) -> Vec<u8> {
        self.input.pop_front().unwrap_or_default().into()
    }

    fn file(&mut self, request: Request) -> Result<Vec<u8>, Errno> {
        Ok(self.lazy[request.token as usize].clone())
    }
}

/// The guest of all sessions.
#[must_use]
pub fn guest() -> Module {
    Module::new(&wat::parse_str(include_str!("../../wasi/guest.wat")).unwrap()).unwrap()
}

impl<'a> Running<'a> {
    /// Begins a session.
    #[must_use]
    pub fn new(session: &'a Session, guest: &Module) -> Self {
        let mut store = Store::with_limits(Limits::default());
        let guest = store.instantiate(&mut NoImports, guest, &Wasi::environment(), 0).unwrap();
        Self { session, store, guest, wasi: session.system(), world: session.world() }
    }

    /// Goes on from where it was, elsewhere.
    #[must_use]
    pub fn from(session: &'a Session, guest: &Module, kept: &Kept) -> Self {
        let mut store = Store::with_limits(Limits::default());
        let guest = store.instantiate_from(guest, &Wasi::environment(), &kept.guest).unwrap();
        let wasi = Wasi::from_snapshot(&kept.system, session.limits()).unwrap();
        let world = World { input: kept.input.clone(), ..session.world() };
        Self { session, store, guest, wasi, world }
    }

    /// Puts it back to where it was, here.
    pub fn restore(&mut self, kept: &Kept) {
        self.store.restore(self.guest, &kept.guest).unwrap();
        self.wasi = Wasi::from_snapshot(&kept.system, self.session.limits()).unwrap();
        self.world.input = kept.input.clone();
    }

    /// Where it is.
    #[must_use]
    pub fn keep(&mut self) -> Kept {
        Kept {
            guest: self.store.snapshot(self.guest).unwrap(),
            system: self.wasi.snapshot().unwrap(),
            input: self.world.input.clone(),
        }
    }

    /// Makes the first half of the calls, and traces them.
    pub fn first_half(&mut self) -> String {
        self.calls(&self.session.calls[..self.session.calls.len() / 2])
    }

    /// Makes the second half of them.
    pub fn second_half(&mut self) -> String {
        self.calls(&self.session.calls[self.session.calls.len() / 2..])
    }

    fn calls(&mut self, calls: &[CallSpec]) -> String {
        let mut trace = String::new();
        for call in calls {
            self.call(call, &mut trace);
        }
        self.session.trace_files(&self.wasi, &mut trace);
        writeln!(trace, "memory {:08x}", fnv(&self.bytes(0, MEMORY_BYTES))).unwrap();
        writeln!(trace, "system {:08x}", fnv(&self.wasi.snapshot().unwrap())).unwrap();
        trace
    }

    fn call(&mut self, call: &CallSpec, trace: &mut String) {
        let (words, fuel) = match call {
            CallSpec::Plain(words) => (words, FUEL),
            CallSpec::WithFuel { call, fuel } => (call, *fuel),
        };
        let name = words[0].as_str().unwrap();
        let function = Function::ALL.iter().find(|function| function.name() == name);
        let function = function.unwrap_or_else(|| panic!("{}: no function `{name}`", self.session.name));
        let (args, shown) = self.place(&words[1..]);
        let params = function.signature();
        let params = params.params();
        assert_eq!(args.len(), params.len(), "{}: the arguments of {name} in {words:?}", self.session.name);
        let args: Vec<_> = args.iter().zip(params).map(|(arg, ty)| value(*arg, *ty)).collect();
        let options = CallOptions::new().with_fuel(fuel);
        let run = self.wasi.invoke(&mut self.store, &mut self.world, self.guest, name, &args, options);
        let mut line = match run {
            Ok(run) => match &run.ended {
                Ended::Returned(values) => match values.first().and_then(|value| value.as_i32()) {
                    Some(errno) => format!("{}, fuel {}", Errno(errno.try_into().unwrap()), run.fuel_used),
                    None => panic!("{name} returned"),
                },
                Ended::Exit(code) => format!("exit {code}, fuel {}", run.fuel_used),
                Ended::Stuck => "stuck".into(),
                other => panic!("{name}: {other:?}"),
            },
            Err(InvokeError::Trap(trap)) => format!("trap {}, fuel {}", trap.code().name(), trap.fuel_used()),
            Err(error) => panic!("{}: {name}: {error}", self.session.name),
        };
        for (at, len) in shown {
            let bytes = self.bytes(at, len as usize);
            let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            line.push(' ');
            line.push_str(&if end == 0 { "0".to_owned() } else { hex(&bytes[..end]) });
        }
        writeln!(trace, "{name} -> {line}").unwrap();
        self.world.trace(trace);
        for file in self.wasi.take_written() {
            let (mount, path) =
                (String::from_utf8(file.mount).unwrap(), String::from_utf8(file.path).unwrap());
            writeln!(trace, "written {mount} {path} {}", hex(&file.bytes)).unwrap();
        }
    }

    /// Puts what a call is told into the memory. The arguments, and the places to be shown after the call with their lengths.
    fn place(&mut self, words: &[Json]) -> (Vec<u64>, Vec<(u32, u32)>) {
        let (mut args, mut shown, mut next) = (Vec::new(), Vec::new(), PLACES);
        let mut put = |bytes: &[u8]| {
            let memory = self.store.exported_memory(self.guest, "memory").unwrap().unwrap();
            self.store.memory_write(memory, next, bytes).unwrap();
            let at = next;
            next = (next + bytes.len() as u32).next_multiple_of(8);
            at
        };
        for word in words {
            if let Some(number) = number(word) {
                args.push(number);
            } else if let Some(len) = word.get("out").and_then(Json::as_u64) {
                let at = put(&vec![0; len as usize]);
                args.push(at.into());
                shown.push((at, len as u32));
            } else if let Some(len) = word.get("room").and_then(Json::as_u64) {
                let at = put(&vec![0; len as usize]);
                args.extend([at.into(), len]);
                shown.push((at, len as u32));
            } else if let Some(pieces) = word.get("pieces").and_then(Json::as_array) {
                let mut vector = Vec::new();
                for piece in pieces {
                    let (at, len) = if let Some(text) = piece.as_str() {
                        (put(text.as_bytes()), text.len() as u32)
                    } else {
                        let len = piece.as_u64().unwrap() as u32;
                        let at = put(&vec![0; len as usize]);
                        shown.push((at, len));
                        (at, len)
                    };
                    vector.extend([at.to_le_bytes(), len.to_le_bytes()].concat());
                }
                args.extend([put(&vector).into(), pieces.len() as u64]);
            } else if let Some(subscriptions) = word.get("poll").and_then(Json::as_array) {
                args.push(put(&subscriptions.iter().flat_map(subscription).collect::<Vec<_>>()).into());
            } else {
                let bytes = match (word.get("text"), word.get("hex")) {
                    (Some(text), _) => text.as_str().unwrap().into(),
                    (_, Some(digits)) => bytes_of(digits.as_str().unwrap()),
                    _ => panic!("{}: what is {word}?", self.session.name),
                };
                args.extend([put(&bytes).into(), bytes.len() as u64]);
            }
        }
        (args, shown)
    }

    fn bytes(&self, at: u32, len: usize) -> Vec<u8> {
        let memory = self.store.exported_memory(self.guest, "memory").unwrap().unwrap();
        let mut bytes = vec![0; len];
        self.store.memory_read(memory, at, &mut bytes).unwrap();
        bytes
    }
}

/// A number, or one in decimal digits; a negative one as its bits.
fn number(word: &Json) -> Option<u64> {
    match word {
        Json::Number(number) => number.as_u64().or_else(|| number.as_i64().map(i64::cast_unsigned)),
        Json::String(digits) => Some(digits.parse().unwrap_or_else(|_| panic!("`{digits}` is no number"))),
        _ => None,
    }
}

fn value(arg: u64, ty: ValueType) -> Value {
    match ty {
        ValueType::I64 => arg.into(),
        _ => (arg as u32).into(),
    }
}

/// A subscription: to a clock, or to a descriptor that can be read or written. By `tag` it is of any other kind.
fn subscription(given: &Json) -> [u8; 48] {
    let mut bytes = [0; 48];
    let field = |name: &str| given.get(name).and_then(number);
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, &field("data").unwrap_or(0).to_le_bytes());
    if let Some(clock) = field("clock") {
        put(16, &(clock as u32).to_le_bytes());
        put(24, &field("time").unwrap().to_le_bytes());
        put(40, &(field("absolute").unwrap_or(0) as u16).to_le_bytes());
    }
    for (tag, name) in [(1, "read"), (2, "write")] {
        if let Some(fd) = field(name) {
            put(8, &[tag]);
            put(16, &(fd as u32).to_le_bytes());
        }
    }
    if let Some(tag) = field("tag") {
        put(8, &[tag as u8]);
    }
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes_of(digits: &str) -> Vec<u8> {
    (0..digits.len() / 2).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap()).collect()
}
