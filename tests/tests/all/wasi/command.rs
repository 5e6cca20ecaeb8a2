//! The command line of the core's example `wasi`, as people and the runners of test suites call it.

use guestbox_tests::wasi::{command_line, rust_program};
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

/// A folder that is gone in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("guestbox-command-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Puts a file there, and says where it is.
    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        text(&path)
    }

    /// Puts a module there, of which only what imports WASI and the body of `_start` are given.
    fn module(&self, name: &str, imports: &str, body: &str) -> String {
        let start = format!(r#"(func (export "_start") {body})"#);
        self.file(name, wat::parse_str(format!("(module {imports} {start})")).unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Calls it with words and input, and says what came of it: the exit code and what was written to the two streams.
fn call(words: &[&str], input: &str) -> (i32, String, String) {
    let mut command = Command::new(command_line());
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that reads nothing may have ended before.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    said(child.wait_with_output().unwrap())
}

fn said(output: Output) -> (i32, String, String) {
    let [out, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.code().expect("no signal"), out, error)
}

#[test]
fn a_program_has_arguments_variables_and_streams() {
    let folder = Folder::new("streams");
    let filter = folder.file("filter.wasm", rust_program("filter").as_slice());
    for words in [
        vec!["--env", "NAME=a = b", &filter, "-v", "--env", "x"],
        vec!["--env=NAME=a = b", &filter, "--", "-v", "--env", "x"],
    ] {
        let (code, out, error) = call(&words, "one\ntwo\n");
        assert_eq!((code, out.as_str()), (2, "ONE\nTWO\n"));
        assert_eq!(error, format!("2 lines, [{filter:?}, \"-v\", \"--env\", \"x\"], Ok(\"a = b\")\n"));
    }
    let (code, out, error) = call(&[&filter, "--", "--"], "");
    assert_eq!((code, out.as_str()), (0, ""));
    assert_eq!(error, format!("0 lines, [{filter:?}, \"--\"], Err(NotPresent)\n"));
}

#[test]
fn a_program_has_copies_of_directories() {
    let folder = Folder::new("directories");
    let cat = folder.file("cat.wasm", rust_program("cat").as_slice());
    let inner = folder.0.join("given/inner");
    fs::create_dir_all(&inner).unwrap();
    let file = folder.file("given/inner/file", "from the host\n");
    std::os::unix::fs::symlink("inner/file", folder.0.join("given/link")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(inner.join("socket")).unwrap();
    let given = text(&folder.0.join("given"));
    let by_another_name = format!("{given}::/data");
    for (option, path) in
        [(&by_another_name, "/data/inner/file"), (&by_another_name, "/data/link"), (&given, &file)]
    {
        let (code, out, error) = call(&["--dir", option, &cat, path], "");
        assert_eq!((code, out.as_str()), (0, "from the host\n"), "{path}: {error}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "from the host\n", "what it writes is its own");
    let (code, _, error) = call(&["--dir", &format!("{given}/none"), &cat], "");
    assert_eq!(code, 126);
    assert!(error.contains("given/none: No such file"), "{error}");
}

#[test]
fn the_exit_code_says_how_it_ended() {
    let folder = Folder::new("codes");
    let exit = r#"(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) (memory (export "memory") 1)"#;
    let exits = folder.module("exits.wasm", exit, "(call $exit (i32.const 33)) unreachable");
    let returns = folder.module("returns.wasm", "", "");
    let traps = folder.module("traps.wasm", "", "unreachable");
    let spins = folder.module("spins.wasm", "", "(loop $on (br $on))");
    let large = folder.module("large.wasm", "(memory 17)", "");
    let text = folder.file("text.wasm", "no module");
    for (words, code, message) in [
        (vec![exits.as_str()], 33, ""),
        (vec![&returns], 0, ""),
        (vec![&traps], 134, "unreachable executed"),
        (vec!["--fuel", "1_000_000", &spins], 134, "out of fuel"),
        (vec!["--timeout", "0.2", &spins], 124, "stopped"),
        (vec!["--memory", "1", &large], 126, "17"),
        (vec!["--memory", "2", &large], 0, ""),
        (vec![&text], 126, "wasi: "),
        (vec!["nothing.wasm"], 126, "nothing.wasm: No such file"),
        (vec![], 2, "usage: wasi"),
        (vec!["--frel", "5", &returns], 2, "usage: wasi"),
        (vec!["--real=yes", &returns], 2, "usage: wasi"),
        (vec!["--fuel", "much", &returns], 2, "usage: wasi"),
        (vec!["--timeout", "-1", &returns], 2, "usage: wasi"),
        (vec!["--env", "NAME", &returns], 2, "usage: wasi"),
        (vec!["--fuel"], 2, "usage: wasi"),
        (vec!["--fuel", "5"], 2, "usage: wasi"),
    ] {
        let (seen, out, error) = call(&words, "");
        assert_eq!((seen, out.as_str()), (code, ""), "{words:?}: {error}");
        assert!(if message.is_empty() { error.is_empty() } else { error.contains(message) }, "{error}");
    }
}

#[test]
fn it_says_what_it_is() {
    let version = format!("guestbox {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(call(&["--version"], ""), (0, version, String::new()));
    let (code, out, _) = call(&["--help"], "");
    assert_eq!(code, 0);
    assert!(out.starts_with("usage: wasi [OPTION...] MODULE"), "{out}");
}

/// A poll of a tenth of a second, and of standard input with it: of `SUBSCRIPTIONS`, which exits with what happened
/// first, 0 for the time.
fn poll(folder: &Folder, subscriptions: u32) -> String {
    let imports = r#"
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (data (i32.const 16) "\01") (data (i32.const 24) "\00\e1\f5\05")
        (data (i32.const 48) "\07") (data (i32.const 56) "\01")"#;
    let body = format!(
        "(if (call $poll (i32.const 0) (i32.const 256) (i32.const {subscriptions}) (i32.const 512))
            (then (call $exit (i32.const 99))))
        (call $exit (i32.load (i32.const 256)))"
    );
    folder.module(&format!("poll{subscriptions}.wasm"), imports, &body)
}

#[test]
fn nobody_has_to_type_what_a_program_waits_for() {
    let folder = Folder::new("poll");
    let both = poll(&folder, 2);
    assert_eq!(call(&[&both], "typed").0, 7);
    let mut command = Command::new(command_line());
    command.args(["--timeout", "60", &both]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take();
    assert_eq!(said(child.wait_with_output().unwrap()), (0, String::new(), String::new()));
    drop(stdin);
}

#[test]
fn time_is_real_where_it_is_asked_for() {
    let folder = Folder::new("real");
    let sleeps = poll(&folder, 1);
    let began = Instant::now();
    assert_eq!(call(&["--real", &sleeps], "").0, 0);
    assert!(began.elapsed() > Duration::from_millis(100));
    let imports = r#"
        (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)"#;
    // Whether it is later than in each run without it, and a byte that is random, which may be that of the others.
    let late = "(drop (call $time (i32.const 0) (i64.const 0) (i32.const 0)))
        (call $exit (i64.gt_u (i64.load (i32.const 0)) (i64.const 1700000001000000000)))";
    let byte = "(drop (call $random (i32.const 0) (i32.const 1))) (call $exit (i32.load8_u (i32.const 0)))";
    let (late, byte) = (folder.module("late.wasm", imports, late), folder.module("byte.wasm", imports, byte));
    assert_eq!((call(&["--real", &late], "").0, call(&[&late], "").0), (1, 0));
    let always = call(&[&byte], "").0;
    assert_eq!(call(&[&byte], "").0, always);
    assert!((0..16).any(|_| call(&["--real", &byte], "").0 != always));
}
