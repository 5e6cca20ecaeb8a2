//! What a trap of wasmi's is.

use crate::{
    limits::StackLimits,
    types::trap::{Trap, TrapCode},
};
use wasmi::{Error, TrapCode as Engine};

/// The trap that an error of a call is.
pub(super) fn trap(error: &Error, stack: StackLimits) -> Trap {
    match error.as_trap_code().map_or(TrapCode::Engine, code) {
        TrapCode::StackOverflow => Trap::because(TrapCode::StackOverflow, stack),
        code => code.into(),
    }
}

const fn code(code: Engine) -> TrapCode {
    match code {
        Engine::BadConversionToInteger => TrapCode::BadConversionToInteger,
        Engine::BadSignature => TrapCode::BadSignature,
        Engine::IndirectCallToNull => TrapCode::IndirectCallToNull,
        Engine::IntegerDivisionByZero => TrapCode::IntegerDivisionByZero,
        Engine::IntegerOverflow => TrapCode::IntegerOverflow,
        Engine::MemoryOutOfBounds => TrapCode::MemoryOutOfBounds,
        Engine::OutOfFuel => TrapCode::OutOfFuel,
        Engine::GrowthOperationLimited | Engine::OutOfSystemMemory => TrapCode::OutOfSystemMemory,
        Engine::StackOverflow => TrapCode::StackOverflow,
        Engine::TableOutOfBounds => TrapCode::TableOutOfBounds,
        Engine::UnreachableCodeReached => TrapCode::Unreachable,
    }
}
