//! Programs driven by a host.

use guestbox::{
    CallOptions, FuncIndex, HostCall, HostError, InstanceId, InvokeError, Store, TrapCode, Values,
    wasi::{
        Clocks, Ended, Errno, Mount, OutputLimit, Random, Request, Stream, Tree, Wasi, WasiHost, WasiLimits,
        WasiOptions,
    },
};
use guestbox_tests::text;

/// Gives parts of input, keeps output, and notes what it was asked.
#[derive(Default)]
struct World {
    input: Vec<&'static [u8]>,
    out: Vec<u8>,
    error: Vec<u8>,
    asked: Vec<String>,
    time: u64,
    /// How often it says that the program goes on.
    patience: Option<u32>,
}

impl WasiHost for World {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        match stream {
            Stream::Stdout => self.out.extend_from_slice(bytes),
            Stream::Stderr => self.error.extend_from_slice(bytes),
        }
    }

    fn read(&mut self) -> Vec<u8> {
        self.asked.push("read".into());
        if self.input.is_empty() { Vec::new() } else { self.input.remove(0).to_vec() }
    }

    fn wait(&mut self, duration_ns: u64, stdin: bool) -> Option<Vec<u8>> {
        self.asked.push(format!("wait {duration_ns} {stdin}"));
        self.time += duration_ns;
        None
    }

    fn now(&mut self) -> (u64, u64) {
        self.time += 1;
        (1_000_000 + self.time, self.time)
    }

    fn random(&mut self, buffer: &mut [u8]) {
        buffer.fill(b'r');
    }

    fn file(&mut self, request: Request) -> Result<Vec<u8>, Errno> {
        self.asked.push(format!("file {}", request.token));
        Ok(b"lazy".to_vec())
    }

    fn dispatch(&mut self, _: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        self.asked.push(format!("own {}", call.func.0));
        Ok(5.into())
    }

    fn goes_on(&mut self) -> bool {
        match &mut self.patience {
            Some(0) => false,
            Some(patience) => {
                *patience -= 1;
                true
            }
            None => true,
        }
    }
}

const IMPORTS: &str = r#"
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "own" "five" (func $five (result i32)))
    (memory (export "memory") 1)
    ;; A piece at 0: 64 bytes at 256. Lengths go to 8.
    (data (i32.const 0) "\00\01\00\00\40\00\00\00")
    (func $say (param $fd i32) (param $len i32)
        (i32.store (i32.const 4) (local.get $len))
        (drop (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
        (i32.store (i32.const 4) (i32.const 64)))
"#;

fn guest(store: &mut Store, body: &str) -> InstanceId {
    let environment = Wasi::environment().with_function("own", "five", FuncIndex(77));
    text::guest(store, &format!("(module {IMPORTS} {body})"), &environment)
}

fn run(world: &mut World, options: &WasiOptions, body: &str) -> Result<Ended, InvokeError> {
    let mut store = Store::new();
    let guest = guest(&mut store, body);
    let mut wasi = Wasi::new(options).unwrap();
    let run = wasi.run(&mut store, world, guest, CallOptions::new().with_fuel(1 << 40))?;
    assert!(run.fuel_used > 0);
    assert_eq!(wasi.take_output(), None, "all was handed over");
    assert!(!wasi.is_waiting() && !store.is_serving());
    Ok(run.ended)
}

#[test]
fn input_is_read_and_output_written() {
    let mut world = World { input: vec![b"one ", b"two"], ..World::default() };
    let body = r#"(func (export "_start") (loop $again
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (if (i32.eqz (i32.load (i32.const 8))) (then (call $exit (i32.const 3))))
        (call $say (i32.const 1) (i32.load (i32.const 8)))
        (call $say (i32.const 2) (i32.const 1))
        (br $again)))"#;
    assert_eq!(run(&mut world, &WasiOptions::new(), body).unwrap(), Ended::Exit(3));
    assert_eq!((world.out.as_slice(), world.error.as_slice()), (&b"one two"[..], &b"ot"[..]));
    assert_eq!(world.asked, ["read", "read", "read"]);
}

#[test]
fn a_program_that_returns_has_the_code_0() {
    let ended = run(&mut World::default(), &WasiOptions::new(), r#"(func (export "_start"))"#).unwrap();
    assert_eq!((ended.clone(), ended.exit_code()), (Ended::Returned(Values::NONE), Some(0)));
    assert_eq!(Ended::Exit(9).exit_code(), Some(9));
    assert_eq!((Ended::Stuck.exit_code(), Ended::Stopped.exit_code()), (None, None));
    let no_command = run(&mut World::default(), &WasiOptions::new(), "");
    assert!(matches!(no_command, Err(InvokeError::ExportNotFound)), "{no_command:?}");
}

#[test]
fn a_trap_is_a_trap_and_what_was_written_is_there() {
    let mut world = World::default();
    let body = r#"(data (i32.const 256) "last words")
        (func (export "_start") (call $say (i32.const 2) (i32.const 10)) unreachable)"#;
    let Err(InvokeError::Trap(trap)) = run(&mut world, &WasiOptions::new(), body) else { panic!() };
    assert_eq!(trap.code(), TrapCode::Unreachable);
    assert_eq!(world.error, b"last words");
}

const SLEEP: &str = r#"(data (i32.const 520) "\00") (data (i32.const 528) "\01") (data (i32.const 536) "\00\5e\d0\b2")
    (func (export "_start")
        (drop (call $poll (i32.const 512) (i32.const 600) (i32.const 1) (i32.const 8)))
        (call $exit (i32.load (i32.const 8))))"#;

#[test]
fn sleep_takes_the_time_of_the_host() {
    let mut world = World::default();
    assert_eq!(run(&mut world, &WasiOptions::new(), SLEEP).unwrap(), Ended::Exit(1));
    assert_eq!(world.asked, ["wait 3000000000 false"]);
    let mut hosts = World::default();
    let options = WasiOptions::new().with_clocks(Clocks::host(1));
    assert_eq!(run(&mut hosts, &options, SLEEP).unwrap(), Ended::Exit(1));
    assert_eq!(hosts.asked, ["wait 3000000000 false"], "three seconds by its own clock");
}

#[test]
fn a_host_stops_a_program_wherever_it_is() {
    let mut world = World { patience: Some(1), ..World::default() };
    let spin = r#"(func (export "_start") (loop $again (br $again)))"#;
    assert_eq!(run(&mut world, &WasiOptions::new(), spin).unwrap(), Ended::Stopped);
    let mut world = World { patience: Some(0), ..World::default() };
    assert_eq!(run(&mut world, &WasiOptions::new(), SLEEP).unwrap(), Ended::Stopped);
    assert_eq!(world.asked, [""; 0]);
    let mut world = World { patience: Some(1), ..World::default() };
    assert_eq!(run(&mut world, &WasiOptions::new(), SLEEP).unwrap(), Ended::Stopped, "as it woke up");
    assert_eq!(world.asked.len(), 1);
}

#[test]
fn a_program_that_waits_for_nothing_is_stuck() {
    let forever = SLEEP.replace(r"\00\5e\d0\b2", r"\ff\ff\ff\ff\ff\ff\ff\ff");
    assert_eq!(run(&mut World::default(), &WasiOptions::new(), &forever).unwrap(), Ended::Stuck);
}

#[test]
fn fuel_ends_a_program() {
    let mut store = Store::new();
    let guest = guest(
        &mut store,
        r#"(func (export "_start") (loop $again (drop (call $random (i32.const 0) (i32.const 1000))) (br $again)))"#,
    );
    let mut wasi = Wasi::new(&WasiOptions::new()).unwrap();
    let options = CallOptions::new().with_fuel(1_000_000);
    let Err(InvokeError::Trap(trap)) = wasi.run(&mut store, &mut World::default(), guest, options) else {
        panic!()
    };
    assert_eq!((trap.code(), trap.fuel_used()), (TrapCode::OutOfFuel, 1_000_000));
}

#[test]
fn output_beyond_the_limit_ends_a_program() {
    let mut limits = WasiLimits::default();
    limits.output_bytes = 1_000;
    let mut world = World::default();
    let body =
        r#"(func (export "_start") (loop $again (call $say (i32.const 1) (i32.const 64)) (br $again)))"#;
    let outcome = run(&mut world, &WasiOptions::new().with_limits(limits), body);
    let Err(InvokeError::Trap(trap)) = outcome else { panic!() };
    assert_eq!(trap.code(), TrapCode::HostError);
    assert!(trap.reason().unwrap().is::<OutputLimit>());
    assert_eq!(world.out.len(), 960);
}

#[test]
fn a_host_gives_time_random_numbers_files_and_functions() {
    let mut world = World::default();
    let tree = Tree::new().with_lazy_file("f", 4, 9);
    let options = WasiOptions::new()
        .with_mount("/", Mount::new(tree))
        .with_clocks(Clocks::host(1))
        .with_random(Random::Host);
    let body = r#"(data (i32.const 700) "f")
        (func (export "_start")
            (drop (call $random (i32.const 256) (i32.const 3)))
            (call $say (i32.const 1) (i32.const 3))
            (drop (call $open (i32.const 3) (i32.const 0) (i32.const 700) (i32.const 1) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 8)))
            (drop (call $read (i32.load (i32.const 8)) (i32.const 0) (i32.const 1) (i32.const 8)))
            (call $say (i32.const 1) (i32.load (i32.const 8)))
            (drop (call $time (i32.const 0) (i64.const 0) (i32.const 256)))
            (call $exit (i32.add (call $five) (i32.gt_u (i32.load (i32.const 256)) (i32.const 1000000)))))"#;
    assert_eq!(run(&mut world, &options, body).unwrap(), Ended::Exit(6));
    assert_eq!(world.out, b"rrrlazy");
    assert_eq!(world.asked, ["file 9", "own 77"]);
}

/// A host that does nothing but to take what is written.
struct Plain;

impl WasiHost for Plain {
    fn write(&mut self, _: Stream, _: &[u8]) {}
}

#[test]
fn a_plain_host_has_an_end_of_input_and_no_time() {
    let mut store = Store::new();
    let body = r#"(func (export "_start")
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (call $exit (i32.load (i32.const 8))))"#;
    for (body, ended) in [(body, Ended::Exit(0)), (SLEEP, Ended::Exit(1))] {
        let guest = guest(&mut store, body);
        let mut wasi = Wasi::new(&WasiOptions::new()).unwrap();
        assert_eq!(wasi.run(&mut store, &mut Plain, guest, CallOptions::new()).unwrap().ended, ended);
    }
    let own = guest(&mut store, r#"(func (export "_start") (drop (call $five)))"#);
    let mut wasi = Wasi::new(&WasiOptions::new()).unwrap();
    let outcome = wasi.run(&mut store, &mut Plain, own, CallOptions::new());
    assert!(matches!(outcome, Err(InvokeError::Trap(trap)) if trap.code() == TrapCode::HostError));
}

#[test]
fn a_start_function_is_driven_as_well() {
    let wat = format!(
        r#"(module {IMPORTS} (data (i32.const 256) "begun")
            (func $begin (call $say (i32.const 1) (i32.const 5))) (start $begin)
            (func (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))"#
    );
    let environment = Wasi::environment().with_function("own", "five", FuncIndex(0));
    let (mut store, mut world) = (Store::new(), World::default());
    let mut wasi = Wasi::new(&WasiOptions::new()).unwrap();
    let mut execution = store.begin_instantiate(&text::module(&wat), &environment, 0).unwrap();
    let ended = wasi.drive(&mut store, &mut world, &mut execution).unwrap();
    assert_eq!(ended, Ended::Returned(Values::NONE));
    assert_eq!(world.out, b"begun");
    let guest = execution.instance().unwrap();
    let run = wasi.invoke(&mut store, &mut world, guest, "double", &[21.into()], CallOptions::new()).unwrap();
    assert_eq!(run.ended, Ended::Returned(42.into()), "a reactor");
}

#[test]
fn a_host_that_panics_leaves_the_store_as_it_was() {
    struct Panicking;
    impl WasiHost for Panicking {
        fn write(&mut self, _: Stream, _: &[u8]) {
            panic!("on purpose");
        }
    }
    let mut store = Store::new();
    let body = r#"(func (export "_start") (call $say (i32.const 1) (i32.const 1)))"#;
    let guest = guest(&mut store, body);
    let mut wasi = Wasi::new(&WasiOptions::new()).unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = wasi.run(&mut store, &mut Panicking, guest, CallOptions::new());
    }));
    assert!(panicked.is_err());
    assert!(!store.is_serving(), "no level is open");
    let mut wasi = Wasi::new(&WasiOptions::new()).unwrap();
    assert!(wasi.run(&mut store, &mut World::default(), guest, CallOptions::new()).is_ok());
}
