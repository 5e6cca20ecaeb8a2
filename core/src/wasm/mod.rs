//! Reading and rewriting modules, apart from any engine.

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
    names::function_names,
    rewrite::{
        EXTEND_COST, Frames, Hooks, NOP_COST, Names, OUTSIDE, REF_NULL_COST, Rewritten, SLOT_BYTES,
        STACK_BYTES, mend, rewrite,
    },
    scan::{RefKind, Scan},
    stack_pointer::exported as stack_pointer_export,
    unsupported::explain,
};
