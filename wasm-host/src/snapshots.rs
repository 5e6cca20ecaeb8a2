//! Snapshots, as the npm package has them: kept in this module's memory, so that a guest is reset
//! without its state crossing, and known by handles.
#![expect(
    clippy::missing_errors_doc,
    reason = "what a function throws is said once, at the top of the crate"
)]

use crate::{
    error::IntoJs,
    host::{Host, Ways},
};
use guestbox::Snapshot;
use js_sys::Uint8Array;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// Bytes of a page, and what a snapshot has besides for one at most: a run for each second block.
const PAGE_BYTES: f64 = 65_536.0 + 128.0 * 8.0;

/// What a snapshot has besides its memories at most, for a million globals.
const OTHER_BYTES: f64 = 9_000_000.0;

#[wasm_bindgen]
impl Host {
    /// Captures the state of an instance and returns the handle of the snapshot.
    pub fn snapshot(&mut self, instance: u32) -> Result<u32, JsValue> {
        let snapshot = self.store.snapshot(self.instance(instance)?).map_err(IntoJs::into_js)?;
        Ok(self.snapshots.insert(snapshot))
    }

    /// Bytes that a snapshot can have at most, by the limits of the store.
    pub fn snapshot_bytes_limit(&self) -> f64 {
        f64::from(self.store.limits().total_memory_pages) * PAGE_BYTES + OTHER_BYTES
    }

    /// Reads a snapshot and returns its handle.
    pub fn load_snapshot(&mut self, bytes: Vec<u8>) -> Result<u32, JsValue> {
        let snapshot = Snapshot::from_bytes(bytes).map_err(IntoJs::into_js)?;
        Ok(self.snapshots.insert(snapshot))
    }

    /// A copy of a snapshot's bytes.
    pub fn snapshot_bytes(&self, snapshot: u32) -> Result<Uint8Array, JsValue> {
        Ok(Uint8Array::from(self.snapshots.get(snapshot)?.as_bytes()))
    }

    /// Forgets a snapshot.
    pub fn drop_snapshot(&mut self, snapshot: u32) {
        self.snapshots.remove(snapshot);
    }

    /// Makes an instance what it was when the snapshot was taken.
    pub fn restore(&mut self, instance: u32, snapshot: u32) -> Result<(), JsValue> {
        self.exported_funcs.remove(&instance);
        let instance = self.instance(instance)?;
        self.store.restore(instance, self.snapshots.get(snapshot)?).map_err(IntoJs::into_js)
    }

    /// Makes an instance in the state of a snapshot and returns its number. Imports and limits are
    /// given as to [`Host::instantiate`].
    #[expect(
        clippy::too_many_arguments,
        reason = "numbers cross as they are, an object would be read property by property"
    )]
    pub fn instantiate_from(
        &mut self,
        module: u32,
        things: &[u32],
        snapshot: u32,
        fuel: Option<u64>,
        pages: Option<u32>,
        nesting: Option<u32>,
        ways: u32,
        wasi: &[u32],
    ) -> Result<u32, JsValue> {
        let module = self.modules.get(module)?.clone();
        let environment = self.environment(&module, things, wasi)?;
        let seat = self.systems.seat(wasi)?;
        let snapshot = self.snapshots.get(snapshot)?;
        let limits = Ways(ways).limits(fuel, pages, nesting);
        let made = self.store.instantiate_from_with(&module, &environment, snapshot, limits);
        let number = made.map_err(IntoJs::into_js)?.number();
        self.systems.note(number, &seat);
        Ok(number)
    }

    /// Makes a second instance in the state of the first and returns its number. What it imports
    /// besides functions is given as to [`Host::instantiate`], and so are functions of WASI.
    pub fn fork(&mut self, instance: u32, things: &[u32], wasi: &[u32]) -> Result<u32, JsValue> {
        let seat = self.systems.seat(wasi)?;
        let instance = self.instance(instance)?;
        let module = self.store.module(instance).map_err(IntoJs::into_js)?.clone();
        let environment = self.environment(&module, things, wasi)?;
        let number = self.store.fork(instance, &environment).map_err(IntoJs::into_js)?.number();
        self.systems.note(number, &seat);
        Ok(number)
    }
}
