//! What this process takes, as the system tells it (Linux only).

use std::{error::Error, fs, time::Duration};

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
