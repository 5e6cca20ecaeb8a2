//! Programs of Rust's own toolchain and of a clang, and the command line that runs some, built when a test first wants one.

use crate::process;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, LazyLock, Mutex},
};

static BUILT: LazyLock<Mutex<HashMap<String, Arc<Vec<u8>>>>> = LazyLock::new(Mutex::default);

/// The bytes of a program in C of `tests/wasi/programs`, which `make programs` builds: its clang is not Rust's to have.
#[must_use]
pub fn c_program(name: &str) -> Vec<u8> {
    let wasm = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/terminal").join(format!("{name}.wasm"));
    std::fs::read(&wasm)
        .unwrap_or_else(|error| panic!("{}: {error}; `make programs` builds it", wasm.display()))
}

/// The bytes of a program in Rust of `tests/wasi/programs`.
#[must_use]
pub fn program(name: &str) -> Arc<Vec<u8>> {
    let mut built = BUILT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Arc::clone(built.entry(name.to_owned()).or_insert_with(|| Arc::new(build(name))))
}

fn build(name: &str) -> Vec<u8> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = tests.join("wasi/programs").join(format!("{name}.rs"));
    let folder = tests.join("../target/wasi").join(std::process::id().to_string());
    std::fs::create_dir_all(&folder).unwrap();
    let wasm = folder.join(format!("{name}.wasm"));
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args([
        "--edition",
        "2024",
        "--target",
        "wasm32-wasip1",
        "-C",
        "opt-level=s",
        "-C",
        "strip=debuginfo",
        "-o",
    ]);
    let output = rustc.arg(&wasm).arg(&source).output().unwrap_or_else(|error| panic!("rustc: {error}"));
    assert!(
        output.status.success(),
        "rustc could not build {}; is the target wasm32-wasip1 there (tests/setup.sh wasi)?\n{}",
        source.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    let bytes = std::fs::read(&wasm).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    bytes
}

/// Where the core's example `wasi` is, which was built of the sources as they are.
pub fn command_line() -> &'static Path {
    static BUILT: LazyLock<PathBuf> = LazyLock::new(|| process::example("wasi"));
    &BUILT
}
