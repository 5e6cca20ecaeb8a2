//! A sandbox for untrusted WebAssembly guests.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod abi;
mod budget;
mod cell;
mod environment;
mod error;
mod execution;
mod limits;
mod module;
mod slots;
mod store;
mod supervisor;
mod thunk;
mod trap;
mod value;
pub mod wire;

pub use crate::{
    environment::Environment,
    error::{
        CompileError, EnvironmentError, ExecutionError, GlobalError, HandleError, ImportProblem,
        InstantiateError, InvokeError, LimitError, MemoryError,
    },
    execution::{Execution, Step},
    limits::{Limit, Limits, MAX_PAGES, PAGE_BYTES},
    module::{Export, ExternType, GlobalType, Import, MemoryType, Module, TableType},
    store::{InstanceId, Level, MemoryId, Store},
    supervisor::{FuncIndex, HostCall, HostError, NoImports, Supervisor},
    thunk::{Region, Thunk, ThunkError, ThunkSupervisor},
    trap::{Reason, Trap, TrapCode},
    value::{FuncType, ReturnValue, Value, ValueType, Values},
};
