//! The part of the door that has to do with WASI systems: they are known by handles, and guests import their functions.
#![expect(
    clippy::missing_errors_doc,
    reason = "what a function throws is said once, at the top of the crate"
)]

use crate::{
    convert::number,
    error::no_such,
    host::Host,
    json::List,
    systems::{draft::WasiDraft, system},
};
use guestbox::wasi::Function;
use js_sys::Uint8Array;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
impl Host {
    /// The names of WASI's functions, by their numbers.
    pub fn wasi_functions(&self) -> String {
        Function::ALL.iter().map(|function| function.name()).collect::<List>().to_string()
    }

    /// What a system is to be made of, of which there is nothing yet but the limits.
    pub fn draft_wasi(&self) -> WasiDraft {
        self.systems.draft()
    }

    /// Makes a system of all that is in a draft and returns its handle.
    pub fn new_wasi(&mut self, draft: &mut WasiDraft) -> Result<u32, JsValue> {
        Ok(self.systems.insert(core::mem::take(draft).finish()?))
    }

    /// Forgets a system. Guests that import its functions go on with it.
    pub fn drop_wasi(&mut self, wasi: u32) {
        self.systems.remove(wasi);
    }

    /// The limits of a system: `[name, number]` each.
    pub fn wasi_limits(&self, wasi: u32) -> Result<String, JsValue> {
        self.systems.with(wasi, |system| system.limits())
    }

    /// Captures what a system is and returns the handle of the snapshot, in which there is nothing of what it wrote.
    pub fn wasi_snapshot(&mut self, wasi: u32) -> Result<u32, JsValue> {
        self.systems.snapshot(wasi)
    }

    /// A copy of a snapshot's bytes.
    pub fn wasi_snapshot_bytes(&self, snapshot: u32) -> Result<Uint8Array, JsValue> {
        let bytes = self.systems.kept(snapshot)?.snapshot();
        Ok(Uint8Array::from(&*bytes.map_err(|error| system::refused(&error))?))
    }

    /// Forgets a snapshot.
    pub fn drop_wasi_snapshot(&mut self, snapshot: u32) {
        self.systems.forget_snapshot(snapshot);
    }

    /// Makes a system what it, or another one, was when the snapshot was taken. Its limits stay, and what was written before is
    /// taken as ever.
    pub fn wasi_restore(&mut self, wasi: u32, snapshot: u32) -> Result<(), JsValue> {
        let kept = self.systems.kept(snapshot)?;
        self.systems.with(wasi, |system| system.restore(kept))?
    }

    /// Bytes that a snapshot of a system can have at most.
    pub fn wasi_snapshot_bytes_limit(&self, wasi: u32) -> Result<f64, JsValue> {
        self.systems.with(wasi, |system| number(system.snapshot_bytes_limit()))
    }

    /// Makes a system what the bytes of a snapshot say.
    pub fn wasi_restore_bytes(&mut self, wasi: u32, bytes: &[u8]) -> Result<(), JsValue> {
        self.systems.with(wasi, |system| system.restore_bytes(bytes))?
    }

    /// Gives a system what is waited for, which is of a kind that a call waits for; before it is waited for that may be
    /// input and random bytes. No bytes are the end of the input.
    pub fn wasi_give(&mut self, wasi: u32, kind: u32, bytes: Vec<u8>) -> Result<(), JsValue> {
        self.systems.with(wasi, |system| system.give(kind, bytes))
    }

    /// Takes what was written next and says what it is.
    pub fn wasi_take(&mut self, wasi: u32) -> Result<u32, JsValue> {
        self.systems.with(wasi, |system| system.take())
    }

    /// A copy of the bytes that were taken.
    pub fn wasi_taken(&self, wasi: u32) -> Result<Uint8Array, JsValue> {
        self.systems.with(wasi, |system| Uint8Array::from(system.taken()))
    }

    /// Where the file is that was taken, and a number of its bytes: `[mount, path, number, is_first]`.
    pub fn wasi_place(&self, wasi: u32) -> Result<String, JsValue> {
        self.systems.with(wasi, |system| system.place())
    }

    /// Looks at a mount: `[path, kind, more]` each, kinds as those of a draft. Of a link there is more where it leads, of a
    /// lazy file that was never asked for its token, of another a number of its bytes. Without a name, what was looked at is let go of.
    pub fn wasi_look(&mut self, wasi: u32, mount: Option<String>) -> Result<String, JsValue> {
        self.systems.with(wasi, |system| match mount {
            Some(mount) => system.look_at(&mount),
            None => {
                system.forget_tree();
                String::new()
            }
        })
    }

    /// A copy of the bytes of a file of the mount that was looked at.
    pub fn wasi_file(&self, wasi: u32, path: &str) -> Result<Uint8Array, JsValue> {
        self.systems
            .with(wasi, |system| system.file(path).map(Uint8Array::from))?
            .ok_or_else(|| no_such("file"))
    }
}
