//! Performs scripts.

use super::{
    linker::{Instance, Linker, Unlinked},
    outcome::{Finding, Outcome, innermost, is_meant},
    script::{Action, Binary, Command, Script},
    values::{Expected, Shown},
};
use crate::text;
use guestbox::{
    CompileError, ExternType, Feature, InstanceId, InstantiateError, InvokeError, Limit, Limits, Module,
    Store, Trap, Value, Values,
};
use std::{collections::HashMap, fmt};

/// The limits of a script: those of modules are the highest there are, so that one that a limit refuses is no valid module.
pub(super) fn limits(script: &Script) -> Limits {
    let mut limits = Limits::unlimited();
    let Limits { fuel, total_instance_bytes, total_memory_pages, .. } = Limits::default();
    (limits.fuel, limits.total_instance_bytes, limits.total_memory_pages) =
        (fuel, total_instance_bytes, total_memory_pages);
    if !script.multi_memory {
        limits.features = limits.features.without(Feature::MultiMemory);
    }
    limits
}

/// Performs a script, and says of each directive what it came to.
///
/// # Panics
///
/// Where the script speaks of an instance that it does not have.
#[must_use]
pub fn run(script: &Script) -> Vec<Finding> {
    let mut runner = Runner::new(limits(script));
    script.directives.iter().map(|directive| runner.perform(&directive.command)).collect()
}

struct Runner {
    limits: Limits,
    store: Store,
    linker: Linker,
    current: Option<Instance>,
    named: HashMap<String, Instance>,
    /// Modules by their names, the last one by none.
    definitions: HashMap<String, Binary>,
    /// Of instances those that they import from.
    providers: HashMap<InstanceId, Vec<InstanceId>>,
    /// Instances with which the script does something that could not be done, so that their state may be another than
    /// it has to be.
    unsettled: HashMap<InstanceId, Finding>,
}

/// Why there is no instance.
enum Unmade {
    /// It was refused for what it is.
    Refused(Finding),
    /// An import cannot be had.
    Imports(String),
    /// A segment is out of bounds.
    Segment,
    /// The start function trapped.
    Start(Trap),
}

/// What a module comes to that should have been made.
impl From<Unmade> for Finding {
    fn from(unmade: Unmade) -> Self {
        match unmade {
            Unmade::Refused(finding) => finding,
            Unmade::Imports(problem) => Self::new(Outcome::Refused("import"), problem),
            Unmade::Segment => Self::new(Outcome::WrongTrap, "a segment does not fit"),
            Unmade::Start(trap) => Self::new(Outcome::WrongTrap, innermost(&trap)),
        }
    }
}

/// Why there are no results.
enum Unreturned {
    Found(Finding),
    Trapped(Trap),
}

impl Runner {
    fn new(limits: Limits) -> Self {
        let mut store = Store::with_limits(limits.clone());
        let linker = Linker::new(&mut store);
        let mut runner = Self {
            limits,
            store,
            linker,
            current: None,
            named: HashMap::new(),
            definitions: HashMap::new(),
            providers: HashMap::new(),
            unsettled: HashMap::new(),
        };
        let Ok(spectest) = runner.make(&spectest()) else { panic!("spectest cannot be made") };
        runner.linker.register("spectest", Instance::Live(spectest));
        runner
    }

    fn perform(&mut self, command: &Command) -> Finding {
        match command {
            Command::Module { name, module } => self.module(name.as_deref(), module),
            Command::Define { name, module } => self.define(name.as_deref(), module),
            Command::Instantiate { name, definition } => {
                let found = self.definitions.get(definition.as_deref().unwrap_or_default());
                let module = found.expect("the script has the module").clone();
                self.module(name.as_deref(), &module)
            }
            Command::Register { name, instance } => {
                let instance = self.instance(instance.as_deref());
                self.linker.register(name, instance.clone());
                match instance {
                    Instance::Live(_) => Finding::passed(),
                    Instance::Missing(finding) => finding,
                }
            }
            Command::Perform { action } => self.act(action, |outcome| match outcome {
                Ok(_) => Finding::passed(),
                Err(trap) => Finding::new(Outcome::WrongTrap, trap),
            }),
            Command::AssertReturn { action, expected } => self.act(action, |outcome| match outcome {
                Ok(results) => compare(&results, expected),
                Err(trap) => Finding::new(Outcome::WrongTrap, trap),
            }),
            Command::AssertTrap { action, message } => self.act(action, |outcome| match outcome {
                Ok(results) => Finding::new(Outcome::WrongTrap, format!("{message}: {}", list(&results))),
                Err(trap) => judge(message, &trap),
            }),
            Command::AssertUninstantiable { module, message } => match self.make(module) {
                Ok(_) => Finding::new(Outcome::WrongTrap, format!("none, expected: {message}")),
                Err(Unmade::Segment) if message.starts_with("out of bounds") => Finding::passed(),
                Err(Unmade::Start(trap)) => judge(message, &trap),
                Err(unmade) => unmade.into(),
            },
            Command::AssertUnlinkable { module, message } => match self.make(module) {
                Err(Unmade::Imports(_)) => Finding::passed(),
                Err(Unmade::Segment) if message.contains("segment does not fit") => Finding::passed(),
                Err(Unmade::Refused(finding)) => finding,
                Ok(_) | Err(Unmade::Segment | Unmade::Start(_)) => Finding::new(Outcome::Accepted, message),
            },
            Command::Superseded => Finding::new(Outcome::Superseded, ""),
            Command::AssertRefused { module: None } => Finding::new(Outcome::TextFormat, ""),
            Command::AssertRefused { module: Some(module) } => self.refused(module),
        }
    }

    /// Makes an instance that is the current one from now on, or its lack is.
    fn module(&mut self, name: Option<&str>, module: &Binary) -> Finding {
        let (instance, finding) = match self.make(module) {
            Ok(instance) => (Instance::Live(instance), Finding::passed()),
            Err(unmade) => {
                let finding = Finding::from(unmade);
                (Instance::Missing(finding.clone()), finding)
            }
        };
        if let Some(name) = name {
            self.named.insert(name.to_owned(), instance.clone());
        }
        self.current = Some(instance);
        finding
    }

    fn define(&mut self, name: Option<&str>, module: &Binary) -> Finding {
        for name in name.into_iter().chain([""]) {
            self.definitions.insert(name.to_owned(), module.clone());
        }
        self.compile(module).map_or_else(|finding| finding, |_| Finding::passed())
    }

    fn compile(&self, module: &Binary) -> Result<Module, Finding> {
        let compiled = Module::with_limits(&self.limits, &module.0);
        compiled.map_err(|error| Finding::new(Outcome::of_compile_error(&error), error))
    }

    fn make(&mut self, module: &Binary) -> Result<InstanceId, Unmade> {
        let module = self.compile(module).map_err(Unmade::Refused)?;
        let providers = self.linker.providers(&module);
        let made = self.link(&module);
        match &made {
            Ok(instance) => {
                self.providers.insert(*instance, providers);
            }
            // It did not write to their memories and tables, which it might have.
            Err(Unmade::Refused(finding)) => {
                for provider in providers {
                    self.unsettled.entry(provider).or_insert_with(|| finding.clone());
                }
            }
            Err(_) => {}
        }
        made
    }

    fn link(&mut self, module: &Module) -> Result<InstanceId, Unmade> {
        let Self { store, linker, .. } = self;
        let environment = linker.environment(store, module).map_err(|unlinked| match unlinked {
            Unlinked::Missing(finding) => Unmade::Refused(finding),
            Unlinked::Type(problem) => Unmade::Imports(problem),
        })?;
        store.instantiate(linker, module, &environment, 0).map_err(|error| match error {
            InstantiateError::Imports(_) => Unmade::Imports(error.to_string()),
            InstantiateError::Segment => Unmade::Segment,
            InstantiateError::Start(trap) => Unmade::Start(trap),
            other => Unmade::Refused(Finding::new(Outcome::Refused(other.code()), &other)),
        })
    }

    fn instance(&self, name: Option<&str>) -> Instance {
        let found = match name {
            Some(name) => self.named.get(name),
            None => self.current.as_ref(),
        };
        found.unwrap_or_else(|| panic!("the script has no instance {name:?}")).clone()
    }

    /// Does something and judges what comes of it.
    fn act(&mut self, action: &Action, judge: impl FnOnce(Result<Values, Trap>) -> Finding) -> Finding {
        let instance = match self.instance(action.instance.as_deref()) {
            Instance::Live(instance) => instance,
            Instance::Missing(finding) => return finding,
        };
        let finding = match self.outcome(instance, action) {
            Ok(results) => judge(Ok(results)),
            Err(Unreturned::Trapped(trap)) => judge(Err(trap)),
            Err(Unreturned::Found(finding)) => {
                if !finding.outcome.is_wrong() {
                    self.unsettled.entry(instance).or_insert_with(|| finding.clone());
                }
                finding
            }
        };
        match self.unsettled_by(instance) {
            Some(unsettled) if finding.outcome.is_wrong() => unsettled.clone(),
            _ => finding,
        }
    }

    /// What could not be done with an instance, or with those that it imports from.
    fn unsettled_by(&self, instance: InstanceId) -> Option<&Finding> {
        let providers = self.providers.get(&instance);
        let own = self.unsettled.get(&instance);
        own.or_else(|| providers?.iter().find_map(|provider| self.unsettled_by(*provider)))
    }

    /// What a module comes to that has to be refused.
    fn refused(&self, module: &Binary) -> Finding {
        match Module::with_limits(&self.limits, &module.0) {
            Ok(_) => Finding::new(Outcome::Accepted, ""),
            Err(CompileError::Invalid(_) | CompileError::Feature(_)) => Finding::passed(),
            // The specification has the same one.
            Err(CompileError::Limit(refused)) if refused.limit == Limit::MemoryPages => Finding::passed(),
            Err(CompileError::Limit(refused)) => Finding::new(Outcome::Unexamined("limit"), refused),
            Err(CompileError::Unsupported(unsupported)) => {
                Finding::new(Outcome::Unexamined(unsupported.proposal.name()), unsupported)
            }
            Err(error) => Finding::new(Outcome::of_compile_error(&error), error),
        }
    }

    fn outcome(&mut self, instance: InstanceId, action: &Action) -> Result<Values, Unreturned> {
        let found = |outcome, detail: &dyn fmt::Display| Unreturned::Found(Finding::new(outcome, detail));
        let export = &*action.export;
        let Some(arguments) = &action.arguments else {
            let value = self.store.global(instance, export).expect("it is live");
            return value
                .map(Values::from)
                .ok_or_else(|| found(Outcome::WrongValue, self.exported(instance, export)));
        };
        let arguments: Vec<Value> = arguments.iter().map(|shown| shown.0).collect();
        let returned = self.store.invoke(&mut self.linker, instance, export, &arguments, 0);
        returned.map_err(|error| match error {
            InvokeError::Trap(trap) => Unreturned::Trapped(trap),
            other => found(Outcome::WrongTrap, &other),
        })
    }

    fn exported(&self, instance: InstanceId, export: &str) -> &ExternType {
        let found = self.store.module(instance).expect("it is live").export(export);
        found.unwrap_or_else(|| panic!("the script's instance has no `{export}`")).ty()
    }
}

/// The bytes of what all scripts have to import from.
pub(super) fn spectest() -> Binary {
    Binary(text::bytes(include_str!("spectest.wat")))
}

fn compare(results: &[Value], expected: &[Expected]) -> Finding {
    let is_equal = results.len() == expected.len()
        && results.iter().zip(expected).all(|(value, expected)| expected.admits(*value));
    if is_equal {
        return Finding::passed();
    }
    let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
    Finding::new(Outcome::WrongValue, format!("({}), expected ({})", list(results), expected.join(", ")))
}

fn judge(message: &str, trap: &Trap) -> Finding {
    let trap = innermost(trap);
    if is_meant(message, trap.code()) {
        return Finding::passed();
    }
    Finding::new(Outcome::WrongTrap, format!("{trap}, expected: {message}"))
}

fn list(values: &[Value]) -> String {
    let shown: Vec<String> = values.iter().map(|value| Shown(*value).to_string()).collect();
    shown.join(", ")
}
