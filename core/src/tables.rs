//! What the npm package's types and the documentation are made from.

pub use crate::{
    error::{Code, Coded, Refusing, Variant},
    limits::{INSTANCE_LIMITS, InstanceLimitRow, LIMITS, LimitRow, write_refused},
    types::trap::{TRAPS, TrapRow},
};

#[cfg(feature = "wasi")]
pub use crate::wasi::limits::WASI_LIMITS;
