//! Chains of calls, as the store sees them: who may take a place, and what was left behind.

use super::{InstanceId, Store};
use crate::{
    error::{HandleError, InvokeError},
    store::{
        chain::Link,
        execution::{Execution, Recorder},
    },
};
use alloc::sync::Arc;

/// What is being served where a call takes its place.
#[derive(Clone, Copy)]
pub(crate) struct Serving<'a> {
    /// The host calls, each within the one before.
    pub(crate) host_calls: &'a [Option<Link>],
    pub(crate) depth: u32,
    /// Where the frames are noted of all guests of the cell.
    pub(crate) recorders: &'a [Recorder],
}

impl Store {
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
