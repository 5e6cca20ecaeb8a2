//! What a run of a script leaves behind, the same words for both sides.

use crate::oracle::script::{Region, Value};
use guestbox_tests::mock::hex;
use std::fmt;

/// Something that happened, in order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    Allocate(u32),
    /// An operation begins, at so many levels of nesting.
    Begin(&'static str, usize),
    Deallocate(u32),
    End(&'static str, usize, Outcome),
    /// What a live instance's global is at the end of the script, as `get_global_val` has it.
    Global(&'static str, Option<Vec<u8>>),
    /// What a live memory holds at the end of the script: its number and its bytes.
    Memory(u32, Option<Vec<u8>>),
    /// What is special about the operation that begins.
    Note(&'static str),
    Read(Region),
    /// With which kind of reply the supervisor answers.
    Reply(&'static str, usize),
    Thunk {
        args: Vec<u8>,
        state: u32,
        func: u32,
    },
    ThunkReturned(Vec<u8>),
    Write(u32, Vec<u8>),
}

/// How an operation ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    Bytes(Vec<u8>),
    Code(u32),
    Done,
    Failed(Failure),
    Id(u32),
    Refused(Refusal),
    Results(Option<Value>),
    Trap(SupervisorTrap),
}

/// What a supervisor did wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SupervisorTrap {
    Arguments,
    Instance(Missing),
    Memory(Missing),
    MemoryRefused,
    ResultBuffer,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Missing {
    TornDown,
    Unknown,
}

/// Why nothing was instantiated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    EnvironmentCorrupted,
    Instantiation,
    ModuleDecoding,
    StartTrapped(Failure),
}

/// Why a guest call ended without a result, in the lineage's classes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
    AllocateArguments,
    DeallocateAfterWrite,
    DeallocateArguments,
    DeallocateResult,
    DecodeResult,
    DivisionByZero,
    ElementUninitialized,
    ExportNotFound,
    HostError,
    /// A division that overflows, too.
    InvalidConversion,
    MemoryOutOfBounds,
    NotAFunction,
    /// What should not have happened.
    Other,
    ReadResult,
    SupervisorTrapped,
    TableOutOfBounds,
    /// Of arguments, of an indirect call, or of an import's result.
    UnexpectedSignature,
    Unreachable,
    WriteArguments,
}

pub const ERR_OK: u32 = 0;
pub const ERR_MODULE: u32 = 0xFFFF_FFFF;
pub const ERR_OUT_OF_BOUNDS: u32 = 0xFFFF_FFFE;
pub const ERR_EXECUTION: u32 = 0xFFFF_FFFD;

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allocate(len) => write!(f, "alloc({len})"),
            Self::Begin(name, depth) => write!(f, "{:1$}> {name}", "", depth * 2),
            Self::Deallocate(ptr) => write!(f, "dealloc(ptr={ptr})"),
            Self::End(name, depth, outcome) => write!(f, "{:1$}< {name}: {outcome:?}", "", depth * 2),
            Self::Global(name, value) => {
                write!(f, "global {name}: {}", hex(value.as_deref().unwrap_or_default()))
            }
            Self::Memory(memory, None) => write!(f, "memory {memory}: gone"),
            Self::Memory(memory, Some(bytes)) => {
                write!(f, "memory {memory}: {} bytes", bytes.len())?;
                let set = bytes.iter().enumerate().filter(|(_, byte)| **byte != 0);
                set.take(64).try_for_each(|(at, byte)| write!(f, " {at}:{byte:02x}"))
            }
            Self::Note(note) => write!(f, "({note})"),
            Self::Read(Region { ptr, len }) => write!(f, "read(ptr={ptr},len={len})"),
            Self::Reply(name, depth) => write!(f, "reply({name},depth={depth})"),
            Self::Thunk { args, state, func } => {
                write!(f, "thunk(len={},state={state},func={func}), args={}", args.len(), hex(args))
            }
            Self::ThunkReturned(bytes) => write!(f, "thunk_ret({})", hex(bytes)),
            Self::Write(ptr, bytes) => {
                write!(f, "write(ptr={ptr},len={},data={})", bytes.len(), hex(bytes))
            }
        }
    }
}
