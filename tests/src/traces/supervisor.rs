//! The supervisor of the programs: functions that every guest may import from `host`.

use super::run::{shown, shown_trap, shown_values};
use crate::durable::Parking;
use crate::guests::trace::format_values;
use guestbox::{
    Environment, Execution, FuncIndex, HostCall, HostError, InstanceId, InstanceLimits, InstantiateError,
    InvokeError, MemoryId, Module, OutOfFuel, Store, Supervisor, Value, Values,
};
use std::{collections::BTreeMap, error::Error, fmt};

/// The module name of its functions.
const HOST: &str = "host";

/// What the guests of a program have around them, and the trace.
#[derive(Default)]
pub(super) struct Host {
    pub(super) lines: Vec<String>,
    pub(super) modules: BTreeMap<String, Module>,
    /// Those that live, by name.
    pub(super) guests: BTreeMap<String, InstanceId>,
    pub(super) environment: Environment,
    /// The names of the functions that are imported, by the number which the environment gives them.
    functions: Vec<String>,
    /// Where guests are parked at some of their pauses.
    pub(super) parking: Option<Parking>,
}

/// Why a host call fails.
enum Refusal {
    Failed(Failed),
    Unpaid(OutOfFuel),
}

/// Ends the guest's call on purpose.
#[derive(Debug)]
struct Failed(String);

impl Host {
    /// Adds a module, and its imports to the environment.
    pub(super) fn add(&mut self, name: &str, module: Module) {
        for import in module.imports().iter().filter(|import| import.module() == HOST) {
            let number = u32::try_from(self.functions.len()).expect("they are few");
            self.functions.push(import.name().to_owned());
            self.environment.set_function(HOST.as_bytes(), import.name().as_bytes(), FuncIndex(number));
        }
        self.modules.insert(name.to_owned(), module);
    }

    /// The limits of a guest, which is recorded where guests are parked.
    pub(super) const fn recorded(&self, limits: InstanceLimits) -> InstanceLimits {
        if self.parking.is_some() { limits.with_journal() } else { limits }
    }

    /// Parks the guest of a call that is out of fuel or between slices, if it is its turn.
    pub(super) fn park(&mut self, store: &mut Store, execution: &Execution) {
        if let Some(parking) = &mut self.parking {
            parking.out_of_fuel(store, execution);
        }
    }

    /// Notes how an instantiation ended.
    pub(super) fn started(
        &mut self,
        name: &str,
        outcome: Result<InstanceId, InstantiateError>,
    ) -> Result<(), String> {
        let (shown, outcome) = match outcome {
            Ok(instance) => {
                self.guests.insert(name.to_owned(), instance);
                ("ready".to_owned(), Ok(()))
            }
            Err(InstantiateError::Start(trap)) => {
                (format!("{}, {} fuel", shown_trap(&trap), trap.fuel_used()), Err(shown_trap(&trap)))
            }
            Err(error) => panic!("{name}: {error}"),
        };
        self.lines.push(format!("guest {name} -> {shown}"));
        outcome
    }

    fn serve(&mut self, store: &mut Store, name: &str, call: &HostCall<'_>) -> Result<Values, Refusal> {
        let args = call.args;
        let int = |at: usize| args[at].as_i32().expect("an i32").cast_unsigned();
        let memory = || call.memory.expect("the caller has a memory");
        match name.split('.').collect::<Vec<_>>().as_slice() {
            ["call", guest, export] => Ok(self.invoke(store, guest, export, args)?),
            ["charge"] => {
                store.charge(args[0].as_i64().expect("an i64").cast_unsigned()).map_err(Refusal::Unpaid)?;
                Ok(Values::NONE)
            }
            ["drop", guest] => {
                let guest = self.guests.remove(*guest).ok_or_else(|| Failed::because("no guest"))?;
                store.teardown_instance(guest).expect("it lives");
                Ok(Values::NONE)
            }
            ["echo", ..] => {
                let results = call.import.ty().as_func().expect("it is called").results();
                Ok(args[..results.len()].iter().copied().collect())
            }
            ["fail"] => Err(Failed::because("refused").into()),
            ["grow"] => Ok(store.memory_grow(memory(), int(0)).map_or(-1, u32::cast_signed).into()),
            ["left"] => Ok(store.fuel_left().expect("a call is served").cast_signed().into()),
            ["new", guest] => {
                let module = self.modules[*guest].clone();
                let (environment, limits) = (self.environment.clone(), self.recorded(InstanceLimits::new()));
                let outcome = store.instantiate_with(self, &module, &environment, 0, limits);
                self.started(guest, outcome).map_err(Failed)?;
                Ok(Values::NONE)
            }
            ["peek"] => Ok(i32::from(Self::peek(store, memory(), int(0))?).into()),
            ["poke"] => {
                let byte = int(1).to_le_bytes()[0];
                let written = store.memory_write(memory(), int(0), &[byte]);
                written.map_err(|error| Failed::because(error.code()))?;
                Ok(Values::NONE)
            }
            ["try", guest, export] => Ok(i32::from(self.invoke(store, guest, export, args).is_err()).into()),
            ["wrong"] => Ok(0_i64.into()),
            _ => panic!("no function is called {name}"),
        }
    }

    fn peek(store: &Store, memory: MemoryId, at: u32) -> Result<u8, Failed> {
        let mut byte = [0];
        store.memory_read(memory, at, &mut byte).map_err(|error| Failed::because(error.code()))?;
        Ok(byte[0])
    }

    /// A call within a host call, which draws on its fuel.
    fn invoke(
        &mut self,
        store: &mut Store,
        guest: &str,
        export: &str,
        args: &[Value],
    ) -> Result<Values, Failed> {
        let instance = self.guests.get(guest).copied().ok_or_else(|| Failed::because("no guest"))?;
        let before = store.fuel_left().expect("a call is served");
        let outcome = store.invoke(self, instance, export, args, 0).map_err(|error| match error {
            InvokeError::Trap(trap) => trap,
            error => panic!("{guest}.{export}: {error}"),
        });
        let used = before - store.fuel_left().expect("a call is served");
        let args = format_values(args);
        self.lines.push(format!("invoke {guest}.{export}({args}) -> {}, {used} fuel", shown(&outcome)));
        outcome.map_err(|trap| Failed(shown_trap(&trap)))
    }
}

impl Supervisor for Host {
    fn dispatch(&mut self, store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        if let Some(parking) = &mut self.parking {
            parking.host_call(store, &call);
        }
        let name = self.functions[usize::try_from(call.func.0).expect("32 bits")].clone();
        let outcome = self.serve(store, &name, &call);
        let shown = match &outcome {
            // Not shown as a value: JavaScript has none of a type that is not declared.
            Ok(_) if name == "wrong" => "another type".to_owned(),
            Ok(values) => shown_values(values),
            Err(Refusal::Failed(Failed(why))) => format!("fails: {why}"),
            Err(Refusal::Unpaid(_)) => "cannot pay".to_owned(),
        };
        self.lines.push(format!("call {name}({}) -> {shown}, {} left", format_values(call.args), call.fuel));
        outcome.map_err(|refusal| match refusal {
            Refusal::Failed(reason) => reason.into(),
            Refusal::Unpaid(reason) => reason.into(),
        })
    }
}

impl Failed {
    fn because(why: &str) -> Self {
        Self(why.to_owned())
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Failed {}

impl From<Failed> for Refusal {
    fn from(reason: Failed) -> Self {
        Self::Failed(reason)
    }
}
