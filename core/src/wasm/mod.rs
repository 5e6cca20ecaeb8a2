//! Reading and rewriting modules, apart from any engine.

mod bits;
mod features;
mod names;
mod operators;
mod reader;
mod rewrite;
mod scan;
mod sections;
mod stack_pointer;
mod types;
mod unsupported;
mod validate;

pub(crate) use self::{
    names::{function_names, module_name},
    rewrite::{
        Bodies, Frames, LEAVING, Names, OUTSIDE, Rehosted, Rewritten, SLOT, SLOT_BYTES, STACK_BYTES, mend,
        rewrite, rewrite_for_host,
    },
    scan::Scan,
    stack_pointer::StackPointer,
    unsupported::explain,
};
pub use self::{
    rewrite::{EXTEND_COST, Hooks, HostNames, NOP_COST, REF_NULL_COST},
    scan::RefKind,
};
