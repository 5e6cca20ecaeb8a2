//! Programs of Rust's standard library, built for `wasm32-wasip1`, and of a C library, built by clang.

use guestbox::{
    CallOptions, Limits, Module, NoImports, Store,
    wasi::{Ended, Mount, Random, Stream, Tree, Wasi, WasiHost, WasiOptions},
};
use guestbox_tests::wasi::{c_program, paths, rust_program};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path};

/// Gives input in parts, and keeps output.
#[derive(Default)]
struct World {
    input: Vec<String>,
    out: String,
    error: String,
}

impl WasiHost for World {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        let kept = if stream == Stream::Stdout { &mut self.out } else { &mut self.error };
        kept.push_str(std::str::from_utf8(bytes).expect("text"));
    }

    fn read(&mut self) -> Vec<u8> {
        if self.input.is_empty() { Vec::new() } else { self.input.remove(0).into_bytes() }
    }

    fn wait(&mut self, _: u64, _: bool) -> Option<Vec<u8>> {
        None
    }
}

/// How it ended and what fuel it used.
fn run(name: &str, wasm: &[u8], wasi: &mut Wasi, world: &mut World) -> (Ended, u64) {
    let mut limits = Limits::default();
    limits.fuel = 1 << 40;
    let mut store = Store::with_limits(limits);
    let module = Module::new(wasm).unwrap();
    let guest = store.instantiate(&mut NoImports, &module, &Wasi::environment(), 0).unwrap();
    match wasi.run(&mut store, world, guest, CallOptions::new()) {
        Ok(run) => (run.ended, run.fuel_used),
        Err(error) => panic!("{name}: {error}\n{}", world.error),
    }
}

#[test]
fn files_are_as_the_standard_library_wants_them() {
    let given = Tree::new().with_file("given.txt", "given\n").with_link("link", "given.txt");
    let options = WasiOptions::new()
        .with_args(["files"])
        .with_mount("/work", Mount::new(given))
        .with_mount("/fixed", Mount::new(Tree::new().with_file("file", "fixed")).read_only());
    let (mut wasi, mut world) = (Wasi::new(&options).unwrap(), World::default());
    let (ended, _) = run("files", &rust_program("files"), &mut wasi, &mut world);
    assert_eq!((ended.exit_code(), world.out.as_str()), (Some(0), "ok\n"), "{}", world.error);
    let tree = wasi.tree("/work").unwrap();
    assert_eq!(paths(&tree), ["a/", "copy 4", "given.txt 6", "hard 3", "link -> given.txt"]);
    assert_eq!(wasi.file_bytes_in_use(), 4 + 6 + 3 + 9 + 5, "nothing is left behind");
}

#[test]
fn a_filter_reads_writes_and_exits() {
    let options = WasiOptions::new().with_args(["filter", "-v"]).with_variable("NAME", "value");
    for parts in [vec!["one\ntwo\nthree\n"], vec!["on", "e\n", "two\nthr", "ee"]] {
        let (mut wasi, mut world) = (
            Wasi::new(&options).unwrap(),
            World { input: parts.into_iter().map(Into::into).collect(), ..World::default() },
        );
        let (ended, _) = run("filter", &rust_program("filter"), &mut wasi, &mut world);
        assert_eq!(ended, Ended::Exit(3));
        assert_eq!(world.out, "ONE\nTWO\nTHREE\n");
        assert_eq!(world.error, "3 lines, [\"filter\", \"-v\"], Ok(\"value\")\n");
    }
}

#[test]
fn time_and_hashes_are_the_same_in_each_run() {
    let once = |options: &WasiOptions| {
        let (mut wasi, mut world) = (Wasi::new(options).unwrap(), World::default());
        let (ended, fuel) = run("time", &rust_program("time"), &mut wasi, &mut world);
        assert_eq!(ended.exit_code(), Some(0), "{}", world.error);
        (world.out, fuel)
    };
    let (out, fuel) = once(&WasiOptions::new());
    assert!(out.starts_with("3600.000001s\n1700003600.00000"), "{out}");
    assert_eq!(once(&WasiOptions::new()), (out.clone(), fuel));
    let (other, _) = once(&WasiOptions::new().with_random(Random::Seeded(1)));
    assert_ne!(other, out);
}

/// A run of a program, of which what it comes to is recorded.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    args: Vec<String>,
    /// The files of `/`, and what they have become.
    files: BTreeMap<String, String>,
    files_left: BTreeMap<String, String>,
    stdin: Vec<String>,
    stdout: String,
    exit_code: u32,
    fuel_used: u64,
}

// The same run is compared in `js/test/wasi-c.test.mjs`.
#[test]
fn a_program_in_c_does_what_is_recorded() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("wasi/programs/recorded/sums.json");
    let read = || serde_json::from_str::<Run>(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let recorded = read();
    let mut tree = Tree::new();
    for (path, text) in &recorded.files {
        tree = tree.with_file(path.as_str(), text.as_str());
    }
    let options = WasiOptions::new().with_args(recorded.args.clone()).with_mount("/", Mount::new(tree));
    let (mut wasi, mut world) =
        (Wasi::new(&options).unwrap(), World { input: recorded.stdin.clone(), ..World::default() });
    let (ended, fuel_used) = run("sums", &c_program("sums"), &mut wasi, &mut world);
    let tree = wasi.tree("/").unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let came_to = Run {
        files_left: tree.entries().map(|(path, _)| (text(path), text(tree.file(path).unwrap()))).collect(),
        stdout: world.out,
        exit_code: ended.exit_code().expect("a code"),
        fuel_used,
        ..recorded
    };
    assert_eq!(world.error, "");
    if std::env::var_os("RECORD_WASI").is_some() {
        std::fs::write(&file, serde_json::to_string_pretty(&came_to).unwrap() + "\n").unwrap();
    }
    assert_eq!(came_to, read());
}
