//! Scripts: what a supervisor does, as plain data, and how it reads in a report.

use crate::oracle::scale;
use guestbox_tests::mock::hex;
use std::fmt;

/// A type of WebAssembly's first version.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Type {
    F32,
    F64,
    I32,
    I64,
}

impl Type {
    pub const ALL: [Self; 4] = [Self::I32, Self::I64, Self::F32, Self::F64];

    pub const fn size(self) -> usize {
        match self {
            Self::F32 | Self::I32 => 4,
            Self::F64 | Self::I64 => 8,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::I32 => "i32",
            Self::I64 => "i64",
        }
    }
}

/// A value as its bits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Value {
    pub ty: Type,
    pub bits: u64,
}

impl Value {
    pub const fn new(ty: Type, bits: u64) -> Self {
        Self { ty, bits: if ty.size() == 4 { bits & 0xFFFF_FFFF } else { bits } }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{:#x}", self.ty.name(), self.bits)
    }
}

/// A sequence of steps from the outside, and what callbacks do meanwhile.
#[derive(Clone, Debug)]
pub struct Script {
    pub guests: Vec<Guest>,
    pub steps: Vec<Step>,
    /// In the order of the callbacks, over and over; at least one.
    pub reactions: Vec<Reaction>,
}

/// A module.
#[derive(Clone, Debug)]
pub struct Guest {
    pub text: String,
    pub wasm: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub operation: Operation,
    /// What fails, counted from the begin of the step.
    pub faults: Vec<(Primitive, u32)>,
}

/// What a supervisor's side of the thunk is asked to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Primitive {
    Allocate,
    Deallocate,
    Read,
    Thunk,
    Write,
}

/// What an id is meant to name, among those given out so far; the number is taken modulo their
/// count.
#[derive(Clone, Copy, Debug)]
pub enum Pick {
    Live(u32),
    /// The instance that runs.
    Running,
    TornDown(u32),
    Unknown(u32),
}

/// By which functions of guestbox something is done: those with the lineage's codes, or those
/// that tell failures apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Face {
    Codes,
    Kinds,
}

/// What a supervisor may ask of a sandbox.
#[derive(Clone, Debug)]
pub enum Operation {
    GetGlobal { instance: Pick, name: Name },
    InstanceTeardown(Pick),
    Instantiate { guest: usize, damage: Damage, environment: Environment, state: u32, face: Face },
    Invoke { instance: Pick, export: Name, args: Arguments, result: Region, state: u32, face: Face },
    MemoryGet { memory: Pick, offset: u32, to: Region },
    MemoryNew { initial: u32, maximum: u32 },
    MemorySet { memory: Pick, offset: u32, from: Region },
    MemoryTeardown(Pick),
}

impl Operation {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::GetGlobal { .. } => "get_global_val",
            Self::InstanceTeardown(_) => "instance_teardown",
            Self::Instantiate { .. } => "instantiate",
            Self::Invoke { .. } => "invoke",
            Self::MemoryGet { .. } => "memory_get",
            Self::MemoryNew { .. } => "memory_new",
            Self::MemorySet { .. } => "memory_set",
            Self::MemoryTeardown(_) => "memory_teardown",
        }
    }
}

/// A name, which may be any bytes.
#[derive(Clone)]
pub struct Name(pub Vec<u8>);

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// A region of the supervisor's memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Region {
    pub ptr: u32,
    pub len: u32,
}

/// What is done to bytes before they are sent.
#[derive(Clone, Debug, Default)]
pub enum Damage {
    /// Only so many of them are left.
    Cut(usize),
    Flip(usize, u8),
    #[default]
    None,
    Replaced(Vec<u8>),
    Trailing(Vec<u8>),
}

impl Damage {
    pub fn apply(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        match self {
            Self::Cut(len) => bytes.truncate(*len),
            Self::Flip(at, bits) => {
                let len = bytes.len().max(1);
                if let Some(byte) = bytes.get_mut(at % len) {
                    *byte ^= bits;
                }
            }
            Self::None => {}
            Self::Replaced(other) => bytes.clone_from(other),
            Self::Trailing(more) => bytes.extend(more),
        }
        bytes
    }
}

#[derive(Clone)]
pub struct Environment {
    pub entries: Vec<(Name, Name, Offer)>,
    pub damage: Damage,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (module, field, offer) in &self.entries {
            write!(f, "{module:?} {field:?} {offer:?}, ")?;
        }
        write!(f, "damage: {:?}", self.damage)
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Offer {
    Function(u32),
    Memory(Pick),
}

#[derive(Clone, Debug)]
pub struct Arguments {
    pub values: Vec<Value>,
    pub damage: Damage,
}

impl Arguments {
    pub fn encode(&self) -> Vec<u8> {
        self.damage.apply(&scale::values(&self.values))
    }
}

/// What a callback does.
#[derive(Clone, Debug)]
pub struct Reaction {
    /// First these, unless it is nested too deeply.
    pub operations: Vec<Operation>,
    /// Then it returns this.
    pub reply: Reply,
}

#[derive(Clone, Debug)]
pub enum Reply {
    /// These bytes, in a buffer made for them.
    Bytes(Vec<u8>),
    /// The first argument; no value if there is none.
    Echo,
    /// The value with these bits that the function is expected to return.
    Expected(u64),
    /// This region, of which nothing is known.
    Region(Region),
    /// These bytes, written into the buffer of the arguments at an offset.
    Reused(u32, Vec<u8>),
    /// The supervisor traps.
    Trap,
}

impl Reply {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Bytes(_) => "bytes",
            Self::Echo => "echo",
            Self::Expected(_) => "expected",
            Self::Region(_) => "region",
            Self::Reused(..) => "reused",
            Self::Trap => "trap",
        }
    }
}

/// The type of what the function of a number is expected to return.
pub const fn expected_type(func: u32) -> Option<Type> {
    match func % 5 {
        1 => Some(Type::I32),
        2 => Some(Type::I64),
        3 => Some(Type::F32),
        4 => Some(Type::F64),
        _ => None,
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, guest) in self.guests.iter().enumerate() {
            let is_used = |operation: &Operation| matches!(operation, Operation::Instantiate { guest, .. } if *guest == at);
            let nested = self.reactions.iter().flat_map(|reaction| &reaction.operations);
            if self.steps.iter().map(|step| &step.operation).chain(nested).any(is_used) {
                writeln!(f, "guest {at}:\n{}", guest.text)?;
            }
        }
        for (at, reaction) in self.reactions.iter().enumerate() {
            writeln!(f, "callback {at} (modulo {}):", self.reactions.len())?;
            for operation in &reaction.operations {
                writeln!(f, "    {operation:?}")?;
            }
            match &reaction.reply {
                Reply::Bytes(bytes) => writeln!(f, "    replies {}", hex(bytes))?,
                reply => writeln!(f, "    replies {reply:?}")?,
            }
        }
        for (at, step) in self.steps.iter().enumerate() {
            writeln!(f, "step {at}: {:?}", step.operation)?;
            for (primitive, nth) in &step.faults {
                writeln!(f, "    with {primitive:?} number {nth} failing")?;
            }
        }
        Ok(())
    }
}
