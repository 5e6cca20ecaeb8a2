//! What a contract can know of its call and of the chain, and the gas it uses.

use super::{Answer, words};
use crate::{
    contracts::{BLOCK_NUMBER, MINIMUM_BALANCE, NOW, TOMBSTONE_DEPOSIT, frame::Frame, world::Balance},
    log,
    wire::{HostError, ReturnValue, Value},
};
use parity_scale_codec::Encode;

/// `(amount)`: uses gas, or ends the contract
pub fn gas(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [amount] = words(args)?;
    frame.charge(amount.into())?;
    Ok(ReturnValue::Unit)
}

fn tell(frame: &mut Frame<'_>, args: &[Value], fact: u64) -> Answer {
    let [] = words(args)?;
    frame.scratch = fact.encode();
    Ok(ReturnValue::Unit)
}

pub fn caller(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let caller = frame.message.caller;
    tell(frame, args, caller)
}

pub fn address(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let address = frame.address;
    tell(frame, args, address)
}

pub fn balance(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let balance = frame.world.balance(frame.address);
    tell(frame, args, balance)
}

pub fn value_transferred(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let value = frame.message.value;
    tell(frame, args, value)
}

pub fn gas_left(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let gas_left = frame.gas_left;
    tell(frame, args, gas_left)
}

/// One unit of gas is one of balance.
pub fn gas_price(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    tell(frame, args, 1)
}

pub fn now(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    tell(frame, args, NOW)
}

pub fn block_number(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    tell(frame, args, BLOCK_NUMBER)
}

pub fn minimum_balance(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    tell(frame, args, MINIMUM_BALANCE)
}

pub fn tombstone_deposit(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    tell(frame, args, TOMBSTONE_DEPOSIT)
}

pub fn rent_allowance(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let rent_allowance = frame.contract()?.rent_allowance;
    tell(frame, args, rent_allowance)
}

/// `(value_ptr, value_len)`
pub fn set_rent_allowance(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [ptr, len] = words(args)?;
    let value: Balance = frame.decode(ptr, len)?;
    frame.contract()?.rent_allowance = value;
    Ok(ReturnValue::Unit)
}

/// `(text_ptr, text_len)`: a line in the log; it must be UTF-8
pub fn println(frame: &mut Frame<'_>, args: &[Value]) -> Answer {
    let [ptr, len] = words(args)?;
    let bytes = frame.read(ptr, len)?;
    let text = core::str::from_utf8(&bytes).map_err(|_| HostError)?;
    log::line(format_args!("println: {text}"));
    Ok(ReturnValue::Unit)
}
