//! Chains of calls, as the store sees them: who may take a place, and what was left behind.

use super::{InstanceId, Store};
use crate::{
    chain::Place,
    error::{ExecutionError, HandleError, InvokeError},
    execution::{Context, Execution},
};
use alloc::sync::Arc;

impl Store {
    /// Gives a call its place in the chain of its guest; `None` where that has no chain.
    pub(crate) fn enter_chain(
        &mut self,
        context: &Context,
        keeps_stack: bool,
    ) -> Result<Option<Place>, ExecutionError> {
        let cell = self.cells.get_mut(context.cell).ok();
        let cell = cell.filter(|cell| Arc::ptr_eq(&cell.ticket, &context.ticket));
        let cell = cell.ok_or(ExecutionError::OtherStore)?;
        let Some(chain) = &context.chain else { return Ok(None) };
        let place = chain.enter(&mut cell.store, &self.serving, keeps_stack);
        place.map(Some).ok_or(ExecutionError::Busy)
    }

    /// Gives a call that was just begun its place.
    pub(super) fn enter(&mut self, execution: &mut Execution) -> Result<(), InvokeError> {
        // It has not ended and belongs to this store.
        execution.enter(self).map_err(|_| InvokeError::Busy)
    }

    /// The depth of nesting at which calls are made now.
    pub(crate) const fn depth(&self) -> u32 {
        self.level.depth
    }

    /// Puts the pointer of a guest's stack back to where it was before the calls that were dropped.
    pub(super) fn settle_chain(&mut self, instance: InstanceId) -> Result<(), HandleError> {
        let context = Arc::clone(&self.instance(instance)?.context);
        if let (Some(chain), Ok(cell)) = (&context.chain, self.cells.get_mut(context.cell)) {
            chain.settle(&mut cell.store);
        }
        Ok(())
    }
}
