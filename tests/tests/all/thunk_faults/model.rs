//! The eight steps of the ABI once more, as a model that says what must happen where operations
//! fail. It has no bytes, only counts.

use crate::thunk_faults::Why;
use guestbox::ThunkError;
use guestbox_tests::mock::{MockError, Operation};
use std::collections::HashMap;

/// An operation and which call of it fails, counted from 1.
pub type Fault = (Operation, u32);

/// What must have happened at the end of a guest call.
#[derive(Debug, Eq, PartialEq)]
pub struct Expected {
    /// `None` where the call succeeds.
    pub why: Option<Why>,
    /// How often each operation was asked for.
    pub calls: HashMap<Operation, u32>,
    /// Host calls whose function was performed.
    pub performed: u32,
    /// Buffers that nobody freed.
    pub balance: i64,
}

/// A guest call of `host_calls` host calls, one after the other.
pub fn expected(host_calls: u32, faults: &[Fault]) -> Expected {
    let calls = Operation::ALL.map(|operation| (operation, 0)).into();
    let mut model = Model { faults, expected: Expected { why: None, calls, performed: 0, balance: 0 } };
    model.expected.why = (0..host_calls).find_map(|_| model.host_call().err());
    model.expected
}

struct Model<'a> {
    faults: &'a [Fault],
    expected: Expected,
}

impl Model<'_> {
    fn host_call(&mut self) -> Result<(), Why> {
        let adapter = |error| move |_| Why::Adapter(error);
        self.step(Operation::Allocate).map_err(adapter(ThunkError::AllocateArguments))?;
        self.expected.balance += 1;
        if self.step(Operation::Write).is_err() {
            self.free().map_err(adapter(ThunkError::DeallocateAfterWrite))?;
            return Err(Why::Adapter(ThunkError::WriteArguments));
        }
        let thunk = self.step(Operation::Thunk);
        if thunk.is_ok() {
            self.expected.performed += 1;
            self.expected.balance += 1;
        }
        // A failure here ends the call before the result is looked at: as recorded from the
        // lineage, the result's buffer stays with a supervisor whose allocator is broken anyway.
        self.free().map_err(adapter(ThunkError::DeallocateArguments))?;
        thunk.map_err(Why::Supervisor)?;
        let read = self.step(Operation::Read);
        self.free().map_err(adapter(ThunkError::DeallocateResult))?;
        read.map_err(adapter(ThunkError::ReadResult))
    }

    fn free(&mut self) -> Result<(), MockError> {
        self.expected.balance -= 1;
        self.step(Operation::Deallocate)
    }

    fn step(&mut self, operation: Operation) -> Result<(), MockError> {
        let nth = self.expected.calls.entry(operation).or_insert(0);
        *nth += 1;
        if self.faults.contains(&(operation, *nth)) { Err(MockError::Injected(operation)) } else { Ok(()) }
    }
}
