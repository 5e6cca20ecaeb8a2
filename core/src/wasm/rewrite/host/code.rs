//! Code as it is put together for a host.

use super::{Host, MOST_GRANTED};
use crate::wasm::{
    operators::code::{
        CALL, END, GLOBAL_GET, GLOBAL_SET, I32_ADD, I32_AND, I32_CONST, I32_LT_S, I32_SUB, I64_CONST, IF,
        LOCAL_GET, LOCAL_TEE, NOTHING, PREFIX, UNREACHABLE,
    },
    sections::{push_sleb128, push_u32},
};
use alloc::vec::Vec;

/// What is set of frames and words where there is no room, see [`frame`](super::frame).
const NO_ROOM: i32 = i32::MIN | (1 << 17);

/// Operators, one after the other.
#[derive(Default)]
pub(super) struct Code(pub(super) Vec<u8>);

impl Code {
    /// Writes operators behind bytes.
    pub(super) fn behind<R>(bytes: &mut Vec<u8>, write: impl FnOnce(&mut Self) -> R) -> R {
        let mut code = Self(core::mem::take(bytes));
        let written = write(&mut code);
        *bytes = code.0;
        written
    }

    pub(super) fn op(&mut self, operator: u8) -> &mut Self {
        self.0.push(operator);
        self
    }

    /// An operator that names something.
    pub(super) fn named(&mut self, operator: u8, index: u32) -> &mut Self {
        self.op(operator).index(index)
    }

    pub(super) fn index(&mut self, index: u32) -> &mut Self {
        push_u32(&mut self.0, index);
        self
    }

    /// An operator of those with two codes that names something.
    pub(super) fn prefixed(&mut self, operator: u8, index: u32) -> &mut Self {
        self.op(PREFIX).op(operator).index(index)
    }

    pub(super) fn get(&mut self, local: u32) -> &mut Self {
        self.named(LOCAL_GET, local)
    }

    pub(super) fn constant(&mut self, value: i32) -> &mut Self {
        self.op(I32_CONST);
        push_sleb128(&mut self.0, value);
        self
    }

    pub(super) fn long_constant(&mut self, value: u64) -> &mut Self {
        self.op(I64_CONST);
        push_sleb128(&mut self.0, value.cast_signed());
        self
    }

    /// Does something where the operand is not zero.
    pub(super) fn then(&mut self, what: impl FnOnce(&mut Self) -> &mut Self) -> &mut Self {
        self.op(IF).op(NOTHING);
        what(self);
        self.op(END)
    }
}

impl Host {
    /// Takes fuel: below zero the host is asked.
    pub(super) fn charge(&self, code: &mut Code, scratch: u32, units: u32) {
        let signed = units.cast_signed();
        code.named(GLOBAL_GET, self.fuel()).constant(signed).op(I32_SUB);
        if units > MOST_GRANTED {
            // What is left may be any number then: the host is asked in any case.
            code.named(GLOBAL_SET, self.fuel()).constant(signed).named(CALL, self.ask);
            return;
        }
        code.named(LOCAL_TEE, scratch).named(GLOBAL_SET, self.fuel()).get(scratch).constant(0).op(I32_LT_S);
        code.then(|code| code.constant(signed).named(CALL, self.ask));
    }

    /// Takes as much fuel as a local says, which is at most what is granted.
    pub(super) fn charge_local<'c>(&self, code: &'c mut Code, units: u32) -> &'c mut Code {
        code.named(GLOBAL_GET, self.fuel()).get(units).op(I32_SUB).named(GLOBAL_SET, self.fuel());
        code.named(GLOBAL_GET, self.fuel()).constant(0).op(I32_LT_S);
        code.then(|code| code.get(units).named(CALL, self.ask))
    }

    /// Takes a frame.
    pub(super) fn enter(&self, code: &mut Code, scratch: u32, size: i32) {
        code.named(GLOBAL_GET, self.stack()).constant(size).op(I32_SUB);
        code.named(LOCAL_TEE, scratch).named(GLOBAL_SET, self.stack()).get(scratch);
        self.end_without_room(code);
    }

    /// Sees to it that there is room for a frame that nothing is called from.
    pub(super) fn check(&self, code: &mut Code, size: i32) {
        code.named(GLOBAL_GET, self.stack()).constant(size).op(I32_SUB);
        self.end_without_room(code);
    }

    fn end_without_room(&self, code: &mut Code) {
        code.constant(NO_ROOM).op(I32_AND).then(|code| code.named(CALL, self.overflow));
    }

    /// Gives a frame back.
    pub(super) fn leave(&self, code: &mut Code, size: i32) {
        code.named(GLOBAL_GET, self.stack()).constant(size).op(I32_ADD).named(GLOBAL_SET, self.stack());
    }

    /// Traps where the call has ended, behind what the host was called for.
    pub(super) fn guard(&self, code: &mut Code) {
        code.named(GLOBAL_GET, self.ended()).then(|code| code.op(UNREACHABLE));
    }
}
