//! A guest that keeps a stack in its memory, as compiled ones do, and what is done to its calls.

use super::{Guest, Page, Step, message};
use guestbox_wasm_host::Protocol;
use wasm_bindgen::JsValue;

/// Where the pointer of its stack is when nothing is under way.
pub(crate) const BOTTOM: u64 = 1_024;

/// Bytes of a frame.
pub(crate) const FRAME: u64 = 16;

/// `run` keeps its argument in a frame while it asks, and returns what it finds there after. `spin`
/// and `trap` have a frame as well, and never return.
pub(crate) const KEEPS: &str = r#"(module
    (import "env" "ask" (func $ask (param i32) (result i32)))
    (memory (export "memory") 1)
    (global $sp (export "sp") (mut i32) (i32.const 1024))
    (func (export "run") (param i32) (result i32) (local $p i32)
        (global.set $sp (local.tee $p (i32.sub (global.get $sp) (i32.const 16))))
        (i32.store (local.get $p) (local.get 0))
        (drop (call $ask (local.get 0)))
        (local.set 0 (i32.load (local.get $p)))
        (global.set $sp (i32.add (local.get $p) (i32.const 16)))
        (local.get 0))
    (func (export "spin")
        (global.set $sp (i32.sub (global.get $sp) (i32.const 16))) (loop (br 0)))
    (func (export "trap")
        (global.set $sp (i32.sub (global.get $sp) (i32.const 16))) (unreachable))
    (func (export "ping") (result i32) (i32.const 7)))"#;

impl Page {
    /// Where the pointer of the guest's stack is.
    #[track_caller]
    pub(crate) fn stack(&mut self, guest: Guest) -> u64 {
        self.global(guest, "sp")
    }

    /// Calls `run` and leaves the call waiting, with its level closed.
    #[track_caller]
    pub(crate) fn suspended(&mut self, guest: Guest, arg: u64) -> u32 {
        let call = self.call(guest, "run", &[arg]).waiting();
        self.host.suspend(call);
        call
    }

    /// Calls an export within the host call that a call waits for.
    #[track_caller]
    pub(crate) fn call_within(&mut self, within: u32, guest: Guest, export: &str, args: &[u64]) -> Step {
        let position = self.position(guest, export);
        self.put(args);
        let step = self.host.call(guest.instance, position, 0, within);
        self.said(step)
    }

    /// Begins a call within the host call that a call waits for, or outside of any.
    #[track_caller]
    pub(crate) fn try_begin(
        &mut self,
        within: u32,
        guest: Guest,
        export: &str,
        args: &[u64],
        fuel: Option<u64>,
    ) -> Result<u32, JsValue> {
        let position = self.position(guest, export);
        self.put(args);
        self.host.begin(guest.instance, position, 0, fuel, within, Protocol::NO_CALL, false)
    }

    /// Calls `run` within the host call that a call waits for, and leaves it waiting with its level
    /// closed.
    #[track_caller]
    pub(crate) fn suspended_within(&mut self, within: u32, guest: Guest, arg: u64) -> u32 {
        let call = self.try_begin(within, guest, "run", &[arg], None);
        let call = call.unwrap_or_else(|error| panic!("{}", message(&error)));
        assert_eq!(self.step(call), Step::HostCall { call, function: 0, state: 0 });
        self.host.suspend(call);
        call
    }

    /// Begins a call of `export` that leaves the stack's pointer where it is if it ends early.
    #[track_caller]
    pub(crate) fn begin_keeping(&mut self, guest: Guest, export: &str, args: &[u64], keeps: bool) -> u32 {
        let position = self.position(guest, export);
        self.put(args);
        let call = self.host.begin(
            guest.instance,
            position,
            0,
            Some(1_000),
            Protocol::NO_CALL,
            Protocol::NO_CALL,
            keeps,
        );
        call.unwrap_or_else(|error| panic!("{}", message(&error)))
    }

    /// Ends a call because the import that it was made in has returned.
    pub(crate) fn outlive(&mut self, call: u32) -> Step {
        let step = self.host.outlive(call);
        self.said(step)
    }
}
