//! A supervisor with a linear memory, for tests: it records what it is asked, counts what it
//! gives and takes, and fails where it is told to.
//!
//! ```
//! use guestbox::{Environment, FuncIndex, Module, Store, Thunk, Value};
//! use guestbox_tests::mock::{MockSupervisor, Operation};
//! let wasm = wat::parse_str(r#"(module (import "env" "id" (func $id (param i32) (result i32)))
//!     (func (export "run") (result i32) (call $id (i32.const 5))))"#)?;
//! let environment = Environment::new().with_function("env", "id", FuncIndex(3));
//! let mut supervisor = MockSupervisor::new().with_standard_functions();
//! supervisor.fail(Operation::Write, 2);
//! let mut store = Store::new();
//! let mut thunk = Thunk::new(&mut supervisor, MockSupervisor::THUNK);
//! let guest = store.instantiate(&mut thunk, &Module::new(&wasm)?, &environment, 0)?;
//! assert_eq!(*store.invoke(&mut thunk, guest, "run", &[], 9)?, [Value::I32(5)]);
//! assert!(store.invoke(&mut thunk, guest, "run", &[], 9).is_err());
//! assert_eq!(supervisor.trace()[2], "thunk(len=6,state=9,func=3)");
//! assert_eq!(supervisor.heap().balance(), 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod functions;
mod heap;

pub use self::{
    functions::{Call, Function, Reply, add_to_counter, assert_nonzero, host_error, identity},
    heap::{HEAP_BASE, Heap},
};

use guestbox::{FuncIndex, Region, Store, ThunkSupervisor, wire};
use std::{collections::HashMap, error::Error, fmt};

/// What a supervisor is asked to do.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Operation {
    Allocate,
    Deallocate,
    Read,
    Thunk,
    Write,
}

impl Operation {
    pub const ALL: [Self; 5] = [Self::Allocate, Self::Deallocate, Self::Read, Self::Thunk, Self::Write];
}

/// Why the mock failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MockError {
    /// What was freed is not allocated (any more).
    BadFree(u32),
    /// It was told to fail here.
    Injected(Operation),
    /// A region is not all inside its memory.
    OutOfBounds,
    /// Its memory is used up.
    OutOfMemory,
    /// The thunk was called with something a sane host would not pass: another thunk, arguments
    /// that do not decode, a function that does not exist.
    Protocol(&'static str),
}

impl fmt::Display for MockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Error for MockError {}

/// What happens at an operation that was told to fail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Failure {
    Error,
    Panic,
}

/// A supervisor with a linear memory of its own.
///
/// The memory below [`HEAP_BASE`] is scratch space for the test: reads and writes there are
/// neither recorded nor counted nor made to fail, so that buffers for the results of host
/// functions stay out of the trace.
#[derive(Debug)]
pub struct MockSupervisor {
    heap: Heap,
    functions: HashMap<u32, Function>,
    replies: HashMap<u32, Reply>,
    faults: HashMap<(Operation, u32), Failure>,
    calls: HashMap<Operation, u32>,
    counters: HashMap<u32, i32>,
    trace: Vec<String>,
}

impl MockSupervisor {
    /// What names its dispatch thunk; to be called by any other name is an error.
    pub const THUNK: u32 = 3;

    /// A supervisor with one page of memory and no functions.
    #[must_use]
    pub fn new() -> Self {
        Self::with_memory(65_536)
    }

    /// A supervisor with `len` bytes of memory and no functions.
    #[must_use]
    pub fn with_memory(len: usize) -> Self {
        Self {
            heap: Heap::new(len),
            functions: HashMap::new(),
            replies: HashMap::new(),
            faults: HashMap::new(),
            calls: HashMap::new(),
            counters: HashMap::new(),
            trace: Vec::new(),
        }
    }

    /// Serves a function by `function`, which has the mock and the store free for any use.
    pub fn on(
        &mut self,
        func: u32,
        function: impl Fn(&mut Self, &mut Store, &Call) -> Result<Reply, MockError> + Send + Sync + 'static,
    ) {
        self.functions.insert(func, Function::new(function));
    }

    /// Makes the `nth` call of an operation fail, counted from 1.
    ///
    /// A deallocation that fails this way has freed its buffer all the same: what matters is
    /// that it was asked for once.
    pub fn fail(&mut self, operation: Operation, nth: u32) {
        self.faults.insert((operation, nth), Failure::Error);
    }

    /// Makes the `nth` call of an operation panic, counted from 1.
    pub fn panic(&mut self, operation: Operation, nth: u32) {
        self.faults.insert((operation, nth), Failure::Panic);
    }

    /// Makes the `nth` call of the thunk, counted from 1, return `reply` whatever the function.
    pub fn reply(&mut self, nth: u32, reply: Reply) {
        self.replies.insert(nth, reply);
    }

    /// Forgets all faults and replies that were not met, the counts of calls and the trace.
    pub fn reset(&mut self) {
        self.faults.clear();
        self.replies.clear();
        self.calls.clear();
        self.trace.clear();
    }

    /// What happened: `alloc(len)`, `write(len=n,data=hex)`, `thunk(len=n,state=n,func=n)`,
    /// `thunk_ret(hex)` where the thunk returned, and `dealloc#n` for the nth deallocation.
    #[must_use]
    pub fn trace(&self) -> &[String] {
        &self.trace
    }

    /// How often an operation was asked for.
    #[must_use]
    pub fn calls(&self, operation: Operation) -> u32 {
        self.calls.get(&operation).copied().unwrap_or(0)
    }

    /// The memory and its allocator.
    #[must_use]
    pub const fn heap(&self) -> &Heap {
        &self.heap
    }

    /// The memory and its allocator, to be used as the supervisor's own code would.
    pub const fn heap_mut(&mut self) -> &mut Heap {
        &mut self.heap
    }

    /// The counter of a state word.
    pub fn counter(&mut self, state: u32) -> &mut i32 {
        self.counters.entry(state).or_insert(0)
    }

    fn count(&mut self, operation: Operation) -> Result<u32, MockError> {
        let nth = self.calls.entry(operation).or_insert(0);
        *nth += 1;
        let nth = *nth;
        match self.faults.remove(&(operation, nth)) {
            None => Ok(nth),
            Some(Failure::Error) => Err(MockError::Injected(operation)),
            Some(Failure::Panic) => panic!("told to panic at {operation:?} number {nth}"),
        }
    }

    /// Puts a reply where the host can read it.
    fn place(&mut self, reply: Reply) -> Result<Region, MockError> {
        let bytes = match reply {
            Reply::Bytes(bytes) => bytes,
            Reply::Region(region) => {
                self.heap.claim(region.ptr);
                return Ok(region);
            }
            Reply::Reused(region) => return Ok(region),
        };
        let region = self.heap.place(&bytes)?;
        self.trace.push(format!("thunk_ret({})", hex(&bytes)));
        Ok(region)
    }
}

impl Default for MockSupervisor {
    fn default() -> Self {
        Self::new()
    }
}

impl ThunkSupervisor for MockSupervisor {
    type Error = MockError;
    type Thunk = u32;

    fn allocate(&mut self, len: u32) -> Result<u32, MockError> {
        self.trace.push(format!("alloc({len})"));
        self.count(Operation::Allocate)?;
        self.heap.allocate(len)
    }

    fn deallocate(&mut self, ptr: u32) -> Result<(), MockError> {
        let nth = self.calls(Operation::Deallocate) + 1;
        self.trace.push(format!("dealloc#{nth}"));
        let counted = self.count(Operation::Deallocate);
        self.heap.free(ptr)?;
        counted.map(|_| ())
    }

    fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), MockError> {
        if ptr >= HEAP_BASE {
            self.trace.push(format!("write(len={},data={})", bytes.len(), hex(bytes)));
            self.count(Operation::Write)?;
        }
        self.heap.write(ptr, bytes)
    }

    fn read(&mut self, region: Region, buffer: &mut Vec<u8>) -> Result<(), MockError> {
        if region.ptr >= HEAP_BASE {
            self.count(Operation::Read)?;
        }
        let bytes = self.heap.bytes(region).ok_or(MockError::OutOfBounds)?;
        buffer.clear();
        buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn invoke(
        &mut self,
        store: &mut Store,
        thunk: u32,
        args: Region,
        state: u32,
        func: FuncIndex,
    ) -> Result<i64, MockError> {
        let FuncIndex(func) = func;
        self.trace.push(format!("thunk(len={},state={state},func={func})", args.len));
        let nth = self.count(Operation::Thunk)?;
        if thunk != Self::THUNK {
            return Err(MockError::Protocol("another thunk"));
        }
        let bytes = self.heap.bytes(args).ok_or(MockError::OutOfBounds)?;
        let values = wire::decode_arguments(bytes).map_err(|_| MockError::Protocol("arguments"))?;
        let reply = match self.replies.remove(&nth) {
            Some(reply) => reply,
            None => {
                let function = self.functions.get(&func).cloned();
                let function = function.ok_or(MockError::Protocol("no such function"))?;
                function.call(self, store, &Call { func, state, args: values, region: args })?
            }
        };
        Ok(self.place(reply)?.to_thunk())
    }
}

/// Bytes in hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of a string of hexadecimal digits.
///
/// # Panics
///
/// Where it is none.
#[must_use]
pub fn unhex(digits: &str) -> Vec<u8> {
    assert!(digits.len().is_multiple_of(2), "{digits} has an odd number of digits");
    let byte =
        |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap_or_else(|error| panic!("{digits}: {error}"));
    (0..digits.len()).step_by(2).map(byte).collect()
}
