//! Runs a case, in one go or with pauses, and looks at all that can be seen of it.

use super::{Case, observed::Observed};
use crate::text;
use guestbox::{
    CompileOptions, Environment, Execution, ExternType, FuncIndex, HostError, InstanceId, Limits, Module,
    NoImports, Snapshot, SnapshotError, Step, Store, Value, Values,
};
use std::{ops::Range, sync::Arc};

/// The arguments of each place.
pub const ARGUMENTS: [Value; 4] = [
    Value::I32(0x7654_3211),
    Value::I64(0x0123_4567_89AB_CDEF),
    // 1.625 and -1234.5.
    Value::F32(0x3FD0_0000),
    Value::F64(0xC093_4A00_0000_0000),
];

/// What is enough for any case.
pub const PLENTY: u64 = 1_000_000;

/// More pauses than any case has fuel for.
const MOST_PAUSES: usize = 5_000;

/// How a call is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pace {
    /// With so much fuel, and with plenty once that is used up.
    Paused(u64),
    /// In slices of so much fuel.
    Sliced(u64),
    /// With no fuel, and with no more than it takes to go on whenever it pauses.
    Sparing,
    /// In one go.
    Whole,
}

/// The pauses of a call: the fuel that it had used, up to that with which it would have gone on. With
/// all that is within the range of its first pause a call pauses there.
pub type Pauses = Vec<Range<u64>>;

/// A case, compiled.
#[derive(Debug)]
pub struct Trial {
    module: Module,
    environment: Environment,
    store: Store,
    is_capturable: bool,
    /// The memories as they were last seen.
    memories: Vec<Arc<[u8]>>,
}

/// The limits under which growth by a few pages or some thousand elements is refused.
#[must_use]
pub fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.memory_pages = 4;
    limits.table_elements = 4_000;
    limits
}

impl Trial {
    /// Compiles a case, whose module has these bytes.
    ///
    /// # Errors
    ///
    /// What the compiler says.
    pub fn new(case: &Case, bytes: &[u8], options: CompileOptions) -> Result<Self, String> {
        let limits = limits();
        let module = Module::with_options(&limits, bytes, options);
        let module = module.map_err(|error| format!("{}: {error}", case.name))?;
        let environment = Environment::new().with_function("env", "host", FuncIndex(0)).with_function(
            "env",
            "fails",
            FuncIndex(1),
        );
        let store = Store::with_limits(limits);
        let mut trial = Self { module, environment, store, is_capturable: false, memories: Vec::new() };
        trial.is_capturable = trial.with_guest(|trial, guest| trial.store.snapshot(guest).is_ok());
        Ok(trial)
    }

    /// Whether its state can be captured.
    #[must_use]
    pub const fn is_capturable(&self) -> bool {
        self.is_capturable
    }

    /// Whether it has memories.
    #[must_use]
    pub fn has_memories(&self) -> bool {
        self.module.exports().iter().any(|export| matches!(export.ty(), ExternType::Memory(_)))
    }

    /// Calls a place of a new guest. Returns what that did, and how it paused. Where `kept` says
    /// so, snapshots before and after are restored, if the module can be captured.
    ///
    /// # Errors
    ///
    /// What a pause, a snapshot or the restoring of one did wrong.
    pub fn run(&mut self, place: &str, pace: Pace, kept: bool) -> Result<(Observed, Pauses), String> {
        self.with_guest(|trial, guest| trial.run_in(guest, place, pace, kept))
    }

    fn with_guest<T>(&mut self, act: impl FnOnce(&mut Self, InstanceId) -> T) -> T {
        let guest = self.store.instantiate(&mut NoImports, &self.module, &self.environment, 0);
        let guest = guest.unwrap_or_else(|error| panic!("{error}"));
        let done = act(self, guest);
        self.store.teardown_instance(guest).expect("it lives");
        done
    }

    fn run_in(
        &mut self,
        guest: InstanceId,
        place: &str,
        pace: Pace,
        kept: bool,
    ) -> Result<(Observed, Pauses), String> {
        let before = if kept { self.store.snapshot(guest).ok() } else { None };
        let mut observed = Observed::default();
        let execution = self.store.begin(guest, place, &ARGUMENTS, 0);
        let mut execution = execution.unwrap_or_else(|error| panic!("{place}: {error}"));
        let pauses = self.drive(&mut execution, guest, pace, &mut observed)?;
        observed.fuel = execution.fuel_used();
        self.look(guest, &mut observed);
        if let Some(before) = before {
            let after = self.snapshot(guest)?;
            for (what, snapshot) in [("before", &before), ("after", &after)] {
                let restored = self.store.restore(guest, snapshot);
                restored.map_err(|error| format!("the snapshot {what}: {error}"))?;
                if self.snapshot(guest)? != *snapshot {
                    return Err(format!("the snapshot {what} restores to another state"));
                }
            }
            observed.snapshot = Some(after);
        }
        Ok((observed, pauses))
    }

    /// Runs the call to its end and returns how it paused.
    fn drive(
        &mut self,
        execution: &mut Execution,
        guest: InstanceId,
        pace: Pace,
        observed: &mut Observed,
    ) -> Result<Pauses, String> {
        match pace {
            Pace::Paused(fuel) => execution.set_fuel(fuel),
            Pace::Sliced(fuel) => execution.set_slice(fuel),
            Pace::Sparing => execution.set_fuel(0),
            Pace::Whole => {}
        }
        let mut pauses = Pauses::new();
        while pauses.len() <= MOST_PAUSES {
            let left = execution.fuel();
            match execution.run(&mut self.store).map_err(|error| error.to_string())? {
                Step::Finished(values) => observed.outcome = Some(Ok(values)),
                Step::Trapped(trap) => observed.outcome = Some(Err(trap.code())),
                Step::HostCall(call) => {
                    observed.calls.push(call.args.to_vec());
                    let answer = answer(call.func, call.args);
                    self.refuses(guest)?;
                    execution.answer(answer).map_err(|error| error.to_string())?;
                    continue;
                }
                Step::OutOfFuel { required, .. } => {
                    if required <= left.min(execution.fuel()) {
                        return Err(format!("out of fuel with {left}, where {required} are required"));
                    }
                    let used = execution.fuel_used();
                    pauses.push(used..used + required);
                    self.refuses(guest)?;
                    match pace {
                        Pace::Sparing => execution.set_fuel(required),
                        _ => execution.add_fuel(PLENTY),
                    }
                    continue;
                }
                Step::SliceOver => {
                    let used = execution.fuel_used();
                    pauses.push(used..used);
                    self.refuses(guest)?;
                    continue;
                }
                other => return Err(format!("{other:?}")),
            }
            return Ok(pauses);
        }
        execution.cancel(&mut self.store);
        Err("it pauses without end".to_owned())
    }

    /// While the guest is called it cannot be captured.
    fn refuses(&mut self, guest: InstanceId) -> Result<(), String> {
        match self.store.snapshot(guest) {
            Err(SnapshotError::Busy) if self.is_capturable => Ok(()),
            Err(SnapshotError::Module(_)) if !self.is_capturable => Ok(()),
            other => Err(format!("a snapshot during the call: {other:?}")),
        }
    }

    fn snapshot(&mut self, guest: InstanceId) -> Result<Snapshot, String> {
        self.store.snapshot(guest).map_err(|error| format!("a snapshot after the call: {error}"))
    }

    /// Reads the guest's globals, memories and tables.
    fn look(&mut self, guest: InstanceId, observed: &mut Observed) {
        let module = self.module.clone();
        for export in module.exports() {
            let name = export.name().to_owned();
            match export.ty() {
                ExternType::Global(_) => {
                    let value = self.store.global(guest, &name).expect("it lives").expect("it is exported");
                    observed.globals.push((name, value));
                }
                ExternType::Memory(_) => {
                    let memory = self.store.exported_memory(guest, &name).expect("it lives");
                    let bytes = self.store.memory_data_mut(memory.expect("it is exported"));
                    let bytes = &*bytes.expect("it lives");
                    let at = observed.memories.len();
                    // Mostly they are what they were in another run, and need not be copied.
                    let bytes = match self.memories.get(at) {
                        Some(seen) if **seen == *bytes => seen.clone(),
                        _ => bytes.into(),
                    };
                    self.memories.splice(at..(at + 1).min(self.memories.len()), [bytes.clone()]);
                    observed.memories.push((name, bytes));
                }
                ExternType::Func(_) if name.starts_with("table ") => {
                    let values = text::call(&mut self.store, guest, &name, &[]);
                    observed.tables.push((name, values));
                }
                _ => {}
            }
        }
    }
}

/// The host's two functions: one changes each value, the other refuses.
fn answer(func: FuncIndex, args: &[Value]) -> Result<Values, HostError> {
    match func {
        FuncIndex(0) => Ok(args.iter().map(|arg| changed(*arg)).collect()),
        _ => Err(HostError::new()),
    }
}

fn changed(value: Value) -> Value {
    match value {
        Value::I32(value) => Value::I32(value ^ 0x55),
        Value::I64(value) => Value::I64(value ^ 0x55_0000_0000),
        Value::F32(bits) => Value::F32(bits ^ 0x40),
        Value::F64(bits) => Value::F64(bits ^ 0x40),
        other => other,
    }
}
