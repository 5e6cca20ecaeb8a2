//! Lets a bomb off under limits, and measures what it took.

use crate::process;
use guestbox::{
    CompileOptions, Environment, FuncIndex, InvokeError, Limits, Module, NoImports, PAGE_BYTES, Store,
};
use std::{error::Error, time::Duration};

/// How a bomb went off, by the code of the error or trap.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Not compiled.
    Refused(&'static str),
    /// Compiled, and not instantiated; its start function may have trapped.
    NotInstantiated(&'static str),
    /// The call of `run` ended with an error or a trap.
    Ended(&'static str),
    /// It ran to its end, or has nothing to run.
    Finished,
}

/// What a bomb took.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// How it went off.
    pub outcome: Outcome,
    /// The time until it was refused or compiled.
    pub compiling: Duration,
    /// The time of its instantiation and its run.
    pub running: Duration,
    /// Resident KiB above those before, at the most, until it was refused or compiled.
    pub compile_kib: u64,
    /// Resident KiB above those before, at the most, while it ran.
    pub run_kib: u64,
}

impl Trial {
    /// Milliseconds for each MiB of a module of `len` bytes, until it was refused or compiled.
    #[must_use]
    pub fn per_mib(&self, len: usize) -> f64 {
        self.compiling.as_secs_f64() * 1e3 * f64::from(1 << 20) / len.max(SMALL) as f64
    }
}

/// Modules of fewer bytes may take as long as one of so many: a tenth of a MiB.
const SMALL: usize = (1 << 20) / 10;

/// Bytes that compiling may take for each byte of a module, and in any case. The worst known is
/// `select`: a byte becomes four, and ten more are kept until it did.
const COMPILE_FACTOR: usize = 16;
const COMPILE_BASE: usize = 8 << 20;

/// As many times the memory may be taken where a module is compiled with frames, and rewritten
/// for them.
pub const FRAMES_FACTOR: u64 = 3;

/// KiB that compiling a module of `len` bytes may take.
#[must_use]
pub fn compile_kib(len: usize) -> u64 {
    kib(len * COMPILE_FACTOR + COMPILE_BASE)
}

/// KiB that a store with one guest of a module of `len` bytes may take under `limits`: the module
/// and its instance, all memories, and one of them again while it grows, all tables, and the
/// engine's stack.
#[must_use]
pub fn run_kib(limits: &Limits, len: usize) -> u64 {
    let pages = limits.total_memory_pages.saturating_add(limits.memory_pages);
    let elements = limits.tables.saturating_mul(limits.table_elements);
    let bytes = (pages as usize).saturating_mul(PAGE_BYTES) + (elements as usize).saturating_mul(16);
    compile_kib(len) + kib(bytes.saturating_add(limits.engine_stack_bytes))
}

fn kib(bytes: usize) -> u64 {
    u64::try_from(bytes / 1_024).unwrap_or(u64::MAX)
}

/// Lets a bomb off.
///
/// # Errors
///
/// Where the system does not tell the resident memory.
pub fn trial(limits: &Limits, options: CompileOptions, bytes: &[u8]) -> Result<Trial, Box<dyn Error>> {
    process::forget_peak()?;
    let before = process::resident_kib()?;
    let above = || -> Result<u64, Box<dyn Error>> { Ok(process::peak_kib()?.saturating_sub(before)) };
    let began = process::cpu_time()?;
    let compiled = Module::with_options(limits, bytes, options);
    let compiling = process::cpu_time()?.saturating_sub(began);
    let compile_kib = above()?;
    let (outcome, running) = match compiled {
        Ok(module) => {
            process::forget_peak()?;
            let began = process::cpu_time()?;
            let mut store = Store::with_limits(limits.clone());
            let outcome = run(&mut store, &module);
            (outcome, process::cpu_time()?.saturating_sub(began))
        }
        Err(error) => (Outcome::Refused(error.code()), Duration::ZERO),
    };
    Ok(Trial { outcome, compiling, running, compile_kib, run_kib: above()? })
}

fn run(store: &mut Store, module: &Module) -> Outcome {
    let environment = Environment::new().with_function("e", "f", FuncIndex(0));
    let guest = match store.instantiate(&mut NoImports, module, &environment, 0) {
        Ok(guest) => guest,
        Err(error) => return Outcome::NotInstantiated(error.code()),
    };
    match store.invoke(&mut NoImports, guest, "run", &[], 0) {
        Ok(_) | Err(InvokeError::ExportNotFound) => Outcome::Finished,
        Err(InvokeError::Trap(trap)) => Outcome::Ended(trap.code().name()),
        Err(error) => Outcome::Ended(error.code()),
    }
}
