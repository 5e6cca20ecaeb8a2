//! QuickJS with the state of a program in it, which can be kept and gone back to.

use super::{
    Flags, Quickjs,
    exports::{QTS_DUMP, QTS_FREE_C_STRING},
};
use crate::guests::{Failure, Guest, host::Host, values::args};
use guestbox::{Module, RestoreError, Snapshot, SnapshotError, Store};

/// An interpreter in a store of its own.
pub struct Interpreter {
    store: Store,
    supervisor: Quickjs,
}

/// The state of an interpreter: of the guest, and of the supervisor.
pub struct Moment {
    /// The guest's.
    pub snapshot: Snapshot,
    clock: f64,
    context: u32,
}

impl Interpreter {
    /// Compiles QuickJS.
    ///
    /// # Errors
    ///
    /// Where it is not installed.
    pub fn compile() -> Result<Module, Failure> {
        let quickjs = Guest::named("quickjs").ok_or_else(|| Failure::unexpected("QuickJS is not listed"))?;
        Ok(Module::new(&quickjs.load()?)?)
    }

    /// Instantiates it and makes a context for programs.
    ///
    /// # Errors
    ///
    /// Where the guest does something unforeseen.
    pub fn new(module: &Module) -> Result<Self, Failure> {
        let (mut store, mut supervisor) = (Store::new(), Quickjs::default());
        let mut host = Host::new(&mut store, &mut supervisor);
        host.open(module)?;
        host.new_context()?;
        Ok(Self { store, supervisor })
    }

    /// Evaluates a program and returns the JSON of its value.
    ///
    /// # Errors
    ///
    /// Where the program throws, or the guest does something unforeseen.
    pub fn evaluate(&mut self, program: &str) -> Result<String, Failure> {
        let mut host = Host::new(&mut self.store, &mut self.supervisor);
        let value = host.evaluate("program.js", program, Flags::Script)?;
        let value = value.ok_or_else(|| Failure::unexpected("the program throws"))?;
        let context = host.supervisor.context;
        let text: u32 = host.call(QTS_DUMP, args![context, value])?;
        let json = host.read_c_string(text)?;
        host.call::<()>(QTS_FREE_C_STRING, args![context, text])?;
        host.free(value)?;
        // Nobody reads the trace.
        self.supervisor.session.forget_lines();
        Ok(json)
    }

    /// The fuel that all calls of it used.
    pub fn fuel_used(&mut self) -> u64 {
        self.supervisor.session.fuel()
    }

    /// The state as it is.
    ///
    /// # Errors
    ///
    /// None, unless guestbox has a defect.
    pub fn moment(&mut self) -> Result<Moment, SnapshotError> {
        let Quickjs { clock, context, .. } = self.supervisor;
        let snapshot =
            self.store.snapshot(self.supervisor.session.instance().ok_or(SnapshotError::Engine)?)?;
        Ok(Moment { snapshot, clock, context })
    }

    /// Goes back to a state, of this interpreter or of another.
    ///
    /// # Errors
    ///
    /// None, unless guestbox has a defect.
    pub fn restore(&mut self, moment: &Moment) -> Result<(), RestoreError> {
        (self.supervisor.clock, self.supervisor.context) = (moment.clock, moment.context);
        let instance = self.supervisor.session.instance().ok_or(RestoreError::Engine)?;
        self.store.restore(instance, &moment.snapshot)
    }
}
