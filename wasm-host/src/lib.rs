//! guestbox behind wasm-bindgen: the contract between the wasm module and JavaScript.
//!
//! A web page or a Node process is the supervisor, and guests run in the engine inside this
//! module: wasm in wasm. There are three doors.
//!
//! * [`Host`] is the one that the npm package uses. JavaScript drives: it calls in, the guest
//!   runs until it finishes, traps or pauses, and the call returns what happened as a number.
//!   Host calls are served by JavaScript *between* two calls, with nothing of this module on the
//!   stack. So a callback may throw, await or call in again, and no borrow is held meanwhile.
//! * [`ScaleStore`] is the core's `Store` one to one, with SCALE bytes in and out and a dispatch
//!   thunk that is a JavaScript function. It calls out; each callback is caught, and no borrow is
//!   held across one.
//! * [`Substrate`] serves a supervisor that is a wasm instance beside this module: its host
//!   functions, over an object by which it reaches the supervisor's memory and dispatch thunks.
//!   That object's methods are caught, and no borrow is held across one.
//!
//! # The exchange
//!
//! Values cross in an array of 64-bit words in this module's memory, the *exchange*: arguments
//! and results of calls as raw bits, from word [`Protocol::VALUES`] on, and before them what a step
//! has to say. Floats therefore keep their bits, and a host call costs no allocation. A vector takes two words, the
//! lower half first. A reference is one more than the handle of a function, or than the number that JavaScript gave a value of its
//! own; 0 is null.
//!
//! # WASI
//!
//! A system that a program of WASI sees is an object of [`Host`]. What the program calls of it is served within a step, which
//! goes on: the step ends with [`Protocol::WAITS`] only for what has to be waited for, and is made again after, and with
//! [`Protocol::EXITED`] where the program exits. While it waits no level is open, so that nothing is nested in such a call.
//!
//! # Durable calls
//!
//! A guest that is recorded is parked by [`Host::park`] and made anew by [`Host::unpark`], here or elsewhere: [`Host::replay`] brings it to
//! where it was, a slice at a time and without any host call. Then its calls go on by [`Host::step`], which first gives again what they waited for.
//! What is written to a memory of a guest that is recorded goes through [`Host::memory_write`], which notes it, and not by its address.
//!
//! # Outside
//!
//! A module can also be compiled by the host's own WebAssembly, [`Host::compile_outside`]. The core then has all of its guests but
//! their code, memories and globals, which JavaScript has. A step that lets such code run ends with [`Protocol::OUTSIDE`], and
//! [`Host::come_back`] is the next: what happens in between is JavaScript's. What the core asks of it meanwhile, it asks by imported functions
//! that throw nothing and do not call this module.
//!
//! # Re-entrancy
//!
//! Between a step that returns [`Protocol::HOST_CALL`] and the call that answers it every other
//! function may be called. What becomes of a call of a guest that has one under way already depends
//! on whether it is nested in that, because guests keep a stack in their memories:
//!
//! * A call begun meanwhile is nested in the one that waits, also if it is of the same guest, and draws
//!   on its fuel. That ends with the answer, and with [`Host::suspend`], for answers that come later.
//! * After `suspend` a call is nested in the one that waits if it names it: `within` of [`Host::call`]
//!   and [`Host::begin`].
//! * Any other call of the guest is refused until the one under way has ended: [`Protocol::BUSY`], or an
//!   error `busy`. A call has its place from `begin` on. Guests that are instantiated as overlapping
//!   are not refused any, and their stacks are their own affair.
//! * A call whose guest has another one nested in it is answered once that has ended, and refused
//!   before. One that ought not to be waited for is ended by [`Host::cancel`] or [`Host::outlive`], which
//!   also put the pointer of the guest's stack back.
//!
//! # Throwing and safety
//!
//! Functions throw only objects with the `name` of an error's class, a `code`, the name of the core's error
//! variant in kebab case, and a `message`. They have no prototype and no setter is called to make them, so that
//! what a page gave `Object.prototype` neither runs meanwhile nor is mistaken for theirs. Descriptions
//! are JSON for the same reason. If this module ever traps itself (the allocator fails, or a defect), JavaScript sees a
//! `WebAssembly.RuntimeError`; the module must not be called again then, and the npm package
//! makes sure of that.
#![forbid(unsafe_code)]

extern crate alloc;

mod allocator;
mod call;
mod classes;
mod convert;
mod durable;
mod error;
mod exchange;
mod frames;
mod globals;
mod host;
mod json;
mod limits;
mod memories;
mod names;
mod outside;
mod protocol;
mod scale;
mod slab;
mod snapshots;
mod steps;
mod substrate;
#[cfg_attr(not(feature = "wasi"), path = "no_systems.rs")]
mod systems;
mod tables;
mod trapped;
mod traps;
mod unparking;
#[cfg(feature = "wasi")]
mod wasi;

#[cfg(feature = "wasi")]
pub use crate::systems::draft::WasiDraft;
#[doc(hidden)]
pub use crate::{
    classes::{CLASSES, Class},
    names::camel_case,
    protocol::{Number, PROTOCOL},
};
pub use crate::{host::Host, limits::Settings, protocol::Protocol, scale::ScaleStore, substrate::Substrate};
