//! A supervisor behind a dispatch thunk that misbehaves: what it returns, where it fails, and
//! what is left when it panics.
//!
//! After each fault the guest call has trapped, every buffer was freed exactly once, and the
//! same store and instance serve the next call.

mod model;
mod nth;
mod panics;
mod regions;
mod results;

use guestbox::{
    Environment, FuncIndex, InstanceId, InvokeError, Limits, Module, ResultsError, Store, Thunk, ThunkError,
    Trap, TrapCode, Value, Values,
};
use guestbox_tests::mock::{MockError, MockSupervisor};

/// A store with one guest, and the mock with the standard functions.
pub struct World {
    pub store: Store,
    pub mock: MockSupervisor,
    pub guest: InstanceId,
}

impl World {
    /// With one page of supervisor memory and the default limits.
    pub fn new(wat: &str) -> Self {
        Self::with_supervisor(wat, MockSupervisor::new())
    }

    pub fn with_supervisor(wat: &str, mock: MockSupervisor) -> Self {
        let mut mock = mock.with_standard_functions();
        let mut store = Store::with_limits(Limits::default());
        let mut thunk = Thunk::new(&mut mock, MockSupervisor::THUNK);
        let guest = store.instantiate(&mut thunk, &compile(wat), &environment(), 0).unwrap();
        Self { store, mock, guest }
    }

    pub fn call(&mut self, export: &str, args: &[Value]) -> Result<Values, InvokeError> {
        let mut thunk = Thunk::new(&mut self.mock, MockSupervisor::THUNK);
        self.store.invoke(&mut thunk, self.guest, export, args, 9)
    }

    pub fn trap(&mut self, export: &str, args: &[Value]) -> Trap {
        match self.call(export, args) {
            Err(InvokeError::Trap(trap)) => trap,
            other => panic!("{export}{args:?} did not trap: {other:?}"),
        }
    }

    /// Fails unless every buffer was freed exactly once.
    #[track_caller]
    pub fn assert_balanced(&self) {
        assert_eq!((self.mock.heap().balance(), self.mock.heap().bad_frees()), (0, 0));
    }
}

pub fn compile(wat: &str) -> Module {
    Module::new(&wat::parse_str(wat).unwrap()).unwrap()
}

/// The standard functions under `env`, and `env` `other`: number 10.
pub fn environment() -> Environment {
    let names = ["assert", "inc_counter", "polymorphic_id", "returns_i32", "fails"];
    let functions = names.into_iter().zip(1..).chain([("other", 10)]);
    functions.fold(Environment::new(), |environment, (name, func)| {
        environment.with_function("env", name, FuncIndex(func))
    })
}

/// Why a trap ended the call: the adapter's error, the supervisor's own, or nothing more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Why {
    Adapter(ThunkError),
    HostError,
    ResultType,
    Supervisor(MockError),
}

impl Why {
    pub fn of(trap: &Trap) -> Self {
        match (trap.code(), trap.reason()) {
            (TrapCode::HostError, None) => Self::HostError,
            (TrapCode::HostError, Some(reason)) => match reason.downcast_ref::<ThunkError>() {
                Some(error) => Self::Adapter(*error),
                None => Self::Supervisor(reason.downcast_ref::<MockError>().unwrap().clone()),
            },
            (TrapCode::ResultType, Some(reason)) if reason.is::<ResultsError>() => Self::ResultType,
            other => panic!("unexpected trap: {other:?}"),
        }
    }
}
