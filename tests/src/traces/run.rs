//! Runs the programs: the calls from outside of any other, and what the memories and globals are at
//! the end.

use super::{Program, program::Step, supervisor::Host};
use crate::durable::Parking;
use crate::guests::trace::{format_value, format_values, memory_line};
use guestbox::{
    Execution, ExternType, InstanceId, InstanceLimits, InstantiateError, MemoryId, Module, Step as Paused,
    Store, Supervisor, Trap, TrapCode, Value, ValueType, Values,
};

/// Runs a program, each call in slices of so much fuel where that is given, and returns its trace.
/// Slices are to change nothing of it.
///
/// # Panics
///
/// Where the program is not one that can be run.
#[must_use]
pub fn run(program: &Program, slice: Option<u64>) -> Vec<String> {
    run_parked(program, slice, None)
}

/// Runs a program as [`run`] does, and parks its guests at some of their pauses.
///
/// # Panics
///
/// Where the program is not one that can be run, or a guest is another elsewhere.
#[must_use]
pub fn run_parked(program: &Program, slice: Option<u64>, parking: Option<&mut Parking>) -> Vec<String> {
    let mut host = Host::default();
    let mut limits = program.limits.clone();
    if parking.is_some() {
        limits = Parking::limits(limits);
    }
    host.parking = parking.as_deref().cloned();
    if let Some(parking) = &mut host.parking {
        parking.set_limits(&limits);
    }
    for (name, bytes) in &program.modules {
        let module = Module::with_limits(&program.limits, bytes);
        host.add(name, module.unwrap_or_else(|error| panic!("{}, {name}: {error}", program.name)));
    }
    let mut run = Run { store: Store::with_limits(limits), host, slice, memories: Vec::new() };
    for (name, initial, maximum) in &program.memories {
        run.make_memory(name, *initial, *maximum);
    }
    for step in &program.steps {
        match step {
            Step::Call { guest, export, args, fuel } => run.call(guest, export, args, fuel),
            Step::Guest { name, limits } => run.start(name, *limits),
        }
    }
    run.park_idle();
    run.show_state();
    if let Some((parking, parked)) = parking.zip(run.host.parking) {
        *parking = parked;
    }
    run.host.lines
}

struct Run {
    store: Store,
    host: Host,
    slice: Option<u64>,
    memories: Vec<(String, MemoryId)>,
}

/// How an execution came to stand still.
enum Rest {
    Ended(Result<Values, Trap>),
    OutOfFuel,
}

impl Run {
    fn make_memory(&mut self, name: &str, initial: u32, maximum: Option<u32>) {
        let memory = self.store.create_memory(initial, maximum).expect("it is within the limits");
        self.host.environment.set_memory(b"memory", name.as_bytes(), memory);
        self.memories.push((name.to_owned(), memory));
    }

    fn start(&mut self, name: &str, limits: InstanceLimits) {
        let module = self.host.modules[name].clone();
        let limits = self.host.recorded(limits);
        let begun = self.store.begin_instantiate_with(&module, &self.host.environment, 0, limits);
        let mut execution = begun.unwrap_or_else(|error| panic!("{name}: {error}"));
        self.set_slice(&mut execution);
        let outcome = match self.drive(&mut execution) {
            Rest::Ended(Ok(_)) => Ok(execution.instance().expect("it has started")),
            Rest::Ended(Err(trap)) => Err(trap),
            Rest::OutOfFuel => Err(execution.end_with(&mut self.store, guestbox::TrapCode::OutOfFuel)),
        };
        // Whoever it fails for, it is in the trace.
        let _failed = self.host.started(name, outcome.map_err(InstantiateError::Start));
    }

    fn call(&mut self, guest: &str, export: &str, args: &[String], fuel: &[u64]) {
        let instance = *self.host.guests.get(guest).unwrap_or_else(|| panic!("there is no guest {guest}"));
        let args = self.arguments(instance, export, args);
        let begun = self.store.begin(instance, export, &args, 0);
        let mut execution = begun.unwrap_or_else(|error| panic!("{guest}.{export}: {error}"));
        if let Some(fuel) = fuel.first() {
            execution.set_fuel(*fuel);
        }
        self.set_slice(&mut execution);
        let mut act = format!("invoke {guest}.{export}({})", format_values(&args));
        let mut more = fuel.iter().skip(1);
        loop {
            let (shown, is_over) = match self.drive(&mut execution) {
                Rest::Ended(outcome) => (shown(&outcome), true),
                Rest::OutOfFuel => ("out of fuel".to_owned(), false),
            };
            self.host.lines.push(format!("{act} -> {shown}, {} fuel", execution.fuel_used()));
            let Some(fuel) = more.next().filter(|_| !is_over) else { break };
            execution.add_fuel(*fuel);
            act = format!("resume with {fuel}");
        }
        execution.cancel(&mut self.store);
    }

    fn arguments(&self, instance: InstanceId, export: &str, args: &[String]) -> Vec<Value> {
        let module = self.store.module(instance).expect("it lives");
        let ty = module.export(export).and_then(|export| export.ty().as_func());
        let params = ty.unwrap_or_else(|| panic!("there is no function {export}")).params();
        assert_eq!(args.len(), params.len(), "arguments of {export}");
        params.iter().zip(args).map(|(ty, text)| argument(*ty, text)).collect()
    }

    fn set_slice(&self, execution: &mut Execution) {
        if let Some(slice) = self.slice {
            execution.set_slice(slice);
        }
    }

    fn drive(&mut self, execution: &mut Execution) -> Rest {
        let Self { store, host, .. } = self;
        loop {
            match execution.run(store).expect("it has not ended") {
                Paused::Finished(values) => return Rest::Ended(Ok(values)),
                Paused::HostCall(call) => match store.open_level(&call) {
                    Ok(outer) => {
                        let answer = host.dispatch(store, call);
                        execution.spend_to(store.close_level(outer));
                        execution.answer(answer).expect("it waits");
                    }
                    Err(trap) => return Rest::Ended(Err(execution.end_with(store, trap.code()))),
                },
                Paused::OutOfFuel { .. } => {
                    host.park(store, execution);
                    return Rest::OutOfFuel;
                }
                Paused::Trapped(trap) => return Rest::Ended(Err(trap)),
                // Its slice is over.
                _ => host.park(store, execution),
            }
        }
    }

    /// Parks all guests at the end.
    fn park_idle(&mut self) {
        if let Some(parking) = &mut self.host.parking {
            self.host.guests.values().for_each(|guest| parking.idle(&mut self.store, *guest));
        }
    }

    /// The memories and the exported globals at the end.
    fn show_state(&mut self) {
        for (name, memory) in std::mem::take(&mut self.memories) {
            self.show_memory(&name, memory);
        }
        for (guest, instance) in std::mem::take(&mut self.host.guests) {
            let module = self.store.module(instance).expect("it lives").clone();
            for export in module.exports() {
                let name = format!("{guest}.{}", export.name());
                match export.ty() {
                    ExternType::Global(ty) if ty.value.is_number() => {
                        let value = self.store.global(instance, export.name()).expect("it lives");
                        let value = format_value(value.expect("it is exported"));
                        self.host.lines.push(format!("{name}: global {value}"));
                    }
                    ExternType::Memory(_) => {
                        let memory = self.store.exported_memory(instance, export.name()).expect("it lives");
                        self.show_memory(&name, memory.expect("it is exported"));
                    }
                    _ => {}
                }
            }
        }
    }

    fn show_memory(&mut self, name: &str, memory: MemoryId) {
        let pages = self.store.memory_size(memory).expect("it lives");
        let line = memory_line(pages, self.store.memory_data_mut(memory).expect("it lives"));
        self.host.lines.push(format!("{name}: {line}"));
    }
}

pub(super) fn shown(outcome: &Result<Values, Trap>) -> String {
    match outcome {
        Ok(values) => shown_values(values),
        Err(trap) => shown_trap(trap),
    }
}

/// One value as it is, none and several in parentheses.
pub(super) fn shown_values(values: &[Value]) -> String {
    match values {
        [value] => format_value(*value),
        values => format!("({})", format_values(values)),
    }
}

/// The reason is shown of failed imports only: limits have names of their own in JavaScript.
pub(super) fn shown_trap(trap: &Trap) -> String {
    let reason = trap.reason().filter(|_| trap.code() == TrapCode::HostError);
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("trap {}{reason}", trap.code().name())
}

/// Integers are decimal, floats `0x` and the hexadecimal digits of their bits.
fn argument(ty: ValueType, text: &str) -> Value {
    let int = || text.parse::<i64>().unwrap_or_else(|error| panic!("{text}: {error}"));
    let bits = || {
        let digits =
            text.strip_prefix("0x").unwrap_or_else(|| panic!("bits of a float begin with 0x: {text}"));
        u64::from_str_radix(digits, 16).unwrap_or_else(|error| panic!("{text}: {error}"))
    };
    match ty {
        ValueType::I32 => Value::I32(int().try_into().expect("an i32")),
        ValueType::I64 => Value::I64(int()),
        ValueType::F32 => Value::F32(bits().try_into().expect("32 bits")),
        ValueType::F64 => Value::F64(bits()),
        other => panic!("no argument is of type {}", other.name()),
    }
}
