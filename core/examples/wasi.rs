//! Runs a command of WASI preview 1 with its files in memory.
//!
//! ```sh
//! cargo run --release --package guestbox --example wasi -- --dir examples::/src program.wasm argument
//! ```
//!
//! It exits with the code of the program; with 134 if that trapped, 124 if it was stopped, 126 if it cannot be run, and with 2
//! where the options make no sense.
#![expect(clippy::std_instead_of_core, reason = "the program of a user of the crate")]

use guestbox::{
    CallOptions, InstanceLimits, InvokeError, Limits, Module, NoImports, Store,
    wasi::{Clocks, Ended, Mount, Random, Stream, Tree, Wasi, WasiHost, WasiLimits, WasiOptions},
};
use std::{
    error::Error,
    fs,
    io::{self, Read, Write},
    path::Path,
    process::ExitCode,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

const USAGE: &str = "usage: wasi [OPTION...] MODULE [ARGUMENT...]
  --dir HOST[::GUEST]  gives the program a copy of a directory, by its own name or another
  --env NAME=VALUE     sets an environment variable
  --fuel UNITS         ends the program when it has used so much fuel
  --timeout SECONDS    ends the program after so long
  --memory MIB         bounds the memory that the program takes
  --real               gives it the real time and random numbers, and lets it sleep
  --version            says which version this is
What is behind MODULE is the program's own, but for a `--` that comes first.";

const TRAPPED: u8 = 134;
const STOPPED: u8 = 124;
const NOT_RUN: u8 = 126;
const WRONG_USE: u8 = 2;

/// What the command line says.
#[derive(Default)]
struct Command {
    directories: Vec<(String, String)>,
    variables: Vec<(String, String)>,
    fuel: Option<u64>,
    timeout: Option<Duration>,
    memory_mib: Option<u32>,
    is_real: bool,
    /// The module and the arguments.
    program: Vec<String>,
}

impl Command {
    /// Reads the words behind the name of the command; `None` where they make no sense.
    fn parse(mut words: impl Iterator<Item = String>) -> Option<Self> {
        let mut command = Self::default();
        while let Some(word) = words.next() {
            let Some(option) = word.strip_prefix("--") else {
                let mut own: Vec<_> = words.collect();
                if own.first().is_some_and(|first| first == "--") {
                    own.remove(0);
                }
                command.program = [word].into_iter().chain(own).collect();
                return Some(command);
            };
            let (name, given) = match option.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (option, None),
            };
            if name == "real" && given.is_none() {
                command.is_real = true;
                continue;
            }
            command.set(name, &given.or_else(|| words.next())?)?;
        }
        None
    }

    /// Sets an option that has a value.
    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        let number = value.replace('_', "");
        match name {
            "dir" => {
                let (host, guest) = value.split_once("::").unwrap_or((value, value));
                self.directories.push((host.into(), guest.into()));
            }
            "env" => {
                let (name, value) = value.split_once('=')?;
                self.variables.push((name.into(), value.into()));
            }
            "fuel" => self.fuel = Some(number.parse().ok()?),
            "timeout" => self.timeout = Some(Duration::try_from_secs_f64(number.parse().ok()?).ok()?),
            "memory" => self.memory_mib = Some(number.parse().ok()?),
            _ => return None,
        }
        Some(())
    }
}

/// The terminal, or whatever is in its place.
struct Process {
    began: Instant,
    ends: Option<Instant>,
    sleeps: bool,
    /// What a thread reads of standard input, once it is asked for.
    input: Option<Receiver<Vec<u8>>>,
}

impl Process {
    /// Waits for input, at most until a time; nothing at its end, and `None` if it is time.
    fn receive(&mut self, until: Option<Instant>) -> Option<Vec<u8>> {
        let input = self.input.get_or_insert_with(|| {
            let (sender, receiver) = mpsc::channel();
            thread::spawn(move || {
                let mut buffer = [0; 65_536];
                while let Ok(len) = io::stdin().read(&mut buffer) {
                    let Some(read) = buffer.get(..len) else { break };
                    if sender.send(read.to_vec()).is_err() || len == 0 {
                        break;
                    }
                }
            });
            receiver
        });
        let Some(until) = until else { return Some(input.recv().unwrap_or_default()) };
        match input.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(read) => Some(read),
            Err(RecvTimeoutError::Disconnected) => Some(Vec::new()),
            Err(RecvTimeoutError::Timeout) => None,
        }
    }
}

impl WasiHost for Process {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        // Where nobody reads it any more the program goes on, as there is no signal that would end it.
        let _ = match stream {
            Stream::Stdout => io::stdout().write_all(bytes).and_then(|()| io::stdout().flush()),
            Stream::Stderr => io::stderr().write_all(bytes),
        };
    }

    fn read(&mut self) -> Vec<u8> {
        self.receive(self.ends).unwrap_or_default()
    }

    fn wait(&mut self, duration_ns: u64, stdin: bool) -> Option<Vec<u8>> {
        let time = Instant::now().checked_add(Duration::from_nanos(duration_ns));
        let until = [time, self.ends].into_iter().flatten().min();
        if stdin {
            // Nobody may ever type anything, so that this takes its time though nothing else does.
            return self.receive(until);
        }
        if !self.sleeps {
            return None;
        }
        match until {
            Some(until) => thread::sleep(until.saturating_duration_since(Instant::now())),
            None => thread::sleep(Duration::MAX),
        }
        None
    }

    fn now(&mut self) -> (u64, u64) {
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let realtime = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        (nanos(realtime), nanos(self.began.elapsed()))
    }

    fn random(&mut self, buffer: &mut [u8]) {
        // Without the system's numbers the program gets none that look like some.
        if let Err(error) = fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(buffer)) {
            eprintln!("wasi: no random numbers: {error}");
        }
    }

    fn goes_on(&mut self) -> bool {
        self.ends.is_none_or(|ends| Instant::now() < ends)
    }
}

/// Copies what is in a directory of the host. What is neither a file, a directory nor a link is left out.
fn copy(directory: &Path, path: &str, mut tree: Tree) -> io::Result<Tree> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|_| io::ErrorKind::InvalidFilename)?;
        let path = if path.is_empty() { name } else { format!("{path}/{name}") };
        let kind = entry.file_type()?;
        tree = if kind.is_dir() {
            copy(&entry.path(), &path, tree.with_directory(path.as_str()))?
        } else if kind.is_symlink() {
            tree.with_link(path, fs::read_link(entry.path())?.into_os_string().into_encoded_bytes())
        } else if kind.is_file() {
            tree.with_file(path, fs::read(entry.path())?)
        } else {
            tree
        };
    }
    Ok(tree)
}

fn run(command: Command) -> Result<Result<Ended, InvokeError>, Box<dyn Error>> {
    let mut options = WasiOptions::new().with_args(command.program.iter().cloned());
    for (name, value) in command.variables {
        options = options.with_variable(name, value);
    }
    for (host, guest) in command.directories {
        let tree = copy(Path::new(&host), "", Tree::new()).map_err(|error| format!("{host}: {error}"))?;
        options = options.with_mount(guest, Mount::new(tree));
    }
    if command.is_real {
        options = options.with_clocks(Clocks::host(1)).with_random(Random::Host);
    }
    let mut limits = WasiLimits::default();
    limits.output_bytes = u64::MAX;
    let mut wasi = Wasi::new(&options.with_limits(limits))?;

    let path = command.program.first().map(String::as_str).unwrap_or_default();
    let bytes = fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    let mut limits = Limits::default();
    limits.fuel = u64::MAX;
    let mut own = InstanceLimits::new();
    if let Some(mib) = command.memory_mib {
        let pages = mib.saturating_mul(16);
        (limits.memory_pages, limits.total_memory_pages) = (pages.min(65_536), pages.min(65_536));
        own = own.with_memory_pages(pages);
    }
    let module = Module::with_limits(&limits, &bytes)?;
    let mut store = Store::with_limits(limits);
    let guest = store.instantiate_with(&mut NoImports, &module, &Wasi::environment(), 0, own)?;
    let began = Instant::now();
    let ends = command.timeout.and_then(|timeout| began.checked_add(timeout));
    let mut process = Process { began, ends, sleeps: command.is_real, input: None };
    let options = command.fuel.map_or(CallOptions::new(), |fuel| CallOptions::new().with_fuel(fuel));
    Ok(wasi.run(&mut store, &mut process, guest, options).map(|run| run.ended))
}

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("--version") => {
            println!("guestbox {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Some("--help") => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let Some(command) = Command::parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return WRONG_USE.into();
    };
    match run(command) {
        Ok(Ok(ended @ (Ended::Exit(_) | Ended::Returned(_)))) => {
            // A system keeps the last eight bits of a code.
            let [code, ..] = ended.exit_code().unwrap_or_default().to_le_bytes();
            code.into()
        }
        Ok(Ok(ended)) => {
            eprintln!(
                "wasi: {}",
                if ended == Ended::Stuck { "it waits for what never comes" } else { "stopped" }
            );
            STOPPED.into()
        }
        Ok(Err(InvokeError::Trap(trap))) => {
            eprintln!("wasi: {trap:#}");
            TRAPPED.into()
        }
        Ok(Err(error)) => {
            eprintln!("wasi: {error}");
            NOT_RUN.into()
        }
        Err(error) => {
            eprintln!("wasi: {error}");
            NOT_RUN.into()
        }
    }
}
