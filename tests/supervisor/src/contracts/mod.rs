//! A pallet that runs contracts, modelled on the first contracts pallet of Substrate.
//!
//! Each call of a contract gets a sandbox of its own: a memory with the limits that the contract's
//! import declares, an environment of about forty functions, an instance. A contract *returns by
//! trapping*: `ext_return` leaves the reason in the frame's state and fails. So what a call came to
//! is read from the state first, and from the sandbox's answer second. A call that fails takes its
//! storage, its transfers and its events back.
//!
//! | module | content |
//! |---|---|
//! | `world` | accounts, codes, events |
//! | `prepare` | what a contract's module has to be, and its memory's limits |
//! | `frame` | a call, from its transfer to its end |
//! | `functions` | what a contract can import |

mod frame;
mod functions;
mod prepare;
mod world;

use crate::{
    embedder,
    log::{self, Hex},
};
use alloc::vec::Vec;
use frame::Message;
use parity_scale_codec::Encode;
use spin::Mutex;
use world::World;

/// The chain that contracts see: its time, block and deposits, and one entry of its storage.
const NOW: u64 = 1_625_097_600_000;
const BLOCK_NUMBER: u64 = 121;
const MINIMUM_BALANCE: u64 = 10;
const TOMBSTONE_DEPOSIT: u64 = 16;
const RUNTIME_KEY: &[u8] = b":code";

static WORLD: Mutex<World> = Mutex::new(World::new());

/// The value of a key in the chain's own storage.
fn runtime_value(key: &[u8]) -> Option<Vec<u8>> {
    (key == RUNTIME_KEY).then(|| b"this supervisor".to_vec())
}

/// Runs a call of the embedder's. The lock is not held meanwhile, so that a trap leaves it open.
///
/// # Safety
///
/// `ptr` is from `alloc(len)`; it is taken over.
unsafe fn with_world<T: Encode>(ptr: *mut u8, len: usize, act: impl FnOnce(&mut World, Vec<u8>) -> T) -> u64 {
    let program = |input| {
        let mut world = core::mem::replace(&mut *WORLD.lock(), World::new());
        let outcome = act(&mut world, input).encode();
        *WORLD.lock() = world;
        outcome
    };
    // SAFETY: the caller's promise.
    unsafe { embedder::run(ptr, len, program) }
}

/// Gives an account a balance.
#[unsafe(no_mangle)]
extern "C" fn contracts_endow(account: u64, balance: u64, ptr: *mut u8, len: usize) -> u64 {
    // SAFETY: the embedder passes a buffer from `alloc`, as it must.
    unsafe { with_world(ptr, len, |world, _| world.account(account).balance = balance) }
}

/// Stores a contract's code; its number, or why it is refused.
#[unsafe(no_mangle)]
extern "C" fn contracts_put_code(ptr: *mut u8, len: usize) -> u64 {
    let put = |world: &mut World, code: Vec<u8>| {
        let number = prepare::prepare(&code).map(|limits| world.put_code(code, limits));
        match &number {
            Ok(number) => log::line(format_args!("code {number}")),
            Err(refusal) => log::line(format_args!("code refused: {refusal:?}")),
        }
        number
    };
    // SAFETY: as above.
    unsafe { with_world(ptr, len, put) }
}

/// Makes a contract of a code with an input; its address and its output.
#[unsafe(no_mangle)]
extern "C" fn contracts_instantiate(
    origin: u64,
    code: u64,
    value: u64,
    gas: u64,
    ptr: *mut u8,
    len: usize,
) -> u64 {
    let instantiate = |world: &mut World, input| {
        let message = Message { caller: origin, value, gas, input, depth: 1 };
        frame::instantiate(world, message, code).result
    };
    // SAFETY: as above.
    unsafe { with_world(ptr, len, instantiate) }
}

/// Calls a contract with an input; its output.
#[unsafe(no_mangle)]
extern "C" fn contracts_call(
    origin: u64,
    destination: u64,
    value: u64,
    gas: u64,
    ptr: *mut u8,
    len: usize,
) -> u64 {
    let call = |world: &mut World, input| {
        let message = Message { caller: origin, value, gas, input, depth: 1 };
        frame::call(world, message, destination).result
    };
    // SAFETY: as above.
    unsafe { with_world(ptr, len, call) }
}

/// Logs all accounts, and the events since this was last asked, which are the outcome.
#[unsafe(no_mangle)]
extern "C" fn contracts_state(ptr: *mut u8, len: usize) -> u64 {
    let describe = |world: &mut World, _| {
        for (number, account) in &world.accounts {
            log::line(format_args!("account {number} has {}", account.balance));
            let Some(contract) = &account.contract else { continue };
            log::line(format_args!("  code {}, allowance {}", contract.code, contract.rent_allowance));
            for (key, value) in &contract.storage {
                log::line(format_args!("  {} = {}", Hex(key), Hex(value)));
            }
        }
        let events = core::mem::take(&mut world.events);
        for event in &events {
            log::line(format_args!("{event:?}"));
        }
        events
    };
    // SAFETY: as above.
    unsafe { with_world(ptr, len, describe) }
}
