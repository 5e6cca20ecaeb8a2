//! The part of the door that has to do with WASI systems: they are known by handles, and guests import their functions.
#![expect(
    clippy::missing_errors_doc,
    reason = "what a function throws is said once, at the top of the crate"
)]

use crate::{error::no_such, host::Host, json::List, systems::draft::WasiDraft};
use guestbox::wasi::Function;
use js_sys::Uint8Array;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
impl Host {
    /// The names of WASI's functions, by their numbers.
    pub fn wasi_functions(&self) -> String {
        Function::ALL.iter().map(|function| function.name()).collect::<List>().to_string()
    }

    /// What a system is to be made of, of which there is nothing yet.
    pub fn draft_wasi(&self) -> WasiDraft {
        WasiDraft::default()
    }

    /// Makes a system of all that is in a draft and returns its handle.
    pub fn new_wasi(&mut self, draft: &mut WasiDraft) -> Result<u32, JsValue> {
        Ok(self.systems.insert(core::mem::take(draft).finish()?))
    }

    /// Forgets a system. Guests that import its functions go on with it.
    pub fn drop_wasi(&mut self, wasi: u32) {
        self.systems.remove(wasi);
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
