//! What this process takes, as the system tells it (Linux only), and other processes.

use std::{error::Error, fs, path::PathBuf, process::Command, time::Duration};

/// Where an example of the core is, which is built of the sources as they are.
///
/// # Panics
///
/// Where it cannot be built.
#[must_use]
pub fn example(name: &str) -> PathBuf {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo.args(["build", "--package", "guestbox", "--example", name, "--message-format", "json"]);
    let output = cargo.output().unwrap_or_else(|error| panic!("cargo: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = String::from_utf8(output.stdout).unwrap();
    let messages = messages.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let mut executables = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    executables.next_back().expect("an example is a program")
}

/// Resident KiB now.
///
/// # Errors
///
/// Where the system does not say.
pub fn resident_kib() -> Result<u64, Box<dyn Error>> {
    field("VmRSS:")
}

/// The most resident KiB since the start of the process, or since [`forget_peak`].
///
/// # Errors
///
/// Where the system does not say.
pub fn peak_kib() -> Result<u64, Box<dyn Error>> {
    field("VmHWM:")
}

/// Begins anew to look for the most.
///
/// # Errors
///
/// Where the system does not let it.
pub fn forget_peak() -> Result<(), Box<dyn Error>> {
    Ok(fs::write("/proc/self/clear_refs", "5")?)
}

/// The time that this thread ran, to some milliseconds; what others run meanwhile does not count.
///
/// # Errors
///
/// Where the system does not say.
pub fn cpu_time() -> Result<Duration, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let first = text.split_whitespace().next().ok_or("no time")?;
    Ok(Duration::from_nanos(first.parse()?))
}

fn field(name: &str) -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such field")?;
    Ok(line.trim().trim_end_matches("kB").trim_end().parse()?)
}
