//! WASI systems: what serves the calls of WASI that guests make, without JavaScript.

pub(crate) mod attend;
mod clock;
pub(crate) mod draft;
mod refusal;
pub(crate) mod seat;
pub(crate) mod system;

use self::{
    draft::WasiDraft,
    seat::Seat,
    system::{Shared, System},
};
use crate::{error::no_such, limits::Preset, protocol::Protocol, slab::Slab};
use alloc::rc::Rc;
use core::cell::RefCell;
use guestbox::{
    Environment, FuncIndex,
    wasi::{FIRST_FUNCTION, Function, Wasi},
};
use std::collections::HashMap;
use wasm_bindgen::JsValue;

/// The systems of a store.
#[derive(Default)]
pub(crate) struct Systems {
    all: Slab<Shared>,
    /// By the numbers of the instances that they serve.
    of_instances: HashMap<u32, Shared>,
    /// What systems were when snapshots of them were taken.
    snapshots: Slab<Wasi>,
    preset: Preset,
}

impl Systems {
    /// None, in a store whose limits are those of a preset.
    pub(crate) fn new(preset: Preset) -> Self {
        Self { preset, ..Self::default() }
    }

    /// What a system is to be made of, under the limits of the store's preset.
    pub(crate) fn draft(&self) -> WasiDraft {
        WasiDraft::new(self.preset)
    }

    /// Whether a function is one of WASI's.
    pub(crate) fn serve(func: FuncIndex) -> bool {
        Function::of(func).is_some()
    }

    pub(crate) fn insert(&mut self, system: System) -> u32 {
        self.all.insert(Rc::new(RefCell::new(system)))
    }

    /// Lets go of JavaScript's object. Guests go on with the system.
    pub(crate) fn remove(&mut self, handle: u32) {
        self.all.remove(handle);
    }

    /// Uses a system.
    pub(crate) fn with<T>(&self, handle: u32, using: impl FnOnce(&mut System) -> T) -> Result<T, JsValue> {
        let mut system = self.all.get(handle)?.try_borrow_mut().map_err(|_| no_such("handle"))?;
        Ok(using(&mut system))
    }

    /// Takes a snapshot of a system, and gives its handle.
    pub(crate) fn snapshot(&mut self, handle: u32) -> Result<u32, JsValue> {
        let kept = self.with(handle, |system| system.snapshot())??;
        Ok(self.snapshots.insert(kept))
    }

    pub(crate) fn kept(&self, snapshot: u32) -> Result<&Wasi, JsValue> {
        self.snapshots.get(snapshot)
    }

    pub(crate) fn forget_snapshot(&mut self, snapshot: u32) {
        self.snapshots.remove(snapshot);
    }

    /// What serves an instance that is to be made. `wasi` is empty, or has the handle of a system and, for each of the functions
    /// that are imported, which one it is of that system's, or [`Protocol::NO_CALL`].
    pub(crate) fn seat(&self, wasi: &[u32]) -> Result<Seat, JsValue> {
        match wasi.first() {
            None => Ok(Seat::default()),
            Some(handle) => Ok(Seat::starting(Rc::clone(self.all.get(*handle)?))),
        }
    }

    /// Offers what is imported as the function of this ordinal, if it is one of a system's.
    pub(crate) fn offer(
        environment: &mut Environment,
        wasi: &[u32],
        ordinal: usize,
        module: &str,
        name: &str,
    ) -> bool {
        let number = wasi.get(ordinal.saturating_add(1)).filter(|number| **number != Protocol::NO_CALL);
        let Some(index) = number.and_then(|number| FIRST_FUNCTION.checked_add(*number)) else { return false };
        let Some(function) = Function::of(FuncIndex(index)) else { return false };
        environment.set_typed_function(module, name, FuncIndex(index), function.signature());
        true
    }

    /// Notes that an instance is there.
    pub(crate) fn note(&mut self, instance: u32, seat: &Seat) {
        if let Some(system) = seat.system() {
            self.of_instances.insert(instance, Rc::clone(system));
        }
    }

    /// Notes that a start function has returned, if that is what finished.
    pub(crate) fn note_start(&mut self, instance: u32, seat: &mut Seat) {
        if seat.has_started() {
            self.note(instance, seat);
        }
    }

    /// Notes that the life of an instance has ended. A call that is under way goes on.
    pub(crate) fn forget(&mut self, instance: u32) {
        self.of_instances.remove(&instance);
    }

    /// What serves a call of an instance.
    pub(crate) fn seat_of(&self, instance: u32) -> Seat {
        if self.of_instances.is_empty() {
            return Seat::default();
        }
        self.of_instances.get(&instance).map_or_else(Seat::default, |system| Seat::of(Rc::clone(system)))
    }
}
