//! The limiter, as wasmi asks it.

use crate::{
    engine::Limiter,
    limits::{PAGE_BYTES, count},
};
use wasmi::{
    ResourceLimiter,
    errors::{MemoryError, TableError},
};
use wasmi_core::LimiterError;

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        let pages = |bytes: usize| u32::try_from(bytes.div_ceil(PAGE_BYTES)).unwrap_or(u32::MAX);
        Ok(self.lets_memory_grow(pages(current), pages(desired)))
    }

    fn memory_grow_failed(&mut self, error: &MemoryError) -> Result<(), LimiterError> {
        match error {
            MemoryError::OutOfFuel { .. } => self.postpone(),
            _ => self.undo(),
        }
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        Ok(self.lets_table_grow(count(current), count(desired)))
    }

    fn table_grow_failed(&mut self, error: &TableError) -> Result<(), LimiterError> {
        match error {
            TableError::OutOfFuel { .. } => self.postpone(),
            _ => self.undo(),
        }
        Ok(())
    }

    // These three count everything ever made in a space; the store counts what lives.
    fn instances(&self) -> usize {
        usize::MAX
    }

    fn tables(&self) -> usize {
        usize::MAX
    }

    fn memories(&self) -> usize {
        usize::MAX
    }
}
