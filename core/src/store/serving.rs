//! Chains of calls, as the store sees them: who may take a place, and what was left behind.

use super::{InstanceId, Store};
use crate::{
    error::{HandleError, InvokeError},
    limits::CallOptions,
    store::{
        chain::Link,
        execution::{Execution, Recorders},
    },
    types::value::Value,
};
use alloc::sync::Arc;

/// What is being served where a call takes its place.
#[derive(Clone, Copy)]
pub(crate) struct Serving<'a> {
    /// The host calls, each within the one before.
    pub(crate) host_calls: &'a [Option<Link>],
    pub(crate) depth: u32,
    pub(crate) recorders: &'a Recorders,
}

impl Store {
    /// Begins a call of an export with options, in its place, for who drives it to its end at once.
    pub(crate) fn begin_with(
        &mut self,
        instance: InstanceId,
        export: &str,
        args: &[Value],
        options: &CallOptions,
    ) -> Result<Execution, InvokeError> {
        let mut execution = self.begin(instance, export, args, options.state)?;
        if options.keeps_stack {
            execution.keep_stack();
        }
        if let Some(fuel) = options.fuel {
            execution.set_fuel(fuel);
        }
        self.enter(&mut execution)?;
        Ok(execution)
    }

    /// Gives a call that was just begun its place.
    pub(super) fn enter(&mut self, execution: &mut Execution) -> Result<(), InvokeError> {
        // It has not ended and belongs to this store.
        execution.enter(self).map_err(|_| InvokeError::Busy)
    }

    /// Puts the pointer of a guest's stack back to where it was before the calls that were dropped.
    pub(super) fn settle_chain(&mut self, instance: InstanceId) -> Result<(), HandleError> {
        let context = Arc::clone(&self.instance(instance)?.context);
        if let (Some(chain), Ok(cell)) = (&context.chain, self.cells.get_mut(context.cell)) {
            chain.settle(&mut *cell.space);
        }
        Ok(())
    }
}
