//! What dropped executions leave for their store to do.
//!
//! An execution may be dropped anywhere, on another thread too, where its store is not at hand. Then it
//! says here what there is to do, and the store does that when it is next used.

use alloc::vec::Vec;
use core::{
    mem,
    sync::atomic::{AtomicBool, Ordering},
};
use spin::Mutex;

/// What the executions of a store left that were dropped.
#[derive(Debug, Default)]
pub(crate) struct Leavings {
    list: Mutex<Vec<Leaving>>,
    is_any: AtomicBool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Leaving {
    /// The cell of this key has lost the last call of an instance that was torn down before.
    Cell(u32),
    /// The instance of this key will not be completed.
    Instance(u32),
}

impl Leavings {
    pub(crate) fn add(&self, leaving: Leaving) {
        let mut list = self.list.lock();
        list.push(leaving);
        self.is_any.store(true, Ordering::Release);
    }

    /// Takes all that there are.
    pub(crate) fn take(&self) -> Vec<Leaving> {
        // Nearly always there are none.
        if !self.is_any.load(Ordering::Acquire) {
            return Vec::new();
        }
        let mut list = self.list.lock();
        self.is_any.store(false, Ordering::Release);
        mem::take(&mut *list)
    }
}
