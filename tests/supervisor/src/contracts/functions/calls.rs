//! Calls, transfers, events, and the ends of a contract.

use super::{Answer, words};
use crate::{
    contracts::{
        frame::{self, Frame, Reason},
        world::{AccountId, Balance, Contract, Event, Key},
    },
    wire::{HostError, ReturnValue, Value},
};
use alloc::vec::Vec;
use parity_scale_codec::Encode;

/// What a contract asks for went well.
const SUCCESS: i32 = 0;
/// It did not.
const FAILURE: i32 = 1;

/// What `ext_call` and `ext_instantiate` take: whom or what, gas, value, input.
struct Request {
    target: u64,
    gas: u64,
    value: Balance,
    input: Vec<u8>,
}

/// `(target_ptr, target_len, gas: i64, value_ptr, value_len, input_ptr, input_len)`
fn request(frame: &Frame<'_>, args: &[Value]) -> Result<Request, HostError> {
    let [target_ptr, target_len, Value::I64(gas), rest @ ..] = args else { return Err(HostError) };
    let [target_ptr, target_len] = words(&[*target_ptr, *target_len])?;
    let [value_ptr, value_len, input_ptr, input_len] = words(rest)?;
    Ok(Request {
        target: frame.decode(target_ptr, target_len)?,
        gas: gas.cast_unsigned(),
        value: frame.decode(value_ptr, value_len)?,
        input: frame.read(input_ptr, input_len)?,
    })
}

/// `-> 0`, and the output is in the scratch buffer, or `1`
pub fn call(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let Request { target, gas, value, input } = request(frame, args)?;
    let message = frame.message(gas, value, input);
    let given = message.gas;
    let ended = frame::call(frame.world, message, target);
    let output = frame.settle(given, ended);
    Ok(answer(frame, output.ok()))
}

/// `-> 0`, and the address is in the scratch buffer, or `1`; the target is a code's number
pub fn instantiate(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let Request { target, gas, value, input } = request(frame, args)?;
    let message = frame.message(gas, value, input);
    let given = message.gas;
    let ended = frame::instantiate(frame.world, message, target);
    let made = frame.settle(given, ended);
    Ok(answer(frame, made.ok().map(|(address, _)| address.encode())))
}

fn answer(frame: &mut Frame<'_>, output: Option<Vec<u8>>) -> ReturnValue {
    let answer = if output.is_some() { SUCCESS } else { FAILURE };
    frame.scratch = output.unwrap_or_default();
    answer.into()
}

/// `(account_ptr, account_len, value_ptr, value_len) -> 0 or 1`
pub fn transfer(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [account_ptr, account_len, value_ptr, value_len] = words(args)?;
    let account: AccountId = frame.decode(account_ptr, account_len)?;
    let value: Balance = frame.decode(value_ptr, value_len)?;
    let moved = frame.world.transfer(frame.address, account, value);
    Ok(if moved.is_some() { SUCCESS } else { FAILURE }.into())
}

/// `(beneficiary_ptr, beneficiary_len)`: gives all there is to the beneficiary and ends. Not while
/// another call of the contract runs.
pub fn terminate(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [ptr, len] = words(args)?;
    let beneficiary: AccountId = frame.decode(ptr, len)?;
    let contract = frame.address;
    leave(frame)?;
    let all = frame.world.balance(contract);
    frame.world.transfer(contract, beneficiary, all).ok_or(HostError)?;
    frame.world.accounts.remove(&contract);
    frame.world.events.push(Event::Terminated { contract, beneficiary });
    Err(frame.end(Reason::Gone))
}

/// `(account_ptr, account_len, code_ptr, code_len, allowance_ptr, allowance_len, delta_ptr, delta_count)`:
/// becomes another account, with another code, less the keys of the delta.
pub fn restore_to(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [to_ptr, to_len, code_ptr, code_len, allowance_ptr, allowance_len, delta_ptr, delta_count] =
        words(args)?;
    let to: AccountId = frame.decode(to_ptr, to_len)?;
    let code: u64 = frame.decode(code_ptr, code_len)?;
    let rent_allowance: Balance = frame.decode(allowance_ptr, allowance_len)?;
    let delta = frame.read(delta_ptr, delta_count.checked_mul(32).ok_or(HostError)?)?;
    if frame.world.contract(to).is_some() {
        return Err(HostError);
    }
    let from = frame.address;
    let mut contract = leave(frame)?;
    for key in delta.chunks_exact(32) {
        contract.storage.remove(key);
    }
    (contract.code, contract.rent_allowance) = (code, rent_allowance);
    let all = frame.world.balance(from);
    frame.world.transfer(from, to, all).ok_or(HostError)?;
    frame.world.account(to).contract = Some(contract);
    frame.world.accounts.remove(&from);
    frame.world.events.push(Event::Restored { contract: from, to });
    Err(frame.end(Reason::Gone))
}

/// Takes the contract out of its account.
fn leave(frame: &mut Frame<'_>) -> Result<Contract, HostError> {
    let address = frame.address;
    if frame.world.running.iter().filter(|running| **running == address).count() > 1 {
        return Err(HostError);
    }
    frame.world.account(address).contract.take().ok_or(HostError)
}

/// `(data_ptr, data_len)`: the contract's end, and its output
pub fn return_(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [ptr, len] = words(args)?;
    let output = frame.read(ptr, len)?;
    Err(frame.end(Reason::Returned(output)))
}

/// `(call_ptr, call_len)`: a call for the runtime, after this one
pub fn dispatch_call(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [ptr, len] = words(args)?;
    let call = frame.read(ptr, len)?;
    frame.world.events.push(Event::Dispatched { contract: frame.address, call });
    Ok(ReturnValue::Unit)
}

/// `(topics_ptr, topics_len, data_ptr, data_len)`; no topics are no bytes
pub fn deposit_event(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [topics_ptr, topics_len, data_ptr, data_len] = words(args)?;
    let topics: Vec<Key> = if topics_len == 0 { Vec::new() } else { frame.decode(topics_ptr, topics_len)? };
    let data = frame.read(data_ptr, data_len)?;
    frame.world.events.push(Event::Deposited { contract: frame.address, topics, data });
    Ok(ReturnValue::Unit)
}
