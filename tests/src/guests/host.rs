//! What the supervisors have in common: opening a guest, traced calls in both directions, and
//! the guest's memory.

use super::{Failure, Report, trace, values::FromResults};
use crate::durable::Parking;
use guestbox::{
    CompileOptions, Environment, FuncIndex, HostCall, HostError, InstanceId, InstanceLimits,
    InstantiateError, InvokeError, Limits, MemoryId, Module, Store, Supervisor, Value, Values,
};
use std::mem;

/// A function that a supervisor offers: module name, field name, and the number by which
/// [`Supervisor::dispatch`] knows it.
pub(super) type Function = (&'static str, &'static str, FuncIndex);

/// Where the guest's memory comes from.
pub(super) enum GuestMemory {
    /// The guest exports it under this name.
    Exported(&'static str),
    /// The supervisor makes it, of a fixed size; the guest imports it under these names.
    Given { module: &'static str, name: &'static str, pages: u32 },
}

/// A supervisor of one of the guests.
pub(super) trait Driver: Default + Supervisor {
    /// The functions that it offers.
    const FUNCTIONS: &'static [Function];
    /// Where the guest's memory comes from.
    const MEMORY: GuestMemory;

    /// The guest that it serves.
    fn session(&mut self) -> &mut Session;

    /// Makes all the calls of the trace.
    fn drive(host: &mut Host<'_, Self>) -> Result<(), Failure>;
}

/// A guest under its supervisor, and its trace.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// `None` until the guest is instantiated.
    instance: Option<InstanceId>,
    memory: Option<MemoryId>,
    lines: Vec<String>,
    fuel_of_lines: Vec<(usize, u64)>,
    fuel: u64,
    largest_call: u64,
    /// Where it is parked at some of its host calls, and looked at elsewhere.
    parking: Option<Parking>,
}

impl Session {
    pub(super) const fn instance(&self) -> Option<InstanceId> {
        self.instance
    }

    /// The fuel of all its calls.
    pub(super) const fn fuel(&self) -> u64 {
        self.fuel
    }

    /// Forgets the trace up to here.
    pub(super) fn forget_lines(&mut self) {
        self.lines.clear();
        self.fuel_of_lines.clear();
    }

    fn count(&mut self, fuel: u64) {
        self.fuel += fuel;
        self.largest_call = self.largest_call.max(fuel);
    }
}

/// Runs a guest from its instantiation to the end of its trace.
pub(super) fn run<D: Driver>(bytes: &[u8], options: CompileOptions, parking: Option<&mut Parking>) -> Report {
    let limits = if parking.is_some() { Parking::limits(Limits::default()) } else { Limits::default() };
    let mut store = Store::with_limits(limits);
    let mut supervisor = D::default();
    supervisor.session().parking = parking.as_deref().cloned();
    let mut host = Host::new(&mut store, &mut supervisor);
    let module = Module::with_options(host.store.limits(), bytes, options).map_err(Failure::from);
    let outcome = module.and_then(|module| host.open(&module)).and_then(|()| D::drive(&mut host));
    let session = supervisor.session();
    if let (Some(parking), Some(mut parked), Some(guest)) =
        (parking, session.parking.take(), session.instance)
    {
        parked.idle(&mut store, guest);
        *parking = parked;
    }
    let Session { lines, fuel_of_lines, fuel, largest_call, .. } = mem::take(supervisor.session());
    Report { lines, fuel_of_lines, fuel, largest_call, outcome }
}

/// Serves an import call and prints its line: the body of each [`Supervisor::dispatch`] here.
pub(super) fn serve<'a, D: Driver, R: Into<Values>>(
    store: &'a mut Store,
    supervisor: &'a mut D,
    call: HostCall<'_>,
    import: impl FnOnce(&mut Host<'a, D>, FuncIndex, &[Value]) -> Result<R, Failure>,
) -> Result<Values, HostError> {
    if let Some(parking) = &mut supervisor.session().parking {
        parking.host_call(store, &call);
    }
    let mut host = Host { store, supervisor, nested: true };
    let frames = call.frames();
    if !frames.is_empty() {
        host.print(trace::frames_line(&frames));
    }
    let outcome = import(&mut host, call.func, call.args).map(Into::into);
    let name = D::FUNCTIONS.iter().find(|function| function.2 == call.func);
    let name = name.map_or("unknown".to_owned(), |(module, name, _)| format!("{module}.{name}"));
    host.print(trace::call_line("call", &name, call.args, outcome.as_deref()));
    outcome.map_err(HostError::with_reason)
}

/// A supervisor at work: the store and itself, within an import call or outside of any.
pub(super) struct Host<'a, D> {
    store: &'a mut Store,
    /// The guest's own supervisor, with what it has to remember.
    pub(super) supervisor: &'a mut D,
    /// Whether an import call is being served.
    nested: bool,
}

impl<'a, D: Driver> Host<'a, D> {
    /// Outside of any import call.
    pub(super) const fn new(store: &'a mut Store, supervisor: &'a mut D) -> Self {
        Self { store, supervisor, nested: false }
    }

    /// Instantiates the guest.
    pub(super) fn open(&mut self, module: &Module) -> Result<(), Failure> {
        let mut environment = Environment::new();
        for (module, name, number) in D::FUNCTIONS {
            environment = environment.with_function(module, name, *number);
        }
        if let GuestMemory::Given { module, name, pages } = D::MEMORY {
            let memory = self.store.create_memory(pages, Some(pages))?;
            environment = environment.with_memory(module, name, memory);
            self.supervisor.session().memory = Some(memory);
        }
        let limits = InstanceLimits::new();
        let is_recorded = self.supervisor.session().parking.is_some();
        let limits = if is_recorded { limits.with_journal() } else { limits };
        let mut execution = self.store.begin_instantiate_with(module, &environment, 0, limits)?;
        let budget = execution.fuel();
        let started = self.store.drive(self.supervisor, &mut execution);
        self.supervisor.session().count(budget - execution.fuel());
        started.map_err(InstantiateError::Start)?;
        let instance = execution.instance().ok_or(InstantiateError::Engine)?;
        if let GuestMemory::Exported(name) = D::MEMORY {
            self.supervisor.session().memory = self.store.exported_memory(instance, name)?;
        }
        self.supervisor.session().instance = Some(instance);
        Ok(())
    }

    /// Calls an export and prints the line of the call.
    pub(super) fn call<R: FromResults>(&mut self, export: &str, args: &[Value]) -> Result<R, Failure> {
        let outcome = self.invoke(export, args);
        self.print(trace::call_line("invoke", export, args, outcome.as_deref()));
        R::from_results(&outcome?)
            .ok_or_else(|| Failure::unexpected(format!("{export} returns something of another type")))
    }

    fn invoke(&mut self, export: &str, args: &[Value]) -> Result<Values, Failure> {
        let instance = self.supervisor.session().instance;
        let instance = instance.ok_or_else(|| Failure::unexpected("the guest is not instantiated yet"))?;
        if self.nested {
            return Ok(self.store.invoke(self.supervisor, instance, export, args, 0)?);
        }
        // The same by hand, as the execution then tells how much fuel is left.
        let mut execution = self.store.begin(instance, export, args, 0)?;
        let budget = execution.fuel();
        let outcome = self.store.drive(self.supervisor, &mut execution);
        let session = self.supervisor.session();
        session.count(budget - execution.fuel());
        // The line of the call is the next.
        session.fuel_of_lines.push((session.lines.len(), budget - execution.fuel()));
        outcome.map_err(|trap| InvokeError::from(trap).into())
    }

    /// Adds a line to the trace.
    pub(super) fn print(&mut self, line: impl Into<String>) {
        self.supervisor.session().lines.push(line.into());
    }

    /// The last line of every trace.
    pub(super) fn print_memory(&mut self) -> Result<(), Failure> {
        let memory = self.memory_id()?;
        let pages = self.store.memory_size(memory)?;
        let line = trace::memory_line(pages, self.bytes()?);
        self.print(line);
        Ok(())
    }

    /// A copy of bytes of the guest's memory.
    pub(super) fn read(&mut self, at: u32, len: u32) -> Result<Vec<u8>, Failure> {
        let memory = self.memory_id()?;
        Ok(self.store.memory_to_vec(memory, at, len)?)
    }

    /// Writes bytes into the guest's memory.
    pub(super) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Failure> {
        let memory = self.memory_id()?;
        Ok(self.store.memory_write(memory, at, bytes)?)
    }

    /// The text of a length.
    pub(super) fn read_text(&mut self, at: u32, len: u32) -> Result<String, Failure> {
        let text = String::from_utf8(self.read(at, len)?);
        text.map_err(|error| Failure::unexpected(format!("the text at {at}: {error}")))
    }

    /// The text up to its zero byte.
    pub(super) fn read_c_string(&mut self, at: u32) -> Result<String, Failure> {
        let mut len = 0;
        // By a byte, as nobody knows how many there are.
        while self.read(at.saturating_add(len), 1)? != [0] {
            len += 1;
        }
        self.read_text(at, len)
    }

    /// Writes a text and a zero byte after it.
    pub(super) fn write_c_string(&mut self, at: u32, text: &str) -> Result<(), Failure> {
        let bytes: Vec<u8> = text.bytes().chain([0]).collect();
        self.write(at, &bytes)
    }

    pub(super) fn read_u32(&mut self, at: u32) -> Result<u32, Failure> {
        let mut bytes = [0; 4];
        let memory = self.memory_id()?;
        self.store.memory_read(memory, at, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    pub(super) fn write_u32(&mut self, at: u32, value: u32) -> Result<(), Failure> {
        self.write(at, &value.to_le_bytes())
    }

    fn bytes(&mut self) -> Result<&[u8], Failure> {
        let memory = self.memory_id()?;
        Ok(self.store.memory_data_mut(memory)?)
    }

    fn memory_id(&mut self) -> Result<MemoryId, Failure> {
        let memory = self.supervisor.session().memory;
        memory.ok_or_else(|| Failure::unexpected("the guest has no memory of the expected name"))
    }
}
