//! A call of a contract, from its transfer to its end.

use super::{
    functions,
    world::{AccountId, Balance, Code, Contract, Event, World},
};
use crate::{
    host::Failure,
    log::{self, Hex},
    sandbox::{Environment, Instance, Memory, State},
    wire::{HostError, ReturnValue, Value},
};
use alloc::{collections::BTreeMap, vec::Vec};
use parity_scale_codec::{Decode, Encode};

/// How many calls may be inside each other.
const MAX_FRAMES: u32 = 32;
/// What a call costs, in gas.
const CALL_COST: u64 = 100;

/// A page of a guest's memory, in bytes.
const PAGE_LEN: u32 = 65_536;

/// What a call begins with.
pub struct Message {
    pub caller: AccountId,
    pub value: Balance,
    pub gas: u64,
    pub input: Vec<u8>,
    /// The number of the frame, from 1.
    pub depth: u32,
}

/// Why a call failed.
#[derive(Clone, Copy, Debug, Encode)]
pub enum ExecError {
    /// `gas` asked for more than there was.
    OutOfGas,
    /// There would be too many calls inside each other.
    TooDeep,
    /// The caller has not the value.
    NoFunds,
    /// There is no such code.
    NoCode,
    /// The sandbox refused the module.
    Module,
    /// The contract trapped.
    Trapped,
    /// The contract returned a status that is not zero.
    Status(u8),
}

/// How a call ended, and the gas that is left.
pub struct Ended<T> {
    pub result: Result<T, ExecError>,
    pub gas_left: u64,
}

/// Why a function ended the contract, which is no failure of the sandbox.
pub enum Reason {
    OutOfGas,
    Returned(Vec<u8>),
    /// Terminated, or restored to another.
    Gone,
}

/// The state of a call that runs.
pub struct Frame<'a> {
    pub world: &'a mut World,
    pub address: AccountId,
    pub message: Message,
    pub scratch: Vec<u8>,
    pub gas_left: u64,
    pub reason: Option<Reason>,
    memory: Memory,
    memory_len: u32,
}

impl State for Frame<'_> {
    fn label(&self) -> u32 {
        self.message.depth
    }
}

/// Calls a contract, or transfers to an account that is none.
pub fn call(world: &mut World, message: Message, destination: AccountId) -> Ended<Vec<u8>> {
    enter(world, message, "call", |world, message| {
        world.transfer(message.caller, destination, message.value).ok_or(ExecError::NoFunds)?;
        Ok((destination, world.contract(destination).map(|contract| contract.code)))
    })
    .map(|(_, output)| output)
}

/// Makes a contract of a code; its address and its output.
pub fn instantiate(world: &mut World, message: Message, code: u64) -> Ended<(AccountId, Vec<u8>)> {
    enter(world, message, "deploy", |world, message| {
        let address = world.next_address();
        let contract = Contract { code, storage: BTreeMap::new(), rent_allowance: Balance::MAX };
        world.account(address).contract = Some(contract);
        world.transfer(message.caller, address, message.value).ok_or(ExecError::NoFunds)?;
        world.events.push(Event::Instantiated { by: message.caller, contract: address });
        Ok((address, Some(code)))
    })
}

/// A frame and all that is common to both: `begin` does what comes before the contract runs, and
/// names the contract and its code. What failed is rolled back.
fn enter(
    world: &mut World,
    message: Message,
    export: &str,
    begin: impl FnOnce(&mut World, &Message) -> Result<(AccountId, Option<u64>), ExecError>,
) -> Ended<(AccountId, Vec<u8>)> {
    let (depth, mut gas_left) = (message.depth, message.gas);
    let before = world.checkpoint();
    let run = || {
        if depth > MAX_FRAMES {
            return Err(ExecError::TooDeep);
        }
        gas_left = gas_left.checked_sub(CALL_COST).ok_or(ExecError::OutOfGas)?;
        let (address, code) = begin(world, &message)?;
        log::line(format_args!(
            "frame {depth}: {export} {address} of {} ({})",
            message.caller,
            Hex(&message.input)
        ));
        let Some(code) = code else { return Ok((address, Vec::new())) };
        let code = world.code(code).ok_or(ExecError::NoCode)?;
        world.running.push(address);
        let ended = execute(world, address, message, gas_left, &code, export);
        world.running.pop();
        gas_left = ended.gas_left;
        ended.result.map(|output| (address, output))
    };
    let result = run();
    match &result {
        Ok((_, output)) => log::line(format_args!("frame {depth}: ok {}", Hex(output))),
        Err(error) => {
            world.roll_back(before);
            log::line(format_args!("frame {depth}: {error:?}"));
        }
    }
    Ended { result, gas_left }
}

/// Runs an export of a contract in a sandbox of its own, which is gone when this returns.
fn execute(
    world: &mut World,
    address: AccountId,
    message: Message,
    gas_left: u64,
    code: &Code,
    export: &str,
) -> Ended<Vec<u8>> {
    let Ok(memory) = Memory::new(code.memory.initial, Some(code.memory.maximum)) else {
        return Ended { result: Err(ExecError::Module), gas_left };
    };
    let mut environment = Environment::new();
    for (index, (name, function)) in (0..).zip(functions::all()) {
        environment.function("env", name, index, function);
    }
    environment.memory("env", "memory", &memory);
    let memory_len = code.memory.maximum.saturating_mul(PAGE_LEN);
    let scratch = message.input.clone();
    let mut frame = Frame { world, address, message, scratch, gas_left, reason: None, memory, memory_len };
    let answer = Instance::new(&code.wasm, environment, &mut frame)
        .and_then(|contract| contract.invoke(export, &[], &mut frame));
    // The state first: an end by a function looks like a trap to the sandbox.
    let result = match (frame.reason.take(), answer) {
        (Some(Reason::Returned(output)), _) => Ok(output),
        (Some(Reason::Gone), _) => Ok(Vec::new()),
        (Some(Reason::OutOfGas), _) => Err(ExecError::OutOfGas),
        (None, Ok(ReturnValue::Unit | ReturnValue::Value(Value::I32(0)))) => {
            Ok(core::mem::take(&mut frame.scratch))
        }
        (None, Ok(ReturnValue::Value(Value::I32(status)))) => {
            Err(u8::try_from(status).map_or(ExecError::Trapped, ExecError::Status))
        }
        (None, Err(Failure::Module)) => Err(ExecError::Module),
        (None, Ok(_) | Err(_)) => Err(ExecError::Trapped),
    };
    Ended { result, gas_left: frame.gas_left }
}

impl<T> Ended<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Ended<U> {
        Ended { result: self.result.map(change), gas_left: self.gas_left }
    }
}

impl Frame<'_> {
    /// The contract's own; it is there as long as the contract was not terminated.
    pub fn contract(&mut self) -> Result<&mut Contract, HostError> {
        self.world.contract(self.address).ok_or(HostError)
    }

    pub fn charge(&mut self, gas: u64) -> Result<(), HostError> {
        let Some(left) = self.gas_left.checked_sub(gas) else {
            self.gas_left = 0;
            return Err(self.end(Reason::OutOfGas));
        };
        self.gas_left = left;
        Ok(())
    }

    /// Ends the contract for a reason of the pallet's.
    pub fn end(&mut self, reason: Reason) -> HostError {
        self.reason = Some(reason);
        HostError
    }

    /// A message to another contract, with as much gas as asked for, where 0 is all that is left.
    pub fn message(&self, gas: u64, value: Balance, input: Vec<u8>) -> Message {
        let gas = if gas == 0 { self.gas_left } else { gas.min(self.gas_left) };
        Message { caller: self.address, value, gas, input, depth: self.message.depth.saturating_add(1) }
    }

    /// Takes the gas that another call used out of one's own.
    pub fn settle<T>(&mut self, given: u64, ended: Ended<T>) -> Result<T, ExecError> {
        let used = given.saturating_sub(ended.gas_left);
        self.gas_left = self.gas_left.saturating_sub(used);
        ended.result
    }

    pub fn read(&self, ptr: u32, len: u32) -> Result<Vec<u8>, HostError> {
        // Asked before room is made for it: the contract chose the length.
        if len > self.memory_len {
            return Err(HostError);
        }
        self.memory.get(ptr, usize::try_from(len).map_err(|_| HostError)?).map_err(|_| HostError)
    }

    pub fn read_key(&self, ptr: u32) -> Result<[u8; 32], HostError> {
        self.read(ptr, 32)?.try_into().map_err(|_| HostError)
    }

    pub fn decode<T: Decode>(&self, ptr: u32, len: u32) -> Result<T, HostError> {
        T::decode(&mut &*self.read(ptr, len)?).map_err(|_| HostError)
    }

    pub fn write(&self, ptr: u32, bytes: &[u8]) -> Result<(), HostError> {
        self.memory.set(ptr, bytes).map_err(|_| HostError)
    }
}
