//! The acts of a supervisor, as the bytes of a journal have them.
//!
//! | byte | act | what follows |
//! |---|---|---|
//! | 0, +8 answered, +16 account | a call was run | its number; fuel left and used before, where that is not what it was after the last run; what its host call was answered; fuel; how it came back; refused growths |
//! | 1, +8 nested, +16 keeps its stack, +32 start | a call began | the position of its export; its word; fuel left and used; its arguments |
//! | 2 | a call was ended | its number |
//! | 3 | bytes were written | the memory, where, their number, the bytes |
//! | 4 | a memory was grown | the memory, pages |
//! | 5 | a global was set | the global, its value |
//!
//! Numbers are LEB128, values as in snapshots, with 5 and 6 for references to nothing.

use crate::{
    limits::{count, to_usize},
    snapshot::plain::{Plain, Reader},
    types::{fuel::Account, value::Value},
};
use alloc::vec::Vec;

/// How a call came back that was run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// It has not the fuel to go on, or its slice was over.
    Fuel,
    Finished,
    Trapped,
    /// It calls the import of this ordinal.
    HostCall(u32),
}

/// An act, read.
#[derive(Clone, Debug)]
pub(crate) enum Act<'a> {
    Run(Run),
    Begin(Begin),
    End { call: u32 },
    Write { memory: u32, offset: u32, bytes: &'a [u8] },
    Grow { memory: u32, pages: u32 },
    Set { global: u32, value: Value },
}

/// A call is run until it comes back.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) call: u32,
    pub(crate) account: Option<Account>,
    /// What its host call was answered.
    pub(crate) answer: Option<Vec<Value>>,
    /// The fuel that it used.
    pub(crate) used: u64,
    pub(crate) end: End,
    /// Which of the growths that it asked for were refused, counted from 1.
    pub(crate) refused: Vec<u32>,
}

/// A call takes its place.
#[derive(Clone, Debug)]
pub(crate) struct Begin {
    /// The position of the export; `None` for the start function.
    pub(crate) export: Option<u32>,
    /// Whether it is nested in the call before, which waits.
    pub(crate) nested: bool,
    pub(crate) keeps_stack: bool,
    pub(crate) word: u32,
    pub(crate) account: Account,
    pub(crate) args: Vec<Value>,
}

/// The most values that a function takes or gives, which is what the specification's limits for implementations have.
const MOST_VALUES: usize = 1_000;

const RUN: u8 = 0;
const BEGIN: u8 = 1;
const END: u8 = 2;
const WRITE: u8 = 3;
const GROW: u8 = 4;
const SET: u8 = 5;
const KIND: u8 = 7;

const ANSWERED: u8 = 8;
const ACCOUNT: u8 = 16;
const NESTED: u8 = 8;
const KEEPS_STACK: u8 = 16;
const START: u8 = 32;

const NO_FUNC: u8 = 5;
const NO_EXTERN: u8 = 6;

/// A value refers to something, which no other place has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refers;

pub(crate) fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            bytes.push(low & 0x7F);
            return;
        }
        bytes.push(low | 0x80);
    }
}

/// The next number, in its shortest form.
pub(crate) fn number(reader: &mut Reader<'_>) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..70).step_by(7) {
        let byte = reader.u8()?;
        let bits = u64::from(byte & 0x7F);
        let placed = bits.checked_shl(shift).filter(|placed| placed >> shift == bits)?;
        number |= placed;
        if byte & 0x80 == 0 {
            return (byte != 0 || shift == 0).then_some(number);
        }
    }
    None
}

pub(crate) fn narrow(reader: &mut Reader<'_>) -> Option<u32> {
    number(reader)?.try_into().ok()
}

pub(crate) fn push_value(bytes: &mut Vec<u8>, value: Value) -> Result<(), Refers> {
    match value {
        Value::FuncRef(None) => bytes.push(NO_FUNC),
        Value::ExternRef(None) => bytes.push(NO_EXTERN),
        value => Plain::try_from(value).map_err(|_| Refers)?.push_to(bytes),
    }
    Ok(())
}

pub(crate) fn value(reader: &mut Reader<'_>) -> Option<Value> {
    let reference = match *reader.0.first()? {
        NO_FUNC => Value::FuncRef(None),
        NO_EXTERN => Value::ExternRef(None),
        _ => return reader.plain().map(Value::from),
    };
    reader.u8()?;
    Some(reference)
}

pub(crate) fn push_values(bytes: &mut Vec<u8>, values: &[Value]) -> Result<(), Refers> {
    push_number(bytes, count(values.len()));
    values.iter().try_for_each(|value| push_value(bytes, *value))
}

/// The values of the constants that a module imports, which has no more globals than engines take.
pub(crate) fn constants(reader: &mut Reader<'_>) -> Option<Vec<Value>> {
    values(reader, 1_000_000)
}

/// Values, of which there are at most so many.
fn values(reader: &mut Reader<'_>, most: usize) -> Option<Vec<Value>> {
    // Each takes a byte at least, so there are no more than there are bytes.
    let len = to_usize(narrow(reader)?);
    (len <= most && len <= reader.0.len()).then_some(())?;
    (0..len).map(|_| value(reader)).collect()
}

fn push_account(bytes: &mut Vec<u8>, account: Account) {
    push_number(bytes, account.left);
    push_number(bytes, account.used);
}

fn account(reader: &mut Reader<'_>) -> Option<Account> {
    Some(Account { left: number(reader)?, used: number(reader)? })
}

/// What is known of a run before it.
pub(crate) fn push_run(
    bytes: &mut Vec<u8>,
    call: u32,
    account: Option<Account>,
    answer: Option<&[Value]>,
) -> Result<(), Refers> {
    let answered = if answer.is_some() { ANSWERED } else { 0 };
    bytes.push(RUN | answered | if account.is_some() { ACCOUNT } else { 0 });
    push_number(bytes, call.into());
    if let Some(account) = account {
        push_account(bytes, account);
    }
    answer.map_or(Ok(()), |values| push_values(bytes, values))
}

/// What is known of a run after it.
pub(crate) fn push_end(bytes: &mut Vec<u8>, used: u64, end: End, refused: &[u32]) {
    push_number(bytes, used);
    let end = match end {
        End::Fuel => 0,
        End::Finished => 1,
        End::Trapped => 2,
        End::HostCall(ordinal) => u64::from(ordinal).saturating_add(3),
    };
    push_number(bytes, (end << 1) | u64::from(!refused.is_empty()));
    if !refused.is_empty() {
        push_number(bytes, count(refused.len()));
        refused.iter().for_each(|ordinal| push_number(bytes, (*ordinal).into()));
    }
}

pub(crate) fn push_begin(bytes: &mut Vec<u8>, begin: &Begin, args: &[Value]) -> Result<(), Refers> {
    let flag = |is: bool, flag: u8| if is { flag } else { 0 };
    let flags = flag(begin.nested, NESTED) | flag(begin.keeps_stack, KEEPS_STACK);
    bytes.push(BEGIN | flags | flag(begin.export.is_none(), START));
    if let Some(export) = begin.export {
        push_number(bytes, export.into());
    }
    push_number(bytes, begin.word.into());
    push_account(bytes, begin.account);
    push_values(bytes, args)
}

pub(crate) fn push_ended(bytes: &mut Vec<u8>, call: u32) {
    bytes.push(END);
    push_number(bytes, call.into());
}

pub(crate) fn push_write(bytes: &mut Vec<u8>, memory: u32, offset: u32, written: &[u8]) {
    bytes.push(WRITE);
    push_number(bytes, memory.into());
    push_number(bytes, offset.into());
    push_number(bytes, count(written.len()));
    bytes.extend_from_slice(written);
}

pub(crate) fn push_grow(bytes: &mut Vec<u8>, memory: u32, pages: u32) {
    bytes.push(GROW);
    push_number(bytes, memory.into());
    push_number(bytes, pages.into());
}

pub(crate) fn push_set(bytes: &mut Vec<u8>, global: u32, value: Value) -> Result<(), Refers> {
    bytes.push(SET);
    push_number(bytes, global.into());
    push_value(bytes, value)
}

/// The next act; `None` where there is none, or bytes that are none.
pub(crate) fn act<'a>(reader: &mut Reader<'a>) -> Option<Act<'a>> {
    let tag = reader.u8()?;
    let flags = tag & !KIND;
    let has = |flag: u8| flags & flag != 0;
    Some(match tag & KIND {
        RUN if flags & !(ANSWERED | ACCOUNT) == 0 => Act::Run(run(reader, has(ANSWERED), has(ACCOUNT))?),
        BEGIN if flags & !(NESTED | KEEPS_STACK | START) == 0 => Act::Begin(Begin {
            export: if has(START) { None } else { Some(narrow(reader)?) },
            nested: has(NESTED),
            keeps_stack: has(KEEPS_STACK),
            word: narrow(reader)?,
            account: account(reader)?,
            args: values(reader, MOST_VALUES)?,
        }),
        END if flags == 0 => Act::End { call: narrow(reader)? },
        WRITE if flags == 0 => {
            let (memory, offset) = (narrow(reader)?, narrow(reader)?);
            let len = usize::try_from(number(reader)?).ok()?;
            Act::Write { memory, offset, bytes: reader.take(len)? }
        }
        GROW if flags == 0 => Act::Grow { memory: narrow(reader)?, pages: narrow(reader)? },
        SET if flags == 0 => Act::Set { global: narrow(reader)?, value: value(reader)? },
        _ => return None,
    })
}

fn run(reader: &mut Reader<'_>, is_answered: bool, has_account: bool) -> Option<Run> {
    let call = narrow(reader)?;
    let account = if has_account { Some(account(reader)?) } else { None };
    let answer = if is_answered { Some(values(reader, MOST_VALUES)?) } else { None };
    let used = number(reader)?;
    let end = number(reader)?;
    let refused = if end & 1 == 1 { ordinals(reader)? } else { Vec::new() };
    let end = match end >> 1 {
        0 => End::Fuel,
        1 => End::Finished,
        2 => End::Trapped,
        import => End::HostCall(u32::try_from(import.checked_sub(3)?).ok()?),
    };
    Some(Run { call, account, answer, used, end, refused })
}

/// Numbers that ascend, one at least.
fn ordinals(reader: &mut Reader<'_>) -> Option<Vec<u32>> {
    let len = to_usize(narrow(reader)?);
    (len > 0 && len <= reader.0.len()).then_some(())?;
    let all: Vec<u32> = (0..len).map(|_| narrow(reader)).collect::<Option<_>>()?;
    all.is_sorted_by(|one, next| one < next).then_some(all)
}
