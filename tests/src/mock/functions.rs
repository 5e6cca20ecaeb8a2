//! What the mock's functions do.

use super::{MockError, MockSupervisor};
use guestbox::{HostError, Number, Region, ReturnValue, Store, Value};
use parity_scale_codec::Encode;
use std::{fmt, sync::Arc};

/// A call that has reached the thunk.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub func: u32,
    pub state: u32,
    pub args: Vec<Value>,
    /// Where the encoded arguments are.
    pub region: Region,
}

/// What the thunk returns.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reply {
    /// These bytes, in a buffer that is allocated for them.
    Bytes(Vec<u8>),
    /// This region as it is, whatever is there. Where it begins at nothing allocated, the mock
    /// expects that it is freed once all the same.
    Region(Region),
    /// This region, which is of the supervisor's buffers and no other's: nothing is expected.
    Reused(Region),
}

impl Reply {
    /// No value.
    #[must_use]
    pub fn unit() -> Self {
        Self::of(Ok(ReturnValue::Unit))
    }

    /// A value.
    #[must_use]
    pub fn value(value: impl Into<Value>) -> Self {
        let number = Number::try_from(value.into()).expect("the wire has nothing else");
        Self::of(Ok(ReturnValue::Value(number)))
    }

    /// The error that ends the guest call.
    #[must_use]
    pub fn host_error() -> Self {
        Self::of(Err(HostError::new()))
    }

    fn of(result: Result<ReturnValue, HostError>) -> Self {
        Self::Bytes(result.encode())
    }
}

type Body = dyn Fn(&mut MockSupervisor, &mut Store, &Call) -> Result<Reply, MockError> + Send + Sync;

/// A function of the mock.
#[derive(Clone)]
pub struct Function(Arc<Body>);

impl Function {
    pub(super) fn new(
        body: impl Fn(&mut MockSupervisor, &mut Store, &Call) -> Result<Reply, MockError> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(body))
    }

    pub(super) fn call(
        &self,
        mock: &mut MockSupervisor,
        store: &mut Store,
        call: &Call,
    ) -> Result<Reply, MockError> {
        (self.0)(mock, store, call)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function").finish_non_exhaustive()
    }
}

impl MockSupervisor {
    /// Adds the functions of the lineage's tests under the numbers 1 to 5: [`assert_nonzero`],
    /// [`add_to_counter`], [`identity`], the constant 42 and [`host_error`].
    #[must_use]
    pub fn with_standard_functions(mut self) -> Self {
        self.on(1, assert_nonzero);
        self.on(2, add_to_counter);
        self.on(3, identity);
        self.on(4, |_, _, _| Ok(Reply::value(42)));
        self.on(5, host_error);
        self
    }
}

/// Takes an i32 and gives nothing; 0 is a `HostError`.
pub fn assert_nonzero(_: &mut MockSupervisor, _: &mut Store, call: &Call) -> Result<Reply, MockError> {
    match call.args[..] {
        [Value::I32(0)] => Ok(Reply::host_error()),
        [Value::I32(_)] => Ok(Reply::unit()),
        _ => Err(MockError::Protocol("assert takes an i32")),
    }
}

/// Adds an i32 to the counter of the call's state word and gives the sum.
pub fn add_to_counter(mock: &mut MockSupervisor, _: &mut Store, call: &Call) -> Result<Reply, MockError> {
    let [Value::I32(more)] = call.args[..] else {
        return Err(MockError::Protocol("inc_counter takes an i32"));
    };
    let counter = mock.counter(call.state);
    *counter = counter.wrapping_add(more);
    Ok(Reply::value(*counter))
}

/// Gives its one argument back.
pub fn identity(_: &mut MockSupervisor, _: &mut Store, call: &Call) -> Result<Reply, MockError> {
    match call.args[..] {
        [value] => Ok(Reply::value(value)),
        _ => Err(MockError::Protocol("polymorphic_id takes one value")),
    }
}

/// Ends the guest call.
pub fn host_error(_: &mut MockSupervisor, _: &mut Store, _: &Call) -> Result<Reply, MockError> {
    Ok(Reply::host_error())
}
