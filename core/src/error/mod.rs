//! Errors: one small enum for each operation. Every variant says what to do about it.

mod calls;
mod coded;
mod durable;
mod handles;
mod modules;
mod snapshots;

pub(crate) use self::{coded::coded, durable::PARKED_VERSION, snapshots::FORMAT_VERSION};

pub use self::{
    calls::{ArgumentsError, ExecutionError, InvokeError, ResultsError},
    coded::{Code, Coded, Refusing, Variant},
    durable::{ParkError, UnparkError},
    handles::{GlobalError, HandleError, MemoryError, ReferenceError, TableError},
    modules::{
        CompileError, EnvironmentError, ForkError, ImportError, ImportProblem, InstantiateError, Unsupported,
    },
    snapshots::{FormatError, RestoreError, SnapshotError, Uncapturable},
};
