//! A sandbox for untrusted WebAssembly guests.
//!
//! A *supervisor*, which is you, runs *guests*: it instantiates modules it does not trust, shares
//! memories with them, serves their imports and stays in control of their time and memory. The
//! core is the same natively and in a browser, so a guest gives the same results, the same traps
//! and the same fuel count everywhere.
//!
//! ```
//! use guestbox::{Environment, FuncIndex, HostCall, HostError, Module, Store, Value, Values};
//! # let wasm = wat::parse_str(r#"(module (import "env" "log" (func $log (param i32 i32)))
//! #     (memory (export "memory") 1) (data (i32.const 8) "hello")
//! #     (func (export "run") (call $log (i32.const 8) (i32.const 5))))"#).unwrap();
//! // A guest that imports `log(pointer, length)` and exports `run`.
//! let module = Module::new(&wasm)?;
//! let environment = Environment::new().with_function("env", "log", FuncIndex(0));
//!
//! let mut log = Vec::new();
//! let mut supervisor = |store: &mut Store, call: HostCall<'_>| -> Result<Values, HostError> {
//!     let (Some(memory), [Value::I32(pointer), Value::I32(length)]) = (call.memory, call.args) else {
//!         return Err(HostError::new());
//!     };
//!     log.push(store.memory_to_vec(memory, pointer.cast_unsigned(), length.cast_unsigned())?);
//!     Ok(().into())
//! };
//! let mut store = Store::new();
//! let guest = store.instantiate(&mut supervisor, &module, &environment, 0)?;
//! store.invoke(&mut supervisor, guest, "run", &[], 0)?;
//! store.teardown_instance(guest)?;
//! assert_eq!(log, [b"hello"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The picture
//!
//! ```text
//!  guest ── import call ──▶ paused Execution ──▶ Supervisor::dispatch
//!    ▲                                             │ any use of the Store,
//!    └──── resume ◀── types compared ◀── results ◀─┘ re-entry too
//! ```
//!
//! Every guest call is an [`Execution`] that runs until it finishes, traps, calls an import or is
//! out of fuel. The last two are pauses, while which nothing of the engine is borrowed.
//! [`Store::invoke`] is the loop that drives one with a [`Supervisor`]; by hand it can be kept,
//! sliced, resumed in any order with those of other guests, or dropped. Calls of one guest nest:
//! [`Execution::enter`].
//!
//! # The map
//!
//! | to | see |
//! |---|---|
//! | run a guest | [`Module`], [`Environment`], [`Store`] |
//! | serve its imports | [`Supervisor`], [`HostCall`], [`HostError`] |
//! | drive its calls yourself | [`Execution`], [`Step`] |
//! | bound it | [`Limits`], [`InstanceLimits`], [`CallOptions`], fuel by [`costs`] |
//! | keep, reset or copy a guest's state | [`Store::snapshot`], [`Store::restore`], [`Store::fork`], [`snapshot`] |
//! | park a paused guest as bytes, and go on anywhere | [`Store::park`], [`Store::unpark`], [`durable`] |
//! | know what went wrong | [`Trap`] for guests, one error enum for each operation |
//! | see where a guest is | [`CompileOptions::with_frames`], [`Frames`] |
//! | run programs of WASI | `wasi`, of the feature of this name |
//! | serve the Substrate sandbox ABI | [`ThunkSupervisor`], [`Thunk`], [`abi`], [`wire`] |
//! | serve a supervisor that is wasm itself | [`substrate`] |
//!
//! # What always holds
//!
//! * No panic can be reached from a module's bytes, an environment's bytes, a supervisor's
//!   results or a wrong use of this API, and there is no `unsafe` here.
//! * Whatever a guest does, the store and its other guests stay usable.
//! * An instance that was torn down, and a module that was dropped, are really freed: as soon as
//!   no guest that shares memory with them lives; or, where a memory of the supervisor's stays, once they
//!   are worth copying that, or a limit asks for it.
//! * Ids are never reused, and an id of another store is an error.
//!
//! The crate is `no_std` with `alloc`.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod abi;
pub mod durable;
#[doc(hidden)]
pub mod engine;
mod error;
mod limits;
mod module;
pub mod snapshot;
mod store;
pub mod substrate;
#[doc(hidden)]
pub mod tables;
mod types;
#[cfg(feature = "wasi")]
pub mod wasi;
mod wasm;
pub mod wire;

pub use crate::{
    abi::thunk::{Region, Thunk, ThunkError, ThunkSupervisor},
    durable::{ParkError, Parked, UnparkError, Waiting},
    error::{
        ArgumentsError, CompileError, EnvironmentError, ExecutionError, GlobalError, HandleError,
        ImportError, ImportProblem, InstantiateError, InvokeError, MemoryError, ReferenceError, ResultsError,
        TableError, Unsupported,
    },
    limits::{
        CallOptions, CompileOptions, InstanceLimits, Limit, LimitError, LimitErrors, Limits, MAX_PAGES,
        Needs, Outcome, PAGE_BYTES, StackLimits,
    },
    module::Module,
    snapshot::{ForkError, FormatError, RestoreError, Snapshot, SnapshotError, Uncapturable},
    store::{
        Environment, Execution, HostCall, Level, NoImports, Replay, Replayed, SharedFuel, Step, Store,
        Supervisor,
    },
    types::{
        costs,
        externs::{Export, ExternType, GlobalType, Import, MemoryType, TableType},
        features::{Feature, Features},
        frames::{Frame, Frames},
        fuel::OutOfFuel,
        host_error::HostError,
        ids::{FuncIndex, GlobalId, InstanceId, MemoryId, TableId},
        proposals::Proposal,
        refs::{ExternRef, FuncRef},
        trap::{Reason, Trap, TrapCode},
        value::{FuncType, Number, ReturnValue, Signature, V128, Value, ValueType, Values},
    },
};
#[doc(hidden)]
pub use crate::{module::Compiled, store::Back};
